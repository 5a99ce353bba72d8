/* The part of the JSON Schema vocabulary (draft 2020-12) that protocol descriptions use. Floor 2.
 *
 * type (word or list), properties, required, additionalProperties (boolean or schema), minProperties, maxProperties,
 * items, minItems, maxItems, minimum, maximum, exclusiveMinimum, exclusiveMaximum, enum, const, minLength, maxLength
 * (in code points), pattern, description. */
#ifndef GW_PROTOCOL_SCHEMA_H
#define GW_PROTOCOL_SCHEMA_H

#include "base/arena.h"
#include "base/doc.h"

#include <cjson/cJSON.h>

typedef struct gw_schema gw_schema; /* immutable; lives in the arena it was compiled into */

/* For objects whose schema names properties and says nothing of additionalProperties. */
typedef enum gw_schema_extra { GW_SCHEMA_EXTRA_ALLOW, GW_SCHEMA_EXTRA_WARN, GW_SCHEMA_EXTRA_DENY } gw_schema_extra;

typedef struct gw_schema_fault {
    char path[128];     /* JSON Pointer below the checked value; "" is the value itself */
    char expected[128]; /* "a number greater than 0" */
    char observed[128]; /* "\"abc\"" */
    bool soft;          /* only an additional property under GW_SCHEMA_EXTRA_WARN */
} gw_schema_fault;

typedef void gw_schema_take(void *context, const gw_schema_fault *fault);

/* NULL on error; `node` must outlive nothing: all is copied. Unknown keywords are errors. */
const gw_schema *gw_schema_compile(gw_arena *arena, const gw_doc_node *node, gw_diag *diag);
/* Checks value (NULL: absent); calls `take` (may be NULL) for each fault. Returns the number of faults, soft ones not
 * counted. */
size_t gw_schema_check(const gw_schema *schema, const cJSON *value, gw_schema_extra extra, gw_schema_take *take,
                       void *context);
/* May an object of this schema (NULL: any) have a member of that name? *member is the member's own schema, NULL when
 * nothing is said of it. */
bool gw_schema_has_member(const gw_schema *schema, const char *name, const gw_schema **member);
/* The names that it lists, at most `max`; returns how many. */
size_t gw_schema_member_names(const gw_schema *schema, const char **names, size_t max);
/* Short text of what it wants: "an object", "a string", "a number greater than 0". Returns out. */
char *gw_schema_describe(const gw_schema *schema, char *out, size_t size);

#endif
