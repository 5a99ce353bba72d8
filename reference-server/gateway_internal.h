/* What the gateway's own files share. */
#ifndef GW_GATEWAY_INTERNAL_H
#define GW_GATEWAY_INTERNAL_H

#include "reference-server/event_table.h"
#include "reference-server/gateway.h"

/* Lack of memory shows as an element without a table, not as an exit. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

enum { GW_GATEWAY_MAX_ROOMS = 65536, GW_GATEWAY_MAX_PARTICIPANTS = 65536 /* in one room */ };

struct gw_gateway_participant {
    char id[GW_GATEWAY_ID_BYTES];
    size_t connections;
    bool fresh; /* made by a connection without a query; gone with its last connection */
    UT_hash_handle hh;
};

struct gw_gateway_room {
    char id[GW_GATEWAY_ID_BYTES];
    gw_gateway_participant *participants; /* by id, those that a control operation made */
    size_t participant_count;             /* with the fresh ones, which their connections hold */
    gw_gateway_member *first, *last;
    size_t connections;
    size_t joined; /* ever */
    UT_hash_handle hh;
};

struct gw_gateway {
    gw_gateway_config config;
    gw_gateway_sink sink;
    gw_rng rng;
    gw_ns grace_ns;
    gw_gateway_room *rooms; /* by id */
    gw_gateway_room *lobby; /* one of them; NULL: not yet, or no longer */
    uint64_t next_room, next_participant;
    struct gw_described *described; /* NULL: the gateway document */
    gw_buf scratch;                 /* one message at a time is composed here */
    gw_buf hello, heartbeat;        /* of the gateway document: the same for every member */
};

static inline bool gw_gateway_has(const gw_gateway *gateway, gw_fault fault) {
    return gw_faults_has(&gateway->config.faults, fault);
}

gw_gateway_room *gw_gateway_find_room(gw_gateway *gateway, gw_span id);
gw_gateway_participant *gw_gateway_find_participant(gw_gateway_room *room, gw_span id);
/* The lobby, made at its first use. GW_ERR_LIMIT, GW_ERR_NOMEM; so below. */
gw_status gw_gateway_open_lobby(gw_gateway *gateway, gw_gateway_room **out);
gw_status gw_gateway_add_participant(gw_gateway *gateway, gw_gateway_room *room, bool fresh,
                                     gw_gateway_participant **out);
/* Nobody is connected as it any more. */
void gw_gateway_remove_participant(gw_gateway_room *room, gw_gateway_participant *participant);
/* Closes every connection of the room with 1000 and forgets the room. */
void gw_gateway_drop_room(gw_gateway *gateway, gw_gateway_room *room, const char *why);

/* hello and heartbeat, once for all; then these and heartbeat_ack to one member (gateway_send.c). */
void gw_gateway_prepare(gw_gateway *gateway);
void gw_gateway_send_hello(gw_gateway *gateway, gw_gateway_member *member);
void gw_gateway_send_heartbeat(gw_gateway *gateway, gw_gateway_member *member);
void gw_gateway_send_ask(gw_gateway *gateway, gw_gateway_member *member);
/* Sends what a fault held back. */
void gw_gateway_release(gw_gateway *gateway, gw_gateway_member *member);
/* Closes, after what a fault held back. */
void gw_gateway_close(gw_gateway *gateway, gw_gateway_member *member, uint16_t code, const char *why,
                      gw_gateway_leave how);
/* The event to everybody in the room, as the faults have it; counts those reached. */
size_t gw_gateway_broadcast(gw_gateway *gateway, gw_gateway_room *room, const gw_event_row *event, gw_span data,
                            gw_ns now);
/* What an event (NULL: none of the gateway document) ends: the room, or the connections of who was kicked. */
void gw_gateway_after_event(gw_gateway *gateway, gw_gateway_room *room, const gw_event_row *event, gw_span data);
/* The data as the faults have it, appended to out (gateway_mangle.c). */
void gw_gateway_mangle(const gw_gateway *gateway, const gw_event_row *event, gw_span data, gw_buf *out);
/* A fault: the ask that goes out has to be answered soon (gateway.c). */
void gw_gateway_await_answer(const gw_gateway *gateway, gw_gateway_member *member, gw_ns now);
/* hello is out, or never comes: the timers run (gateway.c). */
void gw_gateway_begin(gw_gateway *gateway, gw_gateway_member *member, gw_ns now);
/* A caller that comes late may have heartbeats still unread: it gets as long again to hand them over, once; then
 * *deadline, which is past, lies ahead again (gateway.c). */
bool gw_gateway_has_reprieve(const gw_gateway *gateway, gw_gateway_member *member, gw_ns *deadline, gw_ns now);
/* Messages that come too fast, and text that is not JSON (gateway_input.c). */
bool gw_gateway_over_rate(gw_gateway *gateway, gw_gateway_member *member, gw_ns now);
/* A fault takes the server down, or makes it hang: true, and nothing is left to do. */
bool gw_gateway_dies(gw_gateway *gateway, gw_fault fault);
bool gw_gateway_falls(gw_gateway *gateway, gw_gateway_member *member, gw_span text);
/* A valid client heartbeat (gateway.c). */
void gw_gateway_count_heartbeat(gw_gateway *gateway, gw_gateway_member *member, gw_ns now);

#endif
