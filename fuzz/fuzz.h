/* What the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput and gw_fuzz_config; it asserts
 * properties with GW_FUZZ_CHECK, keeps its memory from run to run, and returns 0. */
#ifndef GW_FUZZ_H
#define GW_FUZZ_H

#include "base/rng.h"
#include "base/span.h"
#include "fuzzing/mutate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { GW_FUZZ_MAX_BYTES = 128 << 10 /* longer inputs are not run */ };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* How mutator.c changes inputs of this target; its engine is set there. */
extern const gw_mutate_config gw_fuzz_config;
/* Replay tries every split of every input; fuzzing takes one that the input's hash chooses, for speed. */
extern bool gw_fuzz_thorough;
/* Replay: as if no difference from an oracle were known, so that each known one has to be a finding. */
extern bool gw_fuzz_unlisted;
/* A differential target may say this: after a replay of its corpus each difference that it knows must have been seen.
 */
void gw_fuzz_finish(void) __attribute__((weak));

/* Says which property broke and why, and aborts. */
_Noreturn void gw_fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
#define GW_FUZZ_CHECK(condition, ...)                                                                                  \
    do {                                                                                                               \
        if (!(condition)) gw_fuzz_fail(__FILE__, __LINE__, #condition, __VA_ARGS__);                                   \
    } while (0)

/* For a function of a target that only compares and counts: not instrumented by AddressSanitizer. What the code under
 * test writes to must then be static, as red zones stand around what a function has on its stack only when it is. */
#define GW_FUZZ_UNWATCHED __attribute__((no_sanitize("address", "undefined")))

/* Seeded by the input, so that an input always runs the same way. */
uint64_t gw_fuzz_hash(const uint8_t *data, size_t size);

/* As memcmp() == 0, but no comparison that the engine would take for one of the code under test, nor at its price. */
GW_FUZZ_UNWATCHED static inline bool gw_fuzz_equal(const void *a, const void *b, size_t size) {
    const uint8_t *p = a, *q = b;
    uint64_t differ = 0, x, y;
    for (; size >= sizeof x; p += sizeof x, q += sizeof y, size -= sizeof x) {
        memcpy(&x, p, sizeof x);
        memcpy(&y, q, sizeof y);
        differ |= x ^ y;
    }
    while (size-- > 0) differ |= (uint64_t)(p[size] ^ q[size]);
    return differ == 0;
}

/* A writable copy at the very end of a static room, which AddressSanitizer guards; one of GW_FUZZ_ROOMS. */
enum { GW_FUZZ_ROOMS = 3 };
uint8_t *gw_fuzz_copy(unsigned room, const uint8_t *data, size_t size);

/* A user's file as JSON text, which is YAML, too: its loader has to make the same of it. False: it is no tree, or has
 * numbers that JSON spells in another way. The text stays until the next call. */
bool gw_fuzz_as_json(gw_span yaml, gw_span *json);
/* Both NULL, or equal. */
bool gw_fuzz_same_text(const char *a, const char *b);

typedef enum gw_fuzz_cut { GW_FUZZ_WHOLE, GW_FUZZ_BYTES, GW_FUZZ_RANDOM, GW_FUZZ_CUTS } gw_fuzz_cut;
/* Length of the next piece of what is left. */
static inline size_t gw_fuzz_piece(gw_fuzz_cut cut, gw_rng *rng, size_t left) {
    if (cut == GW_FUZZ_WHOLE || left < 2) return left;
    if (cut == GW_FUZZ_BYTES) return 1;
    uint64_t roll = gw_rng_next(rng);
    size_t most = roll & 1 ? 8 : left;
    size_t len = 1 + (size_t)(roll >> 8) % most;
    return len < left ? len : left;
}
/* The first cut to compare with the whole and how many of them, for this input. Byte by byte costs most, so long inputs
 * go that way seldom. */
static inline gw_fuzz_cut gw_fuzz_first_cut(uint64_t hash, size_t size, int *count) {
    *count = gw_fuzz_thorough ? 2 : 1;
    return gw_fuzz_thorough || (hash & (size > 64 ? 15 : 3)) == 0 ? GW_FUZZ_BYTES : GW_FUZZ_RANDOM;
}

#endif
