/* Unit tests of fuzzing/mutate.h: bounds, determinism, and that each kind reaches what blind mutation does not. */
#include "base/rng.h"
#include "fuzzing/mutate.h"
#include "fuzzing/script.h"
#include "protocol/json.h"
#include "support/guard.h"
#include "support/run.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <stdlib.h>
#include <string.h>

static const gw_mutate_kind kinds[] = {GW_MUTATE_BYTES, GW_MUTATE_FRAMES, GW_MUTATE_PACKET, GW_MUTATE_LINES,
                                       GW_MUTATE_SESSION};

/* A room of exactly max bytes against a guard page. */
static size_t mutate_guarded(const gw_mutate_config *config, uint8_t *bytes, size_t size, size_t max, uint32_t seed) {
    uint8_t zero[512] = {0};
    uint8_t *room = gw_guard_alloc(zero, max);
    memcpy(room, bytes, size);
    size_t n = gw_mutate(config, room, size, max, seed);
    ck_assert_uint_le(n, max);
    ck_assert(n > 0 || max == 0);
    memcpy(bytes, room, n);
    gw_guard_free(room, max);
    return n;
}

START_TEST(mutate_stays_in_its_room) {
    gw_mutate_config config = {.kind = kinds[_i]};
    gw_rng rng;
    gw_rng_init(&rng, 3);
    uint8_t bytes[512];
    size_t size = 0;
    for (uint32_t seed = 0; seed < 2000; seed++) {
        size_t max = seed % 3 ? sizeof bytes : (size_t)gw_rng_below(&rng, 40);
        if (seed % 50 == 0) size = 0;
        if (size > max) size = max;
        size = mutate_guarded(&config, bytes, size, max, seed);
    }
}
END_TEST

/* Leaves `byte` all over the stack that the next call takes, so that whatever reads memory it never wrote shows. */
static __attribute__((noinline)) void soil_stack(int byte) {
    volatile uint8_t room[64 << 10];
    for (size_t i = 0; i < sizeof room; i++) room[i] = (uint8_t)byte;
}

START_TEST(mutate_gives_the_same_for_the_same_seed) {
    gw_mutate_config config = {.kind = kinds[_i]};
    uint8_t a[512] = "\x81\x02{}", b[512] = "\x81\x02{}";
    size_t an = 4, bn = 4, different = 0;
    for (uint32_t seed = 0; seed < 500; seed++) {
        uint8_t before[512];
        memcpy(before, a, an);
        size_t len = an;
        soil_stack(0x00);
        an = gw_mutate(&config, a, an, sizeof a, seed);
        soil_stack(0xff);
        bn = gw_mutate(&config, b, bn, sizeof b, seed);
        ck_assert_uint_eq(an, bn);
        ck_assert_mem_eq(a, b, an);
        different += an != len || memcmp(a, before, an) != 0;
    }
    ck_assert_uint_gt(different, 300);
}
END_TEST

START_TEST(mutate_cross_stays_in_its_room_and_repeats) {
    gw_mutate_config config = {.kind = kinds[_i]};
    uint8_t a[128], b[128];
    size_t an = 0, bn = 0;
    for (uint32_t seed = 0; seed < 1500; seed++) {
        uint8_t zero[200] = {0}, again[200];
        an = gw_mutate(&config, a, seed % 40 ? an : 0, sizeof a, seed);
        bn = gw_mutate(&config, b, seed % 40 ? bn : 0, sizeof b, seed + 1000000);
        size_t max = seed % 200;
        uint8_t *ga = gw_guard_alloc(a, an), *gb = gw_guard_alloc(b, bn), *room = gw_guard_alloc(zero, max);
        size_t n = gw_mutate_cross(&config, gw_span_make(ga, an), gw_span_make(gb, bn), room, max, seed);
        ck_assert_uint_le(n, max);
        ck_assert_uint_eq(gw_mutate_cross(&config, gw_span_make(a, an), gw_span_make(b, bn), again, max, seed), n);
        ck_assert_mem_eq(room, again, n);
        gw_guard_free(ga, an);
        gw_guard_free(gb, bn);
        gw_guard_free(room, max);
    }
}
END_TEST

static size_t engine_calls;
static size_t counting_engine(uint8_t *data, size_t size, size_t max) {
    engine_calls++;
    if (max) data[0] = 'E';
    return size ? size : max ? 1 : 0;
}

START_TEST(mutate_leaves_one_in_eight_to_the_engine) {
    gw_mutate_config config = {.kind = GW_MUTATE_PACKET, .engine = counting_engine};
    engine_calls = 0;
    for (uint32_t seed = 0; seed < 8000; seed++) {
        uint8_t bytes[512] = "{\"e\":1,\"d\":{}}";
        gw_mutate(&config, bytes, 14, sizeof bytes, seed);
    }
    ck_assert_uint_gt(engine_calls, 700);
    ck_assert_uint_lt(engine_calls, 1600);
}
END_TEST

/* Facts that the frames of a stream show. */
static unsigned facts_of(uint8_t *bytes, size_t len, unsigned *events) {
    gw_buf payload;
    gw_message message;
    gw_frame_decoder decoder;
    unsigned facts = 0;
    gw_buf_init(&payload, 1 << 16);
    gw_message_init(&message, &payload);
    gw_frame_decoder_init(&decoder, true);
    for (size_t at = 0;;) {
        gw_frame_event event = gw_frame_decoder_next(&decoder, bytes + at, len - at);
        if (event.kind == GW_FRAME_NEED_MORE || event.kind == GW_FRAME_STOPPED) break;
        gw_message_event got = gw_message_take(&message, &decoder, &event);
        facts |= message.frame_flags | (got == GW_MESSAGE_DATA ? message.flags : 0);
        if (got == GW_MESSAGE_DATA && message.frames > 1 && decoder.frame.masked &&
            gw_json_judge(gw_buf_span(&payload), (gw_json_limits){0}, NULL) == GW_JSON_IS_VALID)
            *events |= 1;
        if (got == GW_MESSAGE_CONTROL) *events |= 2u << (message.control_opcode & 3);
        at += event.consumed;
    }
    gw_buf_deinit(&payload);
    return facts;
}

