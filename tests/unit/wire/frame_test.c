/* Unit tests of wire/frame.h. */
#include "support/guard.h"
#include "support/pieces.h"
#include "support/run.h"
#include "wire/frame.h"
#include "wire/mask.h"

#include <string.h>

/* ck_assert reports each passing check to the runner, which is too slow for millions of them. */
#define HOLD(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) ck_abort_msg("%s", #condition);                                                              \
    } while (0)

/* Everything that the decoder says of a stream, in one text that does not depend on how the payload was cut. */
static void describe(gw_frame_decoder *d, uint8_t *bytes, size_t len, gw_buf *out) {
    for (;;) {
        gw_frame_event event = gw_frame_decoder_next(d, bytes, len);
        HOLD(event.consumed <= len);
        const gw_frame *f = &d->frame;
        if (event.kind == GW_FRAME_HEADER)
            gw_buf_printf(
                out, "\n@%ju %s fin %d rsv %d masked %d form %d len %ju header %d minimal %d top %d key %02x: ",
                d->frame_offset, gw_frame_opcode_name(f->opcode), f->fin, f->rsv, f->masked, (int)f->length_form,
                f->payload_len, f->header_len, gw_frame_is_minimal(f), gw_frame_has_top_bit(f), f->key[3]);
        for (size_t i = 0; i < event.len; i++) gw_buf_printf(out, "%02x", event.bytes[i]);
        if (event.kind == GW_FRAME_PAYLOAD) {
            HOLD(event.bytes == bytes);
            HOLD(event.len > 0);
            HOLD(event.offset + event.len == d->payload_pos);
        }
        if (event.kind == GW_FRAME_END) gw_buf_append_cstr(out, " end");
        if (event.kind == GW_FRAME_STOPPED) HOLD(event.consumed == 0);
        bytes += event.consumed;
        len -= event.consumed;
        if (event.kind == GW_FRAME_NEED_MORE) HOLD(len == 0);
        if (event.kind == GW_FRAME_NEED_MORE || event.kind == GW_FRAME_STOPPED) return;
    }
}

static void describe_cut(gw_span stream, bool unmask, gw_pieces_cut cut, uint64_t seed, gw_buf *out) {
    gw_pieces pieces;
    gw_frame_decoder d;
    gw_buf_clear(out);
    gw_pieces_init(&pieces, stream, cut, seed);
    gw_frame_decoder_init(&d, unmask);
    size_t len;
    for (uint8_t *piece; (piece = gw_pieces_next(&pieces, &len));) describe(&d, piece, len, out);
    gw_buf_printf(out, "\nconsumed %ju", d.stream_offset);
    HOLD(out->error == GW_OK);
    gw_pieces_deinit(&pieces);
}

static void check_splits(gw_span stream, bool unmask, gw_buf *whole, gw_buf *split) {
    describe_cut(stream, unmask, GW_PIECES_WHOLE, 0, whole);
    describe_cut(stream, unmask, GW_PIECES_BYTES, 0, split);
    ck_assert_str_eq(gw_buf_cstr(split), gw_buf_cstr(whole));
    for (uint64_t seed = 1; seed <= 4; seed++) {
        describe_cut(stream, unmask, GW_PIECES_RANDOM, seed, split);
        ck_assert_str_eq(gw_buf_cstr(split), gw_buf_cstr(whole));
    }
}

