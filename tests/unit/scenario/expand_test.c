/* Unit tests of for-each. */
#include "scenario/expand.h"
#include "support/run.h"
#include "unit/scenario/suite_fixture.h"

#include <stdio.h>
#include <string.h>

static suite_fixture f;

static void setup(void) {
    suite_fixture_init(&f);
}

static void teardown(void) {
    suite_fixture_deinit(&f);
}

/* The instances' trees as JSON, one a line: "name {tree}". */
static const char *expand(const char *yaml) {
    static char out[8192];
    gw_expand e;
    gw_buf text;
    gw_buf_init(&text, sizeof out - 1);
    gw_buf_clear(&f.diag.text);
    f.diag.errors = 0;
    bool ok = gw_expand_init(&e, suite_fixture_node(&f, yaml), &f.arena, &f.diag);
    for (size_t i = 0; ok && i < e.instances; i++) {
        const gw_doc_node *tree = gw_expand_tree(&e, i);
        ok = tree != NULL;
        gw_buf_printf(&text, "%s ", gw_expand_name(&e, i));
        if (ok) gw_doc_to_json(tree, &text);
        gw_buf_append_byte(&text, '\n');
    }
    ck_assert(ok == (f.diag.errors == 0));
    snprintf(out, sizeof out, "%s", ok ? gw_buf_cstr(&text) : gw_buf_cstr(&f.diag.text));
    gw_buf_deinit(&text);
    return out;
}

START_TEST(expand_without_for_each_gives_one_instance) {
    setup();
    ck_assert_str_eq(expand("{a: 1, b: \"${x} $${y}\"}"), " {\"a\":1,\"b\":\"${x} $${y}\"}\n");
    teardown();
}
END_TEST

START_TEST(expand_keeps_the_type_of_a_lone_reference) {
    setup();
    ck_assert_str_eq(expand("{for-each: {v: [1, true, 1.50, x, null]}, a: \"${v}\"}"),
                     "1 {\"a\":1}\ntrue {\"a\":true}\n1.50 {\"a\":1.50}\nx {\"a\":\"x\"}\nnull {\"a\":null}\n");
    teardown();
}
END_TEST

START_TEST(expand_replaces_in_texts_and_keys) {
    setup();
    ck_assert_str_eq(
        expand("{for-each: {bit: [1, 2]}, \"rsv${bit}\": [\"<${bit}${bit}>\"], c: \"$${bit} ${I}\"}"),
        "1 {\"rsv1\":[\"<11>\"],\"c\":\"$${bit} ${I}\"}\n2 {\"rsv2\":[\"<22>\"],\"c\":\"$${bit} ${I}\"}\n");
    teardown();
}
END_TEST

START_TEST(expand_names_the_values_of_a_map) {
    setup();
    ck_assert_str_eq(
        expand("{for-each: {case: {low: {code: 1, d: {x: [1, {y: 2}]}}, high: {code: 2, d: ok}}}, "
               "c: \"${case.code}\", d: \"${case.d}\", t: \"is ${case.code}\"}"),
        "low {\"c\":1,\"d\":{\"x\":[1,{\"y\":2}]},\"t\":\"is 1\"}\nhigh {\"c\":2,\"d\":\"ok\",\"t\":\"is 2\"}\n");
    teardown();
}
END_TEST

START_TEST(expand_multiplies_variables_the_last_one_fastest) {
    setup();
    ck_assert_str_eq(expand("{for-each: {a: [1, 2], b: [x, y], c: [z]}, v: \"${a}${b}${c}\"}"),
                     "1,x,z {\"v\":\"1xz\"}\n1,y,z {\"v\":\"1yz\"}\n2,x,z {\"v\":\"2xz\"}\n2,y,z {\"v\":\"2yz\"}\n");
    teardown();
}
END_TEST

START_TEST(expand_makes_names_safe_for_ids) {
    setup();
    ck_assert_str_eq(expand("{for-each: {v: [\"a b/c\", \"A.b_c-9\", é]}}"), "a-b-c {}\nA.b_c-9 {}\n-- {}\n");
    teardown();
}
END_TEST

START_TEST(expand_leaves_values_as_they_are) {
    setup();
    ck_assert_str_eq(expand("{for-each: {v: {n: [\"${v}\", \"${uuid}\"]}}, a: \"${v}\"}"),
                     "n {\"a\":[\"${v}\",\"${uuid}\"]}\n");
    teardown();
}
END_TEST

START_TEST(expand_keeps_the_place_of_the_reference) {
    setup();
    gw_expand e;
    const gw_doc_node *root = suite_fixture_node(&f, "for-each: {v: {n: {x: 5}}}\na: \"${v}\"\n");
    ck_assert(gw_expand_init(&e, root, &f.arena, &f.diag));
    const gw_doc_node *a = gw_doc_get(gw_expand_tree(&e, 0), "a");
    ck_assert_uint_eq(a->line, 2);
    ck_assert_uint_eq(a->column, 4);
    ck_assert_uint_eq(gw_doc_get(a, "x")->line, 1);
    ck_assert_uint_eq(gw_doc_get(a, "x")->integer, 5);
    teardown();
}
END_TEST

START_TEST(expand_rejects_what_cannot_be) {
    setup();
    static const char *const cases[][2] = {
        {"{for-each: 1}", "for-each"},
        {"{for-each: {}}", "for-each names no variable"},
        {"{for-each: {v: 1}}", "a list or a map"},
        {"{for-each: {v: []}}", "an empty one"},
        {"{for-each: {v: [[1]]}}", "has to be a scalar"},
        {"{for-each: {v: [\"\"]}}", "gives no name"},
        {"{for-each: {v: [a b, a/b]}}", "two values of 'v' have the name 'a-b'"},
        {"{for-each: {I: [1]}}", "'I' has a meaning of its own"},
        {"{for-each: {a.b: [1]}}", "only letters"},
        {"{for-each: {v: {n: {x: 1}}}, a: \"${v.y}\"}", "has no 'y'"},
        {"{for-each: {v: {n: {x: 1}}}, a: \"t ${v}\"}", "cannot stand inside a text"},
        {"{for-each: {v: [b]}, \"${v}\": 1, b: 2}", "the key 'b' is there twice"},
        {"{a: \"${x\"}", "without '}'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = expand(cases[i][0]);
        ck_assert_msg(strstr(text, cases[i][1]) != NULL, "%s\n%s", cases[i][0], text);
    }
    teardown();
}
END_TEST

START_TEST(expand_limits_the_number_of_instances) {
    setup();
    char yaml[4096] = "{for-each: {";
    for (int v = 0; v < 5; v++) {
        size_t len = strlen(yaml);
        snprintf(yaml + len, sizeof yaml - len, "v%d: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], ", v);
    }
    strcat(yaml, "}}");
    ck_assert_ptr_nonnull(strstr(expand(yaml), "more than 4096 instances"));
    teardown();
}
END_TEST

GW_TEST_MAIN("scenario/expand", 20, expand_without_for_each_gives_one_instance,
             expand_keeps_the_type_of_a_lone_reference, expand_replaces_in_texts_and_keys,
             expand_names_the_values_of_a_map, expand_multiplies_variables_the_last_one_fastest,
             expand_makes_names_safe_for_ids, expand_leaves_values_as_they_are, expand_keeps_the_place_of_the_reference,
             expand_rejects_what_cannot_be, expand_limits_the_number_of_instances)
