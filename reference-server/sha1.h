/* SHA-1 (RFC 3174) of whole blocks, twice: in C, and with the processor's own instructions where it has them. Pure. */
#ifndef GW_SHA1_H
#define GW_SHA1_H

#include <stddef.h>
#include <stdint.h>

enum { GW_SHA1_BLOCK_BYTES = 64 };

/* Takes `count` blocks into the five words of the digest. */
typedef void gw_sha1_blocks(uint32_t digest[5], const uint8_t *blocks, size_t count);

void gw_sha1_portable(uint32_t digest[5], const uint8_t *blocks, size_t count);
/* The fastest that this processor can: gw_sha1_portable, or another that gives the same. */
gw_sha1_blocks *gw_sha1_choose(void);

#endif
