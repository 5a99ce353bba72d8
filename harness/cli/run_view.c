/* Floor 5: the live view of a run. */
#include "cli/run_view.h"

#include "report/text.h"

#include <stdlib.h>
#include <string.h>

/* Redrawn ten times a second at most: more only costs time that the run needs. */
#define DRAW_EVERY (100 * GW_MS)

static gw_run_view_group *group_of(gw_run_view *view, const char *id) {
    gw_span name = gw_report_group(id);
    for (size_t i = 0; i < view->group_count; i++)
        if (gw_span_equal(view->groups[i].name, name)) return &view->groups[i];
    return NULL;
}

bool gw_run_view_init(gw_run_view *view, gw_console console, bool strict, bool verbose,
                      const gw_scenario *const *scenarios, size_t count, gw_ns now) {
    *view = (gw_run_view){.console = console, .strict = strict, .started = now, .written = true};
    view->style = (gw_terminal_style){.colour = console.colour,
                                      .verbose = verbose,
                                      .width = console.width,
                                      .group_column = gw_terminal_group_column(scenarios, count)};
    view->groups = calloc(count ? count : 1, sizeof *view->groups);
    view->storage = calloc(count ? count : 1, sizeof *view->storage);
    if (!view->groups || !view->storage) return false;
    for (size_t i = 0; i < count; i++) {
        gw_run_view_group *group = group_of(view, scenarios[i]->id);
        if (!group) {
            group = &view->groups[view->group_count++];
            group->name = gw_report_group(scenarios[i]->id);
        }
        group->expected++;
    }
    size_t used = 0;
    for (size_t i = 0; i < view->group_count; i++) {
        view->groups[i].results = view->storage + used;
        used += view->groups[i].expected;
    }
    return true;
}

void gw_run_view_deinit(gw_run_view *view) {
    free(view->groups);
    free(view->storage);
    *view = (gw_run_view){0};
}

/* Lines go where the live line stood; it is drawn again with the next progress. */
static void print(gw_run_view *view, gw_buf *text) {
    gw_buf out;
    gw_buf_init(&out, text->len + 16);
    if (view->drawn) gw_buf_append_cstr(&out, "\r\033[K");
    gw_buf_append_span(&out, gw_buf_span(text));
    view->drawn = false;
    view->last_drawn = 0;
    view->written &= gw_console_write(gw_buf_span(&out));
    gw_buf_deinit(&out);
    gw_buf_deinit(text);
}

static void print_group(gw_run_view *view, gw_run_view_group *group) {
    gw_buf text;
    gw_buf_init(&text, GW_CONSOLE_MAX_TEXT);
    gw_terminal_group lines = {.name = group->name, .results = group->results, .count = group->count};
    gw_terminal_append_group(lines, view->style, &text);
    print(view, &text);
}

void gw_run_view_result(gw_run_view *view, const gw_result *result) {
    gw_run_view_group *group = group_of(view, result->scenario->id);
    if (!group || group->count == group->expected) return;
    group->results[group->count++] = result;
    view->failures += gw_summary_fails(result->verdict, view->strict);
    if (group->count == group->expected) print_group(view, group);
}

void gw_run_view_progress(gw_run_view *view, size_t done, size_t running, size_t total, gw_ns now) {
    if (!view->console.live || (view->last_drawn && now - view->last_drawn < DRAW_EVERY)) return;
    gw_terminal_progress progress = {
        .done = done, .total = total, .running = running, .failures = view->failures, .elapsed = now - view->started};
    gw_buf text;
    gw_buf_init(&text, 1 << 16);
    gw_buf_append_cstr(&text, "\r\033[K");
    gw_terminal_append_progress(&progress, view->style, &text);
    view->written &= gw_console_write(gw_buf_span(&text));
    view->drawn = true;
    view->last_drawn = now;
    gw_buf_deinit(&text);
}

void gw_run_view_note(gw_run_view *view, const char *line) {
    gw_buf text;
    gw_buf_init(&text, 1 << 20);
    gw_buf_append_cstr(&text, "  note  ");
    gw_text_append_printable(&text, gw_span_cstr(line));
    gw_buf_append_byte(&text, '\n');
    print(view, &text);
}

void gw_run_view_end(gw_run_view *view) {
    for (size_t i = 0; i < view->group_count; i++) {
        gw_run_view_group *group = &view->groups[i];
        if (group->count > 0 && group->count < group->expected) print_group(view, group);
    }
    if (!view->drawn) return;
    gw_buf nothing;
    gw_buf_init(&nothing, 16);
    print(view, &nothing);
}
