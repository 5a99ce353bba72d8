/* Golden texts of what a person sees. */
#include "fixture.h"

#include "report/terminal.h"
#include "support/run.h"

#include <string.h>

static const gw_terminal_style plain = {.width = 90, .group_column = 12};

static gw_buf fresh(void) {
    gw_buf buf;
    gw_buf_init(&buf, 1 << 20);
    return buf;
}

START_TEST(terminal_head_names_protocol_target_and_seed) {
    gw_buf out = fresh();
    gw_report_run run = fixture_run(NULL);
    gw_terminal_append_head(&run, plain, &out);
    fixture_assert_text(&out, "gwspec 0.1.0  protocol gateway/1  target ws://localhost:4000/gateway  seed 7314\n\n");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(terminal_group_lists_verdicts_in_order) {
    static const gw_verdict verdicts[] = {GW_VERDICT_CRASH, GW_VERDICT_PASS, GW_VERDICT_FAIL, GW_VERDICT_PASS};
    fixture_result f[4];
    const gw_result *results[4];
    for (int i = 0; i < 4; i++) {
        fixture_result_init(&f[i], "heartbeat/a", verdicts[i], "S6");
        results[i] = &f[i].result;
    }
    gw_buf out = fresh();
    gw_terminal_append_group((gw_terminal_group){GW_SPAN_LIT("heartbeat"), results, 4}, plain, &out);
    fixture_assert_text(&out, "  heartbeat        4    2 pass   1 fail   1 crash\n");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(terminal_group_joins_the_reasons_of_what_was_skipped) {
    static const char *const reasons[] = {"the target has no trigger for room_update", "the target has no rooms",
                                          "the target has no trigger for message_create",
                                          "the target has no trigger for room_update"};
    fixture_result f[4];
    const gw_result *results[4];
    for (int i = 0; i < 4; i++) {
        fixture_result_init(&f[i], "events/a", GW_VERDICT_SKIPPED, NULL);
        f[i].finding.observed = reasons[i];
        results[i] = &f[i].result;
    }
    gw_buf out = fresh();
    gw_terminal_style wide = plain;
    wide.width = 150;
    gw_terminal_append_group((gw_terminal_group){GW_SPAN_LIT("events"), results, 4}, wide, &out);
    fixture_assert_text(&out, "  events           4    4 skipped   the target has no trigger for message_create, "
                              "room_update; the target has no rooms\n");
    gw_buf_clear(&out);
    gw_terminal_append_group((gw_terminal_group){GW_SPAN_LIT("events"), results, 4}, plain, &out);
    ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&out), "...\n"));
    ck_assert_uint_le(out.len, 91);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(terminal_block_tells_the_whole_story) {
    gw_requirements requirements;
    fixture_catalogue(&requirements);
    gw_report_run run = fixture_run(&requirements);
    fixture_result f;
    fixture_silent_client(&f);
    gw_buf out = fresh();
    gw_terminal_append_blocks(&run, &f.result, plain, &out);
    fixture_assert_text(
        &out,
        "\n"
        "FAIL  heartbeat/silent-client-is-dropped                                          S6  MUST\n"
        "  \"If the server/client doesn't receive a heartbeat in the specified time frame, then it\n"
        "  disconnects.\" (the gateway document)\n"
        "  expected   closed 950 - 1050 ms after hello (I = 1000 ms, eps = 50 ms)\n"
        "  observed   still open 2050 ms after hello\n"
        "  step       scenarios/heartbeat/silent-client-is-dropped.yaml:6:5, client alice\n"
        "  wire       +      0.0 ms  > GET /gateway\n"
        "             +      0.9 ms  < 101 Switching Protocols\n"
        "             +   1001.3 ms  < text  {\"e\":1,\"d\":{}}\n"
        "             +   2050.0 ms  ! still open\n"
        "  rerun      gwspec run heartbeat/silent-client-is-dropped --url ws://localhost:4000/gateway --seed 7314\n");
    gw_buf_deinit(&out);
    gw_requirements_deinit(&requirements);
}
END_TEST

