/* A scenario after loading: for-each expanded, keys checked, expressions compiled. Floor 3, pure.
 *
 * A program is immutable and says only what is to be done and what is expected; engine.h runs it. All memory belongs to
 * the suite (suite.h) that loaded it.
 */
#ifndef GW_SCENARIO_PROGRAM_H
#define GW_SCENARIO_PROGRAM_H

#include "base/doc.h"
#include "protocol/expr.h"
#include "protocol/rules.h"

#include <cjson/cJSON.h>

enum { GW_PROGRAM_MAX_CLIENTS = 64, GW_PROGRAM_MAX_ON = 16, GW_PROGRAM_MAX_CODES = 16, GW_PROGRAM_MAX_HEADERS = 32 };

/* One place per kind: X(NAME, "yaml-key"). */
#define GW_STEP_TABLE(X)                                                                                               \
    X(CONNECT, "connect")                 /* open, upgrade, wait for a correct 101 */                                  \
    X(ACCEPT, "accept")                   /* take a connection of the client under test, and answer its upgrade */     \
    X(UPGRADE, "upgrade")                 /* open and send the (possibly wrong) request; judge nothing */              \
    X(EXPECT_RESPONSE, "expect-response") /* the answer to an upgrade */                                               \
    X(EXPECT, "expect")                   /* an event or frame, from the client's cursor on */                         \
    X(EXPECT_NONE, "expect-none")         /* no such event or frame for a time */                                      \
    X(EXPECT_CADENCE, "expect-cadence")   /* an event comes again and again in time */                                 \
    X(EXPECT_CLOSE, "expect-close")       /* the server ends the connection in a time window */                        \
    X(EXPECT_FAIL, "expect-fail")         /* the server fails the connection (RFC 6455 section 7.1.7) */               \
    X(EXPECT_REACTION, "expect-reaction") /* ignores or closes, as the protocol allows; but it does react to a Ping */ \
    X(EXPECT_OPEN, "expect-open")         /* still open: a Ping with a nonce brings its Pong (oracle A) */             \
    X(SEND, "send")                       /* legal messages */                                                         \
    X(SEND_FRAME, "send-frame")           /* one frame, any field forged */                                            \
    X(SEND_BYTES, "send-bytes")           /* raw bytes */                                                              \
    X(HEARTBEAT, "heartbeat")             /* switch the client's own heartbeat */                                      \
    X(DROP, "drop")                       /* end the TCP connection: FIN or RST */                                     \
    X(TRIGGER, "trigger")                 /* make the server emit an event */                                          \
    X(WAIT, "wait")                       /* let time pass; invariants hold meanwhile */

typedef enum gw_step_kind {
#define GW_STEP_ENUM(name, key) GW_STEP_##name,
    GW_STEP_TABLE(GW_STEP_ENUM)
#undef GW_STEP_ENUM
} gw_step_kind;

/* Which moment a window counts from. */
typedef enum gw_since {
    GW_SINCE_STEP,      /* the wire time at which the previous step was satisfied (default) */
    GW_SINCE_HELLO,     /* this client's hello */
    GW_SINCE_HEARTBEAT, /* the last heartbeat this client sent; its hello when it sent none */
    GW_SINCE_OPEN       /* the 101 (before it, the TCP connection) */
} gw_since;

/* [after, within]: strict; up to non_strict_within: non-strict. NULL: not stated. */
typedef struct gw_window {
    gw_since since;
    const gw_expr *after;
    const gw_expr *within;
    const gw_expr *non_strict_within;
} gw_window;

/* A set of close codes or HTTP status codes; ranges "3000-3999" and classes "4xx" are ranges. `codes` of an ending:
 * empty is any. A non-strict set: empty is nothing; the loader writes "any" out as 0 - 65535 and none. A status set is
 * never empty where one is needed. */
typedef struct gw_code_set {
    struct {
        uint16_t low, high;
    } ranges[GW_PROGRAM_MAX_CODES];
    uint8_t count;
    bool none; /* "none": a close without Close frame, or an empty Close */
} gw_code_set;

