/* Floor 0: borrowed bytes. */
#include "base/span.h"

/* The same letter of ASCII in either case: those differ in one bit. */
static bool same_letter(uint8_t a, uint8_t b) {
    uint8_t small = a | 0x20;
    return (a ^ b) == 0x20 && small >= 'a' && small <= 'z';
}

/* Not strncasecmp: that stops at a NUL, which a peer may send, and follows the locale. */
bool gw_span_equal_nocase(gw_span a, gw_span b) {
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (a.ptr[i] != b.ptr[i] && !same_letter(a.ptr[i], b.ptr[i])) return false;
    return true;
}

bool gw_span_equal_cstr(gw_span a, const char *s) {
    return gw_span_equal(a, gw_span_cstr(s));
}

bool gw_span_starts_with(gw_span s, gw_span prefix) {
    return s.len >= prefix.len && gw_span_equal(gw_span_sub(s, 0, prefix.len), prefix);
}

gw_span gw_span_trim(gw_span s) {
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) s = gw_span_from(s, 1);
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t')) s.len--;
    return s;
}
