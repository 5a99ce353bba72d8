/* Floor 3: connect, upgrade and accept: scripted clients and servers, and how their upgrade differs. Builds nothing. */
#include "scenario/load_common.h"

#include <string.h>

/* ---- The request ---- */

static void add_header(loader *l, const gw_doc_node *node, const char *name, const char *value, bool add,
                       gw_request_spec *request) {
    if (request->header_count == GW_PROGRAM_MAX_HEADERS) {
        gw_doc_error(l->diag, node, "more than %d headers", GW_PROGRAM_MAX_HEADERS);
        return;
    }
    request->headers[request->header_count].name = name;
    request->headers[request->header_count].value = value;
    request->headers[request->header_count++].add = add;
}

static void read_header(loader *l, const gw_doc_node *node, gw_request_spec *request) {
    if (strstr(node->key, "${")) {
        gw_diag_error(l->diag, gw_doc_key_place(node), "in a key only for-each variables can stand");
    } else if (node->kind == GW_DOC_NULL) {
        add_header(l, node, node->key, NULL, false, request);
    } else if (node->kind != GW_DOC_SEQ) {
        const char *value = NULL;
        load_text(l, node, &value);
        if (value) add_header(l, node, node->key, value, false, request);
    } else {
        if (node->count == 0) gw_doc_error(l->diag, node, "an empty list; null leaves a header out");
        for (const gw_doc_node *n = node->first; n; n = n->next) {
            const char *value = NULL;
            load_text(l, n, &value);
            if (value) add_header(l, n, node->key, value, n != node->first, request);
        }
    }
}

static void read_headers(loader *l, const gw_doc_node *node, void *at) {
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_MAP, "headers")) return;
    for (const gw_doc_node *n = node->first; n; n = n->next) read_header(l, n, at);
}

static void read_case(loader *l, const gw_doc_node *node, void *at) {
    static const char *const words[] = {"lower", "upper"};
    size_t index;
    if (load_word(l, node, words, LOAD_COUNT(words), &index)) *(const char **)at = words[index];
}

static void read_raw(loader *l, const gw_doc_node *node, void *at) {
    gw_request_spec *request = at;
    request->raw = load_run_text(l, node, &request->raw_len);
}

static const load_field request_fields[] = {
    {"method", load_plain, offsetof(gw_request_spec, method), false},
    {"target", load_text, offsetof(gw_request_spec, target), false},
    {"version", load_plain, offsetof(gw_request_spec, version), false},
    {"headers", read_headers, 0, false},
    {"header-case", read_case, offsetof(gw_request_spec, header_case), false},
    {"raw", read_raw, 0, false},
    {"unfinished", load_bool, offsetof(gw_request_spec, unfinished), false},
};

/* base: gw_request_spec */
static const load_field answer_fields[] = {
    {"status", load_count, offsetof(gw_request_spec, status), false},
    {"reason", load_text, offsetof(gw_request_spec, reason), false},
    {"version", load_plain, offsetof(gw_request_spec, version), false},
    {"headers", read_headers, 0, false},
    {"header-case", read_case, offsetof(gw_request_spec, header_case), false},
    {"raw", read_raw, 0, false},
    {"unfinished", load_bool, offsetof(gw_request_spec, unfinished), false},
};

static void read_answer(loader *l, const gw_doc_node *node, void *at) {
    const gw_request_spec *answer = at;
    const load_group groups[] = {LOAD_GROUP(answer_fields, at)};
    if (!load_fields(l, node, "upgrade", groups, LOAD_COUNT(groups))) return;
    const gw_doc_node *raw = gw_doc_get(node, "raw");
    if (raw && node->count > 1)
        gw_diag_error(l->diag, gw_doc_key_place(raw), "'raw' is the whole answer; no other key stands beside it");
    if (answer->status && (answer->status < 100 || answer->status > 599))
        gw_doc_error(l->diag, gw_doc_get(node, "status"), "status is 100 to 599");
}

