/* Floor 3: rules that hold on every connection all the time, whatever the scenario. Facts come from the wire floor, the
 * protocol description says which requirement each rule stands for. */
#include "scenario/engine_internal.h"

#include <stdio.h>
#include <string.h>

typedef struct sink_context {
    gw_conn *conn;
    bool timed;
    bool by_close; /* a Close frame is what is judged: it is the control frame at hand */
} sink_context;

/* Who closes in place of hello says why in the Close alone. */
static const char *with_close(const gw_conn *c, const gw_violation *v, gw_buf *out) {
    const char *hello = judge_rule(c->engine, GW_RULE_HELLO_FIRST);
    gw_close close = gw_close_parse(gw_message_control_span(&c->message));
    if (!close.has_code || !hello || !v->rule || strcmp(v->rule, hello) != 0) return v->observed;
    gw_buf_printf(out, "%s; its Close: %u (%s)%s", v->observed, close.code, gw_close_code_name(close.code),
                  close.reason.len ? " " : "");
    wirelog_printable(close.reason, GW_CLOSE_MAX_REASON, out);
    return gw_buf_cstr(out);
}

static void take(void *context, const gw_violation *v) {
    const sink_context *s = context;
    gw_conn *c = s->conn;
    gw_engine *e = c->engine;
    gw_buf text;
    gw_buf_init(&text, 4 * MAX_TEXT);
    const char *observed = s->by_close ? with_close(c, v, &text) : v->observed;
    if (v->severity == GW_SEVERITY_NON_STRICT)
        judge_find(e, GW_VERDICT_NON_STRICT, v->rule, c, NULL, v->expected, observed);
    else if (s->timed)
        judge_fail_timed(e, v->rule, c, NULL, c->open_at == GW_NEVER ? e->started : c->open_at, v->expected, observed);
    else
        judge_find(e, GW_VERDICT_FAIL, v->rule, c, NULL, v->expected, observed);
    gw_buf_deinit(&text);
}

