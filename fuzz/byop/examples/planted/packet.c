/* The JSON of a packet (RFC 8259), by recursive descent: {"e": id, "d": data}. */
#include "parser.h"

#include <stdlib.h>
#include <string.h>

typedef struct reader {
    const uint8_t *p, *end;
    uint8_t *out; /* the data encoded again; NULL: not wanted */
    size_t out_len;
    int depth;
} reader;

static void put(reader *r, uint8_t byte) {
    if (r->out) r->out[r->out_len] = byte;
    r->out_len++;
}

static void skip_space(reader *r) {
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r')) r->p++;
}

static bool take(reader *r, uint8_t byte) {
    if (r->p == r->end || *r->p != byte) return false;
    r->p++;
    return true;
}

static bool take_word(reader *r, const char *word) {
    for (; *word; word++) {
        if (!take(r, (uint8_t)*word)) return false;
        put(r, (uint8_t)*word);
    }
    return true;
}

/* ---- Strings ---- */

static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_hex4(reader *r, uint32_t *unit) {
    *unit = 0;
#ifndef PLANT_U_ESCAPE_AT_END
    if (r->end - r->p < 4) return false;
#endif
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(*r->p++);
#ifdef PLANT_U_ESCAPE_NOT_HEX
        if (digit < 0) digit = 0;
#endif
        if (digit < 0) return false;
        *unit = *unit << 4 | (uint32_t)digit;
    }
    return true;
}

static void put_point(reader *r, uint32_t c) {
    static const char hex[] = "0123456789abcdef";
    if (c < 0x20 || c == '"' || c == '\\') {
        put(r, '\\'), put(r, 'u'), put(r, '0'), put(r, '0');
        put(r, (uint8_t)hex[c >> 4]), put(r, (uint8_t)hex[c & 15]);
    } else if (c < 0x80) {
        put(r, (uint8_t)c);
    } else if (c < 0x800) {
        put(r, (uint8_t)(0xc0 | c >> 6)), put(r, (uint8_t)(0x80 | (c & 63)));
    } else if (c < 0x10000) {
        put(r, (uint8_t)(0xe0 | c >> 12)), put(r, (uint8_t)(0x80 | (c >> 6 & 63))), put(r, (uint8_t)(0x80 | (c & 63)));
    } else {
        put(r, (uint8_t)(0xf0 | c >> 18)), put(r, (uint8_t)(0x80 | (c >> 12 & 63)));
        put(r, (uint8_t)(0x80 | (c >> 6 & 63))), put(r, (uint8_t)(0x80 | (c & 63)));
    }
}

static bool take_unicode(reader *r, uint32_t *point) {
    uint32_t low;
    if (!take_hex4(r, point)) return false;
    if (*point < 0xd800 || *point > 0xdfff) return true;
    if (*point >= 0xdc00 || !take(r, '\\') || !take(r, 'u') || !take_hex4(r, &low)) return false;
    if (low < 0xdc00 || low > 0xdfff) return false;
#ifdef PLANT_SURROGATE_HALVES
    *point = (*point - 0xd800) << 10 | (low - 0xdc00);
#else
    *point = 0x10000 + ((*point - 0xd800) << 10 | (low - 0xdc00));
#endif
    return true;
}

static bool take_escape(reader *r, uint32_t *point) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (r->p == r->end) return false;
    uint8_t c = *r->p++;
    if (c == 'u') return take_unicode(r, point);
    const char *found = c ? strchr(from, c) : NULL;
    if (found) *point = (uint8_t)to[found - from];
    return found != NULL;
}

/* `key` gets the string when it is one character, else 0; may be NULL. */
static bool take_string(reader *r, uint32_t *key) {
    size_t count = 0;
    uint32_t first = 0;
    if (!take(r, '"')) return false;
    put(r, '"');
    while (r->p < r->end && *r->p != '"') {
        uint32_t point = *r->p++;
#ifndef PLANT_CONTROL_CHARACTER
        if (point < 0x20) return false;
#endif
        if (point == '\\') {
            if (!take_escape(r, &point)) return false;
#ifdef PLANT_NUL_ESCAPE_ENDS
            if (point == 0) {
                while (r->p < r->end && *r->p != '"') r->p += *r->p == '\\' ? 2 : 1;
                break;
            }
#endif
            put_point(r, point);
        } else {
            put(r, (uint8_t)point);
        }
        if (count++ == 0) first = point;
    }
    if (key) *key = count == 1 ? first : 0;
    put(r, '"');
    return take(r, '"');
}

/* ---- Other values ---- */

