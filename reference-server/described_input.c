/* What a client's message does to a described gateway. Pure. */
#include "reference-server/described.h"

#include <stdio.h>
#include <string.h>

typedef struct message {
    const gw_event *event;
    cJSON *data; /* NULL: absent */
} message;

/* What is usual where the description leaves the code open; the gateway document's own codes. */
static const uint16_t usual_codes[GW_REACTION_COUNT] = {
    [GW_REACTION_MALFORMED] = GW_GATEWAY_CLOSE_MALFORMED,
    [GW_REACTION_UNKNOWN_EVENT] = GW_GATEWAY_CLOSE_UNKNOWN,
    [GW_REACTION_FORBIDDEN] = GW_GATEWAY_CLOSE_FORBIDDEN,
    [GW_REACTION_BAD_DATA] = GW_GATEWAY_CLOSE_MALFORMED,
    [GW_REACTION_BINARY] = 1003,
    [GW_REACTION_TOO_BIG] = 1009,
};

static void react(gw_gateway *gateway, gw_gateway_member *member, gw_reaction_kind kind, const char *why) {
    const gw_described *d = gateway->described;
    const gw_reaction *allowed = &d->protocol->reactions[kind];
    if (allowed->error && d->error && kind != GW_REACTION_BINARY)
        gw_described_send(gateway, member, allowed->error, d->error);
    else if (allowed->close)
        gw_described_close(gateway, member, &allowed->codes, usual_codes[kind], why);
}

/* ---- the envelope ---- */

static cJSON *parse(gw_span text) {
    return cJSON_ParseWithLength((const char *)text.ptr, text.len);
}

static gw_strict_json_value follow(gw_strict_json_value value, const gw_pointer *pointer) {
    for (size_t i = 0; i < pointer->count; i++) value = gw_strict_json_get(value, pointer->keys[i]);
    return value;
}

/* Of the events with this id, the one with the name that the message states. */
static const gw_event *find(const gw_protocol *protocol, gw_strict_json_value root, gw_strict_json_value id) {
    const gw_envelope *envelope = &protocol->envelope;
    gw_strict_json_value name = {0};
    if (envelope->name.text) name = follow(root, &envelope->name);
    const gw_event *found = NULL;
    uint64_t number = 0;
    bool natural = gw_strict_json_natural(id, INT64_MAX, &number);
    for (size_t i = 0; i < protocol->event_count; i++) {
        const gw_event *event = &protocol->events[i];
        bool same = envelope->id_type == GW_ID_STRING
                        ? id.kind == GW_STRICT_JSON_STRING && gw_strict_json_equals(id.text, event->id_s)
                        : natural && event->id == (int64_t)number;
        if (!same) continue;
        if (event->tag && name.kind == GW_STRICT_JSON_STRING && gw_strict_json_equals(name.text, event->tag))
            return event;
        if (!event->tag && !found) found = event;
    }
    return found;
}

/* The kind of fault, or GW_REACTION_COUNT. */
static gw_reaction_kind read_prefix(const gw_protocol *protocol, gw_span text, message *out) {
    for (size_t i = 0; i < protocol->event_count && !out->event; i++) {
        const gw_event *event = &protocol->events[i];
        size_t len = strlen(event->id_s);
        if (text.len >= len && memcmp(text.ptr, event->id_s, len) == 0) out->event = event;
    }
    if (!out->event) return text.len ? GW_REACTION_UNKNOWN_EVENT : GW_REACTION_MALFORMED;
    gw_span body = gw_span_from(text, strlen(out->event->id_s));
    if (body.len == 0) return GW_REACTION_COUNT;
    if (out->event->body_text) {
        gw_buf copy;
        gw_buf_init(&copy, body.len + 1);
        gw_buf_append_span(&copy, body);
        out->data = cJSON_CreateString(gw_buf_cstr(&copy));
        gw_buf_deinit(&copy);
        return GW_REACTION_COUNT;
    }
    if (gw_strict_json_check(body, NULL)) return GW_REACTION_MALFORMED;
    out->data = parse(body);
    return GW_REACTION_COUNT;
}

