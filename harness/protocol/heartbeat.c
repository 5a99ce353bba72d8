/* Floor 2: the heartbeat model. One table says what each input does in each state; gw_heartbeat_take alone changes the
 * state. Knows no clock, no bytes and no connection. */
#include "protocol/heartbeat_internal.h"

/* What an input does, in this order. */
enum {
    CHECK_TIME = 1 << 0, /* deadlines that passed before it */
    EARLY = 1 << 1,      /* a message before hello */
    START = 1 << 2,      /* hello: timers begin */
    AGAIN = 1 << 3,      /* a second hello */
    PEER_BEAT = 1 << 4,  /* the peer's heartbeat, which also answers our oldest ask */
    OWN_BEAT = 1 << 5,   /* our heartbeat, which also answers the peer's ask */
    OWN_ASK = 1 << 6,    /* we asked */
    PEER_ASK = 1 << 7,   /* the peer asked */
    DROPPED = 1 << 8,    /* the peer dropped us */
    NO_HELLO_DROP = 1 << 9,
    PEER_ANSWER = 1 << 10, /* the peer answered our oldest question */
    OWN_ANSWER = 1 << 11,  /* we answered the peer's */
    GREETED = 1 << 12      /* the client spoke first */
};

typedef struct transition {
    gw_heartbeat_state next;
    unsigned effects;
} transition;

#define ROW(input, state, effects) [GW_HEARTBEAT_##input] = {GW_HEARTBEAT_##state, effects}

static const transition table[3][GW_HEARTBEAT_INPUT_COUNT] = {
    [GW_HEARTBEAT_WAITING] =
        {
            ROW(HELLO_IN, LIVE, CHECK_TIME | START),
            ROW(HELLO_OUT, LIVE, CHECK_TIME | START),
            ROW(BEAT_IN, WAITING, CHECK_TIME | EARLY),
            ROW(BEAT_OUT, WAITING, CHECK_TIME),
            ROW(ASK_IN, WAITING, CHECK_TIME | EARLY),
            ROW(ASK_OUT, WAITING, CHECK_TIME),
            ROW(ANSWER_IN, WAITING, CHECK_TIME | EARLY),
            ROW(ANSWER_OUT, WAITING, CHECK_TIME),
            ROW(GREETING_IN, WAITING, CHECK_TIME | GREETED),
            ROW(GREETING_OUT, WAITING, CHECK_TIME | GREETED),
            ROW(EVENT_IN, WAITING, CHECK_TIME | EARLY),
            ROW(EVENT_OUT, WAITING, CHECK_TIME),
            ROW(TICK, WAITING, CHECK_TIME),
            ROW(DROP_IN, ENDED, CHECK_TIME | NO_HELLO_DROP),
            ROW(END, ENDED, 0),
        },
    [GW_HEARTBEAT_LIVE] =
        {
            ROW(HELLO_IN, LIVE, CHECK_TIME | AGAIN | START),
            ROW(HELLO_OUT, LIVE, CHECK_TIME | START),
            ROW(BEAT_IN, LIVE, CHECK_TIME | PEER_BEAT | PEER_ASK),
            ROW(BEAT_OUT, LIVE, CHECK_TIME | OWN_BEAT | OWN_ASK),
            ROW(ASK_IN, LIVE, CHECK_TIME | PEER_ASK),
            ROW(ASK_OUT, LIVE, CHECK_TIME | OWN_ASK),
            ROW(ANSWER_IN, LIVE, CHECK_TIME | PEER_ANSWER),
            ROW(ANSWER_OUT, LIVE, CHECK_TIME | OWN_ANSWER),
            ROW(GREETING_IN, LIVE, CHECK_TIME | GREETED),
            ROW(GREETING_OUT, LIVE, CHECK_TIME | GREETED),
            ROW(EVENT_IN, LIVE, CHECK_TIME),
            ROW(EVENT_OUT, LIVE, CHECK_TIME),
            ROW(TICK, LIVE, CHECK_TIME),
            ROW(DROP_IN, ENDED, CHECK_TIME | DROPPED),
            ROW(END, ENDED, CHECK_TIME),
        },
    [GW_HEARTBEAT_ENDED] =
        {
            ROW(HELLO_IN, ENDED, 0),
            ROW(HELLO_OUT, ENDED, 0),
            ROW(BEAT_IN, ENDED, 0),
            ROW(BEAT_OUT, ENDED, 0),
            ROW(ASK_IN, ENDED, 0),
            ROW(ASK_OUT, ENDED, 0),
            ROW(ANSWER_IN, ENDED, 0),
            ROW(ANSWER_OUT, ENDED, 0),
            ROW(GREETING_IN, ENDED, 0),
            ROW(GREETING_OUT, ENDED, 0),
            ROW(EVENT_IN, ENDED, 0),
            ROW(EVENT_OUT, ENDED, 0),
            ROW(TICK, ENDED, 0),
            ROW(DROP_IN, ENDED, 0),
            ROW(END, ENDED, 0),
        },
};

