/* Floor 3: one connection as seen by the harness: the answer to the upgrade, then frames, then messages in the inbox.
 */
#include "scenario/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void conn_init(gw_conn *c, gw_engine *e, unsigned index, const gw_client_spec *spec) {
    *c = (gw_conn){.engine = e,
                   .index = index,
                   .spec = spec,
                   .heartbeat = spec->heartbeat,
                   .heartbeat_every = spec->heartbeat_every};
    c->tcp_at = c->open_at = c->response_at = c->hello_at = c->beat_at = GW_NEVER;
    c->sent_at = c->close_at = c->end_at = c->next_beat_at = GW_NEVER;
    gw_arena_init(&c->arena);
    gw_buf_init(&c->request, 16 << 20);
    gw_buf_init(&c->head, MAX_HEAD_BYTES);
    gw_buf_init(&c->payload, MAX_MESSAGE_BYTES);
    gw_frame_decoder_init(&c->decoder, true);
    gw_message_init(&c->message, &c->payload);
}

static void item_deinit(gw_item *item) {
    gw_packet_destroy(item->packet);
    free(item->payload);
}

void inbox_trim(gw_inbox *inbox) {
    for (; inbox->first < inbox->cursor; inbox->first++) {
        inbox->weight -= inbox->items[inbox->first].weight;
        item_deinit(&inbox->items[inbox->first]);
    }
    if (inbox->first < 64 || inbox->first * 2 < inbox->count) return;
    size_t shift = inbox->first;
    memmove(inbox->items, inbox->items + shift, (inbox->count - shift) * sizeof *inbox->items);
    inbox->count -= shift;
    inbox->cursor -= shift;
    inbox->first = 0;
}

void conn_deinit(gw_conn *c) {
    flood_release(c);
    free(c->inbox.items);
    out_clear(c);
    free(c->parser);
    gw_buf_deinit(&c->request);
    cJSON_Delete(c->headers);
    gw_arena_deinit(&c->arena);
}

static void inbox_add(gw_conn *c, gw_item item) {
    gw_inbox *in = &c->inbox;
    item.weight = flood_weigh(&item);
    if (in->count == in->capacity) {
        size_t capacity = in->capacity ? in->capacity * 2 : 16;
        gw_item *items = realloc(in->items, capacity * sizeof *items);
        if (!items) {
            judge_find(c->engine, GW_VERDICT_INCONCLUSIVE, NULL, c, NULL, "memory for the inbox",
                       "the harness is out of memory");
            item_deinit(&item);
            return;
        }
        in->items = items;
        in->capacity = capacity;
    }
    in->items[in->count++] = item;
    in->weight += item.weight;
    flood_check(c);
    client_on_item(c, &in->items[in->count - 1]);
}

static gw_item make_item(gw_conn *c, unsigned opcode, gw_span payload, gw_ns at) {
    gw_item item = {.at = at, .opcode = (uint8_t)opcode, .len = payload.len};
    item.payload = malloc(payload.len + 1);
    if (!item.payload) {
        judge_find(c->engine, GW_VERDICT_INCONCLUSIVE, NULL, c, NULL, "memory for a message",
                   "the harness is out of memory");
        item.len = 0;
        return item;
    }
    if (payload.len) memcpy(item.payload, payload.ptr, payload.len);
    item.payload[payload.len] = 0;
    return item;
}

static void log_frame(gw_conn *c, const char *kind, gw_span payload, gw_ns at) {
    gw_buf text;
    gw_buf_init(&text, 4096);
    wirelog_printable(payload, 200, &text);
    wirelog_add(c->engine, c, GW_WIRE_RECEIVED, at, "%-5s %s", kind, gw_buf_cstr(&text));
    gw_buf_deinit(&text);
}

void conn_untime(gw_conn *c) {
    c->timed = false;
    if (c->engine->scenario->role == GW_ROLE_SERVER) c->engine->stimulated = true;
}

