/* A 4-ary heap. Pure. */
#include "reference-server/timers.h"

#include <assert.h>
#include <stdlib.h>

enum { CHILDREN = 4 };

void gw_timers_deinit(gw_timers *timers) {
    free(timers->heap);
    *timers = (gw_timers){0};
}

gw_status gw_timers_reserve(gw_timers *timers, size_t count) {
    if (count <= timers->size) return GW_OK;
    size_t size = timers->size ? timers->size * 2 : 64;
    if (size < count) size = count;
    gw_timers_node **heap = realloc(timers->heap, size * sizeof *heap);
    if (!heap) return GW_ERR_NOMEM;
    timers->heap = heap;
    timers->size = size;
    return GW_OK;
}

static void place(gw_timers *timers, size_t i, gw_timers_node *node) {
    timers->heap[i] = node;
    node->slot = (uint32_t)i + 1;
}

static void rise(gw_timers *timers, size_t i, gw_timers_node *node) {
    for (; i > 0; i = (i - 1) / CHILDREN) {
        gw_timers_node *parent = timers->heap[(i - 1) / CHILDREN];
        if (parent->at <= node->at) break;
        place(timers, i, parent);
    }
    place(timers, i, node);
}

static void sink(gw_timers *timers, size_t i, gw_timers_node *node) {
    for (;;) {
        size_t first = i * CHILDREN + 1, least = first;
        if (first >= timers->count) break;
        for (size_t c = first + 1; c < first + CHILDREN && c < timers->count; c++)
            if (timers->heap[c]->at < timers->heap[least]->at) least = c;
        if (timers->heap[least]->at >= node->at) break;
        place(timers, i, timers->heap[least]);
        i = least;
    }
    place(timers, i, node);
}

static void settle(gw_timers *timers, size_t i, gw_timers_node *node) {
    if (i > 0 && timers->heap[(i - 1) / CHILDREN]->at > node->at)
        rise(timers, i, node);
    else
        sink(timers, i, node);
}

void gw_timers_set(gw_timers *timers, gw_timers_node *node, gw_ns at) {
    node->at = at;
    if (at != GW_NEVER) {
        if (node->slot == 0) {
            assert(timers->count < timers->size);
            rise(timers, timers->count++, node);
        } else {
            settle(timers, node->slot - 1, node);
        }
        return;
    }
    if (node->slot == 0) return;
    size_t hole = node->slot - 1;
    node->slot = 0;
    gw_timers_node *last = timers->heap[--timers->count];
    if (last != node) settle(timers, hole, last);
}

gw_timers_node *gw_timers_first(const gw_timers *timers) {
    return timers->count > 0 ? timers->heap[0] : NULL;
}
