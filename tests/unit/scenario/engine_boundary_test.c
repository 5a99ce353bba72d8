/* Unit tests of every window of the engine's steps: just before, at and just after its end, on a virtual clock. What
 * codes, oracles and rules mean is in engine_oracle_test.c. */
#include "support/run.h"
#include "support/transcript.h"

#include <stdio.h>
#include <string.h>

#define HELLO "{\"e\":0,\"d\":{\"heartbeatInterval\":1000}}"
#define BEAT  "{\"e\":1,\"d\":{}}"
#define KICK  "{\"e\":5,\"d\":{\"userId\":\"u1\"}}"
#define OTHER "{\"e\":5,\"d\":{\"userId\":\"u2\"}}"

#define NS(ms)          ((gw_ns)((ms)*1e6))
#define TEXT(ms, t)     ((gw_said){.at = NS(ms), .kind = GW_SAID_TEXT, .text = (t)})
#define BOB(ms, t)      ((gw_said){.at = NS(ms), .kind = GW_SAID_TEXT, .text = (t), .conn = 1})
#define CLOSE(ms, c)    ((gw_said){.at = NS(ms), .kind = GW_SAID_CLOSE, .code = (c)})
#define FIN(ms)         ((gw_said){.at = NS(ms), .kind = GW_SAID_FIN})
#define LATE(ms, by_ms) ((gw_said){.at = NS(ms), .kind = GW_SAID_LATE, .late = NS(by_ms)})
#define BYTES(ms, b)    ((gw_said){.at = NS(ms), .kind = GW_SAID_BYTES, .text = (b), .len = sizeof(b) - 1})

#define HEAD(rule)                                                                                                     \
    "title: t\nrequires: [" rule "]\nallow: [S6, S7]\nsteps:\n  - connect: {as: alice}\n"                              \
    "  - expect: {on: alice, event: hello}\n"

static const gw_transcript_options beating = {.beat_every = GW_S};
static const gw_transcript_options mute = {.beat_every = GW_S, .no_pong = true};

