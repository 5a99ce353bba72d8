/* Floor 2: the heartbeat model. One table says what each input does in each state; `step` alone changes the state.
 * Knows no clock, no bytes and no connection. */
#include "protocol/heartbeat.h"

#include <stdio.h>
#include <string.h>

/* Beats sooner than min_gap that count as absurd: one or two may be answers or jitter. */
enum { FAST_BEATS = 8 };

/* What an input does, in this order. */
enum {
    CHECK_TIME = 1 << 0, /* deadlines that passed before it */
    EARLY = 1 << 1,      /* a message before hello */
    START = 1 << 2,      /* hello: timers begin */
    AGAIN = 1 << 3,      /* a second hello */
    PEER_BEAT = 1 << 4,  /* the peer's heartbeat, which also answers our oldest ask */
    OWN_BEAT = 1 << 5,   /* our heartbeat, which also answers the peer's ask */
    OWN_ASK = 1 << 6,    /* we asked */
    PEER_ASK = 1 << 7,   /* the peer asked */
    DROPPED = 1 << 8,    /* the peer dropped us */
    NO_HELLO_DROP = 1 << 9
};

typedef struct transition {
    gw_heartbeat_state next;
    unsigned effects;
} transition;

#define ROW(input, state, effects) [GW_HEARTBEAT_##input] = {GW_HEARTBEAT_##state, effects}

static const transition table[3][GW_HEARTBEAT_INPUT_COUNT] = {
    [GW_HEARTBEAT_WAITING] =
        {
            ROW(HELLO_IN, LIVE, CHECK_TIME | START),
            ROW(HELLO_OUT, LIVE, CHECK_TIME | START),
            ROW(BEAT_IN, WAITING, CHECK_TIME | EARLY),
            ROW(BEAT_OUT, WAITING, CHECK_TIME),
            ROW(ASK_IN, WAITING, CHECK_TIME | EARLY),
            ROW(ASK_OUT, WAITING, CHECK_TIME),
            ROW(EVENT_IN, WAITING, CHECK_TIME | EARLY),
            ROW(EVENT_OUT, WAITING, CHECK_TIME),
            ROW(TICK, WAITING, CHECK_TIME),
            ROW(DROP_IN, ENDED, CHECK_TIME | NO_HELLO_DROP),
            ROW(END, ENDED, 0),
        },
    [GW_HEARTBEAT_LIVE] =
        {
            ROW(HELLO_IN, LIVE, CHECK_TIME | AGAIN | START),
            ROW(HELLO_OUT, LIVE, CHECK_TIME | START),
            ROW(BEAT_IN, LIVE, CHECK_TIME | PEER_BEAT),
            ROW(BEAT_OUT, LIVE, CHECK_TIME | OWN_BEAT),
            ROW(ASK_IN, LIVE, CHECK_TIME | PEER_ASK),
            ROW(ASK_OUT, LIVE, CHECK_TIME | OWN_ASK),
            ROW(EVENT_IN, LIVE, CHECK_TIME),
            ROW(EVENT_OUT, LIVE, CHECK_TIME),
            ROW(TICK, LIVE, CHECK_TIME),
            ROW(DROP_IN, ENDED, CHECK_TIME | DROPPED),
            ROW(END, ENDED, CHECK_TIME),
        },
    [GW_HEARTBEAT_ENDED] =
        {
            ROW(HELLO_IN, ENDED, 0),
            ROW(HELLO_OUT, ENDED, 0),
            ROW(BEAT_IN, ENDED, 0),
            ROW(BEAT_OUT, ENDED, 0),
            ROW(ASK_IN, ENDED, 0),
            ROW(ASK_OUT, ENDED, 0),
            ROW(EVENT_IN, ENDED, 0),
            ROW(EVENT_OUT, ENDED, 0),
            ROW(TICK, ENDED, 0),
            ROW(DROP_IN, ENDED, 0),
            ROW(END, ENDED, 0),
        },
};

#define INPUT_WORD(name, word) word,
static const char *const words[] = {GW_HEARTBEAT_INPUT_TABLE(INPUT_WORD)};
#undef INPUT_WORD

