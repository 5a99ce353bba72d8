/* Judges one connection of a session: the server's direction, its times and its end. */
#include "watch_internal.h"

#include <string.h>

enum { TIMEOUT_CODE = 4000 };

static bool judged_by_time(const gw_watch *watch) {
    return watch->guilt == GW_WATCH_CLEAN && !watch->untimed;
}

/* ---- Handshake ---- */

static void on_head(gw_watch *watch) {
    const gw_head *request = &watch->client.head, *head = &watch->server.head;
    GW_FUZZ_CHECK(head->flags == 0, "the answer is malformed: %x", head->flags);
    GW_FUZZ_CHECK(head->status == 101 || (head->status >= 400 && head->status < 600), "status %u", head->status);
    if (head->status != 101) {
        watch->refused = true;
        return;
    }
    watch->upgraded = true;
    GW_FUZZ_CHECK(request->state == GW_HEAD_DONE, "upgraded before the request ended");
    gw_handshake_facts asked = gw_handshake_read_request(request);
    gw_handshake_facts got = gw_handshake_read_response(head, asked.key);
    GW_FUZZ_CHECK(got.http_1_1 && got.upgrade_exact && got.connection_upgrade && got.accepts == 1 && got.accept_matches,
                  "the 101 is wrong");
    GW_FUZZ_CHECK(got.protocols == 0 && got.extensions == 0, "it chose what was not offered");
    GW_FUZZ_CHECK(asked.is_get && asked.http_1_1 && asked.hosts == 1 && asked.keys == 1 && asked.key_bytes == 16 &&
                      asked.versions == 1 && asked.version_13 && asked.upgrade_websocket && asked.connection_upgrade,
                  "a request was upgraded that is not valid");
}

/* ---- Messages ---- */

static void on_beat(gw_watch *watch, gw_ns now) {
    if (now == watch->next_beat_at) {
        watch->next_beat_at += watch->interval;
        return;
    }
    if (!judged_by_time(watch)) return;
    GW_FUZZ_CHECK(watch->ask_at == now && watch->asks > 0, "a heartbeat at %lld ns, due at %lld ns", (long long)now,
                  (long long)watch->next_beat_at);
    watch->asks--;
}

static void on_hello(gw_watch *watch, gw_ns interval, gw_ns now) {
    GW_FUZZ_CHECK(watch->hello_at == GW_NEVER, "hello twice");
    GW_FUZZ_CHECK(interval == watch->interval, "hello announces %lld ns", (long long)interval);
    watch->hello_at = watch->beat_at = now;
    watch->next_beat_at = now + watch->interval;
    gw_watch_tell(watch, (gw_heartbeat_input){.kind = GW_HEARTBEAT_HELLO_IN, .at = now, .interval = interval});
}

static void on_text(gw_watch *watch, gw_ns now) {
    const gw_protocol *protocol = gw_fuzz_protocol();
    gw_watch_packet packet = gw_watch_read_packet(gw_buf_span(&watch->server.payload), GW_ROLE_SERVER, now);
    bool hello = packet.event == protocol->heartbeat.hello;
    GW_FUZZ_CHECK(watch->hello_at != GW_NEVER || hello, "hello is not first");
    if (hello) {
        on_hello(watch, packet.interval, now);
        return;
    }
    gw_watch_tell(watch, (gw_heartbeat_input){.kind = gw_heartbeat_classify(protocol, packet.event, true), .at = now});
    if (packet.event == protocol->heartbeat.answer) on_beat(watch, now);
}

static void on_close(gw_watch *watch, gw_ns now) {
    gw_close close = gw_close_parse(gw_message_control_span(&watch->server.message));
    GW_FUZZ_CHECK(close.payload_len != 1 && close.reason_is_utf8, "a malformed Close");
    /* An echo repeats whatever code the client was free to send (section 5.5.1). */
    bool echo = watch->guilt == GW_WATCH_CLOSED && close.code == watch->client_code;
    GW_FUZZ_CHECK(!close.has_code || echo || gw_close_code_is_sendable(close.code, true), "Close with %u", close.code);
    watch->server_closed = true;
    if (!judged_by_time(watch)) return;
    GW_FUZZ_CHECK(close.code == TIMEOUT_CODE, "a client that did nothing wrong is closed with %u", close.code);
    GW_FUZZ_CHECK(now == watch->beat_at + watch->interval + watch->grace, "timeout %lld ns after the last heartbeat",
                  (long long)(now - watch->beat_at));
    gw_watch_tell(watch,
                  (gw_heartbeat_input){.kind = GW_HEARTBEAT_DROP_IN, .at = now, .by_close = true, .code = close.code});
}

