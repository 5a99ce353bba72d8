/* What the program's network files share. */
#ifndef GW_SERVER_INTERNAL_H
#define GW_SERVER_INTERNAL_H

#include "reference-server/server.h"

#include <libwebsockets.h>
#include <uv.h>

typedef struct gw_server {
    const gw_server_options *options;
    gw_core *core;
    uint64_t started_ns; /* uv_hrtime at t = 0 of the core */
    uv_loop_t loop;
    uv_timer_t timer; /* the core's next deadline */
    uv_idle_t idle;   /* keeps a due tick from waiting for input */
    uv_check_t check; /* runs the tick behind the input of its round */
    uv_signal_t signals[2];
    uv_timer_t stop_timer;
    gw_ns armed_at;
    struct lws_context *context;
    struct lws *current; /* the connection whose callback is running */
    bool current_ends;   /* and which is to be closed when it returns */
    bool stopping;
    bool ended; /* the loop is over; what is still called only frees */
} gw_server;

gw_ns gw_server_now(const gw_server *server);
/* Sends what the core has for its connections and sets the timer; after each call into the core. */
void gw_server_pump(gw_server *server);

/* The gateway's connections (server_gateway.c) and the control API (control_http.c). */
extern const struct lws_protocols gw_server_gateway_protocols[];
extern const struct lws_protocols gw_server_control_protocols[];
/* Sends what this connection has, and ends it when the core says so. */
void gw_server_flush(gw_server *server, gw_core_conn *conn);

#endif
