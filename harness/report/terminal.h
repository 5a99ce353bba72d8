/* The report that a person reads first. Floor 4, pure: text goes to a buffer; whether there is colour, and how wide a
 * line is, are arguments. */
#ifndef GW_REPORT_TERMINAL_H
#define GW_REPORT_TERMINAL_H

#include "report/summary.h"

typedef struct gw_terminal_style {
    bool colour;
    bool verbose;        /* also blocks for non-strict findings, and wire lines uncut */
    size_t width;        /* columns, at least 60 */
    size_t group_column; /* width of the longest group name: gw_terminal_group_column */
} gw_terminal_style;

/* One group of scenarios, by the first segment of their ids. */
typedef struct gw_terminal_group {
    gw_span name;
    const gw_result *const *results;
    size_t count;
} gw_terminal_group;

/* What the live line shows. */
typedef struct gw_terminal_progress {
    size_t done, total, running;
    size_t failures;
    gw_ns elapsed;
    const char *current; /* id of a running scenario, or NULL */
} gw_terminal_progress;

/* "gwspec 0.1  protocol gateway/1  target ws://...  seed 7314" and an empty line. */
void gw_terminal_append_head(const gw_report_run *run, gw_terminal_style style, gw_buf *out);
/* Width of the group column for these scenarios. */
size_t gw_terminal_group_column(const gw_scenario *const *scenarios, size_t count);
/* "  heartbeat       19   17 pass   1 fail   1 crash", with the reasons of what was skipped. */
void gw_terminal_append_group(gw_terminal_group group, gw_terminal_style style, gw_buf *out);
/* Is there a block for this result? */
bool gw_terminal_has_block(const gw_result *result, bool strict, bool verbose);
/* A block per finding of the result that is no pass: id, rule, level, clause, expected, observed, wire, stimulus,
 * rerun. Starts with an empty line. */
void gw_terminal_append_blocks(const gw_report_run *run, const gw_result *result, gw_terminal_style style, gw_buf *out);
/* The whole wire log of a result under its verdict and id, for --verbose. Starts with an empty line. */
void gw_terminal_append_log(const gw_result *result, gw_terminal_style style, gw_buf *out);
/* The counts, and the last line: "Conforms." or "Does not conform: S6, S19, RFC 6455 5.2." */
void gw_terminal_append_summary(const gw_report_run *run, const gw_summary *summary, const gw_result *const *results,
                                size_t count, gw_terminal_style style, gw_buf *out);
/* One line without its end, at most style.width - 1 columns. */
void gw_terminal_append_progress(const gw_terminal_progress *progress, gw_terminal_style style, gw_buf *out);

#endif
