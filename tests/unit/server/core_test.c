/* The whole reference gateway on a virtual clock: deadlines, rooms, limits, and that it is deterministic. */
#include "rig.h"
#include "base/rng.h"
#include "support/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { I = RIG_INTERVAL_MS, GRACE = 25 };

START_TEST(core_greets_and_beats_on_the_grid) {
    rig r;
    rig_init(&r, NULL);
    rig_peer *peer = rig_connect(&r, "");
    rig_wait_beating(&r, peer, 10 * I, 300);
    ck_assert_int_eq(peer->frames[0].at, 0);
    for (size_t i = 1; i <= 10; i++) {
        const rig_frame *beat = rig_find(peer, 1, i);
        ck_assert_ptr_nonnull(beat);
        ck_assert_int_eq(beat->at, (gw_ns)i * I * GW_MS);
    }
    rig_deinit(&r);
}
END_TEST

START_TEST(core_times_out_exactly) {
    rig r;
    rig_init(&r, NULL);
    rig_peer *peer = rig_connect(&r, "");
    rig_wait(&r, I + GRACE - 1);
    rig_text(&r, peer, RIG_BEAT); /* within the grace */
    rig_wait(&r, I + GRACE - 1);
    ck_assert(rig_is_open(peer));
    rig_wait(&r, 1);
    ck_assert_int_eq(rig_close_code(peer), 4000);
    ck_assert_int_eq(peer->fin_at, r.now);
    rig_deinit(&r);

    gw_core_config config;
    gw_core_config_default(&config);
    config.interval_ns = 4 * GW_S; /* where 2.5 % is more than 25 ms */
    rig_init_config(&r, &config, NULL);
    peer = rig_connect(&r, "");
    rig_wait(&r, 10000);
    ck_assert_int_eq(peer->fin_at, 4100 * GW_MS);
    rig_deinit(&r);
}
END_TEST

START_TEST(core_counts_heartbeats_of_any_open_shape) {
    static const char *const beats[] = {"{\"e\":1}",
                                        "{\"e\":1,\"d\":null}",
                                        "{\"d\":{},\"e\":1}",
                                        "{\"e\":1,\"d\":{\"x\":[1]}}",
                                        " { \"e\" : 1 , \"t\" : 5 } ",
                                        "{\"\\u0065\":1}"};
    rig r;
    rig_init(&r, NULL);
    for (size_t i = 0; i < sizeof beats / sizeof beats[0]; i++) {
        rig_peer *peer = rig_connect(&r, "");
        rig_wait(&r, I / 2);
        rig_text(&r, peer, beats[i]);
        rig_wait(&r, I / 2 + GRACE + 1);
        ck_assert_msg(rig_is_open(peer), "%s", beats[i]);
    }
    rig_deinit(&r);
}
END_TEST

START_TEST(core_closes_on_malformed_messages) {
    static const struct {
        const char *text;
        int code;
    } rows[] = {
        {"", 4002},
        {"null", 4002},
        {"[]", 4002},
        {"{}", 4002},
        {"{\"e\":\"1\"}", 4002},
        {"{\"e\":1.0}", 4002},
        {"{\"e\":1e0}", 4002},
        {"{\"e\":-1}", 4002},
        {"{\"e\":null}", 4002},
        {"{\"e\":1}x", 4002},
        {"{\"e\":1,\"e\":1}", 4002},
        {"{\"e\":1,\"d\":[]}", 4002},
        {"{\"e\":1,\"d\":\"\"}", 4002},
        {"{\"e\":8}", 4001},
        {"{\"e\":4294967297}", 4001},
        {"{\"e\":0}", 4003},
        {"{\"e\":3,\"d\":{}}", 4003},
        {"{\"e\":7}", 4003},
        {"\xef\xbb\xbf{\"e\":1}", 4002},
    };
    rig r;
    rig_init(&r, NULL);
    rig_peer *neighbour = rig_connect(&r, "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_peer *peer = rig_connect(&r, "");
        rig_text(&r, peer, rows[i].text);
        ck_assert_msg(rig_close_code(peer) == rows[i].code, "%s: %d", rows[i].text, rig_close_code(peer));
        ck_assert_int_eq(peer->fin_at, r.now);
    }
    rig_peer *peer = rig_connect(&r, "");
    rig_send(&r, peer, 0x82, RIG_BEAT, sizeof RIG_BEAT - 1);
    ck_assert_int_eq(rig_close_code(peer), 1003);
    ck_assert_uint_eq(neighbour->frame_count, 1);
    rig_deinit(&r);
}
END_TEST

