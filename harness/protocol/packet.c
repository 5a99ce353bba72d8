/* Floor 2: decoding and judging one message. packet_encode.c writes them. */
#include "protocol/packet.h"
#include "protocol/json_soft.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULT_TEXT(name, text) text,
static const char *const fault_texts[] = {GW_PACKET_FAULT_TABLE(FAULT_TEXT)};
#undef FAULT_TEXT

const char *gw_packet_fault_text(gw_packet_fault fault) {
    return fault_texts[fault];
}

/* ---- Decoding ---- */

static cJSON *build_tree(gw_span text) {
    const char *bytes = (const char *)text.ptr;
    cJSON *tree = cJSON_ParseWithLength(bytes, text.len);
    if (tree) return tree;
    /* The judge let it pass, so either memory is short or it is one of the texts that cJSON cannot read. */
    if (!gw_json_needs_softening(text)) return NULL;
    char *copy = malloc(text.len + 1);
    if (!copy) return NULL;
    memcpy(copy, bytes, text.len);
    copy[text.len] = 0;
    gw_json_soften(copy, text.len);
    tree = cJSON_ParseWithLength(copy, text.len);
    free(copy);
    return tree;
}

/* The id of the message, by its exact text: 1.0, 1e0, -0 and "1" are no ids of an integer envelope. */
static gw_packet_fault find_event(gw_packet *packet, const gw_protocol *protocol) {
    const gw_envelope *envelope = &protocol->envelope;
    gw_json_number number;
    if (envelope->id_type == GW_ID_STRING) {
        const cJSON *id = packet->id ? packet->id : gw_pointer_get(&envelope->id, packet->tree);
        if (!cJSON_IsString(id)) return GW_PACKET_ID_TYPE;
        packet->event = gw_protocol_event_by_id_text(protocol, gw_span_cstr(id->valuestring));
    } else {
        if (!gw_json_read_number(packet->id_text, &number) || !number.is_integer ||
            gw_span_equal_cstr(packet->id_text, "-0"))
            return GW_PACKET_ID_TYPE;
        packet->event = number.fits_int64 ? gw_protocol_event_by_id(protocol, number.integer) : NULL;
    }
    if (packet->event && envelope->name.text) {
        const cJSON *tag = gw_pointer_get(&envelope->name, packet->tree);
        gw_span text = cJSON_IsString(tag) ? gw_span_cstr(tag->valuestring) : (gw_span){0};
        packet->event = gw_protocol_event_tagged(protocol, packet->event, text);
    }
    return packet->event ? GW_PACKET_NONE : GW_PACKET_UNKNOWN_ID;
}

static void read_sequence(gw_packet *packet, const gw_envelope *envelope) {
    const cJSON *value = envelope->sequence.text ? gw_pointer_get(&envelope->sequence, packet->tree) : NULL;
    if (!cJSON_IsNumber(value) || floor(value->valuedouble) != value->valuedouble ||
        fabs(value->valuedouble) > 9007199254740992.0)
        return;
    packet->has_sequence = true;
    packet->sequence = (int64_t)value->valuedouble;
}

static gw_packet_fault open_envelope(gw_packet *packet, const gw_protocol *protocol) {
    const gw_envelope *envelope = &protocol->envelope;
    if (!cJSON_IsObject(packet->tree)) return GW_PACKET_NOT_OBJECT;
    bool has_id = gw_json_find(packet->body, envelope->id.text, &packet->id_text);
    if (envelope->form == GW_FORM_FLAT) {
        packet->id = cJSON_DetachItemFromObjectCaseSensitive(packet->tree, envelope->id.keys[0]);
        packet->data = packet->tree;
        packet->data_text = packet->body;
    } else {
        packet->data = gw_pointer_get(&envelope->data, packet->tree);
        if (packet->data) gw_json_find(packet->body, envelope->data.text, &packet->data_text);
    }
    read_sequence(packet, envelope);
    return has_id ? find_event(packet, protocol) : GW_PACKET_NO_ID;
}

/* The tree of the body, if that is JSON. False without memory. */
static bool read_body(gw_packet *packet) {
    gw_json_verdict verdict = gw_json_judge(packet->body, (gw_json_limits){0}, &packet->json);
    if (verdict != GW_JSON_IS_VALID && verdict != GW_JSON_IS_UNPREDICTABLE) return true;
    packet->tree = build_tree(packet->body);
    return packet->tree != NULL;
}

