/* Floor 5: from a scenario to a session. */
#include "cli/convert_internal.h"
#include "protocol/packet.h"
#include "scenario/vars.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct writer {
    const gw_scenario *scenario;
    const gw_protocol *protocol;
    gw_arena *arena;
    gw_script *script;
    gw_script_server server;
    gw_vars vars; /* of the protocol alone: what else is only known when a scenario runs */
    const gw_step *step;
    uint8_t chunk[GW_SCRIPT_CONNS];
    uint16_t client[GW_SCRIPT_CONNS]; /* whose connection it is */
    bool open[GW_SCRIPT_CONNS];
    gw_buf *why;
    gw_status status;
} writer;

static void refuse(writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void refuse(writer *w, const char *format, ...) {
    char text[200];
    va_list args;
    if (w->status != GW_OK) return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    gw_buf_printf(w->why, "%s:%u:%u: %s has no counterpart in a session", w->scenario->file, w->step->place.line,
                  w->step->place.column, text);
    w->status = GW_ERR_UNSUPPORTED;
}

static gw_script_step *add(writer *w, gw_script_op op, unsigned conn) {
    static gw_script_step unused;
    if (w->status != GW_OK) return &unused;
    if (w->script->count == GW_SCRIPT_MAX_STEPS) {
        refuse(w, "what goes beyond %d steps", GW_SCRIPT_MAX_STEPS);
        return &unused;
    }
    gw_script_step *step = &w->script->steps[w->script->count++];
    *step = (gw_script_step){.op = (uint8_t)op, .conn = (uint8_t)conn};
    return step;
}

static void again(writer *w, uint32_t times) {
    if (times > 256)
        refuse(w, "more than 256 times");
    else if (times > 1)
        add(w, GW_SCRIPT_AGAIN, 0)->a = (uint8_t)(times - 1);
}

/* ---- Clients and their connections ---- */

/* "c2" and "c2-3", as gw_convert_to_scenario names them, say which connection; others take a free one. */
static int wanted_conn(const char *name) {
    bool ours = name[0] == 'c' && name[1] >= '0' && name[1] < '0' + GW_SCRIPT_CONNS && (name[2] == 0 || name[2] == '-');
    return ours ? name[1] - '0' : -1;
}

static unsigned open_conn(writer *w, uint16_t client) {
    int conn = wanted_conn(w->scenario->clients[client].name);
    for (int i = 0; conn < 0 && i < GW_SCRIPT_CONNS; i++)
        if (!w->open[i]) conn = i;
    if (conn < 0) {
        refuse(w, "more than %d clients at once", GW_SCRIPT_CONNS);
        return 0;
    }
    w->open[conn] = true;
    w->client[conn] = client;
    w->chunk[conn] = 0;
    return (unsigned)conn;
}

static unsigned conn_of(writer *w, uint16_t client) {
    for (unsigned i = 0; i < GW_SCRIPT_CONNS; i++)
        if (w->open[i] && w->client[i] == client) return i;
    refuse(w, "a step of %s, whose connection another client has taken", w->scenario->clients[client].name);
    return 0;
}

static void set_chunk(writer *w, unsigned conn, const gw_pacing *pacing) {
    if (pacing->pause || pacing->every || pacing->background) refuse(w, "a pause between pieces or sendings");
    if (pacing->chop > 255) refuse(w, "pieces of more than 255 bytes");
    if (w->chunk[conn] == pacing->chop) return;
    add(w, GW_SCRIPT_CHUNK, conn)->a = (uint8_t)pacing->chop;
    w->chunk[conn] = (uint8_t)pacing->chop;
}

/* ---- Contents ---- */

static bool has_reference(gw_span text) {
    return text.len && memmem(text.ptr, text.len, "${", 2);
}

static void append_text(writer *w, gw_span text, gw_buf *out) {
    gw_span missing;
    gw_status status = gw_vars_expand(&w->vars, text, out, &missing);
    if (status == GW_ERR_NOT_FOUND)
        refuse(w, "a reference ${...}");
    else if (status != GW_OK && w->status == GW_OK)
        w->status = status;
}

static gw_span keep(writer *w, gw_buf *bytes) {
    gw_span kept = {0};
    if (bytes->error != GW_OK && w->status == GW_OK) w->status = bytes->error;
    if (bytes->len > GW_SCRIPT_MAX_BYTES) refuse(w, "a content of more than %d bytes", GW_SCRIPT_MAX_BYTES);
    if (w->status == GW_OK) kept = gw_span_make(gw_arena_strndup(w->arena, gw_buf_cstr(bytes), bytes->len), bytes->len);
    gw_buf_deinit(bytes);
    return kept;
}

static void append_event(writer *w, const gw_payload *p, gw_buf *out) {
    const gw_event *event = gw_protocol_event(w->protocol, gw_span_cstr(p->event));
    cJSON *usual = p->data || p->data_absent ? NULL : cJSON_CreateObject();
    gw_packet_spec spec = {.event = event,
                           .id = p->id,
                           .data = p->data ? p->data : usual,
                           .data_absent = p->data_absent,
                           .extra = p->extra};
    if (!event)
        refuse(w, "an event of another name");
    else if (gw_packet_encode(w->protocol, &spec, out) != GW_OK)
        w->status = GW_ERR_NOMEM;
    cJSON_Delete(usual);
    if (has_reference(gw_buf_span(out))) refuse(w, "a reference ${...}");
}

static gw_span content(writer *w, const gw_payload *p) {
    gw_buf out;
    gw_buf_init(&out, 1 << 20);
    gw_span text = p->text ? gw_span_make(p->text, p->text_len) : gw_span_cstr(p->reason ? p->reason : "");
    if (p->has_slice || p->pad_to || p->repeat > 1) refuse(w, "a content that is repeated, padded or cut");
    if (p->has_code) {
        gw_buf_append_byte(&out, (uint8_t)(p->code >> 8));
        gw_buf_append_byte(&out, (uint8_t)p->code);
    }
    if (p->event)
        append_event(w, p, &out);
    else if (p->json && gw_packet_append_json(&out, p->json) != GW_OK)
        w->status = GW_ERR_NOMEM;
    else if (p->hex)
        gw_buf_append(&out, p->hex, p->hex_len);
    else if (!p->json)
        append_text(w, text, &out);
    if (p->json && has_reference(gw_buf_span(&out))) refuse(w, "a reference ${...}");
    return keep(w, &out);
}

/* ---- Frames ---- */

/* The lie that declares this length of so many bytes; -1: there is none. */
static int find_lie(uint64_t declared, gw_span bytes) {
    for (int lie = 0; lie < GW_SCRIPT_LIES; lie++) {
        gw_script_step step = {.b = (uint8_t)(lie << 4), .bytes = bytes};
        if (gw_script_frame(&step).payload_len == declared) return lie;
    }
    return -1;
}

static void add_frame(writer *w, unsigned conn, const gw_frame_spec *f, gw_span bytes) {
    static const uint8_t zero[4];
    int lie = f->has_declared_length ? find_lie(f->declared_length, bytes) : 0;
    if (lie < 0) {
        refuse(w, "a declared length of %llu", (unsigned long long)f->declared_length);
        return;
    }
    gw_script_step *step = add(w, GW_SCRIPT_FRAME, conn);
    step->a = (uint8_t)((f->fin ? 0x80 : 0) | f->rsv << 4 | f->opcode);
    step->b = (uint8_t)(lie << 4);
    step->b |= f->length_form == 7 ? 1 : f->length_form == 16 ? 2 : f->length_form == 64 ? 3 : 0;
    if (f->mask == GW_MASK_OFF) step->b |= 4;
    if (f->mask == GW_MASK_KEY && memcmp(f->key, zero, sizeof zero) == 0) step->b |= 8;
    step->bytes = bytes;
}

static bool is_plain(const gw_frame_spec *f) {
    return !f->rsv && f->mask == GW_MASK_RANDOM && !f->length_form && !f->has_declared_length;
}

static bool is_message(const gw_frame_spec *f) {
    return f->opcode == GW_FRAME_TEXT && f->fin && is_plain(f);
}

static void add_fragments(writer *w, unsigned conn, const gw_frame_spec *f, gw_span bytes) {
    if (f->empty_fragments) refuse(w, "empty fragments between others");
    for (size_t at = 0; at < bytes.len && w->status == GW_OK; at += f->fragment) {
        gw_frame_spec part = *f;
        if (at) part.opcode = GW_FRAME_CONTINUATION;
        part.fin = bytes.len - at <= f->fragment;
        add_frame(w, conn, &part, gw_span_sub(bytes, at, f->fragment));
    }
}

/* The frames of the step are those of one message as a session cuts it: true, and it was added. */
static bool add_fragmented(writer *w, unsigned conn) {
    const gw_step *s = w->step;
    gw_span parts[4], text = {0};
    unsigned fragments = (unsigned)s->as.send.frame_count - 1;
    gw_buf joined;
    if (s->as.send.frame_count < 2 || s->as.send.frame_count > 4) return false;
    gw_buf_init(&joined, 1 << 20);
    for (unsigned i = 0; i <= fragments; i++) {
        parts[i] = content(w, &s->as.send.frames[i].payload);
        gw_buf_append_span(&joined, parts[i]);
    }
    bool good = joined.len <= GW_SCRIPT_MAX_BYTES;
    if (good) text = keep(w, &joined);
    for (unsigned i = 0; i <= fragments && good; i++) {
        const gw_frame_spec *f = &s->as.send.frames[i];
        gw_script_step step = gw_convert_fragment(text, fragments, i);
        good = is_plain(f) && ((f->fin ? 0x80u : 0u) | f->opcode) == step.a && parts[i].len == step.bytes.len;
    }
    gw_buf_deinit(&joined);
    if (!good || w->status != GW_OK) return false;
    gw_script_step *packet = add(w, GW_SCRIPT_PACKET, conn);
    packet->flags = (uint8_t)fragments;
    packet->bytes = text;
    again(w, s->as.send.pacing.times);
    return true;
}

static void add_send(writer *w, unsigned conn) {
    const gw_step *s = w->step;
    set_chunk(w, conn, &s->as.send.pacing);
    if (add_fragmented(w, conn)) return;
    for (uint32_t n = 0; n < (s->as.send.frame_count > 1 ? s->as.send.pacing.times : 1); n++) {
        for (size_t i = 0; i < s->as.send.frame_count && w->status == GW_OK; i++) {
            const gw_frame_spec *f = &s->as.send.frames[i];
            gw_span bytes = content(w, &f->payload);
            if (f->fragment && f->fragment < bytes.len)
                add_fragments(w, conn, f, bytes);
            else if (s->kind == GW_STEP_SEND && is_message(f))
                add(w, GW_SCRIPT_PACKET, conn)->bytes = bytes;
            else
                add_frame(w, conn, f, bytes);
        }
    }
    if (s->as.send.frame_count == 1) again(w, s->as.send.pacing.times);
}

/* ---- Steps ---- */

static bool is_usual(const gw_request_spec *r) {
    return !r->method && !r->target && !r->version && !r->header_count && !r->header_case && !r->raw && !r->unfinished;
}

static void add_connect(writer *w, uint16_t client) {
    const gw_step *s = w->step;
    const gw_request_spec *request = &s->as.connect.request;
    unsigned conn = open_conn(w, client);
    bool usual = is_usual(request), chopped = s->as.connect.pacing.chop != 0;
    if (!w->scenario->clients[client].read) refuse(w, "a client that does not read");
    gw_script_step *open = add(w, GW_SCRIPT_OPEN, conn);
    if (usual && !chopped) open->flags = 1;
    set_chunk(w, conn, &s->as.connect.pacing);
    if (usual && chopped) {
        add(w, GW_SCRIPT_UPGRADE, conn);
    } else if (!usual && request->raw) {
        gw_span raw = gw_span_make(request->raw, request->raw_len);
        if (raw.len > GW_SCRIPT_MAX_BYTES || has_reference(raw)) refuse(w, "so long a request, or one with ${...}");
        if (raw.len)
            add(w, GW_SCRIPT_RAW, conn)->bytes =
                gw_span_make(gw_arena_strndup(w->arena, request->raw, raw.len), raw.len);
    } else if (!usual) {
        refuse(w, "a request that is changed piece by piece");
    }
    for (size_t i = 0; i < s->as.connect.with_count; i++)
        add_frame(w, conn, &s->as.connect.with[i], content(w, &s->as.connect.with[i].payload));
}

static void add_advance(writer *w, gw_script_time unit, uint64_t count) {
    const uint64_t sizes[] = {255, count % 255}, times[] = {count / 255, 1};
    for (int i = 0; i < 2; i++) {
        if (!sizes[i] || !times[i]) continue;
        gw_script_step *step = add(w, GW_SCRIPT_ADVANCE, 0);
        step->a = (uint8_t)unit;
        step->b = (uint8_t)sizes[i];
        again(w, (uint32_t)times[i]);
    }
}

/* So many sixteenths of the interval that whole milliseconds are left; the rest of one is lost where there are none. */
static unsigned sixteenths_of(gw_ns time, gw_ns sixteenth) {
    for (unsigned n = 0; n < 16 && n * sixteenth <= time; n++)
        if ((time - n * sixteenth) % GW_MS == 0) return n;
    return 0;
}

static void add_wait(writer *w, const gw_expr *expr) {
    if (!expr) return;
    gw_ns interval = w->server.interval_ms * GW_MS;
    gw_ns time = gw_expr_eval(expr, gw_protocol_env(w->protocol, GW_ROLE_SERVER, interval, interval, 1.0));
    if (time / GW_S > 255 * 256) {
        refuse(w, "so long a time");
        return;
    }
    unsigned sixteenths = sixteenths_of(time, interval / 16);
    time -= sixteenths * (interval / 16);
    add_advance(w, GW_SCRIPT_SECONDS, (uint64_t)(time / GW_S));
    add_advance(w, GW_SCRIPT_MS, (uint64_t)(time % GW_S / GW_MS));
    add_advance(w, GW_SCRIPT_SIXTEENTHS, sixteenths);
}

static void add_trigger(writer *w) {
    const gw_step *s = w->step;
    const gw_event *event = gw_protocol_event(w->protocol, gw_span_cstr(s->as.trigger.event));
    gw_buf data;
    gw_buf_init(&data, 1 << 20);
    if (!event || w->scenario->room_count > 1) refuse(w, "an event to one of several rooms");
    gw_script_step *step = add(w, GW_SCRIPT_CONTROL, 0);
    step->a = GW_SCRIPT_ROOM_EVENT;
    if (event) step->b = (uint8_t)event->index;
    if (s->as.trigger.data && gw_packet_append_json(&data, s->as.trigger.data) != GW_OK) w->status = GW_ERR_NOMEM;
    if (has_reference(gw_buf_span(&data))) refuse(w, "a reference ${...}");
    step->bytes = keep(w, &data);
    again(w, s->as.trigger.times);
}

static void add_for_client(writer *w, uint16_t client) {
    const gw_step *s = w->step;
    if (s->kind == GW_STEP_CONNECT || s->kind == GW_STEP_UPGRADE) {
        add_connect(w, client);
        return;
    }
    unsigned conn = conn_of(w, client);
    switch (s->kind) {
    case GW_STEP_SEND:
    case GW_STEP_SEND_FRAME:
        add_send(w, conn);
        break;
    case GW_STEP_SEND_BYTES:
        set_chunk(w, conn, &s->as.bytes.pacing);
        add(w, GW_SCRIPT_RAW, conn)->bytes = content(w, &s->as.bytes.payload);
        again(w, s->as.bytes.pacing.times);
        break;
    default:
        add(w, s->as.drop.reset ? GW_SCRIPT_RST : GW_SCRIPT_EOF, conn);
        if (s->as.drop.reset) w->open[conn] = false;
        break;
    }
}

static void add_step(writer *w) {
    const gw_step *s = w->step;
    switch (s->kind) {
    case GW_STEP_EXPECT_RESPONSE:
    case GW_STEP_EXPECT:
    case GW_STEP_EXPECT_FAIL:
    case GW_STEP_EXPECT_REACTION:
    case GW_STEP_EXPECT_OPEN:
        break;
    case GW_STEP_EXPECT_NONE:
    case GW_STEP_EXPECT_CADENCE:
        add_wait(w, s->as.expect.duration);
        break;
    case GW_STEP_EXPECT_CLOSE:
        add_wait(w, s->window.within);
        break;
    case GW_STEP_WAIT:
        add_wait(w, s->as.wait.duration);
        break;
    case GW_STEP_TRIGGER:
        add_trigger(w);
        break;
    case GW_STEP_HEARTBEAT:
        if (s->as.heartbeat.mode != GW_HEARTBEAT_OFF) refuse(w, "a client that beats by itself from here on");
        break;
    default:
        for (unsigned i = 0; i < s->on_count && w->status == GW_OK; i++) add_for_client(w, s->on[i]);
        break;
    }
}

static uint8_t config_of(const gw_scenario *scenario) {
    unsigned config = 0;
    for (size_t i = 0; i < scenario->tag_count; i++)
        if (sscanf(scenario->tags[i], "server-%u", &config) == 1) return (uint8_t)(config & 0x7f);
    return 0;
}

gw_status gw_convert_to_script(const gw_scenario *scenario, const gw_protocol *protocol, gw_arena *arena,
                               gw_script *script, gw_buf *why) {
    writer w = {.scenario = scenario, .protocol = protocol, .arena = arena, .script = script, .why = why};
    script->config = config_of(scenario);
    script->count = 0;
    w.server = gw_script_read_config(script->config);
    if (scenario->role == GW_ROLE_CLIENT) {
        gw_buf_append_cstr(why, "a session tests a server; this scenario tests clients");
        return GW_ERR_UNSUPPORTED;
    }
    w.status = gw_vars_init(&w.vars, NULL);
    if (w.status == GW_OK) w.status = gw_vars_set_protocol(&w.vars, protocol);
    for (size_t i = 0; i < scenario->step_count && w.status == GW_OK; i++) {
        w.step = &scenario->steps[i];
        add_step(&w);
    }
    gw_vars_deinit(&w.vars);
    return w.status;
}
