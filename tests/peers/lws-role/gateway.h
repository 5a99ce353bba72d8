/* The gateway's connections on libwebsockets' own WebSocket role. Test peer: no code of the harness. */
#ifndef PEER_GATEWAY_H
#define PEER_GATEWAY_H

#include "rooms.h"

#define PEER_GATEWAY_PATH "/gateway"

/* What every connection shares; the program owns it and gives it as the protocol's user pointer. */
typedef struct {
    peer_rooms rooms;
    unsigned interval_ms;
} peer_gateway;

/* The connection's memory, allocated by libwebsockets. */
extern const size_t peer_gateway_connection_bytes;

int peer_gateway_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t bytes);

/* How rooms reach connections. */
peer_rooms_output peer_gateway_output(void);

#endif
