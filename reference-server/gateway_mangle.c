/* How faults bend an event's data. Pure. Without a fault the text goes out as it came in. */
#include "reference-server/gateway_internal.h"

#include <string.h>

static void append_json_string(gw_buf *out, gw_span text) {
    gw_buf_append_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c < ' ') {
            gw_buf_printf(out, "\\u%04x", c);
            continue;
        }
        if (c == '"' || c == '\\') gw_buf_append_byte(out, '\\');
        gw_buf_append_byte(out, c);
    }
    gw_buf_append_byte(out, '"');
}

/* At most max bytes, and no code point cut in two. */
static gw_span cut_text(gw_span text, size_t max) {
    if (text.len <= max) return text;
    while (max > 0 && (text.ptr[max] & 0xc0) == 0x80) max--;
    return gw_span_sub(text, 0, max);
}

static gw_span ascii_prefix(gw_span text) {
    size_t len = 0;
    while (len < text.len && text.ptr[len] < 0x80) len++;
    return gw_span_sub(text, 0, len);
}

/* UTF-8 in place to ISO 8859-1; what that lacks becomes the byte ff. */
static void to_latin1(gw_buf *text) {
    size_t to = 0;
    for (size_t from = 0; from < text->len;) {
        uint8_t c = text->data[from++];
        size_t more = c < 0xc0 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        if (more == 1 && c <= 0xc3)
            c = (uint8_t)(c << 6 | (text->data[from] & 0x3f));
        else if (more > 0)
            c = 0xff;
        from += more;
        text->data[to++] = c;
    }
    text->len = to;
}

static void write_content(const gw_gateway *gateway, gw_span string, gw_buf *out) {
    gw_buf plain, twice;
    gw_buf_init(&plain, string.len);
    gw_buf_init(&twice, 6 * string.len + 2);
    gw_strict_json_unescape(string, &plain); /* never longer than what it reads */
    gw_span text = gw_buf_span(&plain);
    if (gw_gateway_has(gateway, GW_FAULT_MESSAGE_UNICODE_CUT)) text = ascii_prefix(text);
    if (gw_gateway_has(gateway, GW_FAULT_MESSAGE_LONG_CUT)) text = cut_text(text, 1000);
    if (gw_gateway_has(gateway, GW_FAULT_MESSAGE_ESCAPED_TWICE)) {
        append_json_string(&twice, text);
        text = gw_span_sub(gw_buf_span(&twice), 1, twice.len - 2);
    }
    if (gw_gateway_has(gateway, GW_FAULT_SENDS_BAD_UTF8)) {
        to_latin1(&plain);
        text = gw_buf_span(&plain);
    }
    append_json_string(out, text);
    gw_buf_deinit(&plain);
    gw_buf_deinit(&twice);
}

static bool touches_content(const gw_gateway *gateway) {
    static const gw_fault faults[] = {GW_FAULT_MESSAGE_UNICODE_CUT, GW_FAULT_MESSAGE_LONG_CUT,
                                      GW_FAULT_MESSAGE_ESCAPED_TWICE, GW_FAULT_SENDS_BAD_UTF8};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (gw_gateway_has(gateway, faults[i])) return true;
    return false;
}

/* Fields that a fault leaves out: X(fault, event, field). */
static const struct {
    gw_fault fault;
    uint32_t event;
    const char *field;
} dropped[] = {
    {GW_FAULT_MESSAGE_NO_TIME, GW_EVENT_ID_MESSAGE_CREATE, "sentAt"},
    {GW_FAULT_CHANGE_NO_USER, GW_EVENT_ID_PARTICIPANT_CHANGE, "userId"},
};

/* Fields whose value a fault replaces: a fixed text, or the old one in quotes where `text` is NULL. */
static const struct {
    gw_fault fault;
    uint32_t event;
    const char *field, *text;
} replaced[] = {
    {GW_FAULT_MESSAGE_TIME_STRING, GW_EVENT_ID_MESSAGE_CREATE, "sentAt", NULL},
    {GW_FAULT_MESSAGE_AUTHOR_NUMBER, GW_EVENT_ID_MESSAGE_CREATE, "authorId", "42"},
    {GW_FAULT_UPDATE_NUMBER_STRING, GW_EVENT_ID_ROOM_UPDATE, "maxParticipants", NULL},
    {GW_FAULT_KICK_WRONG_USER, GW_EVENT_ID_PARTICIPANT_KICK, "userId", "\"somebody-else\""},
};

