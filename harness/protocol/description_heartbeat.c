/* Floor 2: the heartbeat section of a description. */
#include "protocol/description_internal.h"

#include <string.h>

static const gw_expr *load_time(gw_loader *l, const gw_doc_node *map, const char *key) {
    const gw_doc_node *node = gw_doc_get(map, key);
    return node ? gw_expr_from_doc(l->arena, node, key, l->diag) : NULL;
}

static void load_strictness(gw_loader *l, const gw_doc_node *map, gw_ns *strict, gw_ns *non_strict) {
    const gw_doc_node *first = gw_doc_get(map, "strict"), *second = gw_doc_get(map, "non-strict");
    bool ok = !first || gw_doc_expect_duration(l->diag, first, strict);
    if (!second)
        *non_strict = *strict;
    else
        ok = gw_doc_expect_duration(l->diag, second, non_strict) && ok;
    if (ok && second && *non_strict < *strict)
        gw_doc_error(l->diag, second, "non-strict must not be shorter than strict");
}

static void load_interval(gw_loader *l, const gw_doc_node *node) {
    static const char *const keys[] = {"event", "field", "unit"};
    static const char *const units[] = {"ms", "s"};
    gw_heartbeat_rules *h = &l->protocol->heartbeat;
    size_t which = 0;
    if (!gw_doc_expect_keys(l->diag, node, keys, 3, "interval")) return;
    if (gw_doc_require(l->diag, node, "event", "interval"))
        h->hello = gw_loader_event(l, gw_doc_get(node, "event"), "event");
    if (gw_doc_require(l->diag, node, "field", "interval"))
        gw_loader_pointer(l, gw_doc_get(node, "field"), "field", &h->interval);
    const gw_doc_node *unit = gw_doc_get(node, "unit");
    if (unit) gw_doc_expect_word(l->diag, unit, units, 2, "unit", &which);
    h->unit = which == 1 ? GW_S : GW_MS;
}

static void load_beat(gw_loader *l, const gw_doc_node *node, const char *what, gw_beat *out) {
    static const char *const keys[] = {"send", "every", "min-gap", "level", "data"};
    static const char *const levels[] = {"must", "should", "may", "off"};
    size_t which = 0;
    if (!gw_doc_expect_keys(l->diag, node, keys, GW_LOADER_COUNT(keys), what)) return;
    const gw_doc_node *level = gw_doc_get(node, "level"), *data = gw_doc_get(node, "data");
    if (level) gw_doc_expect_word(l->diag, level, levels, 4, "level", &which);
    if (which == 3) return;
    out->level = (gw_requirement_level)which;
    if (gw_doc_require(l->diag, node, "send", what)) out->send = gw_loader_event(l, gw_doc_get(node, "send"), "send");
    if (gw_doc_require(l->diag, node, "every", what)) out->every = load_time(l, node, "every");
    out->min_gap = load_time(l, node, "min-gap");
    if (!data) return;
    gw_buf text;
    gw_buf_init(&text, 4096);
    if (gw_doc_to_json(data, &text) == GW_OK)
        out->data = gw_arena_strdup(l->arena, gw_buf_cstr(&text));
    else
        gw_doc_error(l->diag, data, "data is no JSON value of at most 4096 bytes");
    gw_buf_deinit(&text);
}

static void load_ask(gw_loader *l, const gw_doc_node *node) {
    static const char *const keys[] = {"event", "by", "answer", "level", "strict", "non-strict"};
    static const char *const levels[] = {"must", "should", "may"};
    size_t which = 0;
    gw_heartbeat_rules *h = &l->protocol->heartbeat;
    if (!gw_doc_expect_keys(l->diag, node, keys, GW_LOADER_COUNT(keys), "ask")) return;
    for (size_t i = 0; i < 3; i++) gw_doc_require(l->diag, node, keys[i], "ask");
    if (gw_doc_get(node, "event")) h->ask = gw_loader_event(l, gw_doc_get(node, "event"), "event");
    if (gw_doc_get(node, "by")) h->ask_by = gw_loader_side(l, gw_doc_get(node, "by"), "by");
    if (gw_doc_get(node, "answer")) h->answer = gw_loader_event(l, gw_doc_get(node, "answer"), "answer");
    const gw_doc_node *level = gw_doc_get(node, "level");
    if (level && gw_doc_expect_word(l->diag, level, levels, 3, "level", &which))
        h->ask_level = (gw_requirement_level)which;
    load_strictness(l, node, &h->answer_strict, &h->answer_non_strict);
}

static void load_resets(gw_loader *l, const gw_doc_node *node) {
    gw_heartbeat_rules *h = &l->protocol->heartbeat;
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_SEQ, "reset-by")) return;
    if (node->count > GW_PROTOCOL_MAX_RESETS) {
        gw_doc_error(l->diag, node, "reset-by lists more than %d events", (int)GW_PROTOCOL_MAX_RESETS);
        return;
    }
    for (const gw_doc_node *c = node->first; c; c = c->next) {
        const gw_event *event = gw_loader_event(l, c, "reset-by");
        if (event) h->resets[h->reset_count++] = event;
    }
}

