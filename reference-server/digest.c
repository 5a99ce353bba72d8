/* SHA-1 (FIPS 180-4) of at most two blocks, and base64 (RFC 4648). Pure. */
#include "reference-server/digest.h"

#include <string.h>

enum { BLOCK_BYTES = 64, MAX_TEXT_BYTES = 2 * BLOCK_BYTES - 9 };

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

static void sha1_block(uint32_t hash[5], const uint8_t *block) {
    uint32_t w[16];
    for (int i = 0; i < 16; i++, block += 4)
        w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 | block[3];
    uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3], e = hash[4];
    ROUNDS(0, CHOOSE, 0x5a827999u)
    ROUNDS(20, PARITY, 0x6ed9eba1u)
    ROUNDS(40, MAJORITY, 0x8f1bbcdcu)
    ROUNDS(60, PARITY, 0xca62c1d6u)
    hash[0] += a;
    hash[1] += b;
    hash[2] += c;
    hash[3] += d;
    hash[4] += e;
}
#undef ROUND
#undef CHOOSE
#undef PARITY
#undef MAJORITY
#undef ROUNDS

static void sha1(const uint8_t *text, size_t len, uint8_t out[20]) {
    uint8_t padded[2 * BLOCK_BYTES] = {0};
    memcpy(padded, text, len);
    padded[len] = 0x80;
    size_t total = len + 9 <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
    padded[total - 1] = (uint8_t)(len * 8);
    padded[total - 2] = (uint8_t)(len * 8 >> 8);
    uint32_t hash[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    for (size_t at = 0; at < total; at += BLOCK_BYTES) sha1_block(hash, padded + at);
    for (int i = 0; i < 20; i++) out[i] = (uint8_t)(hash[i / 4] >> (24 - 8 * (i % 4)));
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void gw_digest_accept(gw_span key, const char *guid, char out[GW_DIGEST_ACCEPT_CHARS + 1]) {
    uint8_t text[MAX_TEXT_BYTES];
    size_t guid_len = strlen(guid);
    size_t key_len = key.len < MAX_TEXT_BYTES - guid_len ? key.len : MAX_TEXT_BYTES - guid_len;
    if (key_len > 0) memcpy(text, key.ptr, key_len);
    memcpy(text + key_len, guid, guid_len);

    uint8_t hash[21] = {0}; /* one zero byte more, so that the last group is whole */
    sha1(text, key_len + guid_len, hash);
    char *to = out;
    for (int i = 0; i < 21; i += 3) {
        uint32_t group = (uint32_t)hash[i] << 16 | (uint32_t)hash[i + 1] << 8 | hash[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6) *to++ = alphabet[group >> shift & 63];
    }
    out[GW_DIGEST_ACCEPT_CHARS - 1] = '=';
    out[GW_DIGEST_ACCEPT_CHARS] = 0;
}

int gw_digest_base64_bytes(gw_span text) {
    if (text.len % 4 != 0) return -1;
    size_t pad = 0;
    while (pad < 2 && pad < text.len && text.ptr[text.len - 1 - pad] == '=') pad++;
    unsigned last = 0;
    for (size_t i = 0; i < text.len - pad; i++) {
        const char *at = text.ptr[i] ? strchr(alphabet, text.ptr[i]) : NULL;
        if (!at) return -1;
        last = (unsigned)(at - alphabet);
    }
    /* The bits that padding leaves over must be zero (RFC 4648 section 3.5). */
    if ((pad == 1 && (last & 3)) || (pad == 2 && (last & 15))) return -1;
    return (int)(text.len / 4 * 3 - pad);
}
