/* Unit tests of the engine as the server: what it says of clients, at each boundary, on a virtual clock. The answer to
 * the upgrade leaves at t = 0, hello 20 ms later. */
#include "support/run.h"
#include "support/transcript.h"

#include <stdio.h>
#include <string.h>

#define BEAT "{\"e\":1,\"d\":{}}"
#define KICK "{\"e\":5,\"d\":{\"userId\":\"u1\"}}"

#define HELLO_MS        20
#define TEXT(ms, t)     ((gw_said){.at = (gw_ns)((ms)*1e6), .kind = GW_SAID_TEXT, .text = (t)})
#define CLOSE(ms, c)    ((gw_said){.at = (gw_ns)((ms)*1e6), .kind = GW_SAID_CLOSE, .code = (c)})
#define FIN(ms)         ((gw_said){.at = (gw_ns)((ms)*1e6), .kind = GW_SAID_FIN})
#define EXIT(ms, c)     ((gw_said){.at = (gw_ns)((ms)*1e6), .kind = GW_SAID_EXIT, .code = (c)})
#define LATE(ms, by_ms) ((gw_said){.at = (gw_ns)((ms)*1e6), .kind = GW_SAID_LATE, .late = (gw_ns)((by_ms)*1e6)})
#define BYTES(ms, t)    ((gw_said){.at = (gw_ns)((ms)*1e6), .kind = GW_SAID_BYTES, .text = (t), .len = sizeof(t) - 1})

#define CLIENT(id) "title: t\nrole: client\nrequires: [" id "]\nsteps:\n"

static const gw_transcript_options quiet = {0};
static const gw_transcript_options beating = {.beat_every = 900 * GW_MS};

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

static const char waits[] = CLIENT("C6") "  - accept: {as: server}\n"
                                         "  - wait: {for: \"1.2*I\"}\n";

START_TEST(a_client_heartbeats_until_the_end_of_the_interval_and_its_tolerance) {
    gw_said last[] = {TEXT(HELLO_MS + 1050, BEAT)};
    VERDICT(waits, last, quiet, PASS, "");
    gw_said late[] = {TEXT(HELLO_MS + 1050.001, BEAT)};
    VERDICT(waits, late, quiet, FAIL, "C3");
    gw_said harness[] = {LATE(1000, 30), TEXT(HELLO_MS + 1050.001, BEAT)};
    VERDICT(waits, harness, quiet, INCONCLUSIVE, "C3");
    gw_transcript_options patient = {.no_deadlines = true};
    VERDICT(waits, late, patient, PASS, "");
}
END_TEST

