/* The heartbeat model: one pure state machine that judges a peer of either role on one connection. Floor 2.
 *
 * The peer is who is under test; "in" is what it sends, "out" is what we send. Times are wire times, in order. */
#ifndef GW_PROTOCOL_HEARTBEAT_H
#define GW_PROTOCOL_HEARTBEAT_H

#include "protocol/packet.h"
#include "protocol/violation.h"

enum { GW_HEARTBEAT_MAX_ASKS = 32 };

/* X(NAME, "word"): what can happen. */
#define GW_HEARTBEAT_INPUT_TABLE(X)                                                                                    \
    X(HELLO_IN, "hello in")                                                                                            \
    X(HELLO_OUT, "hello out")                                                                                          \
    X(BEAT_IN, "heartbeat in")                                                                                         \
    X(BEAT_OUT, "heartbeat out")                                                                                       \
    X(ASK_IN, "ask in")                                                                                                \
    X(ASK_OUT, "ask out")                                                                                              \
    X(ANSWER_IN, "answer in") /* to a question of ours; a heartbeat that answers is a heartbeat */                     \
    X(ANSWER_OUT, "answer out")                                                                                        \
    X(GREETING_IN, "greeting in") /* the client's first message */                                                     \
    X(GREETING_OUT, "greeting out")                                                                                    \
    X(EVENT_IN, "event in")   /* any other message of the peer */                                                      \
    X(EVENT_OUT, "event out") /* any other message of ours */                                                          \
    X(TICK, "tick")           /* time passes; all that arrived until then was handed over before */                    \
    X(DROP_IN, "drop in")     /* the peer ends the connection and nothing else explains it */                          \
    X(END, "end")             /* the connection ends for a reason that is none of the heartbeat's */
typedef enum gw_heartbeat_input_kind {
#define GW_HEARTBEAT_ENUM(name, word) GW_HEARTBEAT_##name,
    GW_HEARTBEAT_INPUT_TABLE(GW_HEARTBEAT_ENUM)
#undef GW_HEARTBEAT_ENUM
        GW_HEARTBEAT_INPUT_COUNT
} gw_heartbeat_input_kind;

/* What a heartbeat says of the last sequence number. */
typedef enum gw_heartbeat_value {
    GW_HEARTBEAT_VALUE_UNKNOWN, /* not judged */
    GW_HEARTBEAT_VALUE_NULL,
    GW_HEARTBEAT_VALUE_NUMBER,
    GW_HEARTBEAT_VALUE_OTHER
} gw_heartbeat_value;

typedef struct gw_heartbeat_input {
    gw_heartbeat_input_kind kind;
    gw_ns at;
    gw_ns interval;    /* HELLO: as announced; 0: unusable, so that nothing is timed */
    gw_ns timeout;     /* HELLO: T, 0: none */
    bool by_close;     /* DROP_IN: with a Close frame; else a bare end */
    unsigned code;     /* DROP_IN by_close: 1005 when it had none */
    bool echo_known;   /* an answer's echo was looked at, also when it is 0 */
    uint64_t echo;     /* of a question: what its answer repeats; of an answer: what it repeated (gw_heartbeat_echo); 0:
                          unknown */
    bool has_sequence; /* the message's own number */
    int64_t sequence;
    gw_heartbeat_value value; /* BEAT: what its data says */
    int64_t value_number;
} gw_heartbeat_input;

typedef enum gw_heartbeat_state { GW_HEARTBEAT_WAITING, GW_HEARTBEAT_LIVE, GW_HEARTBEAT_ENDED } gw_heartbeat_state;

typedef struct gw_heartbeat {
    const gw_protocol *protocol;
    gw_role peer;
    double eps_scale;
    gw_heartbeat_state state;
    gw_ns opened, hello_at;
    gw_ns greeted;       /* the client's first message; GW_NEVER: not yet */
    gw_ns interval, eps; /* 0 until hello */
    gw_expr_env env;     /* of this connection, since hello */
    gw_ns peer_base;     /* the peer's last heartbeat, or what started its timer */
    gw_ns own_base;      /* our last heartbeat, or what started our timer */
    uint32_t peer_beats, own_beats;
    uint32_t fast_beats;                    /* in a row that came sooner than min_gap */
    gw_ns asks[GW_HEARTBEAT_MAX_ASKS];      /* of ours that wait for an answer, oldest first, as a ring */
    uint64_t echoes[GW_HEARTBEAT_MAX_ASKS]; /* what their answers repeat */
    uint32_t ask_first, ask_count;
    gw_ns own_ask_at;  /* the peer's oldest question that we have not answered, GW_NEVER when there is none */
    gw_ns own_ask_due; /* our answer to it is due */
    gw_ns crossed; /* until then the peer may drop us for the silence before our last heartbeat, which came late and may
                      have crossed with the end */
    bool has_sequence, had_sequence; /* sent by us; before the peer's last heartbeat */
    int64_t sequence, sequence_low;
    /* each is reported once for each silence */
    bool early_event, hello_never, cadence_missed, drop_missed, fast_reported;
} gw_heartbeat;

/* opened: when the 101 was complete. eps_scale: 1.0, or more on slow machines. */
void gw_heartbeat_init(gw_heartbeat *heartbeat, const gw_protocol *protocol, gw_role peer, double eps_scale,
                       gw_ns opened);
/* Takes what happened; violations go to the sink. Inputs after an end are ignored. */
void gw_heartbeat_take(gw_heartbeat *heartbeat, const gw_heartbeat_input *input, gw_violation_sink sink);
/* Which input an event of `peer` (in) or of ours is. event NULL: unknown. */
gw_heartbeat_input_kind gw_heartbeat_classify(const gw_protocol *protocol, const gw_event *event, bool in,
                                              gw_role peer);
/* What a question of `sender` wants to be repeated, or what an answer of `sender` repeats; 0: nothing. */
uint64_t gw_heartbeat_echo(const gw_protocol *protocol, const gw_event *event, const cJSON *data, gw_role sender);
/* The whole input of a packet: kind, times of a hello, echo, sequence. */
gw_heartbeat_input gw_heartbeat_read(const gw_protocol *protocol, const gw_packet *packet, bool in, gw_role peer,
                                     gw_ns at);
const char *gw_heartbeat_input_word(gw_heartbeat_input_kind kind);

/* All GW_NEVER where nothing is due. Each is the last moment that still conforms. */
typedef struct gw_heartbeat_deadlines {
    gw_ns hello, hello_non_strict;   /* the peer's hello */
    gw_ns peer_beat;                 /* the peer's next heartbeat */
    gw_ns answer, answer_non_strict; /* the peer's answer to our oldest ask */
    gw_ns drop_earliest;             /* if we stay silent, the peer drops us from here on ... */
    gw_ns drop, drop_non_strict;     /* ... until here */
    gw_ns own_beat;                  /* our next heartbeat, so that the peer has no ground to drop us */
    gw_ns greeting;                  /* the peer's first message */
    gw_ns own_greeting;              /* ours, so that the peer has no ground to drop us */
    gw_ns own_answer;                /* our answer to the peer's ask, strictly */
    gw_ns next_tick;                 /* when a TICK can bring a violation: just after the earliest of the peer's */
} gw_heartbeat_deadlines;
gw_heartbeat_deadlines gw_heartbeat_due(const gw_heartbeat *heartbeat);
/* For expressions of scenarios. */
gw_expr_env gw_heartbeat_env(const gw_heartbeat *heartbeat);

#endif
