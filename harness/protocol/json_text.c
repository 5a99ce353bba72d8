/* Floor 2: looking into the raw text of a message that was judged: places of values, exact numbers, strings. */
#include "protocol/json.h"

#include "wire/utf8.h"

#include <string.h>

#define FAULT_NAME(name, class_, word, text) word,
static const char *const names[] = {GW_JSON_FAULT_TABLE(FAULT_NAME)};
#undef FAULT_NAME
#define FAULT_TEXT(name, class_, word, text) text,
static const char *const texts[] = {GW_JSON_FAULT_TABLE(FAULT_TEXT)};
#undef FAULT_TEXT
#define FAULT_CLASS(name, class_, word, text) GW_JSON_IS_##class_,
static const gw_json_verdict verdicts[] = {GW_JSON_FAULT_TABLE(FAULT_CLASS)};
#undef FAULT_CLASS

const char *gw_json_fault_name(gw_json_fault fault) {
    return names[fault];
}

const char *gw_json_fault_text(gw_json_fault fault) {
    return texts[fault];
}

gw_json_verdict gw_json_fault_verdict(gw_json_fault fault) {
    return verdicts[fault];
}

/* ---- Places ---- */

static size_t skip_space(gw_span t, size_t i) {
    while (i < t.len && (t.ptr[i] == ' ' || t.ptr[i] == '\n' || t.ptr[i] == '\t' || t.ptr[i] == '\r')) i++;
    return i;
}

/* Behind the string whose quote is at i. */
static size_t skip_string(gw_span t, size_t i) {
    for (i++; i < t.len && t.ptr[i] != '"'; i++) i += t.ptr[i] == '\\';
    return i < t.len ? i + 1 : t.len;
}

/* Behind the value that begins at i. */
static size_t skip_value(gw_span t, size_t i) {
    size_t depth = 0;
    while (i < t.len) {
        uint8_t c = t.ptr[i];
        if (c == '"') {
            i = skip_string(t, i);
        } else if (c == '{' || c == '[') {
            depth++;
            i++;
            continue;
        } else if (c == '}' || c == ']') {
            if (depth == 0) return i;
            depth--;
            i++;
        } else if (c == ',' || c == ':' || c == ' ' || c == '\n' || c == '\t' || c == '\r') {
            if (depth == 0) return i;
            i++;
            continue;
        } else {
            while (i < t.len && !strchr(",:]} \n\t\r\"[{", t.ptr[i])) i++;
            if (i < t.len && t.ptr[i] == 0) return i;
        }
        if (depth == 0) return i;
    }
    return t.len;
}

