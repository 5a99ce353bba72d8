/* Unit tests of the loader: a key of a scenario file lands in its field. */
#include "support/run.h"
#include "unit/scenario/suite_fixture.h"

#include "wire/frame.h"

#include <stdio.h>
#include <string.h>

static suite_fixture f;

static void setup(void) {
    suite_fixture_init(&f);
}

static void teardown(void) {
    suite_fixture_deinit(&f);
}

static const gw_step *step_of(const char *steps) {
    const gw_scenario *s = suite_fixture_steps(&f, steps);
    return &s->steps[s->step_count - 1];
}

static void expect_json(const cJSON *value, const char *wanted) {
    char *text = cJSON_PrintUnformatted(value);
    ck_assert_str_eq(text, wanted);
    cJSON_free(text);
}

START_TEST(load_reads_the_top_level) {
    setup();
    const gw_scenario *s = suite_fixture_load(&f, "hello/first",
                                              "title: a $${title}\n"
                                              "description: more\n"
                                              "requires: [S9, S20]\n"
                                              "tags: [slow, x]\n"
                                              "allow: [S5, mask]\n"
                                              "when: {client-may-ask: must, originator-gets-event: true}\n"
                                              "timeout: 5s\n"
                                              "steps:\n  - wait: {for: 1s}\n");
    ck_assert_str_eq(s->id, "hello/first");
    ck_assert_str_eq(s->family, "hello/first");
    ck_assert_str_eq(s->file, "scenarios/test.yaml");
    ck_assert_str_eq(s->title, "a ${title}");
    ck_assert_str_eq(s->description, "more");
    ck_assert_uint_eq(s->requires_count, 2);
    ck_assert_str_eq(s->requires_ids[1], "S20");
    ck_assert_int_eq(s->level, GW_LEVEL_SHOULD);
    ck_assert_uint_eq(s->tag_count, 2);
    ck_assert_str_eq(s->tags[0], "slow");
    ck_assert_uint_eq(s->allow_count, 2);
    ck_assert_str_eq(s->allow[1], "RFC6455-5.1-L16");
    ck_assert_uint_eq(s->condition_count, 2);
    ck_assert_str_eq(s->conditions[0].knob, "client-may-ask");
    ck_assert_str_eq(s->conditions[1].value, "true");
    ck_assert_str_eq(gw_expr_text(s->timeout), "5s");
    ck_assert(!s->negative);
    ck_assert_uint_eq(s->client_count, 0);
    ck_assert_int_eq(s->steps[0].kind, GW_STEP_WAIT);
    ck_assert_str_eq(gw_expr_text(s->steps[0].as.wait.duration), "1s");
    ck_assert_str_eq(s->steps[0].rule, "S9");
    ck_assert_uint_eq(s->steps[0].place.line, 9);
    ck_assert_uint_eq(s->steps[0].place.column, 5);
    teardown();
}
END_TEST

START_TEST(load_takes_the_gravest_level_unless_told) {
    setup();
    static const struct {
        const char *head;
        gw_level level;
    } cases[] = {{"requires: [S9]", GW_LEVEL_MAY},
                 {"requires: [S9, S10]", GW_LEVEL_OPEN},
                 {"requires: [S10, S20]", GW_LEVEL_SHOULD},
                 {"requires: [S20, S1, S9]", GW_LEVEL_MUST},
                 {"requires: [S1]\nlevel: may", GW_LEVEL_MAY}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200], id[20];
        snprintf(text, sizeof text, "title: t\n%s\nsteps: [{wait: {for: 1s}}]\n", cases[i].head);
        snprintf(id, sizeof id, "level/%zu", i);
        const gw_scenario *s = suite_fixture_load(&f, id, text);
        ck_assert_int_eq(s->level, cases[i].level);
        ck_assert_str_eq(gw_expr_text(s->timeout), "30s + 12*I");
    }
    teardown();
}
END_TEST

