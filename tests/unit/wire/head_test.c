/* Unit tests of wire/head.h. */
#include "base/buf.h"
#include "support/guard.h"
#include "support/pieces.h"
#include "support/run.h"
#include "wire/head.h"

#include <string.h>

static void dump(const gw_head *h, gw_buf *out) {
    gw_buf_printf(out, "state %d length %zu flags %x at %zu\n", h->state, h->length, h->flags, h->malformed_offset);
    if (h->state == GW_HEAD_NEED_MORE) return;
    gw_buf_printf(out, "[%.*s] [%.*s] [%.*s] %u [%.*s] %d.%d\n", GW_SPAN_ARG(h->method), GW_SPAN_ARG(h->target),
                  GW_SPAN_ARG(h->version), h->status, GW_SPAN_ARG(h->reason), h->major, h->minor);
    for (size_t i = 0; i < h->field_count; i++)
        gw_buf_printf(out, "%zu [%.*s] [%.*s]\n", h->fields[i].offset, GW_SPAN_ARG(h->fields[i].name),
                      GW_SPAN_ARG(h->fields[i].value));
    gw_buf_printf(out, "%zu of %zu\n", h->field_count, h->field_total);
}

/* Feeds growing copies of the text, each at another address and against a guard page. */
static void describe(gw_head_kind kind, gw_span text, size_t max_bytes, gw_pieces_cut cut, uint64_t seed, gw_buf *out) {
    gw_head head;
    gw_rng rng;
    uint8_t *kept = NULL;
    size_t len = 0;
    gw_head_init(&head, kind, max_bytes, 4);
    gw_rng_init(&rng, seed);
    gw_head_state state = GW_HEAD_NEED_MORE;
    while (state == GW_HEAD_NEED_MORE && len < text.len) {
        gw_guard_free(kept, len);
        size_t rest = text.len - len;
        len += cut == GW_PIECES_WHOLE ? rest : cut == GW_PIECES_BYTES ? 1 : 1 + (size_t)gw_rng_below(&rng, rest);
        kept = gw_guard_alloc(text.ptr, len);
        state = gw_head_feed(&head, gw_span_make(kept, len));
    }
    gw_head_finish(&head, gw_span_make(kept, len));
    /* How much came in one piece with the head or behind the limit does not change what was read. */
    gw_buf_clear(out);
    dump(&head, out);
    gw_guard_free(kept, len);
}

static void check(gw_head_kind kind, gw_span text, size_t max_bytes, const char *want) {
    gw_buf got;
    gw_buf_init(&got, 1 << 16);
    for (uint64_t seed = 0; seed < 6; seed++) {
        describe(kind, text, max_bytes, seed < 2 ? (gw_pieces_cut)seed : GW_PIECES_RANDOM, seed, &got);
        ck_assert_str_eq(gw_buf_cstr(&got), want);
    }
    gw_buf_deinit(&got);
}

START_TEST(head_feed_reads_a_request_and_leaves_the_rest) {
    check(GW_HEAD_REQUEST,
          GW_SPAN_LIT("GET /gateway?a=b HTTP/1.1\r\nHost: example.org\r\nEmpty:\r\nX: \t a b \r\n\r\n\x81\x05Hello"),
          1000,
          "state 1 length 67 flags 0 at 0\n[GET] [/gateway?a=b] [HTTP/1.1] 0 [] 1.1\n"
          "27 [Host] [example.org]\n46 [Empty] []\n54 [X] [a b]\n3 of 3\n");
}
END_TEST

START_TEST(head_feed_reads_a_response) {
    check(GW_HEAD_RESPONSE, GW_SPAN_LIT("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"), 1000,
          "state 1 length 56 flags 0 at 0\n[] [] [HTTP/1.1] 101 [Switching Protocols] 1.1\n34 [Upgrade] [websocket]\n1 "
          "of 1\n");
    check(GW_HEAD_RESPONSE, GW_SPAN_LIT("HTTP/1.0 404 \r\n\r\n"), 1000,
          "state 1 length 17 flags 0 at 0\n[] [] [HTTP/1.0] 404 [] 1.0\n0 of 0\n");
}
END_TEST

