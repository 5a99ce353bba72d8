/* A strict judge of JSON text (RFC 8259). Floor 2. It builds no tree: it says whether the text is JSON, and where it
 * first is not. Iterative; no allocation unless one message holds more than a few hundred open keys. */
#ifndef GW_PROTOCOL_JSON_H
#define GW_PROTOCOL_JSON_H

#include "base/buf.h"

/* X(NAME, class, "name", "text"). INVALID: not a JSON text. UNPREDICTABLE: the grammar allows it, but receivers differ
 * on it (RFC 8259 sections 4, 6, 8.2). LIMIT: this judge gives up. */
#define GW_JSON_FAULT_TABLE(X)                                                                                         \
    X(NONE, VALID, "none", "no fault")                                                                                 \
    X(EMPTY, INVALID, "empty", "the text is empty or only white space")                                                \
    X(BOM, INVALID, "bom", "a byte order mark before the value (section 8.1)")                                         \
    X(UNEXPECTED_END, INVALID, "unexpected-end", "the text ends inside a value")                                       \
    X(UNEXPECTED_BYTE, INVALID, "unexpected-byte", "a byte that begins no value")                                      \
    X(BAD_LITERAL, INVALID, "bad-literal", "a word that is not true, false or null")                                   \
    X(EXPECTED_KEY, INVALID, "expected-key", "a member must begin with a string as its name")                          \
    X(EXPECTED_COLON, INVALID, "expected-colon", "a colon must follow a member's name")                                \
    X(EXPECTED_COMMA, INVALID, "expected-comma", "a comma or the closing bracket must follow a value")                 \
    X(TRAILING_COMMA, INVALID, "trailing-comma", "a comma before the closing bracket")                                 \
    X(MISMATCHED_BRACKET, INVALID, "mismatched-bracket", "a bracket of the other kind closes this one")                \
    X(TRAILING_GARBAGE, INVALID, "trailing-garbage", "bytes after the value")                                          \
    X(NUL, INVALID, "nul", "a NUL byte")                                                                               \
    X(CONTROL_CHARACTER, INVALID, "control-character", "an unescaped control character in a string")                   \
    X(BAD_ESCAPE, INVALID, "bad-escape", "an escape that section 7 does not define")                                   \
    X(BAD_UNICODE_ESCAPE, INVALID, "bad-unicode-escape", "\\u without four hexadecimal digits")                        \
    X(INVALID_UTF8, INVALID, "invalid-utf8", "bytes that are not UTF-8 (section 8.1)")                                 \
    X(LEADING_ZERO, INVALID, "leading-zero", "a number with a leading zero")                                           \
    X(MISSING_DIGITS, INVALID, "missing-digits", "a number that lacks digits")                                         \
    X(LONE_HIGH_SURROGATE, UNPREDICTABLE, "lone-high-surrogate", "an escaped high surrogate without its low one")      \
    X(LONE_LOW_SURROGATE, UNPREDICTABLE, "lone-low-surrogate", "an escaped low surrogate without its high one")        \
    X(NUMBER_RANGE, UNPREDICTABLE, "number-range", "a number beyond the range of a double")                            \
    X(DUPLICATE_KEY, UNPREDICTABLE, "duplicate-key", "a name that its object already has")                             \
    X(TOO_DEEP, LIMIT, "too-deep", "nesting beyond the limit")                                                         \
    X(NO_MEMORY, LIMIT, "no-memory", "no memory to compare that many names")

typedef enum gw_json_fault {
#define GW_JSON_ENUM(name, class_, word, text) GW_JSON_##name,
    GW_JSON_FAULT_TABLE(GW_JSON_ENUM)
#undef GW_JSON_ENUM
        GW_JSON_FAULT_COUNT
} gw_json_fault;

typedef enum gw_json_verdict {
    GW_JSON_IS_VALID,
    GW_JSON_IS_UNPREDICTABLE, /* JSON, but receivers differ on it */
    GW_JSON_IS_INVALID,
    GW_JSON_IS_LIMIT /* unknown: beyond a limit of this judge */
} gw_json_verdict;

enum { GW_JSON_MAX_DEPTH = 1024, GW_JSON_DEFAULT_DEPTH = 512 };

typedef struct gw_json_limits {
    uint32_t max_depth; /* open arrays and objects; 0: GW_JSON_DEFAULT_DEPTH; at most GW_JSON_MAX_DEPTH */
} gw_json_limits;

typedef struct gw_json_report {
    gw_json_verdict verdict;
    gw_json_fault fault; /* the one that decided: the first INVALID or LIMIT one, else the first UNPREDICTABLE one */
    size_t offset;       /* of the first byte at fault; text length for UNEXPECTED_END */
    uint32_t depth;      /* deepest nesting seen */
    bool has_nul_escape; /* \u0000 stands in a string: C strings lose what follows */
} gw_json_report;

/* Judges the whole text; fills in *report (may be NULL). Never fails otherwise. */
gw_json_verdict gw_json_judge(gw_span text, gw_json_limits limits, gw_json_report *report);
/* "duplicate-key"; static. */
const char *gw_json_fault_name(gw_json_fault fault);
/* "a name that its object already has"; static. */
const char *gw_json_fault_text(gw_json_fault fault);
/* Which verdict a fault alone gives. */
gw_json_verdict gw_json_fault_verdict(gw_json_fault fault);

/* ---- Texts that were judged valid or unpredictable; on other texts the functions below stay in bounds and find
 * something or nothing. ---- */

/* The raw text of the value at a JSON Pointer (RFC 6901), without white space around it, by the first of equal names.
 */
bool gw_json_find(gw_span text, const char *pointer, gw_span *value);

typedef struct gw_json_number {
    bool is_integer; /* digits with an optional minus: no fraction, no exponent; -0 counts */
    bool fits_int64; /* and its value is in `integer` */
    int64_t integer;
} gw_json_number;
/* What a number token says exactly, before any conversion to double. False when it is no JSON number. */
bool gw_json_read_number(gw_span token, gw_json_number *out);
/* Appends text as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */

gw_status gw_json_append_string(gw_buf *out, gw_span text);

#endif