static void read_request(loader *l, const gw_doc_node *node, void *at) {
    const load_group groups[] = {LOAD_GROUP(request_fields, at)};
    if (!load_fields(l, node, "request", groups, LOAD_COUNT(groups))) return;
    const gw_doc_node *raw = gw_doc_get(node, "raw");
    if (raw && node->count > 1)
        gw_diag_error(l->diag, gw_doc_key_place(raw), "'raw' is the whole request; no other key stands beside it");
}

/* ---- Clients ---- */

static void read_heartbeat(loader *l, const gw_doc_node *node, void *at) {
    static const char *const words[] = {"auto", "off", "reply"};
    static const gw_heartbeat_mode modes[] = {GW_HEARTBEAT_AUTO, GW_HEARTBEAT_OFF, GW_HEARTBEAT_REPLY};
    gw_client_spec *client = at;
    for (size_t i = 0; node->kind == GW_DOC_STRING && i < LOAD_COUNT(words); i++) {
        if (strcmp(node->text, words[i]) != 0) continue;
        client->heartbeat = modes[i];
        return;
    }
    client->heartbeat = GW_HEARTBEAT_EVERY;
    load_expr(l, node, &client->heartbeat_every);
}

/* base: gw_client_spec */
static const load_field client_fields[] = {
    {"room", load_plain, offsetof(gw_client_spec, room), false},
    {"participant", load_plain, offsetof(gw_client_spec, participant), false},
    {"heartbeat", read_heartbeat, 0, false},
    {"greet", load_bool, offsetof(gw_client_spec, greet), false},
    {"answer-asks", load_bool, offsetof(gw_client_spec, answer_asks), false},
    {"answer-pings", load_bool, offsetof(gw_client_spec, answer_pings), false},
    {"answer-close", load_bool, offsetof(gw_client_spec, answer_close), false},
    {"read", load_bool, offsetof(gw_client_spec, read), false},
};
/* base: gw_step */
static const load_field connect_fields[] = {
    {"as", load_skip, 0, true},
    {"rule", load_rule, offsetof(gw_step, rule), false},
    {"request", read_request, offsetof(gw_step, as.connect.request), false},
    {"with", load_skip, 0, false},
};

static void read_hello(loader *l, const gw_doc_node *node, void *at) {
    static const char *const words[] = {"auto", "off"};
    size_t index;
    if (load_word(l, node, words, LOAD_COUNT(words), &index)) *(bool *)at = index == 0;
}

/* base: gw_client_spec; and base: gw_step */
static const load_field played_fields[] = {
    {"interval", load_expr, offsetof(gw_client_spec, interval), false},
    {"hello", read_hello, offsetof(gw_client_spec, hello), false},
    {"heartbeat", read_heartbeat, 0, false},
    {"answer-asks", load_bool, offsetof(gw_client_spec, answer_asks), false},
    {"answer-pings", load_bool, offsetof(gw_client_spec, answer_pings), false},
    {"answer-close", load_bool, offsetof(gw_client_spec, answer_close), false},
    {"read", load_bool, offsetof(gw_client_spec, read), false},
};
static const load_field accept_fields[] = {
    {"as", load_skip, 0, true},
    {"rule", load_rule, offsetof(gw_step, rule), false},
    {"within", load_expr, offsetof(gw_step, window.within), false},
    {"or-skip", load_bool, offsetof(gw_step, as.connect.or_skip), false},
    {"upgrade", read_answer, offsetof(gw_step, as.connect.request), false},
    {"with", load_skip, 0, false},
};

