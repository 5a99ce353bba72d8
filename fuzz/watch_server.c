/* Judges one connection of a session: the server's direction, its times and its end. */
#include "watch_internal.h"

#include <string.h>

enum { TIMEOUT_CODE = 4000, REQUEST_BYTES = 16384 };
static const gw_ns OPENING_TIMEOUT = 10 * GW_S, CLOSE_TIMEOUT = 2 * GW_S; /* those of gw_core_config_default */

static bool judged_by_time(const gw_watch *watch) {
    return watch->guilt == GW_WATCH_CLEAN && !watch->untimed;
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
    gw_watch_tell(watch, (gw_heartbeat_input){
                             .kind = gw_heartbeat_classify(protocol, packet.event, true, GW_ROLE_SERVER), .at = now});
    bool own = packet.event == protocol->heartbeat.answer || packet.event == protocol->heartbeat.ask;
    if (watch->room != GW_WATCH_ELSEWHERE && !watch->untimed && !own)
        GW_FUZZ_CHECK(gw_watch_pop(&watch->events, packet.hash), "%s, but another event or none is due",
                      packet.event->name);
    if (packet.event == protocol->heartbeat.answer) on_beat(watch, now);
}

static void on_close(gw_watch *watch, gw_ns now) {
    gw_close close = gw_close_parse(gw_message_control_span(&watch->server.message));
    GW_FUZZ_CHECK(close.payload_len != 1 && close.reason_is_utf8, "a malformed Close");
    bool echo = watch->echo_due && !watch->excused && !watch->untimed;
    if (echo)
        GW_FUZZ_CHECK(close.code == watch->client_code, "%u is answered with %u", watch->client_code, close.code);
    else
        GW_FUZZ_CHECK(!close.has_code || gw_close_code_is_sendable(close.code, true) ||
                          (watch->client_closed && close.code == watch->client_code),
                      "Close with %u", close.code);
    if (watch->guilt == GW_WATCH_FATAL && watch->fatal_codes[0] && !watch->excused && !watch->untimed)
        GW_FUZZ_CHECK(close.has_code && (close.code == watch->fatal_codes[0] || close.code == watch->fatal_codes[1] ||
                                         close.code == watch->fatal_codes[2]),
                      "Close with %u, not %u", close.code, watch->fatal_codes[0]);
    watch->closed_at = now;
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
    case GW_FRAME_PONG: {
        uint64_t hash = gw_fuzz_hash(watch->server.message.control, watch->server.message.control_len);
        GW_FUZZ_CHECK(gw_watch_pop(&watch->pongs, hash), "a pong that no ping asked for, or out of order");
        break;
    }
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
            GW_FUZZ_CHECK(watch->closed_at == GW_NEVER, "a frame after Close");
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
    GW_FUZZ_CHECK(watch->ended_at == GW_NEVER, "%zu bytes after the end", bytes.len);
    if (side->head.state == GW_HEAD_NEED_MORE) {
        size_t before = side->head_bytes.len;
        GW_FUZZ_CHECK(gw_buf_append_span(&side->head_bytes, bytes) == GW_OK, "the answer has no room");
        if (before > 0 || !gw_watch_knows_answer(watch)) {
            if (gw_head_feed(&side->head, gw_buf_span(&side->head_bytes)) != GW_HEAD_DONE) return;
            gw_watch_judge_answer(watch);
        }
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
    if (watch->ended_at != GW_NEVER) return;
    watch->ended_at = now;
    if (watch->upgraded && judged_by_time(watch))
        GW_FUZZ_CHECK(watch->closed_at != GW_NEVER, "the server drops a client that did nothing wrong");
    if (watch->upgraded && watch->echo_due && !watch->excused && !watch->untimed)
        GW_FUZZ_CHECK(watch->closed_at != GW_NEVER, "a Close is answered with an end alone");
}

/* An opening that takes too long, or gets too long, is refused. */
static void settle_opening(const gw_watch *watch, gw_ns now) {
    if (watch->refused || watch->excused || watch->untimed || watch->ended_at != GW_NEVER) return;
    GW_FUZZ_CHECK(now < watch->opened_at + OPENING_TIMEOUT, "the request may take for ever");
    /* The server counts what comes beyond its limit, the parser what fills it. */
    bool just_full = watch->client.head.state == GW_HEAD_TOO_LARGE && watch->client.head_bytes.len <= REQUEST_BYTES;
    GW_FUZZ_CHECK(just_full || watch->client.head.state == GW_HEAD_NEED_MORE, "a request of %zu bytes gets no answer",
                  watch->client.head_bytes.len);
}

/* A closing handshake that is complete, or whose peer is at fault, ends at once; else it waits for so long. */
static void settle_closing(const gw_watch *watch, gw_ns now) {
    bool at_once = (watch->client_closed || watch->guilt == GW_WATCH_FATAL) && !watch->excused;
    GW_FUZZ_CHECK(!at_once || watch->closed_at == GW_NEVER || watch->ended_at != GW_NEVER,
                  "no FIN behind the last Close");
    GW_FUZZ_CHECK(watch->closed_at == GW_NEVER || watch->ended_at != GW_NEVER || now < watch->closed_at + CLOSE_TIMEOUT,
                  "the server waits for a Close for ever");
}

void gw_watch_settle(gw_watch *watch, gw_ns now) {
    if (watch->untimed) return;
    if (!watch->upgraded) {
        settle_opening(watch, now);
        return;
    }
    GW_FUZZ_CHECK(watch->events.count == 0 || watch->events.lost, "an event did not arrive");
    GW_FUZZ_CHECK(!watch->kicked || gw_watch_is_over(watch), "who was kicked stays connected");
    settle_closing(watch, now);
    if (gw_watch_is_over(watch)) return;
    GW_FUZZ_CHECK(watch->guilt != GW_WATCH_FATAL, "the connection goes on after what fails it");
    GW_FUZZ_CHECK(!watch->client_closed, "the client's Close is not answered");
    GW_FUZZ_CHECK(watch->hello_at != GW_NEVER, "no hello behind the 101");
    GW_FUZZ_CHECK(now < watch->next_beat_at || watch->guilt == GW_WATCH_CLOSED, "the heartbeat of %lld ns is missing",
                  (long long)watch->next_beat_at);
    if (watch->guilt != GW_WATCH_CLEAN) return;
    GW_FUZZ_CHECK(now < watch->beat_at + watch->interval + watch->grace, "a silent client is not dropped");
    GW_FUZZ_CHECK(watch->pongs.count == 0 || watch->pongs.lost, "%u pings are not answered", watch->pongs.count);
    GW_FUZZ_CHECK(watch->ask_at != now || watch->asks == 0, "a question is not answered at once");
    /* A tick says something new only when time went on. */
    if (now > watch->told_at) gw_watch_tell(watch, (gw_heartbeat_input){.kind = GW_HEARTBEAT_TICK, .at = now});
}