const char *gw_heartbeat_input_word(gw_heartbeat_input_kind kind) {
    return words[kind];
}

void gw_heartbeat_init(gw_heartbeat *heartbeat, const gw_protocol *protocol, gw_role peer, double eps_scale,
                       gw_ns opened) {
    *heartbeat = (gw_heartbeat){.protocol = protocol,
                                .peer = peer,
                                .eps_scale = eps_scale,
                                .state = GW_HEARTBEAT_WAITING,
                                .opened = opened,
                                .own_ask_due = GW_NEVER};
}

static const gw_heartbeat_rules *rules_of(const gw_heartbeat *h) {
    return &h->protocol->heartbeat;
}

static const gw_beat *peer_rule(const gw_heartbeat *h) {
    return &rules_of(h)->beat[h->peer];
}

static const gw_beat *own_rule(const gw_heartbeat *h) {
    return &rules_of(h)->beat[h->peer == GW_ROLE_SERVER ? GW_ROLE_CLIENT : GW_ROLE_SERVER];
}

gw_expr_env gw_heartbeat_env(const gw_heartbeat *heartbeat) {
    return (gw_expr_env){heartbeat->interval, heartbeat->eps};
}

/* ---- Deadlines ---- */

gw_heartbeat_deadlines gw_heartbeat_due(const gw_heartbeat *h) {
    const gw_heartbeat_rules *r = rules_of(h);
    gw_heartbeat_deadlines d = {GW_NEVER, GW_NEVER, GW_NEVER, GW_NEVER, GW_NEVER, GW_NEVER,
                                GW_NEVER, GW_NEVER, GW_NEVER, GW_NEVER, GW_NEVER};
    gw_ns next = GW_NEVER;
    if (h->state == GW_HEARTBEAT_ENDED || !r->hello) return d;
    if (h->state == GW_HEARTBEAT_WAITING) {
        if (h->peer != GW_ROLE_SERVER) return d;
        d.hello = gw_time_add(h->opened, r->hello_strict);
        d.hello_non_strict = gw_time_add(h->opened, r->hello_non_strict);
        if (!h->hello_never) d.next_tick = gw_time_add(d.hello_non_strict, 1);
        return d;
    }
    if (h->ask_count) {
        gw_ns asked = h->asks[h->ask_first];
        d.answer = gw_time_add(asked, r->answer_strict);
        d.answer_non_strict = gw_time_add(asked, r->answer_non_strict);
        next = d.answer_non_strict;
    }
    d.own_answer = h->own_ask_due;
    if (h->interval > 0) {
        gw_ns allowed = h->interval > GW_NEVER / (r->misses + 1) ? GW_NEVER : h->interval * r->misses;
        gw_ns longer = allowed == GW_NEVER ? GW_NEVER : allowed + h->interval;
        if (peer_rule(h)->send && peer_rule(h)->level != GW_REQUIREMENT_MAY)
            d.peer_beat = gw_time_add(h->peer_base, gw_time_add(h->interval, h->eps));
        if (own_rule(h)->send) {
            gw_ns end = gw_time_add(h->own_base, allowed);
            d.drop_earliest = end == GW_NEVER ? end : end - h->eps;
            d.own_beat = d.drop_earliest;
            d.drop = gw_time_add(end, h->eps);
            d.drop_non_strict = gw_time_add(h->own_base, gw_time_add(longer, h->eps));
        }
    }
    if (!h->cadence_missed && d.peer_beat < next) next = d.peer_beat;
    if (!h->drop_missed && d.drop_non_strict < next) next = d.drop_non_strict;
    d.next_tick = gw_time_add(next, 1);
    return d;
}

/* ---- Judging ---- */

typedef struct context {
    gw_heartbeat *h;
    const gw_heartbeat_input *in;
    gw_violation_sink sink;
} context;

static double ms(gw_ns t) {
    return (double)t / (double)GW_MS;
}

/* expected: "... within %.1f ms"; observed: what came, and how long after `since`. */
static void emit(const context *c, gw_rule rule, gw_severity severity, const char *expected, const char *observed,
                 gw_ns since) {
    gw_violation_emit(c->sink, gw_protocol_rule(c->h->protocol, c->h->peer, rule), severity, 0, c->in->at, expected,
                      "%s after %.1f ms", observed, ms(c->in->at - since));
}

