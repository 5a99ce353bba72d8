/* The names of all open objects of a JSON text, to notice duplicates. Floor 2, private to json.c.
 *
 * One stack: the names of the innermost open object are on top. Objects with few names compare each new name with the
 * earlier ones; large ones are sorted once, when they close. */
#ifndef GW_PROTOCOL_JSON_NAMES_H
#define GW_PROTOCOL_JSON_NAMES_H

#include "protocol/json.h"

enum { GW_JSON_NAMES_POOL = 256, GW_JSON_NAMES_SMALL = 48 };

typedef struct gw_json_name {
    size_t offset, len; /* of the raw text between the quotes */
    uint64_t hash;      /* of the name that it stands for */
    bool escaped;
} gw_json_name;

typedef struct gw_json_names {
    const uint8_t *text;
    gw_json_name *items; /* pool, or a heap block once the pool is full */
    size_t count, capacity;
    size_t base;    /* where the innermost object's names begin */
    uint32_t depth; /* open objects */
    gw_json_name pool[GW_JSON_NAMES_POOL];
    size_t bases[GW_JSON_MAX_DEPTH]; /* of the objects around it */
} gw_json_names;

typedef enum gw_json_names_result {
    GW_JSON_NAMES_NEW,
    GW_JSON_NAMES_DUPLICATE,
    GW_JSON_NAMES_NO_MEMORY
} gw_json_names_result;

void gw_json_names_init(gw_json_names *names, const uint8_t *text);
void gw_json_names_deinit(gw_json_names *names);
void gw_json_names_open(gw_json_names *names);
/* Takes the raw name of `len` bytes at `offset`; DUPLICATE: the object has it already. */
gw_json_names_result gw_json_names_add(gw_json_names *names, size_t offset, size_t len, bool escaped);
/* True when a duplicate shows only now: *offset is that of the first second occurrence. */
bool gw_json_names_close(gw_json_names *names, size_t *offset);

/* The number's value is within the range of a double. */
bool gw_json_number_fits(gw_span number);

#endif
