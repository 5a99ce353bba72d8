/* Whether two valid JSON texts mean the same. */
#include "byop.h"

#include <stdlib.h>
#include <string.h>

static void skip_space(gw_span *t) {
    while (t->len && strchr(" \t\n\r", t->ptr[0]) && t->ptr[0]) *t = gw_span_from(*t, 1);
}

static unsigned hex4(gw_span t) {
    char digits[5] = {0};
    if (t.len < 4) return 0xfffd;
    memcpy(digits, t.ptr, 4);
    return (unsigned)strtoul(digits, NULL, 16);
}

static size_t put_utf8(uint32_t c, uint8_t out[4]) {
    if (c < 0x80) return out[0] = (uint8_t)c, 1;
    if (c < 0x800) return out[0] = (uint8_t)(0xc0 | c >> 6), out[1] = (uint8_t)(0x80 | (c & 63)), 2;
    size_t n = c < 0x10000 ? 3 : 4;
    out[0] = (uint8_t)((n == 3 ? 0xe0 : 0xf0) | c >> (6 * (n - 1)));
    for (size_t i = 1; i < n; i++) out[i] = (uint8_t)(0x80 | (c >> (6 * (n - 1 - i)) & 63));
    return n;
}

/* The bytes that the next piece of a string stands for; 0 at the closing quote, which is left. */
static size_t take_piece(gw_span *t, uint8_t out[4]) {
    static const char from[] = "bfnrt\"\\/", to[] = "\b\f\n\r\t\"\\/";
    if (!t->len || t->ptr[0] == '"') return 0;
    uint8_t c = t->ptr[0];
    *t = gw_span_from(*t, 1);
    if (c != '\\' || !t->len) return out[0] = c, 1;
    c = t->ptr[0];
    *t = gw_span_from(*t, 1);
    if (c != 'u') {
        const char *found = c ? strchr(from, c) : NULL;
        return out[0] = found ? (uint8_t)to[found - from] : c, 1;
    }
    uint32_t unit = hex4(*t);
    *t = gw_span_from(*t, 4);
    if (unit >= 0xd800 && unit < 0xdc00 && t->len >= 6 && t->ptr[0] == '\\' && t->ptr[1] == 'u') {
        uint32_t low = hex4(gw_span_from(*t, 2));
        if (low >= 0xdc00 && low < 0xe000) {
            *t = gw_span_from(*t, 6);
            unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return put_utf8(unit, out);
}

static bool same_string(gw_span *a, gw_span *b) {
    uint8_t x[4], y[4];
    size_t nx = 0, ny = 0, i = 0, k = 0;
    *a = gw_span_from(*a, 1);
    *b = gw_span_from(*b, 1);
    for (;;) {
        if (i == nx) i = 0, nx = take_piece(a, x);
        if (k == ny) k = 0, ny = take_piece(b, y);
        if (!nx || !ny) break;
        if (x[i++] != y[k++]) return false;
    }
    *a = gw_span_from(*a, 1);
    *b = gw_span_from(*b, 1);
    return !nx && !ny;
}

static gw_span take_word(gw_span *t) {
    size_t n = 0;
    while (n < t->len && t->ptr[n] && !strchr(" \t\n\r,:]}[{\"", t->ptr[n])) n++;
    gw_span word = gw_span_sub(*t, 0, n);
    *t = gw_span_from(*t, n);
    return word;
}

static bool same_word(gw_span *a, gw_span *b) {
    char x[400], y[400];
    gw_span p = take_word(a), q = take_word(b);
    if (gw_span_equal(p, q)) return p.len > 0;
    if (!p.len || !q.len || p.len >= sizeof x || q.len >= sizeof y) return false;
    memcpy(x, p.ptr, p.len);
    memcpy(y, q.ptr, q.len);
    x[p.len] = y[q.len] = 0;
    char *end_x, *end_y;
    double u = strtod(x, &end_x), v = strtod(y, &end_y);
    return !*end_x && !*end_y && u == v;
}

bool gw_byop_json_same(gw_span a, gw_span b) {
    for (;;) {
        skip_space(&a);
        skip_space(&b);
        if (!a.len || !b.len) return a.len == b.len;
        uint8_t c = a.ptr[0];
        if (c == '"') {
            if (b.ptr[0] != '"' || !same_string(&a, &b)) return false;
        } else if (c && strchr("{}[],:", c)) {
            if (b.ptr[0] != c) return false;
            a = gw_span_from(a, 1);
            b = gw_span_from(b, 1);
        } else if (!same_word(&a, &b)) {
            return false;
        }
    }
}
