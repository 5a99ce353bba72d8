/* Unit tests of the engine's oracles and invariants on synthetic transcripts, on a virtual clock: what counts as
 * accepted, refused, ignored or dead, and which rule is blamed. */
#include "support/run.h"
#include "support/transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELLO "{\"e\":0,\"d\":{\"heartbeatInterval\":1000}}"
#define BEAT  "{\"e\":1,\"d\":{}}"

#define TEXT(ms, t)  ((gw_said){.at = (gw_ns)((ms)*1e6), .kind = GW_SAID_TEXT, .text = (t)})
#define CLOSE(ms, c) ((gw_said){.at = (gw_ns)((ms)*1e6), .kind = GW_SAID_CLOSE, .code = (c)})
#define FIN(ms)      ((gw_said){.at = (gw_ns)((ms)*1e6), .kind = GW_SAID_FIN})
#define RST(ms)      ((gw_said){.at = (gw_ns)((ms)*1e6), .kind = GW_SAID_RST})
#define BYTES(ms, b) ((gw_said){.at = (gw_ns)((ms)*1e6), .kind = GW_SAID_BYTES, .text = (b), .len = sizeof(b) - 1})

static const gw_transcript_options beating = {.beat_every = GW_S};
/* For a server that closes before it would read the Ping that asks. */
static const gw_transcript_options closing = {.beat_every = GW_S, .no_pong = true};

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

#define CLOSES(rule)                                                                                                   \
    "title: t\nrequires: [" rule                                                                                       \
    "]\nallow: [S6, S7]\nsteps:\n  - connect: {as: alice}\n  - expect: {on: alice, event: hello}\n"
#define HEAD(rule)                                                                                                     \
    "title: t\nrequires: [" rule "]\nsteps:\n  - connect: {as: alice}\n"                                               \
    "  - expect: {on: alice, event: hello}\n"

/* ---- invariants: one fact on the wire, one rule ---- */

static const char watch[] = HEAD("S5") "  - wait: {for: 600ms}\n";

START_TEST(invariants_blame_the_rule_of_the_fact) {
    static const struct {
        const char *bytes;
        size_t len;
        const char *rule;
    } table[] = {
#define FACT(bytes, rule) {bytes, sizeof(bytes) - 1, rule}
        FACT("\x81\x8e\0\0\0\0" BEAT, "RFC6455-5.1-L16"),
        FACT("\xc1\x0e" BEAT, "RFC6455-5.2-R8"),
        FACT("\xa1\x0e" BEAT, "RFC6455-5.2-R8"),
        FACT("\x91\x0e" BEAT, "RFC6455-5.2-R8"),
        FACT("\x83\x00", "RFC6455-5.2-O4"),
        FACT("\x8b\x00", "RFC6455-5.2-O4"),
        FACT("\x81\x7e\x00\x0e" BEAT, "RFC6455-5.2-L17"),
        FACT("\x81\x7f\0\0\0\0\0\0\0\x0e" BEAT, "RFC6455-5.2-L17"),
        FACT("\x09\x00", "RFC6455-5.5-G15"),
        FACT("\x0a\x00", "RFC6455-5.5-G15"),
        FACT("\x80\x00", "RFC6455-5.4-G14"),
        FACT("\x01\x05{\"e\":\x81\x0e" BEAT, "RFC6455-5.4-G14"),
        FACT("\x8a\x01x", "RFC6455-5.5.3-P11"),
        FACT("\x81\x01\xff", "RFC6455-8.1-U12"),
        FACT("\x81\x02\xe2\x82", "RFC6455-8.1-U12"),
        FACT("\x82\x0e" BEAT, "S22"),
        FACT("\x81\x00", "S22"),
        FACT("\x81\x04nope", "S22"),
        FACT("\x81\x04null", "S22"),
        FACT("\x81\x0f{\"e\":40,\"d\":{}}", "S22"),
        FACT("\x81\x10{\"e\":\"1\",\"d\":{}}", "S22"),
        FACT("\x81\x13{\"e\":1,\"d\":{\"a\":1}}", "S8"),
        FACT("\x81\x26{\"e\":0,\"d\":{\"heartbeatInterval\":1000}}", "S3"),
    };
    gw_said said[] = {TEXT(0, HELLO), BYTES(300, "")};
    said[1].text = table[_i].bytes;
    said[1].len = table[_i].len;
    VERDICT(watch, said, beating, FAIL, table[_i].rule);
}
END_TEST
enum { FACTS = 23 };

