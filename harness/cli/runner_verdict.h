/* What happens to a scenario's result outside of its engine. Floor 5. The runner and the simulation share it. */
#ifndef GW_CLI_RUNNER_VERDICT_H
#define GW_CLI_RUNNER_VERDICT_H

#include "cli/runner.h"

/* Why the target cannot run the scenario, into out; false when it can. */
bool runner_verdict_skip_reason(const gw_scenario *scenario, const gw_protocol *protocol, const gw_target *target,
                                char *out, size_t size);
/* A result without a run. NULL: out of memory. */
gw_result *runner_verdict_without_run(const gw_runner_plan *plan, const gw_scenario *scenario, gw_verdict verdict,
                                      const char *reason);
/* Those that match no scenario of the suite; the array is the caller's to free. GW_ERR_NOMEM. */
gw_status runner_verdict_unmatched(const gw_runner_plan *plan, const gw_expected ***out, size_t *count);
/* The verdict becomes CRASH, or stays so; `observed` is added to what was seen. */
void runner_verdict_crash(gw_result *result, const gw_protocol *protocol, const char *observed);

#endif
