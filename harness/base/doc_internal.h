/* What the parts of doc.h share. Floor 0, private to it. */
#ifndef GW_BASE_DOC_INTERNAL_H
#define GW_BASE_DOC_INTERNAL_H

#include "base/doc.h"

#include <yaml.h>

struct gw_doc {
    gw_arena arena;
    const char *file;
    gw_span source; /* own copy, NUL-terminated */
    const gw_doc_node *root;
};

/* Length of the UTF-8 sequence at the start of s (not empty), 0 when it is none. This floor has no decoder to borrow.
 */
size_t gw_doc_utf8_sequence(gw_span s);
/* Of one such sequence. */
uint32_t gw_doc_code_point(gw_span sequence);
/* Delete and C1, what ends a line in YAML 1.1 and not in YAML 1.2 (section 5.4), and what is no text in either (section
 * 5.1). */
bool gw_doc_needs_escape(uint32_t c);
/* Gives a plain scalar its kind and value by the YAML 1.2 core schema (section 10.3.2). */
void gw_doc_resolve_plain(gw_doc_node *node);

/* The surrogate pairs of a text. */
typedef struct gw_doc_pair {
    size_t byte, index; /* where it begins: bytes and code points before it */
} gw_doc_pair;
typedef struct gw_doc_pairs {
    gw_span source;
    gw_span hidden; /* what libyaml reads: as long, without pairs */
    uint8_t *copy;  /* NULL: there are none */
    gw_doc_pair *items;
    size_t count, capacity;
    size_t next; /* the first one behind the scalars that were restored */
} gw_doc_pairs;
gw_status gw_doc_pairs_hide(gw_doc_pairs *pairs, gw_span source);
void gw_doc_pairs_deinit(gw_doc_pairs *pairs);
/* The text of a scalar with its own pairs again; scalars come in file order. NULL, or what is wrong with it. */
const char *gw_doc_pairs_restore(gw_doc_pairs *pairs, const yaml_event_t *scalar, gw_buf *out);

/* The place of a mark of libyaml, which counts lines and code points from 0. */
gw_place gw_doc_place_of_mark(const gw_doc *doc, yaml_mark_t mark);
/* Why the parser stopped, in the words of a user's file. */
void gw_doc_report_syntax(const gw_doc *doc, const yaml_parser_t *parser, gw_diag *diag);

#endif
