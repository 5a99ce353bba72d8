/* Floor 2: the strict JSON judge. Strings are scanned a word at a time, everything else by table; names of open objects
 * stand in one stack of hashes (json_names.h). Knows no tree and no envelope. */
#include "protocol/json.h"
#include "protocol/json_names.h"

#include "wire/utf8.h"

#include <string.h>

typedef enum byte_class {
    OTHER,
    STRING,
    NUMBER,
    LITERAL,
    OPEN,
    CLOSE,
    COMMA,
    ZERO /* the NUL byte */
} byte_class;

static const uint8_t classes[256] = {
    [0] = ZERO,      ['"'] = STRING,  ['-'] = NUMBER, ['0'] = NUMBER, ['1'] = NUMBER, ['2'] = NUMBER, ['3'] = NUMBER,
    ['4'] = NUMBER,  ['5'] = NUMBER,  ['6'] = NUMBER, ['7'] = NUMBER, ['8'] = NUMBER, ['9'] = NUMBER, ['t'] = LITERAL,
    ['f'] = LITERAL, ['n'] = LITERAL, ['['] = OPEN,   ['{'] = OPEN,   [']'] = CLOSE,  ['}'] = CLOSE,  [','] = COMMA,
};

typedef struct judge {
    const uint8_t *start, *p, *end;
    gw_json_fault hard;
    size_t hard_offset;
    gw_json_fault soft; /* the earliest */
    size_t soft_offset;
    bool nul_escape;
    uint32_t depth, deepest, max_depth;
    uint8_t closers[GW_JSON_MAX_DEPTH]; /* what ends each open bracket */
    gw_json_names names;
} judge;

static bool fault_at(judge *j, gw_json_fault fault, const uint8_t *at) {
    j->hard = fault;
    j->hard_offset = (size_t)(at - j->start);
    return false;
}

static bool fault_here(judge *j, gw_json_fault fault) {
    if (j->p >= j->end) return fault_at(j, GW_JSON_UNEXPECTED_END, j->end);
    if (*j->p == 0) fault = GW_JSON_NUL;
    return fault_at(j, fault, j->p);
}

static void note(judge *j, gw_json_fault fault, size_t offset) {
    if (j->soft != GW_JSON_NONE && j->soft_offset <= offset) return;
    j->soft = fault;
    j->soft_offset = offset;
}

static inline void skip_space(judge *j) {
    while (j->p < j->end && (*j->p == ' ' || *j->p == '\n' || *j->p == '\t' || *j->p == '\r')) j->p++;
}

/* ---- Strings ---- */

/* The high bit of each byte that is a control character, a quote, a backslash or no ASCII. */
static inline uint64_t special_bytes(uint64_t w) {
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
    return ((w - ones * 0x20) | (quote - ones) | (slash - ones) | w) & high;
}

/* Number of the lowest marked byte in memory. Marks above a true one may be false, for the subtraction borrows; the
 * lowest never is. */
static inline unsigned first_byte(uint64_t special) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (unsigned)__builtin_ctzll(special) / 8;
#else
    (void)special;
    return 0;
#endif
}

