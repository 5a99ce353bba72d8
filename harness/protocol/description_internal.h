/* Loading a description: what its files share. Floor 2, private to description*.c. */
#ifndef GW_PROTOCOL_DESCRIPTION_INTERNAL_H
#define GW_PROTOCOL_DESCRIPTION_INTERNAL_H

#include "protocol/description.h"

typedef struct gw_loader {
    gw_arena *arena;
    gw_diag *diag;
    gw_protocol *protocol;
    gw_event *events; /* protocol->events, while they are being written */
} gw_loader;

#define GW_LOADER_COUNT(list) (sizeof(list) / sizeof *(list))

/* Each reports what is wrong; the outcome of a load is whether the diag has new errors. */

/* A copy of a non-empty string, or NULL. */
const char *gw_loader_text(gw_loader *l, const gw_doc_node *node, const char *what);
/* "/a/b"; false with an error otherwise. */
bool gw_loader_pointer(gw_loader *l, const gw_doc_node *node, const char *what, gw_pointer *out);
/* The event of that name, or NULL with an error that suggests one. */
const gw_event *gw_loader_event(gw_loader *l, const gw_doc_node *node, const char *what);
/* `server`, `client` or `both` as GW_FROM_... */
unsigned gw_loader_side(gw_loader *l, const gw_doc_node *node, const char *what);
/* `any`, a code, a range "3000-3999", or a list of them. */
void gw_loader_codes(gw_loader *l, const gw_doc_node *node, const char *what, gw_codes *out);
/* A set of words, given as one or as a list: bit i for words[i]. */
unsigned gw_loader_words(gw_loader *l, const gw_doc_node *node, const char *const *words, size_t count,
                         const char *what);

/* Loads the tree of `root` on top of all that it extends. */
void gw_loader_extend(gw_loader *l, const gw_doc_node *root, const gw_protocol_source *source,
                      void (*load)(gw_loader *l, const gw_doc_node *root));
/* Data of a message: JSON, or `absent` as NULL; false after an error. */
bool gw_loader_data(gw_loader *l, const gw_doc_node *node, const char *what, gw_data_template *out);
/* The `greeting` of the heartbeat section. */
void gw_loader_greeting(gw_loader *l, const gw_doc_node *node);
/* The `envelope`. */
void gw_loader_envelope(gw_loader *l, const gw_doc_node *node);
/* The `events`; the envelope is there already. */
void gw_loader_events(gw_loader *l, const gw_doc_node *node);
/* The `heartbeat` section; the events are there already. */
void gw_loader_heartbeat(gw_loader *l, const gw_doc_node *node);

#endif
