/* Floor 3: accept, connect, upgrade, expect-response. */
#include "scenario/engine_internal.h"

#include <stdio.h>
#include <string.h>

#define CONNECT_WITHIN (10 * GW_S)

void step_connect_begin(gw_engine *e, const gw_step *step) {
    for (unsigned i = 0; i < step->on_count; i++) engine_open(e, &e->conns[step->on[i]], step);
    e->step_deadline = gw_time_add(e->step_begun_at, (gw_ns)((double)CONNECT_WITHIN * e->config.timeout_scale));
}

/* ---- accept ---- */

void step_accept_begin(gw_engine *e, const gw_step *step) {
    for (unsigned i = 0; i < step->on_count; i++) {
        gw_conn *c = &e->conns[step->on[i]];
        c->opened_by = step;
        c->state = CONN_OPENING;
        engine_queue(e, (gw_action){.kind = GW_ACTION_ACCEPT, .conn = c->index, .client = c->spec->name});
    }
    gw_ns within = step->window.within      ? judge_limit(e, &e->conns[step->on[0]], step->window.within)
                   : e->config.no_deadlines ? GW_NEVER
                                            : (gw_ns)((double)ACCEPT_WITHIN * e->config.timeout_scale);
    e->step_deadline = gw_time_add(e->step_begun_at, within);
}

/* Did this connection fail to come about? */
static bool has_failed(const gw_engine *e, const gw_conn *c) {
    return c->state == CONN_ENDED || e->now >= e->step_deadline || (e->exited && c->state == CONN_OPENING);
}

static void fail_accept(gw_engine *e, const gw_step *step, const gw_conn *c) {
    char expected[MAX_TEXT], observed[MAX_TEXT];
    bool asked = c->tcp_at != GW_NEVER;
    double waited = (double)(e->step_deadline - e->step_begun_at) / (double)GW_S;
    const char *rule = asked && !c->requested ? judge_rule(e, GW_RULE_UPGRADE) : step->rule;
    /* What it does not bear is the answer, which is what such a scenario is about. */
    if (c->requested && rule == judge_rule(e, GW_RULE_CONNECT)) rule = e->scenario->requires_ids[0];
    snprintf(expected, sizeof expected, "the client %s%s",
             c->requested ? "waits for the answer to its upgrade"
             : asked      ? "sends an upgrade request"
                          : "connects",
             c->index && !asked ? " once more" : "");
    if (asked && c->state == CONN_ENDED)
        judge_describe_end(c, c->tcp_at, observed);
    else if (asked)
        snprintf(observed, sizeof observed, "no complete one within %.1f s", waited);
    else if (e->exited)
        snprintf(observed, sizeof observed, "it %.200s before", e->exited);
    else
        snprintf(observed, sizeof observed, "no connection within %.1f s", waited);
    if (step->as.connect.or_skip && !asked)
        judge_find(e, GW_VERDICT_SKIPPED, rule, c, step, expected, "not observed");
    else /* so long a time that our own lateness decides nothing */
        judge_find(e, GW_VERDICT_FAIL, rule, c, step, expected, observed);
}

gw_step_state step_accept_poll(gw_engine *e, const gw_step *step) {
    gw_ns latest = e->since;
    bool all = true;
    for (unsigned i = 0; i < step->on_count; i++) {
        const gw_conn *c = &e->conns[step->on[i]];
        if (server_is_ready(c)) {
            gw_ns at = c->hello_at != GW_NEVER ? c->hello_at : c->response_at;
            if (at > latest || i == 0) latest = at;
            continue;
        }
        all = false;
        if (!has_failed(e, c)) continue;
        fail_accept(e, step, c);
        return STEP_FAILED;
    }
    if (!all) return STEP_RUNNING;
    e->since = latest;
    e->step_deadline = GW_NEVER;
    return STEP_DONE;
}

/* ---- connect, upgrade ---- */

static void fail_connect(gw_engine *e, const gw_step *step, const gw_conn *c) {
    char observed[MAX_TEXT];
    if (c->response_fault)
        snprintf(observed, sizeof observed, "%s", c->response_fault);
    else if (c->status)
        snprintf(observed, sizeof observed, "the upgrade was answered with status %u", c->status);
    else if (c->state == CONN_ENDED)
        judge_describe_end(c, c->tcp_at, observed);
    else
        snprintf(observed, sizeof observed, "no complete response within %.0f ms",
                 (double)(e->now - e->step_begun_at) / GW_MS);
    judge_fail_timed(e, step->rule, c, step, e->step_begun_at, "101 Switching Protocols", observed);
}

gw_step_state step_connect_poll(gw_engine *e, const gw_step *step) {
    gw_ns latest = e->since;
    bool all = true;
    for (unsigned i = 0; i < step->on_count; i++) {
        const gw_conn *c = &e->conns[step->on[i]];
        if (c->open_at != GW_NEVER) {
            if (c->open_at > latest || i == 0) latest = c->open_at;
            continue;
        }
        all = false;
        if (c->state == CONN_REFUSED || c->state == CONN_ENDED || e->now >= e->step_deadline) {
            fail_connect(e, step, c);
            return STEP_FAILED;
        }
    }
    if (!all) return STEP_RUNNING;
    e->since = latest;
    return STEP_DONE;
}

