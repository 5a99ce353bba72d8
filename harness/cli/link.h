/* An engine on real connections: streams, timer, the bytes both ways. Floor 5, private. It gives no verdicts, and knows
 * neither targets nor processes: what an engine asks for beside that goes to a hook. */
#ifndef GW_CLI_LINK_H
#define GW_CLI_LINK_H

#include "net/stream.h"
#include "scenario/engine.h"

typedef struct gw_link gw_link;

typedef struct gw_link_conn {
    gw_link *link;
    unsigned index;
    gw_stream *stream; /* owned; NULL: none */
    bool ended;        /* the engine was told so */
    bool sent_owed;    /* on_sent waits for the queue to drain */
} gw_link_conn;

/* Only `act` must be there. */
typedef struct gw_link_hooks {
    /* PROVISION, OPEN, ACCEPT, TRIGGER and DONE. */
    void (*act)(const gw_action *action, void *user);
    void (*heard)(gw_ns at, void *user);                /* bytes came */
    void (*sent)(unsigned index, gw_ns at, void *user); /* bytes left on this connection */
    void (*before_tick)(void *user);                    /* a deadline has come */
} gw_link_hooks;

struct gw_link {
    gw_loop *loop;
    gw_engine *engine; /* owned from init on */
    gw_link_conn *conns;
    unsigned conn_count;
    gw_loop_timer timer;
    bool pumping;
    const gw_link_hooks *hooks; /* must outlive the link */
    void *user;
};

/* The link stays where it is from here on. False when out of memory (also when `engine` is NULL). */
bool gw_link_init(gw_link *link, gw_loop *loop, gw_engine *engine, unsigned conn_count, const gw_link_hooks *hooks,
                  void *user);
/* Closes all connections, destroys the engine. Harmless on a link that is all zero. */
void gw_link_deinit(gw_link *link);
/* Carries out what the engine asks for, until it asks for nothing; to be called after each gw_engine_on_... of others.
 */
void gw_link_pump(gw_link *link);
/* Opens a connection to an address; tls may be NULL. */
void gw_link_connect(gw_link *link, unsigned index, const gw_address *address, const gw_stream_options *options);
/* Takes over a stream that is open, and bytes that came from it already. */
void gw_link_adopt(gw_link *link, unsigned index, gw_stream *stream, gw_span early, gw_ns early_at);

#endif