START_TEST(load_reads_clients) {
    setup();
    const gw_scenario *s = suite_fixture_load(
        &f, "clients",
        "title: t\nrequires: [S1]\nsteps:\n"
        "  - connect: {as: [alice, bob], room: one, participant: ann, heartbeat: reply, chop: 3, pause: 5ms}\n"
        "  - upgrade: {as: carol, heartbeat: \"0.9*I\", answer-asks: false, answer-pings: false, answer-close: false, "
        "read: false, rule: S5}\n"
        "  - connect: {as: dave, heartbeat: off}\n");
    ck_assert_uint_eq(s->client_count, 4);
    ck_assert_uint_eq(s->room_count, 2);
    const gw_client_spec *alice = &s->clients[0], *bob = &s->clients[1], *carol = &s->clients[2],
                         *dave = &s->clients[3];
    ck_assert_str_eq(alice->name, "alice");
    ck_assert_str_eq(bob->name, "bob");
    ck_assert_str_eq(bob->room, "one");
    ck_assert_str_eq(bob->participant, "ann");
    ck_assert_int_eq(bob->heartbeat, GW_HEARTBEAT_REPLY);
    ck_assert(alice->answer_asks && alice->answer_pings && alice->answer_close && alice->read);
    ck_assert_int_eq(carol->heartbeat, GW_HEARTBEAT_EVERY);
    ck_assert_str_eq(gw_expr_text(carol->heartbeat_every), "0.9*I");
    ck_assert(!carol->answer_asks && !carol->answer_pings && !carol->answer_close && !carol->read);
    ck_assert_str_eq(carol->room, "main");
    ck_assert_str_eq(carol->participant, "carol");
    ck_assert_int_eq(dave->heartbeat, GW_HEARTBEAT_OFF);
    const gw_step *first = &s->steps[0];
    ck_assert_uint_eq(first->on_count, 2);
    ck_assert_uint_eq(first->on[1], 1);
    ck_assert_uint_eq(first->as.connect.pacing.chop, 3);
    ck_assert_str_eq(gw_expr_text(first->as.connect.pacing.pause), "5ms");
    ck_assert_str_eq(first->rule, "S1");
    ck_assert_str_eq(s->steps[1].rule, "S5");
    ck_assert_int_eq(s->steps[1].kind, GW_STEP_UPGRADE);
    ck_assert(!s->negative);
    teardown();
}
END_TEST

START_TEST(load_reads_the_request) {
    setup();
    const gw_scenario *s = suite_fixture_load(
        &f, "request",
        "title: t\nrequires: [S1]\nsteps:\n"
        "  - upgrade: {as: a, request: {method: POST, target: \"/x?${a.id}\", version: HTTP/1.0, header-case: upper, "
        "unfinished: true, headers: {Upgrade: null, Sec-WebSocket-Version: 99, X-Twice: [one, two]}}}\n"
        "  - upgrade: {as: b, request: {raw: \"GET \\0\"}}\n");
    const gw_request_spec *r = &s->steps[0].as.connect.request;
    ck_assert_str_eq(r->method, "POST");
    ck_assert_str_eq(r->target, "/x?${a.id}");
    ck_assert_str_eq(r->version, "HTTP/1.0");
    ck_assert_str_eq(r->header_case, "upper");
    ck_assert(r->unfinished);
    ck_assert_uint_eq(r->header_count, 4);
    ck_assert_str_eq(r->headers[0].name, "Upgrade");
    ck_assert_ptr_null(r->headers[0].value);
    ck_assert_str_eq(r->headers[1].value, "99");
    ck_assert(!r->headers[2].add && r->headers[3].add);
    ck_assert_str_eq(r->headers[3].name, "X-Twice");
    ck_assert_str_eq(r->headers[3].value, "two");
    ck_assert_uint_eq(s->steps[1].as.connect.request.raw_len, 5);
    ck_assert(s->negative);
    teardown();
}
END_TEST

START_TEST(load_reads_frames_that_ride_with_the_request) {
    setup();
    const gw_step *step = step_of("  - connect: {as: bob, with: [{event: heartbeat}, {opcode: ping, text: x}]}\n");
    ck_assert_uint_eq(step->as.connect.with_count, 2);
    ck_assert_str_eq(step->as.connect.with[0].payload.event, "heartbeat");
    ck_assert_uint_eq(step->as.connect.with[0].opcode, GW_FRAME_TEXT);
    ck_assert(step->as.connect.with[0].fin);
    ck_assert_uint_eq(step->as.connect.with[1].opcode, GW_FRAME_PING);
    ck_assert(!f.suite.scenarios[0]->negative);
    teardown();
}
END_TEST

