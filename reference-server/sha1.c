/* SHA-1 (RFC 3174, FIPS 180-4) by blocks. Pure. */
#include "reference-server/sha1.h"

#include <stdbool.h>

static uint32_t rotate(uint32_t x, unsigned n) {
    return (x << n) | (x >> (32 - n));
}

/* One round; the caller turns the names of the five words instead of moving them. */
#define ROUND(a, b, c, d, e, mix, k, i)                                                                                \
    do {                                                                                                               \
        if ((i) >= 16) w[(i)&15] = rotate(w[((i) + 13) & 15] ^ w[((i) + 8) & 15] ^ w[((i) + 2) & 15] ^ w[(i)&15], 1);  \
        e += rotate(a, 5) + (mix) + (k) + w[(i)&15];                                                                   \
        b = rotate(b, 30);                                                                                             \
    } while (0)
#define CHOOSE(b, c, d)   (d ^ (b & (c ^ d)))
#define PARITY(b, c, d)   (b ^ c ^ d)
#define MAJORITY(b, c, d) ((b & c) | (d & (b | c)))
#define ROUNDS(from, mix, k)                                                                                           \
    for (unsigned i = (from); i < (from) + 20; i += 5) {                                                               \
        ROUND(a, b, c, d, e, mix(b, c, d), k, i);                                                                      \
        ROUND(e, a, b, c, d, mix(a, b, c), k, i + 1);                                                                  \
        ROUND(d, e, a, b, c, mix(e, a, b), k, i + 2);                                                                  \
        ROUND(c, d, e, a, b, mix(d, e, a), k, i + 3);                                                                  \
        ROUND(b, c, d, e, a, mix(c, d, e), k, i + 4);                                                                  \
    }

void gw_sha1_portable(uint32_t digest[5], const uint8_t *blocks, size_t count) {
    for (; count > 0; count--) {
        uint32_t w[16];
        for (int i = 0; i < 16; i++, blocks += 4)
            w[i] = (uint32_t)blocks[0] << 24 | (uint32_t)blocks[1] << 16 | (uint32_t)blocks[2] << 8 | blocks[3];
        uint32_t a = digest[0], b = digest[1], c = digest[2], d = digest[3], e = digest[4];
        ROUNDS(0, CHOOSE, 0x5a827999u)
        ROUNDS(20, PARITY, 0x6ed9eba1u)
        ROUNDS(40, MAJORITY, 0x8f1bbcdcu)
        ROUNDS(60, PARITY, 0xca62c1d6u)
        digest[0] += a;
        digest[1] += b;
        digest[2] += c;
        digest[3] += d;
        digest[4] += e;
    }
}

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>

/* Four rounds, number g of twenty: the next four words of the schedule, and e from the a of four rounds ago. */
#define FOUR_ROUNDS(g, mix)                                                                                            \
    do {                                                                                                               \
        if ((g) >= 4)                                                                                                  \
            w[(g)&3] = _mm_sha1msg2_epu32(                                                                             \
                _mm_xor_si128(_mm_sha1msg1_epu32(w[(g)&3], w[((g) + 1) & 3]), w[((g) + 2) & 3]), w[((g) + 3) & 3]);    \
        __m128i ew = (g) == 0 ? _mm_add_epi32(e, w[0]) : _mm_sha1nexte_epu32(before, w[(g)&3]);                        \
        before = abcd;                                                                                                 \
        abcd = _mm_sha1rnds4_epu32(abcd, ew, mix);                                                                     \
    } while (0)
#define TWENTY_ROUNDS(g, mix)                                                                                          \
    FOUR_ROUNDS(g, mix);                                                                                               \
    FOUR_ROUNDS((g) + 1, mix);                                                                                         \
    FOUR_ROUNDS((g) + 2, mix);                                                                                         \
    FOUR_ROUNDS((g) + 3, mix);                                                                                         \
    FOUR_ROUNDS((g) + 4, mix)

/* Words stand in the registers with the first at the top. */
__attribute__((target("sha,sse4.1"))) static void native_blocks(uint32_t digest[5], const uint8_t *blocks,
                                                                size_t count) {
    const __m128i turned = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)digest), 0x1b);
    __m128i e = _mm_set_epi32((int)digest[4], 0, 0, 0);
    for (; count > 0; count--, blocks += GW_SHA1_BLOCK_BYTES) {
        __m128i w[4], before = abcd;
        const __m128i start = abcd;
        for (int i = 0; i < 4; i++)
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(blocks + 16 * (size_t)i)), turned);
        TWENTY_ROUNDS(0, 0);
        TWENTY_ROUNDS(5, 1);
        TWENTY_ROUNDS(10, 2);
        TWENTY_ROUNDS(15, 3);
        e = _mm_sha1nexte_epu32(before, e);
        abcd = _mm_add_epi32(abcd, start);
    }
    _mm_storeu_si128((__m128i *)digest, _mm_shuffle_epi32(abcd, 0x1b));
    digest[4] = (uint32_t)_mm_extract_epi32(e, 3);
}

/* __builtin_cpu_supports knows "sha" only in newer compilers. */
static bool has_instructions(void) {
    unsigned a, b = 0, c = 0, d;
    bool vectors = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSSE3) && (c & bit_SSE4_1);
    return vectors && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

gw_sha1_blocks *gw_sha1_choose(void) {
    static _Atomic(gw_sha1_blocks *) chosen; /* asking the processor takes longer than the digest */
    gw_sha1_blocks *blocks = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (blocks) return blocks;
    blocks = has_instructions() ? native_blocks : gw_sha1_portable;
    atomic_store_explicit(&chosen, blocks, memory_order_relaxed);
    return blocks;
}
#else
gw_sha1_blocks *gw_sha1_choose(void) {
    return gw_sha1_portable;
}
#endif
