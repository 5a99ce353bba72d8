/* Floor 0: YAML text to a tree, over the event parser of libfyaml. Places are computed here from byte positions, and
 * all strictness (keys, duplicates, tags, anchors) is here too, so that every message reads alike. */
#include "base/doc.h"
#include "base/doc_internal.h"

#include <libfyaml.h>

#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 1 << 18 };

/* One open seq or map. */
typedef struct frame {
    gw_doc_node *node;
    gw_doc_node *last;
    bool has_key; /* map: a key was read, its value comes next */
    const char *key;
    uint32_t key_line, key_column, key_width;
} frame;

typedef struct builder {
    gw_doc *doc;
    gw_diag *diag;
    frame stack[GW_DOC_MAX_DEPTH + 1];
    size_t depth;
    size_t nodes;
    size_t documents;
    gw_buf scalar; /* text of the latest one */
} builder;

static gw_place place_at(const gw_doc *doc, uint32_t line, uint32_t column, uint32_t width) {
    return (gw_place){
        .file = doc->file, .source = doc->source, .line = line, .column = column, .width = width ? width : 1};
}

static uint32_t code_points(gw_span s) {
    uint32_t n = 0;
    for (size_t i = 0; i < s.len; i++) n += (s.ptr[i] & 0xc0) != 0x80;
    return n;
}

static void position(const gw_doc *doc, size_t byte, uint32_t *line, uint32_t *column) {
    if (byte > doc->source.len) byte = doc->source.len;
    size_t low = 0, high = doc->line_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (doc->lines[middle] <= byte)
            low = middle;
        else
            high = middle;
    }
    *line = (uint32_t)low + 1;
    *column = code_points(gw_span_sub(doc->source, doc->lines[low], byte - doc->lines[low])) + 1;
}

static gw_place place_of_byte(const gw_doc *doc, size_t byte) {
    uint32_t line, column;
    position(doc, byte, &line, &column);
    return place_at(doc, line, column, 1);
}

/* ---- The text, before any parser sees it ---- */

static void index_lines(gw_doc *doc) {
    size_t count = 1;
    for (size_t i = 0; i < doc->source.len; i++) count += doc->source.ptr[i] == '\n';
    doc->lines = GW_ARENA_ARRAY(&doc->arena, size_t, count);
    for (size_t i = 0; i < doc->source.len; i++)
        if (doc->source.ptr[i] == '\n') doc->lines[++doc->line_count] = i + 1;
    doc->line_count++;
}

static bool is_blank(uint8_t c) {
    return c == ' ' || c == '\t';
}

/* YAML 1.2 section 6.1: no tab indents a block, so none may stand between an indicator and an entry ("a:\t- b").
 * libfyaml 0.7.12 notices, but behind a key like "? [a]" it then writes through a null pointer as it is destroyed. */
static bool is_tab_before_entry(gw_span text, size_t tab) {
    size_t before = tab, behind = tab;
    while (before > 0 && is_blank(text.ptr[before - 1])) before--;
    while (behind < text.len && is_blank(text.ptr[behind])) behind++;
    if (before == 0 || !strchr(":-?", text.ptr[before - 1])) return false;
    if (behind + 1 >= text.len || (text.ptr[behind] != '-' && text.ptr[behind] != '?')) return false;
    return is_blank(text.ptr[behind + 1]) || text.ptr[behind + 1] == '\n' || text.ptr[behind + 1] == '\r';
}

static bool check_text(const gw_doc *doc, gw_diag *diag) {
    for (size_t i = 0; i < doc->source.len;) {
        uint8_t c = doc->source.ptr[i];
        size_t len = gw_doc_utf8_sequence(gw_span_from(doc->source, i));
        if (len == 0) {
            gw_diag_error(diag, place_of_byte(doc, i), "byte 0x%02x is not UTF-8", c);
            return false;
        }
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
            gw_diag_error(diag, place_of_byte(doc, i), "control character 0x%02x: write it as \"\\x%02x\"", c, c);
            return false;
        }
        if (c == '\t' && is_tab_before_entry(doc->source, i)) {
            gw_diag_error(diag, place_of_byte(doc, i),
                          "a tab before a list entry: begin the entry on a line of its own");
            return false;
        }
        i += len;
    }
    return true;
}

