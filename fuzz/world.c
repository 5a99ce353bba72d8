/* A session script carried out against the reference server's core. */
#include "world.h"
#include "fuzz.h"
#include "fuzzing/vocabulary.h"
#include "pool.h"
#include "protocol.h"
#include "protocol/json.h"
#include "reference-server/core.h"
#include "watch.h"
#include "wire/utf8.h"

#include <string.h>

/* What one script may cost, so that a repeated step cannot make it slow. */
enum { MAX_SENT_BYTES = 128 << 10, MAX_TICKS = 200, MAX_STEPS = 600 };

typedef struct client {
    gw_core_conn *conn; /* NULL: none */
    gw_watch watch;
    uint8_t chunk, read;
    bool fin_sent, fresh; /* fresh: nothing was sent yet */
    gw_core_ending ending;
} client;

typedef struct world {
    gw_core *core;
    gw_script_server server;
    gw_ns now;
    client clients[GW_SCRIPT_CONNS];
    size_t sent_bytes, ticks, steps;
    size_t memory_at_start, opened, created; /* created: rooms and participants, by the operator */
    uint64_t all_sent, broadcast_bytes;
    bool stopped;
    gw_buf scratch, valid_request;
    char room[GW_CORE_ID_BYTES];
} world;

/* Live heap, where a sanitizer counts it. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t live_bytes(void) {
    return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes() : 0;
}

/* ---- Output of the server ---- */

static void forget(world *w, client *c) {
    gw_core_on_gone(w->core, c->conn, w->now);
    c->conn = NULL;
}

static void hand_over(world *w, client *c) {
    gw_span out = gw_core_output(c->conn);
    size_t most = c->read == 255 ? out.len : (size_t)c->read * 16;
    if (out.len > most) {
        c->watch.untimed = true;
        out.len = most;
    }
    gw_watch_server_bytes(&c->watch, out, w->now);
    gw_core_sent(w->core, c->conn, out.len);
    gw_core_ending ending = gw_core_get_ending(c->conn);
    GW_FUZZ_CHECK(ending >= c->ending, "an ending is taken back: %d, then %d", c->ending, ending);
    c->ending = ending;
    bool empty = gw_core_output(c->conn).len == 0;
    if (ending == GW_CORE_RESET || (ending != GW_CORE_OPEN && empty)) gw_watch_end(&c->watch, w->now);
    if (ending == GW_CORE_RESET || (ending == GW_CORE_CLOSED && empty)) forget(w, c);
}

static void drain(world *w) {
    gw_core_conn *conn;
    while ((conn = gw_core_next_ready(w->core))) hand_over(w, gw_core_user(conn));
}

/* After each step: what waits for a slow client goes on, and nothing is overdue. */
static void settle(world *w) {
    for (int i = 0; i < GW_SCRIPT_CONNS; i++) {
        client *c = &w->clients[i];
        if (c->conn && gw_core_output(c->conn).len) hand_over(w, c);
        if (!c->conn) continue;
        gw_watch_settle(&c->watch, w->now);
        bool lingers = c->watch.ended_at != GW_NEVER && w->now >= c->watch.ended_at + 2 * GW_S;
        GW_FUZZ_CHECK(!lingers, "the connection is kept for ever after its FIN");
    }
    GW_FUZZ_CHECK(gw_core_get_state(w->core) == GW_CORE_ALIVE, "the server died or hangs");
}

static void tick(world *w, gw_ns at) {
    w->now = at;
    w->ticks++;
    gw_core_on_tick(w->core, at);
    GW_FUZZ_CHECK(gw_core_next_deadline(w->core) > at, "a deadline that is not served");
    drain(w);
    settle(w);
}

/* ---- Input of the server ---- */

static void send(world *w, client *c, gw_span bytes) {
    size_t piece = c->chunk ? c->chunk : GW_WATCH_MAX_PIECE;
    while (bytes.len && c->conn && w->sent_bytes < MAX_SENT_BYTES) {
        gw_span part = gw_span_sub(bytes, 0, piece);
        bytes = gw_span_from(bytes, part.len);
        w->sent_bytes += part.len;
        if (c->fin_sent) continue;
        const uint8_t *exact = gw_fuzz_copy(0, part.ptr, part.len);
        gw_core_on_bytes(w->core, c->conn, gw_span_make(exact, part.len), w->now);
        gw_watch_client_bytes(&c->watch, part.ptr, part.len, w->now);
        drain(w);
        if (c->conn) gw_watch_settle(&c->watch, w->now);
    }
    c->fresh = false;
}

