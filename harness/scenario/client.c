/* Floor 3: what a scripted client does by itself: heartbeats, answers to asks, Pongs, the echo of a Close. */
#include "protocol/template.h"
#include "scenario/engine_internal.h"

#include <stdio.h>
#include <string.h>

cJSON *client_data(gw_conn *c, const gw_event *event, const cJSON *question) {
    const gw_protocol *protocol = c->engine->config.protocol;
    gw_data_template text = gw_protocol_usual_data(protocol, event, GW_ROLE_CLIENT);
    char nonce[17];
    if (!text) return NULL;
    if (strstr(text, "${nonce}")) {
        uint8_t bytes[8];
        gw_rng_fill(&c->engine->rng, bytes, sizeof bytes);
        for (size_t i = 0; i < sizeof bytes; i++) snprintf(nonce + 2 * i, 3, "%02x", bytes[i]);
    }
    gw_template_values values = {
        .has_sequence = c->has_sequence, .sequence = c->sequence, .nonce = nonce, .data = question};
    return gw_template_fill(text, &values);
}

static void say(gw_conn *c, const gw_event *event, const cJSON *question, gw_ns due) {
    const gw_protocol *protocol = c->engine->config.protocol;
    if (!event || !conn_is_up(c) || c->close_sent || c->fin_sent) return;
    cJSON *data = client_data(c, event, question);
    gw_buf text;
    gw_buf_init(&text, MAX_MESSAGE_BYTES);
    gw_packet_spec spec = {.event = event, .data = data, .data_absent = !data};
    if (gw_packet_encode(protocol, &spec, &text) == GW_OK)
        out_push_event(c, event, gw_buf_span(&text), gw_heartbeat_echo(protocol, event, data, GW_ROLE_CLIENT), due);
    gw_buf_deinit(&text);
    cJSON_Delete(data);
}

void client_beat(gw_conn *c, gw_ns due) {
    say(c, c->engine->config.protocol->heartbeat.beat[GW_ROLE_CLIENT].send, NULL, due);
}

static void greet(gw_conn *c, bool after_hello) {
    const gw_greeting *greeting = &c->engine->config.protocol->heartbeat.greeting;
    if (c->spec->greet && greeting->after_hello == after_hello) say(c, greeting->send, NULL, c->engine->now);
}

void client_on_open(gw_conn *c) {
    greet(c, false);
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
    if (!gw_packet_timeout(item->packet, e->config.protocol, &c->timeout)) c->timeout = 0;
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
    greet(c, true);
}

/* Answers a question of the server, or its heartbeat with one of our own. */
static void answer(gw_conn *c, const gw_item *item) {
    const gw_heartbeat_rules *rules = &c->engine->config.protocol->heartbeat;
    const gw_question *question = &rules->question[GW_ROLE_SERVER];
    if (!item->event) return;
    if (item->event == question->event && c->spec->answer_asks)
        say(c, question->answer, item->packet->data, c->engine->now);
    else if (item->event == rules->beat[GW_ROLE_SERVER].send && c->heartbeat == GW_HEARTBEAT_REPLY)
        client_beat(c, c->engine->now);
}

static void on_event(gw_conn *c, const gw_item *item) {
    const gw_protocol *protocol = c->engine->config.protocol;
    gw_heartbeat_input input = {.kind = gw_heartbeat_classify(protocol, item->event, true, GW_ROLE_SERVER),
                                .at = item->at};
    if (item->event) input = gw_heartbeat_read(protocol, item->packet, true, GW_ROLE_SERVER, item->at);
    if (item->packet && item->packet->has_sequence) {
        c->has_sequence = true;
        c->sequence = item->packet->sequence;
    }
    if (item->event && item->event == protocol->heartbeat.hello) on_hello(c, item);
    answer(c, item);
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
