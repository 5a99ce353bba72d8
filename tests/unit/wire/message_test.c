/* Unit tests of wire/message.h. */
#include "support/pieces.h"
#include "support/run.h"
#include "wire/message.h"

#include <string.h>

enum { KEEP = 64 };

/* A frame of a test stream. */
typedef struct piece {
    unsigned opcode;
    bool fin;
    const char *payload;
    bool masked;
    uint8_t rsv;
} piece;

#define T GW_FRAME_TEXT
#define B GW_FRAME_BINARY
#define C GW_FRAME_CONTINUATION

static void write_piece(gw_buf *out, const piece *p) {
    gw_frame frame = gw_frame_make(p->opcode, strlen(p->payload));
    frame.fin = p->fin;
    frame.rsv = p->rsv;
    frame.masked = p->masked;
    memcpy(frame.key, p->masked ? "\x01\x02\x03\x04" : "\0\0\0\0", 4);
    ck_assert_int_eq(gw_frame_append(out, &frame, gw_span_cstr(p->payload)), GW_OK);
}

/* "text|binary|...: payload facts frames length;" for each message, in the order of completion. */
static void describe(gw_span stream, gw_pieces_cut cut, gw_buf *out) {
    gw_buf payload;
    gw_message m;
    gw_frame_decoder d;
    gw_pieces pieces;
    gw_buf_init(&payload, KEEP);
    gw_message_init(&m, &payload);
    gw_frame_decoder_init(&d, true);
    gw_pieces_init(&pieces, stream, cut, 11);
    size_t len;
    for (uint8_t *bytes; (bytes = gw_pieces_next(&pieces, &len));) {
        for (gw_frame_event event = {0};; bytes += event.consumed, len -= event.consumed) {
            event = gw_frame_decoder_next(&d, bytes, len);
            if (event.kind == GW_FRAME_NEED_MORE || event.kind == GW_FRAME_STOPPED) break;
            gw_message_event done = gw_message_take(&m, &d, &event);
            if (done == GW_MESSAGE_DATA)
                gw_buf_printf(out, "%s '%s' %x %ju %ju;", gw_frame_opcode_name(m.opcode), gw_buf_cstr(&payload),
                              m.flags, m.frames, m.length);
            if (done == GW_MESSAGE_CONTROL)
                gw_buf_printf(out, "%s '%.*s' %x;", gw_frame_opcode_name(m.control_opcode),
                              GW_SPAN_ARG(gw_message_control_span(&m)), m.control_flags);
        }
    }
    if (m.open) gw_buf_printf(out, "open '%s' %x;", gw_buf_cstr(&payload), m.flags);
    gw_pieces_deinit(&pieces);
    gw_buf_deinit(&payload);
}

