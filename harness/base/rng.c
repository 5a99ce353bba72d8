/* Floor 0: xoshiro256** by Blackman and Vigna, seeded by splitmix64. */
#include "base/rng.h"

#include <string.h>

static uint64_t splitmix(uint64_t *x) {
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rotl(uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}

void gw_rng_init(gw_rng *rng, uint64_t seed) {
    for (int i = 0; i < 4; i++) rng->s[i] = splitmix(&seed);
}

uint64_t gw_rng_next(gw_rng *rng) {
    uint64_t *s = rng->s, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t gw_rng_below(gw_rng *rng, uint64_t bound) {
    if (bound == 0) return 0;
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound, x;
    do x = gw_rng_next(rng);
    while (x >= limit);
    return x % bound;
}

void gw_rng_fill(gw_rng *rng, void *bytes, size_t len) {
    uint8_t *p = bytes;
    while (len > 0) {
        uint64_t x = gw_rng_next(rng);
        size_t n = len < sizeof x ? len : sizeof x;
        memcpy(p, &x, n);
        p += n;
        len -= n;
    }
}

uint64_t gw_rng_derive(uint64_t seed, const char *text) {
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *text; text++) h = (h ^ (uint8_t)*text) * 0x100000001b3u;
    h ^= splitmix(&seed);
    return splitmix(&h);
}
