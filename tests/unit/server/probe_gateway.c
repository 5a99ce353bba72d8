/* Probes of hello, heartbeats and what a server must survive. */
#include "probe.h"

#include <string.h>

enum { I = RIG_INTERVAL_MS, GRACE = 25 };

static bool hello_at_once(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    return peer->frame_count == 1 && rig_count(peer, "{\"e\":0,") == 1;
}

static bool hello_in_seconds(rig *r, const probe *p) {
    rig_peer *peer = rig_connect(r, "");
    rig_wait(r, p->number);
    return rig_count(peer, "{\"e\":0,") == 1;
}

/* Late, but it comes: the fault is about the delay alone. */
static bool hello_only_late(rig *r, const probe *p) {
    rig_peer *peer = rig_connect(r, "");
    bool early = rig_count(peer, "{\"e\":0,") == 1;
    rig_wait(r, p->number);
    ck_assert_uint_eq(rig_count(peer, "{\"e\":0,"), 1);
    return early;
}

static bool hello_once(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_wait_beating(r, peer, 3 * I, I / 2);
    return rig_count(peer, "{\"e\":0,") == 1;
}

static bool interval_named(rig *r, const probe *p) {
    (void)p;
    return rig_count(rig_connect(r, ""), "{\"e\":0,\"d\":{\"heartbeatInterval\":1000}}") == 1;
}

/* Exactly one heartbeat at each I. */
static bool beats_each_interval(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    for (int i = 1; i <= 5; i++) {
        rig_wait_beating(r, peer, I, I / 2);
        if (rig_count(peer, "{\"e\":1,") != (size_t)i) return false;
    }
    return true;
}

static bool beats_with_empty_data(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_wait(r, I);
    return rig_count(peer, RIG_BEAT) == 1;
}

static bool drops_silent(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_wait(r, 10 * I);
    return rig_close_code(peer) == 4000 && peer->fin_at == (I + GRACE) * GW_MS;
}

/* Not at once, but still: what the fault delays. */
static bool drops_at(rig *r, const probe *p) {
    bool right = true;
    rig_peer *peer = rig_connect(r, "");
    rig_wait(r, 10 * I);
    if (peer->fin_at != (I + GRACE) * GW_MS) {
        ck_assert_int_eq(peer->fin_at, p->number * GW_MS);
        right = false;
    }
    return right;
}

static bool drops_who_stops(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_wait_beating(r, peer, I, I / 2);
    rig_wait(r, 10 * I);
    return peer->fin_at == (2 * I + GRACE) * GW_MS;
}

/* This text, sent each I / 2, is no heartbeat. */
static bool does_not_count(rig *r, const probe *p) {
    rig_peer *peer = rig_connect(r, "");
    for (int i = 0; i < 8; i++) {
        rig_wait(r, I / 2);
        rig_send(r, peer, (uint8_t)p->number, p->bytes, p->len);
    }
    return peer->fin_at <= (I + GRACE) * GW_MS;
}

static bool keeps_who_beats(rig *r, const probe *p) {
    rig_peer *peer = rig_connect(r, "");
    rig_wait_beating(r, peer, 5 * I, p->number);
    return rig_is_open(peer);
}

static bool keeps_who_bursts(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    for (int i = 0; i < 20; i++) rig_text(r, peer, RIG_BEAT);
    return rig_is_open(peer);
}

static bool asks_with_empty_data(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_event(r, "lobby", "heartbeat_ack", "{}");
    return rig_count(peer, RIG_ASK) == 1;
}

static bool answers_ask(rig *r, const probe *p) {
    rig_peer *peer = rig_connect(r, "");
    rig_wait(r, 10);
    rig_text(r, peer, RIG_ASK);
    bool at_once = rig_count(peer, RIG_BEAT) == 1;
    if (!at_once && p->number) {
        size_t beats = 0;
        for (int ms = 0; ms < p->number && beats == 0; ms += 250) {
            rig_wait_beating(r, peer, 250, 250);
            beats = rig_count(peer, RIG_BEAT);
        }
        ck_assert_uint_ge(beats, 1);
    }
    return at_once;
}

/* ---- survival ---- */

/* After this message somebody new is greeted, and a neighbour in the room is undisturbed. */
static bool survives(rig *r, const probe *p) {
    rig_peer *neighbour = rig_connect(r, "");
    rig_peer *peer = rig_connect(r, "");
    rig_send(r, peer, (uint8_t)p->number, p->bytes, p->len);
    return rig_greets(r) && rig_is_open(neighbour) && rig_answers_ping(r, neighbour);
}

static bool survives_depth(rig *r, const probe *p) {
    (void)p;
    char text[1200];
    memset(text, '[', sizeof text);
    rig_send(r, rig_connect(r, ""), 0x81, text, sizeof text);
    return rig_greets(r);
}

static bool survives_size(rig *r, const probe *p) {
    (void)p;
    static char text[200001] = "{\"e\":1,\"d\":{}}";
    size_t len = strlen(text);
    memset(text + len, ' ', sizeof text - len);
    rig_send(r, rig_connect(r, ""), 0x81, text, sizeof text);
    text[len] = 0;
    return rig_greets(r);
}

static bool survives_number(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    for (int i = 0; i < 1000; i++) rig_text(r, peer, RIG_BEAT);
    return rig_greets(r);
}

static bool refuses_binary(rig *r, const probe *p) {
    rig_peer *peer = rig_connect(r, "");
    rig_send(r, peer, (uint8_t)p->number, p->bytes, p->len);
    return rig_close_code(peer) == 1003;
}

static bool forgets_lost_connections(rig *r, const probe *p) {
    (void)p;
    for (int i = 0; i < 20; i++) rig_gone(r, rig_connect(r, ""));
    return gw_core_connection_count(r->core) == 0 && rig_greets(r);
}

