/* Floor 1: write handshake requests and responses, right or wrong. */
#include "wire/handshake.h"

enum { MAX_DEFAULTS = 5 };

/* One head on its way into `out`. Nothing of it stays there when a step fails. */
typedef struct writer {
    gw_buf *out;
    size_t start;
    gw_status status;
    gw_span line_end;
    const gw_handshake_field *edits;
    size_t edit_count;
} writer;

static gw_span or_default(gw_span given, gw_span otherwise) {
    return given.ptr ? given : otherwise;
}

static void put(writer *w, gw_span text) {
    if (w->status == GW_OK) w->status = gw_buf_append_span(w->out, text);
}

static void put_field(writer *w, gw_span name, gw_span value) {
    put(w, name);
    put(w, GW_SPAN_LIT(": "));
    put(w, value);
    put(w, w->line_end);
}

/* The last edit from `from` on that replaces or removes fields of that name, or edit_count. */
static size_t last_say(const writer *w, gw_span name, size_t from) {
    for (size_t i = w->edit_count; i-- > from;)
        if (w->edits[i].edit != GW_HANDSHAKE_ADD && gw_span_equal_nocase(w->edits[i].name, name)) return i;
    return w->edit_count;
}

static void put_fields(writer *w, const gw_handshake_field *defaults, size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t say = last_say(w, defaults[i].name, 0);
        if (say == w->edit_count)
            put_field(w, defaults[i].name, defaults[i].value);
        else if (w->edits[say].edit == GW_HANDSHAKE_SET)
            put_field(w, w->edits[say].name, w->edits[say].value);
    }
    for (size_t i = 0; i < w->edit_count; i++) {
        const gw_handshake_field *edit = &w->edits[i];
        bool placed = false;
        for (size_t j = 0; j < count; j++) placed |= gw_span_equal_nocase(defaults[j].name, edit->name);
        if (edit->edit == GW_HANDSHAKE_REMOVE || (edit->edit == GW_HANDSHAKE_SET && placed)) continue;
        if (last_say(w, edit->name, i + 1) == w->edit_count) put_field(w, edit->name, edit->value);
    }
}

static gw_status finish(writer *w) {
    put(w, w->line_end);
    if (w->status != GW_OK && w->out->data) {
        w->out->len = w->start;
        w->out->data[w->start] = 0;
    }
    return w->status;
}

gw_status gw_handshake_append_request(gw_buf *out, const gw_handshake_request *request) {
    writer w = {.out = out,
                .start = out->len,
                .line_end = or_default(request->line_end, GW_SPAN_LIT("\r\n")),
                .edits = request->fields,
                .edit_count = request->field_count};
    gw_handshake_field defaults[MAX_DEFAULTS];
    size_t count = 0;
    if (!request->bare) {
        if (request->host.ptr)
            defaults[count++] = (gw_handshake_field){.name = GW_SPAN_LIT("Host"), .value = request->host};
        defaults[count++] = (gw_handshake_field){.name = GW_SPAN_LIT("Upgrade"), .value = GW_SPAN_LIT("websocket")};
        defaults[count++] = (gw_handshake_field){.name = GW_SPAN_LIT("Connection"), .value = GW_SPAN_LIT("Upgrade")};
        if (request->key.ptr)
            defaults[count++] = (gw_handshake_field){.name = GW_SPAN_LIT("Sec-WebSocket-Key"), .value = request->key};
        defaults[count++] =
            (gw_handshake_field){.name = GW_SPAN_LIT("Sec-WebSocket-Version"), .value = GW_SPAN_LIT("13")};
    }
    put(&w, or_default(request->method, GW_SPAN_LIT("GET")));
    put(&w, GW_SPAN_LIT(" "));
    put(&w, or_default(request->target, GW_SPAN_LIT("/")));
    put(&w, GW_SPAN_LIT(" "));
    put(&w, or_default(request->version, GW_SPAN_LIT("HTTP/1.1")));
    put(&w, w.line_end);
    put_fields(&w, defaults, count);
    return finish(&w);
}

gw_status gw_handshake_append_response(gw_buf *out, const gw_handshake_response *response) {
    writer w = {.out = out,
                .start = out->len,
                .line_end = or_default(response->line_end, GW_SPAN_LIT("\r\n")),
                .edits = response->fields,
                .edit_count = response->field_count};
    unsigned status = response->status ? response->status : 101;
    const uint8_t digits[3] = {(uint8_t)('0' + status / 100 % 10), (uint8_t)('0' + status / 10 % 10),
                               (uint8_t)('0' + status % 10)};
    gw_span reason = or_default(response->reason, status == 101 ? GW_SPAN_LIT("Switching Protocols") : (gw_span){0});
    char accept[GW_HANDSHAKE_ACCEPT_TEXT];
    gw_handshake_field defaults[MAX_DEFAULTS];
    size_t count = 0;
    if (!response->bare) {
        defaults[count++] = (gw_handshake_field){.name = GW_SPAN_LIT("Upgrade"), .value = GW_SPAN_LIT("websocket")};
        defaults[count++] = (gw_handshake_field){.name = GW_SPAN_LIT("Connection"), .value = GW_SPAN_LIT("Upgrade")};
    }
    if (!response->bare && response->key.ptr) {
        gw_handshake_accept(response->key, accept);
        defaults[count++] =
            (gw_handshake_field){.name = GW_SPAN_LIT("Sec-WebSocket-Accept"), .value = gw_span_cstr(accept)};
    }
    put(&w, or_default(response->version, GW_SPAN_LIT("HTTP/1.1")));
    put(&w, GW_SPAN_LIT(" "));
    put(&w, gw_span_make(digits, sizeof digits));
    put(&w, GW_SPAN_LIT(" "));
    put(&w, reason);
    put(&w, w.line_end);
    put_fields(&w, defaults, count);
    return finish(&w);
}
