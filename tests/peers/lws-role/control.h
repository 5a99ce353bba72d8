/* The control API on libwebsockets' HTTP role. Test peer: no code of the harness. */
#ifndef PEER_CONTROL_H
#define PEER_CONTROL_H

#include "rooms.h"

/* The request's memory, allocated by libwebsockets. */
extern const size_t peer_control_request_bytes;

/* The protocol's user pointer is the peer_rooms that it controls. */
int peer_control_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t bytes);

#endif
