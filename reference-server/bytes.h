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
/* Eight bytes, the first at the low end. */
static inline uint64_t gw_bytes_load(const uint8_t *from) {
    uint64_t word;
    memcpy(&word, from, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}
/* Not 0 when one of its bytes is this one: then taking 1 from each, made zero, borrows from a byte whose top bit was
 * clear. The lowest bit that is set belongs to such a byte. */
static inline uint64_t gw_bytes_find(uint64_t word, uint8_t byte) {
    word ^= gw_bytes_all(byte);
    return (word - gw_bytes_all(0x01)) & ~word & gw_bytes_all(0x80);
}
/* Which byte of the eight the lowest bit of what gw_bytes_find gave stands for. */
static inline unsigned gw_bytes_first(uint64_t found) {
    return (unsigned)__builtin_ctzll(found) / 8;
}
/* Is none of them a control character? (A byte less than 0x20 is one whose top bit is clear, but not after taking
 * 0x20.)
 */
static inline bool gw_bytes_print(uint64_t word) {
    return ((word - gw_bytes_all(0x20)) & ~word & gw_bytes_all(0x80)) == 0 && !gw_bytes_find(word, 0x7f);
}
/* Are all of them ASCII? */
static inline bool gw_bytes_ascii(uint64_t word) {
    return (word & gw_bytes_all(0x80)) == 0;
}

#endif