/* What travels in a frame. Exactly one of event, json, text, hex is set, or none of them (empty payload). */
typedef struct gw_payload {
    const char *event;  /* name in the protocol description; encoded in its envelope */
    const cJSON *data;  /* template for the event's data; NULL: the description's default ({}) */
    bool data_absent;   /* `data: absent`: the envelope goes without data */
    const cJSON *id;    /* overrides the event's id with any JSON value */
    const cJSON *extra; /* further members of the envelope, object template */
    const cJSON *json;  /* any JSON value, compact, no envelope */
    const char *text;   /* with ${...}; may hold inner NULs: text_len */
    size_t text_len;
    const uint8_t *hex; /* decoded */
    size_t hex_len;
    uint32_t repeat; /* the payload that many times in a row, default 1 */
    uint64_t pad_to; /* white space behind a JSON text up to that many bytes; 0: none */
    bool has_slice;
    uint32_t slice_from, slice_to; /* bytes [from, to) of the payload */
    bool has_code;                 /* Close payload: code, then reason (or text / hex behind the code) */
    uint16_t code;
    const char *reason;
} gw_payload;

typedef enum gw_mask_choice { GW_MASK_RANDOM, GW_MASK_OFF, GW_MASK_KEY } gw_mask_choice;

/* A frame, or several alike. */
typedef struct gw_frame_spec {
    uint8_t opcode; /* 0 - 15 */
    bool fin;
    uint8_t rsv; /* 4: RSV1, 2: RSV2, 1: RSV3 */
    gw_mask_choice mask;
    uint8_t key[4];
    uint8_t length_form; /* 0: minimal; 7, 16, 64 */
    bool has_declared_length;
    uint64_t declared_length;
    gw_payload payload;
    uint32_t fragment;    /* SEND: payload bytes per fragment, 0: one frame */
    bool empty_fragments; /* SEND: with an empty fragment before each one and at the end */
} gw_frame_spec;

/* How sent bytes leave: in pieces, repeated, paced. */
typedef struct gw_pacing {
    uint32_t chop;        /* bytes a write; 0: one write */
    const gw_expr *pause; /* between pieces, or between fragments */
    const gw_expr *every; /* repeat: from one sending to the next */
    uint32_t times;       /* sendings, default 1; 0: until the connection ends (background only) */
    bool background;      /* go on with the next step at once */
} gw_pacing;

/* Changes to the well-formed upgrade request, or to the well-formed answer of a played server. */
typedef struct gw_request_spec {
    const char *method;  /* NULL: GET */
    const char *target;  /* NULL: the endpoint's path and query */
    const char *version; /* NULL: HTTP/1.1 */
    uint32_t status;     /* of an answer; 0: 101 */
    const char *reason;  /* of an answer; NULL: the usual one */
    struct {
        const char *name;
        const char *value; /* NULL: header is left out; else it replaces, or with `add`, comes beside */
        bool add;
    } headers[GW_PROGRAM_MAX_HEADERS];
    size_t header_count;
    const char *header_case; /* NULL, "lower" or "upper": of all header names */
    const char *raw;         /* the whole request instead; may contain ${...} */
    size_t raw_len;
    bool unfinished; /* leave out the blank line that ends the head */
} gw_request_spec;

typedef enum gw_heartbeat_mode {
    GW_HEARTBEAT_AUTO, /* every I / 2 after hello */
    GW_HEARTBEAT_OFF,
    GW_HEARTBEAT_REPLY, /* only in reply to each heartbeat of the server */
    GW_HEARTBEAT_EVERY  /* every `heartbeat_every` */
} gw_heartbeat_mode;

/* A scripted side of one connection, declared by the connect, upgrade or accept step that names it: a client, or the
 * server that a client under test has connected to. */
typedef struct gw_client_spec {
    const char *name;
    const char *room;        /* default "main" */
    const char *participant; /* default: the client's own name; same name in the same room = same participant */
    gw_heartbeat_mode heartbeat;
    const gw_expr *heartbeat_every;
    const gw_expr *interval; /* ACCEPT: what the played server announces */
    bool hello;              /* ACCEPT: the played server says hello by itself */
    bool greet;              /* says what the protocol has the client say first */
    bool answer_asks;        /* answers what the server asks at once */
    bool answer_pings;
    bool answer_close; /* echoes a Close */
    bool read;         /* false: reads nothing after the handshake (a stalled reader) */
} gw_client_spec;

typedef enum gw_item_kind {
    GW_ITEM_EVENT, /* a packet with a known event */
    GW_ITEM_FRAME  /* a ping, pong, close, text or binary message as a frame */
} gw_item_kind;

/* What an expect looks for. */
typedef struct gw_pattern {
    gw_item_kind kind;
    const char *event; /* GW_ITEM_EVENT */
    const cJSON *data; /* template with matchers; NULL: any */
    uint8_t opcode;    /* GW_ITEM_FRAME */
    bool has_payload;
    const char *payload; /* with ${...} */
    size_t payload_len;
} gw_pattern;

