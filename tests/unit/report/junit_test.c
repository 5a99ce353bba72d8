/* JUnit XML. */
#include "fixture.h"
#include "xml.h"

#include "report/junit.h"
#include "support/run.h"

#include <string.h>

static void write_all(const gw_result *const *results, size_t count, bool strict, gw_buf *out) {
    gw_report_run run = fixture_run(NULL);
    run.strict = strict;
    gw_summary summary = gw_summary_of(results, count);
    gw_buf_init(out, 4 << 20);
    ck_assert_int_eq(gw_junit_append(&run, &summary, results, count, out), GW_OK);
}

START_TEST(junit_makes_a_suite_of_each_group) {
    fixture_result f[3];
    fixture_result_init(&f[0], "close/a", GW_VERDICT_PASS, NULL);
    fixture_result_init(&f[1], "close/b", GW_VERDICT_FAIL, "S6");
    fixture_result_init(&f[2], "hello/a", GW_VERDICT_SKIPPED, NULL);
    const gw_result *results[] = {&f[0].result, &f[1].result, &f[2].result};
    gw_buf out;
    write_all(results, 3, false, &out);
    xml_check(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    const char *text = gw_buf_cstr(&out);
    ck_assert_ptr_nonnull(
        strstr(text, "<testsuites name=\"gwspec\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""));
    ck_assert_ptr_nonnull(
        strstr(text, "<testsuite name=\"close\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\""));
    ck_assert_ptr_nonnull(
        strstr(text, "<testsuite name=\"hello\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\""));
    ck_assert_ptr_nonnull(strstr(text, "<failure message=\"S6: expected this; observed that\" type=\"fail\">"));
    ck_assert_ptr_nonnull(strstr(text, "<skipped message=\"that\"/>"));
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(junit_maps_each_verdict_to_an_element) {
    static const struct {
        gw_verdict verdict;
        bool strict;
        const char *element;
    } cases[] = {{GW_VERDICT_PASS, false, NULL},
                 {GW_VERDICT_NON_STRICT, false, NULL},
                 {GW_VERDICT_NON_STRICT, true, "<failure"},
                 {GW_VERDICT_KNOWN_FAIL, false, "<skipped"},
                 {GW_VERDICT_SKIPPED, false, "<skipped"},
                 {GW_VERDICT_INCONCLUSIVE, false, "<error"},
                 {GW_VERDICT_ERROR, false, "<error"},
                 {GW_VERDICT_UNEXPECTED_PASS, false, "<failure"},
                 {GW_VERDICT_FAIL, false, "<failure"},
                 {GW_VERDICT_CRASH, false, "<failure"}};
    static const char *const elements[] = {"<failure", "<error", "<skipped"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture_result f;
        fixture_result_init(&f, "a/b", cases[i].verdict, "S6");
        const gw_result *results[] = {&f.result};
        gw_buf out;
        write_all(results, 1, cases[i].strict, &out);
        xml_check(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        for (size_t k = 0; k < 3; k++) {
            bool wanted = cases[i].element && strcmp(cases[i].element, elements[k]) == 0;
            const char *found = strstr(gw_buf_cstr(&out), elements[k]);
            ck_assert_msg((found != NULL) == wanted, "case %zu, %s", i, elements[k]);
        }
        gw_buf_deinit(&out);
    }
}
END_TEST

START_TEST(junit_is_well_formed_for_hostile_bytes) {
    const gw_wire_entry wire[] = {{0, GW_WIRE_RECEIVED, fixture_hostile(), fixture_hostile(), 0, 0}};
    for (int i = 0; i < GW_VERDICT_COUNT; i++) {
        fixture_result f;
        fixture_result_init(&f, fixture_hostile(), (gw_verdict)i, "S6");
        f.finding.rule = f.finding.expected = f.finding.observed = f.finding.client = fixture_hostile();
        f.scenario.title = f.scenario.file = f.result.known_reason = fixture_hostile();
        f.result.stimulus = (const uint8_t *)fixture_hostile();
        f.result.stimulus_len = strlen(fixture_hostile());
        f.result.wire = wire;
        f.result.wire_count = 1;
        const gw_result *results[] = {&f.result};
        gw_buf out;
        write_all(results, 1, true, &out);
        ck_assert_uint_ge(xml_check(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), 8);
        gw_buf_deinit(&out);
    }
}
END_TEST

START_TEST(junit_has_an_error_for_a_run_that_ended_early) {
    fixture_result f;
    fixture_result_init(&f, "close/a", GW_VERDICT_INCONCLUSIVE, NULL);
    const gw_result *results[] = {&f.result};
    gw_report_run run = fixture_run(NULL);
    for (size_t count = 0; count <= 1; count++) {
        gw_summary summary = gw_summary_of(results, count);
        summary.end = "target-lost";
        summary.message = "<gone> after \"a\"\nits last lines";
        gw_buf out;
        gw_buf_init(&out, 1 << 20);
        ck_assert_int_eq(gw_junit_append(&run, &summary, results, count, &out), GW_OK);
        xml_check(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        const char *text = gw_buf_cstr(&out);
        ck_assert_ptr_nonnull(
            strstr(text, count ? "<testsuites name=\"gwspec\" tests=\"2\" failures=\"0\" errors=\"2\""
                               : "<testsuites name=\"gwspec\" tests=\"1\" failures=\"0\" errors=\"1\""));
        ck_assert_ptr_nonnull(strstr(text, "<testsuite name=\"run\" tests=\"1\" failures=\"0\" errors=\"1\""));
        ck_assert_ptr_nonnull(strstr(text, "<error message=\"&lt;gone&gt; after &quot;a&quot;\" type=\"target-lost\">"
                                           "&lt;gone&gt; after \"a\"\nits last lines</error>"));
        gw_buf_deinit(&out);
    }
}
END_TEST

START_TEST(junit_has_a_failure_for_an_expected_failure_that_matches_nothing) {
    fixture_result f;
    fixture_result_init(&f, "close/a", GW_VERDICT_PASS, NULL);
    const gw_result *results[] = {&f.result};
    gw_report_run run = fixture_run(NULL);
    gw_summary summary = gw_summary_of(results, 1);
    fixture_unused(&summary);
    gw_buf out;
    gw_buf_init(&out, 1 << 20);
    ck_assert_int_eq(gw_junit_append(&run, &summary, results, 1, &out), GW_OK);
    xml_check(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    const char *text = gw_buf_cstr(&out);
    ck_assert_ptr_nonnull(strstr(text, "<testsuites name=\"gwspec\" tests=\"2\" failures=\"1\" errors=\"0\""));
    ck_assert_ptr_nonnull(strstr(text, "<testsuite name=\"run\" tests=\"1\" failures=\"1\" errors=\"0\""));
    ck_assert_ptr_nonnull(strstr(text, "<testcase name=\"expected failure '&lt;a&gt;' matches a scenario\""));
    ck_assert_ptr_nonnull(strstr(text, "type=\"unused-expectation\">ticket \"8\" &amp; more</failure>"));
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(junit_reports_a_full_buffer) {
    fixture_result f;
    fixture_silent_client(&f);
    const gw_result *results[] = {&f.result};
    gw_summary summary = gw_summary_of(results, 1);
    gw_report_run run = fixture_run(NULL);
    gw_buf out;
    gw_buf_init(&out, 300);
    ck_assert_int_eq(gw_junit_append(&run, &summary, results, 1, &out), GW_ERR_LIMIT);
    gw_buf_deinit(&out);
}
END_TEST

GW_TEST_MAIN("junit", 10, junit_makes_a_suite_of_each_group, junit_maps_each_verdict_to_an_element,
             junit_is_well_formed_for_hostile_bytes, junit_has_an_error_for_a_run_that_ended_early,
             junit_has_a_failure_for_an_expected_failure_that_matches_nothing, junit_reports_a_full_buffer)
