/* What a client's message does. Pure. */
#include "reference-server/described.h"
#include "reference-server/gateway_internal.h"

#include <stdlib.h>
#include <string.h>

static void refuse(gw_gateway *gateway, gw_gateway_member *member, uint16_t code, const char *why) {
    gw_gateway_close(gateway, member, code, why, GW_GATEWAY_AT_ONCE);
}

bool gw_gateway_dies(gw_gateway *gateway, gw_fault fault) {
    if (!gw_gateway_has(gateway, fault)) return false;
    gateway->sink.die(gateway->sink.user);
    return true;
}

/* How deep brackets outside of strings go, whether or not the text is JSON. */
static size_t nesting(gw_span text) {
    size_t depth = 0, deepest = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            deepest = ++depth > deepest ? depth : deepest;
        else if (!quoted && (c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return deepest;
}

void gw_gateway_drop_others(gw_gateway *gateway, gw_gateway_member *member, const char *why) {
    gw_gateway_member *next;
    for (gw_gateway_member *other = member->room ? member->room->first : NULL; other; other = next) {
        next = other->next;
        if (other != member) refuse(gateway, other, 1011, why);
    }
}

bool gw_gateway_falls(gw_gateway *gateway, gw_gateway_member *member, gw_span text) {
    bool deep = nesting(text) > GW_STRICT_JSON_MAX_DEPTH;
    if (deep && nesting(text) > 500 && gw_gateway_dies(gateway, GW_FAULT_DIES_ON_DEEP_JSON)) return true;
    if (!deep && gw_gateway_dies(gateway, GW_FAULT_DIES_ON_BAD_JSON)) return true;
    if (gw_gateway_has(gateway, GW_FAULT_HANGS_ON_BAD_JSON)) {
        gateway->sink.hang(gateway->sink.user);
        return true;
    }
    if (gw_gateway_has(gateway, GW_FAULT_BAD_JSON_TO_ROOM))
        gw_gateway_drop_others(gateway, member, "somebody sent bad JSON");
    return false;
}

static bool has_white_space(gw_span text) {
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == ' ' || c == '\t' || c == '\r' || c == '\n'))
            return true;
    }
    return false;
}

static bool has_other_members(gw_strict_json_value root) {
    gw_strict_json_value value;
    gw_span key;
    size_t at = 0;
    while (gw_strict_json_next(root, &at, &key, &value))
        if (!gw_strict_json_equals(key, "e") && !gw_strict_json_equals(key, "d")) return true;
    return false;
}

static bool has_odd_data(gw_strict_json_value root) {
    gw_strict_json_value data = gw_strict_json_get(root, "d"), value;
    gw_span key;
    size_t at = 0;
    return data.kind != GW_STRICT_JSON_OBJECT || gw_strict_json_next(data, &at, &key, &value);
}

static bool has_escapes(gw_span text) {
    return text.len && (memchr(text.ptr, '\\', text.len) || memchr(text.ptr, 0x7f, text.len));
}

/* Faults: a message that is JSON takes the server down. */
static bool dies_on_good(gw_gateway *gateway, gw_span text, gw_strict_json_value root) {
    return (text.len > 200000 && gw_gateway_dies(gateway, GW_FAULT_DIES_ON_BIG_MESSAGE)) ||
           (gw_gateway_has(gateway, GW_FAULT_DIES_ON_ESCAPES) && has_escapes(text) &&
            gw_gateway_dies(gateway, GW_FAULT_DIES_ON_ESCAPES)) ||
           (gw_gateway_has(gateway, GW_FAULT_DIES_ON_WHITE_SPACE) && has_white_space(text) &&
            gw_gateway_dies(gateway, GW_FAULT_DIES_ON_WHITE_SPACE)) ||
           (gw_gateway_has(gateway, GW_FAULT_DIES_ON_MEMBERS) && has_other_members(root) &&
            gw_gateway_dies(gateway, GW_FAULT_DIES_ON_MEMBERS)) ||
           (gw_gateway_has(gateway, GW_FAULT_DIES_ON_ODD_DATA) && has_odd_data(root) &&
            gw_gateway_dies(gateway, GW_FAULT_DIES_ON_ODD_DATA));
}

static void on_malformed(gw_gateway *gateway, gw_gateway_member *member, gw_span text, const char *why) {
    if (!gw_gateway_falls(gateway, member, text)) refuse(gateway, member, GW_GATEWAY_CLOSE_MALFORMED, why);
}

