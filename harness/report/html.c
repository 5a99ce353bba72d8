/* Floor 4: the page. */
#include "report/html.h"

#include "report/terminal.h"
#include "report/text.h"

#include <string.h>

enum { BLOCK_WIDTH = 110, MAX_BLOCK = 4 << 20 };

static const char style[] =
    ":root{color-scheme:light dark;--text:#1d2430;--back:#fff;--dim:#6b7585;--line:#d5dae2;--card:#f6f7f9;"
    "--pass:#3fa45b;--soft:#d9a300;--open:#b58cd9;--bad:#d43d3d;--none:#c3c9d3;--sent:#2f6fd0;--received:#178a86}\n"
    "@media(prefers-color-scheme:dark){:root{--text:#e3e7ee;--back:#14181f;--dim:#97a1b3;--line:#333b48;--card:#1d232d;"
    "--none:#4a5363;--sent:#6ea3f5;--received:#45c3be}}\n"
    "body{font:15px/1.45 system-ui,sans-serif;color:var(--text);background:var(--back);max-width:1040px;margin:2em "
    "auto;"
    "padding:0 1em}\n"
    "h1{font-size:1.7em;margin:0}h1.no{color:var(--bad)}h1.yes{color:var(--pass)}h1.open{color:var(--open)}\n"
    "h2{font-size:1.15em;margin:2em 0 .6em}h3{font:600 1em ui-monospace,monospace;margin:0 0 .4em}\n"
    "p.about,p.key{color:var(--dim);margin:.3em 0}table{border-collapse:collapse}td{padding:.15em .9em .15em 0;"
    "vertical-align:top}td.n{text-align:right}\n"
    ".tiles{display:flex;flex-wrap:wrap;gap:3px}.tiles a,.tiles i,p.key i{display:block;width:13px;height:13px;"
    "border-radius:2px}p.key i{display:inline-block;vertical-align:-2px;margin:0 .3em 0 1em}\n"
    ".pass{background:var(--pass)}.known-fail,.non-strict{background:var(--soft)}.inconclusive,.error"
    "{background:var(--open)}.fail,.crash,.unexpected-pass{background:var(--bad)}.skipped{background:var(--none)}\n"
    "section{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.9em 1em;margin:1em 0}\n"
    "p.early{white-space:pre-line;color:var(--open)}blockquote{margin:.3em 0 .6em;color:var(--dim)}pre{font:12.5px/1.4 "
    "ui-monospace,monospace;overflow-x:auto;"
    "margin:.6em 0 0}summary{cursor:pointer;color:var(--dim)}\n"
    "svg{width:100%;background:var(--back);border:1px solid var(--line);border-radius:4px}svg text{font-size:11px;"
    "fill:var(--dim)}svg .axis{text-anchor:middle}svg text.lane{font-size:12px;fill:var(--text)}\n"
    "svg line{stroke:var(--line)}svg line.interval{stroke:var(--dim);stroke-dasharray:2 4}svg .sent line{stroke:"
    "var(--sent)}svg .sent circle{fill:var(--sent)}svg .received line{stroke:var(--received)}\n"
    "svg .received circle{fill:var(--received)}svg .note circle{fill:var(--dim)}svg line.finding{stroke:var(--bad);"
    "stroke-width:1.5}svg text.finding{fill:var(--bad);text-anchor:middle}\n";

static void text(gw_buf *out, const char *value) {
    gw_text_append_xml(out, gw_span_cstr(value ? value : ""), false);
}

static void attribute(gw_buf *out, const char *name, const char *value) {
    gw_buf_printf(out, " %s=\"", name);
    gw_text_append_xml(out, gw_span_cstr(value), true);
    gw_buf_append_byte(out, '"');
}

