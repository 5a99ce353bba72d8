/* Floor 4: the block that tells one finding: what is broken, why we say so, how to see it again. */
#include "report/terminal.h"

#include "report/style.h"
#include "report/text.h"
#include "report/wirelog.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LABEL_COLUMN = 13, MIN_WIDTH = 60 };

bool gw_terminal_has_block(const gw_result *result, bool strict, bool verbose) {
    switch (result->verdict) {
    case GW_VERDICT_FAIL:
    case GW_VERDICT_CRASH:
    case GW_VERDICT_INCONCLUSIVE:
    case GW_VERDICT_ERROR:
    case GW_VERDICT_UNEXPECTED_PASS:
        return true;
    case GW_VERDICT_NON_STRICT:
        return strict || verbose;
    case GW_VERDICT_KNOWN_FAIL:
        return verbose;
    default:
        return false;
    }
}

static void append_upper(const char *word, gw_buf *out) {
    for (; *word; word++) gw_buf_append_byte(out, (uint8_t)toupper((unsigned char)*word));
}

/* "S6  MUST" of a rule. */
static void append_rule(const gw_report_run *run, const char *rule, gw_buf *out) {
    if (!rule) return;
    gw_text_append_printable(out, gw_span_cstr(rule));
    const gw_requirement *requirement = run->requirements ? gw_requirements_find(run->requirements, rule) : NULL;
    if (!requirement) return;
    gw_buf_append_cstr(out, "  ");
    append_upper(gw_requirement_level_word(requirement->level), out);
}

/* `left` columns stand on the line already; the rule goes to its right end. */
static void append_rule_right(const gw_report_run *run, const char *rule, size_t left, size_t width, gw_buf *out) {
    gw_buf right;
    gw_buf_init(&right, 1024);
    append_rule(run, rule, &right);
    if (right.len) {
        size_t columns = gw_text_columns(gw_buf_span(&right));
        gw_text_append_blanks(out, left + columns + 2 < width ? width - left - columns : 2);
        gw_buf_append_span(out, gw_buf_span(&right));
    }
    gw_buf_append_byte(out, '\n');
    gw_buf_deinit(&right);
}

static void append_label(const char *label, gw_terminal_style style, gw_buf *out) {
    gw_buf_printf(out, "  %s%-*s%s", gw_style(GW_STYLE_DIM, style.colour), LABEL_COLUMN - 2, label,
                  gw_style(GW_STYLE_RESET, style.colour));
}

static void append_field(const char *label, const char *text, gw_terminal_style style, gw_buf *out) {
    if (!text || !*text) return;
    append_label(label, style, out);
    gw_text_append_wrapped(out, gw_span_cstr(text), LABEL_COLUMN, style.width);
    gw_buf_append_byte(out, '\n');
}

/* The clause as the source has it, and which source that is. */
static void append_clause(const gw_report_run *run, const char *rule, gw_terminal_style style, gw_buf *out) {
    const gw_requirement *requirement =
        rule && run->requirements ? gw_requirements_find(run->requirements, rule) : NULL;
    if (!requirement || !requirement->clause) return;
    gw_buf text;
    gw_buf_init(&text, 1 << 16);
    bool quoted = requirement->clause[0] == '"';
    gw_buf_printf(&text, quoted ? "%s" : "\"%s\"", requirement->clause);
    if (requirement->source) gw_buf_printf(&text, " (%s)", requirement->source);
    gw_buf_append_cstr(out, "  ");
    gw_text_append_wrapped(out, gw_buf_span(&text), 2, style.width);
    gw_buf_append_byte(out, '\n');
    gw_buf_deinit(&text);
}

/* Which step of which file said so, and on whose connection. */
static void append_place(const gw_finding *finding, gw_terminal_style style, gw_buf *out) {
    gw_buf text;
    gw_buf_init(&text, 8192);
    if (finding->place.file)
        gw_buf_printf(&text, "%s:%u:%u", finding->place.file, (unsigned)finding->place.line,
                      (unsigned)finding->place.column);
    if (finding->client) gw_buf_printf(&text, "%sclient %s", text.len ? ", " : "", finding->client);
    append_field("step", gw_buf_cstr(&text), style, out);
    gw_buf_deinit(&text);
}

static void append_wire(const gw_result *result, gw_ns at, gw_terminal_style style, gw_buf *out) {
    if (result->wire_count == 0) return;
    gw_wirelog_layout layout = {.client_column = gw_wirelog_client_column(result),
                                .width = style.verbose ? 0 : style.width,
                                .indent = LABEL_COLUMN};
    append_label("wire", style, out);
    if (style.verbose)
        gw_wirelog_append_all(result, layout, out);
    else
        gw_wirelog_append_excerpt(result, at, layout, out);
}

static void append_stimulus(const gw_result *result, gw_terminal_style style, gw_buf *out) {
    if (!result->stimulus || result->stimulus_len == 0) return;
    append_label("stimulus", style, out);
    gw_wirelog_append_stimulus(gw_span_make(result->stimulus, result->stimulus_len), out);
    gw_buf_append_byte(out, '\n');
}