START_TEST(load_reads_expect_response) {
    setup();
    const gw_scenario *s = suite_fixture_load(
        &f, "response",
        "title: t\nrequires: [S1]\nsteps:\n"
        "  - upgrade: {as: a}\n"
        "  - expect-response: {status: [4xx, 501, 300-302], non-strict-status: 500, non-strict-close: true, within: "
        "3s, "
        "headers: {Sec-WebSocket-Version: {$token: \"13\"}, Upgrade: null}, non-strict-headers: {X-Y: a}}\n"
        "  - expect-response: {}\n");
    const gw_step *step = &s->steps[1];
    ck_assert_uint_eq(step->as.response.status.count, 3);
    ck_assert_uint_eq(step->as.response.status.ranges[0].low, 400);
    ck_assert_uint_eq(step->as.response.status.ranges[0].high, 499);
    ck_assert_uint_eq(step->as.response.status.ranges[1].low, 501);
    ck_assert_uint_eq(step->as.response.status.ranges[2].high, 302);
    ck_assert_uint_eq(step->as.response.non_strict_status.ranges[0].low, 500);
    ck_assert(step->as.response.non_strict_close);
    expect_json(step->as.response.headers, "{\"sec-websocket-version\":{\"$token\":\"13\"},\"upgrade\":null}");
    expect_json(step->as.response.non_strict_headers, "{\"x-y\":\"a\"}");
    ck_assert_str_eq(gw_expr_text(step->window.within), "3s");
    ck_assert_str_eq(gw_expr_text(s->steps[2].window.within), "5s");
    ck_assert_uint_eq(s->steps[2].as.response.status.ranges[0].low, 100);
    ck_assert_uint_eq(s->steps[2].as.response.status.ranges[0].high, 599);
    teardown();
}
END_TEST

START_TEST(load_reads_expect) {
    setup();
    const gw_step *step = step_of("  - expect: {on: alice, event: message_create, count: 2, settle: 1s, after: 10ms, "
                                  "within: 3s, non-strict-within: 4s, since: heartbeat, or-skip: true, rule: S5, "
                                  "data: {content: \"${alice.id}\", sentAt: {$near-now: 5s}}}\n");
    ck_assert_int_eq(step->as.expect.pattern.kind, GW_ITEM_EVENT);
    ck_assert_str_eq(step->as.expect.pattern.event, "message_create");
    ck_assert_uint_eq(step->as.expect.count, 2);
    ck_assert(step->as.expect.exact && step->as.expect.skip_if_absent);
    ck_assert_str_eq(gw_expr_text(step->as.expect.settle), "1s");
    ck_assert_str_eq(gw_expr_text(step->window.after), "10ms");
    ck_assert_str_eq(gw_expr_text(step->window.within), "3s");
    ck_assert_str_eq(gw_expr_text(step->window.non_strict_within), "4s");
    ck_assert_int_eq(step->window.since, GW_SINCE_HEARTBEAT);
    ck_assert_str_eq(step->rule, "S5");
    expect_json(step->as.expect.pattern.data, "{\"content\":\"${alice.id}\",\"sentAt\":{\"$near-now\":\"5s\"}}");
    teardown();
}
END_TEST

START_TEST(load_gives_expect_its_defaults) {
    setup();
    const gw_step *step = step_of("  - expect: {event: heartbeat}\n");
    gw_expr_env env = {.interval = GW_S};
    ck_assert_uint_eq(step->on_count, 1);
    ck_assert_uint_eq(step->as.expect.count, 1);
    ck_assert(!step->as.expect.exact);
    ck_assert_ptr_null(step->as.expect.settle);
    ck_assert_int_eq(gw_expr_eval(step->window.within, env), 2 * GW_S);
    ck_assert_ptr_null(step->window.non_strict_within);
    ck_assert_str_eq(step->rule, "S1");
    step = step_of("  - expect: {event: heartbeat, count: 1}\n");
    ck_assert(step->as.expect.exact);
    ck_assert_int_eq(gw_expr_eval(step->as.expect.settle, env), 200 * GW_MS);
    step = step_of("  - expect: {event: hello}\n");
    ck_assert_int_eq(gw_expr_eval(step->window.within, env), GW_S);
    ck_assert_int_eq(gw_expr_eval(step->window.non_strict_within, env), 5 * GW_S);
    ck_assert_int_eq(step->window.since, GW_SINCE_OPEN);
    ck_assert_str_eq(step->rule, "S2");
    step = step_of("  - expect: {event: hello, within: 3s}\n");
    ck_assert_int_eq(gw_expr_eval(step->window.within, env), 3 * GW_S);
    ck_assert_ptr_null(step->window.non_strict_within);
    teardown();
}
END_TEST

