/* SHA-1 (RFC 3174), for Sec-WebSocket-Accept and nothing else. Floor 1. */
#ifndef GW_WIRE_SHA1_H
#define GW_WIRE_SHA1_H

#include "base/span.h"

enum { GW_SHA1_BYTES = 20 };

/* The digest of `count` parts, one behind the other. */
void gw_sha1(const gw_span *parts, size_t count, uint8_t out[GW_SHA1_BYTES]);

#endif
