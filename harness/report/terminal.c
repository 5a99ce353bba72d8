/* Floor 4: head, table of groups, live line and summary on a terminal. */
#include "report/terminal.h"

#include "report/style.h"
#include "report/text.h"

#include <string.h>

enum { MIN_GROUP_COLUMN = 12, MAX_GROUP_COLUMN = 28, MAX_FLAKY_NAMES = 5 };

void gw_terminal_append_head(const gw_report_run *run, gw_terminal_style style, gw_buf *out) {
    gw_buf_printf(out, "%sgwspec %s%s  protocol ", gw_style(GW_STYLE_BOLD, style.colour), run->version,
                  gw_style(GW_STYLE_RESET, style.colour));
    gw_text_append_printable(out, gw_span_cstr(run->protocol));
    gw_buf_append_cstr(out, "  target ");
    gw_text_append_printable(out, gw_span_cstr(run->target));
    gw_buf_printf(out, "  seed %llu%s\n\n", (unsigned long long)run->seed, run->strict ? "  strict" : "");
}

size_t gw_terminal_group_column(const gw_scenario *const *scenarios, size_t count) {
    size_t longest = MIN_GROUP_COLUMN;
    for (size_t i = 0; i < count; i++) {
        size_t columns = gw_text_columns(gw_report_group(scenarios[i]->id));
        if (columns > longest) longest = columns;
    }
    return longest < MAX_GROUP_COLUMN ? longest : MAX_GROUP_COLUMN;
}

static void append_count(size_t count, gw_verdict verdict, int digits, gw_terminal_style style, gw_buf *out) {
    gw_buf_printf(out, "%s%*zu %s%s", gw_style_verdict(verdict, style.colour), digits, count, gw_verdict_word(verdict),
                  gw_style(GW_STYLE_RESET, style.colour));
}

void gw_terminal_append_group(gw_terminal_group group, gw_terminal_style style, gw_buf *out) {
    gw_summary summary = gw_summary_of(group.results, group.count);
    gw_buf_append_cstr(out, "  ");
    size_t mark = out->len;
    gw_text_append_fit(out, group.name, style.group_column);
    size_t used = gw_text_columns(gw_span_from(gw_buf_span(out), mark));
    gw_text_append_blanks(out, style.group_column > used ? style.group_column - used : 0);
    gw_buf_printf(out, " %5zu", group.count);
    bool first = true;
    for (size_t i = 0; i < GW_VERDICT_COUNT; i++) {
        size_t count = summary.counts[gw_style_order[i]];
        if (count == 0) continue;
        gw_buf_append_cstr(out, first ? " " : "   ");
        append_count(count, gw_style_order[i], first ? 4 : 0, style, out);
        first = false;
    }
    if (summary.counts[GW_VERDICT_SKIPPED] > 0) {
        gw_buf reasons;
        gw_buf_init(&reasons, 1 << 16);
        gw_style_append_skip_reasons(group.results, group.count, &reasons);
        if (reasons.len) gw_buf_append_cstr(out, "   ");
        size_t room = style.width > 40 + style.group_column ? style.width - style.group_column - 30 : 40;
        gw_text_append_fit(out, gw_buf_span(&reasons), style.verbose ? 0 : room);
        gw_buf_deinit(&reasons);
    }
    gw_buf_append_byte(out, '\n');
}

static bool is_judgement(gw_verdict verdict) {
    return verdict != GW_VERDICT_SKIPPED && verdict != GW_VERDICT_INCONCLUSIVE && verdict != GW_VERDICT_ERROR;
}

/* "178 pass, 2 fail" of those that are judgements, or of those that are not. */
static size_t append_counts(const gw_summary *summary, bool judgements, gw_terminal_style style, gw_buf *out) {
    size_t named = 0;
    for (size_t i = 0; i < GW_VERDICT_COUNT; i++) {
        gw_verdict verdict = gw_style_order[i];
        if (summary->counts[verdict] == 0 || is_judgement(verdict) != judgements) continue;
        if (named++) gw_buf_append_cstr(out, ", ");
        append_count(summary->counts[verdict], verdict, 0, style, out);
    }
    return named;
}

static void append_totals(const gw_summary *summary, gw_terminal_style style, gw_buf *out) {
    gw_buf_printf(out, "%zu of %zu scenario%s judged in ", gw_summary_judged(summary), summary->total,
                  summary->total == 1 ? "" : "s");
    gw_style_append_duration(summary->elapsed, out);
    if (summary->total > 1 && summary->longest > 0) {
        gw_buf_append_cstr(out, " (longest ");
        gw_style_append_duration(summary->longest, out);
        /* A virtual clock runs faster than the wall: then a ratio says nothing. */
        if (summary->elapsed >= summary->longest)
            gw_buf_printf(out, ", ratio %.2f", (double)summary->elapsed / (double)summary->longest);
        gw_buf_append_byte(out, ')');
    }
    gw_buf_append_cstr(out, ": ");
    size_t mark = out->len;
    size_t judged = append_counts(summary, true, style, out);
    if (judged && summary->total > gw_summary_judged(summary)) gw_buf_append_cstr(out, "; ");
    append_counts(summary, false, style, out);
    if (out->len == mark) gw_buf_append_cstr(out, "nothing was run");
    gw_buf_append_byte(out, '\n');
}

static unsigned bit(gw_verdict verdict) {
    return 1u << verdict;
}