#define INPUT_WORD(name, word) word,
static const char *const words[] = {GW_HEARTBEAT_INPUT_TABLE(INPUT_WORD)};
#undef INPUT_WORD

const char *gw_heartbeat_input_word(gw_heartbeat_input_kind kind) {
    return words[kind];
}

void gw_heartbeat_init(gw_heartbeat *heartbeat, const gw_protocol *protocol, gw_role peer, double eps_scale,
                       gw_ns opened) {
    *heartbeat = (gw_heartbeat){.protocol = protocol,
                                .peer = peer,
                                .eps_scale = eps_scale,
                                .state = GW_HEARTBEAT_WAITING,
                                .opened = opened,
                                .greeted = GW_NEVER,
                                .peer_base = GW_NEVER,
                                .own_base = GW_NEVER,
                                .own_ask_at = GW_NEVER,
                                .own_ask_due = GW_NEVER};
    heartbeat->env = gw_protocol_env(protocol, peer, 0, 0, eps_scale);
    heartbeat->eps = heartbeat->env.eps;
}

/* ---- Effects ---- */

static void start(const gw_heartbeat_context *c) {
    gw_heartbeat *h = c->h;
    const gw_heartbeat_rules *r = heartbeat_rules(h);
    bool first = h->state == GW_HEARTBEAT_WAITING;
    h->hello_at = c->in->at;
    h->interval = c->in->interval > 0 ? c->in->interval : 0;
    h->env = gw_protocol_env(h->protocol, h->peer, h->interval, c->in->timeout, h->eps_scale);
    h->eps = h->env.eps;
    gw_ns base = r->starts == GW_STARTS_AT_BEAT               ? GW_NEVER
                 : r->starts == GW_STARTS_AT_CONNECT && first ? h->opened
                                                              : c->in->at;
    h->peer_base = h->own_base = base;
    h->cadence_missed = h->drop_missed = false;
}

static void greet(gw_heartbeat *h, gw_ns at) {
    if (h->greeted != GW_NEVER) return;
    h->greeted = at;
    h->drop_missed = false;
}

static void pop_answered(const gw_heartbeat_context *c) {
    if (!c->h->ask_count) return;
    heartbeat_judge_answer(c);
    heartbeat_pop_ask(c->h);
}

static void take_peer_beat(const gw_heartbeat_context *c) {
    gw_heartbeat *h = c->h;
    const gw_event *answer = heartbeat_own_question(h)->answer;
    bool answers = h->ask_count > 0 && answer && gw_protocol_is_beat(h->protocol, answer);
    if (answers)
        pop_answered(c);
    else
        heartbeat_judge_fast(c);
    if (answers) h->fast_beats = 0;
    heartbeat_judge_sequence(c);
    h->peer_beats++;
    h->peer_base = c->in->at;
    h->cadence_missed = false;
}

/* What we send now, before it counts: too late to be sure that it comes before the peer's deadline. A part of eps is
 * for its way there and the end's way back. */
static void note_crossing(gw_heartbeat *h, gw_ns at) {
    gw_heartbeat_deadlines d = gw_heartbeat_due(h);
    gw_ns back = gw_time_add(at, h->eps / 4);
    if (at >= d.drop_earliest) h->crossed = back < d.drop ? back : d.drop;
}

