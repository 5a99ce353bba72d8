/* Floor 3: changes of a stream of frames that keep the rest of it readable. */
#include "fuzzing/mutate_internal.h"
#include "wire/frame.h"
#include "wire/mask.h"

#include <string.h>

enum { MAX_FRAMES = 64, MAX_WORK = 4096 /* bytes of a payload that is taken out, changed and put back */ };

typedef struct place {
    size_t at;
    gw_frame frame;
    size_t here; /* bytes of the payload that are there */
} place;

typedef struct stream {
    place frames[MAX_FRAMES];
    size_t count;
    size_t end; /* of the last frame found; what is behind it is no frame */
} stream;

static size_t place_len(const place *p) {
    return p->frame.header_len + p->here;
}

static void find_frames(gw_span bytes, stream *s) {
    gw_frame_decoder decoder;
    gw_frame_decoder_init(&decoder, false);
    s->count = s->end = 0;
    while (s->count < MAX_FRAMES) {
        /* The decoder writes only when it unmasks. */
        gw_frame_event event =
            gw_frame_decoder_next(&decoder, (uint8_t *)(uintptr_t)(bytes.ptr + decoder.stream_offset),
                                  bytes.len - (size_t)decoder.stream_offset);
        if (event.kind == GW_FRAME_HEADER) {
            s->frames[s->count++] = (place){(size_t)decoder.frame_offset, decoder.frame, 0};
        } else if (event.kind == GW_FRAME_PAYLOAD) {
            s->frames[s->count - 1].here += event.len;
        } else if (event.kind == GW_FRAME_NEED_MORE || event.kind == GW_FRAME_STOPPED) {
            break;
        }
    }
    if (s->count) s->end = s->frames[s->count - 1].at + place_len(&s->frames[s->count - 1]);
}

static place *any_frame(gw_edit *edit, stream *s) {
    find_frames(gw_span_make(edit->data, edit->size), s);
    return s->count ? &s->frames[gw_edit_below(edit, s->count)] : NULL;
}

/* A border between frames; `s` is filled in. */
static size_t any_border(gw_edit *edit, stream *s) {
    find_frames(gw_span_make(edit->data, edit->size), s);
    size_t i = gw_edit_below(edit, s->count + 1);
    return i < s->count ? s->frames[i].at : s->end;
}

/* Puts another header in the place of p's. A length that does not fit the form takes the shortest one. */
static bool put_header(gw_edit *edit, const place *p, gw_frame frame) {
    uint8_t header[GW_FRAME_MAX_HEADER];
    if (gw_frame_minimal_form(frame.payload_len) > frame.length_form)
        frame.length_form = gw_frame_minimal_form(frame.payload_len);
    return gw_edit_splice(edit, p->at, p->frame.header_len,
                          gw_span_make(header, gw_frame_encode_header(&frame, header)));
}

/* Puts header and payload (not masked yet, changed here) in the place of `removed` bytes at `at`. */
static bool put_frame(gw_edit *edit, size_t at, size_t removed, gw_frame frame, uint8_t *payload, size_t len) {
    uint8_t whole[GW_FRAME_MAX_HEADER + MAX_WORK];
    frame.payload_len = len;
    if (gw_frame_minimal_form(len) > frame.length_form) frame.length_form = gw_frame_minimal_form(len);
    size_t n = gw_frame_encode_header(&frame, whole);
    memcpy(whole + n, payload, len);
    if (frame.masked) gw_mask_apply(whole + n, len, frame.key, 0);
    return gw_edit_splice(edit, at, removed, gw_span_make(whole, n + len));
}

/* ---- Payloads ---- */

static size_t close_payload(gw_edit *edit, uint8_t *out) {
    static const size_t reasons[] = {0, 0, 1, 5, 122, 123, 124};
    size_t n = reasons[gw_edit_below(edit, GW_MUTATE_COUNT(reasons))];
    uint16_t code = gw_vocabulary_close_codes[gw_edit_below(edit, gw_vocabulary_close_code_count)];
    out[0] = (uint8_t)(code >> 8);
    out[1] = (uint8_t)code;
    if (gw_edit_once_in(edit, 8)) return gw_edit_below(edit, 2);
    memset(out + 2, 'r', n);
    if (n && gw_edit_once_in(edit, 3)) out[2 + gw_edit_below(edit, n)] = 0xc3;
    return 2 + n;
}

