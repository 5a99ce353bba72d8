/* Unit tests of wire/close.h. */
#include "support/guard.h"
#include "support/run.h"
#include "wire/close.h"

#include <string.h>

START_TEST(close_code_class_follows_the_registry_at_every_border) {
    static const struct {
        unsigned first, last;
        gw_close_class class_;
    } rows[] = {
        {0, 999, GW_CLOSE_UNUSED},
        {1000, 1003, GW_CLOSE_ANY},
        {1004, 1004, GW_CLOSE_UNASSIGNED},
        {1005, 1006, GW_CLOSE_RESERVED},
        {1007, 1009, GW_CLOSE_ANY},
        {1010, 1010, GW_CLOSE_FROM_CLIENT},
        {1011, 1011, GW_CLOSE_ANY},
        {1012, 1014, GW_CLOSE_FROM_SERVER},
        {1015, 1015, GW_CLOSE_RESERVED},
        {1016, 2999, GW_CLOSE_UNASSIGNED},
        {3000, 3999, GW_CLOSE_LIBRARY},
        {4000, 4999, GW_CLOSE_PRIVATE},
        {5000, 65535, GW_CLOSE_OUT_OF_RANGE},
    };
    unsigned next = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_uint_eq(rows[i].first, next);
        for (next = rows[i].first; next <= rows[i].last; next++)
            ck_assert_msg(gw_close_code_class(next) == rows[i].class_, "%u", next);
    }
    ck_assert_uint_eq(next, 65536);
}
END_TEST

START_TEST(close_code_is_sendable_by_the_right_side) {
    static const struct {
        unsigned code;
        bool client, server;
    } rows[] = {{1000, true, true},   {1005, false, false}, {1010, true, false},  {1012, false, true},
                {1004, false, false}, {999, false, false},  {3000, true, true},   {4999, true, true},
                {5000, false, false}, {1015, false, false}, {2000, false, false}, {1011, true, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_msg(gw_close_code_is_sendable(rows[i].code, false) == rows[i].client, "%u", rows[i].code);
        ck_assert_msg(gw_close_code_is_sendable(rows[i].code, true) == rows[i].server, "%u", rows[i].code);
    }
}
END_TEST

START_TEST(close_code_name_falls_back_to_the_class) {
    ck_assert_str_eq(gw_close_code_name(1000), "normal closure");
    ck_assert_str_eq(gw_close_code_name(1014), "bad gateway");
    ck_assert_str_eq(gw_close_code_name(1004), "unassigned");
    ck_assert_str_eq(gw_close_code_name(3000), "library");
    ck_assert_str_eq(gw_close_code_name(4001), "private");
    ck_assert_str_eq(gw_close_code_name(70000), "out-of-range");
}
END_TEST

START_TEST(close_parse_states_the_facts_of_each_payload) {
    static const struct {
        const char *payload;
        size_t len;
        int code; /* -1: none */
        const char *reason;
        bool utf8;
        size_t bad;
    } rows[] = {
        {"", 0, -1, "", true, 0},
        {"\x03", 1, -1, "", true, 0},
        {"\x03\xe8", 2, 1000, "", true, 0},
        {"\x03\xe8"
         "bye",
         5, 1000, "bye", true, 0},
        {"\xff\xff", 2, 65535, "", true, 0},
        {"\x00\x00", 2, 0, "", true, 0},
        {"\x03\xe8"
         "a\xff"
         "b",
         5, 1000,
         "a\xff"
         "b",
         false, 3},
        {"\x03\xe8"
         "a\xe2\x82",
         5, 1000, "a\xe2\x82", false, 5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t *payload = gw_guard_alloc(rows[i].payload, rows[i].len);
        gw_close close = gw_close_parse(gw_span_make(payload, rows[i].len));
        ck_assert_uint_eq(close.payload_len, rows[i].len);
        ck_assert_int_eq(close.has_code, rows[i].code >= 0);
        ck_assert_int_eq(close.code, rows[i].code < 0 ? 0 : rows[i].code);
        ck_assert(gw_span_equal_cstr(close.reason, rows[i].reason));
        ck_assert_int_eq(close.reason_is_utf8, rows[i].utf8);
        ck_assert_uint_eq(close.bad_offset, rows[i].bad);
        gw_guard_free(payload, rows[i].len);
    }
}
END_TEST

START_TEST(close_append_writes_what_close_parse_reads) {
    char reason[200];
    memset(reason, 'r', sizeof reason);
    gw_buf buf;
    gw_buf_init(&buf, 1000);
    for (size_t len = 0; len <= sizeof reason; len++) {
        gw_buf_clear(&buf);
        ck_assert_int_eq(gw_close_append(&buf, 4321, gw_span_make(reason, len)), GW_OK);
        gw_close close = gw_close_parse(gw_buf_span(&buf));
        ck_assert_uint_eq(close.code, 4321);
        ck_assert(gw_span_equal(close.reason, gw_span_make(reason, len)));
        ck_assert_int_eq(close.payload_len > 125, len > GW_CLOSE_MAX_REASON);
    }
    gw_buf_deinit(&buf);
}
END_TEST

START_TEST(close_append_beyond_the_limit_appends_nothing) {
    gw_buf buf;
    gw_buf_init(&buf, 4);
    ck_assert_int_eq(gw_close_append(&buf, 1000, GW_SPAN_LIT("bye")), GW_ERR_LIMIT);
    ck_assert_uint_eq(buf.len, 0);
    ck_assert_int_eq(gw_close_append(&buf, 1000, GW_SPAN_LIT("ok")), GW_OK);
    gw_buf_deinit(&buf);
}
END_TEST

GW_TEST_MAIN("wire/close", 10, close_code_class_follows_the_registry_at_every_border,
             close_code_is_sendable_by_the_right_side, close_code_name_falls_back_to_the_class,
             close_parse_states_the_facts_of_each_payload, close_append_writes_what_close_parse_reads,
             close_append_beyond_the_limit_appends_nothing)
