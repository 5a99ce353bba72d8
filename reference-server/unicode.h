/* UTF-8 checked as it comes (RFC 3629). Pure. */
#ifndef GW_UNICODE_H
#define GW_UNICODE_H

#include "base/span.h"

/* Which faults of UTF-8 are let pass or added; all false is the standard. */
typedef struct gw_unicode_leniency {
    bool surrogates, overlong, beyond, no_nonchars;
} gw_unicode_leniency;

/* Zeroed before the first byte. */
typedef struct gw_unicode {
    uint8_t missing; /* continuation bytes that the code point still lacks */
    uint8_t low;     /* the next byte is in [low, high]; only meaningful while missing > 0 */
    uint8_t high;
    uint32_t point; /* bits so far */
} gw_unicode;

/* False at the first byte that no UTF-8 text can have there. */
bool gw_unicode_feed(gw_unicode *text, gw_span bytes, gw_unicode_leniency leniency);
/* May the text end here? */
static inline bool gw_unicode_complete(const gw_unicode *text) {
    return text->missing == 0;
}

#endif
