/* Connections of the core: their phases, deadlines and output. Pure. */
#include "reference-server/core_internal.h"
#include "reference-server/described.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

/* Output memory beyond this is given back once it is sent, so that idle connections stay small. */
enum { KEPT_OUT_BYTES = 512 };

#define TO(phase) (1u << GW_CORE_PHASE_##phase)
static const uint8_t allowed[GW_CORE_PHASES] = {
    [GW_CORE_PHASE_OPENING] = TO(SERVING) | TO(LINGERING) | TO(OVER) | TO(ABORTED),
    [GW_CORE_PHASE_SERVING] = TO(CLOSING) | TO(AFTER_CLOSE) | TO(LINGERING) | TO(OVER) | TO(ABORTED),
    [GW_CORE_PHASE_CLOSING] = TO(LINGERING) | TO(OVER) | TO(ABORTED),
    [GW_CORE_PHASE_AFTER_CLOSE] = TO(LINGERING) | TO(OVER) | TO(ABORTED),
    [GW_CORE_PHASE_LINGERING] = TO(OVER) | TO(ABORTED),
    [GW_CORE_PHASE_OVER] = TO(ABORTED),
    [GW_CORE_PHASE_ABORTED] = 0,
};
#undef TO

void gw_core_config_default(gw_core_config *config) {
    *config = (gw_core_config){.interval_ns = GW_S,
                               .max_message_bytes = 1 << 20,
                               .max_request_bytes = 16 << 10,
                               .max_queue_bytes = 4 << 20,
                               .max_connections = 100000,
                               .rate_messages = 10000,
                               .rate_window_ns = GW_S,
                               .handshake_timeout_ns = 5 * GW_S,
                               .close_timeout_ns = 2 * GW_S};
}

/* ---- phases ---- */

static gw_ns limit_of(const gw_core *core, gw_core_phase phase) {
    switch (phase) {
    case GW_CORE_PHASE_OPENING:
        return gw_core_has(core, GW_FAULT_STALLED_REQUEST_KEPT) ? GW_NEVER : core->config.handshake_timeout_ns;
    case GW_CORE_PHASE_CLOSING:
        return gw_core_has(core, GW_FAULT_CLOSE_WAITS_FOREVER) ? GW_NEVER : core->config.close_timeout_ns;
    case GW_CORE_PHASE_AFTER_CLOSE:
        return gw_core_has(core, GW_FAULT_TCP_LEFT_OPEN) ? GW_NEVER : 100 * GW_MS;
    case GW_CORE_PHASE_LINGERING:
    case GW_CORE_PHASE_OVER:
        return core->config.close_timeout_ns;
    default:
        return GW_NEVER;
    }
}

void gw_core_set_phase(gw_core_conn *conn, gw_core_phase phase) {
    if (conn->phase == phase) return;
    bool legal = allowed[conn->phase] & (1u << phase);
    assert(legal);
    (void)legal; /* only the assertion reads it */
    conn->phase = (uint8_t)phase;
    conn->limit_at = gw_time_add(conn->core->now, limit_of(conn->core, phase));
    if (phase >= GW_CORE_PHASE_LINGERING) gw_core_mark_ready(conn);
}

void gw_core_mark_ready(gw_core_conn *conn) {
    if (conn->ready) return;
    gw_core *core = conn->core;
    conn->ready = true;
    conn->ready_next = NULL;
    if (core->ready_last)
        core->ready_last->ready_next = conn;
    else
        core->ready_first = conn;
    core->ready_last = conn;
}

void gw_core_plan(gw_core_conn *conn) {
    gw_ns at = GW_NEVER;
    if (conn->core->state == GW_CORE_ALIVE && !conn->mute && conn->phase != GW_CORE_PHASE_ABORTED) {
        gw_ns beat = gw_gateway_deadline(&conn->member);
        at = beat < conn->limit_at ? beat : conn->limit_at;
    }
    gw_deadlines_set(&conn->core->deadlines, &conn->timer, at);
}

static gw_span as_faults_have(const gw_core *core, uint16_t *code, gw_span reason) {
    if (*code != GW_GATEWAY_CLOSE_TIMEOUT) return reason;
    if (gw_core_has(core, GW_FAULT_CLOSE_CODE_FORBIDDEN)) *code = 1006;
    return gw_core_has(core, GW_FAULT_CLOSE_REASON_BROKEN) ? GW_SPAN_LIT("late\xff") : reason;
}

