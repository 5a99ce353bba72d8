/* Proves the tester: runs the catalogue against the reference server with each fault in turn, simulated. A fault is
 * caught when every rule that it declares to break is named by a scenario; a rule that is named and not declared is
 * misblamed.
 *
 *   gwspec-matrix [--verbose] [--report PATH] [--seed N] [--every N] [--schedules N] [FAULT...]
 *
 * Each scenario must pass (or be skipped) without faults, and some fault must make it blame a rule that it
 * requires: else it could not fail.
 *
 * --every N runs with each fault only the scenarios that test what it breaks, and one in N of the others.
 * --schedules N instead runs the catalogue under N schedules of splits, delays and lost bystanders, against the server
 * with the faults that are named, or none; every verdict must be that of the first. */
#include "matrix.h"

#include "cli/runner_verdict.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

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

static bool requires(const gw_scenario *scenario, const char *rule) {
    for (size_t i = 0; i < scenario->requires_count; i++)
        if (strcmp(scenario->requires_ids[i], rule) == 0) return true;
    return false;
}

/* What the scenario blames goes into the row; whether it is a rule that the scenario is there for. */
static bool note(matrix_row *row, const gw_scenario *scenario, const gw_result *result) {
    bool any = false;
    for (size_t i = 0; i < result->finding_count; i++) {
        const gw_finding *f = &result->findings[i];
        bool blames =
            f->verdict == GW_VERDICT_FAIL || f->verdict == GW_VERDICT_CRASH || f->verdict == GW_VERDICT_NON_STRICT;
        const char *id = blames ? f->rule : f->verdict == GW_VERDICT_ERROR ? "(error)" : NULL;
        if (!id) continue;
        any |= blames && requires(scenario, id);
        matrix_rule *rule = rule_of(row, id);
        if (f->verdict > rule->worst) rule->worst = f->verdict;
        if (rule->scenarios++ > 0) continue;
        rule->first = scenario->id;
        snprintf(rule->observed, sizeof rule->observed, "%s", f->observed);
    }
    return any;
}

/* A requirement that is only observed (MAY) is broken silently: its verdict is "skipped: not observed", where it was
 * "pass" without the fault. */
static bool note_observed(matrix_row *row, const gw_scenario *scenario, const gw_result *result) {
    bool any = false;
    for (size_t i = 0; i < result->finding_count; i++) {
        const gw_finding *f = &result->findings[i];
        if (f->verdict != GW_VERDICT_SKIPPED || !f->rule) continue;
        for (size_t r = 0; r < row->rule_count; r++) {
            matrix_rule *rule = &row->rules[r];
            if (!rule->declared || strcmp(rule->id, f->rule) != 0) continue;
            any |= requires(scenario, rule->id);
            if (rule->scenarios == 0) rule->worst = GW_VERDICT_SKIPPED;
            if (rule->scenarios++ == 0) rule->first = scenario->id;
        }
    }
    return any;
}

static bool tests_any(const gw_scenario *scenario, const matrix_row *row) {
    for (size_t r = 0; r < row->rule_count; r++)
        if (row->rules[r].declared && requires(scenario, row->rules[r].id)) return true;
    return false;
}

/* Without faults: passes or is not observed, else the matrix says nothing. False when one does not. */
static bool run_baseline(matrix *m) {
    bool good = true;
    char reason[512];
    for (size_t i = 0; i < m->setup.chosen.count; i++) {
        const gw_scenario *scenario = m->setup.chosen.items[i];
        m->baseline[i] = GW_VERDICT_SKIPPED;
        m->runs[i] = !runner_verdict_skip_reason(scenario, m->setup.protocol, NULL, reason, sizeof reason);
        if (!m->runs[i]) continue;
        gw_result *result = gw_simulate_run(scenario, &m->config);
        if (!result) abort();
        m->baseline[i] = result->verdict;
        if (result->verdict != GW_VERDICT_PASS && result->verdict != GW_VERDICT_SKIPPED) {
            printf("%s is %s without a fault: %s\n", scenario->id, gw_verdict_word(result->verdict),
                   result->findings[0].observed);
            good = false;
        }
        gw_result_destroy(result);
    }
    return good;
}

