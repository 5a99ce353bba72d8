/* RFC 8259 by one pass with a stack of its own. Pure. */
#include "reference-server/strict_json.h"

#include <stdlib.h>
#include <string.h>

/* So many keys are compared one by one; hashing pays for more. */
enum { FEW_KEYS = 8 };

typedef struct key_seen {
    uint64_t hash;    /* in the table alone; 0: free */
    uint32_t object;  /* the number of its object */
    uint32_t at, len; /* of the string in the text, with quotes */
} key_seen;

typedef struct scan {
    const uint8_t *text, *at, *end;
    const char *why;
    uint32_t *open; /* the caller's, GW_STRICT_JSON_MAX_DEPTH long: numbers of the objects that are open; 0: an array */
    size_t depth;
    uint32_t objects;
    key_seen *few;   /* the caller's */
    key_seen *table; /* owned; once there are more than few: open addressing, a power of two */
    size_t table_size, keys;
} scan;

static int peek(const scan *s) {
    return s->at < s->end ? *s->at : -1;
}
static bool fault(scan *s, const char *why) {
    if (!s->why) s->why = why;
    return false;
}
static void skip_space(scan *s) {
    const uint8_t *at = s->at;
    while (at < s->end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) at++;
    s->at = at;
}

static int hex4(const uint8_t *p) {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int c = p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* The \u at s->at - 1; both halves of a pair are needed. */
static bool scan_unicode(scan *s) {
    if (s->end - s->at < 5) return fault(s, "an escape is cut off");
    int unit = hex4(s->at + 1);
    if (unit < 0) return fault(s, "\\u needs four hex digits");
    if (unit >= 0xdc00 && unit <= 0xdfff) return fault(s, "a lone surrogate");
    s->at += 5;
    if (unit < 0xd800 || unit > 0xdbff) return true;
    const uint8_t *low = s->at;
    if (s->end - low < 6 || low[0] != '\\' || low[1] != 'u') return fault(s, "a lone surrogate");
    int second = hex4(low + 2);
    if (second < 0xdc00 || second > 0xdfff) return fault(s, "a lone surrogate");
    s->at += 6;
    return true;
}

static bool scan_string(scan *s) {
    s->at++;
    for (;;) {
        const uint8_t *at = s->at;
        while (at < s->end && *at >= ' ' && *at != '"' && *at != '\\') at++;
        s->at = at;
        int c = peek(s);
        if (c < 0) return fault(s, "a string is not closed");
        if (c < ' ') return fault(s, "a raw control character in a string");
        if (c == '"') {
            s->at++;
            return true;
        }
        s->at++;
        c = peek(s);
        if (c == 'u') {
            if (!scan_unicode(s)) return false;
        } else if (c > 0 && strchr("\"\\/bfnrt", c)) {
            s->at++;
        } else {
            return fault(s, "an unknown escape");
        }
    }
}

static bool scan_digits(scan *s) {
    const uint8_t *from = s->at;
    while (peek(s) >= '0' && peek(s) <= '9') s->at++;
    return s->at > from ? true : fault(s, "a digit is missing");
}

static bool scan_number(scan *s) {
    if (peek(s) == '-') s->at++;
    if (peek(s) == '0')
        s->at++;
    else if (!scan_digits(s))
        return false;
    if (peek(s) == '.') {
        s->at++;
        if (!scan_digits(s)) return false;
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-') s->at++;
        if (!scan_digits(s)) return false;
    }
    return true;
}

static bool scan_word(scan *s, const char *word) {
    size_t len = strlen(word);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0) return fault(s, "an unknown word");
    s->at += len;
    return true;
}

size_t gw_strict_json_next_char(const uint8_t **at, uint8_t out[4]) {
    const uint8_t *p = *at;
    if (*p != '\\') {
        *at = p + 1;
        out[0] = *p;
        return 1;
    }
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    if (p[1] != 'u') {
        const char *known = strchr(from, p[1]);
        out[0] = known ? (uint8_t)to[known - from] : p[1];
        *at = p + 2;
        return 1;
    }
    uint32_t point = (uint32_t)hex4(p + 2);
    *at = p + 6;
    if (point >= 0xd800 && point <= 0xdbff) {
        point = 0x10000 + ((point - 0xd800) << 10) + ((uint32_t)hex4(p + 8) - 0xdc00);
        *at = p + 12;
    }
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    size_t more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (uint8_t)(lead[more] | point >> 6 * more);
    for (size_t i = 1; i <= more; i++) out[i] = (uint8_t)(0x80 | (point >> 6 * (more - i) & 0x3f));
    return 1 + more;
}

static bool same_string(gw_span a, gw_span b) {
    const uint8_t *pa = a.ptr + 1, *pb = b.ptr + 1, *end_a = a.ptr + a.len - 1, *end_b = b.ptr + b.len - 1;
    uint8_t ca[4] = {0}, cb[4] = {0};
    size_t have_a = 0, have_b = 0, at_a = 0, at_b = 0;
    for (;;) {
        if (at_a == have_a) {
            if (pa == end_a) return pb == end_b && at_b == have_b;
            have_a = gw_strict_json_next_char(&pa, ca);
            at_a = 0;
        }
        if (at_b == have_b) {
            if (pb == end_b) return false;
            have_b = gw_strict_json_next_char(&pb, cb);
            at_b = 0;
        }
        if (ca[at_a++] != cb[at_b++]) return false;
    }
}

