/* The core of the reference server on a virtual clock, with scripted peers. */
#ifndef GW_TESTS_SERVER_RIG_H
#define GW_TESTS_SERVER_RIG_H

#include "reference-server/core.h"

#include <check.h>

enum { RIG_PEERS = 64, RIG_FRAMES = 4200, RIG_INTERVAL_MS = 1000 };

typedef struct rig_frame {
    uint8_t first, second; /* the two header bytes */
    uint8_t opcode;
    gw_span payload; /* owned by the peer, with a NUL behind */
    gw_ns at;
} rig_frame;

typedef struct rig_peer {
    gw_core_conn *conn; /* NULL: gone */
    gw_buf in;          /* bytes not yet taken apart */
    int status;         /* of the answer to the request; 0: none yet */
    gw_buf head;        /* of that answer, with its body when it is a refusal */
    rig_frame frames[RIG_FRAMES];
    size_t frame_count;
    gw_ns fin_at, closed_at; /* GW_NEVER: not yet */
    bool reset;
} rig_peer;

typedef struct rig {
    gw_core *core;
    gw_core_config config;
    gw_ns now;
    rig_peer *peers[RIG_PEERS];
    size_t peer_count;
    char error[GW_CORE_ERROR_BYTES];
} rig;

#define RIG_REQUEST_REST                                                                                               \
    "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"          \
    "Sec-WebSocket-Version: 13\r\n\r\n"
#define RIG_REQUEST  "GET /gateway HTTP/1.1\r\n" RIG_REQUEST_REST
#define RIG_BEAT     "{\"e\":1,\"d\":{}}"
#define RIG_ASK      "{\"e\":2,\"d\":{}}"
#define RIG_BYTES(s) (s), sizeof(s) - 1

/* I = 1 s. `faults` may be NULL. */
void rig_init(rig *r, const gw_faults *faults);
/* The same with a configuration made by the caller (gw_core_config_default). */
void rig_init_config(rig *r, const gw_core_config *config, const gw_faults *faults);
void rig_deinit(rig *r);
/* A new connection, nothing sent. */
rig_peer *rig_accept(rig *r);
/* A new connection with its request; `query` as in "?room=r1&participant=p1", or "". */
rig_peer *rig_connect(rig *r, const char *query);
/* A room (r1, r2, ...) or a participant (p1, p2, ...) by a control operation. */
void rig_room(rig *r);
void rig_participant(rig *r, const char *room);
/* Delivered connections; fails the test when the operation fails. */
size_t rig_event(rig *r, const char *room, const char *event, const char *data);
void rig_bytes(rig *r, rig_peer *peer, const void *bytes, size_t len);
/* One frame with this first byte, masked, of minimal length form. */
void rig_send(rig *r, rig_peer *peer, uint8_t first, const void *payload, size_t len);
void rig_text(rig *r, rig_peer *peer, const char *text);
/* Appends the same to a buffer instead. */
void rig_append_frame(gw_buf *out, uint8_t first, const void *payload, size_t len);
void rig_close(rig *r, rig_peer *peer, int code); /* a Close frame; code 0: empty */
void rig_eof(rig *r, rig_peer *peer);
void rig_gone(rig *r, rig_peer *peer); /* the peer resets */
/* Lets ms of virtual time pass; every deadline is met at its own time. */
void rig_wait(rig *r, int ms);
/* The same, while this peer heartbeats every `every` ms. */
void rig_wait_beating(rig *r, rig_peer *peer, int ms, int every);

/* What the peer has seen. */
size_t rig_count(const rig_peer *peer, const char *prefix); /* text messages that start so */
const rig_frame *rig_find(const rig_peer *peer, uint8_t opcode, size_t nth);
const rig_frame *rig_find_text(const rig_peer *peer, const char *prefix);
int rig_close_code(const rig_peer *peer); /* of the server's first Close; 0: none; 1005: empty */
bool rig_is_open(const rig_peer *peer);   /* upgraded and not closed in any way */
/* A Ping with a payload of its own gets its Pong. */
bool rig_answers_ping(rig *r, rig_peer *peer);
/* Somebody new gets hello at once. */
bool rig_greets(rig *r);

#endif
