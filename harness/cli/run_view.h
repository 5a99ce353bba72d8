/* What a person sees while a run goes on: a line for each group as it completes and, on a terminal, a live line below.
 * Floor 5. */
#ifndef GW_CLI_RUN_VIEW_H
#define GW_CLI_RUN_VIEW_H

#include "base/time.h"
#include "cli/console.h"
#include "report/terminal.h"

typedef struct gw_run_view_group {
    gw_span name;
    size_t expected; /* scenarios that were chosen */
    const gw_result **results;
    size_t count;
} gw_run_view_group;

typedef struct gw_run_view {
    gw_console console;
    gw_terminal_style style;
    bool strict;
    gw_run_view_group *groups; /* in order of first appearance among the chosen scenarios */
    size_t group_count;
    const gw_result **storage; /* of all groups */
    size_t failures;
    gw_ns started, last_drawn;
    bool drawn;   /* the live line stands on the terminal */
    bool written; /* false: standard output failed */
} gw_run_view;

/* False when out of memory. To be given to gw_run_view_deinit in any case. */
bool gw_run_view_init(gw_run_view *view, gw_console console, bool strict, bool verbose,
                      const gw_scenario *const *scenarios, size_t count, gw_ns now);
void gw_run_view_deinit(gw_run_view *view);
/* A final verdict; the result is borrowed until the view is gone. */
void gw_run_view_result(gw_run_view *view, const gw_result *result);
void gw_run_view_progress(gw_run_view *view, size_t done, size_t running, size_t total, gw_ns now);
/* A line worth knowing. */
void gw_run_view_note(gw_run_view *view, const char *line);
/* The live line goes; groups that did not complete (an interrupted run) are shown as far as they came. */
void gw_run_view_end(gw_run_view *view);

#endif