/* What the server said last, line by line. */
static void append_server_log(const gw_result *result, gw_terminal_style style, gw_buf *out) {
    const char *line = result->server_log;
    if (!line || !*line) return;
    append_label("server", style, out);
    for (bool first = true; *line; first = false) {
        size_t len = strcspn(line, "\n");
        if (!first) gw_text_append_blanks(out, LABEL_COLUMN);
        gw_text_append_fit(out, gw_span_make(line, len), style.verbose ? 0 : style.width - LABEL_COLUMN);
        gw_buf_append_byte(out, '\n');
        line += len + (line[len] == '\n');
    }
}

static bool is_shown(const gw_finding *finding, const gw_report_run *run, gw_terminal_style style) {
    return finding->verdict != GW_VERDICT_SKIPPED &&
           (finding->verdict != GW_VERDICT_NON_STRICT || run->strict || style.verbose);
}

/* What else was found in the same scenario; the wire log above tells of it too. */
static void append_others(const gw_report_run *run, const gw_result *result, gw_terminal_style style, gw_buf *out) {
    for (size_t i = 1; i < result->finding_count; i++) {
        const gw_finding *finding = &result->findings[i];
        if (!is_shown(finding, run, style)) continue;
        gw_buf_printf(out, "  %salso%s       ", gw_style(GW_STYLE_DIM, style.colour),
                      gw_style(GW_STYLE_RESET, style.colour));
        gw_buf_append_cstr(out, gw_verdict_word(finding->verdict));
        append_rule_right(run, finding->rule, LABEL_COLUMN + strlen(gw_verdict_word(finding->verdict)), style.width,
                          out);
        append_clause(run, finding->rule, style, out);
        append_field("expected", finding->expected, style, out);
        append_field("observed", finding->observed, style, out);
        append_place(finding, style, out);
    }
}

static void append_title(const gw_report_run *run, const gw_result *result, const char *rule, gw_terminal_style style,
                         gw_buf *out) {
    gw_buf_printf(out, "\n%s%s", gw_style(GW_STYLE_BOLD, style.colour),
                  gw_style_verdict(result->verdict, style.colour));
    append_upper(gw_verdict_word(result->verdict), out);
    gw_buf_printf(out, "%s  ", gw_style(GW_STYLE_RESET, style.colour));
    gw_text_append_printable(out, gw_span_cstr(result->scenario->id));
    size_t left = strlen(gw_verdict_word(result->verdict)) + 2 + gw_text_columns(gw_span_cstr(result->scenario->id));
    append_rule_right(run, rule, left, style.width, out);
}

static void append_lateness(const gw_result *result, gw_terminal_style style, gw_buf *out) {
    char late[48], text[96];
    if (result->verdict != GW_VERDICT_INCONCLUSIVE || result->lateness <= 0) return;
    gw_time_format_ms(result->lateness, late, sizeof late);
    snprintf(text, sizeof text, "gwspec itself was late by up to %s", late);
    append_field("lateness", text, style, out);
}

static void append_rerun(const gw_report_run *run, const gw_result *result, gw_terminal_style style, gw_buf *out) {
    gw_buf command;
    gw_buf_init(&command, 1 << 20);
    gw_report_append_rerun(run, result->scenario, &command);
    append_label("rerun", style, out);
    gw_text_append_printable(out, gw_buf_span(&command));
    gw_buf_append_byte(out, '\n');
    gw_buf_deinit(&command);
}

void gw_terminal_append_blocks(const gw_report_run *run, const gw_result *result, gw_terminal_style style,
                               gw_buf *out) {
    if (!gw_terminal_has_block(result, run->strict, style.verbose)) return;
    if (style.width < MIN_WIDTH) style.width = MIN_WIDTH;
    const gw_finding *finding = result->finding_count ? &result->findings[0] : NULL;
    append_title(run, result, finding ? finding->rule : NULL, style, out);
    append_field("known", result->known_reason, style, out);
    if (finding) {
        append_clause(run, finding->rule, style, out);
        append_field("expected", finding->expected, style, out);
        append_field("observed", finding->observed, style, out);
        append_place(finding, style, out);
        append_lateness(result, style, out);
        append_wire(result, finding->at, style, out);
    }
    if (result->verdict == GW_VERDICT_CRASH) {
        append_stimulus(result, style, out);
        append_server_log(result, style, out);
    }
    append_others(run, result, style, out);
    append_rerun(run, result, style, out);
}

void gw_terminal_append_log(const gw_result *result, gw_terminal_style style, gw_buf *out) {
    gw_buf_printf(out, "\n%s%s%s  ", gw_style_verdict(result->verdict, style.colour), gw_verdict_word(result->verdict),
                  gw_style(GW_STYLE_RESET, style.colour));
    gw_text_append_printable(out, gw_span_cstr(result->scenario->id));
    gw_buf_append_byte(out, '\n');
    if (result->wire_count == 0) return;
    gw_wirelog_layout layout = {.client_column = gw_wirelog_client_column(result), .indent = 2};
    gw_buf_append_cstr(out, "  ");
    gw_wirelog_append_all(result, layout, out);
}
