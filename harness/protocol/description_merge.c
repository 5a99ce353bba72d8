/* Floor 2: `extends`: a description on top of another one, as one tree. Knows keys and places, no meaning but that of
 * `was`. */
#include "protocol/description_internal.h"

#include <string.h>

enum { MAX_CHAIN = 8 };

typedef struct merger {
    gw_arena *arena;
    gw_diag *diag;
} merger;

static const gw_doc_node *merge(merger *m, const gw_doc_node *under, const gw_doc_node *over, bool events);

static void append(gw_doc_node *map, gw_doc_node **last, merger *m, const gw_doc_node *node) {
    gw_doc_node *copy = GW_ARENA_NEW(m->arena, gw_doc_node);
    *copy = *node;
    copy->parent = map;
    copy->next = NULL;
    if (*last)
        (*last)->next = copy;
    else
        map->first = copy;
    *last = copy;
    map->count++;
}

/* What the later description says of this key of the earlier one. */
static const gw_doc_node *find_over(const gw_doc_node *over, const char *key, bool events) {
    for (const gw_doc_node *n = events ? over->first : NULL; n; n = n->next) {
        const gw_doc_node *was = n->kind == GW_DOC_MAP ? gw_doc_get(n, "was") : NULL;
        if (was && was->kind == GW_DOC_STRING && strcmp(was->text, key) == 0) return n;
    }
    return gw_doc_get(over, key);
}

static bool is_placed(const gw_doc_node *under, const gw_doc_node *node, bool events) {
    const gw_doc_node *was = events && node->kind == GW_DOC_MAP ? gw_doc_get(node, "was") : NULL;
    if (was && was->kind == GW_DOC_STRING) return gw_doc_get(under, was->text) != NULL;
    return gw_doc_get(under, node->key) != NULL;
}

/* What replaces as a whole: schemas and data are values, not settings. */
static bool is_value(const char *key) {
    static const char *const keys[] = {"data", "data-non-strict", "answer-data", "members", "query", "extends"};
    for (size_t i = 0; i < GW_LOADER_COUNT(keys); i++)
        if (strcmp(keys[i], key) == 0) return true;
    return false;
}

/* Each renamed event is there, has one new name, and the name was free. */
static void check_was(merger *m, const gw_doc_node *under, const gw_doc_node *over) {
    for (const gw_doc_node *n = over->first; n; n = n->next) {
        const gw_doc_node *was = n->kind == GW_DOC_MAP ? gw_doc_get(n, "was") : NULL;
        if (!was || was->kind != GW_DOC_STRING) continue;
        const gw_doc_node *named = find_over(over, was->text, true);
        if (!gw_doc_get(under, was->text))
            gw_doc_error(m->diag, was, "there is no event '%s' in the description that this one extends", was->text);
        else if (named != n)
            gw_doc_error(m->diag, was, "the event '%s' has a new name already: '%s'", was->text, named->key);
        else if (strcmp(n->key, was->text) != 0 && gw_doc_get(under, n->key) && find_over(over, n->key, true) == n)
            gw_doc_error(m->diag, was,
                         "the description that this one extends has another event '%s': rename that one, too", n->key);
    }
}

static const gw_doc_node *merge(merger *m, const gw_doc_node *under, const gw_doc_node *over, bool events) {
    gw_doc_node *map = GW_ARENA_NEW(m->arena, gw_doc_node), *last = NULL;
    *map = *over;
    map->first = NULL;
    map->count = 0;
    if (events) check_was(m, under, over);
    for (const gw_doc_node *n = under->first; n; n = n->next) {
        const gw_doc_node *new = find_over(over, n->key, events);
        bool both = new && n->kind == GW_DOC_MAP &&new->kind == GW_DOC_MAP && !is_value(n->key);
        bool inner = both && !events && n->parent && !n->parent->parent && strcmp(n->key, "events") == 0;
        if (!new)
            append(map, &last, m, n);
        else if (both)
            append(map, &last, m, merge(m, n, new, inner));
        else if (new->kind != GW_DOC_NULL)
            append(map, &last, m, new);
    }
    for (const gw_doc_node *n = over->first; n; n = n->next)
        if (!is_placed(under, n, events)) append(map, &last, m, n);
    return map;
}

bool gw_protocol_is_file(const char *name) {
    const char *dot = name ? strrchr(name, '.') : NULL;
    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

const char *gw_protocol_beside(gw_arena *arena, const char *from, const char *name) {
    const char *slash = from && name[0] != '/' ? strrchr(from, '/') : NULL;
    return gw_arena_printf(arena, "%.*s%s", slash ? (int)(slash + 1 - from) : 0, slash ? from : "", name);
}

/* Its text, or the reason why there is none. */
static bool find(merger *m, const gw_doc_node *extends, const gw_protocol_source *source, gw_span *text,
                 const char **file) {
    bool is_file = gw_protocol_is_file(extends->text);
    const char *name = is_file ? NULL : extends->text;
    const char *path = is_file ? gw_protocol_beside(m->arena, gw_doc_place(extends).file, extends->text) : NULL;
    if (source && source->find(source->context, name, path, text, file)) return true;
    if (is_file)
        gw_doc_error(m->diag, extends, "there is no file %s that can be read", path);
    else
        gw_doc_error(m->diag, extends,
                     "there is no protocol '%s' to extend: it names one of those that come with gwspec, one in "
                     "protocols/ of --scenarios DIR, or a file beside this one with its ending: %s.yaml",
                     name, name);
    return false;
}

/* The root of the description, on top of all that it extends. Documents that were opened go to `docs`. */
static const gw_doc_node *extended(merger *m, const gw_doc_node *root, const gw_protocol_source *source, gw_doc **docs,
                                   size_t *count) {
    const gw_doc_node *extends = root->kind == GW_DOC_MAP ? gw_doc_get(root, "extends") : NULL;
    if (!extends) return root;
    if (!gw_doc_expect_kind(m->diag, extends, GW_DOC_STRING, "extends")) return NULL;
    gw_span text = {0};
    const char *file = NULL;
    if (!find(m, extends, source, &text, &file)) return NULL;
    if (*count == MAX_CHAIN) {
        gw_doc_error(m->diag, extends, "more than %d descriptions extend each other", (int)MAX_CHAIN);
        return NULL;
    }
    gw_doc *doc = gw_doc_parse(text, file, m->diag);
    if (!doc) return NULL;
    docs[(*count)++] = doc;
    const gw_doc_node *under = gw_doc_root(doc);
    if (!gw_doc_expect_kind(m->diag, under, GW_DOC_MAP, "a protocol description")) return NULL;
    under = extended(m, under, source, docs, count);
    return under ? merge(m, under, root, false) : NULL;
}

void gw_loader_extend(gw_loader *l, const gw_doc_node *root, const gw_protocol_source *source,
                      void (*load)(gw_loader *l, const gw_doc_node *root)) {
    gw_doc *docs[MAX_CHAIN];
    size_t count = 0;
    merger m = {l->arena, l->diag};
    const gw_doc_node *whole = extended(&m, root, source, docs, &count);
    if (whole) load(l, whole);
    while (count) gw_doc_destroy(docs[--count]);
}
