/* The wire log as text. Floor 4, pure. */
#ifndef GW_REPORT_WIRELOG_H
#define GW_REPORT_WIRELOG_H

#include "base/buf.h"
#include "scenario/result.h"

/* A line: "+ 1001.3 ms  alice  < text  {...}". The client's column is left out when its width is 0. */
typedef struct gw_wirelog_layout {
    size_t client_column; /* gw_wirelog_client_column */
    size_t width;         /* columns of the whole line; 0: not cut */
    size_t indent;        /* columns that already stand on the first line, and are blank on further ones */
} gw_wirelog_layout;

/* Width of the longest client name, 0 when all lines are of one client. */
size_t gw_wirelog_client_column(const gw_result *result);
/* The lines around a moment: the first ones, "... n lines", the ones up to `at`, and those just behind it. */
void gw_wirelog_append_excerpt(const gw_result *result, gw_ns at, gw_wirelog_layout layout, gw_buf *out);
/* All lines. */
void gw_wirelog_append_all(const gw_result *result, gw_wirelog_layout layout, gw_buf *out);
/* Bytes as sent: a frame as "81 84 12345678 7c413a14   text  null", anything else as hex and text. One line. */
void gw_wirelog_append_stimulus(gw_span bytes, gw_buf *out);

#endif
