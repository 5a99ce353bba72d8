/*
 * One connection of the gateway: joins its room, beats, answers asks, and closes when the client falls silent.
 * Handshake, frames and closing are libwebsockets' own, deviations included.
 */
#include "gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_MESSAGE_BYTES (1024 * 1024)
#define MAX_QUEUED_BYTES  (16 * 1024 * 1024)

enum {
    CLOSE_BINARY = 1003,
    CLOSE_TOO_BIG = 1009,
    CLOSE_OVERLOADED = 1013,
    CLOSE_TIMED_OUT = 4000,
    CLOSE_UNKNOWN_EVENT = 4001,
    CLOSE_UNDECODABLE = 4002,
    CLOSE_FORBIDDEN_EVENT = 4003
};

typedef struct {
    lws_dll2_t node;
    size_t bytes;
    unsigned char text[]; /* LWS_PRE bytes of room, then the text */
} outgoing;

typedef struct {
    struct lws *wsi;
    peer_gateway *gateway;
    peer_seat seat;
    peer_room *wanted_room; /* only between the handshake's last two callbacks */
    peer_participant *wanted_participant;
    lws_sorted_usec_list_t beat, deadline;
    lws_usec_t next_beat_us, deadline_us; /* deadline_us: 0 once a late loop has put it off */
    lws_dll2_owner_t queue;
    size_t queued_bytes;
    int close_code; /* 0 while open; nothing is sent or heard once it is set */
    unsigned char *message;
    size_t message_bytes, message_capacity;
} connection;

const size_t peer_gateway_connection_bytes = sizeof(connection);

static void stop_timers(connection *c) {
    struct lws_context *context = lws_get_context(c->wsi);
    lws_sul_schedule(context, 0, &c->beat, NULL, LWS_SET_TIMER_USEC_CANCEL);
    lws_sul_schedule(context, 0, &c->deadline, NULL, LWS_SET_TIMER_USEC_CANCEL);
}

static void close_connection(connection *c, int code) {
    if (c->close_code) return;
    c->close_code = code;
    stop_timers(c);
    lws_callback_on_writable(c->wsi);
}

/* False when the connection is closing, or must now for want of room. */
static bool send_text(connection *c, const char *text, size_t bytes) {
    if (c->close_code) return false;
    outgoing *message = c->queued_bytes + bytes > MAX_QUEUED_BYTES ? NULL : malloc(sizeof *message + LWS_PRE + bytes);
    if (!message) {
        close_connection(c, CLOSE_OVERLOADED);
        return false;
    }
    memset(&message->node, 0, sizeof message->node);
    message->bytes = bytes;
    memcpy(message->text + LWS_PRE, text, bytes);
    lws_dll2_add_tail(&message->node, &c->queue);
    c->queued_bytes += bytes;
    lws_callback_on_writable(c->wsi);
    return true;
}

static bool send_seat(peer_seat *seat, const char *text, size_t bytes) {
    return send_text(lws_container_of(seat, connection, seat), text, bytes);
}

static bool is_seat_open(const peer_seat *seat) {
    return !lws_container_of(seat, connection, seat)->close_code;
}

static void close_seat(peer_seat *seat, int code) {
    close_connection(lws_container_of(seat, connection, seat), code);
}

peer_rooms_output peer_gateway_output(void) {
    return (peer_rooms_output){.send = send_seat, .is_open = is_seat_open, .close = close_seat};
}

static void send_heartbeat(connection *c) {
    static const char text[] = "{\"e\":1,\"d\":{}}";
    send_text(c, text, sizeof text - 1);
}

static void on_beat(lws_sorted_usec_list_t *sul) {
    connection *c = lws_container_of(sul, connection, beat);
    send_heartbeat(c);
    if (c->close_code) return;
    /* From beat to beat, not from now, so that lateness does not add up. */
    c->next_beat_us += (lws_usec_t)c->gateway->interval_ms * LWS_US_PER_MS;
    lws_usec_t wait_us = c->next_beat_us - lws_now_usecs();
    lws_sul_schedule(lws_get_context(c->wsi), 0, &c->beat, on_beat, wait_us > 0 ? wait_us : 1);
}

