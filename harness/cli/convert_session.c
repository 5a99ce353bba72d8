/* Floor 5: from a session to a scenario. */
#include "cli/convert.h"
#include "fuzzing/vocabulary.h"
#include "protocol/packet.h"
#include "reference-server/core.h"
#include "report/text.h"
#include "wire/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SENT_BYTES = 128 << 10, MAX_STEPS = 600, MAX_TICKS = 10000 };

typedef struct client {
    gw_core_conn *conn; /* NULL: none */
    bool named;         /* the scenario has opened it */
    bool fin_sent;
    uint8_t chunk;
    unsigned opened; /* how often: each opening is a client of its own */
} client;

typedef struct world {
    gw_core *core;
    const gw_protocol *protocol;
    gw_ns now, waited, all_waited;
    uint32_t interval_ms;
    client clients[GW_SCRIPT_CONNS];
    size_t sent, steps, ticks;
    gw_buf *out, *why;
    gw_status status;
} world;

static void refuse(world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void refuse(world *w, const char *format, ...) {
    char text[200];
    if (w->status != GW_OK) return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    gw_buf_append_cstr(w->why, text);
    w->status = GW_ERR_UNSUPPORTED;
}

/* ---- The server ---- */

static void forget(world *w, client *c) {
    if (c->conn) gw_core_on_gone(w->core, c->conn, w->now);
    c->conn = NULL;
}

static void drain(world *w) {
    gw_core_conn *conn;
    while ((conn = gw_core_next_ready(w->core))) {
        client *c = gw_core_user(conn);
        gw_core_sent(w->core, conn, gw_core_output(conn).len);
        gw_core_ending ending = gw_core_get_ending(conn);
        if (ending == GW_CORE_CLOSED || ending == GW_CORE_RESET) forget(w, c);
    }
}

static void advance_to(world *w, gw_ns to) {
    w->waited += to - w->now;
    w->all_waited += to - w->now;
    for (gw_ns at; (at = gw_core_next_deadline(w->core)) <= to && w->ticks++ < MAX_TICKS; drain(w)) {
        if (at > w->now) w->now = at;
        gw_core_on_tick(w->core, w->now);
    }
    w->now = to;
    gw_core_on_tick(w->core, to);
    drain(w);
}

/* ---- The text ---- */

static void begin_step(world *w) {
    if (w->waited) gw_buf_printf(w->out, "  - wait: {for: %lldms}\n", (long long)(w->waited / GW_MS));
    w->waited = 0;
}

static void append_name(const world *w, const client *c) {
    unsigned k = (unsigned)(c - w->clients);
    gw_buf_printf(w->out, "c%u", k);
    if (c->opened > 1) gw_buf_printf(w->out, "-%u", c->opened);
}

static bool is_text(gw_span bytes) {
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.ptr[i] == 0 || (bytes.ptr[i] == '$' && i + 1 < bytes.len && bytes.ptr[i + 1] == '{')) return false;
    return gw_utf8_check(bytes, NULL);
}

static void append_string(world *w, gw_span text) {
    char *copy = strndup((const char *)text.ptr, text.len);
    cJSON *value = copy ? cJSON_CreateStringReference(copy) : NULL;
    char *quoted = value ? cJSON_PrintUnformatted(value) : NULL;
    if (quoted)
        gw_buf_append_cstr(w->out, quoted);
    else
        w->status = GW_ERR_NOMEM;
    cJSON_free(quoted);
    cJSON_Delete(value);
    free(copy);
}

static void append_bytes(world *w, gw_span bytes) {
    if (bytes.len && is_text(bytes)) {
        gw_buf_append_cstr(w->out, ", text: ");
        append_string(w, bytes);
    } else if (bytes.len) {
        gw_buf_append_cstr(w->out, ", hex: \"");
        gw_text_append_hex(w->out, bytes);
        gw_buf_append_byte(w->out, '"');
    }
}

static void end_send(world *w, const client *c, unsigned times) {
    if (c->chunk) gw_buf_printf(w->out, ", chop: %u", c->chunk);
    if (times > 1) gw_buf_printf(w->out, ", times: %u", times);
    gw_buf_append_cstr(w->out, "}\n");
}

static void begin_send(world *w, const client *c, const char *key) {
    begin_step(w);
    gw_buf_printf(w->out, "  - %s: {on: ", key);
    append_name(w, c);
}

