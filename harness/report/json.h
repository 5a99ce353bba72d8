/* The native form of a run: JSON lines, one record each. Floor 4, pure.
 *
 * {"type":"run",...} first, {"type":"result",...} for each scenario as it ends, {"type":"summary",...} last: a file
 * without a summary was cut off. Times are integers in nanoseconds, their keys end in _ns. */
#ifndef GW_REPORT_JSON_H
#define GW_REPORT_JSON_H

#include "report/summary.h"

enum { GW_JSON_FORMAT = 1 };

/* Each appends one line with its newline. GW_ERR_LIMIT when it does not fit into out. */
gw_status gw_json_append_run(const gw_report_run *run, gw_buf *out);
gw_status gw_json_append_result(const gw_result *result, gw_buf *out);
gw_status gw_json_append_summary(const gw_summary *summary, bool strict, gw_buf *out);

#endif
