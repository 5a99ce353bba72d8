/* Floor 3: expect, expect-none, expect-cadence: what arrives in an inbox, and when. */
#include "scenario/engine_internal.h"

#include <stdio.h>
#include <string.h>

void step_expect_begin(gw_engine *e, const gw_step *step) {
    for (unsigned i = 0; i < step->on_count; i++) {
        gw_conn *c = &e->conns[step->on[i]];
        e->progress[i] = (gw_progress){.scan = c->inbox.cursor - c->inbox.first};
    }
}

static const char *pattern_name(const gw_pattern *p) {
    return p->kind == GW_ITEM_EVENT ? p->event : gw_frame_opcode_name(p->opcode);
}

typedef enum { MATCH_NO, MATCH_YES, MATCH_MISMATCH, MATCH_ERROR } match_result;

static match_result match_payload(gw_engine *e, const gw_step *step, const gw_pattern *p, const gw_item *item,
                                  gw_buf *why) {
    if (!p->has_payload) return MATCH_YES;
    gw_buf want;
    gw_span missing = {0};
    gw_buf_init(&want, 1 << 20);
    gw_status status = gw_vars_expand(&e->vars, gw_span_make(p->payload, p->payload_len), &want, &missing);
    bool same = status == GW_OK && gw_span_equal(gw_buf_span(&want), gw_span_make(item->payload, item->len));
    if (status != GW_OK)
        judge_missing(e, NULL, step, missing);
    else if (!same) {
        gw_buf_clear(why);
        gw_buf_append_cstr(why, "payload ");
        wirelog_printable(gw_span_make(item->payload, item->len), 60, why);
    }
    gw_buf_deinit(&want);
    return status != GW_OK ? MATCH_ERROR : same ? MATCH_YES : MATCH_MISMATCH;
}

/* MISMATCH: the event or frame is the one meant, its content is not. `why` says how. */
static match_result match_item(gw_engine *e, const gw_step *step, const gw_item *item, gw_buf *why) {
    const gw_pattern *p = &step->as.expect.pattern;
    if (p->kind == GW_ITEM_FRAME) return item->opcode == p->opcode ? match_payload(e, step, p, item, why) : MATCH_NO;
    if (!item->event || strcmp(item->event->name, p->event) != 0) return MATCH_NO;
    if (!p->data) return MATCH_YES;
    gw_status status = GW_OK;
    gw_span missing = {0};
    cJSON *pattern = gw_vars_expand_json(&e->vars, p->data, &status, &missing);
    if (!pattern) {
        judge_missing(e, NULL, step, missing);
        return MATCH_ERROR;
    }
    gw_buf detail;
    gw_buf_init(&detail, 4096);
    bool ok = gw_match_json(pattern, item->packet->data, &e->vars, &detail);
    if (!ok) {
        gw_buf_clear(why);
        gw_buf_printf(why, "data%s", gw_buf_cstr(&detail));
    }
    gw_buf_deinit(&detail);
    cJSON_Delete(pattern);
    return ok ? MATCH_YES : MATCH_MISMATCH;
}

/* Windows of an expect on one client. */
typedef struct span_of_time {
    gw_ns since, after, strict, last;
} span_of_time;

static span_of_time window_of(const gw_engine *e, const gw_conn *c, const gw_step *step) {
    span_of_time w = {.since = judge_since(e, c, &step->window)};
    w.after = step->window.after ? gw_time_add(w.since, judge_time(e, c, step->window.after)) : INT64_MIN;
    w.strict = step->window.within ? gw_time_add(w.since, judge_limit(e, c, step->window.within)) : GW_NEVER;
    w.last = step->window.non_strict_within ? gw_time_add(w.since, judge_limit(e, c, step->window.non_strict_within))
                                            : w.strict;
    if (w.last < w.strict) w.last = w.strict;
    return w;
}

