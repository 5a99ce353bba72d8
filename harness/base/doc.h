/* A user's file (a strict subset of YAML 1.2; JSON is valid input) as a tree with places. Floor 0.
 *
 * Strict: duplicate keys, anchors, aliases, merge keys, tags, several documents, keys that are not plain or quoted
 * scalars, directives, and nesting deeper than GW_DOC_MAX_DEPTH are errors. The tree is immutable and lives as long as
 * its gw_doc.
 */
#ifndef GW_BASE_DOC_H
#define GW_BASE_DOC_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/time.h"

enum { GW_DOC_MAX_DEPTH = 64, GW_DOC_MAX_BYTES = 4 << 20 };

typedef enum gw_doc_kind {
    GW_DOC_NULL,
    GW_DOC_BOOL,
    GW_DOC_INT,
    GW_DOC_FLOAT,
    GW_DOC_STRING,
    GW_DOC_SEQ,
    GW_DOC_MAP
} gw_doc_kind;

typedef struct gw_doc gw_doc;
typedef struct gw_doc_node gw_doc_node;
struct gw_doc_node {
    gw_doc_kind kind; /* a plain scalar is resolved by the YAML 1.2 core schema, a quoted one is a string */
    const char *text; /* scalars: the text, NUL-terminated (text_len counts inner NULs); else NULL */
    size_t text_len;
    bool boolean;
    int64_t integer;
    double number;         /* GW_DOC_INT and GW_DOC_FLOAT */
    const char *key;       /* this node's key when its parent is a map, else NULL */
    uint32_t line, column; /* of the value, from 1 */
    uint32_t width;
    uint32_t key_line, key_column;
    const gw_doc *doc;
    const gw_doc_node *parent;
    const gw_doc_node *first; /* children of a seq or map, in file order */
    const gw_doc_node *next;
    size_t count; /* children */
};

/* Parses `text`; `file` names it in errors (copied). NULL when there was an error, which diag then holds.
 * The document owns a copy of the text. */
gw_doc *gw_doc_parse(gw_span text, const char *file, gw_diag *diag);
void gw_doc_destroy(gw_doc *doc);
const gw_doc_node *gw_doc_root(const gw_doc *doc);

/* The child with this key, or NULL; NULL-safe. */
const gw_doc_node *gw_doc_get(const gw_doc_node *map, const char *key);
gw_place gw_doc_place(const gw_doc_node *node);     /* of the value */
gw_place gw_doc_key_place(const gw_doc_node *node); /* of the key; of the value when there is none */
/* An error at a node's value. */
void gw_doc_error(gw_diag *diag, const gw_doc_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "a map", "a string", "an integer": for messages. */
const char *gw_doc_kind_name(gw_doc_kind kind);

/* Each check below reports an error and returns false when it does not hold. */
bool gw_doc_expect_kind(gw_diag *diag, const gw_doc_node *node, gw_doc_kind kind, const char *what);
/* `map` is a map and has only these keys: "unknown key 'witin' in expect (did you mean 'within'?)". */
bool gw_doc_expect_keys(gw_diag *diag, const gw_doc_node *map, const char *const *keys, size_t count, const char *what);
/* The child `key` is there. */
bool gw_doc_require(gw_diag *diag, const gw_doc_node *map, const char *key, const char *what);
/* One of these words; its index goes to *out. */
bool gw_doc_expect_word(gw_diag *diag, const gw_doc_node *node, const char *const *words, size_t count,
                        const char *what, size_t *out);
/* A duration such as 250ms. */
bool gw_doc_expect_duration(gw_diag *diag, const gw_doc_node *node, gw_ns *out);
/* Node as compact JSON text (RFC 8259) appended to out; numbers keep their text when that is JSON. */
gw_status gw_doc_to_json(const gw_doc_node *node, gw_buf *out);
/* UTF-8 text as a double-quoted string of a file, and of JSON; errors of gw_buf_append, so below. */
gw_status gw_doc_append_string(gw_buf *out, gw_span text);
/* Compact JSON text for a file, which may hold some characters of its strings as escapes only. */
gw_status gw_doc_append_json(gw_buf *out, gw_span json);

#endif
