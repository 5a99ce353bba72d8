/* Texts of a target file: each ${...} is known where it stands. Floor 3. It must not know what texts are used for. */
#include "scenario/target_load.h"
#include "scenario/vars.h"

#include <stdio.h>
#include <string.h>

/* What may stand first in a path. */
typedef struct root_row {
    const char *word;
    unsigned roots; /* 0: everywhere */
    bool member;    /* ${word.NAME} */
    bool bare;      /* ${word} */
} root_row;

static const root_row ROOTS[] = {
    {"port", 0, false, true},
    {"control-port", 0, false, true},
    {"uuid", 0, false, true},
    {"env", 0, true, false},
    {"gwspec-server", GW_TARGET_ROOT_START, false, true},
    {"ready", GW_TARGET_ROOT_READY, true, false},
    {"run", GW_TARGET_ROOT_RUN, true, false},
    {"scenario", GW_TARGET_ROOT_SCENARIO, true, false},
    {"room", GW_TARGET_ROOT_ROOM, true, false},
    {"client", GW_TARGET_ROOT_PARTICIPANT, false, true},
    {"participant", GW_TARGET_ROOT_PARTICIPANT, true, false},
    {"event", GW_TARGET_ROOT_TRIGGER, false, true},
    {"data", GW_TARGET_ROOT_TRIGGER, true, true},
    {"by", GW_TARGET_ROOT_TRIGGER, true, false},
};
enum { ROOT_COUNT = sizeof ROOTS / sizeof ROOTS[0] };

static const root_row *find_root(gw_span word) {
    for (size_t i = 0; i < ROOT_COUNT; i++)
        if (gw_span_equal_cstr(word, ROOTS[i].word)) return &ROOTS[i];
    return NULL;
}

/* The names that a member must be one of; NULL: any. `made_by` says where they come from. */
static const gw_target_names *names_of(const gw_target_loader *loader, const char *word, const char **made_by) {
    static const struct {
        const char *word, *made_by;
        gw_target_scope scope;
    } CAPTURED[] = {{"run", "fixtures.run captures no", GW_TARGET_RUN},
                    {"scenario", "fixtures.scenario captures no", GW_TARGET_SCENARIO},
                    {"room", "fixtures.room captures no", GW_TARGET_ROOM},
                    {"participant", "fixtures.participant captures no", GW_TARGET_PARTICIPANT},
                    {"by", "fixtures.participant captures no", GW_TARGET_PARTICIPANT}};
    *made_by = "start.ready.line has no named group";
    if (strcmp(word, "ready") == 0) return &loader->ready;
    for (size_t i = 0; i < sizeof CAPTURED / sizeof CAPTURED[0]; i++) {
        *made_by = CAPTURED[i].made_by;
        if (strcmp(word, CAPTURED[i].word) == 0) return &loader->captured[CAPTURED[i].scope];
    }
    return NULL;
}

static void unknown_root(gw_target_loader *loader, const gw_doc_node *node, gw_span word) {
    const char *words[ROOT_COUNT];
    for (size_t i = 0; i < ROOT_COUNT; i++) words[i] = ROOTS[i].word;
    const char *meant = gw_diag_suggest(word, words, ROOT_COUNT);
    if (meant)
        gw_doc_error(loader->diag, node, "unknown variable '%.*s' (did you mean '%s'?)", GW_SPAN_ARG(word), meant);
    else
        gw_doc_error(loader->diag, node, "unknown variable '%.*s'", GW_SPAN_ARG(word));
}

static bool in_names(const gw_target_names *names, gw_span name) {
    for (size_t i = 0; i < names->count; i++)
        if (gw_span_equal_cstr(name, names->list[i])) return true;
    return false;
}

static void check_member(gw_target_loader *loader, const gw_doc_node *node, const root_row *root, gw_span member) {
    const char *made_by;
    if (strcmp(root->word, "env") == 0) {
        gw_target_name_add(loader, &loader->env, gw_arena_strndup(loader->arena, member.ptr, member.len), node);
        return;
    }
    const gw_target_names *names = names_of(loader, root->word, &made_by);
    if (!names || in_names(names, member)) return;
    const char *meant = gw_diag_suggest(member, names->list, names->count);
    gw_buf text;
    gw_buf_init(&text, 4096);
    gw_buf_printf(&text, "${%s.%.*s}: %s '%.*s'", root->word, GW_SPAN_ARG(member), made_by, GW_SPAN_ARG(member));
    if (meant) gw_buf_printf(&text, " (did you mean '%s'?)", meant);
    for (size_t i = 0; !meant && i < names->count; i++)
        gw_buf_printf(&text, "%s%s", i ? ", " : "; there are ", names->list[i]);
    gw_doc_error(loader->diag, node, "%s", gw_buf_cstr(&text));
    gw_buf_deinit(&text);
}

