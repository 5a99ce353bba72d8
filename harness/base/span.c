/* Floor 0: borrowed bytes. */
#include "base/span.h"

#include <string.h>

gw_span gw_span_cstr(const char *s) {
    return gw_span_make(s, s ? strlen(s) : 0);
}

bool gw_span_equal(gw_span a, gw_span b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* Not strncasecmp: that stops at a NUL, which a peer may send, and follows the locale. */
bool gw_span_equal_nocase(gw_span a, gw_span b) {
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i])) return false;
    return true;
}

bool gw_span_equal_cstr(gw_span a, const char *s) {
    return gw_span_equal(a, gw_span_cstr(s));
}

bool gw_span_starts_with(gw_span s, gw_span prefix) {
    return s.len >= prefix.len && gw_span_equal(gw_span_sub(s, 0, prefix.len), prefix);
}

gw_span gw_span_from(gw_span s, size_t from) {
    /* An empty rest keeps its place: the empty value of a field is not the value of a field that is absent. */
    if (from > s.len) from = s.len;
    return gw_span_make(s.ptr ? s.ptr + from : NULL, s.len - from);
}

gw_span gw_span_sub(gw_span s, size_t from, size_t len) {
    gw_span rest = gw_span_from(s, from);
    if (rest.len > len) rest.len = len;
    return rest;
}

gw_span gw_span_trim(gw_span s) {
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) s = gw_span_from(s, 1);
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t')) s.len--;
    return s;
}
