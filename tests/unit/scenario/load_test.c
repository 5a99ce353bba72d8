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
    const gw_step *step =
        suite_fixture_step(&f, "  - connect: {as: bob, with: [{event: heartbeat}, {opcode: ping, text: x}]}\n");
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
    suite_fixture_expect_json(step->as.response.headers,
                              "{\"sec-websocket-version\":{\"$token\":\"13\"},\"upgrade\":null}");
    suite_fixture_expect_json(step->as.response.non_strict_headers, "{\"x-y\":\"a\"}");
    ck_assert_str_eq(gw_expr_text(step->window.within), "3s");
    ck_assert_str_eq(gw_expr_text(s->steps[2].window.within), "5s");
    ck_assert_uint_eq(s->steps[2].as.response.status.ranges[0].low, 100);
    ck_assert_uint_eq(s->steps[2].as.response.status.ranges[0].high, 599);
    teardown();
}
END_TEST

START_TEST(load_reads_expect) {
    setup();
    const gw_step *step =
        suite_fixture_step(&f, "  - expect: {on: alice, event: message_create, count: 2, settle: 1s, after: 10ms, "
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
    suite_fixture_expect_json(step->as.expect.pattern.data,
                              "{\"content\":\"${alice.id}\",\"sentAt\":{\"$near-now\":\"5s\"}}");
    teardown();
}
END_TEST

START_TEST(load_gives_expect_its_defaults) {
    setup();
    const gw_step *step = suite_fixture_step(&f, "  - expect: {event: heartbeat}\n");
    gw_expr_env env = {.interval = GW_S};
    ck_assert_uint_eq(step->on_count, 1);
    ck_assert_uint_eq(step->as.expect.count, 1);
    ck_assert(!step->as.expect.exact);
    ck_assert_ptr_null(step->as.expect.settle);
    ck_assert_int_eq(gw_expr_eval(step->window.within, env), 2 * GW_S);
    ck_assert_ptr_null(step->window.non_strict_within);
    ck_assert_str_eq(step->rule, "S1");
    step = suite_fixture_step(&f, "  - expect: {event: heartbeat, count: 1}\n");
    ck_assert(step->as.expect.exact);
    ck_assert_int_eq(gw_expr_eval(step->as.expect.settle, env), 200 * GW_MS);
    step = suite_fixture_step(&f, "  - expect: {event: hello}\n");
    ck_assert_int_eq(gw_expr_eval(step->window.within, env), GW_S);
    ck_assert_int_eq(gw_expr_eval(step->window.non_strict_within, env), 5 * GW_S);
    ck_assert_int_eq(step->window.since, GW_SINCE_OPEN);
    ck_assert_str_eq(step->rule, "S2");
    step = suite_fixture_step(&f, "  - expect: {event: hello, within: 3s}\n");
    ck_assert_int_eq(gw_expr_eval(step->window.within, env), 3 * GW_S);
    ck_assert_ptr_null(step->window.non_strict_within);
    teardown();
}
END_TEST

START_TEST(load_reads_frames_to_expect) {
    setup();
    const gw_step *step = suite_fixture_step(&f, "  - expect: {frame: pong, payload: \"n-${I}\"}\n");
    ck_assert_int_eq(step->as.expect.pattern.kind, GW_ITEM_FRAME);
    ck_assert_uint_eq(step->as.expect.pattern.opcode, GW_FRAME_PONG);
    ck_assert(step->as.expect.pattern.has_payload);
    ck_assert_str_eq(step->as.expect.pattern.payload, "n-${I}");
    step = suite_fixture_step(&f, "  - expect: {frame: pong, payload: {hex: \"ff 00\", repeat: 3}}\n");
    ck_assert_uint_eq(step->as.expect.pattern.payload_len, 6);
    ck_assert_mem_eq(step->as.expect.pattern.payload, "\xff\0\xff\0\xff\0", 6);
    /* 7b 24 three times holds "${" at the seams only */
    step = suite_fixture_step(&f, "  - expect: {frame: pong, payload: {hex: \"7b 24\", repeat: 3}}\n");
    ck_assert_str_eq(step->as.expect.pattern.payload, "{$${$${$");
    step = suite_fixture_step(&f, "  - expect: {frame: close}\n");
    ck_assert(!step->as.expect.pattern.has_payload);
    teardown();
}
END_TEST

START_TEST(load_reads_expect_none_and_cadence) {
    setup();
    const gw_step *step = suite_fixture_step(&f, "  - expect-none: {frame: pong, payload: x, for: 500ms}\n");
    ck_assert_int_eq(step->kind, GW_STEP_EXPECT_NONE);
    ck_assert_str_eq(gw_expr_text(step->as.expect.duration), "500ms");
    step = suite_fixture_step(
        &f, "  - expect-cadence: {event: heartbeat, first: I + eps, within: I + eps, non-strict-within: 2*I, "
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
    const gw_step *step = suite_fixture_step(
        &f, "  - expect-close: {after: I - eps, within: I + eps, non-strict-within: 2*I, since: hello, "
            "code: [4000, 3000-3999, none], non-strict-code: any, fin-within: 1s}\n");
    ck_assert_int_eq(step->kind, GW_STEP_EXPECT_CLOSE);
    ck_assert_uint_eq(step->as.end.codes.count, 2);
    ck_assert(step->as.end.codes.none);
    ck_assert_uint_eq(step->as.end.codes.ranges[1].low, 3000);
    ck_assert_uint_eq(step->as.end.non_strict_codes.ranges[0].high, 65535);
    ck_assert(step->as.end.non_strict_codes.none);
    ck_assert(!step->as.end.non_strict_any);
    ck_assert_int_eq(step->window.since, GW_SINCE_HELLO);
    step = suite_fixture_step(&f, "  - expect-close: {code: any}\n");
    ck_assert_uint_eq(step->as.end.codes.count, 0);
    ck_assert(!step->as.end.codes.none);
    ck_assert_ptr_null(step->window.after);
    ck_assert_ptr_null(step->as.end.fin_within);
    ck_assert_int_eq(gw_expr_eval(step->window.within, env), 2 * GW_S);
    step = suite_fixture_step(&f, "  - expect-fail: {code: 1002, non-strict-code: 1007}\n");
    ck_assert_uint_eq(step->as.end.codes.ranges[0].low, 1002);
    ck_assert(step->as.end.non_strict_any);
    ck_assert_int_eq(gw_expr_eval(step->window.within, env), 2 * GW_S);
    ck_assert_int_eq(gw_expr_eval(step->as.end.fin_within, env), 2 * GW_S);
    step = suite_fixture_step(&f, "  - expect-fail: {code: 1002, non-strict-any: false}\n");
    ck_assert(!step->as.end.non_strict_any);
    step = suite_fixture_step(&f, "  - expect-open: {within: 5s}\n");
    ck_assert_str_eq(gw_expr_text(step->window.within), "5s");
    teardown();
}
END_TEST

START_TEST(load_takes_reactions_from_the_protocol) {
    setup();
    const gw_step *step = suite_fixture_step(&f, "  - expect-reaction: {}\n");
    ck_assert(step->as.end.ignore && step->as.end.close);
    ck_assert_uint_eq(step->as.end.codes.count, 2);
    ck_assert_uint_eq(step->as.end.codes.ranges[0].low, 1003);
    ck_assert_uint_eq(step->as.end.codes.ranges[1].high, 4999);
    step = suite_fixture_step(&f, "  - expect-reaction: {to: binary}\n");
    ck_assert(!step->as.end.ignore && step->as.end.close);
    ck_assert_uint_eq(step->as.end.codes.count, 1);
    step = suite_fixture_step(&f, "  - expect-reaction: {any-of: [ignore], code: any, within: 1s}\n");
    ck_assert(step->as.end.ignore && !step->as.end.close);
    ck_assert_uint_eq(step->as.end.codes.count, 0);
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
             load_lets_canary_be_told, load_adds_all_of_a_file_or_nothing, load_names_both_files_of_a_duplicate_id,
             load_leaves_out_a_message_beyond_the_limit_of_the_protocol, load_survives_any_prefix_of_a_file)
