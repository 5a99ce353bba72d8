/* Floor 2: a protocol description from a user's file. Every mistake is an error with its place. */
#include "protocol/description_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE_WORD(name, word, server_id, client_id) word,
static const char *const rule_words[] = {GW_RULE_TABLE(RULE_WORD)};
#undef RULE_WORD
#define RULE_ID(name, word, server_id, client_id) {server_id, client_id},
static const char *const rule_ids[][2] = {GW_RULE_TABLE(RULE_ID)};
#undef RULE_ID
#define REACTION_KEY(name, key) key,
static const char *const reaction_keys[] = {GW_REACTION_TABLE(REACTION_KEY)};
#undef REACTION_KEY

/* ---- Pieces ---- */

const char *gw_loader_text(gw_loader *l, const gw_doc_node *node, const char *what) {
    if (!node || !gw_doc_expect_kind(l->diag, node, GW_DOC_STRING, what)) return NULL;
    if (node->text_len == 0 || memchr(node->text, 0, node->text_len)) {
        gw_doc_error(l->diag, node, "%s must be a text of at least one character, without NUL", what);
        return NULL;
    }
    return gw_arena_strdup(l->arena, node->text);
}

bool gw_loader_pointer(gw_loader *l, const gw_doc_node *node, const char *what, gw_pointer *out) {
    const char *text = gw_loader_text(l, node, what);
    if (!text) return false;
    if (text[0] != '/' || strchr(text, '~') || strstr(text, "//") || text[strlen(text) - 1] == '/') {
        gw_doc_error(l->diag, node, "%s must be a JSON Pointer to a member, such as /d", what);
        return false;
    }
    *out = (gw_pointer){.text = text};
    for (const char *p = text; *p;) {
        size_t len = strcspn(++p, "/");
        if (out->count == GW_PROTOCOL_MAX_PATH) {
            gw_doc_error(l->diag, node, "%s is longer than %d members", what, (int)GW_PROTOCOL_MAX_PATH);
            return false;
        }
        out->keys[out->count++] = gw_arena_strndup(l->arena, p, len);
        p += len;
    }
    return true;
}

const gw_event *gw_loader_event(gw_loader *l, const gw_doc_node *node, const char *what) {
    const char *names[GW_PROTOCOL_MAX_EVENTS];
    size_t which;
    for (size_t i = 0; i < l->protocol->event_count; i++) {
        const gw_event *event = &l->protocol->events[i];
        names[i] = event->name;
        /* What an earlier description says goes on under the new name. */
        if (event->was && node->kind == GW_DOC_STRING && strcmp(event->was, node->text) == 0) return event;
    }
    if (!gw_doc_expect_word(l->diag, node, names, l->protocol->event_count, what, &which)) return NULL;
    return &l->protocol->events[which];
}

unsigned gw_loader_side(gw_loader *l, const gw_doc_node *node, const char *what) {
    static const char *const words[] = {"server", "client", "both"};
    size_t which;
    return gw_doc_expect_word(l->diag, node, words, 3, what, &which) ? (unsigned)which + 1 : 0;
}

unsigned gw_loader_words(gw_loader *l, const gw_doc_node *node, const char *const *words, size_t count,
                         const char *what) {
    size_t which;
    unsigned bits = 0;
    if (node->kind != GW_DOC_SEQ)
        return gw_doc_expect_word(l->diag, node, words, count, what, &which) ? 1u << which : 0;
    if (node->count == 0) gw_doc_error(l->diag, node, "%s must name at least one of them", what);
    for (const gw_doc_node *c = node->first; c; c = c->next)
        if (gw_doc_expect_word(l->diag, c, words, count, what, &which)) bits |= 1u << which;
    return bits;
}

static bool read_code(const char *text, char **end, uint16_t *out) {
    if (*text < '0' || *text > '9') return false;
    unsigned long value = strtoul(text, end, 10);
    *out = (uint16_t)value;
    return value <= UINT16_MAX;
}

static void add_code(gw_loader *l, const gw_doc_node *node, const char *what, gw_codes *out) {
    gw_code_range range = {0, 0};
    char *end = NULL;
    bool ok = node->text && node->kind != GW_DOC_NULL && read_code(node->text, &end, &range.low);
    range.high = range.low;
    if (ok && *end == '-') ok = read_code(end + 1, &end, &range.high);
    if (!ok || *end || range.high < range.low) {
        gw_doc_error(l->diag, node,
                     "%s must be any, a close code such as 4000, a range such as 4000-4999, or a list of them", what);
        return;
    }
    if (out->count == GW_PROTOCOL_MAX_CODES)
        gw_doc_error(l->diag, node, "%s lists too many codes", what);
    else
        out->ranges[out->count++] = range;
}

