/* Floor 2: the heartbeat section of a description. */
#include "protocol/description_internal.h"
#include "protocol/template.h"

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

/* hello, from either of two places: `hello: {event}` or `interval: {event}`. */
static void load_hello_event(gw_loader *l, const gw_doc_node *node) {
    gw_heartbeat_rules *h = &l->protocol->heartbeat;
    const gw_event *event = gw_loader_event(l, node, "event");
    if (event && h->hello && h->hello != event)
        gw_doc_error(l->diag, node, "hello is %s already", h->hello->name);
    else if (event)
        h->hello = event;
}

static void load_announced(gw_loader *l, const gw_doc_node *node, const char *what, gw_announced *out) {
    static const char *const keys[] = {"event", "field", "unit", "constant"};
    static const char *const units[] = {"ms", "s"};
    size_t which = 0;
    if (node->kind == GW_DOC_STRING && strcmp(node->text, "none") == 0) return;
    if (!gw_doc_expect_keys(l->diag, node, keys, GW_LOADER_COUNT(keys), what)) return;
    const gw_doc_node *event = gw_doc_get(node, "event"), *field = gw_doc_get(node, "field"),
                      *unit = gw_doc_get(node, "unit"), *constant = gw_doc_get(node, "constant");
    if (event) load_hello_event(l, event);
    if (constant && (field || unit)) {
        gw_doc_error(l->diag, constant, "either a constant or a field of hello, not both");
    } else if (constant) {
        if (gw_doc_expect_duration(l->diag, constant, &out->constant) && out->constant <= 0)
            gw_doc_error(l->diag, constant, "constant must be above 0");
    } else if (gw_doc_require(l->diag, node, "field", what)) {
        gw_loader_pointer(l, field, "field", &out->field);
    }
    if (unit) gw_doc_expect_word(l->diag, unit, units, 2, "unit", &which);
    out->unit = which == 1 ? GW_S : GW_MS;
}

static void check_refs(gw_loader *l, const gw_doc_node *node) {
    for (const gw_doc_node *c = node->first; c; c = c->next) check_refs(l, c);
    if (node->kind != GW_DOC_STRING || !strstr(node->text, "${") || gw_template_is_ref(node->text)) return;
    gw_doc_error(l->diag, node,
                 "known are \"${sequence}\", \"${nonce}\", \"${data}\" and \"${data.NAME}\", each alone");
}

bool gw_loader_data(gw_loader *l, const gw_doc_node *node, const char *what, gw_data_template *out) {
    if (node->kind == GW_DOC_STRING && strcmp(node->text, "absent") == 0) {
        *out = NULL;
        return true;
    }
    gw_buf text;
    gw_buf_init(&text, 4096);
    check_refs(l, node);
    bool ok = gw_doc_to_json(node, &text) == GW_OK;
    if (ok)
        *out = gw_arena_strdup(l->arena, gw_buf_cstr(&text));
    else
        gw_doc_error(l->diag, node, "%s is no JSON value of at most 4096 bytes", what);
    gw_buf_deinit(&text);
    return ok;
}

static void load_level(gw_loader *l, const gw_doc_node *map, gw_requirement_level *out) {
    static const char *const levels[] = {"must", "should", "may"};
    const gw_doc_node *level = gw_doc_get(map, "level");
    size_t which = 0;
    if (level && gw_doc_expect_word(l->diag, level, levels, 3, "level", &which)) *out = (gw_requirement_level)which;
}

/* strict, non-strict and timeout of an answer. */
static void load_answer_times(gw_loader *l, const gw_doc_node *map, gw_question *q) {
    const gw_expr_env sample = {.interval = GW_S, .eps = 50 * GW_MS, .timeout = GW_S};
    const gw_doc_node *non_strict = gw_doc_get(map, "non-strict");
    if (gw_doc_get(map, "strict")) q->strict = load_time(l, map, "strict");
    if (non_strict)
        q->non_strict = load_time(l, map, "non-strict");
    else if (gw_doc_get(map, "strict"))
        q->non_strict = q->strict;
    q->timeout = load_time(l, map, "timeout");
    if (q->strict && q->non_strict && non_strict &&
        gw_expr_eval(q->non_strict, sample) < gw_expr_eval(q->strict, sample))
        gw_doc_error(l->diag, non_strict, "non-strict must not be shorter than strict");
}

