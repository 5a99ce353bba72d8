/* Probes of frames, Pings, fragments and UTF-8. Stimuli are written with a masking key of zero, so they can be read. */
#include "probe.h"

#include <string.h>

#define KEY0 "\0\0\0\0"

/* Somebody else in the room stays, and so does the server. */
static bool leaves_others(rig *r, const probe *p) {
    rig_peer *other = rig_connect(r, ""), *peer = rig_connect(r, "");
    bool continues = p->bytes[0] == 0;
    if (continues) rig_bytes(r, peer, RIG_BYTES("\x01\x80" KEY0));
    for (int i = 0; i < p->number; i++) rig_bytes(r, peer, p->bytes, p->len);
    rig_gone(r, peer);
    return rig_is_open(other) && rig_greets(r);
}

static bool sends_known_opcodes(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_event(r, "lobby", "room_update", "{}");
    return rig_find(peer, 11, 0) == NULL;
}

static bool sends_no_pong(rig *r, const probe *p) {
    (void)p;
    return rig_find(rig_connect(r, ""), 10, 0) == NULL;
}

/* These bytes fail the connection with this code, and no Pong comes behind. */
static bool fails(rig *r, const probe *p) {
    rig_peer *peer = rig_connect(r, "");
    rig_bytes(r, peer, p->bytes, p->len);
    bool closed = rig_close_code(peer) == p->number && peer->fin_at == r->now;
    return closed && !rig_answers_ping(r, peer);
}

/* After a first good message. */
static bool fails_later(rig *r, const probe *p) {
    rig_peer *peer = rig_connect(r, "");
    rig_text(r, peer, RIG_BEAT);
    rig_bytes(r, peer, p->bytes, p->len);
    return rig_close_code(peer) == p->number && !rig_answers_ping(r, peer);
}

/* These bytes bring a heartbeat at once: the ask in them is heard. */
static bool answers_ask(rig *r, const probe *p) {
    rig_peer *peer = rig_connect(r, "");
    rig_bytes(r, peer, p->bytes, p->len);
    return rig_is_open(peer) && rig_count(peer, "{\"e\":1,") == 1;
}

static bool answers_ask_bytewise(rig *r, const probe *p) {
    rig_peer *peer = rig_connect(r, "");
    for (size_t i = 0; i < p->len; i++) rig_bytes(r, peer, p->bytes + i, 1);
    return rig_is_open(peer) && rig_count(peer, "{\"e\":1,") == 1;
}

static bool takes_lengths(rig *r, const probe *p) {
    static char text[70000];
    rig_peer *peer = rig_connect(r, "");
    memset(text, ' ', sizeof text);
    memcpy(text, RIG_ASK, sizeof RIG_ASK - 1);
    rig_send(r, peer, 0x81, text, (size_t)p->number);
    return rig_is_open(peer) && rig_count(peer, "{\"e\":1,") == 1;
}

static bool pongs(rig *r, const probe *p) {
    rig_peer *peer = rig_connect(r, "");
    rig_send(r, peer, 0x89, p->bytes, p->len);
    const rig_frame *pong = rig_find(peer, 10, 0);
    return pong && (pong->first & 0x80) && gw_span_equal(pong->payload, gw_span_make(p->bytes, p->len));
}

static bool pongs_each_in_order(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_bytes(r, peer, RIG_BYTES("\x89\x81" KEY0 "a\x89\x81" KEY0 "b\x89\x81" KEY0 "c"));
    for (size_t i = 0; i < 3; i++) {
        const rig_frame *pong = rig_find(peer, 10, i);
        if (!pong || pong->payload.len != 1 || pong->payload.ptr[0] != 'a' + i) return false;
    }
    return true;
}

static bool keeps_silent_on_pong(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_send(r, peer, 0x8a, "x", 1);
    return rig_find(peer, 10, 0) == NULL;
}

static bool pongs_early_ping(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_accept(r);
    rig_bytes(r, peer, RIG_BYTES(RIG_REQUEST "\x89\x81" KEY0 "a"));
    return rig_find(peer, 10, 0) != NULL;
}

static bool pongs_inside_message(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_bytes(r, peer, RIG_BYTES("\x01\x81" KEY0 "{"));
    return rig_answers_ping(r, peer);
}

static bool waits_for_fragments(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_bytes(r, peer, RIG_BYTES("\x01\x85" KEY0 "{\"e\":"));
    rig_wait(r, 800);
    rig_bytes(r, peer, RIG_BYTES("\x80\x89" KEY0 "2,\"d\":{}}"));
    return rig_count(peer, "{\"e\":1,") == 1;
}

static bool times_out_in_message(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_bytes(r, peer, RIG_BYTES("\x01\x81" KEY0 "{"));
    rig_wait(r, 5000);
    return rig_close_code(peer) == 4000;
}

