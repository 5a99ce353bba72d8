/* The catalogue under many schedules. */
#include "matrix.h"

#include "cli/runner_verdict.h"

#include <stdlib.h>

static void print_alarm(const matrix *m, const gw_result *result, gw_verdict before, char **names, int name_count) {
    const char *id = result->scenario->id;
    printf("%s: %s under seed %llu, %s under seed %llu; %s\n  again: gwspec run %s --simulate --seed %llu", id,
           gw_verdict_word(result->verdict), (unsigned long long)m->config.seed, gw_verdict_word(before),
           (unsigned long long)m->seed, result->finding_count ? result->findings[0].observed : "", id,
           (unsigned long long)m->config.seed);
    for (int i = 0; i < name_count; i++) printf(" --fault %s", names[i]);
    printf("\n");
}

static bool is_alarm(gw_verdict verdict) {
    return verdict != GW_VERDICT_PASS && verdict != GW_VERDICT_SKIPPED;
}

static gw_verdict run_one(matrix *m, const gw_scenario *scenario, uint64_t seed, const gw_verdict *before,
                          unsigned long *alarms, char **names, int name_count) {
    m->config.seed = seed;
    const gw_simulate_schedule schedule = gw_simulate_schedule_of(seed);
    m->config.schedule = &schedule;
    gw_result *result = gw_simulate_run(scenario, &m->config);
    if (!result) abort();
    gw_verdict verdict = result->verdict;
    if (is_alarm(verdict) || (before && verdict != *before)) {
        ++*alarms;
        print_alarm(m, result, before ? *before : verdict, names, name_count);
    }
    gw_result_destroy(result);
    return verdict;
}

int matrix_run_schedules(matrix *m, unsigned long count, const gw_faults *faults, char **names, int name_count) {
    size_t scenarios = m->setup.chosen.count;
    unsigned long alarms = 0;
    char reason[512];
    m->config.faults = faults;
    for (unsigned long n = 0; n < count; n++) {
        /* One scenario a schedule beyond the first round, so that ten thousand schedules take seconds. */
        for (size_t i = n == 0 ? 0 : n % scenarios; i < scenarios; i++) {
            const gw_scenario *scenario = m->setup.chosen.items[i];
            if (runner_verdict_skip_reason(scenario, m->setup.protocol, NULL, reason, sizeof reason)) continue;
            gw_verdict verdict =
                run_one(m, scenario, m->seed + n, n ? &m->baseline[i] : NULL, &alarms, names, name_count);
            if (n > 0) break;
            m->baseline[i] = verdict;
        }
    }
    printf("schedules %lu false alarms %lu\n", count, alarms);
    return alarms ? 1 : 0;
}
