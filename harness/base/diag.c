/* Floor 0: errors with place, excerpt and suggestion. */
#include "base/diag.h"

#include <stdio.h>
#include <string.h>

enum { MAX_TEXT = 1 << 20, MAX_ERRORS = 20, MAX_WORD = 64, MAX_EXCERPT = 160 };

void gw_diag_init(gw_diag *diag) {
    *diag = (gw_diag){.max_errors = MAX_ERRORS};
    gw_buf_init(&diag->text, MAX_TEXT);
}

void gw_diag_deinit(gw_diag *diag) {
    gw_buf_deinit(&diag->text);
}

static gw_span line_of(gw_span source, uint32_t line) {
    while (--line > 0 && source.len > 0) {
        const uint8_t *nl = memchr(source.ptr, '\n', source.len);
        if (!nl) return (gw_span){0};
        source = gw_span_from(source, (size_t)(nl - source.ptr) + 1);
    }
    const uint8_t *nl = source.len ? memchr(source.ptr, '\n', source.len) : NULL;
    if (nl) source.len = (size_t)(nl - source.ptr);
    if (source.len && source.ptr[source.len - 1] == '\r') source.len--;
    return source;
}

/* Bytes of the excerpt are shown as they are, but for control characters, which could drive a terminal. */
static void append_excerpt(gw_buf *out, gw_span line) {
    for (size_t i = 0; i < line.len && i < MAX_EXCERPT; i++) {
        uint8_t c = line.ptr[i];
        gw_buf_append_byte(out, c == '\t' ? ' ' : c < 0x20 || c == 0x7f ? '?' : c);
    }
}

void gw_diag_error(gw_diag *diag, gw_place place, const char *format, ...) {
    if (++diag->errors > diag->max_errors) return;
    gw_buf *out = &diag->text;
    gw_buf_printf(out, "%s:", place.file ? place.file : "<input>");
    if (place.line) gw_buf_printf(out, "%u:%u:", (unsigned)place.line, (unsigned)place.column);
    gw_buf_append_cstr(out, " error: ");
    va_list args;
    va_start(args, format);
    gw_buf_vprintf(out, format, args);
    va_end(args);
    gw_buf_append_byte(out, '\n');
    gw_span line = place.line ? line_of(place.source, place.line) : (gw_span){0};
    if (line.len == 0) return;
    gw_buf_printf(out, "%5u | ", (unsigned)place.line);
    append_excerpt(out, line);
    if (place.column == 0 || place.column > MAX_EXCERPT) {
        gw_buf_append_byte(out, '\n');
        return;
    }
    gw_buf_printf(out, "\n      | %*s^", (int)place.column - 1, "");
    for (uint32_t i = 1; i < place.width && i < MAX_EXCERPT - place.column; i++) gw_buf_append_byte(out, '~');
    gw_buf_append_byte(out, '\n');
}

static size_t edit_distance(gw_span a, gw_span b) {
    size_t row[MAX_WORD + 1];
    for (size_t j = 0; j <= b.len; j++) row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[b.len];
}

const char *gw_diag_suggest(gw_span word, const char *const *words, size_t count) {
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    if (word.len == 0 || word.len > MAX_WORD) return NULL;
    for (size_t i = 0; i < count; i++) {
        gw_span candidate = gw_span_cstr(words[i]);
        if (candidate.len > MAX_WORD) continue;
        size_t distance = edit_distance(word, candidate);
        size_t limit = candidate.len / 3 > 2 ? candidate.len / 3 : 2;
        if (distance <= limit && distance < candidate.len && distance < best_distance) {
            best = words[i];
            best_distance = distance;
        }
    }
    return best;
}
