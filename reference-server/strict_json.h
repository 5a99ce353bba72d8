/* Is this text JSON, by the letter of RFC 8259, and what are the members at its top? Pure.
 *
 * Stricter than the tree builder in use: no trailing text, no duplicate keys (escapes are resolved before comparing),
 * no byte order mark, no raw control characters, no lone surrogate escapes, bounded nesting. It trusts that the bytes
 * are UTF-8: the codec has seen to that. */
#ifndef GW_STRICT_JSON_H
#define GW_STRICT_JSON_H

#include "base/buf.h"

enum { GW_STRICT_JSON_MAX_DEPTH = 128, GW_STRICT_JSON_MAX_KEYS = 65536 };

typedef enum gw_strict_json_kind {
    GW_STRICT_JSON_NONE, /* no such member */
    GW_STRICT_JSON_NULL,
    GW_STRICT_JSON_FALSE,
    GW_STRICT_JSON_TRUE,
    GW_STRICT_JSON_NUMBER,
    GW_STRICT_JSON_STRING,
    GW_STRICT_JSON_OBJECT,
    GW_STRICT_JSON_ARRAY
} gw_strict_json_kind;

typedef struct gw_strict_json_value {
    gw_strict_json_kind kind;
    gw_span text; /* as written: a string with its quotes */
} gw_strict_json_value;

/* NULL when `text` is JSON, else why not (static), with the offset of the first fault in *at (may be NULL). */
const char *gw_strict_json_check(gw_span text, size_t *at);
/* The whole text's value. The text must have passed gw_strict_json_check; so for the functions below. */
gw_strict_json_value gw_strict_json_root(gw_span text);
/* The member of an object; NONE when it is absent or `object` is no object. */
gw_strict_json_value gw_strict_json_get(gw_strict_json_value object, const char *key);
/* Steps through an object's members: *at starts at 0. `key` is the string with its quotes. */
bool gw_strict_json_next(gw_strict_json_value object, size_t *at, gw_span *key, gw_strict_json_value *value);
/* The text of a string value with its escapes resolved, appended to out. */
gw_status gw_strict_json_unescape(gw_span string, gw_buf *out);
/* Does this string, escapes resolved, read `plain`? */
bool gw_strict_json_equals(gw_span string, const char *plain);
/* One character of a checked string's inside, escapes resolved: a byte as it stands, or an escape as UTF-8 (at most 4
 * bytes, more than one for \u alone). Moves *at behind it and returns the bytes in out. */
size_t gw_strict_json_next_char(const uint8_t **at, uint8_t out[4]);
/* Is this number an integer without fraction, exponent and minus sign, and at most max? */
bool gw_strict_json_natural(gw_strict_json_value number, uint64_t max, uint64_t *out);

#endif
