/*
 * The gateway document's event table as this peer knows it, and the check of an event's data against it.
 * Test peer: shares no code with the harness or the reference server.
 */
#ifndef PEER_EVENTS_H
#define PEER_EVENTS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    PEER_EVENT_HELLO = 0,
    PEER_EVENT_HEARTBEAT = 1,
    PEER_EVENT_HEARTBEAT_ACK = 2,
    PEER_EVENT_MESSAGE_CREATE = 3,
    PEER_EVENT_PARTICIPANT_KICK = 5,
    PEER_EVENT_ROOM_CLOSE = 7,
    PEER_EVENT_LAST = 7
};

typedef struct {
    const char *name;
    int type; /* cJSON_String, cJSON_Number or cJSON_True, which stands for both booleans */
    bool is_required;
} peer_field;

typedef struct {
    const char *name;
    int id;
    const peer_field *fields; /* ends with a null name */
} peer_event;

/* A body of the control API that carries nothing but an optional name. */
extern const peer_field peer_events_named[];

/* The event that the control API may send under this name, or NULL. */
const peer_event *peer_events_find(const char *name);

/* True when `value` is an object of these fields; else `fault` says place and cause. */
bool peer_events_check(const char *place, const cJSON *value, const peer_field *fields, char *fault,
                       size_t fault_bytes);

/* The JSON name of a value's type; "nothing" for NULL. */
const char *peer_events_type_name(const cJSON *value);

/* The message text {"e":id,"d":data}; NULL without memory. The caller frees it with cJSON_free(). */
char *peer_events_envelope(int id, const cJSON *data);

#endif
