/* Unit tests of scenario/match.h. */
#include "scenario/match.h"
#include "support/run.h"

#include <stdio.h>
#include <string.h>

static gw_rng rng;
static gw_vars vars;
static gw_buf why;

static void setup(void) {
    gw_rng_init(&rng, 7);
    ck_assert_int_eq(gw_vars_init(&vars, &rng), GW_OK);
    vars.now_ms = 1700000000000;
    gw_buf_init(&why, 4096);
}

static void teardown(void) {
    gw_vars_deinit(&vars);
    gw_buf_deinit(&why);
}

/* `value` NULL: absent. */
static bool match(const char *pattern, const char *value) {
    cJSON *p = cJSON_Parse(pattern), *v = value ? cJSON_Parse(value) : NULL;
    ck_assert_msg(p && (v || !value), "no JSON: %s %s", pattern, value ? value : "");
    gw_buf_clear(&why);
    bool ok = gw_match_json(p, v, &vars, &why);
    ck_assert_msg(ok == (why.len == 0), "%s on %s: a reason goes with a mismatch", pattern, value ? value : "absent");
    cJSON_Delete(p);
    cJSON_Delete(v);
    return ok;
}

typedef struct sample {
    const char *pattern, *value;
    bool ok;
} sample;

static void check_samples(const sample *list, size_t count) {
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(match(list[i].pattern, list[i].value) == list[i].ok, "%s on %s should%s match", list[i].pattern,
                      list[i].value ? list[i].value : "absent", list[i].ok ? "" : " not");
}
#define CHECK_SAMPLES(list) check_samples((list), sizeof(list) / sizeof(list)[0])

START_TEST(match_literals_by_value) {
    setup();
    static const sample list[] = {
        {"1", "1.0", true},
        {"1", "2", false},
        {"1", "\"1\"", false},
        {"\"a\"", "\"a\"", true},
        {"\"a\"", "\"A\"", false},
        {"true", "true", true},
        {"true", "false", false},
        {"null", "null", true},
        {"null", NULL, false},
        {"null", "0", false},
        {"[1,2]", "[1,2]", true},
        {"[1,2]", "[2,1]", false},
        {"[1]", "[1,2]", false},
        {"[1,2]", "[1]", false},
        {"[]", "[]", true},
        {"[]", "{}", false},
        {"{}", "{}", true},
        {"{}", "{\"a\":1}", true},
        {"{}", "[]", false},
        {"{}", NULL, false},
        {"{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1,\"c\":2},\"d\":3}", true},
        {"{\"a\":1}", "{\"A\":1}", false},
        {"{\"a\":null}", "{}", false},
        {"\"\\u00e9\"", "\"é\"", true},
    };
    CHECK_SAMPLES(list);
    teardown();
}
END_TEST

START_TEST(match_type_knows_all_types) {
    setup();
    static const char *const values[] = {"\"s\"", "1.5", "2", "true", "{}", "[]", "null"};
    static const struct {
        const char *type;
        bool holds[7];
    } table[] = {
        {"string", {1, 0, 0, 0, 0, 0, 0}},  {"number", {0, 1, 1, 0, 0, 0, 0}}, {"integer", {0, 0, 1, 0, 0, 0, 0}},
        {"boolean", {0, 0, 0, 1, 0, 0, 0}}, {"object", {0, 0, 0, 0, 1, 0, 0}}, {"array", {0, 0, 0, 0, 0, 1, 0}},
        {"null", {0, 0, 0, 0, 0, 0, 1}},
    };
    for (size_t t = 0; t < 7; t++) {
        char pattern[40];
        snprintf(pattern, sizeof pattern, "{\"$type\":\"%s\"}", table[t].type);
        for (size_t v = 0; v < 7; v++)
            ck_assert_msg(match(pattern, values[v]) == table[t].holds[v], "%s on %s", pattern, values[v]);
        ck_assert(!match(pattern, NULL));
    }
    teardown();
}
END_TEST

START_TEST(match_presence) {
    setup();
    static const sample list[] = {
        {"{\"$any\":true}", "null", true},
        {"{\"$any\":true}", NULL, false},
        {"{\"$absent\":true}", NULL, true},
        {"{\"$absent\":true}", "null", false},
        {"{\"a\":{\"$absent\":true}}", "{\"b\":1}", true},
        {"{\"a\":{\"$absent\":true}}", "{\"a\":1}", false},
        {"{\"a\":{\"$one-of\":[1,{\"$absent\":true}]}}", "{}", true},
        {"{\"a\":{\"$one-of\":[1,{\"$absent\":true}]}}", "{\"a\":2}", false},
    };
    CHECK_SAMPLES(list);
    teardown();
}
END_TEST

