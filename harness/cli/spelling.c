/* Floor 5, pure: a text in all its spellings. It walks value and text together, and keeps every place of the text where
 * it may be: a backslash may stand for itself, or begin an escape. */
#include "cli/spelling.h"

#include "report/text.h"

#include <ctype.h>

/* As many places only for a value that has a dozen backslashes or percent signs in a row. */
enum { WAYS_MAX = 32, RUN_MAX = 8, PARTIAL_MAX = 16 };

typedef struct ways {
    size_t at[WAYS_MAX]; /* offsets in the text */
    size_t count;
} ways;

static void add_way(ways *out, size_t at) {
    for (size_t i = 0; i < out->count; i++)
        if (out->at[i] == at) return;
    if (out->count < WAYS_MAX) out->at[out->count++] = at;
}

/* UINT32_MAX: not so many hexadecimal digits stand there. */
static uint32_t hex(gw_span text, size_t at, size_t digits) {
    uint32_t value = 0;
    if (at + digits > text.len) return UINT32_MAX;
    for (size_t i = at; i < at + digits; i++) {
        int c = text.ptr[i];
        if (!isxdigit(c)) return UINT32_MAX;
        value = value << 4 | (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
    }
    return value;
}

static void by_percent(gw_span text, size_t at, uint32_t point, ways *out) {
    uint32_t value = '%';
    for (at++; value == '%'; at += 2) { /* %25: perhaps the percent sign of one that was encoded again */
        value = hex(text, at, 2);
        if (value == point) add_way(out, at + 2);
    }
}

/* The "uXXXX" at `at`, behind `run` backslashes. */
static void by_code_point(gw_span text, size_t at, size_t run, uint32_t point, ways *out) {
    uint32_t unit = hex(text, at + 1, 4);
    at += 5;
    if (unit == point) add_way(out, at);
    if (point < 0x10000 || unit != 0xd800 + ((point - 0x10000) >> 10) || at + run >= text.len) return;
    for (size_t end = at + run; at < end; at++)
        if (text.ptr[at] != '\\') return;
    if (text.ptr[at] == 'u' && hex(text, at + 1, 4) == (0xdc00 | (point & 0x3ff))) add_way(out, at + 5);
}

static void by_backslash(gw_span text, size_t at, uint32_t point, ways *out) {
    static const char LETTERS[] = "bfnrt", NAMED[] = "\b\f\n\r\t";
    size_t run = 0;
    while (run < RUN_MAX && at + run < text.len && text.ptr[at + run] == '\\') run++;
    for (size_t n = 2; n <= run && point == '\\'; n *= 2) add_way(out, at + n);
    if ((at += run) == text.len) return;
    uint8_t c = text.ptr[at];
    const char *letter = memchr(LETTERS, c, sizeof LETTERS - 1);
    bool named = letter && (uint32_t)NAMED[letter - LETTERS] == point;
    if (named || (c == point && c != '\\' && ispunct(c))) add_way(out, at + 1);
    if (c == 'x' && hex(text, at + 1, 2) == point) add_way(out, at + 3);
    if (c == 'u') by_code_point(text, at, run, point, out);
}

/* Where the text goes on behind each spelling of a byte or code point. */
static void spell(gw_span text, size_t at, uint32_t point, ways *out) {
    if (at == text.len) return;
    uint8_t c = text.ptr[at];
    if (c == point || (c == '+' && point == ' ')) add_way(out, at + 1);
    if (c == '%') by_percent(text, at, point, out);
    if (c == '\\') by_backslash(text, at, point, out);
}

/* The bytes of one code point each by itself: none of them is a sign of escapes, so that there is one way at most. */
static void spell_bytes(gw_span text, size_t at, gw_span bytes, ways *out) {
    for (size_t i = 0; i < bytes.len; i++) {
        ways next = {.count = 0};
        spell(text, at, bytes.ptr[i], &next);
        if (!next.count) return;
        at = next.at[0];
    }
    add_way(out, at);
}

/* Where a text that goes on here was cut, perhaps inside an escape or a code point; 0: it was not. */
static size_t cut_at(gw_span text, size_t at) {
    size_t end = at;
    while (end < text.len && end < at + PARTIAL_MAX) {
        uint8_t c = text.ptr[end];
        if (c != '%' && c != '\\' && c < 0x80 && (end == at || !isalnum(c))) break;
        end++;
    }
    return end == text.len || gw_span_starts_with(gw_span_from(text, end), GW_SPAN_LIT("...")) ? end : 0;
}

gw_spelled gw_spelling_match(gw_span value, gw_span text) {
    gw_spelled spelled = {0};
    ways sets[2] = {{.at = {0}, .count = 1}}, *now = &sets[0], *next = &sets[1];
    while (value.len && now->count) {
        gw_span rest = value;
        uint8_t byte;
        uint32_t point = gw_text_next(&rest, &byte);
        gw_span bytes = gw_span_sub(value, 0, value.len - rest.len);
        next->count = 0;
        for (size_t i = 0; i < now->count; i++) {
            ways here = {.count = 0};
            spell(text, now->at[i], bytes.len == 1 ? bytes.ptr[0] : point, &here);
            if (bytes.len > 1) spell_bytes(text, now->at[i], bytes, &here);
            for (size_t k = 0; k < here.count; k++) add_way(next, here.at[k]);
            size_t cut = now->at[i] ? cut_at(text, now->at[i]) : 0;
            if (cut > spelled.piece) spelled.piece = cut;
        }
        ways *done = now;
        now = next;
        next = done;
        value = rest;
    }
    for (size_t i = 0; i < now->count; i++)
        if (now->at[i] > spelled.whole) spelled.whole = now->at[i];
    return spelled;
}

bool gw_spelling_may_start(gw_span value, uint8_t byte) {
    uint8_t first = value.ptr[0];
    return byte == first || byte == '%' || byte == '\\' || (byte == '+' && first == ' ') ||
           (byte >= 0x80 && first >= 0x80);
}

void gw_spelling_append_plain(gw_span text, gw_buf *out) {
    for (size_t i = 0; i < text.len; i++) {
        uint32_t value = text.ptr[i] == '%' ? hex(text, i + 1, 2) : UINT32_MAX;
        gw_buf_append_byte(out, value == UINT32_MAX ? text.ptr[i] : (uint8_t)value);
        i += value == UINT32_MAX ? 0 : 2;
    }
}
