/* A protocol of the gateway family as data: events, envelope, heartbeat, limits, rules. Floor 2.
 *
 * Loaded once from scenarios/protocols/NAME.yaml into an immutable table, in the caller's arena. */
#ifndef GW_PROTOCOL_DESCRIPTION_H
#define GW_PROTOCOL_DESCRIPTION_H

#include "protocol/expr.h"
#include "protocol/knobs.h"
#include "protocol/requirements.h"
#include "protocol/rules.h"
#include "protocol/schema.h"

enum { GW_PROTOCOL_MAX_EVENTS = 256, GW_PROTOCOL_MAX_PATH = 8, GW_PROTOCOL_MAX_CODES = 16, GW_PROTOCOL_MAX_RESETS = 8 };

/* Sides that may send something: bits. */
enum { GW_FROM_SERVER = 1, GW_FROM_CLIENT = 2, GW_FROM_BOTH = 3 };

/* A JSON Pointer of object members, split. */
typedef struct gw_pointer {
    const char *text; /* "/d/heartbeatInterval" */
    const char *keys[GW_PROTOCOL_MAX_PATH];
    size_t count;
} gw_pointer;

typedef enum gw_id_type { GW_ID_INTEGER, GW_ID_STRING } gw_id_type;

typedef struct gw_envelope {
    gw_pointer id;
    gw_pointer data;
    gw_id_type id_type;
    bool binary; /* messages are binary, else text */
} gw_envelope;

typedef struct gw_event {
    const char *name;
    size_t index;                /* in gw_protocol.events */
    int64_t id;                  /* GW_ID_INTEGER */
    const char *id_s;            /* GW_ID_STRING; else the decimal digits */
    unsigned from;               /* GW_FROM_... */
    const char *clause;          /* sentence of the source document, or NULL */
    const char *data_clause;     /* what the document says of its data, or NULL */
    const char *requirement[2];  /* by gw_role of the sender: the id that its data breaks; never NULL */
    const gw_schema *data;       /* NULL: any */
    const gw_schema *non_strict; /* laxer: data that fits only this is non-strict; NULL: there is none */
    bool broadcast;              /* the server sends it on its own account, so a target can have a trigger for it */
} gw_event;

typedef struct gw_code_range {
    uint16_t low, high;
} gw_code_range;
/* Close codes; an empty set means any. */
typedef struct gw_codes {
    gw_code_range ranges[GW_PROTOCOL_MAX_CODES];
    size_t count;
} gw_codes;
bool gw_codes_has(const gw_codes *codes, unsigned code);

/* How one side beats. */
typedef struct gw_beat {
    const gw_event *send; /* NULL: that side sends none */
    const gw_expr *every;
    const gw_expr *min_gap;     /* beats that come faster all the time are absurd; NULL: not judged */
    gw_requirement_level level; /* GW_REQUIREMENT_MAY: not judged */
    const char *data;           /* JSON text */
} gw_beat;

typedef struct gw_heartbeat_rules {
    const gw_event *hello;                /* NULL: the protocol has no heartbeat section, and all below is unset */
    gw_ns hello_strict, hello_non_strict; /* from the 101 */
    gw_pointer interval;                  /* where the interval stands in hello's data */
    gw_ns unit;                           /* of the interval: GW_MS or GW_S */
    gw_beat beat[2];                      /* by gw_role */
    const gw_event *ask;                  /* NULL: none */
    unsigned ask_by;                      /* GW_FROM_... */
    const gw_event *answer;
    gw_requirement_level ask_level; /* of answering; for a server, the knob client-may-ask decides instead */
    gw_ns answer_strict, answer_non_strict;
    bool starts_at_connect;                         /* else at hello */
    const gw_event *resets[GW_PROTOCOL_MAX_RESETS]; /* what counts as a heartbeat */
    size_t reset_count;
    uint32_t misses; /* intervals that may pass, at least 1 */
    const gw_expr *eps;
    bool ends_by_close, ends_by_drop; /* how a miss may end the connection */
    gw_codes codes;                   /* close codes of a miss */
} gw_heartbeat_rules;

/* What a close code means here. */
typedef struct gw_close_meaning {
    uint16_t code;
    const char *text;
} gw_close_meaning;

/* What a side may do on malformed input. */
typedef struct gw_reaction {
    bool ignore, close;
    gw_codes codes;
} gw_reaction;

/* X(NAME, "key") */
#define GW_REACTION_TABLE(X)                                                                                           \
    X(MALFORMED, "malformed")         /* no JSON text in the envelope */                                               \
    X(UNKNOWN_EVENT, "unknown-event") /* an id that the table lacks */                                                 \
    X(FORBIDDEN, "forbidden")         /* an event that only the other side sends */                                    \
    X(BAD_DATA, "bad-data")           /* data that breaks the event's schema */                                        \
    X(BINARY, "binary")               /* a message of the other opcode */                                              \
    X(TOO_BIG, "too-big")
typedef enum gw_reaction_kind {
#define GW_REACTION_ENUM(name, key) GW_REACTION_##name,
    GW_REACTION_TABLE(GW_REACTION_ENUM)
#undef GW_REACTION_ENUM
        GW_REACTION_COUNT
} gw_reaction_kind;

typedef struct gw_protocol {
    const char *name, *version;
    const char *endpoint;    /* "/gateway" */
    const char *subprotocol; /* NULL: none */
    const char *source;      /* "the gateway document" */
    gw_envelope envelope;
    const gw_event *events; /* in the order of the file */
    size_t event_count;
    gw_heartbeat_rules heartbeat;
    gw_reaction reactions[GW_REACTION_COUNT]; /* those that the file leaves out are as malformed */
    const gw_close_meaning *closes;
    size_t close_count;
    uint64_t max_message_bytes;          /* 0: not stated */
    const char *rules[2][GW_RULE_COUNT]; /* by gw_role: requirement ids, never NULL */
    gw_knobs knobs;
} gw_protocol;

/* Loads a description into the arena. NULL when there was an error, which diag then holds. The file's text need not
 * outlive the call. */
const gw_protocol *gw_protocol_load(gw_arena *arena, gw_span text, const char *file, gw_diag *diag);
/* The same protocol with other choices for what the document leaves open. `arena` must not outlive that of `protocol`.
 */
const gw_protocol *gw_protocol_with_knobs(gw_arena *arena, const gw_protocol *protocol, const gw_knobs *knobs);
/* Every id that the description names is in the catalogue; errors are about `file`. */
bool gw_protocol_check_requirements(const gw_protocol *protocol, const gw_requirements *requirements, const char *file,
                                    gw_diag *diag);

/* NULL when there is none. */
const gw_event *gw_protocol_event(const gw_protocol *protocol, gw_span name);
const gw_event *gw_protocol_event_by_id(const gw_protocol *protocol, int64_t id);
const gw_event *gw_protocol_event_by_id_text(const gw_protocol *protocol, gw_span id);
/* The requirement that a side breaks when it breaks this rule; never NULL. */
const char *gw_protocol_rule(const gw_protocol *protocol, gw_role role, gw_rule rule);
/* An event of this side resets the other side's timer. */
bool gw_protocol_is_beat(const gw_protocol *protocol, const gw_event *event);

/* Follows a pointer; NULL when there is nothing. */
const cJSON *gw_pointer_get(const gw_pointer *pointer, const cJSON *tree);

#endif