static const struct example {
    gw_frame frame;
    const char *payload;
    size_t payload_len;
    const char *wire;
    size_t wire_len;
} examples[] = {
    {{.fin = true, .opcode = 1, .payload_len = 5, .header_len = 2}, "Hello", 5, "\x81\x05Hello", 7},
    {{.fin = true, .opcode = 1, .masked = true, .key = {0x37, 0xfa, 0x21, 0x3d}, .payload_len = 5, .header_len = 6},
     "Hello",
     5,
     "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
     11},
    {{.fin = false, .opcode = 1, .payload_len = 3, .header_len = 2}, "Hel", 3, "\x01\x03Hel", 5},
    {{.fin = true, .opcode = 0, .payload_len = 2, .header_len = 2}, "lo", 2, "\x80\x02lo", 4},
    {{.fin = true, .opcode = 9, .payload_len = 5, .header_len = 2}, "Hello", 5, "\x89\x05Hello", 7},
    {{.fin = true, .opcode = 10, .masked = true, .key = {0x37, 0xfa, 0x21, 0x3d}, .payload_len = 5, .header_len = 6},
     "Hello",
     5,
     "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
     11},
    {{.fin = true, .opcode = 2, .length_form = GW_FRAME_LEN16, .payload_len = 256, .header_len = 4},
     NULL,
     0,
     "\x82\x7e\x01\x00",
     4},
    {{.fin = true, .opcode = 2, .length_form = GW_FRAME_LEN64, .payload_len = 65536, .header_len = 10},
     NULL,
     0,
     "\x82\x7f\0\0\0\0\0\x01\0\0",
     10},
};

START_TEST(frame_append_writes_the_examples_of_rfc_6455_5_7) {
    gw_buf buf;
    gw_buf_init(&buf, 1000);
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const struct example *e = &examples[i];
        gw_buf_clear(&buf);
        ck_assert_int_eq(gw_frame_append(&buf, &e->frame, gw_span_make(e->payload, e->payload_len)), GW_OK);
        ck_assert_msg(gw_span_equal(gw_buf_span(&buf), gw_span_make(e->wire, e->wire_len)), "example %zu", i);
    }
    gw_buf_deinit(&buf);
}
END_TEST

static void assert_frames_equal(const gw_frame *got, const gw_frame *want) {
    HOLD(got->fin == want->fin);
    HOLD(got->rsv == want->rsv);
    HOLD(got->opcode == want->opcode);
    HOLD(got->masked == want->masked);
    HOLD(memcmp(got->key, want->key, sizeof got->key) == 0);
    HOLD(got->length_form == want->length_form);
    HOLD(got->payload_len == want->payload_len);
    HOLD(got->header_len == want->header_len);
}

START_TEST(frame_decode_reads_the_examples_of_rfc_6455_5_7) {
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const struct example *e = &examples[i];
        uint8_t *wire = gw_guard_alloc(e->wire, e->wire_len);
        gw_frame_decoder d;
        gw_frame_decoder_init(&d, true);
        gw_frame_event event = gw_frame_decoder_next(&d, wire, e->wire_len);
        ck_assert_int_eq(event.kind, GW_FRAME_HEADER);
        ck_assert_uint_eq(event.consumed, e->frame.header_len);
        assert_frames_equal(&d.frame, &e->frame);
        event = gw_frame_decoder_next(&d, wire + e->frame.header_len, e->wire_len - e->frame.header_len);
        if (!e->payload)
            ck_assert_int_eq(event.kind, GW_FRAME_NEED_MORE);
        else {
            ck_assert_int_eq(event.kind, GW_FRAME_PAYLOAD);
            ck_assert_mem_eq(event.bytes, e->payload, e->payload_len);
            ck_assert_int_eq(gw_frame_decoder_next(&d, NULL, 0).kind, GW_FRAME_END);
            ck_assert_int_eq(gw_frame_decoder_next(&d, NULL, 0).kind, GW_FRAME_NEED_MORE);
        }
        gw_guard_free(wire, e->wire_len);
    }
}
END_TEST

static const uint64_t lengths[] = {0,     1,     124,   125,        126,        127,       128,        255,
                                   65534, 65535, 65536, 1ull << 32, 1ull << 40, INT64_MAX, 1ull << 63, UINT64_MAX};