void gw_loader_codes(gw_loader *l, const gw_doc_node *node, const char *what, gw_codes *out) {
    *out = (gw_codes){.count = 0};
    if (node->kind == GW_DOC_STRING && strcmp(node->text, "any") == 0) return;
    if (node->kind != GW_DOC_SEQ) {
        add_code(l, node, what, out);
        return;
    }
    if (node->count == 0) gw_doc_error(l->diag, node, "%s must list at least one code", what);
    for (const gw_doc_node *c = node->first; c; c = c->next) add_code(l, c, what, out);
}

/* ---- Sections ---- */

static void load_reaction(gw_loader *l, const gw_doc_node *node, gw_reaction *out) {
    static const char *const keys[] = {"any-of", "codes", "error"};
    static const char *const words[] = {"ignore", "close", "error"};
    if (!gw_doc_expect_keys(l->diag, node, keys, 3, "a reaction") ||
        !gw_doc_require(l->diag, node, "any-of", "a reaction"))
        return;
    unsigned bits = gw_loader_words(l, gw_doc_get(node, "any-of"), words, 3, "any-of");
    const gw_doc_node *codes = gw_doc_get(node, "codes"), *error = gw_doc_get(node, "error");
    *out = (gw_reaction){.ignore = bits & 1, .close = (bits & 2) != 0};
    if ((bits & 4) && !error) gw_doc_error(l->diag, node, "any-of names error: then 'error' names the event");
    if (error && !(bits & 4)) gw_doc_error(l->diag, error, "error goes with 'error' in any-of");
    if (error) out->error = gw_loader_event(l, error, "error");
    if (codes) gw_loader_codes(l, codes, "codes", &out->codes);
}

static void load_reactions(gw_loader *l, const gw_doc_node *node) {
    gw_reaction *list = l->protocol->reactions;
    if (node && !gw_doc_expect_keys(l->diag, node, reaction_keys, GW_REACTION_COUNT, "reactions")) return;
    const gw_doc_node *first = gw_doc_get(node, reaction_keys[GW_REACTION_MALFORMED]);
    list[GW_REACTION_MALFORMED] = (gw_reaction){.ignore = true, .close = true};
    if (first) load_reaction(l, first, &list[GW_REACTION_MALFORMED]);
    for (int i = 0; i < GW_REACTION_COUNT; i++) {
        const gw_doc_node *reaction = gw_doc_get(node, reaction_keys[i]);
        if (i == GW_REACTION_MALFORMED) continue;
        list[i] = list[GW_REACTION_MALFORMED];
        if (reaction) load_reaction(l, reaction, &list[i]);
    }
}

static void load_rules(gw_loader *l, const gw_doc_node *node) {
    static const char *const roles[] = {"server", "client"};
    if (node && !gw_doc_expect_keys(l->diag, node, roles, 2, "rules")) return;
    for (int role = 0; role < 2; role++) {
        const gw_doc_node *map = gw_doc_get(node, roles[role]);
        if (map && !gw_doc_expect_keys(l->diag, map, rule_words, GW_RULE_COUNT, "rules")) continue;
        for (int rule = 0; rule < GW_RULE_COUNT; rule++) {
            const gw_doc_node *id = gw_doc_get(map, rule_words[rule]);
            const char *text = id ? gw_loader_text(l, id, "a requirement id") : NULL;
            if (!text) text = rule_ids[rule][role] ? rule_ids[rule][role] : rule_words[rule];
            l->protocol->rules[role][rule] = text;
        }
    }
}

static void load_closes(gw_loader *l, const gw_doc_node *node) {
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_MAP, "close")) return;
    gw_close_meaning *list = GW_ARENA_ARRAY(l->arena, gw_close_meaning, node->count);
    size_t n = 0;
    for (const gw_doc_node *c = node->first; c; c = c->next) {
        char *end;
        uint16_t code;
        if (!read_code(c->key, &end, &code) || *end)
            gw_diag_error(l->diag, gw_doc_key_place(c), "a key of close must be a close code such as 4000");
        else
            list[n++] = (gw_close_meaning){code, gw_loader_text(l, c, "the meaning of a close code")};
    }
    l->protocol->closes = list;
    l->protocol->close_count = n;
}