/* A loop that comes late has sent its own heartbeat late too: what answers that is read first, once. */
static void on_deadline(lws_sorted_usec_list_t *sul) {
    connection *c = lws_container_of(sul, connection, deadline);
    if (c->deadline_us && lws_now_usecs() > c->deadline_us + 2 * LWS_US_PER_MS) {
        c->deadline_us = 0;
        lws_sul_schedule(lws_get_context(c->wsi), 0, &c->deadline, on_deadline, 10 * LWS_US_PER_MS);
        return;
    }
    close_connection(c, CLOSE_TIMED_OUT);
}

static void expect_heartbeat(connection *c) {
    lws_usec_t interval_us = (lws_usec_t)c->gateway->interval_ms * LWS_US_PER_MS;
    lws_usec_t grace_us = interval_us / 40 > 25 * LWS_US_PER_MS ? interval_us / 40 : 25 * LWS_US_PER_MS;
    lws_sul_schedule(lws_get_context(c->wsi), 0, &c->deadline, on_deadline, interval_us + grace_us);
    c->deadline_us = lws_now_usecs() + interval_us + grace_us;
}

/* Finds what path and query name. False: refuse with 404. A participant of NULL stands for a fresh one. */
static bool find_seat(struct lws *wsi, const peer_gateway *gateway, peer_room **room, peer_participant **participant) {
    char value[PEER_ROOMS_ID_BYTES], *path = NULL;
    int path_bytes = 0;
    if (lws_http_get_uri_and_method(wsi, &path, &path_bytes) < 0) return false;
    if (path_bytes != sizeof PEER_GATEWAY_PATH - 1 || memcmp(path, PEER_GATEWAY_PATH, path_bytes)) return false;
    const char *room_id = lws_get_urlarg_by_name(wsi, "room=", value, sizeof value);
    *room = peer_rooms_find(&gateway->rooms, room_id ? room_id : PEER_ROOMS_DEFAULT_ROOM_ID);
    *participant = NULL;
    if (!*room) return false;
    const char *participant_id = lws_get_urlarg_by_name(wsi, "participant=", value, sizeof value);
    if (participant_id) *participant = peer_rooms_find_participant(*room, participant_id);
    return !participant_id || *participant;
}

static int open_connection(connection *c, struct lws *wsi, peer_gateway *gateway) {
    peer_room *room = c->wanted_room;
    peer_participant *participant = c->wanted_participant;
    memset(c, 0, sizeof *c);
    c->wsi = wsi;
    c->gateway = gateway;
    char hello[64];
    int bytes = snprintf(hello, sizeof hello, "{\"e\":0,\"d\":{\"heartbeatInterval\":%u}}", gateway->interval_ms);
    send_text(c, hello, (size_t)bytes);
    if (!peer_rooms_join(&gateway->rooms, &c->seat, room, participant)) return -1;
    c->next_beat_us = lws_now_usecs() + (lws_usec_t)gateway->interval_ms * LWS_US_PER_MS;
    lws_sul_schedule(lws_get_context(wsi), 0, &c->beat, on_beat, c->next_beat_us - lws_now_usecs());
    expect_heartbeat(c);
    return 0;
}

static void drop_head(connection *c) {
    outgoing *message = lws_container_of(c->queue.head, outgoing, node);
    c->queued_bytes -= message->bytes;
    lws_dll2_remove(&message->node);
    free(message);
}

static int write_next(connection *c) {
    if (c->queue.head) {
        outgoing *message = lws_container_of(c->queue.head, outgoing, node);
        int written = lws_write(c->wsi, message->text + LWS_PRE, message->bytes, LWS_WRITE_TEXT);
        if (written < (int)message->bytes) return -1;
        drop_head(c);
    }
    if (c->queue.head) {
        lws_callback_on_writable(c->wsi);
        return 0;
    }
    if (!c->close_code) return 0;
    lws_close_reason(c->wsi, (enum lws_close_status)c->close_code, NULL, 0);
    return -1;
}