static uint64_t hash_string(gw_span string, uint32_t object) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ object;
    const uint8_t *p = string.ptr + 1, *end = string.ptr + string.len - 1;
    uint8_t c[4];
    while (p < end) {
        size_t n = gw_strict_json_next_char(&p, c);
        for (size_t i = 0; i < n; i++) hash = (hash ^ c[i]) * UINT64_C(0x100000001b3);
    }
    hash ^= hash >> 29;
    return hash ? hash : 1;
}

static gw_span text_of(const scan *s, const key_seen *key) {
    return gw_span_make(s->text + key->at, key->len);
}

static bool is_same_key(const scan *s, const key_seen *a, const key_seen *b) {
    uint8_t first_a = s->text[a->at + 1], first_b = s->text[b->at + 1];
    if (a->object != b->object || (first_a != first_b && first_a != '\\' && first_b != '\\')) return false;
    return same_string(text_of(s, a), text_of(s, b));
}

/* The key's place, or that of the same key. */
static key_seen *find_slot(const scan *s, key_seen *table, size_t size, const key_seen *key) {
    size_t slot = key->hash & (size - 1);
    while (table[slot].hash && !(table[slot].hash == key->hash && is_same_key(s, &table[slot], key)))
        slot = (slot + 1) & (size - 1);
    return &table[slot];
}

/* A table of twice the size, or the first, of the few. */
static bool grow_table(scan *s) {
    size_t size = s->table_size * 2;
    size_t count = s->table_size;
    key_seen *old = s->table;
    if (!old) {
        old = s->few;
        count = FEW_KEYS;
        size = 4 * FEW_KEYS;
        for (size_t i = 0; i < count; i++) old[i].hash = hash_string(text_of(s, &old[i]), old[i].object);
    }
    key_seen *grown = calloc(size, sizeof *grown);
    if (!grown) return fault(s, "out of memory");
    for (size_t i = 0; i < count; i++)
        if (old[i].hash) *find_slot(s, grown, size, &old[i]) = old[i];
    free(s->table);
    s->table = grown;
    s->table_size = size;
    return true;
}

/* Remembers a key of the innermost object, the string that ends here; false when it was there before. */
static bool remember(scan *s, const uint8_t *string) {
    if (s->keys == GW_STRICT_JSON_MAX_KEYS) return fault(s, "too many keys");
    key_seen key = {
        .object = s->open[s->depth - 1], .at = (uint32_t)(string - s->text), .len = (uint32_t)(s->at - string)};
    key_seen *place = s->few;
    if (s->keys < FEW_KEYS) {
        for (; place < s->few + s->keys; place++)
            if (is_same_key(s, place, &key)) return fault(s, "a duplicate key");
    } else {
        if (s->keys * 2 >= s->table_size && !grow_table(s)) return false;
        key.hash = hash_string(text_of(s, &key), key.object);
        place = find_slot(s, s->table, s->table_size, &key);
        if (place->hash) return fault(s, "a duplicate key");
    }
    *place = key;
    s->keys++;
    return true;
}

static bool scan_key(scan *s) {
    skip_space(s);
    if (peek(s) != '"') return fault(s, "a key must be a string");
    const uint8_t *string = s->at;
    if (!scan_string(s) || !remember(s, string)) return false;
    skip_space(s);
    if (peek(s) != ':') return fault(s, "a colon is missing");
    s->at++;
    return true;
}

/* Opens an object or array. *empty: it is closed at once. */
static bool scan_open(scan *s, bool object, bool *empty) {
    if (s->depth == GW_STRICT_JSON_MAX_DEPTH) return fault(s, "nested too deep");
    s->at++;
    s->open[s->depth++] = object ? ++s->objects : 0;
    skip_space(s);
    *empty = peek(s) == (object ? '}' : ']');
    return *empty || !object || scan_key(s);
}

static bool scan_scalar(scan *s, int c) {
    switch (c) {
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        break;
    }
    if (c == '-' || (c >= '0' && c <= '9')) return scan_number(s);
    return fault(s, c < 0 ? "the text ends too early" : "a value is missing");
}

/* Closes what ends here and goes to the next value. *done: the outermost value is complete. */
static bool scan_after_value(scan *s, bool *done) {
    for (;;) {
        if (s->depth == 0) {
            *done = true;
            return true;
        }
        bool object = s->open[s->depth - 1] > 0;
        skip_space(s);
        int c = peek(s);
        if (c == ',') {
            s->at++;
            return !object || scan_key(s);
        }
        if (c != (object ? '}' : ']')) return fault(s, "a comma or a closing bracket is missing");
        s->at++;
        s->depth--;
    }
}

/* One value at s->at, with all that is in it. */
static bool scan_value(scan *s) {
    for (bool done = false; !done;) {
        skip_space(s);
        int c = peek(s);
        if (c == '{' || c == '[') {
            bool empty;
            if (!scan_open(s, c == '{', &empty)) return false;
            if (!empty) continue;
        } else if (!scan_scalar(s, c)) {
            return false;
        }
        if (!scan_after_value(s, &done)) return false;
    }
    return true;
}

const char *gw_strict_json_check(gw_span text, size_t *at) {
    uint32_t open[GW_STRICT_JSON_MAX_DEPTH];
    key_seen few[FEW_KEYS];
    scan s = {
        .text = text.ptr, .at = text.ptr, .end = text.len ? text.ptr + text.len : text.ptr, .open = open, .few = few};
    if (text.len > UINT32_MAX)
        fault(&s, "the text is too long");
    else if (scan_value(&s)) {
        skip_space(&s);
        if (s.at < s.end) fault(&s, "text behind the value");
    }
    free(s.table);
    if (at) *at = (size_t)(s.at - s.text);
    return s.why;
}
