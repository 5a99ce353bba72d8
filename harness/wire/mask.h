/* Masking of payloads (RFC 6455 section 5.3). Floor 1. */
#ifndef GW_WIRE_MASK_H
#define GW_WIRE_MASK_H

#include <stddef.h>
#include <stdint.h>

/* XORs len bytes in place with the key; `offset` is the place of bytes[0] in the payload. Masks and unmasks alike. */
void gw_mask_apply(uint8_t *bytes, size_t len, const uint8_t key[4], uint64_t offset);

#endif
