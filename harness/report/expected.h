/* Failures that the user expects, each with a reason. Floor 4, pure.
 *
 * A failure that is expected does not fail the run; one that passes, or an entry that matches no scenario, does: a list
 * that is out of date hides what it was written for. */
#ifndef GW_REPORT_EXPECTED_H
#define GW_REPORT_EXPECTED_H

#include "base/doc.h"
#include "scenario/result.h"

typedef struct gw_expected_entry {
    const char *pattern; /* as for gw_suite_match */
    const char *reason;
    gw_place place;
    size_t matched; /* results it was applied to */
} gw_expected_entry;

typedef struct gw_expected {
    gw_expected_entry *entries; /* in the arena given to load */
    size_t count;
} gw_expected;

/* Appends the entries of a list [{scenario: PATTERN, reason: TEXT}, ...]. Errors go to diag. The document must outlive
 * the entries. */
gw_status gw_expected_load(gw_expected *expected, const gw_doc_node *list, gw_arena *arena, gw_diag *diag);
/* Changes the verdict of one result: fail, crash, error, inconclusive and (under strict) non-strict become known-fail
 * with the reason, pass becomes unexpected-pass. Skipped stays skipped. */
void gw_expected_apply(gw_expected *expected, bool strict, gw_result *result);
/* Entries that were applied to nothing. */
size_t gw_expected_unused(const gw_expected *expected);

#endif