START_TEST(match_numbers_at_their_bounds) {
    setup();
    static const sample list[] = {
        {"{\"$min\":1}", "1", true},
        {"{\"$min\":1}", "0.999", false},
        {"{\"$max\":1}", "1", true},
        {"{\"$max\":1}", "1.001", false},
        {"{\"$min\":1,\"$max\":3}", "2", true},
        {"{\"$min\":1,\"$max\":3}", "4", false},
        {"{\"$min\":1}", "\"2\"", false},
        {"{\"$min\":1}", NULL, false},
        {"{\"$near-now\":\"5s\"}", "1700000005000", true},
        {"{\"$near-now\":\"5s\"}", "1700000005001", false},
        {"{\"$near-now\":\"5s\"}", "1699999995000", true},
        {"{\"$near-now\":\"5s\"}", "1699999994999", false},
        {"{\"$near-now\":\"5s\"}", "1700000005", true},
        {"{\"$near-now\":\"5s\"}", "1700000006", false},
        {"{\"$near-now\":\"5s\"}", "\"1700000000\"", false},
    };
    CHECK_SAMPLES(list);
    teardown();
}
END_TEST

START_TEST(match_texts) {
    setup();
    static const sample list[] = {
        {"{\"$regex\":\"^a+$\"}", "\"aaa\"", true},
        {"{\"$regex\":\"^a+$\"}", "\"aab\"", false},
        {"{\"$regex\":\"b\"}", "\"abc\"", true},
        {"{\"$regex\":\"^.$\"}", "\"é\"", true},
        {"{\"$regex\":\"1\"}", "1", false},
        {"{\"$prefix\":\"ab\"}", "\"abc\"", true},
        {"{\"$prefix\":\"ab\"}", "\"a\"", false},
        {"{\"$prefix\":\"\"}", "\"\"", true},
        {"{\"$contains\":\"b\"}", "\"abc\"", true},
        {"{\"$contains\":\"B\"}", "\"abc\"", false},
        {"{\"$token\":\"upgrade\"}", "\"keep-alive, Upgrade\"", true},
        {"{\"$token\":\"upgrade\"}", "\"Upgrade\"", true},
        {"{\"$token\":\"upgrade\"}", "\"upgrades\"", false},
        {"{\"$token\":\"upgrade\"}", "\"a,,upgrade\\t\"", true},
        {"{\"$token\":\"upgrade\"}", "\"\"", false},
        {"{\"$token\":\"\"}", "\",\"", false},
        {"{\"$length\":1}", "\"é\"", true},
        {"{\"$length\":2}", "\"é\"", false},
        {"{\"$length\":0}", "\"\"", true},
        {"{\"$length\":2}", "[1,2]", true},
        {"{\"$length\":0}", "{}", true},
        {"{\"$length\":{\"$min\":2}}", "[1]", false},
        {"{\"$length\":{\"$min\":1}}", "[1]", true},
        {"{\"$length\":1}", "1", false},
    };
    CHECK_SAMPLES(list);
    teardown();
}
END_TEST

START_TEST(match_combinations) {
    setup();
    static const sample list[] = {
        {"{\"$one-of\":[1,\"a\",{\"$type\":\"null\"}]}", "null", true},
        {"{\"$one-of\":[1,\"a\"]}", "2", false},
        {"{\"$not\":1}", "2", true},
        {"{\"$not\":1}", "1", false},
        {"{\"$not\":{\"$not\":1}}", "1", true},
        {"{\"$exact\":{\"a\":1}}", "{\"a\":1}", true},
        {"{\"$exact\":{\"a\":1}}", "{\"a\":1,\"b\":2}", false},
        {"{\"$exact\":{\"a\":1}}", "{}", false},
        {"{\"$exact\":{}}", "{}", true},
        {"{\"$exact\":{\"a\":{\"$absent\":true}}}", "{}", true},
        {"{\"$type\":\"string\",\"$length\":{\"$max\":2},\"$prefix\":\"a\"}", "\"ab\"", true},
        {"{\"$type\":\"string\",\"$length\":{\"$max\":2},\"$prefix\":\"a\"}", "\"abc\"", false},
    };
    CHECK_SAMPLES(list);
    teardown();
}
END_TEST

