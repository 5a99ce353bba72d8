/* What a described gateway says: envelopes of every form, and events to a room. Pure. */
#include "reference-server/described.h"

#include <stdio.h>
#include <string.h>

/* `value` (taken) at the pointer, with the objects on the way to it. */
static void put(cJSON *root, const gw_pointer *pointer, cJSON *value) {
    if (pointer->count == 0) {
        cJSON_Delete(value);
        return;
    }
    cJSON *at = root;
    for (size_t i = 0; at && i + 1 < pointer->count; i++) {
        cJSON *next = cJSON_GetObjectItemCaseSensitive(at, pointer->keys[i]);
        at = next ? next : cJSON_AddObjectToObject(at, pointer->keys[i]);
    }
    if (!at || !cJSON_AddItemToObject(at, pointer->keys[pointer->count - 1], value)) cJSON_Delete(value);
}

/* Numbers count what is no part of the machinery that keeps a connection alive. */
static bool is_numbered(const gw_protocol *protocol, const gw_event *event) {
    const gw_heartbeat_rules *h = &protocol->heartbeat;
    if (!protocol->envelope.sequence.text || event == h->hello || event == h->ask) return false;
    for (int role = 0; role < 2; role++)
        if (event == h->beat[role].send || event == h->question[role].event || event == h->question[role].answer)
            return false;
    return true;
}

static void append_json(const cJSON *value, gw_buf *out) {
    char *text = cJSON_PrintUnformatted(value);
    if (text)
        gw_buf_append_cstr(out, text);
    else
        out->error = GW_ERR_NOMEM;
    cJSON_free(text);
}

static cJSON *id_of(const gw_envelope *envelope, const gw_event *event) {
    return envelope->id_type == GW_ID_STRING ? cJSON_CreateString(event->id_s) : cJSON_CreateRaw(event->id_s);
}

void gw_described_compose(const gw_described *d, gw_gateway_member *member, const gw_event *event, const cJSON *data,
                          gw_buf *out) {
    const gw_envelope *envelope = &d->protocol->envelope;
    if (envelope->form == GW_FORM_PREFIX) {
        gw_buf_append_cstr(out, event->id_s);
        if (data && event->body_text && cJSON_IsString(data))
            gw_buf_append_cstr(out, data->valuestring);
        else if (data)
            append_json(data, out);
        return;
    }
    bool flat = envelope->form == GW_FORM_FLAT;
    cJSON *root = cJSON_CreateObject();
    put(root, &envelope->id, id_of(envelope, event));
    for (const cJSON *child = flat && data ? data->child : NULL; child; child = child->next)
        cJSON_AddItemToObject(root, child->string, cJSON_Duplicate(child, true));
    if (!flat && data) put(root, &envelope->data, cJSON_Duplicate(data, true));
    if (is_numbered(d->protocol, event)) put(root, &envelope->sequence, cJSON_CreateNumber((double)++member->sequence));
    if (event->tag) put(root, &envelope->name, cJSON_CreateString(event->tag));
    append_json(root, out);
    cJSON_Delete(root);
}

static void send_composed(gw_gateway *gateway, gw_gateway_member *member, bool event) {
    if (gateway->scratch.error != GW_OK)
        gw_gateway_close(gateway, member, 1011, "out of memory", GW_GATEWAY_AT_ONCE);
    else
        gateway->sink.send(gateway->sink.user, member, gw_buf_span(&gateway->scratch), event,
                           gateway->described->protocol->envelope.binary);
}

void gw_described_send(gw_gateway *gateway, gw_gateway_member *member, const gw_event *event, const cJSON *data) {
    gw_buf_clear(&gateway->scratch);
    gw_described_compose(gateway->described, member, event, data, &gateway->scratch);
    send_composed(gateway, member, false);
}

