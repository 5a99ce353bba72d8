/* Floor 2: the heartbeat model's deadlines, from the description's expressions. Judges nothing. */
#include "protocol/heartbeat_internal.h"

/* Beyond the last moment that conforms strictly, where no interval says how long a lax one may take. */
#define LAX GW_S

gw_expr_env gw_heartbeat_env(const gw_heartbeat *heartbeat) {
    return heartbeat->env;
}

static gw_ns positive(gw_ns time) {
    return time > 0 ? time : 0;
}

static gw_ns earlier(gw_ns a, gw_ns b) {
    return a < b ? a : b;
}

/* One window in which the peer drops us: from base + wait - eps to base + wait + slack + eps. */
static void add_window(const gw_heartbeat *h, gw_ns base, gw_ns wait, gw_ns slack, gw_heartbeat_deadlines *d) {
    if (base == GW_NEVER || wait == GW_NEVER) return;
    gw_ns first = gw_time_add(base, positive(wait)), last = gw_time_add(first, slack);
    gw_ns lax = gw_time_add(last, h->interval > 0 ? h->interval : LAX);
    d->drop_earliest = earlier(d->drop_earliest, first == GW_NEVER ? first : first - h->eps);
    d->drop = earlier(d->drop, gw_time_add(last, h->eps));
    d->drop_non_strict = earlier(d->drop_non_strict, gw_time_add(lax, h->eps));
}

static void due_before_hello(const gw_heartbeat *h, gw_heartbeat_deadlines *d) {
    const gw_heartbeat_rules *r = heartbeat_rules(h);
    bool greeting = r->greeting.send && !r->greeting.after_hello;
    if (heartbeat_awaits_greeting(h)) {
        if (!r->greeting.within) return;
        if (h->peer == GW_ROLE_CLIENT) {
            d->greeting = gw_time_add(h->opened, r->greeting.within);
            if (!h->hello_never) d->next_tick = gw_time_add(d->greeting, 1);
            return;
        }
        add_window(h, h->opened, r->greeting.within, 0, d);
        d->own_greeting = d->drop_earliest;
        if (!h->drop_missed) d->next_tick = gw_time_add(d->drop_non_strict, 1);
        return;
    }
    if (h->peer != GW_ROLE_SERVER) return;
    gw_ns base = greeting ? h->greeted : h->opened;
    d->hello = gw_time_add(base, r->hello_strict);
    d->hello_non_strict = gw_time_add(base, r->hello_non_strict);
    if (!h->hello_never) d->next_tick = gw_time_add(d->hello_non_strict, 1);
}

static gw_ns next_peer_beat(const gw_heartbeat *h) {
    const gw_beat *rule = heartbeat_peer_rule(h);
    if (!rule->send || rule->level == GW_REQUIREMENT_MAY || h->peer_base == GW_NEVER) return GW_NEVER;
    const gw_expr *every = rule->first && h->peer_beats == 0 ? rule->first : rule->every;
    return gw_time_add(h->peer_base, gw_time_add(positive(gw_expr_eval(every, h->env)), h->eps));
}

static void due_live(const gw_heartbeat *h, gw_heartbeat_deadlines *d) {
    const gw_heartbeat_rules *r = heartbeat_rules(h);
    const gw_question *own = heartbeat_own_question(h), *peer = heartbeat_peer_question(h);
    gw_ns next = GW_NEVER;
    if (h->ask_count) {
        gw_ns asked = h->asks[h->ask_first];
        d->answer = gw_time_add(asked, positive(gw_expr_eval(own->strict, h->env)));
        d->answer_non_strict = gw_time_add(asked, positive(gw_expr_eval(own->non_strict, h->env)));
        if (d->answer_non_strict < d->answer) d->answer_non_strict = d->answer;
        next = d->answer_non_strict;
    }
    d->own_answer = h->own_ask_due;
    if (h->interval > 0) {
        d->peer_beat = next_peer_beat(h);
        gw_ns wait = r->drop                              ? gw_expr_eval(r->drop, h->env)
                     : h->interval > GW_NEVER / r->misses ? GW_NEVER
                                                          : h->interval * r->misses;
        if (gw_protocol_drops_silent(h->protocol, h->peer))
            add_window(h, h->own_base, wait, r->scope_server ? h->interval : 0, d);
        d->own_beat = d->drop_earliest;
    }
    if (peer->timeout && (h->interval > 0 || !(gw_expr_uses_interval(peer->timeout))))
        add_window(h, h->own_ask_at, gw_expr_eval(peer->timeout, h->env), 0, d);
    if (!h->cadence_missed) next = earlier(next, d->peer_beat);
    if (!h->drop_missed) next = earlier(next, d->drop_non_strict);
    d->next_tick = gw_time_add(next, 1);
}

gw_heartbeat_deadlines gw_heartbeat_due(const gw_heartbeat *h) {
    gw_heartbeat_deadlines d = {GW_NEVER, GW_NEVER, GW_NEVER, GW_NEVER, GW_NEVER, GW_NEVER, GW_NEVER,
                                GW_NEVER, GW_NEVER, GW_NEVER, GW_NEVER, GW_NEVER, GW_NEVER};
    if (h->state == GW_HEARTBEAT_ENDED || !heartbeat_rules(h)->hello) return d;
    if (h->state == GW_HEARTBEAT_WAITING)
        due_before_hello(h, &d);
    else
        due_live(h, &d);
    return d;
}