/* The server ended the connection: without a ground that the model knows, or with one that it does not. */
static void tell_model(gw_conn *c, gw_ns at) {
    gw_heartbeat_input input = {.kind = GW_HEARTBEAT_DROP_IN, .at = at, .by_close = c->close_received};
    input.code = c->close_has_code ? c->close_code : 1005;
    /* What a step had a client receive may be why it leaves: the steps say whether it may. */
    bool steps_judge = c->engine->stimulated || (c->addressed && engine_role(c->engine) == GW_ROLE_SERVER);
    if (c->close_sent || c->fin_sent || steps_judge) input.kind = GW_HEARTBEAT_END;
    invariant_time(c, input);
    c->timed = false;
}

static void on_close_frame(gw_conn *c, gw_span payload, gw_ns at) {
    gw_close close = gw_close_parse(payload);
    gw_buf reason;
    gw_buf_init(&reason, 2048);
    wirelog_printable(close.reason, GW_CLOSE_MAX_REASON, &reason);
    if (close.has_code)
        wirelog_add(c->engine, c, GW_WIRE_RECEIVED, at, "close %u %s%s%s", close.code, gw_close_code_name(close.code),
                    close.reason.len ? "  " : "", gw_buf_cstr(&reason));
    else
        wirelog_add(c->engine, c, GW_WIRE_RECEIVED, at, "close (%zu bytes)", payload.len);
    gw_buf_deinit(&reason);
    if (c->close_received) return; /* the invariant on data after Close has spoken */
    c->close_received = true;
    c->close_unasked = !c->close_sent;
    c->close_at = at;
    c->close_has_code = close.has_code;
    c->close_code = close.code;
    tell_model(c, at);
}

static void on_control(gw_conn *c, gw_ns at) {
    gw_span payload = gw_message_control_span(&c->message);
    unsigned opcode = c->message.control_opcode;
    invariant_control(c, at);
    if (opcode == GW_FRAME_CLOSE)
        on_close_frame(c, payload, at);
    else
        log_frame(c, gw_frame_opcode_name(opcode), payload, at);
    inbox_add(c, make_item(c, opcode, payload, at));
}

static void on_data(gw_conn *c, gw_ns at) {
    gw_span payload = gw_buf_span(&c->payload);
    log_frame(c, gw_frame_opcode_name(c->message.opcode), payload, at);
    gw_item item = make_item(c, c->message.opcode, payload, at);
    invariant_message(c, &item, at);
    inbox_add(c, item);
}

static void receive_frames(gw_conn *c, uint8_t *bytes, size_t len, gw_ns at) {
    while (c->state == CONN_OPEN && !c->engine->flooded) {
        gw_frame_event event = gw_frame_decoder_next(&c->decoder, bytes, len);
        bytes += event.consumed;
        len -= event.consumed;
        if (event.kind == GW_FRAME_NEED_MORE || event.kind == GW_FRAME_STOPPED) return;
        gw_message_event message = gw_message_take(&c->message, &c->decoder, &event);
        if (event.kind == GW_FRAME_HEADER) invariant_header(c, at);
        if (message == GW_MESSAGE_CONTROL)
            on_control(c, at);
        else if (message == GW_MESSAGE_DATA)
            on_data(c, at);
    }
}

/* ---- The answer to the upgrade ---- */

static void keep_headers(gw_conn *c, const gw_head *head) {
    c->headers = cJSON_CreateObject();
    for (size_t i = 0; i < head->field_count; i++) {
        gw_span name = head->fields[i].name, value = head->fields[i].value;
        if (name.len == 0) continue;
        char *key = gw_arena_strndup(&c->arena, name.ptr, name.len);
        for (char *p = key; *p; p++) *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
        char *text = gw_arena_strndup(&c->arena, value.ptr, value.len);
        cJSON *old = cJSON_GetObjectItemCaseSensitive(c->headers, key);
        if (!old)
            cJSON_AddStringToObject(c->headers, key, text);
        else
            cJSON_SetValuestring(old, gw_arena_printf(&c->arena, "%s, %s", old->valuestring, text));
    }
}

