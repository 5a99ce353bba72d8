/* Floor 2: look-up in a loaded description. description_load.c builds it. */
#include "protocol/description.h"

#include <string.h>

bool gw_codes_has(const gw_codes *codes, unsigned code) {
    for (size_t i = 0; i < codes->count; i++)
        if (code >= codes->ranges[i].low && code <= codes->ranges[i].high) return true;
    return codes->count == 0;
}

const gw_protocol *gw_protocol_with_knobs(gw_arena *arena, const gw_protocol *protocol, const gw_knobs *knobs) {
    gw_protocol *copy = GW_ARENA_NEW(arena, gw_protocol);
    *copy = *protocol;
    copy->knobs = *knobs;
    return copy;
}

/* The value or key of this text, at or below a node; NULL: it stands in a file that this one extends. */
static const gw_doc_node *find_text(const gw_doc_node *node, const char *text) {
    bool here = node->kind == GW_DOC_STRING ? strcmp(node->text, text) == 0 : node->key && strcmp(node->key, text) == 0;
    const gw_doc_node *found = here ? node : NULL;
    for (const gw_doc_node *child = node->first; child && !found; child = child->next) found = find_text(child, text);
    return found;
}

typedef struct id_check {
    const gw_requirements *requirements;
    const char *file;
    gw_span text;
    gw_diag *diag;
} id_check;

static void check_id(const id_check *check, const char *id, const char *where) {
    gw_diag unheard;
    if (gw_requirements_find(check->requirements, id)) return;
    const char *meant = gw_requirements_suggest(check->requirements, id);
    gw_diag_init(&unheard);
    gw_doc *doc = gw_doc_parse(check->text, check->file, &unheard); /* it loaded before */
    const gw_doc_node *node = doc ? find_text(gw_doc_root(doc), id) : NULL;
    gw_place place = !node                                     ? (gw_place){.file = check->file}
                     : node->key && strcmp(node->key, id) == 0 ? gw_doc_key_place(node)
                                                               : gw_doc_place(node);
    gw_diag_error(check->diag, place, "%s names the unknown requirement '%s'%s%s%s", where, id,
                  meant ? " (did you mean '" : "", meant ? meant : "", meant ? "'?)" : "");
    gw_doc_destroy(doc);
    gw_diag_deinit(&unheard);
}

bool gw_protocol_check_requirements(const gw_protocol *protocol, const gw_requirements *requirements, const char *file,
                                    gw_span text, gw_diag *diag) {
    const id_check check = {requirements, file, text, diag};
    size_t errors = diag->errors;
    for (size_t i = 0; i < protocol->event_count; i++)
        for (int role = 0; role < 2; role++)
            check_id(&check, protocol->events[i].requirement[role], protocol->events[i].name);
    for (int role = 0; role < 2; role++)
        for (int rule = 0; rule < GW_RULE_COUNT; rule++)
            check_id(&check, protocol->rules[role][rule], gw_rule_word((gw_rule)rule));
    for (size_t i = 0; i < protocol->clause_count; i++) check_id(&check, protocol->clauses[i].requirement, "clauses");
    return diag->errors == errors;
}

const gw_event *gw_protocol_event(const gw_protocol *protocol, gw_span name) {
    for (size_t i = 0; i < protocol->event_count; i++)
        if (gw_span_equal_cstr(name, protocol->events[i].name)) return &protocol->events[i];
    for (size_t i = 0; i < protocol->event_count; i++)
        if (protocol->events[i].was && gw_span_equal_cstr(name, protocol->events[i].was)) return &protocol->events[i];
    return NULL;
}

static const char *own_clause(const gw_protocol *protocol, const char *id) {
    for (size_t i = 0; i < protocol->clause_count; i++)
        if (strcmp(protocol->clauses[i].requirement, id) == 0) return protocol->clauses[i].text;
    return NULL;
}

void gw_requirements_restate(gw_requirements *catalogue, const gw_protocol *protocol) {
    for (size_t i = 0; protocol->clause_count && i < catalogue->count; i++) {
        const gw_requirement *old = catalogue->items[i];
        const char *clause = own_clause(protocol, old->id);
        if (!clause && strncmp(old->source, "RFC ", 4) == 0) continue;
        gw_requirement *copy = GW_ARENA_NEW(&catalogue->arena, gw_requirement);
        *copy = *old;
        copy->clause = gw_arena_strdup(&catalogue->arena, clause ? clause : old->title);
        copy->source = gw_arena_strdup(&catalogue->arena, protocol->source);
        catalogue->items[i] = copy;
    }
}

/* ---- Roles ---- */