/* One header: written, read back, and rejected by the encoder exactly when the length does not fit. */
static void check_header(gw_frame frame) {
    static const uint64_t fits[] = {125, 65535, UINT64_MAX};
    static const uint8_t sizes[] = {2, 4, 10};
    uint8_t wire[GW_FRAME_MAX_HEADER];
    size_t n = gw_frame_encode_header(&frame, wire);
    if (frame.payload_len > fits[frame.length_form]) {
        HOLD(n == 0);
        return;
    }
    bool top = frame.payload_len > INT64_MAX, empty = frame.payload_len == 0;
    frame.header_len = (uint8_t)(sizes[frame.length_form] + (frame.masked ? 4 : 0));
    HOLD(n == frame.header_len);
    gw_frame_decoder d;
    gw_frame_decoder_init(&d, true);
    HOLD(gw_frame_decoder_next(&d, wire, n).kind == GW_FRAME_HEADER);
    assert_frames_equal(&d.frame, &frame);
    HOLD(gw_frame_is_minimal(&frame) == (frame.length_form == 0 || frame.payload_len > fits[frame.length_form - 1]));
    HOLD(gw_frame_has_top_bit(&frame) == top);
    gw_frame_event_kind next = top ? GW_FRAME_STOPPED : empty ? GW_FRAME_END : GW_FRAME_NEED_MORE;
    HOLD(gw_frame_decoder_next(&d, NULL, 0).kind == next);
}

START_TEST(frame_header_of_every_kind_survives_encode_and_decode) {
    for (unsigned bits = 0; bits < 1u << 9; bits++)
        for (int form = GW_FRAME_LEN7; form <= GW_FRAME_LEN64; form++)
            for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
                gw_frame frame = {.fin = bits & 1,
                                  .rsv = bits >> 1 & 7,
                                  .opcode = bits >> 4 & 15,
                                  .masked = bits >> 8,
                                  .length_form = (gw_frame_form)form,
                                  .payload_len = lengths[i]};
                if (frame.masked) memcpy(frame.key, "\xa1\xb2\xc3\xd4", 4);
                check_header(frame);
            }
}
END_TEST

START_TEST(frame_encode_header_refuses_fields_that_have_no_bits) {
    uint8_t out[GW_FRAME_MAX_HEADER];
    gw_frame opcode = gw_frame_make(16, 0), rsv = gw_frame_make(1, 0);
    rsv.rsv = 8;
    ck_assert_uint_eq(gw_frame_encode_header(&opcode, out), 0);
    ck_assert_uint_eq(gw_frame_encode_header(&rsv, out), 0);
}
END_TEST

START_TEST(frame_append_can_lie_about_the_length) {
    gw_buf buf;
    gw_buf_init(&buf, 100);
    gw_frame frame = gw_frame_make(GW_FRAME_TEXT, 5);
    frame.payload_len = 100;
    ck_assert_int_eq(gw_frame_append(&buf, &frame, GW_SPAN_LIT("Hello")), GW_OK);
    frame.length_form = GW_FRAME_LEN64;
    ck_assert_int_eq(gw_frame_append(&buf, &frame, GW_SPAN_LIT("")), GW_OK);
    ck_assert(gw_span_equal(gw_buf_span(&buf), GW_SPAN_LIT("\x81\x64Hello\x81\x7f\0\0\0\0\0\0\0\x64")));
    gw_buf_deinit(&buf);
}
END_TEST

START_TEST(frame_append_that_fails_appends_nothing) {
    gw_buf buf;
    gw_buf_init(&buf, 6);
    gw_frame frame = gw_frame_make(GW_FRAME_TEXT, 5);
    ck_assert_int_eq(gw_frame_append(&buf, &frame, GW_SPAN_LIT("Hello")), GW_ERR_LIMIT);
    ck_assert_uint_eq(buf.len, 0);
    frame.payload_len = 126;
    ck_assert_int_eq(gw_frame_append(&buf, &frame, GW_SPAN_LIT("Hello")), GW_ERR_INVALID);
    ck_assert_uint_eq(buf.len, 0);
    gw_buf_deinit(&buf);
}
END_TEST

