/* One HTML page of a run, for people: a tile for each scenario, the clauses that were broken, and for each finding its
 * timeline as a picture. Floor 4, pure. The page stands alone: no script, no font, nothing that is fetched. Whatever
 * bytes the peer sent, they are text in it, and the page is well-formed XML too. */
#ifndef GW_REPORT_HTML_H
#define GW_REPORT_HTML_H

#include "report/summary.h"

/* Results sorted by id. GW_ERR_LIMIT when the text does not fit into out. */
gw_status gw_html_append(const gw_report_run *run, const gw_summary *summary, const gw_result *const *results,
                         size_t count, gw_buf *out);
/* The timeline of one scenario as an <svg> element: a lane for each client, what it sent above, what it received below,
 * a line at each interval that the gateway announced, the findings in red. Nothing when the wire log is empty. */
void gw_html_append_timeline(const gw_result *result, gw_buf *out);

#endif
