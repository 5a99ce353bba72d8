/* Floor 2: compiling a schema from a user's file. schema_check.c applies it. */
#include "protocol/schema_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const gw_schema_type_words[7] = {"null", "boolean", "integer", "number", "string", "array", "object"};

typedef struct compiler {
    gw_arena *arena;
    gw_diag *diag;
} compiler;

static const gw_schema *compile(compiler *c, const gw_doc_node *node);

static void compile_type(compiler *c, gw_schema *schema, const gw_doc_node *node) {
    size_t which;
    if (node->kind != GW_DOC_SEQ) {
        if (gw_doc_expect_word(c->diag, node, gw_schema_type_words, 7, "type", &which)) schema->types = 1u << which;
        return;
    }
    if (node->count == 0) gw_doc_error(c->diag, node, "type must name at least one type");
    for (const gw_doc_node *t = node->first; t; t = t->next)
        if (gw_doc_expect_word(c->diag, t, gw_schema_type_words, 7, "type", &which)) schema->types |= 1u << which;
}

static void compile_properties(compiler *c, gw_schema *schema, const gw_doc_node *node) {
    if (!gw_doc_expect_kind(c->diag, node, GW_DOC_MAP, "properties")) return;
    gw_schema_property *list = GW_ARENA_ARRAY(c->arena, gw_schema_property, node->count);
    size_t n = 0;
    for (const gw_doc_node *p = node->first; p; p = p->next)
        list[n++] = (gw_schema_property){gw_arena_strdup(c->arena, p->key), compile(c, p)};
    schema->properties = list;
    schema->property_count = n;
    schema->names_properties = true;
}

static void compile_required(compiler *c, gw_schema *schema, const gw_doc_node *node) {
    if (!gw_doc_expect_kind(c->diag, node, GW_DOC_SEQ, "required")) return;
    const char **list = GW_ARENA_ARRAY(c->arena, const char *, node->count);
    size_t n = 0;
    for (const gw_doc_node *r = node->first; r; r = r->next)
        if (gw_doc_expect_kind(c->diag, r, GW_DOC_STRING, "a name in required"))
            list[n++] = gw_arena_strdup(c->arena, r->text);
    schema->required = list;
    schema->required_count = n;
}

static void compile_rest(compiler *c, gw_schema *schema, const gw_doc_node *node) {
    if (node->kind == GW_DOC_BOOL) {
        schema->rest = node->boolean ? GW_SCHEMA_REST_ALLOWED : GW_SCHEMA_REST_DENIED;
        return;
    }
    schema->rest = GW_SCHEMA_REST_ALLOWED;
    schema->rest_schema = compile(c, node);
}

static void compile_items(compiler *c, gw_schema *schema, const gw_doc_node *node) {
    schema->items = compile(c, node);
}

/* What is no number passes. */
static bool expect_finite(compiler *c, const gw_doc_node *node, const char *what) {
    if (isfinite(node->number)) return true;
    gw_doc_error(c->diag, node, "%s must be a finite number", what);
    return false;
}

static bool read_value(compiler *c, const gw_doc_node *node, gw_schema_value *out) {
    if (node->kind == GW_DOC_SEQ || node->kind == GW_DOC_MAP) {
        gw_doc_error(c->diag, node, "enum and const take plain values only, not %s", gw_doc_kind_name(node->kind));
        return false;
    }
    if (!expect_finite(c, node, "a value of enum or const")) return false;
    *out = (gw_schema_value){.kind = node->kind,
                             .text = gw_arena_strndup(c->arena, node->text, node->text_len),
                             .boolean = node->boolean,
                             .number = node->number};
    return true;
}

static void compile_enum(compiler *c, gw_schema *schema, const gw_doc_node *node) {
    if (!gw_doc_expect_kind(c->diag, node, GW_DOC_SEQ, "enum")) return;
    if (node->count == 0) gw_doc_error(c->diag, node, "enum must list at least one value");
    gw_schema_value *list = GW_ARENA_ARRAY(c->arena, gw_schema_value, node->count);
    size_t n = 0;
    for (const gw_doc_node *v = node->first; v; v = v->next) n += read_value(c, v, &list[n]);
    schema->values = list;
    schema->value_count = n;
}

static void compile_const(compiler *c, gw_schema *schema, const gw_doc_node *node) {
    gw_schema_value *value = GW_ARENA_NEW(c->arena, gw_schema_value);
    schema->value_count = read_value(c, node, value);
    schema->values = value;
}

static void *arena_malloc(size_t size, void *arena) {
    return gw_arena_alloc(arena, size);
}

static void arena_free(void *block, void *arena) {
    (void)block, (void)arena; /* goes with the arena */
}

