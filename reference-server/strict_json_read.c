/* Reading a text that has passed the check. Pure. */
#include "reference-server/strict_json.h"

#include <string.h>

static bool is_space(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_word(uint8_t c) {
    return c == ',' || c == ']' || c == '}' || is_space(c);
}

static size_t string_end(gw_span text, size_t at) {
    for (at++; text.ptr[at] != '"'; at++)
        if (text.ptr[at] == '\\') at++;
    return at + 1;
}

static size_t word_end(gw_span text, size_t at) {
    while (at < text.len && !ends_word(text.ptr[at])) at++;
    return at;
}

/* Of an object or array. */
static size_t nest_end(gw_span text, size_t at) {
    for (size_t depth = 0;; at++) {
        uint8_t c = text.ptr[at];
        if (c == '"')
            at = string_end(text, at) - 1;
        else if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return at + 1;
    }
}

static size_t after_space(gw_span text, size_t at) {
    while (at < text.len && is_space(text.ptr[at])) at++;
    return at;
}

/* Of the value that starts with this character. */
static gw_strict_json_kind kind_of(uint8_t first) {
    switch (first) {
    case 'n':
        return GW_STRICT_JSON_NULL;
    case 'f':
        return GW_STRICT_JSON_FALSE;
    case 't':
        return GW_STRICT_JSON_TRUE;
    case '"':
        return GW_STRICT_JSON_STRING;
    case '{':
        return GW_STRICT_JSON_OBJECT;
    case '[':
        return GW_STRICT_JSON_ARRAY;
    default:
        return GW_STRICT_JSON_NUMBER;
    }
}

/* The checked value that starts at `at`. */
static gw_strict_json_value value_at(gw_span text, size_t at) {
    gw_strict_json_kind kind = kind_of(text.ptr[at]);
    bool nest = kind == GW_STRICT_JSON_OBJECT || kind == GW_STRICT_JSON_ARRAY;
    size_t end = nest ? nest_end(text, at) : kind == GW_STRICT_JSON_STRING ? string_end(text, at) : word_end(text, at);
    return (gw_strict_json_value){kind, gw_span_make(text.ptr + at, end - at)};
}

gw_strict_json_value gw_strict_json_root(gw_span text) {
    text = gw_span_from(text, after_space(text, 0));
    while (is_space(text.ptr[text.len - 1])) text.len--;
    return (gw_strict_json_value){.kind = kind_of(text.ptr[0]), .text = text};
}

bool gw_strict_json_next(gw_strict_json_value object, size_t *at, gw_span *key, gw_strict_json_value *value) {
    if (object.kind != GW_STRICT_JSON_OBJECT) return false;
    gw_span text = object.text;
    size_t from = after_space(text, *at + (*at == 0));
    if (text.ptr[from] == ',') from = after_space(text, from + 1);
    if (text.ptr[from] == '}') return false;
    size_t end = string_end(text, from);
    *key = gw_span_sub(text, from, end - from);
    from = after_space(text, after_space(text, end) + 1);
    *value = value_at(text, from);
    *at = from + value->text.len;
    return true;
}

gw_strict_json_value gw_strict_json_get(gw_strict_json_value object, const char *key) {
    size_t at = 0;
    gw_span name;
    gw_strict_json_value value;
    while (gw_strict_json_next(object, &at, &name, &value))
        if (gw_strict_json_equals(name, key)) return value;
    return (gw_strict_json_value){0};
}

gw_status gw_strict_json_unescape(gw_span string, gw_buf *out) {
    const uint8_t *p = string.ptr + 1, *end = string.ptr + string.len - 1;
    uint8_t c[4];
    while (p < end) {
        size_t n = gw_strict_json_next_char(&p, c);
        gw_status status = gw_buf_append(out, c, n);
        if (status != GW_OK) return status;
    }
    return GW_OK;
}

bool gw_strict_json_equals(gw_span string, const char *plain) {
    const uint8_t *p = string.ptr + 1, *end = string.ptr + string.len - 1;
    uint8_t c[4];
    while (p < end) {
        size_t n = 1;
        if (*p != '\\')
            c[0] = *p++;
        else
            n = gw_strict_json_next_char(&p, c);
        for (size_t i = 0; i < n; i++)
            if ((uint8_t)*plain++ != c[i] || c[i] == 0) return false;
    }
    return *plain == 0;
}

bool gw_strict_json_natural(gw_strict_json_value number, uint64_t max, uint64_t *out) {
    if (number.kind != GW_STRICT_JSON_NUMBER) return false;
    uint64_t value = 0;
    for (size_t i = 0; i < number.text.len; i++) {
        uint8_t c = number.text.ptr[i];
        if (c < '0' || c > '9' || value > (max - (c - '0')) / 10) return false;
        value = value * 10 + (c - '0');
    }
    *out = value;
    return true;
}
