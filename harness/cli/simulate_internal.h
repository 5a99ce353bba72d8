/* What the files of the simulation share. Floor 5, private.
 *
 *   simulate.c         the virtual clock: whose turn it is
 *   simulate_pipe.c    bytes and endings on their way between engine and gateway
 *   simulate_control.c rooms, participants and triggers
 *   simulate_bystander.c other clients, who are lost
 *   simulate_plan.c    many scenarios
 */
#ifndef GW_CLI_SIMULATE_INTERNAL_H
#define GW_CLI_SIMULATE_INTERNAL_H

#include "cli/simulate.h"
#include "base/rng.h"

#define SIMULATE_START     GW_S /* of the virtual clock */
#define SIMULATE_UNIX_MS   INT64_C(1700000000000)
#define SIMULATE_NO_ANSWER (10 * GW_S) /* a control request to a hung server fails after that */
enum { SIMULATE_WINDOW_BYTES = 256 << 10, SIMULATE_MAX_ROUNDS = 10000000 };

typedef enum piece_kind { PIECE_BYTES, PIECE_FIN, PIECE_RST, PIECE_CLOSE } piece_kind;

typedef struct piece piece;
struct piece {
    piece *next;
    gw_ns due;
    piece_kind kind;
    size_t len;
    uint8_t bytes[];
};

/* One direction of a connection: first in, first out. */
typedef struct pipe_way {
    piece *first, *last;
    size_t bytes;
    gw_ns last_due;
} pipe_way;

/* A connection, for as long as one side knows it. */
typedef struct sim_conn sim_conn;
struct sim_conn {
    sim_conn *next;
    unsigned index; /* the engine's */
    bool current;   /* the engine still listens to it */
    bool opening;
    gw_ns open_due;
    gw_core_conn *core; /* NULL: not accepted yet, or gone */
    bool read_off;
    bool fin_sent;     /* by the gateway */
    bool bystander;    /* no engine has ever heard of it */
    pipe_way up, down; /* to the gateway, to the engine */
};

/* A control answer that never comes, until it fails. */
typedef struct sim_late {
    gw_ns due; /* GW_NEVER: none */
    bool trigger;
    unsigned number; /* of the connection or the trigger */
} sim_late;

enum { SIM_MAX_LATE = GW_PROGRAM_MAX_CLIENTS + 2 };

typedef struct sim_name {
    struct sim_name *next;
    const char *room, *participant; /* participant NULL: a room; borrowed from the scenario */
    char id[GW_CORE_ID_BYTES];
} sim_name;

typedef struct sim {
    const gw_scenario *scenario;
    const gw_simulate_config *config;
    gw_simulate_schedule schedule;
    gw_rng rng, bystander_rng;
    gw_ns now;
    gw_core *core;
    gw_engine *engine;
    sim_conn *conns; /* oldest first */
    sim_name *names;
    sim_late late[SIM_MAX_LATE];
    bool done, out_of_memory;
} sim;

/* ---- simulate_pipe.c ---- */
void sim_open(sim *s, unsigned index);
void sim_send(sim *s, unsigned index, gw_span bytes);
/* FIN, RST or CLOSE by the engine. */
void sim_end(sim *s, unsigned index, piece_kind kind);
void sim_read_off(sim *s, unsigned index);
/* Takes what the gateway has to say; called after each call of it. */
void sim_collect(sim *s);
/* The next arrival; GW_NEVER. */
gw_ns sim_next_due(const sim *s);
/* Hands over one piece that is due. False when there is none. */
bool sim_deliver(sim *s);
void sim_conns_free(sim *s);

/* A connection that opens at `opens`; NULL: out of memory, which the simulation knows. */
sim_conn *sim_conn_add(sim *s, gw_ns opens);
/* A piece that arrives at `due`, or behind the one before it. */
void sim_push_at(sim *s, pipe_way *way, piece_kind kind, gw_span bytes, gw_ns due);

/* ---- simulate_bystander.c ---- */
void sim_bystanders(sim *s);

/* ---- simulate_control.c ---- */
void sim_provision(sim *s, const gw_action *action);
void sim_trigger(sim *s, const gw_action *action);
gw_ns sim_late_due(const sim *s);
void sim_late_fail(sim *s);
void sim_names_free(sim *s);

#endif
