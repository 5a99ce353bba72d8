/* Floor 5: from a session to a scenario. What is sent is in convert_send.c, how it is written in convert_text.c. */
#include "cli/convert_internal.h"
#include "base/doc.h"
#include "fuzzing/vocabulary.h"
#include "protocol/packet.h"
#include "wire/utf8.h"

#include <string.h>

enum { MAX_STEPS = 600, MAX_TICKS = 1000000 };

/* ---- Time ---- */

static void advance_to(gw_convert_world *w, gw_ns to) {
    w->waited += to - w->now;
    w->all_waited += to - w->now;
    for (gw_ns at; (at = gw_core_next_deadline(w->core)) <= to && w->ticks++ < MAX_TICKS; gw_convert_drain(w)) {
        if (at > w->now) w->now = at;
        gw_core_on_tick(w->core, w->now);
    }
    if (w->ticks > MAX_TICKS) gw_convert_refuse(w, "more than %d deadlines of the server pass in it", MAX_TICKS);
    w->now = to;
    gw_core_on_tick(w->core, to);
    gw_convert_drain(w);
}

/* A session has no finer steps to a deadline than milliseconds from now. */
static gw_ns whole_ms(const gw_convert_world *w, gw_ns at) {
    return at <= w->now ? w->now : w->now + (at - w->now + GW_MS - 1) / GW_MS * GW_MS;
}

static void advance(gw_convert_world *w, const gw_script_step *step) {
    gw_ns at = gw_core_next_deadline(w->core);
    switch (step->a % GW_SCRIPT_TIME_COUNT) {
    case GW_SCRIPT_MS:
        advance_to(w, w->now + step->b * GW_MS);
        return;
    case GW_SCRIPT_SECONDS:
        advance_to(w, w->now + step->b * GW_S);
        return;
    case GW_SCRIPT_SIXTEENTHS:
        advance_to(w, w->now + step->b * (w->interval_ms * GW_MS / 16));
        return;
    default:
        break;
    }
    for (unsigned i = 0; i < (step->b & 15u) && at != GW_NEVER; i++, at = gw_core_next_deadline(w->core))
        advance_to(w, whole_ms(w, at));
    if (at == GW_NEVER) return;
    if (step->a % GW_SCRIPT_TIME_COUNT == GW_SCRIPT_BEFORE_DEADLINE)
        at -= GW_MS;
    else if (step->a % GW_SCRIPT_TIME_COUNT == GW_SCRIPT_AFTER_DEADLINE)
        at += 1;
    if (at > w->now) advance_to(w, whole_ms(w, at));
}

static bool has_references(const cJSON *value) {
    if (value->string && value->string[0] == '$') return true;
    if (cJSON_IsString(value) && strstr(value->valuestring, "${")) return true;
    for (const cJSON *child = value->child; child; child = child->next)
        if (has_references(child)) return true;
    return false;
}

static void room_event(gw_convert_world *w, const gw_script_step *step, unsigned times) {
    const gw_event *event = &w->protocol->events[step->b % w->protocol->event_count];
    char error[GW_CORE_ERROR_BYTES] = "";
    gw_span data = step->bytes;
    size_t delivered;
    if (!data.len)
        gw_json_find(gw_span_cstr(gw_vocabulary_gateway.packets[step->b % gw_vocabulary_gateway.packet_count]), "/d",
                     &data);
    if (!gw_utf8_check(data, NULL)) return;
    cJSON *tree = cJSON_ParseWithLength((const char *)data.ptr, data.len);
    /* What the server refuses reaches nobody. */
    if (tree && gw_core_event(w->core, GW_SPAN_LIT("lobby"), gw_span_cstr(event->name), data, w->now, NULL, &delivered,
                              error) == GW_OK) {
        if (step->flags & 2 || has_references(tree))
            gw_convert_refuse(w, "an event to another room, or with ${...} in its data");
        gw_convert_begin_step(w);
        gw_buf_printf(w->out, "  - trigger: {event: %s, data: ", event->name);
        gw_buf json;
        gw_buf_init(&json, w->out->max);
        if (gw_packet_append_json(&json, tree) != GW_OK) w->status = json.error;
        gw_doc_append_json(w->out, gw_buf_span(&json));
        gw_buf_deinit(&json);
        if (times > 1) gw_buf_printf(w->out, ", times: %u", times);
        gw_buf_append_cstr(w->out, ", optional: true}\n"); /* the room may be closed by then */
        for (unsigned i = 1; i < times; i++)
            gw_core_event(w->core, GW_SPAN_LIT("lobby"), gw_span_cstr(event->name), data, w->now, NULL, &delivered,
                          error);
    }
    cJSON_Delete(tree);
    gw_convert_drain(w);
}

static void control(gw_convert_world *w, const gw_script_step *step, unsigned times) {
    static const char *const words[] = {"making a room", "making a participant", "", "removing a room",
                                        "stopping the server"};
    unsigned kind = step->a % GW_SCRIPT_CONTROL_COUNT;
    if (kind != GW_SCRIPT_ROOM_EVENT)
        gw_convert_refuse(w, "%s is not among the steps of a scenario", words[kind]);
    else
        room_event(w, step, times);
}

static void end(gw_convert_world *w, gw_convert_client *c, const gw_script_step *step) {
    if (c->fin_sent && step->op == GW_SCRIPT_EOF) return;
    gw_convert_need_name(w, c);
    gw_convert_begin_send(w, c, "drop");
    gw_buf_printf(w->out, ", how: %s}\n", step->op == GW_SCRIPT_EOF ? "fin" : "rst");
    if (step->op == GW_SCRIPT_RST) {
        gw_convert_forget(w, c);
        return;
    }
    c->fin_sent = true;
    if (c->conn) gw_core_on_eof(w->core, c->conn, w->now);
    gw_convert_drain(w);
}

