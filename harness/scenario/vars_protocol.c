/* Floor 3: how a protocol's envelope looks, for texts that a scenario writes by hand: ${protocol.id} and its like. */
#include "scenario/vars.h"
#include "protocol/description.h"

#include <stdio.h>

/* The last member that a pointer names, or `otherwise`. */
static const char *key_of(const gw_pointer *pointer, const char *otherwise) {
    return pointer->count ? pointer->keys[pointer->count - 1] : otherwise;
}

/* An event's id as JSON text. */
static void add_id(const gw_protocol *protocol, cJSON *value, const char *role, const gw_event *event) {
    char text[128] = "1";
    bool word = protocol->envelope.id_type == GW_ID_STRING;
    if (event) snprintf(text, sizeof text, word ? "\"%s\"" : "%s", event->id_s);
    cJSON_AddStringToObject(value, role, text);
}

gw_status gw_vars_set_protocol(gw_vars *vars, const gw_protocol *protocol) {
    const gw_event *plain = gw_protocol_event_for(protocol, GW_SPAN_LIT("plain"), GW_ROLE_CLIENT);
    const gw_event *ask = gw_protocol_event_for(protocol, GW_SPAN_LIT("ask"), GW_ROLE_CLIENT);
    cJSON *value = cJSON_CreateObject();
    cJSON_AddStringToObject(value, "id", key_of(&protocol->envelope.id, "e"));
    cJSON_AddStringToObject(value, "data", key_of(&protocol->envelope.data, "d"));
    add_id(protocol, value, "plain", plain);
    add_id(protocol, value, "ask", ask ? ask : plain);
    gw_status status = value ? gw_vars_set(vars, "protocol", value) : GW_ERR_NOMEM;
    cJSON_Delete(value);
    return status;
}
