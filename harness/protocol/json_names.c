/* Floor 2: names of JSON objects, compared by what their escapes stand for. */
#include "protocol/json_names.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void gw_json_names_init(gw_json_names *names, const uint8_t *text) {
    names->text = text;
    names->items = names->pool;
    names->count = names->base = 0;
    names->capacity = GW_JSON_NAMES_POOL;
    names->depth = 0;
}

void gw_json_names_deinit(gw_json_names *names) {
    if (names->items != names->pool) free(names->items);
}

void gw_json_names_open(gw_json_names *names) {
    names->bases[names->depth++] = names->base;
    names->base = names->count;
}

/* ---- What a raw name stands for, as code units of one to three bytes (a lone surrogate keeps its own value) ---- */

typedef struct reader {
    const uint8_t *p, *end;
    uint8_t pending[4];
    uint8_t count, next;
} reader;

static unsigned hex_value(const uint8_t *p) {
    unsigned value = 0;
    for (int i = 0; i < 4; i++) value = value * 16 + (p[i] <= 0x39 ? p[i] - 0x30u : (p[i] | 32u) - 0x61u + 10u);
    return value;
}

static void push_code_point(reader *r, unsigned cp) {
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    r->count = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    r->next = 0;
    for (int i = r->count - 1; i > 0; i--, cp >>= 6) r->pending[i] = 0x80 | (cp & 0x3f);
    r->pending[0] = (uint8_t)(leads[r->count] | cp);
}

/* The next byte of the name's UTF-8, or -1. The raw text was judged before. */
static int next_byte(reader *r) {
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    if (r->next < r->count) return r->pending[r->next++];
    if (r->p >= r->end) return -1;
    if (*r->p != '\\') return *r->p++;
    uint8_t c = r->p[1];
    r->p += 2;
    if (c != 'u') {
        const char *found = strchr(from, c);
        return found ? to[found - from] : c;
    }
    unsigned cp = hex_value(r->p);
    r->p += 4;
    if (cp >= 0xd800 && cp < 0xdc00 && r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u') {
        unsigned low = hex_value(r->p + 2);
        if (low >= 0xdc00 && low <= 0xdfff) {
            cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
            r->p += 6;
        }
    }
    push_code_point(r, cp);
    return r->pending[r->next++];
}

static reader read_name(const gw_json_names *names, const gw_json_name *name) {
    const uint8_t *p = names->text + name->offset;
    return (reader){.p = p, .end = p + name->len};
}

/* ---- Hash: eight bytes at a time, then what is left (less than eight) with the length in the top byte ---- */

static inline uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static inline uint64_t load(const uint8_t *p, size_t n) {
    uint64_t word = 0;
    if (n == 8) {
        memcpy(&word, p, 8);
    } else if (n >= 4) {
        uint32_t low, high;
        memcpy(&low, p, 4);
        memcpy(&high, p + n - 4, 4);
        word = (uint64_t)high << 32 | low;
    } else if (n > 0) {
        word = (uint64_t)p[0] << 16 | (uint64_t)p[n / 2] << 8 | p[n - 1];
    }
    return word;
}

static uint64_t hash_escaped(const gw_json_names *names, const gw_json_name *name) {
    uint64_t hash = 0;
    uint8_t word[8];
    size_t n = 0, len = 0;
    reader r = read_name(names, name);
    for (int c; (c = next_byte(&r)) >= 0; len++) {
        word[n++] = (uint8_t)c;
        if (n < 8) continue;
        hash = mix(hash, load(word, 8));
        n = 0;
    }
    return mix(hash, load(word, n) ^ (uint64_t)len << 56);
}

static uint64_t hash_name(const gw_json_names *names, const gw_json_name *name) {
    if (name->escaped) return hash_escaped(names, name);
    const uint8_t *p = names->text + name->offset;
    uint64_t hash = 0;
    size_t n = name->len;
    for (; n >= 8; n -= 8, p += 8) hash = mix(hash, load(p, 8));
    return mix(hash, load(p, n) ^ (uint64_t)name->len << 56);
}

