/* What the mutators share. Floor 3, private. */
#ifndef GW_FUZZING_MUTATE_INTERNAL_H
#define GW_FUZZING_MUTATE_INTERNAL_H

#include "fuzzing/edit.h"
#include "fuzzing/mutate.h"

#define GW_MUTATE_COUNT(a) (sizeof(a) / sizeof(a)[0])

/* One change at one place; false when it found nothing to do, and then the bytes are as before. */
typedef bool gw_mutate_op(gw_edit *edit, const gw_mutate_config *config);
/* Tries ops of the list until one does something; gives up after a few. */
bool gw_mutate_any(gw_edit *edit, const gw_mutate_config *config, gw_mutate_op *const *ops, size_t count);

gw_mutate_op gw_mutate_bytes, gw_mutate_frames, gw_mutate_packet, gw_mutate_lines, gw_mutate_session;
/* The engine's mutator when there is one, else gw_mutate_bytes. */
gw_mutate_op gw_mutate_blind;

typedef size_t gw_mutate_cross_op(gw_span a, gw_span b, gw_edit *out);
gw_mutate_cross_op gw_mutate_cross_bytes, gw_mutate_cross_frames, gw_mutate_cross_packet, gw_mutate_cross_lines,
    gw_mutate_cross_session;
/* a[0..from) then b[to..): what most crossovers come down to. */
size_t gw_mutate_join(gw_span a, size_t from, gw_span b, size_t to, gw_edit *out);

gw_span gw_mutate_word(gw_edit *edit, const char *const *words, size_t count);
gw_span gw_mutate_pick(gw_edit *edit, gw_vocabulary_list list);

/* ---- The values of a JSON text, found leniently: any bytes will do (json_places.c). ---- */

enum { GW_JSON_PLACES_MAX = 96, GW_JSON_PLACES_DEPTH = 32 };

typedef enum gw_json_place_kind {
    GW_JSON_PLACE_KEY,
    GW_JSON_PLACE_STRING,
    GW_JSON_PLACE_SCALAR, /* a number or a word */
    GW_JSON_PLACE_ARRAY,
    GW_JSON_PLACE_OBJECT
} gw_json_place_kind;

typedef struct gw_json_place {
    size_t at, end; /* brackets and quotes included */
    gw_json_place_kind kind;
} gw_json_place;

/* In the order in which they begin: the value of a key is the place behind it. */
size_t gw_json_places(gw_span text, gw_json_place places[GW_JSON_PLACES_MAX]);

#endif
