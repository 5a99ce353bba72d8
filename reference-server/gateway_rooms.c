/* Rooms, participants and the control operations on them. Pure. */
#include "reference-server/described.h"
#include "reference-server/gateway_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gw_gateway_room *gw_gateway_find_room(gw_gateway *gateway, gw_span id) {
    gw_gateway_room *room;
    HASH_FIND(hh, gateway->rooms, id.ptr, id.len, room);
    return room;
}

gw_gateway_participant *gw_gateway_find_participant(gw_gateway_room *room, gw_span id) {
    gw_gateway_participant *participant;
    HASH_FIND(hh, room->participants, id.ptr, id.len, participant);
    if (participant) return participant;
    for (gw_gateway_member *member = room->first; member; member = member->next)
        if (gw_span_equal_cstr(id, member->participant->id)) return member->participant;
    return NULL;
}

/* An id that is short enough for the room it gets. */
static gw_status add_room(gw_gateway *gateway, const char *id, gw_gateway_room **out) {
    if (HASH_COUNT(gateway->rooms) >= GW_GATEWAY_MAX_ROOMS) return GW_ERR_LIMIT;
    gw_gateway_room *room = calloc(1, sizeof *room);
    if (!room) return GW_ERR_NOMEM;
    size_t len = strlen(id);
    assert(len < sizeof room->id);
    memcpy(room->id, id, len + 1);
    HASH_ADD_STR(gateway->rooms, id, room);
    if (!room->hh.tbl) {
        free(room);
        return GW_ERR_NOMEM;
    }
    *out = room;
    return GW_OK;
}

gw_status gw_gateway_open_lobby(gw_gateway *gateway, gw_gateway_room **out) {
    gw_status status = gateway->lobby ? GW_OK : add_room(gateway, "lobby", &gateway->lobby);
    *out = gateway->lobby;
    return status;
}

/* "p" and the number: this runs for each connection, and a format costs more than all the rest of joining. */
static void write_participant_id(char id[GW_GATEWAY_ID_BYTES], uint64_t number) {
    id[0] = 'p';
    id[1 + gw_buf_digits(id + 1, number)] = 0;
}

gw_status gw_gateway_add_participant(gw_gateway *gateway, gw_gateway_room *room, bool fresh,
                                     gw_gateway_participant **out) {
    if (room->participant_count >= GW_GATEWAY_MAX_PARTICIPANTS) return GW_ERR_LIMIT;
    gw_gateway_participant *participant = malloc(sizeof *participant);
    if (!participant) return GW_ERR_NOMEM;
    *participant = (gw_gateway_participant){.fresh = fresh};
    write_participant_id(participant->id, gateway->next_participant++);
    if (!fresh) {
        HASH_ADD_STR(room->participants, id, participant);
        if (!participant->hh.tbl) {
            free(participant);
            return GW_ERR_NOMEM;
        }
    }
    room->participant_count++;
    *out = participant;
    return GW_OK;
}

void gw_gateway_remove_participant(gw_gateway_room *room, gw_gateway_participant *participant) {
    if (!participant->fresh) HASH_DEL(room->participants, participant);
    room->participant_count--;
    free(participant);
}

/* The connections of one participant, or of all when it is NULL. */
static void close_connections(gw_gateway *gateway, gw_gateway_room *room, const gw_gateway_participant *participant,
                              const char *why) {
    gw_gateway_member *next;
    for (gw_gateway_member *member = room->first; member; member = next) {
        next = member->next;
        if (!participant || member->participant == participant)
            gw_gateway_close(gateway, member, 1000, why, GW_GATEWAY_POLITE);
    }
}

void gw_gateway_drop_room(gw_gateway *gateway, gw_gateway_room *room, const char *why) {
    close_connections(gateway, room, NULL, why);
    gw_gateway_participant *participant, *next;
    HASH_ITER(hh, room->participants, participant, next) gw_gateway_remove_participant(room, participant);
    if (room == gateway->lobby) gateway->lobby = NULL;
    HASH_DEL(gateway->rooms, room);
    free(room);
}

static gw_status say(char *error, gw_status status, const char *what, gw_span name) {
    snprintf(error, GW_GATEWAY_ERROR_BYTES, "%s %.*s", what, name.len < 40 ? (int)name.len : 40,
             (const char *)name.ptr);
    return status;
}

gw_status gw_gateway_room_create(gw_gateway *gateway, char *id, char *error) {
    gw_gateway_room *room;
    snprintf(id, GW_GATEWAY_ID_BYTES, "r%llu", (unsigned long long)gateway->next_room);
    gw_status status = add_room(gateway, id, &room);
    if (status != GW_OK)
        return say(error, status, "no further room can be made:", gw_span_cstr(gw_status_text(status)));
    gateway->next_room++;
    return GW_OK;
}

gw_status gw_gateway_room_remove(gw_gateway *gateway, gw_span id, char *error) {
    gw_gateway_room *room = gw_gateway_find_room(gateway, id);
    if (!room) return say(error, GW_ERR_NOT_FOUND, "there is no room", id);
    gw_gateway_drop_room(gateway, room, "the room is removed");
    return GW_OK;
}

