/* Floor 3: the life of a run: steps in turn, then the canary, then the result. */
#include "scenario/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gw_step_state done_at_once(gw_engine *e, const gw_step *step) {
    (void)step;
    if (e->step_begun_at > e->since) e->since = e->step_begun_at;
    return STEP_DONE;
}

static void nothing(gw_engine *e, const gw_step *step) {
    (void)e;
    (void)step;
}

const gw_step_handler step_handlers[] = {
    [GW_STEP_CONNECT] = {step_connect_begin, step_connect_poll},
    [GW_STEP_ACCEPT] = {step_accept_begin, step_accept_poll},
    [GW_STEP_UPGRADE] = {step_connect_begin, step_upgrade_poll},
    [GW_STEP_EXPECT_RESPONSE] = {nothing, step_response_poll},
    [GW_STEP_EXPECT] = {step_expect_begin, step_expect_poll},
    [GW_STEP_EXPECT_NONE] = {step_expect_begin, step_none_poll},
    [GW_STEP_EXPECT_CADENCE] = {step_expect_begin, step_cadence_poll},
    [GW_STEP_EXPECT_CLOSE] = {step_end_begin, step_close_poll},
    [GW_STEP_EXPECT_FAIL] = {step_end_begin, step_fail_poll},
    [GW_STEP_EXPECT_REACTION] = {step_end_begin, step_reaction_poll},
    [GW_STEP_EXPECT_OPEN] = {step_end_begin, step_open_poll},
    [GW_STEP_SEND] = {step_send_begin, step_send_poll},
    [GW_STEP_SEND_FRAME] = {step_send_begin, step_send_poll},
    [GW_STEP_SEND_BYTES] = {step_send_begin, step_send_poll},
    [GW_STEP_HEARTBEAT] = {step_heartbeat_begin, done_at_once},
    [GW_STEP_DROP] = {step_drop_begin, step_drop_poll},
    [GW_STEP_TRIGGER] = {step_trigger_begin, step_trigger_poll},
    [GW_STEP_WAIT] = {nothing, step_wait_poll},
};

gw_engine *gw_engine_create(const gw_engine_config *config) {
    gw_engine *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    e->config = *config;
    e->scenario = config->scenario;
    e->spoke_at = GW_NEVER;
    if (e->config.timeout_scale <= 0) e->config.timeout_scale = 1;
    gw_rng_init(&e->rng, gw_rng_derive(config->seed, config->scenario->id));
    e->conn_count = (unsigned)config->scenario->client_count + 1;
    e->conns = calloc(e->conn_count, sizeof *e->conns);
    e->result = calloc(1, sizeof *e->result);
    gw_arena *arena = calloc(1, sizeof *arena);
    bool vars = gw_vars_init(&e->vars, &e->rng) == GW_OK && gw_vars_set_protocol(&e->vars, config->protocol) == GW_OK;
    wirelog_init(&e->log);
    if (!e->conns || !e->result || !arena || !vars || !e->log.entries) {
        free(arena);
        gw_engine_destroy(e);
        return NULL;
    }
    gw_arena_init(arena);
    e->result->arena = arena;
    e->result->scenario = config->scenario;
    gw_buf_init(&e->stimulus, 4096);
    for (unsigned i = 0; i < e->conn_count; i++) {
        bool canary = i + 1 == e->conn_count;
        conn_init(&e->conns[i], e, i, canary ? canary_client() : &config->scenario->clients[i]);
        e->conns[i].canary = canary;
    }
    return e;
}

void gw_result_destroy(gw_result *result) {
    if (!result) return;
    if (result->arena) gw_arena_deinit(result->arena);
    free(result->arena);
    free(result);
}

void gw_engine_destroy(gw_engine *e) {
    if (!e) return;
    for (unsigned i = 0; e->conns && i < e->conn_count; i++) conn_deinit(&e->conns[i]);
    free(e->conns);
    free(e->queue);
    cJSON_Delete(e->trigger_data);
    gw_vars_deinit(&e->vars);
    gw_buf_deinit(&e->stimulus);
    wirelog_deinit(&e->log);
    gw_result_destroy(e->result);
    free(e);
}

void engine_queue(gw_engine *e, gw_action action) {
    if (e->queue_count == e->queue_capacity) {
        size_t capacity = e->queue_capacity ? e->queue_capacity * 2 : 16;
        struct gw_queued *queue = realloc(e->queue, capacity * sizeof *queue);
        if (!queue) abort(); /* some 100 bytes; nothing can go on without them */
        e->queue = queue;
        e->queue_capacity = capacity;
    }
    e->queue[e->queue_count++].action = action;
}