/* A payload that suits the opcode, into out of MAX_WORK bytes. */
static size_t new_payload(gw_edit *edit, const gw_mutate_config *config, unsigned opcode, uint8_t *out) {
    static const size_t sizes[] = {0, 1, 2, 124, 125, 126, 127, 300};
    if (opcode == GW_FRAME_CLOSE) return close_payload(edit, out);
    if (opcode == GW_FRAME_TEXT && !gw_edit_once_in(edit, 4)) {
        gw_edit inner = {out, 0, MAX_WORK, edit->rng};
        gw_edit_splice(&inner, 0, 0,
                       gw_mutate_word(edit, config->vocabulary->packets, config->vocabulary->packet_count));
        if (gw_edit_once_in(edit, 3)) gw_mutate_packet(&inner, config);
        return inner.size;
    }
    size_t n = gw_edit_once_in(edit, 4) ? sizes[gw_edit_below(edit, GW_MUTATE_COUNT(sizes))] : gw_edit_below(edit, 16);
    memset(out, 'a' + (int)gw_edit_below(edit, 3), n);
    return n;
}

static unsigned any_opcode(gw_edit *edit) {
    static const uint8_t opcodes[] = {GW_FRAME_TEXT,
                                      GW_FRAME_TEXT,
                                      GW_FRAME_TEXT,
                                      GW_FRAME_CONTINUATION,
                                      GW_FRAME_CONTINUATION,
                                      GW_FRAME_BINARY,
                                      GW_FRAME_CLOSE,
                                      GW_FRAME_PING,
                                      GW_FRAME_PING,
                                      GW_FRAME_PONG,
                                      3,
                                      11};
    return opcodes[gw_edit_below(edit, sizeof opcodes)];
}

static bool insert_frame(gw_edit *edit, const gw_mutate_config *config) {
    uint8_t payload[MAX_WORK];
    stream s;
    size_t at = any_border(edit, &s);
    gw_frame frame = gw_frame_make(any_opcode(edit), 0);
    frame.fin = !gw_edit_once_in(edit, 4);
    /* Both directions are worth fuzzing; a stream keeps the one it has. */
    frame.masked = s.count ? s.frames[0].frame.masked : !gw_edit_once_in(edit, 4);
    if (gw_edit_once_in(edit, 16)) frame.masked = !frame.masked;
    if (frame.masked && !gw_edit_once_in(edit, 4)) gw_rng_fill(edit->rng, frame.key, sizeof frame.key);
    size_t len = new_payload(edit, config, frame.opcode, payload);
    return put_frame(edit, at, 0, frame, payload, len);
}

static bool change_payload(gw_edit *edit, const gw_mutate_config *config) {
    uint8_t payload[MAX_WORK];
    stream s;
    place *p = any_frame(edit, &s);
    if (!p || p->here > MAX_WORK / 2) return false;
    memcpy(payload, edit->data + p->at + p->frame.header_len, p->here);
    if (p->frame.masked) gw_mask_apply(payload, p->here, p->frame.key, 0);
    gw_edit inner = {payload, p->here, MAX_WORK, edit->rng};
    if (gw_edit_once_in(edit, 4))
        inner.size = new_payload(edit, config, p->frame.opcode, payload);
    else if (p->frame.opcode == GW_FRAME_TEXT && !gw_edit_once_in(edit, 4))
        gw_mutate_packet(&inner, config);
    else
        gw_mutate_blind(&inner, config);
    return put_frame(edit, p->at, place_len(p), p->frame, payload, inner.size);
}

/* ---- Whole frames ---- */

static bool delete_frame(gw_edit *edit, const gw_mutate_config *config) {
    stream s;
    place *p = any_frame(edit, &s);
    (void)config;
    return p && gw_edit_splice(edit, p->at, place_len(p), gw_span_make(NULL, 0));
}

static bool duplicate_frame(gw_edit *edit, const gw_mutate_config *config) {
    stream s;
    place *p = any_frame(edit, &s);
    (void)config;
    return p && gw_edit_repeat(edit, p->at, place_len(p), s.frames[gw_edit_below(edit, s.count)].at);
}

static bool swap_frames(gw_edit *edit, const gw_mutate_config *config) {
    stream s;
    (void)config;
    find_frames(gw_span_make(edit->data, edit->size), &s);
    if (s.count < 2) return false;
    const place *p = &s.frames[gw_edit_below(edit, s.count - 1)];
    return gw_edit_swap(edit, p->at, place_len(p), place_len(p + 1));
}

/* One frame becomes two: the second is a continuation that goes on with the rotated key, so that no byte of the payload
 * changes. */
static bool fragment_frame(gw_edit *edit, const gw_mutate_config *config) {
    stream s;
    place *p = any_frame(edit, &s);
    (void)config;
    if (!p || edit->max - edit->size < 2 * GW_FRAME_MAX_HEADER) return false;
    size_t cut = gw_edit_below(edit, p->here + 1);
    gw_frame first = p->frame, second = p->frame;
    uint8_t header[GW_FRAME_MAX_HEADER];
    first.fin = false;
    first.payload_len = cut;
    second.opcode = GW_FRAME_CONTINUATION;
    second.rsv = 0;
    second.payload_len = p->here - cut;
    second.length_form = gw_frame_minimal_form(second.payload_len);
    for (size_t i = 0; i < 4; i++) second.key[i] = p->frame.key[(i + cut) % 4];
    return gw_edit_splice(edit, p->at + p->frame.header_len + cut, 0,
                          gw_span_make(header, gw_frame_encode_header(&second, header))) &&
           put_header(edit, p, first);
}