static const char passive[] = ", heartbeat: off, answer-asks: false, answer-pings: false, answer-close: false";

/* The request that opens the connection: NULL is the usual one, which has to be taken. */
static void open_with(world *w, client *c, const gw_span *request) {
    c->named = true;
    begin_step(w);
    gw_buf_printf(w->out, "  - %s: {as: ", request ? "upgrade" : "connect");
    append_name(w, c);
    gw_buf_append_cstr(w->out, passive);
    if (request) {
        gw_buf_append_cstr(w->out, ", request: {raw: ");
        append_string(w, *request);
        gw_buf_append_byte(w->out, '}');
    }
    end_send(w, c, 1);
}

/* ---- Steps ---- */

static void send(world *w, client *c, gw_span bytes) {
    size_t piece = c->chunk ? c->chunk : bytes.len;
    while (bytes.len && c->conn && w->sent < MAX_SENT_BYTES) {
        gw_span part = gw_span_sub(bytes, 0, piece);
        bytes = gw_span_from(bytes, part.len);
        w->sent += part.len;
        gw_core_on_bytes(w->core, c->conn, part, w->now);
        drain(w);
    }
}

static void send_times(world *w, client *c, const gw_buf *bytes, unsigned times) {
    if (bytes->error != GW_OK) w->status = bytes->error;
    for (unsigned i = 0; i < times && c->conn; i++) send(w, c, gw_buf_span(bytes));
}

static void need_name(world *w, client *c) {
    if (!c->named) open_with(w, c, &(gw_span){(const uint8_t *)"", 0});
}

static void do_bytes(world *w, client *c, gw_span bytes, unsigned times) {
    gw_buf copy;
    if (!bytes.len) return;
    gw_buf_init(&copy, 1 << 20);
    gw_buf_append_span(&copy, bytes);
    if (!c->named && is_text(bytes)) {
        open_with(w, c, &bytes);
        send(w, c, bytes);
        times--;
    }
    if (times) {
        need_name(w, c);
        begin_send(w, c, "send-bytes");
        append_bytes(w, bytes);
        end_send(w, c, times);
        send_times(w, c, &copy, times);
    }
    gw_buf_deinit(&copy);
}

static void do_upgrade(world *w, client *c, uint8_t variant, unsigned times) {
    gw_buf request;
    gw_buf_init(&request, 1 << 16);
    gw_status status = gw_script_request(variant, &request);
    if (status != GW_OK) {
        w->status = status;
    } else if (variant == 0 && !c->named) {
        open_with(w, c, NULL);
        send(w, c, gw_buf_span(&request));
        times--;
    }
    if (times && w->status == GW_OK) do_bytes(w, c, gw_buf_span(&request), times);
    gw_buf_deinit(&request);
}

static void append_frame(world *w, gw_frame frame, gw_span payload) {
    static const char *const forms[] = {[GW_FRAME_LEN7] = "7", [GW_FRAME_LEN16] = "16", [GW_FRAME_LEN64] = "64"};
    static const uint8_t zero[4];
    const char *name = gw_frame_opcode_name(frame.opcode);
    if (gw_frame_opcode_parse(gw_span_cstr(name)) == (int)frame.opcode)
        gw_buf_printf(w->out, ", opcode: %s", name);
    else
        gw_buf_printf(w->out, ", opcode: %u", frame.opcode);
    if (!frame.fin) gw_buf_append_cstr(w->out, ", fin: 0");
    for (unsigned i = 1; i <= 3; i++)
        if (frame.rsv & 8u >> i) gw_buf_printf(w->out, ", rsv%u: 1", i);
    if (!frame.masked) gw_buf_append_cstr(w->out, ", mask: false");
    if (frame.masked && memcmp(frame.key, zero, sizeof zero) == 0) gw_buf_append_cstr(w->out, ", mask: \"00000000\"");
    if (frame.length_form != gw_frame_minimal_form(frame.payload_len))
        gw_buf_printf(w->out, ", length-form: %s", forms[frame.length_form]);
    if (frame.payload_len != payload.len)
        gw_buf_printf(w->out, ", declared-length: %llu", (unsigned long long)frame.payload_len);
    append_bytes(w, payload);
}

