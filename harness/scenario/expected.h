/* Failures that are known and expected, each with its reason: a listed scenario that fails does not fail the run, one
 * that passes does, and so does a pattern that matches no scenario. Floor 3, pure. */
#ifndef GW_SCENARIO_EXPECTED_H
#define GW_SCENARIO_EXPECTED_H

#include "base/doc.h"
#include "scenario/result.h"

typedef struct gw_expected {
    const char *pattern;  /* of scenario ids, as in gw_suite_match */
    const char *reason;   /* never empty */
    const char *observed; /* pin: the failure's text has to contain it, else the failure counts; NULL: any failure */
    bool flaky;           /* it may pass too */
    gw_place place;
} gw_expected;

/* Reads a list of {scenario, reason, observed, flaky} into the arena. False on any error; diag then holds it. */
bool gw_expected_load(gw_arena *arena, const gw_doc_node *list, gw_diag *diag, const gw_expected **out, size_t *count);
/* Applies the first entry that matches: FAIL, CRASH and NON_STRICT become KNOWN_FAIL, PASS becomes UNEXPECTED_PASS. */
void gw_expected_apply(const gw_expected *list, size_t count, gw_result *result);
/* Puts a finding in front of the others and takes its verdict. */
void gw_expected_put_first(gw_result *result, gw_finding finding);

#endif