static void load_timer(gw_loader *l, const gw_doc_node *node) {
    static const char *const keys[] = {"starts", "reset-by", "scope", "misses", "eps"};
    static const char *const starts[] = {"hello", "connect"};
    static const char *const scopes[] = {"connection"};
    gw_heartbeat_rules *h = &l->protocol->heartbeat;
    size_t which = 0;
    if (!gw_doc_expect_keys(l->diag, node, keys, GW_LOADER_COUNT(keys), "timer")) return;
    const gw_doc_node *start = gw_doc_get(node, "starts"), *scope = gw_doc_get(node, "scope"),
                      *misses = gw_doc_get(node, "misses"), *resets = gw_doc_get(node, "reset-by");
    if (start && gw_doc_expect_word(l->diag, start, starts, 2, "starts", &which)) h->starts_at_connect = which == 1;
    if (scope) gw_doc_expect_word(l->diag, scope, scopes, 1, "scope", &which);
    if (resets) load_resets(l, resets);
    if (misses && gw_doc_expect_kind(l->diag, misses, GW_DOC_INT, "misses")) {
        if (misses->integer < 1 || misses->integer > 100)
            gw_doc_error(l->diag, misses, "misses must be 1 to 100");
        else
            h->misses = (uint32_t)misses->integer;
    }
    const gw_expr *eps = load_time(l, node, "eps");
    if (eps && gw_expr_uses_eps(eps))
        gw_doc_error(l->diag, gw_doc_get(node, "eps"), "eps cannot be made of eps");
    else if (eps)
        h->eps = eps;
}

static void load_miss(gw_loader *l, const gw_doc_node *node) {
    static const char *const keys[] = {"ends-with", "codes"};
    static const char *const words[] = {"close", "drop"};
    gw_heartbeat_rules *h = &l->protocol->heartbeat;
    if (!gw_doc_expect_keys(l->diag, node, keys, 2, "miss")) return;
    if (gw_doc_get(node, "ends-with")) {
        unsigned bits = gw_loader_words(l, gw_doc_get(node, "ends-with"), words, 2, "ends-with");
        h->ends_by_close = bits & 1;
        h->ends_by_drop = (bits & 2) != 0;
    }
    if (gw_doc_get(node, "codes")) gw_loader_codes(l, gw_doc_get(node, "codes"), "codes", &h->codes);
}

static void set_defaults(gw_loader *l) {
    gw_heartbeat_rules *h = &l->protocol->heartbeat;
    gw_expr_error error;
    h->hello_strict = GW_S;
    h->hello_non_strict = 5 * GW_S;
    h->answer_strict = 250 * GW_MS;
    h->answer_non_strict = GW_S;
    h->ask_level = GW_REQUIREMENT_SHOULD;
    h->misses = 1;
    h->ends_by_close = h->ends_by_drop = true;
    h->eps = gw_expr_compile(l->arena, gw_span_cstr("max(50ms, 5% of I)"), &error);
    for (int role = 0; role < 2; role++) {
        h->beat[role].level = GW_REQUIREMENT_MAY;
        h->beat[role].data = "{}";
    }
}

void gw_loader_heartbeat(gw_loader *l, const gw_doc_node *node) {
    static const char *const keys[] = {"interval", "hello", "server", "client", "ask", "timer", "miss"};
    static const char *const hello_keys[] = {"strict", "non-strict"};
    gw_heartbeat_rules *h = &l->protocol->heartbeat;
    if (!gw_doc_expect_keys(l->diag, node, keys, GW_LOADER_COUNT(keys), "heartbeat")) return;
    set_defaults(l);
    if (gw_doc_require(l->diag, node, "interval", "heartbeat")) load_interval(l, gw_doc_get(node, "interval"));
    const gw_doc_node *hello = gw_doc_get(node, "hello");
    if (hello && gw_doc_expect_keys(l->diag, hello, hello_keys, 2, "hello"))
        load_strictness(l, hello, &h->hello_strict, &h->hello_non_strict);
    if (gw_doc_get(node, "server")) load_beat(l, gw_doc_get(node, "server"), "server", &h->beat[GW_ROLE_SERVER]);
    if (gw_doc_get(node, "client")) load_beat(l, gw_doc_get(node, "client"), "client", &h->beat[GW_ROLE_CLIENT]);
    if (gw_doc_get(node, "ask")) load_ask(l, gw_doc_get(node, "ask"));
    if (gw_doc_get(node, "timer")) load_timer(l, gw_doc_get(node, "timer"));
    if (gw_doc_get(node, "miss")) load_miss(l, gw_doc_get(node, "miss"));
    /* Without a word on it, what either side sends as its heartbeat is what counts as one. */
    for (int role = 0; role < 2 && !gw_doc_get(gw_doc_get(node, "timer"), "reset-by"); role++) {
        const gw_event *send = h->beat[role].send;
        if (send && !gw_protocol_is_beat(l->protocol, send)) h->resets[h->reset_count++] = send;
    }
}
