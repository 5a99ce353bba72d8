/* Unit tests of scenario/vars.h. */
#include "scenario/vars.h"
#include "support/run.h"

#include <string.h>

static gw_rng rng;
static gw_vars vars;

static void setup(void) {
    gw_rng_init(&rng, 7);
    ck_assert_int_eq(gw_vars_init(&vars, &rng), GW_OK);
    vars.now_ms = 1700000000123;
    cJSON *sent = cJSON_Parse("{\"content\":\"hi\",\"sentAt\":17,\"list\":[1,{\"x\":true}],\"half\":0.5}");
    ck_assert_int_eq(gw_vars_set(&vars, "sent", sent), GW_OK);
    cJSON_Delete(sent);
    cJSON *interval = cJSON_CreateNumber(1000);
    ck_assert_int_eq(gw_vars_set(&vars, "I", interval), GW_OK);
    cJSON_Delete(interval);
    ck_assert_int_eq(gw_vars_set_string(&vars, "alice", "id", "p1"), GW_OK);
}

static void teardown(void) {
    gw_vars_deinit(&vars);
}

static void expect_text(const char *text, const char *wanted) {
    gw_buf out;
    gw_span missing = {0};
    gw_buf_init(&out, 4096);
    gw_status status = gw_vars_expand(&vars, gw_span_cstr(text), &out, &missing);
    ck_assert_msg(status == GW_OK, "%s: %s", text, gw_status_text(status));
    ck_assert_str_eq(gw_buf_cstr(&out), wanted);
    gw_buf_deinit(&out);
}

static gw_status expand_fails(const char *text, gw_span *missing) {
    gw_buf out;
    gw_buf_init(&out, 4096);
    gw_status status = gw_vars_expand(&vars, gw_span_cstr(text), &out, missing);
    gw_buf_deinit(&out);
    return status;
}

START_TEST(vars_expand_replaces_paths) {
    setup();
    static const char *const cases[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"${alice.id}", "p1"},
        {"<${sent.content}|${ alice.id }>", "<hi|p1>"},
        {"${I}/${sent.sentAt}/${sent.half}", "1000/17/0.5"},
        {"${sent.list}", "[1,{\"x\":true}]"},
        {"${sent.list.1.x}", "true"},
        {"${now-ms}", "1700000000123"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) expect_text(cases[i][0], cases[i][1]);
    teardown();
}
END_TEST

