/* The matrix as lines of text. */
#include "matrix.h"

bool matrix_row_is_caught(const matrix_row *row) {
    return row->named > 0 && row->unnamed == 0;
}

void matrix_print_row(FILE *out, const matrix_row *row, bool all) {
    bool caught = matrix_row_is_caught(row);
    if (!all && caught && !row->misblamed) return;
    fprintf(out, "%-34s %s%s\n", row->fault->name, caught ? "caught" : "NOT CAUGHT",
            row->misblamed ? ", MISBLAMED" : "");
    for (size_t i = 0; i < row->rule_count; i++) {
        const matrix_rule *r = &row->rules[i];
        if (r->declared && r->scenarios) {
            if (all) fprintf(out, "    named      %-20s by %u, first %s\n", r->id, r->scenarios, r->first);
        } else if (r->declared)
            fprintf(out, "    unnamed    %s\n", r->id);
        else
            fprintf(out, "    misblamed  %-20s by %u, first %s: %s\n", r->id, r->scenarios, r->first, r->observed);
    }
}