void conn_open(gw_conn *c, gw_ns at, bool timed) {
    const gw_engine_config *config = &c->engine->config;
    c->state = CONN_OPEN;
    c->open_at = at;
    if (!c->spec->read)
        engine_queue(c->engine, (gw_action){.kind = GW_ACTION_READ_OFF, .conn = c->index, .client = c->spec->name});
    c->timed = timed && config->protocol->heartbeat.hello && c->spec->read && !config->no_deadlines;
    if (c->timed) gw_heartbeat_init(&c->model, config->protocol, c->engine->scenario->role, config->timeout_scale, at);
}

static void on_response(gw_conn *c, gw_head *head, gw_ns at) {
    c->response_at = at;
    c->status = head->status;
    keep_headers(c, head);
    wirelog_add(c->engine, c, GW_WIRE_RECEIVED, at, "%u %.*s", head->status, GW_SPAN_ARG(head->reason));
    if (head->flags & GW_HEAD_BAD_START_LINE) c->response_fault = "the status line is malformed";
    if (c->status != 101) {
        c->state = CONN_REFUSED;
        return;
    }
    conn_open(c, at, !c->canary && c->opened_by->kind == GW_STEP_CONNECT && !c->opened_by->as.connect.with_count);
    client_on_open(c);
    gw_handshake_facts facts = gw_handshake_read_response(head, gw_span_cstr(c->key));
    gw_head *request = malloc(sizeof *request);
    if (!request) return;
    gw_head_init(request, GW_HEAD_REQUEST, GW_HEAD_MAX_BYTES, 0);
    gw_head_feed(request, gw_buf_span(&c->request));
    gw_head_finish(request, gw_buf_span(&c->request)); /* a forged one may lack its end */
    invariant_response(c, &facts, request, head, at);
    free(request);
}

static void receive_head(gw_conn *c, uint8_t *bytes, size_t len, gw_ns at) {
    size_t before = c->head.len;
    size_t take = len < MAX_HEAD_BYTES - before ? len : MAX_HEAD_BYTES - before;
    gw_head *head = c->parser ? c->parser : (c->parser = malloc(sizeof *head));
    if (head && before == 0) gw_head_init(head, GW_HEAD_RESPONSE, MAX_HEAD_BYTES, 0);
    if (!head || gw_buf_append(&c->head, bytes, take) != GW_OK) {
        judge_find(c->engine, GW_VERDICT_INCONCLUSIVE, NULL, c, NULL, "memory for the response",
                   "the harness is out of memory");
        return;
    }
    gw_head_state state = gw_head_feed(head, gw_buf_span(&c->head));
    if (state == GW_HEAD_DONE) {
        size_t used = head->length - before;
        on_response(c, head, at);
        if (c->state == CONN_OPEN) receive_frames(c, bytes + used, len - used, at);
    } else if (state == GW_HEAD_TOO_LARGE || c->head.len == MAX_HEAD_BYTES) {
        c->response_fault = "the head of the response is larger than 64 KiB";
        c->response_at = at;
        c->state = CONN_REFUSED;
        wirelog_add(c->engine, c, GW_WIRE_RECEIVED, at, "an endless head");
    }
    if (c->state != CONN_UPGRADING) {
        free(c->parser);
        c->parser = NULL;
    }
}

void conn_receive(gw_conn *c, uint8_t *bytes, size_t len, gw_ns at) {
    if (c->state == CONN_UPGRADING && engine_role(c->engine) == GW_ROLE_SERVER)
        server_receive(c, bytes, len, at);
    else if (c->state == CONN_UPGRADING)
        receive_head(c, bytes, len, at);
    else if (c->state == CONN_OPEN)
        receive_frames(c, bytes, len, at);
}