static void append_broken(const gw_report_run *run, const gw_summary *summary, const gw_result *const *results,
                          size_t count, gw_terminal_style style, gw_buf *out) {
    unsigned mask = bit(GW_VERDICT_FAIL) | bit(GW_VERDICT_CRASH) | (run->strict ? bit(GW_VERDICT_NON_STRICT) : 0);
    size_t broken = summary->counts[GW_VERDICT_FAIL] + summary->counts[GW_VERDICT_CRASH] +
                    (run->strict ? summary->counts[GW_VERDICT_NON_STRICT] : 0);
    gw_buf_append_cstr(out, gw_style_verdict(GW_VERDICT_FAIL, style.colour));
    if (broken > 0) {
        gw_buf clauses;
        gw_buf_init(&clauses, 1 << 16);
        gw_summary_append_clauses(results, count, mask, &clauses);
        gw_buf_printf(out, "Does not conform%s%s.", clauses.len ? ": " : "", gw_buf_cstr(&clauses));
        gw_buf_deinit(&clauses);
    } else {
        gw_buf_append_cstr(out, "The list of expected failures does not hold.");
    }
    gw_buf_append_cstr(out, gw_style(GW_STYLE_RESET, style.colour));
}

static void append_not_shown(const gw_summary *summary, gw_terminal_style style, gw_buf *out) {
    gw_buf_printf(out, "%sNot shown to conform:", gw_style_verdict(GW_VERDICT_INCONCLUSIVE, style.colour));
    size_t inconclusive = summary->counts[GW_VERDICT_INCONCLUSIVE], errors = summary->counts[GW_VERDICT_ERROR];
    if (summary->end)
        gw_buf_printf(out, " %s before all was judged%s", summary->cause, inconclusive || errors ? "," : ".");
    if (inconclusive) gw_buf_printf(out, " %zu inconclusive%s", inconclusive, errors ? "," : ".");
    if (errors) gw_buf_printf(out, " %zu error%s.", errors, errors == 1 ? "" : "s");
    if (!summary->end && !inconclusive && !errors) gw_buf_append_cstr(out, " nothing was judged.");
    gw_buf_append_cstr(out, gw_style(GW_STYLE_RESET, style.colour));
}

/* What stands behind the verdict: deviations that do not fail the run, and the state of the expected failures. */
static void append_remarks(const gw_report_run *run, const gw_summary *summary, const gw_result *const *results,
                           size_t count, gw_buf *out) {
    gw_buf clauses;
    gw_buf_init(&clauses, 1 << 16);
    if (!run->strict) gw_summary_append_clauses(results, count, bit(GW_VERDICT_NON_STRICT), &clauses);
    if (clauses.len) gw_buf_printf(out, " Non-strict: %s.", gw_buf_cstr(&clauses));
    gw_buf_deinit(&clauses);
    if (summary->counts[GW_VERDICT_KNOWN_FAIL])
        gw_buf_printf(out, " Known failures: %zu.", summary->counts[GW_VERDICT_KNOWN_FAIL]);
    if (summary->counts[GW_VERDICT_UNEXPECTED_PASS])
        gw_buf_printf(out, " Expected failures that pass: %zu.", summary->counts[GW_VERDICT_UNEXPECTED_PASS]);
    for (size_t i = 0, named = 0; summary->flaky && i < count; i++) {
        if (!results[i]->flaky || named == MAX_FLAKY_NAMES) continue;
        gw_buf_printf(out, "%s%s", named++ ? ", " : " Flaky, passed when run again: ", results[i]->scenario->id);
        if (named == summary->flaky || named == MAX_FLAKY_NAMES)
            gw_buf_printf(out, "%s (%zu).", named < summary->flaky ? ", ..." : "", summary->flaky);
    }
    if (summary->unused_count)
        gw_buf_printf(out, " Expected failures that match no scenario: %zu.", summary->unused_count);
}

void gw_terminal_append_summary(const gw_report_run *run, const gw_summary *summary, const gw_result *const *results,
                                size_t count, gw_terminal_style style, gw_buf *out) {
    gw_buf_append_byte(out, '\n');
    append_totals(summary, style, out);
    switch (gw_summary_conformance(summary, run->strict)) {
    case GW_CONFORMANCE_YES:
        gw_buf_printf(out, "%sConforms.%s", gw_style_verdict(GW_VERDICT_PASS, style.colour),
                      gw_style(GW_STYLE_RESET, style.colour));
        break;
    case GW_CONFORMANCE_NO:
        append_broken(run, summary, results, count, style, out);
        if (summary->end) gw_buf_printf(out, " Not all was judged: %s.", summary->cause);
        break;
    case GW_CONFORMANCE_NOT_SHOWN:
        append_not_shown(summary, style, out);
        break;
    }
    append_remarks(run, summary, results, count, out);
    gw_buf_append_byte(out, '\n');
}

void gw_terminal_append_progress(const gw_terminal_progress *progress, gw_terminal_style style, gw_buf *out) {
    gw_buf line;
    gw_buf_init(&line, 4096);
    gw_buf_printf(&line, "  %zu/%zu done, %zu running", progress->done, progress->total, progress->running);
    if (progress->failures) gw_buf_printf(&line, ", %zu failed", progress->failures);
    gw_buf_printf(&line, ", %.1f s", (double)progress->elapsed / (double)GW_S);
    if (progress->current) gw_buf_printf(&line, "  %s", progress->current);
    gw_text_append_fit(out, gw_buf_span(&line), style.width > 1 ? style.width - 1 : 1);
    gw_buf_deinit(&line);
}
