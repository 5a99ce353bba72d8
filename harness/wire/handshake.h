/* The opening handshake (RFC 6455 section 4), both roles: write any request or response, and read out of a parsed head
 * what the section speaks of. Floor 1. It judges nothing. */
#ifndef GW_WIRE_HANDSHAKE_H
#define GW_WIRE_HANDSHAKE_H

#include "base/buf.h"
#include "wire/head.h"

enum { GW_HANDSHAKE_KEY_BYTES = 16, GW_HANDSHAKE_KEY_TEXT = 25, GW_HANDSHAKE_ACCEPT_TEXT = 29 /* with NUL */ };

/* Sec-WebSocket-Key of 16 random bytes that the caller gives (section 4.1), NUL-terminated. */
void gw_handshake_key(const uint8_t nonce[GW_HANDSHAKE_KEY_BYTES], char out[GW_HANDSHAKE_KEY_TEXT]);
/* Sec-WebSocket-Accept for a key, as spelled on the wire, trimmed (section 4.2.2), NUL-terminated. */
void gw_handshake_accept(gw_span key, char out[GW_HANDSHAKE_ACCEPT_TEXT]);

/* ---- Writing ---- */

typedef enum gw_handshake_edit {
    GW_HANDSHAKE_ADD, /* one more line, whatever is there already */
    GW_HANDSHAKE_SET, /* instead of all earlier fields of that name, in the place of the default one if there is one */
    GW_HANDSHAKE_REMOVE /* none of the earlier fields of that name, defaults included */
} gw_handshake_edit;

typedef struct gw_handshake_field {
    gw_span name, value; /* written as they are */
    gw_handshake_edit edit;
} gw_handshake_field;

/* In both structs a span with ptr NULL means the default, and zero initialisation gives a usable value. */
typedef struct gw_handshake_request {
    gw_span method;                   /* GET */
    gw_span target;                   /* / */
    gw_span version;                  /* HTTP/1.1 */
    gw_span host;                     /* no Host field */
    gw_span key;                      /* no Sec-WebSocket-Key field */
    gw_span line_end;                 /* CR LF */
    bool bare;                        /* no default fields */
    const gw_handshake_field *fields; /* edits of the default fields, and more */
    size_t field_count;
} gw_handshake_request;

typedef struct gw_handshake_response {
    gw_span version; /* HTTP/1.1 */
    unsigned status; /* 101 */
    gw_span reason;  /* Switching Protocols for 101, else empty */
    gw_span key;     /* the request's key: its Sec-WebSocket-Accept is sent; no such field by default */
    gw_span line_end;
    bool bare;
    const gw_handshake_field *fields;
    size_t field_count;
} gw_handshake_response;

/* Default fields: Host, Upgrade: websocket, Connection: Upgrade, Sec-WebSocket-Key, Sec-WebSocket-Version: 13.
 * Errors of gw_buf_append. */
gw_status gw_handshake_append_request(gw_buf *out, const gw_handshake_request *request);
/* Default fields: Upgrade: websocket, Connection: Upgrade, Sec-WebSocket-Accept. Errors of gw_buf_append. */
gw_status gw_handshake_append_response(gw_buf *out, const gw_handshake_response *response);

/* ---- Reading ---- */

/* What a head says of the handshake. Spans point where the head's do; ptr NULL: the field is absent. */
typedef struct gw_handshake_facts {
    bool http_1_1;           /* version 1.1 or a higher 1.x */
    bool upgrade_websocket;  /* Upgrade lists websocket, in any letter case */
    bool upgrade_exact;      /* one Upgrade field, and websocket is its whole value (section 4.1, for clients) */
    bool connection_upgrade; /* Connection lists upgrade, in any letter case */
    size_t protocols;        /* elements of all Sec-WebSocket-Protocol fields */
    size_t extensions;       /* elements of all Sec-WebSocket-Extensions fields */
    gw_span protocol;        /* first Sec-WebSocket-Protocol value */
    gw_span extension;       /* first Sec-WebSocket-Extensions value */

    /* request */
    bool is_get;
    size_t hosts, keys, versions; /* number of fields */
    gw_span key;
    bool key_is_base64; /* strict, with padding */
    size_t key_bytes;   /* bytes that it stands for; 0 when not base64 */
    gw_span version;    /* Sec-WebSocket-Version */
    bool version_13;    /* its first value is exactly 13 */

    /* response */
    bool status_101;
    size_t accepts; /* number of Sec-WebSocket-Accept fields */
    gw_span accept;
    bool accept_matches; /* the first one is that of the key sent */
} gw_handshake_facts;

gw_handshake_facts gw_handshake_read_request(const gw_head *head);
/* key: what the client sent as Sec-WebSocket-Key. */
gw_handshake_facts gw_handshake_read_response(const gw_head *head, gw_span key);

#endif
