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

static bool begins_alike(const member *a, const member *b, size_t level) {
    return a->pointer->count > level && b->pointer->count > level &&
           strcmp(a->pointer->keys[level], b->pointer->keys[level]) == 0;
}

/* Members from their key number `level` on; neighbours share the objects that their pointers share. */
static void append_members(gw_buf *out, const member *list, size_t count, size_t level) {
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && begins_alike(&list[i], &list[end], level);) end++;
        if (i) gw_buf_append_byte(out, ',');
        if (end == i + 1) {
            append_nested(out, &list[i], level);
            continue;
        }
        append_key(out, list[i].pointer->keys[level]);
        gw_buf_append_byte(out, '{');
        append_members(out, list + i, end - i, level + 1);
        gw_buf_append_byte(out, '}');
    }
}

static void append_children(gw_buf *out, const cJSON *object, size_t *count) {
    const cJSON *child = cJSON_IsObject(object) ? object->child : NULL;
    for (; child; child = child->next) {
        if ((*count)++) gw_buf_append_byte(out, ',');
        append_key(out, child->string);
        gw_packet_append_json(out, child);
    }
}

enum { MAX_MEMBERS = 4 };

static void append_object(const gw_protocol *protocol, const gw_packet_spec *spec, gw_buf *out) {
    const gw_envelope *envelope = &protocol->envelope;
    cJSON id = {.type = cJSON_String}, tag = {.type = cJSON_String}, sequence = {.type = cJSON_Number};
    member list[MAX_MEMBERS];
    size_t count = 0;
    if (spec->id)
        list[count++] = (member){&envelope->id, spec->id, NULL};
    else if (spec->event && envelope->id_type == GW_ID_INTEGER)
        list[count++] = (member){&envelope->id, NULL, spec->event->id_s};
    else if (spec->event) {
        id.valuestring = (char *)(uintptr_t)spec->event->id_s;
        list[count++] = (member){&envelope->id, &id, NULL};
    }
    if (!spec->data_absent && envelope->form == GW_FORM_NESTED)
        list[count++] = (member){&envelope->data, spec->data, "{}"};
    if (spec->sequence && envelope->sequence.text) {
        sequence.valuedouble = (double)*spec->sequence;
        list[count++] = (member){&envelope->sequence, &sequence, NULL};
    }
    if (spec->event && spec->event->tag && envelope->name.text) {
        tag.valuestring = (char *)(uintptr_t)spec->event->tag;
        list[count++] = (member){&envelope->name, &tag, NULL};
    }
    gw_buf_append_byte(out, '{');
    append_members(out, list, count, 0);
    if (envelope->form == GW_FORM_FLAT && !spec->data_absent) append_children(out, spec->data, &count);
    append_children(out, spec->extra, &count);
    gw_buf_append_byte(out, '}');
}

/* The id's text, then the data: as JSON, or as it is. */
static void append_prefixed(const gw_packet_spec *spec, gw_buf *out) {
    if (spec->id && cJSON_IsString(spec->id))
        gw_buf_append_cstr(out, spec->id->valuestring);
    else if (spec->id)
        gw_packet_append_json(out, spec->id);
    else if (spec->event)
        gw_buf_append_cstr(out, spec->event->id_s);
    if (spec->data_absent) return;
    if (spec->event && spec->event->body_text && (!spec->data || cJSON_IsString(spec->data)))
        gw_buf_append_cstr(out, spec->data ? spec->data->valuestring : "");
    else if (spec->data)
        gw_packet_append_json(out, spec->data);
    else
        gw_buf_append_cstr(out, "{}");
}

gw_status gw_packet_encode(const gw_protocol *protocol, const gw_packet_spec *spec, gw_buf *out) {
    size_t start = out->len;
    gw_status before = out->error;
    out->error = GW_OK;
    if (protocol->envelope.form == GW_FORM_PREFIX)
        append_prefixed(spec, out);
    else
        append_object(protocol, spec, out);
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
