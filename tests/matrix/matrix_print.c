/* The matrix as lines of text. */
#include "matrix.h"

bool matrix_row_is_caught(const matrix_row *row) {
    return row->named > 0 && row->unnamed == 0;
}

static const char *degree(gw_verdict worst) {
    return worst == GW_VERDICT_SKIPPED ? "unobserved" : gw_verdict_word(worst);
}

void matrix_print_row(FILE *out, const matrix_row *row, bool all) {
    bool caught = matrix_row_is_caught(row);
    fprintf(out, "%-34s %s%s", row->fault->name, caught ? "caught" : "NOT CAUGHT", row->misblamed ? ", MISBLAMED" : "");
    for (size_t i = 0; i < row->rule_count && !all; i++)
        if (row->rules[i].declared && row->rules[i].scenarios)
            fprintf(out, "  %s by %u", row->rules[i].id, row->rules[i].scenarios);
    fputc('\n', out);
    for (size_t i = 0; i < row->rule_count; i++) {
        const matrix_rule *r = &row->rules[i];
        if (r->declared && r->scenarios) {
            if (all) fprintf(out, "    %-10s %-20s by %u, first %s\n", degree(r->worst), r->id, r->scenarios, r->first);
        } else if (r->declared)
            fprintf(out, "    unnamed    %s\n", r->id);
        else
            fprintf(out, "    misblamed  %-20s by %u, first %s: %s\n", r->id, r->scenarios, r->first, r->observed);
    }
}
