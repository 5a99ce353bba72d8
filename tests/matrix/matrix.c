/* Proves the tester: runs the catalogue against the reference server with each fault in turn, simulated. A fault is
 * caught when every rule that it declares to break is named by a scenario; a rule that is named and not declared is
 * misblamed.
 *
 *   gwspec-matrix [--verbose] [--report PATH] [--seed N] [--schedules N] [FAULT...]
 *
 * --schedules N instead runs the catalogue against the server without faults under N schedules of splits, delays and
 * lost bystanders; every verdict must be that of the first. */
#include "matrix.h"

#include "cli/run_setup.h"
#include "cli/runner_verdict.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

typedef struct matrix {
    gw_run_setup setup;
    gw_simulate_config config;
    uint64_t seed;
} matrix;

static matrix_rule *rule_of(matrix_row *row, const char *id) {
    for (size_t i = 0; i < row->rule_count; i++)
        if (strcmp(row->rules[i].id, id) == 0) return &row->rules[i];
    if (row->rule_count == MATRIX_MAX_RULES) {
        fprintf(stderr, "matrix: more than %d rules are named for %s\n", MATRIX_MAX_RULES, row->fault->name);
        exit(4);
    }
    matrix_rule *rule = &row->rules[row->rule_count++];
    snprintf(rule->id, sizeof rule->id, "%s", id);
    return rule;
}

static void declare(matrix_row *row) {
    char copy[1024];
    snprintf(copy, sizeof copy, "%s", row->fault->rules);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) rule_of(row, word)->declared = true;
}

static void note(matrix_row *row, const gw_scenario *scenario, const gw_result *result) {
    for (size_t i = 0; i < result->finding_count; i++) {
        const gw_finding *f = &result->findings[i];
        bool blames =
            f->verdict == GW_VERDICT_FAIL || f->verdict == GW_VERDICT_CRASH || f->verdict == GW_VERDICT_NON_STRICT;
        const char *id = blames ? f->rule : f->verdict == GW_VERDICT_ERROR ? "(error)" : NULL;
        if (!id) continue;
        matrix_rule *rule = rule_of(row, id);
        if (rule->scenarios++ > 0) continue;
        rule->first = scenario->id;
        snprintf(rule->observed, sizeof rule->observed, "%s", f->observed);
    }
}

/* A requirement that is only observed (MAY) is broken silently: its verdict is "skipped: not observed". */
static void note_observed(matrix_row *row, const gw_scenario *scenario, const gw_result *result) {
    for (size_t i = 0; i < result->finding_count; i++) {
        const gw_finding *f = &result->findings[i];
        if (f->verdict != GW_VERDICT_SKIPPED || !f->rule) continue;
        for (size_t r = 0; r < row->rule_count; r++)
            if (row->rules[r].declared && strcmp(row->rules[r].id, f->rule) == 0 && row->rules[r].scenarios++ == 0)
                row->rules[r].first = scenario->id;
    }
}

static void run_fault(matrix *m, gw_fault fault, matrix_row *row) {
    gw_faults faults = {0};
    char reason[512];
    gw_faults_add(&faults, fault);
    row->fault = gw_faults_info(fault);
    declare(row);
    gw_simulate_config config = m->config;
    config.faults = &faults;
    for (size_t i = 0; i < m->setup.chosen.count; i++) {
        const gw_scenario *scenario = m->setup.chosen.items[i];
        if (runner_verdict_skip_reason(scenario, m->setup.protocol, NULL, reason, sizeof reason)) continue;
        gw_result *result = gw_simulate_run(scenario, &config);
        if (!result) abort();
        note(row, scenario, result);
        note_observed(row, scenario, result);
        gw_result_destroy(result);
    }
    for (size_t i = 0; i < row->rule_count; i++) {
        const matrix_rule *r = &row->rules[i];
        if (r->declared && r->scenarios) row->named++;
        if (r->declared && !r->scenarios) row->unnamed++;
        if (!r->declared) row->misblamed++;
    }
}

static int run_faults(matrix *m, char **names, int name_count, bool verbose, FILE *report) {
    unsigned faults = 0, caught = 0, misblamed = 0;
    for (int f = 0; f < GW_FAULT_COUNT; f++) {
        bool wanted = name_count == 0;
        for (int n = 0; n < name_count; n++)
            wanted = wanted || strcmp(names[n], gw_faults_info((gw_fault)f)->name) == 0;
        if (!wanted) continue;
        matrix_row *row = calloc(1, sizeof *row);
        if (!row) abort();
        run_fault(m, (gw_fault)f, row);
        faults++;
        caught += matrix_row_is_caught(row);
        misblamed += row->misblamed > 0;
        matrix_print_row(stdout, row, verbose);
        if (report) matrix_print_row(report, row, true);
        free(row);
    }
    FILE *const outs[] = {stdout, report};
    for (int i = 0; i < 2; i++)
        if (outs[i]) fprintf(outs[i], "faults %u caught %u misblamed %u\n", faults, caught, misblamed);
    return faults > 0 && caught == faults && misblamed == 0 ? 0 : 1;
}

