/* Floor 5: one step of a scenario in words. */
#include "cli/commands.h"

#include "report/text.h"
#include "wire/frame.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SHOWN = 160 };

static void append_json(const char *before, const cJSON *value, gw_buf *out) {
    if (!value) return;
    char *text = cJSON_PrintUnformatted(value);
    if (!text) {
        out->error = GW_ERR_NOMEM;
        return;
    }
    gw_buf_append_cstr(out, before);
    gw_text_append_fit(out, gw_span_cstr(text), MAX_SHOWN);
    cJSON_free(text);
}

static void append_clients(const gw_scenario *scenario, const gw_step *step, gw_buf *out) {
    for (size_t i = 0; i < step->on_count; i++) {
        if (i) gw_buf_append_cstr(out, i + 1 == step->on_count ? " and " : ", ");
        gw_buf_append_cstr(out, scenario->clients[step->on[i]].name);
    }
}

static void append_expr(const char *before, const gw_expr *expr, gw_buf *out) {
    if (expr) gw_buf_printf(out, "%s%s", before, gw_expr_text(expr));
}

static void append_window(const gw_scenario *scenario, const gw_window *window, gw_buf *out) {
    const char *const since[] = {[GW_SINCE_STEP] = "",
                                 [GW_SINCE_HELLO] = " since hello",
                                 [GW_SINCE_HEARTBEAT] = scenario->role == GW_ROLE_SERVER
                                                            ? " since the client's last heartbeat"
                                                            : " since the server's last heartbeat",
                                 [GW_SINCE_OPEN] = " since the connection opened"};
    append_expr(", not before ", window->after, out);
    append_expr(", within ", window->within, out);
    append_expr(" (non-strict: ", window->non_strict_within, out);
    if (window->non_strict_within) gw_buf_append_byte(out, ')');
    if (window->after || window->within) gw_buf_append_cstr(out, since[window->since]);
}

static void append_codes(const gw_code_set *codes, gw_buf *out) {
    for (size_t i = 0; i < codes->count; i++) {
        gw_buf_append_cstr(out, i ? ", " : " ");
        gw_buf_printf(out, codes->ranges[i].low == codes->ranges[i].high ? "%u" : "%u-%u",
                      (unsigned)codes->ranges[i].low, (unsigned)codes->ranges[i].high);
    }
    if (codes->none) gw_buf_append_cstr(out, codes->count ? " or none" : " none");
}

static void append_payload(const gw_payload *payload, gw_buf *out) {
    if (payload->event) gw_buf_printf(out, " event %s", payload->event);
    append_json(" with data ", payload->data, out);
    if (payload->data_absent) gw_buf_append_cstr(out, " without data");
    append_json(" with id ", payload->id, out);
    append_json(" and ", payload->extra, out);
    append_json(" ", payload->json, out);
    if (payload->has_code) gw_buf_printf(out, " code %u", (unsigned)payload->code);
    if (payload->reason) gw_buf_printf(out, " reason \"%s\"", payload->reason);
    if (payload->text) {
        gw_buf_append_cstr(out, " \"");
        gw_text_append_fit(out, gw_span_make(payload->text, payload->text_len), MAX_SHOWN);
        gw_buf_append_byte(out, '"');
    }
    if (payload->hex) {
        gw_buf_append_cstr(out, " bytes ");
        gw_text_append_hex(out, gw_span_make(payload->hex, payload->hex_len < 40 ? payload->hex_len : 40));
        if (payload->hex_len > 40) gw_buf_printf(out, "... (%zu)", payload->hex_len);
    }
    if (payload->repeat > 1) gw_buf_printf(out, " x %u", (unsigned)payload->repeat);
    if (payload->pad_to) gw_buf_printf(out, ", padded to %llu bytes", (unsigned long long)payload->pad_to);
    if (payload->has_slice)
        gw_buf_printf(out, ", bytes %u to %u of it", (unsigned)payload->slice_from, (unsigned)payload->slice_to);
}

