/* Floor 3: what only a played server does: it reads the upgrade request of a client under test, audits and answers it,
 * and says hello. */
#include "scenario/engine_internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- Hello ---- */

static gw_ns announced(const gw_announced *rule, const cJSON *data) {
    if (!rule->field.text) return rule->constant;
    const cJSON *value = data ? gw_pointer_get(&rule->field, data) : NULL;
    double ns = cJSON_IsNumber(value) ? value->valuedouble * (double)rule->unit : 0;
    return ns > 0 && ns < 9e18 ? (gw_ns)ns : 0;
}

void server_read_hello(gw_conn *c, const cJSON *data) {
    const gw_heartbeat_rules *rules = &c->engine->config.protocol->heartbeat;
    c->said_interval = announced(&rules->interval, data);
    c->said_timeout = announced(&rules->timeout, data);
}

/* Objects on the way are made. */
static void put_number(cJSON *data, const gw_pointer *field, double number) {
    for (size_t i = 0; i < field->count && cJSON_IsObject(data); i++) {
        cJSON *child = cJSON_GetObjectItemCaseSensitive(data, field->keys[i]);
        if (i + 1 == field->count) {
            if (child) cJSON_DeleteItemFromObjectCaseSensitive(data, field->keys[i]);
            cJSON_AddNumberToObject(data, field->keys[i], number);
        } else if (!child) {
            child = cJSON_AddObjectToObject(data, field->keys[i]);
        }
        data = child;
    }
}

void server_fill_hello(gw_conn *c, cJSON *data) {
    const gw_engine *e = c->engine;
    const gw_heartbeat_rules *rules = &e->config.protocol->heartbeat;
    gw_ns interval = c->spec->interval        ? judge_time(e, c, c->spec->interval)
                     : e->config.interval > 0 ? e->config.interval
                                              : GW_S;
    const gw_announced *times[] = {&rules->interval, &rules->timeout};
    for (size_t i = 0; i < 2; i++)
        if (times[i]->field.text) put_number(data, &times[i]->field, (double)interval / (double)times[i]->unit);
    server_read_hello(c, data);
}

void server_say_hello(gw_conn *c, bool after_greeting) {
    const gw_event *hello = c->engine->config.protocol->heartbeat.hello;
    if (!hello || !c->spec->hello || c->hello_at != GW_NEVER) return;
    client_say(c, hello, NULL, after_greeting ? c->engine->now : gw_time_add(c->engine->now, HELLO_AFTER));
}

bool server_is_ready(const gw_conn *c) {
    const gw_heartbeat_rules *rules = &c->engine->config.protocol->heartbeat;
    bool says = c->spec->hello && rules->hello && !(rules->greeting.send && !rules->greeting.after_hello);
    bool usual = !c->opened_by->as.connect.request.status && !c->opened_by->as.connect.request.raw &&
                 !c->opened_by->as.connect.request.unfinished;
    return c->response_at != GW_NEVER && (!says || !usual || c->hello_at != GW_NEVER || c->state == CONN_ENDED);
}

/* ---- The answer ---- */

static size_t usual_fields(gw_conn *c, const gw_head *request, gw_handshake_field *fields) {
    const char *subprotocol = c->engine->config.protocol->subprotocol;
    gw_span offered, element;
    for (size_t n = 0; subprotocol && gw_head_nth(request, "Sec-WebSocket-Protocol", n, &offered); n++)
        while (gw_head_next_element(&offered, &element))
            if (gw_span_equal_cstr(element, subprotocol)) {
                fields[0] = (gw_handshake_field){GW_SPAN_LIT("Sec-WebSocket-Protocol"), gw_span_cstr(subprotocol),
                                                 GW_HANDSHAKE_SET};
                return 1;
            }
    return 0;
}

static bool build_answer(gw_conn *c, const gw_head *request, gw_buf *out) {
    const gw_request_spec *spec = &c->opened_by->as.connect.request;
    if (spec->raw) {
        gw_span raw;
        return conn_expand(c, c->opened_by, gw_span_make(spec->raw, spec->raw_len), &raw) &&
               gw_buf_append_span(out, raw) == GW_OK;
    }
    gw_handshake_field fields[CONN_MAX_FIELDS];
    size_t count = conn_edit_fields(c, spec, fields, usual_fields(c, request, fields));
    if (count == SIZE_MAX) return false;
    gw_handshake_response response = {.version = gw_span_cstr(spec->version),
                                      .status = spec->status,
                                      .reason = gw_span_cstr(spec->reason),
                                      .key = gw_span_cstr(c->key),
                                      .fields = fields,
                                      .field_count = count};
    if (gw_handshake_append_response(out, &response) != GW_OK) return false;
    if (spec->header_case) conn_change_case(out, spec->header_case);
    if (spec->unfinished && out->len >= 2) out->len -= 2;
    return true;
}

/* Frames in the answer's own segment. The event of the last one is told to the model. */
static bool add_frames(gw_conn *c, gw_buf *bytes, gw_buf *label, unsigned *flags, const gw_event **event) {
    const gw_step *step = c->opened_by;
    for (size_t i = 0; i < step->as.connect.with_count; i++) {
        const gw_frame_spec *frame = &step->as.connect.with[i];
        gw_buf_append_cstr(label, "  + ");
        if (!send_frame(c, step, frame, bytes, label, NULL)) return false;
        c->ping_count += frame->opcode == GW_FRAME_PING;
        const gw_event *plain = send_plain_event(c->engine, frame);
        if (plain) *event = plain;
        if (!plain && !send_plain_control(c->engine, frame)) *flags |= OUT_STIMULUS | OUT_UNTIMED;
    }
    return true;
}