static void check(const piece *frames, size_t count, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void check(const piece *frames, size_t count, const char *format, ...) {
    gw_buf stream, want, got;
    gw_buf_init(&stream, 1 << 16);
    gw_buf_init(&want, 1 << 16);
    gw_buf_init(&got, 1 << 16);
    va_list args;
    va_start(args, format);
    gw_buf_vprintf(&want, format, args);
    va_end(args);
    for (size_t i = 0; i < count; i++) write_piece(&stream, &frames[i]);
    for (int cut = GW_PIECES_WHOLE; cut <= GW_PIECES_RANDOM; cut++) {
        gw_buf_clear(&got);
        describe(gw_buf_span(&stream), (gw_pieces_cut)cut, &got);
        ck_assert_str_eq(gw_buf_cstr(&got), gw_buf_cstr(&want));
    }
    gw_buf_deinit(&stream);
    gw_buf_deinit(&want);
    gw_buf_deinit(&got);
}
#define CHECK(format, facts, ...)                                                                                      \
    do {                                                                                                               \
        const piece frames_[] = {__VA_ARGS__};                                                                         \
        check(frames_, sizeof frames_ / sizeof frames_[0], format, (unsigned)(facts));                                 \
    } while (0)

#define PLAIN GW_MESSAGE_UNMASKED

START_TEST(message_take_gives_a_message_of_one_frame) {
    CHECK("text 'Hello' %x 1 5;", PLAIN, {T, true, "Hello", false, 0});
    CHECK("binary 'Hello' %x 1 5;", GW_MESSAGE_MASKED, {B, true, "Hello", true, 0});
    CHECK("text '' %x 1 0;", PLAIN, {T, true, "", false, 0});
}
END_TEST

START_TEST(message_take_joins_fragments_around_control_frames) {
    CHECK("text 'Hello' %x 4 5;", PLAIN, {T, false, "Hel", false, 0}, {C, false, "", false, 0},
          {C, false, "l", false, 0}, {C, true, "o", false, 0});
    const piece around[] = {
        {T, false, "Hel", false, 0}, {GW_FRAME_PING, true, "nonce", false, 0}, {C, true, "lo", false, 0}};
    check(around, 3, "ping 'nonce' %x;text 'Hello' %x 2 5;", PLAIN, PLAIN);
}
END_TEST

START_TEST(message_take_notes_an_orphan_continuation) {
    CHECK("continuation 'x' %x 1 1;", GW_MESSAGE_ORPHAN | PLAIN, {C, true, "x", false, 0});
    CHECK("continuation 'xy' %x 2 2;", GW_MESSAGE_ORPHAN | PLAIN, {C, false, "x", false, 0}, {C, true, "y", false, 0});
}
END_TEST

START_TEST(message_take_keeps_an_orphan_apart_from_the_message_before) {
    const piece frames[] = {{T, true, "text", false, 0}, {C, true, "orphan", false, 0}};
    check(frames, 2, "text 'text' %x 1 4;continuation 'orphan' %x 1 6;", PLAIN, GW_MESSAGE_ORPHAN | PLAIN);
}
END_TEST

START_TEST(message_take_notes_a_message_inside_another) {
    CHECK("binary 'new' %x 1 3;", GW_MESSAGE_INTERRUPTS | PLAIN, {T, false, "old", false, 0},
          {B, true, "new", false, 0});
}
END_TEST

START_TEST(message_take_notes_fragmented_and_long_control_frames) {
    CHECK("ping 'x' %x;", GW_MESSAGE_FRAGMENTED_CONTROL | PLAIN, {GW_FRAME_PING, false, "x", false, 0});
    char just[126], longer[200];
    memset(just, 'p', 125);
    memset(longer, 'p', 199);
    just[125] = longer[199] = 0;
    const piece fits = {GW_FRAME_PONG, true, just, false, 0}, too_long = {GW_FRAME_CLOSE, true, longer, false, 0};
    check(&fits, 1, "pong '%s' %x;", just, PLAIN);
    const piece two[] = {{GW_FRAME_PING, true, "first", false, 0}, {GW_FRAME_PONG, true, "2nd", true, 0}};
    check(two, 2, "ping 'first' %x;pong '2nd' %x;", PLAIN, GW_MESSAGE_MASKED);
    check(&too_long, 1, "close '%s' %x;", just, GW_MESSAGE_LONG_CONTROL | PLAIN);
}
END_TEST

START_TEST(message_take_notes_reserved_opcodes_and_bits) {
    CHECK("reserved-3 'x' %x 1 1;", GW_MESSAGE_RESERVED_OPCODE | PLAIN, {3, true, "x", false, 0});
    CHECK("reserved-11 'x' %x;", GW_MESSAGE_RESERVED_OPCODE | PLAIN, {11, true, "x", false, 0});
    CHECK("text 'x' %x 1 1;", GW_MESSAGE_RSV | PLAIN, {T, true, "x", false, GW_FRAME_RSV1});
    CHECK("text 'xy' %x 2 2;", GW_MESSAGE_RSV | GW_MESSAGE_RSV_CONTINUATION | PLAIN, {T, false, "x", false, 0},
          {C, true, "y", false, GW_FRAME_RSV3});
}
END_TEST

START_TEST(message_take_notes_frames_of_both_masking_kinds) {
    CHECK("text 'xy' %x 2 2;", GW_MESSAGE_MASKED | PLAIN, {T, false, "x", true, 0}, {C, true, "y", false, 0});
}
END_TEST

START_TEST(message_take_judges_utf8_over_fragments_of_text_only) {
    CHECK("text '\xe2\x82\xac' %x 3 3;", PLAIN, {T, false, "\xe2", false, 0}, {C, false, "\x82", false, 0},
          {C, true, "\xac", false, 0});
    CHECK("text 'a\xff' %x 1 2;", GW_MESSAGE_BAD_UTF8 | PLAIN, {T, true, "a\xff", false, 0});
    CHECK("text 'a\xe2\x82' %x 1 3;", GW_MESSAGE_CUT_UTF8 | PLAIN, {T, true, "a\xe2\x82", false, 0});
    CHECK("binary 'a\xff' %x 1 2;", PLAIN, {B, true, "a\xff", false, 0});
    CHECK("open 'a\xe2(' %x;", GW_MESSAGE_BAD_UTF8 | PLAIN, {T, false, "a\xe2", false, 0}, {C, false, "(", false, 0});
}
END_TEST

START_TEST(message_take_cuts_what_is_too_big_and_counts_on) {
    char big[KEEP + 3], kept[KEEP + 1];
    memset(big, 'b', sizeof big);
    memset(kept, 'b', KEEP);
    big[KEEP + 2] = kept[KEEP] = 0;
    const piece frames[] = {{B, false, big, false, 0}, {C, true, "more", false, 0}, {T, true, "next", false, 0}};
    check(frames, 3, "binary '%s' %x 2 %d;text 'next' %x 1 4;", kept, GW_MESSAGE_TOO_BIG | PLAIN, KEEP + 6, PLAIN);
}
END_TEST

START_TEST(message_take_notes_length_facts_at_the_header) {
    static const struct {
        gw_frame frame;
        unsigned facts;
    } rows[] = {
        {{.opcode = T, .fin = true, .payload_len = 5, .length_form = GW_FRAME_LEN16}, GW_MESSAGE_NON_MINIMAL},
        {{.opcode = T, .fin = true, .payload_len = 1ull << 63, .length_form = GW_FRAME_LEN64}, GW_MESSAGE_TOP_BIT},
        {{.opcode = GW_FRAME_PING, .fin = true, .payload_len = 126, .length_form = GW_FRAME_LEN16},
         GW_MESSAGE_LONG_CONTROL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t wire[GW_FRAME_MAX_HEADER];
        size_t n = gw_frame_encode_header(&rows[i].frame, wire);
        gw_buf payload;
        gw_message m;
        gw_frame_decoder d;
        gw_buf_init(&payload, KEEP);
        gw_message_init(&m, &payload);
        gw_frame_decoder_init(&d, true);
        gw_frame_event event = gw_frame_decoder_next(&d, wire, n);
        ck_assert_int_eq(gw_message_take(&m, &d, &event), GW_MESSAGE_NONE);
        ck_assert_uint_eq(m.frame_flags, rows[i].facts | PLAIN);
        gw_buf_deinit(&payload);
    }
}
END_TEST

START_TEST(message_take_knows_bad_utf8_before_the_message_ends) {
    uint8_t wire[] = "\x01\x03"
                     "a\xff"
                     "b";
    gw_buf payload;
    gw_message m;
    gw_frame_decoder d;
    gw_buf_init(&payload, KEEP);
    gw_message_init(&m, &payload);
    gw_frame_decoder_init(&d, true);
    size_t at = 0;
    for (size_t end = 1; end <= 4; end++)
        while (at < end) {
            gw_frame_event event = gw_frame_decoder_next(&d, wire + at, end - at);
            gw_message_take(&m, &d, &event);
            at += event.consumed;
            ck_assert_int_eq((m.flags & GW_MESSAGE_BAD_UTF8) != 0, at == 4);
        }
    ck_assert_uint_eq(m.utf8.bad_offset, 1);
    gw_buf_deinit(&payload);
}
END_TEST

GW_TEST_MAIN("wire/message", 20, message_take_gives_a_message_of_one_frame,
             message_take_joins_fragments_around_control_frames, message_take_notes_an_orphan_continuation,
             message_take_keeps_an_orphan_apart_from_the_message_before, message_take_notes_a_message_inside_another,
             message_take_notes_fragmented_and_long_control_frames, message_take_notes_reserved_opcodes_and_bits,
             message_take_notes_frames_of_both_masking_kinds, message_take_judges_utf8_over_fragments_of_text_only,
             message_take_cuts_what_is_too_big_and_counts_on, message_take_notes_length_facts_at_the_header,
             message_take_knows_bad_utf8_before_the_message_ends)
