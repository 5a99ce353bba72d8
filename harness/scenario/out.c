/* Floor 3: the queue of timed writes of one connection. One write is in flight at a time, so that order and pauses
 * hold. */
#include "scenario/engine_internal.h"

#include <stdlib.h>
#include <string.h>

static gw_out *push(gw_conn *c, gw_out *out) {
    if (c->out_last)
        c->out_last->next = out;
    else
        c->out = out;
    c->out_last = out;
    c->out_bytes += out->len;
    if (out->flags & OUT_UNTIMED) conn_untime(c);
    return out;
}

static gw_out *no_memory(gw_conn *c) {
    judge_find(c->engine, GW_VERDICT_INCONCLUSIVE, NULL, c, NULL, "memory for what is to be sent",
               "the harness is out of memory");
    return NULL;
}

gw_out *out_push_owned(gw_conn *c, gw_buf *bytes, const gw_pacing *pacing, unsigned flags, const char *label,
                       gw_ns due) {
    if (c->out_bytes + bytes->len > MAX_OUT_BYTES) {
        judge_find(c->engine, GW_VERDICT_ERROR, NULL, c, NULL, "at most 256 MiB are queued on one connection",
                   "the scenario sends more than that at once");
        return NULL;
    }
    gw_out *out = calloc(1, sizeof *out);
    if (!out) return no_memory(c);
    *out = (gw_out){
        .bytes = bytes->data, .len = bytes->len, .due = due, .flags = flags, .label = label ? strdup(label) : NULL};
    *bytes = (gw_buf){.max = bytes->max};
    if (pacing) {
        out->chop = pacing->chop;
        out->pause = pacing->pause ? judge_time(c->engine, c, pacing->pause) : 0;
    }
    return push(c, out);
}

gw_out *out_push(gw_conn *c, gw_span bytes, const gw_pacing *pacing, unsigned flags, const char *label, gw_ns due) {
    gw_buf copy;
    gw_buf_init(&copy, bytes.len);
    if (gw_buf_append_span(&copy, bytes) != GW_OK) return no_memory(c);
    gw_out *out = out_push_owned(c, &copy, pacing, flags, label, due);
    gw_buf_deinit(&copy);
    return out;
}

void out_push_end(gw_conn *c, unsigned flag, gw_ns due) {
    gw_out *out = calloc(1, sizeof *out);
    if (!out) return;
    *out = (gw_out){.due = due, .flags = flag};
    push(c, out);
}

static gw_out *push_frame(gw_conn *c, unsigned opcode, gw_span payload, unsigned flags, gw_ns due) {
    gw_frame frame = gw_frame_make(opcode, payload.len);
    frame.masked = engine_role(c->engine) == GW_ROLE_CLIENT;
    if (frame.masked) gw_rng_fill(&c->engine->rng, frame.key, sizeof frame.key);
    gw_buf bytes, label;
    gw_buf_init(&bytes, payload.len + GW_FRAME_MAX_HEADER);
    gw_buf_init(&label, 1024);
    gw_buf_printf(&label, "%-5s ", gw_frame_opcode_name(opcode));
    wirelog_printable(payload, 100, &label);
    gw_out *out = gw_frame_append(&bytes, &frame, payload) == GW_OK
                      ? out_push(c, gw_buf_span(&bytes), NULL, flags | OUT_HABIT, gw_buf_cstr(&label), due)
                      : NULL;
    if (opcode == GW_FRAME_PING) c->ping_count++;
    gw_buf_deinit(&bytes);
    gw_buf_deinit(&label);
    return out;
}

bool out_push_frame(gw_conn *c, unsigned opcode, gw_span payload, unsigned flags, gw_ns due) {
    return push_frame(c, opcode, payload, flags, due) != NULL;
}

void out_set_event(gw_conn *c, gw_out *out, const gw_event *event, uint32_t times, uint64_t echo) {
    out->event = event;
    out->times = times;
    out->echo = echo;
    if (event != c->engine->config.protocol->heartbeat.hello) return;
    out->interval = c->said_interval;
    out->timeout = c->said_timeout;
}

bool out_push_event(gw_conn *c, const gw_event *event, gw_span message, uint64_t echo, gw_ns due) {
    const gw_protocol *protocol = c->engine->config.protocol;
    unsigned flags = event == protocol->heartbeat.beat[engine_role(c->engine)].send ? OUT_HEARTBEAT : 0;
    unsigned opcode = protocol->envelope.binary ? GW_FRAME_BINARY : GW_FRAME_TEXT;
    gw_out *out = push_frame(c, opcode, message, flags, due);
    if (!out) return false;
    out_set_event(c, out, event, 1, echo);
    return true;
}

static void pop(gw_conn *c) {
    gw_out *out = c->out;
    c->out = out->next;
    if (!c->out) c->out_last = NULL;
    c->out_bytes -= out->len;
    free(out->bytes);
    free(out->label);
    free(out);
}