START_TEST(core_asks_within_the_range_and_by_the_seed) {
    gw_core_config config;
    gw_core_config_default(&config);
    config.ask_min_ns = 100 * GW_MS;
    config.ask_max_ns = 300 * GW_MS;
    gw_ns times[2][64];
    for (int run = 0; run < 2; run++) {
        rig r;
        rig_init_config(&r, &config, NULL);
        rig_peer *peer = rig_connect(&r, "");
        rig_wait_beating(&r, peer, 5000, 250);
        size_t asks = 0;
        gw_ns last = 0;
        for (size_t i = 0; i < peer->frame_count && asks < 64; i++) {
            if (!gw_span_equal_cstr(peer->frames[i].payload, RIG_ASK)) continue;
            gw_ns gap = peer->frames[i].at - last;
            ck_assert(gap >= 100 * GW_MS && gap <= 300 * GW_MS);
            times[run][asks++] = last = peer->frames[i].at;
        }
        ck_assert_uint_ge(asks, 16);
        rig_deinit(&r);
    }
    ck_assert_mem_eq(times[0], times[1], 16 * sizeof(gw_ns));
}
END_TEST

START_TEST(core_routes_requests_to_rooms) {
    static const struct {
        const char *query;
        int status;
    } rows[] = {{"", 101},
                {"?", 101},
                {"?room=r1", 101},
                {"?room=r1&participant=p1", 101},
                {"?participant=%701&room=%72%31&extra=1", 101},
                {"?room=r2", 404},
                {"?room=r1&participant=p2", 404},
                {"?room=rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr", 404},
                {"?participant=p1", 400},
                {"?room=", 400},
                {"?room=%zz", 400},
                {"?room=r1&room=r1", 400}};
    rig r;
    rig_init(&r, NULL);
    rig_room(&r);
    rig_participant(&r, "r1");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_peer *peer = rig_connect(&r, rows[i].query);
        ck_assert_msg(peer->status == rows[i].status, "%s: %d", rows[i].query, peer->status);
    }
    rig_deinit(&r);
}
END_TEST

START_TEST(core_kicks_and_closes_rooms) {
    rig r;
    rig_init(&r, NULL);
    rig_room(&r);
    rig_participant(&r, "r1");
    rig_participant(&r, "r1");
    rig_peer *one = rig_connect(&r, "?room=r1&participant=p1"), *again = rig_connect(&r, "?room=r1&participant=p1");
    rig_peer *two = rig_connect(&r, "?room=r1&participant=p2");
    ck_assert_uint_eq(rig_event(&r, "r1", "participant_kick", "{\"userId\":\"p\\u0031\"}"), 3);
    ck_assert_int_eq(rig_close_code(one), 1000);
    ck_assert_int_eq(rig_close_code(again), 1000);
    ck_assert_uint_eq(rig_count(one, "{\"e\":5,"), 1);
    ck_assert_uint_eq(rig_count(two, "{\"e\":5,"), 1);
    ck_assert(rig_is_open(two));
    ck_assert_int_eq(rig_connect(&r, "?room=r1&participant=p1")->status, 404);
    ck_assert_uint_eq(rig_event(&r, "r1", "room_close", "{}"), 1);
    ck_assert_uint_eq(rig_count(two, "{\"e\":7,\"d\":{}}"), 1);
    ck_assert_int_eq(rig_close_code(two), 1000);
    ck_assert_int_eq(rig_connect(&r, "?room=r1")->status, 404);
    rig_close(&r, two, 1000); /* the answer to the server's Close */
    ck_assert_int_eq(two->fin_at, r.now);
    ck_assert_int_eq(one->fin_at, GW_NEVER);
    rig_wait(&r, 2000);
    ck_assert_int_eq(one->fin_at, r.config.close_timeout_ns);
    rig_deinit(&r);
}
END_TEST

static void expect_event_error(rig *r, const char *room, const char *event, const char *data, gw_status status,
                               const char *error) {
    size_t delivered;
    ck_assert_int_eq(gw_core_event(r->core, gw_span_cstr(room), gw_span_cstr(event), gw_span_cstr(data), r->now, NULL,
                                   &delivered, r->error),
                     status);
    ck_assert_str_eq(r->error, error);
}

