/* Deadlines of many connections: a heap of nodes that their owners embed. Pure. */
#ifndef GW_DEADLINES_H
#define GW_DEADLINES_H

#include "base/time.h"

typedef struct gw_deadlines_node {
    gw_ns at;
    uint32_t slot; /* 1 + place in the heap; 0: not in it */
} gw_deadlines_node;

typedef struct gw_deadlines {
    gw_deadlines_node **heap; /* owned; four children a node, so that a step touches one cache line */
    size_t count, size;
} gw_deadlines;

void gw_deadlines_deinit(gw_deadlines *deadlines);
/* Room for `count` nodes at once, so that gw_deadlines_set cannot fail. GW_ERR_NOMEM. */
gw_status gw_deadlines_reserve(gw_deadlines *deadlines, size_t count);
/* Puts the node at this time, or takes it out at GW_NEVER. There is room for it. */
void gw_deadlines_set(gw_deadlines *deadlines, gw_deadlines_node *node, gw_ns at);
/* The node that is due first, or NULL. Nodes of equal time come in an order that depends on the calls alone. */
gw_deadlines_node *gw_deadlines_first(const gw_deadlines *deadlines);

#endif
