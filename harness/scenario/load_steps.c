/* Floor 3: heartbeat, drop, trigger and wait, and the table of all steps with their clients and default rules. */
#include "scenario/load_common.h"
#include "scenario/match.h"

#include <string.h>

/* ---- heartbeat, drop, wait ---- */

static void read_mode(loader *l, const gw_doc_node *node, void *at) {
    static const char *const words[] = {"auto", "off", "reply"};
    static const gw_heartbeat_mode modes[] = {GW_HEARTBEAT_AUTO, GW_HEARTBEAT_OFF, GW_HEARTBEAT_REPLY};
    size_t index;
    if (load_word(l, node, words, LOAD_COUNT(words), &index)) *(gw_heartbeat_mode *)at = modes[index];
}

static void load_heartbeat(loader *l, const gw_doc_node *map, gw_step *step) {
    static const load_field fields[] = {{"mode", read_mode, offsetof(gw_step, as.heartbeat.mode), false},
                                        {"every", load_expr, offsetof(gw_step, as.heartbeat.every), false}};
    const load_group groups[] = {LOAD_GROUP(load_common_fields, step), LOAD_GROUP(fields, step)};
    if (!load_fields(l, map, "heartbeat", groups, LOAD_COUNT(groups))) return;
    bool every = gw_doc_get(map, "every") != NULL;
    if (every == (gw_doc_get(map, "mode") != NULL))
        gw_doc_error(l->diag, map, "heartbeat takes either 'mode' or 'every'");
    if (every) step->as.heartbeat.mode = GW_HEARTBEAT_EVERY;
}

static void read_how(loader *l, const gw_doc_node *node, void *at) {
    static const char *const words[] = {"fin", "rst"};
    size_t index;
    if (load_word(l, node, words, LOAD_COUNT(words), &index)) *(bool *)at = index == 1;
}

static void load_drop(loader *l, const gw_doc_node *map, gw_step *step) {
    static const load_field fields[] = {{"how", read_how, offsetof(gw_step, as.drop.reset), false}};
    const load_group groups[] = {LOAD_GROUP(load_common_fields, step), LOAD_GROUP(fields, step)};
    load_fields(l, map, "drop", groups, LOAD_COUNT(groups));
}

static void load_wait(loader *l, const gw_doc_node *map, gw_step *step) {
    static const load_field fields[] = {{"for", load_expr, offsetof(gw_step, as.wait.duration), true},
                                        {"rule", load_rule, offsetof(gw_step, rule), false}};
    const load_group groups[] = {LOAD_GROUP(fields, step)};
    load_fields(l, map, "wait", groups, LOAD_COUNT(groups));
}

/* ---- trigger ---- */

static void add_trigger(loader *l, const char *event) {
    for (size_t i = 0; i < l->trigger_count; i++)
        if (strcmp(l->triggers[i], event) == 0) return;
    l->triggers[l->trigger_count++] = event;
}

static void read_trigger_event(loader *l, const gw_doc_node *node, void *at) {
    const gw_event *event = load_event(l, node, GW_ROLE_SERVER);
    if (!event) {
        *(const char **)at = node->text;
        return;
    }
    if (!(event->from & GW_FROM_SERVER)) gw_doc_error(l->diag, node, "the server never sends '%s'", event->name);
    *(const char **)at = event->name;
    add_trigger(l, event->name);
}

static void read_by(loader *l, const gw_doc_node *node, void *at) {
    int index = load_client(l, node);
    if (index >= 0) *(uint16_t *)at = (uint16_t)index;
}

static const gw_doc_node *find_matcher(const gw_doc_node *node) {
    if (node->key && node->key[0] == '$') return node;
    const gw_doc_node *found = NULL;
    for (const gw_doc_node *n = node->first; n && !found; n = n->next) found = find_matcher(n);
    return found;
}

static void read_trigger_data(loader *l, const gw_doc_node *node, void *at) {
    const gw_doc_node *matcher = NULL;
    for (const gw_doc_node *n = node->first; n && !matcher; n = n->next) matcher = find_matcher(n);
    if (matcher)
        gw_diag_error(l->diag, gw_doc_key_place(matcher), "'%s' is a matcher; data that is sent has values",
                      matcher->key);
    else if (gw_doc_expect_kind(l->diag, node, GW_DOC_MAP, "data"))
        *(const cJSON **)at = load_template(l, node, LOAD_NUMBERS_PARSED);
}

static void read_save(loader *l, const gw_doc_node *node, void *at) {
    if (!load_check_name(l, node, "the name of a saved value")) return;
    load_save(l, node);
    *(const char **)at = node->text;
}

static const load_field trigger_fields[] = {
    {"event", read_trigger_event, offsetof(gw_step, as.trigger.event), true},
    {"room", load_plain, offsetof(gw_step, as.trigger.room), false},
    {"by", read_by, offsetof(gw_step, as.trigger.by), false},
    {"data", read_trigger_data, offsetof(gw_step, as.trigger.data), false},
    {"save", read_save, offsetof(gw_step, as.trigger.save), false},
    {"times", load_count, offsetof(gw_step, as.trigger.times), false},
    {"optional", load_bool, offsetof(gw_step, as.trigger.optional), false},
    {"rule", load_rule, offsetof(gw_step, rule), false},
};