static unsigned hex_value(gw_span s, size_t i) {
    unsigned value = 0;
    for (size_t k = i; k < i + 4 && k < s.len; k++) {
        unsigned c = s.ptr[k];
        value = value * 16 + (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
}

/* The raw name (between its quotes) stands for this reference token, in which ~1 is '/' and ~0 is '~'. Escapes beyond
 * ASCII are not looked through: names of envelopes have none. */
static bool name_is(gw_span raw, gw_span token) {
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    size_t i = 0, k = 0;
    while (i < raw.len && k < token.len) {
        unsigned c = raw.ptr[i++], want = token.ptr[k++];
        if (want == '~' && k < token.len) want = token.ptr[k++] == '1' ? '/' : '~';
        if (c == '\\' && i < raw.len) {
            c = raw.ptr[i++];
            const char *found = c ? strchr(from, (int)c) : NULL;
            if (c == 'u')
                c = hex_value(raw, i), i += 4;
            else if (found)
                c = (uint8_t)to[found - from];
        }
        if (c != want) return false;
    }
    return i >= raw.len && k == token.len;
}

static bool find_member(gw_span t, size_t i, gw_span token, size_t *at) {
    i = skip_space(t, i + 1);
    while (i < t.len && t.ptr[i] == '"') {
        size_t end = skip_string(t, i);
        bool found = end >= i + 2 && name_is(gw_span_sub(t, i + 1, end - i - 2), token);
        i = skip_space(t, end);
        if (i >= t.len || t.ptr[i] != ':') return false;
        i = skip_space(t, i + 1);
        if (found) {
            *at = i;
            return i < t.len;
        }
        i = skip_space(t, skip_value(t, i));
        if (i >= t.len || t.ptr[i] != ',') return false;
        i = skip_space(t, i + 1);
    }
    return false;
}

static bool find_item(gw_span t, size_t i, gw_span token, size_t *at) {
    size_t index = 0;
    if (token.len == 0 || token.len > 9 || (token.len > 1 && token.ptr[0] == '0')) return false;
    for (size_t k = 0; k < token.len; k++) {
        if (token.ptr[k] < '0' || token.ptr[k] > '9') return false;
        index = index * 10 + (token.ptr[k] - '0');
    }
    i = skip_space(t, i + 1);
    for (; index > 0; index--) {
        i = skip_space(t, skip_value(t, i));
        if (i >= t.len || t.ptr[i] != ',') return false;
        i = skip_space(t, i + 1);
    }
    *at = i;
    return i < t.len && t.ptr[i] != ']';
}

bool gw_json_find(gw_span text, const char *pointer, gw_span *value) {
    gw_span rest = gw_span_cstr(pointer);
    size_t i = skip_space(text, 0);
    while (rest.len > 0) {
        if (rest.ptr[0] != '/' || i >= text.len) return false;
        rest = gw_span_from(rest, 1);
        const uint8_t *slash = rest.len ? memchr(rest.ptr, '/', rest.len) : NULL;
        gw_span token = slash ? gw_span_sub(rest, 0, (size_t)(slash - rest.ptr)) : rest;
        rest = gw_span_from(rest, token.len);
        bool found = text.ptr[i] == '{'   ? find_member(text, i, token, &i)
                     : text.ptr[i] == '[' ? find_item(text, i, token, &i)
                                          : false;
        if (!found) return false;
    }
    if (i >= text.len) return false;
    *value = gw_span_sub(text, i, skip_value(text, i) - i);
    return value->len > 0;
}

/* ---- Numbers and strings ---- */

bool gw_json_read_number(gw_span token, gw_json_number *out) {
    gw_json_report report;
    *out = (gw_json_number){0};
    if (token.len == 0 || (token.ptr[0] != '-' && (token.ptr[0] < '0' || token.ptr[0] > '9'))) return false;
    gw_json_verdict verdict = gw_json_judge(token, (gw_json_limits){0}, &report);
    if (verdict != GW_JSON_IS_VALID && report.fault != GW_JSON_NUMBER_RANGE) return false;
    bool negative = token.ptr[0] == '-';
    uint64_t value = 0;
    out->is_integer = out->fits_int64 = true;
    for (size_t i = negative; i < token.len; i++) {
        uint8_t c = token.ptr[i];
        if (c == ' ' || c == '\n' || c == '\t' || c == '\r') return *out = (gw_json_number){0}, false;
        if (c < '0' || c > '9') out->is_integer = out->fits_int64 = false;
        if (!out->fits_int64) continue;
        unsigned digit = c - '0';
        uint64_t limit = (uint64_t)INT64_MAX + negative;
        if (value > (limit - digit) / 10)
            out->fits_int64 = false;
        else
            value = value * 10 + digit;
    }
    if (out->fits_int64) out->integer = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

gw_status gw_json_append_string(gw_buf *out, gw_span text) {
    gw_buf_append_byte(out, '"');
    for (size_t i = 0; i < text.len;) {
        size_t plain = 0, bad;
        while (i + plain < text.len && text.ptr[i + plain] >= 0x20 && text.ptr[i + plain] != '"' &&
               text.ptr[i + plain] != '\\' && text.ptr[i + plain] != 0x7f)
            plain++;
        gw_span run = gw_span_sub(text, i, plain);
        i += plain;
        while (!gw_utf8_check(run, &bad)) {
            /* Everything up to the byte that broke the sequence, without the unfinished sequence itself. */
            size_t good = bad < run.len ? bad : run.len;
            while (good > 0 && !gw_utf8_check(gw_span_sub(run, 0, good), NULL)) good--;
            gw_buf_append(out, run.ptr, good);
            gw_buf_append_cstr(out, "\xef\xbf\xbd");
            run = gw_span_from(run, bad > good ? bad : good + 1);
        }
        gw_buf_append_span(out, run);
        if (i >= text.len) break;
        uint8_t c = text.ptr[i++];
        if (c == '"' || c == '\\')
            gw_buf_printf(out, "\\%c", c);
        else if (c == '\n')
            gw_buf_append_cstr(out, "\\n");
        else
            gw_buf_printf(out, "\\u%04x", c);
    }
    gw_buf_append_byte(out, '"');
    return out->error;
}
