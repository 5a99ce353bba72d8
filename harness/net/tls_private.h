/* What tls.c and tls_session.c share. Floor 4 (net), private. */
#ifndef GW_NET_TLS_PRIVATE_H
#define GW_NET_TLS_PRIVATE_H

#include "net/tls.h"

#include <openssl/ssl.h>

struct gw_tls {
    SSL_CTX *context;
    char *server_name; /* NULL: the caller's host */
    bool server, insecure, skip_close_notify;
};

#endif