bool gw_gateway_over_rate(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    if (gateway->config.rate_messages == 0) return false;
    if (now - member->window_from >= gateway->config.rate_window_ns) {
        member->window_from = now;
        member->window_count = 0;
    }
    return ++member->window_count > gateway->config.rate_messages;
}

static void on_heartbeat(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    if (gw_gateway_has(gateway, GW_FAULT_EARLY_HEARTBEAT_CLOSES) && member->hello_sent_at != GW_NEVER &&
        now - member->hello_sent_at < gateway->config.interval_ns / 4) {
        refuse(gateway, member, GW_GATEWAY_CLOSE_RATE, "too early");
        return;
    }
    if (member->burst == 0 || now - member->burst_from > 100 * GW_MS) {
        member->burst_from = now;
        member->burst = 0;
    }
    if (++member->burst >= 5) {
        member->burst = 0;
        if (gw_gateway_has(gateway, GW_FAULT_BURST_CLOSES)) {
            refuse(gateway, member, GW_GATEWAY_CLOSE_RATE, "too fast");
            return;
        }
    }
    gw_gateway_count_heartbeat(gateway, member, now);
}

static void on_ask(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    if (gw_gateway_has(gateway, GW_FAULT_COUNTS_ASKS)) gw_gateway_count_heartbeat(gateway, member, now);
    if (gw_gateway_has(gateway, GW_FAULT_ASK_IGNORED)) return;
    if (gw_gateway_has(gateway, GW_FAULT_ASK_SLOW))
        member->answer_at = gw_time_add(now, 500 * GW_MS);
    else if (gw_gateway_has(gateway, GW_FAULT_ASK_LATE))
        member->answer_at = gw_time_add(now, 2 * GW_S);
    else if (gw_gateway_has(gateway, GW_FAULT_ASK_ECHOED))
        gw_gateway_send_ask(gateway, member);
    else
        gw_gateway_send_heartbeat(gateway, member);
}

/* An id that names no event. */
static void on_bad_id(gw_gateway *gateway, gw_gateway_member *member, gw_strict_json_value id, gw_ns now) {
    if (id.kind == GW_STRICT_JSON_STRING && gw_span_equal_cstr(id.text, "\"1\"") &&
        gw_gateway_has(gateway, GW_FAULT_COUNTS_STRING_ID)) {
        gw_gateway_count_heartbeat(gateway, member, now);
        return;
    }
    if (id.kind == GW_STRICT_JSON_NUMBER) {
        /* The text ends in a byte that no number holds, so strtod stays within the message. */
        double value = strtod((const char *)id.text.ptr, NULL);
        if ((value < 0 || value > 65535) && gw_gateway_dies(gateway, GW_FAULT_DIES_ON_BIG_ID)) return;
    }
    uint64_t number;
    if (!gw_strict_json_natural(id, UINT64_MAX, &number)) {
        if (gw_gateway_dies(gateway, GW_FAULT_DIES_ON_ODD_ID)) return;
        refuse(gateway, member, GW_GATEWAY_CLOSE_MALFORMED, "the event id must be an integer");
        return;
    }
    if (gw_gateway_has(gateway, GW_FAULT_COUNTS_UNKNOWN))
        gw_gateway_count_heartbeat(gateway, member, now);
    else if (!gw_gateway_dies(gateway, GW_FAULT_DIES_ON_UNKNOWN_ID))
        refuse(gateway, member, GW_GATEWAY_CLOSE_UNKNOWN, "there is no such event");
}

static void on_event(gw_gateway *gateway, gw_gateway_member *member, const gw_event_row *event,
                     gw_strict_json_value data, gw_ns now) {
    if (!event->from_client) {
        bool relayed = data.kind == GW_STRICT_JSON_OBJECT || data.kind == GW_STRICT_JSON_NULL;
        if (relayed && gw_gateway_has(gateway, GW_FAULT_RELAYS_CLIENT_EVENTS))
            gw_gateway_broadcast(gateway, member->room, event,
                                 data.kind == GW_STRICT_JSON_OBJECT ? data.text : GW_SPAN_LIT("{}"), now);
        else
            refuse(gateway, member, GW_GATEWAY_CLOSE_FORBIDDEN, "only the server sends this event");
        return;
    }
    if (data.kind != GW_STRICT_JSON_OBJECT && data.kind != GW_STRICT_JSON_NULL && data.kind != GW_STRICT_JSON_NONE)
        refuse(gateway, member, GW_GATEWAY_CLOSE_MALFORMED, "data must be an object");
    else if (event->id == GW_EVENT_ID_HEARTBEAT)
        on_heartbeat(gateway, member, now);
    else
        on_ask(gateway, member, now);
}

