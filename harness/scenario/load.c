/* Floor 3: one scenario file: its instances and their top-level keys. All or nothing: a suite never holds half a file.
 */
#include "scenario/expand.h"
#include "scenario/load_common.h"

#include <string.h>

enum { MAX_STEPS = 4096 };

/* ---- Top-level keys ---- */

typedef struct strings {
    const char *const *list;
    size_t count;
} strings;

static const char **new_strings(loader *l, const gw_doc_node *list) {
    return GW_ARENA_ARRAY(l->arena, const char *, list->count ? list->count : 1);
}

static void read_requirements(loader *l, const gw_doc_node *node, void *at) {
    strings *out = at;
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_SEQ, node->key)) return;
    const char **ids = new_strings(l, node);
    size_t count = 0;
    for (const gw_doc_node *n = node->first; n; n = n->next) {
        const char *id = NULL;
        load_rule(l, n, &id);
        if (id) ids[count++] = id;
    }
    *out = (strings){ids, count};
}

static void read_tags(loader *l, const gw_doc_node *node, void *at) {
    strings *out = at;
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_SEQ, "tags")) return;
    const char **tags = new_strings(l, node);
    size_t count = 0;
    for (const gw_doc_node *n = node->first; n; n = n->next) {
        const char *tag = NULL;
        load_plain(l, n, &tag);
        if (tag && tag[0] == '!') gw_doc_error(l->diag, n, "a tag does not begin with '!'");
        if (tag) tags[count++] = tag;
    }
    *out = (strings){tags, count};
}

static void read_level(loader *l, const gw_doc_node *node, void *at) {
    static const char *const words[] = {"must", "should", "may", "open"};
    static const gw_level levels[] = {GW_LEVEL_MUST, GW_LEVEL_SHOULD, GW_LEVEL_MAY, GW_LEVEL_OPEN};
    size_t index;
    if (load_word(l, node, words, LOAD_COUNT(words), &index)) *(gw_level *)at = levels[index];
}

static void read_role(loader *l, const gw_doc_node *node, void *at) {
    static const char *const words[] = {"server", "client"};
    static const gw_role roles[] = {GW_ROLE_SERVER, GW_ROLE_CLIENT};
    size_t index;
    if (load_word(l, node, words, LOAD_COUNT(words), &index)) *(gw_role *)at = roles[index];
}

static void read_canary(loader *l, const gw_doc_node *node, void *at) {
    static const char *const words[] = {"auto", "on", "off"};
    static const gw_canary values[] = {GW_CANARY_AUTO, GW_CANARY_ON, GW_CANARY_OFF};
    size_t index;
    if (load_word(l, node, words, LOAD_COUNT(words), &index)) *(gw_canary *)at = values[index];
}

/* "must|should|may" has the word. */
static bool has_word(const char *words, const char *word) {
    size_t len = strlen(word);
    for (const char *p = words; *p; p += strcspn(p, "|"), p += *p == '|')
        if (strcspn(p, "|") == len && strncmp(p, word, len) == 0) return true;
    return false;
}

static const char *check_knob(loader *l, const gw_doc_node *node) {
    const char *keys[GW_KNOB_COUNT];
    for (int i = 0; i < GW_KNOB_COUNT; i++) {
        keys[i] = gw_knob_key((gw_knob)i);
        if (strcmp(keys[i], node->key) != 0) continue;
        const char *words = gw_knob_words((gw_knob)i);
        if (node->kind < GW_DOC_SEQ && has_word(words, node->text)) return keys[i];
        gw_doc_error(l->diag, node, "%s is one of %s", node->key, words);
        return NULL;
    }
    const char *guess = gw_diag_suggest(gw_span_cstr(node->key), keys, GW_KNOB_COUNT);
    gw_diag_error(l->diag, gw_doc_key_place(node), "no knob is named '%s'%s%s%s", node->key,
                  guess ? " (did you mean '" : "", guess ? guess : "", guess ? "'?)" : "");
    return NULL;
}

static void read_when(loader *l, const gw_doc_node *node, void *at) {
    gw_scenario *scenario = at;
    if (!gw_doc_expect_kind(l->diag, node, GW_DOC_MAP, "when")) return;
    gw_condition *conditions = GW_ARENA_ARRAY(l->arena, gw_condition, node->count ? node->count : 1);
    for (const gw_doc_node *n = node->first; n; n = n->next) {
        const char *knob = check_knob(l, n);
        if (knob) conditions[scenario->condition_count++] = (gw_condition){knob, n->text};
    }
    scenario->conditions = conditions;
}