static bool severity_of(gw_requirement_level level, gw_severity *out) {
    *out = level == GW_REQUIREMENT_MUST ? GW_SEVERITY_FAIL : GW_SEVERITY_NON_STRICT;
    return level == GW_REQUIREMENT_MUST || level == GW_REQUIREMENT_SHOULD;
}

static gw_requirement_level knob_level(const gw_protocol *protocol, gw_knob knob) {
    return gw_knobs_is(&protocol->knobs, knob, "must")     ? GW_REQUIREMENT_MUST
           : gw_knobs_is(&protocol->knobs, knob, "should") ? GW_REQUIREMENT_SHOULD
                                                           : GW_REQUIREMENT_MAY;
}

static void check_hello(const context *c, const gw_heartbeat_deadlines *d) {
    gw_heartbeat *h = c->h;
    char expected[96];
    bool came = c->in->kind == GW_HEARTBEAT_HELLO_IN, late = c->in->at > d->hello_non_strict;
    if (h->hello_never || (!late && !(came && c->in->at > d->hello))) return;
    snprintf(expected, sizeof expected, "hello within %.1f ms of the handshake", ms(rules_of(h)->hello_strict));
    h->hello_never = late;
    emit(c, GW_RULE_HELLO_FIRST, late ? GW_SEVERITY_FAIL : GW_SEVERITY_NON_STRICT, expected,
         came ? "it came" : "none came", h->opened);
}

static void check_cadence(const context *c, const gw_heartbeat_deadlines *d) {
    gw_heartbeat *h = c->h;
    gw_severity severity;
    char expected[96];
    bool came = c->in->kind == GW_HEARTBEAT_BEAT_IN;
    if (h->cadence_missed || c->in->at <= d->peer_beat || !severity_of(peer_rule(h)->level, &severity)) return;
    h->cadence_missed = true;
    snprintf(expected, sizeof expected, "%s within I + eps = %.1f ms of the %s", peer_rule(h)->send->name,
             ms(d->peer_beat - h->peer_base), h->peer_beats ? "last one" : "start of the timer");
    emit(c, GW_RULE_CADENCE, severity, expected, came ? "it came" : "none came", h->peer_base);
}

static void check_drop(const context *c, const gw_heartbeat_deadlines *d) {
    gw_heartbeat *h = c->h;
    char expected[96];
    if (h->drop_missed || c->in->at <= d->drop) return;
    bool late = c->in->at > d->drop_non_strict;
    bool beat = c->in->kind == GW_HEARTBEAT_BEAT_OUT, dropped = c->in->kind == GW_HEARTBEAT_DROP_IN;
    if (!late && !beat && !dropped) return;
    h->drop_missed = true;
    snprintf(expected, sizeof expected, "a silent side is dropped %.1f to %.1f ms after its last heartbeat",
             ms(d->drop_earliest - h->own_base), ms(d->drop - h->own_base));
    emit(c, GW_RULE_TIMEOUT, late ? GW_SEVERITY_FAIL : GW_SEVERITY_NON_STRICT, expected,
         dropped ? "dropped" : "still open", h->own_base);
}

static void pop_ask(gw_heartbeat *h) {
    h->ask_first = (h->ask_first + 1) % GW_HEARTBEAT_MAX_ASKS;
    h->ask_count--;
}

static bool answer_severity(const gw_heartbeat *h, gw_severity *out) {
    gw_requirement_level level = rules_of(h)->ask_level;
    if (h->peer == GW_ROLE_SERVER) level = knob_level(h->protocol, GW_KNOB_CLIENT_MAY_ASK);
    return severity_of(level, out);
}

static void judge_answer(const context *c, gw_ns asked, bool came) {
    const gw_heartbeat_rules *r = rules_of(c->h);
    gw_severity severity;
    char expected[96];
    if (came && c->in->at - asked <= r->answer_strict) return;
    if (!answer_severity(c->h, &severity)) return;
    if (c->in->at - asked <= r->answer_non_strict) severity = GW_SEVERITY_NON_STRICT;
    snprintf(expected, sizeof expected, "%s within %.1f ms of %s", r->answer->name, ms(r->answer_strict), r->ask->name);
    emit(c, GW_RULE_ANSWER, severity, expected, came ? "it came" : "none came", asked);
}

