/* The list of known failures that --write-expected-failures leaves. Floor 5. */
#ifndef GW_CLI_BASELINE_H
#define GW_CLI_BASELINE_H

#include "cli/runner.h"

/* Before the run: can a list be put there? An old one is not touched. False: the reason is printed. */
bool gw_baseline_probe(const char *path);
/* After a complete run: the entries of the plan that still hold, as they were, and what else failed. It takes the place
 * of an old list in one step. False: the reason is printed, and the old list is as it was. */
bool gw_baseline_write(const char *path, const gw_runner_plan *plan, const gw_runner_outcome *outcome);

#endif