static void check_path(gw_target_loader *loader, const gw_doc_node *node, unsigned roots, gw_span path) {
    size_t dot = 0;
    while (dot < path.len && path.ptr[dot] != '.') dot++;
    gw_span word = gw_span_sub(path, 0, dot), member = gw_span_from(path, dot + 1);
    const root_row *root = find_root(word);
    if (!root) {
        unknown_root(loader, node, word);
        return;
    }
    if (root->roots && !(root->roots & roots)) {
        gw_buf known;
        gw_buf_init(&known, 1024);
        for (size_t i = 0; i < ROOT_COUNT; i++)
            if (!ROOTS[i].roots || ROOTS[i].roots & roots)
                gw_buf_printf(&known, "%s%s", known.len ? ", " : "", ROOTS[i].word);
        gw_doc_error(loader->diag, node, "${%.*s} has no value here: there are %s", GW_SPAN_ARG(path),
                     gw_buf_cstr(&known));
        gw_buf_deinit(&known);
        return;
    }
    if (dot < path.len ? !root->member : !root->bare) {
        gw_doc_error(loader->diag, node, root->member ? "${%s} needs a name: ${%s.NAME}" : "${%s} has no members",
                     root->word, root->word);
        return;
    }
    bool port = strcmp(root->word, "port") == 0, control = strcmp(root->word, "control-port") == 0;
    if ((port || control) && !loader->has_start) {
        gw_doc_error(loader->diag, node, "${%s} is chosen for a server that 'start' starts, and there is no 'start'",
                     root->word);
        return;
    }
    loader->target->uses_port |= port;
    loader->target->uses_control_port |= control;
    if (dot < path.len) check_member(loader, node, root, member);
}

static void check_text(gw_target_loader *loader, const gw_doc_node *node, unsigned roots) {
    gw_span text = gw_span_make(node->text, node->text_len), piece;
    for (gw_vars_token token; (token = gw_vars_next(&text, &piece)) != GW_VARS_END;) {
        if (token == GW_VARS_UNCLOSED) {
            gw_doc_error(loader->diag, node, "'${' without '}'; write '$${' for the characters themselves");
            return;
        }
        if (token == GW_VARS_REF) check_path(loader, node, roots, piece);
    }
}

const char *gw_target_plain(gw_target_loader *loader, const gw_doc_node *node, const char *what) {
    if (!node->text || node->kind == GW_DOC_NULL) {
        gw_doc_error(loader->diag, node, "%s must be a text, not %s", what, gw_doc_kind_name(node->kind));
        return NULL;
    }
    if (memchr(node->text, '\0', node->text_len)) {
        gw_doc_error(loader->diag, node, "%s must not hold a NUL character", what);
        return NULL;
    }
    return node->text;
}

const char *gw_target_template(gw_target_loader *loader, const gw_doc_node *node, unsigned roots, const char *what) {
    const char *text = gw_target_plain(loader, node, what);
    if (text) check_text(loader, node, roots);
    return text;
}

void gw_target_check_tree(gw_target_loader *loader, const gw_doc_node *node, unsigned roots) {
    if (node->kind == GW_DOC_STRING) check_text(loader, node, roots);
    for (const gw_doc_node *child = node->first; child; child = child->next) gw_target_check_tree(loader, child, roots);
}

/* RFC 9110 section 5.6.2. */
static bool is_token(const char *s) {
    static const char OTHERS[] = "!#$%&'*+-.^_`|~";
    for (const char *p = s; *p; p++) {
        bool alnum = (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z');
        if (!alnum && !strchr(OTHERS, *p)) return false;
    }
    return *s != '\0';
}

gw_target_pairs gw_target_template_map(gw_target_loader *loader, const gw_doc_node *node, unsigned roots, bool token,
                                       const char *what) {
    gw_target_pairs pairs = {0};
    if (!node || !gw_doc_expect_kind(loader->diag, node, GW_DOC_MAP, what) || !node->count) return pairs;
    gw_target_pair *list = GW_ARENA_ARRAY(loader->arena, gw_target_pair, node->count);
    for (const gw_doc_node *child = node->first; child; child = child->next) {
        char name[96];
        snprintf(name, sizeof name, "%.60s in %.20s", child->key, what);
        const char *value = gw_target_template(loader, child, roots, name);
        if (token && !is_token(child->key))
            gw_diag_error(loader->diag, gw_doc_key_place(child), "'%s' cannot be a name in %s: letters, digits and '-'",
                          child->key, what);
        if (value && token && strpbrk(value, "\r\n"))
            gw_doc_error(loader->diag, child, "a line break cannot stand in %s", what);
        list[pairs.count++] = (gw_target_pair){child->key, value};
    }
    pairs.list = list;
    return pairs;
}

void gw_target_name_add(gw_target_loader *loader, gw_target_names *names, const char *name, const gw_doc_node *node) {
    if (in_names(names, gw_span_cstr(name))) return;
    if (names->count == GW_TARGET_MAX_NAMES) {
        gw_doc_error(loader->diag, node, "more than %d names", GW_TARGET_MAX_NAMES);
        return;
    }
    names->list[names->count++] = name;
}
