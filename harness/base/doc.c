/* Floor 0: YAML text to a tree, over the events of libyaml. libyaml reads YAML 1.1; what YAML 1.2 reads in another way
 * is refused before it sees it. All strictness (keys, duplicates, tags, anchors) is here, so that every message reads
 * alike. */
#include "base/doc.h"
#include "base/doc_internal.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 1 << 18 };

/* One open seq or map. */
typedef struct frame {
    gw_doc_node *node;
    gw_doc_node *last;
    const char *key; /* map: it was read, its value comes next; else NULL */
    gw_place key_place;
} frame;

typedef struct builder {
    gw_doc *doc;
    gw_diag *diag;
    frame stack[GW_DOC_MAX_DEPTH + 1];
    size_t depth;
    size_t nodes;
    size_t documents;
    size_t byte, index; /* the same place of the text in bytes and code points, behind all that was looked at */
    gw_doc_pairs pairs;
    gw_buf scalar; /* text of the latest one that has pairs */
} builder;

/* ---- The text, before any parser sees it ---- */

static gw_place place_of_byte(const gw_doc *doc, size_t byte) {
    gw_place place = {.file = doc->file, .source = doc->source, .line = 1, .column = 1, .width = 1};
    for (size_t i = 0; i < byte; i++) {
        uint8_t c = doc->source.ptr[i];
        place.column = c == '\n' ? 1 : place.column + ((c & 0xc0) != 0x80);
        place.line += c == '\n';
    }
    return place;
}

uint32_t gw_doc_code_point(gw_span sequence) {
    uint32_t value = sequence.ptr[0];
    if (sequence.len > 1) value &= 0x7fu >> sequence.len;
    for (size_t i = 1; i < sequence.len; i++) value = value << 6 | (sequence.ptr[i] & 0x3f);
    return value;
}