START_TEST(load_reads_frames_to_expect) {
    setup();
    const gw_step *step = step_of("  - expect: {frame: pong, payload: \"n-${I}\"}\n");
    ck_assert_int_eq(step->as.expect.pattern.kind, GW_ITEM_FRAME);
    ck_assert_uint_eq(step->as.expect.pattern.opcode, GW_FRAME_PONG);
    ck_assert(step->as.expect.pattern.has_payload);
    ck_assert_str_eq(step->as.expect.pattern.payload, "n-${I}");
    step = step_of("  - expect: {frame: pong, payload: {hex: \"ff 00\", repeat: 3}}\n");
    ck_assert_uint_eq(step->as.expect.pattern.payload_len, 6);
    ck_assert_mem_eq(step->as.expect.pattern.payload, "\xff\0\xff\0\xff\0", 6);
    /* 7b 24 three times holds "${" at the seams only */
    step = step_of("  - expect: {frame: pong, payload: {hex: \"7b 24\", repeat: 3}}\n");
    ck_assert_str_eq(step->as.expect.pattern.payload, "{$${$${$");
    step = step_of("  - expect: {frame: close}\n");
    ck_assert(!step->as.expect.pattern.has_payload);
    teardown();
}
END_TEST

START_TEST(load_reads_expect_none_and_cadence) {
    setup();
    const gw_step *step = step_of("  - expect-none: {frame: pong, payload: x, for: 500ms}\n");
    ck_assert_int_eq(step->kind, GW_STEP_EXPECT_NONE);
    ck_assert_str_eq(gw_expr_text(step->as.expect.duration), "500ms");
    step = step_of("  - expect-cadence: {event: heartbeat, first: I + eps, within: I + eps, non-strict-within: 2*I, "
                   "min-gap: I / 4, for: 3*I, since: hello}\n");
    ck_assert_int_eq(step->kind, GW_STEP_EXPECT_CADENCE);
    ck_assert_str_eq(gw_expr_text(step->as.expect.first), "I + eps");
    ck_assert_str_eq(gw_expr_text(step->window.within), "I + eps");
    ck_assert_str_eq(gw_expr_text(step->window.non_strict_within), "2*I");
    ck_assert_str_eq(gw_expr_text(step->as.expect.min_gap), "I / 4");
    ck_assert_str_eq(gw_expr_text(step->as.expect.duration), "3*I");
    teardown();
}
END_TEST

START_TEST(load_reads_endings) {
    setup();
    gw_expr_env env = {.interval = GW_S};
    const gw_step *step =
        step_of("  - expect-close: {after: I - eps, within: I + eps, non-strict-within: 2*I, since: hello, "
                "code: [4000, 3000-3999, none], non-strict-code: any, fin-within: 1s}\n");
    ck_assert_int_eq(step->kind, GW_STEP_EXPECT_CLOSE);
    ck_assert_uint_eq(step->as.end.codes.count, 2);
    ck_assert(step->as.end.codes.none);
    ck_assert_uint_eq(step->as.end.codes.ranges[1].low, 3000);
    ck_assert_uint_eq(step->as.end.non_strict_codes.ranges[0].high, 65535);
    ck_assert(step->as.end.non_strict_codes.none);
    ck_assert(!step->as.end.non_strict_any);
    ck_assert_int_eq(step->window.since, GW_SINCE_HELLO);
    step = step_of("  - expect-close: {code: any}\n");
    ck_assert_uint_eq(step->as.end.codes.count, 0);
    ck_assert(!step->as.end.codes.none);
    ck_assert_ptr_null(step->window.after);
    ck_assert_ptr_null(step->as.end.fin_within);
    ck_assert_int_eq(gw_expr_eval(step->window.within, env), 2 * GW_S);
    step = step_of("  - expect-fail: {code: 1002, non-strict-code: 1007}\n");
    ck_assert_uint_eq(step->as.end.codes.ranges[0].low, 1002);
    ck_assert(step->as.end.non_strict_any);
    ck_assert_int_eq(gw_expr_eval(step->window.within, env), 2 * GW_S);
    ck_assert_int_eq(gw_expr_eval(step->as.end.fin_within, env), 2 * GW_S);
    step = step_of("  - expect-fail: {code: 1002, non-strict-any: false}\n");
    ck_assert(!step->as.end.non_strict_any);
    step = step_of("  - expect-open: {within: 5s}\n");
    ck_assert_str_eq(gw_expr_text(step->window.within), "5s");
    teardown();
}
END_TEST

