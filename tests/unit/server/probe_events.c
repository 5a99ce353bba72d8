/* Probes of events 3 to 7. */
#include "probe.h"

#include <stdio.h>
#include <string.h>

/* The event `bytes` names, up to a blank, with the data behind it, reaches the client in exactly the expected words. */
static bool arrives(rig *r, const probe *p) {
    static const char *const names[] = {
        NULL, NULL, NULL, "message_create", "room_update", "participant_kick", "participant_change", "room_close"};
    rig_peer *peer = rig_connect(r, "");
    rig_event(r, "lobby", names[p->number], p->bytes);
    char expected[4096];
    int len = snprintf(expected, sizeof expected, "{\"e\":%d,\"d\":%s}", p->number, p->bytes);
    const rig_frame *frame = rig_find(peer, 1, 1);
    return frame && gw_span_equal(frame->payload, gw_span_make(expected, (size_t)len));
}

static bool long_content_arrives(rig *r, const probe *p) {
    (void)p;
    char data[3000];
    int at = snprintf(data, sizeof data, "{\"authorId\":\"a\",\"sentAt\":1,\"content\":\"");
    memset(data + at, 'x', 2000);
    memcpy(data + at + 2000, "\"}", 3);
    rig_peer *peer = rig_connect(r, "");
    rig_event(r, "lobby", "message_create", data);
    const rig_frame *frame = rig_find_text(peer, "{\"e\":3,");
    return frame && strstr((const char *)frame->payload.ptr, data) != NULL;
}

static bool kicked_is_told(rig *r, const probe *p) {
    (void)p;
    rig_room(r);
    rig_participant(r, "r1");
    rig_peer *peer = rig_connect(r, "?room=r1&participant=p1");
    rig_event(r, "r1", "participant_kick", "{\"userId\":\"p1\"}");
    return rig_count(peer, "{\"e\":5,") == 1 && rig_close_code(peer) == 1000;
}

/* Two participants, one of them twice, and a stranger in another room. */
static bool reaches_room_once(rig *r, const probe *p) {
    (void)p;
    rig_room(r);
    rig_participant(r, "r1");
    rig_participant(r, "r1");
    rig_peer *in[] = {rig_connect(r, "?room=r1&participant=p1"), rig_connect(r, "?room=r1&participant=p2"),
                      rig_connect(r, "?room=r1&participant=p1")};
    rig_peer *stranger = rig_connect(r, "");
    size_t delivered = rig_event(r, "r1", "room_update", "{\"chatLocked\":true}");
    for (size_t i = 0; i < 3; i++)
        if (rig_count(in[i], "{\"e\":4,\"d\":{\"chatLocked\":true}}") != 1) return false;
    return rig_count(stranger, "{\"e\":4,") == 0 && delivered == 3;
}

static bool relays_nothing(rig *r, const probe *p) {
    (void)p;
    rig_peer *listener = rig_connect(r, "");
    rig_text(r, rig_connect(r, ""), "{\"e\":3,\"d\":{\"authorId\":\"a\",\"content\":\"x\",\"sentAt\":1}}");
    return rig_count(listener, "{\"e\":3,") == 0;
}

static bool keeps_order(rig *r, const probe *p) {
    (void)p;
    rig_peer *peers[2] = {rig_connect(r, ""), rig_connect(r, "")};
    rig_event(r, "lobby", "room_update", "{\"maxParticipants\":1}");
    rig_event(r, "lobby", "room_update", "{\"maxParticipants\":2}");
    rig_wait(r, 200);
    for (size_t i = 0; i < 2; i++) {
        const rig_frame *first = rig_find_text(peers[i], "{\"e\":4,\"d\":{\"maxParticipants\":1}}");
        const rig_frame *second = rig_find_text(peers[i], "{\"e\":4,\"d\":{\"maxParticipants\":2}}");
        ck_assert_ptr_nonnull(first);
        ck_assert_ptr_nonnull(second);
        if (second < first) return false;
    }
    return true;
}

static bool kicked_is_dropped(rig *r, const probe *p) {
    (void)p;
    rig_room(r);
    rig_participant(r, "r1");
    rig_peer *peer = rig_connect(r, "?room=r1&participant=p1");
    rig_event(r, "r1", "participant_kick", "{\"userId\":\"p1\"}");
    return !rig_is_open(peer);
}

#define MESSAGE       "{\"authorId\":\"a\",\"content\":\"x\",\"sentAt\":1}"
#define CONTENT(text) "{\"authorId\":\"a\",\"content\":\"" text "\",\"sentAt\":1}"
#define EVENT(fault, event, data)                                                                                      \
    { GW_FAULT_##fault, arrives, RIG_BYTES(data), event }
#define UPDATE(fault) EVENT(fault, 4, "{\"roomLocked\":false,\"maxParticipants\":5}")
#define CALL(fault, how)                                                                                               \
    { GW_FAULT_##fault, how, NULL, 0, 0 }

const probe probe_events[] = {
    EVENT(MESSAGE_NO_TIME, 3, MESSAGE),
    EVENT(MESSAGE_TIME_STRING, 3, MESSAGE),
    EVENT(MESSAGE_AUTHOR_NUMBER, 3, MESSAGE),
    EVENT(MESSAGE_EXTRA_FIELD, 3, MESSAGE),
    EVENT(MESSAGE_UNICODE_CUT, 3, CONTENT("gr\xc3\xbc\xc3\x9f")),
    EVENT(MESSAGE_ESCAPED_TWICE, 3, CONTENT("a\\\\b\\n")),
    CALL(MESSAGE_LONG_CUT, long_content_arrives),
    EVENT(MESSAGE_EMPTY_LOST, 3, CONTENT("")),
    UPDATE(UPDATE_NULL_FIELDS),
    UPDATE(UPDATE_NUMBER_STRING),
    EVENT(KICK_WRONG_USER, 5, "{\"userId\":\"p9\"}"),
    CALL(KICK_NOT_TOLD, kicked_is_told),
    CALL(KICK_LEAVES_OPEN, kicked_is_dropped),
    EVENT(CHANGE_BOOLEAN_NUMBER, 6, "{\"userId\":\"p9\",\"admin\":true}"),
    EVENT(CHANGE_NO_USER, 6, "{\"userId\":\"p9\",\"admin\":true}"),
    EVENT(ROOM_CLOSE_DATA, 7, "{}"),
    EVENT(ROOM_CLOSE_SILENT, 7, "{}"),
    CALL(EVENT_TO_ONE, reaches_room_once),
    CALL(EVENT_TO_ALL_ROOMS, reaches_room_once),
    CALL(EVENT_TWICE, reaches_room_once),
    CALL(EVENT_ONCE_A_PARTICIPANT, reaches_room_once),
    CALL(RELAYS_CLIENT_EVENTS, relays_nothing),
    CALL(EVENTS_REORDERED, keeps_order),
    UPDATE(TEXT_IN_TEXT),
    UPDATE(ENVELOPE_TWICE),
    UPDATE(ID_STRING),
    UPDATE(ID_WRONG),
    UPDATE(TRAILING_COMMA),
    UPDATE(EVENT_BINARY),
};
const size_t probe_events_count = sizeof probe_events / sizeof probe_events[0];
