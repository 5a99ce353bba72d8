/* What the engine's files share. Private to floor 3.
 *
 *   engine.c        life of a run: start, steps in turn, result
 *   canary.c        is the server still alive after what was done to it
 *   conn.c          bytes in: handshake response, frames, messages, items of the inbox
 *   invariant.c     rules that hold on every connection all the time
 *   client.c        what a scripted side does by itself: heartbeats, answers, Pongs, the Close echo
 *   server.c        what only a played server does: the answer to an upgrade, hello
 *   mask.c          are a client's masking keys fresh, and its heartbeats no storm
 *   send.c, out.c   payloads and frames to bytes; the queue of timed writes
 *   step_*.c        one family of steps each
 *   judge.c         findings, windows, what lateness makes inconclusive
 *   flood.c         more than anybody asked for: bounds of what is received and kept
 *   wirelog.c       the readable record
 */
#ifndef GW_SCENARIO_ENGINE_INTERNAL_H
#define GW_SCENARIO_ENGINE_INTERNAL_H

#include "base/rng.h"
#include "protocol/heartbeat.h"
#include "protocol/packet.h"
#include "scenario/engine.h"
#include "scenario/match.h"
#include "scenario/vars.h"
#include "wire/close.h"
#include "wire/frame.h"
#include "wire/handshake.h"
#include "wire/message.h"

enum {
    MAX_MESSAGE_BYTES = 4 << 20, /* kept of one message */
    MAX_HEAD_BYTES = 64 << 10,
    MAX_FINDINGS = 32,
    MAX_OUT_BYTES = 256 << 20, /* queued on one connection */
    MAX_TEXT = 512,            /* expected and observed */
    MAX_INCOMING = 100,        /* connections that a client under test makes in one scenario */
    STORM_BEATS = 20           /* heartbeats of a client in a second, answers apart */
};

#define CANARY_WITHIN (5 * GW_S)
/* So long after something illegal a client under test may still die of it. */
#define DEATH_WITHIN (400 * GW_MS)
/* ... and so long when it has printed something, or dropped its connection: an interpreter takes its time to end. */
#define DEATH_DUE (1 * GW_S)
/* Hello stays so long behind the answer, so that it comes in a segment of its own: only some scenarios are about both
 * in one. */
#define HELLO_AFTER (20 * GW_MS)
/* A client under test is started, and may have a browser to start; then it has so long for its connection. */
#define ACCEPT_WITHIN (15 * GW_S)

/* ---- Inbox ---- */

typedef struct gw_item {
    gw_ns at;
    uint8_t opcode;        /* text, binary, ping, pong or close */
    const gw_event *event; /* of a packet whose event is known, else NULL */
    gw_packet *packet;     /* of a text message that is JSON; owned */
    uint8_t *payload;      /* owned */
    size_t len;
    size_t weight; /* bytes of memory, estimated */
} gw_item;

typedef struct gw_inbox {
    gw_item *items; /* items[first .. count) are kept */
    size_t first, count, capacity;
    size_t cursor; /* expect scans from here on */
    size_t weight; /* of the items that are kept */
} gw_inbox;

/* ---- Outgoing ---- */

enum {
    OUT_HEARTBEAT = 1, /* the server's timer counts it */
    OUT_STIMULUS = 2,  /* what a crash would be blamed on */
    OUT_CLOSE = 4,
    OUT_FIN = 8,
    OUT_RST = 16,
    OUT_UNTIMED = 32, /* the heartbeat model can no longer tell what the server must do on this connection */
    OUT_HABIT = 64,   /* the client does it by itself, perhaps in answer: no step asks the server for anything */
    OUT_UPGRADE = 128 /* the answer to an upgrade: with its last byte the connection is open, or refused */
};

typedef struct gw_out gw_out;
struct gw_out {
    gw_out *next;
    uint8_t *bytes; /* owned */
    size_t len, pos, chop;
    gw_ns pause; /* between pieces */
    gw_ns due;   /* of the next piece */
    bool paced;  /* that is a pause after another's; else it may have to wait for others */
    unsigned flags;
    char *label;           /* for the wire log; owned, may be NULL */
    const gw_event *event; /* what the heartbeat model is to hear of, `times` times; NULL: nothing */
    uint32_t times;
    uint64_t echo;           /* what its answer repeats */
    gw_ns interval, timeout; /* of a hello */
};

/* ---- Connection ---- */

