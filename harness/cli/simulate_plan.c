/* Many scenarios in simulation, each with a gateway of its own. Floor 5. */
#include "cli/simulate_internal.h"

#include "cli/runner_verdict.h"
#include "net/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_faults(const gw_runner_plan *plan, gw_faults *faults, gw_runner_outcome *outcome) {
    for (size_t i = 0; i < plan->fault_count; i++) {
        gw_fault fault;
        gw_span name = gw_span_cstr(plan->faults[i]);
        if (gw_faults_find(name, &fault) == GW_OK) {
            gw_faults_add(faults, fault);
            continue;
        }
        const char *meant = gw_faults_suggest(name);
        outcome->end = GW_RUNNER_BAD_TARGET;
        snprintf(outcome->message, sizeof outcome->message, "unknown fault '%s'%s%s%s", plan->faults[i],
                 meant ? " (did you mean '" : "", meant ? meant : "", meant ? "'?)" : "");
        return false;
    }
    return true;
}

static gw_result *judge(const gw_runner_plan *plan, const gw_scenario *scenario, const gw_simulate_config *config) {
    char reason[512];
    if (runner_verdict_skip_reason(scenario, plan->protocol, NULL, reason, sizeof reason))
        return runner_verdict_without_run(plan, scenario, GW_VERDICT_SKIPPED, reason);
    return gw_simulate_run(scenario, config);
}

static void run_all(const gw_runner_plan *plan, const gw_simulate_config *config, const gw_runner_callbacks *callbacks,
                    gw_runner_outcome *outcome) {
    outcome->results = calloc(plan->scenario_count + 1, sizeof(gw_result *));
    for (size_t i = 0; outcome->results && i < plan->scenario_count; i++) {
        gw_result *result = judge(plan, plan->scenarios[i], config);
        if (!result) break;
        gw_expected_apply(plan->expected, plan->expected_count, result);
        outcome->results[outcome->result_count++] = result;
        if (callbacks && callbacks->on_result) callbacks->on_result(result, callbacks->user);
        if (callbacks && callbacks->on_progress)
            callbacks->on_progress(outcome->result_count, 0, plan->scenario_count, callbacks->user);
    }
    if (outcome->result_count == plan->scenario_count) return;
    outcome->end = GW_RUNNER_INTERNAL;
    snprintf(outcome->message, sizeof outcome->message, "out of memory");
}

void gw_simulate_plan(const gw_runner_plan *plan, const gw_runner_callbacks *callbacks, gw_runner_outcome *outcome) {
    gw_ns started = gw_clock_now();
    gw_faults faults;
    gw_core_config core;
    memset(&faults, 0, sizeof faults);
    gw_core_config_default(&core);
    *outcome = (gw_runner_outcome){.end = GW_RUNNER_COMPLETE, .jobs = 1};
    if (plan->interval) core.interval_ns = plan->interval;
    const gw_simulate_schedule schedule = gw_simulate_schedule_of(plan->seed);
    gw_simulate_config config = {.schedule = &schedule,
                                 .protocol = plan->protocol,
                                 .requirements = plan->suite ? plan->suite->requirements : NULL,
                                 .core = &core,
                                 .faults = &faults,
                                 .seed = plan->seed,
                                 .timeout_scale = plan->timeout_scale};
    if (read_faults(plan, &faults, outcome)) run_all(plan, &config, callbacks, outcome);
    if (runner_verdict_unmatched(plan, &outcome->unmatched, &outcome->unmatched_count) != GW_OK) {
        outcome->end = GW_RUNNER_INTERNAL;
        snprintf(outcome->message, sizeof outcome->message, "out of memory");
    }
    outcome->elapsed = gw_clock_now() - started;
}