#define ROLE_WORD(name, word) word,
static const char *const role_words[] = {GW_EVENT_ROLE_TABLE(ROLE_WORD)};
#undef ROLE_WORD
#define ROLE_ENUM(name, word) EVENT_ROLE_##name,
enum { GW_EVENT_ROLE_TABLE(ROLE_ENUM) EVENT_ROLE_COUNT };
#undef ROLE_ENUM

static int role_of(gw_span name) {
    int i = 0;
    while (i < EVENT_ROLE_COUNT && !gw_span_equal_cstr(name, role_words[i])) i++;
    return i;
}

bool gw_protocol_is_role(gw_span name) {
    return role_of(name) < EVENT_ROLE_COUNT;
}

/* Any event that a client may send without a consequence: a beat, a question, an answer. */
static const gw_event *plain_event(const gw_heartbeat_rules *h) {
    if (h->beat[GW_ROLE_CLIENT].send) return h->beat[GW_ROLE_CLIENT].send;
    if (h->question[GW_ROLE_CLIENT].event) return h->question[GW_ROLE_CLIENT].event;
    return h->question[GW_ROLE_SERVER].answer;
}

const gw_event *gw_protocol_event_for(const gw_protocol *protocol, gw_span name, gw_role sender) {
    const gw_heartbeat_rules *h = &protocol->heartbeat;
    const gw_event *named = gw_protocol_event(protocol, name);
    if (named) return named;
    switch (role_of(name)) {
    case EVENT_ROLE_HELLO:
        return h->hello;
    case EVENT_ROLE_BEAT:
        return h->beat[sender].send;
    case EVENT_ROLE_ASK:
        return h->question[sender].event;
    case EVENT_ROLE_BARE_ASK:
        return gw_protocol_is_beat(protocol, h->question[sender].event) ? NULL : h->question[sender].event;
    case EVENT_ROLE_ANSWER:
        return h->question[gw_role_other(sender)].answer;
    case EVENT_ROLE_GREETING:
        return h->greeting.send;
    case EVENT_ROLE_PLAIN:
        return plain_event(h);
    default:
        return NULL;
    }
}

gw_data_template gw_protocol_usual_data(const gw_protocol *protocol, const gw_event *event, gw_role sender) {
    const gw_heartbeat_rules *h = &protocol->heartbeat;
    if (event && event == h->beat[sender].send) return h->beat[sender].data;
    if (event && event == h->question[sender].event) return h->question[sender].data;
    if (event && event == h->question[gw_role_other(sender)].answer)
        return h->question[gw_role_other(sender)].answer_data;
    if (event && sender == GW_ROLE_CLIENT && event == h->greeting.send) return h->greeting.data;
    return "{}";
}

/* ---- By id ---- */

const gw_event *gw_protocol_event_tagged(const gw_protocol *protocol, const gw_event *first, gw_span tag) {
    const gw_event *rest = NULL;
    for (size_t i = first->index; i < protocol->event_count; i++) {
        const gw_event *event = &protocol->events[i];
        if (strcmp(event->id_s, first->id_s) != 0) continue;
        if (!event->tag)
            rest = event;
        else if (tag.ptr && gw_span_equal_cstr(tag, event->tag))
            return event;
    }
    return rest;
}

const gw_event *gw_protocol_event_by_id(const gw_protocol *protocol, int64_t id) {
    if (protocol->envelope.id_type != GW_ID_INTEGER) return NULL;
    for (size_t i = 0; i < protocol->event_count; i++)
        if (protocol->events[i].id == id) return &protocol->events[i];
    return NULL;
}

const gw_event *gw_protocol_event_by_id_text(const gw_protocol *protocol, gw_span id) {
    if (protocol->envelope.id_type != GW_ID_STRING) return NULL;
    for (size_t i = 0; i < protocol->event_count; i++)
        if (gw_span_equal_cstr(id, protocol->events[i].id_s)) return &protocol->events[i];
    return NULL;
}

const char *gw_protocol_rule(const gw_protocol *protocol, gw_role role, gw_rule rule) {
    return protocol->rules[role][rule];
}

bool gw_protocol_is_beat(const gw_protocol *protocol, const gw_event *event) {
    for (size_t i = 0; event && i < protocol->heartbeat.reset_count; i++)
        if (protocol->heartbeat.resets[i] == event) return true;
    return false;
}

const cJSON *gw_pointer_get(const gw_pointer *pointer, const cJSON *tree) {
    for (size_t i = 0; tree && i < pointer->count; i++)
        tree = cJSON_IsObject(tree) ? cJSON_GetObjectItemCaseSensitive(tree, pointer->keys[i]) : NULL;
    return tree;
}
