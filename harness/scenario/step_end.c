/* Floor 3: expect-close, expect-fail, expect-reaction, expect-open: whether and how a connection ends. */
#include "scenario/engine_internal.h"

#include <stdio.h>
#include <string.h>

/* A server that fails a connection does it at once; only one that has not after this time is asked by a Ping, so that
 * the Ping cannot turn the server's FIN into a reset. */
#define BARRIER_AFTER (250 * GW_MS)

void step_end_begin(gw_engine *e, const gw_step *step) {
    for (unsigned i = 0; i < step->on_count; i++) {
        gw_conn *c = &e->conns[step->on[i]];
        e->progress[i] = (gw_progress){.scan = c->inbox.count - c->inbox.first};
    }
}

static bool in_codes(const gw_code_set *set, const gw_conn *c) {
    bool coded = c->close_received && c->close_has_code;
    if (!coded) return set->none;
    for (unsigned i = 0; i < set->count; i++)
        if (c->close_code >= set->ranges[i].low && c->close_code <= set->ranges[i].high) return true;
    return false;
}

static bool any_code(const gw_code_set *set) {
    return set->count == 0 && !set->none;
}

static void describe_codes(const gw_code_set *set, char *out, size_t size) {
    size_t n = 0;
    out[0] = 0;
    if (any_code(set)) snprintf(out, size, "any ending");
    for (unsigned i = 0; i < set->count && n + 1 < size; i++) {
        unsigned low = set->ranges[i].low, high = set->ranges[i].high;
        n += (size_t)snprintf(out + n, size - n, "%s%u", i ? " or " : "Close ", low);
        if (high != low && n + 1 < size) n += (size_t)snprintf(out + n, size - n, " - %u", high);
    }
    if (set->none && n + 1 < size) snprintf(out + n, size - n, "%sno code", set->count ? " or " : "");
}

static bool has_ended(const gw_conn *c) {
    return c->close_received || c->state == CONN_ENDED;
}
static gw_ns end_time(const gw_conn *c) {
    return c->close_received ? c->close_at : c->end_at;
}

/* After the Close frame the TCP connection must end too. */
static gw_step_state await_fin(gw_engine *e, const gw_step *step, gw_conn *c) {
    if (!step->as.end.fin_within || c->state == CONN_ENDED || !c->close_received) return STEP_DONE;
    gw_ns deadline = gw_time_add(c->close_at, judge_limit(e, c, step->as.end.fin_within));
    if (e->now < deadline) {
        if (deadline < e->step_deadline) e->step_deadline = deadline;
        return STEP_RUNNING;
    }
    char expected[MAX_TEXT], observed[MAX_TEXT];
    snprintf(expected, sizeof expected, "the %s ends the TCP connection within %.0f ms of its Close", engine_peer(e),
             (double)(deadline - c->close_at) / GW_MS);
    snprintf(observed, sizeof observed, "the TCP connection is still open %.0f ms after the Close",
             (double)(e->now - c->close_at) / GW_MS);
    judge_fail_timed(e, step->rule, c, step, c->close_at, expected, observed);
    return STEP_FAILED;
}

static void ping(gw_engine *e, gw_conn *c, gw_progress *p) {
    snprintf(p->nonce, sizeof p->nonce, "gwspec-%08x", (unsigned)gw_rng_next(&e->rng));
    p->barrier_sent = true;
    p->barrier_at = e->now;
    out_push_frame(c, GW_FRAME_PING, gw_span_cstr(p->nonce), 0, e->now);
}

/* The Pong of our own Ping; NULL: not yet. */
static const gw_item *pong(gw_conn *c, gw_progress *p) {
    while (p->barrier_sent && c->inbox.first + p->scan < c->inbox.count) {
        const gw_item *item = &c->inbox.items[c->inbox.first + p->scan++];
        if (item->opcode != GW_FRAME_PONG) continue;
        if (gw_span_equal_cstr(gw_span_make(item->payload, item->len), p->nonce)) return item;
        c->engine->pong_differs = true;
    }
    return NULL;
}

typedef gw_step_state (*poll_one)(gw_engine *e, const gw_step *step, gw_conn *c, gw_progress *p);

