/* Colours and figures of the terminal report. Floor 4, pure; private to report/. */
#ifndef GW_REPORT_STYLE_H
#define GW_REPORT_STYLE_H

#include "report/terminal.h"

/* SGR codes of ECMA-48. */
#define GW_STYLE_RESET "\033[0m"
#define GW_STYLE_BOLD  "\033[1m"
#define GW_STYLE_DIM   "\033[2m"

/* The code that a verdict is written in; "" without colour. */
const char *gw_style_verdict(gw_verdict verdict, bool colour);
/* `code` when there is colour, else "". */
static inline const char *gw_style(const char *code, bool colour) {
    return colour ? code : "";
}
/* "4.1 s", "12 ms". */
void gw_style_append_duration(gw_ns duration, gw_buf *out);
/* The order in which verdicts are listed; GW_VERDICT_COUNT entries. */
extern const gw_verdict gw_style_order[];

/* Why results were skipped, in as few words as possible: reasons that differ in their last word only are joined
 * ("the target has no trigger for room_close, room_update"). Printable. */
void gw_style_append_skip_reasons(const gw_result *const *results, size_t count, gw_buf *out);

#endif