static void append_frame(const gw_scenario *scenario, const gw_frame_spec *frame, gw_buf *out) {
    bool from_client = scenario->role == GW_ROLE_SERVER;
    gw_buf_printf(out, " %s", gw_frame_opcode_name(frame->opcode));
    if (!frame->fin) gw_buf_append_cstr(out, ", not final");
    if (frame->rsv)
        gw_buf_printf(out, ", reserved bits%s%s%s", frame->rsv & GW_FRAME_RSV1 ? " 1" : "",
                      frame->rsv & GW_FRAME_RSV2 ? " 2" : "", frame->rsv & GW_FRAME_RSV3 ? " 3" : "");
    if (frame->mask == GW_MASK_OFF && from_client) gw_buf_append_cstr(out, ", not masked");
    if (frame->mask == GW_MASK_RANDOM && !from_client) gw_buf_append_cstr(out, ", masked");
    if (frame->mask == GW_MASK_KEY) {
        gw_buf_append_cstr(out, ", masking key ");
        gw_text_append_hex(out, gw_span_make(frame->key, sizeof frame->key));
    }
    if (frame->length_form) gw_buf_printf(out, ", length in %u bits", (unsigned)frame->length_form);
    if (frame->has_declared_length)
        gw_buf_printf(out, ", declared length %llu", (unsigned long long)frame->declared_length);
    append_payload(&frame->payload, out);
    if (frame->fragment) gw_buf_printf(out, ", in fragments of %u bytes", (unsigned)frame->fragment);
    if (frame->empty_fragments) gw_buf_append_cstr(out, ", with empty fragments between");
}

static void append_frames(const gw_scenario *scenario, const gw_frame_spec *frames, size_t count, gw_buf *out) {
    for (size_t i = 0; i < count; i++) {
        if (i) gw_buf_append_cstr(out, ", then");
        append_frame(scenario, &frames[i], out);
    }
}

static void append_pacing(const gw_pacing *pacing, gw_buf *out) {
    if (pacing->chop) gw_buf_printf(out, ", %u bytes a write", (unsigned)pacing->chop);
    append_expr(", with pauses of ", pacing->pause, out);
    append_expr(", again every ", pacing->every, out);
    if (pacing->every && pacing->times > 1) gw_buf_printf(out, ", %u times", (unsigned)pacing->times);
    if (pacing->background) gw_buf_append_cstr(out, ", in the background");
}

static void append_mode(gw_heartbeat_mode mode, const gw_expr *every, gw_buf *out) {
    static const char *const words[] = {[GW_HEARTBEAT_AUTO] = "on",
                                        [GW_HEARTBEAT_OFF] = "off",
                                        [GW_HEARTBEAT_REPLY] = "only in reply to the server's",
                                        [GW_HEARTBEAT_EVERY] = "every"};
    gw_buf_append_cstr(out, words[mode]);
    if (mode == GW_HEARTBEAT_EVERY) append_expr(" ", every, out);
}

static void append_request(const gw_request_spec *request, gw_buf *out) {
    if (request->raw) {
        gw_buf_append_cstr(out, ", with the request \"");
        gw_text_append_fit(out, gw_span_make(request->raw, request->raw_len), MAX_SHOWN);
        gw_buf_append_byte(out, '"');
    }
    if (request->method) gw_buf_printf(out, ", method %s", request->method);
    if (request->target) gw_buf_printf(out, ", path %s", request->target);
    if (request->version) gw_buf_printf(out, ", %s", request->version);
    for (size_t i = 0; i < request->header_count; i++) {
        if (!request->headers[i].value) {
            gw_buf_printf(out, ", without %s", request->headers[i].name);
            continue;
        }
        gw_buf_printf(out, ", %s%s: ", request->headers[i].add ? "also " : "", request->headers[i].name);
        gw_text_append_fit(out, gw_span_cstr(request->headers[i].value), MAX_SHOWN);
    }
    if (request->header_case) gw_buf_printf(out, ", header names in %s case", request->header_case);
    if (request->unfinished) gw_buf_append_cstr(out, ", head never finished");
}

