/* net/timers: the heap against a plain model. */
#include "base/rng.h"
#include "net/timer_heap.h"

#include "support/run.h"

enum { COUNT = 500 };

static void nothing(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    (void)timer;
    (void)now_ns;
    (void)user;
}

static size_t first_of_model(const gw_loop_timer *all) {
    size_t best = COUNT;
    for (size_t i = 0; i < COUNT; i++) {
        if (all[i].slot == 0) continue;
        bool sooner = best == COUNT || all[i].due_ns < all[best].due_ns ||
                      (all[i].due_ns == all[best].due_ns && all[i].order < all[best].order);
        if (sooner) best = i;
    }
    return best;
}

START_TEST(timers_keep_their_order_whatever_is_added_and_removed) {
    gw_rng rng;
    gw_rng_init(&rng, 7314);
    gw_timer_heap timers = {0};
    static gw_loop_timer all[COUNT];
    for (size_t step = 0; step < 5000; step++) {
        size_t i = gw_rng_below(&rng, COUNT);
        if (all[i].slot) {
            gw_timer_heap_remove(&timers, &all[i]);
            ck_assert_uint_eq(all[i].slot, 0);
        } else {
            all[i] = (gw_loop_timer){.fn = nothing, .due_ns = (gw_ns)gw_rng_below(&rng, 50)};
            ck_assert_int_eq(gw_timer_heap_add(&timers, &all[i]), GW_OK);
        }
        size_t first = first_of_model(all);
        ck_assert_ptr_eq(gw_timer_heap_first(&timers), first == COUNT ? NULL : &all[first]);
    }
    size_t left = timers.count;
    gw_ns last = -1;
    while (timers.count) {
        gw_loop_timer *timer = gw_timer_heap_first(&timers);
        ck_assert_int_ge(timer->due_ns, last);
        last = timer->due_ns;
        gw_timer_heap_remove(&timers, timer);
        left--;
    }
    ck_assert_uint_eq(left, 0);
    gw_timer_heap_deinit(&timers);
}
END_TEST

GW_TEST_MAIN("net/timers", 20, timers_keep_their_order_whatever_is_added_and_removed)