static void compile_pattern(compiler *c, gw_schema *schema, const gw_doc_node *node) {
    int code;
    PCRE2_SIZE at;
    if (!gw_doc_expect_kind(c->diag, node, GW_DOC_STRING, "pattern")) return;
    pcre2_general_context *general = pcre2_general_context_create(arena_malloc, arena_free, c->arena);
    pcre2_compile_context *context = pcre2_compile_context_create(general);
    schema->pattern =
        pcre2_compile((PCRE2_SPTR)node->text, node->text_len, PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &at, context);
    schema->pattern_text = gw_arena_strdup(c->arena, node->text);
    if (schema->pattern) return;
    PCRE2_UCHAR message[128];
    pcre2_get_error_message(code, message, sizeof message);
    gw_doc_error(c->diag, node, "pattern is no regular expression: %s (at its byte %zu)", (const char *)message, at);
}

static void compile_text(compiler *c, gw_schema *schema, const gw_doc_node *node) {
    (void)schema;
    gw_doc_expect_kind(c->diag, node, GW_DOC_STRING, "description");
}

/* Keywords with a number: where it goes, and whether it counts something. */
static const struct {
    const char *key;
    size_t offset;
    bool count;
} bounds[] = {
    {"minimum", offsetof(gw_schema, minimum), false},
    {"maximum", offsetof(gw_schema, maximum), false},
    {"exclusiveMinimum", offsetof(gw_schema, above), false},
    {"exclusiveMaximum", offsetof(gw_schema, below), false},
    {"minLength", offsetof(gw_schema, min_length), true},
    {"maxLength", offsetof(gw_schema, max_length), true},
    {"minProperties", offsetof(gw_schema, min_properties), true},
    {"maxProperties", offsetof(gw_schema, max_properties), true},
    {"minItems", offsetof(gw_schema, min_items), true},
    {"maxItems", offsetof(gw_schema, max_items), true},
};

static const struct {
    const char *key;
    void (*compile)(compiler *c, gw_schema *schema, const gw_doc_node *node);
} keywords[] = {
    {"type", compile_type},   {"properties", compile_properties},     {"required", compile_required},
    {"items", compile_items}, {"additionalProperties", compile_rest}, {"enum", compile_enum},
    {"const", compile_const}, {"pattern", compile_pattern},           {"description", compile_text},
};

enum { BOUNDS = sizeof bounds / sizeof *bounds, KEYWORDS = sizeof keywords / sizeof *keywords };

static void compile_bound(compiler *c, gw_schema *schema, const gw_doc_node *node, size_t which) {
    gw_schema_bound *bound = (gw_schema_bound *)((char *)schema + bounds[which].offset);
    bool counts = bounds[which].count;
    if (!gw_doc_expect_kind(c->diag, node, counts ? GW_DOC_INT : GW_DOC_FLOAT, bounds[which].key)) return;
    if (!expect_finite(c, node, bounds[which].key)) return;
    if (counts && node->integer < 0) {
        gw_doc_error(c->diag, node, "%s must not be negative", bounds[which].key);
        return;
    }
    *bound = (gw_schema_bound){true, node->number};
}

static const gw_schema *compile(compiler *c, const gw_doc_node *node) {
    const char *keys[BOUNDS + KEYWORDS];
    gw_schema *schema = GW_ARENA_NEW(c->arena, gw_schema);
    for (size_t i = 0; i < KEYWORDS; i++) keys[i] = keywords[i].key;
    for (size_t i = 0; i < BOUNDS; i++) keys[KEYWORDS + i] = bounds[i].key;
    if (!gw_doc_expect_keys(c->diag, node, keys, BOUNDS + KEYWORDS, "a schema")) return schema;
    for (const gw_doc_node *k = node->first; k; k = k->next) {
        for (size_t i = 0; i < KEYWORDS; i++)
            if (strcmp(k->key, keywords[i].key) == 0) keywords[i].compile(c, schema, k);
        for (size_t i = 0; i < BOUNDS; i++)
            if (strcmp(k->key, bounds[i].key) == 0) compile_bound(c, schema, k, i);
    }
    return schema;
}

const gw_schema *gw_schema_compile(gw_arena *arena, const gw_doc_node *node, gw_diag *diag) {
    compiler c = {arena, diag};
    size_t errors = diag->errors;
    const gw_schema *schema = compile(&c, node);
    return diag->errors == errors ? schema : NULL;
}

bool gw_schema_has_member(const gw_schema *schema, const char *name, const gw_schema **member) {
    *member = NULL;
    if (!schema) return true;
    for (size_t i = 0; i < schema->property_count; i++) {
        if (strcmp(schema->properties[i].name, name) != 0) continue;
        *member = schema->properties[i].schema;
        return true;
    }
    *member = schema->rest_schema;
    if (schema->rest != GW_SCHEMA_REST_UNSAID || schema->rest_schema) return schema->rest != GW_SCHEMA_REST_DENIED;
    return !schema->names_properties && !(schema->max_properties.has && schema->max_properties.value <= 0);
}

size_t gw_schema_member_names(const gw_schema *schema, const char **names, size_t max) {
    size_t count = 0;
    for (; schema && count < schema->property_count && count < max; count++)
        names[count] = schema->properties[count].name;
    return count;
}
