/* Fuzz target: frame decoder, encoder and message assembly (wire/frame.h, wire/message.h) on a stream of frames.
 *
 * whole = byte-wise = random splits (all in a replay, one for every fourth input while fuzzing); decode, encode gives
 * the same bytes back; masking is its own inverse. */
#include "fuzz.h"
#include "wire/mask.h"
#include "wire/message.h"

#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_FRAMES};

enum { MAX_HEADERS = 1024, MAX_MESSAGE_BYTES = 4096 };

typedef struct seen_frame {
    gw_frame frame;
    uint64_t offset;
    uint64_t here; /* payload bytes that came */
    bool ended;
} seen_frame;

/* What one pass over the stream saw; further frames and messages are counted only. */
typedef struct pass {
    seen_frame frames[MAX_HEADERS];
    size_t frame_count;
    uint64_t messages; /* hash of all message events and their facts */
    size_t message_count, peak_bytes;
    uint64_t consumed;
    bool stopped;
} pass;

GW_FUZZ_UNWATCHED static uint64_t mix(uint64_t hash, uint64_t value) {
    return (hash ^ value) * 0xff51afd7ed558ccdu + (hash >> 31);
}

GW_FUZZ_UNWATCHED static void note_message(pass *p, const gw_message *message, gw_message_event got) {
    bool data = got == GW_MESSAGE_DATA;
    p->message_count++;
    p->messages = mix(p->messages, (uint64_t)got << 32 | (data ? message->flags : message->control_flags));
    p->messages = mix(p->messages, data ? message->opcode : message->control_opcode);
    gw_span bytes = data ? gw_buf_span(message->payload) : gw_message_control_span(message);
    p->messages = mix(p->messages, gw_fuzz_hash(bytes.ptr, bytes.len));
    if (data) p->messages = mix(mix(p->messages, message->frames), message->length);
    if (data && message->flags & GW_MESSAGE_BAD_UTF8) p->messages = mix(p->messages, message->utf8.bad_offset);
}

GW_FUZZ_UNWATCHED static void decode(pass *p, uint8_t *bytes, size_t size, gw_fuzz_cut cut, uint64_t seed) {
    static gw_buf payload = {.max = MAX_MESSAGE_BYTES};
    static gw_message message;
    static gw_frame_decoder decoder;
    gw_rng rng;
    if (cut == GW_FUZZ_RANDOM) gw_rng_init(&rng, seed);
    gw_buf_clear(&payload);
    gw_message_init(&message, &payload);
    gw_frame_decoder_init(&decoder, true);
    p->frame_count = p->message_count = p->peak_bytes = 0;
    p->messages = 0;
    p->stopped = false;
    for (size_t at = 0; at < size && !p->stopped;) {
        size_t end = at + gw_fuzz_piece(cut, &rng, size - at);
        for (bool more = true; more;) {
            gw_frame_event event = gw_frame_decoder_next(&decoder, bytes + at, end - at);
            GW_FUZZ_CHECK(event.consumed <= end - at, "%zu of %zu", event.consumed, end - at);
            gw_message_event got = gw_message_take(&message, &decoder, &event);
            seen_frame *last = p->frame_count && p->frame_count <= MAX_HEADERS ? &p->frames[p->frame_count - 1] : NULL;
            switch (event.kind) {
            case GW_FRAME_HEADER:
                if (p->frame_count++ < MAX_HEADERS) {
                    last = &p->frames[p->frame_count - 1];
                    last->frame = decoder.frame;
                    last->offset = decoder.frame_offset;
                    last->here = 0;
                    last->ended = false;
                }
                break;
            case GW_FRAME_PAYLOAD:
                GW_FUZZ_CHECK(event.len > 0 && event.bytes == bytes + at, "an empty or misplaced piece");
                if (last) last->here += event.len;
                break;
            case GW_FRAME_END:
                if (last) last->ended = true;
                break;
            case GW_FRAME_STOPPED:
                p->stopped = true; /* fall through */
            default:
                more = false;
                break;
            }
            at += event.consumed;
            if (payload.len > p->peak_bytes) p->peak_bytes = payload.len;
            if (got != GW_MESSAGE_NONE) note_message(p, &message, got);
        }
        GW_FUZZ_CHECK(p->stopped || at == end, "%zu bytes left over", end - at);
    }
    p->consumed = decoder.stream_offset;
}

