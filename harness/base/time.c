/* Floor 0: durations as text. */
#include "base/time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gw_status gw_time_parse(gw_span text, gw_ns *out) {
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}};
    char copy[40];
    text = gw_span_trim(text);
    if (text.len == 0 || text.len >= sizeof copy || text.ptr[0] < '0' || text.ptr[0] > '9') return GW_ERR_INVALID;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    size_t digits = strspn(copy, "0123456789.");
    char *end = NULL;
    char number[sizeof copy];
    memcpy(number, copy, digits);
    number[digits] = 0;
    double value = strtod(number, &end);
    if (*end) return GW_ERR_INVALID;
    const char *unit = copy + digits;
    while (*unit == ' ') unit++;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(unit, units[i].name) != 0) continue;
        double ns = value * units[i].ns;
        if (!(ns < 9e18)) return GW_ERR_LIMIT;
        *out = (gw_ns)llround(ns);
        return GW_OK;
    }
    return GW_ERR_INVALID;
}

char *gw_time_format_ms(gw_ns t, char *out, size_t size) {
    snprintf(out, size, "%.1f ms", (double)t / (double)GW_MS);
    return out;
}
