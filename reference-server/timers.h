/* Deadlines of many connections: a heap of nodes that their owners embed. Pure. */
#ifndef GW_TIMERS_H
#define GW_TIMERS_H

#include "base/time.h"

typedef struct gw_timers_node {
    gw_ns at;
    uint32_t slot; /* 1 + place in the heap; 0: not in it */
} gw_timers_node;

typedef struct gw_timers {
    gw_timers_node **heap; /* owned; four children a node, so that a step touches one cache line */
    size_t count, size;
} gw_timers;

void gw_timers_deinit(gw_timers *timers);
/* Room for `count` nodes at once, so that gw_timers_set cannot fail. GW_ERR_NOMEM. */
gw_status gw_timers_reserve(gw_timers *timers, size_t count);
/* Puts the node at this time, or takes it out at GW_NEVER. There is room for it. */
void gw_timers_set(gw_timers *timers, gw_timers_node *node, gw_ns at);
/* The node that is due first, or NULL. Nodes of equal time come in an order that depends on the calls alone. */
gw_timers_node *gw_timers_first(const gw_timers *timers);

#endif