static void send_scratch(world *w, client *c) {
    GW_FUZZ_CHECK(w->scratch.error == GW_OK, "%s", gw_status_text(w->scratch.error));
    send(w, c, gw_buf_span(&w->scratch));
}

static void upgrade(world *w, client *c, uint8_t variant) {
    bool fresh = c->fresh && !c->fin_sent && c->ending == GW_CORE_OPEN;
    gw_buf_clear(&w->scratch);
    if (variant == 0)
        gw_buf_append_span(&w->scratch, gw_buf_span(&w->valid_request));
    else
        gw_script_request(variant, &w->scratch);
    send_scratch(w, c);
    if (variant == 0 && fresh && c->conn && !w->stopped && c->read == 255 && w->sent_bytes < MAX_SENT_BYTES)
        GW_FUZZ_CHECK(c->watch.upgraded, "a valid request is not upgraded");
}

static void send_frame(world *w, client *c, const gw_script_step *step) {
    gw_frame frame = gw_script_frame(step);
    gw_buf_clear(&w->scratch);
    gw_frame_append(&w->scratch, &frame, step->bytes);
    send_scratch(w, c);
}

/* One message in so many frames more. */
static void send_packet(world *w, client *c, gw_span text, unsigned fragments) {
    size_t part = text.len / (fragments + 1), at = 0;
    gw_buf_clear(&w->scratch);
    for (unsigned i = 0; i <= fragments; i++) {
        gw_span piece = i == fragments ? gw_span_from(text, at) : gw_span_sub(text, at, part);
        gw_script_step step = {.op = GW_SCRIPT_FRAME, .a = (uint8_t)(i ? 0 : GW_FRAME_TEXT), .bytes = piece};
        if (i == fragments) step.a |= 0x80;
        gw_frame frame = gw_script_frame(&step);
        gw_frame_append(&w->scratch, &frame, piece);
        at += piece.len;
    }
    send_scratch(w, c);
}

static gw_span vocabulary_packet(unsigned index) {
    return gw_span_cstr(gw_vocabulary_gateway.packets[index % gw_vocabulary_gateway.packet_count]);
}

/* ---- Time ---- */

static void advance_to(world *w, gw_ns to) {
    while (w->ticks < MAX_TICKS && gw_core_next_deadline(w->core) <= to) {
        gw_ns at = gw_core_next_deadline(w->core);
        tick(w, at > w->now ? at : w->now);
    }
    if (w->ticks < MAX_TICKS && to > w->now) tick(w, to);
}

static void advance(world *w, const gw_script_step *step) {
    unsigned kind = step->a % GW_SCRIPT_TIME_COUNT;
    if (kind == GW_SCRIPT_MS)
        advance_to(w, w->now + step->b * GW_MS);
    else if (kind == GW_SCRIPT_SECONDS)
        advance_to(w, w->now + step->b * GW_S);
    else if (kind == GW_SCRIPT_SIXTEENTHS)
        advance_to(w, w->now + step->b * (w->server.interval_ms * GW_MS / 16));
    if (kind < GW_SCRIPT_BEFORE_DEADLINE) return;
    for (unsigned i = 0; i < (step->b & 15u) && gw_core_next_deadline(w->core) != GW_NEVER; i++)
        advance_to(w, gw_core_next_deadline(w->core));
    gw_ns at = gw_core_next_deadline(w->core);
    if (at == GW_NEVER) return;
    advance_to(w, kind == GW_SCRIPT_BEFORE_DEADLINE ? at - 1 : kind == GW_SCRIPT_AT_DEADLINE ? at : at + 1);
}

/* ---- The operator ---- */

static void excuse_all(world *w) {
    for (int i = 0; i < GW_SCRIPT_CONNS; i++)
        if (w->clients[i].conn) gw_watch_excuse(&w->clients[i].watch);
}

/* An event to that room reaches it. */
static bool is_reached(const client *c, gw_watch_room room) {
    const gw_watch *watch = &c->watch;
    return c->conn && watch->upgraded && room != GW_WATCH_ELSEWHERE && watch->room == room && !watch->untimed &&
           !c->fin_sent && c->ending == GW_CORE_OPEN && watch->closed_at == GW_NEVER && !watch->client_closed;
}