typedef struct gw_step {
    gw_step_kind kind;
    const char *rule; /* requirement id named when this step fails; never NULL: the loader fills in the default */
    gw_place place;
    uint16_t on[GW_PROGRAM_MAX_ON]; /* indexes of clients */
    uint8_t on_count;
    gw_window window;
    union {
        struct {                       /* CONNECT, UPGRADE, ACCEPT */
            gw_request_spec request;   /* or the answer */
            gw_pacing pacing;          /* of it */
            const gw_frame_spec *with; /* frames in its own segment */
            size_t with_count;
            bool or_skip; /* ACCEPT: a client that does not come is `skipped: not observed` */
        } connect;
        struct { /* EXPECT_RESPONSE */
            gw_code_set status, non_strict_status;
            bool non_strict_close; /* a bare close is non-strict */
            const cJSON *headers;  /* name -> matcher; null: must be absent. Names in lower case */
            const cJSON
                *non_strict_headers; /* what suffices for non-strict when `headers` do not hold; NULL: nothing */
        } response;
        struct { /* EXPECT, EXPECT_NONE, EXPECT_CADENCE */
            gw_pattern pattern;
            uint32_t count; /* default 1 */
            bool exact;     /* count was stated: one more within settle is a failure */
            const gw_expr *settle;
            bool skip_if_absent;     /* absence is `skipped: not observed`, not a failure */
            const gw_expr *first;    /* CADENCE: the first one by then (since hello); window.within is its upper gap */
            const gw_expr *min_gap;  /* CADENCE */
            const gw_expr *duration; /* NONE, CADENCE: watch for that long */
        } expect;
        struct { /* EXPECT_CLOSE, EXPECT_FAIL, EXPECT_REACTION, EXPECT_OPEN */
            gw_code_set codes, non_strict_codes;
            bool non_strict_any;       /* FAIL: any other ending is non-strict (default true); CLOSE: default false */
            const gw_expr *fin_within; /* the TCP connection must end that soon after the Close frame */
            bool ignore, close;        /* REACTION: which of them are allowed */
        } end;
        struct { /* SEND, SEND_FRAME */
            const gw_frame_spec *frames;
            size_t frame_count;
            gw_pacing pacing;
        } send;
        struct { /* SEND_BYTES: hex or text of payload */
            gw_payload payload;
            gw_pacing pacing;
        } bytes;
        struct {
            gw_heartbeat_mode mode;
            const gw_expr *every;
        } heartbeat;
        struct {
            bool reset; /* RST instead of FIN */
        } drop;
        struct { /* TRIGGER */
            const char *event;
            const char *room;
            uint16_t by;       /* client index, or UINT16_MAX */
            const cJSON *data; /* template */
            const char *save;  /* variable for the data as sent, or NULL */
            uint32_t times;    /* default 1 */
            bool optional;     /* a refusal by the server is not an error */
        } trigger;
        struct {
            const gw_expr *duration;
        } wait;
    } as;
} gw_step;

typedef enum gw_level { GW_LEVEL_MUST, GW_LEVEL_SHOULD, GW_LEVEL_MAY, GW_LEVEL_OPEN } gw_level;
typedef enum gw_canary { GW_CANARY_AUTO, GW_CANARY_ON, GW_CANARY_OFF } gw_canary;

/* Skipped unless the target's knob has that value. */
typedef struct gw_condition {
    const char *knob, *value;
} gw_condition;

/* One runnable instance. */
typedef struct gw_scenario {
    const char *id;     /* "framing/reserved-bit/2" */
    const char *family; /* "framing/reserved-bit": the file's id, the same for all its instances */
    uint32_t order;     /* its number among the instances of the file */
    const char *file;   /* path as the user would open it */
    gw_role role;       /* who is under test */
    const char *title;
    const char *description; /* may be NULL */
    gw_level level;
    const char *const *requires_ids;
    size_t requires_count; /* at least 1 */
    const char *const *tags;
    size_t tag_count;
    const char *const *allow; /* rules whose violation this scenario tolerates */
    size_t allow_count;
    bool negative;                  /* sends something illegal, so that the canary follows */
    const gw_condition *conditions; /* skipped unless the target's knob has that value */
    size_t condition_count;
    const char *lacks;           /* what it needs and the protocol does not have: it is skipped; NULL: nothing */
    const char *const *triggers; /* events whose trigger it needs */
    size_t trigger_count;
    size_t room_count; /* rooms it names */
    const gw_client_spec *clients;
    size_t client_count;
    const gw_step *steps;
    size_t step_count;
    const gw_expr *timeout; /* hard end, default 30 s + 12 * I */
} gw_scenario;

#endif