START_TEST(vars_expand_keeps_dollars_that_begin_no_reference) {
    setup();
    static const char *const cases[][2] = {
        {"$", "$"},          {"$$", "$$"},         {"5$ {x}", "5$ {x}"},        {"$${I}", "${I}"},
        {"$$${I}", "$${I}"}, {"$${", "${"},        {"a$${b}${I}", "a${b}1000"}, {"${I}$", "1000$"},
        {"{I}", "{I}"},      {"}${I}{", "}1000{"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) expect_text(cases[i][0], cases[i][1]);
    teardown();
}
END_TEST

START_TEST(vars_expand_names_the_first_unknown_path) {
    setup();
    gw_span missing = {0};
    ck_assert_int_eq(expand_fails("${I} ${alice.name} ${bob}", &missing), GW_ERR_NOT_FOUND);
    ck_assert(gw_span_equal_cstr(missing, "alice.name"));
    ck_assert_int_eq(expand_fails("${}", &missing), GW_ERR_NOT_FOUND);
    ck_assert_int_eq(expand_fails("${sent.list.2}", &missing), GW_ERR_NOT_FOUND);
    ck_assert_int_eq(expand_fails("${sent.list.x}", &missing), GW_ERR_NOT_FOUND);
    ck_assert_int_eq(expand_fails("${sent.content.more}", &missing), GW_ERR_NOT_FOUND);
    ck_assert_int_eq(expand_fails("${sent.}", &missing), GW_ERR_NOT_FOUND);
    teardown();
}
END_TEST

START_TEST(vars_expand_rejects_an_unclosed_reference) {
    setup();
    gw_span missing = {0};
    ck_assert_int_eq(expand_fails("a ${I", &missing), GW_ERR_INVALID);
    teardown();
}
END_TEST

START_TEST(vars_expand_stops_at_the_limit_of_the_buffer) {
    setup();
    gw_buf out;
    gw_span missing = {0};
    gw_buf_init(&out, 5);
    ck_assert_int_eq(gw_vars_expand(&vars, gw_span_cstr("${I}"), &out, &missing), GW_OK);
    ck_assert_int_eq(gw_vars_expand(&vars, gw_span_cstr("${I}"), &out, &missing), GW_ERR_LIMIT);
    gw_buf_deinit(&out);
    teardown();
}
END_TEST

START_TEST(vars_expand_makes_a_fresh_uuid_each_time) {
    setup();
    gw_buf out;
    gw_span missing = {0};
    gw_buf_init(&out, 4096);
    ck_assert_int_eq(gw_vars_expand(&vars, gw_span_cstr("${uuid} ${uuid}"), &out, &missing), GW_OK);
    const char *text = gw_buf_cstr(&out);
    ck_assert_uint_eq(strlen(text), 73);
    ck_assert(strncmp(text, text + 37, 36) != 0);
    for (int i = 0; i < 74; i += 37) {
        ck_assert_int_eq(text[i + 14], '4');
        ck_assert(strchr("89ab", text[i + 19]) != NULL);
        ck_assert(text[i + 8] == '-' && text[i + 13] == '-' && text[i + 18] == '-' && text[i + 23] == '-');
    }
    gw_buf_deinit(&out);
    teardown();
}
END_TEST

START_TEST(vars_expand_json_keeps_the_type_of_a_lone_reference) {
    setup();
    cJSON *template = cJSON_Parse(
        "{\"a\":\"${I}\",\"b\":\"${I} ms\",\"c\":[\"${sent.list}\",null,1.5],\"$min\":\"${I}\",\"${I}\":true}");
    gw_status status;
    gw_span missing = {0};
    cJSON *out = gw_vars_expand_json(&vars, template, &status, &missing);
    ck_assert_int_eq(status, GW_OK);
    char *text = cJSON_PrintUnformatted(out);
    ck_assert_str_eq(text,
                     "{\"a\":1000,\"b\":\"1000 ms\",\"c\":[[1,{\"x\":true}],null,1.5],\"$min\":1000,\"${I}\":true}");
    cJSON_free(text);
    cJSON_Delete(out);
    cJSON_Delete(template);
    teardown();
}
END_TEST

START_TEST(vars_expand_json_reports_what_is_missing_deep_inside) {
    setup();
    cJSON *template = cJSON_Parse("{\"a\":[1,{\"b\":\"x ${carol.id}\"}]}");
    gw_status status;
    gw_span missing = {0};
    ck_assert_ptr_null(gw_vars_expand_json(&vars, template, &status, &missing));
    ck_assert_int_eq(status, GW_ERR_NOT_FOUND);
    ck_assert(gw_span_equal_cstr(missing, "carol.id"));
    cJSON_Delete(template);
    teardown();
}
END_TEST

START_TEST(vars_set_replaces_and_copies) {
    setup();
    cJSON *value = cJSON_CreateString("one");
    ck_assert_int_eq(gw_vars_set(&vars, "sent", value), GW_OK);
    cJSON_SetValuestring(value, "two");
    cJSON_Delete(value);
    expect_text("${sent}", "one");
    ck_assert_int_eq(gw_vars_set_string(&vars, "alice", "id", "p2"), GW_OK);
    ck_assert_int_eq(gw_vars_set_string(&vars, "alice", "room", "r"), GW_OK);
    ck_assert_int_eq(gw_vars_set_string(&vars, "sent", "now", "an object"), GW_OK);
    expect_text("${alice.id} ${alice.room} ${sent.now}", "p2 r an object");
    teardown();
}
END_TEST

START_TEST(vars_next_takes_a_text_apart) {
    setup();
    gw_span text = gw_span_cstr("a$${b${c}"), piece;
    ck_assert_int_eq(gw_vars_next(&text, &piece), GW_VARS_TEXT);
    ck_assert(gw_span_equal_cstr(piece, "a"));
    ck_assert_int_eq(gw_vars_next(&text, &piece), GW_VARS_TEXT);
    ck_assert(gw_span_equal_cstr(piece, "${"));
    ck_assert_int_eq(gw_vars_next(&text, &piece), GW_VARS_TEXT);
    ck_assert(gw_span_equal_cstr(piece, "b"));
    ck_assert_int_eq(gw_vars_next(&text, &piece), GW_VARS_REF);
    ck_assert(gw_span_equal_cstr(piece, "c"));
    ck_assert_int_eq(gw_vars_next(&text, &piece), GW_VARS_END);
    ck_assert(gw_vars_is_ref(gw_span_cstr("${a.b}"), &piece));
    ck_assert(!gw_vars_is_ref(gw_span_cstr("${a} "), &piece));
    ck_assert(!gw_vars_is_ref(gw_span_cstr("$${a}"), &piece));
    teardown();
}
END_TEST

GW_TEST_MAIN("scenario/vars", 10, vars_expand_replaces_paths, vars_expand_keeps_dollars_that_begin_no_reference,
             vars_expand_names_the_first_unknown_path, vars_expand_rejects_an_unclosed_reference,
             vars_expand_stops_at_the_limit_of_the_buffer, vars_expand_makes_a_fresh_uuid_each_time,
             vars_expand_json_keeps_the_type_of_a_lone_reference, vars_expand_json_reports_what_is_missing_deep_inside,
             vars_set_replaces_and_copies, vars_next_takes_a_text_apart)
