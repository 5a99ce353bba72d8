/* Who is tested, and how: a target file after loading. Floor 3, pure: the text comes in as bytes.
 *
 * Texts named "template" may hold ${...}: each is checked when the file is loaded (which names exist depends on where
 * the text stands) and expanded by whoever carries it out.
 *
 *   everywhere        ${port} ${control-port} (free ports of our choice), ${uuid}, ${env.NAME} (a secret)
 *   once it is ready  ${ready.NAME} (named groups of the ready line), ${run.NAME} (captures of fixtures.run)
 *   per scenario      ${scenario.NAME}, ${room.NAME}, ${client}, ${participant.NAME}
 *   in a trigger      ${event}, ${data}, ${data.FIELD}, ${by.NAME} (captures of the participant who causes it)
 *   in start.command  ${gwspec-server} (the reference server's program)
 */
#ifndef GW_SCENARIO_TARGET_H
#define GW_SCENARIO_TARGET_H

#include "base/doc.h"
#include "protocol/description.h"
#include "scenario/expected.h"

#include <cjson/cJSON.h>

enum { GW_TARGET_MAX_BYTES = 1 << 20, GW_TARGET_MAX_STATUS = 8 };

/* Name and template. */
typedef struct gw_target_pair {
    const char *name;
    const char *value;
} gw_target_pair;

typedef struct gw_target_pairs {
    const gw_target_pair *list;
    size_t count;
} gw_target_pairs;

typedef enum gw_target_capture_kind {
    GW_TARGET_CAPTURE_JSON,   /* from: a JSON Pointer (RFC 6901) into the body */
    GW_TARGET_CAPTURE_HEADER, /* from: a field name */
    GW_TARGET_CAPTURE_COOKIE, /* from: the name of a cookie that the answer sets */
    GW_TARGET_CAPTURE_REGEX,  /* from: a PCRE2 pattern; its first group, or the whole match */
    GW_TARGET_CAPTURE_BODY    /* the whole body, without white space at its ends */
} gw_target_capture_kind;

typedef struct gw_target_capture {
    const char *name; /* NULL for a trigger's `data` */
    gw_target_capture_kind kind;
    const char *from;
    gw_place place;
} gw_target_capture;

/* One HTTP request, or one run of a program, whose standard output is then the answer. */
typedef struct gw_target_call {
    const char *const *command; /* templates, NULL-terminated; NULL: a request */
    gw_target_pairs env;        /* of the command */
    const char *cwd;            /* of the command, relative to the target file's folder; NULL: ours */
    const char *method;         /* GET, POST, PUT, PATCH, DELETE */
    const char *url;            /* template */
    gw_target_pairs headers, cookies;
    bool cookies_of_by; /* a trigger's request carries the cookies that the causing client connects with */
    const cJSON *json;  /* body as a template, or NULL */
    const char *body;   /* body as a text template, or NULL */
    struct {
        uint16_t low, high;
    } status[GW_TARGET_MAX_STATUS]; /* what counts as success; 200 - 299 when not stated */
    size_t status_count;
    const gw_target_capture *captures;
    size_t capture_count;
    gw_ns within; /* for the whole exchange */
    gw_place place;
} gw_target_call;

typedef struct gw_target_calls {
    const gw_target_call *list;
    size_t count;
} gw_target_calls;

typedef struct gw_target_trigger {
    const char *event;
    gw_target_call call;
    const gw_target_capture *data; /* where the answer holds the data as sent; NULL: sent as asked */
    gw_place place;
} gw_target_trigger;

typedef enum gw_target_ready_kind {
    GW_TARGET_READY_LINE, /* a line of output that matches `pattern` */
    GW_TARGET_READY_PORT, /* `port` (template) accepts a connection */
    GW_TARGET_READY_HTTP  /* GET of `url` (template) is answered with 2xx */
} gw_target_ready_kind;

typedef struct gw_target_ready {
    gw_target_ready_kind kind;
    const char *pattern, *port, *url;
    gw_ns within; /* default 10 s */
} gw_target_ready;

/* How we start the server ourselves. */
typedef struct gw_target_start {
    const char *const *command; /* templates, NULL-terminated; NULL: it is running already */
    gw_target_pairs env;
    const char *cwd; /* relative to the target file's folder; NULL: ours */
    gw_target_ready ready;
    int stop_signal;   /* SIGTERM by default */
    gw_ns stop_within; /* then SIGKILL; default 5 s */
    bool restart;      /* may be started again after a crash; default true */
    const char *log;   /* its output goes here too; NULL: not */
    /* "--interval": added when a run asks for it; NULL: it has none */
    const char *interval_option, *fault_option, *protocol_option;
} gw_target_start;

typedef struct gw_target_tls {
    const char *ca, *cert, *key, *sni; /* NULL: not stated; files relative to the target file's folder */
    bool insecure;
} gw_target_tls;

typedef struct gw_target_connect {
    const char *url; /* template: ws://, wss://, ws+unix: */
    gw_target_pairs query, headers, cookies;
    const char *subprotocol, *origin; /* templates, or NULL */
} gw_target_connect;

/* Fixtures run once per: */
typedef enum gw_target_scope {
    GW_TARGET_RUN,
    GW_TARGET_SCENARIO,
    GW_TARGET_ROOM,
    GW_TARGET_PARTICIPANT,
    GW_TARGET_SCOPES
} gw_target_scope;

/* Immutable. All memory is its own. */
typedef struct gw_target {
    const char *name;
    const char *file;     /* as in messages; NULL when made of a URL */
    const char *protocol; /* name or file of the description it claims to follow; NULL: not stated */
    gw_place protocol_place;
    gw_target_connect connect;
    gw_target_tls tls;
    gw_target_start start;
    gw_target_calls fixtures[GW_TARGET_SCOPES], cleanup[GW_TARGET_SCOPES];
    const gw_target_trigger *triggers;
    size_t trigger_count;
    gw_target_pairs knobs; /* only those that the file states; keys and values are known ones */
    unsigned max_jobs;     /* limits.jobs; 0: no limit */
    const gw_expected *expected;
    size_t expected_count;
    const char *const *env_names; /* each NAME of ${env.NAME}: their values are secrets */
    size_t env_count;
    bool uses_port, uses_control_port;
    struct gw_target_memory *memory;
} gw_target;

/* Loads a target file; NULL when there was an error, which diag then holds. `file` names it (copied). */
gw_target *gw_target_load(gw_span text, const char *file, gw_diag *diag);
/* A running server of which only the address is known. Texts are taken literally ("${" included); all are copied.
 * `headers` are "Name: value" lines. NULL: out of memory, or a line without a name and a colon. */
gw_target *gw_target_from_url(const char *url, const gw_target_tls *tls, const char *const *headers,
                              size_t header_count);
void gw_target_destroy(gw_target *target);

/* A trigger for every event that has none of its own. */
#define GW_TARGET_ANY_EVENT "*"
/* The trigger for an event, or NULL. */
const gw_target_trigger *gw_target_find_trigger(const gw_target *target, const char *event);
/* Puts the target's choices in place of those of the protocol (for gw_protocol_with_knobs). */
void gw_target_apply_knobs(const gw_target *target, gw_knobs *knobs);
/* Does the protocol have each event that there is a trigger for? False after errors at their places. */
bool gw_target_check_events(const gw_target *target, const gw_protocol *protocol, gw_diag *diag);
/* Is `protocol` a file (.yaml or .yml, relative to the target's own folder), not a name? */
bool gw_target_protocol_is_file(const gw_target *target);
/* Can the target give each scenario rooms of its own? */
bool gw_target_has_rooms(const gw_target *target);

#endif