START_TEST(load_takes_reactions_from_the_protocol) {
    setup();
    const gw_step *step = step_of("  - expect-reaction: {}\n");
    ck_assert(step->as.end.ignore && step->as.end.close);
    ck_assert_uint_eq(step->as.end.codes.count, 2);
    ck_assert_uint_eq(step->as.end.codes.ranges[0].low, 1003);
    ck_assert_uint_eq(step->as.end.codes.ranges[1].high, 4999);
    step = step_of("  - expect-reaction: {to: binary}\n");
    ck_assert(!step->as.end.ignore && step->as.end.close);
    ck_assert_uint_eq(step->as.end.codes.count, 1);
    step = step_of("  - expect-reaction: {any-of: [ignore], code: any, within: 1s}\n");
    ck_assert(step->as.end.ignore && !step->as.end.close);
    ck_assert_uint_eq(step->as.end.codes.count, 0);
    teardown();
}
END_TEST

static const gw_frame_spec *frame_of(const char *steps) {
    const gw_step *step = step_of(steps);
    ck_assert_uint_eq(step->as.send.frame_count, 1);
    return &step->as.send.frames[0];
}

START_TEST(load_reads_send) {
    setup();
    const gw_frame_spec *frame = frame_of(
        "  - send: {event: login, data: {a: \"${I}\", n: 9007199254740993}, id: 1e0, extra: {s: [1.50]}, pad-to: 126, "
        "fragment: 7, empty-fragments: true, chop: 2, pause: 1ms, every: 10ms, times: 0, background: true}\n");
    ck_assert_str_eq(frame->payload.event, "login");
    expect_json(frame->payload.data, "{\"a\":\"${I}\",\"n\":9007199254740993}");
    expect_json(frame->payload.id, "1e0");
    expect_json(frame->payload.extra, "{\"s\":[1.50]}");
    ck_assert_uint_eq(frame->payload.pad_to, 126);
    ck_assert_uint_eq(frame->payload.repeat, 1);
    ck_assert_uint_eq(frame->fragment, 7);
    ck_assert(frame->empty_fragments && frame->fin);
    const gw_pacing *pacing = &f.suite.scenarios[0]->steps[1].as.send.pacing;
    ck_assert_uint_eq(pacing->chop, 2);
    ck_assert_str_eq(gw_expr_text(pacing->pause), "1ms");
    ck_assert_str_eq(gw_expr_text(pacing->every), "10ms");
    ck_assert_uint_eq(pacing->times, 0);
    ck_assert(pacing->background);
    frame = frame_of("  - send: {event: heartbeat, data: absent}\n");
    ck_assert(frame->payload.data_absent && !frame->payload.data);
    frame = frame_of("  - send: {json: null}\n");
    ck_assert(cJSON_IsNull(frame->payload.json));
    ck_assert_uint_eq(frame->opcode, GW_FRAME_TEXT);
    frame = frame_of("  - send: {text: \"a\\0b\", repeat: 5}\n");
    ck_assert_uint_eq(frame->payload.text_len, 3);
    ck_assert_uint_eq(frame->payload.repeat, 5);
    frame = frame_of("  - send: {hex: 00 ffA5}\n");
    ck_assert_uint_eq(frame->payload.hex_len, 3);
    ck_assert_mem_eq(frame->payload.hex, "\0\xff\xa5", 3);
    ck_assert_uint_eq(frame->opcode, GW_FRAME_BINARY);
    ck_assert_uint_eq(f.suite.scenarios[f.suite.count - 1]->steps[1].as.send.pacing.times, 1);
    teardown();
}
END_TEST

