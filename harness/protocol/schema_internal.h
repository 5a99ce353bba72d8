/* A compiled schema. Floor 2, private to schema.c and schema_check.c. */
#ifndef GW_PROTOCOL_SCHEMA_INTERNAL_H
#define GW_PROTOCOL_SCHEMA_INTERNAL_H

#include "protocol/schema.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Bits of gw_schema.types. */
enum {
    GW_SCHEMA_NULL = 1,
    GW_SCHEMA_BOOLEAN = 2,
    GW_SCHEMA_INTEGER = 4,
    GW_SCHEMA_NUMBER = 8,
    GW_SCHEMA_STRING = 16,
    GW_SCHEMA_ARRAY = 32,
    GW_SCHEMA_OBJECT = 64
};

typedef struct gw_schema_value {
    gw_doc_kind kind; /* a scalar */
    const char *text;
    bool boolean;
    double number;
} gw_schema_value;

typedef struct gw_schema_property {
    const char *name;
    const gw_schema *schema;
} gw_schema_property;

typedef enum gw_schema_rest { GW_SCHEMA_REST_UNSAID, GW_SCHEMA_REST_ALLOWED, GW_SCHEMA_REST_DENIED } gw_schema_rest;

/* A bound that is not set has `has_` false. */
typedef struct gw_schema_bound {
    bool has;
    double value;
} gw_schema_bound;

struct gw_schema {
    unsigned types; /* 0: any */
    const gw_schema_property *properties;
    size_t property_count;
    bool names_properties;
    const char *const *required;
    size_t required_count;
    gw_schema_rest rest;
    const gw_schema *rest_schema; /* of additional properties */
    const gw_schema *items;
    const gw_schema_value *values; /* enum and const */
    size_t value_count;
    gw_schema_bound minimum, maximum, above, below;
    gw_schema_bound min_length, max_length, min_properties, max_properties, min_items, max_items;
    const char *pattern_text;
    const pcre2_code *pattern;
};

extern const char *const gw_schema_type_words[7];

#endif