static void run_fault(matrix *m, gw_fault fault, size_t every, matrix_row *row) {
    gw_faults faults = {0};
    gw_faults_add(&faults, fault);
    row->fault = gw_faults_info(fault);
    declare(row);
    gw_simulate_config config = m->config;
    config.faults = &faults;
    for (size_t i = 0; i < m->setup.chosen.count; i++) {
        const gw_scenario *scenario = m->setup.chosen.items[i];
        if (!m->runs[i]) continue;
        if (every > 1 && (i + (size_t)fault) % every != 0 && !tests_any(scenario, row)) continue;
        gw_result *result = gw_simulate_run(scenario, &config);
        if (!result) abort();
        bool broken = note(row, scenario, result);
        if (m->baseline[i] == GW_VERDICT_PASS) broken |= note_observed(row, scenario, result);
        m->broken_by[i] += broken;
        gw_result_destroy(result);
    }
    for (size_t i = 0; i < row->rule_count; i++) {
        const matrix_rule *r = &row->rules[i];
        if (r->declared && r->scenarios) row->named++;
        if (r->declared && !r->scenarios) row->unnamed++;
        if (!r->declared) row->misblamed++;
    }
}

/* Scenarios that no fault made blame a rule that they are there for: nothing shows that they can. */
static size_t print_unbroken(const matrix *m, FILE *out) {
    size_t count = 0;
    for (size_t i = 0; i < m->setup.chosen.count; i++) {
        if (!m->runs[i] || m->broken_by[i]) continue;
        count++;
        fprintf(out, "no fault breaks %s\n", m->setup.chosen.items[i]->id);
    }
    return count;
}

static int run_faults(matrix *m, char **names, int name_count, bool verbose, FILE *report) {
    unsigned faults = 0, caught = 0, misblamed = 0;
    size_t unbroken = 0;
    if (!run_baseline(m)) return 1;
    for (int f = 0; f < GW_FAULT_COUNT; f++) {
        bool wanted = name_count == 0;
        for (int n = 0; n < name_count; n++)
            wanted = wanted || strcmp(names[n], gw_faults_info((gw_fault)f)->name) == 0;
        if (!wanted) continue;
        matrix_row *row = calloc(1, sizeof *row);
        if (!row) abort();
        run_fault(m, (gw_fault)f, m->every, row);
        if (m->every > 1 && row->unnamed) { /* a scenario of another rule names it */
            memset(row, 0, sizeof *row);
            run_fault(m, (gw_fault)f, 1, row);
        }
        faults++;
        caught += matrix_row_is_caught(row);
        misblamed += row->misblamed > 0;
        matrix_print_row(stdout, row, verbose);
        if (report) matrix_print_row(report, row, true);
        free(row);
    }
    FILE *const outs[] = {stdout, report};
    for (int i = 0; i < 2; i++)
        if (outs[i] && name_count == 0) unbroken = print_unbroken(m, outs[i]);
    for (int i = 0; i < 2; i++)
        if (outs[i]) fprintf(outs[i], "faults %u caught %u misblamed %u\n", faults, caught, misblamed);
    return faults > 0 && caught == faults && misblamed == 0 && unbroken == 0 ? 0 : 1;
}

static int usage(const char *what) {
    fprintf(stderr,
            "matrix: %s\nUsage: gwspec-matrix [--verbose] [--report PATH] [--seed N] [--every N] "
            "[--schedules N] [FAULT...]\n",
            what);
    return 2;
}

int main(int argc, char **argv) {
    matrix m = {.seed = 1, .every = 1};
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
        else if (strcmp(argv[arg], "--every") == 0 && arg + 1 < argc)
            m.every = strtoul(argv[++arg], NULL, 10);
        else if (strcmp(argv[arg], "--schedules") == 0 && arg + 1 < argc)
            schedules = strtoul(argv[++arg], NULL, 10);
        else
            return usage(argv[arg]);
    }
    gw_faults faults = {0};
    for (int i = arg; i < argc; i++) {
        gw_fault fault;
        if (gw_faults_find(gw_span_cstr(argv[i]), &fault) != GW_OK) return usage("no such fault");
        gw_faults_add(&faults, fault);
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
    size_t scenarios = m.setup.chosen.count + 1;
    m.baseline = calloc(scenarios, sizeof *m.baseline);
    m.broken_by = calloc(scenarios, sizeof *m.broken_by);
    m.runs = calloc(scenarios, sizeof *m.runs);
    if (!m.baseline || !m.broken_by || !m.runs) abort();
    FILE *report = path ? fopen(path, "w") : NULL;
    if (path && !report) return usage("the report cannot be written");
    int exit_code = schedules ? matrix_run_schedules(&m, schedules, &faults, argv + arg, argc - arg)
                              : run_faults(&m, argv + arg, argc - arg, verbose, report);
    if (report) fclose(report);
    free(m.baseline);
    free(m.broken_by);
    free(m.runs);
    gw_run_setup_deinit(&m.setup);
    return exit_code;
}