static void load_rate(gw_loader *l, const gw_doc_node *node) {
    static const char *const keys[] = {"count", "per"};
    if (!gw_doc_expect_keys(l->diag, node, keys, 2, "messages")) return;
    const gw_doc_node *count = gw_doc_get(node, "count"), *per = gw_doc_get(node, "per");
    if (!gw_doc_require(l->diag, node, "count", "messages") || !gw_doc_require(l->diag, node, "per", "messages"))
        return;
    bool ok = gw_doc_expect_kind(l->diag, count, GW_DOC_INT, "count");
    if (ok && (count->integer < 1 || count->integer > UINT32_MAX)) {
        gw_doc_error(l->diag, count, "count must be 1 to %lu", (unsigned long)UINT32_MAX);
        ok = false;
    }
    if (!gw_doc_expect_duration(l->diag, per, &l->protocol->messages_per) || !ok) return;
    l->protocol->max_messages = (uint32_t)count->integer;
    if (l->protocol->messages_per <= 0) gw_doc_error(l->diag, per, "per must be above 0");
}

static void load_limits(gw_loader *l, const gw_doc_node *node) {
    static const char *const keys[] = {"message-bytes", "messages"};
    if (!gw_doc_expect_keys(l->diag, node, keys, 2, "limits")) return;
    if (gw_doc_get(node, "messages")) load_rate(l, gw_doc_get(node, "messages"));
    const gw_doc_node *bytes = gw_doc_get(node, "message-bytes");
    if (!bytes || !gw_doc_expect_kind(l->diag, bytes, GW_DOC_INT, "message-bytes")) return;
    if (bytes->integer <= 0)
        gw_doc_error(l->diag, bytes, "message-bytes must be above 0");
    else
        l->protocol->max_message_bytes = (uint64_t)bytes->integer;
}

/* What follows from the other sections. */
static void finish_events(gw_loader *l) {
    gw_protocol *p = l->protocol;
    for (size_t i = 0; i < p->event_count; i++) {
        gw_event *event = &l->events[i];
        bool beat = gw_protocol_is_beat(p, event);
        for (int role = 0; role < 2; role++)
            if (!event->requirement[role])
                event->requirement[role] =
                    p->rules[role][beat || event == p->heartbeat.ask ? GW_RULE_HEARTBEAT_SHAPE : GW_RULE_ENVELOPE];
        const gw_heartbeat_rules *h = &p->heartbeat;
        bool role = beat || event == h->hello || event == h->greeting.answer;
        for (int side = 0; side < 2; side++)
            role |= event == h->beat[side].send || (event == h->question[side].answer && event != h->ask);
        event->broadcast = (event->from & GW_FROM_SERVER) && !role;
    }
}

static void load_clauses(gw_loader *l, const gw_doc_node *node) {
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_MAP, "clauses")) return;
    gw_clause *list = GW_ARENA_ARRAY(l->arena, gw_clause, node->count);
    size_t n = 0;
    for (const gw_doc_node *c = node->first; c; c = c->next) {
        const char *text = gw_loader_text(l, c, "a clause");
        if (text) list[n++] = (gw_clause){gw_arena_strdup(l->arena, c->key), text};
    }
    l->protocol->clauses = list;
    l->protocol->clause_count = n;
}

