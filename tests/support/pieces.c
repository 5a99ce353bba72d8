/* Test support: a stream in pieces. */
#include "support/pieces.h"
#include "support/guard.h"

#include <string.h>

void gw_pieces_init(gw_pieces *pieces, gw_span stream, gw_pieces_cut cut, uint64_t seed) {
    *pieces = (gw_pieces){.rest = stream, .cut = cut, .room_len = stream.len};
    gw_rng_init(&pieces->rng, seed);
    pieces->room = gw_guard_alloc(NULL, stream.len);
}

void gw_pieces_deinit(gw_pieces *pieces) {
    gw_guard_free(pieces->room, pieces->room_len);
}

uint8_t *gw_pieces_next(gw_pieces *pieces, size_t *len) {
    size_t n = pieces->rest.len;
    if (n == 0) return NULL;
    if (pieces->cut == GW_PIECES_BYTES) n = 1;
    /* Short pieces are as likely as long ones, since headers are short. */
    if (pieces->cut == GW_PIECES_RANDOM) {
        uint64_t most = gw_rng_below(&pieces->rng, 2) ? 16 : n;
        n = 1 + (size_t)gw_rng_below(&pieces->rng, most < n ? most : n);
    }
    uint8_t *piece = pieces->room + pieces->room_len - n;
    memcpy(piece, pieces->rest.ptr, n);
    pieces->rest = gw_span_from(pieces->rest, n);
    *len = n;
    return piece;
}
