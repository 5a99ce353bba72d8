/* Rooms, participants, heartbeats and events: the gateway document as a server.
 *
 * Pure: it must not know frames, sockets or clocks. Each connection is a gw_gateway_member that its owner embeds; what
 * the gateway wants sent or closed goes through the sink. */
#ifndef GW_GATEWAY_H
#define GW_GATEWAY_H

#include "reference-server/faults.h"
#include "base/buf.h"
#include "base/rng.h"
#include "base/time.h"

typedef struct gw_gateway gw_gateway;
typedef struct gw_gateway_room gw_gateway_room;
typedef struct gw_gateway_participant gw_gateway_participant;

/* One connection that takes part. Read-only outside of the gateway. */
typedef struct gw_gateway_member {
    gw_gateway_room *room; /* NULL: not, or no longer, in a room */
    gw_gateway_participant *participant;
    struct gw_gateway_member *previous, *next; /* in the room, in order of joining */
    gw_ns hello_at;                            /* GW_NEVER once it is sent; so for the others */
    gw_ns beat_at;
    gw_ns expire_at;
    gw_ns ask_at;
    gw_ns answer_at;  /* a late answer to an ask (faults) */
    gw_ns answer_due; /* when an ask must be answered (faults) */
    gw_ns release_at;
    gw_buf held;       /* an event that waits for its follower (faults) */
    gw_ns window_from; /* rate of messages */
    uint32_t window_count;
    gw_ns hello_sent_at; /* GW_NEVER: not yet */
    gw_ns burst_from;
    uint32_t beats_sent, beats_heard;
    uint32_t texts; /* received */
    uint8_t burst;
    bool second_of_pair; /* every second member of its room */
    bool reprieved;      /* its timeout was put off once, because the caller came late */
    bool unfinished;     /* its owner says: a message is only partly here */
    bool greeted;        /* of a described protocol: the client has said its first message */
    int64_t sequence;    /* of the last numbered message to it; 0: none yet */
    uint64_t nonce;      /* that the server's last question carried */
} gw_gateway_member;

typedef enum gw_gateway_leave {
    GW_GATEWAY_POLITE, /* wait for the peer's Close */
    GW_GATEWAY_AT_ONCE /* the peer is at fault or gone: Close, then FIN */
} gw_gateway_leave;

enum {
    GW_GATEWAY_CLOSE_TIMEOUT = 4000,
    GW_GATEWAY_CLOSE_UNKNOWN = 4001,   /* no event of this id */
    GW_GATEWAY_CLOSE_MALFORMED = 4002, /* not JSON, or not an envelope */
    GW_GATEWAY_CLOSE_FORBIDDEN = 4003, /* an event that only the server sends */
    GW_GATEWAY_CLOSE_RATE = 4008
};

/* How the gateway reaches its members. Neither call may come back into the gateway but by gw_gateway_leave_room. */
typedef struct gw_gateway_sink {
    void *user;
    /* `event`: one of the ids 3 to 7 goes out. `binary` only by a fault. */
    void (*send)(void *user, gw_gateway_member *member, gw_span text, bool event, bool binary);
    void (*close)(void *user, gw_gateway_member *member, uint16_t code, const char *why, gw_gateway_leave how);
    void (*die)(void *user);  /* a fault takes the server down */
    void (*hang)(void *user); /* a fault makes it hang */
} gw_gateway_sink;

typedef struct gw_gateway_config {
    gw_ns interval_ns, ask_min_ns, ask_max_ns;
    uint32_t rate_messages;
    gw_ns rate_window_ns;
    int64_t unix_ms_at_zero;
    const struct gw_protocol *protocol; /* what is served; NULL: the gateway document. Outlives the gateway */
    gw_faults faults;
} gw_gateway_config;

/* NULL: out of memory, or a protocol that cannot be served (gw_core_can_serve). */
gw_gateway *gw_gateway_create(const gw_gateway_config *config, gw_gateway_sink sink, uint64_t seed);
/* Every member has left before. */
void gw_gateway_destroy(gw_gateway *gateway);

/* Where "room=R&participant=P" leads. An empty query is the lobby, as a fresh participant. GW_ERR_NOT_FOUND,
 * GW_ERR_INVALID (malformed query), GW_ERR_NOMEM, GW_ERR_LIMIT. */
gw_status gw_gateway_join(gw_gateway *gateway, gw_gateway_member *member, gw_span query, gw_ns now);
/* Sends hello and starts the timers; after a successful join and the upgrade. */
void gw_gateway_start(gw_gateway *gateway, gw_gateway_member *member, gw_ns now);
/* A fault: closes everybody else of the room with 1011. */
void gw_gateway_drop_others(gw_gateway *gateway, gw_gateway_member *member, const char *why);
void gw_gateway_leave_room(gw_gateway *gateway, gw_gateway_member *member);
void gw_gateway_on_text(gw_gateway *gateway, gw_gateway_member *member, gw_span text, gw_ns now);
void gw_gateway_on_binary(gw_gateway *gateway, gw_gateway_member *member, gw_ns now);
void gw_gateway_on_ping(gw_gateway *gateway, gw_gateway_member *member, gw_ns now);
/* Does the one thing that is due first, if it is due; call again until gw_gateway_deadline lies ahead. */
void gw_gateway_on_time(gw_gateway *gateway, gw_gateway_member *member, gw_ns now);
gw_ns gw_gateway_deadline(const gw_gateway_member *member);

/* Control operations; see gw_core_* for their contracts. */
enum { GW_GATEWAY_ERROR_BYTES = 192, GW_GATEWAY_ID_BYTES = 24 };
gw_status gw_gateway_room_create(gw_gateway *gateway, char *id, char *error);
gw_status gw_gateway_room_remove(gw_gateway *gateway, gw_span room, char *error);
gw_status gw_gateway_room_list(gw_gateway *gateway, gw_buf *out);
gw_status gw_gateway_participant_create(gw_gateway *gateway, gw_span room, char *id, char *error);
gw_status gw_gateway_event(gw_gateway *gateway, gw_span room, gw_span event, gw_span data, gw_ns now, gw_buf *data_sent,
                           size_t *delivered, char *error);

#endif