/* Asks whose last deadline passed; one that the present input answers too late is told apart. */
static void check_asks(const context *c) {
    gw_heartbeat *h = c->h;
    while (h->ask_count && c->in->at - h->asks[h->ask_first] > rules_of(h)->answer_non_strict) {
        judge_answer(c, h->asks[h->ask_first], false);
        pop_ask(h);
    }
}

static void check_time(const context *c) {
    gw_heartbeat_deadlines d = gw_heartbeat_due(c->h);
    check_hello(c, &d);
    if (c->h->state != GW_HEARTBEAT_LIVE) return;
    check_asks(c);
    check_cadence(c, &d);
    check_drop(c, &d);
}

/* ---- Effects ---- */

static void start(const context *c) {
    gw_heartbeat *h = c->h;
    const gw_heartbeat_rules *r = rules_of(h);
    h->hello_at = c->in->at;
    h->interval = c->in->interval > 0 ? c->in->interval : 0;
    h->eps = 0;
    if (h->interval) {
        double eps = (double)gw_expr_eval(r->eps, (gw_expr_env){h->interval, 0}) * h->eps_scale;
        h->eps = eps < 0 ? 0 : eps < (double)(GW_NEVER / 4) ? (gw_ns)eps : GW_NEVER / 4;
    }
    h->peer_base = h->own_base = r->starts_at_connect && h->state == GW_HEARTBEAT_WAITING ? h->opened : c->in->at;
    h->cadence_missed = h->drop_missed = false;
}

static void judge_again(const context *c) {
    gw_severity severity;
    if (c->h->peer != GW_ROLE_SERVER || !severity_of(knob_level(c->h->protocol, GW_KNOB_HELLO_ONCE), &severity)) return;
    emit(c, GW_RULE_HELLO_ONCE, severity, "one hello in a connection", "a second one came", c->h->hello_at);
}

static void judge_early(const context *c) {
    if (c->h->peer != GW_ROLE_SERVER || c->h->early_event) return;
    c->h->early_event = true;
    emit(c, GW_RULE_HELLO_FIRST, GW_SEVERITY_FAIL, "hello before any other message",
         gw_heartbeat_input_word(c->in->kind), c->h->opened);
}

static void take_peer_beat(const context *c) {
    gw_heartbeat *h = c->h;
    const gw_beat *rule = peer_rule(h);
    gw_severity severity;
    bool answers = h->ask_count > 0;
    if (answers) {
        judge_answer(c, h->asks[h->ask_first], true);
        pop_ask(h);
    }
    gw_ns gap = c->in->at - h->peer_base;
    bool fast = !answers && rule->min_gap && h->interval && gap < gw_expr_eval(rule->min_gap, gw_heartbeat_env(h));
    h->fast_beats = fast ? h->fast_beats + 1 : 0;
    if (h->fast_beats == FAST_BEATS && !h->fast_reported && severity_of(rule->level, &severity)) {
        h->fast_reported = true;
        emit(c, GW_RULE_CADENCE, severity, "heartbeats about every I", "one more, the eighth in a row far too soon,",
             h->peer_base);
    }
    h->peer_beats++;
    h->peer_base = c->in->at;
    h->cadence_missed = false;
}

static void take_own_beat(gw_heartbeat *h, gw_ns at) {
    h->own_beats++;
    h->own_base = at;
    h->own_ask_due = GW_NEVER;
    h->drop_missed = false;
}

static void take_own_ask(gw_heartbeat *h, gw_ns at) {
    if (h->ask_count == GW_HEARTBEAT_MAX_ASKS) return; /* judged by those that are pending already */
    h->asks[(h->ask_first + h->ask_count++) % GW_HEARTBEAT_MAX_ASKS] = at;
}