static void do_frame(world *w, client *c, const gw_script_step *step, unsigned times) {
    gw_frame frame = gw_script_frame(step);
    gw_buf bytes;
    gw_buf_init(&bytes, 1 << 20);
    gw_frame_append(&bytes, &frame, step->bytes);
    need_name(w, c);
    begin_send(w, c, "send-frame");
    append_frame(w, frame, step->bytes);
    end_send(w, c, times);
    send_times(w, c, &bytes, times);
    gw_buf_deinit(&bytes);
}

/* The event whose usual packet this is, so that the scenario can name it; or NULL. */
static const gw_event *usual_event(const world *w, gw_span text) {
    const gw_event *found = NULL;
    gw_packet *packet = gw_packet_decode(w->protocol, text);
    if (packet && packet->event && packet->event->from & GW_FROM_CLIENT) {
        gw_buf usual;
        cJSON *data = cJSON_CreateObject();
        gw_buf_init(&usual, 1 << 16);
        if (data && gw_packet_encode_event(w->protocol, packet->event, data, &usual) == GW_OK &&
            gw_span_equal(gw_buf_span(&usual), text))
            found = packet->event;
        cJSON_Delete(data);
        gw_buf_deinit(&usual);
    }
    gw_packet_destroy(packet);
    return found;
}

static void do_message(world *w, client *c, gw_span text, unsigned fragments, unsigned times) {
    const gw_event *event = fragments ? NULL : usual_event(w, text);
    if (fragments || !is_text(text)) {
        for (unsigned n = 0; n < times; n++) {
            size_t part = text.len / (fragments + 1);
            for (unsigned i = 0; i <= fragments && c->conn; i++) {
                gw_span piece = i == fragments ? gw_span_from(text, i * part) : gw_span_sub(text, i * part, part);
                do_frame(w, c,
                         &(gw_script_step){.a = (uint8_t)((i ? 0 : GW_FRAME_TEXT) | (i == fragments ? 0x80 : 0)),
                                           .bytes = piece},
                         1);
            }
        }
        return;
    }
    gw_script_step frame = {.a = 0x80 | GW_FRAME_TEXT, .bytes = text};
    gw_frame header = gw_script_frame(&frame);
    gw_buf bytes;
    gw_buf_init(&bytes, 1 << 20);
    gw_frame_append(&bytes, &header, text);
    need_name(w, c);
    begin_send(w, c, "send");
    if (event)
        gw_buf_printf(w->out, ", event: %s", event->name);
    else if (text.len)
        append_bytes(w, text);
    else
        gw_buf_append_cstr(w->out, ", text: \"\"");
    end_send(w, c, times);
    send_times(w, c, &bytes, times);
    gw_buf_deinit(&bytes);
}

static void advance(world *w, const gw_script_step *step) {
    gw_ns at = gw_core_next_deadline(w->core);
    switch (step->a % GW_SCRIPT_TIME_COUNT) {
    case GW_SCRIPT_MS:
        advance_to(w, w->now + step->b * GW_MS);
        return;
    case GW_SCRIPT_SECONDS:
        advance_to(w, w->now + step->b * GW_S);
        return;
    case GW_SCRIPT_SIXTEENTHS:
        advance_to(w, w->now + step->b * w->interval_ms / 16 * GW_MS);
        return;
    default:
        break;
    }
    for (unsigned i = 0; i < (step->b & 15u) && at != GW_NEVER; i++, at = gw_core_next_deadline(w->core))
        advance_to(w, (at + GW_MS - 1) / GW_MS * GW_MS);
    if (at == GW_NEVER) return;
    if (step->a % GW_SCRIPT_TIME_COUNT == GW_SCRIPT_BEFORE_DEADLINE)
        at -= GW_MS;
    else if (step->a % GW_SCRIPT_TIME_COUNT == GW_SCRIPT_AFTER_DEADLINE)
        at += 1;
    at = (at + GW_MS - 1) / GW_MS * GW_MS;
    if (at > w->now) advance_to(w, at);
}

static bool has_references(const cJSON *value) {
    if (value->string && value->string[0] == '$') return true;
    if (cJSON_IsString(value) && strstr(value->valuestring, "${")) return true;
    for (const cJSON *child = value->child; child; child = child->next)
        if (has_references(child)) return true;
    return false;
}