static bool take_digits(reader *r) {
    const uint8_t *start = r->p;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9') put(r, *r->p++);
    return r->p > start;
}

static bool take_number(reader *r) {
    if (take(r, '-')) put(r, '-');
#ifndef PLANT_LEADING_ZERO
    if (r->end - r->p > 1 && r->p[0] == '0' && r->p[1] >= '0' && r->p[1] <= '9') return false;
#endif
    if (!take_digits(r)) return false;
    if (take(r, '.')) {
        put(r, '.');
        if (!take_digits(r)) return false;
    }
    if (r->p < r->end && (*r->p | 32) == 'e') {
        put(r, *r->p++);
        if (r->p < r->end && (*r->p == '+' || *r->p == '-')) put(r, *r->p++);
        if (!take_digits(r)) return false;
    }
    return true;
}

static bool take_value(reader *r);

static bool take_items(reader *r, uint8_t open, uint8_t close) {
    r->p++;
    put(r, open);
    skip_space(r);
    if (take(r, close)) return put(r, close), true;
    for (;;) {
        skip_space(r);
        if (open == '{') {
            if (!take_string(r, NULL)) return false;
            skip_space(r);
            if (!take(r, ':')) return false;
            put(r, ':');
        }
        if (!take_value(r)) return false;
        skip_space(r);
        if (take(r, close)) return put(r, close), true;
        if (!take(r, ',')) return false;
        put(r, ',');
    }
}

static bool take_value(reader *r) {
    skip_space(r);
    if (r->p == r->end) return false;
    uint8_t c = *r->p;
    if (c == '{' || c == '[') {
#ifndef PLANT_DEEP_RECURSION
        if (r->depth == MAX_DEPTH) return false;
#endif
        r->depth++;
        bool good = take_items(r, c, c == '{' ? '}' : ']');
        r->depth--;
        return good;
    }
    if (c == '"') return take_string(r, NULL);
    if (c == 't') return take_word(r, "true");
    if (c == 'f') return take_word(r, "false");
    if (c == 'n') return take_word(r, "null");
    return take_number(r);
}

/* ---- The envelope ---- */

static bool take_id(reader *r, int64_t *id) {
    const uint8_t *start = r->p;
    if (!take_number(r)) return false;
    bool negative = *start == '-';
#ifdef PLANT_NUMBER_OVERFLOW
    uint32_t value = 0;
#else
    uint64_t value = 0;
#endif
    for (const uint8_t *p = start + negative; p < r->p; p++) {
#ifdef PLANT_FRACTION_AS_ID
        if (*p == '.') break;
#endif
        if (*p < '0' || *p > '9') return false;
#ifndef PLANT_NUMBER_OVERFLOW
        if (value > (uint64_t)(INT64_MAX - 9) / 10) return false;
#endif
        value = value * 10 + (*p - '0');
    }
    *id = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static bool take_data(reader *r, packet *p) {
    reader measure = *r;
    if (!take_value(&measure)) return false;
    size_t room = measure.out_len;
#ifdef PLANT_ESCAPE_OVERRUN
    room = (size_t)(measure.p - r->p);
#endif
    free(p->data);
    p->data = r->out = malloc(room ? room : 1);
    r->out_len = 0;
    bool good = p->data && take_value(r);
    p->data_len = r->out_len;
    r->out = NULL;
    r->out_len = 0;
    return good;
}

static bool take_members(reader *r, packet *p) {
    bool has_id = false;
    skip_space(r);
    if (!take(r, '{')) return false;
    skip_space(r);
    if (take(r, '}')) return false;
    do {
        uint32_t key;
        skip_space(r);
        if (!take_string(r, &key)) return false;
        skip_space(r);
        if (!take(r, ':')) return false;
        skip_space(r);
        r->out_len = 0;
        if (key == 'e') {
#ifndef PLANT_DUPLICATE_KEY
            if (has_id) return false;
#endif
            has_id = true;
            if (!take_id(r, &p->id)) return false;
        } else if (key == 'd') {
            if (p->data || !take_data(r, p)) return false;
        } else if (!take_value(r)) {
            return false;
        }
        skip_space(r);
    } while (take(r, ','));
    if (!take(r, '}')) return false;
    skip_space(r);
#ifndef PLANT_TRAILING_GARBAGE
    if (r->p != r->end) return false;
#endif
    return has_id;
}

bool packet_read(packet *p, const uint8_t *text, size_t len) {
    *p = (packet){0};
    if (len == 0) return false;
    reader r = {.p = text, .end = text + len, .depth = 1};
    if (take_members(&r, p)) return true;
    free(p->data);
    p->data = NULL;
    return false;
}