static const struct fact {
    gw_head_kind kind;
    const char *text;
    unsigned flags;
    size_t at;
} facts[] = {
    {GW_HEAD_REQUEST, "GET / HTTP/1.1\r\nA: b\r\n\r\n", 0, 0},
    {GW_HEAD_REQUEST, "\r\n\r\nGET / HTTP/1.1\r\n\r\n", GW_HEAD_LEADING_BLANK, 0},
    {GW_HEAD_REQUEST, "GET / HTTP/1.1\nA: b\r\n\r\n", GW_HEAD_BARE_LF, 0},
    {GW_HEAD_REQUEST, "GET / HTTP/1.1\r\nA: b\r\n\n", GW_HEAD_BARE_LF, 22},
    {GW_HEAD_REQUEST, "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", GW_HEAD_BARE_CR, 16},
    {GW_HEAD_REQUEST, "GET / HTTP/1.1\r\nA: b\r\r\n\r\n", GW_HEAD_BARE_CR, 16},
    {GW_HEAD_REQUEST, "GET / HTTP/1.1\r\nA: \x01\r\n\r\n", GW_HEAD_CONTROL_BYTE, 16},
    {GW_HEAD_REQUEST, "GET / HTTP/1.1\r\nA: \x7f\r\n\r\n", GW_HEAD_CONTROL_BYTE, 16},
    {GW_HEAD_REQUEST, "GET / HTTP/1.1\r\nA: b\tc \xc3\xa9\r\n\r\n", 0, 0},
    {GW_HEAD_REQUEST, "GET / HTTP/1.1\r\nA: b\r\nno field\r\n\r\n", GW_HEAD_NO_COLON, 22},
    {GW_HEAD_REQUEST, "GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", GW_HEAD_FOLDED, 22},
    {GW_HEAD_REQUEST, "GET / HTTP/1.1\r\nA : b\r\n\r\n", GW_HEAD_SPACE_BEFORE_COLON, 16},
    {GW_HEAD_REQUEST, "GET / HTTP/1.1\r\n: b\r\n\r\n", GW_HEAD_BAD_NAME, 16},
    {GW_HEAD_REQUEST, "GET / HTTP/1.1\r\nA B: b\r\n\r\n", GW_HEAD_BAD_NAME, 16},
    {GW_HEAD_REQUEST, "GET / HTTP/1.1\r\nA\xc3: b\r\n\r\n", GW_HEAD_BAD_NAME, 16},
    {GW_HEAD_REQUEST, "GET / HTTP/1.1\r\nA:1\r\nB:2\r\nC:3\r\nD:4\r\nE:5\r\n\r\n", GW_HEAD_TOO_MANY, 36},
    {GW_HEAD_REQUEST, "GET /\r\n\r\n", GW_HEAD_BAD_START_LINE, 0},
    {GW_HEAD_REQUEST, "GET  / HTTP/1.1\r\n\r\n", GW_HEAD_BAD_START_LINE, 0},
    {GW_HEAD_REQUEST, "GET / a HTTP/1.1\r\n\r\n", GW_HEAD_BAD_START_LINE, 0},
    {GW_HEAD_REQUEST, "GET / HTTP/1.1 \r\n\r\n", GW_HEAD_BAD_START_LINE, 0},
    {GW_HEAD_REQUEST, "GET / http/1.1\r\n\r\n", GW_HEAD_BAD_START_LINE, 0},
    {GW_HEAD_REQUEST, "GET / HTTP/1.10\r\n\r\n", GW_HEAD_BAD_START_LINE, 0},
    {GW_HEAD_REQUEST, "G(T / HTTP/1.1\r\n\r\n", GW_HEAD_BAD_START_LINE, 0},
    {GW_HEAD_REQUEST, " / HTTP/1.1\r\n\r\n", GW_HEAD_BAD_START_LINE, 0},
    {GW_HEAD_REQUEST, "GET\r\n\r\n", GW_HEAD_BAD_START_LINE, 0},
    {GW_HEAD_RESPONSE, "HTTP/1.1 101\r\n\r\n", GW_HEAD_NO_REASON_SPACE, 0},
    {GW_HEAD_RESPONSE, "HTTP/1.1 1010 x\r\n\r\n", GW_HEAD_BAD_START_LINE, 0},
    {GW_HEAD_RESPONSE, "HTTP/1.1 1x1 x\r\n\r\n", GW_HEAD_BAD_START_LINE, 0},
    {GW_HEAD_RESPONSE, "HTTP/1.1  101 x\r\n\r\n", GW_HEAD_BAD_START_LINE, 0},
    {GW_HEAD_RESPONSE, "HTTP/x.1 101 x\r\n\r\n", GW_HEAD_BAD_START_LINE, 0},
    {GW_HEAD_RESPONSE, "HTTP/1.1\r\n\r\n", GW_HEAD_BAD_START_LINE, 0},
    {GW_HEAD_RESPONSE, "nonsense\r\n\r\n", GW_HEAD_BAD_START_LINE, 0},
};

