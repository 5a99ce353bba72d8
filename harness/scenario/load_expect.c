/* Floor 3: expect, expect-none, expect-cadence, expect-response: what is to arrive. Judges nothing. */
#include "scenario/load_common.h"
#include "scenario/match.h"

#include "wire/frame.h"

#include <string.h>

/* ---- Patterns ---- */

static void read_event(loader *l, const gw_doc_node *node, void *at) {
    gw_pattern *pattern = at;
    const gw_event *event = load_event(l, node, l->scenario->role);
    pattern->kind = GW_ITEM_EVENT;
    pattern->event = event ? event->name : node->text;
}

static void read_frame(loader *l, const gw_doc_node *node, void *at) {
    static const char *const words[] = {"ping", "pong", "close", "text", "binary"};
    static const uint8_t opcodes[] = {GW_FRAME_PING, GW_FRAME_PONG, GW_FRAME_CLOSE, GW_FRAME_TEXT, GW_FRAME_BINARY};
    gw_pattern *pattern = at;
    size_t index;
    pattern->kind = GW_ITEM_FRAME;
    if (load_word(l, node, words, LOAD_COUNT(words), &index)) pattern->opcode = opcodes[index];
}

static void read_data(loader *l, const gw_doc_node *node, void *at) {
    if (gw_match_check(l->diag, node)) *(const cJSON **)at = load_template(l, node, LOAD_NUMBERS_PARSED);
}

/* `times` copies; bytes that were given as hex are no text, so a "${" among them is escaped. */
static void set_payload(loader *l, gw_pattern *pattern, const void *bytes, size_t len, uint32_t times, bool literal) {
    gw_buf out;
    gw_buf_init(&out, LOAD_MAX_BYTES);
    for (uint32_t n = 0; n < times && out.error == GW_OK; n++) {
        for (size_t i = 0; i < len && out.error == GW_OK; i++) {
            const char *p = (const char *)bytes + i;
            char next = i + 1 < len ? p[1] : n + 1 < times ? *(const char *)bytes : 0;
            if (literal && *p == '$' && next == '{') gw_buf_append_byte(&out, '$');
            gw_buf_append_byte(&out, (uint8_t)*p);
        }
    }
    pattern->payload = gw_arena_strndup(l->arena, out.data, out.len);
    pattern->payload_len = out.len;
    gw_buf_deinit(&out);
}

typedef struct payload_map {
    const gw_doc_node *text, *hex;
    uint32_t repeat;
} payload_map;

static void keep_node(loader *l, const gw_doc_node *node, void *at) {
    (void)l;
    *(const gw_doc_node **)at = node;
}

static const load_field payload_fields[] = {
    {"text", keep_node, offsetof(payload_map, text), false},
    {"hex", keep_node, offsetof(payload_map, hex), false},
    {"repeat", load_count, offsetof(payload_map, repeat), false},
};

static void read_payload(loader *l, const gw_doc_node *node, void *at) {
    gw_pattern *pattern = at;
    payload_map map = {.text = node, .repeat = 1};
    pattern->has_payload = true;
    if (node->kind == GW_DOC_MAP) {
        const load_group groups[] = {LOAD_GROUP(payload_fields, &map)};
        map.text = NULL;
        load_fields(l, node, "payload", groups, LOAD_COUNT(groups));
        if (!map.text == !map.hex) gw_doc_error(l->diag, node, "payload is a text, {text: ...} or {hex: ...}");
    }
    size_t len = 0;
    const void *bytes = map.hex    ? (const void *)load_hex(l, map.hex, &len)
                        : map.text ? load_run_text(l, map.text, &len)
                                   : NULL;
    if (bytes && (uint64_t)len * map.repeat > LOAD_MAX_BYTES / 2)
        gw_doc_error(l->diag, node, "repeated, the payload is larger than %d bytes", LOAD_MAX_BYTES / 2);
    else if (bytes)
        set_payload(l, pattern, bytes, len, map.repeat, map.hex != NULL);
}