START_TEST(invariants_let_pass_what_is_right) {
    gw_said ping[] = {TEXT(0, HELLO), BYTES(300, "\x89\x02hi")};
    VERDICT(watch, ping, beating, PASS, "");
    gw_said fragments[] = {TEXT(0, HELLO), BYTES(300, "\x01\x05{\"e\":\x89\x00\x80\x09"
                                                      "2,\"d\":{}}")};
    VERDICT(watch, fragments, beating, PASS, "");
    gw_said pong[] = {TEXT(0, HELLO), BYTES(300, "\x8a\x00")};
    VERDICT(watch, pong, beating, PASS, "");
}
END_TEST

#define OFFERS(extension)                                                                                              \
    "title: t\nrequires: [S21]\ncanary: off\nsteps:\n"                                                                 \
    "  - upgrade: {as: alice, request: {headers: {Sec-WebSocket-Extensions: \"" extension "\"}}}\n"                    \
    "  - expect-response: {on: alice, status: 101}\n  - wait: {for: 100ms}\n"

START_TEST(extensions_are_chosen_among_those_offered) {
    static const char deflate[] = OFFERS("x-one, permessage-deflate; client_max_window_bits");
    static const char other[] = OFFERS("x-one");
    const gw_transcript_options agrees = {.extensions = "Permessage-Deflate; client_max_window_bits=10"};
    gw_said compressed[] = {BYTES(1, "\xc1\x02\xff\xff")}; /* not UTF-8: it is not text yet */
    VERDICT(deflate, compressed, agrees, PASS, "");
    VERDICT(other, compressed, agrees, FAIL, "RFC6455-9.1-H19");
    VERDICT(deflate, compressed, (gw_transcript_options){0}, FAIL, "RFC6455-5.2-R8");
    VERDICT(deflate, compressed, ((gw_transcript_options){.extensions = "x-one"}), FAIL, "RFC6455-5.2-R8");
    gw_said other_bit[] = {BYTES(1, "\xa1\x02{}")}, ping[] = {BYTES(1, "\xc9\x00")};
    VERDICT(deflate, other_bit, agrees, FAIL, "RFC6455-5.2-R8");
    VERDICT(deflate, ping, agrees, FAIL, "RFC6455-5.2-R8");
    gw_said continued[] = {BYTES(1, "\x41\x00\xc0\x00")};
    VERDICT(deflate, continued, agrees, FAIL, "RFC6455-5.2-R8");
    gw_said plain[] = {TEXT(1, "no packet")}; /* compressing is the sender's choice */
    VERDICT(deflate, plain, agrees, FAIL, "S22");
}
END_TEST

START_TEST(invariants_hold_in_the_closing_handshake) {
    static const char closes[] = CLOSES("S6") "  - expect-close: {on: alice, within: 1s}\n";
    gw_said good[] = {TEXT(0, HELLO), BYTES(10, "\x88\x06\x0f\xa0late"), FIN(20)};
    VERDICT(closes, good, beating, PASS, "");
    gw_said one_byte[] = {TEXT(0, HELLO), BYTES(10, "\x88\x01\x03"), FIN(20)};
    VERDICT(closes, one_byte, beating, FAIL, "RFC6455-5.5.1-K21");
    gw_said reason[] = {TEXT(0, HELLO), BYTES(10, "\x88\x03\x0f\xa0\xff"), FIN(20)};
    VERDICT(closes, reason, beating, FAIL, "RFC6455-5.5.1-K21");
    gw_said code[] = {TEXT(0, HELLO), CLOSE(10, 1006), FIN(20)};
    VERDICT(closes, code, beating, FAIL, "RFC6455-7.4-K22");
    gw_said behind[] = {TEXT(0, HELLO), CLOSE(10, 4000), TEXT(11, BEAT), FIN(20)};
    VERDICT(CLOSES("S6") "  - expect-close: {on: alice, within: 1s, fin-within: 1s}\n", behind, beating, FAIL,
            "RFC6455-5.5.1-K18");
}
END_TEST

START_TEST(invariants_know_degrees) {
    gw_said null[] = {TEXT(0, HELLO), BYTES(300, "\x81\x10{\"e\":1,\"d\":null}")};
    VERDICT(watch, null, beating, NON_STRICT, "S8");
}
END_TEST