static void say_accept(const gw_scenario *scenario, const gw_step *step, gw_buf *out) {
    gw_buf_append_cstr(out, "the client under test connects to ");
    append_clients(scenario, step, out);
    if (step->on_count) {
        const gw_client_spec *server = &scenario->clients[step->on[0]];
        if (!server->hello) gw_buf_append_cstr(out, ", which says no hello by itself");
        if (server->heartbeat != GW_HEARTBEAT_AUTO) {
            gw_buf_append_cstr(out, ", heartbeat ");
            append_mode(server->heartbeat, server->heartbeat_every, out);
        }
    }
    const gw_request_spec *answer = &step->as.connect.request;
    if (answer->status) gw_buf_printf(out, ", status %u", (unsigned)answer->status);
    append_request(answer, out);
    append_pacing(&step->as.connect.pacing, out);
    if (step->as.connect.with_count) gw_buf_append_cstr(out, ", and in the same segment");
    append_frames(scenario, step->as.connect.with, step->as.connect.with_count, out);
}

static void say_connect(const gw_scenario *scenario, const gw_step *step, gw_buf *out) {
    append_clients(scenario, step, out);
    gw_buf_append_cstr(out, step->kind == GW_STEP_CONNECT
                                ? (step->on_count == 1 ? " connects" : " connect")
                                : (step->on_count == 1 ? " asks for an upgrade" : " ask for an upgrade"));
    if (step->on_count) {
        const gw_client_spec *client = &scenario->clients[step->on[0]];
        if (client->room && strcmp(client->room, "main") != 0) gw_buf_printf(out, " to room %s", client->room);
        if (client->heartbeat != GW_HEARTBEAT_AUTO) {
            gw_buf_append_cstr(out, ", heartbeat ");
            append_mode(client->heartbeat, client->heartbeat_every, out);
        }
    }
    append_request(&step->as.connect.request, out);
    append_pacing(&step->as.connect.pacing, out);
    if (step->as.connect.with_count) gw_buf_append_cstr(out, ", and in the same segment");
    append_frames(scenario, step->as.connect.with, step->as.connect.with_count, out);
}

static void say_response(const gw_scenario *scenario, const gw_step *step, gw_buf *out) {
    append_clients(scenario, step, out);
    gw_buf_append_cstr(out, " must get the status");
    append_codes(&step->as.response.status, out);
    if (step->as.response.non_strict_status.count) {
        gw_buf_append_cstr(out, " (non-strict:");
        append_codes(&step->as.response.non_strict_status, out);
        gw_buf_append_byte(out, ')');
    }
    if (step->as.response.non_strict_close) gw_buf_append_cstr(out, " (non-strict: a bare close)");
    append_json(", headers ", step->as.response.headers, out);
    append_window(scenario, &step->window, out);
}

static void append_pattern(const gw_pattern *pattern, gw_buf *out) {
    if (pattern->kind == GW_ITEM_EVENT)
        gw_buf_printf(out, " event %s", pattern->event ? pattern->event : "of any kind");
    else
        gw_buf_printf(out, " a %s frame", gw_frame_opcode_name(pattern->opcode));
    append_json(" with data ", pattern->data, out);
    if (!pattern->has_payload) return;
    gw_buf_append_cstr(out, " with payload \"");
    gw_text_append_fit(out, gw_span_make(pattern->payload, pattern->payload_len), MAX_SHOWN);
    gw_buf_append_byte(out, '"');
}

static void say_expect(const gw_scenario *scenario, const gw_step *step, gw_buf *out) {
    append_clients(scenario, step, out);
    gw_buf_append_cstr(out, step->kind == GW_STEP_EXPECT_NONE      ? " must not get"
                            : step->kind == GW_STEP_EXPECT_CADENCE ? " must get again and again"
                                                                   : " must get");
    append_pattern(&step->as.expect.pattern, out);
    if (step->as.expect.exact) gw_buf_printf(out, ", exactly %u", (unsigned)step->as.expect.count);
    append_expr(", first within ", step->as.expect.first, out);
    append_expr(", no gap below ", step->as.expect.min_gap, out);
    append_window(scenario, &step->window, out);
    append_expr(", no more for ", step->as.expect.settle, out);
    append_expr(", for ", step->as.expect.duration, out);
    if (step->as.expect.skip_if_absent) gw_buf_append_cstr(out, " (skipped when it never comes)");
}

