/* Runs one scenario: a pure machine over (timed bytes in, actions out). Floor 3.
 *
 * The driver (a network loop, or the simulation) calls gw_engine_start once and then, after every call of an
 * gw_engine_on_* function, takes actions with gw_engine_next until it returns false, and carries them out in that
 * order. When there is nothing to do it sleeps until gw_engine_deadline and calls gw_engine_on_tick. It hands over all
 * bytes that have arrived before it ticks a deadline. Deterministic: the same inputs and seed give the same actions,
 * verdict and wire log.
 *
 * All times are nanoseconds on one monotonic clock of the driver.
 */
#ifndef GW_SCENARIO_ENGINE_H
#define GW_SCENARIO_ENGINE_H

#include "protocol/description.h"
#include "scenario/result.h"

typedef struct gw_engine gw_engine;

/* What the engines of one run keep of what servers sent, estimated. An engine that keeps more than its share is ended
 * when all together keep more than `max_bytes`. */
typedef struct gw_engine_memory {
    size_t bytes, max_bytes;
} gw_engine_memory;

typedef struct gw_engine_config {
    const gw_scenario *scenario;
    const gw_protocol *protocol;
    const gw_requirements *requirements; /* gives each rule its level; NULL: all are MUST */
    uint64_t seed;                       /* of the run; the engine derives its own from it and the scenario's id */
    double timeout_scale;                /* multiplies eps and every window that is not written in I; 1 by default */
    gw_ns interval;           /* client under test: what is announced where the scenario leaves it open; 0: 1 s */
    bool no_deadlines;        /* client under test: it may take its time, since somebody looks at it with a debugger */
    bool watches_client;      /* client under test: the driver tells how its process ends */
    int64_t unix_ms;          /* wall-clock time at t = 0 of the driver's clock, for $near-now */
    gw_engine_memory *memory; /* shared with other engines; NULL: each has limits of its own only */
} gw_engine_config;

typedef enum gw_action_kind {
    GW_ACTION_PROVISION, /* get room and participant for a client; answer with on_provisioned */
    GW_ACTION_ACCEPT,    /* take the next connection of the client under test; answer with on_open */
    GW_ACTION_OPEN,      /* open the transport of a connection; answer with on_open or on_open_failed */
    GW_ACTION_SEND,      /* write these bytes at once, as one write; answer with on_sent */
    GW_ACTION_SHUTDOWN,  /* send FIN, go on reading */
    GW_ACTION_RESET,     /* end by RST */
    GW_ACTION_CLOSE,     /* end without more ado; no answer is expected */
    GW_ACTION_READ_OFF,  /* stop reading from the connection */
    GW_ACTION_TRIGGER,   /* make the server emit an event; answer with on_triggered */
    GW_ACTION_DONE       /* the result is ready; connections are closed, no more calls */
} gw_action_kind;

typedef struct gw_action {
    gw_action_kind kind;
    unsigned conn; /* number of the connection, from 0; one per client, the canary is the last */
    const char *client;
    /* PROVISION */
    const char *room, *participant;
    /* SEND: borrowed until the next call */
    gw_span bytes;
    /* TRIGGER */
    unsigned trigger; /* number, to be handed back */
    const char *event;
    const char *by; /* client that causes it, or NULL */
    const char *by_participant;
    const cJSON *data; /* expanded; borrowed until on_triggered */
} gw_action;

/* Where a connection leads and what the target's file adds to its upgrade request. */
typedef struct gw_endpoint {
    const char *host;           /* for the Host header, with the port where it is not the default */
    const char *target;         /* path and query */
    const char *subprotocol;    /* NULL: none */
    const char *const *headers; /* name, value, name, value, ... */
    size_t header_count;        /* pairs */
} gw_endpoint;

gw_engine *gw_engine_create(const gw_engine_config *config);
void gw_engine_destroy(gw_engine *engine);

void gw_engine_start(gw_engine *engine, gw_ns now);
/* `vars`: an object with what the target captured for this client (id, room, token, ...), copied. NULL endpoint:
 * failed, `error` says why (a fault of the target or the harness). */
void gw_engine_on_provisioned(gw_engine *engine, unsigned conn, const gw_endpoint *endpoint, const cJSON *vars,
                              const char *error, gw_ns now);
void gw_engine_on_open(gw_engine *engine, unsigned conn, gw_ns now);
void gw_engine_on_open_failed(gw_engine *engine, unsigned conn, const char *error, gw_ns now);
/* A SEND is done. `now` is taken after the write. */
void gw_engine_on_sent(gw_engine *engine, unsigned conn, gw_ns now);
/* Bytes arrived at `at`; they may be changed in place. The wire time may be earlier than the call. */
void gw_engine_on_bytes(gw_engine *engine, unsigned conn, uint8_t *bytes, size_t len, gw_ns at);

typedef enum gw_ending { GW_ENDING_FIN, GW_ENDING_RST, GW_ENDING_ERROR } gw_ending;
void gw_engine_on_closed(gw_engine *engine, unsigned conn, gw_ending how, gw_ns at);
/* `data`: the event's data as the server will send it (NULL: as asked); `error`: the trigger failed. */
void gw_engine_on_triggered(gw_engine *engine, unsigned trigger, const cJSON *data, const char *error, gw_ns now);
void gw_engine_on_tick(gw_engine *engine, gw_ns now);
/* Client under test: it made one more connection (which waits for a GW_ACTION_ACCEPT). */
void gw_engine_on_incoming(gw_engine *engine, gw_ns now);
/* Client under test: it printed something. */
void gw_engine_on_client_output(gw_engine *engine, gw_ns now);
/* Client under test: its process ended: "exited with code 1". `fault`: not by its own good will. */
void gw_engine_on_client_exit(gw_engine *engine, const char *how, bool fault, gw_ns now);
/* The driver was late by `lateness` at `now`: windows that this could have decided become inconclusive. */
void gw_engine_note_lateness(gw_engine *engine, gw_ns lateness, gw_ns now);
/* The run ends early (interrupted, target lost): the verdict is `verdict` with this reason. */
void gw_engine_abort(gw_engine *engine, gw_verdict verdict, const char *reason, gw_ns now);

/* The next action; false when there is none for now. */
bool gw_engine_next(gw_engine *engine, gw_action *action);
/* When to tick at the latest; GW_NEVER when only input can change anything. */
gw_ns gw_engine_deadline(const gw_engine *engine);
/* After DONE. Owned by the engine. */
const gw_result *gw_engine_result(const gw_engine *engine);
/* Hands the result over to the caller, who frees result->arena with gw_result_destroy. */
gw_result *gw_engine_take_result(gw_engine *engine);
void gw_result_destroy(gw_result *result);

#endif