static bool survives_fragments(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_bytes(r, peer, RIG_BYTES("\x01\x80" KEY0));
    for (int i = 0; i < 2000; i++) rig_bytes(r, peer, RIG_BYTES("\x00\x80" KEY0));
    return rig_greets(r);
}

/* ---- what the server sends ---- */

static bool never_masks(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    return !(rig_find(peer, 1, 0)->second & 0x80);
}

static bool lengths_minimal(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    return (rig_find(peer, 1, 0)->second & 0x7f) < 126;
}

static rig_peer *hear_message(rig *r) {
    rig_peer *peer = rig_connect(r, "");
    rig_event(r, "lobby", "message_create", "{\"authorId\":\"a\",\"content\":\"gr\xc3\xbc\xc3\x9f\"}");
    return peer;
}

static bool sends_utf8(rig *r, const probe *p) {
    (void)p;
    const rig_frame *frame = rig_find_text(hear_message(r), "{\"e\":3,");
    return frame && strstr((const char *)frame->payload.ptr, "gr\xc3\xbc\xc3\x9f") != NULL;
}

static bool continues_nothing(rig *r, const probe *p) {
    (void)p;
    return rig_find(hear_message(r), 0, 0) == NULL;
}

static bool sends_no_rsv(rig *r, const probe *p) {
    (void)p;
    return !(rig_find_text(hear_message(r), "{\"e\":3,")->first & 0x70);
}

