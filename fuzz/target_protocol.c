/* Fuzz target: the loaders of protocol descriptions and of requirements (protocol/description.h, requirements.h). A
 * description that loads can be used: its events are found by name and id, its schemas judge any value, its expressions
 * give deadlines. load, print, load gives the same description. */
#include "fuzz.h"
#include "protocol.h"
#include "protocol/heartbeat.h"
#include "protocol/template.h"

#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_LINES, .vocabulary = &gw_vocabulary_files};

static void ignore(void *context, const gw_violation *violation) {
    (void)context;
    GW_FUZZ_CHECK(violation->rule, "no rule");
}

static void take_fault(void *context, const gw_schema_fault *fault) {
    size_t *count = context;
    GW_FUZZ_CHECK(fault->expected[0] && fault->observed[0], "a fault that says nothing");
    *count += !fault->soft;
}

/* Each schema on a value of each kind: the faults handed over are those counted. */
static void use_schemas(const gw_protocol *protocol) {
    static const char *const texts[] = {"null",
                                        "true",
                                        "1",
                                        "-2.5",
                                        "\"ab\"",
                                        "[]",
                                        "[\"a\",1,{}]",
                                        "{\"a\":1,\"kind\":\"a\",\"tags\":[\"x\",\"UP\"],\"deep\":{\"a/b~c\":0}}"};
    static cJSON *values[sizeof texts / sizeof texts[0]];
    for (size_t v = 0; v < sizeof texts / sizeof texts[0]; v++) {
        if (!values[v]) values[v] = cJSON_Parse(texts[v]);
        for (size_t i = 0; i < protocol->event_count; i++) {
            const gw_schema *schema = protocol->events[i].data;
            if (!schema) continue;
            for (int extra = GW_SCHEMA_EXTRA_ALLOW; extra <= GW_SCHEMA_EXTRA_DENY; extra++) {
                size_t seen = 0;
                size_t count = gw_schema_check(schema, values[v], (gw_schema_extra)extra, take_fault, &seen);
                GW_FUZZ_CHECK(count == seen, "%zu faults, %zu handed over", count, seen);
            }
            char text[64];
            GW_FUZZ_CHECK(gw_schema_describe(schema, text, sizeof text)[0], "a schema without a description");
        }
    }
}

static void use_choices(gw_arena *arena, const gw_protocol *protocol, gw_span text, gw_diag *diag) {
    gw_knobs knobs;
    gw_knobs_init(&knobs);
    for (int i = 0; i < GW_KNOB_COUNT; i++) {
        const char *key = gw_knob_key((gw_knob)i);
        GW_FUZZ_CHECK(gw_knobs_get(&protocol->knobs, key), "%s has no value", key);
        GW_FUZZ_CHECK(gw_knobs_set(&knobs, key, gw_knobs_get(&protocol->knobs, key)) == GW_OK,
                      "%s refuses its own value", key);
    }
    GW_FUZZ_CHECK(gw_knobs_set(&knobs, "no-such-knob", "any") == GW_ERR_NOT_FOUND, "an unknown knob");
    const gw_protocol *chosen = gw_protocol_with_knobs(arena, protocol, &knobs);
    for (int i = 0; i < GW_KNOB_COUNT; i++)
        GW_FUZZ_CHECK(gw_knobs_is(&chosen->knobs, (gw_knob)i, protocol->knobs.value[i]), "knob %d differs", i);
    gw_protocol_check_requirements(protocol, gw_fuzz_requirements(), "input.yaml", text, diag);
    for (unsigned code = 999; code < 5001; code += 500) gw_codes_has(&protocol->heartbeat.codes, code);
}