static int run_schedules(matrix *m, unsigned long count) {
    size_t scenarios = m->setup.chosen.count;
    gw_verdict *first = calloc(scenarios + 1, sizeof *first);
    unsigned long alarms = 0;
    char reason[512];
    if (!first) abort();
    for (unsigned long n = 0; n < count; n++) {
        /* one scenario a schedule beyond the first round, so that thousands of schedules take seconds */
        for (size_t i = n == 0 ? 0 : n % scenarios; i < scenarios; i++) {
            const gw_scenario *scenario = m->setup.chosen.items[i];
            if (runner_verdict_skip_reason(scenario, m->setup.protocol, NULL, reason, sizeof reason)) continue;
            m->config.seed = m->seed + n;
            const gw_simulate_schedule schedule = gw_simulate_schedule_of(m->config.seed);
            m->config.schedule = &schedule;
            gw_result *result = gw_simulate_run(scenario, &m->config);
            if (!result) abort();
            if (n == 0) first[i] = result->verdict;
            bool bad = result->verdict == GW_VERDICT_FAIL || result->verdict == GW_VERDICT_CRASH ||
                       result->verdict == GW_VERDICT_ERROR || result->verdict == GW_VERDICT_NON_STRICT ||
                       result->verdict == GW_VERDICT_INCONCLUSIVE;
            if (bad || result->verdict != first[i]) {
                alarms++;
                printf("%s: %s under seed %llu, %s before; %s\n  again: gwspec run %s --simulate --seed %llu\n",
                       scenario->id, gw_verdict_word(result->verdict), (unsigned long long)m->config.seed,
                       gw_verdict_word(first[i]), result->finding_count ? result->findings[0].observed : "",
                       scenario->id, (unsigned long long)m->config.seed);
            }
            gw_result_destroy(result);
            if (n > 0) break;
        }
    }
    free(first);
    printf("schedules %lu false alarms %lu\n", count, alarms);
    return alarms ? 1 : 0;
}

static int usage(const char *what) {
    fprintf(stderr,
            "matrix: %s\nUsage: gwspec-matrix [--verbose] [--report PATH] [--seed N] [--schedules N] [FAULT...]\n",
            what);
    return 2;
}

int main(int argc, char **argv) {
    matrix m = {.seed = 1};
    bool verbose = false;
    unsigned long schedules = 0;
    const char *path = NULL;
    int arg = 1;
    for (; arg < argc && argv[arg][0] == '-'; arg++) {
        if (strcmp(argv[arg], "--verbose") == 0)
            verbose = true;
        else if (strcmp(argv[arg], "--report") == 0 && arg + 1 < argc)
            path = argv[++arg];
        else if (strcmp(argv[arg], "--seed") == 0 && arg + 1 < argc)
            m.seed = strtoull(argv[++arg], NULL, 0);
        else if (strcmp(argv[arg], "--schedules") == 0 && arg + 1 < argc)
            schedules = strtoul(argv[++arg], NULL, 10);
        else
            return usage(argv[arg]);
    }
    for (int i = arg; i < argc; i++) {
        gw_fault ignored;
        if (gw_faults_find(gw_span_cstr(argv[i]), &ignored) != GW_OK) return usage("no such fault");
    }
    mallopt(M_MMAP_THRESHOLD, 32 << 20); /* messages of megabytes come again and again: keep their pages */
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    if (!gw_run_setup_init(&m.setup, &(gw_options){.command = GW_COMMAND_RUN, .simulate = true})) return 2;
    /* No splits but those that a scenario asks for: a fault that splits bring out must be found by its own scenarios.
     */
    static const gw_simulate_schedule whole = {.delay_max = GW_MS};
    m.config = (gw_simulate_config){.schedule = &whole,
                                    .protocol = m.setup.protocol,
                                    .requirements = &m.setup.catalogue.requirements,
                                    .seed = m.seed,
                                    .timeout_scale = 1};
    FILE *report = path ? fopen(path, "w") : NULL;
    if (path && !report) return usage("the report cannot be written");
    int exit_code = schedules ? run_schedules(&m, schedules) : run_faults(&m, argv + arg, argc - arg, verbose, report);
    if (report) fclose(report);
    gw_run_setup_deinit(&m.setup);
    return exit_code;
}
