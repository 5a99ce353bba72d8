/* What the core's own files share. */
#ifndef GW_CORE_INTERNAL_H
#define GW_CORE_INTERNAL_H

#include "reference-server/codec.h"
#include "reference-server/core.h"
#include "reference-server/gateway.h"
#include "reference-server/deadlines.h"

typedef enum gw_core_phase {
    GW_CORE_PHASE_OPENING,     /* the request is not yet answered */
    GW_CORE_PHASE_SERVING,     /* upgraded */
    GW_CORE_PHASE_CLOSING,     /* our Close is out, the peer's is awaited */
    GW_CORE_PHASE_AFTER_CLOSE, /* both are out, and a fault puts the FIN off */
    GW_CORE_PHASE_LINGERING,   /* our FIN is out, the peer's is awaited */
    GW_CORE_PHASE_OVER,        /* to be closed */
    GW_CORE_PHASE_ABORTED,     /* to be reset */
    GW_CORE_PHASES
} gw_core_phase;

struct gw_core_conn {
    gw_deadlines_node timer;
    gw_gateway_member member;
    gw_codec codec;
    void *user;
    gw_core *core;
    gw_buf out;
    gw_buf late;    /* Pong frames that a fault puts off */
    gw_ns limit_at; /* of the phase */
    gw_ns fragment_since;
    gw_core_conn *previous, *next; /* all connections */
    gw_core_conn *ready_next;
    uint32_t pings, pongs_in_read;
    uint8_t phase;
    bool ready;
    bool mute; /* a fault: served by nobody */
    bool said_close;
    bool early; /* what is being read came with the request */
};

struct gw_core {
    gw_core_config config;
    gw_codec_rules rules;
    gw_gateway *gateway;
    gw_deadlines deadlines;
    gw_core_conn *first;
    gw_core_conn *ready_first, *ready_last;
    size_t count;
    size_t leaked;
    gw_buf pongs; /* of one segment, for faults that answer them together */
    gw_core_state state;
    bool stopping;
    bool mute_new;
    gw_ns now; /* of the call under way */
};

static inline bool gw_core_has(const gw_core *core, gw_fault fault) {
    return gw_faults_has(&core->rules.faults, fault);
}

/* The one place where a phase changes; a change that the table does not allow is a bug of ours. */
void gw_core_set_phase(gw_core_conn *conn, gw_core_phase phase);
void gw_core_mark_ready(gw_core_conn *conn);
/* Puts the connection's earliest deadline into the heap. */
void gw_core_plan(gw_core_conn *conn);
/* Leaves the room, writes a Close unless one is out, and goes to `phase`. */
void gw_core_close(gw_core_conn *conn, uint16_t code, gw_span reason, gw_core_phase phase);
void gw_core_die(gw_core *core);
void gw_core_hang(gw_core *core);
/* core_read.c: what came in. */
void gw_core_read(gw_core_conn *conn, gw_span bytes);

#endif
