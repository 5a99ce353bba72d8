/* Rooms and who sits in them. Knows no socket: it reaches connections through peer_rooms_output. */
#include "rooms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_OF(n)        lws_container_of(n, peer_room, node)
#define PARTICIPANT_OF(n) lws_container_of(n, peer_participant, node)
#define SEAT_OF(n)        lws_container_of(n, peer_seat, node)

static peer_room *add_room(peer_rooms *rooms, const char *id) {
    peer_room *room = calloc(1, sizeof *room);
    if (!room) return NULL;
    snprintf(room->id, sizeof room->id, "%s", id);
    lws_dll2_add_tail(&room->node, &rooms->rooms);
    return room;
}

bool peer_rooms_init(peer_rooms *rooms, peer_misbehave misbehave, peer_rooms_output output) {
    memset(rooms, 0, sizeof *rooms);
    rooms->misbehave = misbehave;
    rooms->output = output;
    return add_room(rooms, PEER_ROOMS_DEFAULT_ROOM_ID) != NULL;
}

static void free_participant(peer_participant *participant) {
    lws_dll2_remove(&participant->node);
    free(participant);
}

static void free_room(peer_room *room) {
    while (room->participants.head) free_participant(PARTICIPANT_OF(room->participants.head));
    lws_dll2_remove(&room->node);
    free(room);
}

void peer_rooms_deinit(peer_rooms *rooms) {
    while (rooms->rooms.head) free_room(ROOM_OF(rooms->rooms.head));
}

peer_room *peer_rooms_create(peer_rooms *rooms) {
    char id[PEER_ROOMS_ID_BYTES];
    if (rooms->rooms.count >= PEER_ROOMS_MAX) return NULL;
    snprintf(id, sizeof id, "r%lu", ++rooms->last_room);
    return add_room(rooms, id);
}

peer_participant *peer_rooms_add_participant(peer_rooms *rooms, peer_room *room) {
    if (room->participants.count >= PEER_ROOMS_MAX) return NULL;
    peer_participant *participant = calloc(1, sizeof *participant);
    if (!participant) return NULL;
    snprintf(participant->id, sizeof participant->id, "p%lu", ++rooms->last_participant);
    lws_dll2_add_tail(&participant->node, &room->participants);
    return participant;
}

peer_room *peer_rooms_find(const peer_rooms *rooms, const char *id) {
    for (lws_dll2_t *n = rooms->rooms.head; n; n = n->next)
        if (!strcmp(ROOM_OF(n)->id, id)) return ROOM_OF(n);
    return NULL;
}

peer_participant *peer_rooms_find_participant(const peer_room *room, const char *id) {
    for (lws_dll2_t *n = room->participants.head; n; n = n->next)
        if (!strcmp(PARTICIPANT_OF(n)->id, id)) return PARTICIPANT_OF(n);
    return NULL;
}

bool peer_rooms_join(peer_rooms *rooms, peer_seat *seat, peer_room *room, peer_participant *participant) {
    if (!participant) {
        participant = peer_rooms_add_participant(rooms, room);
        if (!participant) return false;
        participant->is_transient = true;
    }
    seat->room = room;
    seat->participant = participant;
    lws_dll2_add_tail(&seat->node, &participant->seats);
    return true;
}

void peer_rooms_leave(peer_seat *seat) {
    peer_participant *participant = seat->participant;
    if (!participant) return;
    lws_dll2_remove(&seat->node);
    seat->room = NULL;
    seat->participant = NULL;
    if (participant->is_transient) free_participant(participant);
}

size_t peer_rooms_connections(const peer_rooms *rooms, const peer_room *room) {
    size_t count = 0;
    for (lws_dll2_t *p = room->participants.head; p; p = p->next)
        for (lws_dll2_t *n = PARTICIPANT_OF(p)->seats.head; n; n = n->next) count += rooms->output.is_open(SEAT_OF(n));
    return count;
}

static void close_seats(peer_rooms *rooms, peer_participant *participant) {
    for (lws_dll2_t *n = participant->seats.head; n; n = n->next)
        rooms->output.close(SEAT_OF(n), PEER_ROOMS_CLOSE_NORMAL);
}

void peer_rooms_remove(peer_rooms *rooms, peer_room *room) {
    while (room->participants.head) {
        peer_participant *participant = PARTICIPANT_OF(room->participants.head);
        close_seats(rooms, participant);
        /* The connections outlive the room by their closing handshakes. */
        participant->is_transient = false;
        while (participant->seats.head) peer_rooms_leave(SEAT_OF(participant->seats.head));
        free_participant(participant);
    }
    if (!strcmp(room->id, PEER_ROOMS_DEFAULT_ROOM_ID)) return;
    free_room(room);
}

static int send_to_room(peer_rooms *rooms, const peer_room *room, const char *text, int copies) {
    int delivered = 0;
    size_t bytes = strlen(text);
    for (lws_dll2_t *p = room->participants.head; p; p = p->next) {
        for (lws_dll2_t *n = PARTICIPANT_OF(p)->seats.head; n; n = n->next) {
            bool is_sent = rooms->output.send(SEAT_OF(n), text, bytes);
            for (int i = 1; i < copies; i++) rooms->output.send(SEAT_OF(n), text, bytes);
            delivered += is_sent;
        }
    }
    return delivered;
}

int peer_rooms_publish(peer_rooms *rooms, peer_room *room, const peer_event *event, const cJSON *data) {
    char *text = peer_events_envelope(event->id, data);
    if (!text) return -1;
    bool is_ask = event->id == PEER_EVENT_HEARTBEAT_ACK;
    int copies = rooms->misbehave == PEER_MISBEHAVE_EVENT_TWICE && !is_ask ? 2 : 1;
    int delivered = 0;
    if (rooms->misbehave == PEER_MISBEHAVE_WRONG_ROOM && !is_ask) {
        for (lws_dll2_t *n = rooms->rooms.head; n; n = n->next)
            delivered += send_to_room(rooms, ROOM_OF(n), text, copies);
    } else {
        delivered = send_to_room(rooms, room, text, copies);
    }
    cJSON_free(text);

    if (event->id == PEER_EVENT_PARTICIPANT_KICK) {
        const char *user = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(data, "userId"));
        peer_participant *kicked = peer_rooms_find_participant(room, user);
        if (kicked) close_seats(rooms, kicked);
    }
    if (event->id == PEER_EVENT_ROOM_CLOSE) peer_rooms_remove(rooms, room);
    return delivered;
}