static void answer_peer(gw_heartbeat *h) {
    h->own_ask_at = h->own_ask_due = GW_NEVER;
    h->drop_missed = false;
}

static void take_own_beat(gw_heartbeat *h, gw_ns at) {
    const gw_event *answer = heartbeat_peer_question(h)->answer;
    h->own_beats++;
    h->own_base = at;
    h->drop_missed = false;
    if (answer && gw_protocol_is_beat(h->protocol, answer)) answer_peer(h);
}

/* A heartbeat is a question where it is to be answered. */
static bool is_question(const gw_question *q, const gw_beat *beat, gw_heartbeat_input_kind kind) {
    bool beats = kind == GW_HEARTBEAT_BEAT_IN || kind == GW_HEARTBEAT_BEAT_OUT;
    return q->event && (!beats || q->event == beat->send);
}

static void take_own_ask(gw_heartbeat *h, const gw_heartbeat_input *in) {
    const gw_beat *own = &heartbeat_rules(h)->beat[gw_role_other(h->peer)];
    if (!is_question(heartbeat_own_question(h), own, in->kind)) return;
    if (h->ask_count == GW_HEARTBEAT_MAX_ASKS) return; /* judged by those that are pending already */
    uint32_t slot = (h->ask_first + h->ask_count++) % GW_HEARTBEAT_MAX_ASKS;
    h->asks[slot] = in->at;
    h->echoes[slot] = in->echo;
}

static void take_peer_ask(gw_heartbeat *h, const gw_heartbeat_input *in) {
    const gw_question *q = heartbeat_peer_question(h);
    if (!is_question(q, heartbeat_peer_rule(h), in->kind) || h->own_ask_at != GW_NEVER) return;
    gw_ns wait = gw_expr_eval(q->strict, h->env);
    h->own_ask_at = in->at;
    h->own_ask_due = gw_time_add(in->at, wait > 0 ? wait : 0);
}

static void note_sequence(gw_heartbeat *h, const gw_heartbeat_input *in) {
    bool ours = in->kind == GW_HEARTBEAT_EVENT_OUT || in->kind == GW_HEARTBEAT_HELLO_OUT;
    if (!ours || !in->has_sequence) return;
    h->has_sequence = true;
    h->sequence = in->sequence;
}

void gw_heartbeat_take(gw_heartbeat *heartbeat, const gw_heartbeat_input *input, gw_violation_sink sink) {
    gw_heartbeat *h = heartbeat;
    if (!heartbeat_rules(h)->hello) return;
    /* Only the server says hello; one from the wrong side is a matter of direction, not of time. */
    if (input->kind == (h->peer == GW_ROLE_SERVER ? GW_HEARTBEAT_HELLO_OUT : GW_HEARTBEAT_HELLO_IN)) return;
    transition t = table[h->state][input->kind];
    gw_heartbeat_context c = {h, input, sink};
    if (t.effects & CHECK_TIME) heartbeat_check_time(&c);
    if (t.effects & EARLY) heartbeat_judge_early(&c);
    if (t.effects & AGAIN) heartbeat_judge_again(&c);
    if (t.effects & START) start(&c);
    if (t.effects & GREETED) greet(h, input->at);
    if (t.effects & PEER_BEAT) take_peer_beat(&c);
    if (t.effects & PEER_ANSWER) pop_answered(&c);
    if (t.effects & (OWN_BEAT | OWN_ANSWER)) note_crossing(h, input->at);
    if (t.effects & OWN_BEAT) take_own_beat(h, input->at);
    if (t.effects & OWN_ANSWER) answer_peer(h);
    if (t.effects & OWN_ASK) take_own_ask(h, input);
    if (t.effects & PEER_ASK) take_peer_ask(h, input);
    if (t.effects & DROPPED) heartbeat_judge_drop(&c);
    if (t.effects & NO_HELLO_DROP) heartbeat_judge_no_hello(&c);
    note_sequence(h, input);
    h->state = t.next;
}
