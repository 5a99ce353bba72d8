/* What the parts of the target loader share. Floor 3, private to target*.c. */
#ifndef GW_SCENARIO_TARGET_LOAD_H
#define GW_SCENARIO_TARGET_LOAD_H

#include "scenario/target.h"

enum { GW_TARGET_MAX_NAMES = 64 };

/* Which ${...} a text may use, as a set. */
typedef enum gw_target_roots {
    GW_TARGET_ROOT_START = 1,        /* gwspec-server */
    GW_TARGET_ROOT_READY = 2,        /* ready.NAME */
    GW_TARGET_ROOT_RUN = 4,          /* run.NAME */
    GW_TARGET_ROOT_ROOM = 8,         /* room.NAME */
    GW_TARGET_ROOT_PARTICIPANT = 16, /* client, participant.NAME */
    GW_TARGET_ROOT_TRIGGER = 32,     /* event, data, by.NAME */
    GW_TARGET_ROOT_SCENARIO = 64     /* scenario.NAME */
} gw_target_roots;

/* Names that texts after them may refer to. */
typedef struct gw_target_names {
    const char *list[GW_TARGET_MAX_NAMES];
    size_t count;
} gw_target_names;

struct gw_target_memory {
    gw_arena arena;
    gw_doc *doc;
    cJSON **trees;
    size_t tree_count, tree_capacity;
};

typedef struct gw_target_loader {
    gw_target *target;
    gw_arena *arena;
    gw_diag *diag;
    gw_target_names ready;
    gw_target_names captured[GW_TARGET_SCOPES];
    gw_target_names env;
    bool has_start;
} gw_target_loader;

/* Errors are reported to loader->diag, whose count tells whether there was one. */

/* Any scalar as text; NULL after an error. */
const char *gw_target_plain(gw_target_loader *loader, const gw_doc_node *node, const char *what);
/* The same with each ${...} checked against `roots`. */
const char *gw_target_template(gw_target_loader *loader, const gw_doc_node *node, unsigned roots, const char *what);
/* A map of templates. `token` asks for names that may stand in an HTTP field. */
gw_target_pairs gw_target_template_map(gw_target_loader *loader, const gw_doc_node *node, unsigned roots, bool token,
                                       const char *what);
/* All strings below a node. */
void gw_target_check_tree(gw_target_loader *loader, const gw_doc_node *node, unsigned roots);
/* Adds a name; once is enough. */
void gw_target_name_add(gw_target_loader *loader, gw_target_names *names, const char *name, const gw_doc_node *node);

/* A regular expression that compiles; its named groups go to `names` (may be NULL). */
const char *gw_target_regex(gw_target_loader *loader, const gw_doc_node *node, gw_target_names *names);
/* A list of templates: a program and its arguments; NULL after an error. */
const char *const *gw_target_command(gw_target_loader *loader, const gw_doc_node *node, unsigned roots);
/* A map with `http` or `command`, and the key `more` (may be NULL). Captured names go to `names`; NULL: nothing may be
 * captured here. False after an error. */
bool gw_target_load_call(gw_target_loader *loader, const gw_doc_node *node, const char *more, const char *what,
                         unsigned roots, gw_target_names *names, gw_target_call *out);
/* {json: /id} and so on. */
void gw_target_load_capture(gw_target_loader *loader, const gw_doc_node *node, gw_target_capture *out);
/* The value of `start:`. */
void gw_target_load_start(gw_target_loader *loader, const gw_doc_node *node, gw_target_start *out);

#endif