static void describe_wanted(const gw_engine *e, const gw_step *step, const span_of_time *w, char out[MAX_TEXT]) {
    (void)e;
    uint32_t count = step->as.expect.count;
    char times[40] = "";
    if (count != 1)
        snprintf(times, sizeof times, " %u times", count);
    else if (step->as.expect.exact)
        snprintf(times, sizeof times, " exactly once");
    snprintf(out, MAX_TEXT, "%s%s%s within %.0f ms", pattern_name(&step->as.expect.pattern), times,
             step->as.expect.pattern.data || step->as.expect.pattern.has_payload ? " with the content stated" : "",
             (double)(w->strict - w->since) / GW_MS);
}

static void describe_absence(const gw_engine *e, const gw_conn *c, const gw_progress *p, const span_of_time *w,
                             const gw_buf *why, char out[MAX_TEXT]) {
    char end[MAX_TEXT] = "";
    if (c->state == CONN_ENDED || c->close_received) {
        judge_describe_end(c, w->since, end);
        snprintf(out, MAX_TEXT, "%.200s%s%.250s", end, why->len ? "; it had " : "", gw_buf_cstr(why));
        return;
    }
    if (why->len)
        snprintf(out, MAX_TEXT, "%.400s", gw_buf_cstr(why));
    else if (p->count)
        snprintf(out, MAX_TEXT, "%u of them after %.0f ms", p->count, (double)(e->now - w->since) / GW_MS);
    else
        snprintf(out, MAX_TEXT, "none after %.0f ms", (double)(e->now - w->since) / GW_MS);
}

/* Takes one more matching item; false when the step failed by it. */
static bool take_match(gw_engine *e, const gw_step *step, gw_conn *c, gw_progress *p, const gw_item *item,
                       const span_of_time *w) {
    char expected[MAX_TEXT], observed[MAX_TEXT];
    describe_wanted(e, step, w, expected);
    p->count++;
    p->last_at = item->at;
    char when[JUDGE_AFTER];
    judge_after(item->at, w->since, when);
    if (p->count > step->as.expect.count) {
        snprintf(observed, sizeof observed, "it came %u times, the last %s", p->count, when);
        judge_find(e, GW_VERDICT_FAIL, step->rule, c, step, expected, observed);
        return false;
    }
    snprintf(observed, sizeof observed, "it came %s", when);
    if (item->at < w->after) {
        judge_fail_timed(e, step->rule, c, step, w->since, expected, observed);
        return false;
    }
    if (item->at > w->last) {
        judge_fail_timed(e, step->rule, c, step, w->since, expected, observed);
        return false;
    }
    if (item->at > w->strict) judge_find(e, GW_VERDICT_NON_STRICT, step->rule, c, step, expected, observed);
    if (p->count == step->as.expect.count) {
        p->at = item->at;
        c->inbox.cursor = c->inbox.first + p->scan;
    }
    return true;
}

static gw_step_state absent(gw_engine *e, const gw_step *step, gw_conn *c, const gw_progress *p, const span_of_time *w,
                            gw_buf *why) {
    char expected[MAX_TEXT], observed[MAX_TEXT];
    /* What came with another content may have come long before the deadline. */
    for (size_t i = c->inbox.cursor; !why->len && i < c->inbox.first + p->scan; i++)
        if (match_item(e, step, &c->inbox.items[i], why) == MATCH_ERROR) return STEP_FAILED;
    describe_wanted(e, step, w, expected);
    describe_absence(e, c, p, w, why, observed);
    /* A client that has left upon what a step sent does not break the rule of what comes next. */
    bool left = c->addressed && engine_role(e) == GW_ROLE_SERVER && (c->state == CONN_ENDED || c->close_received);
    const char *rule = left ? e->scenario->requires_ids[0] : step->rule;
    if (step->as.expect.skip_if_absent && !why->len)
        judge_find(e, GW_VERDICT_SKIPPED, step->rule, c, step, expected, "not observed");
    else
        judge_fail_timed(e, rule, c, step, w->since, expected, observed);
    return STEP_FAILED;
}

