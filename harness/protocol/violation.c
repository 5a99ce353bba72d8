/* Floor 2: violations as bounded text. */
#include "protocol/violation.h"

#include "wire/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void cut(char *text, size_t written, size_t size) {
    if (written < size) return;
    size_t at = size - 4;
    while (at > 0 && ((uint8_t)text[at] & 0xc0) == 0x80) at--;
    memcpy(text + at, "...", 4);
}

void gw_violation_emit(gw_violation_sink sink, const char *rule, gw_severity severity, size_t offset, gw_ns at,
                       const char *expected, const char *observed_format, ...) {
    gw_violation v = {.rule = rule, .severity = severity, .offset = offset, .at = at};
    if (!sink.take) return;
    int n = snprintf(v.expected, sizeof v.expected, "%s", expected);
    cut(v.expected, n < 0 ? 0 : (size_t)n, sizeof v.expected);
    va_list args;
    va_start(args, observed_format);
    n = vsnprintf(v.observed, sizeof v.observed, observed_format, args);
    va_end(args);
    cut(v.observed, n < 0 ? 0 : (size_t)n, sizeof v.observed);
    sink.take(sink.context, &v);
}

void gw_violations_init(gw_violations *list) {
    list->count = list->dropped = 0;
}

static void take(void *context, const gw_violation *violation) {
    gw_violations *list = context;
    if (list->count < GW_VIOLATIONS_MAX)
        list->items[list->count++] = *violation;
    else
        list->dropped++;
}

gw_violation_sink gw_violations_sink(gw_violations *list) {
    return (gw_violation_sink){take, list};
}

const gw_violation *gw_violations_find(const gw_violations *list, const char *rule) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].rule, rule) == 0) return &list->items[i];
    return NULL;
}

/* Length of the printable UTF-8 sequence at the start of s; 0 when the first byte must be escaped. */
static size_t printable(gw_span s) {
    uint8_t c = s.ptr[0];
    if (c < 0x80) return c >= 0x20 && c != 0x7f;
    size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (s.len < len || !gw_utf8_check(gw_span_sub(s, 0, len), NULL)) return 0;
    return c == 0xc2 && s.ptr[1] < 0xa0 ? 0 : len; /* C1 control characters drive terminals too */
}

char *gw_violation_quote(gw_span bytes, char *out, size_t size) {
    size_t n = 0, i = 0, safe = 0; /* safe: where the dots would still fit */
    if (size == 0) return out;
    while (i < bytes.len) {
        size_t len = printable(gw_span_from(bytes, i)), need = len ? len : 4;
        if (n + 4 <= size) safe = n;
        if (n + need >= size) break;
        if (len)
            memcpy(out + n, bytes.ptr + i, len);
        else
            snprintf(out + n, 5, "\\x%02x", bytes.ptr[i]);
        n += need;
        i += len ? len : 1;
    }
    if (i == bytes.len)
        out[n] = 0;
    else if (size >= 4)
        memcpy(out + safe, "...", 4);
    else
        out[0] = 0;
    return out;
}
