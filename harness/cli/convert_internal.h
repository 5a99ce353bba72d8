/* What the parts of the way from a session to a scenario share. */
#ifndef GW_CLI_CONVERT_INTERNAL_H
#define GW_CLI_CONVERT_INTERNAL_H

#include "cli/convert.h"
#include "reference-server/core.h"

enum { GW_CONVERT_MAX_SENT = 128 << 10 /* bytes of a session that reach the server */ };

typedef struct gw_convert_client {
    gw_core_conn *conn; /* NULL: none */
    gw_ns accepted;     /* when */
    bool named;         /* the scenario has opened it */
    bool fin_sent;
    uint8_t chunk;
    unsigned opened; /* by the scenario, how often: each opening is a client of its own */
} gw_convert_client;

typedef struct gw_convert_world {
    gw_core *core;
    const gw_protocol *protocol;
    gw_ns now, waited, all_waited;
    uint32_t interval_ms;
    gw_convert_client clients[GW_SCRIPT_CONNS];
    size_t sent, steps, ticks;
    gw_buf *out, *why;
    gw_status status;
} gw_convert_world;

/* ---- convert_text.c ---- */

/* The first reason why the session is no scenario. */
void gw_convert_refuse(gw_convert_world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The time that passed since the last step becomes one. */
void gw_convert_begin_step(gw_convert_world *w);
void gw_convert_append_name(const gw_convert_world *w, const gw_convert_client *c);
/* Bytes that a scenario can say as text. */
bool gw_convert_is_text(gw_span bytes);
void gw_convert_append_bytes(gw_convert_world *w, gw_span bytes);
void gw_convert_begin_send(gw_convert_world *w, const gw_convert_client *c, const char *key);
void gw_convert_end_send(gw_convert_world *w, const gw_convert_client *c, unsigned times);

/* ---- convert_send.c: each is carried out against the server, too ---- */

/* Leaves conn NULL when the server takes no more. */
void gw_convert_accept(gw_convert_world *w, gw_convert_client *c);
void gw_convert_forget(gw_convert_world *w, gw_convert_client *c);
/* Takes what the server sends, and its ends. */
void gw_convert_drain(gw_convert_world *w);
/* Opens the client's connection with no request, unless it is open. */
void gw_convert_need_name(gw_convert_world *w, gw_convert_client *c);
void gw_convert_bytes(gw_convert_world *w, gw_convert_client *c, gw_span bytes, unsigned times);
void gw_convert_upgrade(gw_convert_world *w, gw_convert_client *c, uint8_t variant, unsigned times);
void gw_convert_frame(gw_convert_world *w, gw_convert_client *c, const gw_script_step *step, unsigned times);
/* One message in so many frames more. */
void gw_convert_message(gw_convert_world *w, gw_convert_client *c, gw_span text, unsigned fragments, unsigned times);

/* Frame number i of such a message, as a step; its bytes are the message's own. */
gw_script_step gw_convert_fragment(gw_span text, unsigned fragments, unsigned i);

#endif