static void append_head(const gw_report_run *run, const gw_summary *summary, const gw_result *const *results,
                        size_t count, gw_buf *out) {
    static const struct {
        const char *class, *sentence;
    } heads[] = {[GW_CONFORMANCE_YES] = {"yes", "Conforms"},
                 [GW_CONFORMANCE_NO] = {"no", "Does not conform"},
                 [GW_CONFORMANCE_NOT_SHOWN] = {"open", "Not shown to conform"}};
    gw_conformance verdict = gw_summary_conformance(summary, run->strict);
    gw_buf_append_cstr(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                            "<meta name=\"viewport\" content=\"width=device-width\"/>\n<title>gwspec: ");
    text(out, run->target);
    gw_buf_printf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1 class=\"%s\">%s", style,
                  heads[verdict].class, heads[verdict].sentence);
    unsigned mask = 1u << GW_VERDICT_FAIL | 1u << GW_VERDICT_CRASH | (run->strict ? 1u << GW_VERDICT_NON_STRICT : 0);
    gw_buf clauses;
    gw_buf_init(&clauses, 1 << 20);
    if (verdict == GW_CONFORMANCE_NO && gw_summary_append_clauses(results, count, mask, &clauses)) {
        gw_buf_append_cstr(out, ": ");
        text(out, gw_buf_cstr(&clauses));
    }
    if (clauses.error != GW_OK) out->error = clauses.error;
    gw_buf_deinit(&clauses);
    gw_buf_append_cstr(out, "</h1>\n<p class=\"about\">");
    text(out, run->target);
    gw_buf_append_cstr(out, ", protocol ");
    text(out, run->protocol);
    gw_buf_printf(out, ", seed %llu%s, gwspec %s", (unsigned long long)run->seed, run->strict ? ", strict" : "",
                  run->version);
    if (run->started) {
        gw_buf_append_cstr(out, ", ");
        text(out, run->started);
    }
    gw_buf_printf(out, "<br/>%zu of %zu scenarios judged in %.1f s</p>\n", gw_summary_judged(summary), summary->total,
                  (double)summary->elapsed / (double)GW_S);
    for (size_t i = 0; i < summary->unused_count; i++) {
        gw_buf_append_cstr(out, "<p class=\"early\">The expected failure '");
        text(out, summary->unused[i]->pattern);
        gw_buf_append_cstr(out, "' matches no scenario</p>\n");
    }
    if (!summary->end) return;
    gw_buf_append_cstr(out, "<p class=\"early\">The run ended early: ");
    text(out, summary->message);
    gw_buf_append_cstr(out, "</p>\n");
}

static void append_key(const gw_summary *summary, gw_buf *out) {
    gw_buf_append_cstr(out, "<p class=\"key\">");
    for (int v = 0; v < GW_VERDICT_COUNT; v++)
        if (summary->counts[v]) {
            const char *word = gw_verdict_word((gw_verdict)v);
            gw_buf_printf(out, "<i class=\"%s\"></i>%zu %s", word, summary->counts[v], word);
        }
    gw_buf_append_cstr(out, "</p>\n");
}

static void append_tile(const gw_report_run *run, const gw_result *result, size_t index, gw_buf *out) {
    const char *word = gw_verdict_word(result->verdict);
    bool told = gw_terminal_has_block(result, run->strict, true);
    gw_buf_printf(out, told ? "<a class=\"%s\" href=\"#r%zu\"" : "<i class=\"%s\"", word, index);
    gw_buf title;
    gw_buf_init(&title, 1 << 16);
    gw_buf_printf(&title, "%s: %s", result->scenario->id, word);
    if (result->finding_count) gw_buf_printf(&title, ", %s", gw_report_reason(result));
    attribute(out, "title", gw_buf_cstr(&title));
    gw_buf_deinit(&title);
    gw_buf_append_cstr(out, told ? "></a>" : "></i>");
}

