/* Fuzz target: packets (protocol/packet.h), in the envelope of each protocol that we know.
 *
 * decode, encode, decode gives the same event and data; the encoded form is a fixpoint; violations name a rule and a
 * place inside the message. */
#include "fuzz.h"
#include "protocol.h"
#include "protocol/heartbeat.h"
#include "protocol/template.h"
#include "wire/utf8.h"

#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_PACKET};

static size_t violations, message_len;
static const gw_protocol *protocol; /* of this pass */

static void take(void *context, const gw_violation *violation) {
    (void)context;
    violations++;
    GW_FUZZ_CHECK(violation->rule && violation->rule[0], "no rule");
    GW_FUZZ_CHECK(violation->offset <= message_len, "offset %zu of %zu", violation->offset, message_len);
    GW_FUZZ_CHECK(memchr(violation->expected, 0, GW_VIOLATION_MAX_TEXT) &&
                      memchr(violation->observed, 0, GW_VIOLATION_MAX_TEXT),
                  "a text without end");
    GW_FUZZ_CHECK(violation->expected[0] && violation->observed[0], "%s says nothing", violation->rule);
}

static void check_judge(const gw_packet *packet) {
    for (int role = GW_ROLE_SERVER; role <= GW_ROLE_CLIENT; role++) {
        violations = 0;
        gw_packet_judge(packet, protocol, (gw_role)role, 0, (gw_violation_sink){take, NULL});
        if (packet->fault != GW_PACKET_NONE)
            GW_FUZZ_CHECK(violations > 0, "%s is no violation", gw_packet_fault_text(packet->fault));
    }
    gw_ns interval;
    if (gw_packet_interval(packet, protocol, &interval))
        GW_FUZZ_CHECK(interval > 0, "an interval of %lld", (long long)interval);
}

static void check_spans(const gw_packet *packet, const uint8_t *data, size_t size) {
    gw_span text = packet->text;
    GW_FUZZ_CHECK(text.len == size && (size == 0 || memcmp(text.ptr, data, size) == 0), "the copy differs");
    GW_FUZZ_CHECK(text.ptr[text.len] == 0, "no NUL behind the copy");
    gw_span parts[] = {packet->id_text, packet->data_text};
    for (int i = 0; i < 2; i++)
        GW_FUZZ_CHECK(!parts[i].ptr || (parts[i].ptr >= text.ptr && parts[i].ptr + parts[i].len <= text.ptr + text.len),
                      "part %d leaves the message", i);
    GW_FUZZ_CHECK(!packet->body.len ||
                      (packet->body.ptr >= text.ptr && packet->body.ptr + packet->body.len == text.ptr + text.len),
                  "the body is not the end of the message");
    bool found = packet->fault == GW_PACKET_NONE;
    GW_FUZZ_CHECK(found == (packet->event != NULL), "an event with a fault, or none without");
    GW_FUZZ_CHECK(!packet->data || packet->tree, "data without a tree");
}

/* What a tree can hold: \u0000 ends a C string, other unpredictable texts lose a member or a digit. */
static bool survives_a_tree(const gw_packet *packet) {
    bool nul = packet->text.len && memchr(packet->text.ptr, 0, packet->text.len);
    return packet->json.verdict == GW_JSON_IS_VALID && !packet->json.has_nul_escape && !nul &&
           gw_utf8_check(packet->text, NULL);
}

/* Member by member, in order; cJSON_Compare takes time that doubles with each level. */
static bool same_tree(const cJSON *a, const cJSON *b) {
    if ((a->type & 0xff) != (b->type & 0xff)) return false;
    if (cJSON_IsString(a)) return strcmp(a->valuestring, b->valuestring) == 0;
    if (cJSON_IsNumber(a)) return !(a->valuedouble < b->valuedouble) && !(a->valuedouble > b->valuedouble);
    const cJSON *x = a->child, *y = b->child;
    for (; x && y; x = x->next, y = y->next) {
        if (!x->string != !y->string || (x->string && strcmp(x->string, y->string) != 0)) return false;
        if (!same_tree(x, y)) return false;
    }
    return !x && !y;
}

/* Members of other names are carried along; those that the envelope writes would stand there twice. */
static cJSON *other_members(const gw_packet *packet) {
    const gw_envelope *envelope = &protocol->envelope;
    if (envelope->form != GW_FORM_NESTED) return NULL;
    cJSON *extra = cJSON_Duplicate(packet->tree, true);
    cJSON_DeleteItemFromObjectCaseSensitive(extra, envelope->id.keys[0]);
    cJSON_DeleteItemFromObjectCaseSensitive(extra, envelope->data.keys[0]);
    if (packet->event->tag) cJSON_DeleteItemFromObjectCaseSensitive(extra, envelope->name.keys[0]);
    if (packet->has_sequence) cJSON_DeleteItemFromObjectCaseSensitive(extra, envelope->sequence.keys[0]);
    return extra;
}

static gw_packet_spec spec_of(const gw_packet *packet, const cJSON *extra) {
    gw_packet_spec spec = {.event = packet->event, .data = packet->data, .data_absent = !packet->data, .extra = extra};
    if (packet->has_sequence && protocol->envelope.form == GW_FORM_NESTED) spec.sequence = &packet->sequence;
    return spec;
}