void out_drop_first(gw_conn *c) {
    pop(c);
}

void out_clear(gw_conn *c) {
    while (c->out) pop(c);
    c->in_flight = false;
}

/* FIN and RST are actions of their own; they take their turn behind what was queued before. */
static bool end_action(gw_engine *e, gw_conn *c, gw_action *action) {
    unsigned flags = c->out->flags;
    if (!(flags & (OUT_FIN | OUT_RST))) return false;
    *action = (gw_action){
        .kind = flags & OUT_RST ? GW_ACTION_RESET : GW_ACTION_SHUTDOWN, .conn = c->index, .client = c->spec->name};
    wirelog_add(e, c, GW_WIRE_SENT, e->now, "%s", flags & OUT_RST ? "RST" : "FIN");
    pop(c);
    c->fin_sent = true;
    e->ended_by_us = true;
    c->sent_at = e->now;
    if (flags & OUT_RST) {
        c->state = CONN_ENDED;
        c->end_at = e->now;
        c->ending = GW_ENDING_RST;
        out_clear(c);
    }
    return true;
}

bool out_next(gw_engine *e, gw_action *action) {
    for (unsigned n = 0; n < e->conn_count; n++) {
        gw_conn *c = &e->conns[(e->next_conn + n) % e->conn_count];
        gw_out *out = c->out;
        if (!out || c->in_flight || out->due > e->now) continue;
        if (c->state < CONN_UPGRADING) continue;
        if (c->state == CONN_ENDED || c->fin_sent) {
            out_clear(c);
            continue;
        }
        e->next_conn = (c->index + 1) % e->conn_count;
        if (end_action(e, c, action)) return true;
        gw_span left = gw_span_from(gw_span_make(out->bytes, out->len), out->pos);
        if (out->chop) left = gw_span_sub(left, 0, out->chop);
        if (out->label) wirelog_add(e, c, GW_WIRE_SENT, e->now, "%s", out->label);
        free(out->label);
        out->label = NULL;
        if (out->flags & OUT_STIMULUS) {
            if (out->pos == 0) gw_buf_clear(&e->stimulus);
            gw_buf_append_span(&e->stimulus, gw_span_sub(left, 0, 256));
        }
        *action = (gw_action){.kind = GW_ACTION_SEND, .conn = c->index, .client = c->spec->name, .bytes = left};
        c->in_flight = true;
        if (!(out->flags & OUT_HABIT)) c->asked_bytes += left.len;
        if (!(out->flags & (OUT_HABIT | OUT_UPGRADE))) c->addressed = true;
        return true;
    }
    return false;
}

/* The heartbeat model hears of what has left, and so do our own habits. */
static void tell_event(gw_conn *c, const gw_out *out, gw_ns at) {
    const gw_protocol *protocol = c->engine->config.protocol;
    if (!out->event) return;
    gw_heartbeat_input input = {.at = at, .echo = out->echo, .interval = out->interval, .timeout = out->timeout};
    input.kind = gw_heartbeat_classify(protocol, out->event, false, c->engine->scenario->role);
    if (input.kind == GW_HEARTBEAT_HELLO_OUT) client_learn_hello(c, at, out->interval, out->timeout);
    for (uint32_t n = 0; n < out->times; n++) {
        invariant_time(c, input);
        storm_note(c, input.kind, at);
    }
}

/* `next`, the rest of what left or what stands behind it, is due a pause later. */
static void pace(const gw_out *left, gw_out *next) {
    gw_ns due = left->due + left->pause;
    next->paced = left->pause > 0;
    if (next->due < due) next->due = due;
}

void out_sent(gw_conn *c, gw_ns at) {
    gw_out *out = c->out;
    c->in_flight = false;
    if (!out) return;
    gw_engine_note_lateness(c->engine, at - out->due, at);
    /* The first piece may have had to wait for other writes, so pauses count from when it left. They do not count from
     * when each piece left: many small delays would add up to a long one that nobody notices. */
    if (!out->paced) out->due = at;
    size_t len = out->len - out->pos;
    out->pos += out->chop && len > out->chop ? out->chop : len;
    c->sent_at = at;
    if (out->flags & OUT_HEARTBEAT) c->beat_at = at;
    if (out->pos < out->len) {
        pace(out, out);
        return;
    }
    if (out->flags & OUT_CLOSE) c->close_sent = true;
    if (out->flags & OUT_UPGRADE) server_answered(c, at, out->flags);
    tell_event(c, out, at);
    if (out->next && out->next->flags == out->flags) pace(out, out->next);
    pop(c);
}

gw_ns out_deadline(const gw_conn *c) {
    bool waits = !c->out || c->in_flight || c->state < CONN_UPGRADING || c->state == CONN_ENDED;
    return waits ? GW_NEVER : c->out->due;
}
