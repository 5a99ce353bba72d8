/* Floor 3: for-each. */
#include "scenario/expand.h"

#include "scenario/vars.h"

#include <string.h>

enum { MAX_TEXT_BYTES = 4 << 20 };

/* ---- Reading for-each ---- */

static bool is_safe(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

static const char *safe_name(gw_arena *arena, const char *text, size_t len) {
    char *name = gw_arena_strndup(arena, text, len);
    for (size_t i = 0; i < len; i++)
        if (!is_safe(name[i])) name[i] = '-';
    return name;
}

static bool check_var_name(gw_diag *diag, const gw_doc_node *var) {
    static const char *const taken[] = {"I", "eps", "uuid", "now-ms"};
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        if (strcmp(var->key, taken[i]) != 0) continue;
        gw_diag_error(diag, gw_doc_key_place(var), "'%s' has a meaning of its own; give the variable another name",
                      var->key);
        return false;
    }
    size_t len = strspn(var->key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    if (var->key[len] == 0) return true;
    gw_diag_error(diag, gw_doc_key_place(var), "the name of a variable has only letters, digits, '-' and '_'");
    return false;
}

static bool check_unique(gw_diag *diag, const gw_expand_var *var, size_t index, const gw_doc_node *value) {
    for (size_t i = 0; i < index; i++) {
        if (strcmp(var->names[i], var->names[index]) != 0) continue;
        gw_diag_error(diag, value->key ? gw_doc_key_place(value) : gw_doc_place(value),
                      "two values of '%s' have the name '%s'; name them with a map {name: value}", var->name,
                      var->names[i]);
        return false;
    }
    return true;
}

static bool read_value(gw_expand *e, gw_expand_var *var, const gw_doc_node *value) {
    bool in_map = var->values->kind == GW_DOC_MAP;
    if (!in_map && value->kind >= GW_DOC_SEQ) {
        gw_doc_error(e->diag, value, "a value in a list has to be a scalar; name it with a map {name: value}");
        return false;
    }
    const char *text = in_map ? value->key : value->text;
    size_t len = in_map ? strlen(value->key) : value->text_len;
    if (len == 0) {
        gw_doc_error(e->diag, value, "this value gives no name; name it with a map {name: value}");
        return false;
    }
    size_t index = var->count++;
    var->names[index] = safe_name(e->arena, text, len);
    return check_unique(e->diag, var, index, value);
}

static bool read_var(gw_expand *e, const gw_doc_node *node) {
    if (e->var_count == GW_EXPAND_MAX_VARS) {
        gw_diag_error(e->diag, gw_doc_key_place(node), "more than %d variables", GW_EXPAND_MAX_VARS);
        return false;
    }
    if (!check_var_name(e->diag, node)) return false;
    if (node->kind < GW_DOC_SEQ || node->count == 0) {
        gw_doc_error(e->diag, node, "for-each takes a list or a map of values, not %s",
                     node->count == 0 && node->kind >= GW_DOC_SEQ ? "an empty one" : gw_doc_kind_name(node->kind));
        return false;
    }
    gw_expand_var *var = &e->vars[e->var_count++];
    var->name = node->key;
    var->values = node;
    var->names = GW_ARENA_ARRAY(e->arena, const char *, node->count);
    bool ok = true;
    for (const gw_doc_node *n = node->first; n; n = n->next) ok &= read_value(e, var, n);
    e->instances *= node->count;
    if (e->instances <= GW_EXPAND_MAX_INSTANCES) return ok;
    gw_diag_error(e->diag, gw_doc_key_place(node), "more than %d instances", GW_EXPAND_MAX_INSTANCES);
    e->instances = 0;
    return false;
}

bool gw_expand_init(gw_expand *expand, const gw_doc_node *root, gw_arena *arena, gw_diag *diag) {
    *expand = (gw_expand){.arena = arena, .diag = diag, .root = root, .instances = 1};
    const gw_doc_node *vars = gw_doc_get(root, "for-each");
    if (!vars) return true;
    if (!gw_doc_expect_kind(diag, vars, GW_DOC_MAP, "for-each")) return false;
    if (vars->count == 0) {
        gw_doc_error(diag, vars, "for-each names no variable");
        return false;
    }
    bool ok = true;
    for (const gw_doc_node *n = vars->first; n && expand->instances; n = n->next) ok &= read_var(expand, n);
    return ok;
}

static size_t pick(const gw_expand *e, size_t index, size_t var) {
    for (size_t i = e->var_count - 1; i > var; i--) index /= e->vars[i].count;
    return index % e->vars[var].count;
}

const char *gw_expand_name(const gw_expand *expand, size_t index) {
    const char *name = "";
    for (size_t i = 0; i < expand->var_count; i++)
        name =
            gw_arena_printf(expand->arena, "%s%s%s", name, i ? "," : "", expand->vars[i].names[pick(expand, index, i)]);
    return name;
}

/* ---- Substitution ---- */

typedef struct substitution {
    const gw_expand *e;
    size_t index;
} substitution;

static const gw_doc_node *nth(const gw_doc_node *parent, size_t n) {
    const gw_doc_node *node = parent->first;
    while (node && n--) node = node->next;
    return node;
}

/* The part of a for-each value that a path names. False on an error; *out is NULL for names of the run. */
static bool look_up(const substitution *s, gw_place place, gw_span path, const gw_doc_node **out) {
    const uint8_t *dot = path.len ? memchr(path.ptr, '.', path.len) : NULL;
    gw_span head = gw_span_sub(path, 0, dot ? (size_t)(dot - path.ptr) : path.len);
    *out = NULL;
    for (size_t i = 0; i < s->e->var_count && !*out; i++)
        if (gw_span_equal_cstr(head, s->e->vars[i].name)) *out = nth(s->e->vars[i].values, pick(s->e, s->index, i));
    while (*out && dot) {
        gw_span rest = gw_span_from(path, (size_t)(dot - path.ptr) + 1);
        const uint8_t *next = rest.len ? memchr(rest.ptr, '.', rest.len) : NULL;
        gw_span key = gw_span_sub(rest, 0, next ? (size_t)(next - rest.ptr) : rest.len);
        const gw_doc_node *child = (*out)->kind == GW_DOC_MAP ? (*out)->first : NULL;
        while (child && !gw_span_equal_cstr(key, child->key)) child = child->next;
        if (!child) {
            gw_diag_error(s->e->diag, place, "'${%.*s}': this value of for-each has no '%.*s'", GW_SPAN_ARG(path),
                          GW_SPAN_ARG(key));
            return false;
        }
        *out = child;
        dot = next;
    }
    return true;
}

static bool append_piece(const substitution *s, gw_place place, gw_span piece, gw_buf *out) {
    const gw_doc_node *value;
    if (!look_up(s, place, piece, &value)) return false;
    if (!value) {
        gw_buf_printf(out, "${%.*s}", GW_SPAN_ARG(piece));
    } else if (value->kind >= GW_DOC_SEQ) {
        gw_diag_error(s->e->diag, place, "'${%.*s}' is %s, which cannot stand inside a text", GW_SPAN_ARG(piece),
                      gw_doc_kind_name(value->kind));
        return false;
    } else {
        gw_buf_append(out, value->text, value->text_len);
    }
    return true;
}

/* The text with for-each names replaced; NULL on an error. */
static const char *substitute(const substitution *s, gw_place place, gw_span text, size_t *len) {
    gw_buf out;
    gw_buf_init(&out, MAX_TEXT_BYTES);
    gw_span piece;
    bool ok = true;
    for (gw_vars_token token; ok && (token = gw_vars_next(&text, &piece)) != GW_VARS_END;) {
        if (token == GW_VARS_UNCLOSED) {
            gw_diag_error(s->e->diag, place, "'${' without '}' (write '$${' for the two characters themselves)");
            ok = false;
        } else if (token == GW_VARS_REF) {
            ok = append_piece(s, place, piece, &out);
        } else if (gw_span_equal_cstr(piece, "${")) {
            gw_buf_append_cstr(&out, "$${"); /* still an escape for those who read the text next */
        } else {
            gw_buf_append_span(&out, piece);
        }
    }
    if (ok && out.error != GW_OK) {
        gw_diag_error(s->e->diag, place, "the text grows beyond %d bytes", MAX_TEXT_BYTES);
        ok = false;
    }
    const char *result = ok ? gw_arena_strndup(s->e->arena, out.data, out.len) : NULL;
    *len = out.len;
    gw_buf_deinit(&out);
    return result;
}

static gw_doc_node *copy(const substitution *s, const gw_doc_node *node, const gw_doc_node *parent);

static bool is_duplicate(const gw_doc_node *parent, const gw_doc_node *last, const char *key) {
    for (const gw_doc_node *n = parent->first; n; n = n == last ? NULL : n->next)
        if (strcmp(n->key, key) == 0) return true;
    return false;
}

static bool copy_children(const substitution *s, const gw_doc_node *from, gw_doc_node *to) {
    gw_doc_node *last = NULL;
    bool changed = false;
    to->first = NULL;
    to->count = 0;
    for (const gw_doc_node *n = from->first; n; n = n->next) {
        if (from == s->e->root && strcmp(n->key, "for-each") == 0) continue;
        gw_doc_node *child = copy(s, n, to);
        if (!child) return false;
        if (child->key && strstr(child->key, "${")) {
            size_t len;
            child->key = substitute(s, gw_doc_key_place(n), gw_span_cstr(n->key), &len);
            if (!child->key) return false;
            changed = true;
        }
        if (changed && last && is_duplicate(to, last, child->key)) {
            gw_diag_error(s->e->diag, gw_doc_key_place(n), "the key '%s' is there twice", child->key);
            return false;
        }
        if (last)
            last->next = child;
        else
            to->first = child;
        last = child;
        to->count++;
    }
    return true;
}

/* The value in place of a text that is one reference alone: its type stays, the place is that of the reference. What is
 * below it is shared as it stands: values do not refer to variables, so nothing can go in circles. */
static void splice(gw_doc_node *node, const gw_doc_node *value) {
    const gw_doc_node place = *node;
    *node = *value;
    node->key = place.key;
    node->line = place.line, node->column = place.column, node->width = place.width;
    node->key_line = place.key_line, node->key_column = place.key_column;
    node->parent = place.parent;
    node->next = NULL;
}

static gw_doc_node *copy(const substitution *s, const gw_doc_node *node, const gw_doc_node *parent) {
    gw_doc_node *new = GW_ARENA_NEW(s->e->arena, gw_doc_node);
    *new = *node;
    new->parent = parent;
    new->next = NULL;
    if (node->kind >= GW_DOC_SEQ) return copy_children(s, node, new) ? new : NULL;
    if (node->kind != GW_DOC_STRING || !memmem(node->text, node->text_len, "${", 2)) return new;
    gw_span text = gw_span_make(node->text, node->text_len), path;
    const gw_doc_node *value = NULL;
    if (gw_vars_is_ref(text, &path)) {
        if (!look_up(s, gw_doc_place(node), path, &value)) return NULL;
        if (value) {
            splice(new, value);
            return new;
        }
    }
    new->text = substitute(s, gw_doc_place(node), text, &new->text_len);
    return new->text ? new : NULL;
}

const gw_doc_node *gw_expand_tree(const gw_expand *expand, size_t index) {
    const substitution s = {.e = expand, .index = index};
    return copy(&s, expand->root, NULL);
}
