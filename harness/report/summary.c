/* Floor 4: counts and the verdict on a run. */
#include "report/summary.h"

#include <stdlib.h>
#include <string.h>

void gw_summary_init(gw_summary *summary) {
    *summary = (gw_summary){0};
}

void gw_summary_add(gw_summary *summary, const gw_result *result) {
    summary->counts[result->verdict]++;
    summary->total++;
    summary->flaky += result->flaky != NULL;
    if (summary->longest_id && result->duration <= summary->longest) return;
    summary->longest = result->duration;
    summary->longest_id = result->scenario->id;
}

gw_summary gw_summary_of(const gw_result *const *results, size_t count) {
    gw_summary summary;
    gw_summary_init(&summary);
    for (size_t i = 0; i < count; i++) gw_summary_add(&summary, results[i]);
    return summary;
}

size_t gw_summary_judged(const gw_summary *summary) {
    return summary->total - summary->counts[GW_VERDICT_SKIPPED] - summary->counts[GW_VERDICT_INCONCLUSIVE] -
           summary->counts[GW_VERDICT_ERROR];
}

bool gw_summary_fails(gw_verdict verdict, bool strict) {
    return verdict == GW_VERDICT_FAIL || verdict == GW_VERDICT_CRASH || verdict == GW_VERDICT_UNEXPECTED_PASS ||
           (strict && verdict == GW_VERDICT_NON_STRICT);
}

gw_conformance gw_summary_conformance(const gw_summary *summary, bool strict) {
    for (int verdict = 0; verdict < GW_VERDICT_COUNT; verdict++)
        if (summary->counts[verdict] > 0 && gw_summary_fails((gw_verdict)verdict, strict)) return GW_CONFORMANCE_NO;
    if (summary->unused_count > 0) return GW_CONFORMANCE_NO;
    bool open = summary->end || summary->counts[GW_VERDICT_INCONCLUSIVE] > 0 || summary->counts[GW_VERDICT_ERROR] > 0;
    return open || gw_summary_judged(summary) == 0 ? GW_CONFORMANCE_NOT_SHOWN : GW_CONFORMANCE_YES;
}

int gw_summary_exit_code(const gw_summary *summary, bool strict) {
    if (summary->exit_code) return summary->exit_code;
    return gw_summary_conformance(summary, strict) == GW_CONFORMANCE_YES ? GW_SUMMARY_EXIT_CONFORMS
                                                                         : GW_SUMMARY_EXIT_FAILS;
}

static int by_clause(const void *a, const void *b) {
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    int rfc_x = strncmp(x, "RFC", 3) == 0, rfc_y = strncmp(y, "RFC", 3) == 0;
    return rfc_x != rfc_y ? rfc_x - rfc_y : strverscmp(x, y);
}

/* Rules in `mask`, with repetitions. `out` may be NULL to count only. */
static size_t collect_rules(const gw_result *const *results, size_t count, unsigned mask, const char **out) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (results[i]->verdict == GW_VERDICT_KNOWN_FAIL) continue;
        for (size_t k = 0; k < results[i]->finding_count; k++) {
            const gw_finding *finding = &results[i]->findings[k];
            if (!finding->rule || !(mask & 1u << finding->verdict)) continue;
            if (out) out[n] = finding->rule;
            n++;
        }
    }
    return n;
}

size_t gw_summary_append_clauses(const gw_result *const *results, size_t count, unsigned mask, gw_buf *out) {
    size_t n = collect_rules(results, count, mask, NULL), named = 0;
    const char **rules = n ? malloc(n * sizeof *rules) : NULL;
    if (!rules) {
        if (n) out->error = GW_ERR_NOMEM;
        return 0;
    }
    collect_rules(results, count, mask, rules);
    qsort(rules, n, sizeof *rules, by_clause);
    gw_buf last, name; /* two rules of one RFC section read alike */
    gw_buf_init(&last, 256);
    gw_buf_init(&name, 256);
    for (size_t i = 0; i < n; i++) {
        gw_buf_clear(&name);
        gw_report_append_clause_name(rules[i], &name);
        if (named && gw_span_equal(gw_buf_span(&name), gw_buf_span(&last))) continue;
        if (named++) gw_buf_append_cstr(out, ", ");
        gw_buf_append_span(out, gw_buf_span(&name));
        gw_buf_clear(&last);
        gw_buf_append_span(&last, gw_buf_span(&name));
    }
    gw_buf_deinit(&last);
    gw_buf_deinit(&name);
    free(rules);
    return named;
}
