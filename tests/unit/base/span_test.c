/* Unit tests of base/span.h. */
#include "base/span.h"
#include "support/guard.h"
#include "support/run.h"

#include <string.h>

START_TEST(span_equal_compares_bytes_and_takes_empty_ones) {
    ck_assert(gw_span_equal(GW_SPAN_LIT("a\0b"), gw_span_make("a\0b", 3)));
    ck_assert(!gw_span_equal(GW_SPAN_LIT("a\0b"), GW_SPAN_LIT("a\0c")));
    ck_assert(!gw_span_equal(GW_SPAN_LIT("ab"), GW_SPAN_LIT("a")));
    ck_assert(gw_span_equal((gw_span){0}, GW_SPAN_LIT("")));
    ck_assert(gw_span_equal_cstr(GW_SPAN_LIT("abc"), "abc"));
    ck_assert(!gw_span_equal_cstr(GW_SPAN_LIT("abc"), "abcd"));
    ck_assert(gw_span_equal_cstr((gw_span){0}, NULL));
}
END_TEST

START_TEST(span_equal_nocase_ignores_ascii_letter_case_only) {
    ck_assert(gw_span_equal_nocase(GW_SPAN_LIT("Sec-WebSocket-Key"), GW_SPAN_LIT("sEC-wEBsOCKET-kEY")));
    ck_assert(!gw_span_equal_nocase(GW_SPAN_LIT("a"), GW_SPAN_LIT("b")));
    ck_assert(!gw_span_equal_nocase(GW_SPAN_LIT("@["), GW_SPAN_LIT("`{")));
    ck_assert(gw_span_equal_nocase((gw_span){0}, GW_SPAN_LIT("")));
    ck_assert(!gw_span_equal_nocase(GW_SPAN_LIT("a\0b"), GW_SPAN_LIT("a\0c")));
}
END_TEST

START_TEST(span_sub_never_leaves_the_span) {
    gw_span s = GW_SPAN_LIT("abcdef");
    ck_assert(gw_span_equal_cstr(gw_span_sub(s, 2, 3), "cde"));
    ck_assert(gw_span_equal_cstr(gw_span_sub(s, 4, 100), "ef"));
    ck_assert(gw_span_equal_cstr(gw_span_sub(s, 4, SIZE_MAX), "ef"));
    ck_assert_uint_eq(gw_span_sub(s, 6, 1).len, 0);
    ck_assert_uint_eq(gw_span_sub(s, SIZE_MAX, 1).len, 0);
    ck_assert_uint_eq(gw_span_from(s, 7).len, 0);
    ck_assert_ptr_eq(gw_span_from(s, 6).ptr, s.ptr + 6); /* empty, but there */
    ck_assert_ptr_null(gw_span_from((gw_span){0}, 1).ptr);
    ck_assert(gw_span_equal(gw_span_from(s, 0), s));
}
END_TEST

START_TEST(span_starts_with_takes_longer_prefixes) {
    ck_assert(gw_span_starts_with(GW_SPAN_LIT("abc"), GW_SPAN_LIT("ab")));
    ck_assert(gw_span_starts_with(GW_SPAN_LIT("abc"), (gw_span){0}));
    ck_assert(gw_span_starts_with((gw_span){0}, (gw_span){0}));
    ck_assert(!gw_span_starts_with(GW_SPAN_LIT("ab"), GW_SPAN_LIT("abc")));
    ck_assert(!gw_span_starts_with(GW_SPAN_LIT("abc"), GW_SPAN_LIT("bc")));
}
END_TEST

START_TEST(span_trim_takes_blanks_and_tabs_off_both_ends) {
    static const char *const rows[][2] = {{" \ta b\t ", "a b"}, {"a", "a"},   {"", ""},    {" \t ", ""},
                                          {"\ra\n", "\ra\n"},   {"  a", "a"}, {"a  ", "a"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i][0]);
        uint8_t *text = gw_guard_alloc(rows[i][0], len);
        ck_assert_msg(gw_span_equal_cstr(gw_span_trim(gw_span_make(text, len)), rows[i][1]), "%s", rows[i][0]);
        gw_guard_free(text, len);
    }
}
END_TEST

START_TEST(span_cstr_of_null_is_empty) {
    ck_assert_uint_eq(gw_span_cstr(NULL).len, 0);
    ck_assert_uint_eq(gw_span_cstr("abc").len, 3);
}
END_TEST

GW_TEST_MAIN("base/span", 10, span_equal_compares_bytes_and_takes_empty_ones,
             span_equal_nocase_ignores_ascii_letter_case_only, span_sub_never_leaves_the_span,
             span_starts_with_takes_longer_prefixes, span_trim_takes_blanks_and_tabs_off_both_ends,
             span_cstr_of_null_is_empty)
