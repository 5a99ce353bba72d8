/* The event table of this peer, and the check of data against it. Knows no socket and no room. */
#include "events.h"

#include <stdio.h>
#include <string.h>

static const peer_field no_fields[] = {{NULL, 0, false}};
static const peer_field message_create[] = {
    {"authorId", cJSON_String, true},
    {"content", cJSON_String, true},
    {"sentAt", cJSON_Number, false},
    {NULL, 0, false},
};
static const peer_field room_update[] = {
    {"chatLocked", cJSON_True, false},
    {"roomLocked", cJSON_True, false},
    {"maxParticipants", cJSON_Number, false},
    {"discordWebhookLink", cJSON_String, false},
    {NULL, 0, false},
};
static const peer_field participant_kick[] = {{"userId", cJSON_String, true}, {NULL, 0, false}};
static const peer_field participant_change[] = {
    {"userId", cJSON_String, true},
    {"banned", cJSON_True, false},
    {"color", cJSON_True, false},
    {"admin", cJSON_True, false},
    {NULL, 0, false},
};
const peer_field peer_events_named[] = {{"name", cJSON_String, false}, {NULL, 0, false}};

static const peer_event events[] = {
    {"heartbeat_ack", PEER_EVENT_HEARTBEAT_ACK, no_fields},
    {"message_create", PEER_EVENT_MESSAGE_CREATE, message_create},
    {"room_update", 4, room_update},
    {"participant_kick", PEER_EVENT_PARTICIPANT_KICK, participant_kick},
    {"participant_change", 6, participant_change},
    {"room_close", PEER_EVENT_ROOM_CLOSE, no_fields},
};

static int type_of(const cJSON *value) {
    int type = value ? value->type & 0xFF : cJSON_Invalid;
    return type == cJSON_False ? cJSON_True : type;
}

static const char *name_of(int type) {
    switch (type) {
    case cJSON_True:
        return "boolean";
    case cJSON_NULL:
        return "null";
    case cJSON_Number:
        return "number";
    case cJSON_String:
        return "string";
    case cJSON_Array:
        return "array";
    case cJSON_Object:
        return "object";
    default:
        return "nothing";
    }
}

const char *peer_events_type_name(const cJSON *value) {
    return name_of(type_of(value));
}

const peer_event *peer_events_find(const char *name) {
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (!strcmp(events[i].name, name)) return &events[i];
    return NULL;
}

static const peer_field *find_field(const peer_field *fields, const char *name) {
    for (; fields->name; fields++)
        if (!strcmp(fields->name, name)) return fields;
    return NULL;
}

bool peer_events_check(const char *place, const cJSON *value, const peer_field *fields, char *fault,
                       size_t fault_bytes) {
    if (!cJSON_IsObject(value)) {
        snprintf(fault, fault_bytes, "%s: expected object, got %s", place, peer_events_type_name(value));
        return false;
    }
    for (const cJSON *item = value->child; item; item = item->next) {
        const peer_field *field = find_field(fields, item->string);
        if (!field) {
            snprintf(fault, fault_bytes, "%s.%.64s: unknown field", place, item->string);
            return false;
        }
        if (type_of(item) != field->type) {
            snprintf(fault, fault_bytes, "%s.%s: expected %s, got %s", place, field->name, name_of(field->type),
                     peer_events_type_name(item));
            return false;
        }
    }
    for (; fields->name; fields++) {
        if (fields->is_required && !cJSON_GetObjectItemCaseSensitive(value, fields->name)) {
            snprintf(fault, fault_bytes, "%s.%s: missing", place, fields->name);
            return false;
        }
    }
    return true;
}

char *peer_events_envelope(int id, const cJSON *data) {
    cJSON *message = cJSON_CreateObject();
    char *text = NULL;
    if (cJSON_AddNumberToObject(message, "e", id) && cJSON_AddItemReferenceToObject(message, "d", (cJSON *)data))
        text = cJSON_PrintUnformatted(message);
    cJSON_Delete(message);
    return text;
}