static void answer(gw_conn *c, const gw_head *request) {
    gw_engine *e = c->engine;
    const gw_step *step = c->opened_by;
    const gw_event *event = NULL;
    unsigned flags = OUT_UPGRADE;
    gw_buf label, bytes;
    gw_buf_init(&label, 4096);
    gw_buf_init(&bytes, 32 << 20);
    bool ok = build_answer(c, request, &bytes);
    const uint8_t *end = bytes.len ? memchr(bytes.data, '\r', bytes.len) : NULL;
    gw_span line = gw_span_make(bytes.data, end ? (size_t)(end - bytes.data) : bytes.len);
    wirelog_printable(gw_span_starts_with(line, GW_SPAN_LIT("HTTP/1.1 ")) ? gw_span_from(line, 9) : line, 200, &label);
    ok = ok && add_frames(c, &bytes, &label, &flags, &event);
    gw_out *out =
        ok ? out_push(c, gw_buf_span(&bytes), &step->as.connect.pacing, flags, gw_buf_cstr(&label), e->now) : NULL;
    if (out && event) out_set_event(c, out, event, 1, c->echo);
    if (!out && !e->failed)
        judge_find(e, GW_VERDICT_ERROR, NULL, c, step, "an answer to the upgrade", "it could not be built");
    gw_buf_deinit(&label);
    gw_buf_deinit(&bytes);
}

void server_answered(gw_conn *c, gw_ns at, unsigned flags) {
    const gw_request_spec *spec = &c->opened_by->as.connect.request;
    c->response_at = at;
    bool opens = (!spec->status || spec->status == 101) && !spec->raw && !spec->unfinished;
    bool usual = opens && !spec->header_count && !spec->version && !spec->header_case &&
                 !c->opened_by->as.connect.with_count && !c->opened_by->as.connect.pacing.chop;
    conn_open(c, at, usual && !(flags & OUT_UNTIMED)); /* otherwise the steps alone say what is due */
    if (opens) client_on_open(c);
}

/* ---- The request ---- */

static void audit_key(gw_conn *c, const gw_handshake_facts *facts) {
    gw_engine *e = c->engine;
    if (facts->key.len < sizeof c->key) {
        if (facts->key.len) memcpy(c->key, facts->key.ptr, facts->key.len);
        c->key[facts->key.len] = 0;
    }
    for (unsigned i = 0; i < e->conn_count && c->key[0]; i++) {
        if (i == c->index || strcmp(e->conns[i].key, c->key) != 0) continue;
        invariant_broken(c, GW_RULE_UPGRADE, "a fresh Sec-WebSocket-Key for each connection", "%s twice", c->key);
    }
}

static void take_request(gw_conn *c, const gw_head *head, gw_ns at) {
    gw_buf line;
    gw_buf_init(&line, 4096);
    gw_buf_printf(&line, "%.*s ", GW_SPAN_ARG(head->method));
    wirelog_printable(head->target, 200, &line);
    gw_buf_printf(&line, " HTTP/%u.%u", head->major, head->minor);
    wirelog_add(c->engine, c, GW_WIRE_RECEIVED, at, "%s", gw_buf_cstr(&line));
    gw_buf_deinit(&line);
    gw_handshake_facts facts = gw_handshake_read_request(head);
    c->requested = true;
    audit_key(c, &facts);
    invariant_request(c, &facts, head->target, at);
    answer(c, head);
}

void server_receive(gw_conn *c, uint8_t *bytes, size_t len, gw_ns at) {
    gw_engine *e = c->engine;
    if (c->requested) { /* section 4.1: the client waits for the answer */
        judge_find(e, GW_VERDICT_FAIL, "RFC6455-4.1-X8", c, NULL, "nothing before the answer to the upgrade",
                   "the client sends already");
        return;
    }
    gw_head *head = c->parser ? c->parser : (c->parser = malloc(sizeof *head));
    if (head && c->head.len == 0) gw_head_init(head, GW_HEAD_REQUEST, MAX_HEAD_BYTES, 0);
    size_t before = c->head.len, take = len < MAX_HEAD_BYTES - before ? len : MAX_HEAD_BYTES - before;
    if (!head || gw_buf_append(&c->head, bytes, take) != GW_OK) {
        judge_find(e, GW_VERDICT_INCONCLUSIVE, NULL, c, NULL, "memory for the request", "the harness is out of memory");
        return;
    }
    gw_head_state state = gw_head_feed(head, gw_buf_span(&c->head));
    if (state == GW_HEAD_DONE) {
        size_t used = head->length - before;
        take_request(c, head, at);
        free(c->parser);
        c->parser = NULL;
        if (used < len) server_receive(c, bytes + used, len - used, at);
    } else if (state == GW_HEAD_TOO_LARGE || c->head.len == MAX_HEAD_BYTES) {
        invariant_broken(c, GW_RULE_UPGRADE, "an upgrade request of at most 64 KiB", "a larger one");
    }
}