/* What faults make of a time in hello: JSON text, "" for none; NULL: as it is. */
static const char *bent_interval(const gw_gateway *gateway, double value, char *text, size_t size) {
    static const struct {
        gw_fault fault;
        const char *format;
    } rows[] = {{GW_FAULT_INTERVAL_STRING, "\"%g\""}, {GW_FAULT_INTERVAL_NULL, "null"},
                {GW_FAULT_INTERVAL_ZERO, "0"},        {GW_FAULT_INTERVAL_NEGATIVE, "-%g"},
                {GW_FAULT_INTERVAL_MISSING, ""},      {GW_FAULT_INTERVAL_HUGE, "1e300"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!gw_gateway_has(gateway, rows[i].fault)) continue;
        if (strstr(rows[i].format, "%g")) {
            bool quoted = rows[i].format[0] == '"';
            snprintf(text, size, quoted ? "\"%g\"" : "-%g", value);
            return text;
        }
        return rows[i].format;
    }
    return NULL;
}

void gw_described_send_hello(gw_gateway *gateway, gw_gateway_member *member) {
    const gw_described *d = gateway->described;
    const gw_heartbeat_rules *h = &d->protocol->heartbeat;
    const gw_pointer *field = &h->interval.field;
    cJSON *data = cJSON_Duplicate(d->hello, true);
    char text[64];
    const cJSON *old = field->text && data ? gw_pointer_get(field, data) : NULL;
    const char *bent = old ? bent_interval(gateway, old->valuedouble, text, sizeof text) : NULL;
    if (bent) {
        cJSON *at = data;
        for (size_t i = 0; i + 1 < field->count; i++) at = cJSON_GetObjectItemCaseSensitive(at, field->keys[i]);
        cJSON_DeleteItemFromObjectCaseSensitive(at, field->keys[field->count - 1]);
        if (*bent) cJSON_AddRawToObject(at, field->keys[field->count - 1], bent);
    }
    gw_described_send(gateway, member, h->hello, data);
    cJSON_Delete(data);
}

void gw_described_send_made(gw_gateway *gateway, gw_gateway_member *member, const gw_event *event,
                            gw_data_template template) {
    char nonce[32];
    member->nonce = gw_rng_next(&gateway->rng);
    snprintf(nonce, sizeof nonce, "%016llx", (unsigned long long)member->nonce);
    const gw_template_values values = {
        .has_sequence = member->sequence > 0, .sequence = member->sequence, .nonce = nonce};
    cJSON *data = gw_template_fill(template, &values);
    gw_described_send(gateway, member, event, data);
    cJSON_Delete(data);
}

void gw_described_close(gw_gateway *gateway, gw_gateway_member *member, const gw_codes *codes, uint16_t usual,
                        const char *why) {
    uint16_t code = codes->count == 0 || gw_codes_has(codes, usual) ? usual : codes->ranges[0].low;
    gw_gateway_close(gateway, member, code, why, GW_GATEWAY_AT_ONCE);
}

/* ---- events to a room ---- */

static size_t to_room(gw_gateway *gateway, gw_gateway_room *room, const gw_event *event, const cJSON *data) {
    size_t reached = 0;
    gw_gateway_member *next;
    for (gw_gateway_member *member = room->first; member; member = next) {
        next = member->next;
        if (member->hello_sent_at == GW_NEVER || (member->previous && gw_gateway_has(gateway, GW_FAULT_EVENT_TO_ONE)))
            continue;
        reached++;
        for (int i = gw_gateway_has(gateway, GW_FAULT_EVENT_TWICE) ? 0 : 1; i < 2 && member->room; i++) {
            gw_buf_clear(&gateway->scratch);
            gw_described_compose(gateway->described, member, event, data, &gateway->scratch);
            send_composed(gateway, member, true);
        }
    }
    return reached;
}

static gw_status say(char *error, gw_status status, const char *what, gw_span name) {
    snprintf(error, GW_GATEWAY_ERROR_BYTES, "%s %.*s", what, name.len < 40 ? (int)name.len : 40,
             (const char *)name.ptr);
    return status;
}