/* What a message asks for: its event id, or the negated code to close with. */
static int judge(const unsigned char *text, size_t bytes) {
    /* The text is followed by a NUL, so that cJSON can see whether anything trails the value. */
    cJSON *message = cJSON_ParseWithLengthOpts((const char *)text, bytes + 1, NULL, 1);
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(message, "e");
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(message, "d");
    int verdict;
    if (!cJSON_IsObject(message) || !cJSON_IsNumber(id) || id->valuedouble != (double)id->valueint)
        verdict = -CLOSE_UNDECODABLE;
    else if (id->valueint < 0 || id->valueint > PEER_EVENT_LAST)
        verdict = -CLOSE_UNKNOWN_EVENT;
    else if (id->valueint != PEER_EVENT_HEARTBEAT && id->valueint != PEER_EVENT_HEARTBEAT_ACK)
        verdict = -CLOSE_FORBIDDEN_EVENT;
    else if (data && !cJSON_IsObject(data) && !cJSON_IsNull(data))
        verdict = -CLOSE_UNDECODABLE;
    else
        verdict = id->valueint;
    cJSON_Delete(message);
    return verdict;
}

/* Adds a piece to the message, with room for a closing NUL. False: too big or without memory. */
static bool gather(connection *c, const void *in, size_t bytes) {
    size_t needed = c->message_bytes + bytes + 1;
    if (needed > MAX_MESSAGE_BYTES + 1) return false;
    if (needed > c->message_capacity) {
        size_t capacity = needed < 512 ? 512 : needed * 2;
        unsigned char *grown = realloc(c->message, capacity);
        if (!grown) return false;
        c->message = grown;
        c->message_capacity = capacity;
    }
    if (bytes) memcpy(c->message + c->message_bytes, in, bytes);
    c->message_bytes += bytes;
    c->message[c->message_bytes] = 0;
    return true;
}

static void receive(connection *c, const void *in, size_t bytes) {
    if (c->close_code) return;
    if (lws_frame_is_binary(c->wsi)) {
        close_connection(c, CLOSE_BINARY);
        return;
    }
    if (lws_is_first_fragment(c->wsi)) c->message_bytes = 0;
    if (!gather(c, in, bytes)) {
        close_connection(c, CLOSE_TOO_BIG);
        return;
    }
    if (!lws_is_final_fragment(c->wsi)) return;
    int verdict = judge(c->message, c->message_bytes);
    c->message_bytes = 0;
    if (verdict < 0)
        close_connection(c, -verdict);
    else if (verdict == PEER_EVENT_HEARTBEAT)
        expect_heartbeat(c);
    else if (c->gateway->rooms.misbehave != PEER_MISBEHAVE_NO_ACK_ANSWER)
        send_heartbeat(c);
}

static void forget(connection *c) {
    stop_timers(c);
    peer_rooms_leave(&c->seat);
    while (c->queue.head) drop_head(c);
    free(c->message);
    c->message = NULL;
}

/* Answers 404 and tells libwebsockets that the transaction is over. */
static int refuse(struct lws *wsi) {
    return lws_return_http_status(wsi, HTTP_STATUS_NOT_FOUND, NULL) ? -1 : 1;
}

int peer_gateway_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t bytes) {
    connection *c = user;
    peer_gateway *gateway = lws_get_protocol(wsi) ? lws_get_protocol(wsi)->user : NULL;
    peer_room *room;
    peer_participant *participant;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return refuse(wsi) < 0 || lws_http_transaction_completed(wsi) ? -1 : 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return find_seat(wsi, gateway, &room, &participant) ? 0 : refuse(wsi);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return find_seat(wsi, gateway, &c->wanted_room, &c->wanted_participant) ? 0 : -1;
    case LWS_CALLBACK_ESTABLISHED:
        return open_connection(c, wsi, gateway);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return write_next(c);
    case LWS_CALLBACK_RECEIVE:
        receive(c, in, bytes);
        return 0;
    case LWS_CALLBACK_CLOSED:
        /* Comes for a failed handshake too, which never was established. */
        if (c && c->wsi) forget(c);
        return 0;
    default:
        return 0;
    }
}