START_TEST(match_says_where_and_how) {
    setup();
    static const char *const cases[][3] = {
        {"{\"content\":\"hi\"}", "{\"content\":\"ho\"}", "/content: expected \"hi\", got \"ho\""},
        {"{\"a\":{\"b/c\":[1,2]}}", "{\"a\":{\"b/c\":[1,3]}}", "/a/b~1c/1: expected 2, got 3"},
        {"{\"a\":1}", "{}", "/a: expected 1, got nothing (it is absent)"},
        {"{\"$exact\":{}}", "{\"x~\":1}", "/x~0: expected no such member, got 1"},
        {"{\"$one-of\":[1,2]}", "3", ": expected one of [1,2], got 3"},
        {"{\"a\":{\"$min\":1}}", "{\"a\":0}", "/a: expected a number of at least 1, got 0"},
        {"{\"a\":{\"$type\":\"string\"}}", "{\"a\":0}", "/a: expected the type \"string\", got 0"},
        {"{\"a\":1}", "[]", ": expected an object like {\"a\":1}, got []"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert(!match(cases[i][0], cases[i][1]));
        ck_assert_str_eq(gw_buf_cstr(&why), cases[i][2]);
    }
    teardown();
}
END_TEST

START_TEST(match_shows_only_the_head_of_a_long_value) {
    setup();
    char value[2000];
    memset(value, 'x', sizeof value);
    value[0] = value[sizeof value - 2] = '"';
    value[sizeof value - 1] = 0;
    ck_assert(!match("1", value));
    ck_assert_uint_lt(why.len, 200);
    ck_assert(strstr(gw_buf_cstr(&why), "... (1999 bytes)") != NULL);
    teardown();
}
END_TEST

static bool has(const char *name) {
    return gw_vars_get(&vars, gw_span_cstr(name)) != NULL;
}

START_TEST(match_saves_only_when_all_of_it_matches) {
    setup();
    ck_assert(!match("{\"a\":{\"$save\":\"first\"},\"b\":1}", "{\"a\":5,\"b\":2}"));
    ck_assert(!has("first"));
    ck_assert(match("{\"a\":{\"$save\":\"first\"},\"b\":1}", "{\"a\":{\"x\":5},\"b\":1}"));
    ck_assert_double_eq(gw_vars_get(&vars, gw_span_cstr("first.x"))->valuedouble, 5);
    ck_assert(!match("{\"a\":{\"$save\":\"gone\"}}", "{}"));
    teardown();
}
END_TEST

START_TEST(match_forgets_saves_of_alternatives_that_fail) {
    setup();
    ck_assert(match("{\"$one-of\":[{\"a\":{\"$save\":\"left\"},\"b\":1},{\"a\":{\"$save\":\"right\"}}]}",
                    "{\"a\":1,\"b\":2}"));
    ck_assert(!has("left"));
    ck_assert(has("right"));
    ck_assert(match("{\"$not\":{\"a\":{\"$save\":\"inside\"},\"b\":1}}", "{\"a\":1,\"b\":2}"));
    ck_assert(!has("inside"));
    teardown();
}
END_TEST

START_TEST(match_regex_gives_up_on_a_runaway_expression) {
    setup();
    ck_assert(!match("{\"$regex\":\"^(a+)+$\"}", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\""));
    ck_assert_msg(strstr(gw_buf_cstr(&why), "within its limits") != NULL, "%s", gw_buf_cstr(&why));
    teardown();
}
END_TEST

START_TEST(match_check_accepts_and_rejects_forms) {
    setup();
    static const struct {
        const char *yaml, *error; /* NULL: right */
    } cases[] = {
        {"{a: {$type: string}, b: [1, {$any: true}]}", NULL},
        {"{$min: 1, $max: \"${I}\"}", NULL},
        {"{$regex: \"^[a-z]$\"}", NULL},
        {"{$regex: \"(${x}\"}", NULL},
        {"{$type: null}", NULL},
        {"{$exact: {}}", NULL},
        {"{$typ: string}", "did you mean '$type'?"},
        {"{$type: text}", "$type"},
        {"{$any: false}", "$any takes true only"},
        {"{a: 1, $any: true}", "not both"},
        {"{$regex: \"(\"}", "$regex is no regular expression"},
        {"{$min: x}", "$min takes a number, not a string"},
        {"{$near-now: 5}", "near-now"},
        {"{$save: a.b}", "$save takes a name"},
        {"{$one-of: []}", "at least one alternative"},
        {"{$one-of: 1}", "$one-of"},
        {"{$length: -1}", "$length takes a whole number"},
        {"{$exact: 1}", "$exact"},
        {"{$not: {$foo: 1}}", "'$foo'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gw_diag diag;
        gw_diag_init(&diag);
        gw_doc *doc = gw_doc_parse(gw_span_cstr(cases[i].yaml), "t.yaml", &diag);
        ck_assert_msg(doc != NULL, "%s", gw_buf_cstr(&diag.text));
        bool ok = gw_match_check(&diag, gw_doc_root(doc));
        ck_assert_msg(ok == (cases[i].error == NULL) && ok == (diag.errors == 0), "%s\n%s", cases[i].yaml,
                      gw_buf_cstr(&diag.text));
        if (cases[i].error)
            ck_assert_msg(strstr(gw_buf_cstr(&diag.text), cases[i].error) != NULL, "%s\n%s", cases[i].yaml,
                          gw_buf_cstr(&diag.text));
        gw_doc_destroy(doc);
        gw_diag_deinit(&diag);
    }
    teardown();
}
END_TEST

GW_TEST_MAIN("scenario/match", 20, match_literals_by_value, match_type_knows_all_types, match_presence,
             match_numbers_at_their_bounds, match_texts, match_combinations, match_says_where_and_how,
             match_shows_only_the_head_of_a_long_value, match_saves_only_when_all_of_it_matches,
             match_forgets_saves_of_alternatives_that_fail, match_regex_gives_up_on_a_runaway_expression,
             match_check_accepts_and_rejects_forms)
