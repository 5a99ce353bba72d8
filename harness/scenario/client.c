/* Floor 3: what a scripted client does by itself: heartbeats, answers to asks, Pongs, the echo of a Close. */
#include "scenario/engine_internal.h"

#include <string.h>

void client_beat(gw_conn *c, gw_ns due) {
    gw_engine *e = c->engine;
    const gw_beat *beat = &e->config.protocol->heartbeat.beat[GW_ROLE_CLIENT];
    if (!conn_is_up(c) || c->close_sent || c->fin_sent || !beat->send) return;
    cJSON *data = beat->data ? cJSON_Parse(beat->data) : NULL;
    gw_buf text;
    gw_buf_init(&text, 4096);
    if (gw_packet_encode_event(e->config.protocol, beat->send, data, &text) == GW_OK)
        out_push_frame(c, GW_FRAME_TEXT, gw_buf_span(&text), OUT_HEARTBEAT, due);
    gw_buf_deinit(&text);
    cJSON_Delete(data);
}

void client_schedule_beat(gw_conn *c, gw_ns from) {
    if (c->interval <= 0 || c->canary) return;
    if (c->heartbeat == GW_HEARTBEAT_AUTO) c->next_beat_at = gw_time_add(from, c->interval / 2);
    if (c->heartbeat == GW_HEARTBEAT_EVERY)
        c->next_beat_at = gw_time_add(from, judge_time(c->engine, c, c->heartbeat_every));
}

static void on_hello(gw_conn *c, const gw_item *item) {
    gw_engine *e = c->engine;
    if (c->hello_at != GW_NEVER) return;
    c->hello_at = item->at;
    if (!c->canary) e->hello_seen = true;
    if (!gw_packet_interval(item->packet, e->config.protocol, &c->interval)) c->interval = 0;
    cJSON *number = cJSON_CreateNumber((double)c->interval / GW_MS);
    gw_vars_set(&e->vars, "I", number);
    cJSON_SetNumberValue(number, (double)judge_eps(e, c) / GW_MS);
    gw_vars_set(&e->vars, "eps", number);
    cJSON_Delete(number);
    if (c->interval > 0 && !c->canary) {
        e->result->interval = c->interval;
        e->result->eps = judge_eps(e, c);
    }
    client_schedule_beat(c, item->at);
}

static void on_event(gw_conn *c, const gw_item *item) {
    gw_engine *e = c->engine;
    const gw_heartbeat_rules *rules = &e->config.protocol->heartbeat;
    if (item->event && item->event == rules->hello) on_hello(c, item);
    if (item->event && item->event == rules->ask && (rules->ask_by & GW_FROM_SERVER) && c->spec->answer_asks)
        client_beat(c, e->now);
    else if (item->event && item->event == rules->beat[GW_ROLE_SERVER].send && c->heartbeat == GW_HEARTBEAT_REPLY)
        client_beat(c, e->now);
    gw_heartbeat_input input = {.kind = gw_heartbeat_classify(e->config.protocol, item->event, true), .at = item->at};
    input.interval = c->interval;
    invariant_time(c, input);
}

static void on_close(gw_conn *c, const gw_item *item) {
    if (c->close_sent || !c->spec->answer_close || c->fin_sent) return;
    while (c->out && !c->in_flight) { /* nothing goes out behind a Close */
        gw_out *out = c->out;
        if (out->flags & (OUT_FIN | OUT_RST)) break;
        out_drop_first(c);
    }
    gw_span code = gw_span_make(item->payload, item->len >= 2 ? 2 : 0);
    out_push_frame(c, GW_FRAME_CLOSE, code, OUT_CLOSE, c->engine->now);
}

void client_on_item(gw_conn *c, const gw_item *item) {
    switch (item->opcode) {
    case GW_FRAME_PING:
        if (c->spec->answer_pings && conn_is_up(c) && !c->close_sent)
            out_push_frame(c, GW_FRAME_PONG, gw_span_make(item->payload, item->len), 0, c->engine->now);
        break;
    case GW_FRAME_PONG:
        break;
    case GW_FRAME_CLOSE:
        on_close(c, item);
        break;
    default:
        if (!c->close_received) on_event(c, item);
    }
}

void client_on_tick(gw_conn *c, gw_ns now) {
    if (c->state != CONN_OPEN) return;
    while (c->next_beat_at <= now) {
        gw_ns due = c->next_beat_at;
        client_schedule_beat(c, due);
        if (c->next_beat_at <= due) c->next_beat_at = due + 1;
        if (c->heartbeat == GW_HEARTBEAT_OFF || c->heartbeat == GW_HEARTBEAT_REPLY || !conn_is_up(c)) {
            c->next_beat_at = GW_NEVER;
            break;
        }
        client_beat(c, due);
    }
    invariant_time(c, (gw_heartbeat_input){.kind = GW_HEARTBEAT_TICK, .at = now});
}

gw_ns client_deadline(const gw_conn *c) {
    if (c->state != CONN_OPEN) return GW_NEVER;
    gw_ns tick = c->timed ? gw_heartbeat_due(&c->model).next_tick : GW_NEVER;
    return tick < c->next_beat_at ? tick : c->next_beat_at;
}