static void room_event(world *w, const gw_script_step *step) {
    char error[GW_CORE_ERROR_BYTES];
    const gw_protocol *protocol = gw_fuzz_protocol();
    const gw_event *event = &protocol->events[step->b % protocol->event_count];
    gw_span data = step->bytes, user;
    size_t delivered = 0;
    if (!data.len) gw_json_find(vocabulary_packet(step->b), "/d", &data);
    if (!gw_utf8_check(data, NULL)) return; /* the control API refuses such a body before the core sees it */
    gw_buf_clear(&w->scratch);
    bool kick = strcmp(event->name, "participant_kick") == 0;
    if (step->flags & 1 || kick || strcmp(event->name, "room_close") == 0) excuse_all(w);
    const char *to = step->flags & 2 ? w->room : "lobby";
    gw_watch_room room = strcmp(to, "lobby") == 0 ? GW_WATCH_LOBBY
                         : strcmp(to, "r1") == 0  ? GW_WATCH_R1
                                                  : GW_WATCH_ELSEWHERE;
    bool reached[GW_SCRIPT_CONNS];
    for (int i = 0; i < GW_SCRIPT_CONNS; i++) reached[i] = is_reached(&w->clients[i], room);
    gw_status status = gw_core_event(w->core, gw_span_cstr(to), gw_span_cstr(event->name), data, w->now, &w->scratch,
                                     &delivered, error);
    GW_FUZZ_CHECK(delivered <= GW_SCRIPT_CONNS, "delivered to %zu", delivered);
    bool kicks = kick && gw_json_find(data, "/userId", &user) && gw_span_equal_cstr(user, "\"p1\"");
    for (int i = 0; i < GW_SCRIPT_CONNS && status == GW_OK; i++) {
        if (!w->clients[i].conn || !reached[i]) continue;
        if (event != protocol->heartbeat.ask)
            gw_watch_expect_event(&w->clients[i].watch, event->id, gw_buf_span(&w->scratch));
        if (kicks) gw_watch_kick_p1(&w->clients[i].watch);
    }
    w->broadcast_bytes += delivered * (data.len + 64);
    if (status == GW_OK)
        GW_FUZZ_CHECK(gw_json_judge(gw_buf_span(&w->scratch), (gw_json_limits){0}, NULL) != GW_JSON_IS_INVALID,
                      "sent what is no JSON: %s", gw_buf_cstr(&w->scratch));
}

static void control(world *w, const gw_script_step *step) {
    char error[GW_CORE_ERROR_BYTES] = "", id[GW_CORE_ID_BYTES];
    gw_status status = GW_OK;
    switch (step->a % GW_SCRIPT_CONTROL_COUNT) {
    case GW_SCRIPT_ROOM_CREATE:
        w->created++;
        status = gw_core_room_create(w->core, w->room, error);
        break;
    case GW_SCRIPT_PARTICIPANT_CREATE:
        w->created++;
        status = gw_core_participant_create(w->core, gw_span_cstr(w->room), id, error);
        break;
    case GW_SCRIPT_ROOM_EVENT:
        room_event(w, step);
        break;
    case GW_SCRIPT_ROOM_REMOVE:
        excuse_all(w);
        status =
            gw_core_room_remove(w->core, step->b & 1 ? gw_span_cstr(w->room) : GW_SPAN_LIT("lobby"), w->now, error);
        break;
    default:
        excuse_all(w);
        w->stopped = true;
        for (int i = 0; i < GW_SCRIPT_CONNS; i++) w->clients[i].watch.server_stops = true;
        gw_core_stop(w->core, w->now);
        break;
    }
    GW_FUZZ_CHECK(status == GW_OK || error[0], "%s without a sentence", gw_status_text(status));
}

/* ---- Steps ---- */

static void open_conn(world *w, client *c) {
    if (c->conn) return;
    c->conn = gw_core_on_accept(w->core, c, w->now);
    if (!c->conn) return;
    gw_watch_open(&c->watch, w->server, w->now);
    c->watch.server_stops = w->stopped;
    c->chunk = 0;
    c->read = 255;
    c->fin_sent = false;
    c->fresh = true;
    c->ending = GW_CORE_OPEN;
    w->opened++;
}

