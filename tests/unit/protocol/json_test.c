/* Unit tests of protocol/json.h, with jansson as the oracle. */
#include "protocol/json.h"
#include "support/guard.h"
#include "support/run.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

/* jansson differs: each with the reason. Everything else must agree. */
enum { SAME, JANSSON_TAKES, JANSSON_REFUSES };

static const struct edge {
    const char *text;
    size_t len;
    gw_json_fault fault;
    size_t offset;
    int jansson;
} edges[] = {
#define EDGE(text, fault, offset)                                                                                      \
    { text, sizeof(text) - 1, GW_JSON_##fault, offset, SAME }
#define DIFF(text, fault, offset, how)                                                                                 \
    { text, sizeof(text) - 1, GW_JSON_##fault, offset, how }
    EDGE("{}", NONE, 0),
    EDGE("[]", NONE, 0),
    EDGE(" \t\r\n{ \"a\" : [ 1 , true , null ] } \n", NONE, 0),
    EDGE("\"\"", NONE, 0),
    EDGE("0", NONE, 0),
    EDGE("-0", NONE, 0),
    EDGE("-1.5e-3", NONE, 0),
    EDGE("1E+2", NONE, 0),
    EDGE("true", NONE, 0),
    EDGE("false", NONE, 0),
    EDGE("null", NONE, 0),
    EDGE("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", NONE, 0),
    EDGE("\"\\ud83d\\ude00\"", NONE, 0),
    EDGE("\"\xf0\x9f\x98\x80\x7f\"", NONE, 0),
    EDGE("\"\xef\xbf\xbe\"", NONE, 0),
    EDGE("[[[[[[[[[[]]]]]]]]]]", NONE, 0),
    EDGE("{\"\":1,\" \":2}", NONE, 0),
    EDGE("[1,[2,{\"a\":{}}],\"x\"]", NONE, 0),
    EDGE("9007199254740993", NONE, 0),
    EDGE("1e-999", NONE, 0),
    EDGE("0e999", NONE, 0),
    EDGE("0.000e+999999999999999999999", NONE, 0),
    EDGE("1.7976931348623157e308", NONE, 0),
    EDGE("1.7976931348623158e308", NONE, 0),
    DIFF("9223372036854775808", NONE, 0, JANSSON_REFUSES), /* integers are 64 bits wide there */
    EDGE("9223372036854775807", NONE, 0),
    EDGE("{\"a\":{\"a\":{\"a\":1}}}", NONE, 0),
    EDGE("[{\"a\":1},{\"a\":2}]", NONE, 0),
    EDGE("{\"a\":1,\"A\":2}", NONE, 0),
    EDGE("\"\\u0000\"", NONE, 0),
    EDGE("", EMPTY, 0),
    EDGE("  \n", EMPTY, 3),
    EDGE("\xef\xbb\xbf{}", BOM, 0),
    EDGE("{", UNEXPECTED_END, 1),
    EDGE("[1,", UNEXPECTED_END, 3),
    EDGE("[1", UNEXPECTED_END, 2),
    EDGE("{\"a", UNEXPECTED_END, 3),
    EDGE("{\"a\"", UNEXPECTED_END, 4),
    EDGE("{\"a\":", UNEXPECTED_END, 5),
    EDGE("{\"a\":1", UNEXPECTED_END, 6),
    EDGE("{\"a\":1,", UNEXPECTED_END, 7),
    EDGE("\"abc", UNEXPECTED_END, 4),
    EDGE("\"abc\\", UNEXPECTED_END, 5),
    EDGE("\"abc\\u12", UNEXPECTED_END, 8),
    EDGE("tru", UNEXPECTED_END, 3),
    EDGE("-", UNEXPECTED_END, 1),
    EDGE("1.", UNEXPECTED_END, 2),
    EDGE("1e", UNEXPECTED_END, 2),
    EDGE("1e+", UNEXPECTED_END, 3),
    EDGE("?", UNEXPECTED_BYTE, 0),
    EDGE("'a'", UNEXPECTED_BYTE, 0),
    EDGE("[,1]", UNEXPECTED_BYTE, 1),
    EDGE("[1,,2]", UNEXPECTED_BYTE, 3),
    EDGE("+1", UNEXPECTED_BYTE, 0),
    EDGE(".5", UNEXPECTED_BYTE, 0),
    EDGE("]", UNEXPECTED_BYTE, 0),
    EDGE("NaN", UNEXPECTED_BYTE, 0),
    EDGE("Infinity", UNEXPECTED_BYTE, 0),
    EDGE("/**/{}", UNEXPECTED_BYTE, 0),
    EDGE("\xc3\xa9", UNEXPECTED_BYTE, 0),
    EDGE("\x0b{}", UNEXPECTED_BYTE, 0),
    EDGE("{\"a\":}", UNEXPECTED_BYTE, 5),
    EDGE("trie", BAD_LITERAL, 0),
    EDGE("[nul]", BAD_LITERAL, 1),
    EDGE("TRUE", UNEXPECTED_BYTE, 0),
    EDGE("{1:2}", EXPECTED_KEY, 1),
    EDGE("{a:2}", EXPECTED_KEY, 1),
    EDGE("{\"a\":1,2}", EXPECTED_KEY, 7),
    EDGE("{,}", EXPECTED_KEY, 1),
    EDGE("{\"a\" 1}", EXPECTED_COLON, 5),
    EDGE("{\"a\",1}", EXPECTED_COLON, 4),
    EDGE("[1 2]", EXPECTED_COMMA, 3),
    EDGE("{\"a\":1 \"b\":2}", EXPECTED_COMMA, 7),
    EDGE("[1:2]", EXPECTED_COMMA, 2),
    EDGE("[1,]", TRAILING_COMMA, 2),
    EDGE("{\"a\":1 , }", TRAILING_COMMA, 7),
    EDGE("[1}", MISMATCHED_BRACKET, 2),
    EDGE("{\"a\":1]", MISMATCHED_BRACKET, 6),
    EDGE("[}", MISMATCHED_BRACKET, 1),
    EDGE("{} {}", TRAILING_GARBAGE, 3),
    EDGE("1 x", TRAILING_GARBAGE, 2),
    EDGE("[]]", TRAILING_GARBAGE, 2),
    EDGE("{}//", TRAILING_GARBAGE, 2),
    EDGE("truex", TRAILING_GARBAGE, 4),
    EDGE("\"a\"\"b\"", TRAILING_GARBAGE, 3),
    EDGE("{}\0", NUL, 2),
    EDGE("\0", NUL, 0),
    EDGE("\"a\0b\"", NUL, 2),
    EDGE("[\0]", NUL, 1),
    EDGE("\"a\nb\"", CONTROL_CHARACTER, 2),
    EDGE("\"\x1f\"", CONTROL_CHARACTER, 1),
    EDGE("\"0123456\t\"", CONTROL_CHARACTER, 8),
    EDGE("\"\\x41\"", BAD_ESCAPE, 2),
    EDGE("\"\\'\"", BAD_ESCAPE, 2),
    EDGE("\"\\U0041\"", BAD_ESCAPE, 2),
    EDGE("\"\\u00g0\"", BAD_UNICODE_ESCAPE, 5),
    EDGE("\"\\u 123\"", BAD_UNICODE_ESCAPE, 3),
    EDGE("\"\\u12\"", BAD_UNICODE_ESCAPE, 5),
    EDGE("\"\xff\"", INVALID_UTF8, 1),
    EDGE("\"\xc0\x80\"", INVALID_UTF8, 1),
    EDGE("\"\xed\xa0\x80\"", INVALID_UTF8, 2),
    EDGE("\"\xf4\x90\x80\x80\"", INVALID_UTF8, 2),
    EDGE("\"\xe2\x82\"", INVALID_UTF8, 3),
    EDGE("\"\x80\"", INVALID_UTF8, 1),
    EDGE("\"\xff\n\"", INVALID_UTF8, 1),
    EDGE("01", LEADING_ZERO, 0),
    EDGE("-012", LEADING_ZERO, 1),
    EDGE("[00]", LEADING_ZERO, 1),
    EDGE("[1.]", MISSING_DIGITS, 3),
    EDGE("[-]", MISSING_DIGITS, 2),
    EDGE("[1e]", MISSING_DIGITS, 3),
    EDGE("1.e5", MISSING_DIGITS, 2),
    EDGE("--1", MISSING_DIGITS, 1),
    EDGE("0x10", TRAILING_GARBAGE, 1),
    EDGE("\"\\ud800\"", LONE_HIGH_SURROGATE, 1),
    EDGE("\"\\ud800x\"", LONE_HIGH_SURROGATE, 1),
    EDGE("\"\\ud800\\u0041\"", LONE_HIGH_SURROGATE, 1),
    EDGE("\"\\ud800\\ud800\\udc00\"", LONE_HIGH_SURROGATE, 1),
    EDGE("\"a\\udc00\"", LONE_LOW_SURROGATE, 2),
    EDGE("1e999", NUMBER_RANGE, 0),
    EDGE("[1,-1e309]", NUMBER_RANGE, 3),
    EDGE("1.7976931348623159e308", NUMBER_RANGE, 0),
    EDGE("{\"a\":1,\"a\":2}", DUPLICATE_KEY, 7),
    EDGE("{\"a\":1,\"\\u0061\":2}", DUPLICATE_KEY, 7),
    EDGE("{\"\\u00e9\":1,\"\xc3\xa9\":2}", DUPLICATE_KEY, 12),
    EDGE("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", DUPLICATE_KEY, 18),
    EDGE("{\"\\n\":1,\"\\u000A\":2}", DUPLICATE_KEY, 8),
    EDGE("{\"\":1,\"\":2}", DUPLICATE_KEY, 6),
    EDGE("[{\"b\":{\"x\":1,\"y\":2,\"x\":3}}]", DUPLICATE_KEY, 19),
    EDGE("{\"a\":1,\"a\":2,}", TRAILING_COMMA, 12),
};

START_TEST(json_judge_finds_the_first_fault_of_each_edge_case) {
    const struct edge *e = &edges[_i];
    uint8_t *bytes = gw_guard_alloc(e->text, e->len);
    gw_json_report report;
    gw_json_verdict verdict = gw_json_judge(gw_span_make(bytes, e->len), (gw_json_limits){0}, &report);
    ck_assert_msg(report.fault == e->fault, "%s: %s", e->text, gw_json_fault_name(report.fault));
    ck_assert_msg(report.offset == e->offset, "%s: offset %zu, not %zu", e->text, report.offset, e->offset);
    ck_assert_int_eq(verdict, gw_json_fault_verdict(e->fault));
    ck_assert_int_eq(verdict, report.verdict);
    gw_guard_free(bytes, e->len);
}
END_TEST

static bool jansson_takes(const void *text, size_t len) {
    json_error_t error;
    json_t *tree = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    json_decref(tree);
    return tree != NULL;
}

START_TEST(json_judge_agrees_with_jansson_on_each_edge_case) {
    const struct edge *e = &edges[_i];
    bool ours = e->fault == GW_JSON_NONE, theirs = jansson_takes(e->text, e->len);
    bool want = e->jansson == SAME ? ours : e->jansson == JANSSON_TAKES;
    ck_assert_msg(theirs == want, "%s: jansson %s it", e->text, theirs ? "takes" : "refuses");
}
END_TEST

/* Every text one edit away from some good packets. */
START_TEST(json_judge_agrees_with_jansson_on_every_edit_of_a_packet) {
    static const char *const packets[] = {"{\"e\":3,\"d\":{\"a\":\"x\\u00e9\\n\xc3\xa9\",\"b\":[1,-2.5e3,true,null]}}",
                                          "{\"a\":0,\"\\u0062\":{},\"c\":[[],{}],\"d\":\"\\ud83d\\ude00\"}"};
    static const uint8_t bytes[] = "\"\\{}[],:0123.eE+-u tfn/a\n\x00\x1f\x7f\x80\xc3\xff";
    size_t tried = 0;
    for (size_t p = 0; p < 2; p++) {
        size_t len = strlen(packets[p]);
        char text[128];
        for (size_t at = 0; at < len; at++) {
            for (size_t b = 0; b < sizeof bytes - 1; b++, tried++) {
                memcpy(text, packets[p], len);
                text[at] = (char)bytes[b];
                bool ours = gw_json_judge(gw_span_make(text, len), (gw_json_limits){0}, NULL) == GW_JSON_IS_VALID;
                ck_assert_msg(ours == jansson_takes(text, len), "%.*s", (int)len, text);
            }
            memcpy(text, packets[p], len);
            memmove(text + at, text + at + 1, len - at - 1);
            bool ours = gw_json_judge(gw_span_make(text, len - 1), (gw_json_limits){0}, NULL) == GW_JSON_IS_VALID;
            ck_assert_msg(ours == jansson_takes(text, len - 1), "%.*s", (int)len - 1, text);
        }
    }
    ck_assert_uint_gt(tried, 2000);
}
END_TEST

START_TEST(json_judge_stays_in_bounds_at_every_length) {
    const struct edge *e = &edges[_i];
    for (size_t len = 0; len < e->len; len++) {
        uint8_t *bytes = gw_guard_alloc(e->text, len);
        gw_json_report report;
        gw_span found;
        gw_json_judge(gw_span_make(bytes, len), (gw_json_limits){0}, &report);
        ck_assert_uint_le(report.offset, len);
        gw_json_find(gw_span_make(bytes, len), "/a/0/b", &found);
        gw_guard_free(bytes, len);
    }
}
END_TEST

static gw_json_report judge_nested(size_t depth, uint32_t limit) {
    char *text = malloc(2 * depth + 1);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    gw_json_report report;
    gw_json_judge(gw_span_make(text, 2 * depth), (gw_json_limits){limit}, &report);
    free(text);
    return report;
}

START_TEST(json_judge_limits_depth_exactly) {
    ck_assert_int_eq(judge_nested(8, 8).verdict, GW_JSON_IS_VALID);
    ck_assert_uint_eq(judge_nested(8, 8).depth, 8);
    ck_assert_int_eq(judge_nested(9, 8).fault, GW_JSON_TOO_DEEP);
    ck_assert_uint_eq(judge_nested(9, 8).offset, 8);
    ck_assert_int_eq(judge_nested(9, 8).verdict, GW_JSON_IS_LIMIT);
    ck_assert_int_eq(judge_nested(GW_JSON_DEFAULT_DEPTH, 0).verdict, GW_JSON_IS_VALID);
    ck_assert_int_eq(judge_nested(GW_JSON_DEFAULT_DEPTH + 1, 0).fault, GW_JSON_TOO_DEEP);
    ck_assert_int_eq(judge_nested(GW_JSON_MAX_DEPTH, UINT32_MAX).verdict, GW_JSON_IS_VALID);
    ck_assert_int_eq(judge_nested(GW_JSON_MAX_DEPTH + 1, UINT32_MAX).fault, GW_JSON_TOO_DEEP);
    ck_assert_int_eq(judge_nested(100000, 0).fault, GW_JSON_TOO_DEEP);
}
END_TEST

/* n members, of which member `twin` has the name of member 0 (in other spelling); -1: none. */
static gw_json_report judge_members(size_t n, long twin, size_t *offset) {
    char *text = malloc(n * 24 + 16);
    size_t len = 0;
    text[len++] = '{';
    for (size_t i = 0; i < n; i++) {
        if (i) text[len++] = ',';
        if ((long)i == twin) *offset = len;
        len += (size_t)sprintf(text + len, (long)i == twin ? "\"\\u006b%zu\":{\"k0\":1}" : "\"k%zu\":1",
                               (long)i == twin ? 0 : i);
    }
    text[len++] = '}';
    gw_json_report report;
    gw_json_judge(gw_span_make(text, len), (gw_json_limits){0}, &report);
    free(text);
    return report;
}

START_TEST(json_judge_finds_duplicates_in_objects_of_every_size) {
    static const size_t sizes[] = {2, 10, 47, 48, 49, 50, 255, 256, 257, 258, 1000, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t at = 0;
        ck_assert_int_eq(judge_members(sizes[i], -1, &at).verdict, GW_JSON_IS_VALID);
        gw_json_report last = judge_members(sizes[i], (long)sizes[i] - 1, &at);
        ck_assert_int_eq(last.fault, GW_JSON_DUPLICATE_KEY);
        ck_assert_uint_eq(last.offset, at);
        gw_json_report second = judge_members(sizes[i], 1, &at);
        ck_assert_int_eq(second.fault, GW_JSON_DUPLICATE_KEY);
        ck_assert_uint_eq(second.offset, at);
    }
}
END_TEST

START_TEST(json_judge_compares_long_numbers_exactly) {
    char text[500];
    memset(text, '9', sizeof text);
    ck_assert_int_eq(gw_json_judge(gw_span_make(text, 308), (gw_json_limits){0}, NULL), GW_JSON_IS_VALID);
    ck_assert_int_eq(gw_json_judge(gw_span_make(text, 309), (gw_json_limits){0}, NULL), GW_JSON_IS_UNPREDICTABLE);
    memset(text, '0', sizeof text);
    text[1] = '.';
    ck_assert_int_eq(gw_json_judge(gw_span_make(text, 500), (gw_json_limits){0}, NULL), GW_JSON_IS_VALID);
    text[499] = '1';
    ck_assert_int_eq(gw_json_judge(gw_span_make(text, 500), (gw_json_limits){0}, NULL), GW_JSON_IS_VALID);
    /* 2^1024 - 2^970 is the first integer that rounds to infinity; the one below it does not. */
    static const char edge[] = "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649"
                               "017977587207096330286416692"
                               "887910946555547851940402630657488671505820681908902000708383676273854845817711531764475"
                               "730270069855571366959622842"
                               "914819860834936475292719074168444365510704342711559699508093042880177904174497792";
    char number[400];
    size_t n = strlen(edge);
    memcpy(number, edge, n + 1);
    ck_assert_int_eq(gw_json_judge(gw_span_make(number, n), (gw_json_limits){0}, NULL), GW_JSON_IS_UNPREDICTABLE);
    number[n - 1] = '1';
    ck_assert_int_eq(gw_json_judge(gw_span_make(number, n), (gw_json_limits){0}, NULL), GW_JSON_IS_VALID);
    memcpy(number + n, ".999", 4);
    ck_assert_int_eq(gw_json_judge(gw_span_make(number, n + 4), (gw_json_limits){0}, NULL), GW_JSON_IS_VALID);
}
END_TEST

START_TEST(json_judge_flags_nul_escapes) {
    gw_json_report report;
    gw_json_judge(GW_SPAN_LIT("\"\\u0000\""), (gw_json_limits){0}, &report);
    ck_assert(report.has_nul_escape);
    gw_json_judge(GW_SPAN_LIT("\"\\\\u0000\""), (gw_json_limits){0}, &report);
    ck_assert(!report.has_nul_escape);
}
END_TEST

static void finds(const char *text, const char *pointer, const char *want) {
    gw_span found = {0};
    bool ok = gw_json_find(gw_span_cstr(text), pointer, &found);
    ck_assert_msg(ok == (want != NULL), "%s in %s", pointer, text);
    if (want) ck_assert_msg(gw_span_equal_cstr(found, want), "%s: %.*s", pointer, GW_SPAN_ARG(found));
}

START_TEST(json_find_returns_the_raw_text_of_a_value) {
    finds(" {\"e\" : 1.0 ,\"d\":{ \"a\":[10,{\"x/y\":\"q}\\\"\"},-3e5]}}", "/e", "1.0");
    finds("{\"d\":{\"a\":[10,{\"x/y\":\"q}\\\"\"},-3e5]}}", "/d/a/1/x~1y", "\"q}\\\"\"");
    finds("{\"d\":{\"a\":[10,{\"x\":1},-3e5]}}", "/d/a/2", "-3e5");
    finds("{\"d\":{\"a\":[10,{\"x\":1},-3e5]}}", "/d/a", "[10,{\"x\":1},-3e5]");
    finds("{\"d\":{\"a\":[10,{\"x\":1},-3e5]}}", "/d/a/3", NULL);
    finds("{\"d\":{\"a\":[]}}", "/d/a/0", NULL);
    finds("{\"\\u0064\":7}", "/d", "7");
    finds("{\"a\":1,\"a\":2}", "/a", "1");
    finds("{\"a~b\":null}", "/a~0b", "null");
    finds("[true]", "/0", "true");
    finds("[true]", "/00", NULL);
    finds("[true]", "/a", NULL);
    finds("5", "", "5");
    finds("5", "/a", NULL);
    finds("{\"ab\":1}", "/a", NULL);
    finds("{}", "/a", NULL);
}
END_TEST

START_TEST(json_read_number_tells_integers_exactly) {
    static const struct {
        const char *text;
        bool ok, integer, fits;
        int64_t value;
    } cases[] = {
        {"0", true, true, true, 0},
        {"-0", true, true, true, 0},
        {"42", true, true, true, 42},
        {"9223372036854775807", true, true, true, INT64_MAX},
        {"-9223372036854775808", true, true, true, INT64_MIN},
        {"9223372036854775808", true, true, false, 0},
        {"-9223372036854775809", true, true, false, 0},
        {"18446744073709551617", true, true, false, 0},
        {"99999999999999999999999", true, true, false, 0},
        {"1.0", true, false, false, 0},
        {"1e0", true, false, false, 0},
        {"1e999", true, false, false, 0},
        {"01", false, false, false, 0},
        {"1 ", false, false, false, 0},
        {"\"1\"", false, false, false, 0},
        {"true", false, false, false, 0},
        {"", false, false, false, 0},
        {"-", false, false, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gw_json_number n;
        ck_assert_msg(gw_json_read_number(gw_span_cstr(cases[i].text), &n) == cases[i].ok, "%s", cases[i].text);
        if (!cases[i].ok) continue;
        ck_assert_msg(n.is_integer == cases[i].integer && n.fits_int64 == cases[i].fits, "%s", cases[i].text);
        if (n.fits_int64) ck_assert_msg(n.integer == cases[i].value, "%s", cases[i].text);
    }
}
END_TEST

START_TEST(json_append_string_writes_json_of_any_bytes) {
    gw_buf out;
    gw_buf_init(&out, 1000);
    ck_assert_int_eq(gw_json_append_string(&out, GW_SPAN_LIT("a\"\\\n\x01\x7f\xc3\xa9\xff"
                                                             "b\xe2\x82(\xf0\x9f")),
                     GW_OK);
    ck_assert_str_eq(gw_buf_cstr(&out), "\"a\\\"\\\\\\n\\u0001\\u007f\xc3\xa9\xef\xbf\xbd"
                                        "b\xef\xbf\xbd(\xef\xbf\xbd\"");
    ck_assert_int_eq(gw_json_judge(gw_buf_span(&out), (gw_json_limits){0}, NULL), GW_JSON_IS_VALID);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(json_faults_have_names_and_texts) {
    for (int i = 0; i < GW_JSON_FAULT_COUNT; i++) {
        ck_assert_uint_gt(strlen(gw_json_fault_name((gw_json_fault)i)), 0);
        ck_assert_uint_gt(strlen(gw_json_fault_text((gw_json_fault)i)), 0);
    }
}
END_TEST

int main(void) {
    enum { EDGES = sizeof edges / sizeof *edges };
    TCase *c = tcase_create("json");
    Suite *s = suite_create("protocol/json");
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, json_judge_finds_the_first_fault_of_each_edge_case, 0, EDGES);
    tcase_add_loop_test(c, json_judge_agrees_with_jansson_on_each_edge_case, 0, EDGES);
    tcase_add_loop_test(c, json_judge_stays_in_bounds_at_every_length, 0, EDGES);
    tcase_add_test(c, json_judge_agrees_with_jansson_on_every_edit_of_a_packet);
    tcase_add_test(c, json_judge_limits_depth_exactly);
    tcase_add_test(c, json_judge_finds_duplicates_in_objects_of_every_size);
    tcase_add_test(c, json_judge_compares_long_numbers_exactly);
    tcase_add_test(c, json_judge_flags_nul_escapes);
    tcase_add_test(c, json_find_returns_the_raw_text_of_a_value);
    tcase_add_test(c, json_read_number_tells_integers_exactly);
    tcase_add_test(c, json_append_string_writes_json_of_any_bytes);
    tcase_add_test(c, json_faults_have_names_and_texts);
    suite_add_tcase(s, c);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner), ran = srunner_ntests_run(runner);
    srunner_free(runner);
    return failed || !ran;
}
