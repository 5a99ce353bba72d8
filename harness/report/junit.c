/* Floor 4: JUnit XML. */
#include "report/junit.h"

#include "report/terminal.h"
#include "report/text.h"
#include "report/wirelog.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK_WIDTH = 120, MAX_BLOCK = 4 << 20 };

static void attribute(gw_buf *out, const char *name, const char *value) {
    gw_buf_printf(out, " %s=\"", name);
    gw_text_append_xml(out, gw_span_cstr(value ? value : ""), true);
    gw_buf_append_byte(out, '"');
}

static void seconds(gw_buf *out, const char *name, gw_ns time) {
    gw_buf_printf(out, " %s=\"%.6f\"", name, (double)time / (double)GW_S);
}

static void property(gw_buf *out, const char *indent, const char *name, const char *value) {
    gw_buf_printf(out, "%s<property", indent);
    attribute(out, "name", name);
    attribute(out, "value", value);
    gw_buf_append_cstr(out, "/>\n");
}

typedef enum outcome { OUTCOME_PASS, OUTCOME_FAILURE, OUTCOME_ERROR, OUTCOME_SKIPPED } outcome;

static outcome outcome_of(gw_verdict verdict, bool strict) {
    if (gw_summary_fails(verdict, strict)) return OUTCOME_FAILURE;
    if (verdict == GW_VERDICT_INCONCLUSIVE || verdict == GW_VERDICT_ERROR) return OUTCOME_ERROR;
    if (verdict == GW_VERDICT_SKIPPED || verdict == GW_VERDICT_KNOWN_FAIL) return OUTCOME_SKIPPED;
    return OUTCOME_PASS;
}

/* `whole`: of the run, with what is wrong with it as a whole; NULL: of one suite. */
static void append_totals(const gw_result *const *results, size_t count, bool strict, const gw_summary *whole,
                          gw_buf *out) {
    size_t totals[4] = {0};
    if (whole) totals[OUTCOME_ERROR] = whole->end != NULL, totals[OUTCOME_FAILURE] = whole->unused_count;
    size_t tests = count + totals[OUTCOME_ERROR] + totals[OUTCOME_FAILURE];
    for (size_t i = 0; i < count; i++) totals[outcome_of(results[i]->verdict, strict)]++;
    gw_buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", tests, totals[OUTCOME_FAILURE],
                  totals[OUTCOME_ERROR], totals[OUTCOME_SKIPPED]);
}

/* One line: "S6: expected closed after 950 ms; observed still open". */
static void append_message(const gw_result *result, gw_buf *out) {
    gw_buf text;
    gw_buf_init(&text, 1 << 16);
    if (result->verdict == GW_VERDICT_KNOWN_FAIL) {
        gw_buf_printf(&text, "known failure: %s", result->known_reason ? result->known_reason : "");
    } else if (result->verdict == GW_VERDICT_UNEXPECTED_PASS) {
        gw_buf_append_cstr(&text, "passes, though it is in the list of expected failures");
    } else if (result->verdict == GW_VERDICT_SKIPPED || result->finding_count == 0) {
        gw_buf_append_cstr(&text, gw_report_reason(result));
    } else {
        const gw_finding *finding = &result->findings[0];
        if (finding->rule) gw_buf_printf(&text, "%s: ", finding->rule);
        gw_buf_printf(&text, "expected %s; observed %s", finding->expected ? finding->expected : "?",
                      finding->observed ? finding->observed : "?");
    }
    attribute(out, "message", gw_buf_cstr(&text));
    gw_buf_deinit(&text);
}

/* The same block as on a terminal, so that a CI page tells the whole story. */
static void append_block(const gw_report_run *run, const gw_result *result, gw_buf *out) {
    gw_buf block;
    gw_buf_init(&block, MAX_BLOCK);
    gw_terminal_append_blocks(run, result, (gw_terminal_style){.width = BLOCK_WIDTH}, &block);
    gw_text_append_xml(out, gw_buf_span(&block), false);
    if (block.error) out->error = block.error;
    gw_buf_deinit(&block);
}

static void append_outcome(const gw_report_run *run, const gw_result *result, gw_buf *out) {
    outcome what = outcome_of(result->verdict, run->strict);
    if (what == OUTCOME_PASS) return;
    const char *element = what == OUTCOME_FAILURE ? "failure" : what == OUTCOME_ERROR ? "error" : "skipped";
    gw_buf_printf(out, "      <%s", element);
    append_message(result, out);
    if (what == OUTCOME_SKIPPED) {
        gw_buf_append_cstr(out, "/>\n");
        return;
    }
    attribute(out, "type", gw_verdict_word(result->verdict));
    gw_buf_append_byte(out, '>');
    append_block(run, result, out);
    gw_buf_printf(out, "</%s>\n", element);
}

static void append_system_out(const gw_result *result, gw_buf *out) {
    if (result->wire_count == 0) return;
    gw_buf log;
    gw_buf_init(&log, MAX_BLOCK);
    gw_wirelog_append_all(result, (gw_wirelog_layout){.client_column = gw_wirelog_client_column(result)}, &log);
    gw_buf_append_cstr(out, "      <system-out>");
    gw_text_append_xml(out, gw_buf_span(&log), false);
    gw_buf_append_cstr(out, "</system-out>\n");
    if (log.error) out->error = log.error;
    gw_buf_deinit(&log);
}

