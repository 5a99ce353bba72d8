/* Floor 2: what the heartbeat model says of a peer that is late, early, silent or wrong. Changes nothing but what was
 * said already. */
#include "protocol/heartbeat_internal.h"

#include <stdio.h>

/* Beats sooner than min_gap that count as absurd: one or two may be answers or jitter. */
enum { FAST_BEATS = 8 };

static double ms(gw_ns t) {
    return (double)t / (double)GW_MS;
}

/* expected: "... within %.1f ms"; observed: what came, and how long after `since`. */
static void emit(const gw_heartbeat_context *c, gw_rule rule, gw_severity severity, const char *expected,
                 const char *observed, gw_ns since) {
    gw_violation_emit(c->sink, gw_protocol_rule(c->h->protocol, c->h->peer, rule), severity, 0, c->in->at, expected,
                      "%s after %.1f ms", observed, ms(c->in->at - since));
}

bool heartbeat_severity(gw_requirement_level level, gw_severity *out) {
    *out = level == GW_REQUIREMENT_MUST ? GW_SEVERITY_FAIL : GW_SEVERITY_NON_STRICT;
    return level == GW_REQUIREMENT_MUST || level == GW_REQUIREMENT_SHOULD;
}

static gw_requirement_level knob_level(const gw_protocol *protocol, gw_knob knob) {
    return gw_knobs_is(&protocol->knobs, knob, "must")     ? GW_REQUIREMENT_MUST
           : gw_knobs_is(&protocol->knobs, knob, "should") ? GW_REQUIREMENT_SHOULD
                                                           : GW_REQUIREMENT_MAY;
}

/* ---- Time that passed ---- */

static void check_greeting(const gw_heartbeat_context *c, const gw_heartbeat_deadlines *d) {
    gw_heartbeat *h = c->h;
    char expected[96];
    if (h->hello_never || c->in->at <= d->greeting) return;
    h->hello_never = true;
    snprintf(expected, sizeof expected, "%.40s within %.1f ms of the handshake",
             heartbeat_rules(h)->greeting.send->name, ms(d->greeting - h->opened));
    emit(c, GW_RULE_HELLO_FIRST, GW_SEVERITY_FAIL, expected,
         c->in->kind == GW_HEARTBEAT_GREETING_IN ? "it came" : "none came", h->opened);
}

static void check_hello(const gw_heartbeat_context *c, const gw_heartbeat_deadlines *d) {
    gw_heartbeat *h = c->h;
    char expected[96];
    bool came = c->in->kind == GW_HEARTBEAT_HELLO_IN, late = c->in->at > d->hello_non_strict;
    if (h->hello_never || (!late && !(came && c->in->at > d->hello))) return;
    bool answers = h->greeted != GW_NEVER;
    snprintf(expected, sizeof expected, "hello within %.1f ms of the %s", ms(heartbeat_rules(h)->hello_strict),
             answers ? "greeting" : "handshake");
    h->hello_never = late;
    emit(c, GW_RULE_HELLO_FIRST, late ? GW_SEVERITY_FAIL : GW_SEVERITY_NON_STRICT, expected,
         came ? "it came" : "none came", answers ? h->greeted : h->opened);
}

static void check_cadence(const gw_heartbeat_context *c, const gw_heartbeat_deadlines *d) {
    gw_heartbeat *h = c->h;
    const gw_beat *rule = heartbeat_peer_rule(h);
    gw_severity severity;
    char expected[96];
    bool came = c->in->kind == GW_HEARTBEAT_BEAT_IN;
    if (h->cadence_missed || c->in->at <= d->peer_beat || !heartbeat_severity(rule->level, &severity)) return;
    h->cadence_missed = true;
    snprintf(expected, sizeof expected, "%.40s within I + eps = %.1f ms of the %s", rule->send->name,
             ms(d->peer_beat - h->peer_base), h->peer_beats ? "last one" : "start of the timer");
    emit(c, GW_RULE_CADENCE, severity, expected, came ? "it came" : "none came", h->peer_base);
}