typedef enum gw_conn_state {
    CONN_IDLE,
    CONN_PROVISIONING,
    CONN_OPENING,
    CONN_UPGRADING, /* the request is on its way, or its answer */
    CONN_REFUSED,   /* an answer other than 101 */
    CONN_OPEN,
    CONN_ENDED
} gw_conn_state;

typedef struct gw_conn {
    gw_engine *engine;
    unsigned index;
    const gw_client_spec *spec;
    gw_conn_state state;
    const gw_step *opened_by;
    bool canary;

    /* from the target */
    gw_arena arena;
    gw_endpoint endpoint;

    /* handshake */
    gw_buf request;             /* as sent */
    gw_buf head;                /* of the response, as received */
    gw_head *parser;            /* while the response comes in; owned */
    unsigned status;            /* 0: no response yet */
    cJSON *headers;             /* of the response, names in lower case; values of one name joined by ", " */
    char key[64];               /* Sec-WebSocket-Key as sent */
    bool requested;             /* a client's request is complete */
    const char *response_fault; /* a response that is no HTTP response: why */

    /* frames */
    gw_frame_decoder decoder;
    gw_message message;
    gw_buf payload;
    gw_inbox inbox;
    gw_out *out, *out_last;
    size_t out_bytes;             /* queued */
    size_t asked_bytes, in_bytes; /* sent by steps; received */
    size_t charged;               /* to the memory of the run */
    bool in_flight;               /* a SEND was handed out */
    uint32_t ping_count;          /* sent, or possibly sent */
    gw_heartbeat model;
    bool timed;     /* the model is judging */
    bool addressed; /* what a step sent has left, or begun to: habits apart */

    /* times; GW_NEVER: not yet */
    gw_ns tcp_at, open_at, response_at, hello_at, beat_at, sent_at, close_at, end_at;
    gw_ending ending;
    bool close_received, close_has_code, close_sent, fin_sent;
    bool close_unasked; /* the peer's Close came before ours left */
    bool compressed;    /* permessage-deflate was agreed on (RFC 7692) */
    uint16_t close_code;
    gw_ns interval, timeout; /* I and T in ns, 0 before hello */
    bool has_sequence;       /* the last one that came in an envelope */
    int64_t sequence;
    uint64_t echo;                     /* of the event that was built last */
    gw_ns said_interval, said_timeout; /* of the hello that was built last */

    /* what a client under test sends */
    struct conn_masks {
        uint32_t last, step_be, step_le;   /* the latest key, and how it differed from the one before */
        uint32_t count, repeated, counted; /* keys; equal ones in a row; such a difference in a row */
    } masks;
    struct conn_storm {
        gw_ns beats[STORM_BEATS]; /* the latest ones that nobody asked for, as a ring */
        uint32_t count, asked;    /* asked: answers that may still come */
    } storm;

    /* the client's own habits */
    gw_heartbeat_mode heartbeat;
    const gw_expr *heartbeat_every;
    gw_ns next_beat_at;
} gw_conn;

/* A sender that repeats (pacing.every, pacing.times). */
typedef struct gw_repeat {
    const gw_step *step;
    unsigned conn;
    uint32_t left; /* UINT32_MAX: until the connection ends */
    gw_ns every, due;
    bool active;
} gw_repeat;

enum { MAX_REPEATS = 32 };

/* Progress of the current step on one client. */
typedef struct gw_progress {
    bool done;
    gw_ns at; /* when it was satisfied, on the wire */
    uint32_t count;
    gw_ns last_at;
    size_t scan; /* inbox index */
    bool barrier_sent;
    char nonce[24];
    gw_ns barrier_at;
} gw_progress;

typedef struct gw_late {
    gw_ns at, lateness;
} gw_late;

enum { MAX_LATE = 64 };

typedef struct gw_wirelog {
    gw_wire_entry *entries; /* ring behind a fixed head */
    size_t count, dropped, head_max, max;
    size_t ring_start;
} gw_wirelog;

typedef enum gw_phase { PHASE_IDLE, PHASE_STEPS, PHASE_CANARY, PHASE_CLOSING, PHASE_DONE } gw_phase;

struct gw_engine {
    gw_engine_config config;
    const gw_scenario *scenario;
    gw_rng rng;
    gw_vars vars;
    gw_phase phase;
    gw_ns started, now, hard_deadline;

    gw_conn *conns; /* one per client; the canary's is the last */
    unsigned conn_count;

    size_t step; /* index of the current one */
    bool step_begun;
    gw_ns step_begun_at;
    gw_ns since; /* wire time at which the previous step was satisfied */
    gw_ns step_deadline;
    gw_progress progress[GW_PROGRAM_MAX_ON];
    gw_repeat repeats[MAX_REPEATS];