START_TEST(an_allowed_rule_is_not_blamed) {
    static const char allowed[] = "title: t\nrequires: [S5]\nallow: [mask]\nsteps:\n  - connect: {as: alice}\n"
                                  "  - expect: {on: alice, event: hello}\n  - wait: {for: 600ms}\n";
    gw_said said[] = {TEXT(0, HELLO), BYTES(300, "\x81\x8e\0\0\0\0" BEAT)};
    VERDICT(allowed, said, beating, PASS, "");
}
END_TEST

/* ---- hello ---- */

START_TEST(hello_comes_first_and_states_an_interval) {
    static const struct {
        const char *hello;
        gw_verdict verdict;
        const char *rule;
    } table[] = {
        {"{\"e\":0,\"d\":{\"heartbeatInterval\":\"1000\"}}", GW_VERDICT_FAIL, "S4"},
        {"{\"e\":0,\"d\":{\"heartbeatInterval\":null}}", GW_VERDICT_FAIL, "S4"},
        {"{\"e\":0,\"d\":{\"heartbeatInterval\":0}}", GW_VERDICT_FAIL, "S4"},
        {"{\"e\":0,\"d\":{\"heartbeatInterval\":-1}}", GW_VERDICT_FAIL, "S4"},
        {"{\"e\":0,\"d\":{}}", GW_VERDICT_FAIL, "S4"},
        {"{\"e\":0,\"d\":{\"heartbeatInterval\":1000.5}}", GW_VERDICT_NON_STRICT, "S4"},
        {BEAT, GW_VERDICT_FAIL, "S2"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        gw_said said[] = {TEXT(0, table[i].hello), TEXT(1, HELLO)};
        expect_verdict(HEAD("S2"), said, i + 1 == sizeof table / sizeof table[0] ? 2 : 1, beating, table[i].verdict,
                       table[i].rule);
    }
}
END_TEST

START_TEST(a_close_in_place_of_hello_is_told_with_code_and_reason) {
    gw_said said[] = {BYTES(1, "\x88\x0e\x0f\xa1log in first")};
    gw_result *r = gw_transcript_run(HEAD("S2"), said, 1, closing);
    ck_assert_str_eq(gw_transcript_rule(r), "S2");
    ck_assert_str_eq(r->findings[0].observed,
                     "the connection ended without one after 1.0 ms; its Close: 4001 (private) log in first");
    gw_result_destroy(r);
}
END_TEST

/* ---- expect-open: accepted, or not ---- */

START_TEST(expect_open_wants_a_pong_in_time) {
    static const char open[] = CLOSES("S14") "  - expect-open: {on: alice, within: 400ms}\n";
    gw_said said[] = {TEXT(0, HELLO)};
    VERDICT(open, said, beating, PASS, "");
    gw_said closed[] = {TEXT(0, HELLO), CLOSE(0.001, 1000), FIN(0.002)};
    VERDICT(open, closed, ((gw_transcript_options){.beat_every = GW_S, .no_pong = true}), FAIL, "S14");
    gw_said reset[] = {TEXT(0, HELLO), RST(0.001)};
    VERDICT(open, reset, ((gw_transcript_options){.beat_every = GW_S, .no_pong = true}), FAIL, "S14");
    /* Nobody gets a Pong, a fresh connection neither: that is the rule on Pings, not this one. */
    VERDICT(open, said, ((gw_transcript_options){.beat_every = GW_S, .no_pong = true}), FAIL, "RFC6455-5.5.3-P2");
}
END_TEST

/* ---- expect-reaction: ignored or closed, as the protocol allows ---- */

static const char ignores[] = HEAD("S19") "  - send: {on: alice, text: \"nope\"}\n"
                                          "  - expect-reaction: {on: alice, any-of: [ignore], within: 500ms}\n";
static const char closes_with[] = HEAD("S19") "  - send: {on: alice, text: \"nope\"}\n"
                                              "  - expect-reaction: {on: alice, any-of: [close], code: [1007, "
                                              "\"4000-4999\"], within: 500ms}\n";
static const char either[] = HEAD("S19") "  - send: {on: alice, text: \"nope\"}\n"
                                         "  - expect-reaction: {on: alice, any-of: [ignore, close], within: 500ms}\n";

START_TEST(expect_reaction_takes_what_is_allowed_only) {
    gw_said stays[] = {TEXT(0, HELLO)};
    gw_said low[] = {TEXT(0, HELLO), CLOSE(2, 3999), FIN(3)};
    gw_said first[] = {TEXT(0, HELLO), CLOSE(2, 4000), FIN(3)};
    gw_said last[] = {TEXT(0, HELLO), CLOSE(2, 4999), FIN(3)};
    gw_said single[] = {TEXT(0, HELLO), CLOSE(2, 1007), FIN(3)};
    VERDICT(ignores, stays, beating, PASS, "");
    VERDICT(ignores, first, closing, FAIL, "S19");
    VERDICT(closes_with, stays, beating, FAIL, "S19");
    VERDICT(closes_with, low, closing, FAIL, "S19");
    VERDICT(closes_with, first, closing, PASS, "");
    VERDICT(closes_with, last, closing, PASS, "");
    VERDICT(closes_with, single, closing, PASS, "");
    VERDICT(either, stays, beating, PASS, "");
    VERDICT(either, first, closing, PASS, "");
}
END_TEST

START_TEST(expect_close_wants_one_of_its_codes) {
    static const char yaml[] = CLOSES("S6") "  - expect-close: {on: alice, within: 1s, code: [1000, none], "
                                            "non-strict-code: \"3000-3999\"}\n";
    static const struct {
        unsigned code;
        gw_verdict verdict;
    } table[] = {{1000, GW_VERDICT_PASS}, {0, GW_VERDICT_PASS},          {1001, GW_VERDICT_FAIL},
                 {2999, GW_VERDICT_FAIL}, {3000, GW_VERDICT_NON_STRICT}, {3999, GW_VERDICT_NON_STRICT},
                 {4000, GW_VERDICT_FAIL}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        gw_said said[] = {TEXT(0, HELLO), CLOSE(5, table[i].code), FIN(6)};
        gw_result *r = gw_transcript_run(yaml, said, 3, beating);
        ck_assert_msg(r->verdict == table[i].verdict, "code %u: %s", table[i].code, gw_verdict_word(r->verdict));
        gw_result_destroy(r);
    }
}
END_TEST

/* ---- the heartbeat counted, or not; asks ---- */

START_TEST(an_ask_is_answered_within_its_windows) {
    static const char asks[] = HEAD("S11") "  - send: {on: alice, event: heartbeat_ack}\n"
                                           "  - expect: {on: alice, event: heartbeat, within: 250ms, "
                                           "non-strict-within: 1s}\n";
    static const struct {
        double ms;
        gw_verdict verdict;
        const char *rule;
    } table[] = {
        {249.999, GW_VERDICT_PASS, ""},
        {250, GW_VERDICT_PASS, ""},
        {250.001, GW_VERDICT_NON_STRICT, "S11"},
        {899, GW_VERDICT_NON_STRICT, "S11"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        gw_said said[] = {TEXT(0, HELLO), TEXT(table[i].ms, BEAT)};
        expect_verdict(asks, said, 2, (gw_transcript_options){0}, table[i].verdict, table[i].rule);
    }
}
END_TEST

START_TEST(a_client_that_heartbeats_must_not_be_dropped) {
    gw_said dropped[] = {TEXT(0, HELLO), TEXT(1000, BEAT), CLOSE(1400, 4000), FIN(1401)};
    VERDICT(HEAD("S5") "  - wait: {for: \"2*I\"}\n", dropped, ((gw_transcript_options){0}), FAIL, "S7");
    gw_said silent[] = {TEXT(0, HELLO)}; /* never a heartbeat of the server's */
    VERDICT(HEAD("S7") "  - wait: {for: \"2*I\"}\n", silent, ((gw_transcript_options){0}), FAIL, "S5");
}
END_TEST

/* ---- responses to a forged request ---- */

START_TEST(expect_response_judges_status_and_headers) {
    static const char yaml[] = "title: t\nrequires: [RFC6455-4.4-H16]\nsteps:\n"
                               "  - upgrade: {as: alice, request: {headers: {Sec-WebSocket-Version: \"99\"}}}\n"
                               "  - expect-response: {on: alice, status: 426, headers: {sec-websocket-version: "
                               "{$token: \"13\"}}, non-strict-status: 4xx, within: 1s}\n";
    static const struct {
        const char *response;
        size_t len;
        gw_verdict verdict;
    } table[] = {
#define ANSWER(text, verdict) {text, sizeof(text) - 1, GW_VERDICT_##verdict}
        ANSWER("HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8, 13\r\nContent-Length: 0\r\n\r\n", PASS),
        ANSWER("HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n", NON_STRICT),
        ANSWER("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", FAIL),
        ANSWER("HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 130\r\nContent-Length: 0\r\n\r\n",
               NON_STRICT), /* it refuses */
        ANSWER("SSH-2.0-something\r\n\r\n", FAIL),
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        gw_said said[] = {BYTES(1, "")};
        said[0].text = table[i].response;
        said[0].len = table[i].len;
        gw_result *r =
            gw_transcript_run(yaml, said, 1, (gw_transcript_options){.no_upgrade = true, .upgrade_canary = true});
        ck_assert_msg(r->verdict == table[i].verdict, "answer %zu: %s", i, gw_verdict_word(r->verdict));
        gw_result_destroy(r);
    }
}
END_TEST

/* ---- levels ---- */

START_TEST(levels_turn_a_failure_into_what_they_say) {
    gw_said stays[] = {TEXT(0, HELLO)};
    /* SHOULD: non-strict. */
    VERDICT(HEAD("S20") "  - expect: {on: alice, event: participant_kick, within: 100ms}\n", stays, beating, NON_STRICT,
            "S20");
    /* MAY: not observed. */
    VERDICT(HEAD("S9") "  - expect: {on: alice, event: heartbeat_ack, within: 100ms}\n", stays, beating, SKIPPED, "S9");
    /* MUST. */
    VERDICT(HEAD("S14") "  - expect: {on: alice, event: participant_kick, within: 100ms}\n", stays, beating, FAIL,
            "S14");
}
END_TEST

/* ---- the canary ---- */

START_TEST(a_server_that_never_answered_does_not_crash) {
    gw_said nothing[] = {TEXT(60000, BEAT)};
    gw_result *r = gw_transcript_run(HEAD("S2"), nothing, 1, (gw_transcript_options){.no_upgrade = true});
    ck_assert_int_eq(r->verdict, GW_VERDICT_FAIL);
    ck_assert_str_eq(gw_transcript_rule(r), "S1");
    gw_result_destroy(r);
}
END_TEST

START_TEST(a_server_that_answered_before_and_no_more_has_crashed) {
    gw_said said[] = {TEXT(0, HELLO)};
    VERDICT(ignores, said, ((gw_transcript_options){.beat_every = GW_S, .no_canary = true}), CRASH, "S21");
    static const char off[] = "title: t\nrequires: [S19]\ncanary: off\nsteps:\n  - connect: {as: alice}\n"
                              "  - expect: {on: alice, event: hello}\n  - send: {on: alice, text: \"nope\"}\n";
    VERDICT(off, said, ((gw_transcript_options){.beat_every = GW_S, .no_canary = true}), PASS, "");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("engine_oracle");
    TCase *facts = tcase_create("facts"), *rest = tcase_create("rest");
    tcase_add_loop_test(facts, invariants_blame_the_rule_of_the_fact, 0, FACTS);
    const TTest *const tests[] = {invariants_let_pass_what_is_right,
                                  extensions_are_chosen_among_those_offered,
                                  invariants_hold_in_the_closing_handshake,
                                  invariants_know_degrees,
                                  an_allowed_rule_is_not_blamed,
                                  hello_comes_first_and_states_an_interval,
                                  a_close_in_place_of_hello_is_told_with_code_and_reason,
                                  expect_open_wants_a_pong_in_time,
                                  expect_reaction_takes_what_is_allowed_only,
                                  expect_close_wants_one_of_its_codes,
                                  an_ask_is_answered_within_its_windows,
                                  a_client_that_heartbeats_must_not_be_dropped,
                                  expect_response_judges_status_and_headers,
                                  levels_turn_a_failure_into_what_they_say,
                                  a_server_that_never_answered_does_not_crash,
                                  a_server_that_answered_before_and_no_more_has_crashed};
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) tcase_add_test(rest, tests[i]);
    suite_add_tcase(suite, facts);
    suite_add_tcase(suite, rest);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