GW_FUZZ_UNWATCHED static void compare(const pass *a, const pass *b) {
    GW_FUZZ_CHECK(a->frame_count == b->frame_count, "%zu and %zu frames", a->frame_count, b->frame_count);
    GW_FUZZ_CHECK(a->message_count == b->message_count, "%zu and %zu messages", a->message_count, b->message_count);
    GW_FUZZ_CHECK(a->messages == b->messages, "messages differ");
    GW_FUZZ_CHECK(a->stopped == b->stopped && a->consumed == b->consumed, "the ends differ");
    size_t kept = a->frame_count < MAX_HEADERS ? a->frame_count : MAX_HEADERS;
    for (size_t i = 0; i < kept; i++) {
        const seen_frame *x = &a->frames[i], *y = &b->frames[i];
        GW_FUZZ_CHECK(gw_fuzz_equal(&x->frame, &y->frame, sizeof x->frame), "header %zu differs", i);
        GW_FUZZ_CHECK(x->offset == y->offset && x->here == y->here && x->ended == y->ended, "frame %zu differs", i);
    }
}

/* `plain` is the input with every masked payload unmasked in place. */
GW_FUZZ_UNWATCHED static void check_round_trip(const pass *p, const uint8_t *data, size_t size, uint8_t *plain) {
    size_t kept = p->frame_count < MAX_HEADERS ? p->frame_count : MAX_HEADERS;
    for (size_t i = 0; i < kept; i++) {
        const seen_frame *f = &p->frames[i];
        static uint8_t header[GW_FRAME_MAX_HEADER];
        size_t n = gw_frame_encode_header(&f->frame, header);
        GW_FUZZ_CHECK(n == f->frame.header_len && f->offset + n + f->here <= size, "header %zu is %zu long", i, n);
        GW_FUZZ_CHECK(gw_fuzz_equal(header, data + f->offset, n), "header %zu does not encode back", i);
        GW_FUZZ_CHECK(f->here <= f->frame.payload_len &&
                          f->ended == (f->here == f->frame.payload_len && !gw_frame_has_top_bit(&f->frame)),
                      "frame %zu ends wrongly", i);
        size_t at = (size_t)f->offset + n;
        if (f->frame.masked && f->here) gw_mask_apply(plain + at, (size_t)f->here, f->frame.key, 0);
    }
    if (p->frame_count <= MAX_HEADERS)
        GW_FUZZ_CHECK(gw_fuzz_equal(plain, data, size), "masking again gives other bytes");
}

GW_FUZZ_UNWATCHED int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static pass whole, split;
    if (size > GW_FUZZ_MAX_BYTES) return 0;
    uint8_t *plain = gw_fuzz_copy(0, data, size);
    decode(&whole, plain, size, GW_FUZZ_WHOLE, 0);
    GW_FUZZ_CHECK(whole.peak_bytes <= size, "%zu bytes kept of %zu", whole.peak_bytes, size);
    uint64_t hash = gw_fuzz_hash(data, size);
    int count;
    gw_fuzz_cut cut = gw_fuzz_first_cut(hash, size, &count);
    /* A second pass costs as much as the first: one input in four is split, and a replay splits all. */
    if (!gw_fuzz_thorough && hash >> 8 & 3) count = 0;
    for (; count-- > 0; cut = GW_FUZZ_RANDOM) {
        uint8_t *other = gw_fuzz_copy(1, data, size);
        decode(&split, other, size, cut, hash);
        compare(&whole, &split);
        GW_FUZZ_CHECK(gw_fuzz_equal(plain, other, size), "unmasked bytes differ");
    }
    check_round_trip(&whole, data, size, plain);
    return 0;
}