/* Done when the request has left; what comes back is for expect-response. */
gw_step_state step_upgrade_poll(gw_engine *e, const gw_step *step) {
    e->step_deadline = GW_NEVER; /* the driver bounds the opening */
    for (unsigned i = 0; i < step->on_count; i++) {
        const gw_conn *c = &e->conns[step->on[i]];
        bool left = c->state > CONN_OPENING && (c->state != CONN_UPGRADING || (!c->out && !c->in_flight));
        if (!left) return STEP_RUNNING;
        if (c->sent_at != GW_NEVER) e->since = c->sent_at;
    }
    return STEP_DONE;
}

/* ---- expect-response ---- */

static bool in_set(const gw_code_set *set, unsigned code) {
    for (unsigned i = 0; i < set->count; i++)
        if (code >= set->ranges[i].low && code <= set->ranges[i].high) return true;
    return false;
}

static void describe_set(const gw_code_set *set, char *out, size_t size) {
    size_t n = 0;
    out[0] = 0;
    for (unsigned i = 0; i < set->count && n < size; i++) {
        unsigned low = set->ranges[i].low, high = set->ranges[i].high;
        const char *sep = i ? " or " : "";
        if (low == high)
            n += (size_t)snprintf(out + n, size - n, "%s%u", sep, low);
        else
            n += (size_t)snprintf(out + n, size - n, "%s%u - %u", sep, low, high);
    }
}

static bool headers_match(gw_engine *e, const gw_conn *c, const cJSON *wanted, gw_buf *why) {
    const cJSON *want;
    cJSON_ArrayForEach(want, wanted) {
        const cJSON *have = cJSON_GetObjectItemCaseSensitive(c->headers, want->string);
        if (cJSON_IsNull(want)) {
            if (!have) continue;
            gw_buf_printf(why, "header %s: %s, which must be absent", want->string, have->valuestring);
            return false;
        }
        gw_status status = GW_OK;
        gw_span missing = {0};
        cJSON *pattern = gw_vars_expand_json(&e->vars, want, &status, &missing);
        gw_buf detail;
        gw_buf_init(&detail, 2048);
        bool ok = pattern && gw_match_json(pattern, have, &e->vars, &detail);
        if (!ok) gw_buf_printf(why, "header %s%s", want->string, gw_buf_cstr(&detail));
        cJSON_Delete(pattern);
        gw_buf_deinit(&detail);
        if (!ok) return false;
    }
    return true;
}

static gw_step_state judge_response(gw_engine *e, const gw_step *step, const gw_conn *c) {
    char expected[MAX_TEXT], observed[MAX_TEXT], set[160];
    describe_set(&step->as.response.status, set, sizeof set);
    snprintf(expected, sizeof expected, "a response with status %s%s", set,
             step->as.response.headers ? " and the headers stated" : "");
    bool strict = in_set(&step->as.response.status, c->status) && !c->response_fault;
    bool lax = in_set(&step->as.response.non_strict_status, c->status) && !c->response_fault;
    gw_buf why;
    gw_buf_init(&why, 4096);
    bool headers = headers_match(e, c, step->as.response.headers, &why);
    snprintf(observed, sizeof observed, "status %u%s%.300s", c->status, why.len ? "; " : "", gw_buf_cstr(&why));
    if (c->response_fault) snprintf(observed, sizeof observed, "%s", c->response_fault);
    gw_buf_deinit(&why);
    if (strict && headers) return STEP_DONE;
    if (strict && step->as.response.non_strict_headers) {
        gw_buf_init(&why, 4096);
        lax = headers_match(e, c, step->as.response.non_strict_headers, &why);
        gw_buf_deinit(&why);
    }
    judge_find(e, lax ? GW_VERDICT_NON_STRICT : GW_VERDICT_FAIL, step->rule, c, step, expected, observed);
    return lax ? STEP_DONE : STEP_FAILED;
}

static gw_step_state judge_no_response(gw_engine *e, const gw_step *step, const gw_conn *c) {
    char expected[MAX_TEXT], observed[MAX_TEXT], set[160];
    describe_set(&step->as.response.status, set, sizeof set);
    snprintf(expected, sizeof expected, "a response with status %s", set);
    if (c->state == CONN_ENDED) {
        judge_describe_end(c, c->tcp_at, observed);
        bool lax = step->as.response.non_strict_close;
        judge_find(e, lax ? GW_VERDICT_NON_STRICT : GW_VERDICT_FAIL, step->rule, c, step, expected, observed);
        return lax ? STEP_DONE : STEP_FAILED;
    }
    snprintf(observed, sizeof observed, "no complete response after %.0f ms", (double)(e->now - e->since) / GW_MS);
    judge_fail_timed(e, step->rule, c, step, e->since, expected, observed);
    return STEP_FAILED;
}

gw_step_state step_response_poll(gw_engine *e, const gw_step *step) {
    gw_ns latest = e->since;
    for (unsigned i = 0; i < step->on_count; i++) {
        const gw_conn *c = &e->conns[step->on[i]];
        gw_ns deadline = gw_time_add(judge_since(e, c, &step->window), judge_time(e, c, step->window.within));
        bool answered = c->response_at != GW_NEVER;
        if (!answered && c->state != CONN_ENDED && e->now < deadline) {
            e->step_deadline = deadline;
            return STEP_RUNNING;
        }
        gw_step_state state = answered ? judge_response(e, step, c) : judge_no_response(e, step, c);
        if (state == STEP_FAILED) return state;
        if (answered && c->response_at > latest) latest = c->response_at;
    }
    e->since = latest;
    return STEP_DONE;
}
