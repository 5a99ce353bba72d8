/* Floor 1: UTF-8 by ranges (Unicode table of well-formed byte sequences; RFC 3629 section 4). */
#include "wire/utf8.h"

#include <string.h>

/* By lead byte: how many bytes follow and what the first of them may be. That range alone keeps out overlong forms,
 * surrogates and values above U+10FFFF, and does so at the second byte. */
static const struct lead {
    uint8_t first, last, missing, low, high;
} leads[] = {
    {0xc2, 0xdf, 1, 0x80, 0xbf}, {0xe0, 0xe0, 2, 0xa0, 0xbf}, {0xe1, 0xec, 2, 0x80, 0xbf}, {0xed, 0xed, 2, 0x80, 0x9f},
    {0xee, 0xef, 2, 0x80, 0xbf}, {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf}, {0xf4, 0xf4, 3, 0x80, 0x8f},
};

void gw_utf8_init(gw_utf8 *utf8) {
    *utf8 = (gw_utf8){0};
}

/* Length of the run of ASCII at p. */
static size_t ascii_run(const uint8_t *p, size_t len) {
    const uint64_t high_bits = 0x8080808080808080u;
    size_t i = 0;
    for (; len - i >= 32; i += 32) {
        uint64_t w[4];
        memcpy(w, p + i, sizeof w);
        if ((w[0] | w[1] | w[2] | w[3]) & high_bits) break;
    }
    for (; len - i >= 8; i += 8) {
        uint64_t w;
        memcpy(&w, p + i, sizeof w);
        if (w & high_bits) break;
    }
    while (i < len && p[i] < 0x80) i++;
    return i;
}

static bool open_sequence(gw_utf8 *utf8, uint8_t byte) {
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
        if (byte < leads[i].first || byte > leads[i].last) continue;
        utf8->missing = leads[i].missing;
        utf8->low = leads[i].low;
        utf8->high = leads[i].high;
        return true;
    }
    return false;
}

bool gw_utf8_feed(gw_utf8 *utf8, gw_span bytes) {
    if (utf8->invalid) return false;
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = bytes.ptr[i];
        bool good;
        if (utf8->missing > 0) {
            good = byte >= utf8->low && byte <= utf8->high;
            utf8->missing--;
            utf8->low = 0x80;
            utf8->high = 0xbf;
        } else if (byte < 0x80) {
            i += ascii_run(bytes.ptr + i, bytes.len - i) - 1;
            continue;
        } else {
            utf8->sequence_offset = utf8->offset + i;
            good = open_sequence(utf8, byte);
        }
        if (good) continue;
        utf8->invalid = true;
        utf8->bad_offset = utf8->offset + i;
        utf8->offset += i;
        return false;
    }
    utf8->offset += bytes.len;
    return true;
}

bool gw_utf8_check(gw_span text, size_t *bad_offset) {
    gw_utf8 utf8;
    gw_utf8_init(&utf8);
    gw_utf8_feed(&utf8, text);
    if (gw_utf8_is_complete(&utf8)) return true;
    if (bad_offset) *bad_offset = utf8.invalid ? (size_t)utf8.bad_offset : text.len;
    return false;
}
