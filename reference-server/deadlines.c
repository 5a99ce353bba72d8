/* A 4-ary heap. Pure. */
#include "reference-server/deadlines.h"

#include <assert.h>
#include <stdlib.h>

enum { CHILDREN = 4 };

void gw_deadlines_deinit(gw_deadlines *timers) {
    free(timers->heap);
    *timers = (gw_deadlines){0};
}

gw_status gw_deadlines_reserve(gw_deadlines *timers, size_t count) {
    if (count <= timers->size) return GW_OK;
    size_t size = timers->size ? timers->size * 2 : 64;
    if (size < count) size = count;
    gw_deadlines_node **heap = realloc(timers->heap, size * sizeof *heap);
    if (!heap) return GW_ERR_NOMEM;
    timers->heap = heap;
    timers->size = size;
    return GW_OK;
}

static void place(gw_deadlines *timers, size_t i, gw_deadlines_node *node) {
    timers->heap[i] = node;
    node->slot = (uint32_t)i + 1;
}

static void rise(gw_deadlines *timers, size_t i, gw_deadlines_node *node) {
    for (; i > 0; i = (i - 1) / CHILDREN) {
        gw_deadlines_node *parent = timers->heap[(i - 1) / CHILDREN];
        if (parent->at <= node->at) break;
        place(timers, i, parent);
    }
    place(timers, i, node);
}

static void sink(gw_deadlines *timers, size_t i, gw_deadlines_node *node) {
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

static void settle(gw_deadlines *timers, size_t i, gw_deadlines_node *node) {
    if (i > 0 && timers->heap[(i - 1) / CHILDREN]->at > node->at)
        rise(timers, i, node);
    else
        sink(timers, i, node);
}

void gw_deadlines_set(gw_deadlines *timers, gw_deadlines_node *node, gw_ns at) {
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
    gw_deadlines_node *last = timers->heap[--timers->count];
    if (last != node) settle(timers, hole, last);
}

gw_deadlines_node *gw_deadlines_first(const gw_deadlines *timers) {
    return timers->count > 0 ? timers->heap[0] : NULL;
}
