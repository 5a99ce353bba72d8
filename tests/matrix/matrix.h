/* What a fault was found to break, and how that compares with what it says it breaks. */
#ifndef GW_TESTS_MATRIX_H
#define GW_TESTS_MATRIX_H

#include "cli/catalogue.h"
#include "cli/simulate.h"

#include <stdio.h>

enum { MATRIX_MAX_RULES = 96 };

typedef struct matrix_rule {
    char id[48];
    bool declared;
    unsigned scenarios; /* that named it */
    const char *first;  /* one of them */
    char observed[160]; /* by the first */
} matrix_rule;

typedef struct matrix_row {
    const gw_fault_info *fault;
    matrix_rule rules[MATRIX_MAX_RULES];
    size_t rule_count;
    unsigned named, unnamed, misblamed; /* declared and named, declared and not named, named and not declared */
} matrix_row;

bool matrix_row_is_caught(const matrix_row *row);
/* One row; with `all` also what was named rightly. */
void matrix_print_row(FILE *out, const matrix_row *row, bool all);

#endif