START_TEST(head_feed_records_each_fact_with_its_place) {
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        size_t len = strlen(facts[i].text);
        uint8_t *text = gw_guard_alloc(facts[i].text, len);
        gw_head head;
        gw_head_init(&head, facts[i].kind, 1000, 4);
        ck_assert_msg(gw_head_feed(&head, gw_span_make(text, len)) == GW_HEAD_DONE, "%s", facts[i].text);
        ck_assert_msg(head.flags == facts[i].flags, "%s: %x", facts[i].text, head.flags);
        ck_assert_msg(head.malformed_offset == facts[i].at, "%s: %zu", facts[i].text, head.malformed_offset);
        ck_assert_uint_eq(head.length, len);
        gw_guard_free(text, len);
    }
}
END_TEST

START_TEST(head_feed_of_each_malformed_head_does_not_depend_on_the_split) {
    gw_buf want;
    gw_buf_init(&want, 1 << 16);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        gw_span text = gw_span_cstr(facts[i].text);
        for (size_t len = 1; len <= text.len; len++) {
            describe(facts[i].kind, gw_span_sub(text, 0, len), 1000, GW_PIECES_WHOLE, 0, &want);
            check(facts[i].kind, gw_span_sub(text, 0, len), 1000, gw_buf_cstr(&want));
        }
    }
    gw_buf_deinit(&want);
}
END_TEST

START_TEST(head_feed_stops_at_the_limit) {
    static const char text[] = "GET / HTTP/1.1\r\nA: b\r\n\r\n";
    for (size_t max = 1; max < 30; max++)
        for (int bytewise = 0; bytewise < 2; bytewise++) {
            gw_head head;
            gw_head_init(&head, GW_HEAD_REQUEST, max, 0);
            gw_head_state state = GW_HEAD_NEED_MORE;
            for (size_t len = bytewise ? 1 : sizeof text - 1; len < sizeof text && state == GW_HEAD_NEED_MORE; len++) {
                state = gw_head_feed(&head, gw_span_make(text, len));
                if (len < sizeof text - 1) ck_assert_int_eq(state == GW_HEAD_NEED_MORE, len < max);
            }
            ck_assert_int_eq(state, max >= sizeof text - 1 ? GW_HEAD_DONE : GW_HEAD_TOO_LARGE);
            if (state == GW_HEAD_TOO_LARGE)
                ck_assert_int_eq(gw_head_feed(&head, GW_SPAN_LIT("GET / HTTP/1.1\r\n\r\n")), GW_HEAD_TOO_LARGE);
        }
}
END_TEST

START_TEST(head_feed_keeps_as_many_fields_as_allowed_and_counts_the_rest) {
    gw_buf text;
    gw_head head;
    gw_buf_init(&text, 1 << 16);
    gw_buf_append_cstr(&text, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < GW_HEAD_MAX_FIELDS + 10; i++) gw_buf_printf(&text, "F%d: %d\r\n", i, i);
    gw_buf_append_cstr(&text, "\r\n");
    gw_head_init(&head, GW_HEAD_REQUEST, 1 << 16, 0);
    ck_assert_int_eq(gw_head_feed(&head, gw_buf_span(&text)), GW_HEAD_DONE);
    ck_assert_uint_eq(head.field_count, GW_HEAD_MAX_FIELDS);
    ck_assert_uint_eq(head.field_total, GW_HEAD_MAX_FIELDS + 10);
    ck_assert_uint_eq(head.flags, GW_HEAD_TOO_MANY);
    gw_buf_deinit(&text);
}
END_TEST