/* base: gw_pattern */
static const load_field pattern_fields[] = {
    {"event", read_event, 0, false},
    {"frame", read_frame, 0, false},
    {"data", read_data, offsetof(gw_pattern, data), false},
    {"payload", read_payload, 0, false},
};
/* base: gw_step */
static const load_field window_fields[] = {
    {"within", load_expr, offsetof(gw_step, window.within), false},
    {"non-strict-within", load_expr, offsetof(gw_step, window.non_strict_within), false},
    {"after", load_expr, offsetof(gw_step, window.after), false},
    {"since", load_since, offsetof(gw_step, window.since), false},
};
static const load_field expect_fields[] = {
    {"count", load_count, offsetof(gw_step, as.expect.count), false},
    {"settle", load_expr, offsetof(gw_step, as.expect.settle), false},
    {"or-skip", load_bool, offsetof(gw_step, as.expect.skip_if_absent), false},
};
static const load_field none_fields[] = {{"for", load_expr, offsetof(gw_step, as.expect.duration), true}};
static const load_field cadence_fields[] = {
    {"within", load_expr, offsetof(gw_step, window.within), true},
    {"non-strict-within", load_expr, offsetof(gw_step, window.non_strict_within), false},
    {"first", load_expr, offsetof(gw_step, as.expect.first), false},
    {"min-gap", load_expr, offsetof(gw_step, as.expect.min_gap), false},
    {"for", load_expr, offsetof(gw_step, as.expect.duration), true},
    {"since", load_since, offsetof(gw_step, window.since), false},
};
static const load_field cadence_pattern_fields[] = {{"event", read_event, 0, true}};

static void misplaced(loader *l, const gw_doc_node *map, const char *key, const char *other) {
    const gw_doc_node *node = gw_doc_get(map, key);
    if (node) gw_diag_error(l->diag, gw_doc_key_place(node), "'%s' goes with '%s'", key, other);
}

static void check_pattern(loader *l, const gw_doc_node *map, const gw_pattern *pattern, const char *what) {
    const gw_doc_node *event = gw_doc_get(map, "event"), *frame = gw_doc_get(map, "frame");
    if (!event && !frame) gw_doc_error(l->diag, map, "%s needs 'event' or 'frame'", what);
    if (event && frame) gw_diag_error(l->diag, gw_doc_key_place(frame), "either 'event' or 'frame', not both");
    if (!event) misplaced(l, map, "data", "event");
    load_check_members(l, gw_doc_get(map, "data"), pattern->event);
    if (!frame) misplaced(l, map, "payload", "frame");
}

/* ---- Steps ---- */

/* hello has windows of its own in the protocol description. */
static void default_window(loader *l, const gw_doc_node *map, gw_step *step) {
    const gw_heartbeat_rules *rules = &l->protocol->heartbeat;
    const char *event = step->as.expect.pattern.event;
    bool hello = event && rules->hello && strcmp(event, rules->hello->name) == 0;
    if (hello && !step->rule) step->rule = gw_protocol_rule(l->protocol, l->scenario->role, GW_RULE_HELLO_FIRST);
    if (gw_doc_get(map, "within")) return;
    if (!hello) {
        step->window.within = load_constant(l, "2s");
        return;
    }
    step->window.within = gw_expr_constant(l->arena, rules->hello_strict);
    if (!step->window.non_strict_within)
        step->window.non_strict_within = gw_expr_constant(l->arena, rules->hello_non_strict);
    if (!gw_doc_get(map, "since")) step->window.since = GW_SINCE_OPEN;
}