START_TEST(mutate_frames_reaches_every_fact_of_a_message) {
    gw_mutate_config config = {.kind = GW_MUTATE_FRAMES};
    unsigned facts = 0, events = 0;
    uint8_t bytes[512], copy[512];
    size_t size = 0;
    for (uint32_t seed = 0; seed < 20000; seed++) {
        if (seed % 20 == 0) size = 0;
        size = gw_mutate(&config, bytes, size, sizeof bytes, seed);
        memcpy(copy, bytes, size);
        facts |= facts_of(copy, size, &events);
    }
    unsigned all = GW_MESSAGE_ORPHAN | GW_MESSAGE_INTERRUPTS | GW_MESSAGE_FRAGMENTED_CONTROL | GW_MESSAGE_LONG_CONTROL |
                   GW_MESSAGE_RESERVED_OPCODE | GW_MESSAGE_RSV | GW_MESSAGE_RSV_CONTINUATION | GW_MESSAGE_NON_MINIMAL |
                   GW_MESSAGE_TOP_BIT | GW_MESSAGE_MASKED | GW_MESSAGE_UNMASKED | GW_MESSAGE_BAD_UTF8 |
                   GW_MESSAGE_CUT_UTF8;
    ck_assert_uint_eq(facts & all, all);
    /* A fragmented masked message that is JSON, and Close, Ping and Pong. */
    ck_assert_uint_eq(events & 15u, 15u);
}
END_TEST

START_TEST(mutate_packet_reaches_every_fault_of_the_judge) {
    gw_mutate_config config = {.kind = GW_MUTATE_PACKET};
    uint8_t bytes[4096];
    size_t size = 0, reached = 0;
    bool seen[GW_JSON_FAULT_COUNT] = {false};
    for (uint32_t seed = 0; seed < 20000; seed++) {
        gw_json_report report;
        if (seed % 8 == 0) size = 0;
        size = gw_mutate(&config, bytes, size, sizeof bytes, seed);
        gw_json_judge(gw_span_make(bytes, size), (gw_json_limits){0}, &report);
        reached += !seen[report.fault];
        seen[report.fault] = true;
    }
    for (int i = 0; i < GW_JSON_FAULT_COUNT; i++)
        ck_assert_msg(seen[i] || i == GW_JSON_NO_MEMORY, "%s was never reached", gw_json_fault_name((gw_json_fault)i));
    ck_assert_uint_ge(reached, GW_JSON_FAULT_COUNT - 1);
}
END_TEST

START_TEST(mutate_session_reaches_every_step) {
    gw_mutate_config config = {.kind = GW_MUTATE_SESSION};
    uint8_t bytes[4096];
    size_t size = 0;
    unsigned seen = 0;
    for (uint32_t seed = 0; seed < 5000; seed++) {
        gw_script script;
        if (seed % 30 == 0) size = 0;
        size = gw_mutate(&config, bytes, size, sizeof bytes, seed);
        gw_script_decode(gw_span_make(bytes, size), &script);
        for (size_t i = 0; i < script.count; i++) seen |= 1u << script.steps[i].op;
    }
    ck_assert_uint_eq(seen, (1u << GW_SCRIPT_OP_COUNT) - 1);
}
END_TEST

/* A child of two streams is still frames: prefix of one, suffix of the other. */
START_TEST(mutate_cross_frames_cuts_between_frames) {
    gw_mutate_config config = {.kind = GW_MUTATE_FRAMES};
    static const uint8_t a[] = {0x89, 2, 'a', 'a', 0x89, 2, 'b', 'b'}, b[] = {0x8a, 1, 'c', 0x8a, 1, 'd'};
    size_t whole = 0;
    for (uint32_t seed = 0; seed < 800; seed++) {
        uint8_t out[64];
        size_t n =
            gw_mutate_cross(&config, gw_span_make(a, sizeof a), gw_span_make(b, sizeof b), out, sizeof out, seed);
        size_t at = 0;
        while (at + 2 <= n && at + 2 + out[at + 1] <= n && (out[at] == 0x89 || out[at] == 0x8a)) at += 2u + out[at + 1];
        whole += at == n;
    }
    ck_assert_uint_gt(whole, 650);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fuzzing/mutate");
    TCase *each = tcase_create("each kind"), *once = tcase_create("reach");
    tcase_set_timeout(each, 60);
    tcase_set_timeout(once, 60);
    int n = (int)(sizeof kinds / sizeof kinds[0]);
    tcase_add_loop_test(each, mutate_stays_in_its_room, 0, n);
    tcase_add_loop_test(each, mutate_gives_the_same_for_the_same_seed, 0, n);
    tcase_add_loop_test(each, mutate_cross_stays_in_its_room_and_repeats, 0, n);
    tcase_add_test(once, mutate_leaves_one_in_eight_to_the_engine);
    tcase_add_test(once, mutate_frames_reaches_every_fact_of_a_message);
    tcase_add_test(once, mutate_packet_reaches_every_fault_of_the_judge);
    tcase_add_test(once, mutate_session_reaches_every_step);
    tcase_add_test(once, mutate_cross_frames_cuts_between_frames);
    suite_add_tcase(suite, each);
    suite_add_tcase(suite, once);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
