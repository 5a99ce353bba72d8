/* The events of the protocol, as the gateway needs them: id, who may send, what the data looks like. Pure. */
#ifndef GW_EVENT_TABLE_H
#define GW_EVENT_TABLE_H

#include "reference-server/strict_json.h"

enum { GW_EVENT_TABLE_MAX_FIELDS = 6 };

/* Ids that the gateway itself acts on. */
enum {
    GW_EVENT_ID_HELLO = 0,
    GW_EVENT_ID_HEARTBEAT = 1,
    GW_EVENT_ID_HEARTBEAT_ACK = 2,
    GW_EVENT_ID_MESSAGE_CREATE = 3,
    GW_EVENT_ID_ROOM_UPDATE = 4,
    GW_EVENT_ID_PARTICIPANT_KICK = 5,
    GW_EVENT_ID_PARTICIPANT_CHANGE = 6,
    GW_EVENT_ID_ROOM_CLOSE = 7
};

typedef struct gw_event_table_field {
    const char *name; /* NULL ends the list */
    char type;        /* 's' string, 'n' number, 'b' boolean */
    bool required;
} gw_event_table_field;

typedef struct gw_event_row {
    uint32_t id;
    const char *name;
    bool from_client; /* a client may send it */
    bool triggered;   /* the control API may send it */
    gw_event_table_field fields[GW_EVENT_TABLE_MAX_FIELDS];
} gw_event_row;

/* NULL: there is no such event. */
const gw_event_row *gw_event_table_by_id(uint64_t id);
const gw_event_row *gw_event_table_by_name(gw_span name);
/* Is `data` (checked JSON) what the event's table row says? Else a sentence that says where and why goes to error. */
bool gw_event_table_check_data(const gw_event_row *event, gw_strict_json_value data, char *error, size_t error_size);

#endif
