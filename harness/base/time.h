/* Time as a number: nanoseconds on some monotonic clock that the caller reads. Floor 0; it reads no clock. */
#ifndef GW_BASE_TIME_H
#define GW_BASE_TIME_H

#include "base/span.h"
#include "base/status.h"

typedef int64_t gw_ns;

#define GW_US    ((gw_ns)1000)
#define GW_MS    ((gw_ns)1000000)
#define GW_S     ((gw_ns)1000000000)
#define GW_NEVER INT64_MAX /* a deadline that never comes */

/* "250ms", "1.5s", "20us", "100ns", "2m" -> ns. A bare number has no unit and is GW_ERR_INVALID. */
gw_status gw_time_parse(gw_span text, gw_ns *out);
/* Milliseconds with one decimal, as in "1001.3 ms", into out (NUL-terminated); returns out. */
char *gw_time_format_ms(gw_ns t, char *out, size_t size);
/* a + b, where GW_NEVER stays GW_NEVER and nothing overflows. */
static inline gw_ns gw_time_add(gw_ns a, gw_ns b) {
    gw_ns sum;
    if (a == GW_NEVER || b == GW_NEVER) return GW_NEVER;
    return __builtin_add_overflow(a, b, &sum) ? (b > 0 ? GW_NEVER : INT64_MIN) : sum;
}

#endif