/* The id goes ahead of the data. False without memory. */
static bool open_prefix(gw_packet *packet, const gw_protocol *protocol) {
    size_t len = protocol->envelope.prefix_len;
    packet->json.verdict = GW_JSON_IS_VALID;
    packet->fault = GW_PACKET_NO_ID;
    if (packet->text.len < len) return true;
    packet->id_text = gw_span_sub(packet->text, 0, len);
    packet->body = gw_span_from(packet->text, len);
    const gw_event *event = gw_protocol_event_by_id_text(protocol, packet->id_text);
    packet->fault = event ? GW_PACKET_NONE : GW_PACKET_UNKNOWN_ID;
    if (!event) return true;
    packet->event = event;
    if (packet->body.len == 0) return true;
    packet->data_text = packet->body;
    if (event->body_text) {
        packet->tree = cJSON_CreateString((const char *)packet->body.ptr);
    } else if (!read_body(packet)) {
        return false;
    } else if (!packet->tree) {
        packet->event = NULL;
        packet->fault = GW_PACKET_NOT_JSON;
        return true;
    }
    packet->data = packet->tree;
    return packet->tree != NULL;
}

gw_packet *gw_packet_decode(const gw_protocol *protocol, gw_span text) {
    if (text.len > SIZE_MAX - sizeof(gw_packet) - 1) return NULL;
    gw_packet *packet = malloc(sizeof *packet + text.len + 1);
    if (!packet) return NULL;
    char *copy = (char *)(packet + 1);
    if (text.len) memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    *packet = (gw_packet){.fault = GW_PACKET_NOT_JSON, .text = gw_span_make(copy, text.len)};
    packet->body = packet->text;
    bool prefix = protocol->envelope.form == GW_FORM_PREFIX;
    if (prefix ? open_prefix(packet, protocol) : read_body(packet)) {
        if (!prefix && packet->tree) packet->fault = open_envelope(packet, protocol);
        return packet;
    }
    gw_packet_destroy(packet);
    return NULL;
}

void gw_packet_destroy(gw_packet *packet) {
    if (!packet) return;
    cJSON_Delete(packet->tree);
    cJSON_Delete(packet->id);
    free(packet);
}

static bool announced(const gw_packet *packet, const gw_announced *what, gw_ns *out) {
    *out = what->constant;
    if (!what->field.text) return what->constant > 0;
    const cJSON *value = gw_pointer_get(&what->field, packet->data);
    if (!cJSON_IsNumber(value)) return false;
    double ns = value->valuedouble * (double)what->unit;
    if (!(ns >= 1) || ns >= (double)GW_NEVER) return false;
    *out = (gw_ns)llround(ns);
    return true;
}

bool gw_packet_interval(const gw_packet *packet, const gw_protocol *protocol, gw_ns *interval) {
    gw_ns value;
    if (!protocol->heartbeat.hello || !announced(packet, &protocol->heartbeat.interval, &value)) return false;
    *interval = value;
    return true;
}

bool gw_packet_timeout(const gw_packet *packet, const gw_protocol *protocol, gw_ns *timeout) {
    gw_ns value;
    if (!protocol->heartbeat.hello || !announced(packet, &protocol->heartbeat.timeout, &value)) return false;
    *timeout = value;
    return true;
}

/* ---- Judging ---- */

typedef struct judge {
    const gw_packet *packet;
    const gw_protocol *protocol;
    gw_role sender;
    gw_ns at;
    gw_violation_sink sink;
    const char *rule;
    gw_severity severity; /* of faults of the data */
} judge;

static size_t offset_of(const gw_packet *packet, gw_span part) {
    return part.ptr ? (size_t)(part.ptr - packet->text.ptr) : 0;
}

static void emit(const judge *j, gw_rule rule, gw_severity severity, gw_span part, const char *expected,
                 const char *observed) {
    char quoted[80];
    const char *id = gw_protocol_rule(j->protocol, j->sender, rule);
    gw_violation_quote(part, quoted, sizeof quoted);
    gw_violation_emit(j->sink, id, severity, offset_of(j->packet, part), j->at, expected, "%s: %s", observed, quoted);
}

static void judge_json(const judge *j) {
    const gw_json_report *report = &j->packet->json;
    char excerpt[64];
    if (report->verdict == GW_JSON_IS_VALID) return;
    bool soft = report->verdict == GW_JSON_IS_UNPREDICTABLE;
    gw_violation_quote(gw_span_from(j->packet->body, report->offset), excerpt, sizeof excerpt);
    gw_violation_emit(j->sink, gw_protocol_rule(j->protocol, j->sender, GW_RULE_ENVELOPE),
                      soft ? GW_SEVERITY_NON_STRICT : GW_SEVERITY_FAIL, report->offset, j->at,
                      soft ? "JSON that every receiver reads alike (RFC 8259)" : "one JSON text (RFC 8259)",
                      "%s at byte %zu%s%s", gw_json_fault_text(report->fault), report->offset, excerpt[0] ? ": " : "",
                      excerpt);
}

