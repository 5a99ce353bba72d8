/* Unit tests of protocol/expr.h. */
#include "protocol/expr.h"
#include "support/run.h"

#include <string.h>

static const gw_expr_env env = {.interval = 1000 * GW_MS, .eps = 50 * GW_MS};

static const struct {
    const char *text;
    gw_ns value;
    bool interval, eps;
} good[] = {
    {"I", 1000 * GW_MS, true, false},
    {"eps", 50 * GW_MS, false, true},
    {"I - eps", 950 * GW_MS, true, true},
    {"2*I + eps", 2050 * GW_MS, true, true},
    {"max(50ms, 5% of I)", 50 * GW_MS, true, false},
    {"max(50ms, 10% of I)", 100 * GW_MS, true, false},
    {"min(50ms, 5% of I, 1ms)", GW_MS, true, false},
    {"0.9*I", 900 * GW_MS, true, false},
    {"I*0.9", 900 * GW_MS, true, false},
    {"I/4", 250 * GW_MS, true, false},
    {"250ms", 250 * GW_MS, false, false},
    {"1s", GW_S, false, false},
    {"1.5s", 1500 * GW_MS, false, false},
    {"20us", 20 * GW_US, false, false},
    {"7ns", 7, false, false},
    {"  ( I + 1s ) * 2 ", 4 * GW_S, true, false},
    {"I - 2*I", -1000 * GW_MS, true, false},
    {"I - eps - eps", 900 * GW_MS, true, true},
    {"I / 2 / 2", 250 * GW_MS, true, false},
    {"(I / eps) * 1ms", 20 * GW_MS, true, true},
    {"50% of (I + eps)", 525 * GW_MS, true, true},
    {"1ns / 2", 1, false, false},
    {"I / 3", 333333333, true, false},
    {"1s / 0", GW_NEVER, false, false},
    {"1s * 99999999999999999999", GW_NEVER, false, false},
    {"0s - 1s * 99999999999999999999", -GW_NEVER, false, false},
};

START_TEST(expr_eval_gives_the_time) {
    gw_arena arena;
    gw_expr_error error;
    gw_arena_init(&arena);
    const gw_expr *e = gw_expr_compile(&arena, gw_span_cstr(good[_i].text), &error);
    ck_assert_msg(e != NULL, "%s: %zu: %s", good[_i].text, error.offset, error.text);
    ck_assert_msg(gw_expr_eval(e, env) == good[_i].value, "%s: %jd", good[_i].text, (intmax_t)gw_expr_eval(e, env));
    ck_assert_int_eq(gw_expr_uses_interval(e), good[_i].interval);
    ck_assert_int_eq(gw_expr_uses_eps(e), good[_i].eps);
    ck_assert_str_eq(gw_expr_text(e), good[_i].text);
    gw_arena_deinit(&arena);
}
END_TEST

static const struct {
    const char *text;
    size_t offset;
    const char *message;
} bad[] = {
    {"", 0, "expected a number with a unit, I, eps, min, max or '('"},
    {"250", 0, "a number without a unit: write 250ms, 1.5s or 2*I"},
    {"I +", 3, "expected a number with a unit, I, eps, min, max or '('"},
    {"I + 5", 2, "a plain number and a time do not add up: give the number a unit"},
    {"2I", 1, "write a '*' between a number and 'I' or 'eps'"},
    {"I * I", 2, "a time times a time is no time"},
    {"2 / I", 2, "a number over a time is no time"},
    {"I eps", 2, "expected an operator or the end"},
    {"(I", 2, "expected ')'"},
    {"max I", 4, "expected '('"},
    {"max(I", 5, "expected ',' or ')'"},
    {"max(I, 5)", 6, "a time and a plain number cannot be compared"},
    {"5%", 2, "expected 'of' after '%'"},
    {"5% off I", 3, "expected 'of' after '%'"},
    {"10 years", 3, "expected an operator or the end"},
    {"10years", 0, "not a duration: the units are ns, us, ms, s and m"},
    {"1.2.3s", 0, "not a number"},
    {"x", 0, "unknown word: there are I, eps, T, D, Dmax, G, min and max"},
    {"-1s", 0, "expected a number with a unit, I, eps, min, max or '('"},
    {"((((((((((((((((((I))))))))))))))))))", 16, "the expression is nested too deep"},
    {"I+I+I+I+I+I+I+I+I+I+I+I+I+I+I+I+I+I+I+I+I+I+I+I+I+I+I", 49, "the expression is too long"},
};

START_TEST(expr_compile_says_where_the_text_is_wrong) {
    gw_arena arena;
    gw_expr_error error;
    gw_arena_init(&arena);
    ck_assert_ptr_null(gw_expr_compile(&arena, gw_span_cstr(bad[_i].text), &error));
    ck_assert_str_eq(error.text, bad[_i].message);
    ck_assert_msg(error.offset == bad[_i].offset, "%s: %zu", bad[_i].text, error.offset);
    gw_arena_deinit(&arena);
}
END_TEST

START_TEST(expr_from_doc_points_into_the_file) {
    static const char text[] = "within: \"I + 5\"\nfor: I ++ eps\nx: [1]\n";
    gw_diag diag;
    gw_arena arena;
    gw_diag_init(&diag);
    gw_arena_init(&arena);
    gw_doc *doc = gw_doc_parse(gw_span_cstr(text), "f.yaml", &diag);
    const gw_doc_node *root = gw_doc_root(doc);
    for (const gw_doc_node *n = root->first; n; n = n->next)
        ck_assert_ptr_null(gw_expr_from_doc(&arena, n, n->key, &diag));
    ck_assert_str_eq(gw_buf_cstr(&diag.text),
                     "f.yaml:1:12: error: within: a plain number and a time do not add up: give the number a unit\n"
                     "    1 | within: \"I + 5\"\n      |            ^\n"
                     "f.yaml:2:9: error: for: expected a number with a unit, I, eps, min, max or '('\n"
                     "    2 | for: I ++ eps\n      |         ^\n"
                     "f.yaml:3:4: error: x must be a time such as 250ms or \"I + eps\", not a list\n"
                     "    3 | x: [1]\n      |    ^\n");
    gw_doc_destroy(doc);
    gw_arena_deinit(&arena);
    gw_diag_deinit(&diag);
}
END_TEST

START_TEST(expr_constant_is_its_value) {
    gw_arena arena;
    gw_arena_init(&arena);
    const gw_expr *e = gw_expr_constant(&arena, 250 * GW_MS);
    ck_assert_int_eq(gw_expr_eval(e, env), 250 * GW_MS);
    ck_assert_str_eq(gw_expr_text(e), "250ms");
    gw_arena_deinit(&arena);
}
END_TEST

int main(void) {
    TCase *c = tcase_create("expr");
    Suite *s = suite_create("protocol/expr");
    tcase_add_loop_test(c, expr_eval_gives_the_time, 0, sizeof good / sizeof *good);
    tcase_add_loop_test(c, expr_compile_says_where_the_text_is_wrong, 0, sizeof bad / sizeof *bad);
    tcase_add_test(c, expr_from_doc_points_into_the_file);
    tcase_add_test(c, expr_constant_is_its_value);
    suite_add_tcase(s, c);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner), ran = srunner_ntests_run(runner);
    srunner_free(runner);
    return failed || !ran;
}