/* Events by what they are for, their usual data, and the times that expressions may name. */
static void use_roles(const gw_protocol *protocol) {
    static const char *const words[] = {"hello", "beat", "ask", "answer", "greeting", "plain"};
    const gw_template_values values = {.has_sequence = true, .sequence = 7, .nonce = "n"};
    for (int role = 0; role < 2; role++) {
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            const gw_event *event = gw_protocol_event_for(protocol, gw_span_cstr(words[i]), (gw_role)role);
            GW_FUZZ_CHECK(gw_protocol_is_role(gw_span_cstr(words[i])), "%s is no role", words[i]);
            if (!event) continue;
            cJSON *data = gw_template_fill(gw_protocol_usual_data(protocol, event, (gw_role)role), &values);
            gw_buf text;
            gw_buf_init(&text, 1 << 20);
            gw_packet_spec spec = {.event = event, .data = data, .data_absent = !data};
            GW_FUZZ_CHECK(gw_packet_encode(protocol, &spec, &text) == GW_OK, "%s does not encode", words[i]);
            gw_buf_deinit(&text);
            cJSON_Delete(data);
        }
        gw_expr_env env = gw_protocol_env(protocol, (gw_role)role, GW_S, GW_S, 1.0);
        GW_FUZZ_CHECK(env.interval >= 0 && env.eps >= 0 && env.drop <= env.drop_max, "times in disorder");
        for (unsigned symbol = GW_EXPR_I; symbol <= GW_EXPR_G; symbol <<= 1)
            gw_protocol_lacks_time(protocol, (gw_role)role, symbol);
        gw_protocol_drops_silent(protocol, (gw_role)role);
    }
}

static void use(const gw_protocol *protocol) {
    for (size_t i = 0; i < protocol->event_count; i++) {
        const gw_event *event = &protocol->events[i];
        GW_FUZZ_CHECK(gw_protocol_event(protocol, gw_span_cstr(event->name)) == event, "event %s is not found",
                      event->name);
        const gw_event *found = protocol->envelope.id_type == GW_ID_STRING
                                    ? gw_protocol_event_by_id_text(protocol, gw_span_cstr(event->id_s))
                                    : gw_protocol_event_by_id(protocol, event->id);
        /* Several events may have one id; their names tell them apart. */
        GW_FUZZ_CHECK(found && strcmp(found->id_s, event->id_s) == 0, "id %s is not found", event->id_s);
        if (protocol->envelope.name.text)
            GW_FUZZ_CHECK(gw_protocol_event_tagged(protocol, found,
                                                   event->tag ? gw_span_cstr(event->tag) : (gw_span){0}) == event,
                          "event %s is not found by its name", event->name);
        else
            GW_FUZZ_CHECK(found == event, "two events with the id %s", event->id_s);
        GW_FUZZ_CHECK(event->index == i && event->requirement[0] && event->requirement[1], "event %s", event->name);
    }
    for (int role = 0; role < 2; role++)
        for (int rule = 0; rule < GW_RULE_COUNT; rule++)
            GW_FUZZ_CHECK(gw_protocol_rule(protocol, (gw_role)role, (gw_rule)rule), "rule %d has no requirement", rule);
    use_roles(protocol);
    if (!protocol->heartbeat.hello) return;
    for (int role = 0; role < 2; role++) {
        gw_heartbeat heartbeat;
        gw_violation_sink sink = {ignore, NULL};
        gw_heartbeat_init(&heartbeat, protocol, (gw_role)role, 1.0, 0);
        gw_heartbeat_input inputs[] = {{.kind = GW_HEARTBEAT_HELLO_IN, .at = GW_MS, .interval = GW_S},
                                       {.kind = GW_HEARTBEAT_BEAT_OUT, .at = GW_S},
                                       {.kind = GW_HEARTBEAT_ASK_OUT, .at = GW_S + GW_MS},
                                       {.kind = GW_HEARTBEAT_TICK, .at = 10 * GW_S},
                                       {.kind = GW_HEARTBEAT_DROP_IN, .at = 11 * GW_S, .by_close = true, .code = 1000}};
        for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
            /* Nothing is classified as a question where the protocol has none. */
            if (inputs[i].kind == GW_HEARTBEAT_ASK_OUT && !protocol->heartbeat.ask) continue;
            gw_heartbeat_due(&heartbeat);
            gw_heartbeat_take(&heartbeat, &inputs[i], sink);
        }
    }
}

