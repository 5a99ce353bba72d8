/* The accept value: SHA-1 of at most two blocks, and base64 (RFC 4648). Pure. */
#include "reference-server/digest.h"
#include "reference-server/sha1.h"

#include <string.h>

enum { MAX_TEXT_BYTES = 2 * GW_SHA1_BLOCK_BYTES - 9 };

/* Padding and length are those of RFC 3174 section 4. */
static void sha1(const uint8_t *text, size_t len, uint8_t out[20]) {
    uint8_t padded[2 * GW_SHA1_BLOCK_BYTES] = {0};
    memcpy(padded, text, len);
    padded[len] = 0x80;
    size_t blocks = len + 9 <= GW_SHA1_BLOCK_BYTES ? 1 : 2, total = blocks * GW_SHA1_BLOCK_BYTES;
    padded[total - 1] = (uint8_t)(len * 8);
    padded[total - 2] = (uint8_t)(len * 8 >> 8);
    uint32_t digest[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    gw_sha1_choose()(digest, padded, blocks);
    for (int i = 0; i < 5; i++, out += 4) {
        out[0] = (uint8_t)(digest[i] >> 24);
        out[1] = (uint8_t)(digest[i] >> 16);
        out[2] = (uint8_t)(digest[i] >> 8);
        out[3] = (uint8_t)digest[i];
    }
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

/* The place of a character in the alphabet, from 1 on; 0: it is not in it. */
static const uint8_t place_of[256] = {
    ['A'] = 1, 2,  3,  4,  5,          6,  7,  8,  9,  10, 11,         12, 13, 14, 15,         16,
    17,        18, 19, 20, 21,         22, 23, 24, 25, 26, ['a'] = 27, 28, 29, 30, 31,         32,
    33,        34, 35, 36, 37,         38, 39, 40, 41, 42, 43,         44, 45, 46, 47,         48,
    49,        50, 51, 52, ['0'] = 53, 54, 55, 56, 57, 58, 59,         60, 61, 62, ['+'] = 63, ['/'] = 64,
};

int gw_digest_base64_bytes(gw_span text) {
    if (text.len % 4 != 0) return -1;
    size_t pad = 0;
    while (pad < 2 && pad < text.len && text.ptr[text.len - 1 - pad] == '=') pad++;
    unsigned last = 1;
    for (size_t i = 0; i < text.len - pad; i++) {
        last = place_of[text.ptr[i]];
        if (last == 0) return -1;
    }
    /* The bits that padding leaves over must be zero (RFC 4648 section 3.5). */
    if ((pad == 1 && ((last - 1) & 3)) || (pad == 2 && ((last - 1) & 15))) return -1;
    return (int)(text.len / 4 * 3 - pad);
}