static gw_step_state poll_all(gw_engine *e, const gw_step *step, poll_one poll) {
    gw_ns latest = INT64_MIN;
    bool all = true;
    e->step_deadline = GW_NEVER;
    for (unsigned i = 0; i < step->on_count; i++) {
        gw_progress *p = &e->progress[i];
        if (!p->done) {
            gw_step_state state = poll(e, step, &e->conns[step->on[i]], p);
            if (state == STEP_FAILED) return state;
            p->done = state == STEP_DONE;
            all = all && p->done;
        }
        if (p->done && p->at > latest) latest = p->at;
    }
    if (!all) return STEP_RUNNING;
    e->since = latest;
    return STEP_DONE;
}

/* ---- expect-close ---- */

static void describe_close(const gw_engine *e, const gw_step *step, const gw_conn *c, gw_ns after, gw_ns within,
                           char out[MAX_TEXT]) {
    char codes[200];
    describe_codes(&step->as.end.codes, codes, sizeof codes);
    if (after > 0)
        snprintf(out, MAX_TEXT, "%s %.0f - %.0f ms after %s (I = %.0f ms, eps = %.0f ms)", codes, (double)after / GW_MS,
                 (double)within / GW_MS,
                 step->window.since == GW_SINCE_HELLO ? "hello" : "the last thing the timer counts",
                 (double)c->interval / GW_MS, (double)judge_eps(e, c) / GW_MS);
    else
        snprintf(out, MAX_TEXT, "%s within %.0f ms", codes, (double)within / GW_MS);
}

static gw_step_state close_one(gw_engine *e, const gw_step *step, gw_conn *c, gw_progress *p) {
    gw_ns since = judge_since(e, c, &step->window);
    gw_ns after = step->window.after ? judge_time(e, c, step->window.after) : 0;
    gw_ns within = step->window.within ? judge_limit(e, c, step->window.within) : 2 * GW_S;
    gw_ns lax = step->window.non_strict_within ? judge_limit(e, c, step->window.non_strict_within) : within;
    gw_ns last = lax > within ? lax : within;
    char expected[MAX_TEXT], observed[MAX_TEXT];
    describe_close(e, step, c, after, within, expected);
    if (!has_ended(c)) {
        if (e->now < gw_time_add(since, last)) {
            if (gw_time_add(since, last) < e->step_deadline) e->step_deadline = gw_time_add(since, last);
            return STEP_RUNNING;
        }
        judge_describe_end(c, since, observed);
        judge_fail_timed(e, step->rule, c, step, since, expected, observed);
        return STEP_FAILED;
    }
    gw_ns took = end_time(c) - since;
    if (!p->barrier_sent) { /* judge time and code once; then the FIN may take its time */
        p->barrier_sent = true;
        p->at = end_time(c);
        judge_describe_end(c, since, observed);
        if ((step->window.after && took < after) || took > last) {
            judge_fail_timed(e, step->rule, c, step, since, expected, observed);
            return STEP_FAILED;
        }
        bool strict_code = any_code(&step->as.end.codes) || in_codes(&step->as.end.codes, c);
        bool lax_code = step->as.end.non_strict_any || in_codes(&step->as.end.non_strict_codes, c);
        if (!strict_code && !lax_code) {
            judge_find(e, GW_VERDICT_FAIL, step->rule, c, step, expected, observed);
            return STEP_FAILED;
        }
        if (!strict_code || took > within)
            judge_find(e, GW_VERDICT_NON_STRICT, step->rule, c, step, expected, observed);
    }
    return await_fin(e, step, c);
}

gw_step_state step_close_poll(gw_engine *e, const gw_step *step) {
    return poll_all(e, step, close_one);
}

/* ---- expect-fail ---- */

static gw_step_state fail_one(gw_engine *e, const gw_step *step, gw_conn *c, gw_progress *p) {
    gw_ns since = e->step_begun_at;
    gw_ns deadline = gw_time_add(since, step->window.within ? judge_limit(e, c, step->window.within) : 2 * GW_S);
    char expected[MAX_TEXT], observed[MAX_TEXT], codes[200];
    describe_codes(&step->as.end.codes, codes, sizeof codes);
    snprintf(expected, sizeof expected, "the %s fails the connection: %s, then the end of the TCP connection",
             engine_peer(e), codes);
    if (has_ended(c)) {
        p->at = end_time(c);
        if (in_codes(&step->as.end.codes, c)) return await_fin(e, step, c);
        judge_describe_end(c, since, observed);
        bool lax = step->as.end.non_strict_any || in_codes(&step->as.end.non_strict_codes, c);
        judge_find(e, lax ? GW_VERDICT_NON_STRICT : GW_VERDICT_FAIL, step->rule, c, step, expected, observed);
        return lax ? STEP_DONE : STEP_FAILED;
    }
    if (pong(c, p)) {
        snprintf(observed, sizeof observed, "the connection is still in use: a Ping sent behind it brought its Pong");
        judge_find(e, GW_VERDICT_FAIL, step->rule, c, step, expected, observed);
        return STEP_FAILED;
    }
    if (e->now >= deadline) {
        judge_describe_end(c, since, observed);
        judge_fail_timed(e, step->rule, c, step, since, expected, observed);
        return STEP_FAILED;
    }
    gw_ns barrier = gw_time_add(since, BARRIER_AFTER);
    if (!p->barrier_sent && e->now >= barrier) ping(e, c, p);
    gw_ns next = p->barrier_sent || barrier > deadline ? deadline : barrier;
    if (next < e->step_deadline) e->step_deadline = next;
    return STEP_RUNNING;
}