/* The name in the gateway document of what this event is, where a later version of it is served. */
static gw_span origin(const gw_event *event) {
    return gw_span_cstr(event->was ? event->was : event->name);
}

/* A member that the schema asks for as a time and that is absent: the present, in ms. */
static void complete(const gw_gateway *gateway, const gw_event *event, cJSON *data, gw_ns now) {
    const gw_schema *member = NULL;
    if (!cJSON_IsObject(data) || cJSON_HasObjectItem(data, "sentAt") || !event->data) return;
    if (!gw_schema_has_member(event->data, "sentAt", &member) || !member) return;
    cJSON_AddNumberToObject(data, "sentAt", (double)(gateway->config.unix_ms_at_zero + now / GW_MS));
}

/* What the server asks with is made for each client. */
static bool asks(const gw_gateway *gateway, const gw_event *event) {
    return event == gateway->described->protocol->heartbeat.question[GW_ROLE_SERVER].event;
}

static size_t ask_room(gw_gateway *gateway, gw_gateway_room *room) {
    const gw_question *question = &gateway->described->protocol->heartbeat.question[GW_ROLE_SERVER];
    size_t reached = 0;
    gw_gateway_member *next;
    for (gw_gateway_member *member = room->first; member; member = next) {
        next = member->next;
        if (member->hello_sent_at == GW_NEVER) continue;
        reached++;
        gw_described_send_made(gateway, member, question->event, question->data);
    }
    return reached;
}

/* The data that was posted; for a question, a sample of what will be made. */
static cJSON *made(const gw_gateway *gateway, const gw_event *event, gw_span data) {
    const gw_question *question = &gateway->described->protocol->heartbeat.question[GW_ROLE_SERVER];
    if (!asks(gateway, event)) return cJSON_ParseWithLength((const char *)data.ptr, data.len);
    const gw_template_values none = {0};
    cJSON *tree = gw_template_fill(question->data, &none);
    return tree ? tree : cJSON_CreateNull();
}

gw_status gw_described_event(gw_gateway *gateway, gw_gateway_room *room, gw_span name, gw_span data, gw_ns now,
                             gw_buf *data_sent, size_t *delivered, char *error) {
    const gw_event *event = gw_protocol_event(gateway->described->protocol, name);
    if (!event || !(event->from & GW_FROM_SERVER)) return say(error, GW_ERR_UNSUPPORTED, "no event to trigger:", name);
    const char *why = gw_strict_json_check(data, NULL);
    if (why) return say(error, GW_ERR_INVALID, "data is not JSON:", gw_span_cstr(why));
    cJSON *tree = made(gateway, event, data);
    complete(gateway, event, tree, now);
    gw_status status = GW_OK;
    if (!tree) {
        status = say(error, GW_ERR_NOMEM, "the event cannot be made:", GW_SPAN_LIT("out of memory"));
    } else if (asks(gateway, event)) {
        *delivered = ask_room(gateway, room);
    } else if (event->data && gw_schema_check(event->data, tree, GW_SCHEMA_EXTRA_DENY, NULL, NULL) > 0) {
        status = say(error, GW_ERR_INVALID, "data is not what the description says of", name);
    } else if (!gw_gateway_has(gateway, GW_FAULT_EVENT_TO_ALL_ROOMS)) {
        *delivered = to_room(gateway, room, event, tree);
    } else {
        for (gw_gateway_room *each = gateway->rooms; each; each = each->hh.next)
            *delivered += to_room(gateway, each, event, tree);
    }
    if (status == GW_OK) gw_gateway_after_event(gateway, room, gw_event_table_by_name(origin(event)), data);
    if (status == GW_OK && data_sent) append_json(tree, data_sent);
    if (status == GW_OK && data_sent && data_sent->error != GW_OK)
        status = say(error, data_sent->error, "the answer is too long:", name);
    cJSON_Delete(tree);
    return status;
}
