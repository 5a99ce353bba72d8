/* Floor 3: the canary. After anything that could have harmed the server a fresh connection must get hello; a negative
 * scenario whose server is dead, hangs or no longer accepts is a CRASH, never a pass. */
#include "scenario/engine_internal.h"

#include <stdio.h>

#define PONG_WITHIN (500 * GW_MS)

static const gw_client_spec canary_spec = {.name = "canary",
                                           .room = "canary",
                                           .participant = "canary",
                                           .heartbeat = GW_HEARTBEAT_OFF,
                                           .greet = true,
                                           .answer_asks = true,
                                           .answer_pings = true,
                                           .answer_close = true,
                                           .read = true};

const gw_client_spec *canary_client(void) {
    return &canary_spec;
}

bool canary_is_wanted(const gw_engine *e) {
    if (e->scenario->role == GW_ROLE_CLIENT && (!e->config.watches_client || e->exited)) return false;
    if (e->config.scenario->negative) return true;
    for (size_t i = 0; i < e->finding_count; i++)
        if (e->findings[i].verdict == GW_VERDICT_FAIL) return true;
    return false;
}

/* Does it look as if the client were dying? It says why, and its kernel ends its connections, before its process ends.
 */
static bool may_be_dying(const gw_engine *e) {
    for (size_t i = 0; i < e->finding_count; i++)
        if (e->findings[i].verdict == GW_VERDICT_FAIL) return true;
    if (e->spoke_at != GW_NEVER && e->now - e->spoke_at < DEATH_DUE) return true;
    for (unsigned i = 0; i + 1 < e->conn_count; i++) {
        const gw_conn *c = &e->conns[i];
        if (c->state == CONN_ENDED && c->tcp_at != GW_NEVER && !c->close_received && !c->fin_sent) return true;
    }
    return false;
}

/* A client under test has no server's canary: what harmed it shows by its end. Its connections stay as they are. */
static void begin_watch(gw_engine *e) {
    gw_ns wait = may_be_dying(e) ? DEATH_DUE : DEATH_WITHIN;
    e->phase = PHASE_CANARY;
    e->step_deadline = gw_time_add(e->scenario_end, (gw_ns)((double)wait * e->config.timeout_scale));
}

void gw_engine_on_client_output(gw_engine *e, gw_ns now) {
    e->spoke_at = now;
    if (e->phase == PHASE_CANARY && e->scenario->role == GW_ROLE_CLIENT) begin_watch(e);
}

void canary_begin(gw_engine *e) {
    if (e->scenario->role == GW_ROLE_CLIENT) {
        begin_watch(e);
        return;
    }
    for (unsigned i = 0; i + 1 < e->conn_count; i++) {
        gw_conn *c = &e->conns[i];
        if (c->state > CONN_PROVISIONING && c->state != CONN_ENDED)
            engine_queue(e, (gw_action){.kind = GW_ACTION_CLOSE, .conn = i, .client = c->spec->name});
        c->state = CONN_ENDED;
        out_clear(c);
    }
    e->phase = PHASE_CANARY;
    e->progress[0] = (gw_progress){0};
    e->step_begun_at = e->now;
    e->step_deadline = gw_time_add(e->now, (gw_ns)((double)CANARY_WITHIN * e->config.timeout_scale));
    engine_open(e, &e->conns[e->conn_count - 1], NULL);
}

static void crash(gw_engine *e, const gw_conn *canary, const char *observed) {
    char text[MAX_TEXT];
    const gw_finding *before = e->finding_count ? &e->findings[0] : NULL;
    snprintf(text, sizeof text, "%.250s%s%.200s", observed, before ? "; before that: " : "",
             before ? before->observed : "");
    e->finding_count = 0; /* what else was found on a dying server says nothing */
    judge_find(e, GW_VERDICT_CRASH, judge_rule(e, GW_RULE_ALIVE), canary, NULL,
               "a fresh connection gets hello after the stimulus", text);
}

void canary_client_died(gw_engine *e, const char *how) {
    char text[MAX_TEXT];
    snprintf(text, sizeof text, "it %.200s", how);
    e->finding_count = 0; /* what else was found on a dying client says nothing */
    judge_find(e, GW_VERDICT_CRASH, judge_rule(e, GW_RULE_ALIVE), NULL, NULL, "the client goes on running", text);
}