static void judge_envelope(const judge *j) {
    const gw_packet *p = j->packet;
    const gw_envelope *e = &j->protocol->envelope;
    char expected[GW_VIOLATION_MAX_TEXT];
    switch (p->fault) {
    case GW_PACKET_NOT_OBJECT:
        emit(j, GW_RULE_ENVELOPE, GW_SEVERITY_FAIL, p->text, "a JSON object", gw_packet_fault_text(p->fault));
        break;
    case GW_PACKET_NO_ID:
        if (e->form == GW_FORM_PREFIX)
            snprintf(expected, sizeof expected, "an event id of %zu characters first", e->prefix_len);
        else
            snprintf(expected, sizeof expected, "an event id at %s", e->id.text);
        emit(j, GW_RULE_ENVELOPE, GW_SEVERITY_FAIL, p->text, expected, gw_packet_fault_text(p->fault));
        break;
    case GW_PACKET_ID_TYPE:
        snprintf(expected, sizeof expected, "%s at %s", e->id_type == GW_ID_INTEGER ? "an integer" : "a string",
                 e->id.text);
        emit(j, GW_RULE_ENVELOPE, GW_SEVERITY_FAIL, p->id_text, expected, gw_packet_fault_text(p->fault));
        break;
    case GW_PACKET_UNKNOWN_ID:
        snprintf(expected, sizeof expected, "an event id of the %zu that the protocol has", j->protocol->event_count);
        emit(j, GW_RULE_ENVELOPE, GW_SEVERITY_FAIL, p->id_text, expected, gw_packet_fault_text(p->fault));
        break;
    default:
        break;
    }
}

static bool is_place(const gw_pointer *pointer, const char *name) {
    return pointer->count && strcmp(pointer->keys[0], name) == 0;
}

/* A member that the event itself names. */
static const gw_event_member *own_member(const gw_event *event, const char *name) {
    for (size_t i = 0; event && i < event->member_count; i++)
        if (strcmp(event->members[i].name, name) == 0) return &event->members[i];
    return NULL;
}

/* Members of the message beside id and data. */
static void judge_extra(const judge *j) {
    const gw_envelope *e = &j->protocol->envelope;
    const cJSON *member;
    char observed[96], quoted[64];
    if (gw_knobs_is(&j->protocol->knobs, GW_KNOB_ENVELOPE_EXTRA, "allow")) return;
    bool deny = gw_knobs_is(&j->protocol->knobs, GW_KNOB_ENVELOPE_EXTRA, "deny");
    cJSON_ArrayForEach(member, j->packet->tree) {
        if (is_place(&e->id, member->string) || is_place(&e->data, member->string) ||
            is_place(&e->sequence, member->string) || is_place(&e->name, member->string) ||
            own_member(j->packet->event, member->string))
            continue;
        gw_violation_quote(gw_span_cstr(member->string), quoted, sizeof quoted);
        snprintf(observed, sizeof observed, "a further member '%s'", quoted);
        emit(j, GW_RULE_ENVELOPE, deny ? GW_SEVERITY_FAIL : GW_SEVERITY_NON_STRICT, j->packet->text,
             "only id and data in the envelope", observed);
        return;
    }
}

static void take_member_fault(void *context, const gw_schema_fault *fault) {
    const judge *j = context;
    gw_violation_emit(j->sink, gw_protocol_rule(j->protocol, j->sender, GW_RULE_ENVELOPE),
                      fault->soft ? GW_SEVERITY_NON_STRICT : GW_SEVERITY_FAIL, 0, j->at, fault->expected,
                      "a member of %s is %s", j->packet->event->name, fault->observed);
}

