/* What members are sent: hello, heartbeats, events, and how faults bend the envelope and the list of receivers. Pure.
 */
#include "reference-server/gateway_internal.h"

#include <string.h>

static void send_text(gw_gateway *gateway, gw_gateway_member *member, const gw_buf *text) {
    if (text->error != GW_OK) {
        gw_gateway_close(gateway, member, 1011, "out of memory", GW_GATEWAY_AT_ONCE);
        return;
    }
    gateway->sink.send(gateway->sink.user, member, gw_buf_span(text), false, false);
}

static void open_envelope(gw_buf *out, unsigned id) {
    gw_buf_clear(out);
    gw_buf_append_cstr(out, "{\"e\":");
    gw_buf_append_number(out, id);
    gw_buf_append_cstr(out, ",\"d\":");
}

static void write_interval(const gw_gateway *gateway, gw_buf *out) {
    long long ms = (long long)(gateway->config.interval_ns / GW_MS);
    if (gw_gateway_has(gateway, GW_FAULT_INTERVAL_STRING))
        gw_buf_printf(out, "{\"heartbeatInterval\":\"%lld\"}", ms);
    else if (gw_gateway_has(gateway, GW_FAULT_INTERVAL_NULL))
        gw_buf_append_cstr(out, "{\"heartbeatInterval\":null}");
    else if (gw_gateway_has(gateway, GW_FAULT_INTERVAL_ZERO))
        gw_buf_append_cstr(out, "{\"heartbeatInterval\":0}");
    else if (gw_gateway_has(gateway, GW_FAULT_INTERVAL_NEGATIVE))
        gw_buf_printf(out, "{\"heartbeatInterval\":-%lld}", ms);
    else if (gw_gateway_has(gateway, GW_FAULT_INTERVAL_MISSING))
        gw_buf_append_cstr(out, "{}");
    else if (gw_gateway_has(gateway, GW_FAULT_INTERVAL_FRACTIONAL))
        gw_buf_printf(out, "{\"heartbeatInterval\":%lld.5}", ms);
    else if (gw_gateway_has(gateway, GW_FAULT_INTERVAL_HUGE))
        gw_buf_append_cstr(out, "{\"heartbeatInterval\":1e300}");
    else {
        gw_buf_append_cstr(out, "{\"heartbeatInterval\":");
        gw_buf_append_number(out, (uint64_t)ms);
        gw_buf_append_byte(out, '}');
    }
}

void gw_gateway_prepare(gw_gateway *gateway) {
    gw_buf_init(&gateway->hello, gateway->scratch.max);
    open_envelope(&gateway->hello, GW_EVENT_ID_HELLO);
    write_interval(gateway, &gateway->hello);
    gw_buf_append_byte(&gateway->hello, '}');

    gw_buf_init(&gateway->heartbeat, gateway->scratch.max);
    open_envelope(&gateway->heartbeat, GW_EVENT_ID_HEARTBEAT);
    gw_buf_append_cstr(&gateway->heartbeat, gw_gateway_has(gateway, GW_FAULT_HEARTBEAT_NULL_DATA) ? "null}" : "{}}");
}

void gw_gateway_send_hello(gw_gateway *gateway, gw_gateway_member *member) {
    send_text(gateway, member, &gateway->hello);
}

void gw_gateway_send_heartbeat(gw_gateway *gateway, gw_gateway_member *member) {
    if (!gw_gateway_has(gateway, GW_FAULT_HEARTBEAT_WITH_DATA)) {
        send_text(gateway, member, &gateway->heartbeat);
        return;
    }
    open_envelope(&gateway->scratch, GW_EVENT_ID_HEARTBEAT);
    gw_buf_printf(&gateway->scratch, "{\"count\":%u}}", (unsigned)member->beats_sent);
    send_text(gateway, member, &gateway->scratch);
}

void gw_gateway_send_ask(gw_gateway *gateway, gw_gateway_member *member) {
    open_envelope(&gateway->scratch, GW_EVENT_ID_HEARTBEAT_ACK);
    gw_buf_append_cstr(&gateway->scratch, gw_gateway_has(gateway, GW_FAULT_ASK_WITH_DATA) ? "{\"nonce\":7}}" : "{}}");
    send_text(gateway, member, &gateway->scratch);
}

void gw_gateway_release(gw_gateway *gateway, gw_gateway_member *member) {
    member->release_at = GW_NEVER;
    if (member->held.len == 0) return;
    gw_buf held = member->held; /* sending may end the member */
    gw_buf_init(&member->held, held.max);
    gateway->sink.send(gateway->sink.user, member, gw_buf_span(&held), true, false);
    gw_buf_deinit(&held);
}

void gw_gateway_close(gw_gateway *gateway, gw_gateway_member *member, uint16_t code, const char *why,
                      gw_gateway_leave how) {
    gw_gateway_release(gateway, member);
    if (member->room) gateway->sink.close(gateway->sink.user, member, code, why, how);
}

/* ---- events ---- */

static void append_quoted(gw_buf *out, gw_span text) {
    gw_buf_append_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\') gw_buf_append_byte(out, '\\');
        gw_buf_append_byte(out, text.ptr[i]);
    }
    gw_buf_append_byte(out, '"');
}

