/* Unit tests of the engine's windows: before, at and after each boundary, on a virtual clock. */
#include "support/run.h"
#include "support/transcript.h"

#include <stdio.h>
#include <string.h>

#define HELLO "{\"e\":0,\"d\":{\"heartbeatInterval\":1000}}"
#define BEAT  "{\"e\":1,\"d\":{}}"
#define KICK  "{\"e\":5,\"d\":{\"userId\":\"u1\"}}"

#define TEXT(ms, t)     ((gw_said){.at = (gw_ns)((ms)*1e6), .kind = GW_SAID_TEXT, .text = (t)})
#define CLOSE(ms, c)    ((gw_said){.at = (gw_ns)((ms)*1e6), .kind = GW_SAID_CLOSE, .code = (c)})
#define FIN(ms)         ((gw_said){.at = (gw_ns)((ms)*1e6), .kind = GW_SAID_FIN})
#define LATE(ms, by_ms) ((gw_said){.at = (gw_ns)((ms)*1e6), .kind = GW_SAID_LATE, .late = (gw_ns)((by_ms)*1e6)})

static const gw_transcript_options quiet = {0};
static const gw_transcript_options beating = {.beat_every = GW_S};

static void expect_verdict(const char *yaml, const gw_said *said, size_t count, gw_transcript_options options,
                           gw_verdict verdict, const char *rule) {
    gw_result *r = gw_transcript_run(yaml, said, count, options);
    if (r->verdict != verdict || strcmp(gw_transcript_rule(r), rule) != 0)
        ck_abort_msg("verdict %s of %s, expected %s of %s: expected %s; observed %s", gw_verdict_word(r->verdict),
                     gw_transcript_rule(r), gw_verdict_word(verdict), rule,
                     r->finding_count ? r->findings[0].expected : "-",
                     r->finding_count ? r->findings[0].observed : "-");
    gw_result_destroy(r);
}
#define VERDICT(yaml, said, options, verdict, rule)                                                                    \
    expect_verdict(yaml, said, sizeof(said) / sizeof((said)[0]), options, GW_VERDICT_##verdict, rule)

static const char expect_kick[] =
    "title: t\n"
    "requires: [S14]\n"
    "steps:\n"
    "  - connect: {as: alice}\n"
    "  - expect: {on: alice, event: hello}\n"
    "  - expect: {on: alice, event: participant_kick, within: 300ms, non-strict-within: 500ms, after: 100ms}\n";

START_TEST(expect_judges_before_at_and_after_each_boundary) {
    static const struct {
        double ms;
        gw_verdict verdict;
    } table[] = {
        {99.999, GW_VERDICT_FAIL},        {100, GW_VERDICT_PASS},       {300, GW_VERDICT_PASS},
        {300.001, GW_VERDICT_NON_STRICT}, {500, GW_VERDICT_NON_STRICT}, {500.001, GW_VERDICT_FAIL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        gw_said said[] = {TEXT(0, HELLO), TEXT(table[i].ms, KICK)};
        expect_verdict(expect_kick, said, 2, beating, table[i].verdict,
                       table[i].verdict == GW_VERDICT_PASS ? "" : "S14");
    }
}
END_TEST

START_TEST(expect_names_the_lateness_of_the_harness_instead_of_the_server) {
    gw_said said[] = {TEXT(0, HELLO), LATE(400, 60), TEXT(520, KICK)};
    VERDICT(expect_kick, said, beating, INCONCLUSIVE, "S14");
    gw_said on_time[] = {TEXT(0, HELLO), LATE(400, 20), TEXT(520, KICK)};
    VERDICT(expect_kick, on_time, beating, FAIL, "S14");
}
END_TEST

START_TEST(expect_blames_hello_when_hello_does_not_come) {
    gw_said late[] = {TEXT(1000.001, HELLO)};
    static const char yaml[] = "title: t\nrequires: [S14]\nsteps:\n  - connect: {as: alice}\n"
                               "  - expect: {on: alice, event: hello, since: open}\n";
    VERDICT(yaml, late, quiet, NON_STRICT, "S2");
    gw_said later[] = {TEXT(5000.001, HELLO)};
    VERDICT(yaml, later, quiet, FAIL, "S2");
    gw_said at[] = {TEXT(1000, HELLO)};
    VERDICT(yaml, at, quiet, PASS, "");
}
END_TEST

static const char silent[] = "title: t\n"
                             "requires: [S6]\n"
                             "steps:\n"
                             "  - connect: {as: alice, heartbeat: off}\n"
                             "  - expect: {on: alice, event: hello}\n"
                             "  - expect-close: {on: alice, since: hello, after: \"I - eps\", within: \"I + eps\", "
                             "non-strict-within: \"2*I + eps\"}\n";

START_TEST(expect_close_judges_the_timeout_at_each_boundary) {
    static const struct {
        double ms;
        gw_verdict verdict;
        const char *rule;
    } table[] = {
        {950, GW_VERDICT_PASS, ""},          {1050, GW_VERDICT_PASS, ""},       {1050.001, GW_VERDICT_NON_STRICT, "S6"},
        {2050, GW_VERDICT_NON_STRICT, "S6"}, {2050.001, GW_VERDICT_FAIL, "S6"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        gw_said said[] = {TEXT(0, HELLO), CLOSE(table[i].ms, 4000), FIN(table[i].ms + 1)};
        expect_verdict(silent, said, 3, beating, table[i].verdict, table[i].rule);
    }
    gw_said early[] = {TEXT(0, HELLO), CLOSE(949.999, 4000)};
    gw_result *r = gw_transcript_run(silent, early, 2, beating);
    ck_assert_int_eq(r->verdict, GW_VERDICT_FAIL);
    gw_result_destroy(r);
    gw_said never[] = {TEXT(0, HELLO)};
    VERDICT(silent, never, beating, FAIL, "S6");
}
END_TEST

START_TEST(expect_close_counts_from_the_last_heartbeat) {
    static const char yaml[] =
        "title: t\nrequires: [S6]\nsteps:\n"
        "  - connect: {as: alice, heartbeat: off}\n"
        "  - expect: {on: alice, event: hello}\n"
        "  - send: {on: alice, event: heartbeat, every: \"0.5*I\", times: 3}\n"
        "  - expect-close: {on: alice, since: heartbeat, after: \"I - eps\", within: \"I + eps\"}\n";
    gw_said right[] = {TEXT(0, HELLO), CLOSE(2500, 4000)};
    VERDICT(yaml, right, beating, PASS, "");
    gw_said wrong[] = {TEXT(0, HELLO), CLOSE(1500, 4000)};
    gw_result *r = gw_transcript_run(yaml, wrong, 2, beating);
    ck_assert_int_eq(r->verdict, GW_VERDICT_FAIL);
    gw_result_destroy(r);
}
END_TEST

static const char fails[] = "title: t\n"
                            "requires: [RFC6455-5.2-R1]\n"
                            "steps:\n"
                            "  - connect: {as: alice}\n"
                            "  - expect: {on: alice, event: hello}\n"
                            "  - send-frame: {on: alice, opcode: text, rsv1: true, event: heartbeat}\n"
                            "  - expect-fail: {on: alice, code: 1002, within: 1s, fin-within: 1s}\n";

START_TEST(expect_fail_tells_strict_from_other_endings) {
    gw_said strict[] = {TEXT(0, HELLO), CLOSE(1, 1002), FIN(2)};
    VERDICT(fails, strict, beating, PASS, "");
    gw_said other[] = {TEXT(0, HELLO), CLOSE(1, 1000), FIN(2)};
    VERDICT(fails, other, beating, NON_STRICT, "RFC6455-5.2-R1");
    gw_said bare[] = {TEXT(0, HELLO), FIN(1)};
    VERDICT(fails, bare, beating, NON_STRICT, "RFC6455-5.2-R1");
    gw_said no_fin[] = {TEXT(0, HELLO), CLOSE(1, 1002)};
    VERDICT(fails, no_fin, beating, FAIL, "RFC6455-5.2-R1");
    gw_said open[] = {TEXT(0, HELLO)};
    VERDICT(fails, open, beating, FAIL, "RFC6455-5.2-R1");
    gw_transcript_options mute = {.beat_every = GW_S, .no_pong = true};
    VERDICT(fails, open, mute, FAIL, "RFC6455-5.2-R1");
}
END_TEST

START_TEST(a_negative_scenario_on_a_dead_server_is_a_crash_and_nothing_else) {
    gw_transcript_options dead = {.no_canary = true};
    gw_said rst[] = {TEXT(0, HELLO), {.at = GW_MS, .kind = GW_SAID_RST}};
    VERDICT(fails, rst, dead, CRASH, "S21");
    gw_said strict[] = {TEXT(0, HELLO), CLOSE(1, 1002), FIN(2)};
    VERDICT(fails, strict, dead, CRASH, "S21");
}
END_TEST

START_TEST(expect_none_fails_on_the_event_within_its_time_only) {
    static const char yaml[] = "title: t\nrequires: [S17]\nsteps:\n  - connect: {as: alice}\n"
                               "  - expect: {on: alice, event: hello}\n"
                               "  - expect-none: {on: alice, event: participant_kick, for: 500ms}\n";
    gw_said within[] = {TEXT(0, HELLO), TEXT(500, KICK)};
    VERDICT(yaml, within, beating, FAIL, "S17");
    gw_said after[] = {TEXT(0, HELLO), TEXT(500.001, KICK)};
    VERDICT(yaml, after, beating, PASS, "");
}
END_TEST

START_TEST(what_came_before_it_was_waited_for_is_told_so) {
    static const char yaml[] = "title: t\nrequires: [S17]\nsteps:\n  - connect: {as: alice}\n"
                               "  - expect: {on: alice, event: hello}\n  - wait: {for: 100ms}\n"
                               "  - expect-none: {on: alice, event: participant_kick, for: 500ms}\n";
    gw_said before[] = {TEXT(0, HELLO), TEXT(60, KICK)};
    gw_result *r = gw_transcript_run(yaml, before, 2, beating);
    ck_assert_str_eq(r->findings[0].observed, "it came 40.0 ms before it was waited for");
    gw_result_destroy(r);
}
END_TEST

START_TEST(a_count_fails_on_one_more_within_the_settle_time) {
    static const char yaml[] =
        "title: t\nrequires: [S17]\nsteps:\n  - connect: {as: alice}\n"
        "  - expect: {on: alice, event: hello}\n"
        "  - expect: {on: alice, event: participant_kick, count: 1, within: 1s, settle: 200ms}\n";
    gw_said twice[] = {TEXT(0, HELLO), TEXT(10, KICK), TEXT(210, KICK)};
    VERDICT(yaml, twice, beating, FAIL, "S17");
    gw_said settled[] = {TEXT(0, HELLO), TEXT(10, KICK), TEXT(210.001, KICK)};
    VERDICT(yaml, settled, beating, PASS, "");
    gw_said none[] = {TEXT(0, HELLO)};
    VERDICT(yaml, none, beating, FAIL, "S17");
}
END_TEST

START_TEST(a_cadence_is_judged_at_each_boundary) {
    static const char yaml[] = "title: t\nrequires: [S5]\nsteps:\n  - connect: {as: alice}\n"
                               "  - expect: {on: alice, event: hello}\n"
                               "  - expect-cadence: {on: alice, event: heartbeat, since: hello, first: \"I + eps\", "
                               "within: \"I + eps\", min-gap: \"I / 4\", for: \"2*I + eps\"}\n";
    gw_said good[] = {TEXT(0, HELLO), TEXT(1050, BEAT), TEXT(2050, BEAT)};
    VERDICT(yaml, good, quiet, PASS, "");
    gw_said late_first[] = {TEXT(0, HELLO), TEXT(1050.001, BEAT), TEXT(2050, BEAT)};
    VERDICT(yaml, late_first, quiet, FAIL, "S5");
    gw_said late_second[] = {TEXT(0, HELLO), TEXT(900, BEAT), TEXT(1950.001, BEAT)};
    VERDICT(yaml, late_second, quiet, FAIL, "S5");
    gw_said never[] = {TEXT(0, HELLO)};
    VERDICT(yaml, never, quiet, FAIL, "S5");
    gw_said fast[] = {TEXT(0, HELLO), TEXT(900, BEAT), TEXT(1149.999, BEAT), TEXT(2000, BEAT)};
    VERDICT(yaml, fast, quiet, FAIL, "S5");
}
END_TEST

START_TEST(small_delays_between_pieces_do_not_add_up) {
    static const char *const pieces[] = {
        "  - send: {on: alice, event: heartbeat, pad-to: 94, chop: 1, pause: 1ms}\n",
        "  - send: {on: alice, event: heartbeat, pad-to: 100, fragment: 1, pause: 1ms}\n",
        /* The second waits for the first, and has its pauses then. */
        "  - send: {on: alice, event: heartbeat, pad-to: 44, chop: 1, pause: 1ms, background: true}\n"
        "  - send-frame: {on: alice, opcode: ping, text: x, repeat: 44, chop: 1, pause: 1ms}\n",
    };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        char yaml[512];
        snprintf(yaml, sizeof yaml,
                 "title: t\nrequires: [S9]\nsteps:\n  - connect: {as: alice}\n"
                 "  - expect: {on: alice, event: hello}\n%s",
                 pieces[i]);
        gw_said said[] = {TEXT(0, HELLO)};
        gw_transcript_options late = {.beat_every = GW_S, .late_by = 3 * GW_MS};
        gw_result *r = gw_transcript_run(yaml, said, 1, late);
        ck_assert_str_eq(gw_verdict_word(r->verdict), "pass");
        ck_assert_int_ge(r->duration, 98 * GW_MS);
        ck_assert_int_le(r->duration, 108 * GW_MS);
        gw_result_destroy(r);
    }
}
END_TEST

GW_TEST_MAIN("engine_window", 20, expect_judges_before_at_and_after_each_boundary,
             expect_names_the_lateness_of_the_harness_instead_of_the_server,
             expect_blames_hello_when_hello_does_not_come, expect_close_judges_the_timeout_at_each_boundary,
             expect_close_counts_from_the_last_heartbeat, expect_fail_tells_strict_from_other_endings,
             a_negative_scenario_on_a_dead_server_is_a_crash_and_nothing_else,
             expect_none_fails_on_the_event_within_its_time_only, what_came_before_it_was_waited_for_is_told_so,
             a_count_fails_on_one_more_within_the_settle_time, a_cadence_is_judged_at_each_boundary,
             small_delays_between_pieces_do_not_add_up)