/* Members that the event names, and the place of the sequence number: a whole number or null. */
static void judge_members(judge *j) {
    const gw_packet *p = j->packet;
    const gw_envelope *e = &j->protocol->envelope;
    for (size_t i = 0; i < p->event->member_count; i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(p->tree, p->event->members[i].name);
        gw_schema_check(p->event->members[i].schema, value, GW_SCHEMA_EXTRA_ALLOW, take_member_fault, j);
    }
    const cJSON *sequence = e->sequence.text ? gw_pointer_get(&e->sequence, p->tree) : NULL;
    if (sequence && !p->has_sequence && !cJSON_IsNull(sequence)) {
        char expected[96];
        snprintf(expected, sizeof expected, "a whole number or null at %s", e->sequence.text);
        emit(j, GW_RULE_ENVELOPE, GW_SEVERITY_FAIL, p->text, expected, "a sequence number of another kind");
    }
}

static void take_fault(void *context, const gw_schema_fault *fault) {
    const judge *j = context;
    char pointer[256];
    gw_span part = j->packet->data_text;
    snprintf(pointer, sizeof pointer, "%s%s", j->protocol->envelope.data.text, fault->path);
    if (fault->path[0]) gw_json_find(j->packet->body, pointer, &part);
    gw_violation_emit(j->sink, j->rule, fault->soft ? GW_SEVERITY_NON_STRICT : j->severity, offset_of(j->packet, part),
                      j->at, fault->expected, "%s of %s is %s", pointer[0] ? pointer : "the data",
                      j->packet->event->name, fault->observed);
}

static gw_schema_extra extra_policy(const gw_protocol *protocol) {
    if (gw_knobs_is(&protocol->knobs, GW_KNOB_ADDITIONAL_PROPERTIES, "allow")) return GW_SCHEMA_EXTRA_ALLOW;
    if (gw_knobs_is(&protocol->knobs, GW_KNOB_ADDITIONAL_PROPERTIES, "deny")) return GW_SCHEMA_EXTRA_DENY;
    return GW_SCHEMA_EXTRA_WARN;
}

/* Absent or null data of an event whose schema an empty object meets: the knobs decide. True when they did. */
static bool judge_missing_data(judge *j) {
    const cJSON *data = j->packet->data;
    if (data && !cJSON_IsNull(data)) return false;
    cJSON empty = {.type = cJSON_Object};
    gw_knob knob = data ? GW_KNOB_NULL_DATA : GW_KNOB_ABSENT_DATA;
    if (gw_schema_check(j->packet->event->data, &empty, GW_SCHEMA_EXTRA_ALLOW, NULL, NULL) > 0) return false;
    if (gw_knobs_is(&j->protocol->knobs, knob, "allow")) return true;
    bool deny = gw_knobs_is(&j->protocol->knobs, knob, "deny");
    gw_violation_emit(j->sink, j->rule, deny ? GW_SEVERITY_FAIL : GW_SEVERITY_NON_STRICT,
                      offset_of(j->packet, j->packet->data_text), j->at, "an object as data", "%s of %s is %s",
                      j->protocol->envelope.data.text[0] ? j->protocol->envelope.data.text : "the data",
                      j->packet->event->name, data ? "null" : "absent");
    return true;
}

static void judge_data(judge *j) {
    const gw_event *event = j->packet->event;
    const cJSON *data = j->packet->data;
    gw_schema_extra extra = extra_policy(j->protocol);
    if (!event->data || judge_missing_data(j)) return;
    if (gw_schema_check(event->data, data, extra, NULL, NULL) > 0 && event->non_strict &&
        gw_schema_check(event->non_strict, data, extra, NULL, NULL) == 0)
        j->severity = GW_SEVERITY_NON_STRICT;
    gw_schema_check(event->data, data, extra, take_fault, j);
}

void gw_packet_judge(const gw_packet *packet, const gw_protocol *protocol, gw_role sender, gw_ns at,
                     gw_violation_sink sink) {
    judge j = {.packet = packet, .protocol = protocol, .sender = sender, .at = at, .sink = sink};
    j.severity = GW_SEVERITY_FAIL;
    judge_json(&j);
    judge_envelope(&j);
    bool nested = protocol->envelope.form == GW_FORM_NESTED && cJSON_IsObject(packet->tree);
    if (nested) judge_extra(&j);
    if (!packet->event) return;
    if (nested) judge_members(&j);
    const gw_event *event = packet->event;
    j.rule = event->requirement[sender];
    if (!(event->from & (sender == GW_ROLE_SERVER ? GW_FROM_SERVER : GW_FROM_CLIENT))) {
        char observed[96];
        snprintf(observed, sizeof observed, "%.60s from the %s", event->name,
                 sender == GW_ROLE_SERVER ? "server" : "client");
        emit(&j, GW_RULE_DIRECTION, GW_SEVERITY_FAIL, packet->id_text, "an event that this side sends", observed);
    }
    judge_data(&j);
}
