/* Counts, exit codes, names of clauses, rerun commands. */
#include "fixture.h"

#include "report/summary.h"
#include "support/run.h"

/* The conformance of a run with one pass and one result of this verdict. */
static gw_conformance with_pass(gw_verdict verdict, bool strict) {
    gw_summary summary;
    gw_summary_init(&summary);
    fixture_result pass, other;
    fixture_result_init(&pass, "a/pass", GW_VERDICT_PASS, NULL);
    fixture_result_init(&other, "a/other", verdict, "S6");
    gw_summary_add(&summary, &pass.result);
    gw_summary_add(&summary, &other.result);
    return gw_summary_conformance(&summary, strict);
}

START_TEST(summary_decides_by_the_worst_verdict) {
    static const gw_conformance expected[GW_VERDICT_COUNT] = {[GW_VERDICT_PASS] = GW_CONFORMANCE_YES,
                                                              [GW_VERDICT_KNOWN_FAIL] = GW_CONFORMANCE_YES,
                                                              [GW_VERDICT_SKIPPED] = GW_CONFORMANCE_YES,
                                                              [GW_VERDICT_NON_STRICT] = GW_CONFORMANCE_YES,
                                                              [GW_VERDICT_INCONCLUSIVE] = GW_CONFORMANCE_NOT_SHOWN,
                                                              [GW_VERDICT_UNEXPECTED_PASS] = GW_CONFORMANCE_NO,
                                                              [GW_VERDICT_FAIL] = GW_CONFORMANCE_NO,
                                                              [GW_VERDICT_CRASH] = GW_CONFORMANCE_NO,
                                                              [GW_VERDICT_ERROR] = GW_CONFORMANCE_NOT_SHOWN};
    for (int i = 0; i < GW_VERDICT_COUNT; i++) ck_assert_int_eq(with_pass((gw_verdict)i, false), expected[i]);
}
END_TEST

START_TEST(summary_fails_a_non_strict_run_under_strict_only) {
    ck_assert_int_eq(with_pass(GW_VERDICT_NON_STRICT, false), GW_CONFORMANCE_YES);
    ck_assert_int_eq(with_pass(GW_VERDICT_NON_STRICT, true), GW_CONFORMANCE_NO);
}
END_TEST

START_TEST(summary_of_skipped_scenarios_shows_nothing) {
    fixture_result skipped;
    fixture_result_init(&skipped, "a/b", GW_VERDICT_SKIPPED, NULL);
    const gw_result *results[] = {&skipped.result};
    gw_summary summary = gw_summary_of(results, 1);
    ck_assert_uint_eq(gw_summary_judged(&summary), 0);
    ck_assert_int_eq(gw_summary_conformance(&summary, false), GW_CONFORMANCE_NOT_SHOWN);
    ck_assert_int_eq(gw_summary_exit_code(&summary, false), GW_SUMMARY_EXIT_FAILS);
}
END_TEST

START_TEST(summary_fails_when_an_expected_failure_matches_nothing) {
    fixture_result pass;
    fixture_result_init(&pass, "a/b", GW_VERDICT_PASS, NULL);
    const gw_result *results[] = {&pass.result};
    gw_summary summary = gw_summary_of(results, 1);
    ck_assert_int_eq(gw_summary_exit_code(&summary, false), GW_SUMMARY_EXIT_CONFORMS);
    fixture_unused(&summary);
    ck_assert_int_eq(gw_summary_exit_code(&summary, false), GW_SUMMARY_EXIT_FAILS);
}
END_TEST

START_TEST(summary_of_an_early_end_shows_nothing_but_a_failure) {
    fixture_result pass, fail;
    fixture_result_init(&pass, "a/b", GW_VERDICT_PASS, NULL);
    fixture_result_init(&fail, "a/c", GW_VERDICT_FAIL, "S6");
    const gw_result *results[] = {&pass.result, &fail.result};
    for (size_t count = 1; count <= 2; count++) {
        gw_summary summary = gw_summary_of(results, count);
        summary.end = "interrupted";
        summary.exit_code = 130;
        ck_assert_int_eq(gw_summary_conformance(&summary, false),
                         count == 1 ? GW_CONFORMANCE_NOT_SHOWN : GW_CONFORMANCE_NO);
        ck_assert_int_eq(gw_summary_exit_code(&summary, false), 130);
    }
}
END_TEST