void load_expect(loader *l, const gw_doc_node *map, gw_step *step) {
    step->as.expect.count = 1;
    const load_group groups[] = {LOAD_GROUP(load_common_fields, step),
                                 LOAD_GROUP(pattern_fields, &step->as.expect.pattern), LOAD_GROUP(window_fields, step),
                                 LOAD_GROUP(expect_fields, step)};
    if (!load_fields(l, map, "expect", groups, LOAD_COUNT(groups))) return;
    check_pattern(l, map, &step->as.expect.pattern, "expect");
    step->as.expect.exact = gw_doc_get(map, "count") != NULL;
    if (!step->as.expect.exact)
        misplaced(l, map, "settle", "count");
    else if (!step->as.expect.settle)
        step->as.expect.settle = load_constant(l, "200ms");
    default_window(l, map, step);
    load_save_all(l, gw_doc_get(map, "data"));
}

void load_expect_none(loader *l, const gw_doc_node *map, gw_step *step) {
    const load_group groups[] = {LOAD_GROUP(load_common_fields, step),
                                 LOAD_GROUP(pattern_fields, &step->as.expect.pattern), LOAD_GROUP(none_fields, step)};
    if (load_fields(l, map, "expect-none", groups, LOAD_COUNT(groups)))
        check_pattern(l, map, &step->as.expect.pattern, "expect-none");
}

void load_expect_cadence(loader *l, const gw_doc_node *map, gw_step *step) {
    step->as.expect.count = 1;
    const load_group groups[] = {LOAD_GROUP(load_common_fields, step), LOAD_GROUP(cadence_fields, step),
                                 LOAD_GROUP(cadence_pattern_fields, &step->as.expect.pattern)};
    load_fields(l, map, "expect-cadence", groups, LOAD_COUNT(groups));
}

/* ---- expect-response ---- */

static void read_headers(loader *l, const gw_doc_node *node, void *at) {
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_MAP, node->key)) return;
    bool ok = true;
    for (const gw_doc_node *n = node->first; n; n = n->next) ok &= gw_match_check(l->diag, n);
    const cJSON *headers = ok ? load_template(l, node, LOAD_NUMBERS_PARSED) : NULL;
    if (!headers) return;
    cJSON *header;
    cJSON_ArrayForEach(header, (cJSON *)headers) { /* ours, in the arena: names in lower case (RFC 9110 section 5.1) */
        char *name = gw_arena_strdup(l->arena, header->string);
        for (char *p = name; *p; p++)
            if (*p >= 'A' && *p <= 'Z') *p = (char)(*p + 32);
        header->string = name;
    }
    *(const cJSON **)at = headers;
}

static const load_field response_fields[] = {
    {"status", load_status, offsetof(gw_step, as.response.status), false},
    {"non-strict-status", load_status, offsetof(gw_step, as.response.non_strict_status), false},
    {"non-strict-close", load_bool, offsetof(gw_step, as.response.non_strict_close), false},
    {"headers", read_headers, offsetof(gw_step, as.response.headers), false},
    {"non-strict-headers", read_headers, offsetof(gw_step, as.response.non_strict_headers), false},
    {"within", load_expr, offsetof(gw_step, window.within), false},
};

void load_expect_response(loader *l, const gw_doc_node *map, gw_step *step) {
    const load_group groups[] = {LOAD_GROUP(load_common_fields, step), LOAD_GROUP(response_fields, step)};
    if (!load_fields(l, map, "expect-response", groups, LOAD_COUNT(groups))) return;
    if (!step->window.within) step->window.within = load_constant(l, "5s");
    gw_code_set *status = &step->as.response.status;
    if (status->count == 0) *status = (gw_code_set){.ranges = {{100, 599}}, .count = 1};
    for (uint8_t i = 0; i < step->on_count; i++) {
        if (l->state[step->on[i]].upgraded) continue;
        gw_doc_error(l->diag, gw_doc_get(map, "on") ? gw_doc_get(map, "on") : map,
                     "'%s' was opened by connect, which judges the response itself; open it by upgrade",
                     l->clients[step->on[i]].name);
    }
    load_save_all(l, gw_doc_get(map, "headers"));
}
