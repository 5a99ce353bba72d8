/* Close payloads and close codes (RFC 6455 sections 5.5.1 and 7.4, IANA WebSocket Close Code registry). Floor 1. */
#ifndef GW_WIRE_CLOSE_H
#define GW_WIRE_CLOSE_H

#include "base/buf.h"
#include "base/span.h"

enum { GW_CLOSE_MAX_REASON = 123 /* bytes that a legal Close frame has room for */ };

typedef enum gw_close_class {
    GW_CLOSE_ANY,         /* 1000 - 1003, 1007 - 1009, 1011: either side may send it */
    GW_CLOSE_FROM_CLIENT, /* 1010: only from client to server (section 7.4.1) */
    GW_CLOSE_FROM_SERVER, /* 1012 - 1014: registered with IANA, about servers and gateways */
    GW_CLOSE_RESERVED,    /* 1005, 1006, 1015: never on the wire (section 7.4.1) */
    GW_CLOSE_UNASSIGNED,  /* 1004, 1016 - 2999: for the protocol, without a meaning yet */
    GW_CLOSE_LIBRARY,     /* 3000 - 3999: registered by libraries and frameworks */
    GW_CLOSE_PRIVATE,     /* 4000 - 4999: private use */
    GW_CLOSE_UNUSED,      /* 0 - 999: not used (section 7.4.2) */
    GW_CLOSE_OUT_OF_RANGE /* 5000 and above: no section speaks of them */
} gw_close_class;

gw_close_class gw_close_code_class(unsigned code);
/* An endpoint of that role may send it: the classes ANY, LIBRARY, PRIVATE and the role's own. */
bool gw_close_code_is_sendable(unsigned code, bool by_server);
/* "normal closure", "going away", ...; "library", "private", "unassigned", ... for codes without a name. Static. */
const char *gw_close_code_name(unsigned code);
/* "any", "from-client", "reserved", ...: for messages. Static. */
const char *gw_close_class_name(gw_close_class class_);

/* What a Close payload says. */
typedef struct gw_close {
    size_t payload_len;  /* 0: no code; 1: cannot hold a code; above 125: no legal control frame */
    bool has_code;       /* payload_len >= 2 */
    uint16_t code;       /* 0 without has_code */
    gw_span reason;      /* points into the payload */
    bool reason_is_utf8; /* true for an empty reason */
    size_t bad_offset;   /* of the first bad byte of the payload, or payload_len when the end is unfinished */
} gw_close;

gw_close gw_close_parse(gw_span payload);
/* Appends code and reason, however illegal. Errors of gw_buf_append; then nothing was appended. */
gw_status gw_close_append(gw_buf *out, uint16_t code, gw_span reason);

#endif