/* What our silence is counted from. */
static gw_ns silent_since(const gw_heartbeat *h) {
    if (h->state == GW_HEARTBEAT_WAITING) return h->opened;
    if (gw_protocol_drops_silent(h->protocol, h->peer) && h->own_base != GW_NEVER) return h->own_base;
    return h->own_ask_at != GW_NEVER ? h->own_ask_at : h->own_base != GW_NEVER ? h->own_base : h->hello_at;
}

static void check_drop(const gw_heartbeat_context *c, const gw_heartbeat_deadlines *d) {
    gw_heartbeat *h = c->h;
    char expected[128];
    if (h->drop_missed || c->in->at <= d->drop) return;
    bool late = c->in->at > d->drop_non_strict, dropped = c->in->kind == GW_HEARTBEAT_DROP_IN;
    bool spoke = c->in->kind == GW_HEARTBEAT_BEAT_OUT || c->in->kind == GW_HEARTBEAT_ANSWER_OUT ||
                 (h->state == GW_HEARTBEAT_WAITING && c->in->kind == GW_HEARTBEAT_GREETING_OUT);
    if (!late && !spoke && !dropped) return;
    h->drop_missed = true;
    gw_ns since = silent_since(h);
    snprintf(expected, sizeof expected, "a silent side is dropped %.1f to %.1f ms after its last heartbeat",
             ms(d->drop_earliest - since), ms(d->drop - since));
    emit(c, GW_RULE_TIMEOUT, late ? GW_SEVERITY_FAIL : GW_SEVERITY_NON_STRICT, expected,
         dropped ? "dropped" : "still open", since);
}

/* ---- Answers ---- */

void heartbeat_pop_ask(gw_heartbeat *h) {
    h->ask_first = (h->ask_first + 1) % GW_HEARTBEAT_MAX_ASKS;
    h->ask_count--;
}

static void judge_answer(const gw_heartbeat_context *c, bool came) {
    const gw_heartbeat *h = c->h;
    const gw_question *q = heartbeat_own_question(h);
    gw_ns asked = h->asks[h->ask_first], strict = gw_expr_eval(q->strict, h->env);
    bool by_knob = h->peer == GW_ROLE_SERVER && q->by_knob;
    gw_severity severity;
    char expected[128];
    if (came && c->in->at - asked <= strict) return;
    if (!heartbeat_severity(by_knob ? knob_level(h->protocol, GW_KNOB_CLIENT_MAY_ASK) : q->level, &severity)) return;
    if (c->in->at - asked <= gw_expr_eval(q->non_strict, h->env)) severity = GW_SEVERITY_NON_STRICT;
    snprintf(expected, sizeof expected, "%.40s within %.1f ms of %.40s", q->answer->name, ms(strict), q->event->name);
    emit(c, GW_RULE_ANSWER, severity, expected, came ? "it came" : "none came", asked);
}

/* What it repeats is of this question, or of a later one of ours: answers may overtake nothing, but one may be missing.
 */
static void judge_echo(const gw_heartbeat_context *c) {
    const gw_heartbeat *h = c->h;
    const gw_question *q = heartbeat_own_question(h);
    char expected[192];
    bool known = false, asked = false;
    for (uint32_t i = 0; i < h->ask_count; i++) {
        uint64_t echo = h->echoes[(h->ask_first + i) % GW_HEARTBEAT_MAX_ASKS];
        known |= echo == c->in->echo;
        asked |= echo != 0;
    }
    if (known || !asked || !q->echo_to.text) return;
    snprintf(expected, sizeof expected, "%.40s repeats what %.40s said%s%.30s", q->answer->name, q->event->name,
             q->echo_to.text[0] ? " at " : "", q->echo_to.text);
    emit(c, GW_RULE_HEARTBEAT_SHAPE, GW_SEVERITY_FAIL, expected, c->in->echo ? "it says something else" : "it does not",
         h->asks[h->ask_first]);
}

