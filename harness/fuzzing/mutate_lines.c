/* Floor 3: changes of text by lines: heads of HTTP, YAML files. A line keeps its line end. */
#include "fuzzing/mutate_internal.h"

#include <string.h>

enum { MAX_LINES = 128 };

typedef struct lines {
    size_t at[MAX_LINES + 1]; /* at[count] is the end of the last one */
    size_t count;
} lines;

static void find_lines(gw_span bytes, lines *l) {
    l->count = 0;
    for (size_t at = 0; at < bytes.len && l->count < MAX_LINES;) {
        const uint8_t *end = memchr(bytes.ptr + at, '\n', bytes.len - at);
        l->at[l->count++] = at;
        at = end ? (size_t)(end - bytes.ptr) + 1 : bytes.len;
        l->at[l->count] = at;
    }
    if (!l->count) l->at[0] = 0;
}

static size_t any_line(gw_edit *edit, lines *l) {
    find_lines(gw_span_make(edit->data, edit->size), l);
    return gw_edit_below(edit, l->count);
}

static size_t line_len(const lines *l, size_t i) {
    return l->at[i + 1] - l->at[i];
}

/* Ends lines as the text does. */
static gw_span line_end(gw_edit *edit, const lines *l) {
    bool lf = l->count && line_len(l, 0) >= 2 && edit->data[l->at[1] - 1] == '\n' && edit->data[l->at[1] - 2] != '\r';
    if (gw_edit_once_in(edit, 16)) lf = !lf;
    return lf ? GW_SPAN_LIT("\n") : GW_SPAN_LIT("\r\n");
}

static bool insert_line(gw_edit *edit, const gw_mutate_config *config) {
    lines l;
    size_t i = any_line(edit, &l);
    gw_span line = gw_mutate_word(edit, config->vocabulary->lines, config->vocabulary->line_count);
    gw_span end = line_end(edit, &l);
    if (edit->max - edit->size < line.len + end.len) return false;
    return gw_edit_splice(edit, l.at[i], 0, end) && gw_edit_splice(edit, l.at[i], 0, line);
}

static bool replace_line(gw_edit *edit, const gw_mutate_config *config) {
    lines l;
    size_t i = any_line(edit, &l);
    if (!l.count) return false;
    size_t len = line_len(&l, i), end = len && edit->data[l.at[i + 1] - 1] == '\n' ? 1 : 0;
    if (end && len > 1 && edit->data[l.at[i + 1] - 2] == '\r') end = 2;
    return gw_edit_splice(edit, l.at[i], len - end,
                          gw_mutate_word(edit, config->vocabulary->lines, config->vocabulary->line_count));
}

static bool delete_line(gw_edit *edit, const gw_mutate_config *config) {
    lines l;
    size_t i = any_line(edit, &l);
    (void)config;
    return l.count > 1 && gw_edit_splice(edit, l.at[i], line_len(&l, i), gw_span_make(NULL, 0));
}

static bool duplicate_line(gw_edit *edit, const gw_mutate_config *config) {
    lines l;
    size_t i = any_line(edit, &l);
    (void)config;
    return l.count && gw_edit_repeat(edit, l.at[i], line_len(&l, i), l.at[gw_edit_below(edit, l.count + 1)]);
}

static bool swap_lines(gw_edit *edit, const gw_mutate_config *config) {
    lines l;
    (void)config;
    find_lines(gw_span_make(edit->data, edit->size), &l);
    if (l.count < 2) return false;
    size_t i = gw_edit_below(edit, l.count - 1);
    return gw_edit_swap(edit, l.at[i], line_len(&l, i), line_len(&l, i + 1));
}

/* Leading blanks: folding in a head, structure in YAML. */
static bool indent_line(gw_edit *edit, const gw_mutate_config *config) {
    lines l;
    size_t i = any_line(edit, &l);
    (void)config;
    if (!l.count) return false;
    if (edit->data[l.at[i]] == ' ' && gw_edit_once_in(edit, 2))
        return gw_edit_splice(edit, l.at[i], 1 + gw_edit_below(edit, 2), gw_span_make(NULL, 0));
    return gw_edit_splice(edit, l.at[i], 0, gw_edit_once_in(edit, 8) ? GW_SPAN_LIT("\t") : GW_SPAN_LIT("  "));
}

static bool change_ending(gw_edit *edit, const gw_mutate_config *config) {
    lines l;
    size_t i = any_line(edit, &l);
    (void)config;
    if (!l.count || edit->data[l.at[i + 1] - 1] != '\n') return false;
    size_t end = l.at[i + 1] - 1;
    if (end > l.at[i] && edit->data[end - 1] == '\r')
        return gw_edit_splice(edit, end - gw_edit_below(edit, 2), 1, gw_span_make(NULL, 0));
    return gw_edit_splice(edit, end, 0, GW_SPAN_LIT("\r"));
}

static bool change_inside(gw_edit *edit, const gw_mutate_config *config) {
    return gw_mutate_blind(edit, config);
}

bool gw_mutate_lines(gw_edit *edit, const gw_mutate_config *config) {
    static gw_mutate_op *const ops[] = {insert_line, insert_line, replace_line,  delete_line,   duplicate_line,
                                        swap_lines,  indent_line, change_ending, change_inside, change_inside};
    return gw_mutate_any(edit, config, ops, GW_MUTATE_COUNT(ops));
}

size_t gw_mutate_cross_lines(gw_span a, gw_span b, gw_edit *out) {
    lines l;
    find_lines(a, &l);
    size_t from = l.at[gw_edit_below(out, l.count + 1)];
    find_lines(b, &l);
    return gw_mutate_join(a, from, b, l.at[gw_edit_below(out, l.count + 1)], out);
}