static void on_control(gw_watch *watch, gw_ns now) {
    switch (watch->server.message.control_opcode) {
    case GW_FRAME_CLOSE:
        on_close(watch, now);
        break;
    case GW_FRAME_PONG:
        GW_FUZZ_CHECK(watch->pongs_due > 0 || watch->guilt != GW_WATCH_CLEAN, "a pong that nothing asked for");
        if (watch->pongs_due > 0) watch->pongs_due--;
        break;
    default:
        break;
    }
}

static void on_frames(gw_watch *watch, uint8_t *bytes, size_t len, gw_ns now) {
    gw_watch_side *side = &watch->server;
    for (size_t at = 0;;) {
        gw_frame_event event = gw_frame_decoder_next(&side->decoder, bytes + at, len - at);
        gw_message_event got = gw_message_take(&side->message, &side->decoder, &event);
        if (event.kind == GW_FRAME_HEADER) {
            GW_FUZZ_CHECK(!watch->server_closed, "a frame after Close");
            GW_FUZZ_CHECK((side->message.frame_flags & ~(unsigned)GW_MESSAGE_UNMASKED) == 0, "frame facts %x",
                          side->message.frame_flags);
        }
        if (event.kind == GW_FRAME_NEED_MORE || event.kind == GW_FRAME_STOPPED) return;
        if (got == GW_MESSAGE_CONTROL) on_control(watch, now);
        if (got == GW_MESSAGE_DATA) {
            GW_FUZZ_CHECK(side->message.opcode == GW_FRAME_TEXT && side->message.flags == GW_MESSAGE_UNMASKED,
                          "message facts %x", side->message.flags);
            on_text(watch, now);
        }
        at += event.consumed;
    }
}

void gw_watch_server_bytes(gw_watch *watch, gw_span bytes, gw_ns now) {
    static uint8_t copy[GW_WATCH_MAX_PIECE];
    gw_watch_side *side = &watch->server;
    if (bytes.len == 0) return;
    GW_FUZZ_CHECK(!watch->ended, "%zu bytes after the end", bytes.len);
    if (side->head.state == GW_HEAD_NEED_MORE) {
        size_t before = side->head_bytes.len;
        GW_FUZZ_CHECK(gw_buf_append_span(&side->head_bytes, bytes) == GW_OK, "the answer has no room");
        if (gw_head_feed(&side->head, gw_buf_span(&side->head_bytes)) != GW_HEAD_DONE) return;
        on_head(watch);
        bytes = gw_span_from(bytes, side->head.length - before);
    }
    while (bytes.len && watch->upgraded) {
        size_t n = bytes.len < sizeof copy ? bytes.len : sizeof copy;
        memcpy(copy, bytes.ptr, n);
        on_frames(watch, copy, n, now);
        bytes = gw_span_from(bytes, n);
    }
}

/* ---- Ends and deadlines ---- */

void gw_watch_end(gw_watch *watch, gw_ns now) {
    (void)now;
    if (watch->ended) return;
    watch->ended = true;
    if (watch->upgraded && judged_by_time(watch))
        GW_FUZZ_CHECK(watch->server_closed, "the server drops a client that did nothing wrong");
}

void gw_watch_settle(gw_watch *watch, gw_ns now) {
    bool over = watch->server_closed || watch->ended;
    if (!watch->upgraded || over || watch->untimed) return;
    GW_FUZZ_CHECK(watch->guilt != GW_WATCH_FATAL, "the connection goes on after what fails it");
    GW_FUZZ_CHECK(watch->hello_at != GW_NEVER, "no hello behind the 101");
    GW_FUZZ_CHECK(now < watch->next_beat_at || watch->guilt == GW_WATCH_CLOSED, "the heartbeat of %lld ns is missing",
                  (long long)watch->next_beat_at);
    if (watch->guilt != GW_WATCH_CLEAN) return;
    GW_FUZZ_CHECK(now < watch->beat_at + watch->interval + watch->grace, "a silent client is not dropped");
    GW_FUZZ_CHECK(watch->pongs_due == 0, "%u pings are not answered", watch->pongs_due);
    GW_FUZZ_CHECK(watch->ask_at != now || watch->asks == 0, "a question is not answered at once");
    gw_watch_tell(watch, (gw_heartbeat_input){.kind = GW_HEARTBEAT_TICK, .at = now});
}