static void load_trigger(loader *l, const gw_doc_node *map, gw_step *step) {
    step->as.trigger.by = UINT16_MAX;
    step->as.trigger.times = 1;
    const load_group groups[] = {LOAD_GROUP(trigger_fields, step)};
    if (!load_fields(l, map, "trigger", groups, LOAD_COUNT(groups))) return;
    load_check_members(l, gw_doc_get(map, "data"), step->as.trigger.event);
    const char *home = step->as.trigger.by != UINT16_MAX ? l->clients[step->as.trigger.by].room : "main";
    const gw_doc_node *room = gw_doc_get(map, "room");
    if (!step->as.trigger.room) step->as.trigger.room = home;
    const char *guess = gw_diag_suggest(gw_span_cstr(step->as.trigger.room), l->rooms, l->room_count);
    for (size_t i = 0; i < l->room_count; i++)
        if (strcmp(l->rooms[i], step->as.trigger.room) == 0) return;
    gw_doc_error(l->diag, room ? room : map, "no client of an earlier step is in the room '%s'%s%s%s",
                 step->as.trigger.room, guess ? " (did you mean '" : "", guess ? guess : "", guess ? "'?)" : "");
}

/* ---- The table ---- */

typedef struct step_form {
    const char *key;
    gw_step_kind kind;
    bool needs_on;
    void (*load)(loader *l, const gw_doc_node *map, gw_step *step);
} step_form;

static const step_form forms[] = {
    {"accept", GW_STEP_ACCEPT, false, load_accept},
    {"connect", GW_STEP_CONNECT, false, load_connect},
    {"upgrade", GW_STEP_UPGRADE, false, load_connect},
    {"expect-response", GW_STEP_EXPECT_RESPONSE, true, load_expect_response},
    {"expect", GW_STEP_EXPECT, true, load_expect},
    {"expect-none", GW_STEP_EXPECT_NONE, true, load_expect_none},
    {"expect-cadence", GW_STEP_EXPECT_CADENCE, true, load_expect_cadence},
    {"expect-close", GW_STEP_EXPECT_CLOSE, true, load_end},
    {"expect-fail", GW_STEP_EXPECT_FAIL, true, load_end},
    {"expect-reaction", GW_STEP_EXPECT_REACTION, true, load_end},
    {"expect-open", GW_STEP_EXPECT_OPEN, true, load_end},
    {"send", GW_STEP_SEND, true, load_send},
    {"send-frame", GW_STEP_SEND_FRAME, true, load_send_frame},
    {"send-bytes", GW_STEP_SEND_BYTES, true, load_send_bytes},
    {"close", GW_STEP_SEND_FRAME, true, load_close},
    {"heartbeat", GW_STEP_HEARTBEAT, true, load_heartbeat},
    {"drop", GW_STEP_DROP, true, load_drop},
    {"trigger", GW_STEP_TRIGGER, false, load_trigger},
    {"wait", GW_STEP_WAIT, false, load_wait},
};

/* Who acts when no one is named: the only client there is. */
static void default_on(loader *l, const gw_doc_node *body, gw_step *step) {
    if (body->kind != GW_DOC_MAP || gw_doc_get(body, "on")) return;
    if (l->clients_in_file == 1 && l->client_count == 1)
        step->on_count = 1; /* on[0] is 0 */
    else if (l->client_count == 0)
        gw_diag_error(l->diag, step->place, "no earlier step connects a client");
    else
        gw_diag_error(l->diag, step->place, "'on' is missing: the scenario has %zu clients", l->clients_in_file);
}

/* Some steps are for one side only. */
static bool check_role(loader *l, gw_step_kind kind, const gw_doc_node *body) {
    bool client = l->scenario->role == GW_ROLE_CLIENT;
    bool for_server = kind == GW_STEP_CONNECT || kind == GW_STEP_UPGRADE || kind == GW_STEP_EXPECT_RESPONSE ||
                      kind == GW_STEP_TRIGGER;
    if (client && for_server)
        gw_diag_error(l->diag, gw_doc_key_place(body),
                      "'%s' tests a server; in a scenario with 'role: client' a connection comes by 'accept'",
                      body->key);
    else if (!client && kind == GW_STEP_ACCEPT)
        gw_diag_error(l->diag, gw_doc_key_place(body), "'accept' tests a client; it goes with 'role: client'");
    else
        return true;
    return false;
}

void load_step(loader *l, const gw_doc_node *node, gw_step *step, bool *optional) {
    const char *keys[LOAD_COUNT(forms)];
    for (size_t i = 0; i < LOAD_COUNT(forms); i++) keys[i] = forms[i].key;
    if (!gw_doc_expect_keys(l->diag, node, keys, LOAD_COUNT(keys), "a step")) return;
    if (node->count != 1) {
        gw_doc_error(l->diag, node, "a step has exactly one key, its kind");
        return;
    }
    const gw_doc_node *body = node->first;
    const gw_doc_node *known = body->kind == GW_DOC_MAP ? gw_doc_get(body, "if-known") : NULL;
    *optional = known && known->kind == GW_DOC_BOOL && known->boolean;
    step->place = gw_doc_key_place(body);
    step->place.width = (uint32_t)strlen(body->key);
    for (size_t i = 0; i < LOAD_COUNT(forms); i++) {
        if (strcmp(forms[i].key, body->key) != 0) continue;
        step->kind = forms[i].kind;
        if (!check_role(l, step->kind, body)) break;
        if (forms[i].needs_on) default_on(l, body, step);
        forms[i].load(l, body, step);
    }
    if (step->rule) return;
    bool opens = step->kind == GW_STEP_CONNECT || step->kind == GW_STEP_ACCEPT;
    step->rule =
        opens ? gw_protocol_rule(l->protocol, l->scenario->role, GW_RULE_CONNECT) : l->scenario->requires_ids[0];
}