static void append_case(const gw_report_run *run, const gw_result *result, gw_buf *out) {
    const gw_scenario *scenario = result->scenario;
    gw_buf_append_cstr(out, "    <testcase");
    attribute(out, "name", scenario->id);
    gw_span group = gw_report_group(scenario->id);
    gw_buf_append_cstr(out, " classname=\"gwspec.");
    gw_text_append_xml(out, group, true);
    gw_buf_append_byte(out, '"');
    seconds(out, "time", result->duration);
    if (scenario->file) attribute(out, "file", scenario->file);
    gw_buf_append_cstr(out, ">\n      <properties>\n");
    property(out, "        ", "title", scenario->title);
    property(out, "        ", "verdict", gw_verdict_word(result->verdict));
    if (result->flaky) property(out, "        ", "flaky", result->flaky);
    for (size_t i = 0; i < scenario->requires_count; i++)
        property(out, "        ", "requirement", scenario->requires_ids[i]);
    gw_buf_append_cstr(out, "      </properties>\n");
    append_outcome(run, result, out);
    append_system_out(result, out);
    gw_buf_append_cstr(out, "    </testcase>\n");
}

static void append_suite(const gw_report_run *run, const gw_result *const *results, size_t count, gw_buf *out) {
    gw_span group = gw_report_group(results[0]->scenario->id);
    gw_ns time = 0;
    for (size_t i = 0; i < count; i++) time += results[i]->duration;
    gw_buf_append_cstr(out, "  <testsuite name=\"");
    gw_text_append_xml(out, group, true);
    gw_buf_append_byte(out, '"');
    append_totals(results, count, run->strict, false, out);
    seconds(out, "time", time);
    if (run->started) attribute(out, "timestamp", run->started);
    gw_buf_append_cstr(out, ">\n");
    for (size_t i = 0; i < count; i++) append_case(run, results[i], out);
    gw_buf_append_cstr(out, "  </testsuite>\n");
}

static void append_early_end(const gw_summary *summary, gw_buf *out) {
    const char *message = summary->message ? summary->message : "";
    gw_buf_append_cstr(out, "    <testcase name=\"every scenario has a verdict\" classname=\"gwspec.run\">\n"
                            "      <error message=\"");
    gw_text_append_xml(out, gw_span_make(message, strcspn(message, "\n")), true);
    gw_buf_append_byte(out, '"');
    attribute(out, "type", summary->end);
    gw_buf_append_byte(out, '>');
    gw_text_append_xml(out, gw_span_cstr(message), false);
    gw_buf_append_cstr(out, "</error>\n    </testcase>\n");
}

static void append_unused(const gw_expected *unused, gw_buf *out) {
    gw_buf text;
    gw_buf_init(&text, 1 << 16);
    gw_buf_printf(&text, "expected failure '%s' matches a scenario", unused->pattern);
    gw_buf_append_cstr(out, "    <testcase");
    attribute(out, "name", gw_buf_cstr(&text));
    gw_buf_append_cstr(out, " classname=\"gwspec.run\">\n      <failure message=\"it matches none\" "
                            "type=\"unused-expectation\">");
    gw_text_append_xml(out, gw_span_cstr(unused->reason), false);
    gw_buf_append_cstr(out, "</failure>\n    </testcase>\n");
    gw_buf_deinit(&text);
}

/* Who looks at the test cases alone must not take half a run, or none, or one that fails as a whole, for a good one. */
static void append_whole(const gw_summary *summary, gw_buf *out) {
    if (!summary->end && summary->unused_count == 0) return;
    gw_buf_append_cstr(out, "  <testsuite name=\"run\"");
    append_totals(NULL, 0, false, summary, out);
    gw_buf_append_cstr(out, ">\n");
    if (summary->end) append_early_end(summary, out);
    for (size_t i = 0; i < summary->unused_count; i++) append_unused(summary->unused[i], out);
    gw_buf_append_cstr(out, "  </testsuite>\n");
}

static void append_properties(const gw_report_run *run, gw_buf *out) {
    char seed[32];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)run->seed);
    gw_buf_append_cstr(out, "  <properties>\n");
    property(out, "    ", "gwspec", run->version);
    property(out, "    ", "protocol", run->protocol);
    property(out, "    ", "target", run->target);
    property(out, "    ", "seed", seed);
    property(out, "    ", "strict", run->strict ? "true" : "false");
    gw_buf_append_cstr(out, "  </properties>\n");
}

gw_status gw_junit_append(const gw_report_run *run, const gw_summary *summary, const gw_result *const *results,
                          size_t count, gw_buf *out) {
    gw_buf_append_cstr(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gwspec\"");
    append_totals(results, count, run->strict, summary, out);
    seconds(out, "time", summary->elapsed);
    if (run->started) attribute(out, "timestamp", run->started);
    gw_buf_append_cstr(out, ">\n");
    append_properties(run, out);
    for (size_t i = 0; i < count;) {
        gw_span group = gw_report_group(results[i]->scenario->id);
        size_t end = i + 1;
        while (end < count && gw_span_equal(gw_report_group(results[end]->scenario->id), group)) end++;
        append_suite(run, results + i, end - i, out);
        i = end;
    }
    append_whole(summary, out);
    gw_buf_append_cstr(out, "</testsuites>\n");
    return out->error;
}