static gw_step_state poll_client(gw_engine *e, const gw_step *step, gw_conn *c, gw_progress *p) {
    span_of_time w = window_of(e, c, step);
    gw_buf why;
    gw_buf_init(&why, 4096);
    gw_step_state state = STEP_RUNNING;
    gw_ns settle = step->as.expect.exact && step->as.expect.settle ? judge_time(e, c, step->as.expect.settle) : 0;
    bool enough = p->count >= step->as.expect.count;
    while (state == STEP_RUNNING && c->inbox.first + p->scan < c->inbox.count && !(enough && !step->as.expect.exact)) {
        const gw_item *item = &c->inbox.items[c->inbox.first + p->scan];
        if (enough && item->at > gw_time_add(p->at, settle)) break;
        p->scan++;
        match_result m = match_item(e, step, item, &why);
        if (m == MATCH_ERROR) state = STEP_FAILED;
        if (m == MATCH_YES && !take_match(e, step, c, p, item, &w)) state = STEP_FAILED;
        enough = p->count >= step->as.expect.count;
    }
    gw_ns settled = gw_time_add(p->at, settle);
    if (state == STEP_RUNNING && enough) {
        bool over = c->state == CONN_ENDED || e->now >= settled;
        if (over)
            p->done = true;
        else if (settled < e->step_deadline)
            e->step_deadline = settled;
        state = over ? STEP_DONE : STEP_RUNNING;
    } else if (state == STEP_RUNNING) {
        bool gone = c->state == CONN_ENDED || c->state == CONN_REFUSED || c->close_received;
        if (gone || e->now >= w.last)
            state = absent(e, step, c, p, &w, &why);
        else if (w.last < e->step_deadline)
            e->step_deadline = w.last;
    }
    gw_buf_deinit(&why);
    return state;
}

gw_step_state step_expect_poll(gw_engine *e, const gw_step *step) {
    gw_ns latest = INT64_MIN;
    bool all = true;
    e->step_deadline = GW_NEVER;
    for (unsigned i = 0; i < step->on_count; i++) {
        gw_progress *p = &e->progress[i];
        if (!p->done) {
            gw_step_state state = poll_client(e, step, &e->conns[step->on[i]], p);
            if (state == STEP_FAILED) return state;
            all = all && state == STEP_DONE;
        }
        if (p->at > latest) latest = p->at;
    }
    if (!all) return STEP_RUNNING;
    for (unsigned i = 0; i < step->on_count; i++) inbox_trim(&e->conns[step->on[i]].inbox);
    e->since = latest;
    return STEP_DONE;
}

/* ---- expect-none ---- */

gw_step_state step_none_poll(gw_engine *e, const gw_step *step) {
    char expected[MAX_TEXT], observed[MAX_TEXT];
    gw_ns end = e->step_begun_at;
    for (unsigned i = 0; i < step->on_count; i++) {
        gw_conn *c = &e->conns[step->on[i]];
        gw_ns duration = judge_time(e, c, step->as.expect.duration);
        gw_ns until = gw_time_add(e->step_begun_at, duration);
        if (until > end) end = until;
        gw_buf why;
        gw_buf_init(&why, 4096);
        gw_step_state state = STEP_RUNNING;
        while (state == STEP_RUNNING && c->inbox.first + e->progress[i].scan < c->inbox.count) {
            const gw_item *item = &c->inbox.items[c->inbox.first + e->progress[i].scan++];
            if (item->at > until) break;
            match_result m = match_item(e, step, item, &why);
            if (m == MATCH_ERROR) state = STEP_FAILED;
            if (m != MATCH_YES) continue;
            snprintf(expected, sizeof expected, "no %s for %.0f ms", pattern_name(&step->as.expect.pattern),
                     (double)duration / GW_MS);
            char when[JUDGE_AFTER];
            snprintf(observed, sizeof observed, "it came %s", judge_after(item->at, e->step_begun_at, when));
            judge_find(e, GW_VERDICT_FAIL, step->rule, c, step, expected, observed);
            state = STEP_FAILED;
        }
        gw_buf_deinit(&why);
        if (state == STEP_FAILED) return state;
    }
    e->step_deadline = end;
    if (e->now < end) return STEP_RUNNING;
    e->since = end;
    return STEP_DONE;
}

/* ---- expect-cadence ---- */

typedef struct cadence {
    gw_ns from, until, first, gap, lax_gap, min_gap;
} cadence;