typedef struct head {
    strings requires_ids, tags, allow;
    gw_canary canary;
    gw_level level;
} head;

static const load_field scenario_fields[] = {
    {"title", load_plain, offsetof(gw_scenario, title), true},
    {"description", load_plain, offsetof(gw_scenario, description), false},
    {"when", read_when, 0, false},
    {"timeout", load_expr, offsetof(gw_scenario, timeout), false},
    {"role", load_skip, 0, false},     /* read ahead of all others, which depend on it */
    {"for-each", load_skip, 0, false}, /* taken out by expand.c */
};
static const load_field head_fields[] = {
    {"requires", read_requirements, offsetof(head, requires_ids), true},
    {"level", read_level, offsetof(head, level), false},
    {"tags", read_tags, offsetof(head, tags), false},
    {"allow", read_requirements, offsetof(head, allow), false},
    {"canary", read_canary, offsetof(head, canary), false},
    {"steps", load_skip, 0, true},
};

/* The gravest among the requirements: what a profile decides is graver than what is only observed. */
static gw_level gravest(const loader *l, const strings *ids) {
    static const unsigned weight[] = {
        [GW_REQUIREMENT_MUST] = 3, [GW_REQUIREMENT_SHOULD] = 2, [GW_REQUIREMENT_OPEN] = 1, [GW_REQUIREMENT_MAY] = 0};
    static const gw_level levels[] = {GW_LEVEL_MAY, GW_LEVEL_OPEN, GW_LEVEL_SHOULD, GW_LEVEL_MUST};
    unsigned worst = 0;
    for (size_t i = 0; i < ids->count; i++) {
        const gw_requirement *r = gw_requirements_find(l->suite->requirements, ids->list[i]);
        unsigned w = r ? weight[r->level] : 3;
        if (w > worst) worst = w;
    }
    return levels[worst];
}

/* ---- Steps ---- */

static size_t count_clients(const gw_doc_node *steps) {
    size_t count = 0;
    for (const gw_doc_node *n = steps->first; n; n = n->next) {
        const gw_doc_node *body = n->kind == GW_DOC_MAP ? n->first : NULL;
        bool opens = body && (strcmp(body->key, "connect") == 0 || strcmp(body->key, "upgrade") == 0 ||
                              strcmp(body->key, "accept") == 0);
        if (!opens) continue;
        const gw_doc_node *as = body->kind == GW_DOC_MAP ? gw_doc_get(body, "as") : NULL;
        if (as) count += as->kind == GW_DOC_SEQ ? as->count : 1;
    }
    return count;
}

static void load_steps(loader *l, const gw_doc_node *steps) {
    if (!gw_doc_expect_kind(l->diag, steps, GW_DOC_SEQ, "steps")) return;
    if (steps->count == 0 || steps->count > MAX_STEPS) {
        gw_doc_error(l->diag, steps, steps->count ? "more than %d steps" : "there are no steps", MAX_STEPS);
        return;
    }
    l->clients_in_file = count_clients(steps);
    l->triggers = GW_ARENA_ARRAY(l->arena, const char *, steps->count);
    gw_step *list = GW_ARENA_ARRAY(l->arena, gw_step, steps->count);
    size_t count = 0;
    for (const gw_doc_node *n = steps->first; n; n = n->next) {
        const char *lacked = l->lacks;
        bool optional = false;
        list[count] = (gw_step){0};
        load_step(l, n, &list[count], &optional);
        bool leave_out = optional && l->lacks != lacked;
        if (leave_out) l->lacks = lacked;
        if (!leave_out) count++;
    }
    l->scenario->steps = list;
    l->scenario->step_count = count;
}

/* ---- Instances ---- */

