/* The heartbeat model: what its files share. Floor 2, private to heartbeat*.c.
 *
 *   heartbeat.c        the table of states and inputs, and what each input changes
 *   heartbeat_due.c    deadlines
 *   heartbeat_judge.c  violations
 *   heartbeat_read.c   from packets to inputs
 */
#ifndef GW_PROTOCOL_HEARTBEAT_INTERNAL_H
#define GW_PROTOCOL_HEARTBEAT_INTERNAL_H

#include "protocol/heartbeat.h"

typedef struct gw_heartbeat_context {
    gw_heartbeat *h;
    const gw_heartbeat_input *in;
    gw_violation_sink sink;
} gw_heartbeat_context;

static inline const gw_heartbeat_rules *heartbeat_rules(const gw_heartbeat *h) {
    return &h->protocol->heartbeat;
}
static inline const gw_beat *heartbeat_peer_rule(const gw_heartbeat *h) {
    return &heartbeat_rules(h)->beat[h->peer];
}
/* What we ask and the peer answers. */
static inline const gw_question *heartbeat_own_question(const gw_heartbeat *h) {
    return &heartbeat_rules(h)->question[gw_role_other(h->peer)];
}
static inline const gw_question *heartbeat_peer_question(const gw_heartbeat *h) {
    return &heartbeat_rules(h)->question[h->peer];
}
/* The connection waits for the client's first message, to which hello is the answer. */
static inline bool heartbeat_awaits_greeting(const gw_heartbeat *h) {
    const gw_greeting *g = &heartbeat_rules(h)->greeting;
    return g->send && !g->after_hello && h->greeted == GW_NEVER;
}

bool heartbeat_severity(gw_requirement_level level, gw_severity *out);
void heartbeat_check_time(const gw_heartbeat_context *c);
void heartbeat_judge_again(const gw_heartbeat_context *c);
void heartbeat_judge_early(const gw_heartbeat_context *c);
void heartbeat_judge_no_hello(const gw_heartbeat_context *c);
void heartbeat_judge_drop(const gw_heartbeat_context *c);
/* The answer that came to the oldest question of ours. */
void heartbeat_judge_answer(const gw_heartbeat_context *c);
void heartbeat_judge_fast(const gw_heartbeat_context *c);
void heartbeat_judge_sequence(const gw_heartbeat_context *c);
void heartbeat_pop_ask(gw_heartbeat *h);

#endif
