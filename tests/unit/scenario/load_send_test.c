/* Unit tests of the loader: steps by which a client acts. */
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

static const gw_frame_spec *frame_of(const char *steps) {
    const gw_step *step = suite_fixture_step(&f, steps);
    ck_assert_uint_eq(step->as.send.frame_count, 1);
    return &step->as.send.frames[0];
}

START_TEST(load_reads_send) {
    setup();
    const gw_frame_spec *frame = frame_of(
        "  - send: {event: login, data: {a: \"${I}\", n: 9007199254740993}, id: 1e0, extra: {s: [1.50]}, pad-to: 126, "
        "fragment: 7, empty-fragments: true, chop: 2, pause: 1ms, every: 10ms, times: 0, background: true}\n");
    ck_assert_str_eq(frame->payload.event, "login");
    suite_fixture_expect_json(frame->payload.data, "{\"a\":\"${I}\",\"n\":9007199254740993}");
    suite_fixture_expect_json(frame->payload.id, "1e0");
    suite_fixture_expect_json(frame->payload.extra, "{\"s\":[1.50]}");
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
    const gw_step *step = suite_fixture_step(
        &f, "  - send-frame: {on: alice, frames: [{event: heartbeat, fin: false}, {opcode: ping}], chop: 4}\n");
    ck_assert_uint_eq(step->as.send.frame_count, 2);
    ck_assert(!step->as.send.frames[0].fin);
    ck_assert_uint_eq(step->as.send.frames[1].opcode, GW_FRAME_PING);
    ck_assert_uint_eq(step->as.send.pacing.chop, 4);
    teardown();
}
END_TEST

START_TEST(load_reads_the_small_steps) {
    setup();
    const gw_step *step = suite_fixture_step(&f, "  - send-bytes: {hex: 81 00, repeat: 2, chop: 1}\n");
    ck_assert_int_eq(step->kind, GW_STEP_SEND_BYTES);
    ck_assert_uint_eq(step->as.bytes.payload.hex_len, 2);
    ck_assert_uint_eq(step->as.bytes.payload.repeat, 2);
    ck_assert_uint_eq(step->as.bytes.pacing.chop, 1);
    step = suite_fixture_step(&f, "  - close: {code: 4000, reason: \"bye ${I}\"}\n");
    ck_assert_int_eq(step->kind, GW_STEP_SEND_FRAME);
    ck_assert_uint_eq(step->as.send.frames[0].opcode, GW_FRAME_CLOSE);
    ck_assert_str_eq(step->as.send.frames[0].payload.reason, "bye ${I}");
    step = suite_fixture_step(&f, "  - close: {}\n");
    ck_assert(!step->as.send.frames[0].payload.has_code);
    step = suite_fixture_step(&f, "  - heartbeat: {mode: off}\n");
    ck_assert_int_eq(step->as.heartbeat.mode, GW_HEARTBEAT_OFF);
    step = suite_fixture_step(&f, "  - heartbeat: {every: I / 2}\n");
    ck_assert_int_eq(step->as.heartbeat.mode, GW_HEARTBEAT_EVERY);
    ck_assert_str_eq(gw_expr_text(step->as.heartbeat.every), "I / 2");
    ck_assert(suite_fixture_step(&f, "  - drop: {how: rst}\n")->as.drop.reset);
    ck_assert(!suite_fixture_step(&f, "  - drop: {}\n")->as.drop.reset);
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
    suite_fixture_expect_json(step->as.trigger.data, "{\"content\":\"hi ${uuid}\",\"sentAt\":1}");
    ck_assert_str_eq(s->steps[3].as.trigger.room, "main");
    ck_assert_uint_eq(s->steps[3].as.trigger.by, UINT16_MAX);
    ck_assert_uint_eq(s->steps[3].as.trigger.times, 1);
    ck_assert_uint_eq(s->trigger_count, 2);
    ck_assert_str_eq(s->triggers[0], "message_create");
    ck_assert_str_eq(s->triggers[1], "heartbeat_ack");
    teardown();
}
END_TEST

/* A number keeps its digits, or is refused: it is never sent as another one. */
START_TEST(load_bounds_the_digits_of_a_number) {
    enum { MOST = 4096 };
    static char steps[MOST + 64], digits[MOST + 2], file[sizeof steps + 128];
    setup();
    memset(digits, '7', MOST);
    snprintf(steps, sizeof steps, "  - send: {event: login, data: %s}\n", digits);
    suite_fixture_expect_json(frame_of(steps)->payload.data, digits);
    digits[MOST] = '7';
    snprintf(file, sizeof file,
             "title: t\nrequires: [S1]\nsteps:\n  - connect: a\n  - send: {on: a, event: login, data: %s}\n", digits);
    ck_assert_ptr_nonnull(strstr(suite_fixture_errors(&f, file), "a number has at most 4096 characters"));
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

GW_TEST_MAIN("scenario/load_send", 30, load_reads_send, load_reads_send_frame, load_reads_several_frames_in_one_write,
             load_reads_the_small_steps, load_reads_trigger, load_bounds_the_digits_of_a_number,
             load_knows_what_no_well_behaved_client_sends)