#define SEND(fault, how, bytes, number)                                                                                \
    { GW_FAULT_##fault, how, RIG_BYTES(bytes), number }
#define CALL(fault, how)                                                                                               \
    { GW_FAULT_##fault, how, NULL, 0, 0 }

const probe probe_frame[] = {
    CALL(MASKS_FRAMES, never_masks),
    {GW_FAULT_REFUSES_126, takes_lengths, NULL, 0, 126},
    {GW_FAULT_REFUSES_LONG_FORM, takes_lengths, NULL, 0, 65536},
    SEND(SPLIT_FRAMES_LOST, answers_ask_bytewise, "\x81\x8e" KEY0 RIG_ASK, 0),
    SEND(MASK_RESTARTS, answers_ask_bytewise, /* RIG_ASK under the key 01 02 03 04 */
         "\x81\x8e\x01\x02\x03\x04\x7a\x20\x66\x26\x3b\x30\x2f\x26\x65\x20\x39\x7f\x7c\x7f", 0),
    SEND(SPLIT_HEADER_FAILS, answers_ask_bytewise, "\x81\x8e" KEY0 RIG_ASK, 0),
    SEND(ACCEPTS_LONG_16, fails, "\x81\xfe\x00\x0e" KEY0 RIG_ASK, 1002),
    SEND(ACCEPTS_LONG_64, fails, "\x81\xff\0\0\0\0\0\0\0\x0e" KEY0 RIG_ASK, 1002),
    SEND(ACCEPTS_TOP_BIT, fails, "\x81\xff\x80\0\0\0\0\0\0\x0e" KEY0 RIG_ASK, 1002),
    SEND(HUGE_LENGTH_WAITS, fails, "\x81\xff\0\0\x01\0\0\0\0\0" KEY0, 1009),
    SEND(ACCEPTS_UNMASKED_DATA, fails, "\x81\x0e" RIG_BEAT, 1002),
    SEND(ACCEPTS_UNMASKED_CONTROL, fails, "\x89\x01x", 1002),
    SEND(REFUSES_ZERO_MASK, answers_ask, "\x81\x8e" KEY0 RIG_ASK, 0),
    SEND(ACCEPTS_RSV1, fails, "\xc1\x8e" KEY0 RIG_BEAT, 1002),
    SEND(ACCEPTS_RSV2, fails, "\xa1\x8e" KEY0 RIG_BEAT, 1002),
    SEND(ACCEPTS_RSV3, fails, "\x91\x8e" KEY0 RIG_BEAT, 1002),
    SEND(ACCEPTS_RSV_ALL, fails, "\xf1\x8e" KEY0 RIG_BEAT, 1002),
    SEND(ACCEPTS_RSV_PING, fails, "\xc9\x80" KEY0, 1002),
    SEND(ACCEPTS_RSV_CLOSE, fails, "\xc8\x80" KEY0, 1002),
    SEND(ACCEPTS_RSV_CONTINUATION, fails, "\x01\x81" KEY0 "{\xc0\x80" KEY0, 1002),
    SEND(ACCEPTS_RESERVED_DATA, fails, "\x83\x80" KEY0, 1002),
    SEND(ACCEPTS_RESERVED_CONTROL, fails, "\x8b\x80" KEY0, 1002),
    SEND(ACCEPTS_RESERVED_LATER, fails_later, "\x87\x81" KEY0 "x", 1002),
    {GW_FAULT_REFUSES_125, takes_lengths, NULL, 0, 125},
    {GW_FAULT_REFUSES_127, takes_lengths, NULL, 0, 127},
    {GW_FAULT_REFUSES_128, takes_lengths, NULL, 0, 128},
    {GW_FAULT_REFUSES_65535, takes_lengths, NULL, 0, 65535},
    CALL(SENDS_RESERVED_OPCODE, sends_known_opcodes),
    CALL(PONG_UNASKED, sends_no_pong),
    CALL(PONGS_FIRST_ONLY, pongs_each_in_order),
    SEND(PING_FLOOD_TO_ROOM, leaves_others, "\x89\x80" KEY0, 4001),
    SEND(FRAGMENTS_TO_ROOM, leaves_others, "\x00\x80" KEY0, 1001),
    SEND(HALF_FRAME_TO_ROOM, leaves_others, "\x81\x8e\0", 1),
    SEND(REFUSES_NON_ASCII, answers_ask, "\x81\x97" KEY0 "{\"e\":2,\"d\":{},\"x\":\"\xc3\xa4\"}", 0),
    SEND(IGNORES_EMPTY_PING, pongs, "", 0),
    SEND(IGNORES_PINGS, pongs, "hello", 0),
    SEND(PONG_EMPTY, pongs, "hello", 0),
    SEND(PONG_TEXT_ONLY, pongs, "a\0b", 0),
    SEND(ACCEPTS_LONG_PING, fails,
         "\x89\xfe\x00\x7e" KEY0
         "012345678901234567890123456789012345678901234567890123456789012345678901234567890123456"
         "789012345678901234567890123456789012345",
         1002),
    CALL(PONG_FOR_PONG, keeps_silent_on_pong),
    CALL(PONGS_LAST_ONLY, pongs_each_in_order),
    CALL(PONGS_REVERSED, pongs_each_in_order),
    CALL(EARLY_PING_IGNORED, pongs_early_ping),
    SEND(REFUSES_FRAGMENTS, answers_ask, "\x01\x85" KEY0 "{\"e\":\x80\x89" KEY0 "2,\"d\":{}}", 0),
    SEND(REFUSES_EMPTY_FRAGMENTS, answers_ask, "\x01\x8e" KEY0 RIG_ASK "\x80\x80" KEY0, 0),
    CALL(PING_IN_FRAGMENTS_LATE, pongs_inside_message),
    CALL(SLOW_FRAGMENTS_DROPPED, waits_for_fragments),
    SEND(ACCEPTS_FRAGMENTED_PING, fails, "\x09\x80" KEY0, 1002),
    SEND(ACCEPTS_FRAGMENTED_PONG, fails, "\x0a\x80" KEY0, 1002),
    SEND(ACCEPTS_FRAGMENTED_CLOSE, fails, "\x08\x82" KEY0 "\x03\xe8", 1002),
    SEND(ACCEPTS_ORPHAN, fails, "\x80\x81" KEY0 "x", 1002),
    SEND(ACCEPTS_TEXT_IN_FRAGMENTS, fails, "\x01\x81" KEY0 "{\x81\x8e" KEY0 RIG_BEAT, 1002),
    CALL(UNFINISHED_STOPS_TIMEOUT, times_out_in_message),
    CALL(MANY_FRAGMENTS_HANG, survives_fragments),
    SEND(UTF8_PER_FRAGMENT, answers_ask, "\x01\x94" KEY0 "{\"e\":2,\"d\":{},\"x\":\"\xc3\x80\x83" KEY0 "\xa4\"}", 0),
    SEND(ACCEPTS_BAD_UTF8, fails, "\x81\x81" KEY0 "\xff", 1007),
    SEND(UTF8_LATE, fails, "\x01\x81" KEY0 "\xff", 1007),
    SEND(ACCEPTS_SURROGATES, fails, "\x81\x83" KEY0 "\xed\xa0\x80", 1007),
    SEND(ACCEPTS_OVERLONG, fails, "\x81\x82" KEY0 "\xc0\xaf", 1007),
    SEND(ACCEPTS_BEYOND_UNICODE, fails, "\x81\x84" KEY0 "\xf4\x90\x80\x80", 1007),
    SEND(ACCEPTS_TRUNCATED_UTF8, fails, "\x81\x82" KEY0 "\xe2\x82", 1007),
    SEND(REFUSES_NONCHARACTERS, answers_ask, "\x81\x98" KEY0 "{\"e\":2,\"d\":{},\"x\":\"\xef\xbf\xbe\"}", 0),
    SEND(BINARY_AS_TEXT, fails, "\x82\x81" KEY0 "\xff", 1003),
    CALL(SENDS_LONG_LENGTHS, lengths_minimal),
    CALL(SENDS_BAD_UTF8, sends_utf8),
    CALL(SENDS_ORPHAN, continues_nothing),
    SEND(SENDS_FRAGMENTED_PONG, pongs, "x", 0),
    CALL(SENDS_RSV1, sends_no_rsv),
};
const size_t probe_frame_count = sizeof probe_frame / sizeof probe_frame[0];
