/* JUnit XML, for CI systems. Floor 4, pure. Well-formed whatever bytes the peer sent.
 *
 * A group is a testsuite, a scenario a testcase. fail, crash, unexpected-pass and (under strict) non-strict are
 * <failure type="VERDICT">; inconclusive and error are <error>; skipped and known-fail are <skipped>. A run that ended
 * early has one testcase more, an <error> that says why. */
#ifndef GW_REPORT_JUNIT_H
#define GW_REPORT_JUNIT_H

#include "report/summary.h"

/* Results sorted by id. GW_ERR_LIMIT when the text does not fit into out. */
gw_status gw_junit_append(const gw_report_run *run, const gw_summary *summary, const gw_result *const *results,
                          size_t count, gw_buf *out);

#endif