static void add_client(loader *l, const gw_doc_node *node, gw_step *step) {
    if (!load_check_name(l, node, "the name of a client")) return;
    for (size_t i = 0; i < l->client_count; i++) {
        if (strcmp(l->clients[i].name, node->text) != 0) continue;
        gw_doc_error(l->diag, node, "a client '%s' is there already; each connection has a client of its own",
                     node->text);
        return;
    }
    for (size_t i = 0; i < l->saved_count; i++) {
        if (strcmp(l->saved[i], node->text) != 0) continue;
        gw_doc_error(l->diag, node, "'%s' is a saved value already; choose another name", node->text);
        return;
    }
    if (l->client_count == GW_PROGRAM_MAX_CLIENTS || step->on_count == GW_PROGRAM_MAX_ON) {
        gw_doc_error(l->diag, node, "more than %d clients in a scenario, or %d in a step", GW_PROGRAM_MAX_CLIENTS,
                     GW_PROGRAM_MAX_ON);
        return;
    }
    l->clients[l->client_count].name = node->text;
    l->state[l->client_count].upgraded = step->kind == GW_STEP_UPGRADE;
    step->on[step->on_count++] = (uint16_t)l->client_count++;
}

static void add_clients(loader *l, const gw_doc_node *as, gw_step *step) {
    if (!as) return; /* reported as missing */
    if (as->kind != GW_DOC_SEQ) {
        add_client(l, as, step);
        return;
    }
    if (as->count == 0) gw_doc_error(l->diag, as, "an empty list of clients");
    for (const gw_doc_node *n = as->first; n; n = n->next) add_client(l, n, step);
}

static const gw_client_spec usual_spec = {.room = "main",
                                          .heartbeat = GW_HEARTBEAT_AUTO,
                                          .hello = true,
                                          .greet = true,
                                          .answer_asks = true,
                                          .answer_pings = true,
                                          .answer_close = true,
                                          .read = true};

/* What all connections of the step have in common. */
static void finish(loader *l, const gw_doc_node *map, const gw_client_spec *spec, gw_step *step) {
    for (uint8_t i = 0; i < step->on_count; i++) {
        gw_client_spec *client = &l->clients[step->on[i]];
        const char *name = client->name;
        *client = *spec;
        client->name = name;
        if (!spec->participant) client->participant = name;
    }
    const gw_pacing *pacing = &step->as.connect.pacing;
    const gw_doc_node *pause = gw_doc_get(map, "pause"), *with = gw_doc_get(map, "with");
    if (pause && !pacing->chop) gw_diag_error(l->diag, gw_doc_key_place(pause), "'pause' goes with 'chop'");
    if (with) step->as.connect.with = load_frame_list(l, with, step, &step->as.connect.with_count);
}

void load_connect(loader *l, const gw_doc_node *map, gw_step *step) {
    gw_client_spec spec = usual_spec;
    const char *what = step->kind == GW_STEP_CONNECT ? "connect" : "upgrade";
    /* first, since the request may speak of them */
    if (map->kind == GW_DOC_MAP) add_clients(l, gw_doc_get(map, "as"), step);
    const load_group groups[] = {LOAD_GROUP(connect_fields, step),
                                 LOAD_GROUP(client_fields, &spec),
                                 {load_pacing_fields, 2, &step->as.connect.pacing}};
    if (!load_fields(l, map, what, groups, LOAD_COUNT(groups))) return;
    load_room(l, map, spec.room);
    if (!spec.greet && !l->protocol->heartbeat.greeting.send) load_lacks(l, "the protocol has no event 'greeting'");
    finish(l, map, &spec, step);
    if (step->kind == GW_STEP_UPGRADE && gw_doc_get(map, "request")) l->illegal = true;
}

void load_accept(loader *l, const gw_doc_node *map, gw_step *step) {
    gw_client_spec spec = usual_spec;
    if (map->kind == GW_DOC_MAP) add_clients(l, gw_doc_get(map, "as"), step);
    const load_group groups[] = {LOAD_GROUP(accept_fields, step),
                                 LOAD_GROUP(played_fields, &spec),
                                 {load_pacing_fields, 2, &step->as.connect.pacing}};
    if (!load_fields(l, map, "accept", groups, LOAD_COUNT(groups))) return;
    finish(l, map, &spec, step);
    if (gw_doc_get(map, "upgrade")) l->illegal = true;
}