/* How the connection ended after a silence of ours. */
static void judge_manner(const context *c) {
    const gw_heartbeat_rules *r = rules_of(c->h);
    bool ok = c->in->by_close ? r->ends_by_close && gw_codes_has(&r->codes, c->in->code) : r->ends_by_drop;
    char observed[64];
    if (ok) return;
    if (c->in->by_close)
        snprintf(observed, sizeof observed, "a Close frame with code %u came", c->in->code);
    else
        snprintf(observed, sizeof observed, "the connection ended without a Close frame");
    emit(c, GW_RULE_TIMEOUT, GW_SEVERITY_FAIL,
         r->ends_by_close ? "an end by a Close frame with a code that the protocol names"
                          : "an end without a Close frame",
         observed, c->h->own_base);
}

static void judge_drop(const context *c) {
    gw_heartbeat *h = c->h;
    gw_heartbeat_deadlines d = gw_heartbeat_due(h);
    char expected[96];
    if (d.drop_earliest == GW_NEVER) return;
    if (c->in->at >= d.drop_earliest) {
        judge_manner(c);
        return;
    }
    if (h->own_ask_due != GW_NEVER && c->in->at > h->own_ask_due) {
        if (gw_knobs_is(&h->protocol->knobs, GW_KNOB_UNANSWERED_ASK, "stays"))
            emit(c, GW_RULE_UNANSWERED_ASK, GW_SEVERITY_FAIL, "who beats in time stays, though an ask went unanswered",
                 "dropped", h->own_base);
        return;
    }
    snprintf(expected, sizeof expected, "the connection stays open for %.1f ms after %s",
             ms(d.drop_earliest - h->own_base), h->own_beats ? "a heartbeat" : "the start of the timer");
    emit(c, h->own_beats ? GW_RULE_KEEP_ALIVE : GW_RULE_TIMEOUT, GW_SEVERITY_FAIL, expected, "dropped", h->own_base);
}

void gw_heartbeat_take(gw_heartbeat *heartbeat, const gw_heartbeat_input *input, gw_violation_sink sink) {
    gw_heartbeat *h = heartbeat;
    if (!rules_of(h)->hello) return;
    /* Only the server says hello; one from the wrong side is a matter of direction, not of time. */
    if (input->kind == (h->peer == GW_ROLE_SERVER ? GW_HEARTBEAT_HELLO_OUT : GW_HEARTBEAT_HELLO_IN)) return;
    transition t = table[h->state][input->kind];
    context c = {h, input, sink};
    if (t.effects & CHECK_TIME) check_time(&c);
    if (t.effects & EARLY) judge_early(&c);
    if (t.effects & AGAIN) judge_again(&c);
    if (t.effects & START) start(&c);
    if (t.effects & PEER_BEAT) take_peer_beat(&c);
    if (t.effects & OWN_BEAT) take_own_beat(h, input->at);
    if (t.effects & OWN_ASK) take_own_ask(h, input->at);
    if ((t.effects & PEER_ASK) && h->own_ask_due == GW_NEVER)
        h->own_ask_due = gw_time_add(input->at, rules_of(h)->answer_strict);
    if (t.effects & DROPPED) judge_drop(&c);
    if ((t.effects & NO_HELLO_DROP) && h->peer == GW_ROLE_SERVER && !h->hello_never)
        emit(&c, GW_RULE_HELLO_FIRST, GW_SEVERITY_FAIL, "hello", "the connection ended without one", h->opened);
    h->state = t.next;
}

gw_heartbeat_input_kind gw_heartbeat_classify(const gw_protocol *protocol, const gw_event *event, bool in) {
    const gw_heartbeat_rules *r = &protocol->heartbeat;
    if (!event || !r->hello) return in ? GW_HEARTBEAT_EVENT_IN : GW_HEARTBEAT_EVENT_OUT;
    if (event == r->hello) return in ? GW_HEARTBEAT_HELLO_IN : GW_HEARTBEAT_HELLO_OUT;
    if (gw_protocol_is_beat(protocol, event)) return in ? GW_HEARTBEAT_BEAT_IN : GW_HEARTBEAT_BEAT_OUT;
    if (event == r->ask) return in ? GW_HEARTBEAT_ASK_IN : GW_HEARTBEAT_ASK_OUT;
    return in ? GW_HEARTBEAT_EVENT_IN : GW_HEARTBEAT_EVENT_OUT;
}