/* One more than what the digit stands for; 0: it is none. */
static const uint8_t hex_digits[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* The value of four digits at p, or -1 and the first byte that is none, or the end. */
static inline int hex4(const uint8_t *p, const uint8_t *end, const uint8_t **bad) {
    int value = 0, i = 0;
    for (; i < 4 && p < end && hex_digits[*p]; i++) value = value << 4 | (hex_digits[*p++] - 1);
    *bad = p;
    return i == 4 ? value : -1;
}

/* j->p stands on the 'u'. */
static bool take_unicode(judge *j) {
    const uint8_t *slash = j->p - 1, *bad;
    int unit = hex4(j->p + 1, j->end, &bad);
    if (unit < 0) {
        j->p = bad;
        return fault_here(j, GW_JSON_BAD_UNICODE_ESCAPE);
    }
    j->p += 5;
    if (unit == 0) j->nul_escape = true;
    if (unit < 0xd800 || unit > 0xdfff) return true;
    if (unit >= 0xdc00) {
        note(j, GW_JSON_LONE_LOW_SURROGATE, (size_t)(slash - j->start));
        return true;
    }
    int low = j->end - j->p >= 6 && j->p[0] == '\\' && j->p[1] == 'u' ? hex4(j->p + 2, j->end, &bad) : -1;
    if (low >= 0xdc00 && low <= 0xdfff)
        j->p += 6;
    else
        note(j, GW_JSON_LONE_HIGH_SURROGATE, (size_t)(slash - j->start));
    return true;
}

/* j->p stands on a backslash. */
static bool take_escape(judge *j) {
    j->p++;
    if (j->p >= j->end) return fault_here(j, GW_JSON_BAD_ESCAPE);
    if (*j->p == 'u') return take_unicode(j);
    switch (*j->p) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        j->p++;
        return true;
    default:
        return fault_here(j, GW_JSON_BAD_ESCAPE);
    }
}

static inline bool follows(uint8_t byte) {
    return (byte & 0xc0) == 0x80;
}