static bool claim_question(gw_loader *l, const gw_doc_node *node, gw_role role) {
    if (!l->protocol->heartbeat.question[role].event) return true;
    gw_doc_error(l->diag, node, "the %s asks already: a side has one reply or one ask",
                 role == GW_ROLE_SERVER ? "server" : "client");
    return false;
}

/* What the other side answers each beat with. */
static void load_reply(gw_loader *l, const gw_doc_node *node, gw_role role) {
    static const char *const keys[] = {"event", "level", "strict", "non-strict", "timeout", "data"};
    gw_heartbeat_rules *h = &l->protocol->heartbeat;
    gw_question q = h->question[role];
    if (!gw_doc_expect_keys(l->diag, node, keys, GW_LOADER_COUNT(keys), "reply")) return;
    if (!gw_doc_require(l->diag, node, "event", "reply") || !claim_question(l, node, role)) return;
    q.event = h->beat[role].send;
    q.data = h->beat[role].data;
    q.answer = gw_loader_event(l, gw_doc_get(node, "event"), "event");
    load_level(l, node, &q.level);
    load_answer_times(l, node, &q);
    if (gw_doc_get(node, "data")) gw_loader_data(l, gw_doc_get(node, "data"), "data", &q.answer_data);
    gw_template_echo(l->arena, q.answer_data, &q.echo_from, &q.echo_to);
    if (q.event && q.answer) h->question[role] = q;
}

static void load_beat(gw_loader *l, const gw_doc_node *node, const char *what, gw_role role) {
    static const char *const keys[] = {"send", "every", "first", "jitter", "min-gap", "level", "data", "reply"};
    static const char *const levels[] = {"must", "should", "may", "off"};
    gw_beat *out = &l->protocol->heartbeat.beat[role];
    size_t which = 0;
    if (!gw_doc_expect_keys(l->diag, node, keys, GW_LOADER_COUNT(keys), what)) return;
    const gw_doc_node *level = gw_doc_get(node, "level"), *data = gw_doc_get(node, "data"),
                      *jitter = gw_doc_get(node, "jitter"), *reply = gw_doc_get(node, "reply");
    if (level) gw_doc_expect_word(l->diag, level, levels, 4, "level", &which);
    if (which == 3) return;
    out->level = (gw_requirement_level)which;
    if (gw_doc_require(l->diag, node, "send", what)) out->send = gw_loader_event(l, gw_doc_get(node, "send"), "send");
    if (gw_doc_require(l->diag, node, "every", what)) out->every = load_time(l, node, "every");
    out->first = load_time(l, node, "first");
    out->min_gap = load_time(l, node, "min-gap");
    if (jitter && gw_doc_expect_kind(l->diag, jitter, GW_DOC_BOOL, "jitter")) out->jitter = jitter->boolean;
    if (data) gw_loader_data(l, data, "data", &out->data);
    if (reply) load_reply(l, reply, role);
    if (out->send && !(out->send->from & (role == GW_ROLE_SERVER ? GW_FROM_SERVER : GW_FROM_CLIENT)))
        gw_doc_error(l->diag, gw_doc_get(node, "send"), "%s is an event that the %s does not send", out->send->name,
                     what);
}

