/* The page for people: what stands in it, where the picture's marks are, and that no peer writes into it. */
#include "fixture.h"
#include "xml.h"

#include "report/html.h"
#include "support/run.h"

#include <stdio.h>
#include <string.h>

static const char prolog[] = "<!DOCTYPE html>\n";

static void write_all(const gw_result *const *results, size_t count, bool strict, gw_buf *out) {
    gw_requirements requirements;
    fixture_catalogue(&requirements);
    gw_report_run run = fixture_run(&requirements);
    run.strict = strict;
    gw_summary summary = gw_summary_of(results, count);
    summary.elapsed = GW_MS * 2100;
    gw_buf_init(out, 4 << 20);
    ck_assert_int_eq(gw_html_append(&run, &summary, results, count, out), GW_OK);
    gw_requirements_deinit(&requirements);
}

static void assert_has(const gw_buf *out, const char *text) {
    ck_assert_msg(strstr(gw_buf_cstr(out), text) != NULL, "no '%s' in: %s", text, gw_buf_cstr(out));
}

static size_t count_of(const gw_buf *out, const char *text) {
    size_t count = 0;
    for (const char *at = gw_buf_cstr(out); (at = strstr(at, text)); at += strlen(text)) count++;
    return count;
}

START_TEST(html_tells_verdict_clause_and_how_to_see_it_again) {
    fixture_result silent, good, skipped;
    fixture_result_init(&good, "close/good", GW_VERDICT_PASS, NULL);
    fixture_silent_client(&silent);
    fixture_result_init(&skipped, "hello/skipped", GW_VERDICT_SKIPPED, NULL);
    const gw_result *results[] = {&good.result, &silent.result, &skipped.result};
    gw_buf out;
    write_all(results, 3, false, &out);
    xml_check(&out, prolog);
    assert_has(&out, "<h1 class=\"no\">Does not conform: S6</h1>");
    assert_has(&out, "2 of 3 scenarios judged in 2.1 s");
    assert_has(&out, "<i class=\"pass\" title=\"close/good: pass\"></i>");
    assert_has(&out, "<a class=\"fail\" href=\"#r1\"");
    assert_has(&out, "<section id=\"r1\">");
    assert_has(&out, "<blockquote>\"If the server/client doesn't receive a heartbeat");
    assert_has(&out, "<td>still open 2050 ms after hello</td>");
    assert_has(&out, "gwspec run heartbeat/silent-client-is-dropped --url ws://localhost:4000/gateway --seed 7314");
    ck_assert_uint_eq(count_of(&out, "<section"), 1);
    ck_assert_uint_eq(count_of(&out, "<tr><td>close</td>"), 1);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(html_says_what_was_not_shown) {
    static const struct {
        gw_verdict verdict;
        bool strict;
        const char *head;
    } cases[] = {{GW_VERDICT_PASS, true, "<h1 class=\"yes\">Conforms</h1>"},
                 {GW_VERDICT_NON_STRICT, false, "<h1 class=\"yes\">Conforms</h1>"},
                 {GW_VERDICT_NON_STRICT, true, "<h1 class=\"no\">Does not conform: S6</h1>"},
                 {GW_VERDICT_INCONCLUSIVE, false, "<h1 class=\"open\">Not shown to conform</h1>"},
                 {GW_VERDICT_SKIPPED, false, "<h1 class=\"open\">Not shown to conform</h1>"},
                 {GW_VERDICT_CRASH, false, "<h1 class=\"no\">Does not conform: S6</h1>"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture_result f;
        fixture_result_init(&f, "a/b", cases[i].verdict, "S6");
        const gw_result *results[] = {&f.result};
        gw_buf out;
        write_all(results, 1, cases[i].strict, &out);
        assert_has(&out, cases[i].head);
        gw_buf_deinit(&out);
    }
}
END_TEST

/* Half of the time stands half way between the margins (96 and 936), each interval has its line, and each client a
 * lane. */
START_TEST(html_timeline_puts_marks_where_they_happened) {
    static const gw_wire_entry wire[] = {{0, GW_WIRE_SENT, "alice", "GET /", 0, 0},
                                         {GW_S, GW_WIRE_RECEIVED, "bob", "text  {}", 3, GW_S},
                                         {GW_S * 2, GW_WIRE_NOTE, "alice", "still open", 0, 0}};
    fixture_result f;
    fixture_silent_client(&f);
    f.result.wire = wire;
    f.result.wire_count = 3;
    f.result.duration = GW_S * 2;
    f.result.interval = GW_MS * 900;
    f.finding.at = GW_S * 2;
    gw_buf out;
    gw_buf_init(&out, 1 << 16);
    gw_html_append_timeline(&f.result, &out);
    xml_check(&out, "");
    assert_has(&out, "<svg viewBox=\"0 0 960 160\"");
    assert_has(&out, "<title>+ 0.0 ms  GET /</title><line x1=\"96.0\" y1=\"54.0\" x2=\"96.0\" y2=\"38.0\"/>");
    assert_has(&out, "text  {} and 3 more</title><line x1=\"516.0\" y1=\"110.0\" x2=\"516.0\" y2=\"126.0\"/>");
    assert_has(&out, "<line class=\"finding\" x1=\"936.0\"");
    ck_assert_uint_eq(count_of(&out, "class=\"interval\""), 2);
    ck_assert_uint_eq(count_of(&out, "<text class=\"lane\""), 2);
    assert_has(&out, ">1800.0 ms</text>");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(html_timeline_of_a_flood_stays_small) {
    enum { LINES = 5000 };
    static gw_wire_entry wire[LINES];
    static char names[LINES][8];
    for (int i = 0; i < LINES; i++) {
        snprintf(names[i], sizeof names[i], "c%d", i % 50);
        wire[i] = (gw_wire_entry){GW_US * i, GW_WIRE_RECEIVED, names[i], "text  x", 0, 0};
    }
    fixture_result f;
    fixture_silent_client(&f);
    f.result.wire = wire;
    f.result.wire_count = LINES;
    f.result.interval = GW_US;
    gw_buf out;
    gw_buf_init(&out, 1 << 20);
    gw_html_append_timeline(&f.result, &out);
    xml_check(&out, "");
    ck_assert_uint_le(count_of(&out, "<circle"), 600);
    ck_assert_uint_eq(count_of(&out, "<text class=\"lane\""), 12);
    ck_assert_uint_eq(count_of(&out, "class=\"interval\""), 0);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(html_is_well_formed_for_hostile_bytes) {
    const gw_wire_entry wire[] = {{0, GW_WIRE_RECEIVED, fixture_hostile(), fixture_hostile(), 0, 0}};
    for (int i = 0; i < GW_VERDICT_COUNT; i++) {
        fixture_result f;
        fixture_result_init(&f, fixture_hostile(), (gw_verdict)i, "S6");
        f.finding.rule = f.finding.expected = f.finding.observed = f.finding.client = fixture_hostile();
        f.scenario.title = f.scenario.file = f.result.known_reason = fixture_hostile();
        f.result.wire = wire;
        f.result.wire_count = 1;
        const gw_result *results[] = {&f.result};
        gw_buf out;
        write_all(results, 1, true, &out);
        ck_assert_uint_ge(xml_check(&out, prolog), 8);
        gw_buf_deinit(&out);
    }
}
END_TEST

START_TEST(html_says_why_a_run_ended_early) {
    gw_report_run run = fixture_run(NULL);
    gw_summary summary = gw_summary_of(NULL, 0);
    gw_buf out;
    gw_buf_init(&out, 1 << 20);
    ck_assert_int_eq(gw_html_append(&run, &summary, NULL, 0, &out), GW_OK);
    ck_assert_uint_eq(count_of(&out, "ended early"), 0);
    gw_buf_clear(&out);
    summary.end = "target-lost";
    summary.message = "<gone>\nits last lines";
    ck_assert_int_eq(gw_html_append(&run, &summary, NULL, 0, &out), GW_OK);
    xml_check(&out, prolog);
    assert_has(&out, "<p class=\"early\">The run ended early: &lt;gone&gt;\nits last lines</p>");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(html_names_an_expected_failure_that_matches_nothing) {
    gw_report_run run = fixture_run(NULL);
    gw_summary summary = gw_summary_of(NULL, 0);
    fixture_unused(&summary);
    gw_buf out;
    gw_buf_init(&out, 1 << 20);
    ck_assert_int_eq(gw_html_append(&run, &summary, NULL, 0, &out), GW_OK);
    xml_check(&out, prolog);
    assert_has(&out, "<p class=\"early\">The expected failure '&lt;a&gt;' matches no scenario</p>");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(html_reports_a_full_buffer) {
    fixture_result f;
    fixture_silent_client(&f);
    const gw_result *results[] = {&f.result};
    gw_summary summary = gw_summary_of(results, 1);
    gw_report_run run = fixture_run(NULL);
    gw_buf out;
    gw_buf_init(&out, 5000);
    ck_assert_int_eq(gw_html_append(&run, &summary, results, 1, &out), GW_ERR_LIMIT);
    gw_buf_deinit(&out);
}
END_TEST

GW_TEST_MAIN("html", 10, html_tells_verdict_clause_and_how_to_see_it_again, html_says_what_was_not_shown,
             html_timeline_puts_marks_where_they_happened, html_timeline_of_a_flood_stays_small,
             html_is_well_formed_for_hostile_bytes, html_says_why_a_run_ended_early,
             html_names_an_expected_failure_that_matches_nothing, html_reports_a_full_buffer)
