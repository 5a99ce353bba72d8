/* Unit tests of protocol/violation.h and rules.h. */
#include "fixture.h"
#include "wire/utf8.h"

#include <string.h>

static void quotes(gw_span bytes, size_t size, const char *want) {
    char out[64];
    memset(out, '#', sizeof out);
    ck_assert_str_eq(gw_violation_quote(bytes, out, size), want);
    ck_assert_int_eq(out[size], '#');
}

START_TEST(violation_quote_shows_only_printable_text) {
    quotes(GW_SPAN_LIT("plain"), 40, "plain");
    quotes(GW_SPAN_LIT("a\x1b[2J\x7f\0"), 40, "a\\x1b[2J\\x7f\\x00");
    quotes(GW_SPAN_LIT("\xc3\xa9\xff\xc2\x9b\xe2\x82"), 40, "\xc3\xa9\\xff\\xc2\\x9b\\xe2\\x82");
    quotes((gw_span){0}, 40, "");
}
END_TEST

START_TEST(violation_quote_fits_every_size) {
    quotes(GW_SPAN_LIT("0123456789"), 11, "0123456789");
    quotes(GW_SPAN_LIT("0123456789"), 10, "012345...");
    quotes(GW_SPAN_LIT("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"), 8, "\xc3\xa9\xc3\xa9...");
    char out[40];
    for (size_t size = 1; size < sizeof out; size++) {
        gw_violation_quote(GW_SPAN_LIT("ab\xc3\xa9\x01\xf0\x9f\x98\x80\xff\xffzzzzzzzzzzzzzzzz"), out, size);
        ck_assert_uint_lt(strlen(out), size);
        ck_assert(gw_utf8_check(gw_span_cstr(out), NULL));
    }
}
END_TEST

START_TEST(violation_emit_cuts_long_lines_at_a_code_point) {
    gw_violations list;
    char line[400];
    gw_violations_init(&list);
    for (size_t i = 0; i < 199; i++) memcpy(line + 2 * i, "\xc3\xa9", 3);
    gw_violation_emit(gw_violations_sink(&list), "R", GW_SEVERITY_FAIL, 7, 8, line, "%s", line);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_uint_lt(strlen(list.items[0].expected), GW_VIOLATION_MAX_TEXT);
    ck_assert(gw_utf8_check(gw_span_cstr(list.items[0].expected), NULL));
    ck_assert_str_eq(list.items[0].expected + strlen(list.items[0].expected) - 3, "...");
    ck_assert_str_eq(list.items[0].expected, list.items[0].observed);
    ck_assert_uint_eq(list.items[0].offset, 7);
    ck_assert_int_eq(list.items[0].at, 8);
}
END_TEST

START_TEST(violations_count_what_finds_no_room) {
    gw_violations list;
    gw_violations_init(&list);
    for (int i = 0; i < GW_VIOLATIONS_MAX + 3; i++)
        gw_violation_emit(gw_violations_sink(&list), i ? "R" : "first", GW_SEVERITY_FAIL, 0, 0, "e", "%d", i);
    ck_assert_uint_eq(list.count, GW_VIOLATIONS_MAX);
    ck_assert_uint_eq(list.dropped, 3);
    ck_assert_str_eq(gw_violations_find(&list, "R")->observed, "1");
    ck_assert_ptr_null(gw_violations_find(&list, "other"));
    gw_violation_emit((gw_violation_sink){0}, "R", GW_SEVERITY_FAIL, 0, 0, "e", "o");
}
END_TEST

START_TEST(rules_have_words) {
    for (int i = 0; i < GW_RULE_COUNT; i++) ck_assert_uint_gt(strlen(gw_rule_word((gw_rule)i)), 2);
}
END_TEST

int main(void) {
    TCase *c = tcase_create("violation");
    tcase_add_test(c, violation_quote_shows_only_printable_text);
    tcase_add_test(c, violation_quote_fits_every_size);
    tcase_add_test(c, violation_emit_cuts_long_lines_at_a_code_point);
    tcase_add_test(c, violations_count_what_finds_no_room);
    tcase_add_test(c, rules_have_words);
    return fixture_run("protocol/violation", c);
}
