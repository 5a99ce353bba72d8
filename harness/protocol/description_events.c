/* Floor 2: the envelope and the events of a description. */
#include "protocol/description_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- Envelope ---- */

typedef struct place {
    const char *key;
    gw_pointer *pointer;
} place;

/* One inside the other could not both be written. */
static bool overlap(const gw_pointer *a, const gw_pointer *b) {
    size_t common = 0;
    if (!a->count || !b->count) return false;
    while (common < a->count && common < b->count && strcmp(a->keys[common], b->keys[common]) == 0) common++;
    return common == a->count || common == b->count;
}

static void load_places(gw_loader *l, const gw_doc_node *node) {
    gw_envelope *e = &l->protocol->envelope;
    const place places[] = {{"id", &e->id}, {"data", &e->data}, {"sequence", &e->sequence}, {"name", &e->name}};
    for (size_t i = 0; i < GW_LOADER_COUNT(places); i++) {
        const gw_doc_node *member = gw_doc_get(node, places[i].key);
        bool needed = (i == 0 && e->form != GW_FORM_PREFIX) || (i == 1 && e->form == GW_FORM_NESTED);
        bool taken = (i == 0 && e->form == GW_FORM_PREFIX) || (i == 1 && e->form != GW_FORM_NESTED) ||
                     (i > 1 && e->form == GW_FORM_PREFIX);
        if (needed) gw_doc_require(l->diag, node, places[i].key, "envelope");
        if (member && taken)
            gw_doc_error(l->diag, member, "in this form of the envelope %s has a place of its own: leave it out",
                         places[i].key);
        else if (member)
            gw_loader_pointer(l, member, places[i].key, places[i].pointer);
        for (size_t n = 0; member && n < i; n++)
            if (overlap(places[n].pointer, places[i].pointer))
                gw_doc_error(l->diag, member, "%s and %s must be different members", places[n].key, places[i].key);
    }
    if (e->form == GW_FORM_FLAT && e->id.count > 1)
        gw_doc_error(l->diag, gw_doc_get(node, "id"), "id must be a member of the message itself, such as /type");
    if (e->form != GW_FORM_NESTED) e->data = (gw_pointer){.text = ""};
}

void gw_loader_envelope(gw_loader *l, const gw_doc_node *node) {
    static const char *const keys[] = {"form", "id", "data", "sequence", "name", "id-type", "message"};
    static const char *const forms[] = {"nested", "flat", "prefix"};
    static const char *const types[] = {"integer", "string"};
    static const char *const messages[] = {"text", "binary"};
    gw_envelope *e = &l->protocol->envelope;
    size_t which = 0;
    if (!gw_doc_expect_keys(l->diag, node, keys, GW_LOADER_COUNT(keys), "envelope")) return;
    const gw_doc_node *form = gw_doc_get(node, "form"), *type = gw_doc_get(node, "id-type"),
                      *message = gw_doc_get(node, "message");
    if (form && gw_doc_expect_word(l->diag, form, forms, 3, "form", &which)) e->form = (gw_envelope_form)which;
    if (type && gw_doc_expect_word(l->diag, type, types, 2, "id-type", &which)) e->id_type = (gw_id_type)which;
    if (message && gw_doc_expect_word(l->diag, message, messages, 2, "message", &which)) e->binary = which == 1;
    if (e->form == GW_FORM_PREFIX && e->id_type != GW_ID_STRING)
        gw_doc_error(l->diag, type ? type : node, "with form prefix the ids are strings: id-type must be string");
    load_places(l, node);
}

/* ---- Events ---- */

static void check_prefix(gw_loader *l, const gw_doc_node *node, const gw_event *event) {
    gw_envelope *e = &l->protocol->envelope;
    size_t len = event->id_s ? strlen(event->id_s) : 0;
    if (e->form != GW_FORM_PREFIX || !len) return;
    if (!e->prefix_len) e->prefix_len = len;
    if (e->prefix_len != len)
        gw_doc_error(l->diag, node, "with form prefix all ids have the same length, here %zu", e->prefix_len);
}

static void load_id(gw_loader *l, const gw_doc_node *node, gw_event *event, size_t before) {
    bool text = l->protocol->envelope.id_type == GW_ID_STRING;
    if (!gw_doc_expect_kind(l->diag, node, text ? GW_DOC_STRING : GW_DOC_INT, "id")) return;
    event->id = node->integer;
    event->id_s = text ? gw_loader_text(l, node, "id") : gw_arena_printf(l->arena, "%lld", (long long)node->integer);
    check_prefix(l, node, event);
    for (size_t i = 0; event->id_s && i < before; i++) {
        const gw_event *other = &l->protocol->events[i];
        if (!other->id_s || strcmp(other->id_s, event->id_s) != 0) continue;
        if (!other->tag && !event->tag)
            gw_doc_error(l->diag, node, "the id %s is that of %s already", event->id_s, other->name);
        else if (other->tag && event->tag && strcmp(other->tag, event->tag) == 0)
            gw_doc_error(l->diag, node, "the id %s with the name %s is that of %s already", event->id_s, event->tag,
                         other->name);
    }
}