bool gw_doc_needs_escape(uint32_t c) {
    return (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff;
}

static bool check_text(const gw_doc *doc, gw_diag *diag) {
    for (size_t i = 0; i < doc->source.len;) {
        gw_span rest = gw_span_from(doc->source, i);
        uint8_t c = rest.ptr[0];
        size_t len = gw_doc_utf8_sequence(rest);
        uint32_t value = len ? gw_doc_code_point(gw_span_sub(rest, 0, len)) : 0;
        if (len == 0)
            gw_diag_error(diag, place_of_byte(doc, i), "byte 0x%02x is not UTF-8", c);
        else if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
            gw_diag_error(diag, place_of_byte(doc, i), "control character 0x%02x: write it as \"\\x%02x\"", c, c);
        else if (c == '\r' && (rest.len < 2 || rest.ptr[1] != '\n'))
            gw_diag_error(diag, place_of_byte(doc, i),
                          "a carriage return that no line feed follows: end lines by a line feed");
        else if (gw_doc_needs_escape(value))
            gw_diag_error(diag, place_of_byte(doc, i), "character U+%04X: write it as \"\\u%04X\"", (unsigned)value,
                          (unsigned)value);
        else {
            i += len;
            continue;
        }
        return false;
    }
    return true;
}

/* ---- Building ---- */

/* A scalar in one line is as wide as it is, anything else is a point. */
static gw_place place_of(const gw_doc *doc, const yaml_event_t *event) {
    gw_place place = gw_doc_place_of_mark(doc, event->start_mark);
    if (event->type == YAML_SCALAR_EVENT && event->end_mark.line == event->start_mark.line &&
        event->end_mark.column > event->start_mark.column)
        place.width = (uint32_t)(event->end_mark.column - event->start_mark.column);
    return place;
}

static bool error_at(builder *b, const yaml_event_t *event, const char *message) {
    gw_place place = place_of(b->doc, event);
    place.width = 1;
    gw_diag_error(b->diag, place, "%s", message);
    return false;
}

static gw_doc_node *add_node(builder *b, gw_doc_kind kind, gw_place place) {
    gw_doc_node *node = GW_ARENA_NEW(&b->doc->arena, gw_doc_node);
    frame *top = b->depth ? &b->stack[b->depth - 1] : NULL;
    *node =
        (gw_doc_node){.kind = kind, .doc = b->doc, .line = place.line, .column = place.column, .width = place.width};
    if (!top) {
        b->doc->root = node;
        return node;
    }
    node->parent = top->node;
    node->key = top->key;
    node->key_line = top->key_place.line;
    node->key_column = top->key_place.column;
    top->key = NULL;
    top->node->count++;
    if (top->last)
        top->last->next = node;
    else
        top->node->first = node;
    top->last = node;
    return node;
}

static bool map_wants_key(const builder *b) {
    return b->depth && b->stack[b->depth - 1].node->kind == GW_DOC_MAP && !b->stack[b->depth - 1].key;
}

/* Looks only forward, so that all calls together take the time of one reading. */
static uint8_t byte_before(builder *b, yaml_mark_t mark) {
    for (; b->index < mark.index && b->byte < b->doc->source.len; b->index++)
        b->byte += gw_doc_utf8_sequence(gw_span_from(b->doc->source, b->byte));
    return b->byte ? b->doc->source.ptr[b->byte - 1] : 0;
}

static bool take_key(builder *b, const yaml_event_t *event, gw_span text, bool plain) {
    frame *top = &b->stack[b->depth - 1];
    /* YAML 1.2 section 7.3.3: in brackets and braces this is a plain "?x", for libyaml it is a key "x". */
    if (byte_before(b, event->start_mark) == '?') return error_at(b, event, "a '?' before a key: put both in quotes");
    if (text.len == 0) return error_at(b, event, "an empty key");
    if (memchr(text.ptr, 0, text.len)) return error_at(b, event, "a NUL in a key");
    if (plain && gw_span_equal_cstr(text, "<<"))
        return error_at(b, event, "merge keys are not supported: write the keys out");
    top->key = gw_arena_strndup(&b->doc->arena, text.ptr, text.len);
    top->key_place = place_of(b->doc, event);
    return true;
}

static bool take_scalar(builder *b, const yaml_event_t *event) {
    gw_span text = gw_span_make(event->data.scalar.value, event->data.scalar.length);
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (b->pairs.count) {
        const char *problem = gw_doc_pairs_restore(&b->pairs, event, &b->scalar);
        if (problem) return error_at(b, event, problem);
        text = gw_buf_span(&b->scalar);
    }
    if (map_wants_key(b)) return take_key(b, event, text, plain);
    gw_place place = place_of(b->doc, event);
    /* A value that is not there stands at its key. */
    if (plain && text.len == 0 && b->depth && b->stack[b->depth - 1].key) place = b->stack[b->depth - 1].key_place;
    gw_doc_node *node = add_node(b, GW_DOC_STRING, place);
    node->text = gw_arena_strndup(&b->doc->arena, text.ptr, text.len);
    node->text_len = text.len;
    if (plain) gw_doc_resolve_plain(node);
    return true;
}

static bool open_collection(builder *b, gw_doc_kind kind, const yaml_event_t *event) {
    if (map_wants_key(b)) return error_at(b, event, "a key must be a word or a quoted string");
    if (b->depth >= GW_DOC_MAX_DEPTH) return error_at(b, event, "nesting is too deep");
    gw_doc_node *node = add_node(b, kind, place_of(b->doc, event));
    b->stack[b->depth++] = (frame){.node = node};
    return true;
}

static int compare_keys(const void *a, const void *b) {
    const gw_doc_node *x = *(const gw_doc_node *const *)a, *y = *(const gw_doc_node *const *)b;
    int order = strcmp(x->key, y->key);
    if (order) return order;
    if (x->key_line != y->key_line) return x->key_line < y->key_line ? -1 : 1;
    return (x->key_column > y->key_column) - (x->key_column < y->key_column);
}

static bool check_duplicates(builder *b, const gw_doc_node *map) {
    if (map->count < 2) return true;
    const gw_doc_node **sorted = malloc(map->count * sizeof *sorted);
    if (!sorted) {
        gw_doc_error(b->diag, map, "%s", gw_status_text(GW_ERR_NOMEM));
        return false;
    }
    size_t n = 0;
    bool ok = true;
    for (const gw_doc_node *c = map->first; c; c = c->next) sorted[n++] = c;
    qsort(sorted, n, sizeof *sorted, compare_keys);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) != 0) continue;
        gw_place place = gw_doc_key_place(sorted[i]);
        place.width = (uint32_t)strlen(sorted[i]->key);
        gw_diag_error(b->diag, place, "duplicate key '%s' (first in line %u)", sorted[i]->key,
                      (unsigned)sorted[i - 1]->key_line);
        ok = false;
    }
    free(sorted);
    return ok;
}

