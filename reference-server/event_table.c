/* The table of the gateway document. Pure. */
#include "reference-server/event_table.h"

#include <stdio.h>

static const gw_event_row events[] = {
    {GW_EVENT_ID_HELLO, "hello", false, false, {{"heartbeatInterval", 'n', true}}},
    {GW_EVENT_ID_HEARTBEAT, "heartbeat", true, false, {{0}}},
    {GW_EVENT_ID_HEARTBEAT_ACK, "heartbeat_ack", true, true, {{0}}},
    {GW_EVENT_ID_MESSAGE_CREATE,
     "message_create",
     false,
     true,
     {{"authorId", 's', true}, {"content", 's', true}, {"sentAt", 'n', true}}},
    {GW_EVENT_ID_ROOM_UPDATE,
     "room_update",
     false,
     true,
     {{"chatLocked", 'b', false},
      {"roomLocked", 'b', false},
      {"maxParticipants", 'n', false},
      {"discordWebhookLink", 's', false}}},
    {GW_EVENT_ID_PARTICIPANT_KICK, "participant_kick", false, true, {{"userId", 's', true}}},
    {GW_EVENT_ID_PARTICIPANT_CHANGE,
     "participant_change",
     false,
     true,
     {{"userId", 's', true}, {"banned", 'b', false}, {"color", 'b', false}, {"admin", 'b', false}}},
    {GW_EVENT_ID_ROOM_CLOSE, "room_close", false, true, {{0}}},
};

enum { EVENTS = sizeof events / sizeof events[0] };

const gw_event_row *gw_event_table_by_id(uint64_t id) {
    for (size_t i = 0; i < EVENTS; i++)
        if (events[i].id == id) return &events[i];
    return NULL;
}

const gw_event_row *gw_event_table_by_name(gw_span name) {
    for (size_t i = 0; i < EVENTS; i++)
        if (gw_span_equal_cstr(name, events[i].name)) return &events[i];
    return NULL;
}

static bool has_type(gw_strict_json_value value, char type) {
    switch (type) {
    case 's':
        return value.kind == GW_STRICT_JSON_STRING;
    case 'n':
        return value.kind == GW_STRICT_JSON_NUMBER;
    default:
        return value.kind == GW_STRICT_JSON_TRUE || value.kind == GW_STRICT_JSON_FALSE;
    }
}

static const char *type_name(char type) {
    return type == 's' ? "a string" : type == 'n' ? "a number" : "a boolean";
}

static const gw_event_table_field *find_field(const gw_event_row *event, gw_span key) {
    for (const gw_event_table_field *field = event->fields; field->name; field++)
        if (gw_strict_json_equals(key, field->name)) return field;
    return NULL;
}

bool gw_event_table_check_data(const gw_event_row *event, gw_strict_json_value data, char *error, size_t error_size) {
    if (data.kind != GW_STRICT_JSON_OBJECT) {
        snprintf(error, error_size, "data of %s must be an object", event->name);
        return false;
    }
    size_t at = 0;
    gw_span key;
    gw_strict_json_value value;
    while (gw_strict_json_next(data, &at, &key, &value)) {
        const gw_event_table_field *field = find_field(event, key);
        if (!field) {
            snprintf(error, error_size, "data: %s has no field %.*s", event->name, key.len < 40 ? (int)key.len : 40,
                     (const char *)key.ptr);
            return false;
        }
        if (!has_type(value, field->type)) {
            snprintf(error, error_size, "data/%s: must be %s", field->name, type_name(field->type));
            return false;
        }
    }
    for (const gw_event_table_field *field = event->fields; field->name; field++) {
        if (!field->required || gw_strict_json_get(data, field->name).kind != GW_STRICT_JSON_NONE) continue;
        snprintf(error, error_size, "data/%s: is missing", field->name);
        return false;
    }
    return true;
}