START_TEST(load_reads_send_frame) {
    setup();
    const gw_frame_spec *frame =
        frame_of("  - send-frame: {opcode: 11, fin: 0, rsv1: 1, rsv2: true, rsv3: 0, mask: 00000000, "
                 "length-form: 64, declared-length: 0xffffffffffffffff, event: heartbeat, "
                 "slice: [2, 5]}\n");
    ck_assert_uint_eq(frame->opcode, 11);
    ck_assert(!frame->fin);
    ck_assert_uint_eq(frame->rsv, 6);
    ck_assert_int_eq(frame->mask, GW_MASK_KEY);
    ck_assert_mem_eq(frame->key, "\0\0\0\0", 4);
    ck_assert_uint_eq(frame->length_form, 64);
    ck_assert(frame->has_declared_length && frame->declared_length == UINT64_MAX);
    ck_assert(frame->payload.has_slice);
    ck_assert_uint_eq(frame->payload.slice_from, 2);
    ck_assert_uint_eq(frame->payload.slice_to, 5);
    frame = frame_of("  - send-frame: {mask: \"12AB34cd\", opcode: pong, rsv3: 1}\n");
    ck_assert_mem_eq(frame->key, "\x12\xab\x34\xcd", 4);
    ck_assert_uint_eq(frame->rsv, 1);
    ck_assert_int_eq(frame_of("  - send-frame: {mask: false, text: x}\n")->mask, GW_MASK_OFF);
    ck_assert_int_eq(frame_of("  - send-frame: {mask: true, text: x}\n")->mask, GW_MASK_RANDOM);
    ck_assert_uint_eq(frame_of("  - send-frame: {declared-length: 1099511627776, text: x}\n")->declared_length,
                      1099511627776u);
    frame = frame_of("  - send-frame: {code: 65535, reason: \"r\"}\n");
    ck_assert_uint_eq(frame->opcode, GW_FRAME_CLOSE);
    ck_assert(frame->payload.has_code && frame->payload.code == 65535);
    ck_assert_str_eq(frame->payload.reason, "r");
    frame = frame_of("  - send-frame: {code: 1000, hex: ff}\n");
    ck_assert_uint_eq(frame->payload.hex_len, 1);
    ck_assert_uint_eq(frame->opcode, GW_FRAME_CLOSE);
    ck_assert_uint_eq(frame_of("  - send-frame: {opcode: continuation, fin: false}\n")->opcode, GW_FRAME_CONTINUATION);
    teardown();
}
END_TEST

START_TEST(load_reads_several_frames_in_one_write) {
    setup();
    const gw_step *step =
        step_of("  - send-frame: {on: alice, frames: [{event: heartbeat, fin: false}, {opcode: ping}], chop: 4}\n");
    ck_assert_uint_eq(step->as.send.frame_count, 2);
    ck_assert(!step->as.send.frames[0].fin);
    ck_assert_uint_eq(step->as.send.frames[1].opcode, GW_FRAME_PING);
    ck_assert_uint_eq(step->as.send.pacing.chop, 4);
    teardown();
}
END_TEST

START_TEST(load_reads_the_small_steps) {
    setup();
    const gw_step *step = step_of("  - send-bytes: {hex: 81 00, repeat: 2, chop: 1}\n");
    ck_assert_int_eq(step->kind, GW_STEP_SEND_BYTES);
    ck_assert_uint_eq(step->as.bytes.payload.hex_len, 2);
    ck_assert_uint_eq(step->as.bytes.payload.repeat, 2);
    ck_assert_uint_eq(step->as.bytes.pacing.chop, 1);
    step = step_of("  - close: {code: 4000, reason: \"bye ${I}\"}\n");
    ck_assert_int_eq(step->kind, GW_STEP_SEND_FRAME);
    ck_assert_uint_eq(step->as.send.frames[0].opcode, GW_FRAME_CLOSE);
    ck_assert_str_eq(step->as.send.frames[0].payload.reason, "bye ${I}");
    step = step_of("  - close: {}\n");
    ck_assert(!step->as.send.frames[0].payload.has_code);
    step = step_of("  - heartbeat: {mode: off}\n");
    ck_assert_int_eq(step->as.heartbeat.mode, GW_HEARTBEAT_OFF);
    step = step_of("  - heartbeat: {every: I / 2}\n");
    ck_assert_int_eq(step->as.heartbeat.mode, GW_HEARTBEAT_EVERY);
    ck_assert_str_eq(gw_expr_text(step->as.heartbeat.every), "I / 2");
    ck_assert(step_of("  - drop: {how: rst}\n")->as.drop.reset);
    ck_assert(!step_of("  - drop: {}\n")->as.drop.reset);
    teardown();
}
END_TEST

START_TEST(load_reads_trigger) {
    setup();
    const gw_scenario *s = suite_fixture_load(
        &f, "trigger",
        "title: t\nrequires: [S1]\nsteps:\n"
        "  - connect: {as: alice, room: one}\n"
        "  - connect: {as: bob}\n"
        "  - trigger: {event: message_create, by: alice, data: {content: \"hi ${uuid}\", sentAt: 1e0}, "
        "save: sent, times: 3, "
        "optional: true}\n"
        "  - trigger: {event: heartbeat_ack}\n"
        "  - trigger: {event: message_create, room: one}\n"
        "  - expect: {on: bob, event: message_create, data: {content: \"${sent.content}\"}}\n");
    const gw_step *step = &s->steps[2];
    ck_assert_str_eq(step->as.trigger.event, "message_create");
    ck_assert_str_eq(step->as.trigger.room, "one");
    ck_assert_uint_eq(step->as.trigger.by, 0);
    ck_assert_str_eq(step->as.trigger.save, "sent");
    ck_assert_uint_eq(step->as.trigger.times, 3);
    ck_assert(step->as.trigger.optional);
    expect_json(step->as.trigger.data, "{\"content\":\"hi ${uuid}\",\"sentAt\":1}");
    ck_assert_str_eq(s->steps[3].as.trigger.room, "main");
    ck_assert_uint_eq(s->steps[3].as.trigger.by, UINT16_MAX);
    ck_assert_uint_eq(s->steps[3].as.trigger.times, 1);
    ck_assert_uint_eq(s->trigger_count, 2);
    ck_assert_str_eq(s->triggers[0], "message_create");
    ck_assert_str_eq(s->triggers[1], "heartbeat_ack");
    teardown();
}
END_TEST

