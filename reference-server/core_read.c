/* What a connection's bytes do: the opening, messages, Pings and the closing handshake. Pure. */
#include "reference-server/core_internal.h"

#include <string.h>

static void refuse_request(gw_core_conn *conn, uint16_t status, const char *why) {
    gw_codec_write_refusal(status, why, &conn->out);
    gw_core_set_phase(conn, GW_CORE_PHASE_LINGERING);
}

static void on_request(gw_core_conn *conn, const gw_codec_event *event, gw_span *rest) {
    gw_core *core = conn->core;
    if (core->stopping || core->count > core->config.max_connections) {
        refuse_request(conn, 503, core->stopping ? "the server stops" : "too many connections");
        return;
    }
    gw_status status = gw_gateway_join(core->gateway, &conn->member, event->query, core->now);
    if (status != GW_OK) {
        bool missing = status == GW_ERR_NOT_FOUND;
        uint16_t code = missing ? 404 : status == GW_ERR_INVALID ? 400 : 503;
        refuse_request(conn, code, missing ? "there is no such room or participant" : gw_status_text(status));
        return;
    }
    gw_codec_write_upgrade(&core->rules, event, &conn->out);
    gw_core_mark_ready(conn);
    gw_core_set_phase(conn, GW_CORE_PHASE_SERVING);
    conn->early = true;
    if (rest->len > 0 && gw_core_has(core, GW_FAULT_HELLO_NOT_BEHIND_FRAME)) {
        gw_gateway_leave_room(core->gateway, &conn->member);
        gw_core_set_phase(conn, GW_CORE_PHASE_LINGERING);
        return;
    }
    if (gw_core_has(core, GW_FAULT_EARLY_FRAME_LOST)) *rest = (gw_span){0};
    gw_gateway_start(core->gateway, &conn->member, core->now);
    if (gw_core_has(core, GW_FAULT_PONG_UNASKED))
        gw_codec_write_frame(&core->rules, GW_CODEC_OP_PONG, GW_SPAN_LIT("nobody asked"), &conn->out);
}

/* ---- Pings ---- */

static void write_pong(gw_core_conn *conn, gw_span payload) {
    gw_codec_write_frame(&conn->core->rules, GW_CODEC_OP_PONG, payload, &conn->out);
    gw_core_mark_ready(conn);
}

static void on_ping(gw_core_conn *conn, gw_span payload) {
    gw_core *core = conn->core;
    gw_gateway_on_ping(core->gateway, &conn->member, core->now);
    if (++conn->pings > 4000 && gw_core_has(core, GW_FAULT_PING_FLOOD_TO_ROOM))
        gw_gateway_drop_others(core->gateway, &conn->member, "somebody floods");
    if (gw_core_has(core, GW_FAULT_IGNORES_PINGS) || (conn->early && gw_core_has(core, GW_FAULT_EARLY_PING_IGNORED)) ||
        (payload.len == 0 && gw_core_has(core, GW_FAULT_IGNORES_EMPTY_PING)))
        return;
    if (gw_core_has(core, GW_FAULT_PONG_EMPTY)) payload.len = 0;
    const uint8_t *nul = payload.len ? memchr(payload.ptr, 0, payload.len) : NULL;
    if (nul && gw_core_has(core, GW_FAULT_PONG_TEXT_ONLY)) payload.len = (size_t)(nul - payload.ptr);
    if (gw_core_has(core, GW_FAULT_PONGS_FIRST_ONLY) && conn->pongs_in_read++ > 0) return;
    if (gw_core_has(core, GW_FAULT_PONGS_LAST_ONLY) || gw_core_has(core, GW_FAULT_PONGS_REVERSED)) {
        gw_buf_append_span(&core->pongs, payload);
        gw_buf_append_byte(&core->pongs, (uint8_t)payload.len);
    } else if (conn->codec.fragments > 0 && gw_core_has(core, GW_FAULT_PING_IN_FRAGMENTS_LATE)) {
        gw_codec_write_frame(&core->rules, GW_CODEC_OP_PONG, payload, &conn->late);
    } else {
        write_pong(conn, payload);
    }
}