static void open_conn(gw_convert_world *w, gw_convert_client *c, const gw_script_step *step) {
    if (!c->conn) {
        gw_convert_accept(w, c);
        c->named = c->fin_sent = false;
        c->chunk = 0;
    }
    if (c->conn && !c->fin_sent && step->flags & 1) gw_convert_upgrade(w, c, 0, 1);
}

static void on_conn(gw_convert_world *w, gw_convert_client *c, const gw_script_step *step, unsigned times) {
    gw_span text;
    if (c->fin_sent && step->op != GW_SCRIPT_RST) return; /* nothing can be sent any more */
    switch (step->op) {
    case GW_SCRIPT_UPGRADE:
        gw_convert_upgrade(w, c, step->a, times);
        break;
    case GW_SCRIPT_RAW:
        gw_convert_bytes(w, c, step->bytes, times);
        break;
    case GW_SCRIPT_FRAME:
        gw_convert_frame(w, c, step, times);
        break;
    case GW_SCRIPT_PACKET:
        gw_convert_message(w, c, step->bytes, step->flags, times);
        break;
    case GW_SCRIPT_EVENT:
        text = gw_span_cstr(gw_vocabulary_gateway.packets[step->a % gw_vocabulary_gateway.packet_count]);
        gw_convert_message(w, c, text, step->flags, times);
        break;
    case GW_SCRIPT_CHUNK:
        c->chunk = step->a;
        break;
    case GW_SCRIPT_READ:
        if (step->a != 255) gw_convert_refuse(w, "reading slower from here on is not among the steps of a scenario");
        break;
    default:
        end(w, c, step);
        break;
    }
}

static void run_step(gw_convert_world *w, const gw_script_step *step, unsigned times) {
    gw_convert_client *c = &w->clients[step->conn];
    if (w->steps >= MAX_STEPS) return;
    if (times > MAX_STEPS - w->steps) times = (unsigned)(MAX_STEPS - w->steps);
    w->steps += times;
    if (step->op == GW_SCRIPT_OPEN)
        open_conn(w, c, step);
    else if (step->op == GW_SCRIPT_ADVANCE)
        for (unsigned i = 0; i < times; i++) advance(w, step);
    else if (step->op == GW_SCRIPT_CONTROL)
        control(w, step, times);
    else if (c->conn)
        on_conn(w, c, step, times);
    gw_convert_drain(w);
}

static void append_head(gw_convert_world *w, const gw_script *script, const char *name) {
    const gw_script_server server = gw_script_read_config(script->config);
    gw_buf_printf(w->out, "# A session of the fuzzers as a scenario; fuzz-convert makes the session of it again.\n");
    gw_buf_printf(w->out, "# Its server: interval %u ms, messages up to %zu bytes, %u messages a second",
                  server.interval_ms, server.max_message_bytes, server.rate_messages);
    if (server.ask_ms) gw_buf_printf(w->out, ", an ask within each %u ms", server.ask_ms);
    gw_buf_printf(w->out, ".\n# gwspec run --strict --simulate --interval %u THIS-FILE\ntitle: ", server.interval_ms);
    gw_doc_append_string(w->out, gw_span_cstr(name));
    gw_buf_printf(w->out, "\nrequires: [S21]\ntags: [session, server-%u]\ncanary: on\n", script->config & 0x7fu);
}

gw_status gw_convert_to_scenario(const gw_script *script, const gw_protocol *protocol, const char *name, gw_buf *out,
                                 gw_buf *why) {
    const gw_script_server server = gw_script_read_config(script->config);
    gw_core_config config;
    gw_buf steps;
    gw_core_config_default(&config);
    config.interval_ns = server.interval_ms * GW_MS;
    config.ask_max_ns = server.ask_ms * GW_MS;
    config.max_message_bytes = server.max_message_bytes;
    config.rate_messages = server.rate_messages;
    gw_buf_init(&steps, out->max);
    gw_convert_world w = {.core = gw_core_create(&config, 1, NULL),
                          .protocol = protocol,
                          .interval_ms = server.interval_ms,
                          .out = &steps,
                          .why = why};
    if (!w.core) return GW_ERR_NOMEM;
    for (size_t i = 0; i < script->count && w.status == GW_OK; i++) {
        const gw_script_step *step = &script->steps[i];
        unsigned times = 1;
        if (step->op == GW_SCRIPT_AGAIN) continue;
        if (i + 1 < script->count && step[1].op == GW_SCRIPT_AGAIN) times += step[1].a;
        run_step(&w, step, times);
    }
    gw_convert_begin_step(&w);
    for (int i = 0; i < GW_SCRIPT_CONNS; i++) gw_convert_forget(&w, &w.clients[i]);
    gw_core_destroy(w.core);
    if (w.status == GW_OK && !steps.len) gw_convert_refuse(&w, "nothing in it reaches a server");
    w.out = out;
    if (w.status == GW_OK) {
        append_head(&w, script, name);
        if (w.all_waited > 20 * GW_S) gw_buf_printf(out, "timeout: %llds\n", (long long)(w.all_waited / GW_S + 30));
        gw_buf_append_cstr(out, "steps:\n");
        gw_buf_append_span(out, gw_buf_span(&steps));
        w.status = steps.error != GW_OK ? steps.error : out->error;
    }
    gw_buf_deinit(&steps);
    return w.status;
}