/* What rests on a missing Pong is about Pings, whatever the scenario is about. */
static void blame_pongs(gw_engine *e, gw_rule rule, const char *observed) {
    for (size_t i = 0; i < e->finding_count; i++) {
        gw_finding *f = &e->findings[i];
        if (f->verdict != GW_VERDICT_FAIL && f->verdict != GW_VERDICT_NON_STRICT &&
            f->verdict != GW_VERDICT_INCONCLUSIVE)
            continue;
        f->rule = judge_rule(e, rule);
        f->expected = "a Ping is answered by a Pong with the same data";
        f->observed = observed;
    }
}

void canary_settle_pongs(gw_engine *e) {
    if (!e->pong_missing || e->scenario->role != GW_ROLE_CLIENT) return;
    if (e->pong_differs)
        blame_pongs(e, GW_RULE_PONG, "one with other data");
    else if (!e->pong_seen)
        blame_pongs(e, GW_RULE_PING_ANSWER, "none in the whole scenario");
}

/* A finding that rests on a missing Pong is about Pings in general when a fresh connection gets none either. */
static bool poll_ping(gw_engine *e, gw_conn *c) {
    gw_progress *p = &e->progress[0];
    if (!e->pong_missing) return true;
    if (!p->barrier_sent) {
        *p = (gw_progress){.barrier_sent = true, .scan = c->inbox.count, .nonce = "gwspec-canary"};
        e->step_deadline = gw_time_add(e->now, (gw_ns)((double)PONG_WITHIN * e->config.timeout_scale));
        out_push_frame(c, GW_FRAME_PING, gw_span_cstr(p->nonce), 0, e->now);
    }
    for (; p->scan < c->inbox.count; p->scan++) {
        const gw_item *item = &c->inbox.items[p->scan];
        gw_span payload = gw_span_make(item->payload, item->len);
        if (item->opcode == GW_FRAME_PONG && gw_span_equal_cstr(payload, p->nonce)) return true;
    }
    if (e->now < e->step_deadline && conn_is_up(c)) return false;
    blame_pongs(e, GW_RULE_PING_ANSWER, "none, nor on a fresh connection");
    return true;
}

/* Did any connection of the scenario's own get its 101? */
static bool any_opened(const gw_engine *e) {
    for (unsigned i = 0; i + 1 < e->conn_count; i++)
        if (e->conns[i].open_at != GW_NEVER) return true;
    return false;
}

void canary_poll(gw_engine *e) {
    if (e->scenario->role == GW_ROLE_CLIENT) {
        if (e->now >= e->step_deadline || e->exited) engine_finish(e);
        return;
    }
    gw_conn *c = &e->conns[e->conn_count - 1];
    char observed[MAX_TEXT];
    double ms = (double)(e->now - e->step_begun_at) / GW_MS;
    if (c->hello_at != GW_NEVER) {
        if (poll_ping(e, c)) engine_finish(e);
        return;
    }
    bool refused = c->state == CONN_REFUSED || c->state == CONN_ENDED;
    if (!refused && e->now < e->step_deadline) return;
    if (judge_late_since(e, e->step_begun_at) > GW_S) {
        e->phase = PHASE_STEPS;
        judge_find(e, GW_VERDICT_INCONCLUSIVE, judge_rule(e, GW_RULE_ALIVE), NULL, NULL,
                   "a fresh connection gets hello after the stimulus",
                   "none, but the harness itself was late by more than 1 s");
    } else if (c->open_at != GW_NEVER && !e->hello_seen) {
        /* It accepts and upgrades, and never said hello before either: that is another rule than survival. */
        e->phase = PHASE_STEPS;
        snprintf(observed, sizeof observed, "no hello %.0f ms after the 101 of a fresh connection", ms);
        judge_find(e, GW_VERDICT_FAIL, judge_rule(e, GW_RULE_HELLO_FIRST), NULL, NULL, "hello on a fresh connection",
                   observed);
    } else if (c->open_at == GW_NEVER && !e->config.scenario->negative && !any_opened(e) && e->finding_count) {
        /* No connection ever got so far: it is as before, and found already. */
    } else if (c->response_fault) {
        snprintf(observed, sizeof observed, "%.200s, %.0f ms after the stimulus", c->response_fault, ms);
        crash(e, c, observed);
    } else if (c->status && c->status != 101 && !e->hello_seen) {
        /* It answers as it did before; what is wrong with the answer was found already. */
    } else if (c->status && c->status != 101) {
        snprintf(observed, sizeof observed, "a fresh upgrade was answered with status %u", c->status);
        crash(e, c, observed);
    } else {
        snprintf(observed, sizeof observed, "a fresh connection got %s within %.0f ms",
                 c->open_at != GW_NEVER ? "no hello" : "no answer to its upgrade", ms);
        crash(e, c, observed);
    }
    engine_finish(e);
}