/* One id for both roles, or a map by role. */
static void load_requirement(gw_loader *l, const gw_doc_node *node, gw_event *event) {
    static const char *const roles[] = {"server", "client"};
    if (node->kind != GW_DOC_MAP) {
        event->requirement[0] = event->requirement[1] = gw_loader_text(l, node, "requirement");
        return;
    }
    if (!gw_doc_expect_keys(l->diag, node, roles, 2, "requirement")) return;
    for (int role = 0; role < 2; role++) {
        const gw_doc_node *id = gw_doc_get(node, roles[role]);
        if (id) event->requirement[role] = gw_loader_text(l, id, "requirement");
    }
}

static void load_members(gw_loader *l, const gw_doc_node *node, gw_event *event) {
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_MAP, "members")) return;
    if (l->protocol->envelope.form != GW_FORM_NESTED) {
        gw_doc_error(l->diag, node, "members stand beside id and data, which only a nested envelope has");
        return;
    }
    gw_event_member *list = GW_ARENA_ARRAY(l->arena, gw_event_member, node->count);
    for (const gw_doc_node *c = node->first; c; c = c->next)
        list[event->member_count++] =
            (gw_event_member){gw_arena_strdup(l->arena, c->key), gw_schema_compile(l->arena, c, l->diag)};
    event->members = list;
}

static void load_body(gw_loader *l, const gw_doc_node *node, gw_event *event) {
    static const char *const words[] = {"json", "text"};
    size_t which = 0;
    if (l->protocol->envelope.form != GW_FORM_PREFIX)
        gw_doc_error(l->diag, node, "body goes with form prefix of the envelope");
    else if (gw_doc_expect_word(l->diag, node, words, 2, "body", &which))
        event->body_text = which == 1;
}

static void load_tag(gw_loader *l, const gw_doc_node *node, gw_event *event) {
    event->tag = gw_loader_text(l, node, "name");
    if (!l->protocol->envelope.name.text)
        gw_doc_error(l->diag, node, "name is what stands at the envelope's name, which it does not have");
}

static void load_event(gw_loader *l, const gw_doc_node *node, gw_event *event, size_t index) {
    static const char *const keys[] = {"id",     "name",        "from",        "was",  "members",        "body",
                                       "clause", "data-clause", "requirement", "data", "data-non-strict"};
    char what[96];
    snprintf(what, sizeof what, "event %.60s", node->key);
    event->name = gw_arena_strdup(l->arena, node->key);
    event->index = index;
    if (!gw_doc_expect_keys(l->diag, node, keys, GW_LOADER_COUNT(keys), what)) return;
    event->was = gw_loader_text(l, gw_doc_get(node, "was"), "was");
    if (gw_doc_get(node, "name")) load_tag(l, gw_doc_get(node, "name"), event);
    if (gw_doc_require(l->diag, node, "id", what)) load_id(l, gw_doc_get(node, "id"), event, index);
    if (gw_doc_require(l->diag, node, "from", what)) event->from = gw_loader_side(l, gw_doc_get(node, "from"), "from");
    event->clause = gw_loader_text(l, gw_doc_get(node, "clause"), "clause");
    event->data_clause = gw_loader_text(l, gw_doc_get(node, "data-clause"), "data-clause");
    const gw_doc_node *requirement = gw_doc_get(node, "requirement"), *data = gw_doc_get(node, "data"),
                      *lax = gw_doc_get(node, "data-non-strict"), *members = gw_doc_get(node, "members"),
                      *body = gw_doc_get(node, "body");
    if (requirement) load_requirement(l, requirement, event);
    if (members) load_members(l, members, event);
    if (body) load_body(l, body, event);
    if (data) event->data = gw_schema_compile(l->arena, data, l->diag);
    if (lax) event->non_strict = gw_schema_compile(l->arena, lax, l->diag);
    if (lax && !data) gw_doc_error(l->diag, lax, "data-non-strict is laxer than data, which is missing");
}

void gw_loader_events(gw_loader *l, const gw_doc_node *node) {
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_MAP, "events")) return;
    if (node->count == 0 || node->count > GW_PROTOCOL_MAX_EVENTS) {
        gw_doc_error(l->diag, node, "events must name 1 to %d events", (int)GW_PROTOCOL_MAX_EVENTS);
        return;
    }
    gw_event *events = GW_ARENA_ARRAY(l->arena, gw_event, node->count);
    size_t n = 0;
    l->protocol->events = l->events = events;
    for (const gw_doc_node *c = node->first; c; c = c->next, n++) load_event(l, c, &events[n], n);
    l->protocol->event_count = n;
}
