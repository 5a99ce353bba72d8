/* Seeded pseudo-random numbers (xoshiro256**). Floor 0. The same seed gives the same sequence everywhere. */
#ifndef GW_BASE_RNG_H
#define GW_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct gw_rng {
    uint64_t s[4];
} gw_rng;

void gw_rng_init(gw_rng *rng, uint64_t seed);
uint64_t gw_rng_next(gw_rng *rng);
/* Uniform in [0, bound); 0 when bound is 0. */
uint64_t gw_rng_below(gw_rng *rng, uint64_t bound);
void gw_rng_fill(gw_rng *rng, void *bytes, size_t len);
/* A seed that depends on `seed` and on `text`, so that each scenario has a stream of its own, whatever runs beside it.
 */
uint64_t gw_rng_derive(uint64_t seed, const char *text);

#endif
