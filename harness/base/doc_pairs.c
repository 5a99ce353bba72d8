/* Floor 0: surrogate pairs ("\ud83d\ude00"), as JSON writes what lies beyond U+FFFF (RFC 8259 section 7).
 *
 * libyaml refuses them, and only libyaml knows where double quotes are, the one place where they are escapes. So it
 * reads a text in which each pair is U+FFFE twice, as long and thus with the same marks, and every scalar gets its own
 * pairs back, as characters or letter by letter. U+FFFE is no character: a scalar that has both is refused. */
#include "base/doc_internal.h"

#include <stdlib.h>
#include <string.h>

enum { PAIR_BYTES = 12, HALF_BYTES = PAIR_BYTES / 2 };
static const char written[] = "\\uFFFE\\uFFFE", decoded[] = "\xef\xbf\xbe\xef\xbf\xbe";

static int hex_digit(uint8_t c) {
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* The value of "\uXXXX", 0 when there is none. */
static uint32_t escape_at(const uint8_t *text) {
    uint32_t value = 0;
    if (text[0] != '\\' || text[1] != 'u') return 0;
    for (int i = 2; i < HALF_BYTES; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0) return 0;
        value = value << 4 | (uint32_t)digit;
    }
    return value;
}

/* The character of a pair at the start of s, 0 when there is none. */
static uint32_t pair_at(gw_span s) {
    if (s.len < PAIR_BYTES) return 0;
    uint32_t high = escape_at(s.ptr), low = escape_at(s.ptr + HALF_BYTES);
    if (high >> 10 != 0xd800 >> 10 || low >> 10 != 0xdc00 >> 10) return 0;
    return 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
}

static gw_status note_pair(gw_doc_pairs *pairs, size_t byte, size_t index) {
    if (pairs->count == pairs->capacity) {
        size_t capacity = pairs->capacity ? 2 * pairs->capacity : 16;
        gw_doc_pair *grown = realloc(pairs->items, capacity * sizeof *grown);
        if (!grown) return GW_ERR_NOMEM;
        pairs->items = grown;
        pairs->capacity = capacity;
    }
    pairs->items[pairs->count++] = (gw_doc_pair){.byte = byte, .index = index};
    return GW_OK;
}

gw_status gw_doc_pairs_hide(gw_doc_pairs *pairs, gw_span source) {
    *pairs = (gw_doc_pairs){.source = source, .hidden = source};
    for (size_t i = 0, index = 0; i < source.len;) {
        size_t step = 1;
        if (source.ptr[i] == '\\' && pair_at(gw_span_from(source, i))) {
            step = PAIR_BYTES;
            if (note_pair(pairs, i, index) != GW_OK) return GW_ERR_NOMEM;
        } else if (source.ptr[i] == '\\' && i + 1 < source.len && source.ptr[i + 1] == '\\') {
            step = 2;
        }
        index += step == 1 ? (source.ptr[i] & 0xc0) != 0x80 : step;
        i += step;
    }
    if (!pairs->count) return GW_OK;
    pairs->copy = malloc(source.len);
    if (!pairs->copy) return GW_ERR_NOMEM;
    memcpy(pairs->copy, source.ptr, source.len);
    for (size_t i = 0; i < pairs->count; i++) memcpy(pairs->copy + pairs->items[i].byte, written, PAIR_BYTES);
    pairs->hidden = gw_span_make(pairs->copy, source.len);
    return GW_OK;
}

void gw_doc_pairs_deinit(gw_doc_pairs *pairs) {
    free(pairs->copy);
    free(pairs->items);
}

static void append_character(gw_buf *out, uint32_t c) {
    uint8_t bytes[] = {(uint8_t)(0xf0 | c >> 18), (uint8_t)(0x80 | (c >> 12 & 0x3f)), (uint8_t)(0x80 | (c >> 6 & 0x3f)),
                       (uint8_t)(0x80 | (c & 0x3f))};
    gw_buf_append(out, bytes, sizeof bytes);
}

const char *gw_doc_pairs_restore(gw_doc_pairs *pairs, const yaml_event_t *scalar, gw_buf *out) {
    static const char confused[] = "a surrogate pair that cannot be told from U+FFFE: write the character itself";
    gw_span rest = gw_span_make(scalar->data.scalar.value, scalar->data.scalar.length);
    bool is_escape = scalar->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    gw_span mark = gw_span_cstr(is_escape ? decoded : written);
    gw_buf_clear(out);
    while (pairs->next < pairs->count && pairs->items[pairs->next].index < scalar->start_mark.index) pairs->next++;
    for (; pairs->next < pairs->count && pairs->items[pairs->next].index < scalar->end_mark.index; pairs->next++) {
        gw_span pair = gw_span_sub(pairs->source, pairs->items[pairs->next].byte, PAIR_BYTES);
        const uint8_t *found = memmem(rest.ptr, rest.len, mark.ptr, mark.len);
        if (!found) return confused;
        gw_buf_append(out, rest.ptr, (size_t)(found - rest.ptr));
        rest = gw_span_from(rest, (size_t)(found - rest.ptr) + mark.len);
        if (is_escape)
            append_character(out, pair_at(pair));
        else
            gw_buf_append_span(out, pair);
    }
    bool restored = rest.ptr != scalar->data.scalar.value;
    if (restored && memmem(rest.ptr, rest.len, mark.ptr, mark.len / 2)) return confused;
    gw_buf_append_span(out, rest);
    return out->error == GW_OK ? NULL : gw_status_text(out->error);
}