/* ---- Headers ---- */

static bool flip_header_bits(gw_edit *edit, const gw_mutate_config *config) {
    static const uint8_t masks[] = {0x80, 0x40, 0x20, 0x10, 0x70, 0x01, 0x02, 0x03, 0x08, 0x0f, 0x81};
    stream s;
    place *p = any_frame(edit, &s);
    (void)config;
    if (!p) return false;
    edit->data[p->at] ^= masks[gw_edit_below(edit, sizeof masks)];
    return true;
}

static bool change_length_form(gw_edit *edit, const gw_mutate_config *config) {
    stream s;
    place *p = any_frame(edit, &s);
    (void)config;
    if (!p) return false;
    gw_frame frame = p->frame;
    frame.length_form = (gw_frame_form)((frame.length_form + 1 + gw_edit_below(edit, 2)) % 3);
    return gw_frame_minimal_form(frame.payload_len) <= frame.length_form && put_header(edit, p, frame);
}

static bool lie_about_length(gw_edit *edit, const gw_mutate_config *config) {
    static const uint64_t lengths[] = {0,
                                       1,
                                       125,
                                       126,
                                       127,
                                       65535,
                                       65536,
                                       1 << 20,
                                       (1 << 20) + 1,
                                       INT32_MAX,
                                       UINT32_MAX,
                                       UINT64_C(1) << 32,
                                       INT64_MAX,
                                       UINT64_C(1) << 63,
                                       UINT64_MAX - 13,
                                       UINT64_MAX};
    stream s;
    place *p = any_frame(edit, &s);
    (void)config;
    if (!p) return false;
    gw_frame frame = p->frame;
    frame.payload_len = gw_edit_once_in(edit, 2) ? p->here + gw_edit_below(edit, 5) - 2
                                                 : lengths[gw_edit_below(edit, GW_MUTATE_COUNT(lengths))];
    return put_header(edit, p, frame);
}

/* The length says what is there, so that later frames are read as frames again. */
static bool settle_length(gw_edit *edit, const gw_mutate_config *config) {
    stream s;
    (void)config;
    find_frames(gw_span_make(edit->data, edit->size), &s);
    if (!s.count) return false;
    const place *p = &s.frames[s.count - 1];
    gw_frame frame = p->frame;
    if (frame.payload_len == p->here) return false;
    frame.payload_len = p->here;
    return put_header(edit, p, frame);
}

/* The bit says the other thing, and key or payload do not follow. */
static bool break_mask(gw_edit *edit, const gw_mutate_config *config) {
    stream s;
    place *p = any_frame(edit, &s);
    (void)config;
    if (!p) return false;
    if (p->frame.masked && gw_edit_once_in(edit, 2)) {
        edit->data[p->at + p->frame.header_len - 1 - gw_edit_below(edit, 4)] ^= 0x20;
        return true;
    }
    edit->data[p->at + 1] ^= 0x80;
    return true;
}

/* Another key, or none, over the same payload. */
static bool mask_anew(gw_edit *edit, const gw_mutate_config *config) {
    stream s;
    place *p = any_frame(edit, &s);
    (void)config;
    if (!p || edit->max - edit->size < 4) return false;
    uint8_t *payload = edit->data + p->at + p->frame.header_len;
    gw_frame frame = p->frame;
    frame.masked = !frame.masked || !gw_edit_once_in(edit, 3);
    memset(frame.key, 0, sizeof frame.key);
    if (frame.masked && !gw_edit_once_in(edit, 4)) gw_rng_fill(edit->rng, frame.key, sizeof frame.key);
    if (p->frame.masked) gw_mask_apply(payload, p->here, p->frame.key, 0);
    if (frame.masked) gw_mask_apply(payload, p->here, frame.key, 0);
    return put_header(edit, p, frame);
}

bool gw_mutate_frames(gw_edit *edit, const gw_mutate_config *config) {
    static gw_mutate_op *const ops[] = {insert_frame,     insert_frame,   change_payload,   change_payload,
                                        change_payload,   delete_frame,   duplicate_frame,  swap_frames,
                                        fragment_frame,   fragment_frame, flip_header_bits, change_length_form,
                                        lie_about_length, settle_length,  break_mask,       mask_anew};
    return gw_mutate_any(edit, config, ops, GW_MUTATE_COUNT(ops));
}

size_t gw_mutate_cross_frames(gw_span a, gw_span b, gw_edit *out) {
    stream s;
    find_frames(a, &s);
    size_t i = gw_edit_below(out, s.count + 1);
    size_t from = i < s.count ? s.frames[i].at : s.end;
    find_frames(b, &s);
    return gw_mutate_join(a, from, b, s.count ? s.frames[gw_edit_below(out, s.count)].at : 0, out);
}
