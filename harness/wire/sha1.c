/* Floor 1: SHA-1 (RFC 3174 section 6.1). */
#include "wire/sha1.h"

enum { BLOCK_BYTES = 64, LENGTH_AT = 56 };

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
    for (int i = 0; i < 80; i++) {
        static const uint32_t k[4] = {0x5a827999u, 0x6ed9eba1u, 0x8f1bbcdcu, 0xca62c1d6u};
        uint32_t f = i < 20   ? (b & c) | (~b & d)
                     : i < 40 ? b ^ c ^ d
                     : i < 60 ? (b & c) | (b & d) | (c & d)
                              : b ^ c ^ d;
        uint32_t next = rotl(a, 5) + f + e + k[i / 20] + w[i];
        e = d;
        d = c;
        c = rotl(b, 30);
        b = a;
        a = next;
    }
    s->h[0] += a;
    s->h[1] += b;
    s->h[2] += c;
    s->h[3] += d;
    s->h[4] += e;
}

static void put(sha1 *s, uint8_t byte) {
    s->block[s->total_bytes++ % BLOCK_BYTES] = byte;
    if (s->total_bytes % BLOCK_BYTES == 0) compress(s);
}

void gw_sha1(const gw_span *parts, size_t count, uint8_t out[GW_SHA1_BYTES]) {
    sha1 s = {.h = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u}};
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < parts[i].len; j++) put(&s, parts[i].ptr[j]);
    uint64_t bits = s.total_bytes * 8;
    put(&s, 0x80);
    while (s.total_bytes % BLOCK_BYTES != LENGTH_AT) put(&s, 0);
    for (int shift = 56; shift >= 0; shift -= 8) put(&s, (uint8_t)(bits >> shift));
    for (int i = 0; i < GW_SHA1_BYTES; i++) out[i] = (uint8_t)(s.h[i / 4] >> (24 - 8 * (i % 4)));
}
