/* Unit tests of the bounds on what a server may send: each of them at and beyond its edge, what a scenario asks for,
 * the memory that the engines of a run share, and the log of a flood. */
#include "support/run.h"
#include "support/transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELLO "{\"e\":0,\"d\":{\"heartbeatInterval\":1000}}"
#define BEAT  "\x81\x0e{\"e\":1,\"d\":{}}"

enum { UNREAD = 2048, RECEIVED = 2 << 20 };

static const char watch[] = "title: t\nrequires: [S19]\nallow: [cadence]\nsteps:\n  - connect: {as: alice}\n"
                            "  - expect: {on: alice, event: hello}\n  - wait: {for: 600ms}\n";

/* A hello, and at 300 ms `count` times `what`. */
static gw_result *flood(const char *yaml, gw_span what, size_t count, gw_transcript_options options) {
    char *bytes = malloc(what.len * count);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < count; i++) memcpy(bytes + i * what.len, what.ptr, what.len);
    gw_said said[] = {{.kind = GW_SAID_TEXT, .text = HELLO},
                      {.at = 300 * GW_MS, .kind = GW_SAID_BYTES, .text = bytes, .len = what.len * count}};
    gw_result *result = gw_transcript_run(yaml, said, 2, options);
    free(bytes);
    return result;
}

static void expect_end(gw_result *result, gw_verdict verdict, const char *observed) {
    const char *saw = result->finding_count ? result->findings[0].observed : "";
    if (result->verdict != verdict || !strstr(saw, observed))
        ck_abort_msg("%s: %s; expected %s: %s", gw_verdict_word(result->verdict), saw, gw_verdict_word(verdict),
                     observed);
    gw_result_destroy(result);
}

START_TEST(flood_ends_a_scenario_beyond_its_unread_messages) {
    gw_span beat = GW_SPAN_LIT(BEAT);
    gw_transcript_options options = {.beat_every = GW_S};
    expect_end(flood(watch, beat, UNREAD, options), GW_VERDICT_PASS, "");
    expect_end(flood(watch, beat, UNREAD + 100, options), GW_VERDICT_ERROR, "more than 2048 messages");
}
END_TEST

START_TEST(flood_ends_a_scenario_beyond_its_bytes) {
    /* One message without end, so that no number of messages decides. */
    static const char begun[] = "\x81\x7f\0\0\0\0\0\x40\0\0"; /* 4 MiB */
    size_t head = sizeof begun - 1;
    for (int over = 0; over <= 1; over++) {
        size_t len = head + RECEIVED - 8192 + (over ? 16384 : 0);
        char *bytes = malloc(len);
        memset(bytes, ' ', len);
        memcpy(bytes, begun, head);
        gw_said said[] = {{.kind = GW_SAID_TEXT, .text = HELLO},
                          {.at = 300 * GW_MS, .kind = GW_SAID_BYTES, .text = bytes, .len = len}};
        expect_end(gw_transcript_run(watch, said, 2, (gw_transcript_options){.no_pong = true}),
                   over ? GW_VERDICT_ERROR : GW_VERDICT_PASS, over ? "more than 2 MiB" : "");
        free(bytes);
    }
}
END_TEST

START_TEST(flood_is_none_where_a_scenario_asked) {
    static const char asks[] =
        "title: t\nrequires: [S19]\nallow: [cadence]\nsteps:\n  - connect: {as: alice}\n"
        "  - expect: {on: alice, event: hello}\n"
        "  - send-frame: {on: alice, opcode: ping, every: 10us, times: 3000}\n  - wait: {for: 600ms}\n";
    /* 3,000 Pongs come, and then what would be too much for who had asked for nothing. */
    expect_end(flood(asks, GW_SPAN_LIT("\x8a\0"), UNREAD - 1000, (gw_transcript_options){.beat_every = GW_S}),
               GW_VERDICT_PASS, "");
    expect_end(flood(asks, GW_SPAN_LIT("\x8a\0"), UNREAD + 1000, (gw_transcript_options){.beat_every = GW_S}),
               GW_VERDICT_ERROR, "more than 2048 messages");
}
END_TEST

START_TEST(flood_is_not_excused_by_what_the_client_answers_by_itself) {
    expect_end(flood(watch, GW_SPAN_LIT("\x89\x01x"), UNREAD + 100, (gw_transcript_options){.beat_every = GW_S}),
               GW_VERDICT_ERROR, "more than 2048 messages");
}
END_TEST

