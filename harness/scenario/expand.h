/* for-each: one tree of a file becomes one tree per instance. Floor 3, private to the loader.
 *
 * It knows nodes and names; it knows no key of a scenario but for-each itself. Substituted trees keep the places of the
 * file, so that errors in an instance point at what the user wrote.
 */
#ifndef GW_SCENARIO_EXPAND_H
#define GW_SCENARIO_EXPAND_H

#include "base/doc.h"

enum { GW_EXPAND_MAX_VARS = 8, GW_EXPAND_MAX_INSTANCES = 4096 };

typedef struct gw_expand_var {
    const char *name;
    const gw_doc_node *values; /* seq or map */
    const char **names;        /* of the values, safe for an id */
    size_t count;
} gw_expand_var;

typedef struct gw_expand {
    gw_arena *arena;
    gw_diag *diag;
    const gw_doc_node *root;
    gw_expand_var vars[GW_EXPAND_MAX_VARS];
    size_t var_count;
    size_t instances; /* 1 without for-each */
} gw_expand;

/* Reads root's `for-each`. False on an error; diag then holds it. Everything is allocated in the arena. */
bool gw_expand_init(gw_expand *expand, const gw_doc_node *root, gw_arena *arena, gw_diag *diag);
/* "1,cork": the names of instance `index`, the last variable changing fastest; "" without for-each. */
const char *gw_expand_name(const gw_expand *expand, size_t index);
/* The tree of an instance without its for-each. ${...} of other names stay as they are. NULL on an error. */
const gw_doc_node *gw_expand_tree(const gw_expand *expand, size_t index);

#endif
