/* Floor 2: the catalogue of requirements. Knows no protocol. */
#include "protocol/requirements.h"

#include <stdlib.h>
#include <string.h>

#define LEVEL_WORD(name, word) word,
static const char *const levels[] = {GW_REQUIREMENT_LEVEL_TABLE(LEVEL_WORD)};
#undef LEVEL_WORD
static const char *const roles[] = {"server", "client"};

void gw_requirements_init(gw_requirements *catalogue) {
    *catalogue = (gw_requirements){0};
    gw_arena_init(&catalogue->arena);
}

void gw_requirements_deinit(gw_requirements *catalogue) {
    gw_arena_deinit(&catalogue->arena);
    free(catalogue->items);
    *catalogue = (gw_requirements){0};
}

const gw_requirement *gw_requirements_find(const gw_requirements *catalogue, const char *id) {
    for (size_t i = 0; i < catalogue->count; i++)
        if (strcmp(catalogue->items[i]->id, id) == 0) return catalogue->items[i];
    return NULL;
}

const char *gw_requirements_suggest(const gw_requirements *catalogue, const char *id) {
    const char **ids = malloc((catalogue->count + 1) * sizeof *ids);
    if (!ids) return NULL;
    for (size_t i = 0; i < catalogue->count; i++) ids[i] = catalogue->items[i]->id;
    const char *meant = gw_diag_suggest(gw_span_cstr(id), ids, catalogue->count);
    free(ids);
    return meant;
}

const char *gw_requirement_level_word(gw_requirement_level level) {
    return levels[level];
}

static bool add(gw_requirements *catalogue, const gw_requirement *requirement) {
    if (catalogue->count == catalogue->capacity) {
        size_t capacity = catalogue->capacity ? catalogue->capacity * 2 : 64;
        const gw_requirement **items = realloc(catalogue->items, capacity * sizeof *items);
        if (!items) return false;
        catalogue->items = items;
        catalogue->capacity = capacity;
    }
    catalogue->items[catalogue->count++] = requirement;
    return true;
}

static const char *text_of(gw_requirements *catalogue, const gw_doc_node *map, const char *key, gw_diag *diag) {
    const gw_doc_node *node = gw_doc_get(map, key);
    if (!node || !gw_doc_expect_kind(diag, node, GW_DOC_STRING, key)) return NULL;
    return gw_arena_strdup(&catalogue->arena, node->text);
}

static bool load_one(gw_requirements *catalogue, const gw_doc_node *node, const char *source, const char *file,
                     gw_diag *diag) {
    static const char *const keys[] = {"title", "role", "level", "clause", "source", "knob", "unobservable"};
    static const char *const needed[] = {"title", "role", "level", "clause"};
    size_t errors = diag->errors, level = 0, role = 0;
    if (!gw_doc_expect_keys(diag, node, keys, sizeof keys / sizeof *keys, "a requirement")) return false;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) gw_doc_require(diag, node, needed[i], "a requirement");
    const gw_requirement *earlier = gw_requirements_find(catalogue, node->key);
    if (earlier)
        gw_diag_error(diag, gw_doc_key_place(node), "the requirement '%s' is in %s:%u already", node->key,
                      earlier->file, (unsigned)earlier->line);
    if (diag->errors != errors) return false;
    gw_doc_expect_word(diag, gw_doc_get(node, "level"), levels, GW_REQUIREMENT_LEVEL_COUNT, "level", &level);
    gw_doc_expect_word(diag, gw_doc_get(node, "role"), roles, 2, "role", &role);
    gw_requirement *r = GW_ARENA_NEW(&catalogue->arena, gw_requirement);
    r->id = gw_arena_strdup(&catalogue->arena, node->key);
    r->title = text_of(catalogue, node, "title", diag);
    r->level = (gw_requirement_level)level;
    r->role = role ? GW_ROLE_CLIENT : GW_ROLE_SERVER;
    r->clause = text_of(catalogue, node, "clause", diag);
    r->source = gw_doc_get(node, "source") ? text_of(catalogue, node, "source", diag) : source;
    r->knob = text_of(catalogue, node, "knob", diag);
    r->why_not = text_of(catalogue, node, "unobservable", diag);
    r->observable = !r->why_not;
    r->file = file;
    r->line = node->key_line;
    if (diag->errors == errors && !r->source)
        gw_diag_error(diag, gw_doc_key_place(node), "a requirement needs the key 'source' (or the file one for all)");
    if (diag->errors != errors) return false;
    if (add(catalogue, r)) return true;
    gw_doc_error(diag, node, "%s", gw_status_text(GW_ERR_NOMEM));
    return false;
}

static void load_misbehaviours(gw_requirements *catalogue, const gw_doc_node *map, const char *file, gw_diag *diag) {
    if (!gw_doc_expect_kind(diag, map, GW_DOC_MAP, "misbehaviours")) return;
    if (catalogue->misbehaviours) {
        gw_doc_error(diag, map, "another file has misbehaviours already");
        return;
    }
    size_t count = 0;
    for (const gw_doc_node *c = map->first; c; c = c->next) count++;
    gw_misbehaviour *all = GW_ARENA_ARRAY(&catalogue->arena, gw_misbehaviour, count ? count : 1), *m = all;
    for (const gw_doc_node *c = map->first; c; c = c->next, m++) {
        size_t rules = 0, n = 0;
        if (!gw_doc_expect_kind(diag, c, GW_DOC_SEQ, "a misbehaviour's requirements")) return;
        for (const gw_doc_node *r = c->first; r; r = r->next) rules++;
        const char **ids = GW_ARENA_ARRAY(&catalogue->arena, const char *, rules ? rules : 1);
        for (const gw_doc_node *r = c->first; r; r = r->next) {
            if (!gw_doc_expect_kind(diag, r, GW_DOC_STRING, "a requirement's id")) return;
            ids[n++] = gw_arena_strdup(&catalogue->arena, r->text);
        }
        *m = (gw_misbehaviour){gw_arena_strdup(&catalogue->arena, c->key), ids, n, file, c->key_line};
    }
    catalogue->misbehaviours = all;
    catalogue->misbehaviour_count = count;
}

bool gw_requirements_load(gw_requirements *catalogue, gw_span text, const char *file, gw_diag *diag) {
    static const char *const keys[] = {"source", "requirements", "misbehaviours"};
    gw_doc *doc = gw_doc_parse(text, file, diag);
    size_t errors = diag->errors;
    if (!doc) return false;
    const gw_doc_node *root = gw_doc_root(doc);
    const char *name = gw_arena_strdup(&catalogue->arena, file);
    if (!gw_doc_expect_keys(diag, root, keys, 3, "a requirements file")) goto cleanup;
    const gw_doc_node *list = gw_doc_get(root, "requirements"), *misbehaviours = gw_doc_get(root, "misbehaviours");
    if (misbehaviours) load_misbehaviours(catalogue, misbehaviours, name, diag);
    if (!list && misbehaviours) goto cleanup;
    if (!gw_doc_require(diag, root, "requirements", "a requirements file")) goto cleanup;
    const char *source = text_of(catalogue, root, "source", diag);
    if (!gw_doc_expect_kind(diag, list, GW_DOC_MAP, "requirements")) goto cleanup;
    for (const gw_doc_node *c = list->first; c; c = c->next) load_one(catalogue, c, source, name, diag);
cleanup:
    gw_doc_destroy(doc);
    return diag->errors == errors;
}