void conn_ended(gw_conn *c, gw_ending how, gw_ns at) {
    if (c->state == CONN_ENDED) return;
    c->state = CONN_ENDED;
    c->ending = how;
    c->end_at = at;
    out_clear(c);
    wirelog_add(c->engine, c, GW_WIRE_RECEIVED, at, "%s",
                how == GW_ENDING_FIN   ? "FIN"
                : how == GW_ENDING_RST ? "RST"
                                       : "connection error");
    tell_model(c, at);
    if (engine_role(c->engine) == GW_ROLE_SERVER) /* a client that has sent its FIN may wait for ours */
        engine_queue(c->engine, (gw_action){.kind = GW_ACTION_CLOSE, .conn = c->index, .client = c->spec->name});
}

/* ---- The upgrade request ---- */

void conn_change_case(gw_buf *request, const char *wanted) {
    bool lower = strcmp(wanted, "lower") == 0, name = false;
    for (size_t i = 0; i < request->len; i++) {
        uint8_t b = request->data[i];
        if (b == '\n')
            name = true;
        else if (b == ':')
            name = false;
        else if (name && lower && b >= 'A' && b <= 'Z')
            request->data[i] = (uint8_t)(b + 32);
        else if (name && !lower && b >= 'a' && b <= 'z')
            request->data[i] = (uint8_t)(b - 32);
    }
}

bool conn_expand(gw_conn *c, const gw_step *step, gw_span text, gw_span *out) {
    gw_buf buf;
    gw_span missing = {0};
    gw_buf_init(&buf, 1 << 20);
    gw_status status = gw_vars_expand(&c->engine->vars, text, &buf, &missing);
    if (status == GW_OK)
        *out = gw_span_make(gw_arena_strndup(&c->arena, buf.data, buf.len), buf.len);
    else
        judge_missing(c->engine, c, step, missing);
    gw_buf_deinit(&buf);
    return status == GW_OK;
}

size_t conn_edit_fields(gw_conn *c, const gw_request_spec *spec, gw_handshake_field *fields, size_t n) {
    for (size_t i = 0; i < spec->header_count; i++) {
        gw_handshake_field f = {.name = gw_span_cstr(spec->headers[i].name)};
        if (!spec->headers[i].value)
            f.edit = GW_HANDSHAKE_REMOVE;
        else {
            f.edit = spec->headers[i].add ? GW_HANDSHAKE_ADD : GW_HANDSHAKE_SET;
            if (!conn_expand(c, c->opened_by, gw_span_cstr(spec->headers[i].value), &f.value)) return SIZE_MAX;
        }
        fields[n++] = f;
    }
    return n;
}

static size_t collect_fields(gw_conn *c, const gw_request_spec *spec, gw_handshake_field *fields) {
    size_t n = 0;
    const gw_endpoint *ep = &c->endpoint;
    const gw_protocol *protocol = c->engine->config.protocol;
    const char *subprotocol = ep->subprotocol ? ep->subprotocol : protocol->subprotocol;
    if (subprotocol)
        fields[n++] =
            (gw_handshake_field){GW_SPAN_LIT("Sec-WebSocket-Protocol"), gw_span_cstr(subprotocol), GW_HANDSHAKE_SET};
    for (size_t i = 0; i < protocol->header_count && n < 18; i++)
        fields[n++] = (gw_handshake_field){gw_span_cstr(protocol->headers[2 * i]),
                                           gw_span_cstr(protocol->headers[2 * i + 1]), GW_HANDSHAKE_SET};
    for (size_t i = 0; i < ep->header_count && n < 36; i++)
        fields[n++] = (gw_handshake_field){gw_span_cstr(ep->headers[2 * i]), gw_span_cstr(ep->headers[2 * i + 1]),
                                           GW_HANDSHAKE_SET};
    return conn_edit_fields(c, spec, fields, n);
}

/* A scenario's path that is the gateway's own would be asking for what is right. */
static void skip_own_path(gw_conn *c, const gw_step *step, gw_span target) {
    const char *own = c->endpoint.target;
    size_t len = 0;
    while (len < target.len && target.ptr[len] != '?') len++;
    if (strcspn(own, "?") != len || memcmp(own, target.ptr, len) != 0) return;
    char observed[128];
    snprintf(observed, sizeof observed, "this gateway's own path is %.*s", (int)(len < 80 ? len : 80), own);
    judge_find(c->engine, GW_VERDICT_SKIPPED, step->rule, c, step, "a path other than the gateway's own", observed);
}

