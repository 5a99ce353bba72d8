/* Unit tests of protocol/heartbeat.h: before, at and after each boundary, in both roles. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

/* I = 1000 ms, eps = 50 ms; the 101 was complete at 0. */
enum { I_MS = 1000, EPS_MS = 50 };

static gw_heartbeat model;
static gw_violations found;

static void begin_with(const gw_protocol *p, gw_role peer) {
    gw_violations_init(&found);
    gw_heartbeat_init(&model, p, peer, 1.0, 0);
}

static void at(gw_ns time, gw_heartbeat_input_kind kind) {
    gw_heartbeat_input input = {.kind = kind, .at = time, .interval = I_MS * GW_MS, .by_close = true, .code = 4000};
    gw_heartbeat_take(&model, &input, gw_violations_sink(&found));
}

static void ms(double time, gw_heartbeat_input_kind kind) {
    at((gw_ns)(time * (double)GW_MS), kind);
}

/* "S5 F; S6 N" */
static const char *verdicts(void) {
    static char out[256];
    out[0] = 0;
    for (size_t i = 0; i < found.count; i++) {
        size_t n = strlen(out);
        snprintf(out + n, sizeof out - n, "%s%s %c", i ? "; " : "", found.items[i].rule,
                 found.items[i].severity == GW_SEVERITY_FAIL ? 'F' : 'N');
    }
    return out;
}

#define IN(kind) GW_HEARTBEAT_##kind

/* The server under test, after hello at 10 ms; our own heartbeats are given by the test. */
static void server(void) {
    begin_with(fixture_gateway(), GW_ROLE_SERVER);
    ms(10, IN(HELLO_IN));
}

static void client(void) {
    begin_with(fixture_gateway(), GW_ROLE_CLIENT);
    ms(10, IN(HELLO_OUT));
}

/* Both sides beat every 500 ms until `end`. */
static void both_beat(double end) {
    for (double t = 510; t <= end; t += 500) {
        ms(t, IN(BEAT_OUT));
        ms(t, IN(BEAT_IN));
    }
}

/* ---- hello ---- */