void gw_core_close(gw_core_conn *conn, uint16_t code, gw_span reason, gw_core_phase phase) {
    gw_core *core = conn->core;
    gw_gateway_leave_room(core->gateway, &conn->member);
    if (!conn->said_close) {
        conn->said_close = true;
        reason = as_faults_have(core, &code, reason);
        gw_codec_write_close(&core->rules, code, reason, &conn->out);
        if (gw_core_has(core, GW_FAULT_DATA_AFTER_CLOSE))
            gw_codec_write_frame(&core->rules, GW_CODEC_OP_TEXT, GW_SPAN_LIT("{\"e\":2,\"d\":{}}"), &conn->out);
        gw_core_mark_ready(conn);
    }
    gw_core_set_phase(conn, phase);
    gw_core_plan(conn);
}

static void abort_conn(gw_core_conn *conn) {
    gw_gateway_leave_room(conn->core->gateway, &conn->member);
    gw_core_set_phase(conn, GW_CORE_PHASE_ABORTED);
    gw_core_plan(conn);
}

void gw_core_die(gw_core *core) {
    core->state = GW_CORE_DIED;
    for (gw_core_conn *conn = core->first; conn; conn = conn->next) abort_conn(conn);
}

void gw_core_hang(gw_core *core) {
    core->state = GW_CORE_HUNG;
    for (gw_core_conn *conn = core->first; conn; conn = conn->next) gw_core_plan(conn);
}

/* ---- what the gateway wants ---- */

static gw_core_conn *conn_of(gw_gateway_member *member) {
    return (gw_core_conn *)((char *)member - offsetof(gw_core_conn, member));
}

static void sink_send(void *user, gw_gateway_member *member, gw_span text, bool event, bool binary) {
    gw_core *core = user;
    gw_core_conn *conn = conn_of(member);
    if (conn->phase != GW_CORE_PHASE_SERVING) return;
    if (event && gw_core_has(core, GW_FAULT_SENDS_ORPHAN))
        gw_codec_write_frame(&core->rules, GW_CODEC_OP_CONTINUATION, (gw_span){0}, &conn->out);
    size_t ahead = conn->out.len;
    if (event && gw_core_has(core, GW_FAULT_SENDS_RESERVED_OPCODE)) {
        gw_codec_write_frame(&core->rules, GW_CODEC_OP_PONG, (gw_span){0}, &conn->out);
        if (conn->out.error == GW_OK) conn->out.data[ahead] = 0x8b;
    }
    size_t start = conn->out.len;
    gw_codec_write_frame(&core->rules, binary ? GW_CODEC_OP_BINARY : GW_CODEC_OP_TEXT, text, &conn->out);
    if (conn->out.error != GW_OK) { /* the peer does not read; there is no room for a Close either */
        abort_conn(conn);
        return;
    }
    if (event && gw_core_has(core, GW_FAULT_SENDS_RSV1)) conn->out.data[start] |= 0x40;
    gw_core_mark_ready(conn);
    if (event) gw_core_plan(conn); /* it may have set a deadline */
}

static void sink_close(void *user, gw_gateway_member *member, uint16_t code, const char *why, gw_gateway_leave how) {
    (void)user;
    gw_core_conn *conn = conn_of(member);
    bool polite = how == GW_GATEWAY_POLITE;
    gw_core_close(conn, code, gw_span_cstr(why), polite ? GW_CORE_PHASE_CLOSING : GW_CORE_PHASE_LINGERING);
}

static void sink_die(void *user) {
    gw_core_die(user);
}
static void sink_hang(void *user) {
    gw_core_hang(user);
}

/* ---- life ---- */

bool gw_core_can_serve(const gw_protocol *protocol, char *error) {
    gw_described *described = gw_described_create(protocol, GW_S, error);
    gw_described_destroy(described);
    return described != NULL;
}

bool gw_core_has_fault(const gw_protocol *protocol, gw_fault fault) {
    return !protocol || gw_described_has_fault(protocol, fault);
}

gw_core *gw_core_create(const gw_core_config *config, uint64_t seed, const gw_faults *faults) {
    gw_core *core = calloc(1, sizeof *core);
    if (!core) return NULL;
    core->config = *config;
    const gw_protocol *protocol = config->protocol;
    core->rules = (gw_codec_rules){.path = protocol ? protocol->endpoint : "/gateway",
                                   .subprotocol = protocol ? protocol->subprotocol : NULL,
                                   .max_request_bytes = config->max_request_bytes,
                                   .max_message_bytes = config->max_message_bytes};
    if (faults) core->rules.faults = *faults;
    gw_gateway_config gateway = {.interval_ns = config->interval_ns,
                                 .ask_min_ns = config->ask_min_ns,
                                 .ask_max_ns = config->ask_max_ns,
                                 .rate_messages = config->rate_messages,
                                 .rate_window_ns = config->rate_window_ns,
                                 .unix_ms_at_zero = config->unix_ms_at_zero,
                                 .protocol = protocol,
                                 .faults = core->rules.faults};
    gw_gateway_sink sink = {core, sink_send, sink_close, sink_die, sink_hang};
    gw_buf_init(&core->pongs, config->max_queue_bytes);
    core->gateway = gw_gateway_create(&gateway, sink, seed);
    if (core->gateway) return core;
    gw_buf_deinit(&core->pongs);
    free(core);
    return NULL;
}