static bool keeps_who_leaves_asks(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_event(r, "lobby", "heartbeat_ack", "{}");
    rig_wait_beating(r, peer, 3000, 900);
    return rig_is_open(peer);
}

#define CALL(fault, how, number)                                                                                       \
    { GW_FAULT_##fault, how, NULL, 0, number }
#define TEXT(fault, how, text, opcode)                                                                                 \
    { GW_FAULT_##fault, how, RIG_BYTES(text), opcode }

const probe probe_gateway[] = {
    CALL(HELLO_SLOW, hello_only_late, 2000),
    CALL(HELLO_LATE, hello_only_late, 7000),
    CALL(HELLO_NEVER, hello_in_seconds, 900),
    CALL(HELLO_ON_DEMAND, hello_in_seconds, 900),
    CALL(HELLO_AFTER_HEARTBEAT, hello_at_once, 0),
    CALL(HELLO_TWICE, hello_once, 0),
    CALL(INTERVAL_STRING, interval_named, 0),
    CALL(INTERVAL_NULL, interval_named, 0),
    CALL(INTERVAL_ZERO, interval_named, 0),
    CALL(INTERVAL_NEGATIVE, interval_named, 0),
    CALL(INTERVAL_MISSING, interval_named, 0),
    CALL(INTERVAL_FRACTIONAL, interval_named, 0),
    CALL(INTERVAL_HUGE, interval_named, 0),
    CALL(HEARTBEAT_NEVER, beats_each_interval, 0),
    CALL(HEARTBEAT_LATE, beats_each_interval, 0),
    CALL(HEARTBEAT_STORM, beats_each_interval, 0),
    CALL(HEARTBEAT_ONCE, beats_each_interval, 0),
    CALL(HEARTBEAT_SKIPS, beats_each_interval, 0),
    CALL(TIMEOUT_NEVER, drops_silent, 0),
    CALL(TIMEOUT_EARLY, drops_at, 600),
    CALL(TIMEOUT_SLOW, drops_at, 1600),
    CALL(TIMEOUT_LATE, drops_at, 3000),
    CALL(TIMEOUT_ONLY_FIRST, drops_who_stops, 0),
    TEXT(COUNTS_PINGS, does_not_count, "x", 0x89),
    TEXT(COUNTS_ASKS, does_not_count, RIG_ASK, 0x81),
    TEXT(COUNTS_UNKNOWN, does_not_count, "{\"e\":99,\"d\":{}}", 0x81),
    TEXT(COUNTS_STRING_ID, does_not_count, "{\"e\":\"1\",\"d\":{}}", 0x81),
    TEXT(COUNTS_ANYTHING, does_not_count, "nope", 0x82),
    CALL(COUNTS_FIRST_ONLY, keeps_who_beats, 500),
    CALL(EARLY_HEARTBEAT_CLOSES, keeps_who_beats, 200),
    CALL(BURST_CLOSES, keeps_who_bursts, 0),
    CALL(HEARTBEAT_WITH_DATA, beats_with_empty_data, 0),
    CALL(HEARTBEAT_NULL_DATA, beats_with_empty_data, 0),
    CALL(ASK_WITH_DATA, asks_with_empty_data, 0),
    CALL(ASK_IGNORED, answers_ask, 0),
    CALL(UNANSWERED_ASK_DROPS, keeps_who_leaves_asks, 0),
    CALL(ASK_SLOW, answers_ask, 500),
    CALL(ASK_LATE, answers_ask, 2250),
    CALL(ASK_ECHOED, answers_ask, 0),
    TEXT(DIES_ON_BAD_JSON, survives, "{\"e\":1,", 0x81),
    CALL(DIES_ON_DEEP_JSON, survives_depth, 0),
    TEXT(DIES_ON_BINARY, survives, "\x01", 0x82),
    TEXT(DIES_ON_NULL, survives, "null", 0x81),
    TEXT(DIES_ON_NO_ID, survives, "{}", 0x81),
    TEXT(DIES_ON_BIG_ID, survives, "{\"e\":9007199254740992}", 0x81),
    TEXT(DIES_ON_ODD_ID, survives, "{\"e\":1.0,\"d\":{}}", 0x81),
    TEXT(DIES_ON_UNKNOWN_ID, survives, "{\"e\":8,\"d\":{}}", 0x81),
    TEXT(DIES_ON_ODD_DATA, survives, "{\"e\":1}", 0x81),
    TEXT(DIES_ON_MEMBERS, survives, "{\"e\":1,\"d\":{},\"x\":0}", 0x81),
    TEXT(DIES_ON_WHITE_SPACE, survives, "{\"e\": 1,\"d\":{}}", 0x81),
    TEXT(DIES_ON_ESCAPES, survives, "{\"e\":1,\"d\":{\"\\u0000\":0}}", 0x81),
    CALL(DIES_ON_BIG_MESSAGE, survives_size, 0),
    CALL(DIES_ON_MANY_MESSAGES, survives_number, 0),
    TEXT(BINARY_IGNORED, refuses_binary, "\x01", 0x82),
    TEXT(DIES_ON_RESERVED, survives, "", 0x83),
    TEXT(HANGS_ON_BAD_JSON, survives, "nope", 0x81),
    TEXT(BAD_JSON_TO_ROOM, survives, "nope", 0x81),
    TEXT(BAD_FRAME_STOPS_ACCEPT, survives, "", 0x83),
    CALL(LEAKS_CONNECTIONS, forgets_lost_connections, 0),
};
const size_t probe_gateway_count = sizeof probe_gateway / sizeof probe_gateway[0];
