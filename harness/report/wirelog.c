/* Floor 4: the wire log as text. */
#include "report/wirelog.h"

#include "report/text.h"
#include "wire/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_LINES = 3, TAIL_LINES = 9, BEHIND_LINES = 2, MAX_STIMULUS = 64, STIMULUS_TEXT = 60, TIME_COLUMN = 8 };

static const char *mark_of(gw_wire_direction direction) {
    static const char *const marks[] = {
#define WIRE_MARK(name, mark) [GW_WIRE_##name] = mark,
        GW_WIRE_TABLE(WIRE_MARK)
#undef WIRE_MARK
    };
    return marks[direction];
}

size_t gw_wirelog_client_column(const gw_result *result) {
    const char *first = NULL;
    size_t longest = 0;
    bool several = false;
    for (size_t i = 0; i < result->wire_count; i++) {
        const char *client = result->wire[i].client;
        if (!client) continue;
        if (!first) first = client;
        several |= strcmp(client, first) != 0;
        size_t columns = gw_text_columns(gw_span_cstr(client));
        if (columns > longest) longest = columns;
    }
    return several ? longest : 0;
}

static void append_line(const gw_wire_entry *entry, gw_wirelog_layout layout, gw_buf *out) {
    size_t start = out->len;
    char time[48];
    gw_time_format_ms(entry->at, time, sizeof time);
    /* Right-aligned, so that the digits of a scenario stand in one column. */
    gw_buf_printf(out, "+ %*s  ", TIME_COLUMN + 3, time);
    if (layout.client_column) {
        size_t mark = out->len;
        gw_text_append_fit(out, gw_span_cstr(entry->client ? entry->client : ""), layout.client_column);
        size_t used = gw_text_columns(gw_span_from(gw_buf_span(out), mark));
        gw_text_append_blanks(out, layout.client_column - used + 2);
    }
    gw_buf_printf(out, "%s ", mark_of(entry->direction));
    size_t column = layout.indent + gw_text_columns(gw_span_from(gw_buf_span(out), start));
    size_t room = layout.width > column + 10 ? layout.width - column : 10;
    char more[80] = "";
    if (entry->more) {
        gw_time_format_ms(entry->last_at - entry->at, time, sizeof time);
        snprintf(more, sizeof more, "  and %" PRIu32 " more within %s", entry->more, time);
    }
    room = room > strlen(more) + 10 ? room - strlen(more) : 10;
    gw_text_append_fit(out, gw_span_cstr(entry->text), layout.width ? room : 0);
    gw_buf_append_cstr(out, more);
    gw_buf_append_byte(out, '\n');
}

static void append_range(const gw_result *result, size_t from, size_t to, gw_wirelog_layout layout, bool *first,
                         gw_buf *out) {
    for (size_t i = from; i < to; i++, *first = false) {
        if (!*first) gw_text_append_blanks(out, layout.indent);
        append_line(&result->wire[i], layout, out);
    }
}

static void append_gap(size_t lines, const char *why, gw_wirelog_layout layout, bool *first, gw_buf *out) {
    if (lines == 0) return;
    if (!*first) gw_text_append_blanks(out, layout.indent);
    gw_buf_printf(out, "  ... %zu line%s%s\n", lines, lines == 1 ? "" : "s", why);
    *first = false;
}

void gw_wirelog_append_excerpt(const gw_result *result, gw_ns at, gw_wirelog_layout layout, gw_buf *out) {
    size_t end = 0;
    while (end < result->wire_count && result->wire[end].at <= at) end++;
    end = result->wire_count - end > BEHIND_LINES ? end + BEHIND_LINES : result->wire_count;
    size_t head = end < HEAD_LINES ? end : HEAD_LINES;
    size_t tail = result->wire_dropped || end > HEAD_LINES + TAIL_LINES + 1 ? end - TAIL_LINES : head;
    if (end < HEAD_LINES + TAIL_LINES) tail = head;
    bool first = true;
    append_range(result, 0, head, layout, &first, out);
    append_gap(tail - head + result->wire_dropped, "", layout, &first, out);
    append_range(result, tail, end, layout, &first, out);
    append_gap(result->wire_count - end, "", layout, &first, out);
}

void gw_wirelog_append_all(const gw_result *result, gw_wirelog_layout layout, gw_buf *out) {
    bool first = true;
    append_range(result, 0, result->wire_count, layout, &first, out);
    append_gap(result->wire_dropped, " in between were not kept", layout, &first, out);
}

/* Decodes a copy: header and payload when the bytes are one frame, perhaps cut short. */
static bool read_frame(gw_span bytes, uint8_t *copy, gw_frame *frame, gw_span *payload) {
    gw_frame_decoder decoder;
    gw_frame_decoder_init(&decoder, true);
    memcpy(copy, bytes.ptr, bytes.len);
    gw_frame_event event = gw_frame_decoder_next(&decoder, copy, bytes.len);
    if (event.kind != GW_FRAME_HEADER) return false;
    *frame = decoder.frame;
    size_t used = event.consumed;
    event = gw_frame_decoder_next(&decoder, copy + used, bytes.len - used);
    *payload = event.kind == GW_FRAME_PAYLOAD ? gw_span_make(event.bytes, event.len) : (gw_span){0};
    return true;
}

static void append_frame(gw_span bytes, const gw_frame *frame, gw_span payload, gw_buf *out) {
    size_t key = frame->masked ? 4 : 0, plain = frame->header_len - key;
    for (size_t i = 0; i < plain; i++) gw_buf_printf(out, "%s%02x", i ? " " : "", (unsigned)bytes.ptr[i]);
    if (key) {
        gw_buf_append_byte(out, ' ');
        gw_text_append_hex(out, gw_span_sub(bytes, plain, key));
    }
    gw_span body = gw_span_from(bytes, frame->header_len);
    if (body.len) gw_buf_append_byte(out, ' ');
    gw_text_append_hex(out, gw_span_sub(body, 0, MAX_STIMULUS));
    if (body.len > MAX_STIMULUS) gw_buf_printf(out, "... (%zu bytes)", body.len);
    gw_buf_printf(out, "   %s%s  ", gw_frame_opcode_name(frame->opcode), frame->fin ? "" : ", not final");
    gw_text_append_fit(out, payload, STIMULUS_TEXT);
}

void gw_wirelog_append_stimulus(gw_span bytes, gw_buf *out) {
    gw_frame frame;
    gw_span payload;
    bool request = bytes.len >= 4 && bytes.ptr[0] >= 'A' && bytes.ptr[0] <= 'Z' && bytes.ptr[1] >= 'A' &&
                   bytes.ptr[1] <= 'Z' && bytes.ptr[2] >= 'A' && bytes.ptr[2] <= 'Z';
    uint8_t *copy = bytes.len ? malloc(bytes.len) : NULL;
    if (copy && !request && read_frame(bytes, copy, &frame, &payload)) {
        append_frame(bytes, &frame, payload, out);
    } else {
        gw_text_append_hex(out, gw_span_sub(bytes, 0, MAX_STIMULUS / 2));
        if (bytes.len > MAX_STIMULUS / 2) gw_buf_printf(out, "... (%zu bytes)", bytes.len);
        gw_buf_append_cstr(out, "   ");
        gw_text_append_fit(out, bytes, STIMULUS_TEXT);
    }
    free(copy);
}
