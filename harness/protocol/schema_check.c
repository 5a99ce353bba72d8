/* Floor 2: checking a JSON tree against a compiled schema. */
#include "protocol/schema_internal.h"
#include "protocol/violation.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MATCH_LIMIT = 100000 };

typedef struct checker {
    gw_schema_extra extra;
    gw_schema_take *take;
    void *context;
    size_t faults;
    char path[sizeof((gw_schema_fault *)0)->path];
} checker;

static bool is_integer(double d) {
    return isfinite(d) && floor(d) == d;
}

static unsigned types_of(const cJSON *value) {
    if (cJSON_IsNull(value)) return GW_SCHEMA_NULL;
    if (cJSON_IsBool(value)) return GW_SCHEMA_BOOLEAN;
    if (cJSON_IsNumber(value)) return GW_SCHEMA_NUMBER | (is_integer(value->valuedouble) ? GW_SCHEMA_INTEGER : 0u);
    if (cJSON_IsString(value)) return GW_SCHEMA_STRING;
    if (cJSON_IsArray(value)) return GW_SCHEMA_ARRAY;
    return GW_SCHEMA_OBJECT;
}

/* ---- Texts ---- */

static char *describe_value(const cJSON *value, char *out, size_t size) {
    char quoted[64];
    if (!value)
        snprintf(out, size, "absent");
    else if (cJSON_IsString(value))
        snprintf(out, size, "the string \"%s\"",
                 gw_violation_quote(gw_span_cstr(value->valuestring), quoted, sizeof quoted));
    else if (cJSON_IsNumber(value))
        snprintf(out, size, "the number %.17g", value->valuedouble);
    else if (cJSON_IsBool(value))
        snprintf(out, size, "%s", cJSON_IsTrue(value) ? "true" : "false");
    else if (cJSON_IsNull(value))
        snprintf(out, size, "null");
    else if (cJSON_IsArray(value))
        snprintf(out, size, "an array of %d", cJSON_GetArraySize(value));
    else
        snprintf(out, size, "an object with %d member%s", cJSON_GetArraySize(value),
                 cJSON_GetArraySize(value) == 1 ? "" : "s");
    return out;
}

static void describe_types(unsigned types, char *out, size_t size) {
    size_t n = 0;
    out[0] = 0;
    for (unsigned i = 0; i < 7 && n < size; i++) {
        if (!(types & (1u << i))) continue;
        const char *word = gw_schema_type_words[i];
        const char *article = i == 0 ? "" : strchr("aeiou", word[0]) ? "an " : "a ";
        n += (size_t)snprintf(out + n, size - n, "%s%s%s", n ? " or " : "", article, word);
    }
}

char *gw_schema_describe(const gw_schema *schema, char *out, size_t size) {
    size_t n;
    describe_types(schema->types, out, size);
    if (schema->types == 0) snprintf(out, size, "any value");
    n = strlen(out);
    if (schema->above.has)
        snprintf(out + n, size - n, " greater than %.17g", schema->above.value);
    else if (schema->minimum.has)
        snprintf(out + n, size - n, " of at least %.17g", schema->minimum.value);
    n = strlen(out);
    if (schema->maximum.has)
        snprintf(out + n, size - n, "%s at most %.17g", schema->above.has || schema->minimum.has ? " and" : " of",
                 schema->maximum.value);
    n = strlen(out);
    if (schema->max_properties.has && schema->max_properties.value == 0)
        snprintf(out + n, size - n, " without members");
    return out;
}

static void report(checker *c, const cJSON *value, const char *expected, bool soft) {
    gw_schema_fault fault = {.soft = soft};
    if (!soft) c->faults++;
    if (!c->take) return;
    memcpy(fault.path, c->path, sizeof fault.path);
    snprintf(fault.expected, sizeof fault.expected, "%s", expected);
    describe_value(value, fault.observed, sizeof fault.observed);
    c->take(c->context, &fault);
}

/* Appends one reference token (RFC 6901); returns the length to cut back to. A path that finds no room stays short. */
static size_t push_path(checker *c, const char *name) {
    size_t start = strlen(c->path), n = start;
    if (n + 1 < sizeof c->path) c->path[n++] = '/';
    for (; *name && n + 2 < sizeof c->path; name++) {
        if (*name == '~' || *name == '/') {
            c->path[n++] = '~';
            c->path[n++] = *name == '~' ? '0' : '1';
        } else {
            c->path[n++] = *name;
        }
    }
    c->path[n] = 0;
    return start;
}

/* ---- Keywords ---- */

static void check(checker *c, const gw_schema *schema, const cJSON *value);

static bool same_value(const gw_schema_value *wanted, const cJSON *value) {
    switch (wanted->kind) {
    case GW_DOC_NULL:
        return cJSON_IsNull(value);
    case GW_DOC_BOOL:
        return cJSON_IsBool(value) && (cJSON_IsTrue(value) != 0) == wanted->boolean;
    case GW_DOC_INT:
    case GW_DOC_FLOAT:
        return cJSON_IsNumber(value) && !(value->valuedouble < wanted->number) &&
               !(value->valuedouble > wanted->number);
    default:
        return cJSON_IsString(value) && strcmp(value->valuestring, wanted->text) == 0;
    }
}

/* As JSON would say it where the file may say nothing: `const:` is null. */
static const char *value_text(const gw_schema_value *value) {
    if (value->kind == GW_DOC_NULL) return "null";
    return value->kind == GW_DOC_STRING && !value->text[0] ? "\"\"" : value->text;
}