START_TEST(load_knows_what_no_well_behaved_client_sends) {
    setup();
    static const struct {
        const char *steps;
        bool negative;
    } cases[] = {
        {"  - send: {event: heartbeat}\n", false},
        {"  - send: {event: heartbeat, fragment: 1, empty-fragments: true, chop: 1, pad-to: 70000}\n", false},
        {"  - send: {event: login, data: {x: 1}}\n", false},
        {"  - send: {event: hello}\n", true},
        {"  - send: {event: heartbeat, data: {}}\n", false},
        {"  - send: {event: heartbeat, data: {x: 1}}\n", true},
        {"  - send: {event: heartbeat, data: null}\n", true},
        {"  - send: {event: heartbeat, data: absent}\n", true},
        {"  - send: {event: heartbeat, id: \"1\"}\n", true},
        {"  - send: {event: heartbeat, extra: {x: 1}}\n", true},
        {"  - send: {event: heartbeat, repeat: 2}\n", true},
        {"  - send: {json: null}\n", true},
        {"  - send: {text: x}\n", true},
        {"  - send: {hex: 00}\n", true},
        {"  - send-bytes: {hex: 00}\n", true},
        {"  - send-frame: {event: heartbeat}\n", false},
        {"  - send-frame: {event: heartbeat, mask: \"00000000\"}\n", false},
        {"  - send-frame: {event: heartbeat, mask: false}\n", true},
        {"  - send-frame: {event: heartbeat, rsv2: 1}\n", true},
        {"  - send-frame: {event: heartbeat, opcode: 3}\n", true},
        {"  - send-frame: {event: heartbeat, opcode: binary}\n", true},
        {"  - send-frame: {event: heartbeat, length-form: 64}\n", true},
        {"  - send-frame: {event: heartbeat, declared-length: 9}\n", true},
        {"  - send-frame: {opcode: text}\n", true},
        {"  - send-frame: {opcode: ping, text: x, repeat: 125}\n", false},
        {"  - send-frame: {opcode: ping, text: x, repeat: 126}\n", true},
        {"  - send-frame: {opcode: pong}\n", false},
        {"  - send-frame: {opcode: ping, fin: false}\n", true},
        {"  - send-frame: {opcode: continuation}\n", true},
        {"  - send-frame: {event: heartbeat, fin: false, slice: [0, 3]}\n"
         "  - send-frame: {opcode: ping}\n"
         "  - send-frame: {event: heartbeat, opcode: continuation, slice: [3, 99]}\n",
         false},
        {"  - send-frame: {event: heartbeat, fin: false, slice: [0, 3]}\n"
         "  - send-frame: {event: heartbeat}\n",
         true},
        {"  - close: {}\n", false},
        {"  - close: {code: 1000}\n", false},
        {"  - close: {code: 1010}\n", false},
        {"  - close: {code: 4999, reason: x}\n", false},
        {"  - close: {code: 1005}\n", true},
        {"  - close: {code: 1012}\n", true},
        {"  - send-frame: {opcode: close, hex: 03}\n", true},
        {"  - drop: {}\n", false},
        {"  - connect: {as: bob, request: {header-case: lower}}\n", false},
        {"  - upgrade: {as: bob, request: {method: POST}}\n", true},
        {"  - connect: {as: bob, with: [{text: x}]}\n", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const gw_scenario *s = suite_fixture_steps(&f, cases[i].steps);
        ck_assert_msg(s->negative == cases[i].negative, "%s", cases[i].steps);
    }
    teardown();
}
END_TEST

START_TEST(load_lets_canary_be_told) {
    setup();
    const gw_scenario *s =
        suite_fixture_load(&f, "canary/on", "title: t\nrequires: [S1]\ncanary: on\nsteps:\n  - wait: {for: 1s}\n");
    ck_assert(s->negative);
    s = suite_fixture_load(
        &f, "canary/off", "title: t\nrequires: [S1]\ncanary: off\nsteps:\n  - connect: {as: a}\n  - send: {text: x}\n");
    ck_assert(!s->negative);
    teardown();
}
END_TEST

START_TEST(load_adds_all_of_a_file_or_nothing) {
    setup();
    const char *text = suite_fixture_errors(&f, "title: t\nrequires: [S1]\nfor-each: {d: [1s, 2s, soon]}\n"
                                                "steps:\n  - wait: {for: \"${d}\"}\n");
    ck_assert_msg(strstr(text, "in the instance test/wrong/soon") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "wrong.yaml:5:18") != NULL, "%s", text);
    ck_assert_uint_eq(f.suite.doc_count, 0);
    teardown();
}
END_TEST

