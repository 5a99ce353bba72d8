/* The catalogue of requirements: every id that a verdict may name, with the clause it stands for. Floor 2. */
#ifndef GW_PROTOCOL_REQUIREMENTS_H
#define GW_PROTOCOL_REQUIREMENTS_H

#include "base/arena.h"
#include "base/doc.h"
#include "protocol/rules.h"

/* X(NAME, "word") */
#define GW_REQUIREMENT_LEVEL_TABLE(X)                                                                                  \
    X(MUST, "must")     /* breaking it fails the run */                                                                \
    X(SHOULD, "should") /* breaking it is non-strict */                                                                \
    X(MAY, "may")       /* observed or not, never judged */                                                            \
    X(OPEN, "open")     /* the document is silent: a knob decides */
typedef enum gw_requirement_level {
#define GW_REQUIREMENT_ENUM(name, word) GW_REQUIREMENT_##name,
    GW_REQUIREMENT_LEVEL_TABLE(GW_REQUIREMENT_ENUM)
#undef GW_REQUIREMENT_ENUM
        GW_REQUIREMENT_LEVEL_COUNT
} gw_requirement_level;

typedef struct gw_requirement {
    const char *id; /* "S6", "RFC6455-5.2-R1" */
    const char *title;
    gw_requirement_level level;
    gw_role role;        /* who has to meet it */
    const char *clause;  /* quoted; for OPEN ones what the document is silent about */
    const char *source;  /* "the gateway document", "RFC 6455 section 5.2" */
    const char *knob;    /* OPEN: the knob that decides, or NULL */
    bool observable;     /* over the wire */
    const char *why_not; /* when not observable */
    const char *file;
    uint32_t line;
} gw_requirement;

/* A way in which a client can break requirements: what a fault of the reference server is for those of servers. */
typedef struct gw_misbehaviour {
    const char *name;
    const char *const *rules; /* requirement ids */
    size_t rule_count;
    const char *file;
    uint32_t line;
} gw_misbehaviour;

typedef struct gw_requirements {
    gw_arena arena;
    const gw_requirement **items; /* in order of loading */
    size_t count, capacity;
    const gw_misbehaviour *misbehaviours; /* in order of the file; one file has them */
    size_t misbehaviour_count;
} gw_requirements;

void gw_requirements_init(gw_requirements *catalogue);
void gw_requirements_deinit(gw_requirements *catalogue);
/* Adds the requirements, or the misbehaviours, of one file. False on any error (an id that is there already is one);
 * diag then holds it. */
bool gw_requirements_load(gw_requirements *catalogue, gw_span text, const char *file, gw_diag *diag);
/* NULL when there is none. */
const gw_requirement *gw_requirements_find(const gw_requirements *catalogue, const char *id);
/* The id that was most likely meant, or NULL. */
const char *gw_requirements_suggest(const gw_requirements *catalogue, const char *id);
/* "must" and so on; static. */
const char *gw_requirement_level_word(gw_requirement_level level);

#endif
