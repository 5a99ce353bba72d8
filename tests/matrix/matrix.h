/* What a fault was found to break, and how that compares with what it says it breaks. */
#ifndef GW_TESTS_MATRIX_H
#define GW_TESTS_MATRIX_H

#include "cli/catalogue.h"
#include "cli/run_setup.h"
#include "cli/simulate.h"

#include <stdio.h>

enum { MATRIX_MAX_RULES = 96 };

typedef struct matrix {
    gw_run_setup setup;
    gw_simulate_config config;
    uint64_t seed;
    size_t every; /* of the scenarios that do not test what a fault breaks, one in so many */
    /* of each scenario */
    gw_verdict *baseline; /* without faults */
    unsigned *broken_by;  /* so many faults */
    bool *runs;           /* the knobs do not leave it out */
} matrix;

typedef struct matrix_rule {
    char id[48];
    bool declared;
    unsigned scenarios; /* that named it */
    gw_verdict worst;   /* of these; SKIPPED: it is no longer observed */
    const char *first;  /* one of them */
    char observed[160]; /* by the first */
} matrix_rule;

typedef struct matrix_row {
    const gw_fault_info *fault;
    matrix_rule rules[MATRIX_MAX_RULES];
    size_t rule_count;
    unsigned named, unnamed, misblamed; /* declared and named, declared and not named, named and not declared */
} matrix_row;

/* Every verdict of the catalogue under `count` schedules; prints what differs, and the command that shows it again.
 * `faults` stand under `names`. The exit code. */
int matrix_run_schedules(matrix *m, unsigned long count, const gw_faults *faults, char **names, int name_count);

bool matrix_row_is_caught(const matrix_row *row);
/* One row; with `all` a line for each rule. */
void matrix_print_row(FILE *out, const matrix_row *row, bool all);

#endif
