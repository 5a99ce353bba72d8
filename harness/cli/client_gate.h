/* Where clients under test connect: a listener, and the connections that nobody has asked for yet. Floor 5, private. */
#ifndef GW_CLI_CLIENT_GATE_H
#define GW_CLI_CLIENT_GATE_H

#include "net/listener.h"

enum { GW_CLIENT_GATE_MAX = 64, GW_CLIENT_GATE_BYTES = 64 << 10 };

typedef struct gw_client_gate gw_client_gate;

/* A connection came; it waits for gw_client_gate_take. */
typedef void gw_client_gate_fn(void *user);

/* tls: NULL for plain; must outlive the gate. NULL with a sentence. */
gw_client_gate *gw_client_gate_create(gw_loop *loop, const gw_address *address, const gw_tls *tls,
                                      gw_client_gate_fn *fn, void *user, gw_error *error);
/* Connections that still wait are closed. NULL is allowed. */
void gw_client_gate_destroy(gw_client_gate *gate);
/* Who hears of connections from now on; NULL: nobody, they wait. */
void gw_client_gate_listen(gw_client_gate *gate, gw_client_gate_fn *fn, void *user);
uint16_t gw_client_gate_port(const gw_client_gate *gate);

typedef struct gw_client_gate_caller {
    gw_stream *stream; /* the caller's from here on */
    gw_buf early;      /* what it has sent already; likewise */
    gw_ns early_at;
} gw_client_gate_caller;
/* The one that waits longest. False when there is none. */
bool gw_client_gate_take(gw_client_gate *gate, gw_client_gate_caller *out);

#endif
