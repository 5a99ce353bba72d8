/* Judges one connection of a session, both directions, with the harness' own wire, protocol and heartbeat model. Bytes
 * and times come in; a broken property aborts. Two codecs and two JSON readers meet here that share no code. */
#ifndef GW_FUZZ_WATCH_H
#define GW_FUZZ_WATCH_H

#include "fuzzing/script.h"
#include "protocol/heartbeat.h"
#include "wire/handshake.h"
#include "wire/message.h"

enum {
    GW_WATCH_MAX_HEAD = 16 << 10, /* as the server's max_request_bytes */
    GW_WATCH_MAX_PIECE = 8 << 10  /* of what the client sends at once */
};

/* What the client has done to be closed for. */
typedef enum gw_watch_guilt {
    GW_WATCH_CLEAN,  /* nothing: only silence may end the connection */
    GW_WATCH_CLOSED, /* it sent Close or FIN, or the operator acted: an end is explained */
    GW_WATCH_MAY,    /* a message that the server may refuse, or count as a heartbeat */
    GW_WATCH_FATAL   /* what fails the connection (RFC 6455, limits): it has to end at once */
} gw_watch_guilt;

/* Where a connection is; what its operator says to another room is not for it. */
typedef enum gw_watch_room {
    GW_WATCH_ELSEWHERE, /* not followed */
    GW_WATCH_LOBBY,     /* it joined without a query */
    GW_WATCH_R1         /* it asked for the first room that is made */
} gw_watch_room;

/* One direction of bytes. */
typedef struct gw_watch_side {
    gw_buf head_bytes, payload; /* kept from session to session */
    gw_head head;
    gw_frame_decoder decoder;
    gw_message message;
} gw_watch_side;

enum { GW_WATCH_QUEUE = 64 };

/* Hashes of what has to come, oldest first. One that overflowed is not judged any more. */
typedef struct gw_watch_queue {
    uint64_t items[GW_WATCH_QUEUE];
    uint32_t first, count;
    bool lost;
} gw_watch_queue;

typedef struct gw_watch {
    gw_watch_side client, server;
    gw_script_server config;
    gw_heartbeat model;
    gw_watch_guilt guilt;
    gw_ns interval, grace;
    gw_ns opened_at;
    gw_ns hello_at;     /* GW_NEVER: none yet; so for the next five */
    gw_ns beat_at;      /* of the client: its last heartbeat, or hello */
    gw_ns next_beat_at; /* of the server: on the grid of I from hello on */
    gw_ns ask_at;       /* the client's last question */
    gw_ns closed_at;    /* the server's Close */
    gw_ns ended_at;     /* its FIN, or the end of the connection */
    uint32_t asks;      /* of that moment, not answered yet */
    gw_ns told_at;      /* the model's last input */
    gw_ns rate_from;
    uint32_t rate_count;
    gw_watch_queue pongs;    /* payloads of Pings */
    gw_watch_queue events;   /* what the operator sent to the room */
    uint16_t fatal_codes[3]; /* FATAL: with which of them the server closes; the first 0: any */
    uint16_t client_code;    /* of the client's Close; 0: it had none */
    bool client_closed;      /* the client sent a good Close */
    bool echo_due;           /* and nothing before that the server may close for */
    bool excused;            /* gw_watch_excuse */
    bool upgraded, refused;  /* 101, or another answer */
    bool asked_known;        /* the request is one of those judged before, and is not read */
    bool bad_text;           /* an unfinished text of the client is not UTF-8 */
    gw_watch_room room;
    bool is_p1;          /* it joined as the first participant, in r1 */
    bool kicked;         /* as this one: its connections have to be closed */
    bool untimed;        /* output waited for the client: times say nothing about the server any more */
    bool server_stops;   /* no request is upgraded any more */
    uint64_t sent_bytes; /* by the client */
} gw_watch;

/* Memory of an earlier session is kept. */
void gw_watch_open(gw_watch *watch, gw_script_server config, gw_ns now);
/* The client sends: call it before the server's answer is handed over. */
void gw_watch_client_bytes(gw_watch *watch, const uint8_t *bytes, size_t len, gw_ns now);
void gw_watch_server_bytes(gw_watch *watch, gw_span bytes, gw_ns now);
/* An event goes to the room of this connection: it has to arrive, once and in order. */
void gw_watch_expect_event(gw_watch *watch, int64_t id, gw_span data);
/* An event goes to the room that kicks its first participant. */
void gw_watch_kick_p1(gw_watch *watch);
/* Something else than this client's bytes explains an end from here on. */
void gw_watch_excuse(gw_watch *watch);
/* The server ends: by FIN, by the end of the connection, or by reset. */
void gw_watch_end(gw_watch *watch, gw_ns now);
/* All that happened up to now has been handed over: nothing may be overdue. */
void gw_watch_settle(gw_watch *watch, gw_ns now);

#endif
