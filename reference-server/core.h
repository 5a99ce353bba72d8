/* The whole reference gateway without a network: codec and gateway joined.
 *
 * Pure: bytes and time come in as arguments, bytes and endings are taken out for each connection. The same calls with
 * the same seed give the same output, so the program, the simulation and the fuzzers run the very same server.
 *
 *   conn = gw_core_on_accept(core, my_pointer, now);
 *   gw_core_on_bytes(core, conn, bytes, now);
 *   while ((conn = gw_core_next_ready(core))) {             // has output or an ending
 *       send gw_core_output(conn); gw_core_sent(core, conn, n);
 *       act on gw_core_ending(conn) once the output is empty;
 *   }
 *   sleep until gw_core_next_deadline(core); gw_core_on_tick(core, now);
 */
#ifndef GW_CORE_H
#define GW_CORE_H

#include "reference-server/faults.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/time.h"

typedef struct gw_core gw_core;
typedef struct gw_core_conn gw_core_conn;

typedef struct gw_core_config {
    gw_ns interval_ns; /* I, announced in hello; whole milliseconds */
    gw_ns ask_min_ns;  /* heartbeat_ack is sent after a random pause in [min, max]; max 0: never */
    gw_ns ask_max_ns;
    size_t max_message_bytes; /* a longer one is refused with 1009, from its declared length */
    size_t max_request_bytes; /* opening request; a longer one is refused with 431 */
    size_t max_queue_bytes;   /* output waiting for one connection; beyond it the connection is reset */
    size_t max_connections;   /* one more is refused with 503 */
    uint32_t rate_messages;   /* messages that a client may send in rate_window_ns; beyond it close 4008; 0: any */
    gw_ns rate_window_ns;
    gw_ns handshake_timeout_ns;         /* for the whole opening request */
    gw_ns close_timeout_ns;             /* for the peer's Close, and again for its FIN */
    const struct gw_protocol *protocol; /* what is served; NULL: the gateway document. Outlives the core */
    int64_t unix_ms_at_zero;            /* Unix time at t = 0 in ms, for sentAt; a virtual clock may leave 0 */
} gw_core_config;

/* I = 1 s, no asks, messages to 1 MiB, requests to 16 KiB, queue 4 MiB, 100,000 connections, 10,000 messages/s. */
void gw_core_config_default(gw_core_config *config);

/* Can this protocol be served? Else `error` (GW_CORE_ERROR_BYTES) says why not. */
bool gw_core_can_serve(const struct gw_protocol *protocol, char *error);
/* Has this fault something to break there? protocol NULL: yes. */
bool gw_core_has_fault(const struct gw_protocol *protocol, gw_fault fault);
/* config and faults are copied; faults may be NULL. NULL: out of memory, or a protocol that cannot be served. */
gw_core *gw_core_create(const gw_core_config *config, uint64_t seed, const gw_faults *faults);
void gw_core_destroy(gw_core *core);

/* What a planted fault has done to the server as a whole. */
typedef enum gw_core_state {
    GW_CORE_ALIVE,
    GW_CORE_DIED, /* every connection is reset and every later accept fails; the program aborts */
    GW_CORE_HUNG  /* accepts, and answers nothing any more */
} gw_core_state;
gw_core_state gw_core_get_state(const gw_core *core);

/* A new connection. `user` is the caller's own pointer. NULL: out of memory, far over max_connections, or the server
 * died; the caller then resets the connection. */
gw_core_conn *gw_core_on_accept(gw_core *core, void *user, gw_ns now);
void *gw_core_user(const gw_core_conn *conn);
/* Bytes from the peer, at any split. */
void gw_core_on_bytes(gw_core *core, gw_core_conn *conn, gw_span bytes, gw_ns now);
/* The peer's FIN. */
void gw_core_on_eof(gw_core *core, gw_core_conn *conn, gw_ns now);
/* The caller has closed the connection, or lost it (reset): frees it. Exactly once for each accepted connection. */
void gw_core_on_gone(gw_core *core, gw_core_conn *conn, gw_ns now);
/* Acts on every deadline at or before now. */
void gw_core_on_tick(gw_core *core, gw_ns now);
/* When on_tick has to be called next, or GW_NEVER. */
gw_ns gw_core_next_deadline(const gw_core *core);

/* How a connection is to end, once its output is sent. */
typedef enum gw_core_ending {
    GW_CORE_OPEN,   /* it goes on */
    GW_CORE_FIN,    /* shut down for writing; go on reading (bytes are dropped) until CLOSED */
    GW_CORE_CLOSED, /* close, then gw_core_on_gone */
    GW_CORE_RESET   /* throw the output away, reset, then gw_core_on_gone */
} gw_core_ending;

/* A connection whose output or ending changed since it was last handed out, or NULL. */
gw_core_conn *gw_core_next_ready(gw_core *core);
/* Bytes to send, borrowed until the next call that takes this connection; empty when there are none. */
gw_span gw_core_output(const gw_core_conn *conn);
/* The first n bytes of the output are sent. */
void gw_core_sent(gw_core *core, gw_core_conn *conn, size_t n);
gw_core_ending gw_core_get_ending(const gw_core_conn *conn);

/* Control operations. `error` gets one clear sentence when the result is not GW_OK. */
enum { GW_CORE_ERROR_BYTES = 192, GW_CORE_ID_BYTES = 24 };
/* A new room, its id in `room`. GW_ERR_LIMIT. */
gw_status gw_core_room_create(gw_core *core, char room[GW_CORE_ID_BYTES], char error[GW_CORE_ERROR_BYTES]);
/* Closes the room's connections with 1000, without an event. GW_ERR_NOT_FOUND. */
gw_status gw_core_room_remove(gw_core *core, gw_span room, gw_ns now, char error[GW_CORE_ERROR_BYTES]);
/* [{"id","participants","connections"}, ...] appended to out. */
gw_status gw_core_room_list(gw_core *core, gw_buf *out);
/* GW_ERR_NOT_FOUND, GW_ERR_LIMIT. */
gw_status gw_core_participant_create(gw_core *core, gw_span room, char participant[GW_CORE_ID_BYTES],
                                     char error[GW_CORE_ERROR_BYTES]);
/* Sends the event to everybody in the room. `data` is JSON text; sentAt is filled in where it lacks. The text as sent
 * is appended to data_sent (may be NULL); *delivered counts connections. GW_ERR_NOT_FOUND: no such room.
 * GW_ERR_UNSUPPORTED: no event of that name goes from server to clients. GW_ERR_INVALID: data is not what the event's
 * description says. */
gw_status gw_core_event(gw_core *core, gw_span room, gw_span event, gw_span data, gw_ns now, gw_buf *data_sent,
                        size_t *delivered, char error[GW_CORE_ERROR_BYTES]);
/* Close 1001 to everybody; nobody new is let in. The connections end within close_timeout twice. */
void gw_core_stop(gw_core *core, gw_ns now);

size_t gw_core_connection_count(const gw_core *core);

#endif
