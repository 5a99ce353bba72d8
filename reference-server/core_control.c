/* The core's control operations: the gateway's, at the time of the call. Pure. */
#include "reference-server/core_internal.h"

#include <stdio.h>

_Static_assert((int)GW_CORE_ERROR_BYTES == (int)GW_GATEWAY_ERROR_BYTES, "one size of error text");
_Static_assert((int)GW_CORE_ID_BYTES == (int)GW_GATEWAY_ID_BYTES, "one size of id");

gw_status gw_core_room_create(gw_core *core, char room[GW_CORE_ID_BYTES], char error[GW_CORE_ERROR_BYTES]) {
    return gw_gateway_room_create(core->gateway, room, error);
}

gw_status gw_core_room_remove(gw_core *core, gw_span room, gw_ns now, char error[GW_CORE_ERROR_BYTES]) {
    core->now = now;
    return gw_gateway_room_remove(core->gateway, room, error);
}

gw_status gw_core_room_list(gw_core *core, gw_buf *out) {
    return gw_gateway_room_list(core->gateway, out);
}

gw_status gw_core_participant_create(gw_core *core, gw_span room, char participant[GW_CORE_ID_BYTES],
                                     char error[GW_CORE_ERROR_BYTES]) {
    return gw_gateway_participant_create(core->gateway, room, participant, error);
}

gw_status gw_core_event(gw_core *core, gw_span room, gw_span event, gw_span data, gw_ns now, gw_buf *data_sent,
                        size_t *delivered, char error[GW_CORE_ERROR_BYTES]) {
    core->now = now;
    return gw_gateway_event(core->gateway, room, event, data, now, data_sent, delivered, error);
}
