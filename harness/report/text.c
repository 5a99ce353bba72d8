/* Floor 4: escaping and layout of text. */
#include "report/text.h"

#include "wire/utf8.h"

#include <string.h>

uint32_t gw_text_next(gw_span *text, uint8_t *byte) {
    const uint8_t *p = text->ptr;
    *byte = p[0];
    size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (len > text->len || !gw_utf8_check(gw_span_make(p, len), NULL)) {
        *text = gw_span_from(*text, 1);
        return UINT32_MAX;
    }
    uint32_t point = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) point = point << 6 | (p[i] & 0x3fu);
    *text = gw_span_from(*text, len);
    return point;
}

/* C0, DEL and C1 controls, line and paragraph separators, and what reorders a line (Unicode bidirectional controls). */
static bool drives_reader(uint32_t point) {
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x061c || point == 0x200e || point == 0x200f ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0xfeff ||
           point == 0xfffe || point == 0xffff;
}

static void append_escape(gw_buf *out, uint32_t point) {
    static const struct {
        uint32_t point;
        const char *text;
    } named[] = {{'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}, {0, "\\0"}};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        if (point == named[i].point) {
            gw_buf_append_cstr(out, named[i].text);
            return;
        }
    gw_buf_printf(out, point < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)point);
}

/* One code point, printable; the bytes it took are [before, rest). */
static void append_point(gw_buf *out, gw_span before, gw_span rest, uint32_t point, uint8_t byte) {
    if (point == UINT32_MAX)
        gw_buf_printf(out, "\\x%02x", (unsigned)byte);
    else if (drives_reader(point))
        append_escape(out, point);
    else
        gw_buf_append(out, before.ptr, before.len - rest.len);
}

void gw_text_append_printable(gw_buf *out, gw_span text) {
    while (text.len > 0) {
        gw_span before = text;
        uint8_t byte;
        uint32_t point = gw_text_next(&text, &byte);
        append_point(out, before, text, point, byte);
    }
}

void gw_text_append_without_nul(gw_buf *out, gw_span text) {
    for (const uint8_t *nul; text.len && (nul = memchr(text.ptr, 0, text.len));) {
        size_t len = (size_t)(nul - text.ptr);
        gw_buf_append(out, text.ptr, len);
        gw_buf_append_cstr(out, "\\x00");
        text = gw_span_from(text, len + 1);
    }
    gw_buf_append_span(out, text);
}

size_t gw_text_columns(gw_span text) {
    size_t columns = 0;
    for (size_t i = 0; i < text.len; i++) columns += (text.ptr[i] & 0xc0) != 0x80;
    return columns;
}

void gw_text_append_blanks(gw_buf *out, size_t count) {
    static const char blanks[] = "                                ";
    for (; count > 0; count -= count < 32 ? count : 32) gw_buf_append(out, blanks, count < 32 ? count : 32);
}

static size_t columns_from(const gw_buf *out, size_t mark) {
    return gw_text_columns(gw_span_from(gw_buf_span(out), mark));
}

static void cut_back(gw_buf *out, size_t len) {
    out->len = len;
    if (out->data) out->data[len] = 0;
}

void gw_text_append_fit(gw_buf *out, gw_span text, size_t width) {
    static const gw_span dots = {(const uint8_t *)"...", 3};
    size_t start = out->len, fits = out->len, columns = 0;
    while (text.len > 0) {
        gw_span before = text;
        uint8_t byte;
        size_t mark = out->len;
        uint32_t point = gw_text_next(&text, &byte);
        append_point(out, before, text, point, byte);
        columns += columns_from(out, mark);
        if (width == 0) continue;
        if (columns > width) {
            cut_back(out, width > dots.len ? fits : start);
            if (width > dots.len) gw_buf_append_span(out, dots);
            return;
        }
        if (columns + dots.len <= width) fits = out->len;
    }
}

/* The text's next word with the blanks before it. */
static gw_span take_word(gw_span *text, size_t *blanks) {
    size_t end = 0;
    while (end < text->len && text->ptr[end] == ' ') end++;
    *blanks = end;
    while (end < text->len && text->ptr[end] != ' ') end++;
    gw_span word = gw_span_sub(*text, *blanks, end - *blanks);
    *text = gw_span_from(*text, end);
    return word;
}

void gw_text_append_wrapped(gw_buf *out, gw_span text, size_t indent, size_t width) {
    size_t column = indent;
    for (bool first = true; text.len > 0; first = false) {
        size_t blanks, mark = out->len;
        gw_span word = take_word(&text, &blanks);
        gw_text_append_blanks(out, blanks);
        gw_text_append_printable(out, word);
        column += columns_from(out, mark);
        if (first || width == 0 || column <= width) continue;
        cut_back(out, mark);
        gw_buf_append_byte(out, '\n');
        mark = out->len;
        gw_text_append_blanks(out, indent);
        gw_text_append_printable(out, word);
        column = columns_from(out, mark);
    }
}

void gw_text_append_hex(gw_buf *out, gw_span bytes) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        gw_buf_append_byte(out, (uint8_t)digits[bytes.ptr[i] >> 4]);
        gw_buf_append_byte(out, (uint8_t)digits[bytes.ptr[i] & 15]);
    }
}

static void append_json_point(gw_buf *out, gw_span before, gw_span rest, uint32_t point, uint8_t byte) {
    if (point == UINT32_MAX)
        gw_buf_printf(out, "\\\\x%02x", (unsigned)byte);
    else if (point == '"' || point == '\\')
        gw_buf_printf(out, "\\%c", (char)point);
    else if (point == '\n')
        gw_buf_append_cstr(out, "\\n");
    else if (point < 0x10000 && drives_reader(point))
        gw_buf_printf(out, "\\u%04x", (unsigned)point);
    else
        gw_buf_append(out, before.ptr, before.len - rest.len);
}

void gw_text_append_json(gw_buf *out, gw_span text) {
    gw_buf_append_byte(out, '"');
    while (text.len > 0) {
        gw_span before = text;
        uint8_t byte;
        uint32_t point = gw_text_next(&text, &byte);
        append_json_point(out, before, text, point, byte);
    }
    gw_buf_append_byte(out, '"');
}

void gw_text_append_xml(gw_buf *out, gw_span text, bool attribute) {
    while (text.len > 0) {
        gw_span before = text;
        uint8_t byte;
        uint32_t point = gw_text_next(&text, &byte);
        if (point == '&')
            gw_buf_append_cstr(out, "&amp;");
        else if (point == '<')
            gw_buf_append_cstr(out, "&lt;");
        else if (point == '>')
            gw_buf_append_cstr(out, "&gt;");
        else if (point == '"' && attribute)
            gw_buf_append_cstr(out, "&quot;");
        else if (point == '\n' || point == '\t')
            gw_buf_printf(out, attribute ? "&#%u;" : "%c", (unsigned)point);
        else
            append_point(out, before, text, point, byte);
    }
}