static const char *unsupported(const yaml_event_t *event) {
    const yaml_char_t *anchor = NULL, *tag = NULL;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return "aliases are not supported: write the value out";
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor, tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor, tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor, tag = event->data.mapping_start.tag;
        break;
    default:
        break;
    }
    return anchor ? "anchors are not supported: write the value out" : tag ? "tags are not supported" : NULL;
}

static bool take_document(builder *b, const yaml_event_t *event) {
    if (event->data.document_start.version_directive ||
        event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end)
        return error_at(b, event, "directives are not supported: remove the line");
    return ++b->documents == 1 || error_at(b, event, "a second document in the file");
}

static bool take_event(builder *b, const yaml_event_t *event) {
    const char *extra = unsupported(event);
    if (extra) return error_at(b, event, extra);
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return take_document(b, event);
    case YAML_SCALAR_EVENT:
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        if (++b->nodes > MAX_NODES) return error_at(b, event, "the file holds too many values");
        if (event->type == YAML_SCALAR_EVENT) return take_scalar(b, event);
        return open_collection(b, event->type == YAML_MAPPING_START_EVENT ? GW_DOC_MAP : GW_DOC_SEQ, event);
    case YAML_MAPPING_END_EVENT:
        return check_duplicates(b, b->stack[--b->depth].node);
    case YAML_SEQUENCE_END_EVENT:
        b->depth--;
        return true;
    default:
        return true;
    }
}

/* ---- The parser ---- */

static bool parse_events(builder *b) {
    yaml_parser_t parser;
    if (gw_doc_pairs_hide(&b->pairs, b->doc->source) != GW_OK || !yaml_parser_initialize(&parser)) {
        gw_diag_error(b->diag, (gw_place){.file = b->doc->file}, "%s", gw_status_text(GW_ERR_NOMEM));
        return false;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, b->pairs.hidden.ptr, b->pairs.hidden.len);
    bool ok = true;
    for (bool ended = false; ok && !ended;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            gw_doc_report_syntax(b->doc, &parser, b->diag);
            ok = false;
            break;
        }
        ended = event.type == YAML_STREAM_END_EVENT;
        ok = take_event(b, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return ok;
}

gw_doc *gw_doc_parse(gw_span text, const char *file, gw_diag *diag) {
    gw_doc *doc = calloc(1, sizeof *doc);
    builder *b = calloc(1, sizeof *b);
    size_t errors = diag->errors;
    if (!doc || !b) {
        gw_diag_error(diag, (gw_place){.file = file}, "%s", gw_status_text(GW_ERR_NOMEM));
        goto cleanup;
    }
    gw_arena_init(&doc->arena);
    doc->file = gw_arena_strdup(&doc->arena, file ? file : "<input>");
    *b = (builder){.doc = doc, .diag = diag};
    gw_buf_init(&b->scalar, GW_DOC_MAX_BYTES);
    if (text.len > GW_DOC_MAX_BYTES) {
        gw_diag_error(diag, (gw_place){.file = doc->file}, "the file is larger than %d bytes", (int)GW_DOC_MAX_BYTES);
        goto cleanup;
    }
    if (gw_span_starts_with(text, gw_span_cstr("\xef\xbb\xbf"))) text = gw_span_from(text, 3); /* a byte order mark */
    doc->source = gw_span_make(gw_arena_strndup(&doc->arena, text.ptr, text.len), text.len);
    if (!check_text(doc, diag) || !parse_events(b)) goto cleanup;
    if (!doc->root) add_node(b, GW_DOC_NULL, place_of_byte(doc, 0))->text = "";
cleanup:
    if (b) {
        gw_doc_pairs_deinit(&b->pairs);
        gw_buf_deinit(&b->scalar);
    }
    free(b);
    if (diag->errors == errors) return doc;
    gw_doc_destroy(doc);
    return NULL;
}

void gw_doc_destroy(gw_doc *doc) {
    if (!doc) return;
    gw_arena_deinit(&doc->arena);
    free(doc);
}