static void check_values(checker *c, const gw_schema *schema, const cJSON *value) {
    char text[128] = "";
    for (size_t i = 0; i < schema->value_count; i++) {
        size_t n = strlen(text);
        if (same_value(&schema->values[i], value)) return;
        snprintf(text + n, sizeof text - n, "%s%s",
                 i                         ? ", "
                 : schema->value_count > 1 ? "one of "
                                           : "",
                 value_text(&schema->values[i]));
    }
    report(c, value, text, false);
}

static void check_bound(checker *c, const cJSON *value, gw_schema_bound bound, double actual, int order, bool inclusive,
                        const char *format) {
    char text[96];
    if (!bound.has) return;
    bool ok = order > 0 ? actual > bound.value : actual < bound.value;
    if (ok || (inclusive && !(actual < bound.value) && !(actual > bound.value))) return;
    snprintf(text, sizeof text, "%s %.17g", format, bound.value);
    report(c, value, text, false);
}

static void check_string(checker *c, const gw_schema *schema, const cJSON *value) {
    double length = 0;
    for (const char *p = value->valuestring; *p; p++) length += ((uint8_t)*p & 0xc0) != 0x80;
    check_bound(c, value, schema->min_length, length, 1, true, "a string whose length is at least");
    check_bound(c, value, schema->max_length, length, -1, true, "a string whose length is at most");
    if (!schema->pattern) return;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    int found = PCRE2_ERROR_NOMEMORY;
    if (data && context) {
        pcre2_set_match_limit(context, MATCH_LIMIT);
        pcre2_set_depth_limit(context, MATCH_LIMIT / 10);
        found = pcre2_match(schema->pattern, (PCRE2_SPTR)value->valuestring, strlen(value->valuestring), 0, 0, data,
                            context);
    }
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    char text[128];
    snprintf(text, sizeof text, "a string that matches %s", schema->pattern_text);
    if (found < 0) report(c, value, text, false);
}

static void check_array(checker *c, const gw_schema *schema, const cJSON *value) {
    const cJSON *item;
    size_t index = 0;
    double count = cJSON_GetArraySize(value);
    check_bound(c, value, schema->min_items, count, 1, true, "an array whose length is at least");
    check_bound(c, value, schema->max_items, count, -1, true, "an array whose length is at most");
    if (!schema->items) return;
    cJSON_ArrayForEach(item, value) {
        char name[24];
        snprintf(name, sizeof name, "%zu", index++);
        size_t cut = push_path(c, name);
        check(c, schema->items, item);
        c->path[cut] = 0;
    }
}

static void check_additional(checker *c, const gw_schema *schema, const cJSON *member) {
    size_t cut = push_path(c, member->string);
    if (schema->rest == GW_SCHEMA_REST_DENIED)
        report(c, member, "no such member", false);
    else if (schema->rest_schema)
        check(c, schema->rest_schema, member);
    else if (schema->rest == GW_SCHEMA_REST_UNSAID && schema->names_properties && c->extra != GW_SCHEMA_EXTRA_ALLOW)
        report(c, member, "no member that the document does not name", c->extra == GW_SCHEMA_EXTRA_WARN);
    c->path[cut] = 0;
}

static void check_object(checker *c, const gw_schema *schema, const cJSON *value) {
    const cJSON *member;
    double count = cJSON_GetArraySize(value);
    check_bound(c, value, schema->min_properties, count, 1, true, "an object whose number of members is at least");
    if (schema->max_properties.has && schema->max_properties.value < 1) {
        if (count > 0) report(c, value, "an object without members", false);
    } else {
        check_bound(c, value, schema->max_properties, count, -1, true, "an object whose number of members is at most");
    }
    for (size_t i = 0; i < schema->required_count; i++) {
        if (cJSON_GetObjectItemCaseSensitive(value, schema->required[i])) continue;
        const gw_schema *wanted = NULL;
        for (size_t k = 0; k < schema->property_count; k++)
            if (strcmp(schema->properties[k].name, schema->required[i]) == 0) wanted = schema->properties[k].schema;
        char text[128] = "a member of that name";
        if (wanted) gw_schema_describe(wanted, text, sizeof text);
        size_t cut = push_path(c, schema->required[i]);
        report(c, NULL, text, false);
        c->path[cut] = 0;
    }
    cJSON_ArrayForEach(member, value) {
        size_t k = 0;
        while (k < schema->property_count && strcmp(schema->properties[k].name, member->string) != 0) k++;
        if (k == schema->property_count) {
            check_additional(c, schema, member);
            continue;
        }
        size_t cut = push_path(c, member->string);
        check(c, schema->properties[k].schema, member);
        c->path[cut] = 0;
    }
}

static void check(checker *c, const gw_schema *schema, const cJSON *value) {
    if (!value || (schema->types && !(schema->types & types_of(value)))) {
        char text[128];
        report(c, value, gw_schema_describe(schema, text, sizeof text), false);
        return;
    }
    if (schema->value_count) check_values(c, schema, value);
    if (cJSON_IsNumber(value)) {
        check_bound(c, value, schema->minimum, value->valuedouble, 1, true, "a number of at least");
        check_bound(c, value, schema->maximum, value->valuedouble, -1, true, "a number of at most");
        check_bound(c, value, schema->above, value->valuedouble, 1, false, "a number greater than");
        check_bound(c, value, schema->below, value->valuedouble, -1, false, "a number less than");
    } else if (cJSON_IsString(value)) {
        check_string(c, schema, value);
    } else if (cJSON_IsArray(value)) {
        check_array(c, schema, value);
    } else if (cJSON_IsObject(value)) {
        check_object(c, schema, value);
    }
}

size_t gw_schema_check(const gw_schema *schema, const cJSON *value, gw_schema_extra extra, gw_schema_take *take,
                       void *context) {
    checker c = {.extra = extra, .take = take, .context = context};
    check(&c, schema, value);
    return c.faults;
}
