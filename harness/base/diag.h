/* What is wrong with a user's file, and where. Floor 0.
 *
 *   scenarios/mine.yaml:6:14: error: unknown key 'witin' in expect (did you mean 'within'?)
 *       6 |   - expect: {on: alice, witin: 1s}
 *         |                         ^~~~~
 */
#ifndef GW_BASE_DIAG_H
#define GW_BASE_DIAG_H

#include "base/buf.h"

/* Collects errors of any number of files. All text is copied. */
typedef struct gw_diag {
    gw_buf text; /* formatted, one entry after another, each ending in a newline */
    size_t errors;
    size_t max_errors; /* further ones are counted, not written */
} gw_diag;

/* A place in a file. `line` and `column` count from 1, columns in code points; 0 means unknown. */
typedef struct gw_place {
    const char *file;
    gw_span source; /* the whole file, for the excerpt; may be empty */
    uint32_t line, column;
    uint32_t width; /* code points to underline, at least 1 */
} gw_place;

void gw_diag_init(gw_diag *diag);
void gw_diag_deinit(gw_diag *diag);
/* One error, with the offending line and a caret when the source is known. */
void gw_diag_error(gw_diag *diag, gw_place place, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The one of `count` words that the user most likely meant (edit distance at most a third of its length, or 2), or
 * NULL. */
const char *gw_diag_suggest(gw_span word, const char *const *words, size_t count);

#endif
