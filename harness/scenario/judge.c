/* Floor 3: findings and time. What the harness's own lateness could have decided is inconclusive, never a failure. */
#include "scenario/engine_internal.h"

#include <stdio.h>
#include <string.h>

gw_ns judge_eps(const gw_engine *e, const gw_conn *c) {
    return gw_protocol_env(e->config.protocol, e->scenario->role, c ? c->interval : 0, c ? c->timeout : 0,
                           e->config.timeout_scale)
        .eps;
}

gw_ns judge_time(const gw_engine *e, const gw_conn *c, const gw_expr *expr) {
    gw_ns t = gw_expr_eval(expr, gw_protocol_env(e->config.protocol, e->scenario->role, c ? c->interval : 0,
                                                 c ? c->timeout : 0, e->config.timeout_scale));
    if (!gw_expr_uses_interval(expr)) t = (gw_ns)((double)t * e->config.timeout_scale);
    return t;
}

gw_ns judge_limit(const gw_engine *e, const gw_conn *c, const gw_expr *expr) {
    return e->config.no_deadlines ? GW_NEVER : judge_time(e, c, expr);
}

gw_ns judge_since(const gw_engine *e, const gw_conn *c, const gw_window *window) {
    gw_ns t = e->since;
    switch (window->since) {
    case GW_SINCE_STEP:
        break;
    case GW_SINCE_HELLO:
        t = c->hello_at;
        break;
    case GW_SINCE_HEARTBEAT:
        t = c->beat_at != GW_NEVER ? c->beat_at : c->hello_at;
        break;
    case GW_SINCE_OPEN:
        t = c->open_at != GW_NEVER ? c->open_at : c->tcp_at;
        break;
    }
    return t == GW_NEVER ? e->since : t;
}

/* What breaking a rule means by its level: a SHOULD is non-strict, a MAY is only observed. */
static gw_verdict by_level(const gw_engine *e, gw_verdict verdict, const char *rule) {
    const gw_requirements *all = e->config.requirements;
    const gw_requirement *r = all && rule && verdict == GW_VERDICT_FAIL ? gw_requirements_find(all, rule) : NULL;
    if (!r) return verdict;
    /* What the document leaves open has the level that its knob gives it, if that is one. */
    bool open = r->level == GW_REQUIREMENT_OPEN && r->knob;
    const char *knob = open ? gw_knobs_get(&e->config.protocol->knobs, r->knob) : NULL;
    if (r->level == GW_REQUIREMENT_SHOULD || (knob && strcmp(knob, "should") == 0)) return GW_VERDICT_NON_STRICT;
    return r->level == GW_REQUIREMENT_MAY || (knob && strcmp(knob, "may") == 0) ? GW_VERDICT_SKIPPED : verdict;
}

void judge_find(gw_engine *e, gw_verdict verdict, const char *rule, const gw_conn *c, const gw_step *step,
                const char *expected, const char *observed) {
    if (!step && rule && verdict != GW_VERDICT_CRASH && judge_allows(e, rule)) return;
    if ((e->phase != PHASE_STEPS || (c && c->canary)) && verdict != GW_VERDICT_CRASH) return;
    verdict = by_level(e, verdict, rule);
    bool ends = verdict == GW_VERDICT_FAIL || verdict >= GW_VERDICT_CRASH || verdict == GW_VERDICT_INCONCLUSIVE ||
                verdict == GW_VERDICT_SKIPPED;
    if (e->failed && verdict != GW_VERDICT_CRASH) return;
    for (size_t i = 0; i < e->finding_count; i++) { /* the same deviation once */
        const gw_finding *f = &e->findings[i];
        if (f->verdict == verdict && rule && f->rule && strcmp(f->rule, rule) == 0 &&
            strcmp(f->expected, expected) == 0)
            return;
    }
    if (ends) e->failed = true;
    size_t slot = e->finding_count < MAX_FINDINGS ? e->finding_count++ : MAX_FINDINGS - 1;
    e->findings[slot] = (gw_finding){
        .verdict = verdict,
        .rule = rule,
        .expected = gw_arena_strdup(e->result->arena, expected),
        .observed = gw_arena_strdup(e->result->arena, observed),
        .client = c ? c->spec->name : NULL,
        .place = step ? step->place : (gw_place){0},
        .at = e->now - e->started,
    };
    wirelog_add(e, c, GW_WIRE_NOTE, e->now, "%s: %s", gw_verdict_word(verdict), observed);
}

