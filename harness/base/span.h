/* Borrowed bytes. Floor 0. A span owns nothing; it is valid as long as what it points into, usually until the next
 * call. */
#ifndef GW_BASE_SPAN_H
#define GW_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct gw_span {
    const uint8_t *ptr; /* may be NULL when len is 0 */
    size_t len;         /* bytes */
} gw_span;

/* A span over a string literal or array of char, without its NUL. */
#define GW_SPAN_LIT(s) ((gw_span){(const uint8_t *)(s), sizeof(s) - 1})
/* printf arguments for "%.*s". */
#define GW_SPAN_ARG(s) (int)(s).len, (const char *)(s).ptr

static inline gw_span gw_span_make(const void *ptr, size_t len) {
    return (gw_span){(const uint8_t *)ptr, len};
}
/* A span over a NUL-terminated string; NULL gives the empty span. */
static inline gw_span gw_span_cstr(const char *s) {
    return gw_span_make(s, s ? strlen(s) : 0);
}
static inline bool gw_span_equal(gw_span a, gw_span b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
/* ASCII letter case is ignored (RFC 9110 section 5.1 field names, and tokens). */
bool gw_span_equal_nocase(gw_span a, gw_span b);
bool gw_span_equal_cstr(gw_span a, const char *s);
bool gw_span_starts_with(gw_span s, gw_span prefix);
/* The bytes from `from` on; empty when `from` is beyond the end. An empty rest keeps its place: the empty value of a
 * field is not the value of a field that is absent. */
static inline gw_span gw_span_from(gw_span s, size_t from) {
    if (from > s.len) from = s.len;
    return gw_span_make(s.ptr ? s.ptr + from : NULL, s.len - from);
}
/* At most `len` bytes from `from` on. */
static inline gw_span gw_span_sub(gw_span s, size_t from, size_t len) {
    gw_span rest = gw_span_from(s, from);
    if (rest.len > len) rest.len = len;
    return rest;
}
/* Without blanks and tabs at both ends (RFC 9110 optional white space). */
gw_span gw_span_trim(gw_span s);

#endif
