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
    const char *text; /* "/d/heartbeatInterval"; "": the whole value; NULL: there is none */
    const char *keys[GW_PROTOCOL_MAX_PATH];
    size_t count;
} gw_pointer;

typedef enum gw_id_type { GW_ID_INTEGER, GW_ID_STRING } gw_id_type;

typedef enum gw_envelope_form {
    GW_FORM_NESTED, /* id and data are members: {"e":1,"d":{}} */
    GW_FORM_FLAT,   /* the data is all that stands beside the id: {"type":"ping","nonce":"x"} */
    GW_FORM_PREFIX  /* the id is the beginning of the message, the data is the rest: 0{"sid":"x"} */
} gw_envelope_form;

typedef struct gw_envelope {
    gw_envelope_form form;
    gw_pointer id;       /* none in GW_FORM_PREFIX */
    gw_pointer data;     /* "" unless GW_FORM_NESTED */
    gw_pointer sequence; /* a number of the sender's, or none */
    gw_pointer name;     /* what tells events of one id apart, or none */
    size_t prefix_len;   /* GW_FORM_PREFIX: bytes of each id */
    gw_id_type id_type;
    bool binary; /* messages are binary, else text */
} gw_envelope;

/* A member of the message beside id and data. */
typedef struct gw_event_member {
    const char *name;
    const gw_schema *schema;
} gw_event_member;