static void check_same(const gw_protocol *a, const gw_protocol *b) {
    GW_FUZZ_CHECK(gw_fuzz_same_text(a->name, b->name) && gw_fuzz_same_text(a->version, b->version) &&
                      gw_fuzz_same_text(a->endpoint, b->endpoint) && gw_fuzz_same_text(a->query, b->query) &&
                      gw_fuzz_same_text(a->subprotocol, b->subprotocol) && gw_fuzz_same_text(a->source, b->source),
                  "texts of %s", a->name);
    GW_FUZZ_CHECK(a->event_count == b->event_count && a->close_count == b->close_count &&
                      a->clause_count == b->clause_count && a->header_count == b->header_count &&
                      a->max_message_bytes == b->max_message_bytes && a->max_messages == b->max_messages &&
                      a->messages_per == b->messages_per && a->envelope.form == b->envelope.form &&
                      a->envelope.id_type == b->envelope.id_type,
                  "facts of %s", a->name);
    for (size_t i = 0; i < a->event_count; i++) {
        const gw_event *x = &a->events[i], *y = &b->events[i];
        char described[2][128] = {"", ""};
        if (x->data) gw_schema_describe(x->data, described[0], sizeof described[0]);
        if (y->data) gw_schema_describe(y->data, described[1], sizeof described[1]);
        GW_FUZZ_CHECK(gw_fuzz_same_text(x->name, y->name) && gw_fuzz_same_text(x->tag, y->tag) &&
                          gw_fuzz_same_text(x->id_s, y->id_s) && x->id == y->id && x->from == y->from &&
                          gw_fuzz_same_text(x->clause, y->clause) && !x->data == !y->data &&
                          !x->non_strict == !y->non_strict && x->member_count == y->member_count &&
                          x->body_text == y->body_text && x->broadcast == y->broadcast &&
                          strcmp(described[0], described[1]) == 0,
                      "event %s", x->name);
    }
    for (int i = 0; i < GW_KNOB_COUNT; i++)
        GW_FUZZ_CHECK(a->knobs.value[i] == b->knobs.value[i], "the choice %s", gw_knob_key((gw_knob)i));
    for (int role = 0; role < 2; role++) {
        gw_expr_env x = gw_protocol_env(a, (gw_role)role, GW_S, GW_S, 1.0);
        gw_expr_env y = gw_protocol_env(b, (gw_role)role, GW_S, GW_S, 1.0);
        GW_FUZZ_CHECK(x.drop == y.drop && x.drop_max == y.drop_max && x.eps == y.eps && x.greeting == y.greeting,
                      "times of %s", a->name);
    }
}

static void load_requirements(gw_span text) {
    gw_requirements catalogue;
    gw_diag diag;
    gw_diag_init(&diag);
    gw_requirements_init(&catalogue);
    bool loaded = gw_requirements_load(&catalogue, text, "input.yaml", &diag);
    GW_FUZZ_CHECK(loaded == (diag.errors == 0), "%zu errors", diag.errors);
    for (size_t i = 0; i < catalogue.count; i++) {
        const gw_requirement *r = catalogue.items[i];
        GW_FUZZ_CHECK(gw_requirements_find(&catalogue, r->id) == r, "%s is not found", r->id);
        GW_FUZZ_CHECK(r->title && r->clause && r->source && gw_requirement_level_word(r->level), "%s lacks a text",
                      r->id);
    }
    gw_requirements_suggest(&catalogue, "S1");
    gw_requirements_deinit(&catalogue);
    gw_diag_deinit(&diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > GW_FUZZ_MAX_BYTES) return 0;
    gw_arena arena;
    gw_diag diag;
    gw_arena_init(&arena);
    gw_diag_init(&diag);
    const gw_protocol *protocol =
        gw_protocol_load_from(&arena, gw_span_make(data, size), "input.yaml", &gw_fuzz_source, &diag);
    GW_FUZZ_CHECK((protocol == NULL) == (diag.errors > 0), "%zu errors", diag.errors);
    if (protocol) {
        use(protocol);
        use_schemas(protocol);
        use_choices(&arena, protocol, gw_span_make(data, size), &diag);
        gw_span json;
        if (gw_fuzz_as_json(gw_span_make(data, size), &json)) {
            const gw_protocol *again = gw_protocol_load_from(&arena, json, "input.yaml", &gw_fuzz_source, &diag);
            GW_FUZZ_CHECK(again, "%s\n%.*s", gw_buf_cstr(&diag.text), GW_SPAN_ARG(json));
            check_same(protocol, again);
        }
    } else {
        /* What it extends may hold the line that no longer fits. */
        const char *said = gw_buf_cstr(&diag.text), *extended = "scenarios/protocols/";
        GW_FUZZ_CHECK(strncmp(said, "input.yaml", 10) == 0 || strncmp(said, extended, strlen(extended)) == 0, "%s",
                      said);
    }
    gw_diag_deinit(&diag);
    gw_arena_deinit(&arena);
    load_requirements(gw_span_make(data, size));
    return 0;
}