/* Pongs that a fault kept until the segment was read; lengths stand behind the payloads, so it reads backwards. */
static void flush_pongs(gw_core_conn *conn) {
    gw_buf *pongs = &conn->core->pongs;
    while (pongs->len > 0) {
        size_t len = pongs->data[pongs->len - 1];
        size_t from = pongs->len - 1 - len;
        write_pong(conn, gw_span_make(pongs->data + from, len));
        pongs->len = from;
        if (gw_core_has(conn->core, GW_FAULT_PONGS_LAST_ONLY)) pongs->len = 0;
    }
    gw_buf_clear(pongs);
}

static void flush_late(gw_core_conn *conn) {
    if (conn->late.len == 0 || conn->codec.fragments > 0) return;
    gw_buf_append_span(&conn->out, gw_buf_span(&conn->late));
    gw_buf_clear(&conn->late);
    gw_core_mark_ready(conn);
}

/* ---- closing ---- */

static void on_close(gw_core_conn *conn, const gw_codec_event *event) {
    gw_core *core = conn->core;
    if (conn->codec.fragments > 0 && gw_core_has(core, GW_FAULT_CLOSE_IN_FRAGMENTS_IGNORED)) return;
    if (event->code == GW_CODEC_CLOSE_EMPTY && gw_core_has(core, GW_FAULT_EMPTY_CLOSE_IGNORED)) return;
    uint16_t code = event->code;
    if (code >= 5000 && gw_core_has(core, GW_FAULT_HIGH_CODES_IGNORED)) return;
    if (code == GW_CODEC_CLOSE_NORMAL && gw_core_has(core, GW_FAULT_CLOSE_CODE_CHANGED))
        code = GW_CODEC_CLOSE_GOING_AWAY;
    if (gw_core_has(core, GW_FAULT_NO_CLOSE_ECHO)) conn->said_close = true;
    bool stays = gw_core_has(core, GW_FAULT_SECOND_CLOSE_ANSWERED) || gw_core_has(core, GW_FAULT_PONG_AFTER_CLOSE) ||
                 gw_core_has(core, GW_FAULT_READS_AFTER_CLOSE) || gw_core_has(core, GW_FAULT_TCP_LEFT_OPEN);
    gw_core_close(conn, code, (gw_span){0}, stays ? GW_CORE_PHASE_AFTER_CLOSE : GW_CORE_PHASE_LINGERING);
}

/* Only faults listen to what comes behind a Close. */
static void on_late_event(gw_core_conn *conn, const gw_codec_event *event) {
    gw_core *core = conn->core;
    if (event->kind == GW_CODEC_PING && gw_core_has(core, GW_FAULT_PONG_AFTER_CLOSE)) {
        write_pong(conn, event->payload);
    } else if (event->kind == GW_CODEC_CLOSE && gw_core_has(core, GW_FAULT_SECOND_CLOSE_ANSWERED)) {
        gw_codec_write_close(&core->rules, event->code, (gw_span){0}, &conn->out);
        gw_core_mark_ready(conn);
    } else if (event->kind == GW_CODEC_TEXT && gw_core_has(core, GW_FAULT_READS_AFTER_CLOSE)) {
        gw_codec_write_frame(&core->rules, GW_CODEC_OP_TEXT, GW_SPAN_LIT("{\"e\":1,\"d\":{}}"), &conn->out);
        gw_core_mark_ready(conn);
    }
}

static bool is_reserved(uint8_t opcode) {
    return (opcode > GW_CODEC_OP_BINARY && opcode < GW_CODEC_OP_CLOSE) || opcode > GW_CODEC_OP_PONG;
}

static void on_broken(gw_core_conn *conn, const gw_codec_event *event) {
    gw_core *core = conn->core;
    if (is_reserved(event->opcode) && gw_core_has(core, GW_FAULT_DIES_ON_RESERVED)) {
        gw_core_die(core);
        return;
    }
    if (event->code == GW_CODEC_CLOSE_TOO_BIG && gw_core_has(core, GW_FAULT_DIES_ON_BIG_MESSAGE)) {
        gw_core_die(core);
        return;
    }
    if (event->code == GW_CODEC_CLOSE_TOO_BIG && conn->codec.fragments > 1 &&
        gw_core_has(core, GW_FAULT_FRAGMENTS_TO_ROOM))
        gw_gateway_drop_others(core->gateway, &conn->member, "somebody sends a message without end");
    if (gw_core_has(core, GW_FAULT_BAD_FRAME_STOPS_ACCEPT)) core->mute_new = true;
    gw_core_close(conn, event->code, gw_span_cstr(event->why), GW_CORE_PHASE_LINGERING);
}