static bool same_name(const gw_json_names *names, const gw_json_name *a, const gw_json_name *b) {
    if (!a->escaped && !b->escaped)
        return a->len == b->len && memcmp(names->text + a->offset, names->text + b->offset, a->len) == 0;
    reader x = read_name(names, a), y = read_name(names, b);
    int c;
    do {
        c = next_byte(&x);
        if (c != next_byte(&y)) return false;
    } while (c >= 0);
    return true;
}

/* ---- The stack ---- */

static bool grow(gw_json_names *names) {
    size_t capacity = names->capacity * 2;
    bool pooled = names->items == names->pool;
    gw_json_name *items = realloc(pooled ? NULL : names->items, capacity * sizeof *items);
    if (!items) return false;
    if (pooled) memcpy(items, names->pool, names->count * sizeof *items);
    names->items = items;
    names->capacity = capacity;
    return true;
}

gw_json_names_result gw_json_names_add(gw_json_names *names, size_t offset, size_t len, bool escaped) {
    if (names->count == names->capacity && !grow(names)) return GW_JSON_NAMES_NO_MEMORY;
    gw_json_name *name = &names->items[names->count], *first = names->items + names->base;
    size_t earlier = names->count++ - names->base;
    /* Written field by field where it stays: a copy would wait for these very stores. */
    name->offset = offset;
    name->len = len;
    name->escaped = escaped;
    name->hash = hash_name(names, name);
    if (earlier >= GW_JSON_NAMES_SMALL) return GW_JSON_NAMES_NEW;
    for (gw_json_name *other = first; other < name; other++)
        if (other->hash == name->hash && same_name(names, other, name)) return GW_JSON_NAMES_DUPLICATE;
    return GW_JSON_NAMES_NEW;
}

static int compare_names(const void *a, const void *b) {
    const gw_json_name *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

bool gw_json_names_close(gw_json_names *names, size_t *offset) {
    gw_json_name *first = names->items + names->base;
    size_t n = names->count - names->base;
    bool found = false;
    if (n > GW_JSON_NAMES_SMALL) {
        qsort(first, n, sizeof *first, compare_names);
        for (size_t i = 0; i < n; i++) {
            for (size_t k = i + 1; k < n && first[k].hash == first[i].hash; k++) {
                if (!same_name(names, &first[i], &first[k])) continue;
                if (!found || first[k].offset < *offset) *offset = first[k].offset;
                found = true;
                break;
            }
        }
    }
    names->count = names->base;
    names->base = names->bases[--names->depth];
    return found;
}

/* ---- Range of numbers ---- */

/* Significant digits as an integer, and the power of ten to multiply it with. 320 digits and one that stands for the
 * rest decide every comparison with the largest double, whose neighbours are 309-digit integers. */
bool gw_json_number_fits(gw_span number) {
    enum { KEPT = 320 };
    char digits[KEPT + 32];
    size_t n = 0, i = 0;
    long long power = 0, exponent = 0;
    bool fraction = false, rest = false;
    for (i += number.ptr[0] == '-'; i < number.len && (number.ptr[i] | 32) != 'e'; i++) {
        uint8_t c = number.ptr[i];
        if (c == '.') {
            fraction = true;
            continue;
        }
        power -= fraction;
        if (n == 0 && c == '0') continue;
        if (n < KEPT)
            digits[n++] = (char)c;
        else
            power++, rest |= c != '0';
    }
    if (n == 0) return true;
    if (i < number.len) {
        bool negative = number.ptr[++i] == '-';
        i += negative || number.ptr[i] == '+';
        for (; i < number.len; i++)
            if (exponent < 1000000000000000000 / 10) exponent = exponent * 10 + (number.ptr[i] - '0');
        if (negative) exponent = -exponent;
    }
    if (rest) digits[n++] = '1', power--;
    long long magnitude = (long long)n + power + exponent;
    if (magnitude != 309) return magnitude < 309;
    memcpy(digits + n, "e", 2);
    char *tail = digits + n + 1;
    long long scale = power + exponent;
    if (scale < 0) *tail++ = '-', scale = -scale;
    int width = scale >= 100 ? 3 : scale >= 10 ? 2 : 1;
    for (int k = width - 1; k >= 0; k--, scale /= 10) tail[k] = (char)('0' + scale % 10);
    tail[width] = 0;
    return isfinite(strtod(digits, NULL));
}
