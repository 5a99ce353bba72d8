/* Bytes and endings on their way between engine and gateway. Floor 5. It must not know scenarios. */
#include "cli/simulate_internal.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_PIECES = 4 };

static gw_ns delay(sim *s) {
    gw_ns span = s->schedule.delay_max - s->schedule.delay_min;
    return s->schedule.delay_min + (span > 0 ? (gw_ns)gw_rng_below(&s->rng, (uint64_t)span + 1) : 0);
}

void sim_push_at(sim *s, pipe_way *way, piece_kind kind, gw_span bytes, gw_ns due) {
    piece *p = malloc(sizeof *p + bytes.len);
    if (!p) {
        s->out_of_memory = true;
        return;
    }
    *p = (piece){.due = due > way->last_due ? due : way->last_due, .kind = kind, .len = bytes.len};
    if (bytes.len) memcpy(p->bytes, bytes.ptr, bytes.len);
    if (way->last)
        way->last->next = p;
    else
        way->first = p;
    way->last = p;
    way->last_due = p->due;
    way->bytes += bytes.len;
}

static void push(sim *s, pipe_way *way, piece_kind kind, gw_span bytes) {
    sim_push_at(s, way, kind, bytes, s->now + delay(s));
}

static void push_split(sim *s, pipe_way *way, gw_span bytes) {
    unsigned most = s->schedule.max_pieces ? s->schedule.max_pieces : DEFAULT_PIECES;
    bool split = s->schedule.split_percent && gw_rng_below(&s->rng, 100) < s->schedule.split_percent;
    for (unsigned n = split && most > 1 ? 1 + (unsigned)gw_rng_below(&s->rng, most - 1) : 0; n > 0 && bytes.len > 1;
         n--) {
        size_t len = 1 + (size_t)gw_rng_below(&s->rng, bytes.len - 1);
        push(s, way, PIECE_BYTES, gw_span_sub(bytes, 0, len));
        bytes = gw_span_from(bytes, len);
    }
    push(s, way, PIECE_BYTES, bytes);
}

static void drop_all(pipe_way *way) {
    for (piece *p = way->first; p;) {
        piece *next = p->next;
        free(p);
        p = next;
    }
    way->first = way->last = NULL;
    way->bytes = 0;
}

static sim_conn *find(sim *s, unsigned index) {
    for (sim_conn *c = s->conns; c; c = c->next)
        if (c->current && c->index == index) return c;
    return NULL;
}

sim_conn *sim_conn_add(sim *s, gw_ns opens) {
    sim_conn *c = calloc(1, sizeof *c);
    if (!c) {
        s->out_of_memory = true;
        return NULL;
    }
    *c = (sim_conn){.opening = true, .open_due = opens};
    sim_conn **end = &s->conns;
    while (*end) end = &(*end)->next;
    *end = c;
    return c;
}

void sim_open(sim *s, unsigned index) {
    sim_conn *old = find(s, index), *c = sim_conn_add(s, s->now + delay(s));
    if (old) old->current = false;
    if (!c) return;
    c->index = index;
    c->current = true;
}

void sim_send(sim *s, unsigned index, gw_span bytes) {
    sim_conn *c = find(s, index);
    if (c && bytes.len) push_split(s, &c->up, bytes);
    gw_engine_on_sent(s->engine, index, s->now);
}

void sim_end(sim *s, unsigned index, piece_kind kind) {
    sim_conn *c = find(s, index);
    if (!c) return;
    push(s, &c->up, kind, (gw_span){0});
    if (kind != PIECE_FIN) c->current = false;
}

void sim_read_off(sim *s, unsigned index) {
    sim_conn *c = find(s, index);
    if (c) c->read_off = true;
}

/* ---- the gateway's side ---- */

static void gone(sim *s, sim_conn *c) {
    if (!c->core) return;
    gw_core_on_gone(s->core, c->core, s->now);
    c->core = NULL;
}

static void take_output(sim *s, sim_conn *c) {
    gw_span output = gw_core_output(c->core);
    size_t room = output.len;
    if (c->read_off) room = c->down.bytes < SIMULATE_WINDOW_BYTES ? SIMULATE_WINDOW_BYTES - c->down.bytes : 0;
    output = gw_span_sub(output, 0, room);
    if (!output.len) return;
    if (!c->bystander) push_split(s, &c->down, output);
    gw_core_sent(s->core, c->core, output.len);
}

static void send_fin(sim *s, sim_conn *c) {
    if (!c->fin_sent) push(s, &c->down, PIECE_FIN, (gw_span){0});
    c->fin_sent = true;
}