static bool is_event(gw_span text) {
    uint64_t number;
    return !gw_strict_json_check(text, NULL) &&
           gw_strict_json_natural(gw_strict_json_get(gw_strict_json_root(text), "e"), UINT64_MAX, &number) &&
           gw_event_table_by_id(number);
}

/* The id and the data of a message; NONE when it has none. */
static void read_envelope(gw_strict_json_value root, gw_strict_json_value *id, gw_strict_json_value *data) {
    gw_strict_json_value value;
    gw_span key;
    size_t at = 0;
    while (gw_strict_json_next(root, &at, &key, &value)) {
        if (gw_strict_json_equals(key, "e"))
            *id = value;
        else if (gw_strict_json_equals(key, "d"))
            *data = value;
    }
}

/* A fault has hello wait for the client. */
static void wake(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    if (member->hello_sent_at != GW_NEVER || !gw_gateway_has(gateway, GW_FAULT_HELLO_ON_DEMAND)) return;
    gw_gateway_send_hello(gateway, member);
    gw_gateway_begin(gateway, member, now);
}

void gw_gateway_on_text(gw_gateway *gateway, gw_gateway_member *member, gw_span text, gw_ns now) {
    if (gateway->described) {
        gw_described_on_text(gateway, member, text, now);
        return;
    }
    if (gw_gateway_over_rate(gateway, member, now)) {
        refuse(gateway, member, GW_GATEWAY_CLOSE_RATE, "too many messages");
        return;
    }
    wake(gateway, member, now);
    if (!member->room) return;
    if (gw_gateway_has(gateway, GW_FAULT_COUNTS_ANYTHING) && !is_event(text)) {
        gw_gateway_count_heartbeat(gateway, member, now);
        return;
    }
    if (++member->texts >= 1000 && gw_gateway_dies(gateway, GW_FAULT_DIES_ON_MANY_MESSAGES)) return;
    const char *why = gw_strict_json_check(text, NULL);
    if (why) {
        on_malformed(gateway, member, text, why);
        return;
    }
    gw_strict_json_value root = gw_strict_json_root(text);
    if (root.kind != GW_STRICT_JSON_OBJECT) {
        if (!gw_gateway_dies(gateway, GW_FAULT_DIES_ON_NULL))
            refuse(gateway, member, GW_GATEWAY_CLOSE_MALFORMED, "the message must be an object");
        return;
    }
    if (dies_on_good(gateway, text, root)) return;
    gw_strict_json_value id = {0}, data = {0};
    read_envelope(root, &id, &data);
    if (id.kind == GW_STRICT_JSON_NONE) {
        if (!gw_gateway_dies(gateway, GW_FAULT_DIES_ON_NO_ID))
            refuse(gateway, member, GW_GATEWAY_CLOSE_MALFORMED, "the event id is missing");
        return;
    }
    uint64_t number = 0;
    const gw_event_row *event = gw_strict_json_natural(id, UINT64_MAX, &number) ? gw_event_table_by_id(number) : NULL;
    if (event)
        on_event(gateway, member, event, data, now);
    else
        on_bad_id(gateway, member, id, now);
}

void gw_gateway_on_binary(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    if (gateway->described) {
        gw_described_on_binary(gateway, member);
        return;
    }
    if (gw_gateway_over_rate(gateway, member, now)) {
        refuse(gateway, member, GW_GATEWAY_CLOSE_RATE, "too many messages");
        return;
    }
    if (member->room && gw_gateway_has(gateway, GW_FAULT_COUNTS_ANYTHING)) {
        gw_gateway_count_heartbeat(gateway, member, now);
        return;
    }
    if (gw_gateway_has(gateway, GW_FAULT_BINARY_IGNORED)) return;
    if (!gw_gateway_dies(gateway, GW_FAULT_DIES_ON_BINARY)) refuse(gateway, member, 1003, "messages are text");
}

void gw_gateway_on_ping(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    if (gateway->described) {
        gw_described_on_ping(gateway, member, now);
        return;
    }
    wake(gateway, member, now);
    if (member->room && gw_gateway_has(gateway, GW_FAULT_COUNTS_PINGS))
        gw_gateway_count_heartbeat(gateway, member, now);
}
