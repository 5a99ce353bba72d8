/* Floor 3: the form of templates with matchers, checked when a file is loaded. Knows nodes of a file, no values of a
 * run. */
#include "scenario/match.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <string.h>

typedef struct checker {
    gw_diag *diag;
    unsigned saves;
} checker;

static bool check(checker *c, const gw_doc_node *node);

static bool is_open(const gw_doc_node *node) {
    return node->kind == GW_DOC_STRING && strstr(node->text, "${") != NULL;
}

static bool check_type(checker *c, const gw_doc_node *node) {
    static const char *const words[] = {"string", "number", "integer", "boolean", "object", "array", "null"};
    size_t index;
    /* a plain `null` is the YAML null */
    if (node->kind == GW_DOC_NULL) return true;
    return gw_doc_expect_word(c->diag, node, words, sizeof words / sizeof words[0], "$type", &index);
}

static bool check_true(checker *c, const gw_doc_node *node) {
    if (node->kind == GW_DOC_BOOL && node->boolean) return true;
    gw_doc_error(c->diag, node, "%s takes true only", node->key);
    return false;
}

static bool check_text(checker *c, const gw_doc_node *node) {
    return gw_doc_expect_kind(c->diag, node, GW_DOC_STRING, node->key);
}

static bool check_regex(checker *c, const gw_doc_node *node) {
    if (!check_text(c, node)) return false;
    if (is_open(node)) return true;
    int code;
    PCRE2_SIZE at;
    pcre2_code *regex = pcre2_compile((PCRE2_SPTR)node->text, node->text_len, PCRE2_UTF, &code, &at, NULL);
    pcre2_code_free(regex);
    if (regex) return true;
    char message[160];
    pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof message);
    gw_doc_error(c->diag, node, "$regex is no regular expression: %s (at character %zu)", message, (size_t)at + 1);
    return false;
}

static bool check_number(checker *c, const gw_doc_node *node) {
    if (node->kind == GW_DOC_INT || node->kind == GW_DOC_FLOAT || is_open(node)) return true;
    gw_doc_error(c->diag, node, "%s takes a number, not %s", node->key, gw_doc_kind_name(node->kind));
    return false;
}

static bool check_duration(checker *c, const gw_doc_node *node) {
    gw_ns ns;
    return gw_doc_expect_duration(c->diag, node, &ns);
}

static bool check_save(checker *c, const gw_doc_node *node) {
    if (!check_text(c, node)) return false;
    size_t len = strspn(node->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    if (len == 0 || len != node->text_len) {
        gw_doc_error(c->diag, node, "$save takes a name of letters, digits, '-' and '_'");
        return false;
    }
    if (++c->saves <= GW_MATCH_MAX_SAVES) return true;
    gw_doc_error(c->diag, node, "more than %d $save in one template", GW_MATCH_MAX_SAVES);
    return false;
}

static bool check_alternatives(checker *c, const gw_doc_node *node) {
    if (!gw_doc_expect_kind(c->diag, node, GW_DOC_SEQ, "$one-of")) return false;
    if (node->count == 0) gw_doc_error(c->diag, node, "$one-of needs at least one alternative");
    bool ok = node->count > 0;
    for (const gw_doc_node *n = node->first; n; n = n->next) ok &= check(c, n);
    return ok;
}

static bool check_length(checker *c, const gw_doc_node *node) {
    if (node->kind == GW_DOC_MAP) return check(c, node);
    if (is_open(node) || (node->kind == GW_DOC_INT && node->integer >= 0)) return true;
    gw_doc_error(c->diag, node, "$length takes a whole number or a matcher, not %s", gw_doc_kind_name(node->kind));
    return false;
}

static bool check_exact(checker *c, const gw_doc_node *node) {
    return gw_doc_expect_kind(c->diag, node, GW_DOC_MAP, "$exact") && check(c, node);
}

static const char *const matcher_keys[] = {"$type",   "$any",      "$absent",   "$regex",  "$min",
                                           "$max",    "$near-now", "$save",     "$one-of", "$not",
                                           "$length", "$prefix",   "$contains", "$token",  "$exact"};
static bool (*const matcher_checks[])(checker *, const gw_doc_node *) = {
    check_type,         check_true, check_true,   check_regex, check_number, check_number, check_duration, check_save,
    check_alternatives, check,      check_length, check_text,  check_text,   check_text,   check_exact};
_Static_assert(sizeof matcher_keys / sizeof matcher_keys[0] == sizeof matcher_checks / sizeof matcher_checks[0],
               "one check per matcher");

enum { MATCHERS = sizeof matcher_keys / sizeof matcher_keys[0] };

static bool check_matcher(checker *c, const gw_doc_node *map) {
    if (!gw_doc_expect_keys(c->diag, map, matcher_keys, MATCHERS, "a matcher")) return false;
    bool ok = true;
    for (const gw_doc_node *n = map->first; n; n = n->next)
        for (size_t i = 0; i < MATCHERS; i++)
            if (strcmp(n->key, matcher_keys[i]) == 0) ok &= matcher_checks[i](c, n);
    return ok;
}

static bool check(checker *c, const gw_doc_node *node) {
    if (node->kind != GW_DOC_MAP && node->kind != GW_DOC_SEQ) return true;
    bool matcher = false, literal = false, ok = true;
    for (const gw_doc_node *n = node->first; node->kind == GW_DOC_MAP && n; n = n->next) {
        if (n->key[0] == '$' && n->key[1] != '{')
            matcher = true;
        else
            literal = true;
    }
    if (matcher && literal) {
        gw_doc_error(c->diag, node, "a map has either matchers ('$...') or literal keys, not both");
        return false;
    }
    if (matcher) return check_matcher(c, node);
    for (const gw_doc_node *n = node->first; n; n = n->next) ok &= check(c, n);
    return ok;
}

bool gw_match_check(gw_diag *diag, const gw_doc_node *template_node) {
    checker c = {.diag = diag};
    return check(&c, template_node);
}
