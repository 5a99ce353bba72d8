/* URLs, and where they lead. Floor 4 (net).
 *
 *   ws://HOST[:PORT][/PATH][?QUERY]    wss://...    http://...    https://...     HOST may be [::1]
 *   ws+unix:/SOCKET[:/PATH][?QUERY]    wss+unix:... ; ws+unix:///SOCKET:/PATH is the same. */
#ifndef GW_NET_ADDRESS_H
#define GW_NET_ADDRESS_H

#include "base/span.h"
#include "net/error.h"

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { GW_ADDRESS_MAX = 8, GW_ADDRESS_TEXT = 128, GW_ADDRESS_URL_MAX = 8192 };

typedef enum gw_address_scheme { GW_ADDRESS_WS, GW_ADDRESS_HTTP } gw_address_scheme;

/* A URL in parts. All strings are owned by it. */
typedef struct gw_address_url {
    gw_address_scheme scheme;
    bool tls;          /* wss, https */
    char *host;        /* without brackets; "localhost" for a unix socket */
    uint16_t port;     /* given or default: 80, 443; 0 for a unix socket */
    char *authority;   /* for the Host field: "host", or "host:port" when the port is not the default (RFC 6455
                          section 4.1) */
    char *target;      /* path and query, "/" at least: for the request line */
    char *socket_path; /* of a unix socket, else NULL */
} gw_address_url;

/* A sentence says what is wrong and where: "ws://host:99999/: the port 99999 is not in 1 - 65535". A fragment is an
 * error (RFC 6455 section 3), and so are user and password. GW_ERR_INVALID, GW_ERR_NOMEM. */
gw_status gw_address_url_parse(gw_span text, gw_address_url *out, gw_error *error);
void gw_address_url_deinit(gw_address_url *url);

/* One end point. */
typedef struct gw_address_one {
    socklen_t len;
    union {
        struct sockaddr any;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
        struct sockaddr_un un;
    } at;
} gw_address_one;

/* End points to try in this order. */
typedef struct gw_address {
    size_t count; /* at least 1 once resolved */
    gw_address_one list[GW_ADDRESS_MAX];
} gw_address;

/* A literal needs no look-up; "localhost" is ::1, then 127.0.0.1; anything else goes to getaddrinfo() and blocks.
 * GW_ERR_NOT_FOUND with "name:port: resolve: Name or service not known". */
gw_status gw_address_resolve(const char *host, uint16_t port, gw_address *out, gw_error *error);
gw_status gw_address_resolve_url(const gw_address_url *url, gw_address *out, gw_error *error);
/* GW_ERR_LIMIT when the path is longer than the system allows (107 bytes). */
gw_status gw_address_unix(const char *path, gw_address *out, gw_error *error);

/* "127.0.0.1:4000", "[::1]:4000", "unix:/path"; returns out. */
char *gw_address_format(const gw_address_one *one, char out[GW_ADDRESS_TEXT]);
uint16_t gw_address_port(const gw_address_one *one); /* 0 for a unix socket */

#endif