static void room_event(world *w, const gw_script_step *step, unsigned times) {
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
        if (step->flags & 2 || has_references(tree)) refuse(w, "an event to another room, or with ${...} in its data");
        begin_step(w);
        gw_buf_printf(w->out, "  - trigger: {event: %s, data: ", event->name);
        if (gw_packet_append_json(w->out, tree) != GW_OK) w->status = GW_ERR_NOMEM;
        if (times > 1) gw_buf_printf(w->out, ", times: %u", times);
        gw_buf_append_cstr(w->out, ", optional: true}\n"); /* the room may be closed by then */
        for (unsigned i = 1; i < times; i++)
            gw_core_event(w->core, GW_SPAN_LIT("lobby"), gw_span_cstr(event->name), data, w->now, NULL, &delivered,
                          error);
    }
    cJSON_Delete(tree);
    drain(w);
}

static void control(world *w, const gw_script_step *step, unsigned times) {
    static const char *const words[] = {"making a room", "making a participant", "", "removing a room",
                                        "stopping the server"};
    unsigned kind = step->a % GW_SCRIPT_CONTROL_COUNT;
    if (kind != GW_SCRIPT_ROOM_EVENT)
        refuse(w, "%s is not among the steps of a scenario", words[kind]);
    else
        room_event(w, step, times);
}

static void end(world *w, client *c, const gw_script_step *step) {
    if (c->fin_sent && step->op == GW_SCRIPT_EOF) return;
    need_name(w, c);
    begin_send(w, c, "drop");
    gw_buf_printf(w->out, ", how: %s}\n", step->op == GW_SCRIPT_EOF ? "fin" : "rst");
    if (step->op == GW_SCRIPT_RST) {
        forget(w, c);
        return;
    }
    c->fin_sent = true;
    gw_core_on_eof(w->core, c->conn, w->now);
    drain(w);
}

static void open_conn(world *w, client *c, const gw_script_step *step) {
    if (c->conn) return;
    c->conn = gw_core_on_accept(w->core, c, w->now);
    if (!c->conn) return;
    c->named = c->fin_sent = false;
    c->chunk = 0;
    c->opened++;
    if (step->flags & 1) do_upgrade(w, c, 0, 1);
}

static void on_conn(world *w, client *c, const gw_script_step *step, unsigned times) {
    gw_span text;
    if (c->fin_sent && step->op != GW_SCRIPT_RST) return; /* nothing can be sent any more */
    switch (step->op) {
    case GW_SCRIPT_UPGRADE:
        do_upgrade(w, c, step->a, times);
        break;
    case GW_SCRIPT_RAW:
        do_bytes(w, c, step->bytes, times);
        break;
    case GW_SCRIPT_FRAME:
        do_frame(w, c, step, times);
        break;
    case GW_SCRIPT_PACKET:
        do_message(w, c, step->bytes, step->flags, times);
        break;
    case GW_SCRIPT_EVENT:
        text = gw_span_cstr(gw_vocabulary_gateway.packets[step->a % gw_vocabulary_gateway.packet_count]);
        do_message(w, c, text, step->flags, times);
        break;
    case GW_SCRIPT_CHUNK:
        c->chunk = step->a;
        break;
    case GW_SCRIPT_READ:
        if (step->a != 255) refuse(w, "reading slower from here on is not among the steps of a scenario");
        break;
    default:
        end(w, c, step);
        break;
    }
}

static void run_step(world *w, const gw_script_step *step, unsigned times) {
    client *c = &w->clients[step->conn];
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
    drain(w);
}

static void append_head(world *w, const gw_script *script, const char *name) {
    const gw_script_server server = gw_script_read_config(script->config);
    gw_buf_printf(w->out, "# A session of the fuzzers as a scenario; fuzz-convert makes the session of it again.\n");
    gw_buf_printf(w->out, "# Its server: interval %u ms, messages up to %zu bytes, %u messages a second",
                  server.interval_ms, server.max_message_bytes, server.rate_messages);
    if (server.ask_ms) gw_buf_printf(w->out, ", an ask within each %u ms", server.ask_ms);
    gw_buf_append_cstr(w->out, ".\ntitle: ");
    append_string(w, gw_span_cstr(name));
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
    world w = {.core = gw_core_create(&config, 1, NULL),
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
    begin_step(&w);
    for (int i = 0; i < GW_SCRIPT_CONNS; i++) forget(&w, &w.clients[i]);
    gw_core_destroy(w.core);
    if (w.status == GW_OK && !steps.len) refuse(&w, "nothing in it reaches a server");
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