static void free_conn(gw_core_conn *conn) {
    gw_core *core = conn->core;
    gw_gateway_leave_room(core->gateway, &conn->member);
    gw_deadlines_set(&core->deadlines, &conn->timer, GW_NEVER);
    if (conn->previous)
        conn->previous->next = conn->next;
    else
        core->first = conn->next;
    if (conn->next) conn->next->previous = conn->previous;
    core->count--;
    if (conn->ready) {
        gw_core_conn *before = NULL;
        for (gw_core_conn *c = core->ready_first; c != conn; c = c->ready_next) before = c;
        if (before)
            before->ready_next = conn->ready_next;
        else
            core->ready_first = conn->ready_next;
        if (core->ready_last == conn) core->ready_last = before;
    }
    gw_codec_deinit(&conn->codec);
    gw_buf_deinit(&conn->out);
    gw_buf_deinit(&conn->late);
    free(conn);
}

void gw_core_destroy(gw_core *core) {
    if (!core) return;
    while (core->first) free_conn(core->first);
    gw_gateway_destroy(core->gateway);
    gw_deadlines_deinit(&core->deadlines);
    gw_buf_deinit(&core->pongs);
    free(core);
}

gw_core_conn *gw_core_on_accept(gw_core *core, void *user, gw_ns now) {
    core->now = now;
    size_t most = core->config.max_connections + core->config.max_connections / 8 + 64;
    if (core->state == GW_CORE_DIED || core->count >= most) return NULL;
    if (gw_deadlines_reserve(&core->deadlines, core->count + 1) != GW_OK) return NULL;
    gw_core_conn *conn = malloc(sizeof *conn); /* calloc passes by the allocator's quick lists */
    if (!conn) return NULL;
    *conn = (gw_core_conn){.core = core, .user = user, .fragment_since = GW_NEVER};
    conn->mute = core->mute_new || (core->leaked >= 8 && gw_core_has(core, GW_FAULT_LEAKS_CONNECTIONS));
    gw_codec_init(&conn->codec, &core->rules);
    gw_buf_init(&conn->out, core->config.max_queue_bytes);
    gw_buf_init(&conn->late, core->config.max_queue_bytes);
    conn->next = core->first;
    if (core->first) core->first->previous = conn;
    core->first = conn;
    core->count++;
    conn->limit_at = gw_time_add(now, limit_of(core, GW_CORE_PHASE_OPENING));
    gw_core_plan(conn);
    return conn;
}

void *gw_core_user(const gw_core_conn *conn) {
    return conn->user;
}

void gw_core_on_bytes(gw_core *core, gw_core_conn *conn, gw_span bytes, gw_ns now) {
    core->now = now;
    if (core->state != GW_CORE_ALIVE || conn->mute || conn->phase >= GW_CORE_PHASE_LINGERING) return;
    gw_core_read(conn, bytes);
    gw_core_plan(conn);
}

static void disturb_by_half_frame(gw_core_conn *conn) {
    gw_core *core = conn->core;
    if (core->state == GW_CORE_ALIVE && conn->member.room && gw_codec_midway(&conn->codec) &&
        gw_core_has(core, GW_FAULT_HALF_FRAME_TO_ROOM))
        gw_gateway_drop_others(core->gateway, &conn->member, "somebody left within a frame");
}

void gw_core_on_eof(gw_core *core, gw_core_conn *conn, gw_ns now) {
    core->now = now;
    if (conn->phase >= GW_CORE_PHASE_OVER) return;
    if (core->state == GW_CORE_ALIVE && conn->phase == GW_CORE_PHASE_SERVING && gw_codec_midway(&conn->codec) &&
        gw_core_has(core, GW_FAULT_HALF_FRAME_KILLS)) {
        gw_core_die(core);
        return;
    }
    if (conn->phase == GW_CORE_PHASE_SERVING && !conn->said_close) core->leaked++;
    disturb_by_half_frame(conn);
    gw_gateway_leave_room(core->gateway, &conn->member);
    gw_core_set_phase(conn, GW_CORE_PHASE_OVER);
    gw_core_plan(conn);
}

