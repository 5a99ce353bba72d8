/* Base64 with padding (RFC 4648 section 4). Floor 1. */
#ifndef GW_WIRE_BASE64_H
#define GW_WIRE_BASE64_H

#include "base/span.h"
#include "base/status.h"

/* Characters, with the NUL, that n bytes need. */
#define GW_BASE64_TEXT(n) (((n) + 2) / 3 * 4 + 1)

/* Writes GW_BASE64_TEXT(bytes.len) characters, with a NUL; returns the length without it. */
size_t gw_base64_encode(gw_span bytes, char *out);
/* Strict: only the alphabet, full groups of four, padding only at the end, spare bits zero; else GW_ERR_INVALID.
 * GW_ERR_LIMIT when the result is longer than `size`. *len gets its length; out may be NULL with size 0 to ask whether
 * text is valid and how long the result is (which then is no GW_ERR_LIMIT). */
gw_status gw_base64_decode(gw_span text, uint8_t *out, size_t size, size_t *len);

#endif