void heartbeat_judge_answer(const gw_heartbeat_context *c) {
    judge_answer(c, true);
    if (c->in->echo_known) judge_echo(c);
}

/* Questions whose last deadline passed; one that the present input answers too late is told apart. */
static void check_asks(const gw_heartbeat_context *c) {
    gw_heartbeat *h = c->h;
    while (h->ask_count && c->in->at > gw_heartbeat_due(h).answer_non_strict) {
        judge_answer(c, false);
        heartbeat_pop_ask(h);
    }
}

void heartbeat_check_time(const gw_heartbeat_context *c) {
    gw_heartbeat_deadlines d = gw_heartbeat_due(c->h);
    check_greeting(c, &d);
    check_hello(c, &d);
    if (c->h->state == GW_HEARTBEAT_LIVE) {
        check_asks(c);
        check_cadence(c, &d);
    }
    check_drop(c, &d);
}

/* ---- Messages ---- */

void heartbeat_judge_again(const gw_heartbeat_context *c) {
    gw_severity severity;
    if (c->h->peer != GW_ROLE_SERVER || !heartbeat_severity(knob_level(c->h->protocol, GW_KNOB_HELLO_ONCE), &severity))
        return;
    emit(c, GW_RULE_HELLO_ONCE, severity, "one hello in a connection", "a second one came", c->h->hello_at);
}

void heartbeat_judge_early(const gw_heartbeat_context *c) {
    if (c->h->peer != GW_ROLE_SERVER || c->h->early_event || !heartbeat_rules(c->h)->hello_first) return;
    c->h->early_event = true;
    emit(c, GW_RULE_HELLO_FIRST, GW_SEVERITY_FAIL, "hello before any other message",
         gw_heartbeat_input_word(c->in->kind), c->h->opened);
}

void heartbeat_judge_fast(const gw_heartbeat_context *c) {
    gw_heartbeat *h = c->h;
    const gw_beat *rule = heartbeat_peer_rule(h);
    gw_severity severity;
    bool any_time = h->peer_beats == 0 && (rule->jitter || heartbeat_rules(h)->scope_server);
    bool fast = !any_time && rule->min_gap && h->interval && h->peer_base != GW_NEVER &&
                c->in->at - h->peer_base < gw_expr_eval(rule->min_gap, h->env);
    h->fast_beats = fast ? h->fast_beats + 1 : 0;
    if (h->fast_beats != FAST_BEATS || h->fast_reported || !heartbeat_severity(rule->level, &severity)) return;
    h->fast_reported = true;
    emit(c, GW_RULE_CADENCE, severity, "heartbeats about every I", "one more, the eighth in a row far too soon,",
         h->peer_base);
}

/* A heartbeat may have crossed with messages of ours: what was sent before the last one must be in it. */
void heartbeat_judge_sequence(const gw_heartbeat_context *c) {
    gw_heartbeat *h = c->h;
    char expected[96];
    bool ok = c->in->value == GW_HEARTBEAT_VALUE_UNKNOWN;
    if (c->in->value == GW_HEARTBEAT_VALUE_NULL) ok = !h->had_sequence;
    if (c->in->value == GW_HEARTBEAT_VALUE_NUMBER)
        ok = h->has_sequence && c->in->value_number <= h->sequence &&
             (!h->had_sequence || c->in->value_number >= h->sequence_low);
    if (!ok) {
        if (h->has_sequence)
            snprintf(expected, sizeof expected, "the last sequence number, %lld", (long long)h->sequence);
        else
            snprintf(expected, sizeof expected, "null, since no sequence number was sent");
        emit(c, GW_RULE_HEARTBEAT_SHAPE, GW_SEVERITY_FAIL, expected, "a heartbeat with another",
             h->peer_base == GW_NEVER ? h->hello_at : h->peer_base);
    }
    h->had_sequence = h->has_sequence;
    h->sequence_low = h->sequence;
}