static void expect_verdict(const char *yaml, const gw_said *said, size_t count, gw_transcript_options options,
                           gw_verdict verdict, const char *rule) {
    gw_result *r = gw_transcript_run(yaml, said, count, options);
    if (r->verdict != verdict || strcmp(gw_transcript_rule(r), rule) != 0)
        ck_abort_msg("verdict %s of '%s', expected %s of '%s': expected %s; observed %s", gw_verdict_word(r->verdict),
                     gw_transcript_rule(r), gw_verdict_word(verdict), rule,
                     r->finding_count ? r->findings[0].expected : "-",
                     r->finding_count ? r->findings[0].observed : "-");
    gw_result_destroy(r);
}
#define VERDICT(yaml, said, options, verdict, rule)                                                                    \
    expect_verdict(yaml, said, sizeof(said) / sizeof((said)[0]), options, GW_VERDICT_##verdict, rule)

/* ---- expect ---- */

START_TEST(expect_that_may_skip_fails_on_another_content_at_its_deadline) {
    static const char yaml[] = HEAD("S14") "  - expect: {on: alice, event: participant_kick, data: {userId: u1}, "
                                           "within: 500ms, or-skip: true}\n";
    gw_said none[] = {TEXT(0, HELLO)};
    VERDICT(yaml, none, beating, SKIPPED, "S14");
    gw_said right[] = {TEXT(0, HELLO), TEXT(500, KICK)};
    VERDICT(yaml, right, beating, PASS, "");
    gw_said late[] = {TEXT(0, HELLO), TEXT(500.001, KICK)};
    VERDICT(yaml, late, beating, SKIPPED, "S14");
    /* It came long before the deadline, and is not forgotten then. */
    gw_said other[] = {TEXT(0, HELLO), TEXT(10, OTHER)};
    gw_result *r = gw_transcript_run(yaml, other, 2, beating);
    ck_assert_int_eq(r->verdict, GW_VERDICT_FAIL);
    ck_assert_str_eq(r->findings[0].observed, "data/userId: expected \"u1\", got \"u2\"");
    ck_assert_int_eq(r->findings[0].at, NS(500));
    gw_result_destroy(r);
    gw_said other_first[] = {TEXT(0, HELLO), TEXT(10, OTHER), TEXT(500, KICK)};
    VERDICT(yaml, other_first, beating, PASS, "");
}
END_TEST

START_TEST(expect_counts_up_to_its_deadline) {
    static const char yaml[] =
        HEAD("S17") "  - expect: {on: alice, event: participant_kick, count: 2, within: 500ms, settle: 100ms}\n";
    gw_said both[] = {TEXT(0, HELLO), TEXT(10, KICK), TEXT(500, KICK)};
    VERDICT(yaml, both, beating, PASS, "");
    gw_said one[] = {TEXT(0, HELLO), TEXT(10, KICK), TEXT(500.001, KICK)};
    VERDICT(yaml, one, beating, FAIL, "S17");
    gw_said third[] = {TEXT(0, HELLO), TEXT(10, KICK), TEXT(500, KICK), TEXT(600, KICK)};
    VERDICT(yaml, third, beating, FAIL, "S17");
    gw_said settled[] = {TEXT(0, HELLO), TEXT(10, KICK), TEXT(500, KICK), TEXT(600.001, KICK)};
    VERDICT(yaml, settled, beating, PASS, "");
}
END_TEST

START_TEST(expect_on_two_clients_waits_for_the_later_one) {
    static const char yaml[] = "title: t\nrequires: [S17]\nsteps:\n  - connect: {as: [alice, bob]}\n"
                               "  - expect: {on: [alice, bob], event: hello}\n"
                               "  - expect: {on: [alice, bob], event: participant_kick, within: 500ms}\n"
                               "  - expect-none: {on: alice, event: participant_kick, for: 100ms}\n";
    gw_said good[] = {TEXT(0, HELLO), BOB(0, HELLO), TEXT(10, KICK), BOB(500, KICK)};
    VERDICT(yaml, good, beating, PASS, "");
    gw_said late[] = {TEXT(0, HELLO), BOB(0, HELLO), TEXT(10, KICK), BOB(500.001, KICK)};
    VERDICT(yaml, late, beating, FAIL, "S17");
    gw_said again[] = {TEXT(0, HELLO), BOB(0, HELLO), TEXT(10, KICK), BOB(400, KICK), TEXT(500, KICK)};
    VERDICT(yaml, again, beating, FAIL, "S17");
}
END_TEST

START_TEST(expect_counts_its_window_from_what_since_says) {
    static const char from_open[] =
        HEAD("S14") "  - expect: {on: alice, event: participant_kick, since: open, within: 500ms}\n";
    static const char from_hello[] =
        HEAD("S14") "  - wait: {for: 100ms}\n"
                    "  - expect: {on: alice, event: participant_kick, since: hello, within: 500ms}\n";
    static const char from_step[] = HEAD("S14") "  - wait: {for: 100ms}\n"
                                                "  - expect: {on: alice, event: participant_kick, within: 500ms}\n";
    /* The 101 at 0, hello at 200, the step from 300 on. */
    static const struct {
        const char *yaml;
        double last;
    } table[] = {{from_open, 500}, {from_hello, 700}, {from_step, 800}};
    for (size_t i = 0; i < 3; i++) {
        gw_said at[] = {TEXT(200, HELLO), TEXT(table[i].last, KICK)};
        VERDICT(table[i].yaml, at, beating, PASS, "");
        gw_said after[] = {TEXT(200, HELLO), TEXT(table[i].last + 0.001, KICK)};
        VERDICT(table[i].yaml, after, beating, FAIL, "S14");
    }
}
END_TEST

/* ---- the harness's own lateness ---- */

START_TEST(lateness_decides_beyond_half_of_eps_and_within_the_window_only) {
    static const char yaml[] = HEAD("S14") "  - expect: {on: alice, event: participant_kick, within: 300ms}\n";
    gw_said at[] = {TEXT(100, HELLO), LATE(200, 25), TEXT(500, KICK)}; /* eps = 50 ms */
    VERDICT(yaml, at, beating, FAIL, "S14");
    gw_said beyond[] = {TEXT(100, HELLO), LATE(200, 25.001), TEXT(500, KICK)};
    VERDICT(yaml, beyond, beating, INCONCLUSIVE, "S14");
    gw_said first[] = {TEXT(100, HELLO), LATE(100, 25.001), TEXT(500, KICK)};
    VERDICT(yaml, first, beating, INCONCLUSIVE, "S14");
    gw_said before[] = {LATE(99.999, 500), TEXT(100, HELLO), TEXT(500, KICK)};
    VERDICT(yaml, before, beating, FAIL, "S14");
    /* What came in time came in time. */
    gw_said passed[] = {TEXT(100, HELLO), LATE(200, 500), TEXT(400, KICK)};
    VERDICT(yaml, passed, beating, PASS, "");
}
END_TEST

/* ---- expect-none, wait ---- */

START_TEST(expect_none_begins_at_its_own_step) {
    static const char yaml[] = HEAD("S17") "  - expect: {on: alice, event: participant_kick, within: 1s}\n"
                                           "  - expect-none: {on: alice, event: participant_kick, for: 500ms}\n";
    gw_said once[] = {TEXT(0, HELLO), TEXT(100, KICK)};
    VERDICT(yaml, once, beating, PASS, "");
    gw_said at[] = {TEXT(0, HELLO), TEXT(100, KICK), TEXT(600, KICK)};
    VERDICT(yaml, at, beating, FAIL, "S17");
    gw_said after[] = {TEXT(0, HELLO), TEXT(100, KICK), TEXT(600.001, KICK)};
    VERDICT(yaml, after, beating, PASS, "");
}
END_TEST

START_TEST(wait_holds_the_invariants_until_its_end) {
    static const char yaml[] = HEAD("S5") "  - wait: {for: 500ms}\n";
    gw_said at[] = {TEXT(0, HELLO), TEXT(500, "nope")};
    VERDICT(yaml, at, beating, FAIL, "S22");
    gw_said after[] = {TEXT(0, HELLO), TEXT(500.001, "nope")};
    VERDICT(yaml, after, beating, PASS, "");
}
END_TEST

/* ---- expect-cadence ---- */

static const char cadence[] = "title: t\nrequires: [S5]\nallow: [cadence]\nsteps:\n  - connect: {as: alice}\n"
                              "  - expect: {on: alice, event: hello}\n"
                              "  - expect-cadence: {on: alice, event: heartbeat, since: hello, within: 1050ms, "
                              "non-strict-within: 1200ms, min-gap: 250ms, for: 2050ms}\n";

START_TEST(a_cadence_is_strict_non_strict_or_broken) {
    static const struct {
        double first, second;
        gw_verdict verdict;
    } table[] = {
        {1050, 2050, GW_VERDICT_PASS},          {1050.001, 2050, GW_VERDICT_FAIL},  {900, 1950, GW_VERDICT_PASS},
        {900, 1950.001, GW_VERDICT_NON_STRICT}, {800, 2000, GW_VERDICT_NON_STRICT}, {800, 2000.001, GW_VERDICT_FAIL},
        {1000, 1250, GW_VERDICT_PASS},          {1000, 1249.999, GW_VERDICT_FAIL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        gw_said said[] = {TEXT(0, HELLO), TEXT(table[i].first, BEAT), TEXT(table[i].second, BEAT)};
        expect_verdict(cadence, said, 3, (gw_transcript_options){0}, table[i].verdict,
                       table[i].verdict == GW_VERDICT_PASS ? "" : "S5");
    }
}
END_TEST

START_TEST(a_cadence_ends_with_its_time_and_not_before) {
    gw_said open[] = {TEXT(0, HELLO), TEXT(1000, BEAT), TEXT(2000, BEAT), CLOSE(2050.001, 1000), FIN(2051)};
    VERDICT(cadence, open, ((gw_transcript_options){0}), PASS, "");
    static const char unexcused[] =
        "title: t\nrequires: [S5]\nsteps:\n  - connect: {as: alice}\n  - expect: {on: alice, event: hello}\n"
        "  - expect-cadence: {on: alice, event: heartbeat, since: hello, within: 1050ms, for: 2050ms}\n";
    gw_said closed[] = {TEXT(0, HELLO), TEXT(1000, BEAT), TEXT(2000, BEAT), CLOSE(2050, 1000), FIN(2051)};
    VERDICT(unexcused, closed, ((gw_transcript_options){0}), FAIL, "S7");
}
END_TEST

START_TEST(a_cadence_without_limits_ends_with_its_time) {
    gw_said never[] = {TEXT(0, HELLO)};
    gw_result *r = gw_transcript_run(cadence, never, 1, (gw_transcript_options){.no_deadlines = true});
    ck_assert_int_eq(r->duration, NS(2050));
    gw_result_destroy(r);
}
END_TEST

/* ---- expect-close ---- */

START_TEST(expect_close_judges_the_end_of_tcp_too) {
    static const char yaml[] = HEAD("S6") "  - expect-close: {on: alice, within: 300ms, fin-within: 200ms}\n";
    static const struct {
        double close, fin;
        gw_verdict verdict;
    } table[] = {
        {300, 500, GW_VERDICT_PASS},
        {300, 500.001, GW_VERDICT_FAIL},
        {300.001, 400, GW_VERDICT_FAIL},
        {100, 300.001, GW_VERDICT_FAIL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        gw_said said[] = {TEXT(0, HELLO), CLOSE(table[i].close, 4000), FIN(table[i].fin)};
        expect_verdict(yaml, said, 3, beating, table[i].verdict, table[i].verdict == GW_VERDICT_PASS ? "" : "S6");
    }
    gw_said dropped[] = {TEXT(0, HELLO), FIN(300)};
    VERDICT(yaml, dropped, beating, PASS, "");
    gw_said dropped_late[] = {TEXT(0, HELLO), FIN(300.001)};
    VERDICT(yaml, dropped_late, beating, FAIL, "S6");
}
END_TEST

START_TEST(expect_close_is_inconclusive_when_the_harness_was_late) {
    static const char yaml[] = HEAD("S6") "  - expect-close: {on: alice, after: 100ms, within: 300ms}\n";
    gw_said early[] = {TEXT(0, HELLO), CLOSE(99.999, 4000), FIN(101)};
    VERDICT(yaml, early, beating, FAIL, "S6");
    gw_said at[] = {TEXT(0, HELLO), CLOSE(100, 4000), FIN(101)};
    VERDICT(yaml, at, beating, PASS, "");
    gw_said early_late[] = {TEXT(0, HELLO), LATE(50, 26), CLOSE(99.999, 4000), FIN(101)};
    VERDICT(yaml, early_late, beating, INCONCLUSIVE, "S6");
    gw_said never[] = {TEXT(0, HELLO), LATE(50, 26)};
    VERDICT(yaml, never, beating, INCONCLUSIVE, "S6");
    /* A wrong code is wrong at any time. */
    static const char coded[] = HEAD("S6") "  - expect-close: {on: alice, code: 4000, within: 300ms}\n";
    gw_said wrong[] = {TEXT(0, HELLO), LATE(50, 26), CLOSE(60, 4001), FIN(61)};
    VERDICT(coded, wrong, beating, FAIL, "S6");
}
END_TEST

/* ---- expect-fail ---- */

#define FAILS(rest)                                                                                                    \
    HEAD("RFC6455-5.2-R1")                                                                                             \
    "  - send-frame: {on: alice, opcode: text, rsv1: true, event: heartbeat}\n  - expect-fail: {on: alice, " rest "}"  \
    "\n"

START_TEST(expect_fail_judges_close_and_fin_at_their_boundaries) {
    static const char yaml[] = FAILS("code: 1002, within: 1s, fin-within: 300ms");
    static const struct {
        double close, fin;
        gw_verdict verdict;
    } table[] = {
        {1000, 1300, GW_VERDICT_PASS},   {1000.001, 1001, GW_VERDICT_FAIL}, {1000, 1300.001, GW_VERDICT_FAIL},
        {249.999, 250, GW_VERDICT_PASS}, {250, 251, GW_VERDICT_PASS},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        gw_said said[] = {TEXT(0, HELLO), CLOSE(table[i].close, 1002), FIN(table[i].fin)};
        expect_verdict(yaml, said, 3, mute, table[i].verdict,
                       table[i].verdict == GW_VERDICT_PASS ? "" : "RFC6455-5.2-R1");
    }
}
END_TEST

START_TEST(expect_fail_asks_after_a_while_and_fails_on_the_pong) {
    static const char yaml[] = FAILS("code: 1002, within: 1s");
    gw_said said[] = {TEXT(0, HELLO)};
    gw_result *r = gw_transcript_run(yaml, said, 1, beating); /* the Ping at 250 ms is answered at once */
    ck_assert_int_eq(r->verdict, GW_VERDICT_FAIL);
    ck_assert_int_eq(r->findings[0].at, NS(250));
    gw_result_destroy(r);
    /* A server that closes before the Ping would be sent is not asked. */
    gw_said closed[] = {TEXT(0, HELLO), CLOSE(249.999, 1002), FIN(249.999)};
    VERDICT(yaml, closed, beating, PASS, "");
    /* The Pong that comes at the deadline still tells that the connection is in use. */
    gw_transcript_options slow = {.beat_every = GW_S, .pong_after = NS(750)};
    r = gw_transcript_run(yaml, said, 1, slow);
    ck_assert_ptr_nonnull(strstr(r->findings[0].observed, "brought its Pong"));
    gw_result_destroy(r);
    slow.pong_after = NS(750.001);
    r = gw_transcript_run(yaml, said, 1, slow);
    ck_assert_ptr_nonnull(strstr(r->findings[0].observed, "still open after 1000.0 ms"));
    gw_result_destroy(r);
}
END_TEST

START_TEST(expect_fail_grades_other_endings_as_it_is_told) {
    static const char lists[] = FAILS("code: 1002, non-strict-any: false, non-strict-code: [\"1007-1009\", none]");
    static const struct {
        unsigned code;
        gw_verdict verdict;
    } table[] = {
        {1001, GW_VERDICT_FAIL},       {1002, GW_VERDICT_PASS},       {1003, GW_VERDICT_FAIL},
        {1007, GW_VERDICT_NON_STRICT}, {1009, GW_VERDICT_NON_STRICT}, {1010, GW_VERDICT_FAIL},
        {0, GW_VERDICT_NON_STRICT},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        gw_said said[] = {TEXT(0, HELLO), CLOSE(1, table[i].code), FIN(2)};
        gw_result *r = gw_transcript_run(lists, said, 3, mute);
        ck_assert_msg(r->verdict == table[i].verdict, "code %u: %s", table[i].code, gw_verdict_word(r->verdict));
        gw_result_destroy(r);
    }
    gw_said reset[] = {TEXT(0, HELLO), {.at = GW_MS, .kind = GW_SAID_RST}};
    VERDICT(lists, reset, mute, NON_STRICT, "RFC6455-5.2-R1");
    static const char strict[] = FAILS("code: 1002, non-strict-any: false");
    VERDICT(strict, reset, mute, FAIL, "RFC6455-5.2-R1");
}
END_TEST

/* ---- expect-reaction, expect-open: the Pong in time ---- */

START_TEST(a_pong_counts_up_to_its_deadline) {
    static const char reaction[] = HEAD("S19") "  - send: {on: alice, text: \"nope\"}\n"
                                               "  - expect-reaction: {on: alice, any-of: [ignore], within: 400ms}\n";
    static const char open[] = HEAD("S14") "  - expect-open: {on: alice, within: 400ms}\n";
    gw_said said[] = {TEXT(0, HELLO)};
    gw_transcript_options options = {.beat_every = GW_S, .pong_after = NS(399.999)};
    VERDICT(reaction, said, options, PASS, "");
    VERDICT(open, said, options, PASS, "");
    options.pong_after = NS(400);
    VERDICT(reaction, said, options, PASS, "");
    VERDICT(open, said, options, PASS, "");
    /* The canary's Pong is as slow, but has 500 ms. */
    options.pong_after = NS(400.001);
    VERDICT(reaction, said, options, FAIL, "S19");
    VERDICT(open, said, options, FAIL, "S14");
    options.pong_after = NS(500);
    VERDICT(open, said, options, FAIL, "S14");
    /* A fresh connection gets none in time either: the rule on Pings is to blame. */
    options.pong_after = NS(500.001);
    VERDICT(open, said, options, FAIL, "RFC6455-5.5.3-P2");
}
END_TEST

START_TEST(a_close_counts_as_a_reaction_up_to_its_deadline) {
    static const char yaml[] = HEAD("S19") "  - send: {on: alice, text: \"nope\"}\n"
                                           "  - expect-reaction: {on: alice, any-of: [close], within: 400ms}\n";
    gw_said at[] = {TEXT(0, HELLO), CLOSE(400, 1003), FIN(400)};
    VERDICT(yaml, at, beating, PASS, "");
    gw_said after[] = {TEXT(0, HELLO), CLOSE(400.001, 1003), FIN(401)};
    VERDICT(yaml, after, beating, FAIL, "S19");
    gw_said late[] = {TEXT(0, HELLO), LATE(100, 26), CLOSE(400.001, 1003), FIN(401)};
    VERDICT(yaml, late, beating, INCONCLUSIVE, "S19");
}
END_TEST

START_TEST(expect_open_blames_pings_when_the_end_comes_long_after_the_ping) {
    static const char yaml[] = HEAD("S14") "  - expect-open: {on: alice, within: 1s}\n";
    gw_said soon[] = {TEXT(0, HELLO), CLOSE(250, 4000), FIN(251)};
    VERDICT(yaml, soon, mute, FAIL, "S14");
    gw_said later[] = {TEXT(0, HELLO), CLOSE(250.001, 4000), FIN(251)};
    VERDICT(yaml, later, mute, FAIL, "RFC6455-5.5.3-P2");
}
END_TEST

/* ---- connect, expect-response ---- */

START_TEST(connect_waits_ten_seconds_for_the_101) {
    static const char yaml[] = "title: t\nrequires: [S1]\nsteps:\n  - connect: {as: alice}\n";
    gw_said never[] = {TEXT(60000, BEAT)};
    VERDICT(yaml, never, ((gw_transcript_options){.upgrade_after = 10 * GW_S}), PASS, "");
    VERDICT(yaml, never, ((gw_transcript_options){.upgrade_after = 10 * GW_S + 1}), FAIL, "S1");
}
END_TEST

#define ANSWERS(rest)                                                                                                  \
    "title: t\nrequires: [RFC6455-4.2.1-H6]\nsteps:\n  - upgrade: {as: alice, request: {method: POST}}\n"              \
    "  - expect-response: {on: alice, status: 405, within: 300ms, " rest "}\n"

START_TEST(expect_response_wants_the_answer_in_time) {
    static const char strict[] = ANSWERS("headers: {x-old: null}");
    static const char lax[] = ANSWERS("non-strict-close: true, non-strict-status: 4xx");
    static const gw_transcript_options options = {.no_upgrade = true, .upgrade_canary = true};
#define SAYS(ms, status, head) BYTES(ms, "HTTP/1.1 " status " No\r\n" head "Content-Length: 0\r\n\r\n")
    gw_said at[] = {SAYS(300, "405", "")};
    VERDICT(strict, at, options, PASS, "");
    gw_said after[] = {SAYS(300.001, "405", "")};
    VERDICT(strict, after, options, FAIL, "RFC6455-4.2.1-H6");
    VERDICT(lax, after, options, FAIL, "RFC6455-4.2.1-H6");
    gw_said late[] = {LATE(100, 26), SAYS(300.001, "405", "")};
    VERDICT(strict, late, options, INCONCLUSIVE, "RFC6455-4.2.1-H6");
    gw_said header[] = {SAYS(1, "405", "X-Old: 1\r\n")};
    VERDICT(strict, header, options, FAIL, "RFC6455-4.2.1-H6");
    gw_said closed[] = {FIN(300)};
    VERDICT(strict, closed, options, FAIL, "RFC6455-4.2.1-H6");
    VERDICT(lax, closed, options, NON_STRICT, "RFC6455-4.2.1-H6");
    gw_said closed_late[] = {FIN(300.001)};
    VERDICT(lax, closed_late, options, FAIL, "RFC6455-4.2.1-H6");
    gw_said below[] = {SAYS(1, "399", "")}, first[] = {SAYS(1, "400", "")}, last[] = {SAYS(1, "499", "")};
    gw_said above[] = {SAYS(1, "500", "")};
    VERDICT(lax, below, options, FAIL, "RFC6455-4.2.1-H6");
    VERDICT(lax, first, options, NON_STRICT, "RFC6455-4.2.1-H6");
    VERDICT(lax, last, options, NON_STRICT, "RFC6455-4.2.1-H6");
    VERDICT(lax, above, options, FAIL, "RFC6455-4.2.1-H6");
}
END_TEST

/* ---- the canary ---- */

START_TEST(the_canary_waits_five_seconds_for_hello) {
    static const char yaml[] = HEAD("S19") "  - send: {on: alice, text: \"nope\"}\n"
                                           "  - expect-reaction: {on: alice, any-of: [ignore], within: 400ms}\n";
    gw_said said[] = {TEXT(0, HELLO)};
    VERDICT(yaml, said, ((gw_transcript_options){.beat_every = GW_S, .canary_after = 5 * GW_S}), PASS, "");
    VERDICT(yaml, said, ((gw_transcript_options){.beat_every = GW_S, .canary_after = 5 * GW_S + 1}), CRASH, "S21");
    /* Late by more than a second, the harness says nothing of the server. */
    gw_said late[] = {TEXT(0, HELLO), LATE(100, 1000)};
    VERDICT(yaml, late, ((gw_transcript_options){.beat_every = GW_S, .canary_after = 5 * GW_S + 1}), CRASH, "S21");
    gw_said later[] = {TEXT(0, HELLO), LATE(100, 1000.001)};
    VERDICT(yaml, later, ((gw_transcript_options){.beat_every = GW_S, .canary_after = 5 * GW_S + 1}), INCONCLUSIVE,
            "S21");
}
END_TEST

/* ---- the end of a scenario that does not end ---- */

START_TEST(a_scenario_ends_at_its_time_limit) {
    static const char yaml[] = "title: t\nrequires: [S14]\nallow: [S5, S6, S7]\ntimeout: 2s\nsteps:\n"
                               "  - connect: {as: alice}\n  - expect: {on: alice, event: hello}\n"
                               "  - expect: {on: alice, event: participant_kick, within: 10s}\n";
    gw_said at[] = {TEXT(0, HELLO), TEXT(2000, KICK)};
    VERDICT(yaml, at, beating, PASS, "");
    gw_said after[] = {TEXT(0, HELLO), TEXT(2000.001, KICK)};
    VERDICT(yaml, after, beating, ERROR, "");
}
END_TEST

GW_TEST_MAIN("engine_boundary", 30, expect_that_may_skip_fails_on_another_content_at_its_deadline,
             expect_counts_up_to_its_deadline, expect_on_two_clients_waits_for_the_later_one,
             expect_counts_its_window_from_what_since_says,
             lateness_decides_beyond_half_of_eps_and_within_the_window_only, expect_none_begins_at_its_own_step,
             wait_holds_the_invariants_until_its_end, a_cadence_is_strict_non_strict_or_broken,
             a_cadence_ends_with_its_time_and_not_before, a_cadence_without_limits_ends_with_its_time,
             expect_close_judges_the_end_of_tcp_too, expect_close_is_inconclusive_when_the_harness_was_late,
             expect_fail_judges_close_and_fin_at_their_boundaries, expect_fail_asks_after_a_while_and_fails_on_the_pong,
             expect_fail_grades_other_endings_as_it_is_told, a_pong_counts_up_to_its_deadline,
             a_close_counts_as_a_reaction_up_to_its_deadline,
             expect_open_blames_pings_when_the_end_comes_long_after_the_ping, connect_waits_ten_seconds_for_the_101,
             expect_response_wants_the_answer_in_time, the_canary_waits_five_seconds_for_hello,
             a_scenario_ends_at_its_time_limit)
