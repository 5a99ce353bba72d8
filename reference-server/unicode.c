/* UTF-8 by lead byte: each narrows the range of the byte behind it (RFC 3629 section 4). Pure. */
#include "reference-server/unicode.h"
#include "reference-server/bytes.h"

static bool start(gw_unicode *text, uint8_t lead, gw_unicode_leniency leniency) {
    text->low = 0x80;
    text->high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
        text->missing = 1;
        text->point = lead & 0x1f;
        return true;
    }
    if (leniency.overlong && (lead == 0xc0 || lead == 0xc1)) {
        text->missing = 1;
        text->point = lead & 0x1f;
        return true;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        text->missing = 2;
        text->point = lead & 0x0f;
        if (lead == 0xe0 && !leniency.overlong) text->low = 0xa0;
        if (lead == 0xed && !leniency.surrogates) text->high = 0x9f;
        return true;
    }
    if (lead >= 0xf0 && lead <= (leniency.beyond ? 0xf7 : 0xf4)) {
        text->missing = 3;
        text->point = lead & 0x07;
        if (lead == 0xf0 && !leniency.overlong) text->low = 0x90;
        if (lead == 0xf4 && !leniency.beyond) text->high = 0x8f;
        return true;
    }
    return false;
}

bool gw_unicode_feed(gw_unicode *text, gw_span bytes, gw_unicode_leniency leniency) {
    for (size_t i = 0; i < bytes.len; i++) {
        if (text->missing == 0)
            while (i + 8 < bytes.len && gw_bytes_ascii(gw_bytes_load(bytes.ptr + i))) i += 8;
        uint8_t byte = bytes.ptr[i];
        if (text->missing == 0) {
            if (byte >= 0x80 && !start(text, byte, leniency)) return false;
            continue;
        }
        if (byte < text->low || byte > text->high) return false;
        text->low = 0x80;
        text->high = 0xbf;
        text->point = text->point << 6 | (byte & 0x3f);
        text->missing--;
        if (text->missing == 0 && leniency.no_nonchars && (text->point & 0xfffe) == 0xfffe) return false;
    }
    return true;
}