START_TEST(flood_ends_who_keeps_much_when_the_run_has_no_memory_left) {
    gw_engine_memory memory = {.bytes = 64 << 20, .max_bytes = 64 << 20};
    size_t at_end = 0;
    gw_transcript_options options = {.beat_every = GW_S, .memory = &memory, .bytes_at_end = &at_end};
    expect_end(flood(watch, GW_SPAN_LIT(BEAT), 20, options), GW_VERDICT_PASS, "");
    ck_assert_uint_eq(memory.bytes, 64 << 20); /* all that was kept is given back */
    expect_end(flood(watch, GW_SPAN_LIT(BEAT), 1000, options), GW_VERDICT_ERROR, "more memory than the run has");
    ck_assert_uint_eq(at_end, 64 << 20); /* at once: others may be ended so before this engine is destroyed */
    ck_assert_uint_eq(memory.bytes, 64 << 20);
    memory.bytes = 0;
    expect_end(flood(watch, GW_SPAN_LIT(BEAT), 1000, options), GW_VERDICT_PASS, "");
    ck_assert_uint_eq(memory.bytes, 0);
}
END_TEST

START_TEST(flood_weighs_the_tree_that_a_small_text_becomes) {
    /* 60 KB of `[[],[],...`: a hundred times that as a tree. */
    enum { PAIRS = 20000, LEN = 3 * PAIRS + 15 };
    static char bytes[LEN + 8];
    size_t n = 0;
    bytes[n++] = '\x81', bytes[n++] = '\x7e', bytes[n++] = (char)(LEN >> 8), bytes[n++] = (char)LEN;
    n += (size_t)sprintf(bytes + n, "{\"e\":1,\"d\":[[]");
    for (int i = 1; i < PAIRS; i++) n += (size_t)sprintf(bytes + n, ",[]");
    n += (size_t)sprintf(bytes + n, "]}");
    bytes[2] = (char)((n - 4) >> 8), bytes[3] = (char)(n - 4);
    gw_engine_memory memory = {.bytes = 63 << 20, .max_bytes = 64 << 20};
    expect_end(flood(watch, gw_span_make((uint8_t *)bytes, n), 1, (gw_transcript_options){.memory = &memory}),
               GW_VERDICT_ERROR, "more memory than the run has");
}
END_TEST

START_TEST(wirelog_of_a_flood_is_a_line) {
    gw_result *result = flood(watch, GW_SPAN_LIT(BEAT), UNREAD, (gw_transcript_options){.beat_every = GW_S});
    size_t found = 0;
    for (size_t i = 0; i < result->wire_count; i++) {
        if (result->wire[i].more == 0) continue;
        ck_assert_str_eq(result->wire[i].text, "text  {\"e\":1,\"d\":{}}");
        ck_assert_int_eq(result->wire[i].at, 300 * GW_MS);
        ck_assert_int_eq(result->wire[i].last_at, 300 * GW_MS);
        found += result->wire[i].more;
    }
    ck_assert_uint_eq(found, UNREAD - 1);
    ck_assert_uint_eq(result->wire_dropped, 0);
    gw_result_destroy(result);
}
END_TEST

START_TEST(wirelog_keeps_lines_apart_that_are_apart) {
    gw_said said[] = {{.kind = GW_SAID_TEXT, .text = HELLO},
                      {.at = 100 * GW_MS, .kind = GW_SAID_TEXT, .text = BEAT + 2},
                      {.at = 109 * GW_MS, .kind = GW_SAID_TEXT, .text = BEAT + 2},
                      {.at = 118 * GW_MS, .kind = GW_SAID_TEXT, .text = BEAT + 2},
                      {.at = 128 * GW_MS, .kind = GW_SAID_TEXT, .text = BEAT + 2}};
    gw_result *result = gw_transcript_run(watch, said, 5, (gw_transcript_options){0});
    gw_ns at[8];
    uint32_t more[8];
    size_t n = 0;
    for (size_t i = 0; i < result->wire_count && n < 8; i++)
        if (result->wire[i].direction == GW_WIRE_RECEIVED && strstr(result->wire[i].text, "\"e\":1"))
            at[n] = result->wire[i].at, more[n++] = result->wire[i].more;
    ck_assert_uint_ge(n, 2);
    ck_assert_int_eq(at[0], 100 * GW_MS);
    ck_assert_uint_eq(more[0], 2); /* 9 ms each */
    ck_assert_int_eq(at[1], 128 * GW_MS);
    ck_assert_uint_eq(more[1], 0); /* 10 ms later */
    gw_result_destroy(result);
}
END_TEST

GW_TEST_MAIN("engine_flood", 10, flood_ends_a_scenario_beyond_its_unread_messages,
             flood_ends_a_scenario_beyond_its_bytes, flood_is_none_where_a_scenario_asked,
             flood_is_not_excused_by_what_the_client_answers_by_itself,
             flood_ends_who_keeps_much_when_the_run_has_no_memory_left, flood_weighs_the_tree_that_a_small_text_becomes,
             wirelog_of_a_flood_is_a_line, wirelog_keeps_lines_apart_that_are_apart)