/* ---- Building ---- */

/* Marks of the parser stand behind a quote, '&' or '*'; users look for the character itself. */
static size_t step_back(const gw_doc *doc, size_t byte) {
    if (byte == 0 || byte > doc->source.len) return byte;
    uint8_t before = doc->source.ptr[byte - 1];
    return byte - (before == '"' || before == '\'' || before == '&' || before == '*');
}

static size_t mark_byte(const gw_doc *doc, const struct fy_mark *mark) {
    return step_back(doc, mark->input_pos);
}

static bool error_at_mark(builder *b, const struct fy_mark *mark, const char *message) {
    gw_place place = place_at(b->doc, 0, 0, 1);
    if (mark)
        place = place_of_byte(b->doc, mark_byte(b->doc, mark));
    else if (b->depth)
        place = gw_doc_place(b->stack[b->depth - 1].node);
    gw_diag_error(b->diag, place, "%s", message);
    return false;
}

/* Code points of a token on its first line. */
static uint32_t token_width(const gw_doc *doc, struct fy_token *token, uint32_t line, uint32_t column) {
    const struct fy_mark *end = token ? fy_token_end_mark(token) : NULL;
    if (!end) return 1;
    uint32_t end_line, end_column;
    bool quoted =
        fy_token_scalar_style(token) == FYSS_SINGLE_QUOTED || fy_token_scalar_style(token) == FYSS_DOUBLE_QUOTED;
    position(doc, end->input_pos + quoted, &end_line, &end_column);
    return end_line == line && end_column > column ? end_column - column : 1;
}

static gw_doc_node *add_node(builder *b, gw_doc_kind kind, struct fy_token *token, const struct fy_mark *mark) {
    gw_doc_node *node = GW_ARENA_NEW(&b->doc->arena, gw_doc_node);
    frame *top = b->depth ? &b->stack[b->depth - 1] : NULL;
    node->kind = kind;
    node->doc = b->doc;
    node->width = 1;
    if (top && top->has_key) {
        node->key = top->key;
        node->key_line = node->line = top->key_line;
        node->key_column = node->column = top->key_column;
        node->width = top->key_width;
        top->has_key = false;
    }
    if (mark) {
        position(b->doc, mark_byte(b->doc, mark), &node->line, &node->column);
        node->width = kind < GW_DOC_SEQ ? token_width(b->doc, token, node->line, node->column) : 1;
    }
    if (!top) {
        b->doc->root = node;
        return node;
    }
    node->parent = top->node;
    top->node->count++;
    if (top->last)
        top->last->next = node;
    else
        top->node->first = node;
    top->last = node;
    return node;
}

static bool take_key(builder *b, const char *text, size_t len, struct fy_token *token, bool plain) {
    frame *top = &b->stack[b->depth - 1];
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    if (len == 0) return error_at_mark(b, mark, "an empty key");
    if (memchr(text, 0, len)) return error_at_mark(b, mark, "a NUL in a key");
    if (plain && len == 2 && memcmp(text, "<<", 2) == 0)
        return error_at_mark(b, mark, "merge keys are not supported: write the keys out");
    top->has_key = true;
    top->key = gw_arena_strndup(&b->doc->arena, text, len);
    top->key_line = top->key_column = 0;
    if (mark) position(b->doc, mark_byte(b->doc, mark), &top->key_line, &top->key_column);
    top->key_width = token_width(b->doc, token, top->key_line, top->key_column);
    return true;
}

static bool map_wants_key(const builder *b) {
    return b->depth && b->stack[b->depth - 1].node->kind == GW_DOC_MAP && !b->stack[b->depth - 1].has_key;
}

/* What stands between single quotes, as written. */
static gw_span single_quoted(const gw_doc *doc, struct fy_token *token) {
    const struct fy_mark *start = fy_token_start_mark(token), *end = fy_token_end_mark(token);
    if (fy_token_scalar_style(token) != FYSS_SINGLE_QUOTED || !start || !end || end->input_pos < start->input_pos)
        return (gw_span){0};
    return gw_span_sub(doc->source, start->input_pos, end->input_pos - start->input_pos);
}

