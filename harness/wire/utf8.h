/* Incremental UTF-8 validation (RFC 3629; RFC 6455 section 8.1). Floor 1. */
#ifndef GW_WIRE_UTF8_H
#define GW_WIRE_UTF8_H

#include "base/span.h"

typedef struct gw_utf8 {
    uint64_t offset;          /* bytes taken so far; stands still once invalid */
    uint64_t sequence_offset; /* where the code point that is open, or that is bad, starts */
    uint64_t bad_offset;      /* once invalid: the first byte after which nothing valid could follow any more */
    uint8_t missing;          /* continuation bytes that the open code point still needs */
    uint8_t low, high;        /* range of the next continuation byte; private */
    bool invalid;             /* sticky */
} gw_utf8;

void gw_utf8_init(gw_utf8 *utf8);
/* Takes the next bytes; false from the first bad byte on (fail fast: a surrogate, an overlong form or a value above
 * U+10FFFF is noticed at its second byte). */
bool gw_utf8_feed(gw_utf8 *utf8, gw_span bytes);
/* The text could end here: valid, and no code point is unfinished. */
static inline bool gw_utf8_is_complete(const gw_utf8 *utf8) {
    return !utf8->invalid && utf8->missing == 0;
}
/* Whole text at once. When false, *bad_offset (may be NULL) is the first bad byte, or text.len for an unfinished end.
 */
bool gw_utf8_check(gw_span text, size_t *bad_offset);

#endif
