/* What the two halves of doc.h share. Floor 0, private to it. */
#ifndef GW_BASE_DOC_INTERNAL_H
#define GW_BASE_DOC_INTERNAL_H

#include "base/doc.h"

struct gw_doc {
    gw_arena arena;
    const char *file;
    gw_span source;    /* own copy, NUL-terminated */
    size_t *lines;     /* byte where each line starts */
    size_t line_count; /* at least 1 */
    const gw_doc_node *root;
};

/* Length of the UTF-8 sequence at the start of s (not empty), 0 when it is none. This floor has no decoder to borrow.
 */
size_t gw_doc_utf8_sequence(gw_span s);
/* Gives a plain scalar its kind and value by the YAML 1.2 core schema (section 10.3.2). */
void gw_doc_resolve_plain(gw_doc_node *node);

#endif
