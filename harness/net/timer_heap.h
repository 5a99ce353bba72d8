/* The loop's timers, soonest first: a binary heap. Floor 4 (net), private to the loop; pure. */
#ifndef GW_NET_TIMER_HEAP_H
#define GW_NET_TIMER_HEAP_H

#include "net/loop.h"

/* Invariant: heap[i]->slot == i + 1, and no entry comes before its parent (i - 1) / 2. */
typedef struct gw_timer_heap {
    gw_loop_timer **heap;
    size_t count, capacity;
    uint64_t next_order;
} gw_timer_heap;

void gw_timer_heap_deinit(gw_timer_heap *timers);
/* due_ns is set, slot is 0. GW_ERR_NOMEM. */
gw_status gw_timer_heap_add(gw_timer_heap *timers, gw_loop_timer *timer);
void gw_timer_heap_remove(gw_timer_heap *timers, gw_loop_timer *timer);
static inline gw_loop_timer *gw_timer_heap_first(const gw_timer_heap *timers) {
    return timers->count ? timers->heap[0] : NULL;
}

#endif
