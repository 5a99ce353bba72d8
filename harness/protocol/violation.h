/* A rule that the peer broke: data, never a status of ours. Floor 2. */
#ifndef GW_PROTOCOL_VIOLATION_H
#define GW_PROTOCOL_VIOLATION_H

#include "base/time.h"

typedef enum gw_severity {
    GW_SEVERITY_NON_STRICT, /* fails only under --strict */
    GW_SEVERITY_FAIL
} gw_severity;

enum { GW_VIOLATION_MAX_TEXT = 160, GW_VIOLATIONS_MAX = 16 };

typedef struct gw_violation {
    const char *rule; /* requirement id, borrowed from the protocol description or static */
    gw_severity severity;
    size_t offset;                        /* byte in the message, or 0 when the fault is none of text */
    gw_ns at;                             /* when it was known */
    char expected[GW_VIOLATION_MAX_TEXT]; /* one line */
    char observed[GW_VIOLATION_MAX_TEXT]; /* one line; control characters are escaped */
} gw_violation;

/* Where violations go. `take` copies what it keeps. */
typedef struct gw_violation_sink {
    void (*take)(void *context, const gw_violation *violation);
    void *context;
} gw_violation_sink;

/* Fills in one violation and hands it over. `expected` is plain text; longer lines are cut at a code point. */
void gw_violation_emit(gw_violation_sink sink, const char *rule, gw_severity severity, size_t offset, gw_ns at,
                       const char *expected, const char *observed_format, ...) __attribute__((format(printf, 7, 8)));

/* A bounded list as a sink. */
typedef struct gw_violations {
    gw_violation items[GW_VIOLATIONS_MAX];
    size_t count;
    size_t dropped; /* that found no room */
} gw_violations;

void gw_violations_init(gw_violations *list);
gw_violation_sink gw_violations_sink(gw_violations *list);
/* The first one of that rule, or NULL. */
const gw_violation *gw_violations_find(const gw_violations *list, const char *rule);

/* Bytes as printable text for a message: control characters and invalid UTF-8 as \xNN, cut with "..." so that it fits
 * `size` with its NUL. Returns out. */
char *gw_violation_quote(gw_span bytes, char *out, size_t size);

#endif