static void load_ask(gw_loader *l, const gw_doc_node *node) {
    static const char *const keys[] = {"event",      "by",      "answer", "level",      "strict",
                                       "non-strict", "timeout", "data",   "answer-data"};
    gw_heartbeat_rules *h = &l->protocol->heartbeat;
    if (!gw_doc_expect_keys(l->diag, node, keys, GW_LOADER_COUNT(keys), "ask")) return;
    for (size_t i = 0; i < 3; i++) gw_doc_require(l->diag, node, keys[i], "ask");
    if (gw_doc_get(node, "event")) h->ask = gw_loader_event(l, gw_doc_get(node, "event"), "event");
    if (gw_doc_get(node, "by")) h->ask_by = gw_loader_side(l, gw_doc_get(node, "by"), "by");
    if (gw_doc_get(node, "answer")) h->answer = gw_loader_event(l, gw_doc_get(node, "answer"), "answer");
    gw_question q = h->question[GW_ROLE_SERVER].event ? h->question[GW_ROLE_CLIENT] : h->question[GW_ROLE_SERVER];
    q.event = h->ask;
    q.answer = h->answer;
    load_level(l, node, &q.level);
    load_answer_times(l, node, &q);
    if (gw_doc_get(node, "data")) gw_loader_data(l, gw_doc_get(node, "data"), "data", &q.data);
    for (int role = 0; role < 2; role++) {
        gw_question asked = q;
        asked.by_knob = role == GW_ROLE_CLIENT;
        if (!(h->ask_by & (role == GW_ROLE_SERVER ? GW_FROM_SERVER : GW_FROM_CLIENT))) continue;
        if (!claim_question(l, node, (gw_role)role) || !q.event || !q.answer) continue;
        /* An answer that is a beat carries what that side's beats carry. */
        const gw_beat *other = &h->beat[role == GW_ROLE_SERVER ? GW_ROLE_CLIENT : GW_ROLE_SERVER];
        if (q.answer == other->send) asked.answer_data = other->data;
        if (gw_doc_get(node, "answer-data"))
            gw_loader_data(l, gw_doc_get(node, "answer-data"), "answer-data", &asked.answer_data);
        gw_template_echo(l->arena, asked.answer_data, &asked.echo_from, &asked.echo_to);
        h->question[role] = asked;
    }
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
    static const char *const keys[] = {"starts", "reset-by", "scope", "misses", "drop", "eps"};
    static const char *const starts[] = {"hello", "connect", "beat"};
    static const char *const scopes[] = {"connection", "server"};
    gw_heartbeat_rules *h = &l->protocol->heartbeat;
    size_t which = 0;
    if (!gw_doc_expect_keys(l->diag, node, keys, GW_LOADER_COUNT(keys), "timer")) return;
    const gw_doc_node *start = gw_doc_get(node, "starts"), *scope = gw_doc_get(node, "scope"),
                      *misses = gw_doc_get(node, "misses"), *resets = gw_doc_get(node, "reset-by");
    if (start && gw_doc_expect_word(l->diag, start, starts, 3, "starts", &which)) h->starts = (gw_timer_start)which;
    if (scope && gw_doc_expect_word(l->diag, scope, scopes, 2, "scope", &which)) h->scope_server = which == 1;
    h->drop = load_time(l, node, "drop");
    if (h->drop && misses) gw_doc_error(l->diag, misses, "either misses or drop, not both");
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
    static const char *const keys[] = {"by", "ends-with", "codes"};
    static const char *const words[] = {"close", "drop"};
    gw_heartbeat_rules *h = &l->protocol->heartbeat;
    if (node->kind == GW_DOC_STRING && strcmp(node->text, "off") == 0) {
        h->miss_by = 0;
        return;
    }
    if (!gw_doc_expect_keys(l->diag, node, keys, 3, "miss")) return;
    if (gw_doc_get(node, "by")) h->miss_by = gw_loader_side(l, gw_doc_get(node, "by"), "by");
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
    h->hello_first = true;
    h->misses = 1;
    h->miss_by = GW_FROM_BOTH;
    h->ends_by_close = h->ends_by_drop = true;
    h->eps = gw_expr_compile(l->arena, gw_span_cstr("max(50ms, 5% of I)"), &error);
    for (int role = 0; role < 2; role++) {
        h->beat[role].level = GW_REQUIREMENT_MAY;
        h->beat[role].data = "{}";
        h->question[role] = (gw_question){.level = GW_REQUIREMENT_SHOULD,
                                          .strict = gw_expr_constant(l->arena, 250 * GW_MS),
                                          .non_strict = gw_expr_constant(l->arena, GW_S),
                                          .data = "{}",
                                          .answer_data = "{}"};
    }
}

static void load_hello(gw_loader *l, const gw_doc_node *node) {
    static const char *const keys[] = {"event", "strict", "non-strict", "first"};
    gw_heartbeat_rules *h = &l->protocol->heartbeat;
    if (!gw_doc_expect_keys(l->diag, node, keys, GW_LOADER_COUNT(keys), "hello")) return;
    const gw_doc_node *event = gw_doc_get(node, "event"), *first = gw_doc_get(node, "first");
    if (event) load_hello_event(l, event);
    if (first && gw_doc_expect_kind(l->diag, first, GW_DOC_BOOL, "first")) h->hello_first = first->boolean;
    load_strictness(l, node, &h->hello_strict, &h->hello_non_strict);
}