START_TEST(a_client_leaves_a_silent_server_in_its_window) {
    static const char silent[] =
        CLIENT("C5") "  - accept: {as: server, heartbeat: off}\n"
                     "  - expect-close: {since: hello, after: \"I - eps\", within: \"I + eps\", "
                     "non-strict-within: \"2*I + eps\"}\n";
    static const struct {
        double ms;
        gw_verdict verdict;
    } table[] = {
        {949.999, GW_VERDICT_FAIL},        {950, GW_VERDICT_PASS},        {1050, GW_VERDICT_PASS},
        {1050.001, GW_VERDICT_NON_STRICT}, {2050, GW_VERDICT_NON_STRICT}, {2050.001, GW_VERDICT_FAIL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        gw_said said[] = {CLOSE(HELLO_MS + table[i].ms, 4000)};
        expect_verdict(silent, said, 1, beating, table[i].verdict, table[i].verdict == GW_VERDICT_PASS ? "" : "C5");
    }
}
END_TEST

START_TEST(a_client_that_leaves_without_ground_breaks_the_rule_of_the_moment) {
    gw_said before_any_heartbeat[] = {FIN(100)};
    VERDICT(waits, before_any_heartbeat, beating, FAIL, "C5");
    gw_said behind_one[] = {FIN(800)};
    VERDICT(waits, behind_one, beating, FAIL, "C6");
}
END_TEST

START_TEST(what_a_step_sent_is_judged_by_the_steps) {
    static const char yaml[] = CLIENT("C8") "  - accept: {as: server}\n"
                                            "  - send: {event: room_update, data: {chatLocked: true}}\n"
                                            "  - wait: {for: 100ms}\n"
                                            "  - expect-open: {}\n";
    gw_said leaves[] = {CLOSE(60, 4000)};
    VERDICT(yaml, leaves, beating, FAIL, "C8");
    gw_said drops[] = {FIN(60)};
    VERDICT(yaml, drops, beating, FAIL, "C8");
    gw_said stays[] = {TEXT(700, BEAT)};
    VERDICT(yaml, stays, beating, PASS, "");
    gw_said dies[] = {EXIT(60, 1)};
    VERDICT(yaml, dies, beating, CRASH, "C9");
}
END_TEST

START_TEST(an_ask_is_answered_at_once) {
    static const char yaml[] = CLIENT("C4") "  - accept: {as: server}\n"
                                            "  - send: {event: heartbeat_ack}\n"
                                            "  - wait: {for: 1100ms}\n";
    gw_said at_last[] = {TEXT(HELLO_MS + 250, BEAT)};
    VERDICT(yaml, at_last, beating, PASS, "");
    gw_said later[] = {TEXT(HELLO_MS + 250.001, BEAT)};
    VERDICT(yaml, later, beating, NON_STRICT, "C4");
}
END_TEST

START_TEST(a_forged_answer_must_not_be_followed) {
    static const char yaml[] =
        CLIENT("RFC6455-4.1-X1") "  - accept: {as: server, upgrade: {headers: {Sec-WebSocket-Accept: wrong}}}\n"
                                 "  - expect-close: {code: none, non-strict-code: any, within: 2s}\n";
    gw_said fails[] = {FIN(1)};
    VERDICT(yaml, fails, quiet, PASS, "");
    gw_said in_time[] = {FIN(HELLO_MS + 2000)};
    VERDICT(yaml, in_time, quiet, PASS, "");
    gw_said too_late[] = {FIN(HELLO_MS + 2000.001)};
    VERDICT(yaml, too_late, quiet, FAIL, "RFC6455-4.1-X1");
    gw_said closes[] = {CLOSE(50, 1002)};
    VERDICT(yaml, closes, quiet, NON_STRICT, "RFC6455-4.1-X1");
    gw_said follows[] = {TEXT(50, BEAT)};
    VERDICT(yaml, follows, beating, FAIL, "RFC6455-4.1-X1");
    gw_said dies[] = {FIN(1), EXIT(1000.999, 1)};
    VERDICT(yaml, dies, quiet, CRASH, "C9");
    gw_said dies_too_late[] = {FIN(1), EXIT(1001.001, 1)};
    VERDICT(yaml, dies_too_late, quiet, PASS, "");
    gw_said ends_well[] = {FIN(1), EXIT(100, 0)};
    VERDICT(yaml, ends_well, quiet, PASS, "");
}
END_TEST

START_TEST(a_client_that_does_not_bear_an_odd_answer_breaks_the_scenarios_rule) {
    static const char yaml[] = CLIENT("RFC6455-4.1-X8") "  - accept: {as: server, chop: 1, pause: 1ms}\n"
                                                        "  - expect: {event: heartbeat, within: \"I + eps\"}\n";
    gw_said gone[] = {FIN(10)};
    VERDICT(yaml, gone, quiet, FAIL, "RFC6455-4.1-X8");
    gw_said stays[] = {TEXT(1000, BEAT)};
    VERDICT(yaml, stays, quiet, PASS, "");
}
END_TEST

START_TEST(an_upgrade_request_is_audited) {
#define REST "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
#define KEY  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    static const struct {
        const char *request, *rule;
    } table[] = {
        {"GET /gateway?v=1 HTTP/1.1\r\nHost: a\r\n" REST KEY "\r\n", ""},
        {"GET /elsewhere HTTP/1.1\r\nHost: a\r\n" REST KEY "\r\n", "C1"},
        {"GET /gateway/ HTTP/1.1\r\nHost: a\r\n" REST KEY "\r\n", "C1"},
        {"POST /gateway HTTP/1.1\r\nHost: a\r\n" REST KEY "\r\n", "RFC6455-4.1-X7"},
        {"GET /gateway HTTP/1.0\r\nHost: a\r\n" REST KEY "\r\n", "RFC6455-4.1-X7"},
        {"GET /gateway HTTP/1.1\r\n" REST KEY "\r\n", "RFC6455-4.1-X7"},
        {"GET /gateway HTTP/1.1\r\nHost: a\r\n" REST "\r\n", "RFC6455-4.1-X7"},
        {"GET /gateway HTTP/1.1\r\nHost: a\r\n" REST "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n\r\n",
         "RFC6455-4.1-X7"},
        {"GET /gateway HTTP/1.1\r\nHost: a\r\n" REST KEY KEY "\r\n", "RFC6455-4.1-X7"},
        {"GET /gateway HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" KEY "\r\n",
         "RFC6455-4.1-X7"},
        {"GET /gateway HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 8\r\n" KEY "\r\n",
         "RFC6455-4.1-X7"},
        {"GET /gateway HTTP/1.1\r\nHost: a\r\n" REST KEY "\r\n\x81\x80\x01\x02\x03\x04", "RFC6455-4.1-X8"},
        {"GET /gateway HTTP/1.1\r\nHost: a\r\n", "RFC6455-4.1-X7"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        gw_transcript_options options = {.beat_every = 900 * GW_MS, .request = table[i].request};
        expect_verdict(waits, NULL, 0, options, *table[i].rule ? GW_VERDICT_FAIL : GW_VERDICT_PASS, table[i].rule);
    }
}
END_TEST

START_TEST(a_key_that_was_used_before_is_found) {
    static const char yaml[] = CLIENT("RFC6455-4.1-X7") "  - accept: {as: first}\n"
                                                        "  - accept: {as: second, or-skip: true}\n";
    VERDICT(yaml, (gw_said[]){TEXT(900, BEAT)}, beating, PASS, "");
    gw_transcript_options same = {.beat_every = 900 * GW_MS,
                                  .request = "GET /gateway HTTP/1.1\r\nHost: a\r\n" REST KEY "\r\n"};
    VERDICT(yaml, (gw_said[]){TEXT(900, BEAT)}, same, FAIL, "RFC6455-4.1-X7");
    gw_transcript_options once = {.beat_every = 900 * GW_MS, .max_connections = 1};
    VERDICT(yaml, (gw_said[]){TEXT(900, BEAT)}, once, SKIPPED, "C1");
}
END_TEST

START_TEST(a_client_that_is_not_there_has_not_connected) {
    static const char yaml[] = CLIENT("C1") "  - accept: {as: server}\n  - accept: {as: again}\n";
    gw_transcript_options once = {.beat_every = 900 * GW_MS, .max_connections = 1};
    expect_verdict(yaml, NULL, 0, once, GW_VERDICT_FAIL, "C1");
    gw_said ends[] = {EXIT(100, 0)};
    VERDICT(yaml, ends, once, FAIL, "C1");
    gw_said dies[] = {EXIT(100, 1)};
    VERDICT(yaml, dies, once, CRASH, "C9");
}
END_TEST

START_TEST(pongs_are_blamed_for_what_rests_on_them) {
    static const char yaml[] = CLIENT("C8") "  - accept: {as: server}\n"
                                            "  - send: {event: room_close}\n"
                                            "  - expect-open: {within: 500ms}\n";
    gw_transcript_options none = {.beat_every = 900 * GW_MS, .no_pong = true};
    expect_verdict(yaml, NULL, 0, none, GW_VERDICT_FAIL, "RFC6455-5.5.2-X22");
    gw_transcript_options others = {.beat_every = 900 * GW_MS, .other_pongs = true};
    expect_verdict(yaml, NULL, 0, others, GW_VERDICT_FAIL, "RFC6455-5.5.3-X18");
    expect_verdict(yaml, NULL, 0, beating, GW_VERDICT_PASS, "");
}
END_TEST

START_TEST(each_frame_and_message_of_a_client_is_looked_at) {
    static const struct {
        gw_said said;
        const char *rule;
    } table[] = {
        {BYTES(100, "\x81\x0e{\"e\":1,\"d\":{}}"), "RFC6455-5.1-X11"},
        {BYTES(100, "\xa1\x80\x01\x02\x03\x04"), "RFC6455-5.2-X12"},
        {BYTES(100, "\x83\x80\x01\x02\x03\x04"), "RFC6455-5.2-X13"},
        {BYTES(100, "\x8a\xfe\x00\x01\x00\x00\x00\x00x"), "RFC6455-5.2-X14"},
        {BYTES(100, "\x09\x80\x01\x02\x03\x04"), "RFC6455-5.5-X15"},
        {BYTES(100, "\x80\x80\x01\x02\x03\x04"), "RFC6455-5.4-X16"},
        {BYTES(100, "\x81\x81\x00\x00\x00\x00\xff"), "RFC6455-8.1-X17"},
        {BYTES(100, "\x8a\x81\x00\x00\x00\x00x"), "RFC6455-5.5.3-X18"},
        {BYTES(100, "\x88\x81\x00\x00\x00\x00x"), "RFC6455-5.5.1-X19"},
        {CLOSE(100, 1005), "RFC6455-7.4-X20"},
        {TEXT(100, KICK), "C7"},
        {TEXT(100, "{\"e\":1,\"d\":{\"at\":1}}"), "C7"},
        {TEXT(100, "{\"op\":1}"), "C7"},
        {TEXT(100, "hello"), "C7"},
        {TEXT(100, "{\"e\":2,\"d\":{}}"), ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        gw_result *r = gw_transcript_run(waits, &table[i].said, 1, beating);
        bool named = !*table[i].rule && r->verdict == GW_VERDICT_PASS;
        for (size_t k = 0; k < r->finding_count; k++)
            named |= r->findings[k].rule && strcmp(r->findings[k].rule, table[i].rule) == 0;
        ck_assert_msg(named, "row %zu: %s is not named, but %s of %s", i, table[i].rule, gw_verdict_word(r->verdict),
                      gw_transcript_rule(r));
        gw_result_destroy(r);
    }
}
END_TEST

START_TEST(a_pong_may_come_behind_a_close_that_was_not_asked_for) {
    static const char yaml[] = CLIENT("C8") "  - accept: {as: server}\n"
                                            "  - send-frame: {opcode: ping, text: x}\n"
                                            "  - wait: {for: 500ms}\n";
    static const char pong[] = "\x8a\x81\x01\x02\x03\x04y", text[] = "\x81\x8e\x01\x02\x03\x04zzzzzzzzzzzzzz";
    gw_said leaves[] = {CLOSE(100, 4000), BYTES(100, pong)};
    VERDICT(yaml, leaves, beating, PASS, "");
    gw_said speaks[] = {CLOSE(100, 4000), BYTES(100, text)};
    VERDICT(yaml, speaks, beating, FAIL, "RFC6455-5.5.1-X21");
    static const char closes[] = CLIENT("RFC6455-5.5.1-X34") "  - accept: {as: server, answer-close: false}\n"
                                                             "  - send-frame: {opcode: ping, text: x}\n"
                                                             "  - close: {code: 1000}\n"
                                                             "  - wait: {for: 500ms}\n";
    gw_said answers[] = {CLOSE(100, 1000), BYTES(101, pong)};
    VERDICT(closes, answers, beating, FAIL, "RFC6455-5.5.1-X21");
}
END_TEST

START_TEST(twenty_heartbeats_a_second_are_no_storm_and_one_more_is) {
    static const char yaml[] = "title: t\nrole: client\nrequires: [C9]\nallow: [C3]\nsteps:\n"
                               "  - accept: {as: server, hello: off}\n"
                               "  - wait: {for: 1500ms}\n";
    gw_said said[21];
    for (int i = 0; i < 21; i++) said[i] = TEXT(100 + 49 * i, BEAT);
    expect_verdict(yaml, said, 20, quiet, GW_VERDICT_PASS, "");
    expect_verdict(yaml, said, 21, quiet, GW_VERDICT_FAIL, "C9");
    for (int i = 0; i < 21; i++) said[i] = TEXT(100 + 50 * i, BEAT);
    expect_verdict(yaml, said, 21, quiet, GW_VERDICT_PASS, "");
}
END_TEST

START_TEST(a_client_that_floods_storms) {
    enum { UNREAD = 2048, PONG = 6 };
    char pongs[(UNREAD + 100) * PONG];
    for (size_t i = 0; i < sizeof pongs / PONG; i++) {
        char *key = pongs + i * PONG + 2;
        memcpy(key - 2, "\x8a\x80\1\2\3\4", PONG);
        key[i % 3] = (char)(i >> 8); /* no key as the one before */
        key[3] = (char)i;
    }
    for (int over = 0; over <= 1; over++) {
        size_t len = (size_t)(UNREAD - 8 + 100 * over) * PONG;
        gw_said said[] = {{.at = 300 * GW_MS, .kind = GW_SAID_BYTES, .text = pongs, .len = len}};
        if (over)
            VERDICT(waits, said, beating, FAIL, "C9");
        else
            VERDICT(waits, said, beating, PASS, "");
    }
}
END_TEST

GW_TEST_MAIN("engine_client", 20, a_client_heartbeats_until_the_end_of_the_interval_and_its_tolerance,
             a_client_leaves_a_silent_server_in_its_window,
             a_client_that_leaves_without_ground_breaks_the_rule_of_the_moment, what_a_step_sent_is_judged_by_the_steps,
             an_ask_is_answered_at_once, a_forged_answer_must_not_be_followed,
             a_client_that_does_not_bear_an_odd_answer_breaks_the_scenarios_rule, an_upgrade_request_is_audited,
             a_key_that_was_used_before_is_found, a_client_that_is_not_there_has_not_connected,
             pongs_are_blamed_for_what_rests_on_them, each_frame_and_message_of_a_client_is_looked_at,
             a_pong_may_come_behind_a_close_that_was_not_asked_for,
             twenty_heartbeats_a_second_are_no_storm_and_one_more_is, a_client_that_floods_storms)