/* ---- reading ---- */

static void on_event(gw_core_conn *conn, const gw_codec_event *event, gw_span *rest) {
    gw_core *core = conn->core;
    if (conn->phase == GW_CORE_PHASE_CLOSING) { /* nothing but the end of the handshake counts (RFC 6455 5.5.1) */
        bool ends = event->kind == GW_CODEC_CLOSE || event->kind == GW_CODEC_BROKEN;
        if (ends) gw_core_set_phase(conn, GW_CORE_PHASE_LINGERING);
        return;
    }
    if (conn->phase == GW_CORE_PHASE_AFTER_CLOSE) {
        on_late_event(conn, event);
        return;
    }
    switch (event->kind) {
    case GW_CODEC_REQUEST:
        on_request(conn, event, rest);
        break;
    case GW_CODEC_REFUSED:
        refuse_request(conn, event->code, event->why);
        break;
    case GW_CODEC_TEXT:
        gw_gateway_on_text(core->gateway, &conn->member, event->payload, core->now);
        break;
    case GW_CODEC_BINARY:
        gw_gateway_on_binary(core->gateway, &conn->member, core->now);
        break;
    case GW_CODEC_PING:
        on_ping(conn, event->payload);
        break;
    case GW_CODEC_PONG:
        if (gw_core_has(core, GW_FAULT_PONG_FOR_PONG)) write_pong(conn, event->payload);
        break;
    case GW_CODEC_CLOSE:
        on_close(conn, event);
        break;
    case GW_CODEC_BROKEN:
        on_broken(conn, event);
        break;
    }
}

/* A fault has no patience with a message in fragments. */
static void judge_pace(gw_core_conn *conn) {
    gw_core *core = conn->core;
    if (!gw_core_has(core, GW_FAULT_SLOW_FRAGMENTS_DROPPED) || conn->phase != GW_CORE_PHASE_SERVING) return;
    if (conn->fragment_since != GW_NEVER && core->now - conn->fragment_since > core->config.interval_ns / 2)
        gw_core_close(conn, GW_CODEC_CLOSE_PROTOCOL, GW_SPAN_LIT("the fragments are slow"), GW_CORE_PHASE_LINGERING);
}

void gw_core_read(gw_core_conn *conn, gw_span bytes) {
    gw_core *core = conn->core;
    gw_codec_event event;
    judge_pace(conn);
    conn->pongs_in_read = 0;
    while (conn->phase < GW_CORE_PHASE_LINGERING && gw_codec_next(&conn->codec, &bytes, &event)) {
        on_event(conn, &event, &bytes);
        if (core->state != GW_CORE_ALIVE) return;
        flush_late(conn);
    }
    if (conn->codec.fragments > 1000 && gw_core_has(core, GW_FAULT_MANY_FRAGMENTS_HANG)) {
        gw_core_hang(core);
        return;
    }
    if (conn->codec.fragments > 1000 && gw_core_has(core, GW_FAULT_FRAGMENTS_TO_ROOM))
        gw_gateway_drop_others(core->gateway, &conn->member, "somebody sends a thousand fragments");
    flush_pongs(conn);
    conn->early = false;
    conn->member.unfinished = conn->codec.fragments > 0;
    if (conn->codec.fragments == 0)
        conn->fragment_since = GW_NEVER;
    else if (conn->fragment_since == GW_NEVER)
        conn->fragment_since = core->now;
    if (conn->out.error != GW_OK && conn->phase < GW_CORE_PHASE_ABORTED) {
        gw_gateway_leave_room(core->gateway, &conn->member);
        gw_core_set_phase(conn, GW_CORE_PHASE_ABORTED);
    }
}