/* ---- Greeting ---- */

static bool load_greeting_codes(gw_loader *l, const gw_doc_node *map, const char *key, gw_codes *out) {
    const gw_doc_node *node = gw_doc_get(map, key);
    if (node) gw_loader_codes(l, node, key, out);
    return node != NULL;
}

void gw_loader_greeting(gw_loader *l, const gw_doc_node *node) {
    static const char *const keys[] = {"send", "when", "data", "answer", "within", "late", "twice", "before"};
    static const char *const moments[] = {"connect", "hello"};
    gw_greeting *g = &l->protocol->heartbeat.greeting;
    size_t which = 0;
    if (!gw_doc_expect_keys(l->diag, node, keys, GW_LOADER_COUNT(keys), "greeting")) return;
    const gw_doc_node *when = gw_doc_get(node, "when"), *within = gw_doc_get(node, "within");
    g->data = "{}";
    if (gw_doc_require(l->diag, node, "send", "greeting"))
        g->send = gw_loader_event(l, gw_doc_get(node, "send"), "send");
    if (gw_doc_require(l->diag, node, "when", "greeting") &&
        gw_doc_expect_word(l->diag, when, moments, 2, "when", &which))
        g->after_hello = which == 1;
    if (gw_doc_get(node, "data")) gw_loader_data(l, gw_doc_get(node, "data"), "data", &g->data);
    if (gw_doc_get(node, "answer")) g->answer = gw_loader_event(l, gw_doc_get(node, "answer"), "answer");
    if (within && gw_doc_expect_duration(l->diag, within, &g->within) && g->within <= 0)
        gw_doc_error(l->diag, within, "within must be above 0");
    load_greeting_codes(l, node, "late", &g->late);
    g->judges_twice = load_greeting_codes(l, node, "twice", &g->twice);
    g->judges_before = load_greeting_codes(l, node, "before", &g->before);
    if (g->send && !(g->send->from & GW_FROM_CLIENT))
        gw_doc_error(l->diag, gw_doc_get(node, "send"), "%s is an event that the client does not send", g->send->name);
}

void gw_loader_heartbeat(gw_loader *l, const gw_doc_node *node) {
    static const char *const keys[] = {"interval", "timeout", "hello", "greeting", "server",
                                       "client",   "ask",     "timer", "miss"};
    gw_heartbeat_rules *h = &l->protocol->heartbeat;
    if (!gw_doc_expect_keys(l->diag, node, keys, GW_LOADER_COUNT(keys), "heartbeat")) return;
    set_defaults(l);
    const gw_doc_node *timer = gw_doc_get(node, "timer");
    const size_t before = l->diag->errors;
    if (gw_doc_get(node, "hello")) load_hello(l, gw_doc_get(node, "hello"));
    if (gw_doc_require(l->diag, node, "interval", "heartbeat"))
        load_announced(l, gw_doc_get(node, "interval"), "interval", &h->interval);
    if (gw_doc_get(node, "interval") && !h->hello && l->diag->errors == before)
        gw_doc_error(l->diag, node, "heartbeat must name hello: hello: {event: ...} or interval: {event: ...}");
    if (gw_doc_get(node, "timeout")) load_announced(l, gw_doc_get(node, "timeout"), "timeout", &h->timeout);
    if (gw_doc_get(node, "greeting")) gw_loader_greeting(l, gw_doc_get(node, "greeting"));
    if (gw_doc_get(node, "server")) load_beat(l, gw_doc_get(node, "server"), "server", GW_ROLE_SERVER);
    if (gw_doc_get(node, "client")) load_beat(l, gw_doc_get(node, "client"), "client", GW_ROLE_CLIENT);
    if (gw_doc_get(node, "ask")) load_ask(l, gw_doc_get(node, "ask"));
    if (timer) load_timer(l, timer);
    if (gw_doc_get(node, "miss")) load_miss(l, gw_doc_get(node, "miss"));
    /* Without a word on it, what either side sends as its heartbeat is what counts as one. */
    for (int role = 0; role < 2 && !gw_doc_get(timer, "reset-by"); role++) {
        const gw_event *send = h->beat[role].send;
        if (send && !gw_protocol_is_beat(l->protocol, send)) h->resets[h->reset_count++] = send;
    }
}
