/* Floor 2: events as messages. */
#include "protocol/packet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append_number(gw_buf *out, double d) {
    char text[40];
    if (isnan(d)) {
        gw_buf_append_cstr(out, "null");
        return;
    }
    if (isinf(d)) {
        gw_buf_append_cstr(out, d < 0 ? "-1e999" : "1e999"); /* what reads as infinity again */
        return;
    }
    if (floor(d) == d && fabs(d) <= 9007199254740992.0) {
        gw_buf_printf(out, "%.0f", d);
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, d);
        double back = strtod(text, NULL);
        if (!(back < d) && !(back > d)) break;
    }
    gw_buf_append_cstr(out, text);
}

gw_status gw_packet_append_json(gw_buf *out, const cJSON *value) {
    const cJSON *child;
    if (cJSON_IsRaw(value)) {
        gw_buf_append_cstr(out, value->valuestring);
    } else if (cJSON_IsString(value)) {
        gw_json_append_string(out, gw_span_cstr(value->valuestring));
    } else if (cJSON_IsNumber(value)) {
        append_number(out, value->valuedouble);
    } else if (cJSON_IsBool(value)) {
        gw_buf_append_cstr(out, cJSON_IsTrue(value) ? "true" : "false");
    } else if (cJSON_IsArray(value) || cJSON_IsObject(value)) {
        bool object = cJSON_IsObject(value);
        gw_buf_append_byte(out, object ? '{' : '[');
        cJSON_ArrayForEach(child, value) {
            if (child != value->child) gw_buf_append_byte(out, ',');
            if (object) {
                gw_json_append_string(out, gw_span_cstr(child->string));
                gw_buf_append_byte(out, ':');
            }
            if (out->error == GW_OK) gw_packet_append_json(out, child);
        }
        gw_buf_append_byte(out, object ? '}' : ']');
    } else {
        gw_buf_append_cstr(out, "null");
    }
    return out->error;
}

/* ---- Envelope ---- */

/* A member to write: where, and what; one of value and text. */
typedef struct member {
    const gw_pointer *pointer;
    const cJSON *value;
    const char *text;
} member;

static void append_value(gw_buf *out, const member *m) {
    if (m->value)
        gw_packet_append_json(out, m->value);
    else
        gw_buf_append_cstr(out, m->text);
}

static void append_key(gw_buf *out, const char *key) {
    gw_json_append_string(out, gw_span_cstr(key));
    gw_buf_append_byte(out, ':');
}

/* The member from its key number `level` on: {"a":{"b":value}} without the outermost brackets. */
static void append_nested(gw_buf *out, const member *m, size_t level) {
    append_key(out, m->pointer->keys[level]);
    for (size_t i = level + 1; i < m->pointer->count; i++) {
        gw_buf_append_byte(out, '{');
        append_key(out, m->pointer->keys[i]);
    }
    append_value(out, m);
    for (size_t i = level + 1; i < m->pointer->count; i++) gw_buf_append_byte(out, '}');
}

/* Both members, sharing the objects that their pointers share. */
static void append_members(gw_buf *out, const member *list, size_t count) {
    size_t common = 0;
    if (count == 2)
        while (strcmp(list[0].pointer->keys[common], list[1].pointer->keys[common]) == 0) common++;
    for (size_t i = 0; i < common; i++) {
        append_key(out, list[0].pointer->keys[i]);
        gw_buf_append_byte(out, '{');
    }
    for (size_t i = 0; i < count; i++) {
        if (i) gw_buf_append_byte(out, ',');
        append_nested(out, &list[i], common);
    }
    for (size_t i = 0; i < common; i++) gw_buf_append_byte(out, '}');
}

gw_status gw_packet_encode(const gw_protocol *protocol, const gw_packet_spec *spec, gw_buf *out) {
    const gw_envelope *envelope = &protocol->envelope;
    cJSON id = {.type = cJSON_String};
    member list[2];
    size_t count = 0, start = out->len;
    if (spec->id)
        list[count++] = (member){&envelope->id, spec->id, NULL};
    else if (spec->event && envelope->id_type == GW_ID_INTEGER)
        list[count++] = (member){&envelope->id, NULL, spec->event->id_s};
    else if (spec->event) {
        id.valuestring = (char *)(uintptr_t)spec->event->id_s;
        list[count++] = (member){&envelope->id, &id, NULL};
    }
    if (!spec->data_absent) list[count++] = (member){&envelope->data, spec->data, "{}"};
    gw_status before = out->error;
    out->error = GW_OK;
    gw_buf_append_byte(out, '{');
    append_members(out, list, count);
    const cJSON *extra = spec->extra ? spec->extra->child : NULL;
    for (; extra; extra = extra->next) {
        if (count++) gw_buf_append_byte(out, ',');
        append_key(out, extra->string);
        gw_packet_append_json(out, extra);
    }
    gw_buf_append_byte(out, '}');
    gw_status status = out->error;
    if (status != GW_OK) {
        out->len = start;
        if (out->data) out->data[start] = 0;
    }
    if (before != GW_OK) out->error = before;
    return status;
}

gw_status gw_packet_encode_event(const gw_protocol *protocol, const gw_event *event, const cJSON *data, gw_buf *out) {
    return gw_packet_encode(protocol, &(gw_packet_spec){.event = event, .data = data}, out);
}