/* A stream of frames of all kinds, some with trailing bytes that are only part of a frame. */
static void write_stream(gw_rng *rng, gw_buf *out) {
    uint8_t payload[600];
    gw_rng_fill(rng, payload, sizeof payload);
    gw_buf_clear(out);
    for (uint64_t i = gw_rng_below(rng, 6); i > 0; i--) {
        size_t len = (size_t)gw_rng_below(rng, gw_rng_below(rng, 2) ? sizeof payload : 4);
        gw_frame frame = gw_frame_make((unsigned)gw_rng_below(rng, 16), len);
        frame.fin = gw_rng_below(rng, 2);
        frame.rsv = (uint8_t)gw_rng_below(rng, 8);
        frame.masked = gw_rng_below(rng, 2);
        if (frame.masked) gw_rng_fill(rng, frame.key, sizeof frame.key);
        while (frame.length_form < GW_FRAME_LEN64 && gw_rng_below(rng, 4) == 0) frame.length_form++;
        if (gw_rng_below(rng, 20) == 0) {
            frame.length_form = GW_FRAME_LEN64;
            frame.payload_len |= gw_rng_below(rng, 2) << 63;
        }
        ck_assert_int_eq(gw_frame_append(out, &frame, gw_span_make(payload, len)), GW_OK);
    }
    out->len -= gw_rng_below(rng, 2) ? (size_t)gw_rng_below(rng, out->len + 1) : 0;
}

START_TEST(frame_decode_does_not_depend_on_the_split) {
    gw_rng rng;
    gw_buf stream, whole, split;
    gw_rng_init(&rng, 20240601);
    gw_buf_init(&stream, 1 << 16);
    gw_buf_init(&whole, 1 << 20);
    gw_buf_init(&split, 1 << 20);
    for (int round = 0; round < 300; round++) {
        write_stream(&rng, &stream);
        check_splits(gw_buf_span(&stream), true, &whole, &split);
        check_splits(gw_buf_span(&stream), false, &whole, &split);
    }
    gw_buf_deinit(&stream);
    gw_buf_deinit(&whole);
    gw_buf_deinit(&split);
}
END_TEST

START_TEST(frame_decode_of_noise_does_not_depend_on_the_split) {
    gw_rng rng;
    gw_buf whole, split;
    gw_rng_init(&rng, 5);
    gw_buf_init(&whole, 1 << 20);
    gw_buf_init(&split, 1 << 20);
    for (int round = 0; round < 500; round++) {
        uint8_t noise[300];
        size_t len = 1 + (size_t)gw_rng_below(&rng, sizeof noise);
        gw_rng_fill(&rng, noise, len);
        /* Short lengths make many frames of the noise. */
        for (size_t i = 0; i < len; i++) noise[i] &= gw_rng_below(&rng, 2) ? 0x8f : 0xff;
        check_splits(gw_span_make(noise, len), true, &whole, &split);
    }
    gw_buf_deinit(&whole);
    gw_buf_deinit(&split);
}
END_TEST

START_TEST(frame_decode_of_a_cut_stream_waits_within_its_bytes) {
    static const char wire[] = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x82\x7f\0\0\0\0\0\0\0\x01x\x89\x00";
    static const struct {
        size_t from;
        size_t frames;
    } ends[] = {{11, 1}, {22, 2}, {24, 3}};
    for (size_t len = 0; len < sizeof wire; len++) {
        uint8_t *bytes = gw_guard_alloc(wire, len);
        gw_frame_decoder d;
        gw_frame_decoder_init(&d, true);
        size_t at = 0, frames = 0, want = 0;
        for (;;) {
            gw_frame_event event = gw_frame_decoder_next(&d, bytes + at, len - at);
            at += event.consumed;
            frames += event.kind == GW_FRAME_END;
            if (event.kind == GW_FRAME_NEED_MORE) break;
        }
        for (size_t i = 0; i < 3; i++) want = len >= ends[i].from ? ends[i].frames : want;
        ck_assert_uint_eq(at, len);
        ck_assert_uint_eq(frames, want);
        gw_guard_free(bytes, len);
    }
}
END_TEST

START_TEST(frame_decode_leaves_masked_bytes_raw_when_asked) {
    uint8_t wire[] = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    gw_frame_decoder d;
    gw_frame_decoder_init(&d, false);
    gw_frame_event event = gw_frame_decoder_next(&d, wire, 11);
    event = gw_frame_decoder_next(&d, wire + event.consumed, 5);
    ck_assert_int_eq(event.kind, GW_FRAME_PAYLOAD);
    ck_assert_mem_eq(event.bytes, "\x7f\x9f\x4d\x51\x58", 5);
}
END_TEST