static void collect_one(sim *s, sim_conn *c) {
    if (gw_core_get_ending(c->core) != GW_CORE_RESET) take_output(s, c);
    bool empty = gw_core_output(c->core).len == 0;
    switch (gw_core_get_ending(c->core)) {
    case GW_CORE_OPEN:
        break;
    case GW_CORE_FIN:
        if (empty) send_fin(s, c);
        break;
    case GW_CORE_CLOSED:
        if (empty) send_fin(s, c);
        if (empty || c->read_off) gone(s, c);
        break;
    case GW_CORE_RESET:
        push(s, &c->down, PIECE_RST, (gw_span){0});
        gone(s, c);
        break;
    }
}

/* A gateway that died says nothing more; its connections are reset by the system. */
static void bury(sim *s) {
    for (sim_conn *c = s->conns; c; c = c->next) {
        if (!c->core) continue;
        push(s, &c->down, PIECE_RST, (gw_span){0});
        gone(s, c);
    }
}

void sim_collect(sim *s) {
    for (gw_core_conn *core; (core = gw_core_next_ready(s->core));) {
        sim_conn *c = gw_core_user(core);
        if (c->core == core) collect_one(s, c);
    }
    if (gw_core_get_state(s->core) == GW_CORE_DIED) bury(s);
}

/* ---- arrivals ---- */

static bool listens(const sim_conn *c) {
    return c->current && !c->read_off;
}

static gw_ns due_of(const sim_conn *c) {
    gw_ns due = c->opening ? c->open_due : GW_NEVER;
    if (!c->opening && c->up.first && c->up.first->due < due) due = c->up.first->due;
    if (c->down.first && listens(c) && c->down.first->due < due) due = c->down.first->due;
    return due;
}

gw_ns sim_next_due(const sim *s) {
    gw_ns next = GW_NEVER;
    for (const sim_conn *c = s->conns; c; c = c->next) {
        gw_ns due = due_of(c);
        if (due < next) next = due;
    }
    return next;
}

static piece *pop(pipe_way *way) {
    piece *p = way->first;
    way->first = p->next;
    if (!way->first) way->last = NULL;
    way->bytes -= p->len;
    return p;
}

static void arrive_open(sim *s, sim_conn *c) {
    c->opening = false;
    c->core = gw_core_get_state(s->core) == GW_CORE_DIED ? NULL : gw_core_on_accept(s->core, c, s->now);
    if (c->core) {
        if (c->current) gw_engine_on_open(s->engine, c->index, s->now);
        sim_collect(s);
        return;
    }
    if (c->current) gw_engine_on_open_failed(s->engine, c->index, "simulation: connect: Connection refused", s->now);
    c->current = false;
}

static void arrive_up(sim *s, sim_conn *c) {
    piece *p = pop(&c->up);
    if (c->core) {
        switch (p->kind) {
        case PIECE_BYTES:
            gw_core_on_bytes(s->core, c->core, gw_span_make(p->bytes, p->len), s->now);
            break;
        case PIECE_FIN:
            gw_core_on_eof(s->core, c->core, s->now);
            break;
        case PIECE_RST:
            gone(s, c);
            break;
        case PIECE_CLOSE:
            gw_core_on_eof(s->core, c->core, s->now);
            gone(s, c);
            break;
        }
        sim_collect(s);
    }
    free(p);
}

static void arrive_down(sim *s, sim_conn *c) {
    piece *p = pop(&c->down);
    if (p->kind == PIECE_BYTES)
        gw_engine_on_bytes(s->engine, c->index, p->bytes, p->len, s->now);
    else
        gw_engine_on_closed(s->engine, c->index, p->kind == PIECE_FIN ? GW_ENDING_FIN : GW_ENDING_RST, s->now);
    free(p);
}

bool sim_deliver(sim *s) {
    sim_conn *soonest = NULL;
    gw_ns due = GW_NEVER;
    for (sim_conn *c = s->conns; c; c = c->next) {
        gw_ns t = due_of(c);
        if (t < due) {
            soonest = c;
            due = t;
        }
    }
    if (!soonest || due > s->now) return false;
    if (soonest->opening)
        arrive_open(s, soonest);
    else if (soonest->up.first && soonest->up.first->due == due)
        arrive_up(s, soonest);
    else
        arrive_down(s, soonest);
    return true;
}

void sim_conns_free(sim *s) {
    for (sim_conn *c = s->conns; c;) {
        sim_conn *next = c->next;
        gone(s, c);
        drop_all(&c->up);
        drop_all(&c->down);
        free(c);
        c = next;
    }
    s->conns = NULL;
}
