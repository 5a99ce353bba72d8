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

/* The id of the tree, by its exact text: 1.0, 1e0, -0 and "1" are no ids of an integer envelope. */
static gw_packet_fault find_event(gw_packet *packet, const gw_protocol *protocol) {
    const gw_envelope *envelope = &protocol->envelope;
    gw_json_number number;
    if (envelope->id_type == GW_ID_STRING) {
        const cJSON *id = gw_pointer_get(&envelope->id, packet->tree);
        if (!cJSON_IsString(id)) return GW_PACKET_ID_TYPE;
        packet->event = gw_protocol_event_by_id_text(protocol, gw_span_cstr(id->valuestring));
        return packet->event ? GW_PACKET_NONE : GW_PACKET_UNKNOWN_ID;
    }
    if (!gw_json_read_number(packet->id_text, &number) || !number.is_integer ||
        gw_span_equal_cstr(packet->id_text, "-0"))
        return GW_PACKET_ID_TYPE;
    packet->event = number.fits_int64 ? gw_protocol_event_by_id(protocol, number.integer) : NULL;
    return packet->event ? GW_PACKET_NONE : GW_PACKET_UNKNOWN_ID;
}

static gw_packet_fault open_envelope(gw_packet *packet, const gw_protocol *protocol) {
    if (!cJSON_IsObject(packet->tree)) return GW_PACKET_NOT_OBJECT;
    packet->data = gw_pointer_get(&protocol->envelope.data, packet->tree);
    if (packet->data) gw_json_find(packet->text, protocol->envelope.data.text, &packet->data_text);
    if (!gw_json_find(packet->text, protocol->envelope.id.text, &packet->id_text)) return GW_PACKET_NO_ID;
    return find_event(packet, protocol);
}

gw_packet *gw_packet_decode(const gw_protocol *protocol, gw_span text) {
    if (text.len > SIZE_MAX - sizeof(gw_packet) - 1) return NULL;
    gw_packet *packet = malloc(sizeof *packet + text.len + 1);
    if (!packet) return NULL;
    char *copy = (char *)(packet + 1);
    if (text.len) memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    *packet = (gw_packet){.fault = GW_PACKET_NOT_JSON, .text = gw_span_make(copy, text.len)};
    gw_json_verdict verdict = gw_json_judge(packet->text, (gw_json_limits){0}, &packet->json);
    if (verdict != GW_JSON_IS_VALID && verdict != GW_JSON_IS_UNPREDICTABLE) return packet;
    packet->tree = build_tree(packet->text);
    if (!packet->tree) {
        free(packet);
        return NULL;
    }
    packet->fault = open_envelope(packet, protocol);
    return packet;
}

void gw_packet_destroy(gw_packet *packet) {
    if (!packet) return;
    cJSON_Delete(packet->tree);
    free(packet);
}

bool gw_packet_interval(const gw_packet *packet, const gw_protocol *protocol, gw_ns *interval) {
    const cJSON *value = gw_pointer_get(&protocol->heartbeat.interval, packet->data);
    if (!protocol->heartbeat.hello || !cJSON_IsNumber(value)) return false;
    double ns = value->valuedouble * (double)protocol->heartbeat.unit;
    if (!(ns >= 1) || ns >= (double)GW_NEVER) return false;
    *interval = (gw_ns)llround(ns);
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
    gw_violation_quote(gw_span_from(j->packet->text, report->offset), excerpt, sizeof excerpt);
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

/* Members of the message beside id and data. */
static void judge_extra(const judge *j) {
    const gw_envelope *e = &j->protocol->envelope;
    const cJSON *member;
    char observed[96], quoted[64];
    if (gw_knobs_is(&j->protocol->knobs, GW_KNOB_ENVELOPE_EXTRA, "allow")) return;
    bool deny = gw_knobs_is(&j->protocol->knobs, GW_KNOB_ENVELOPE_EXTRA, "deny");
    cJSON_ArrayForEach(member, j->packet->tree) {
        if (strcmp(member->string, e->id.keys[0]) == 0 || strcmp(member->string, e->data.keys[0]) == 0) continue;
        gw_violation_quote(gw_span_cstr(member->string), quoted, sizeof quoted);
        snprintf(observed, sizeof observed, "a further member '%s'", quoted);
        emit(j, GW_RULE_ENVELOPE, deny ? GW_SEVERITY_FAIL : GW_SEVERITY_NON_STRICT, j->packet->text,
             "only id and data in the envelope", observed);
        return;
    }
}

static void take_fault(void *context, const gw_schema_fault *fault) {
    const judge *j = context;
    char pointer[256];
    gw_span part = j->packet->data_text;
    snprintf(pointer, sizeof pointer, "%s%s", j->protocol->envelope.data.text, fault->path);
    if (fault->path[0]) gw_json_find(j->packet->text, pointer, &part);
    gw_violation_emit(j->sink, j->rule, fault->soft ? GW_SEVERITY_NON_STRICT : j->severity, offset_of(j->packet, part),
                      j->at, fault->expected, "%s of %s is %s", pointer, j->packet->event->name, fault->observed);
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
                      j->protocol->envelope.data.text, j->packet->event->name, data ? "null" : "absent");
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
    if (cJSON_IsObject(packet->tree)) judge_extra(&j);
    if (!packet->event) return;
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
