/* Accepts streams. Floor 4 (net). */
#ifndef GW_NET_LISTENER_H
#define GW_NET_LISTENER_H

#include "net/stream.h"

typedef struct gw_listener gw_listener;

typedef struct gw_listener_callbacks {
    /* A stream that is open (TLS handshake done). It is the callee's now: set callbacks here, or destroy it. */
    void (*on_accept)(gw_listener *listener, gw_stream *stream, void *user);
    /* A TLS handshake or an accept failed: one sentence. May be NULL. */
    void (*on_fail)(gw_listener *listener, const char *error, void *user);
} gw_listener_callbacks;

/* Listens on the first address (port 0: any free one; ask gw_listener_address). A stale unix socket file is replaced.
 * options apply to every accepted stream; options->tls makes it a TLS server. NULL with
 * "127.0.0.1:4000: listen: Address already in use". The callbacks table must outlive the listener. */
gw_listener *gw_listener_create(gw_loop *loop, const gw_address *address, const gw_stream_options *options,
                                const gw_listener_callbacks *callbacks, void *user, gw_error *error);
/* Accepted streams live on; those in the middle of a TLS handshake are dropped. Allowed inside its own callbacks. */
void gw_listener_destroy(gw_listener *listener);
const gw_address_one *gw_listener_address(const gw_listener *listener);
/* Stops and resumes accepting; connections wait in the kernel's backlog. */
void gw_listener_pause(gw_listener *listener);
void gw_listener_resume(gw_listener *listener);

#endif
