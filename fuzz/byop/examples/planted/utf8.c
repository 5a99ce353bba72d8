/* UTF-8, one byte at a time (RFC 3629). */
#include "parser.h"

static void end_sequence(utf8 *u) {
#ifndef PLANT_UTF8_OVERLONG
    if (u->point < u->least) u->bad = true;
#endif
#ifndef PLANT_UTF8_SURROGATE
    if (u->point >= 0xd800 && u->point <= 0xdfff) u->bad = true;
#endif
    if (u->point > 0x10ffff) u->bad = true;
}

static void feed_byte(utf8 *u, uint8_t byte) {
    if (u->missing) {
        if ((byte & 0xc0) != 0x80) u->bad = true;
        u->point = u->point << 6 | (byte & 0x3f);
        if (--u->missing == 0) end_sequence(u);
    } else if (byte >= 0x80) {
        u->missing = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
        u->least = byte >= 0xf0 ? 0x10000 : byte >= 0xe0 ? 0x800 : 0x80;
        u->point = byte & (0x3f >> u->missing);
        if (byte < 0xc0 || byte > 0xf7) u->bad = true;
    }
}

void utf8_feed(utf8 *u, const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len && !u->bad; i++) feed_byte(u, bytes[i]);
}