START_TEST(head_feed_again_points_the_spans_into_the_new_bytes) {
    static const char text[] = "GET / HTTP/1.1\r\nA: b\r\n\r\n";
    char first[sizeof text], second[sizeof text];
    memcpy(first, text, sizeof text);
    memcpy(second, text, sizeof text);
    gw_head head;
    gw_head_init(&head, GW_HEAD_REQUEST, 100, 0);
    gw_head_feed(&head, gw_span_make(first, sizeof text - 1));
    ck_assert_int_eq(gw_head_feed(&head, gw_span_make(second, sizeof text - 1)), GW_HEAD_DONE);
    ck_assert_ptr_eq(head.method.ptr, second);
    ck_assert_ptr_eq(head.fields[0].name.ptr, second + 16);
    ck_assert_uint_eq(head.field_count, 1);
}
END_TEST

START_TEST(head_finish_reads_what_came_before_the_end) {
    gw_head head;
    gw_span text = GW_SPAN_LIT("HTTP/1.1 400 Bad Request\r\nServer: x");
    gw_head_init(&head, GW_HEAD_RESPONSE, 100, 0);
    ck_assert_int_eq(gw_head_feed(&head, text), GW_HEAD_NEED_MORE);
    ck_assert_int_eq(gw_head_finish(&head, text), GW_HEAD_CUT);
    ck_assert_uint_eq(head.status, 400);
    ck_assert(gw_span_equal_cstr(gw_head_get(&head, "server"), "x"));
    gw_head_init(&head, GW_HEAD_RESPONSE, 100, 0);
    ck_assert_int_eq(gw_head_finish(&head, (gw_span){0}), GW_HEAD_CUT);
    ck_assert_uint_eq(head.status, 0);
    ck_assert_int_eq(head.major, -1);
}
END_TEST

START_TEST(head_lookups_ignore_letter_case_and_keep_the_order) {
    gw_head head;
    gw_span value = {0};
    gw_head_init(&head, GW_HEAD_REQUEST, 1000, 0);
    gw_head_feed(&head, GW_SPAN_LIT("GET / HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nSet: 1\r\nSET: 2\r\nset:\r\n"
                                    "X: \"a, b\", c\r\nX: ,, D ,\r\n\r\n"));
    ck_assert_uint_eq(gw_head_count(&head, "sEt"), 3);
    ck_assert(gw_head_nth(&head, "Set", 1, &value) && gw_span_equal_cstr(value, "2"));
    ck_assert(!gw_head_nth(&head, "Set", 3, &value));
    ck_assert(gw_span_equal_cstr(gw_head_get(&head, "SET"), "1"));
    ck_assert_ptr_null(gw_head_get(&head, "Se").ptr);
    ck_assert(gw_head_has_token(&head, "connection", "UPGRADE"));
    ck_assert(gw_head_has_token(&head, "connection", "keep-alive"));
    ck_assert(!gw_head_has_token(&head, "connection", "keep"));
    ck_assert(!gw_head_has_token(&head, "Missing", "keep"));
    ck_assert(gw_head_has_token(&head, "x", "d"));
    ck_assert(gw_head_has_token(&head, "x", "c"));
    ck_assert(gw_head_has_token(&head, "x", "\"a, b\""));
    ck_assert(!gw_head_has_token(&head, "x", "b\""));
    ck_assert(!gw_head_has_token(&head, "set", ""));
}
END_TEST

START_TEST(head_next_element_stays_within_open_quotes_and_escapes) {
    static const char *const lists[] = {"\"", "\"\\", "a, \"b\\\", c", "\\", ",", " , "};
    static const size_t counts[] = {1, 1, 2, 1, 0, 0};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        size_t len = strlen(lists[i]), n = 0;
        uint8_t *text = gw_guard_alloc(lists[i], len);
        gw_span rest = gw_span_make(text, len), element;
        while (gw_head_next_element(&rest, &element)) n++;
        ck_assert_msg(n == counts[i], "%s: %zu", lists[i], n);
        gw_guard_free(text, len);
    }
}
END_TEST

GW_TEST_MAIN("wire/head", 60, head_feed_reads_a_request_and_leaves_the_rest, head_feed_reads_a_response,
             head_feed_records_each_fact_with_its_place, head_feed_of_each_malformed_head_does_not_depend_on_the_split,
             head_feed_stops_at_the_limit, head_feed_keeps_as_many_fields_as_allowed_and_counts_the_rest,
             head_feed_again_points_the_spans_into_the_new_bytes, head_finish_reads_what_came_before_the_end,
             head_lookups_ignore_letter_case_and_keep_the_order, head_next_element_stays_within_open_quotes_and_escapes)
