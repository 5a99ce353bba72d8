/* The loop's timers, soonest first: a binary heap. Floor 4 (net), private to the loop; pure. */
#ifndef GW_NET_TIMERS_H
#define GW_NET_TIMERS_H

#include "net/loop.h"

/* Invariant: heap[i]->slot == i + 1, and no entry comes before its parent (i - 1) / 2. */
typedef struct gw_timers {
    gw_loop_timer **heap;
    size_t count, capacity;
    uint64_t next_order;
} gw_timers;

void gw_timers_deinit(gw_timers *timers);
/* due_ns is set, slot is 0. GW_ERR_NOMEM. */
gw_status gw_timers_add(gw_timers *timers, gw_loop_timer *timer);
void gw_timers_remove(gw_timers *timers, gw_loop_timer *timer);
static inline gw_loop_timer *gw_timers_first(const gw_timers *timers) {
    return timers->count ? timers->heap[0] : NULL;
}

#endif
