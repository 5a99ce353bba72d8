/* Mutators that know frames, packets, heads and session scripts, so that a fuzzer gets past masking, lengths and the
 * envelope. Floor 3, pure: the same bytes and seed give the same result.
 *
 * They must not know a fuzzing engine: its own mutator comes in as a function. */
#ifndef GW_FUZZING_MUTATE_H
#define GW_FUZZING_MUTATE_H

#include "base/span.h"
#include "fuzzing/vocabulary.h"

/* What the bytes are. Any bytes are taken; what does not parse is treated as a tail of raw bytes. */
typedef enum gw_mutate_kind {
    GW_MUTATE_BYTES,  /* nothing is known */
    GW_MUTATE_FRAMES, /* a stream of WebSocket frames */
    GW_MUTATE_PACKET, /* one JSON text in the envelope */
    GW_MUTATE_LINES,  /* lines of text: a head of HTTP, or a YAML file */
    GW_MUTATE_SESSION /* a session script (fuzzing/script.h) */
} gw_mutate_kind;

/* The engine's own mutator, as LLVMFuzzerMutate: changes data in place, returns the new size, at most max. */
typedef size_t gw_mutate_engine(uint8_t *data, size_t size, size_t max);

typedef struct gw_mutate_config {
    gw_mutate_kind kind;
    const gw_vocabulary *vocabulary; /* NULL: gw_vocabulary_gateway */
    gw_mutate_engine *engine;        /* takes about 1 call in 8; NULL: a byte mutator of ours does */
} gw_mutate_config;

/* Changes data[0..size) in place; the room is max >= size. Returns the new size, at most max, and above 0 when max is.
 */
size_t gw_mutate(const gw_mutate_config *config, uint8_t *data, size_t size, size_t max, uint32_t seed);
/* Writes a child of a and b to out, cut at the borders of frames, values, lines or events; returns its size, at most
 * max. out overlaps neither. */
size_t gw_mutate_cross(const gw_mutate_config *config, gw_span a, gw_span b, uint8_t *out, size_t max, uint32_t seed);

#endif