/* ---- Ends ---- */

/* How the connection ended after a silence of ours. */
static void judge_manner(const gw_heartbeat_context *c, bool by_close, bool by_drop, const gw_codes *codes) {
    bool ok = c->in->by_close ? by_close && gw_codes_has(codes, c->in->code) : by_drop;
    char observed[64];
    if (ok) return;
    if (c->in->by_close)
        snprintf(observed, sizeof observed, "a Close frame with code %u came", c->in->code);
    else
        snprintf(observed, sizeof observed, "the connection ended without a Close frame");
    emit(c, GW_RULE_TIMEOUT, GW_SEVERITY_FAIL,
         by_close ? "an end by a Close frame with a code that the protocol names" : "an end without a Close frame",
         observed, silent_since(c->h));
}

static void emit_groundless(const gw_heartbeat_context *c, const gw_heartbeat_deadlines *d) {
    const gw_heartbeat *h = c->h;
    char expected[96];
    gw_ns since = silent_since(h);
    if (d->drop_earliest == GW_NEVER)
        snprintf(expected, sizeof expected, "the connection stays open while every %.40s is answered",
                 heartbeat_peer_question(h)->event->name);
    else
        snprintf(expected, sizeof expected, "the connection stays open for %.1f ms after %s",
                 ms(d->drop_earliest - since), h->own_beats ? "a heartbeat" : "the start of the timer");
    bool spoke = h->own_beats || d->drop_earliest == GW_NEVER;
    emit(c, spoke ? GW_RULE_KEEP_ALIVE : GW_RULE_TIMEOUT, GW_SEVERITY_FAIL, expected, "dropped", since);
}

void heartbeat_judge_drop(const gw_heartbeat_context *c) {
    const gw_heartbeat *h = c->h;
    const gw_heartbeat_rules *r = heartbeat_rules(h);
    gw_heartbeat_deadlines d = gw_heartbeat_due(h);
    if (c->in->at >= d.drop_earliest || c->in->at <= h->crossed) {
        judge_manner(c, r->ends_by_close, r->ends_by_drop, &r->codes);
        return;
    }
    bool drops = d.drop_earliest != GW_NEVER || (heartbeat_peer_question(h)->timeout && h->interval > 0);
    if (!drops) return; /* the protocol does not say who may leave when */
    bool asked = h->own_ask_due != GW_NEVER && c->in->at > h->own_ask_due;
    if (!asked || heartbeat_peer_question(h)->timeout)
        emit_groundless(c, &d);
    else if (gw_knobs_is(&h->protocol->knobs, GW_KNOB_UNANSWERED_ASK, "stays"))
        emit(c, GW_RULE_UNANSWERED_ASK, GW_SEVERITY_FAIL, "who beats in time stays, though an ask went unanswered",
             "dropped", silent_since(h));
}

void heartbeat_judge_no_hello(const gw_heartbeat_context *c) {
    const gw_heartbeat *h = c->h;
    if (h->peer != GW_ROLE_SERVER || h->hello_never) return;
    if (!heartbeat_awaits_greeting(h)) {
        emit(c, GW_RULE_HELLO_FIRST, GW_SEVERITY_FAIL, "hello", "the connection ended without one", h->opened);
        return;
    }
    gw_heartbeat_deadlines d = gw_heartbeat_due(h);
    if (c->in->at < d.drop_earliest)
        emit(c, GW_RULE_HELLO_FIRST, GW_SEVERITY_FAIL, "the connection stays open for the client's first message",
             "dropped", h->opened);
    else
        judge_manner(c, true, heartbeat_rules(h)->greeting.late.count == 0, &heartbeat_rules(h)->greeting.late);
}
