/* The report files of a run. Floor 5. They are opened before the run, so that a path that cannot be written is told
 * at once and not after the last scenario. */
#ifndef GW_CLI_RUN_REPORTS_H
#define GW_CLI_RUN_REPORTS_H

#include "cli/options.h"
#include "report/summary.h"

#include <stdio.h>

typedef struct gw_run_report {
    gw_report_kind kind;
    const char *path;
    FILE *stream;
} gw_run_report;

typedef struct gw_run_reports {
    gw_run_report *items;
    size_t count;
} gw_run_reports;

/* False when a file cannot be opened, is to take something else as well, or is one that the run reads; so, too, for the
 * list of known failures that the run is to write. The reason is printed. To be closed in any case. */
bool gw_run_reports_open(gw_run_reports *reports, const gw_options *options);
/* What can be written as the run goes on (JSON lines). False when writing failed: the reason is printed. */
bool gw_run_reports_begin(gw_run_reports *reports, const gw_report_run *run);
bool gw_run_reports_result(gw_run_reports *reports, const gw_result *result);
/* The rest. Results sorted by id. */
bool gw_run_reports_end(gw_run_reports *reports, const gw_report_run *run, const gw_summary *summary,
                        const gw_result *const *results, size_t count);
/* False when the last bytes could not be written. */
bool gw_run_reports_close(gw_run_reports *reports);

#endif