START_TEST(core_checks_events) {
    rig r;
    rig_init(&r, NULL);
    rig_room(&r);
    expect_event_error(&r, "r9", "room_close", "{}", GW_ERR_NOT_FOUND, "there is no room r9");
    expect_event_error(&r, "r1", "hello", "{}", GW_ERR_UNSUPPORTED, "no event to trigger: hello");
    expect_event_error(&r, "r1", "nope", "{}", GW_ERR_UNSUPPORTED, "no event to trigger: nope");
    expect_event_error(&r, "r1", "room_close", "{", GW_ERR_INVALID, "data is not JSON: a key must be a string");
    expect_event_error(&r, "r1", "room_close", "[]", GW_ERR_INVALID, "data of room_close must be an object");
    expect_event_error(&r, "r1", "room_close", "{\"x\":1}", GW_ERR_INVALID, "data: room_close has no field \"x\"");
    expect_event_error(&r, "r1", "participant_kick", "{}", GW_ERR_INVALID, "data/userId: is missing");
    expect_event_error(&r, "r1", "room_update", "{\"chatLocked\":1}", GW_ERR_INVALID,
                       "data/chatLocked: must be a boolean");
    expect_event_error(&r, "r1", "message_create", "{\"content\":\"x\"}", GW_ERR_INVALID, "data/authorId: is missing");
    rig_deinit(&r);
}
END_TEST

START_TEST(core_fills_in_the_time_of_a_message) {
    gw_core_config config;
    gw_core_config_default(&config);
    config.unix_ms_at_zero = 1700000000000;
    rig r;
    rig_init_config(&r, &config, NULL);
    rig_peer *peer = rig_connect(&r, "");
    rig_wait(&r, 10);
    rig_event(&r, "lobby", "message_create", "{\"authorId\":\"a\",\"content\":\"x\"}");
    ck_assert_uint_eq(
        rig_count(peer, "{\"e\":3,\"d\":{\"authorId\":\"a\",\"content\":\"x\",\"sentAt\":1700000000010}}"), 1);
    rig_deinit(&r);
}
END_TEST

START_TEST(core_removes_rooms_and_empty_lobby_guests) {
    rig r;
    rig_init(&r, NULL);
    rig_room(&r);
    rig_peer *peer = rig_connect(&r, "?room=r1"), *guest = rig_connect(&r, "");
    gw_buf list;
    gw_buf_init(&list, 4096);
    gw_core_room_list(r.core, &list);
    ck_assert_str_eq(gw_buf_cstr(&list), "[{\"id\":\"r1\",\"participants\":1,\"connections\":1},"
                                         "{\"id\":\"lobby\",\"participants\":1,\"connections\":1}]");
    ck_assert_int_eq(gw_core_room_remove(r.core, GW_SPAN_LIT("r1"), r.now, r.error), GW_OK);
    ck_assert_int_eq(gw_core_room_remove(r.core, GW_SPAN_LIT("r1"), r.now, r.error), GW_ERR_NOT_FOUND);
    rig_wait(&r, 1);
    rig_gone(&r, guest);
    rig_bytes(&r, peer, "", 0);
    ck_assert_int_eq(rig_close_code(peer), 1000);
    gw_buf_clear(&list);
    gw_core_room_list(r.core, &list);
    ck_assert_str_eq(gw_buf_cstr(&list), "[{\"id\":\"lobby\",\"participants\":0,\"connections\":0}]");
    gw_buf_deinit(&list);
    rig_deinit(&r);
}
END_TEST

START_TEST(core_limits_connections_rate_and_queue) {
    gw_core_config config;
    gw_core_config_default(&config);
    config.max_connections = 2;
    config.rate_messages = 10;
    config.max_queue_bytes = 4096;
    rig r;
    rig_init_config(&r, &config, NULL);
    rig_peer *one = rig_connect(&r, ""), *two = rig_connect(&r, "");
    ck_assert_int_eq(rig_connect(&r, "")->status, 503);
    for (int i = 0; i < 10; i++) rig_text(&r, one, RIG_BEAT);
    ck_assert(rig_is_open(one));
    rig_text(&r, one, RIG_BEAT);
    ck_assert_int_eq(rig_close_code(one), 4008);
    rig_wait_beating(&r, two, 3000, 200); /* 5 a second */
    ck_assert(rig_is_open(two));
    for (int i = 0; i < 100; i++) { /* a peer that never reads: nothing is taken from its queue */
        gw_buf ping;
        gw_buf_init(&ping, 256);
        rig_append_frame(&ping, 0x89, "0123456789012345678901234567890123456789012345678901234567890123456789", 70);
        gw_core_on_bytes(r.core, two->conn, gw_buf_span(&ping), r.now);
        gw_buf_deinit(&ping);
    }
    rig_bytes(&r, two, "", 0);
    ck_assert(two->reset);
    rig_deinit(&r);
}
END_TEST

