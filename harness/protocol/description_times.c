/* Floor 2: the times that a description gives: what I, eps, T, D, Dmax and G are on a connection. Knows no clock. */
#include "protocol/description.h"

static gw_ns clamp(double time) {
    if (!(time > 0)) return 0;
    return time < (double)(GW_NEVER / 4) ? (gw_ns)time : GW_NEVER / 4;
}

static gw_ns times(gw_ns time, uint32_t n) {
    return n && time > GW_NEVER / n ? GW_NEVER : time * n;
}

bool gw_protocol_drops_silent(const gw_protocol *protocol, gw_role peer) {
    const gw_heartbeat_rules *h = &protocol->heartbeat;
    const gw_beat *own = &h->beat[gw_role_other(peer)];
    return (h->miss_by & (peer == GW_ROLE_SERVER ? GW_FROM_SERVER : GW_FROM_CLIENT)) && own->send &&
           own->level != GW_REQUIREMENT_MAY;
}

static bool has_interval(const gw_heartbeat_rules *h) {
    return h->interval.field.text || h->interval.constant;
}

/* When `peer` drops who is silent from hello on: for want of a beat, or of an answer to the question of its own that
 * comes with its first beat. */
static void set_drop(const gw_protocol *protocol, gw_role peer, gw_expr_env *env) {
    const gw_heartbeat_rules *h = &protocol->heartbeat;
    const gw_question *q = &h->question[peer];
    env->drop = env->drop_max = GW_NEVER;
    if (!h->hello || env->interval <= 0) return;
    if (gw_protocol_drops_silent(protocol, peer)) {
        env->drop = h->drop ? gw_expr_eval(h->drop, *env) : times(env->interval, h->misses);
        env->drop_max = h->scope_server ? gw_time_add(env->drop, env->interval) : env->drop;
    }
    if (!q->event || !q->timeout || q->event != h->beat[peer].send) return;
    gw_ns wait = gw_expr_eval(q->timeout, *env), asked = gw_expr_eval(h->beat[peer].every, *env);
    gw_ns latest = gw_time_add(asked, wait), soonest = latest;
    if (h->scope_server || h->beat[peer].jitter) soonest = wait; /* its first beat may come at once */
    if (soonest < env->drop) env->drop = soonest;
    if (latest < env->drop_max) env->drop_max = latest;
}

gw_expr_env gw_protocol_env(const gw_protocol *protocol, gw_role peer, gw_ns interval, gw_ns timeout,
                            double eps_scale) {
    const gw_heartbeat_rules *h = &protocol->heartbeat;
    gw_expr_env env = {.interval = interval > 0 ? interval : 0, .timeout = timeout > 0 ? timeout : 0};
    gw_ns eps = h->eps ? gw_expr_eval(h->eps, env) : 50 * GW_MS;
    env.eps = clamp((double)eps * eps_scale);
    env.greeting = h->greeting.send && h->greeting.within ? h->greeting.within : GW_NEVER;
    set_drop(protocol, peer, &env);
    if (h->hello && !has_interval(h)) env.interval = GW_NEVER; /* no time is as long as one that never ends */
    if (h->hello && !h->timeout.field.text && !h->timeout.constant) env.timeout = GW_NEVER;
    return env;
}

const char *gw_protocol_lacks_time(const gw_protocol *protocol, gw_role peer, unsigned symbols) {
    const gw_heartbeat_rules *h = &protocol->heartbeat;
    const gw_expr_env env = gw_protocol_env(protocol, peer, GW_S, GW_S, 1.0);
    if ((symbols & GW_EXPR_I) && !has_interval(h)) return "no interval";
    if ((symbols & GW_EXPR_T) && !h->timeout.field.text && !h->timeout.constant)
        return "no timeout beside its interval";
    if ((symbols & (GW_EXPR_D | GW_EXPR_DMAX)) && (!has_interval(h) || env.drop == GW_NEVER))
        return peer == GW_ROLE_SERVER ? "no server that drops a silent client"
                                      : "no client that leaves a silent server";
    if ((symbols & GW_EXPR_G) && env.greeting == GW_NEVER) return "no time for the client's first message";
    return NULL;
}