/* The text of a scalar. libfyaml 0.7.12 has faults that leave only this way: fy_token_get_text leaks for a text with
 * many escapes, fy_token_iter_read overwrites its own output, and all of them misread quotes in a row inside single
 * quotes ('a''''b'). */
static const char *read_text(gw_buf *out, const gw_doc *doc, struct fy_token *token) {
    gw_span raw = single_quoted(doc, token);
    gw_buf_clear(out);
    if (raw.len >= 4 && memmem(raw.ptr, raw.len, "''''", 4)) {
        if (memchr(raw.ptr, '\n', raw.len)) return "a text with several quotes in a row must stand in one line";
        for (size_t i = 0; i < raw.len; i += 1 + (raw.ptr[i] == '\'')) gw_buf_append_byte(out, raw.ptr[i]);
        return out->error == GW_OK ? NULL : gw_status_text(out->error);
    }
    struct fy_token_iter *iterator = fy_token_iter_create(token);
    if (!iterator) return gw_status_text(GW_ERR_NOMEM);
    const struct fy_iter_chunk *chunk = NULL;
    int failed = 0;
    while ((chunk = fy_token_iter_chunk_next(iterator, chunk, &failed)) != NULL)
        gw_buf_append(out, chunk->str, chunk->len);
    fy_token_iter_finish(iterator);
    fy_token_iter_destroy(iterator);
    return !failed && out->error == GW_OK ? NULL : "an unreadable value";
}

static bool take_scalar(builder *b, struct fy_event *event) {
    struct fy_token *token = event->scalar.value;
    const char *problem = token ? read_text(&b->scalar, b->doc, token) : NULL;
    if (problem) return error_at_mark(b, fy_token_start_mark(token), problem);
    const char *text = token ? gw_buf_cstr(&b->scalar) : "";
    size_t len = token ? b->scalar.len : 0;
    bool plain = !token || fy_token_scalar_style(token) == FYSS_PLAIN;
    if (map_wants_key(b)) return take_key(b, text, len, token, plain);
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    gw_doc_node *node = add_node(b, GW_DOC_STRING, token, plain && len == 0 ? NULL : mark);
    node->text = gw_arena_strndup(&b->doc->arena, text, len);
    node->text_len = len;
    if (plain) gw_doc_resolve_plain(node);
    if (node->line == 0) node->line = node->column = 1;
    return true;
}