START_TEST(core_stops_with_a_close_to_everybody) {
    rig r;
    rig_init(&r, NULL);
    rig_peer *polite = rig_connect(&r, ""), *silent = rig_connect(&r, ""), *half = rig_accept(&r);
    gw_core_stop(r.core, r.now);
    rig_bytes(&r, polite, "", 0);
    ck_assert_int_eq(rig_close_code(polite), 1001);
    ck_assert_int_eq(rig_close_code(silent), 1001);
    ck_assert_int_eq(half->fin_at, 0);
    rig_close(&r, polite, 1001);
    ck_assert_int_eq(polite->fin_at, 0);
    rig_eof(&r, polite);
    ck_assert_int_eq(polite->closed_at, 0);
    ck_assert_int_eq(rig_connect(&r, "")->status, 503);
    rig_wait(&r, 4001);
    ck_assert_int_eq(silent->fin_at, 2000 * GW_MS);
    ck_assert_int_eq(silent->closed_at, 4000 * GW_MS);
    ck_assert_uint_eq(gw_core_connection_count(r.core), 0);
    rig_deinit(&r);
}
END_TEST

/* A random session, as one text of all that the peers saw. */
static void play(uint64_t seed, gw_buf *log) {
    gw_core_config config;
    gw_core_config_default(&config);
    config.ask_min_ns = 50 * GW_MS;
    config.ask_max_ns = 900 * GW_MS;
    config.interval_ns = 200 * GW_MS;
    rig r;
    rig_init_config(&r, &config, NULL);
    gw_rng rng;
    gw_rng_init(&rng, seed);
    rig_peer *peers[8];
    for (size_t i = 0; i < 8; i++) peers[i] = rig_connect(&r, "");
    for (int step = 0; step < 200; step++) {
        rig_peer *peer = peers[gw_rng_below(&rng, 8)];
        switch (gw_rng_below(&rng, 6)) {
        case 0:
            rig_wait(&r, (int)gw_rng_below(&rng, 60));
            break;
        case 1:
            rig_text(&r, peer, RIG_ASK);
            break;
        case 2:
            rig_event(&r, "lobby", "room_update", "{\"maxParticipants\":3}");
            break;
        case 3:
            rig_answers_ping(&r, peer);
            break;
        default:
            rig_text(&r, peer, RIG_BEAT);
            break;
        }
    }
    for (size_t i = 0; i < 8; i++) {
        for (size_t f = 0; f < peers[i]->frame_count; f++) {
            if (peers[i]->frames[f].opcode == 10) continue; /* the nonces are the test's own */
            gw_buf_printf(log, "%lld %.*s\n", (long long)peers[i]->frames[f].at,
                          GW_SPAN_ARG(peers[i]->frames[f].payload));
        }
        gw_buf_printf(log, "%lld\n", (long long)peers[i]->fin_at);
    }
    rig_deinit(&r);
}

START_TEST(core_is_deterministic) {
    for (uint64_t seed = 0; seed < 20; seed++) {
        gw_buf one, two;
        gw_buf_init(&one, 1 << 20);
        gw_buf_init(&two, 1 << 20);
        play(seed, &one);
        play(seed, &two);
        ck_assert_uint_gt(one.len, 1000);
        ck_assert_str_eq(gw_buf_cstr(&one), gw_buf_cstr(&two));
        gw_buf_deinit(&one);
        gw_buf_deinit(&two);
    }
}
END_TEST

START_TEST(core_refuses_everybody_once_it_died) {
    gw_faults faults = {{0}};
    gw_faults_add(&faults, GW_FAULT_DIES_ON_BAD_JSON);
    rig r;
    rig_init(&r, &faults);
    rig_peer *one = rig_connect(&r, ""), *two = rig_connect(&r, "");
    rig_text(&r, one, "{");
    ck_assert_int_eq(gw_core_get_state(r.core), GW_CORE_DIED);
    ck_assert(one->reset && two->reset);
    ck_assert_ptr_null(rig_accept(&r)->conn);
    ck_assert_int_eq(gw_core_next_deadline(r.core), GW_NEVER);
    rig_deinit(&r);
}
END_TEST

GW_TEST_MAIN("server_core", 60, core_greets_and_beats_on_the_grid, core_times_out_exactly,
             core_counts_heartbeats_of_any_open_shape, core_closes_on_malformed_messages,
             core_asks_within_the_range_and_by_the_seed, core_routes_requests_to_rooms, core_kicks_and_closes_rooms,
             core_checks_events, core_fills_in_the_time_of_a_message, core_removes_rooms_and_empty_lobby_guests,
             core_limits_connections_rate_and_queue, core_stops_with_a_close_to_everybody, core_is_deterministic,
             core_refuses_everybody_once_it_died)
