/* Unit tests of protocol/schema.h. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

static gw_arena arena;
static char faults[2048];

static void take(void *context, const gw_schema_fault *fault) {
    (void)context;
    size_t n = strlen(faults);
    snprintf(faults + n, sizeof faults - n, "%s%s: expected %s, observed %s\n", fault->soft ? "(soft) " : "",
             fault->path, fault->expected, fault->observed);
}

static const gw_schema *compile(const char *yaml) {
    gw_diag diag;
    gw_diag_init(&diag);
    gw_doc *doc = gw_doc_parse(gw_span_cstr(yaml), "s.yaml", &diag);
    ck_assert_msg(doc != NULL, "%s", gw_buf_cstr(&diag.text));
    const gw_schema *schema = gw_schema_compile(&arena, gw_doc_root(doc), &diag);
    ck_assert_msg(schema != NULL, "%s", gw_buf_cstr(&diag.text));
    gw_doc_destroy(doc);
    return schema;
}

static const struct {
    const char *schema, *value, *faults;
} cases[] = {
    {"{}", "5", ""},
    {"{type: string}", "\"a\"", ""},
    {"{type: string}", "5", ": expected a string, observed the number 5\n"},
    {"{type: [string, \"null\"]}", "null", ""},
    {"{type: [string, integer]}", "1.5", ": expected an integer or a string, observed the number 1.5\n"},
    {"{type: integer}", "1.0", ""},
    {"{type: integer}", "1e999", ": expected an integer, observed the number inf\n"},
    {"{type: number, exclusiveMinimum: 0}", "0", ": expected a number greater than 0, observed the number 0\n"},
    {"{type: number, exclusiveMinimum: 0}", "0.001", ""},
    {"{minimum: 1, maximum: 3}", "1", ""},
    {"{minimum: 1, maximum: 3}", "3", ""},
    {"{minimum: 1, maximum: 3}", "0.5", ": expected a number of at least 1, observed the number 0.5\n"},
    {"{minimum: 1, maximum: 3}", "4", ": expected a number of at most 3, observed the number 4\n"},
    {"{exclusiveMaximum: 3}", "3", ": expected a number less than 3, observed the number 3\n"},
    {"{minimum: 1}", "\"a\"", ""},
    {"{type: boolean}", "true", ""},
    {"{type: boolean}", "0", ": expected a boolean, observed the number 0\n"},
    {"{type: \"null\"}", "false", ": expected null, observed false\n"},
    {"{type: array, items: {type: integer}, minItems: 2, maxItems: 3}", "[1,2]", ""},
    {"{type: array, items: {type: integer}}", "[1,\"a\"]", "/1: expected an integer, observed the string \"a\"\n"},
    {"{minItems: 2}", "[1]", ": expected an array whose length is at least 2, observed an array of 1\n"},
    {"{maxItems: 0}", "[1]", ": expected an array whose length is at most 0, observed an array of 1\n"},
    {"{type: object, maxProperties: 0}", "{}", ""},
    {"{type: object, maxProperties: 0}", "{\"a\":1}",
     ": expected an object without members, observed an object with 1 member\n"},
    {"{minProperties: 1, maxProperties: 1}", "{}",
     ": expected an object whose number of members is at least 1, observed an object with 0 members\n"},
    {"{required: [a]}", "{}", "/a: expected a member of that name, observed absent\n"},
    {"{required: [a], properties: {a: {type: string}}}", "{}", "/a: expected a string, observed absent\n"},
    {"{properties: {a: {type: string}}}", "{}", ""},
    {"{properties: {a: {properties: {\"b/c~\": {type: string}}}}}", "{\"a\":{\"b/c~\":[]}}",
     "/a/b~1c~0: expected a string, observed an array of 0\n"},
    {"{properties: {a: {}}}", "{\"b\":1}",
     "(soft) /b: expected no member that the document does not name, observed the number 1\n"},
    {"{properties: {a: {}}, additionalProperties: true}", "{\"b\":1}", ""},
    {"{properties: {a: {}}, additionalProperties: false}", "{\"b\":1}",
     "/b: expected no such member, observed the number 1\n"},
    {"{additionalProperties: {type: string}}", "{\"b\":1}", "/b: expected a string, observed the number 1\n"},
    {"{type: object}", "{\"b\":1}", ""},
    {"{enum: [a, 1, ~, true]}", "\"a\"", ""},
    {"{enum: [a, 1, ~, true]}", "1.0", ""},
    {"{enum: [a, 1, ~, true]}", "null", ""},
    {"{enum: [a, 1, ~, true]}", "true", ""},
    {"{enum: [a, 1]}", "\"b\"", ": expected one of a, 1, observed the string \"b\"\n"},
    {"{const: }", "1", ": expected null, observed the number 1\n"},
    {"{enum: ['', ~]}", "1", ": expected one of \"\", null, observed the number 1\n"},
    {"{enum: [\"1\"]}", "1", ": expected 1, observed the number 1\n"},
    {"{const: 5}", "5", ""},
    {"{const: 5}", "6", ": expected 5, observed the number 6\n"},
    {"{minLength: 2, maxLength: 2}", "\"\xc3\xa9\xf0\x9f\x98\x80\"", ""},
    {"{minLength: 2}", "\"a\"", ": expected a string whose length is at least 2, observed the string \"a\"\n"},
    {"{maxLength: 1}", "\"ab\"", ": expected a string whose length is at most 1, observed the string \"ab\"\n"},
    {"{pattern: \"^[0-9]+$\"}", "\"12\"", ""},
    {"{pattern: \"^[0-9]+$\"}", "\"1x\"", ": expected a string that matches ^[0-9]+$, observed the string \"1x\"\n"},
    {"{pattern: \"^(a+)+$\"}", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"",
     ": expected a string that matches ^(a+)+$, observed the string "
     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"\n"},
};

START_TEST(schema_check_yields_each_fault) {
    gw_arena_init(&arena);
    const gw_schema *schema = compile(cases[_i].schema);
    cJSON *value = cJSON_Parse(cases[_i].value);
    ck_assert_ptr_nonnull(value);
    faults[0] = 0;
    size_t n = gw_schema_check(schema, value, GW_SCHEMA_EXTRA_WARN, take, NULL);
    const char *want = cases[_i].faults;
    ck_assert_str_eq(faults, want);
    ck_assert_uint_eq(n, want[0] && want[0] != '(' ? 1 : 0);
    cJSON_Delete(value);
    gw_arena_deinit(&arena);
}
END_TEST

START_TEST(schema_check_follows_the_policy_for_members_that_are_not_named) {
    gw_arena_init(&arena);
    const gw_schema *schema = compile("{properties: {a: {}}}");
    cJSON *value = cJSON_Parse("{\"a\":1,\"b\":2,\"c\":3}");
    ck_assert_uint_eq(gw_schema_check(schema, value, GW_SCHEMA_EXTRA_ALLOW, NULL, NULL), 0);
    ck_assert_uint_eq(gw_schema_check(schema, value, GW_SCHEMA_EXTRA_WARN, NULL, NULL), 0);
    ck_assert_uint_eq(gw_schema_check(schema, value, GW_SCHEMA_EXTRA_DENY, NULL, NULL), 2);
    cJSON_Delete(value);
    gw_arena_deinit(&arena);
}
END_TEST

START_TEST(schema_check_takes_an_absent_value_for_a_fault) {
    gw_arena_init(&arena);
    faults[0] = 0;
    ck_assert_uint_eq(
        gw_schema_check(compile("{type: object, maxProperties: 0}"), NULL, GW_SCHEMA_EXTRA_WARN, take, NULL), 1);
    ck_assert_str_eq(faults, ": expected an object without members, observed absent\n");
    gw_arena_deinit(&arena);
}
END_TEST

START_TEST(schema_check_cuts_long_paths) {
    gw_arena_init(&arena);
    char schema[4096] = "", value[4096] = "";
    for (int i = 0; i < 20; i++) {
        strcat(schema, "{properties: {a-rather-long-name-of-a-member: ");
        strcat(value, "{\"a-rather-long-name-of-a-member\":");
    }
    strcat(schema, "{type: string}");
    strcat(value, "1");
    for (int i = 0; i < 20; i++) {
        strcat(schema, "}}");
        strcat(value, "}");
    }
    cJSON *tree = cJSON_Parse(value);
    faults[0] = 0;
    ck_assert_uint_eq(gw_schema_check(compile(schema), tree, GW_SCHEMA_EXTRA_WARN, take, NULL), 1);
    ck_assert_uint_lt(strlen(faults), 256);
    cJSON_Delete(tree);
    gw_arena_deinit(&arena);
}
END_TEST

int main(void) {
    TCase *c = tcase_create("schema");
    tcase_add_loop_test(c, schema_check_yields_each_fault, 0, sizeof cases / sizeof *cases);
    tcase_add_test(c, schema_check_follows_the_policy_for_members_that_are_not_named);
    tcase_add_test(c, schema_check_takes_an_absent_value_for_a_fault);
    tcase_add_test(c, schema_check_cuts_long_paths);
    return fixture_run("protocol/schema", c);
}