static bool build_request(gw_conn *c, const gw_request_spec *spec) {
    uint8_t nonce[GW_HANDSHAKE_KEY_BYTES];
    gw_rng_fill(&c->engine->rng, nonce, sizeof nonce);
    gw_handshake_key(nonce, c->key);
    if (spec->raw) {
        gw_span raw;
        return conn_expand(c, c->opened_by, gw_span_make(spec->raw, spec->raw_len), &raw) &&
               gw_buf_append_span(&c->request, raw) == GW_OK;
    }
    gw_handshake_field fields[CONN_MAX_FIELDS];
    size_t count = collect_fields(c, spec, fields);
    if (count == SIZE_MAX) return false;
    gw_handshake_request request = {
        .method = gw_span_cstr(spec->method),
        .target = gw_span_cstr(c->endpoint.target),
        .version = gw_span_cstr(spec->version),
        .host = gw_span_cstr(c->endpoint.host),
        .key = gw_span_cstr(c->key),
        .fields = fields,
        .field_count = count,
    };
    if (spec->target) {
        if (!conn_expand(c, c->opened_by, gw_span_cstr(spec->target), &request.target)) return false;
        skip_own_path(c, c->opened_by, request.target);
    }
    if (gw_handshake_append_request(&c->request, &request) != GW_OK) return false;
    if (spec->header_case) conn_change_case(&c->request, spec->header_case);
    if (spec->unfinished && c->request.len >= 2) c->request.len -= 2;
    return true;
}

/* The key as it went out: a scenario may have replaced it. */
static void learn_key(gw_conn *c) {
    gw_head *head = malloc(sizeof *head);
    if (!head) return;
    gw_head_init(head, GW_HEAD_REQUEST, GW_HEAD_MAX_BYTES, 0);
    if (gw_head_feed(head, gw_buf_span(&c->request)) == GW_HEAD_DONE) {
        gw_span key = gw_head_get(head, "Sec-WebSocket-Key");
        if (key.len < sizeof c->key) {
            if (key.len) memcpy(c->key, key.ptr, key.len);
            c->key[key.len] = 0;
        }
    }
    free(head);
}

bool conn_upgrade(gw_conn *c) {
    const gw_step *step = c->opened_by;
    static const gw_request_spec plain = {0};
    const gw_request_spec *spec = step ? &step->as.connect.request : &plain;
    c->state = CONN_UPGRADING;
    if (!build_request(c, spec)) return false;
    learn_key(c);
    gw_buf label, bytes;
    gw_buf_init(&label, 4096);
    gw_span line = gw_buf_span(&c->request);
    const uint8_t *end = line.len ? memchr(line.ptr, '\r', line.len) : NULL;
    if (end) line.len = (size_t)(end - line.ptr);
    wirelog_printable(line, 200, &label);
    gw_buf_init(&bytes, 32 << 20);
    gw_buf_append_span(&bytes, gw_buf_span(&c->request));
    bool ok = true;
    for (size_t i = 0; step && ok && i < step->as.connect.with_count; i++) {
        gw_buf_append_cstr(&label, "  + ");
        ok = send_frame(c, step, &step->as.connect.with[i], &bytes, &label, NULL);
    }
    unsigned flags =
        step && (step->kind == GW_STEP_UPGRADE || step->as.connect.with_count) ? OUT_STIMULUS | OUT_UNTIMED : 0;
    if (flags) c->ping_count++; /* there may be one among the frames */
    ok = ok && out_push(c, gw_buf_span(&bytes), step ? &step->as.connect.pacing : NULL, flags, gw_buf_cstr(&label),
                        c->engine->now) != NULL;
    gw_buf_deinit(&label);
    gw_buf_deinit(&bytes);
    return ok;
}