void invariant_broken(gw_conn *c, gw_rule rule, const char *expected, const char *format, ...) {
    char observed[MAX_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(observed, sizeof observed, format, args);
    va_end(args);
    judge_find(c->engine, GW_VERDICT_FAIL, judge_rule(c->engine, rule), c, NULL, expected, observed);
}

/* ---- The opening handshake (RFC 6455 section 4.1, what a client must check) ---- */

static bool was_offered(gw_span offered, gw_span chosen) {
    gw_span element;
    while (gw_head_next_element(&offered, &element))
        if (gw_span_equal(element, chosen)) return true;
    return false;
}

/* The name in front of an extension's parameters. */
static gw_span extension_name(gw_span extension) {
    const uint8_t *semicolon = extension.len ? memchr(extension.ptr, ';', extension.len) : NULL;
    return gw_span_trim(semicolon ? gw_span_sub(extension, 0, (size_t)(semicolon - extension.ptr)) : extension);
}

static bool has_extension(const gw_head *request, gw_span name) {
    gw_span list, element;
    for (size_t n = 0; gw_head_nth(request, "Sec-WebSocket-Extensions", n, &list); n++)
        while (gw_head_next_element(&list, &element))
            if (gw_span_equal_nocase(extension_name(element), name)) return true;
    return false;
}

/* Section 9.1. What was agreed on may change the meaning of the reserved bits (RFC 7692). */
static void judge_extensions(gw_conn *c, const gw_head *request, const gw_head *response) {
    gw_span list, element;
    for (size_t n = 0; gw_head_nth(response, "Sec-WebSocket-Extensions", n, &list); n++) {
        while (gw_head_next_element(&list, &element)) {
            gw_span name = extension_name(element);
            if (!has_extension(request, name))
                judge_find(c->engine, GW_VERDICT_FAIL, "RFC6455-9.1-H19", c, NULL, "no extension that was not offered",
                           "Sec-WebSocket-Extensions in the response");
            else if (gw_span_equal_nocase(name, GW_SPAN_LIT("permessage-deflate")))
                c->compressed = true;
        }
    }
}

void invariant_response(gw_conn *c, const gw_handshake_facts *facts, const gw_head *request, const gw_head *response,
                        gw_ns at) {
    (void)at;
    if (!facts->upgrade_exact)
        invariant_broken(c, GW_RULE_UPGRADE, "Upgrade: websocket in the 101 response", "%s",
                         facts->upgrade_websocket ? "the Upgrade header has more than that" : "no such header");
    if (!facts->connection_upgrade)
        invariant_broken(c, GW_RULE_UPGRADE, "Connection: Upgrade in the 101 response", "no such token");
    if (facts->accepts != 1 || !facts->accept_matches) {
        char want[GW_HANDSHAKE_ACCEPT_TEXT], expected[80];
        gw_handshake_accept(gw_span_cstr(c->key), want);
        snprintf(expected, sizeof expected, "Sec-WebSocket-Accept: %s", want);
        invariant_broken(c, GW_RULE_ACCEPT, expected, facts->accepts ? "%.*s" : "no such header%.*s",
                         GW_SPAN_ARG(facts->accept));
    }
    judge_extensions(c, request, response);
    if (facts->protocols && !was_offered(gw_head_get(request, "Sec-WebSocket-Protocol"), facts->protocol))
        judge_find(c->engine, GW_VERDICT_FAIL, "RFC6455-4.2.2-H18", c, NULL, "no subprotocol that was not offered",
                   "Sec-WebSocket-Protocol names one that was not");
}

void invariant_request(gw_conn *c, const gw_handshake_facts *facts, gw_span target, gw_ns at) {
    const char *endpoint = c->engine->config.protocol->endpoint;
    const uint8_t *query = target.len ? memchr(target.ptr, '?', target.len) : NULL;
    gw_span path = gw_span_make(target.ptr, query ? (size_t)(query - target.ptr) : target.len);
    (void)at;
    if (!facts->is_get) invariant_broken(c, GW_RULE_UPGRADE, "a GET request", "another method");
    if (!facts->http_1_1) invariant_broken(c, GW_RULE_UPGRADE, "HTTP/1.1 or higher", "an older version");
    if (facts->hosts != 1) invariant_broken(c, GW_RULE_UPGRADE, "one Host header", "%zu of them", facts->hosts);
    if (!facts->upgrade_websocket)
        invariant_broken(c, GW_RULE_UPGRADE, "Upgrade: websocket in the request", "no such header");
    if (!facts->connection_upgrade)
        invariant_broken(c, GW_RULE_UPGRADE, "Connection: Upgrade in the request", "no such token");
    if (facts->keys != 1)
        invariant_broken(c, GW_RULE_UPGRADE, "one Sec-WebSocket-Key header", "%zu of them", facts->keys);
    else if (!facts->key_is_base64 || facts->key_bytes != GW_HANDSHAKE_KEY_BYTES)
        invariant_broken(c, GW_RULE_UPGRADE, "a Sec-WebSocket-Key of 16 bytes in base64", "%.*s",
                         GW_SPAN_ARG(facts->key));
    if (facts->versions != 1 || !facts->version_13)
        invariant_broken(c, GW_RULE_UPGRADE, "Sec-WebSocket-Version: 13",
                         facts->versions ? "%.*s" : "no such header%.*s", GW_SPAN_ARG(facts->version));
    if (endpoint && !gw_span_equal_cstr(path, endpoint))
        invariant_broken(c, GW_RULE_CONNECT, endpoint, "a request for %.*s", GW_SPAN_ARG(path));
}

/* ---- Frames ---- */

void invariant_header(gw_conn *c, gw_ns at) {
    const gw_frame *f = &c->decoder.frame;
    unsigned flags = c->message.frame_flags;
    (void)at;
    /* Section 5.5.2: Pings are answered by who has not yet received a Close. */
    bool pong = f->opcode == GW_FRAME_PONG && c->close_unasked;
    if (c->close_received && !pong)
        invariant_broken(c, GW_RULE_DATA_AFTER_CLOSE, "nothing after a Close frame", "a %s frame",
                         gw_frame_opcode_name(f->opcode));
    bool from_server = c->engine->scenario->role == GW_ROLE_SERVER;
    if (from_server && f->masked)
        invariant_broken(c, GW_RULE_MASK, "a server's frames are not masked", "a masked %s frame",
                         gw_frame_opcode_name(f->opcode));
    if (!from_server && !f->masked)
        invariant_broken(c, GW_RULE_UNMASKED, "a client masks every frame", "an unmasked %s frame",
                         gw_frame_opcode_name(f->opcode));
    if (!from_server && f->masked) mask_note(c);
    bool is_data = f->opcode == GW_FRAME_TEXT || f->opcode == GW_FRAME_BINARY;
    bool agreed = c->compressed && is_data && f->rsv == GW_FRAME_RSV1; /* RFC 7692 section 6 */
    if (flags & (GW_MESSAGE_RSV | GW_MESSAGE_RSV_CONTINUATION) && !agreed)
        invariant_broken(c, GW_RULE_RSV, "reserved bits are zero", "RSV bits %u on a %s frame", f->rsv,
                         gw_frame_opcode_name(f->opcode));
    if (flags & GW_MESSAGE_RESERVED_OPCODE)
        invariant_broken(c, GW_RULE_OPCODE, "a defined opcode", "opcode %u", f->opcode);
    if (flags & GW_MESSAGE_NON_MINIMAL)
        invariant_broken(c, GW_RULE_LENGTH_FORM, "the shortest form of the length", "%llu in %s bits",
                         (unsigned long long)f->payload_len, f->length_form == GW_FRAME_LEN64 ? "64" : "16");
    if (flags & GW_MESSAGE_TOP_BIT)
        invariant_broken(c, GW_RULE_LENGTH_FORM, "the most significant bit of a 64-bit length is zero", "it is set");
    if (flags & GW_MESSAGE_LONG_CONTROL)
        invariant_broken(c, GW_RULE_CONTROL_FRAME, "at most 125 bytes in a control frame", "%llu",
                         (unsigned long long)f->payload_len);
    if (flags & GW_MESSAGE_FRAGMENTED_CONTROL)
        invariant_broken(c, GW_RULE_CONTROL_FRAME, "control frames are not fragmented", "a %s frame without FIN",
                         gw_frame_opcode_name(f->opcode));
    if (flags & GW_MESSAGE_ORPHAN)
        invariant_broken(c, GW_RULE_FRAGMENTS, "a continuation only of a message that was begun", "one without");
    if (flags & GW_MESSAGE_INTERRUPTS)
        invariant_broken(c, GW_RULE_FRAGMENTS, "the fragments of one message without another between them",
                         "a %s frame in between", gw_frame_opcode_name(f->opcode));
}

void invariant_control(gw_conn *c, gw_ns at) {
    gw_span payload = gw_message_control_span(&c->message);
    (void)at;
    if (c->message.control_opcode == GW_FRAME_PONG && payload.len && c->ping_count == 0)
        invariant_broken(c, GW_RULE_PONG, "a Pong repeats the data of a Ping that was sent",
                         "a Pong with data, but no Ping was sent");
    if (c->message.control_opcode != GW_FRAME_CLOSE || c->close_received) return;
    gw_close close = gw_close_parse(payload);
    if (close.payload_len == 1)
        invariant_broken(c, GW_RULE_CLOSE_BODY, "an empty Close or one with a code of two bytes", "one byte");
    if (!close.reason_is_utf8)
        invariant_broken(c, GW_RULE_CLOSE_BODY, "the reason of a Close is UTF-8", "it is not, at byte %zu",
                         close.bad_offset);
    bool from_server = c->engine->scenario->role == GW_ROLE_SERVER;
    if (close.has_code && !gw_close_code_is_sendable(close.code, from_server) && !c->close_sent)
        invariant_broken(c, GW_RULE_CLOSE_CODE,
                         from_server ? "a close code that a server may send" : "a close code that a client may send",
                         "%u (%s)", close.code, gw_close_class_name(gw_close_code_class(close.code)));
}

/* ---- Messages ---- */

void invariant_message(gw_conn *c, gw_item *item, gw_ns at) {
    const gw_protocol *protocol = c->engine->config.protocol;
    unsigned flags = c->message.flags;
    sink_context context = {.conn = c};
    if (c->compressed && flags & GW_MESSAGE_RSV) return; /* nothing here inflates: it is not read */
    if (flags & (GW_MESSAGE_BAD_UTF8 | GW_MESSAGE_CUT_UTF8)) {
        invariant_broken(c, GW_RULE_UTF8, "text is UTF-8",
                         flags & GW_MESSAGE_BAD_UTF8 ? "an invalid byte at offset %llu"
                                                     : "it ends in a code point that begins at byte %llu",
                         (unsigned long long)(flags & GW_MESSAGE_BAD_UTF8 ? c->message.utf8.bad_offset
                                                                          : c->message.utf8.sequence_offset));
        return;
    }
    if (flags & (GW_MESSAGE_TOO_BIG | GW_MESSAGE_OUT_OF_MEMORY)) {
        judge_find(c->engine, GW_VERDICT_INCONCLUSIVE, NULL, c, NULL, "messages of at most 4 MiB",
                   "a longer one was cut off");
        return;
    }
    unsigned wanted = protocol->envelope.binary ? GW_FRAME_BINARY : GW_FRAME_TEXT;
    if (c->message.opcode != wanted) {
        if (c->message.opcode == GW_FRAME_TEXT || c->message.opcode == GW_FRAME_BINARY)
            invariant_broken(c, GW_RULE_ENVELOPE, "messages of the opcode that the protocol uses", "a %s message",
                             gw_frame_opcode_name(c->message.opcode));
        return;
    }
    item->packet = gw_packet_decode(protocol, gw_span_make(item->payload, item->len));
    if (!item->packet) return;
    item->event = item->packet->event;
    gw_packet_judge(item->packet, protocol, c->engine->scenario->role, at, (gw_violation_sink){take, &context});
}

/* ---- Time ---- */

void invariant_time(gw_conn *c, gw_heartbeat_input input) {
    sink_context context = {.conn = c, .timed = true, .by_close = input.by_close};
    if (c->timed) gw_heartbeat_take(&c->model, &input, (gw_violation_sink){take, &context});
}