static bool open_collection(builder *b, gw_doc_kind kind, const struct fy_mark *mark) {
    if (map_wants_key(b)) return error_at_mark(b, mark, "a key must be a word or a quoted string");
    if (b->depth >= GW_DOC_MAX_DEPTH) return error_at_mark(b, mark, "nesting is too deep");
    gw_doc_node *node = add_node(b, kind, NULL, mark);
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
    if (!sorted) return error_at_mark(b, NULL, gw_status_text(GW_ERR_NOMEM));
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

static struct fy_token *decoration(const struct fy_event *event, const char **message) {
    static const char anchor[] = "anchors are not supported: write the value out";
    static const char tag[] = "tags are not supported";
    struct fy_token *anchors[] = {event->type == FYET_SCALAR           ? event->scalar.anchor
                                  : event->type == FYET_MAPPING_START  ? event->mapping_start.anchor
                                  : event->type == FYET_SEQUENCE_START ? event->sequence_start.anchor
                                                                       : NULL,
                                  event->type == FYET_SCALAR           ? event->scalar.tag
                                  : event->type == FYET_MAPPING_START  ? event->mapping_start.tag
                                  : event->type == FYET_SEQUENCE_START ? event->sequence_start.tag
                                                                       : NULL};
    *message = anchors[0] ? anchor : tag;
    return anchors[0] ? anchors[0] : anchors[1];
}

static bool take_event(builder *b, struct fy_event *event) {
    const char *message;
    struct fy_token *extra = decoration(event, &message);
    if (extra) return error_at_mark(b, fy_token_start_mark(extra), message);
    if ((event->type == FYET_SCALAR || event->type == FYET_MAPPING_START || event->type == FYET_SEQUENCE_START) &&
        ++b->nodes > MAX_NODES)
        return error_at_mark(b, fy_event_start_mark(event), "the file holds too many values");
    switch (event->type) {
    case FYET_DOCUMENT_START:
        if (++b->documents > 1) return error_at_mark(b, fy_event_start_mark(event), "a second document in the file");
        return true;
    case FYET_ALIAS:
        return error_at_mark(b, fy_event_start_mark(event), "aliases are not supported: write the value out");
    case FYET_SCALAR:
        return take_scalar(b, event);
    case FYET_MAPPING_START:
        return open_collection(b, GW_DOC_MAP, fy_event_start_mark(event));
    case FYET_SEQUENCE_START:
        return open_collection(b, GW_DOC_SEQ, fy_event_start_mark(event));
    case FYET_MAPPING_END:
        return check_duplicates(b, b->stack[--b->depth].node);
    case FYET_SEQUENCE_END:
        b->depth--;
        return true;
    default:
        return true;
    }
}

/* ---- The parser ---- */

static void discard_output(struct fy_diag *diag, void *user, const char *text, size_t len) {
    (void)diag, (void)user, (void)text, (void)len;
}

static struct fy_diag *create_fy_diag(void) {
    struct fy_diag_cfg config;
    fy_diag_cfg_default(&config);
    config.fp = NULL;
    config.output_fn = discard_output;
    config.colorize = false;
    struct fy_diag *diag = fy_diag_create(&config);
    if (diag) fy_diag_set_collect_errors(diag, true);
    return diag;
}

/* The parser's own first complaint. */
static void report_syntax(builder *b, struct fy_diag *collected) {
    void *iterator = NULL;
    struct fy_diag_error *e = collected ? fy_diag_errors_iterate(collected, &iterator) : NULL;
    if (!e) {
        gw_diag_error(b->diag, place_at(b->doc, 0, 0, 1), "not readable as YAML");
        return;
    }
    const struct fy_mark *mark = e->fyt ? fy_token_start_mark(e->fyt) : NULL;
    gw_place place = place_at(b->doc, e->line > 0 ? (uint32_t)e->line : 0, e->column > 0 ? (uint32_t)e->column : 1, 1);
    if (mark) place = place_of_byte(b->doc, mark_byte(b->doc, mark));
    size_t len = strcspn(e->msg ? e->msg : "", "\n");
    gw_diag_error(b->diag, place, "not readable as YAML: %.*s", (int)len, e->msg ? e->msg : "");
}

static bool parse_events(builder *b) {
    struct fy_diag *collected = create_fy_diag();
    struct fy_parse_cfg config = {.search_path = "", .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG, .diag = collected};
    struct fy_parser *parser = collected ? fy_parser_create(&config) : NULL;
    bool ok = false;
    if (!parser || fy_parser_set_string(parser, (const char *)b->doc->source.ptr, b->doc->source.len) != 0) {
        gw_diag_error(b->diag, place_at(b->doc, 0, 0, 1), "%s", gw_status_text(GW_ERR_NOMEM));
        goto cleanup;
    }
    bool ended = false;
    for (ok = true; ok && !ended;) {
        struct fy_event *event = fy_parser_parse(parser);
        if (!event) break;
        ended = event->type == FYET_STREAM_END;
        ok = take_event(b, event);
        fy_parser_event_free(parser, event);
    }
    if (ok && (!ended || fy_parser_get_stream_error(parser))) {
        report_syntax(b, collected);
        ok = false;
    }
cleanup:
    if (parser) fy_parser_destroy(parser);
    if (collected) fy_diag_destroy(collected);
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
        gw_diag_error(diag, place_at(doc, 0, 0, 1), "the file is larger than %d bytes", (int)GW_DOC_MAX_BYTES);
        goto cleanup;
    }
    doc->source = gw_span_make(gw_arena_strndup(&doc->arena, text.ptr, text.len), text.len);
    index_lines(doc);
    if (!check_text(doc, diag) || !parse_events(b)) goto cleanup;
    if (!doc->root) {
        gw_doc_node *empty = add_node(b, GW_DOC_NULL, NULL, NULL);
        empty->line = empty->column = 1;
        empty->text = "";
    }
cleanup:
    if (b) gw_buf_deinit(&b->scalar);
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
