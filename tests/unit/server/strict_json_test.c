/* The reference server's own JSON check: what passes, what does not, and jansson as an oracle. */
#include "reference-server/strict_json.h"
#include "base/rng.h"
#include "support/guard.h"
#include "support/run.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *check(const char *bytes, size_t len) {
    uint8_t *guarded = gw_guard_alloc(bytes, len);
    const char *why = gw_strict_json_check(gw_span_make(guarded, len), NULL);
    gw_guard_free(guarded, len);
    return why;
}

START_TEST(strict_json_accepts_json) {
    static const char *const good[] = {"{}",
                                       " [ ] ",
                                       "null",
                                       "true",
                                       "false",
                                       "0",
                                       "-0",
                                       "-1.5e+10",
                                       "1E9",
                                       "\"\"",
                                       "\"\\u00e4\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
                                       "{\"a\":{\"a\":[1,{\"a\":2}]}}",
                                       "[1,2,[3]]",
                                       "{\"\":0,\"\\u0000\":1}",
                                       "\t\r\n 1 "};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(!check(good[i], strlen(good[i])), "%s", good[i]);
}
END_TEST

START_TEST(strict_json_rejects_what_is_not_json) {
    static const char *const bad[] = {"",
                                      " ",
                                      "{",
                                      "}",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "{\"a\"}",
                                      "{\"a\" 1}",
                                      "{a:1}",
                                      "{1:1}",
                                      "01",
                                      "1.",
                                      ".5",
                                      "+1",
                                      "1e",
                                      "1e+",
                                      "- 1",
                                      "0x1",
                                      "NaN",
                                      "Infinity",
                                      "nul",
                                      "truE",
                                      "\"",
                                      "\"\\x\"",
                                      "\"\\u12g4\"",
                                      "\"\\u123",
                                      "\"\n\"",
                                      "\"\t\"",
                                      "{} {}",
                                      "1 1",
                                      "{}x",
                                      "\xef\xbb\xbf{}",
                                      "[1 2]",
                                      "/*c*/1",
                                      "'a'",
                                      "\"\\ud800\"",
                                      "\"\\udc00\"",
                                      "\"\\ud800\\u0041\"",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"a\":1,\"\\u0061\":2}",
                                      "{\"\xc3\xa4\":1,\"\\u00e4\":2}",
                                      "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(check(bad[i], strlen(bad[i])) != NULL, "%s", bad[i]);
    ck_assert_ptr_nonnull(check("{}\0", 3));
    ck_assert_ptr_nonnull(check("\"a\0b\"", 5));
}
END_TEST

START_TEST(strict_json_tells_where) {
    size_t at;
    ck_assert_str_eq(gw_strict_json_check(GW_SPAN_LIT("{\"a\":01}"), &at), "a comma or a closing bracket is missing");
    ck_assert_uint_eq(at, 6);
}
END_TEST

START_TEST(strict_json_bounds_nesting) {
    char text[2 * (GW_STRICT_JSON_MAX_DEPTH + 1)];
    for (int depth = GW_STRICT_JSON_MAX_DEPTH; depth <= GW_STRICT_JSON_MAX_DEPTH + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        ck_assert_int_eq(check(text, 2 * (size_t)depth) == NULL, depth == GW_STRICT_JSON_MAX_DEPTH);
    }
}
END_TEST

START_TEST(strict_json_finds_a_duplicate_among_many_keys) {
    gw_buf text;
    gw_buf_init(&text, 1 << 20);
    gw_buf_append_byte(&text, '{');
    for (int i = 0; i < 20000; i++) gw_buf_printf(&text, "%s\"k%d\":%d", i ? "," : "", i, i);
    gw_buf_append_cstr(&text, ",\"k777\":0}");
    ck_assert_str_eq(gw_strict_json_check(gw_buf_span(&text), NULL), "a duplicate key");
    text.len -= 10;
    gw_buf_append_byte(&text, '}');
    ck_assert_ptr_null(gw_strict_json_check(gw_buf_span(&text), NULL));
    gw_buf_deinit(&text);
}
END_TEST

START_TEST(strict_json_reads_members) {
    gw_strict_json_value root = gw_strict_json_root(
        GW_SPAN_LIT(" {\"a\" : [1, {\"x\":\"]\"}] , \"\\u0065\":7,\"s\":\"q\\\"\\u00e4\", \"z\":-0 } "));
    ck_assert_int_eq(root.kind, GW_STRICT_JSON_OBJECT);
    ck_assert(gw_span_equal_cstr(gw_strict_json_get(root, "a").text, "[1, {\"x\":\"]\"}]"));
    uint64_t n = 0;
    ck_assert(gw_strict_json_natural(gw_strict_json_get(root, "e"), 100, &n));
    ck_assert_uint_eq(n, 7);
    ck_assert(!gw_strict_json_natural(gw_strict_json_get(root, "z"), 100, &n));
    ck_assert_int_eq(gw_strict_json_get(root, "none").kind, GW_STRICT_JSON_NONE);
    gw_buf out;
    gw_buf_init(&out, 64);
    ck_assert_int_eq(gw_strict_json_unescape(gw_strict_json_get(root, "s").text, &out), GW_OK);
    ck_assert_str_eq(gw_buf_cstr(&out), "q\"\xc3\xa4");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(strict_json_natural_has_exact_bounds) {
    uint64_t n;
    gw_strict_json_value max = gw_strict_json_root(GW_SPAN_LIT("18446744073709551615"));
    gw_strict_json_value over = gw_strict_json_root(GW_SPAN_LIT("18446744073709551616"));
    ck_assert(gw_strict_json_natural(max, UINT64_MAX, &n));
    ck_assert(n == UINT64_MAX);
    ck_assert(!gw_strict_json_natural(over, UINT64_MAX, &n));
    static const char *const bad[] = {"1.0", "1e0", "-1"};
    for (size_t i = 0; i < 3; i++)
        ck_assert(!gw_strict_json_natural(gw_strict_json_root(gw_span_cstr(bad[i])), UINT64_MAX, &n));
}
END_TEST

/* Random texts out of JSON's own letters: the verdicts agree. jansson alone limits the size of numbers. */
START_TEST(strict_json_agrees_with_jansson) {
    static const char *const parts[] = {"{", "}",  "[",  "]",    ",",    ":", "\"a\"", "\"b\"", "\"\\u0061\"", "1", "-",
                                        "0", ".5", "e1", "true", "null", " ", "\"",    "\\",    "\"\\ud800\""};
    gw_rng rng;
    gw_rng_init(&rng, 42);
    size_t passed = 0;
    for (int round = 0; round < 200000; round++) {
        char text[128] = "";
        size_t n = 1 + gw_rng_below(&rng, 9);
        for (size_t i = 0; i < n; i++) strcat(text, parts[gw_rng_below(&rng, sizeof parts / sizeof parts[0])]);
        bool ours = gw_strict_json_check(gw_span_cstr(text), NULL) == NULL;
        json_t *tree = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        ck_assert_msg(ours == (tree != NULL), "%s", text);
        passed += ours;
        json_decref(tree);
    }
    ck_assert_uint_gt(passed, 1000);
}
END_TEST

GW_TEST_MAIN("server_strict_json", 60, strict_json_accepts_json, strict_json_rejects_what_is_not_json,
             strict_json_tells_where, strict_json_bounds_nesting, strict_json_finds_a_duplicate_among_many_keys,
             strict_json_reads_members, strict_json_natural_has_exact_bounds, strict_json_agrees_with_jansson)
