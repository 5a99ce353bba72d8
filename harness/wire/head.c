/* Floor 1: find the end of an HTTP head and read its lines (RFC 9112 sections 2 to 5). */
#include "wire/head.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

void gw_head_init(gw_head *head, gw_head_kind kind, size_t max_bytes, size_t max_fields) {
    assert(max_fields <= GW_HEAD_MAX_FIELDS);
    /* Up to the fields, which are most of it and count for nothing before they are kept. */
    memset(head, 0, offsetof(gw_head, fields));
    head->kind = kind;
    head->major = head->minor = -1;
    head->field_count = head->field_total = 0;
    head->max_bytes = max_bytes;
    head->max_fields = max_fields ? max_fields : GW_HEAD_MAX_FIELDS;
    head->scanned = head->line_start = 0;
    head->started = false;
}

static void note(gw_head *head, unsigned flag, size_t offset) {
    if (head->flags == 0) head->malformed_offset = offset;
    head->flags |= flag;
}

/* The line without its end, whose facts are noted. `line` comes without the LF. */
static gw_span without_end(gw_head *head, gw_span line, size_t offset, bool has_lf) {
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    else if (has_lf)
        note(head, GW_HEAD_BARE_LF, offset);
    for (size_t i = 0; i < line.len; i++) {
        uint8_t c = line.ptr[i];
        if (c == '\r')
            note(head, GW_HEAD_BARE_CR, offset);
        else if ((c < 0x20 && c != '\t') || c == 0x7f)
            note(head, GW_HEAD_CONTROL_BYTE, offset);
    }
    return line;
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

/* HTTP-version (RFC 9112 section 2.3). */
static bool read_version(gw_head *head, gw_span text) {
    static const char model[] = "HTTP/d.d";
    head->version = text;
    if (text.len != sizeof model - 1) return false;
    for (size_t i = 0; i < text.len; i++)
        if (model[i] == 'd' ? !is_digit(text.ptr[i]) : text.ptr[i] != (uint8_t)model[i]) return false;
    head->major = text.ptr[5] - '0';
    head->minor = text.ptr[7] - '0';
    return true;
}

/* Bytes up to the first blank, which is taken off with it. */
static gw_span take_word(gw_span *rest) {
    const uint8_t *blank = rest->len ? memchr(rest->ptr, ' ', rest->len) : NULL;
    gw_span word = blank ? gw_span_sub(*rest, 0, (size_t)(blank - rest->ptr)) : *rest;
    *rest = gw_span_from(*rest, word.len + 1);
    return word;
}

static bool read_request_line(gw_head *head, gw_span rest) {
    head->method = take_word(&rest);
    size_t last = rest.len;
    while (last > 0 && rest.ptr[last - 1] != ' ') last--;
    bool good = read_version(head, gw_span_from(rest, last)) && last > 0;
    head->target = last > 0 ? gw_span_sub(rest, 0, last - 1) : rest;
    return good && gw_head_is_token(head->method) && head->target.len > 0 &&
           !memchr(head->target.ptr, ' ', head->target.len);
}

static bool read_status_line(gw_head *head, gw_span line, size_t offset) {
    gw_span rest = line;
    bool good = read_version(head, take_word(&rest));
    gw_span digits = take_word(&rest);
    head->reason = rest;
    bool three = digits.len == 3 && is_digit(digits.ptr[0]) && is_digit(digits.ptr[1]) && is_digit(digits.ptr[2]);
    if (!three) return false;
    head->status =
        (unsigned)(digits.ptr[0] - '0') * 100 + (unsigned)(digits.ptr[1] - '0') * 10 + (unsigned)(digits.ptr[2] - '0');
    if (line.ptr + line.len == digits.ptr + digits.len) note(head, GW_HEAD_NO_REASON_SPACE, offset);
    return good;
}

static gw_head_field read_field(gw_head *head, gw_span line, size_t offset) {
    gw_head_field field = {.value = gw_span_trim(line), .offset = offset};
    if (line.ptr[0] == ' ' || line.ptr[0] == '\t') {
        note(head, GW_HEAD_FOLDED, offset);
        return field;
    }
    const uint8_t *colon = memchr(line.ptr, ':', line.len);
    if (!colon) {
        note(head, GW_HEAD_NO_COLON, offset);
        return field;
    }
    size_t before = (size_t)(colon - line.ptr);
    field.name = gw_span_make(line.ptr, before);
    field.value = gw_span_trim(gw_span_from(line, before + 1));
    gw_span trimmed = gw_span_trim(field.name);
    if (trimmed.len != field.name.len) note(head, GW_HEAD_SPACE_BEFORE_COLON, offset);
    field.name = trimmed;
    /* A name that is there but empty (": x") keeps a pointer, so that it differs from a line that is no field. */
    if (!gw_head_is_token(field.name)) note(head, GW_HEAD_BAD_NAME, offset);
    return field;
}

static void read_line(gw_head *head, gw_span line, size_t offset) {
    if (head->start_line.ptr == NULL) {
        head->start_line = line;
        bool good =
            head->kind == GW_HEAD_REQUEST ? read_request_line(head, line) : read_status_line(head, line, offset);
        if (!good) note(head, GW_HEAD_BAD_START_LINE, offset);
        return;
    }
    gw_head_field field = read_field(head, line, offset);
    head->field_total++;
    if (head->field_count < head->max_fields)
        head->fields[head->field_count++] = field;
    else
        note(head, GW_HEAD_TOO_MANY, offset);
}

/* Reads every line of `text`; the last one may lack its end. */
static void read_lines(gw_head *head, gw_span text) {
    head->flags = 0;
    head->malformed_offset = 0;
    head->field_count = head->field_total = 0;
    head->start_line = head->method = head->target = head->reason = head->version = (gw_span){0};
    head->major = head->minor = -1;
    head->status = 0;
    for (size_t at = 0; at < text.len;) {
        gw_span rest = gw_span_from(text, at);
        const uint8_t *lf = memchr(rest.ptr, '\n', rest.len);
        gw_span line = lf ? gw_span_sub(rest, 0, (size_t)(lf - rest.ptr)) : rest;
        size_t next = at + line.len + 1;
        line = without_end(head, line, at, lf != NULL);
        if (line.len > 0)
            read_line(head, line, at);
        else if (head->start_line.ptr == NULL)
            note(head, GW_HEAD_LEADING_BLANK, at);
        at = next;
    }
}

static bool is_blank(gw_span line) {
    return line.len == 0 || (line.len == 1 && line.ptr[0] == '\r');
}

gw_head_state gw_head_feed(gw_head *head, gw_span all) {
    gw_span window = gw_span_sub(all, 0, head->max_bytes);
    while (head->state == GW_HEAD_NEED_MORE && head->scanned < window.len) {
        const uint8_t *lf = memchr(window.ptr + head->scanned, '\n', window.len - head->scanned);
        if (!lf) {
            head->scanned = window.len;
            break;
        }
        size_t end = (size_t)(lf - window.ptr);
        gw_span line = gw_span_sub(window, head->line_start, end - head->line_start);
        head->scanned = head->line_start = end + 1;
        if (!is_blank(line))
            head->started = true;
        else if (head->started) {
            head->state = GW_HEAD_DONE;
            head->length = end + 1;
        }
    }
    if (head->state == GW_HEAD_NEED_MORE && all.len >= head->max_bytes) head->state = GW_HEAD_TOO_LARGE;
    if (head->state == GW_HEAD_DONE) read_lines(head, gw_span_sub(all, 0, head->length));
    return head->state;
}

gw_head_state gw_head_finish(gw_head *head, gw_span all) {
    if (head->state == GW_HEAD_DONE) return head->state;
    if (head->state == GW_HEAD_NEED_MORE) head->state = GW_HEAD_CUT;
    read_lines(head, gw_span_sub(all, 0, head->max_bytes));
    return head->state;
}