/* A row for each group, a tile for each scenario in it. */
static void append_tiles(const gw_report_run *run, const gw_result *const *results, size_t count, gw_buf *out) {
    gw_buf_append_cstr(out, "<table>\n");
    for (size_t i = 0, end; i < count; i = end) {
        gw_span group = gw_report_group(results[i]->scenario->id);
        gw_buf_append_cstr(out, "<tr><td>");
        gw_text_append_xml(out, group, false);
        gw_buf_append_cstr(out, "</td><td><div class=\"tiles\">");
        for (end = i; end < count && gw_span_equal(gw_report_group(results[end]->scenario->id), group); end++)
            append_tile(run, results[end], end, out);
        gw_buf_append_cstr(out, "</div></td></tr>\n");
    }
    gw_buf_append_cstr(out, "</table>\n");
}

static void append_clause(const gw_report_run *run, const gw_finding *finding, gw_buf *out) {
    const gw_requirement *requirement =
        finding->rule && run->requirements ? gw_requirements_find(run->requirements, finding->rule) : NULL;
    if (!requirement || !requirement->clause) return;
    gw_buf_append_cstr(out, "<blockquote>");
    bool quoted = requirement->clause[0] == '"';
    gw_buf_append_cstr(out, quoted ? "" : "\"");
    text(out, requirement->clause);
    gw_buf_append_cstr(out, quoted ? "" : "\"");
    if (requirement->source) {
        gw_buf_append_cstr(out, " — ");
        text(out, requirement->source);
    }
    gw_buf_append_cstr(out, "</blockquote>\n");
}

static void append_row(const char *label, const char *value, gw_buf *out) {
    if (!value || !*value) return;
    gw_buf_printf(out, "<tr><td>%s</td><td>", label);
    text(out, value);
    gw_buf_append_cstr(out, "</td></tr>\n");
}

/* What the terminal tells, with every line of the wire log. */
static void append_block(const gw_report_run *run, const gw_result *result, gw_buf *out) {
    gw_buf block;
    gw_buf_init(&block, MAX_BLOCK);
    gw_terminal_append_blocks(run, result, (gw_terminal_style){.width = BLOCK_WIDTH, .verbose = true}, &block);
    gw_buf_append_cstr(out, "<details><summary>wire log and rerun command</summary><pre>");
    text(out, gw_buf_cstr(&block));
    gw_buf_append_cstr(out, "</pre></details>\n");
    if (block.error != GW_OK) out->error = block.error;
    gw_buf_deinit(&block);
}

static void append_result(const gw_report_run *run, const gw_result *result, size_t index, gw_buf *out) {
    gw_buf_printf(out, "<section id=\"r%zu\">\n<h3>%s  ", index, gw_verdict_word(result->verdict));
    text(out, result->scenario->id);
    if (result->finding_count && result->findings[0].rule) {
        gw_buf_append_cstr(out, "  ");
        text(out, result->findings[0].rule);
    }
    gw_buf_append_cstr(out, "</h3>\n");
    if (result->finding_count) append_clause(run, &result->findings[0], out);
    gw_buf_append_cstr(out, "<table>\n");
    append_row("scenario", result->scenario->title, out);
    append_row("known", result->known_reason, out);
    if (result->finding_count) {
        append_row("expected", result->findings[0].expected, out);
        append_row("observed", result->findings[0].observed, out);
    }
    gw_buf_append_cstr(out, "</table>\n");
    gw_html_append_timeline(result, out);
    append_block(run, result, out);
    gw_buf_append_cstr(out, "</section>\n");
}

gw_status gw_html_append(const gw_report_run *run, const gw_summary *summary, const gw_result *const *results,
                         size_t count, gw_buf *out) {
    append_head(run, summary, results, count, out);
    append_key(summary, out);
    append_tiles(run, results, count, out);
    size_t told = 0;
    for (size_t i = 0; i < count; i++) {
        if (!gw_terminal_has_block(results[i], run->strict, true)) continue;
        if (told++ == 0)
            gw_buf_append_cstr(out,
                               "<h2>Findings</h2>\n<p class=\"key\">Above a lane what that client sent, below it what "
                               "it received; dotted lines are the announced interval, red ones the findings.</p>\n");
        append_result(run, results[i], i, out);
    }
    gw_buf_append_cstr(out, "</body>\n</html>\n");
    return out->error;
}