START_TEST(frame_decode_stops_for_ever_behind_a_length_with_the_top_bit) {
    uint8_t wire[] = "\x82\x7f\x80\0\0\0\0\0\0\x05Hello\x81\x05Hello";
    gw_frame_decoder d;
    gw_frame_decoder_init(&d, true);
    gw_frame_event event = gw_frame_decoder_next(&d, wire, sizeof wire - 1);
    ck_assert_int_eq(event.kind, GW_FRAME_HEADER);
    ck_assert_uint_eq(event.consumed, 10);
    ck_assert(gw_frame_has_top_bit(&d.frame));
    ck_assert_uint_eq(d.frame.payload_len, (1ull << 63) + 5);
    for (int i = 0; i < 3; i++) {
        event = gw_frame_decoder_next(&d, wire + 10, sizeof wire - 11);
        ck_assert_int_eq(event.kind, GW_FRAME_STOPPED);
        ck_assert_uint_eq(event.consumed, 0);
    }
}
END_TEST

START_TEST(frame_decode_counts_offsets_over_the_stream) {
    uint8_t wire[] = "\x81\x01"
                     "a\x82\x02"
                     "bc\x8a\x00";
    gw_frame_decoder d;
    gw_frame_decoder_init(&d, true);
    uint64_t starts[3] = {0};
    size_t frames = 0, at = 0, len = sizeof wire - 1;
    for (;;) {
        gw_frame_event event = gw_frame_decoder_next(&d, wire + at, len - at < 1 ? 0 : 1);
        at += event.consumed;
        if (event.kind == GW_FRAME_HEADER) starts[frames++] = d.frame_offset;
        if (event.kind == GW_FRAME_NEED_MORE && at == len) break;
    }
    ck_assert_uint_eq(frames, 3);
    ck_assert_uint_eq(starts[0], 0);
    ck_assert_uint_eq(starts[1], 3);
    ck_assert_uint_eq(starts[2], 7);
    ck_assert_uint_eq(d.stream_offset, 9);
}
END_TEST

START_TEST(frame_opcode_parse_reverses_the_names) {
    for (unsigned opcode = 0; opcode < 16; opcode++) {
        const char *name = gw_frame_opcode_name(opcode);
        ck_assert_int_eq(gw_frame_opcode_parse(gw_span_cstr(name)), (int)opcode);
        ck_assert_int_eq(gw_frame_is_reserved(opcode), strncmp(name, "reserved", 8) == 0);
        ck_assert_int_eq(gw_frame_is_control(opcode), opcode >= 8);
    }
    ck_assert_str_eq(gw_frame_opcode_name(16), "invalid");
    ck_assert_int_eq(gw_frame_opcode_parse(GW_SPAN_LIT("15")), 15);
    ck_assert_int_eq(gw_frame_opcode_parse(GW_SPAN_LIT("3")), 3);
    static const char *const bad[] = {"", "16", "x", "-1", "Text", "invalid", "001", "1 ", "reserved-8"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(gw_frame_opcode_parse(gw_span_cstr(bad[i])) == -1, "%s", bad[i]);
}
END_TEST

GW_TEST_MAIN("wire/frame", 60, frame_append_writes_the_examples_of_rfc_6455_5_7,
             frame_decode_reads_the_examples_of_rfc_6455_5_7, frame_header_of_every_kind_survives_encode_and_decode,
             frame_encode_header_refuses_fields_that_have_no_bits, frame_append_can_lie_about_the_length,
             frame_append_that_fails_appends_nothing, frame_decode_does_not_depend_on_the_split,
             frame_decode_of_noise_does_not_depend_on_the_split, frame_decode_of_a_cut_stream_waits_within_its_bytes,
             frame_decode_leaves_masked_bytes_raw_when_asked,
             frame_decode_stops_for_ever_behind_a_length_with_the_top_bit, frame_decode_counts_offsets_over_the_stream,
             frame_opcode_parse_reverses_the_names)