START_TEST(heartbeat_judges_hello_at_its_boundaries) {
    static const struct {
        gw_ns at;
        const char *verdicts;
    } cases[] = {{0, ""}, {GW_S - 1, ""}, {GW_S, ""}, {GW_S + 1, "S2 N"}, {5 * GW_S, "S2 N"}, {5 * GW_S + 1, "S2 F"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin_with(fixture_gateway(), GW_ROLE_SERVER);
        ck_assert_int_eq(gw_heartbeat_due(&model).next_tick, 5 * GW_S + 1);
        at(cases[i].at, IN(HELLO_IN));
        ck_assert_str_eq(verdicts(), cases[i].verdicts);
    }
    begin_with(fixture_gateway(), GW_ROLE_SERVER);
    at(5 * GW_S, IN(TICK));
    ck_assert_str_eq(verdicts(), "");
    at(5 * GW_S + 1, IN(TICK));
    at(9 * GW_S, IN(TICK));
    at(9 * GW_S, IN(HELLO_IN));
    ck_assert_str_eq(verdicts(), "S2 F");
}
END_TEST

START_TEST(heartbeat_judges_messages_before_hello) {
    static const gw_heartbeat_input_kind kinds[] = {IN(BEAT_IN), IN(ASK_IN), IN(EVENT_IN)};
    for (size_t i = 0; i < 3; i++) {
        begin_with(fixture_gateway(), GW_ROLE_SERVER);
        ms(1, kinds[i]);
        ms(2, kinds[i]);
        ms(3, IN(HELLO_IN));
        ck_assert_str_eq(verdicts(), "S2 F");
        begin_with(fixture_gateway(), GW_ROLE_CLIENT);
        ms(1, kinds[i]);
        ck_assert_str_eq(verdicts(), "");
    }
    begin_with(fixture_gateway(), GW_ROLE_SERVER);
    ms(100, IN(DROP_IN));
    ck_assert_str_eq(verdicts(), "S2 F");
}
END_TEST

START_TEST(heartbeat_judges_a_second_hello_by_the_knob) {
    static const char *const values[] = {"must", "should", "may"}, *const want[] = {"S3 F", "S3 N", ""};
    for (size_t i = 0; i < 3; i++) {
        begin_with(fixture_gateway_with("hello-once", values[i]), GW_ROLE_SERVER);
        ms(10, IN(HELLO_IN));
        ms(20, IN(HELLO_IN));
        ck_assert_str_eq(verdicts(), want[i]);
    }
}
END_TEST

/* ---- the peer's cadence ---- */

START_TEST(heartbeat_judges_the_cadence_at_its_boundary) {
    for (int role = 0; role < 2; role++) {
        static const char *const want[] = {"S5 F", "C3 F"};
        const gw_ns due = (10 + I_MS + EPS_MS) * GW_MS;
        for (int late = -1; late <= 1; late++) {
            role ? client() : server();
            ck_assert_int_eq(gw_heartbeat_due(&model).peer_beat, due);
            ck_assert_int_eq(gw_heartbeat_due(&model).next_tick, due + 1);
            ms(500, IN(BEAT_OUT));
            at(due + late, IN(BEAT_IN));
            ck_assert_str_eq(verdicts(), late > 0 ? want[role] : "");
            role ? client() : server();
            ms(500, IN(BEAT_OUT));
            at(due + late, IN(TICK));
            at(due + late + 5, IN(BEAT_IN));
            if (late > 0) ck_assert_str_eq(found.items[0].observed, "none came after 1050.0 ms");
            ck_assert_uint_eq(found.count, 1 * (late + 5 > 0));
        }
    }
}
END_TEST

START_TEST(heartbeat_judges_each_silence_once) {
    server();
    ms(900, IN(BEAT_OUT));
    ms(1500, IN(TICK));
    ms(1600, IN(BEAT_OUT));
    ms(1700, IN(TICK));
    ck_assert_str_eq(verdicts(), "S5 F");
    ms(1800, IN(BEAT_IN));
    ms(2400, IN(BEAT_OUT));
    ms(2850, IN(TICK));
    ck_assert_str_eq(verdicts(), "S5 F");
    ms(2851, IN(TICK));
    ck_assert_str_eq(verdicts(), "S5 F; S5 F");
}
END_TEST

START_TEST(heartbeat_takes_only_heartbeats_for_heartbeats) {
    server();
    ms(500, IN(BEAT_OUT));
    ms(1000, IN(EVENT_IN));
    ms(1001, IN(ASK_IN));
    ms(1061, IN(TICK));
    ck_assert_str_eq(verdicts(), "S5 F");
}
END_TEST

START_TEST(heartbeat_judges_a_storm) {
    server();
    for (int i = 1; i <= 7; i++) ms(10 + i, IN(BEAT_IN));
    ck_assert_str_eq(verdicts(), "");
    ms(20, IN(BEAT_IN));
    ms(21, IN(BEAT_IN));
    ck_assert_str_eq(verdicts(), "S5 F");
    server();
    for (int i = 1; i <= 50; i++) {
        ms(10 + i, IN(ASK_OUT));
        ms(10 + i, IN(BEAT_IN));
    }
    ck_assert_str_eq(verdicts(), ""); /* they were answers */
}
END_TEST

/* ---- who stops beating is dropped ---- */

static const struct {
    double at_ms;
    const char *server, *client; /* verdicts of a drop then, after the last own heartbeat at 510 ms */
} drops[] = {
    {1459.999999, "S7 F", "C6 F"},
    {1460, "", ""},
    {1510, "", ""},
    {1560, "", ""},
    {1560.000001, "S6 N", "C5 N"},
    {2560, "S6 N", "C5 N"},
    {2560.000001, "S6 F", "C5 F"},
};

START_TEST(heartbeat_judges_the_drop_of_a_side_that_stopped) {
    for (int role = 0; role < 2; role++) {
        role ? client() : server();
        ms(510, IN(BEAT_OUT));
        gw_heartbeat_deadlines d = gw_heartbeat_due(&model);
        ck_assert_int_eq(d.drop_earliest, 1460 * GW_MS);
        ck_assert_int_eq(d.own_beat, 1460 * GW_MS);
        ck_assert_int_eq(d.drop, 1560 * GW_MS);
        ck_assert_int_eq(d.drop_non_strict, 2560 * GW_MS);
        for (double t = 600; t < drops[_i].at_ms; t += 400) ms(t, IN(BEAT_IN));
        ms(drops[_i].at_ms, IN(DROP_IN));
        ck_assert_str_eq(verdicts(), role ? drops[_i].client : drops[_i].server);
        ck_assert_int_eq(model.state, GW_HEARTBEAT_ENDED);
        ck_assert_int_eq(gw_heartbeat_due(&model).next_tick, GW_NEVER);
    }
}
END_TEST

START_TEST(heartbeat_blames_the_timeout_for_an_early_drop_of_a_silent_side) {
    server();
    ms(900, IN(DROP_IN));
    ck_assert_str_eq(verdicts(), "S6 F");
    client();
    ms(900, IN(BEAT_IN));
    ms(959.999, IN(DROP_IN));
    ck_assert_str_eq(verdicts(), "C5 F");
    server();
    ms(960, IN(DROP_IN));
    ck_assert_str_eq(verdicts(), "");
}
END_TEST

/* A heartbeat that leaves within eps of the deadline, or later, may cross with the end. */
START_TEST(heartbeat_excuses_a_drop_that_crossed_with_a_late_heartbeat) {
    static const struct {
        double beat, drop;
        const char *verdicts;
    } cases[] = {{959.999, 961, "S7 F"},   {960, 961, ""},   {1030, 1042.5, ""},
                 {1030, 1042.501, "S7 F"}, {1055, 1060, ""}, {1055, 1060.001, "S7 F"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        server();
        ms(500, IN(BEAT_IN));
        ms(cases[i].beat, IN(BEAT_OUT));
        ms(cases[i].drop, IN(DROP_IN));
        ck_assert_str_eq(verdicts(), cases[i].verdicts);
    }
}
END_TEST

START_TEST(heartbeat_judges_a_side_that_is_never_dropped_once) {
    server();
    for (double t = 500; t < 2000; t += 500) ms(t, IN(BEAT_IN));
    ck_assert_int_eq(gw_heartbeat_due(&model).next_tick, 2060 * GW_MS + 1);
    ms(2060, IN(TICK));
    ck_assert_str_eq(verdicts(), "");
    at(2060 * GW_MS + 1, IN(TICK));
    ms(2100, IN(BEAT_IN));
    ms(3000, IN(BEAT_IN));
    ms(3100, IN(DROP_IN));
    ck_assert_str_eq(verdicts(), "S6 F");
    ck_assert_str_eq(found.items[0].observed, "still open after 2050.0 ms");
}
END_TEST

START_TEST(heartbeat_notes_a_side_that_outlived_its_deadline) {
    server();
    ms(500, IN(BEAT_IN));
    ms(1000, IN(BEAT_IN));
    ms(1060, IN(BEAT_OUT)); /* the last moment that conforms */
    ck_assert_str_eq(verdicts(), "");
    ms(1500, IN(BEAT_IN));
    ms(2300, IN(BEAT_IN));
    ms(2301, IN(BEAT_OUT));
    ck_assert_str_eq(verdicts(), "S6 N");
}
END_TEST

START_TEST(heartbeat_lets_who_beats_stay) {
    for (int role = 0; role < 2; role++) {
        role ? client() : server();
        both_beat(20000);
        ms(20100, IN(TICK));
        ck_assert_str_eq(verdicts(), "");
        ms(20200, IN(DROP_IN));
        ck_assert_str_eq(verdicts(), role ? "C6 F" : "S7 F");
    }
}
END_TEST

START_TEST(heartbeat_judges_the_manner_of_a_drop) {
    const gw_protocol *p = fixture_load(
        "protocol: p\nendpoint: /x\nenvelope: {id: /e, data: /d}\n"
        "events: {hello: {id: 0, from: server}, beat: {id: 1, from: both}}\n"
        "heartbeat:\n  interval: {event: hello, field: /i}\n  server: {send: beat, every: I, level: should}\n"
        "  client: {send: beat, every: I}\n  timer: {misses: 2, eps: 50ms}\n"
        "  miss: {ends-with: close, codes: [4001]}\nrules: {server: {timeout: T, cadence: Q}}\n");
    ck_assert_msg(p != NULL, "%s", fixture_errors());
    static const struct {
        bool by_close;
        unsigned code;
        const char *verdicts;
    } cases[] = {{true, 4001, "Q N"}, {true, 4000, "Q N; T F"}, {true, 1005, "Q N; T F"}, {false, 0, "Q N; T F"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin_with(p, GW_ROLE_SERVER);
        ms(0, IN(HELLO_IN));
        ck_assert_int_eq(gw_heartbeat_due(&model).drop_earliest, 1950 * GW_MS); /* two misses */
        ck_assert_int_eq(gw_heartbeat_due(&model).drop_non_strict, 3050 * GW_MS);
        gw_heartbeat_input input = {
            .kind = IN(DROP_IN), .at = 2000 * GW_MS, .by_close = cases[i].by_close, .code = cases[i].code};
        gw_heartbeat_take(&model, &input, gw_violations_sink(&found));
        ck_assert_str_eq(verdicts(), cases[i].verdicts);
    }
}
END_TEST

/* ---- asks ---- */

START_TEST(heartbeat_judges_answers_at_their_boundaries) {
    static const struct {
        gw_ns after;
        const char *should, *must;
    } cases[] = {{250 * GW_MS, "", ""},
                 {250 * GW_MS + 1, "S11 N", "S11 N"},
                 {GW_S, "S11 N", "S11 N"},
                 {GW_S + 1, "S11 N", "S11 F"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int must = 0; must < 2; must++) {
            begin_with(must ? fixture_gateway_with("client-may-ask", "must") : fixture_gateway(), GW_ROLE_SERVER);
            ms(10, IN(HELLO_IN));
            ms(20, IN(ASK_OUT));
            ck_assert_int_eq(gw_heartbeat_due(&model).answer, 270 * GW_MS);
            ck_assert_int_eq(gw_heartbeat_due(&model).answer_non_strict, 1020 * GW_MS);
            at(20 * GW_MS + cases[i].after, IN(BEAT_IN));
            ck_assert_str_eq(verdicts(), must ? cases[i].must : cases[i].should);
            ck_assert_int_eq(gw_heartbeat_due(&model).answer, GW_NEVER);
        }
    }
    begin_with(fixture_gateway_with("client-may-ask", "may"), GW_ROLE_SERVER);
    ms(10, IN(HELLO_IN));
    ms(20, IN(ASK_OUT));
    ms(1050, IN(BEAT_IN));
    ck_assert_str_eq(verdicts(), "");
}
END_TEST

START_TEST(heartbeat_judges_a_client_that_never_answers) {
    client();
    ms(20, IN(ASK_OUT));
    ck_assert_int_eq(gw_heartbeat_due(&model).next_tick, 1020 * GW_MS + 1);
    ms(1020, IN(TICK));
    ck_assert_str_eq(verdicts(), "");
    at(1020 * GW_MS + 1, IN(TICK));
    ck_assert_str_eq(verdicts(), "C4 N");
}
END_TEST

START_TEST(heartbeat_pairs_answers_with_asks_in_order) {
    client();
    for (int i = 0; i < 10; i++) ms(20 + i, IN(ASK_OUT));
    for (int i = 0; i < 10; i++) ms(100 + i, IN(BEAT_IN));
    ck_assert_str_eq(verdicts(), "");
    for (int i = 0; i < 3; i++) ms(200 + i, IN(ASK_OUT));
    ms(210, IN(BEAT_IN));
    ms(900, IN(BEAT_IN));
    ck_assert_str_eq(verdicts(), "C4 N");
    ms(950, IN(BEAT_OUT));
    ms(1300, IN(TICK));
    ck_assert_str_eq(verdicts(), "C4 N; C4 N");
    for (int i = 0; i < GW_HEARTBEAT_MAX_ASKS + 5; i++) ms(1301, IN(ASK_OUT));
    ck_assert_uint_eq(model.ask_count, GW_HEARTBEAT_MAX_ASKS);
}
END_TEST

START_TEST(heartbeat_judges_the_drop_of_who_never_answers_by_the_knob) {
    static const char *const values[] = {"stays", "dropped", "any"}, *const want[] = {"S10 F", "", ""};
    for (size_t i = 0; i < 3; i++) {
        begin_with(fixture_gateway_with("unanswered-ask", values[i]), GW_ROLE_SERVER);
        ms(10, IN(HELLO_IN));
        ms(500, IN(BEAT_OUT));
        ms(600, IN(ASK_IN));
        ck_assert_int_eq(gw_heartbeat_due(&model).own_answer, 850 * GW_MS);
        ms(900, IN(DROP_IN));
        ck_assert_str_eq(verdicts(), want[i]);
        begin_with(fixture_gateway_with("unanswered-ask", values[i]), GW_ROLE_SERVER);
        ms(10, IN(HELLO_IN));
        ms(600, IN(ASK_IN));
        ms(610, IN(BEAT_OUT)); /* answered */
        ck_assert_int_eq(gw_heartbeat_due(&model).own_answer, GW_NEVER);
        ms(900, IN(DROP_IN));
        ck_assert_str_eq(verdicts(), "S7 F");
    }
}
END_TEST

/* ---- the rest ---- */

START_TEST(heartbeat_times_nothing_without_a_usable_interval) {
    begin_with(fixture_gateway(), GW_ROLE_SERVER);
    gw_heartbeat_input hello = {.kind = IN(HELLO_IN), .at = 5};
    gw_heartbeat_take(&model, &hello, gw_violations_sink(&found));
    ck_assert_int_eq(gw_heartbeat_due(&model).next_tick, GW_NEVER);
    ms(100000, IN(TICK));
    ms(100001, IN(DROP_IN));
    ck_assert_str_eq(verdicts(), "");
}
END_TEST

START_TEST(heartbeat_survives_the_largest_interval) {
    begin_with(fixture_gateway(), GW_ROLE_SERVER);
    gw_heartbeat_input hello = {.kind = IN(HELLO_IN), .at = 5, .interval = GW_NEVER - 1};
    gw_heartbeat_take(&model, &hello, gw_violations_sink(&found));
    ms(100000, IN(TICK));
    ms(100000, IN(BEAT_IN));
    ms(100000, IN(BEAT_OUT));
    ck_assert_str_eq(verdicts(), "");
}
END_TEST

START_TEST(heartbeat_ignores_what_comes_after_an_end) {
    server();
    ms(20, IN(END));
    for (int kind = 0; kind < GW_HEARTBEAT_INPUT_COUNT; kind++) ms(99999, (gw_heartbeat_input_kind)kind);
    ck_assert_str_eq(verdicts(), "");
    ck_assert_int_eq(model.state, GW_HEARTBEAT_ENDED);
}
END_TEST

START_TEST(heartbeat_scales_eps) {
    gw_violations_init(&found);
    gw_heartbeat_init(&model, fixture_gateway(), GW_ROLE_SERVER, 3.0, 0);
    ms(10, IN(HELLO_IN));
    ck_assert_int_eq(gw_heartbeat_env(&model).eps, 150 * GW_MS);
    ck_assert_int_eq(gw_heartbeat_due(&model).peer_beat, (10 + 1000 + 150) * GW_MS);
}
END_TEST

START_TEST(heartbeat_follows_a_new_interval_after_a_second_hello) {
    client();
    gw_heartbeat_input hello = {.kind = IN(HELLO_OUT), .at = 100 * GW_MS, .interval = 2 * GW_S};
    gw_heartbeat_take(&model, &hello, gw_violations_sink(&found));
    ck_assert_int_eq(gw_heartbeat_due(&model).peer_beat, 2200 * GW_MS);
    ck_assert_str_eq(verdicts(), "");
}
END_TEST

START_TEST(heartbeat_classify_tells_the_inputs_apart) {
    const gw_protocol *p = fixture_gateway();
    static const gw_heartbeat_input_kind in[] = {IN(HELLO_IN), IN(BEAT_IN), IN(ASK_IN), IN(EVENT_IN)},
                                         out[] = {IN(HELLO_OUT), IN(BEAT_OUT), IN(ASK_OUT), IN(EVENT_OUT)};
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(gw_heartbeat_classify(p, gw_protocol_event_by_id(p, i), true, GW_ROLE_SERVER), in[i]);
        ck_assert_int_eq(gw_heartbeat_classify(p, gw_protocol_event_by_id(p, i), false, GW_ROLE_SERVER), out[i]);
    }
    ck_assert_int_eq(gw_heartbeat_classify(p, NULL, true, GW_ROLE_SERVER), IN(EVENT_IN));
    ck_assert_str_eq(gw_heartbeat_input_word(IN(BEAT_IN)), "heartbeat in");
}
END_TEST

int main(void) {
    TCase *c = tcase_create("heartbeat");
    tcase_add_test(c, heartbeat_judges_hello_at_its_boundaries);
    tcase_add_test(c, heartbeat_judges_messages_before_hello);
    tcase_add_test(c, heartbeat_judges_a_second_hello_by_the_knob);
    tcase_add_test(c, heartbeat_judges_the_cadence_at_its_boundary);
    tcase_add_test(c, heartbeat_judges_each_silence_once);
    tcase_add_test(c, heartbeat_takes_only_heartbeats_for_heartbeats);
    tcase_add_test(c, heartbeat_judges_a_storm);
    tcase_add_loop_test(c, heartbeat_judges_the_drop_of_a_side_that_stopped, 0, sizeof drops / sizeof *drops);
    tcase_add_test(c, heartbeat_blames_the_timeout_for_an_early_drop_of_a_silent_side);
    tcase_add_test(c, heartbeat_excuses_a_drop_that_crossed_with_a_late_heartbeat);
    tcase_add_test(c, heartbeat_judges_a_side_that_is_never_dropped_once);
    tcase_add_test(c, heartbeat_notes_a_side_that_outlived_its_deadline);
    tcase_add_test(c, heartbeat_lets_who_beats_stay);
    tcase_add_test(c, heartbeat_judges_the_manner_of_a_drop);
    tcase_add_test(c, heartbeat_judges_answers_at_their_boundaries);
    tcase_add_test(c, heartbeat_judges_a_client_that_never_answers);
    tcase_add_test(c, heartbeat_pairs_answers_with_asks_in_order);
    tcase_add_test(c, heartbeat_judges_the_drop_of_who_never_answers_by_the_knob);
    tcase_add_test(c, heartbeat_times_nothing_without_a_usable_interval);
    tcase_add_test(c, heartbeat_survives_the_largest_interval);
    tcase_add_test(c, heartbeat_ignores_what_comes_after_an_end);
    tcase_add_test(c, heartbeat_scales_eps);
    tcase_add_test(c, heartbeat_follows_a_new_interval_after_a_second_hello);
    tcase_add_test(c, heartbeat_classify_tells_the_inputs_apart);
    return fixture_run("protocol/heartbeat", c);
}
