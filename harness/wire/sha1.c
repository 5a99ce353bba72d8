/* Floor 1: SHA-1 (RFC 3174 section 6.1). */
#include "wire/sha1.h"

#include <string.h>

enum { BLOCK_BYTES = 64 };

typedef struct sha1 {
    uint32_t h[5];
    uint64_t total_bytes;
    uint8_t block[BLOCK_BYTES];
} sha1;

static uint32_t rotl(uint32_t x, int n) {
    return (x << n) | (x >> (32 - n));
}

static void compress(sha1 *s) {
    uint32_t w[80], a = s->h[0], b = s->h[1], c = s->h[2], d = s->h[3], e = s->h[4];
    for (int i = 0; i < 16; i++) {
        const uint8_t *p = s->block + 4 * i;
        w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    }
    for (int i = 16; i < 80; i++) w[i] = rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        /* 20 rounds of one kind. */
#define ROUNDS(from, f, k)                                                                                             \
    for (int i = (from); i < (from) + 20; i++) {                                                                       \
        uint32_t next = rotl(a, 5) + (f) + e + (k) + w[i];                                                             \
        e = d;                                                                                                         \
        d = c;                                                                                                         \
        c = rotl(b, 30);                                                                                               \
        b = a;                                                                                                         \
        a = next;                                                                                                      \
    }
    ROUNDS(0, (b & c) | (~b & d), 0x5a827999u)
    ROUNDS(20, b ^ c ^ d, 0x6ed9eba1u)
    ROUNDS(40, (b & c) | (b & d) | (c & d), 0x8f1bbcdcu)
    ROUNDS(60, b ^ c ^ d, 0xca62c1d6u)
#undef ROUNDS
    s->h[0] += a;
    s->h[1] += b;
    s->h[2] += c;
    s->h[3] += d;
    s->h[4] += e;
}

static void put(sha1 *s, const uint8_t *bytes, size_t len) {
    while (len > 0) {
        size_t at = s->total_bytes % BLOCK_BYTES, n = len < BLOCK_BYTES - at ? len : BLOCK_BYTES - at;
        memcpy(s->block + at, bytes, n);
        s->total_bytes += n;
        if (at + n == BLOCK_BYTES) compress(s);
        bytes += n;
        len -= n;
    }
}

void gw_sha1(const gw_span *parts, size_t count, uint8_t out[GW_SHA1_BYTES]) {
    static const uint8_t padding[BLOCK_BYTES] = {0x80};
    uint8_t length[8];
    sha1 s = {.h = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u}};
    for (size_t i = 0; i < count; i++) put(&s, parts[i].ptr, parts[i].len);
    uint64_t bits = s.total_bytes * 8;
    for (int i = 0; i < 8; i++) length[i] = (uint8_t)(bits >> (56 - 8 * i));
    put(&s, padding, 1 + (2 * BLOCK_BYTES - sizeof length - 1 - s.total_bytes % BLOCK_BYTES) % BLOCK_BYTES);
    put(&s, length, sizeof length);
    for (int i = 0; i < GW_SHA1_BYTES; i++) out[i] = (uint8_t)(s.h[i / 4] >> (24 - 8 * (i % 4)));
}