void engine_open(gw_engine *e, gw_conn *c, const gw_step *step) {
    c->opened_by = step;
    c->state = CONN_PROVISIONING;
    engine_queue(e, (gw_action){.kind = GW_ACTION_PROVISION,
                                .conn = c->index,
                                .client = c->spec->name,
                                .room = c->spec->room,
                                .participant = c->spec->participant});
}

/* ---- The end ---- */

static int gravity(const void *a, const void *b) {
    const gw_finding *x = a, *y = b;
    if (x->verdict != y->verdict) return x->verdict > y->verdict ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

void engine_finish(gw_engine *e) {
    gw_result *r = e->result;
    for (unsigned i = 0; i < e->conn_count; i++) {
        gw_conn *c = &e->conns[i];
        out_clear(c);
        if (c->state > CONN_IDLE && c->state != CONN_ENDED)
            engine_queue(e, (gw_action){.kind = GW_ACTION_CLOSE, .conn = i, .client = c->spec->name});
        c->state = CONN_ENDED;
    }
    canary_settle_pongs(e);
    qsort(e->findings, e->finding_count, sizeof *e->findings, gravity);
    gw_finding *findings = GW_ARENA_ARRAY(r->arena, gw_finding, e->finding_count + 1);
    memcpy(findings, e->findings, e->finding_count * sizeof *findings);
    r->findings = findings;
    r->finding_count = e->finding_count;
    r->verdict = e->finding_count ? findings[0].verdict : GW_VERDICT_PASS;
    r->started = e->started;
    r->duration = e->scenario_end - e->started;
    r->lateness = e->worst_late;
    if (e->stimulus.len) {
        r->stimulus = (uint8_t *)gw_arena_strndup(r->arena, e->stimulus.data, e->stimulus.len);
        r->stimulus_len = e->stimulus.len;
    }
    wirelog_finish(e, r);
    e->phase = PHASE_DONE;
    engine_queue(e, (gw_action){.kind = GW_ACTION_DONE});
}

/* ---- Steps ---- */

static gw_ns time_limit(const gw_engine *e) {
    if (e->config.no_deadlines) return GW_NEVER;
    const gw_conn *c = &e->conns[0];
    gw_ns limit = e->scenario->timeout ? judge_time(e, c, e->scenario->timeout) : GW_NEVER;
    if (limit != GW_NEVER) return gw_time_add(e->started, limit);
    gw_ns interval = c->interval > 0 && c->interval < 3600 * GW_S ? c->interval : 0;
    return gw_time_add(e->started, (gw_ns)((double)(30 * GW_S) * e->config.timeout_scale) + 12 * interval);
}

static void run_steps(gw_engine *e) {
    while (!e->failed && e->step < e->scenario->step_count) {
        const gw_step *step = &e->scenario->steps[e->step];
        if (!e->step_begun) {
            e->step_begun = true;
            e->step_begun_at = e->now;
            e->step_deadline = GW_NEVER;
            memset(e->progress, 0, sizeof e->progress);
            step_handlers[step->kind].begin(e, step);
            if (e->failed) return;
        }
        gw_step_state state = step_handlers[step->kind].poll(e, step);
        if (state == STEP_FAILED) e->failed = true;
        if (state != STEP_DONE) return;
        e->step++;
        e->step_begun = false;
    }
}

static void advance(gw_engine *e) {
    e->vars.now_ms = e->config.unix_ms + e->now / GW_MS;
    if (e->phase == PHASE_STEPS) {
        run_steps(e);
        if (!e->failed && e->step < e->scenario->step_count) {
            if (e->now < time_limit(e)) return;
            judge_find(e, GW_VERDICT_ERROR, NULL, NULL, &e->scenario->steps[e->step],
                       "the scenario ends in its time limit", "it was still at this step");
        }
        e->scenario_end = e->now;
        if (canary_is_wanted(e))
            canary_begin(e);
        else
            engine_finish(e);
    }
    if (e->phase == PHASE_CANARY) canary_poll(e);
}

static void move_clock(gw_engine *e, gw_ns now) {
    if (now > e->now) e->now = now;
}

/* ---- Input ---- */

void gw_engine_start(gw_engine *e, gw_ns now) {
    e->started = e->now = e->since = now;
    e->phase = PHASE_STEPS;
    advance(e);
}

static gw_conn *conn_of(gw_engine *e, unsigned index) {
    return index < e->conn_count && e->phase != PHASE_DONE ? &e->conns[index] : NULL;
}

void gw_engine_on_provisioned(gw_engine *e, unsigned conn, const gw_endpoint *endpoint, const cJSON *vars,
                              const char *error, gw_ns now) {
    gw_conn *c = conn_of(e, conn);
    move_clock(e, now);
    if (!c || c->state != CONN_PROVISIONING) return;
    if (!endpoint) {
        c->state = CONN_ENDED;
        c->end_at = now;
        c->response_fault = gw_arena_strdup(&c->arena, error ? error : "the fixture failed");
        if (!c->canary)
            judge_find(e, GW_VERDICT_ERROR, NULL, c, c->opened_by,
                       "a room and a participant from the target's fixtures", c->response_fault);
    } else {
        conn_set_endpoint(c, endpoint);
        if (vars && !c->canary) gw_vars_set(&e->vars, c->spec->name, vars);
        c->state = CONN_OPENING;
        engine_queue(e, (gw_action){.kind = GW_ACTION_OPEN, .conn = conn, .client = c->spec->name});
    }
    advance(e);
}

void gw_engine_on_open(gw_engine *e, unsigned conn, gw_ns now) {
    gw_conn *c = conn_of(e, conn);
    move_clock(e, now);
    if (!c || c->state != CONN_OPENING) return;
    c->tcp_at = now;
    if (engine_role(e) == GW_ROLE_SERVER)
        c->state = CONN_UPGRADING;
    else if (!conn_upgrade(c) && !e->failed)
        judge_find(e, GW_VERDICT_ERROR, NULL, c, c->opened_by, "an upgrade request", "it could not be built");
    advance(e);
}

void gw_engine_on_open_failed(gw_engine *e, unsigned conn, const char *error, gw_ns now) {
    gw_conn *c = conn_of(e, conn);
    move_clock(e, now);
    if (!c || c->state != CONN_OPENING) return;
    c->response_fault = gw_arena_strdup(&c->arena, error);
    c->state = CONN_ENDED;
    c->ending = GW_ENDING_ERROR;
    c->end_at = now;
    wirelog_add(e, c, GW_WIRE_NOTE, now, "%s", error);
    advance(e);
}

void gw_engine_on_sent(gw_engine *e, unsigned conn, gw_ns now) {
    gw_conn *c = conn_of(e, conn);
    move_clock(e, now);
    if (!c || !c->in_flight) return;
    out_sent(c, now);
    advance(e);
}

static void end_with(gw_engine *e, gw_verdict verdict, const char *rule, const char *expected, const char *reason) {
    if (e->phase == PHASE_DONE) return;
    e->phase = PHASE_STEPS;
    e->failed = false;
    judge_find(e, verdict, rule, NULL, NULL, expected, reason);
    e->scenario_end = e->now;
    engine_finish(e);
}

/* A client has no leave to storm; of a server the document does not say so. Many engines may end like this before the
 * driver destroys the first, so none waits for that to give its memory back. */
static void end_flooded(gw_engine *e) {
    if (e->storm)
        end_with(e, GW_VERDICT_FAIL, judge_rule(e, GW_RULE_SURVIVAL), "no storm of messages", e->flooded);
    else
        end_with(e, GW_VERDICT_ERROR, NULL, "the run goes on to its end", e->flooded);
    for (unsigned i = 0; i < e->conn_count; i++) flood_release(&e->conns[i]);
}

void gw_engine_on_bytes(gw_engine *e, unsigned conn, uint8_t *bytes, size_t len, gw_ns at) {
    gw_conn *c = conn_of(e, conn);
    move_clock(e, at);
    if (!c) return;
    c->in_bytes += len;
    if (!e->flooded) conn_receive(c, bytes, len, at);
    flood_check(c);
    if (e->flooded && e->phase != PHASE_DONE)
        end_flooded(e);
    else
        advance(e);
}

void gw_engine_on_closed(gw_engine *e, unsigned conn, gw_ending how, gw_ns at) {
    gw_conn *c = conn_of(e, conn);
    move_clock(e, at);
    if (!c) return;
    conn_ended(c, how, at);
    advance(e);
}

void gw_engine_on_triggered(gw_engine *e, unsigned trigger, const cJSON *data, const char *error, gw_ns now) {
    move_clock(e, now);
    if (e->phase != PHASE_STEPS || trigger != e->trigger_number || !e->triggers_open) return;
    const gw_step *step = &e->scenario->steps[e->step];
    e->triggers_open = 0;
    if (error && !step->as.trigger.optional)
        judge_find(e, GW_VERDICT_ERROR, NULL, NULL, step, "the target's trigger works", error);
    if (!error && step->as.trigger.save) gw_vars_set(&e->vars, step->as.trigger.save, data ? data : e->trigger_data);
    advance(e);
}

void gw_engine_on_incoming(gw_engine *e, gw_ns now) {
    char observed[MAX_TEXT];
    move_clock(e, now);
    if (e->phase != PHASE_STEPS || ++e->incoming <= MAX_INCOMING) return;
    snprintf(observed, sizeof observed, "%u in %.1f s", e->incoming, (double)(now - e->started) / (double)GW_S);
    judge_find(e, GW_VERDICT_FAIL, judge_rule(e, GW_RULE_SURVIVAL), NULL, NULL,
               "at most 100 connections of a client in a scenario", observed);
    advance(e);
}

void gw_engine_on_client_exit(gw_engine *e, const char *how, bool fault, gw_ns now) {
    move_clock(e, now);
    if (e->phase == PHASE_DONE || e->phase == PHASE_IDLE || e->exited) return;
    e->exited = gw_arena_strdup(e->result->arena, how);
    wirelog_add(e, NULL, GW_WIRE_NOTE, now, "the client %s", how);
    if (fault) {
        canary_client_died(e, e->exited);
        if (e->phase == PHASE_STEPS) e->scenario_end = e->now;
        engine_finish(e);
    } else {
        advance(e);
    }
}

void gw_engine_on_tick(gw_engine *e, gw_ns now) {
    gw_ns due = gw_engine_deadline(e);
    if (now > due) gw_engine_note_lateness(e, now - due, now);
    move_clock(e, now);
    if (e->phase == PHASE_DONE) return;
    if (e->phase == PHASE_STEPS) step_repeat_tick(e, now);
    for (unsigned i = 0; i < e->conn_count; i++) client_on_tick(&e->conns[i], now);
    advance(e);
}

void gw_engine_note_lateness(gw_engine *e, gw_ns lateness, gw_ns now) {
    if (lateness > e->worst_late) e->worst_late = lateness;
    if (lateness < 2 * GW_MS) return;
    e->late[e->late_count++ % MAX_LATE] = (gw_late){now, lateness};
}

void gw_engine_abort(gw_engine *e, gw_verdict verdict, const char *reason, gw_ns now) {
    move_clock(e, now);
    end_with(e, verdict, NULL, "the run goes on to its end", reason);
}

/* ---- Output ---- */

bool gw_engine_next(gw_engine *e, gw_action *action) {
    if (e->queue_first < e->queue_count) {
        *action = e->queue[e->queue_first++].action;
        if (e->queue_first == e->queue_count) e->queue_first = e->queue_count = 0;
        return true;
    }
    if (e->phase == PHASE_DONE) return false;
    if (out_next(e, action)) return true;
    if (!e->ended_by_us) return false;
    e->ended_by_us = false; /* no answer comes to a FIN or RST of ours: the step that waits for it goes on here */
    advance(e);
    return gw_engine_next(e, action);
}

gw_ns gw_engine_deadline(const gw_engine *e) {
    if (e->phase == PHASE_DONE || e->phase == PHASE_IDLE) return GW_NEVER;
    gw_ns next = e->step_deadline, other;
    if (e->phase == PHASE_STEPS && (other = step_repeat_deadline(e)) < next) next = other;
    if (e->phase == PHASE_STEPS && (other = time_limit(e)) < next) next = other;
    for (unsigned i = 0; i < e->conn_count; i++) {
        if ((other = client_deadline(&e->conns[i])) < next) next = other;
        if ((other = out_deadline(&e->conns[i])) < next) next = other;
    }
    return next;
}

const gw_result *gw_engine_result(const gw_engine *e) {
    return e->phase == PHASE_DONE ? e->result : NULL;
}

gw_result *gw_engine_take_result(gw_engine *e) {
    gw_result *result = e->phase == PHASE_DONE ? e->result : NULL;
    if (result) e->result = NULL;
    return result;
}

const char *gw_verdict_word(gw_verdict verdict) {
    static const char *const words[] = {
#define GW_VERDICT_WORD(name, word) [GW_VERDICT_##name] = word,
        GW_VERDICT_TABLE(GW_VERDICT_WORD)
#undef GW_VERDICT_WORD
    };
    return (unsigned)verdict < GW_VERDICT_COUNT ? words[verdict] : "unknown";
}