START_TEST(terminal_block_of_a_crash_shows_the_stimulus) {
    static const uint8_t stimulus[] = {0x81, 0x84, 0x12, 0x34, 0x56, 0x78, 0x7c, 0x41, 0x3a, 0x14};
    gw_report_run run = fixture_run(NULL);
    fixture_result f;
    fixture_result_init(&f, "robustness/json/null", GW_VERDICT_CRASH, "S19");
    f.result.stimulus = stimulus;
    f.result.stimulus_len = sizeof stimulus;
    gw_buf out = fresh();
    gw_terminal_append_blocks(&run, &f.result, plain, &out);
    fixture_assert_text(&out,
                        "\n"
                        "CRASH  robustness/json/null                                                            S19\n"
                        "  expected   this\n"
                        "  observed   that\n"
                        "  stimulus   81 84 12345678 7c413a14   text  null\n"
                        "  rerun      gwspec run robustness/json/null --url ws://localhost:4000/gateway --seed 7314\n");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(terminal_log_shows_every_line_of_a_pass) {
    fixture_result f;
    fixture_silent_client(&f);
    f.result.verdict = GW_VERDICT_PASS;
    gw_buf out = fresh();
    gw_terminal_append_log(&f.result, plain, &out);
    fixture_assert_text(&out, "\npass  heartbeat/silent-client-is-dropped\n"
                              "  +      0.0 ms  > GET /gateway\n"
                              "  +      0.9 ms  < 101 Switching Protocols\n"
                              "  +   1001.3 ms  < text  {\"e\":1,\"d\":{}}\n"
                              "  +   2050.0 ms  ! still open\n");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(terminal_block_names_further_findings) {
    gw_report_run run = fixture_run(NULL);
    fixture_result f;
    fixture_result_init(&f, "a/b", GW_VERDICT_FAIL, "S6");
    const gw_finding findings[] = {
        f.finding,
        {.verdict = GW_VERDICT_FAIL, .rule = "S7", .expected = "more", .observed = "less"},
        {.verdict = GW_VERDICT_NON_STRICT, .rule = "S11", .expected = "soon", .observed = "late"}};
    f.result.findings = findings;
    f.result.finding_count = 3;
    gw_buf out = fresh();
    gw_terminal_append_blocks(&run, &f.result, plain, &out);
    ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&out), "  also       fail  "));
    ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&out), "S7\n  expected   more\n  observed   less\n"));
    ck_assert_ptr_null(strstr(gw_buf_cstr(&out), "S11"));
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(terminal_block_stands_for_what_is_no_pass) {
    static const struct {
        gw_verdict verdict;
        bool normal, strict, verbose;
    } cases[] = {{GW_VERDICT_PASS, false, false, false},      {GW_VERDICT_KNOWN_FAIL, false, false, true},
                 {GW_VERDICT_SKIPPED, false, false, false},   {GW_VERDICT_NON_STRICT, false, true, true},
                 {GW_VERDICT_INCONCLUSIVE, true, true, true}, {GW_VERDICT_UNEXPECTED_PASS, true, true, true},
                 {GW_VERDICT_FAIL, true, true, true},         {GW_VERDICT_CRASH, true, true, true},
                 {GW_VERDICT_ERROR, true, true, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture_result f;
        fixture_result_init(&f, "a/b", cases[i].verdict, "S6");
        ck_assert_int_eq(gw_terminal_has_block(&f.result, false, false), cases[i].normal);
        ck_assert_int_eq(gw_terminal_has_block(&f.result, true, false), cases[i].strict);
        ck_assert_int_eq(gw_terminal_has_block(&f.result, false, true), cases[i].verbose);
    }
}
END_TEST

START_TEST(terminal_block_never_passes_control_characters) {
    gw_report_run run = fixture_run(NULL);
    const gw_wire_entry wire[] = {{0, GW_WIRE_RECEIVED, "alice", fixture_hostile(), 0, 0}};
    fixture_result f;
    fixture_result_init(&f, "a/b", GW_VERDICT_CRASH, "S6");
    f.finding.expected = f.finding.observed = f.finding.client = fixture_hostile();
    f.result.stimulus = (const uint8_t *)fixture_hostile();
    f.result.stimulus_len = strlen(fixture_hostile());
    f.result.wire = wire;
    f.result.wire_count = 1;
    gw_buf out = fresh();
    gw_terminal_style verbose = plain;
    verbose.verbose = true;
    gw_terminal_append_blocks(&run, &f.result, verbose, &out);
    for (size_t i = 0; i < out.len; i++) ck_assert(out.data[i] == '\n' || (out.data[i] >= 0x20 && out.data[i] != 0x7f));
    ck_assert_ptr_null(strstr(gw_buf_cstr(&out), "\xe2\x80\xae"));
    gw_buf_deinit(&out);
}
END_TEST

static void assert_summary_of_end(const gw_verdict *verdicts, size_t count, bool strict, const char *cause,
                                  const char *expected) {
    fixture_result f[8];
    const gw_result *results[8];
    for (size_t i = 0; i < count; i++) {
        fixture_result_init(&f[i], "a/b", verdicts[i], i % 2 ? "RFC6455-5.2-R1" : "S6");
        f[i].result.duration = 2 * GW_S;
        results[i] = &f[i].result;
    }
    gw_summary summary = gw_summary_of(results, count);
    summary.elapsed = 3 * GW_S;
    summary.end = summary.cause = cause;
    gw_report_run run = fixture_run(NULL);
    run.strict = strict;
    gw_buf out = fresh();
    gw_terminal_append_summary(&run, &summary, results, count, plain, &out);
    fixture_assert_text(&out, expected);
    gw_buf_deinit(&out);
}

static void assert_summary(const gw_verdict *verdicts, size_t count, bool strict, const char *expected) {
    assert_summary_of_end(verdicts, count, strict, NULL, expected);
}

START_TEST(terminal_summary_says_what_is_broken) {
    static const gw_verdict verdicts[] = {GW_VERDICT_FAIL, GW_VERDICT_CRASH, GW_VERDICT_PASS, GW_VERDICT_NON_STRICT,
                                          GW_VERDICT_SKIPPED};
    assert_summary(verdicts, 5, false,
                   "\n4 of 5 scenarios judged in 3.0 s (longest 2.0 s, ratio 1.50): 1 pass, 1 non-strict, 1 fail, "
                   "1 crash; 1 skipped\nDoes not conform: S6, RFC 6455 5.2. Non-strict: RFC 6455 5.2.\n");
}
END_TEST

START_TEST(terminal_summary_says_conforms_and_names_deviations) {
    static const gw_verdict verdicts[] = {GW_VERDICT_PASS, GW_VERDICT_NON_STRICT, GW_VERDICT_KNOWN_FAIL};
    assert_summary(verdicts, 3, false,
                   "\n3 of 3 scenarios judged in 3.0 s (longest 2.0 s, ratio 1.50): 1 pass, 1 non-strict, "
                   "1 known-fail\nConforms. Non-strict: RFC 6455 5.2. Known failures: 1.\n");
    assert_summary(verdicts, 3, true,
                   "\n3 of 3 scenarios judged in 3.0 s (longest 2.0 s, ratio 1.50): 1 pass, 1 non-strict, "
                   "1 known-fail\nDoes not conform: RFC 6455 5.2. Known failures: 1.\n");
}
END_TEST

START_TEST(terminal_summary_says_not_shown) {
    static const gw_verdict open[] = {GW_VERDICT_PASS, GW_VERDICT_INCONCLUSIVE, GW_VERDICT_ERROR};
    assert_summary(open, 3, false,
                   "\n1 of 3 scenarios judged in 3.0 s (longest 2.0 s, ratio 1.50): 1 pass; 1 inconclusive, 1 error\n"
                   "Not shown to conform: 1 inconclusive, 1 error.\n");
    static const gw_verdict skipped[] = {GW_VERDICT_SKIPPED};
    assert_summary(skipped, 1, false,
                   "\n0 of 1 scenario judged in 3.0 s: 1 skipped\n"
                   "Not shown to conform: nothing was judged.\n");
}
END_TEST

START_TEST(terminal_summary_says_why_not_all_was_judged) {
    static const gw_verdict passed[] = {GW_VERDICT_PASS};
    assert_summary_of_end(passed, 1, false, "the run was interrupted",
                          "\n1 of 1 scenario judged in 3.0 s: 1 pass\n"
                          "Not shown to conform: the run was interrupted before all was judged.\n");
    static const gw_verdict open[] = {GW_VERDICT_INCONCLUSIVE, GW_VERDICT_ERROR};
    assert_summary_of_end(open, 1, false, "the target was lost",
                          "\n0 of 1 scenario judged in 3.0 s: 1 inconclusive\n"
                          "Not shown to conform: the target was lost before all was judged, 1 inconclusive.\n");
    assert_summary_of_end(
        open, 2, false, "the target was lost",
        "\n0 of 2 scenarios judged in 3.0 s (longest 2.0 s, ratio 1.50): 1 inconclusive, 1 error\n"
        "Not shown to conform: the target was lost before all was judged, 1 inconclusive, 1 error.\n");
    static const gw_verdict failed[] = {GW_VERDICT_FAIL};
    assert_summary_of_end(failed, 1, false, "the run was interrupted",
                          "\n1 of 1 scenario judged in 3.0 s: 1 fail\n"
                          "Does not conform: S6. Not all was judged: the run was interrupted.\n");
}
END_TEST

START_TEST(terminal_summary_blames_the_list_of_expected_failures) {
    static const gw_verdict verdicts[] = {GW_VERDICT_UNEXPECTED_PASS};
    assert_summary(verdicts, 1, false,
                   "\n1 of 1 scenario judged in 3.0 s: 1 unexpected-pass\n"
                   "The list of expected failures does not hold. Expected failures that pass: 1.\n");
}
END_TEST

START_TEST(terminal_colour_is_off_unless_asked_for) {
    gw_report_run run = fixture_run(NULL);
    fixture_result f;
    fixture_silent_client(&f);
    gw_buf out = fresh();
    gw_terminal_append_blocks(&run, &f.result, plain, &out);
    ck_assert_ptr_null(strchr(gw_buf_cstr(&out), '\033'));
    gw_buf_clear(&out);
    gw_terminal_style colour = plain;
    colour.colour = true;
    gw_terminal_append_blocks(&run, &f.result, colour, &out);
    ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&out), "\033[31mFAIL\033[0m"));
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(terminal_progress_fits_into_the_line) {
    gw_terminal_progress progress = {.done = 12, .total = 214, .running = 64, .failures = 2, .elapsed = 1500 * GW_MS};
    gw_buf out = fresh();
    gw_terminal_append_progress(&progress, plain, &out);
    fixture_assert_text(&out, "  12/214 done, 64 running, 2 failed, 1.5 s");
    gw_buf_clear(&out);
    gw_terminal_append_progress(&progress, (gw_terminal_style){.width = 20}, &out);
    ck_assert_uint_eq(out.len, 19);
    gw_buf_deinit(&out);
}
END_TEST

GW_TEST_MAIN("terminal", 10, terminal_head_names_protocol_target_and_seed, terminal_group_lists_verdicts_in_order,
             terminal_group_joins_the_reasons_of_what_was_skipped, terminal_block_tells_the_whole_story,
             terminal_block_of_a_crash_shows_the_stimulus, terminal_block_names_further_findings,
             terminal_log_shows_every_line_of_a_pass, terminal_block_stands_for_what_is_no_pass,
             terminal_block_never_passes_control_characters, terminal_summary_says_what_is_broken,
             terminal_summary_says_conforms_and_names_deviations, terminal_summary_says_not_shown,
             terminal_summary_says_why_not_all_was_judged, terminal_summary_blames_the_list_of_expected_failures,
             terminal_colour_is_off_unless_asked_for, terminal_progress_fits_into_the_line)