/* Bytes of the well-formed UTF-8 sequence at p, which is 0x80 or above; 0 when there is none (RFC 3629 section 4). */
static inline size_t sequence(const uint8_t *p, const uint8_t *end) {
    size_t room = (size_t)(end - p);
    if (*p < 0xe0) return *p >= 0xc2 && room >= 2 && follows(p[1]) ? 2 : 0;
    if (*p < 0xf0) {
        if (room < 3 || !follows(p[1]) || !follows(p[2])) return 0;
        return (*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ? 0 : 3;
    }
    if (*p > 0xf4 || room < 4 || !follows(p[1]) || !follows(p[2]) || !follows(p[3])) return 0;
    return (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f) ? 0 : 4;
}

/* A run of bytes from 0x80 on: whole UTF-8 sequences, for all of their bytes are of that kind. Where one is not, the
 * check of wire/ says at which byte; an unfinished one is at fault where the run ends. */
static bool take_beyond_ascii(judge *j) {
    size_t len = 1, bad;
    while (j->p < j->end && *j->p >= 0x80 && (len = sequence(j->p, j->end)) > 0) j->p += len;
    if (len > 0) return true;
    const uint8_t *start = j->p;
    while (j->p < j->end && *j->p >= 0x80) j->p++;
    if (gw_utf8_check(gw_span_make(start, (size_t)(j->p - start)), &bad)) return true;
    return fault_at(j, GW_JSON_INVALID_UTF8, start + bad);
}

/* j->p stands behind the opening quote, and is left behind the closing one. */
static bool take_string(judge *j, bool *escaped) {
    *escaped = false;
    for (;;) {
        uint64_t word, special;
        while (j->end - j->p >= 8) {
            memcpy(&word, j->p, 8);
            special = special_bytes(word);
            if (special) {
                j->p += first_byte(special);
                break;
            }
            j->p += 8;
        }
        /* Plain bytes are left only in the tail of the text (or where first_byte cannot tell). */
        while (j->p < j->end && *j->p >= 0x20 && *j->p < 0x80 && *j->p != '"' && *j->p != '\\') j->p++;
        if (j->p >= j->end) return fault_here(j, GW_JSON_UNEXPECTED_END);
        if (*j->p == '"') {
            j->p++;
            return true;
        }
        if (*j->p >= 0x80) {
            if (!take_beyond_ascii(j)) return false;
        } else if (*j->p == '\\') {
            *escaped = true;
            if (!take_escape(j)) return false;
        } else {
            return fault_here(j, GW_JSON_CONTROL_CHARACTER);
        }
    }
}

/* ---- Numbers and words ---- */

static inline bool is_digit(const judge *j) {
    return j->p < j->end && *j->p >= '0' && *j->p <= '9';
}

static bool take_digits(judge *j) {
    if (!is_digit(j)) return fault_here(j, GW_JSON_MISSING_DIGITS);
    while (is_digit(j)) j->p++;
    return true;
}

static bool take_number(judge *j) {
    const uint8_t *start = j->p;
    bool exponent = false;
    j->p += *j->p == '-';
    if (is_digit(j) && *j->p == '0') {
        j->p++;
        if (is_digit(j)) return fault_at(j, GW_JSON_LEADING_ZERO, j->p - 1);
    } else if (!take_digits(j)) {
        return false;
    }
    if (j->p < j->end && *j->p == '.') {
        j->p++;
        if (!take_digits(j)) return false;
    }
    if (j->p < j->end && (*j->p | 32) == 'e') {
        exponent = true;
        j->p++;
        j->p += j->p < j->end && (*j->p == '+' || *j->p == '-');
        if (!take_digits(j)) return false;
    }
    /* Up to 308 digits without an exponent are below the largest double. */
    if ((exponent || j->p - start > 308) && !gw_json_number_fits(gw_span_make(start, (size_t)(j->p - start))))
        note(j, GW_JSON_NUMBER_RANGE, (size_t)(start - j->start));
    return true;
}

static bool take_literal(judge *j) {
    static const char words[3][6] = {"true", "false", "null"};
    const char *word = words[*j->p == 't' ? 0 : *j->p == 'f' ? 1 : 2];
    size_t len = *j->p == 'f' ? 5 : 4;
    if ((size_t)(j->end - j->p) >= len && memcmp(j->p, word, len) == 0) {
        j->p += len;
        return true;
    }
    for (const uint8_t *start = j->p; *word; word++, j->p++) {
        if (j->p < j->end && *j->p == (uint8_t)*word) continue;
        if (j->p >= j->end) return fault_here(j, GW_JSON_UNEXPECTED_END);
        return fault_at(j, GW_JSON_BAD_LITERAL, start);
    }
    return true;
}

/* ---- Structure ---- */

/* j->p stands on what should be a name; it is left on the value. */
static bool take_name(judge *j) {
    const uint8_t *start = j->p;
    bool escaped;
    if (j->p >= j->end || *j->p != '"') return fault_here(j, GW_JSON_EXPECTED_KEY);
    j->p++;
    if (!take_string(j, &escaped)) return false;
    const size_t offset = (size_t)(start - j->start) + 1;
    switch (gw_json_names_add(&j->names, offset, (size_t)(j->p - start) - 2, escaped)) {
    case GW_JSON_NAMES_NEW:
        break;
    case GW_JSON_NAMES_DUPLICATE:
        note(j, GW_JSON_DUPLICATE_KEY, offset - 1);
        break;
    case GW_JSON_NAMES_NO_MEMORY:
        return fault_at(j, GW_JSON_NO_MEMORY, start);
    }
    skip_space(j);
    if (j->p >= j->end || *j->p != ':') return fault_here(j, GW_JSON_EXPECTED_COLON);
    j->p++;
    return true;
}

static bool open_bracket(judge *j) {
    if (j->depth >= j->max_depth) return fault_here(j, GW_JSON_TOO_DEEP);
    j->closers[j->depth++] = *j->p == '{' ? '}' : ']';
    if (*j->p == '{') gw_json_names_open(&j->names);
    if (j->depth > j->deepest) j->deepest = j->depth;
    j->p++;
    return true;
}

static void close_bracket(judge *j) {
    size_t duplicate;
    if (*j->p++ == '}' && gw_json_names_close(&j->names, &duplicate)) note(j, GW_JSON_DUPLICATE_KEY, duplicate - 1);
    j->depth--;
}

/* A value was read: goes on to the next one. *done: there is none. */
static bool after_value(judge *j, bool *done) {
    for (;;) {
        skip_space(j);
        if (j->depth == 0) {
            *done = true;
            return j->p == j->end || fault_here(j, GW_JSON_TRAILING_GARBAGE);
        }
        uint8_t closer = j->closers[j->depth - 1];
        if (j->p >= j->end) return fault_here(j, GW_JSON_UNEXPECTED_END);
        if (*j->p == closer) {
            close_bracket(j);
            continue;
        }
        if (*j->p == ',') {
            const uint8_t *comma = j->p++;
            skip_space(j);
            if (j->p < j->end && *j->p == closer) return fault_at(j, GW_JSON_TRAILING_COMMA, comma);
            return closer == ']' || take_name(j);
        }
        return fault_here(j, classes[*j->p] == CLOSE ? GW_JSON_MISMATCHED_BRACKET : GW_JSON_EXPECTED_COMMA);
    }
}

/* An opening bracket was read. *empty: so was its closing one. */
static bool after_open(judge *j, bool *empty) {
    uint8_t closer = j->closers[j->depth - 1];
    skip_space(j);
    *empty = j->p < j->end && *j->p == closer;
    if (*empty) {
        close_bracket(j);
        return true;
    }
    return closer == ']' || take_name(j);
}

static bool take_text(judge *j) {
    bool done = false, value_read, escaped;
    while (!done) {
        skip_space(j);
        if (j->p >= j->end) return fault_here(j, GW_JSON_UNEXPECTED_END);
        value_read = true;
        switch (classes[*j->p]) {
        case STRING:
            j->p++;
            if (!take_string(j, &escaped)) return false;
            break;
        case NUMBER:
            if (!take_number(j)) return false;
            break;
        case LITERAL:
            if (!take_literal(j)) return false;
            break;
        case OPEN:
            if (!open_bracket(j) || !after_open(j, &value_read)) return false;
            break;
        case CLOSE:
            return fault_here(j, j->depth && *j->p != j->closers[j->depth - 1] ? GW_JSON_MISMATCHED_BRACKET
                                                                               : GW_JSON_UNEXPECTED_BYTE);
        default:
            return fault_here(j, GW_JSON_UNEXPECTED_BYTE);
        }
        if (value_read && !after_value(j, &done)) return false;
    }
    return true;
}

static void judge_text(judge *j) {
    if (j->end - j->start >= 3 && memcmp(j->start, "\xef\xbb\xbf", 3) == 0) {
        fault_at(j, GW_JSON_BOM, j->start);
        return;
    }
    skip_space(j);
    if (j->p == j->end) {
        fault_at(j, GW_JSON_EMPTY, j->end);
        return;
    }
    take_text(j);
}

gw_json_verdict gw_json_judge(gw_span text, gw_json_limits limits, gw_json_report *report) {
    judge j; /* not zeroed as a whole: it holds kilobytes of stacks that most messages never touch */
    j.start = j.p = text.ptr ? text.ptr : (const uint8_t *)"";
    j.end = j.start + text.len;
    j.hard = j.soft = GW_JSON_NONE;
    j.hard_offset = j.soft_offset = 0;
    j.nul_escape = false;
    j.depth = j.deepest = 0;
    j.max_depth = limits.max_depth == 0                  ? GW_JSON_DEFAULT_DEPTH
                  : limits.max_depth > GW_JSON_MAX_DEPTH ? GW_JSON_MAX_DEPTH
                                                         : limits.max_depth;
    gw_json_names_init(&j.names, j.start);
    judge_text(&j);
    gw_json_names_deinit(&j.names);
    bool hard = j.hard != GW_JSON_NONE;
    gw_json_report result = {.fault = hard ? j.hard : j.soft,
                             .offset = hard ? j.hard_offset : j.soft_offset,
                             .depth = j.deepest,
                             .has_nul_escape = j.nul_escape};
    result.verdict = gw_json_fault_verdict(result.fault);
    if (report) *report = result;
    return result.verdict;
}
