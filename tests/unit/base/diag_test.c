/* Unit tests of base/diag.h: the text as users see it. */
#include "base/diag.h"
#include "support/run.h"

#include <string.h>

static const char file[] = "title: x\nsteps:\n  - expect: {on: alice, witin: 1s}\r\n\ttab \x1b[31m here\n";

static gw_place place(uint32_t line, uint32_t column, uint32_t width) {
    return (gw_place){.file = "mine.yaml", .source = GW_SPAN_LIT(file), .line = line, .column = column, .width = width};
}

static void check(gw_place at, const char *want) {
    gw_diag diag;
    gw_diag_init(&diag);
    gw_diag_error(&diag, at, "unknown key '%s'", "witin");
    ck_assert_str_eq(gw_buf_cstr(&diag.text), want);
    ck_assert_uint_eq(diag.errors, 1);
    gw_diag_deinit(&diag);
}

START_TEST(diag_error_shows_the_line_and_underlines_the_place) {
    check(place(3, 25, 5), "mine.yaml:3:25: error: unknown key 'witin'\n"
                           "    3 |   - expect: {on: alice, witin: 1s}\n"
                           "      |                         ^~~~~\n");
    check(place(1, 1, 1), "mine.yaml:1:1: error: unknown key 'witin'\n"
                          "    1 | title: x\n"
                          "      | ^\n");
}
END_TEST

START_TEST(diag_error_shows_no_control_characters) {
    check(place(4, 2, 3), "mine.yaml:4:2: error: unknown key 'witin'\n"
                          "    4 |  tab ?[31m here\n"
                          "      |  ^~~\n");
}
END_TEST

START_TEST(diag_error_without_a_line_or_a_source_is_one_line) {
    check(place(0, 0, 0), "mine.yaml: error: unknown key 'witin'\n");
    check(place(99, 1, 1), "mine.yaml:99:1: error: unknown key 'witin'\n");
    check((gw_place){.line = 2, .column = 3}, "<input>:2:3: error: unknown key 'witin'\n");
}
END_TEST

START_TEST(diag_error_underlines_no_further_than_the_excerpt) {
    gw_diag diag;
    gw_diag_init(&diag);
    gw_diag_error(&diag, place(1, 3, UINT32_MAX), "x");
    gw_diag_error(&diag, place(1, 100000, 1), "x");
    ck_assert_uint_lt(diag.text.len, 600);
    gw_diag_deinit(&diag);
}
END_TEST

START_TEST(diag_error_counts_what_it_no_longer_writes) {
    gw_diag diag;
    gw_diag_init(&diag);
    diag.max_errors = 2;
    for (int i = 0; i < 5; i++) gw_diag_error(&diag, (gw_place){.file = "f"}, "%d", i);
    ck_assert_str_eq(gw_buf_cstr(&diag.text), "f: error: 0\nf: error: 1\n");
    ck_assert_uint_eq(diag.errors, 5);
    gw_diag_deinit(&diag);
}
END_TEST

START_TEST(diag_suggest_names_the_nearest_word_or_none) {
    static const char *const words[] = {"within", "on", "event", "data", "non-strict-within", "settle"};
    static const struct {
        const char *word, *want;
    } rows[] = {{"witin", "within"}, {"withn", "within"},  {"evnet", "event"},
                {"date", "data"},    {"settle", "settle"}, {"nonstrict-withn", "non-strict-within"},
                {"zzzzzz", NULL},    {"", NULL},           {"xy", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *got = gw_diag_suggest(gw_span_cstr(rows[i].word), words, sizeof words / sizeof words[0]);
        ck_assert_msg(got == rows[i].want || (got && rows[i].want && strcmp(got, rows[i].want) == 0), "%s gives %s",
                      rows[i].word, got ? got : "nothing");
    }
    char endless[1000];
    memset(endless, 'a', sizeof endless);
    ck_assert_ptr_null(gw_diag_suggest(gw_span_make(endless, sizeof endless), words, 1));
}
END_TEST

GW_TEST_MAIN("base/diag", 10, diag_error_shows_the_line_and_underlines_the_place,
             diag_error_shows_no_control_characters, diag_error_without_a_line_or_a_source_is_one_line,
             diag_error_underlines_no_further_than_the_excerpt, diag_error_counts_what_it_no_longer_writes,
             diag_suggest_names_the_nearest_word_or_none)