gw_step_state step_fail_poll(gw_engine *e, const gw_step *step) {
    return poll_all(e, step, fail_one);
}

/* ---- expect-reaction ---- */

static gw_step_state reaction_one(gw_engine *e, const gw_step *step, gw_conn *c, gw_progress *p) {
    gw_ns deadline =
        gw_time_add(e->step_begun_at, step->window.within ? judge_limit(e, c, step->window.within) : 2 * GW_S);
    char expected[MAX_TEXT], observed[MAX_TEXT], codes[200];
    describe_codes(&step->as.end.codes, codes, sizeof codes);
    snprintf(expected, sizeof expected, "the %s %s%s%s%s", engine_peer(e),
             step->as.end.ignore ? "ignores it and answers a Ping" : "",
             step->as.end.ignore && step->as.end.close ? ", or " : "",
             step->as.end.close ? "closes the connection: " : "", step->as.end.close ? codes : "");
    if (has_ended(c)) {
        p->at = end_time(c);
        bool allowed = step->as.end.close && (any_code(&step->as.end.codes) || in_codes(&step->as.end.codes, c));
        if (allowed) return STEP_DONE;
        judge_describe_end(c, e->step_begun_at, observed);
        judge_find(e, GW_VERDICT_FAIL, step->rule, c, step, expected, observed);
        return STEP_FAILED;
    }
    if (!p->barrier_sent) ping(e, c, p);
    const gw_item *answer = pong(c, p);
    if (answer) {
        p->at = answer->at;
        if (step->as.end.ignore) return STEP_DONE;
    }
    if (e->now >= deadline) { /* a Close may well come behind the Pong: libraries answer Pings by themselves */
        e->pong_missing = !answer;
        judge_fail_timed(e, step->rule, c, step, e->step_begun_at, expected,
                         answer ? "the connection goes on as if nothing had happened"
                                : "neither: it does not react any more");
        return STEP_FAILED;
    }
    if (deadline < e->step_deadline) e->step_deadline = deadline;
    return STEP_RUNNING;
}

gw_step_state step_reaction_poll(gw_engine *e, const gw_step *step) {
    return poll_all(e, step, reaction_one);
}

/* ---- expect-open ---- */

static gw_step_state open_one(gw_engine *e, const gw_step *step, gw_conn *c, gw_progress *p) {
    gw_ns deadline =
        gw_time_add(e->step_begun_at, step->window.within ? judge_limit(e, c, step->window.within) : 2 * GW_S);
    char observed[MAX_TEXT];
    const char *expected = "the connection is open: a Ping brings its Pong";
    if (has_ended(c)) {
        if (p->barrier_sent && end_time(c) - p->barrier_at > BARRIER_AFTER) e->pong_missing = true;
        judge_describe_end(c, e->since, observed);
        judge_fail_timed(e, step->rule, c, step, c->hello_at == GW_NEVER ? e->since : c->hello_at, expected, observed);
        return STEP_FAILED;
    }
    if (!p->barrier_sent) ping(e, c, p);
    const gw_item *answer = pong(c, p);
    if (answer) {
        p->at = answer->at;
        return STEP_DONE;
    }
    if (e->now >= deadline) {
        e->pong_missing = true;
        snprintf(observed, sizeof observed, "no Pong %.0f ms after the Ping", (double)(e->now - p->barrier_at) / GW_MS);
        judge_fail_timed(e, step->rule, c, step, e->step_begun_at, expected, observed);
        return STEP_FAILED;
    }
    if (deadline < e->step_deadline) e->step_deadline = deadline;
    return STEP_RUNNING;
}

gw_step_state step_open_poll(gw_engine *e, const gw_step *step) {
    return poll_all(e, step, open_one);
}
