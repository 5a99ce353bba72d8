/* Unit tests of base/rng.h. */
#include "base/rng.h"
#include "support/run.h"

#include <string.h>

START_TEST(rng_next_gives_the_published_sequence) {
    /* From another implementation of xoshiro256** seeded by splitmix64. */
    static const struct {
        uint64_t seed, want[4];
    } rows[] = {{0, {0x99ec5f36cb75f2b4u, 0xbf6e1f784956452au, 0x1a5f849d4933e6e0u, 0x6aa594f1262d2d2cu}},
                {42, {0x15780b2e0c2ec716u, 0x6104d9866d113a7eu, 0xae17533239e499a1u, 0xecb8ad4703b360a1u}}};
    for (size_t i = 0; i < 2; i++) {
        gw_rng rng;
        gw_rng_init(&rng, rows[i].seed);
        for (size_t j = 0; j < 4; j++) ck_assert_uint_eq(gw_rng_next(&rng), rows[i].want[j]);
    }
}
END_TEST

START_TEST(rng_below_reaches_every_value_and_none_beyond) {
    enum { BOUND = 7, DRAWS = 70000 };
    size_t hits[BOUND] = {0};
    gw_rng rng;
    gw_rng_init(&rng, 1);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t x = gw_rng_below(&rng, BOUND);
        if (x >= BOUND) ck_abort_msg("%ju", x);
        hits[x]++;
    }
    for (int i = 0; i < BOUND; i++) {
        ck_assert_uint_gt(hits[i], DRAWS / BOUND - 500);
        ck_assert_uint_lt(hits[i], DRAWS / BOUND + 500);
    }
    ck_assert_uint_eq(gw_rng_below(&rng, 0), 0);
    ck_assert_uint_eq(gw_rng_below(&rng, 1), 0);
}
END_TEST

START_TEST(rng_fill_writes_its_bytes_and_no_others) {
    for (size_t len = 0; len < 40; len++) {
        uint8_t bytes[48], again[48];
        gw_rng a, b;
        gw_rng_init(&a, 5);
        gw_rng_init(&b, 5);
        memset(bytes, 0xee, sizeof bytes);
        memset(again, 0xee, sizeof again);
        gw_rng_fill(&a, bytes + 4, len);
        gw_rng_fill(&b, again + 4, len);
        ck_assert_mem_eq(bytes, again, sizeof bytes);
        ck_assert_mem_eq(bytes, "\xee\xee\xee\xee", 4);
        ck_assert_mem_eq(bytes + 4 + len, "\xee\xee\xee\xee", 4);
    }
}
END_TEST

START_TEST(rng_derive_depends_on_seed_and_text) {
    uint64_t a = gw_rng_derive(1, "x/y");
    ck_assert_uint_eq(a, gw_rng_derive(1, "x/y"));
    ck_assert_uint_ne(a, gw_rng_derive(2, "x/y"));
    ck_assert_uint_ne(a, gw_rng_derive(1, "x/z"));
    ck_assert_uint_ne(a, gw_rng_derive(1, ""));
}
END_TEST

GW_TEST_MAIN("base/rng", 10, rng_next_gives_the_published_sequence, rng_below_reaches_every_value_and_none_beyond,
             rng_fill_writes_its_bytes_and_no_others, rng_derive_depends_on_seed_and_text)
