/* Floor 3: send, send-frame, send-bytes, heartbeat, drop, trigger, wait: what a client does. */
#include "scenario/engine_internal.h"

#include <stdio.h>
#include <string.h>

static const gw_pacing *pacing_of(const gw_step *step) {
    return step->kind == GW_STEP_SEND_BYTES ? &step->as.bytes.pacing : &step->as.send.pacing;
}

/* Bytes of one sending, and how they are to be flagged and logged. */
typedef struct sending {
    gw_buf bytes, label;
    unsigned flags;
    bool fragmented;
    const gw_event *event;
} sending;

static bool build(gw_conn *c, const gw_step *step, sending *s, gw_buf *label) {
    const gw_engine *e = c->engine;
    if (step->kind == GW_STEP_SEND_BYTES) {
        s->flags = OUT_STIMULUS | OUT_UNTIMED;
        if (!send_payload(c, step, &step->as.bytes.payload, &s->bytes)) return false;
        gw_buf_append_cstr(label, "bytes ");
        wirelog_printable(gw_buf_span(&s->bytes), 100, label);
        return true;
    }
    const gw_event *beat = e->config.protocol->heartbeat.beat[engine_role(e)].send;
    for (size_t i = 0; i < step->as.send.frame_count; i++) {
        const gw_frame_spec *f = &step->as.send.frames[i];
        if (i) gw_buf_append_cstr(label, "  + ");
        if (!send_frame(c, step, f, &s->bytes, label, &s->fragmented)) return false;
        const gw_event *event = send_plain_event(e, f);
        if (event && event == beat) s->flags |= OUT_HEARTBEAT;
        if (!event && !send_plain_control(e, f)) s->flags |= OUT_STIMULUS | OUT_UNTIMED;
        if (event && s->event && s->event != event) s->flags |= OUT_UNTIMED; /* the model hears of one */
        if (event) s->event = event;
        if (f->opcode == GW_FRAME_CLOSE) s->flags |= OUT_CLOSE;
    }
    return true;
}

/* Fragments with a pause between them are writes of their own. */
static void push_fragments(gw_conn *c, const sending *s, const gw_pacing *pacing) {
    gw_frame_decoder decoder;
    gw_pacing each = {.pause = pacing->pause};
    size_t start = 0;
    gw_span bytes = gw_buf_span(&s->bytes);
    gw_frame_decoder_init(&decoder, false);
    for (size_t at = 0; at < bytes.len;) {
        gw_frame_event event = gw_frame_decoder_next(&decoder, s->bytes.data + at, bytes.len - at);
        at += event.consumed;
        bool end = event.kind == GW_FRAME_END || (event.kind == GW_FRAME_HEADER && decoder.frame.payload_len == 0);
        if (!end && at < bytes.len) continue;
        if (at > start)
            out_push(c, gw_span_sub(bytes, start, at - start), &each, s->flags, start ? NULL : gw_buf_cstr(&s->label),
                     c->engine->now);
        start = at;
    }
}

static void push(gw_engine *e, const gw_step *step, gw_conn *c, sending *s, gw_ns due, uint32_t times) {
    const gw_pacing *pacing = pacing_of(step);
    if (c->state < CONN_UPGRADING || c->state == CONN_ENDED) {
        wirelog_add(e, c, GW_WIRE_NOTE, e->now, "not sent, the connection is closed: %s", gw_buf_cstr(&s->label));
        return;
    }
    c->ping_count++; /* there may be one among the frames */
    if (s->fragmented && pacing->pause && !pacing->chop) {
        push_fragments(c, s, pacing);
        return;
    }
    gw_out *out = out_push_owned(c, &s->bytes, pacing, s->flags, gw_buf_cstr(&s->label), due);
    if (!out || !s->event) return;
    out_set_event(c, out, s->event, times, times == 1 ? c->echo : 0);
}

static void send_once(gw_engine *e, const gw_step *step, gw_conn *c, gw_ns due, uint32_t times) {
    sending s = {0};
    gw_buf rest;
    gw_buf_init(&s.bytes, MAX_OUT_BYTES);
    gw_buf_init(&s.label, 4096);
    gw_buf_init(&rest, 4096);
    bool ok = build(c, step, &s, &s.label);
    for (uint32_t n = 1; ok && n < times; n++) {
        gw_buf_clear(&rest);
        ok = build(c, step, &s, &rest);
    }
    if (times > 1) gw_buf_printf(&s.label, "  x %u", times);
    if (s.bytes.error != GW_OK && !e->failed)
        judge_find(e, GW_VERDICT_ERROR, NULL, c, step, "what is sent at once fits 256 MiB",
                   gw_status_text(s.bytes.error));
    else if (ok)
        push(e, step, c, &s, due, times);
    gw_buf_deinit(&rest);
    gw_buf_deinit(&s.bytes);
    gw_buf_deinit(&s.label);
}

static gw_repeat *free_repeat(gw_engine *e) {
    for (int i = 0; i < MAX_REPEATS; i++)
        if (!e->repeats[i].active) return &e->repeats[i];
    return NULL;
}

void step_send_begin(gw_engine *e, const gw_step *step) {
    const gw_pacing *pacing = pacing_of(step);
    for (unsigned i = 0; i < step->on_count; i++) {
        gw_conn *c = &e->conns[step->on[i]];
        uint32_t times = pacing->times;
        if (!pacing->every) {
            send_once(e, step, c, e->now, times ? times : 1);
            continue;
        }
        gw_repeat *r = free_repeat(e);
        if (!r) {
            judge_find(e, GW_VERDICT_ERROR, NULL, c, step, "at most 32 repeated sendings at once", "there are more");
            return;
        }
        *r = (gw_repeat){.step = step, .conn = c->index, .left = times ? times : UINT32_MAX, .active = true};
        r->every = judge_time(e, c, pacing->every);
        r->due = e->since > e->now - r->every ? gw_time_add(e->since, r->every) : e->now;
    }
}

