/* Floor 5: report files. */
#include "cli/run_reports.h"

#include "cli/console.h"
#include "cli/files.h"
#include "report/html.h"
#include "report/json.h"
#include "report/junit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool fail(const gw_run_report *report, const char *why) {
    gw_console_error("report %s: %s", report->path, why);
    return false;
}

/* A file that the run reads is not to be written over. `path` is what `option` with the words `word` is to write. */
static bool check_read(const gw_options *options, const char *path, const char *option, const char *word) {
    const struct {
        const char *path, *name;
    } read[] = {
        {options->target, "--target "}, {options->protocol, "--protocol "}, {options->expected, "--expected-failures "},
        {options->ca, "--ca "},         {options->cert, "--cert "},         {options->key, "--key "}};
    enum { READ_COUNT = sizeof read / sizeof read[0] };
    for (size_t i = 0; i < READ_COUNT + options->operands.count; i++) {
        const char *other = i < READ_COUNT ? read[i].path : options->operands.items[i - READ_COUNT];
        bool renewed = path == options->write_expected && other == options->expected;
        if (!other || renewed || !gw_files_is_file(other) || !gw_files_collide(path, other)) continue;
        gw_console_error("%s %s would write over %s%s", option, word, i < READ_COUNT ? read[i].name : "", other);
        return false;
    }
    return true;
}

/* Of two that are written to one file, one would be lost. */
static bool check_paths(const gw_options *options) {
    const char *known = options->write_expected;
    if (known && !check_read(options, known, "--write-expected-failures", known)) return false;
    for (size_t i = 0; i < options->reports.count; i++) {
        const char *path = options->report_list[i].path, *word = options->reports.items[i];
        if (!check_read(options, path, "--report", word)) return false;
        if (options->write_expected && gw_files_collide(path, options->write_expected)) {
            gw_console_error("--report %s and --write-expected-failures go to the same file", word);
            return false;
        }
        for (size_t k = 0; k < i; k++) {
            if (!gw_files_collide(path, options->report_list[k].path)) continue;
            gw_console_error("--report %s and --report %s go to the same file", options->reports.items[k], word);
            return false;
        }
    }
    return true;
}

bool gw_run_reports_open(gw_run_reports *reports, const gw_options *options) {
    *reports = (gw_run_reports){0};
    size_t count = options->reports.count;
    if (!check_paths(options)) return false;
    if (count == 0) return true;
    reports->items = calloc(count, sizeof *reports->items);
    if (!reports->items) return false;
    for (size_t i = 0; i < count; i++) {
        gw_run_report *report = &reports->items[reports->count++];
        *report = (gw_run_report){.kind = options->report_list[i].kind, .path = options->report_list[i].path};
        report->stream = fopen(report->path, "wb");
        if (!report->stream) return fail(report, strerror(errno));
    }
    return true;
}

/* Each record is flushed: what a killed run leaves behind can be read. */
static bool write_out(gw_run_report *report, gw_buf *text) {
    bool good = text->error == GW_OK ? true : fail(report, gw_status_text(text->error));
    if (good && text->len && fwrite(text->data, 1, text->len, report->stream) != text->len)
        good = fail(report, strerror(errno));
    if (good && fflush(report->stream) != 0) good = fail(report, strerror(errno));
    gw_buf_deinit(text);
    return good;
}

bool gw_run_reports_begin(gw_run_reports *reports, const gw_report_run *run) {
    bool good = true;
    for (size_t i = 0; i < reports->count; i++) {
        if (reports->items[i].kind != GW_REPORT_JSON) continue;
        gw_buf text;
        gw_buf_init(&text, GW_CONSOLE_MAX_TEXT);
        gw_json_append_run(run, &text);
        good &= write_out(&reports->items[i], &text);
    }
    return good;
}

bool gw_run_reports_result(gw_run_reports *reports, const gw_result *result) {
    bool good = true;
    for (size_t i = 0; i < reports->count; i++) {
        if (reports->items[i].kind != GW_REPORT_JSON) continue;
        gw_buf text;
        gw_buf_init(&text, GW_CONSOLE_MAX_TEXT);
        gw_json_append_result(result, &text);
        good &= write_out(&reports->items[i], &text);
    }
    return good;
}

bool gw_run_reports_end(gw_run_reports *reports, const gw_report_run *run, const gw_summary *summary,
                        const gw_result *const *results, size_t count) {
    bool good = true;
    for (size_t i = 0; i < reports->count; i++) {
        gw_buf text;
        gw_buf_init(&text, GW_CONSOLE_MAX_TEXT);
        if (reports->items[i].kind == GW_REPORT_JSON)
            gw_json_append_summary(summary, run->strict, &text);
        else if (reports->items[i].kind == GW_REPORT_HTML)
            gw_html_append(run, summary, results, count, &text);
        else
            gw_junit_append(run, summary, results, count, &text);
        good &= write_out(&reports->items[i], &text);
    }
    return good;
}

bool gw_run_reports_close(gw_run_reports *reports) {
    bool good = true;
    for (size_t i = 0; i < reports->count; i++)
        if (reports->items[i].stream && fclose(reports->items[i].stream) != 0)
            good = fail(&reports->items[i], strerror(errno));
    free(reports->items);
    *reports = (gw_run_reports){0};
    return good;
}
