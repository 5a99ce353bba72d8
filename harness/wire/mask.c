/* Floor 1: masking, 64 bytes at a time. */
#include "wire/mask.h"

#include <string.h>

/* A compiler's vector: the loop below becomes SIMD at -O2 already, and plain words where there is none. Loads and
 * stores go through memcpy, so any alignment will do. */
typedef uint64_t lane __attribute__((vector_size(16)));

enum { LANE = sizeof(lane), BLOCK = 4 * LANE };

static inline void xor_lane(uint8_t *p, lane key) {
    lane x;
    memcpy(&x, p, LANE);
    x ^= key;
    memcpy(p, &x, LANE);
}

void gw_mask_apply(uint8_t *bytes, size_t len, const uint8_t key[4], uint64_t offset) {
    uint8_t turned[4];
    uint32_t quarter, four;
    for (size_t i = 0; i < sizeof turned; i++) turned[i] = key[(offset + i) & 3];
    memcpy(&quarter, turned, sizeof quarter);
    const uint64_t half = (uint64_t)quarter << 32 | quarter;
    const lane k = {half, half};
    /* Every step is a multiple of four bytes, so the turned key fits each time. */
    for (; len >= BLOCK; bytes += BLOCK, len -= BLOCK) {
        xor_lane(bytes, k);
        xor_lane(bytes + LANE, k);
        xor_lane(bytes + 2 * LANE, k);
        xor_lane(bytes + 3 * LANE, k);
    }
    for (; len >= LANE; bytes += LANE, len -= LANE) xor_lane(bytes, k);
    for (; len >= sizeof four; bytes += sizeof four, len -= sizeof four) {
        memcpy(&four, bytes, sizeof four);
        four ^= quarter;
        memcpy(bytes, &four, sizeof four);
    }
    for (size_t i = 0; i < len; i++) bytes[i] ^= turned[i];
}
