/* The command line of gwspec-server: one table makes parsing and help. */
#ifndef GW_SERVER_OPTIONS_H
#define GW_SERVER_OPTIONS_H

#include "reference-server/core.h"

#include "base/arena.h"

typedef struct gw_server_options {
    gw_core_config core;
    gw_faults faults;
    uint64_t seed;
    const char *listen;                             /* address; of argv, like the paths */
    int port, control_port;                         /* 0: any free one */
    const char *tls_cert, *tls_key, *tls_client_ca; /* NULL: none */
    const char *protocol;                           /* NULL: the gateway document */
    bool quiet, verbose;
    gw_arena arena; /* of the description; the caller deinits it, whatever the result */
} gw_server_options;

typedef enum gw_server_options_result {
    GW_SERVER_OPTIONS_RUN,
    GW_SERVER_OPTIONS_DONE, /* --help and the like: text is for stdout, exit 0 */
    GW_SERVER_OPTIONS_BAD   /* text is one line for stderr, exit 2 */
} gw_server_options_result;

/* Reads argv. What is to be printed is appended to text. */
gw_server_options_result gw_server_options_parse(int argc, char **argv, gw_server_options *options, gw_buf *text);

#endif