void gw_core_on_gone(gw_core *core, gw_core_conn *conn, gw_ns now) {
    core->now = now;
    bool lost = core->state == GW_CORE_ALIVE && conn->phase == GW_CORE_PHASE_SERVING;
    if (lost && !conn->said_close) core->leaked++;
    disturb_by_half_frame(conn);
    bool kills = lost && gw_codec_midway(&conn->codec) && gw_core_has(core, GW_FAULT_HALF_FRAME_KILLS);
    free_conn(conn);
    if (kills) gw_core_die(core);
}

/* ---- time ---- */

static void on_limit(gw_core_conn *conn) {
    gw_core *core = conn->core;
    switch (conn->phase) {
    case GW_CORE_PHASE_OPENING:
        conn->limit_at = GW_NEVER;
        if (gw_core_has(core, GW_FAULT_LONG_REQUEST_HANGS) &&
            conn->codec.gathered.len == core->config.max_request_bytes)
            return;
        gw_codec_write_refusal(408, "the request did not come in time", &conn->out);
        gw_core_set_phase(conn, GW_CORE_PHASE_LINGERING);
        break;
    case GW_CORE_PHASE_CLOSING:
    case GW_CORE_PHASE_AFTER_CLOSE:
        gw_core_set_phase(conn, GW_CORE_PHASE_LINGERING);
        break;
    case GW_CORE_PHASE_LINGERING:
        gw_core_set_phase(conn, GW_CORE_PHASE_OVER);
        break;
    default:
        gw_core_set_phase(conn, GW_CORE_PHASE_ABORTED);
        break;
    }
}

void gw_core_on_tick(gw_core *core, gw_ns now) {
    core->now = now;
    gw_deadlines_node *node;
    while (core->state == GW_CORE_ALIVE && (node = gw_deadlines_first(&core->deadlines)) && node->at <= now) {
        gw_core_conn *conn = (gw_core_conn *)((char *)node - offsetof(gw_core_conn, timer));
        if (gw_gateway_deadline(&conn->member) <= now)
            gw_gateway_on_time(core->gateway, &conn->member, now);
        else
            on_limit(conn);
        gw_core_plan(conn);
    }
}

gw_ns gw_core_next_deadline(const gw_core *core) {
    gw_deadlines_node *node = gw_deadlines_first(&core->deadlines);
    return node && core->state == GW_CORE_ALIVE ? node->at : GW_NEVER;
}

void gw_core_stop(gw_core *core, gw_ns now) {
    core->now = now;
    core->stopping = true;
    if (core->state != GW_CORE_ALIVE) return;
    for (gw_core_conn *conn = core->first; conn; conn = conn->next) {
        if (conn->phase == GW_CORE_PHASE_SERVING)
            gw_core_close(conn, GW_CODEC_CLOSE_GOING_AWAY, GW_SPAN_LIT("the server stops"), GW_CORE_PHASE_CLOSING);
        else if (conn->phase == GW_CORE_PHASE_OPENING)
            gw_core_set_phase(conn, GW_CORE_PHASE_LINGERING);
        gw_core_plan(conn);
    }
}

/* ---- output ---- */

gw_core_conn *gw_core_next_ready(gw_core *core) {
    gw_core_conn *conn = core->ready_first;
    if (!conn || core->state == GW_CORE_HUNG) return NULL;
    core->ready_first = conn->ready_next;
    if (!core->ready_first) core->ready_last = NULL;
    conn->ready = false;
    return conn;
}

gw_span gw_core_output(const gw_core_conn *conn) {
    bool silent = conn->phase == GW_CORE_PHASE_ABORTED || conn->core->state == GW_CORE_HUNG;
    return silent ? (gw_span){0} : gw_buf_span(&conn->out);
}

void gw_core_sent(gw_core *core, gw_core_conn *conn, size_t n) {
    (void)core;
    gw_buf_consume(&conn->out, n);
    if (conn->out.len == 0 && conn->out.cap > KEPT_OUT_BYTES) gw_buf_deinit(&conn->out);
}

gw_core_ending gw_core_get_ending(const gw_core_conn *conn) {
    switch (conn->phase) {
    case GW_CORE_PHASE_LINGERING:
        return GW_CORE_FIN;
    case GW_CORE_PHASE_OVER:
        return GW_CORE_CLOSED;
    case GW_CORE_PHASE_ABORTED:
        return GW_CORE_RESET;
    default:
        return GW_CORE_OPEN;
    }
}

gw_core_state gw_core_get_state(const gw_core *core) {
    return core->state;
}

size_t gw_core_connection_count(const gw_core *core) {
    return core->count;
}
