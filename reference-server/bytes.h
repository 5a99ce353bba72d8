/* Eight bytes looked at in one word. Pure. */
#ifndef GW_BYTES_H
#define GW_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A word of eight times this byte. */
static inline uint64_t gw_bytes_all(uint8_t byte) {
    return UINT64_C(0x0101010101010101) * byte;
}
static inline uint64_t gw_bytes_load(const uint8_t *from) {
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return word;
}
/* Is one of its bytes zero? Only then taking 1 from each borrows from a byte whose top bit was clear. */
static inline bool gw_bytes_have_zero(uint64_t word) {
    return ((word - gw_bytes_all(0x01)) & ~word & gw_bytes_all(0x80)) != 0;
}
static inline bool gw_bytes_have(uint64_t word, uint8_t byte) {
    return gw_bytes_have_zero(word ^ gw_bytes_all(byte));
}
/* Is none of them a control character? (A byte less than 0x20 is one whose top bit is clear, but not after taking
 * 0x20.)
 */
static inline bool gw_bytes_print(uint64_t word) {
    return ((word - gw_bytes_all(0x20)) & ~word & gw_bytes_all(0x80)) == 0 && !gw_bytes_have(word, 0x7f);
}
/* Are all of them ASCII? */
static inline bool gw_bytes_ascii(uint64_t word) {
    return (word & gw_bytes_all(0x80)) == 0;
}

#endif