static cadence cadence_of(const gw_engine *e, const gw_conn *c, const gw_step *step) {
    cadence k = {.from = judge_since(e, c, &step->window)};
    k.until = gw_time_add(k.from, judge_time(e, c, step->as.expect.duration));
    k.gap = judge_limit(e, c, step->window.within);
    k.lax_gap = step->window.non_strict_within ? judge_limit(e, c, step->window.non_strict_within) : k.gap;
    k.first = step->as.expect.first ? judge_limit(e, c, step->as.expect.first) : k.gap;
    k.min_gap = step->as.expect.min_gap ? judge_time(e, c, step->as.expect.min_gap) : 0;
    return k;
}

/* Judges the gap that ends at `at`, or is still open when `arrived` is false. */
static bool judge_gap(gw_engine *e, const gw_step *step, gw_conn *c, const gw_progress *p, const cadence *k, gw_ns at,
                      bool arrived) {
    gw_ns from = p->count ? p->last_at : k->from, gap = at - from, limit = p->count ? k->gap : k->first;
    gw_ns last = p->count && k->lax_gap > limit ? k->lax_gap : limit;
    char expected[MAX_TEXT], observed[MAX_TEXT];
    const char *name = step->as.expect.pattern.event;
    if (arrived && p->count && gap < k->min_gap) {
        snprintf(expected, sizeof expected, "%s no sooner than %.0f ms after the one before", name,
                 (double)k->min_gap / GW_MS);
        snprintf(observed, sizeof observed, "one %.1f ms after the one before", (double)gap / GW_MS);
        judge_fail_timed(e, step->rule, c, step, from, expected, observed);
        return false;
    }
    if (gap <= limit) return true;
    snprintf(expected, sizeof expected, "%s %s %.0f ms", name,
             p->count ? "with gaps of at most" : "for the first time within", (double)limit / GW_MS);
    snprintf(observed, sizeof observed, arrived ? "one after %.1f ms" : "none for %.1f ms", (double)gap / GW_MS);
    if (gap > last) {
        judge_fail_timed(e, step->rule, c, step, from, expected, observed);
        return false;
    }
    if (arrived) judge_find(e, GW_VERDICT_NON_STRICT, step->rule, c, step, expected, observed);
    return true;
}

gw_step_state step_cadence_poll(gw_engine *e, const gw_step *step) {
    gw_ns end = e->step_begun_at;
    e->step_deadline = GW_NEVER;
    for (unsigned i = 0; i < step->on_count; i++) {
        gw_conn *c = &e->conns[step->on[i]];
        gw_progress *p = &e->progress[i];
        cadence k = cadence_of(e, c, step);
        gw_buf why;
        gw_buf_init(&why, 4096);
        while (c->inbox.first + p->scan < c->inbox.count) {
            const gw_item *item = &c->inbox.items[c->inbox.first + p->scan++];
            if (match_item(e, step, item, &why) != MATCH_YES || item->at > k.until) continue;
            if (!judge_gap(e, step, c, p, &k, item->at, true)) {
                gw_buf_deinit(&why);
                return STEP_FAILED;
            }
            p->count++;
            p->last_at = item->at;
        }
        gw_buf_deinit(&why);
        gw_ns watched = e->now < k.until ? e->now : k.until;
        if (c->state == CONN_ENDED || c->close_received) {
            char observed[MAX_TEXT];
            judge_describe_end(c, k.from, observed);
            judge_fail_timed(e, judge_rule(e, GW_RULE_KEEP_ALIVE), c, step, k.from, "the connection stays open",
                             observed);
            return STEP_FAILED;
        }
        if (!judge_gap(e, step, c, p, &k, watched, false)) return STEP_FAILED;
        if (k.until > end) end = k.until;
        gw_ns gap_end = gw_time_add(gw_time_add(p->count ? p->last_at : k.from, p->count ? k.lax_gap : k.first), 1);
        if (gap_end < e->step_deadline) e->step_deadline = gap_end;
    }
    if (end < e->step_deadline) e->step_deadline = end;
    if (e->now < end) return STEP_RUNNING;
    e->since = end;
    return STEP_DONE;
}