    /* trigger in flight */
    unsigned trigger_number, triggers_open;
    cJSON *trigger_data;
    bool trigger_failed;

    struct gw_queued {
        gw_action action;
    } * queue;
    size_t queue_first, queue_count, queue_capacity;
    unsigned next_conn; /* round robin of writes */

    gw_finding findings[MAX_FINDINGS];
    size_t finding_count;
    bool failed; /* a finding ended the steps */
    bool hello_seen;
    const char *flooded; /* the server sends without end: what was too much; static */
    bool storm;          /* it is one connection of a client that floods */
    bool pong_missing;   /* a finding rests on a Pong that did not come */
    bool pong_seen;
    bool pong_differs;  /* one came with other data, while that of a step was waited for */
    gw_ns spoke_at;     /* the client under test printed something; GW_NEVER: not yet */
    const char *exited; /* how the client under test ended; NULL: it runs, or nobody knows */
    unsigned incoming;  /* connections that it made */
    bool ended_by_us;   /* a FIN or RST left since the steps were last looked at */
    bool stimulated;    /* something was sent that may explain any ending */
    gw_ns scenario_end;

    gw_late late[MAX_LATE];
    size_t late_count;
    gw_ns worst_late;

    gw_wirelog log;
    gw_buf stimulus;
    gw_result *result;
};

/* Who is played here: the other side is under test. */
static inline gw_role engine_role(const gw_engine *e) {
    return gw_role_other(e->scenario->role);
}
/* "server" or "client": who is under test. */
static inline const char *engine_peer(const gw_engine *e) {
    return e->scenario->role == GW_ROLE_SERVER ? "server" : "client";
}

/* ---- judge.c ---- */

/* The same for a time that the peer has; GW_NEVER when deadlines are off. */
gw_ns judge_limit(const gw_engine *e, const gw_conn *c, const gw_expr *expr);

/* Time of an expression for a connection: I and eps are that connection's; what is not written in I is scaled. */
gw_ns judge_time(const gw_engine *e, const gw_conn *c, const gw_expr *expr);
gw_ns judge_eps(const gw_engine *e, const gw_conn *c);
gw_ns judge_since(const gw_engine *e, const gw_conn *c, const gw_window *window);
/* A finding. `timed`: it rests on a time, so lateness of the harness since `from` can turn it inconclusive. */
void judge_find(gw_engine *e, gw_verdict verdict, const char *rule, const gw_conn *c, const gw_step *step,
                const char *expected, const char *observed);
void judge_fail_timed(gw_engine *e, const char *rule, const gw_conn *c, const gw_step *step, gw_ns from,
                      const char *expected, const char *observed);
/* A ${...} without a value: the target does not give it (a client's), or the scenario is wrong. False. */
bool judge_missing(gw_engine *e, const gw_conn *c, const gw_step *step, gw_span name);
/* The worst lateness noted in [from, now]. */
gw_ns judge_late_since(const gw_engine *e, gw_ns from);
/* Requirement id of a rule for the side under test. */
const char *judge_rule(const gw_engine *e, gw_rule rule);
bool judge_allows(const gw_engine *e, const char *rule);
enum { JUDGE_AFTER = 64 };
/* "after 12.0 ms", or how long before when it came before it was waited for. */
char *judge_after(gw_ns at, gw_ns since, char out[JUDGE_AFTER]);
/* "closed with 1002 (protocol error) after 12.0 ms" of an ended or closing connection. */
void judge_describe_end(const gw_conn *c, gw_ns since, char out[MAX_TEXT]);

/* ---- flood.c ---- */
size_t flood_weigh(const gw_item *item);
/* Bytes came in: is it too much? Then e->flooded says so. */
void flood_check(gw_conn *c);
/* Nothing of what came in is looked at any more: gives its memory back. */
void flood_release(gw_conn *c);