bool judge_missing(gw_engine *e, const gw_conn *c, const gw_step *step, gw_span name) {
    char observed[MAX_TEXT];
    snprintf(observed, sizeof observed, "${%.*s} has no value here", GW_SPAN_ARG(name));
    const uint8_t *dot = name.len ? memchr(name.ptr, '.', name.len) : NULL;
    gw_span first = dot ? gw_span_sub(name, 0, (size_t)(dot - name.ptr)) : name;
    for (unsigned i = 0; i + 1 < e->conn_count; i++) {
        if (!gw_span_equal_cstr(first, e->conns[i].spec->name)) continue;
        snprintf(observed, sizeof observed, "the target gives no ${%.*s}", GW_SPAN_ARG(name));
        judge_find(e, GW_VERDICT_SKIPPED, NULL, c, step, "a participant with an identity", observed);
        return false;
    }
    judge_find(e, GW_VERDICT_ERROR, NULL, c, step, "every ${...} of the scenario has a value", observed);
    return false;
}

gw_ns judge_late_since(const gw_engine *e, gw_ns from) {
    gw_ns worst = 0;
    size_t kept = e->late_count < MAX_LATE ? e->late_count : MAX_LATE;
    for (size_t i = 0; i < kept; i++)
        if (e->late[i].at >= from && e->late[i].lateness > worst) worst = e->late[i].lateness;
    return worst;
}

void judge_fail_timed(gw_engine *e, const char *rule, const gw_conn *c, const gw_step *step, gw_ns from,
                      const char *expected, const char *observed) {
    gw_ns late = judge_late_since(e, from), tolerance = judge_eps(e, c) / 2;
    bool harmless = by_level(e, GW_VERDICT_FAIL, rule) == GW_VERDICT_SKIPPED; /* nothing to be in doubt about */
    if (late <= tolerance || harmless) {
        judge_find(e, GW_VERDICT_FAIL, rule, c, step, expected, observed);
        return;
    }
    char reason[MAX_TEXT + 128];
    snprintf(reason, sizeof reason, "%s; but the harness itself was %.1f ms late (tolerance %.1f ms)", observed,
             (double)late / GW_MS, (double)tolerance / GW_MS);
    judge_find(e, GW_VERDICT_INCONCLUSIVE, rule, c, step, expected, reason);
}

const char *judge_rule(const gw_engine *e, gw_rule rule) {
    return gw_protocol_rule(e->config.protocol, e->scenario->role, rule);
}

bool judge_allows(const gw_engine *e, const char *rule) {
    for (size_t i = 0; i < e->scenario->allow_count; i++)
        if (strcmp(e->scenario->allow[i], rule) == 0) return true;
    return false;
}

char *judge_after(gw_ns at, gw_ns since, char out[JUDGE_AFTER]) {
    double ms = (double)(at - since) / GW_MS;
    if (at >= since)
        snprintf(out, JUDGE_AFTER, "after %.1f ms", ms);
    else
        snprintf(out, JUDGE_AFTER, "%.1f ms before it was waited for", -ms);
    return out;
}

void judge_describe_end(const gw_conn *c, gw_ns since, char out[MAX_TEXT]) {
    gw_ns at = c->close_received ? c->close_at : c->end_at;
    char when[JUDGE_AFTER];
    judge_after(at, since, when);
    if (c->close_received && c->close_has_code)
        snprintf(out, MAX_TEXT, "closed with %u (%s) %s", c->close_code, gw_close_code_name(c->close_code), when);
    else if (c->close_received)
        snprintf(out, MAX_TEXT, "closed by an empty Close frame %s", when);
    else if (c->state == CONN_ENDED)
        snprintf(out, MAX_TEXT, "dropped without Close (%s) %s",
                 c->ending == GW_ENDING_FIN   ? "FIN"
                 : c->ending == GW_ENDING_RST ? "RST"
                                              : "error",
                 when);
    else
        snprintf(out, MAX_TEXT, "still open after %.1f ms", (double)(c->engine->now - since) / GW_MS);
}