typedef struct gw_event {
    const char *name;
    const char *was;             /* its name in the description that this one extends, or NULL */
    const char *tag;             /* what stands at the envelope's name; NULL: anything that no other event has */
    size_t index;                /* in gw_protocol.events */
    int64_t id;                  /* GW_ID_INTEGER */
    const char *id_s;            /* GW_ID_STRING; else the decimal digits */
    unsigned from;               /* GW_FROM_... */
    const char *clause;          /* sentence of the source document, or NULL */
    const char *data_clause;     /* what the document says of its data, or NULL */
    const char *requirement[2];  /* by gw_role of the sender: the id that its data breaks; never NULL */
    const gw_schema *data;       /* NULL: any */
    const gw_schema *non_strict; /* laxer: data that fits only this is non-strict; NULL: there is none */
    const gw_event_member *members;
    size_t member_count;
    bool body_text; /* GW_FORM_PREFIX: the data is text, not JSON */
    bool broadcast; /* the server sends it on its own account, so a target can have a trigger for it */
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

/* Data that is made when it is sent (template.h). */
typedef const char *gw_data_template; /* JSON text; NULL: absent */

/* How one side beats. */
typedef struct gw_beat {
    const gw_event *send; /* NULL: that side sends none */
    const gw_expr *every;
    const gw_expr *first;       /* the first one is due by then; NULL: every */
    const gw_expr *min_gap;     /* beats that come faster all the time are absurd; NULL: not judged */
    bool jitter;                /* the first one comes after a random part of it */
    gw_requirement_level level; /* GW_REQUIREMENT_MAY: not judged */
    gw_data_template data;
} gw_beat;

/* What one side sends and the other one has to answer: a beat with a reply, or what asks for a beat at once. */
typedef struct gw_question {
    const gw_event *event; /* NULL: that side has none */
    const gw_event *answer;
    gw_requirement_level level;
    const gw_expr *strict, *non_strict;
    const gw_expr *timeout; /* who asked leaves when no answer came for so long; NULL: does not */
    bool by_knob;           /* for a server under test the knob client-may-ask decides instead of the level */
    gw_data_template data, answer_data;
    gw_pointer echo_from, echo_to; /* of the question's data, repeated in the answer's; text NULL: nothing is */
} gw_question;

/* What the client says first. */
typedef struct gw_greeting {
    const gw_event *send;   /* NULL: nothing */
    const gw_event *answer; /* NULL: none */
    bool after_hello;       /* else hello is the answer to it, and the server is silent before */
    gw_data_template data;
    gw_ns within;                 /* of the 101; 0: whenever the client likes */
    gw_codes late, twice, before; /* how the connection ends; empty: any */
    bool judges_twice, judges_before;
} gw_greeting;

typedef enum gw_timer_start { GW_STARTS_AT_HELLO, GW_STARTS_AT_CONNECT, GW_STARTS_AT_BEAT } gw_timer_start;

/* A time that hello announces, or that is known beforehand, or neither. */
typedef struct gw_announced {
    gw_pointer field; /* in hello's data; text NULL: not announced */
    gw_ns unit;       /* GW_MS or GW_S */
    gw_ns constant;   /* 0: none */
} gw_announced;

typedef struct gw_heartbeat_rules {
    const gw_event *hello;                /* NULL: the protocol has no heartbeat section, and all below is unset */
    gw_ns hello_strict, hello_non_strict; /* from the 101, or from the greeting that it answers */
    bool hello_first;                     /* no message goes ahead of it */
    gw_announced interval;                /* I */
    gw_announced timeout;                 /* T */
    gw_greeting greeting;
    gw_beat beat[2];         /* by gw_role */
    gw_question question[2]; /* by the gw_role that asks */
    const gw_event *ask;     /* of the section `ask`; NULL: none */
    unsigned ask_by;         /* GW_FROM_... */
    const gw_event *answer;
    gw_timer_start starts;
    bool scope_server;                              /* one timer of the server for all connections */
    const gw_event *resets[GW_PROTOCOL_MAX_RESETS]; /* what counts as a heartbeat */
    size_t reset_count;
    uint32_t misses;     /* intervals that may pass, at least 1 */
    const gw_expr *drop; /* who was silent so long is dropped; NULL: misses * I */
    const gw_expr *eps;
    unsigned miss_by;                 /* GW_FROM_...: sides that drop a silent one; 0: none */
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
    const gw_event *error; /* an event that says what was wrong; NULL: there is none */
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

/* What this protocol's document says of a requirement. */
typedef struct gw_clause {
    const char *requirement, *text;
} gw_clause;

typedef struct gw_protocol {
    const char *name, *version;
    const char *endpoint;       /* "/gateway" */
    const char *query;          /* "v=10&encoding=json"; NULL: none */
    const char *const *headers; /* of the upgrade request: name, value, name, value ... */
    size_t header_count;        /* pairs */
    const char *subprotocol;    /* NULL: none */
    const char *source;         /* "the gateway document" */
    gw_envelope envelope;
    const gw_event *events; /* in the order of the file */
    size_t event_count;
    gw_heartbeat_rules heartbeat;
    gw_reaction reactions[GW_REACTION_COUNT]; /* those that the file leaves out are as malformed */
    const gw_close_meaning *closes;
    size_t close_count;
    uint64_t max_message_bytes; /* 0: not stated */
    uint32_t max_messages;      /* in `messages_per`; 0: not stated */
    gw_ns messages_per;
    const gw_clause *clauses; /* in place of the catalogue's */
    size_t clause_count;
    const char *rules[2][GW_RULE_COUNT]; /* by gw_role: requirement ids, never NULL */
    gw_knobs knobs;
} gw_protocol;

/* Gives the text of a description to extend: one that comes along, by its name, or (name NULL) the file at that path.
 * False: there is none. Text and file live until the load is over. */
typedef struct gw_protocol_source {
    bool (*find)(void *context, const char *name, const char *path, gw_span *text, const char **file);
    void *context;
} gw_protocol_source;

/* It ends in .yaml or .yml: a file, not the name of a description that comes along. NULL is none. */
bool gw_protocol_is_file(const char *name);
/* The path of such a file that the file `from` (or NULL) names: relative to the folder of that one. In the arena. */
const char *gw_protocol_beside(gw_arena *arena, const char *from, const char *name);

/* Loads a description into the arena. NULL when there was an error, which diag then holds. The file's text need not
 * outlive the call. Nothing can be extended. */
const gw_protocol *gw_protocol_load(gw_arena *arena, gw_span text, const char *file, gw_diag *diag);
/* The same, with other descriptions to extend. */
const gw_protocol *gw_protocol_load_from(gw_arena *arena, gw_span text, const char *file,
                                         const gw_protocol_source *source, gw_diag *diag);
/* The same protocol with other choices for what the document leaves open. `arena` must not outlive that of `protocol`.
 */
const gw_protocol *gw_protocol_with_knobs(gw_arena *arena, const gw_protocol *protocol, const gw_knobs *knobs);
/* Every id that the description names is in the catalogue; errors are about `file`, whose text this is. */
bool gw_protocol_check_requirements(const gw_protocol *protocol, const gw_requirements *requirements, const char *file,
                                    gw_span text, gw_diag *diag);

/* The catalogue speaks in this protocol's own sentences: those of its `clauses`; where it has some but none for a
 * requirement of another document, that one's title stands for it. */
void gw_requirements_restate(gw_requirements *catalogue, const gw_protocol *protocol);

/* By its name, or the one that it had in the description that this one extends. NULL when there is none. */
const gw_event *gw_protocol_event(const gw_protocol *protocol, gw_span name);
/* The first one with that id. */
const gw_event *gw_protocol_event_by_id(const gw_protocol *protocol, int64_t id);
const gw_event *gw_protocol_event_by_id_text(const gw_protocol *protocol, gw_span id);
/* Of those with the id of `first`: the one with that tag (ptr NULL: none came), or the one for all others, or NULL. */
const gw_event *gw_protocol_event_tagged(const gw_protocol *protocol, const gw_event *first, gw_span tag);

/* What a scenario may call an event by what it is for, whatever its name: X(NAME, "word"). */
#define GW_EVENT_ROLE_TABLE(X)                                                                                         \
    X(HELLO, "hello")                                                                                                  \
    X(BEAT, "beat")         /* what `sender` sends by itself to show that it is alive */                               \
    X(ASK, "ask")           /* what `sender` sends to be answered */                                                   \
    X(BARE_ASK, "bare-ask") /* the same, where that is no heartbeat itself */                                          \
    X(ANSWER, "answer")     /* what `sender` answers with */                                                           \
    X(GREETING, "greeting") /* what the client says first */                                                           \
    X(PLAIN, "plain")       /* any event that the client may send at any time without effect */
/* The event of that name, else the one of that role; NULL when the protocol has neither. */
const gw_event *gw_protocol_event_for(const gw_protocol *protocol, gw_span name, gw_role sender);
/* Is it the word of a role? */
bool gw_protocol_is_role(gw_span name);
/* What `sender` says with an event when nothing else is stated; NULL: absent. */
gw_data_template gw_protocol_usual_data(const gw_protocol *protocol, const gw_event *event, gw_role sender);

/* The requirement that a side breaks when it breaks this rule; never NULL. */
const char *gw_protocol_rule(const gw_protocol *protocol, gw_role role, gw_rule rule);
/* An event of this side resets the other side's timer. */
bool gw_protocol_is_beat(const gw_protocol *protocol, const gw_event *event);

/* Every time that an expression may name, for a connection with interval `interval` and timeout `timeout` (0: none), as
 * seen by who judges `peer`. Times that the protocol lacks are GW_NEVER. */
gw_expr_env gw_protocol_env(const gw_protocol *protocol, gw_role peer, gw_ns interval, gw_ns timeout, double eps_scale);
/* Does `peer` drop a side that sends no heartbeat? An optional heartbeat is never missed. */
bool gw_protocol_drops_silent(const gw_protocol *protocol, gw_role peer);
static inline gw_role gw_role_other(gw_role role) {
    return role == GW_ROLE_SERVER ? GW_ROLE_CLIENT : GW_ROLE_SERVER;
}
/* Can an expression with these symbols (gw_expr_symbols) be evaluated? Else the name of what the protocol lacks. */
const char *gw_protocol_lacks_time(const gw_protocol *protocol, gw_role peer, unsigned symbols);

/* Follows a pointer; NULL when there is nothing. */
const cJSON *gw_pointer_get(const gw_pointer *pointer, const cJSON *tree);

#endif