static gw_reaction_kind read_object(gw_gateway *gateway, gw_span text, message *out) {
    const gw_protocol *protocol = gateway->described->protocol;
    const gw_envelope *envelope = &protocol->envelope;
    gw_strict_json_value root = gw_strict_json_root(text);
    if (root.kind != GW_STRICT_JSON_OBJECT) {
        gw_gateway_dies(gateway, GW_FAULT_DIES_ON_NULL);
        return GW_REACTION_MALFORMED;
    }
    gw_strict_json_value id = follow(root, &envelope->id);
    uint64_t number;
    if (id.kind == GW_STRICT_JSON_NONE) gw_gateway_dies(gateway, GW_FAULT_DIES_ON_NO_ID);
    bool good = envelope->id_type == GW_ID_STRING ? id.kind == GW_STRICT_JSON_STRING
                                                  : gw_strict_json_natural(id, INT64_MAX, &number);
    if (!good) return GW_REACTION_MALFORMED;
    out->event = find(protocol, root, id);
    if (!out->event) return GW_REACTION_UNKNOWN_EVENT;
    if (envelope->form == GW_FORM_FLAT) {
        out->data = parse(text);
        if (out->data && envelope->id.count)
            cJSON_DeleteItemFromObjectCaseSensitive(out->data, envelope->id.keys[envelope->id.count - 1]);
        return GW_REACTION_COUNT;
    }
    for (size_t i = 0; i < out->event->member_count; i++) {
        const gw_event_member *member = &out->event->members[i];
        gw_strict_json_value value = gw_strict_json_get(root, member->name);
        cJSON *tree = value.kind == GW_STRICT_JSON_NONE ? NULL : parse(value.text);
        bool fits = gw_schema_check(member->schema, tree, GW_SCHEMA_EXTRA_ALLOW, NULL, NULL) == 0;
        cJSON_Delete(tree);
        if (!fits) return GW_REACTION_BAD_DATA;
    }
    gw_strict_json_value data = follow(root, &envelope->data);
    if (data.kind != GW_STRICT_JSON_NONE) out->data = parse(data.text);
    return GW_REACTION_COUNT;
}

/* Absent data and null are taken for none, and a beat that carries something else is a beat, unless the answer repeats
 * it: what a client should not send is for who judges clients. */
static bool fits(const gw_protocol *protocol, const message *m) {
    const gw_question *q = &protocol->heartbeat.question[GW_ROLE_CLIENT];
    bool echoed = q->event == m->event && q->echo_from.text;
    const gw_schema *schema = m->event->non_strict ? m->event->non_strict : m->event->data;
    if (!schema || !m->data || cJSON_IsNull(m->data) || (gw_protocol_is_beat(protocol, m->event) && !echoed))
        return true;
    return gw_schema_check(schema, m->data, GW_SCHEMA_EXTRA_ALLOW, NULL, NULL) == 0;
}

/* ---- what it does ---- */

/* False: the connection is closed. */
static bool on_greeting(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    const gw_described *d = gateway->described;
    const gw_greeting *greeting = &d->protocol->heartbeat.greeting;
    if (member->greeted) {
        if (greeting->judges_twice)
            gw_described_close(gateway, member, &greeting->twice, GW_GATEWAY_CLOSE_FORBIDDEN, "a second first message");
        return !greeting->judges_twice;
    }
    member->greeted = true;
    if (greeting->after_hello) {
        if (greeting->answer) gw_described_send(gateway, member, greeting->answer, d->greeted);
        return true;
    }
    if (gw_gateway_has(gateway, GW_FAULT_HELLO_SLOW) || gw_gateway_has(gateway, GW_FAULT_HELLO_LATE)) {
        member->hello_at = gw_time_add(now, gw_gateway_has(gateway, GW_FAULT_HELLO_SLOW) ? 2 * GW_S : 7 * GW_S);
        member->expire_at = GW_NEVER;
        return true;
    }
    if (!gw_gateway_has(gateway, GW_FAULT_HELLO_NEVER)) gw_described_send_hello(gateway, member);
    gw_described_begin(gateway, member, now);
    return true;
}

static void answer(gw_gateway *gateway, gw_gateway_member *member, const message *m, gw_ns now) {
    const gw_question *q = &gateway->described->protocol->heartbeat.question[GW_ROLE_CLIENT];
    if (gw_gateway_has(gateway, GW_FAULT_ASK_IGNORED)) return;
    const gw_template_values values = {
        .has_sequence = member->sequence > 0, .sequence = member->sequence, .data = m->data};
    cJSON *data = gw_template_fill(q->answer_data, &values);
    bool slow = gw_gateway_has(gateway, GW_FAULT_ASK_SLOW), late = gw_gateway_has(gateway, GW_FAULT_ASK_LATE);
    if (!slow && !late) {
        gw_described_send(gateway, member, q->answer, data);
    } else if (member->answer_at == GW_NEVER) {
        gw_described_compose(gateway->described, member, q->answer, data, &member->held);
        member->answer_at = gw_time_add(now, slow ? 500 * GW_MS : 2 * GW_S);
    }
    cJSON_Delete(data);
}

