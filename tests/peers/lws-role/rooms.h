/* Rooms, their participants, and the connections that joined them. Test peer: no code of the harness. */
#ifndef PEER_ROOMS_H
#define PEER_ROOMS_H

#include "events.h"

#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>

#define PEER_ROOMS_ID_BYTES        24
#define PEER_ROOMS_MAX             10000 /* rooms, and participants of one room */
#define PEER_ROOMS_CLOSE_NORMAL    1000
#define PEER_ROOMS_DEFAULT_ROOM_ID "lobby"

typedef enum {
    PEER_MISBEHAVE_NOT,
    PEER_MISBEHAVE_EVENT_TWICE,
    PEER_MISBEHAVE_NO_ACK_ANSWER,
    PEER_MISBEHAVE_WRONG_ROOM
} peer_misbehave;

typedef struct {
    lws_dll2_t node; /* in peer_rooms.rooms */
    char id[PEER_ROOMS_ID_BYTES];
    lws_dll2_owner_t participants;
} peer_room;

typedef struct {
    lws_dll2_t node; /* in peer_room.participants */
    char id[PEER_ROOMS_ID_BYTES];
    bool is_transient; /* came without a query: lives as long as its connection */
    lws_dll2_owner_t seats;
} peer_participant;

/* Where one connection sits; room and participant are NULL while it sits nowhere. */
typedef struct {
    lws_dll2_t node; /* in peer_participant.seats */
    peer_room *room;
    peer_participant *participant;
} peer_seat;

/* What rooms can do to a connection, known here only by its seat. */
typedef struct {
    bool (*send)(peer_seat *seat, const char *text, size_t bytes); /* false: it is closing */
    bool (*is_open)(const peer_seat *seat);
    void (*close)(peer_seat *seat, int code);
} peer_rooms_output;

typedef struct {
    lws_dll2_owner_t rooms;
    unsigned long last_room, last_participant;
    peer_misbehave misbehave;
    peer_rooms_output output;
} peer_rooms;

/* Starts with the default room alone, which always exists. False without memory. */
bool peer_rooms_init(peer_rooms *rooms, peer_misbehave misbehave, peer_rooms_output output);
/* Frees everything; every connection must have left. */
void peer_rooms_deinit(peer_rooms *rooms);

/* NULL without memory or at the maximum. Owned by `rooms`. */
peer_room *peer_rooms_create(peer_rooms *rooms);
peer_participant *peer_rooms_add_participant(peer_rooms *rooms, peer_room *room);

/* NULL when unknown. */
peer_room *peer_rooms_find(const peer_rooms *rooms, const char *id);
peer_participant *peer_rooms_find_participant(const peer_room *room, const char *id);

/* Seats a connection; participant NULL: as a fresh, transient one. False when there is no place. */
bool peer_rooms_join(peer_rooms *rooms, peer_seat *seat, peer_room *room, peer_participant *participant);
/* Takes a connection out; harmless when it sits nowhere. */
void peer_rooms_leave(peer_seat *seat);

/* The connections that are not in their closing handshake. */
size_t peer_rooms_connections(const peer_rooms *rooms, const peer_room *room);

/* Closes the room's connections and frees the room; the default room comes back empty. */
void peer_rooms_remove(peer_rooms *rooms, peer_room *room);

/* Sends the event to everyone in the room and does what it announces (a closed room is freed).
   Returns the number of connections it went to, or -1 without memory. */
int peer_rooms_publish(peer_rooms *rooms, peer_room *room, const peer_event *event, const cJSON *data);

#endif