/* The envelope of an event into the scratch buffer. */
static void compose(gw_gateway *gateway, const gw_event_row *event, gw_span data) {
    gw_buf *out = &gateway->scratch;
    gw_buf mangled;
    gw_buf_init(&mangled, out->max);
    gw_gateway_mangle(gateway, event, data, &mangled);

    gw_buf_clear(out);
    bool bent = event->id == GW_EVENT_ID_ROOM_UPDATE;
    const char *after = bent && gw_gateway_has(gateway, GW_FAULT_TRAILING_COMMA) ? ",}" : "}";
    unsigned id = bent && gw_gateway_has(gateway, GW_FAULT_ID_WRONG) ? 40 : event->id;
    const char *quote = bent && gw_gateway_has(gateway, GW_FAULT_ID_STRING) ? "\"" : "";
    bool twice = bent && gw_gateway_has(gateway, GW_FAULT_ENVELOPE_TWICE);
    if (twice) gw_buf_printf(out, "{\"e\":%u,\"d\":", id);
    gw_buf_printf(out, "{\"e\":%s%u%s,\"d\":", quote, id, quote);
    gw_buf_append_span(out, gw_buf_span(&mangled));
    gw_buf_append_cstr(out, after);
    if (twice) gw_buf_append_byte(out, '}');
    if (bent && gw_gateway_has(gateway, GW_FAULT_TEXT_IN_TEXT)) {
        gw_buf_clear(&mangled);
        append_quoted(&mangled, gw_buf_span(out));
        gw_buf_clear(out);
        gw_buf_append_span(out, gw_buf_span(&mangled));
    }
    if (mangled.error != GW_OK) out->error = mangled.error;
    gw_buf_deinit(&mangled);
}

static bool has_earlier_connection(const gw_gateway_member *member) {
    for (const gw_gateway_member *m = member->previous; m; m = m->previous)
        if (m->participant == member->participant) return true;
    return false;
}

static bool names(gw_span data, const char *field, const char *plain) {
    gw_strict_json_value value = gw_strict_json_get(gw_strict_json_root(data), field);
    return value.kind == GW_STRICT_JSON_STRING && gw_strict_json_equals(value.text, plain);
}

/* Do the faults let this member have the event? */
static bool receives(const gw_gateway *gateway, const gw_gateway_member *member, const gw_event_row *event,
                     gw_span data) {
    if (gw_gateway_has(gateway, GW_FAULT_EVENT_TO_ONE) && member->previous) return false;
    if (gw_gateway_has(gateway, GW_FAULT_EVENT_ONCE_A_PARTICIPANT) && has_earlier_connection(member)) return false;
    if (event->id == GW_EVENT_ID_ROOM_CLOSE) return !gw_gateway_has(gateway, GW_FAULT_ROOM_CLOSE_SILENT);
    if (event->id == GW_EVENT_ID_PARTICIPANT_KICK && gw_gateway_has(gateway, GW_FAULT_KICK_NOT_TOLD))
        return !names(data, "userId", member->participant->id);
    if (event->id == GW_EVENT_ID_MESSAGE_CREATE && gw_gateway_has(gateway, GW_FAULT_MESSAGE_EMPTY_LOST))
        return !names(data, "content", "");
    return true;
}

static void deliver(gw_gateway *gateway, gw_gateway_member *member, const gw_event_row *event, gw_ns now) {
    gw_buf *text = &gateway->scratch;
    if (event->id == GW_EVENT_ID_HEARTBEAT_ACK) gw_gateway_await_answer(gateway, member, now);
    bool binary = event->id == GW_EVENT_ID_ROOM_UPDATE && gw_gateway_has(gateway, GW_FAULT_EVENT_BINARY);
    bool swaps = member->second_of_pair && gw_gateway_has(gateway, GW_FAULT_EVENTS_REORDERED);
    if (swaps && member->held.len == 0 && gw_buf_append_span(&member->held, gw_buf_span(text)) == GW_OK) {
        member->release_at = gw_time_add(now, 100 * GW_MS);
        return;
    }
    if (text->error != GW_OK) {
        gw_gateway_close(gateway, member, 1011, "out of memory", GW_GATEWAY_AT_ONCE);
        return;
    }
    gateway->sink.send(gateway->sink.user, member, gw_buf_span(text), true, binary);
    if (swaps) gw_gateway_release(gateway, member);
}

static size_t deliver_to_room(gw_gateway *gateway, gw_gateway_room *room, const gw_event_row *event, gw_span data,
                              gw_ns now) {
    size_t reached = 0;
    gw_gateway_member *next;
    for (gw_gateway_member *member = room->first; member; member = next) {
        next = member->next;
        if (!receives(gateway, member, event, data)) continue;
        reached++;
        deliver(gateway, member, event, now);
        if (gw_gateway_has(gateway, GW_FAULT_EVENT_TWICE) && member->room) deliver(gateway, member, event, now);
    }
    return reached;
}

size_t gw_gateway_broadcast(gw_gateway *gateway, gw_gateway_room *room, const gw_event_row *event, gw_span data,
                            gw_ns now) {
    compose(gateway, event, data);
    if (!gw_gateway_has(gateway, GW_FAULT_EVENT_TO_ALL_ROOMS)) return deliver_to_room(gateway, room, event, data, now);
    size_t reached = 0;
    for (gw_gateway_room *each = gateway->rooms; each; each = each->hh.next)
        reached += deliver_to_room(gateway, each, event, data, now);
    return reached;
}
