/* Unit tests of fuzzing/script.h. */
#include "base/rng.h"
#include "fuzzing/script.h"
#include "support/guard.h"
#include "support/run.h"
#include "wire/handshake.h"

#include <string.h>

START_TEST(script_decodes_any_bytes_and_encodes_to_a_fixpoint) {
    gw_rng rng;
    gw_rng_init(&rng, 7);
    for (int round = 0; round < 4000; round++) {
        uint8_t bytes[300], once[GW_SCRIPT_MAX_ENCODED], twice[GW_SCRIPT_MAX_ENCODED];
        gw_script script, again;
        size_t len = (size_t)gw_rng_below(&rng, sizeof bytes);
        gw_rng_fill(&rng, bytes, len);
        uint8_t *guarded = gw_guard_alloc(bytes, len);
        gw_script_decode(gw_span_make(guarded, len), &script);
        size_t n = gw_script_encode(&script, once, sizeof once);
        gw_script_decode(gw_span_make(once, n), &again);
        ck_assert_uint_eq(again.config, script.config);
        ck_assert_uint_eq(again.count, script.count);
        for (size_t i = 0; i < script.count; i++) {
            const gw_script_step *a = &script.steps[i], *b = &again.steps[i];
            ck_assert(a->op == b->op && a->conn == b->conn && a->flags == b->flags && a->a == b->a && a->b == b->b);
            ck_assert(gw_span_equal(a->bytes, b->bytes));
            ck_assert_int_lt(a->op, GW_SCRIPT_OP_COUNT);
            ck_assert_int_lt(a->conn, GW_SCRIPT_CONNS);
        }
        ck_assert_uint_eq(gw_script_encode(&again, twice, sizeof twice), n);
        ck_assert_mem_eq(once, twice, n);
        gw_guard_free(guarded, len);
    }
}
END_TEST

START_TEST(script_encodes_only_whole_steps_into_a_small_room) {
    uint8_t out[GW_SCRIPT_MAX_ENCODED];
    gw_script script = {.config = 3, .count = 2};
    script.steps[0] = (gw_script_step){.op = GW_SCRIPT_PACKET, .conn = 1, .bytes = GW_SPAN_LIT("abc")};
    script.steps[1] = (gw_script_step){.op = GW_SCRIPT_ADVANCE, .a = 1, .b = 2};
    static const uint8_t whole[] = {3, 0x10 | GW_SCRIPT_PACKET, 3, 'a', 'b', 'c', GW_SCRIPT_ADVANCE, 1, 2};
    ck_assert_uint_eq(gw_script_encode(&script, out, sizeof out), sizeof whole);
    ck_assert_mem_eq(out, whole, sizeof whole);
    for (size_t max = 0; max < sizeof whole; max++) {
        size_t n = gw_script_encode(&script, out, max);
        ck_assert_uint_eq(n, max == 0 ? 0 : max < 6 ? 1 : 6);
    }
}
END_TEST

START_TEST(script_keeps_long_payloads) {
    static const size_t lengths[] = {239, 240, 255, 256, GW_SCRIPT_MAX_BYTES};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t payload[GW_SCRIPT_MAX_BYTES], out[GW_SCRIPT_MAX_ENCODED];
        gw_script script = {.count = 1}, back;
        memset(payload, 0x5a, sizeof payload);
        script.steps[0] = (gw_script_step){.op = GW_SCRIPT_RAW, .bytes = {payload, lengths[i]}};
        size_t n = gw_script_encode(&script, out, sizeof out);
        gw_script_decode(gw_span_make(out, n), &back);
        ck_assert_uint_eq(back.count, 1);
        ck_assert_uint_eq(back.steps[0].bytes.len, lengths[i]);
    }
}
END_TEST

START_TEST(script_frame_describes_every_form_and_lie) {
    gw_script_step step = {.op = GW_SCRIPT_FRAME, .a = 0xc1, .bytes = GW_SPAN_LIT("hello")};
    gw_frame frame = gw_script_frame(&step);
    ck_assert(frame.fin && frame.masked && frame.rsv == GW_FRAME_RSV1 && frame.opcode == GW_FRAME_TEXT);
    ck_assert_uint_eq(frame.payload_len, 5);
    for (unsigned b = 0; b < 256; b++) {
        uint8_t header[GW_FRAME_MAX_HEADER];
        step.b = (uint8_t)b;
        frame = gw_script_frame(&step);
        ck_assert_uint_gt(gw_frame_encode_header(&frame, header), 0);
        ck_assert_int_eq(frame.masked, !(b & 4));
        ck_assert_int_eq(frame.payload_len == 5, b >> 4 == 0);
    }
}
END_TEST

START_TEST(script_request_of_variant_0_is_a_valid_handshake) {
    gw_buf out;
    gw_head head;
    gw_buf_init(&out, GW_HEAD_MAX_BYTES);
    ck_assert_int_eq(gw_script_request(0, &out), GW_OK);
    gw_head_init(&head, GW_HEAD_REQUEST, GW_HEAD_MAX_BYTES, 0);
    ck_assert_int_eq(gw_head_feed(&head, gw_buf_span(&out)), GW_HEAD_DONE);
    gw_handshake_facts facts = gw_handshake_read_request(&head);
    ck_assert(facts.is_get && facts.http_1_1 && facts.upgrade_websocket && facts.connection_upgrade &&
              facts.version_13);
    ck_assert_uint_eq(facts.key_bytes, GW_HANDSHAKE_KEY_BYTES);
    ck_assert_uint_eq(head.flags, 0);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(script_requests_of_other_variants_differ) {
    gw_buf first, out;
    gw_buf_init(&first, 4096);
    gw_buf_init(&out, 4096);
    ck_assert_int_eq(gw_script_request(0, &first), GW_OK);
    for (uint8_t variant = 1; variant < 26; variant++) {
        gw_buf_clear(&out);
        ck_assert_int_eq(gw_script_request(variant, &out), GW_OK);
        ck_assert_msg(!gw_span_equal(gw_buf_span(&first), gw_buf_span(&out)), "variant %u", variant);
    }
    gw_buf_deinit(&first);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(script_prints_one_line_a_step) {
    static const uint8_t bytes[] = {
        0,    0x40 | GW_SCRIPT_OPEN, GW_SCRIPT_PACKET,      2, '{',          '}', 0x10 | GW_SCRIPT_FRAME, 0x89, 0, 1,
        0xff, GW_SCRIPT_ADVANCE,     GW_SCRIPT_AT_DEADLINE, 0, GW_SCRIPT_RST};
    gw_script script;
    gw_buf out;
    gw_buf_init(&out, 4096);
    gw_script_decode(gw_span_make(bytes, sizeof bytes), &script);
    ck_assert_int_eq(gw_script_print(&script, &out), GW_OK);
    ck_assert_str_eq(gw_buf_cstr(&out), "server interval=1000 ms ask=0 ms message<=1048576 rate=10000\n"
                                        "0: open and upgrade\n"
                                        "0: packet in 1 frames \"{}\"\n"
                                        "1: frame ping fin rsv=0 len=1 form=7 masked \"\\xff\"\n"
                                        "0: advance to at deadline 1\n"
                                        "0: rst\n");
    gw_buf_deinit(&out);
}
END_TEST

GW_TEST_MAIN("fuzzing/script", 30, script_decodes_any_bytes_and_encodes_to_a_fixpoint,
             script_encodes_only_whole_steps_into_a_small_room, script_keeps_long_payloads,
             script_frame_describes_every_form_and_lie, script_request_of_variant_0_is_a_valid_handshake,
             script_requests_of_other_variants_differ, script_prints_one_line_a_step)
