/* What Sec-WebSocket-Accept needs: SHA-1 and base64. Pure. */
#ifndef GW_DIGEST_H
#define GW_DIGEST_H

#include "base/span.h"

enum { GW_DIGEST_ACCEPT_CHARS = 28 };

/* base64(SHA-1(key + guid)), NUL-terminated (RFC 6455 section 4.2.2). key + guid is at most 119 bytes; what is longer
 * is cut. */
void gw_digest_accept(gw_span key, const char *guid, char out[GW_DIGEST_ACCEPT_CHARS + 1]);
/* How many bytes this text decodes to, or -1 when it is not canonical base64 with padding (RFC 4648 section 4). */
int gw_digest_base64_bytes(gw_span text);

#endif