static void check_round_trip(const gw_packet *packet) {
    static gw_buf once = {.max = 8 * GW_FUZZ_MAX_BYTES}, twice = {.max = 8 * GW_FUZZ_MAX_BYTES};
    cJSON *extra = other_members(packet);
    gw_packet_spec spec = spec_of(packet, extra);
    gw_buf_clear(&once);
    gw_buf_clear(&twice);
    GW_FUZZ_CHECK(gw_packet_encode(protocol, &spec, &once) == GW_OK, "does not encode");
    gw_packet *again = gw_packet_decode(protocol, gw_buf_span(&once));
    GW_FUZZ_CHECK(again, "out of memory");
    GW_FUZZ_CHECK(again->event == packet->event, "%s: another event: %s", protocol->name, gw_buf_cstr(&once));
    GW_FUZZ_CHECK(!again->data == !packet->data && (!again->data || same_tree(again->data, packet->data)),
                  "%s: other data: %s", protocol->name, gw_buf_cstr(&once));
    GW_FUZZ_CHECK(again->has_sequence == packet->has_sequence && again->sequence == packet->sequence,
                  "another sequence number: %s", gw_buf_cstr(&once));
    gw_packet_spec second = spec_of(again, extra);
    if (protocol->envelope.form == GW_FORM_NESTED) second.id = gw_pointer_get(&protocol->envelope.id, again->tree);
    GW_FUZZ_CHECK(gw_packet_encode(protocol, &second, &twice) == GW_OK, "does not encode again");
    GW_FUZZ_CHECK(gw_span_equal(gw_buf_span(&once), gw_buf_span(&twice)), "no fixpoint: %s and %s", gw_buf_cstr(&once),
                  gw_buf_cstr(&twice));
    gw_packet_destroy(again);
    cJSON_Delete(extra);
}

/* Any tree as text is valid JSON and a fixpoint. */
static void check_tree(const gw_packet *packet) {
    static gw_buf once = {.max = 8 * GW_FUZZ_MAX_BYTES}, twice = {.max = 8 * GW_FUZZ_MAX_BYTES};
    gw_json_report report;
    gw_buf_clear(&once);
    gw_buf_clear(&twice);
    GW_FUZZ_CHECK(gw_packet_append_json(&once, packet->tree) == GW_OK, "does not print");
    gw_json_judge(gw_buf_span(&once), (gw_json_limits){GW_JSON_MAX_DEPTH}, &report);
    GW_FUZZ_CHECK(report.verdict == GW_JSON_IS_VALID, "%s: %s", gw_json_fault_name(report.fault), gw_buf_cstr(&once));
    cJSON *again = cJSON_ParseWithLength((const char *)once.data, once.len);
    GW_FUZZ_CHECK(again && same_tree(again, packet->tree), "another tree: %s", gw_buf_cstr(&once));
    gw_packet_append_json(&twice, again);
    GW_FUZZ_CHECK(gw_span_equal(gw_buf_span(&once), gw_buf_span(&twice)), "no fixpoint");
    cJSON_Delete(again);
}

/* What it means to the heartbeat model, and the answer that would be given to it. */
static void check_meaning(const gw_packet *packet) {
    static gw_buf text = {.max = 8 * GW_FUZZ_MAX_BYTES};
    const gw_template_values values = {
        .has_sequence = packet->has_sequence, .sequence = packet->sequence, .nonce = "n", .data = packet->data};
    for (int n = 0; n < 4; n++) {
        bool in = n & 1;
        gw_role peer = n & 2 ? GW_ROLE_CLIENT : GW_ROLE_SERVER, sender = in ? peer : gw_role_other(peer);
        gw_heartbeat_input input = gw_heartbeat_read(protocol, packet, in, peer, 1);
        GW_FUZZ_CHECK(input.kind < GW_HEARTBEAT_INPUT_COUNT && gw_heartbeat_input_word(input.kind), "no input");
        GW_FUZZ_CHECK(input.kind == gw_heartbeat_classify(protocol, packet->event, in, peer), "two inputs");
        GW_FUZZ_CHECK(input.interval >= 0 && input.timeout >= 0, "a time below zero");
        const gw_question *asked = &protocol->heartbeat.question[sender];
        if (!packet->event || packet->event != asked->event) continue;
        cJSON *answer =
            gw_template_fill(gw_protocol_usual_data(protocol, asked->answer, gw_role_other(sender)), &values);
        /* It repeats what the model expects. */
        if (asked->echo_to.text && input.echo && survives_a_tree(packet))
            GW_FUZZ_CHECK(gw_heartbeat_echo(protocol, asked->answer, answer, gw_role_other(sender)) == input.echo,
                          "%s: the answer repeats something else", protocol->name);
        gw_buf_clear(&text);
        gw_packet_spec spec = {.event = asked->answer, .data = answer, .data_absent = !answer};
        GW_FUZZ_CHECK(gw_packet_encode(protocol, &spec, &text) == GW_OK, "the answer does not encode");
        cJSON_Delete(answer);
    }
}

static void check_packet(const uint8_t *data, size_t size) {
    gw_json_report report;
    gw_packet *packet = gw_packet_decode(protocol, gw_span_make(data, size));
    GW_FUZZ_CHECK(packet, "out of memory");
    gw_json_judge(packet->body, (gw_json_limits){0}, &report);
    bool judged = protocol->envelope.form != GW_FORM_PREFIX;
    GW_FUZZ_CHECK(!judged || (report.fault == packet->json.fault && report.offset == packet->json.offset),
                  "two verdicts");
    check_spans(packet, data, size);
    check_judge(packet);
    if (survives_a_tree(packet)) {
        GW_FUZZ_CHECK(packet->tree || !judged, "valid JSON without a tree");
        if (packet->tree) check_tree(packet);
        if (packet->event) check_round_trip(packet);
    }
    check_meaning(packet);
    gw_packet_destroy(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > GW_FUZZ_MAX_BYTES) return 0;
    size_t count;
    const gw_protocol *const *all = gw_fuzz_protocols(&count);
    message_len = size;
    for (size_t i = 0; i < count; i++) {
        protocol = all[i];
        check_packet(data, size);
    }
    return 0;
}