static void load_instance(loader *l, const gw_doc_node *root) {
    gw_scenario *s = l->scenario;
    head h = {0};
    const load_group groups[] = {LOAD_GROUP(scenario_fields, s), LOAD_GROUP(head_fields, &h)};
    size_t errors = l->diag->errors;
    const gw_doc_node *role = root->kind == GW_DOC_MAP ? gw_doc_get(root, "role") : NULL;
    if (role) read_role(l, role, &s->role);
    if (!load_fields(l, root, "a scenario", groups, LOAD_COUNT(groups))) return;
    const gw_doc_node *requires_ids = gw_doc_get(root, "requires"), *steps = gw_doc_get(root, "steps");
    if (requires_ids && h.requires_ids.count == 0 && l->diag->errors == errors)
        gw_doc_error(l->diag, requires_ids, "requires is empty; a scenario checks at least one requirement");
    s->requires_ids = h.requires_ids.list;
    s->requires_count = h.requires_ids.count;
    s->tags = h.tags.list, s->tag_count = h.tags.count;
    s->allow = h.allow.list, s->allow_count = h.allow.count;
    s->level = gw_doc_get(root, "level") ? h.level : gravest(l, &h.requires_ids);
    if (!s->timeout) s->timeout = load_constant(l, "30s + 12*I");
    if (!steps) return;
    static const char *const nothing[] = {""};
    if (s->requires_count == 0) s->requires_ids = nothing; /* so that the steps are checked in the same pass */
    load_steps(l, steps);
    uint64_t most = l->protocol->max_message_bytes;
    if (most && l->longest > most && s->role == GW_ROLE_SERVER && !l->takes_limit)
        load_lacks(l, "the protocol allows messages of %llu bytes, and this takes one of %llu",
                   (unsigned long long)most, (unsigned long long)l->longest);
    s->negative = h.canary == GW_CANARY_ON || (h.canary == GW_CANARY_AUTO && l->illegal);
    gw_client_spec *clients = GW_ARENA_ARRAY(l->arena, gw_client_spec, l->client_count ? l->client_count : 1);
    memcpy(clients, l->clients, l->client_count * sizeof *clients);
    s->clients = clients;
    s->client_count = l->client_count;
    s->triggers = l->triggers;
    s->lacks = l->lacks;
    s->trigger_count = l->trigger_count;
    s->room_count = l->room_count;
}

static const gw_scenario *load_one(loader *l, const gw_expand *expand, size_t index, const char *id, const char *file) {
    gw_suite *suite = l->suite;
    gw_diag *diag = l->diag;
    size_t errors = diag->errors;
    const char *name = gw_expand_name(expand, index);
    gw_scenario *scenario = GW_ARENA_NEW(&suite->arena, gw_scenario);
    scenario->family = id;
    scenario->file = file;
    scenario->id = *name ? gw_arena_printf(&suite->arena, "%s/%s", id, name) : id;
    scenario->order = (uint32_t)index;
    const gw_doc_node *tree = gw_expand_tree(expand, index);
    *l = (loader){
        .suite = suite, .arena = &suite->arena, .diag = diag, .protocol = suite->protocol, .scenario = scenario};
    if (tree) load_instance(l, tree);
    if (diag->errors == errors) return scenario;
    if (*name && diag->errors <= diag->max_errors)
        gw_buf_printf(&diag->text, "      = in the instance %s\n", scenario->id);
    return NULL;
}

static bool check_id(const gw_suite *suite, const gw_scenario *scenario, gw_diag *diag) {
    for (size_t i = 0; i < suite->count; i++) {
        if (strcmp(suite->scenarios[i]->id, scenario->id) != 0) continue;
        gw_diag_error(diag, (gw_place){.file = scenario->file}, "the id '%s' is taken by %s", scenario->id,
                      suite->scenarios[i]->file);
        return false;
    }
    return true;
}

gw_status gw_suite_load(gw_suite *suite, gw_span text, const char *id, const char *file, gw_diag *diag) {
    gw_doc *doc = gw_doc_parse(text, file, diag);
    if (!doc) return GW_ERR_INVALID;
    id = gw_arena_strdup(&suite->arena, id);
    file = gw_arena_strdup(&suite->arena, file);
    const gw_doc_node *root = gw_doc_root(doc);
    gw_expand *expand = GW_ARENA_NEW(&suite->arena, gw_expand);
    loader *l = GW_ARENA_NEW(&suite->arena, loader);
    l->suite = suite;
    l->diag = diag;
    bool ok =
        gw_doc_expect_kind(diag, root, GW_DOC_MAP, "a scenario") && gw_expand_init(expand, root, &suite->arena, diag);
    const gw_scenario **loaded = ok ? GW_ARENA_ARRAY(&suite->arena, const gw_scenario *, expand->instances) : NULL;
    /* the first instance with an error says all that is wrong with the file */
    for (size_t i = 0; ok && i < expand->instances; i++) {
        loaded[i] = load_one(l, expand, i, id, file);
        ok = loaded[i] && check_id(suite, loaded[i], diag);
    }
    if (!ok) {
        gw_doc_destroy(doc);
        return GW_ERR_INVALID;
    }
    gw_status status = gw_suite_add(suite, doc, loaded, expand->instances);
    if (status != GW_OK) gw_doc_destroy(doc);
    return status;
}