/* ---- wirelog.c ---- */
void wirelog_init(gw_wirelog *log);
void wirelog_deinit(gw_wirelog *log);
void wirelog_add(gw_engine *e, const gw_conn *c, gw_wire_direction direction, gw_ns at, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Bytes as a line: printable text as it is, the rest escaped, cut at `max` bytes. */
void wirelog_printable(gw_span bytes, size_t max, gw_buf *out);
/* Copies into the result's arena. */
void wirelog_finish(gw_engine *e, gw_result *result);

/* ---- conn.c ---- */
void conn_init(gw_conn *c, gw_engine *e, unsigned index, const gw_client_spec *spec);
void conn_deinit(gw_conn *c);
void conn_receive(gw_conn *c, uint8_t *bytes, size_t len, gw_ns at);
void conn_ended(gw_conn *c, gw_ending how, gw_ns at);
/* The server may now end any connection, or this one's timer is beyond the model. */
void conn_untime(gw_conn *c);
/* Builds and queues the upgrade request of c->opened_by. */
/* Where it goes: what the target said, and beside it what the protocol asks for (endpoint.c). */
void conn_set_endpoint(gw_conn *c, const gw_endpoint *from);
bool conn_upgrade(gw_conn *c);
/* The headers that a scenario changes, behind `count` fields; SIZE_MAX after a finding. */
size_t conn_edit_fields(gw_conn *c, const gw_request_spec *spec, gw_handshake_field *fields, size_t count);
/* ${...} replaced, in the connection's arena; false after a finding. */
bool conn_expand(gw_conn *c, const gw_step *step, gw_span text, gw_span *out);
void conn_change_case(gw_buf *head, const char *wanted);
/* The connection is open: frames from here on. */
void conn_open(gw_conn *c, gw_ns at, bool timed);
enum { CONN_MAX_FIELDS = GW_PROGRAM_MAX_HEADERS + 40 };
/* Items before `index` are no longer needed. */
void inbox_trim(gw_inbox *inbox);
static inline bool conn_is_up(const gw_conn *c) {
    return c->state == CONN_OPEN && !c->close_received;
}

/* ---- server.c ---- */
void server_receive(gw_conn *c, uint8_t *bytes, size_t len, gw_ns at);
/* The answer to the upgrade has left. */
void server_answered(gw_conn *c, gw_ns at, unsigned flags);
/* Puts what the played server announces into a hello's data. */
void server_fill_hello(gw_conn *c, cJSON *data);
/* Reads it out of data that the scenario gives. */
void server_read_hello(gw_conn *c, const cJSON *data);
/* Hello, where it comes by itself: in answer to a greeting at once. */
void server_say_hello(gw_conn *c, bool after_greeting);
/* The answer has left, and hello where it comes by itself. */
bool server_is_ready(const gw_conn *c);
/* The audit of an upgrade request (RFC 6455 section 4.1). */
void invariant_request(gw_conn *c, const gw_handshake_facts *facts, gw_span target, gw_ns at);

/* ---- mask.c ---- */
void mask_note(gw_conn *c);
void storm_note(gw_conn *c, gw_heartbeat_input_kind kind, gw_ns at);

/* ---- invariant.c ---- */
void invariant_broken(gw_conn *c, gw_rule rule, const char *expected, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void invariant_response(gw_conn *c, const gw_handshake_facts *facts, const gw_head *request, const gw_head *response,
                        gw_ns at);
void invariant_header(gw_conn *c, gw_ns at);
void invariant_control(gw_conn *c, gw_ns at);
/* A complete data message; sets the item's packet and event. */
void invariant_message(gw_conn *c, gw_item *item, gw_ns at);

/* Tells the heartbeat model; what it finds is judged as timed. */
void invariant_time(gw_conn *c, gw_heartbeat_input input);

/* ---- client.c ---- */
/* The handshake is done. */
void client_on_open(gw_conn *c);
void client_on_item(gw_conn *c, const gw_item *item);
void client_on_tick(gw_conn *c, gw_ns now);
gw_ns client_deadline(const gw_conn *c);
void client_beat(gw_conn *c, gw_ns due);
/* The data that the protocol has this client send with an event, a new value; NULL: absent. `question`: what it
 * answers, or NULL. */
cJSON *client_data(gw_conn *c, const gw_event *event, const cJSON *question);
void client_schedule_beat(gw_conn *c, gw_ns from);

/* An event with its usual data. `question`: what it answers, or NULL. */
void client_say(gw_conn *c, const gw_event *event, const cJSON *question, gw_ns due);
/* Our hello has left, or the peer's has come. */
void client_learn_hello(gw_conn *c, gw_ns at, gw_ns interval, gw_ns timeout);

/* ---- send.c ---- */
/* A message as the protocol lets this side send it: the event, else NULL. */
const gw_event *send_plain_event(const gw_engine *e, const gw_frame_spec *frame);
/* A Ping or Pong as it may be sent. */
bool send_plain_control(const gw_engine *e, const gw_frame_spec *frame);
/* Payload bytes appended to out; on a bad reference an ERROR finding, and false. */
bool send_payload(gw_conn *c, const gw_step *step, const gw_payload *payload, gw_buf *out);
/* One frame (or its fragments: then *fragmented, which may be NULL, is set) appended to out; `label` gets the readable
 * form. */
bool send_frame(gw_conn *c, const gw_step *step, const gw_frame_spec *spec, gw_buf *out, gw_buf *label,
                bool *fragmented);

/* ---- out.c ---- */
/* Queues a copy of bytes. NULL when there is no room, which is then a finding. */
gw_out *out_push(gw_conn *c, gw_span bytes, const gw_pacing *pacing, unsigned flags, const char *label, gw_ns due);
/* The same, taking the buffer's memory: it is empty afterwards. */
gw_out *out_push_owned(gw_conn *c, gw_buf *bytes, const gw_pacing *pacing, unsigned flags, const char *label,
                       gw_ns due);
void out_push_end(gw_conn *c, unsigned flag, gw_ns due);
/* A legal frame at once. */
bool out_push_frame(gw_conn *c, unsigned opcode, gw_span payload, unsigned flags, gw_ns due);
/* The same with an event of the protocol, of which the heartbeat model hears. */
bool out_push_event(gw_conn *c, const gw_event *event, gw_span message, uint64_t echo, gw_ns due);
/* What the heartbeat model is to hear of, `times` times, once it has left. */
void out_set_event(gw_conn *c, gw_out *out, const gw_event *event, uint32_t times, uint64_t echo);
bool out_next(gw_engine *e, gw_action *action);
void out_sent(gw_conn *c, gw_ns at);
void out_drop_first(gw_conn *c);
void out_clear(gw_conn *c);
gw_ns out_deadline(const gw_conn *c);

/* ---- step_*.c ---- */
typedef enum gw_step_state { STEP_RUNNING, STEP_DONE, STEP_FAILED } gw_step_state;
typedef struct gw_step_handler {
    void (*begin)(gw_engine *e, const gw_step *step);
    gw_step_state (*poll)(gw_engine *e, const gw_step *step); /* sets e->step_deadline and, when done, e->since */
} gw_step_handler;

extern const gw_step_handler step_handlers[];

void step_accept_begin(gw_engine *e, const gw_step *step);
gw_step_state step_accept_poll(gw_engine *e, const gw_step *step);
void step_connect_begin(gw_engine *e, const gw_step *step);
gw_step_state step_connect_poll(gw_engine *e, const gw_step *step);
gw_step_state step_upgrade_poll(gw_engine *e, const gw_step *step);
gw_step_state step_response_poll(gw_engine *e, const gw_step *step);
void step_expect_begin(gw_engine *e, const gw_step *step);
gw_step_state step_expect_poll(gw_engine *e, const gw_step *step);
gw_step_state step_none_poll(gw_engine *e, const gw_step *step);
gw_step_state step_cadence_poll(gw_engine *e, const gw_step *step);
void step_end_begin(gw_engine *e, const gw_step *step);
gw_step_state step_close_poll(gw_engine *e, const gw_step *step);
gw_step_state step_fail_poll(gw_engine *e, const gw_step *step);
gw_step_state step_reaction_poll(gw_engine *e, const gw_step *step);
gw_step_state step_open_poll(gw_engine *e, const gw_step *step);
void step_send_begin(gw_engine *e, const gw_step *step);
gw_step_state step_send_poll(gw_engine *e, const gw_step *step);
void step_heartbeat_begin(gw_engine *e, const gw_step *step);
void step_drop_begin(gw_engine *e, const gw_step *step);
gw_step_state step_drop_poll(gw_engine *e, const gw_step *step);
void step_trigger_begin(gw_engine *e, const gw_step *step);
gw_step_state step_trigger_poll(gw_engine *e, const gw_step *step);
gw_step_state step_wait_poll(gw_engine *e, const gw_step *step);
void step_repeat_tick(gw_engine *e, gw_ns now);
gw_ns step_repeat_deadline(const gw_engine *e);

/* ---- canary.c ---- */
const gw_client_spec *canary_client(void);
bool canary_is_wanted(const gw_engine *e);
/* The client under test ended by a fault. */
void canary_client_died(gw_engine *e, const char *how);
/* Findings that rest on Pongs that never came are about Pings. */
void canary_settle_pongs(gw_engine *e);
void canary_begin(gw_engine *e);
void canary_poll(gw_engine *e);

/* ---- engine.c ---- */
void engine_finish(gw_engine *e);
void engine_queue(gw_engine *e, gw_action action);
void engine_open(gw_engine *e, gw_conn *c, const gw_step *step);

#endif
