/* A stream handed out in pieces, each laid against a guard page. Test support. */
#ifndef GW_TESTS_SUPPORT_PIECES_H
#define GW_TESTS_SUPPORT_PIECES_H

#include "base/rng.h"
#include "base/span.h"

typedef enum gw_pieces_cut { GW_PIECES_WHOLE, GW_PIECES_BYTES, GW_PIECES_RANDOM } gw_pieces_cut;

typedef struct gw_pieces {
    gw_span rest; /* not handed out yet */
    gw_pieces_cut cut;
    gw_rng rng;
    uint8_t *room; /* as long as the stream, against the guard page */
    size_t room_len;
} gw_pieces;

void gw_pieces_init(gw_pieces *pieces, gw_span stream, gw_pieces_cut cut, uint64_t seed);
void gw_pieces_deinit(gw_pieces *pieces);
/* A writable copy of the next piece, whose end is the end of the accessible page; valid until the next call. NULL at
 * the end. */
uint8_t *gw_pieces_next(gw_pieces *pieces, size_t *len);

#endif
