/* Floor 3: what a scripted client does by itself: heartbeats, answers to asks, Pongs, the echo of a Close. */
#include "protocol/template.h"
#include "scenario/engine_internal.h"

#include <stdio.h>
#include <string.h>

cJSON *client_data(gw_conn *c, const gw_event *event, const cJSON *question) {
    const gw_protocol *protocol = c->engine->config.protocol;
    gw_data_template text = gw_protocol_usual_data(protocol, event, engine_role(c->engine));
    char nonce[17];
    if (!text) return NULL;
    if (strstr(text, "${nonce}")) {
        uint8_t bytes[8];
        gw_rng_fill(&c->engine->rng, bytes, sizeof bytes);
        for (size_t i = 0; i < sizeof bytes; i++) snprintf(nonce + 2 * i, 3, "%02x", bytes[i]);
    }
    gw_template_values values = {
        .has_sequence = c->has_sequence, .sequence = c->sequence, .nonce = nonce, .data = question};
    cJSON *data = gw_template_fill(text, &values);
    if (event == protocol->heartbeat.hello) server_fill_hello(c, data);
    return data;
}

void client_say(gw_conn *c, const gw_event *event, const cJSON *question, gw_ns due) {
    const gw_protocol *protocol = c->engine->config.protocol;
    if (!event || !conn_is_up(c) || c->close_sent || c->fin_sent) return;
    cJSON *data = client_data(c, event, question);
    gw_buf text;
    gw_buf_init(&text, MAX_MESSAGE_BYTES);
    gw_packet_spec spec = {.event = event, .data = data, .data_absent = !data};
    if (gw_packet_encode(protocol, &spec, &text) == GW_OK)
        out_push_event(c, event, gw_buf_span(&text), gw_heartbeat_echo(protocol, event, data, engine_role(c->engine)),
                       due);
    gw_buf_deinit(&text);
    cJSON_Delete(data);
}

void client_beat(gw_conn *c, gw_ns due) {
    client_say(c, c->engine->config.protocol->heartbeat.beat[engine_role(c->engine)].send, NULL, due);
}

static void greet(gw_conn *c, bool after_hello) {
    const gw_greeting *greeting = &c->engine->config.protocol->heartbeat.greeting;
    if (c->spec->greet && greeting->after_hello == after_hello) client_say(c, greeting->send, NULL, c->engine->now);
}

void client_on_open(gw_conn *c) {
    if (engine_role(c->engine) == GW_ROLE_CLIENT)
        greet(c, false);
    else if (!c->engine->config.protocol->heartbeat.greeting.send ||
             c->engine->config.protocol->heartbeat.greeting.after_hello)
        server_say_hello(c, false);
}

void client_schedule_beat(gw_conn *c, gw_ns from) {
    if (c->interval <= 0 || c->canary) return;
    if (c->heartbeat == GW_HEARTBEAT_AUTO) c->next_beat_at = gw_time_add(from, c->interval / 2);
    if (c->heartbeat == GW_HEARTBEAT_EVERY)
        c->next_beat_at = gw_time_add(from, judge_time(c->engine, c, c->heartbeat_every));
}

void client_learn_hello(gw_conn *c, gw_ns at, gw_ns interval, gw_ns timeout) {
    gw_engine *e = c->engine;
    c->hello_at = at;
    c->interval = interval;
    c->timeout = timeout;
    if (!c->canary) e->hello_seen = true;
    cJSON *number = cJSON_CreateNumber((double)c->interval / GW_MS);
    gw_vars_set(&e->vars, "I", number);
    cJSON_SetNumberValue(number, (double)judge_eps(e, c) / GW_MS);
    gw_vars_set(&e->vars, "eps", number);
    cJSON_Delete(number);
    if (c->interval > 0 && !c->canary) {
        e->result->interval = c->interval;
        e->result->eps = judge_eps(e, c);
    }
    client_schedule_beat(c, at);
}

static void on_hello(gw_conn *c, const gw_item *item) {
    const gw_protocol *protocol = c->engine->config.protocol;
    gw_ns interval = 0, timeout = 0;
    if (c->hello_at != GW_NEVER || engine_role(c->engine) == GW_ROLE_SERVER) return;
    if (!gw_packet_interval(item->packet, protocol, &interval)) interval = 0;
    if (!gw_packet_timeout(item->packet, protocol, &timeout)) timeout = 0;
    client_learn_hello(c, item->at, interval, timeout);
    greet(c, true);
}

/* Answers a question of the server, or its heartbeat with one of our own. */
static void answer(gw_conn *c, const gw_item *item) {
    const gw_heartbeat_rules *rules = &c->engine->config.protocol->heartbeat;
    const gw_question *question = &rules->question[c->engine->scenario->role];
    if (!item->event) return;
    if (item->event == question->event && c->spec->answer_asks)
        client_say(c, question->answer, item->packet->data, c->engine->now);
    else if (item->event == rules->beat[c->engine->scenario->role].send && c->heartbeat == GW_HEARTBEAT_REPLY)
        client_beat(c, c->engine->now);
}

static void on_event(gw_conn *c, const gw_item *item) {
    const gw_protocol *protocol = c->engine->config.protocol;
    gw_heartbeat_input input = {.kind = gw_heartbeat_classify(protocol, item->event, true, c->engine->scenario->role),
                                .at = item->at};
    if (item->event) input = gw_heartbeat_read(protocol, item->packet, true, c->engine->scenario->role, item->at);
    if (item->packet && item->packet->has_sequence) {
        c->has_sequence = true;
        c->sequence = item->packet->sequence;
    }
    if (item->event && item->event == protocol->heartbeat.hello) on_hello(c, item);
    if (input.kind == GW_HEARTBEAT_GREETING_IN) server_say_hello(c, true);
    answer(c, item);
    invariant_time(c, input);
    storm_note(c, input.kind, item->at);
}

static void on_close(gw_conn *c, const gw_item *item) {
    bool server = engine_role(c->engine) == GW_ROLE_SERVER;
    if (!c->spec->answer_close || c->fin_sent) return;
    if (c->close_sent) {
        if (server) out_push_end(c, OUT_FIN, c->engine->now);
        return;
    }
    while (c->out && !c->in_flight) { /* nothing goes out behind a Close */
        gw_out *out = c->out;
        if (out->flags & (OUT_FIN | OUT_RST)) break;
        out_drop_first(c);
    }
    gw_span code = gw_span_make(item->payload, item->len >= 2 ? 2 : 0);
    out_push_frame(c, GW_FRAME_CLOSE, code, OUT_CLOSE, c->engine->now);
    if (server) out_push_end(c, OUT_FIN, c->engine->now); /* RFC 6455 section 7.1.1: the server ends TCP first */
}

void client_on_item(gw_conn *c, const gw_item *item) {
    switch (item->opcode) {
    case GW_FRAME_PING:
        if (c->spec->answer_pings && conn_is_up(c) && !c->close_sent)
            out_push_frame(c, GW_FRAME_PONG, gw_span_make(item->payload, item->len), 0, c->engine->now);
        break;
    case GW_FRAME_PONG:
        c->engine->pong_seen = true;
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