gw_status gw_gateway_room_list(gw_gateway *gateway, gw_buf *out) {
    gw_buf_append_byte(out, '[');
    for (gw_gateway_room *room = gateway->rooms; room; room = room->hh.next)
        gw_buf_printf(out, "%s{\"id\":\"%s\",\"participants\":%u,\"connections\":%zu}",
                      room == gateway->rooms ? "" : ",", room->id, (unsigned)room->participant_count,
                      room->connections);
    gw_buf_append_byte(out, ']');
    return out->error;
}

gw_status gw_gateway_participant_create(gw_gateway *gateway, gw_span room_id, char *id, char *error) {
    gw_gateway_room *room = gw_gateway_find_room(gateway, room_id);
    if (!room) return say(error, GW_ERR_NOT_FOUND, "there is no room", room_id);
    gw_gateway_participant *participant;
    gw_status status = gw_gateway_add_participant(gateway, room, false, &participant);
    if (status != GW_OK)
        return say(error, status, "no further participant can be made:", gw_span_cstr(gw_status_text(status)));
    snprintf(id, GW_GATEWAY_ID_BYTES, "%s", participant->id);
    return GW_OK;
}

/* ---- events ---- */

/* The data with sentAt filled in where a message lacks it. */
static void complete_data(const gw_gateway *gateway, const gw_event_row *event, gw_span data, gw_ns now, gw_buf *out) {
    gw_strict_json_value value = gw_strict_json_root(data);
    gw_buf_append_span(out, value.text);
    if (event->id != GW_EVENT_ID_MESSAGE_CREATE || value.kind != GW_STRICT_JSON_OBJECT) return;
    if (gw_strict_json_get(value, "sentAt").kind != GW_STRICT_JSON_NONE) return;
    size_t at = 0;
    gw_span key;
    gw_strict_json_value first;
    bool empty = !gw_strict_json_next(value, &at, &key, &first);
    out->len--;
    gw_buf_printf(out, "%s\"sentAt\":%lld}", empty ? "" : ",",
                  (long long)(gateway->config.unix_ms_at_zero + now / GW_MS));
}

void gw_gateway_after_event(gw_gateway *gateway, gw_gateway_room *room, const gw_event_row *event, gw_span data) {
    if (!event) return;
    if (event->id == GW_EVENT_ID_ROOM_CLOSE) {
        gw_gateway_drop_room(gateway, room, "the room is closed");
        return;
    }
    if (event->id != GW_EVENT_ID_PARTICIPANT_KICK) return;
    gw_buf user;
    gw_buf_init(&user, GW_GATEWAY_ID_BYTES);
    gw_strict_json_value value = gw_strict_json_get(gw_strict_json_root(data), "userId");
    bool named = gw_strict_json_unescape(value.text, &user) == GW_OK; /* longer than any id: nobody */
    gw_gateway_participant *kicked = named ? gw_gateway_find_participant(room, gw_buf_span(&user)) : NULL;
    gw_buf_deinit(&user);
    if (!kicked) return;
    if (gw_gateway_has(gateway, GW_FAULT_KICK_LEAVES_OPEN)) return;
    bool fresh = kicked->fresh; /* then it goes with its last connection */
    close_connections(gateway, room, kicked, "kicked");
    if (fresh) return;
    gw_gateway_remove_participant(room, kicked);
}

gw_status gw_gateway_event(gw_gateway *gateway, gw_span room_id, gw_span name, gw_span data, gw_ns now,
                           gw_buf *data_sent, size_t *delivered, char *error) {
    *delivered = 0;
    gw_gateway_room *room = gw_gateway_find_room(gateway, room_id);
    if (!room) return say(error, GW_ERR_NOT_FOUND, "there is no room", room_id);
    if (gateway->described) return gw_described_event(gateway, room, name, data, now, data_sent, delivered, error);
    const gw_event_row *event = gw_event_table_by_name(name);
    if (!event || !event->triggered) return say(error, GW_ERR_UNSUPPORTED, "no event to trigger:", name);
    const char *why = gw_strict_json_check(data, NULL);
    if (why) return say(error, GW_ERR_INVALID, "data is not JSON:", gw_span_cstr(why));

    gw_buf whole;
    gw_buf_init(&whole, data.len + 64);
    complete_data(gateway, event, data, now, &whole);
    gw_status status = whole.error;
    if (status != GW_OK) {
        say(error, status, "the event cannot be made:", gw_span_cstr(gw_status_text(status)));
    } else if (!gw_event_table_check_data(event, gw_strict_json_root(gw_buf_span(&whole)), error,
                                          GW_GATEWAY_ERROR_BYTES)) {
        status = GW_ERR_INVALID;
    } else {
        *delivered = gw_gateway_broadcast(gateway, room, event, gw_buf_span(&whole), now);
        gw_gateway_after_event(gateway, room, event, gw_buf_span(&whole));
        if (data_sent) status = gw_buf_append_span(data_sent, gw_buf_span(&whole));
        if (status != GW_OK) say(error, status, "the answer is too long:", gw_span_cstr(gw_status_text(status)));
    }
    gw_buf_deinit(&whole);
    return status;
}
