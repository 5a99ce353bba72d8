/* The verdict on a whole run: counts, the clauses that were broken, the exit code. Floor 4, pure. */
#ifndef GW_REPORT_SUMMARY_H
#define GW_REPORT_SUMMARY_H

#include "report/run.h"
#include "scenario/expected.h"

/* How late the harness itself was, with timers and sends. */
typedef struct gw_summary_lateness {
    gw_ns p50, p99, max;
} gw_summary_lateness;

typedef struct gw_summary {
    size_t counts[GW_VERDICT_COUNT];
    size_t total;
    size_t flaky;                     /* passed only when run again */
    gw_ns elapsed;                    /* of the run; set by the caller */
    gw_summary_lateness lateness;     /* set by the caller */
    gw_ns longest;                    /* of one scenario */
    const char *longest_id;           /* borrowed; NULL before the first result */
    const gw_expected *const *unused; /* expected failures that matched no scenario; set by the caller, borrowed */
    size_t unused_count;
    /* Set by the caller of a run that ended before every scenario had its verdict; NULL: it did not. Borrowed. */
    const char *end;     /* in a word: "interrupted" */
    const char *cause;   /* as a sentence: "the run was interrupted" */
    const char *message; /* what was told of it: a line, then perhaps the server's last lines */
    int exit_code;       /* what decides above the results, set by the caller; 0: they decide */
} gw_summary;

typedef enum gw_conformance {
    GW_CONFORMANCE_YES,
    GW_CONFORMANCE_NO,
    GW_CONFORMANCE_NOT_SHOWN /* nothing fails, but something could not be judged */
} gw_conformance;

/* Values of a process's exit code that results decide. The others (2 usage or file, 3 target unreachable, 4 internal,
 * 130 interrupted) are the command line's. */
enum { GW_SUMMARY_EXIT_CONFORMS = 0, GW_SUMMARY_EXIT_FAILS = 1 };

void gw_summary_init(gw_summary *summary);
void gw_summary_add(gw_summary *summary, const gw_result *result);
gw_summary gw_summary_of(const gw_result *const *results, size_t count);
/* Scenarios with a verdict on the peer: all but skipped, inconclusive and error. */
size_t gw_summary_judged(const gw_summary *summary);
/* Does this verdict alone keep the run from conforming? */
bool gw_summary_fails(gw_verdict verdict, bool strict);
/* Conforms: only pass, non-strict (unless strict), skipped and known-fail, at least one of them judged, and every
 * expected failure still is one. Not shown: inconclusive or error results, or nothing judged. */
gw_conformance gw_summary_conformance(const gw_summary *summary, bool strict);
/* The exit code of the process. */
int gw_summary_exit_code(const gw_summary *summary, bool strict);

/* Names of the clauses that findings of these verdicts break, each once, in natural order, the RFCs last:
 * "S6, S19, RFC 6455 5.2". `mask` has bit (1 << gw_verdict) set for each verdict of a finding to count; findings of a
 * known failure do not count. Returns how many. */
size_t gw_summary_append_clauses(const gw_result *const *results, size_t count, unsigned mask, gw_buf *out);

#endif