void step_repeat_tick(gw_engine *e, gw_ns now) {
    for (int i = 0; i < MAX_REPEATS; i++) {
        gw_repeat *r = &e->repeats[i];
        gw_conn *c = r->active ? &e->conns[r->conn] : NULL;
        if (c && !conn_is_up(c)) r->active = false;
        while (r->active && r->due <= now) {
            send_once(e, r->step, c, r->due, 1);
            if (r->left != UINT32_MAX && --r->left == 0) r->active = false;
            r->due = gw_time_add(r->due, r->every > 0 ? r->every : 1);
        }
    }
}

gw_ns step_repeat_deadline(const gw_engine *e) {
    gw_ns next = GW_NEVER;
    for (int i = 0; i < MAX_REPEATS; i++)
        if (e->repeats[i].active && e->repeats[i].due < next) next = e->repeats[i].due;
    return next;
}

/* All that was queued on the step's connections has left. */
static gw_step_state flushed(gw_engine *e, const gw_step *step) {
    for (unsigned i = 0; i < step->on_count; i++) {
        const gw_conn *c = &e->conns[step->on[i]];
        if (c->out && c->state != CONN_ENDED) return STEP_RUNNING;
    }
    for (unsigned i = 0; i < step->on_count; i++) {
        gw_ns sent = e->conns[step->on[i]].sent_at;
        if (sent != GW_NEVER && (i == 0 || sent > e->since)) e->since = sent;
    }
    return STEP_DONE;
}

gw_step_state step_send_poll(gw_engine *e, const gw_step *step) {
    e->step_deadline = GW_NEVER;
    if (pacing_of(step)->background) return STEP_DONE;
    for (int i = 0; i < MAX_REPEATS; i++)
        if (e->repeats[i].active && e->repeats[i].step == step) return STEP_RUNNING;
    return flushed(e, step);
}

gw_step_state step_drop_poll(gw_engine *e, const gw_step *step) {
    e->step_deadline = GW_NEVER;
    return flushed(e, step);
}

void step_heartbeat_begin(gw_engine *e, const gw_step *step) {
    for (unsigned i = 0; i < step->on_count; i++) {
        gw_conn *c = &e->conns[step->on[i]];
        c->heartbeat = step->as.heartbeat.mode;
        c->heartbeat_every = step->as.heartbeat.every;
        c->next_beat_at = GW_NEVER;
        client_schedule_beat(c, e->now);
    }
}

void step_drop_begin(gw_engine *e, const gw_step *step) {
    for (unsigned i = 0; i < step->on_count; i++) {
        gw_conn *c = &e->conns[step->on[i]];
        if (c->state != CONN_ENDED) out_push_end(c, step->as.drop.reset ? OUT_RST : OUT_FIN, e->now);
    }
}

/* ---- trigger ---- */

static bool queue_trigger(gw_engine *e, const gw_step *step) {
    const char *event = step->as.trigger.event;
    gw_status status = GW_OK;
    gw_span missing = {0};
    cJSON *data = step->as.trigger.data ? gw_vars_expand_json(&e->vars, step->as.trigger.data, &status, &missing)
                                        : cJSON_CreateObject();
    if (!data) return judge_missing(e, NULL, step, missing);
    cJSON_Delete(e->trigger_data);
    e->trigger_data = data;
    const gw_client_spec *by = step->as.trigger.by != UINT16_MAX ? e->conns[step->as.trigger.by].spec : NULL;
    engine_queue(e, (gw_action){.kind = GW_ACTION_TRIGGER,
                                .trigger = ++e->trigger_number,
                                .event = event,
                                .room = step->as.trigger.room,
                                .by = by ? by->name : NULL,
                                .by_participant = by ? by->participant : NULL,
                                .data = data});
    wirelog_add(e, NULL, GW_WIRE_NOTE, e->now, "trigger %s in room %s", event, step->as.trigger.room);
    e->triggers_open = 1;
    e->stimulated = true; /* a kick or the end of a room may end connections */
    return true;
}

void step_trigger_begin(gw_engine *e, const gw_step *step) {
    e->progress[0] = (gw_progress){0};
    e->trigger_failed = false;
    queue_trigger(e, step);
}

gw_step_state step_trigger_poll(gw_engine *e, const gw_step *step) {
    e->step_deadline = GW_NEVER; /* the driver bounds a trigger and answers in any case */
    if (e->failed) return STEP_FAILED;
    if (e->triggers_open) return STEP_RUNNING;
    uint32_t times = step->as.trigger.times ? step->as.trigger.times : 1;
    if (++e->progress[0].count < times) return queue_trigger(e, step) ? STEP_RUNNING : STEP_FAILED;
    e->since = e->step_begun_at;
    return STEP_DONE;
}

gw_step_state step_wait_poll(gw_engine *e, const gw_step *step) {
    const gw_conn *c = step->on_count ? &e->conns[step->on[0]] : e->conn_count ? &e->conns[0] : NULL;
    e->step_deadline = gw_time_add(e->step_begun_at, judge_time(e, c, step->as.wait.duration));
    if (e->now < e->step_deadline) return STEP_RUNNING;
    e->since = e->step_deadline;
    return STEP_DONE;
}
