/* The heap of deadlines against a plain search. */
#include "reference-server/deadlines.h"
#include "base/rng.h"
#include "support/run.h"

enum { NODES = 300 };

START_TEST(deadlines_first_is_the_earliest_after_any_change) {
    gw_deadlines heap = {0};
    gw_deadlines_node nodes[NODES] = {{0}};
    for (size_t i = 0; i < NODES; i++) nodes[i].at = GW_NEVER;
    ck_assert_int_eq(gw_deadlines_reserve(&heap, NODES), GW_OK);
    gw_rng rng;
    gw_rng_init(&rng, 5);
    for (int step = 0; step < 100000; step++) {
        gw_ns at = gw_rng_below(&rng, 4) == 0 ? GW_NEVER : (gw_ns)gw_rng_below(&rng, 1000);
        gw_deadlines_set(&heap, &nodes[gw_rng_below(&rng, NODES)], at);
        gw_ns earliest = GW_NEVER;
        size_t count = 0;
        for (size_t i = 0; i < NODES; i++) {
            if (nodes[i].at < earliest) earliest = nodes[i].at;
            count += nodes[i].at != GW_NEVER;
        }
        gw_deadlines_node *first = gw_deadlines_first(&heap);
        ck_assert_int_eq(first ? first->at : GW_NEVER, earliest);
        ck_assert_uint_eq(heap.count, count);
    }
    gw_deadlines_deinit(&heap);
}
END_TEST

GW_TEST_MAIN("server_deadlines", 60, deadlines_first_is_the_earliest_after_any_change)
