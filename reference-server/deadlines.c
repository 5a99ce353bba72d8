/* A 4-ary heap. Pure. */
#include "reference-server/deadlines.h"

#include <assert.h>
#include <stdlib.h>

enum { CHILDREN = 4 };

void gw_deadlines_deinit(gw_deadlines *deadlines) {
    free(deadlines->heap);
    *deadlines = (gw_deadlines){0};
}

gw_status gw_deadlines_reserve(gw_deadlines *deadlines, size_t count) {
    if (count <= deadlines->size) return GW_OK;
    size_t size = deadlines->size ? deadlines->size * 2 : 64;
    if (size < count) size = count;
    gw_deadlines_node **heap = realloc(deadlines->heap, size * sizeof *heap);
    if (!heap) return GW_ERR_NOMEM;
    deadlines->heap = heap;
    deadlines->size = size;
    return GW_OK;
}

static void place(gw_deadlines *deadlines, size_t i, gw_deadlines_node *node) {
    deadlines->heap[i] = node;
    node->slot = (uint32_t)i + 1;
}

static void rise(gw_deadlines *deadlines, size_t i, gw_deadlines_node *node) {
    for (; i > 0; i = (i - 1) / CHILDREN) {
        gw_deadlines_node *parent = deadlines->heap[(i - 1) / CHILDREN];
        if (parent->at <= node->at) break;
        place(deadlines, i, parent);
    }
    place(deadlines, i, node);
}

static void sink(gw_deadlines *deadlines, size_t i, gw_deadlines_node *node) {
    for (;;) {
        size_t first = i * CHILDREN + 1, least = first;
        if (first >= deadlines->count) break;
        for (size_t c = first + 1; c < first + CHILDREN && c < deadlines->count; c++)
            if (deadlines->heap[c]->at < deadlines->heap[least]->at) least = c;
        if (deadlines->heap[least]->at >= node->at) break;
        place(deadlines, i, deadlines->heap[least]);
        i = least;
    }
    place(deadlines, i, node);
}

static void settle(gw_deadlines *deadlines, size_t i, gw_deadlines_node *node) {
    if (i > 0 && deadlines->heap[(i - 1) / CHILDREN]->at > node->at)
        rise(deadlines, i, node);
    else
        sink(deadlines, i, node);
}

void gw_deadlines_set(gw_deadlines *deadlines, gw_deadlines_node *node, gw_ns at) {
    node->at = at;
    if (at != GW_NEVER) {
        if (node->slot == 0) {
            assert(deadlines->count < deadlines->size);
            rise(deadlines, deadlines->count++, node);
        } else {
            settle(deadlines, node->slot - 1, node);
        }
        return;
    }
    if (node->slot == 0) return;
    size_t hole = node->slot - 1;
    node->slot = 0;
    gw_deadlines_node *last = deadlines->heap[--deadlines->count];
    if (last != node) settle(deadlines, hole, last);
}

gw_deadlines_node *gw_deadlines_first(const gw_deadlines *deadlines) {
    return deadlines->count > 0 ? deadlines->heap[0] : NULL;
}
