/* Floor 4 (net): the timer heap. */
#include "net/timer_heap.h"

#include <assert.h>
#include <stdlib.h>

void gw_timer_heap_deinit(gw_timer_heap *timers) {
    free(timers->heap);
    *timers = (gw_timer_heap){0};
}

static bool comes_before(const gw_loop_timer *a, const gw_loop_timer *b) {
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void put(gw_timer_heap *timers, size_t i, gw_loop_timer *timer) {
    timers->heap[i] = timer;
    timer->slot = i + 1;
}

static void sift_up(gw_timer_heap *timers, size_t i, gw_loop_timer *timer) {
    while (i > 0 && comes_before(timer, timers->heap[(i - 1) / 2])) {
        put(timers, i, timers->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(timers, i, timer);
}

static void sift_down(gw_timer_heap *timers, size_t i, gw_loop_timer *timer) {
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= timers->count) break;
        if (child + 1 < timers->count && comes_before(timers->heap[child + 1], timers->heap[child])) child++;
        if (!comes_before(timers->heap[child], timer)) break;
        put(timers, i, timers->heap[child]);
        i = child;
    }
    put(timers, i, timer);
}

gw_status gw_timer_heap_add(gw_timer_heap *timers, gw_loop_timer *timer) {
    assert(timer->slot == 0);
    if (timers->count == timers->capacity) {
        size_t capacity = timers->capacity ? timers->capacity * 2 : 64;
        gw_loop_timer **heap = realloc(timers->heap, capacity * sizeof(gw_loop_timer *));
        if (!heap) return GW_ERR_NOMEM;
        timers->heap = heap;
        timers->capacity = capacity;
    }
    timer->order = timers->next_order++;
    sift_up(timers, timers->count++, timer);
    return GW_OK;
}

void gw_timer_heap_remove(gw_timer_heap *timers, gw_loop_timer *timer) {
    size_t i = timer->slot - 1;
    assert(i < timers->count && timers->heap[i] == timer);
    timer->slot = 0;
    gw_loop_timer *last = timers->heap[--timers->count];
    if (last == timer) return;
    if (i > 0 && comes_before(last, timers->heap[(i - 1) / 2])) {
        sift_up(timers, i, last);
    } else {
        sift_down(timers, i, last);
    }
}
