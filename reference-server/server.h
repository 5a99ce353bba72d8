/* The core on the network: libwebsockets for listening, TLS and HTTP, libuv for the loop, timers and signals.
 *
 * It must not know the protocol: it carries bytes to the core and back. */
#ifndef GW_SERVER_H
#define GW_SERVER_H

#include "reference-server/server_options.h"

typedef enum gw_server_exit {
    GW_SERVER_STOPPED = 0,
    GW_SERVER_BAD_FILE = 2,
    GW_SERVER_NO_PORT = 3,
    GW_SERVER_INTERNAL = 4
} gw_server_exit;

/* Serves until SIGTERM or SIGINT, then closes every connection with 1001 and returns. Prints the ready line on stdout
 * and, when it cannot start, one line on stderr. */
gw_server_exit gw_server_run(const gw_server_options *options);

#endif
