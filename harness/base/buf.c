/* Floor 0: growable byte buffer. */
#include "base/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gw_buf_init(gw_buf *buf, size_t max_bytes) {
    *buf = (gw_buf){.max = max_bytes};
}

void gw_buf_deinit(gw_buf *buf) {
    free(buf->data);
    *buf = (gw_buf){.max = buf->max};
}

void gw_buf_clear(gw_buf *buf) {
    buf->len = 0;
    buf->error = GW_OK;
    if (buf->data) buf->data[0] = 0;
}

static gw_status fail(gw_buf *buf, gw_status status) {
    if (buf->error == GW_OK) buf->error = status;
    return status;
}

gw_status gw_buf_reserve(gw_buf *buf, size_t extra) {
    if (extra > buf->max - buf->len) return fail(buf, GW_ERR_LIMIT);
    size_t need = buf->len + extra;
    if (buf->data && need <= buf->cap) return GW_OK;
    size_t cap = buf->cap ? buf->cap : 64;
    while (cap < need) cap = cap > buf->max / 2 ? buf->max : cap * 2;
    if (cap > buf->max) cap = buf->max;
    uint8_t *data = realloc(buf->data, cap + 1);
    if (!data) return fail(buf, GW_ERR_NOMEM);
    buf->data = data;
    buf->cap = cap;
    buf->data[buf->len] = 0;
    return GW_OK;
}

size_t gw_buf_digits(char out[GW_BUF_MAX_DIGITS], uint64_t number) {
    char digits[GW_BUF_MAX_DIGITS];
    size_t at = sizeof digits;
    do digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    memcpy(out, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

gw_status gw_buf_append_number(gw_buf *buf, uint64_t number) {
    char digits[GW_BUF_MAX_DIGITS];
    return gw_buf_append(buf, digits, gw_buf_digits(digits, number));
}

gw_status gw_buf_vprintf(gw_buf *buf, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    /* Most texts fit what is there. */
    size_t room = buf->data ? buf->cap - buf->len + 1 : 0;
    int need = vsnprintf(room ? (char *)buf->data + buf->len : NULL, room, format, args);
    if (room) buf->data[need >= 0 && (size_t)need < room ? buf->len + (size_t)need : buf->len] = 0;
    gw_status status = need < 0 ? fail(buf, GW_ERR_INVALID) : gw_buf_reserve(buf, (size_t)need);
    if (status == GW_OK && (size_t)need >= room)
        vsnprintf((char *)buf->data + buf->len, (size_t)need + 1, format, again);
    if (status == GW_OK) buf->len += (size_t)need;
    va_end(again);
    return status;
}

gw_status gw_buf_printf(gw_buf *buf, const char *format, ...) {
    va_list args;
    va_start(args, format);
    gw_status status = gw_buf_vprintf(buf, format, args);
    va_end(args);
    return status;
}

void gw_buf_consume(gw_buf *buf, size_t n) {
    assert(n <= buf->len);
    if (n == 0) return;
    memmove(buf->data, buf->data + n, buf->len - n);
    buf->len -= n;
    buf->data[buf->len] = 0;
}

const char *gw_buf_cstr(const gw_buf *buf) {
    return buf->data ? (const char *)buf->data : "";
}