START_TEST(summary_names_the_longest_scenario) {
    fixture_result a, b;
    fixture_result_init(&a, "a/a", GW_VERDICT_PASS, NULL);
    fixture_result_init(&b, "a/b", GW_VERDICT_PASS, NULL);
    b.result.duration = 3 * GW_S;
    const gw_result *results[] = {&a.result, &b.result};
    gw_summary summary = gw_summary_of(results, 2);
    ck_assert_str_eq(summary.longest_id, "a/b");
    ck_assert_int_eq(summary.longest, 3 * GW_S);
}
END_TEST

START_TEST(summary_names_broken_clauses_once_in_natural_order) {
    static const char *const rules[] = {"RFC6455-5.2-R1", "S19", "S6", "RFC6455-5.2-R2", "S6"};
    fixture_result f[6];
    const gw_result *results[6];
    for (int i = 0; i < 5; i++) fixture_result_init(&f[i], "a/b", GW_VERDICT_FAIL, rules[i]);
    fixture_result_init(&f[5], "a/known", GW_VERDICT_FAIL, "S7");
    f[5].result.verdict = GW_VERDICT_KNOWN_FAIL;
    for (int i = 0; i < 6; i++) results[i] = &f[i].result;
    gw_buf out;
    gw_buf_init(&out, 1024);
    ck_assert_uint_eq(gw_summary_append_clauses(results, 6, 1u << GW_VERDICT_FAIL, &out), 3);
    fixture_assert_text(&out, "S6, S19, RFC 6455 5.2");
    gw_buf_clear(&out);
    ck_assert_uint_eq(gw_summary_append_clauses(results, 6, 1u << GW_VERDICT_CRASH, &out), 0);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(report_group_is_the_first_segment) {
    ck_assert(gw_span_equal_cstr(gw_report_group("heartbeat/a/b"), "heartbeat"));
    ck_assert(gw_span_equal_cstr(gw_report_group("mine"), "mine"));
}
END_TEST

START_TEST(report_rerun_quotes_for_a_shell_and_prefers_own_files) {
    gw_scenario scenario = fixture_scenario("json/it's");
    gw_report_run run = fixture_run(NULL);
    gw_buf out;
    gw_buf_init(&out, 1024);
    gw_report_append_rerun(&run, &scenario, &out);
    fixture_assert_text(&out, "gwspec run 'json/it'\\''s' --url ws://localhost:4000/gateway --seed 7314");
    const char *const own[] = {"scenarios/some.yaml"};
    run.own_files = own;
    run.own_file_count = 1;
    gw_buf_clear(&out);
    gw_report_append_rerun(&run, &scenario, &out);
    fixture_assert_text(&out, "gwspec run scenarios/some.yaml --url ws://localhost:4000/gateway --seed 7314");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(report_clause_name_reads_rfc_ids) {
    static const char *const cases[][2] = {
        {"S6", "S6"}, {"RFC6455-5.5.1-K18", "RFC 6455 5.5.1"}, {"RFC-x", "RFC-x"}, {"RFC6455", "RFC6455"}};
    for (size_t i = 0; i < 4; i++) {
        gw_buf out;
        gw_buf_init(&out, 1024);
        gw_report_append_clause_name(cases[i][0], &out);
        fixture_assert_text(&out, cases[i][1]);
        gw_buf_deinit(&out);
    }
}
END_TEST

GW_TEST_MAIN("summary", 10, summary_decides_by_the_worst_verdict, summary_fails_a_non_strict_run_under_strict_only,
             summary_of_skipped_scenarios_shows_nothing, summary_fails_when_an_expected_failure_matches_nothing,
             summary_of_an_early_end_shows_nothing_but_a_failure, summary_names_the_longest_scenario,
             summary_names_broken_clauses_once_in_natural_order, report_group_is_the_first_segment,
             report_rerun_quotes_for_a_shell_and_prefers_own_files, report_clause_name_reads_rfc_ids)