START_TEST(load_names_both_files_of_a_duplicate_id) {
    setup();
    static const char text[] = "title: t\nrequires: [S1]\nsteps: [{wait: {for: 1s}}]\n";
    suite_fixture_load(&f, "a/b", text);
    ck_assert_int_eq(gw_suite_load(&f.suite, gw_span_cstr(text), "a/b", "other.yaml", &f.diag), GW_ERR_INVALID);
    ck_assert_str_eq(gw_buf_cstr(&f.diag.text), "other.yaml: error: the id 'a/b' is taken by scenarios/test.yaml\n");
    ck_assert_uint_eq(f.suite.count, 1);
    teardown();
}
END_TEST

START_TEST(load_leaves_out_a_message_beyond_the_limit_of_the_protocol) {
    setup();
    ck_assert_ptr_null(suite_fixture_steps(&f, "  - send: {event: heartbeat, pad-to: 65536}\n")->lacks);
    const char *lacks = suite_fixture_steps(&f, "  - send: {event: heartbeat, pad-to: 65537}\n")->lacks;
    ck_assert_ptr_nonnull(lacks);
    ck_assert_str_eq(lacks, "the protocol allows messages of 65536 bytes, and this takes one of 65537");
    /* Who looks at what becomes of it sends it. */
    const gw_scenario *judged = suite_fixture_steps(&f, "  - send: {event: heartbeat, pad-to: 65537}\n"
                                                        "  - expect-reaction: {to: too-big}\n");
    ck_assert_ptr_null(judged->lacks);
    teardown();
}
END_TEST

START_TEST(load_survives_any_prefix_of_a_file) {
    setup();
    static const char text[] = "title: t\nrequires: [S1]\nfor-each: {bit: [1, 2]}\nsteps:\n  - connect: {as: alice}\n"
                               "  - send-frame: {\"rsv${bit}\": 1, json: {a: [\"${alice.id}\", 1e0]}, mask: false}\n"
                               "  - expect-fail: {code: [1002, 3000-3999]}\n";
    for (size_t len = 0; len < sizeof text - 1; len++) {
        gw_suite suite;
        gw_diag diag;
        gw_diag_init(&diag);
        gw_suite_init(&suite, f.protocol, &f.requirements);
        gw_status status = gw_suite_load(&suite, gw_span_make(text, len), "p", "p.yaml", &diag);
        ck_assert((status == GW_OK) == (diag.errors == 0));
        ck_assert((status == GW_OK) == (suite.count > 0));
        gw_suite_deinit(&suite);
        gw_diag_deinit(&diag);
    }
    teardown();
}
END_TEST

GW_TEST_MAIN("scenario/load", 30, load_reads_the_top_level, load_takes_the_gravest_level_unless_told,
             load_reads_clients, load_reads_the_request, load_reads_frames_that_ride_with_the_request,
             load_reads_expect_response, load_reads_expect, load_gives_expect_its_defaults, load_reads_frames_to_expect,
             load_reads_expect_none_and_cadence, load_reads_endings, load_takes_reactions_from_the_protocol,
             load_leaves_out_a_message_beyond_the_limit_of_the_protocol, load_reads_send, load_reads_send_frame,
             load_reads_several_frames_in_one_write, load_reads_the_small_steps, load_reads_trigger,
             load_knows_what_no_well_behaved_client_sends, load_lets_canary_be_told, load_adds_all_of_a_file_or_nothing,
             load_names_both_files_of_a_duplicate_id, load_survives_any_prefix_of_a_file)
