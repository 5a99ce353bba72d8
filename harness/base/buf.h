/* A growable byte buffer with a maximum. Floor 0. Invariant: len <= cap <= max, and data[len] is 0 whenever cap > 0. */
#ifndef GW_BASE_BUF_H
#define GW_BASE_BUF_H

#include "base/span.h"
#include "base/status.h"

#include <stdarg.h>

typedef struct gw_buf {
    uint8_t *data; /* owned; NULL until first used */
    size_t len;
    size_t cap;
    size_t max;      /* bytes; the buffer never holds more */
    gw_status error; /* sticky: first failure of a call that ignores its result */
} gw_buf;

/* An empty buffer that will hold at most max_bytes. */
void gw_buf_init(gw_buf *buf, size_t max_bytes);
void gw_buf_deinit(gw_buf *buf);
/* Drops the content, keeps the memory and clears the sticky error. */
void gw_buf_clear(gw_buf *buf);
/* Room for `extra` more bytes. GW_ERR_LIMIT beyond max, GW_ERR_NOMEM. On failure nothing changes but buf->error. */
gw_status gw_buf_reserve(gw_buf *buf, size_t extra);
/* All that append: as reserve. */
static inline gw_status gw_buf_append(gw_buf *buf, const void *bytes, size_t len) {
    if (len == 0) return GW_OK;
    if (!buf->data || len > buf->cap - buf->len) {
        gw_status status = gw_buf_reserve(buf, len);
        if (status != GW_OK) return status;
    }
    memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = 0;
    return GW_OK;
}
static inline gw_status gw_buf_append_byte(gw_buf *buf, uint8_t byte) {
    return gw_buf_append(buf, &byte, 1);
}
static inline gw_status gw_buf_append_span(gw_buf *buf, gw_span span) {
    return gw_buf_append(buf, span.ptr, span.len);
}
static inline gw_status gw_buf_append_cstr(gw_buf *buf, const char *s) {
    return gw_buf_append(buf, s, strlen(s));
}
/* The number in decimal digits, without a NUL; how many. A format costs several times as much. */
enum { GW_BUF_MAX_DIGITS = 20 };
size_t gw_buf_digits(char out[GW_BUF_MAX_DIGITS], uint64_t number);
gw_status gw_buf_append_number(gw_buf *buf, uint64_t number);
gw_status gw_buf_printf(gw_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
gw_status gw_buf_vprintf(gw_buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* Removes the first n bytes; n <= len. */
void gw_buf_consume(gw_buf *buf, size_t n);
static inline gw_span gw_buf_span(const gw_buf *buf) {
    return gw_span_make(buf->data, buf->len);
}
/* The content as a C string, "" when empty; valid until the next call. */
const char *gw_buf_cstr(const gw_buf *buf);

#endif
