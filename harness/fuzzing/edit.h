/* Editing bytes in a room of fixed size. Floor 3, pure. Each call either does all of its work or nothing. */
#ifndef GW_FUZZING_EDIT_H
#define GW_FUZZING_EDIT_H

#include "base/rng.h"
#include "base/span.h"

/* Invariant: size <= max. */
typedef struct gw_edit {
    uint8_t *data; /* the caller's, max bytes */
    size_t size, max;
    gw_rng *rng;
} gw_edit;

/* Replaces `removed` bytes at `at` (both cut to what is there) by `bytes`, which point elsewhere. False: no room. */
bool gw_edit_splice(gw_edit *edit, size_t at, size_t removed, gw_span bytes);
/* Puts a copy of the `len` bytes at `from` in at `to`. False: no room, or not so many bytes. */
bool gw_edit_repeat(gw_edit *edit, size_t from, size_t len, size_t to);
/* Swaps the neighbours [at, at + first) and [at + first, at + first + second). */
bool gw_edit_swap(gw_edit *edit, size_t at, size_t first, size_t second);
/* Uniform in [0, bound); 0 for 0. */
size_t gw_edit_below(gw_edit *edit, size_t bound);
/* True once in n times. */
bool gw_edit_once_in(gw_edit *edit, size_t n);

#endif