/* Value that stands in a query or a header as it is. */
static const char *plain_value(gw_loader *l, const gw_doc_node *node, const char *allowed) {
    bool scalar = node->kind == GW_DOC_STRING || node->kind == GW_DOC_INT || node->kind == GW_DOC_FLOAT;
    if (scalar && node->text_len == strlen(node->text)) {
        bool plain = true;
        for (const char *p = node->text; *p; p++)
            plain &= (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') ||
                     strchr(allowed, *p) != NULL;
        if (plain) return gw_arena_strdup(l->arena, node->text);
    }
    gw_doc_error(l->diag, node, "%s has a character that cannot stand there", node->key);
    return NULL;
}

static void load_handshake(gw_loader *l, const gw_doc_node *node) {
    static const char *const keys[] = {"query", "headers"};
    if (!gw_doc_expect_keys(l->diag, node, keys, 2, "handshake")) return;
    const gw_doc_node *query = gw_doc_get(node, "query"), *headers = gw_doc_get(node, "headers");
    const char *text = NULL;
    if (query && gw_doc_expect_kind(l->diag, query, GW_DOC_MAP, "query"))
        for (const gw_doc_node *c = query->first; c; c = c->next) {
            const char *value = plain_value(l, c, "-._~%");
            if (value) text = gw_arena_printf(l->arena, "%s%s%s=%s", text ? text : "", text ? "&" : "", c->key, value);
        }
    l->protocol->query = text;
    if (!headers || !gw_doc_expect_kind(l->diag, headers, GW_DOC_MAP, "headers")) return;
    const char **list = GW_ARENA_ARRAY(l->arena, const char *, 2 * headers->count + 1);
    for (const gw_doc_node *c = headers->first; c; c = c->next) {
        const char *value = plain_value(l, c, " !#$%&'()*+,-./:;<=>?@[]^_`{|}~\"");
        if (!value) continue;
        list[2 * l->protocol->header_count] = gw_arena_strdup(l->arena, c->key);
        list[2 * l->protocol->header_count++ + 1] = value;
    }
    l->protocol->headers = list;
}

static void load_root(gw_loader *l, const gw_doc_node *root) {
    static const char *const keys[] = {"protocol", "version",   "extends", "source",    "endpoint", "handshake",
                                       "envelope", "events",    "close",   "heartbeat", "limits",   "subprotocol",
                                       "rules",    "reactions", "knobs",   "clauses"};
    static const char *const needed[] = {"protocol", "endpoint", "envelope", "events"};
    gw_protocol *p = l->protocol;
    if (!gw_doc_expect_keys(l->diag, root, keys, GW_LOADER_COUNT(keys), "a protocol description")) return;
    for (size_t i = 0; i < GW_LOADER_COUNT(needed); i++)
        gw_doc_require(l->diag, root, needed[i], "a protocol description");
    const gw_doc_node *endpoint = gw_doc_get(root, "endpoint");
    p->name = gw_loader_text(l, gw_doc_get(root, "protocol"), "protocol");
    p->version = gw_loader_text(l, gw_doc_get(root, "version"), "version");
    p->source = gw_loader_text(l, gw_doc_get(root, "source"), "source");
    p->endpoint = gw_loader_text(l, endpoint, "endpoint");
    p->subprotocol = gw_loader_text(l, gw_doc_get(root, "subprotocol"), "subprotocol");
    if (!p->version) p->version = "1";
    if (!p->source) p->source = "the protocol description";
    if (p->endpoint && p->endpoint[0] != '/')
        gw_doc_error(l->diag, endpoint, "endpoint must be a path that begins with '/'");
    load_rules(l, gw_doc_get(root, "rules"));
    if (gw_doc_get(root, "handshake")) load_handshake(l, gw_doc_get(root, "handshake"));
    if (gw_doc_get(root, "clauses")) load_clauses(l, gw_doc_get(root, "clauses"));
    if (gw_doc_get(root, "envelope")) gw_loader_envelope(l, gw_doc_get(root, "envelope"));
    if (gw_doc_get(root, "events")) gw_loader_events(l, gw_doc_get(root, "events"));
    if (gw_doc_get(root, "heartbeat")) gw_loader_heartbeat(l, gw_doc_get(root, "heartbeat"));
    load_reactions(l, gw_doc_get(root, "reactions"));
    if (gw_doc_get(root, "close")) load_closes(l, gw_doc_get(root, "close"));
    if (gw_doc_get(root, "limits")) load_limits(l, gw_doc_get(root, "limits"));
    if (gw_doc_get(root, "knobs")) gw_knobs_read(&p->knobs, gw_doc_get(root, "knobs"), l->diag);
    finish_events(l);
}

const gw_protocol *gw_protocol_load_from(gw_arena *arena, gw_span text, const char *file,
                                         const gw_protocol_source *source, gw_diag *diag) {
    gw_doc *doc = gw_doc_parse(text, file, diag);
    if (!doc) return NULL;
    gw_loader l = {.arena = arena, .diag = diag, .protocol = GW_ARENA_NEW(arena, gw_protocol)};
    size_t errors = diag->errors;
    gw_knobs_init(&l.protocol->knobs);
    gw_loader_extend(&l, gw_doc_root(doc), source, load_root);
    gw_doc_destroy(doc);
    return diag->errors == errors ? l.protocol : NULL;
}

const gw_protocol *gw_protocol_load(gw_arena *arena, gw_span text, const char *file, gw_diag *diag) {
    return gw_protocol_load_from(arena, text, file, NULL, diag);
}
