/* Synthetic results for the tests of the report. */
#ifndef GW_TESTS_UNIT_REPORT_FIXTURE_H
#define GW_TESTS_UNIT_REPORT_FIXTURE_H

#include "report/summary.h"

/* A scenario of that id; static text only. */
gw_scenario fixture_scenario(const char *id);
/* A result of that verdict and, but for PASS, with one finding of the same verdict. */
typedef struct fixture_result {
    gw_scenario scenario;
    gw_finding finding;
    gw_result result;
} fixture_result;
void fixture_result_init(fixture_result *f, const char *id, gw_verdict verdict, const char *rule);
/* The silent client of the user's manual: S6, three lines on the wire. */
void fixture_silent_client(fixture_result *f);
/* A catalogue with S6 and S11, and a run that refers to it. */
void fixture_catalogue(gw_requirements *requirements);
gw_report_run fixture_run(const gw_requirements *requirements);

/* The expected failure <a>, for the reason `ticket "8" & more`, has matched no scenario. */
void fixture_unused(gw_summary *summary);

/* Every byte value, as text that a hostile peer could have sent; NUL-terminated, without NUL inside. */
const char *fixture_hostile(void);

/* Fails the test with both texts when they differ. */
void fixture_assert_text(gw_buf *got, const char *expected);

#endif