static void say_end(const gw_scenario *scenario, const gw_step *step, gw_buf *out) {
    gw_buf_printf(out, "the %s %s", scenario->role == GW_ROLE_SERVER ? "server" : "client",
                  step->kind == GW_STEP_EXPECT_FAIL    ? "must fail the connection of "
                  : step->kind == GW_STEP_EXPECT_CLOSE ? "must close the connection of "
                                                       : "may ignore it or close, for ");
    append_clients(scenario, step, out);
    if (step->as.end.codes.count || step->as.end.codes.none) {
        gw_buf_append_cstr(out, " with code");
        append_codes(&step->as.end.codes, out);
    }
    if (step->as.end.non_strict_codes.count) {
        gw_buf_append_cstr(out, " (non-strict:");
        append_codes(&step->as.end.non_strict_codes, out);
        gw_buf_append_byte(out, ')');
    }
    append_window(scenario, &step->window, out);
    append_expr(", and TCP must end within ", step->as.end.fin_within, out);
}

static void say_open(const gw_scenario *scenario, const gw_step *step, gw_buf *out) {
    gw_buf_append_cstr(out, "the connection of ");
    append_clients(scenario, step, out);
    gw_buf_append_cstr(out, " must still be open: a ping brings its pong");
    append_window(scenario, &step->window, out);
}

static void say_send(const gw_scenario *scenario, const gw_step *step, gw_buf *out) {
    append_clients(scenario, step, out);
    gw_buf_append_cstr(out, step->on_count == 1 ? " sends" : " send");
    if (step->kind == GW_STEP_SEND_BYTES) {
        append_payload(&step->as.bytes.payload, out);
        append_pacing(&step->as.bytes.pacing, out);
        return;
    }
    append_frames(scenario, step->as.send.frames, step->as.send.frame_count, out);
    append_pacing(&step->as.send.pacing, out);
}

static void say_trigger(const gw_scenario *scenario, const gw_step *step, gw_buf *out) {
    gw_buf_printf(out, "the server is made to send %s", step->as.trigger.event);
    if (step->as.trigger.by != UINT16_MAX)
        gw_buf_printf(out, ", caused by %s", scenario->clients[step->as.trigger.by].name);
    if (step->as.trigger.room) gw_buf_printf(out, ", in room %s", step->as.trigger.room);
    append_json(", with data ", step->as.trigger.data, out);
    if (step->as.trigger.times > 1) gw_buf_printf(out, ", %u times", (unsigned)step->as.trigger.times);
    if (step->as.trigger.optional) gw_buf_append_cstr(out, " (it may refuse)");
}

static void say_other(const gw_scenario *scenario, const gw_step *step, gw_buf *out) {
    if (step->kind == GW_STEP_WAIT) {
        append_expr("time passes: ", step->as.wait.duration, out);
        return;
    }
    append_clients(scenario, step, out);
    if (step->kind == GW_STEP_DROP) {
        gw_buf_append_cstr(out, step->as.drop.reset ? " resets the TCP connection" : " ends the TCP connection");
        return;
    }
    gw_buf_append_cstr(out, " turns the heartbeat ");
    append_mode(step->as.heartbeat.mode, step->as.heartbeat.every, out);
}

void gw_commands_append_step(const gw_scenario *scenario, const gw_step *step, gw_buf *out) {
    static void (*const say[])(const gw_scenario *, const gw_step *, gw_buf *) = {
        [GW_STEP_ACCEPT] = say_accept,         [GW_STEP_CONNECT] = say_connect,
        [GW_STEP_UPGRADE] = say_connect,       [GW_STEP_EXPECT_RESPONSE] = say_response,
        [GW_STEP_EXPECT] = say_expect,         [GW_STEP_EXPECT_NONE] = say_expect,
        [GW_STEP_EXPECT_CADENCE] = say_expect, [GW_STEP_EXPECT_CLOSE] = say_end,
        [GW_STEP_EXPECT_FAIL] = say_end,       [GW_STEP_EXPECT_REACTION] = say_end,
        [GW_STEP_EXPECT_OPEN] = say_open,      [GW_STEP_SEND] = say_send,
        [GW_STEP_SEND_FRAME] = say_send,       [GW_STEP_SEND_BYTES] = say_send,
        [GW_STEP_HEARTBEAT] = say_other,       [GW_STEP_DROP] = say_other,
        [GW_STEP_TRIGGER] = say_trigger,       [GW_STEP_WAIT] = say_other};
    say[step->kind](scenario, step, out);
    gw_buf_printf(out, "  [%s]", step->rule);
}