/* Steps that need a connection. */
static void on_conn(world *w, client *c, const gw_script_step *step) {
    switch (step->op) {
    case GW_SCRIPT_UPGRADE:
        upgrade(w, c, step->a);
        break;
    case GW_SCRIPT_RAW:
        send(w, c, step->bytes);
        break;
    case GW_SCRIPT_FRAME:
        send_frame(w, c, step);
        break;
    case GW_SCRIPT_PACKET:
        send_packet(w, c, step->bytes, step->flags);
        break;
    case GW_SCRIPT_EVENT:
        send_packet(w, c, vocabulary_packet(step->a), step->flags);
        break;
    case GW_SCRIPT_CHUNK:
        c->chunk = step->a;
        break;
    case GW_SCRIPT_READ:
        c->read = step->a;
        break;
    case GW_SCRIPT_EOF:
        if (c->fin_sent) break;
        c->fin_sent = true;
        gw_watch_excuse(&c->watch);
        gw_core_on_eof(w->core, c->conn, w->now);
        break;
    default:
        forget(w, c);
        break;
    }
}

static void run_step(world *w, const gw_script_step *step) {
    client *c = &w->clients[step->conn];
    if (w->steps++ >= MAX_STEPS) return;
    if (step->op == GW_SCRIPT_OPEN) {
        open_conn(w, c);
        if (c->conn && step->flags & 1) upgrade(w, c, 0);
    } else if (step->op == GW_SCRIPT_ADVANCE) {
        advance(w, step);
    } else if (step->op == GW_SCRIPT_CONTROL) {
        control(w, step);
    } else if (c->conn) {
        on_conn(w, c, step);
    }
    drain(w);
    settle(w);
}

/* No more memory than the bytes that came, what the operator made, and a fixed sum for each connection, give cause for.
 */
static void check_memory(const world *w) {
    size_t now = live_bytes();
    if (!now) return;
    size_t fair =
        (64 << 10) + w->opened * (32 << 10) + w->created * 512 + 16 * (w->sent_bytes + (size_t)w->broadcast_bytes);
    GW_FUZZ_CHECK(now <= w->memory_at_start + fair, "%zu bytes live for %zu bytes sent", now - w->memory_at_start,
                  w->sent_bytes);
}

static void begin(world *w, uint8_t config_byte, const gw_faults *faults) {
    gw_core_config config;
    gw_core_config_default(&config);
    w->server = gw_script_read_config(config_byte);
    config.interval_ns = w->server.interval_ms * GW_MS;
    config.ask_max_ns = w->server.ask_ms * GW_MS;
    config.max_message_bytes = w->server.max_message_bytes;
    config.rate_messages = w->server.rate_messages;
    config.max_queue_bytes = 64 << 10;
    if (!w->scratch.max) {
        gw_buf_init(&w->scratch, 1 << 20);
        gw_buf_init(&w->valid_request, 4096);
        gw_script_request(0, &w->valid_request);
    }
    gw_fuzz_protocol(); /* loaded before the pool begins */
    gw_fuzz_pool_reset();
    w->now = 0;
    w->sent_bytes = w->ticks = w->steps = w->opened = w->created = 0;
    w->broadcast_bytes = 0;
    w->stopped = false;
    memcpy(w->room, "lobby", 6);
    w->memory_at_start = live_bytes();
    w->core = gw_core_create(&config, 1, faults);
    GW_FUZZ_CHECK(w->core, "out of memory");
}

void gw_world_run(const gw_script *script, const gw_faults *faults) {
    static world w;
    begin(&w, script->config, faults);
    for (size_t i = 0; i < script->count; i++) {
        const gw_script_step *step = &script->steps[i];
        if (step->op != GW_SCRIPT_AGAIN)
            run_step(&w, step);
        else if (i > 0 && step[-1].op != GW_SCRIPT_AGAIN)
            for (unsigned n = 0; n < step->a; n++) run_step(&w, &step[-1]);
    }
    check_memory(&w);
    for (int i = 0; i < GW_SCRIPT_CONNS; i++)
        if (w.clients[i].conn) forget(&w, &w.clients[i]);
    GW_FUZZ_CHECK(gw_core_connection_count(w.core) == 0, "connections are left");
    gw_core_destroy(w.core);
}