/* Does it carry the nonce of the question, where that had one? */
static bool repeats(const gw_gateway_member *member, const gw_question *q, const cJSON *data) {
    if (!q->echo_to.text || !q->data || !strstr(q->data, "\"${nonce}\"")) return true;
    char nonce[32];
    snprintf(nonce, sizeof nonce, "%016llx", (unsigned long long)member->nonce);
    const cJSON *value = gw_pointer_get(&q->echo_to, data);
    return cJSON_IsString(value) && strcmp(value->valuestring, nonce) == 0;
}

static void act(gw_gateway *gateway, gw_gateway_member *member, const message *m, gw_ns now) {
    const gw_protocol *protocol = gateway->described->protocol;
    const gw_heartbeat_rules *h = &protocol->heartbeat;
    const gw_question *own = &h->question[GW_ROLE_SERVER], *theirs = &h->question[GW_ROLE_CLIENT];
    bool asks = m->event == theirs->event, answers = m->event == own->answer && m->event != theirs->event;
    if (m->event == h->greeting.send && !on_greeting(gateway, member, now)) return;
    bool early = h->greeting.send && !h->greeting.after_hello && !member->greeted;
    if (early && h->greeting.judges_before && !asks && !answers) {
        gw_described_close(gateway, member, &h->greeting.before, GW_GATEWAY_CLOSE_FORBIDDEN,
                           "before the first message");
        return;
    }
    if (m->event == own->answer && repeats(member, own, m->data)) {
        member->answer_due = GW_NEVER;
        member->reprieved = false;
    }
    if (gw_protocol_is_beat(protocol, m->event)) gw_described_count(gateway, member, now);
    if (asks) answer(gateway, member, m, now);
}

void gw_described_on_text(gw_gateway *gateway, gw_gateway_member *member, gw_span text, gw_ns now) {
    const gw_protocol *protocol = gateway->described->protocol;
    if (protocol->envelope.binary) {
        react(gateway, member, GW_REACTION_BINARY, "messages are binary");
        return;
    }
    if (gw_gateway_over_rate(gateway, member, now)) {
        gw_described_close(gateway, member, &protocol->reactions[GW_REACTION_TOO_BIG].codes, GW_GATEWAY_CLOSE_RATE,
                           "too many messages");
        return;
    }
    bool prefix = protocol->envelope.form == GW_FORM_PREFIX;
    const char *why = prefix ? NULL : gw_strict_json_check(text, NULL);
    if (why) {
        if (!gw_gateway_falls(gateway, member, text)) react(gateway, member, GW_REACTION_MALFORMED, why);
        return;
    }
    message m = {0};
    gw_reaction_kind kind = prefix ? read_prefix(protocol, text, &m) : read_object(gateway, text, &m);
    if (kind == GW_REACTION_COUNT && !(m.event->from & GW_FROM_CLIENT)) kind = GW_REACTION_FORBIDDEN;
    if (kind == GW_REACTION_COUNT && !fits(protocol, &m)) kind = GW_REACTION_BAD_DATA;
    if (kind == GW_REACTION_COUNT)
        act(gateway, member, &m, now);
    else if (kind == GW_REACTION_UNKNOWN_EVENT && gw_gateway_has(gateway, GW_FAULT_COUNTS_UNKNOWN))
        gw_described_count(gateway, member, now);
    else if (kind != GW_REACTION_MALFORMED || !prefix || !gw_gateway_falls(gateway, member, text))
        react(gateway, member, kind, "this is not understood");
    cJSON_Delete(m.data);
}

void gw_described_on_binary(gw_gateway *gateway, gw_gateway_member *member) {
    if (!gw_gateway_dies(gateway, GW_FAULT_DIES_ON_BINARY))
        react(gateway, member, GW_REACTION_BINARY, "messages are text");
}

void gw_described_on_ping(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    if (gw_gateway_has(gateway, GW_FAULT_COUNTS_PINGS)) gw_described_count(gateway, member, now);
}