/* Members that a fault puts behind the others. */
static const struct {
    gw_fault fault;
    uint32_t event;
    const char *text;
} added[] = {
    {GW_FAULT_MESSAGE_EXTRA_FIELD, GW_EVENT_ID_MESSAGE_CREATE, "\"edited\":false"},
    {GW_FAULT_ASK_WITH_DATA, GW_EVENT_ID_HEARTBEAT_ACK, "\"nonce\":7"},
    {GW_FAULT_ROOM_CLOSE_DATA, GW_EVENT_ID_ROOM_CLOSE, "\"reason\":\"closed\""},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static bool is_dropped(const gw_gateway *gateway, const gw_event_row *event, gw_span key) {
    for (size_t i = 0; i < COUNT(dropped); i++)
        if (gw_gateway_has(gateway, dropped[i].fault) && event->id == dropped[i].event &&
            gw_strict_json_equals(key, dropped[i].field))
            return true;
    return false;
}

static void write_value(const gw_gateway *gateway, const gw_event_row *event, gw_span key, gw_strict_json_value value,
                        gw_buf *out) {
    for (size_t i = 0; i < COUNT(replaced); i++) {
        if (!gw_gateway_has(gateway, replaced[i].fault) || event->id != replaced[i].event ||
            !gw_strict_json_equals(key, replaced[i].field))
            continue;
        if (replaced[i].text)
            gw_buf_append_cstr(out, replaced[i].text);
        else
            gw_buf_printf(out, "\"%.*s\"", GW_SPAN_ARG(value.text));
        return;
    }
    if (event->id == GW_EVENT_ID_MESSAGE_CREATE && touches_content(gateway) && gw_strict_json_equals(key, "content")) {
        write_content(gateway, value.text, out);
        return;
    }
    bool boolean = value.kind == GW_STRICT_JSON_TRUE || value.kind == GW_STRICT_JSON_FALSE;
    if (boolean && event->id == GW_EVENT_ID_PARTICIPANT_CHANGE &&
        gw_gateway_has(gateway, GW_FAULT_CHANGE_BOOLEAN_NUMBER))
        gw_buf_append_byte(out, value.kind == GW_STRICT_JSON_TRUE ? '1' : '0');
    else
        gw_buf_append_span(out, value.text);
}

static void write_additions(const gw_gateway *gateway, const gw_event_row *event, gw_strict_json_value data, bool first,
                            gw_buf *out) {
    for (size_t i = 0; i < COUNT(added); i++) {
        if (!gw_gateway_has(gateway, added[i].fault) || event->id != added[i].event) continue;
        gw_buf_printf(out, "%s%s", first ? "" : ",", added[i].text);
        first = false;
    }
    if (event->id != GW_EVENT_ID_ROOM_UPDATE || !gw_gateway_has(gateway, GW_FAULT_UPDATE_NULL_FIELDS)) return;
    for (const gw_event_table_field *field = event->fields; field->name; field++) {
        if (gw_strict_json_get(data, field->name).kind != GW_STRICT_JSON_NONE) continue;
        gw_buf_printf(out, "%s\"%s\":null", first ? "" : ",", field->name);
        first = false;
    }
}

void gw_gateway_mangle(const gw_gateway *gateway, const gw_event_row *event, gw_span data, gw_buf *out) {
    static const gw_faults none;
    if (memcmp(&gateway->config.faults, &none, sizeof none) == 0) {
        gw_buf_append_span(out, data);
        return;
    }
    gw_strict_json_value object = gw_strict_json_root(data), value;
    size_t at = 0;
    gw_span key;
    bool first = true;
    gw_buf_append_byte(out, '{');
    while (gw_strict_json_next(object, &at, &key, &value)) {
        if (is_dropped(gateway, event, key)) continue;
        if (!first) gw_buf_append_byte(out, ',');
        first = false;
        gw_buf_append_span(out, key);
        gw_buf_append_byte(out, ':');
        write_value(gateway, event, key, value, out);
    }
    write_additions(gateway, event, object, first, out);
    gw_buf_append_byte(out, '}');
}
