/* A member's life: joining, hello, heartbeats, timeout. Pure. */
#include "reference-server/described.h"
#include "reference-server/gateway_internal.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_SCRATCH_BYTES = 4 << 20 };

gw_gateway *gw_gateway_create(const gw_gateway_config *config, gw_gateway_sink sink, uint64_t seed) {
    gw_gateway *gateway = calloc(1, sizeof *gateway);
    if (!gateway) return NULL;
    gateway->config = *config;
    gateway->sink = sink;
    gateway->next_room = gateway->next_participant = 1;
    /* 2.5 % of I, so that a heartbeat sent on time is in time, and the drop is still within the usual tolerance. */
    gw_ns share = config->interval_ns / 40;
    gateway->grace_ns = share > 25 * GW_MS ? share : 25 * GW_MS;
    gw_rng_init(&gateway->rng, seed);
    gw_buf_init(&gateway->scratch, MAX_SCRATCH_BYTES);
    gw_gateway_prepare(gateway);
    char error[GW_GATEWAY_ERROR_BYTES];
    if (!config->protocol || (gateway->described = gw_described_create(config->protocol, config->interval_ns, error)))
        return gateway;
    gw_gateway_destroy(gateway);
    return NULL;
}

void gw_gateway_destroy(gw_gateway *gateway) {
    if (!gateway) return;
    gw_gateway_room *room, *next;
    HASH_ITER(hh, gateway->rooms, room, next) gw_gateway_drop_room(gateway, room, "");
    gw_described_destroy(gateway->described);
    gw_buf_deinit(&gateway->scratch);
    gw_buf_deinit(&gateway->hello);
    gw_buf_deinit(&gateway->heartbeat);
    free(gateway);
}

/* ---- heartbeats ---- */

static gw_ns patience(const gw_gateway *gateway, const gw_gateway_member *member) {
    gw_ns interval = gateway->config.interval_ns;
    if (gw_gateway_has(gateway, GW_FAULT_TIMEOUT_NEVER)) return GW_NEVER;
    if (gw_gateway_has(gateway, GW_FAULT_TIMEOUT_EARLY)) return interval * 6 / 10;
    if (gw_gateway_has(gateway, GW_FAULT_TIMEOUT_SLOW)) return interval * 16 / 10;
    if (gw_gateway_has(gateway, GW_FAULT_TIMEOUT_LATE)) return interval * 3;
    if (gw_gateway_has(gateway, GW_FAULT_TIMEOUT_ONLY_FIRST) && member->beats_heard > 0) return GW_NEVER;
    return gw_time_add(interval, gateway->grace_ns);
}

static gw_ns beat_gap(const gw_gateway *gateway) {
    gw_ns interval = gateway->config.interval_ns;
    if (gw_gateway_has(gateway, GW_FAULT_HEARTBEAT_LATE)) return interval + interval / 2;
    if (gw_gateway_has(gateway, GW_FAULT_HEARTBEAT_STORM)) return interval / 20 > 0 ? interval / 20 : 1;
    return interval;
}

static void plan_ask(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    gw_ns min = gateway->config.ask_min_ns, max = gateway->config.ask_max_ns;
    member->ask_at = GW_NEVER;
    if (gw_gateway_has(gateway, GW_FAULT_ASK_WITH_DATA)) min = max = gateway->config.interval_ns / 2;
    if (max <= 0) return;
    member->ask_at = gw_time_add(now, min + (gw_ns)gw_rng_below(&gateway->rng, (uint64_t)(max - min) + 1));
}

void gw_gateway_await_answer(const gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    if (member->answer_due == GW_NEVER && gw_gateway_has(gateway, GW_FAULT_UNANSWERED_ASK_DROPS))
        member->answer_due = gw_time_add(now, gateway->config.interval_ns / 4);
}

void gw_gateway_begin(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    member->hello_sent_at = now;
    member->hello_at = GW_NEVER;
    if (gw_gateway_has(gateway, GW_FAULT_HELLO_TWICE)) member->hello_at = gw_time_add(now, gateway->config.interval_ns);
    member->expire_at = gw_time_add(now, patience(gateway, member));
    if (!gw_gateway_has(gateway, GW_FAULT_HEARTBEAT_NEVER)) member->beat_at = gw_time_add(now, beat_gap(gateway));
    plan_ask(gateway, member, now);
}

void gw_gateway_start(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    if (gateway->described) {
        gw_described_start(gateway, member, now);
        return;
    }
    if (gw_gateway_has(gateway, GW_FAULT_HELLO_ON_DEMAND)) return;
    if (gw_gateway_has(gateway, GW_FAULT_HELLO_SLOW)) {
        member->hello_at = gw_time_add(now, 2 * GW_S);
    } else if (gw_gateway_has(gateway, GW_FAULT_HELLO_LATE)) {
        member->hello_at = gw_time_add(now, 7 * GW_S);
    } else {
        if (gw_gateway_has(gateway, GW_FAULT_HELLO_AFTER_HEARTBEAT)) gw_gateway_send_heartbeat(gateway, member);
        if (!gw_gateway_has(gateway, GW_FAULT_HELLO_NEVER)) gw_gateway_send_hello(gateway, member);
        gw_gateway_begin(gateway, member, now);
    }
}

void gw_gateway_count_heartbeat(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    if (member->hello_sent_at == GW_NEVER) return; /* nothing is timed yet */
    member->beats_heard++;
    if (gw_gateway_has(gateway, GW_FAULT_COUNTS_FIRST_ONLY) && member->beats_heard > 1) return;
    member->reprieved = false;
    member->answer_due = GW_NEVER;
    member->expire_at = gw_time_add(now, patience(gateway, member));
}

static void on_beat(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    /* On the grid of I from hello on; beats that a late caller missed are left out, never sent in a burst. */
    gw_ns gap = beat_gap(gateway);
    gw_ns slots = 1 + (now - member->beat_at) / gap;
    member->beat_at = gw_time_add(member->beat_at, slots * gap);
    member->beats_sent++;
    if (member->beats_sent == 3 && gw_gateway_has(gateway, GW_FAULT_HEARTBEAT_SKIPS)) return;
    if (gw_gateway_has(gateway, GW_FAULT_HEARTBEAT_ONCE)) member->beat_at = GW_NEVER;
    gw_gateway_send_heartbeat(gateway, member);
}

bool gw_gateway_has_reprieve(const gw_gateway *gateway, gw_gateway_member *member, gw_ns *deadline, gw_ns now) {
    gw_ns late = now - *deadline;
    if (late < 2 * GW_MS || member->reprieved) return false;
    member->reprieved = true;
    *deadline = gw_time_add(now, late + 5 * GW_MS < gateway->grace_ns ? late + 5 * GW_MS : gateway->grace_ns);
    return true;
}

static void on_expire(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    if (gw_gateway_has_reprieve(gateway, member, &member->expire_at, now)) return;
    if (member->unfinished && gw_gateway_has(gateway, GW_FAULT_UNFINISHED_STOPS_TIMEOUT)) {
        member->expire_at = gw_time_add(member->expire_at, gateway->config.interval_ns);
        return;
    }
    gw_gateway_close(gateway, member, GW_GATEWAY_CLOSE_TIMEOUT, "no heartbeat in time", GW_GATEWAY_AT_ONCE);
}

static gw_ns earliest(gw_ns a, gw_ns b) {
    return a < b ? a : b;
}

gw_ns gw_gateway_deadline(const gw_gateway_member *member) {
    if (!member->room) return GW_NEVER;
    gw_ns pulse = earliest(earliest(member->hello_at, member->beat_at), earliest(member->expire_at, member->ask_at));
    pulse = earliest(pulse, member->answer_due);
    return earliest(pulse, earliest(member->answer_at, member->release_at));
}

void gw_gateway_on_time(gw_gateway *gateway, gw_gateway_member *member, gw_ns now) {
    if (gateway->described) {
        gw_described_on_time(gateway, member, now);
        return;
    }
    gw_ns due = gw_gateway_deadline(member);
    if (due > now) return;
    if (due == member->hello_at) {
        member->hello_at = GW_NEVER;
        gw_gateway_send_hello(gateway, member);
        if (member->hello_sent_at == GW_NEVER) gw_gateway_begin(gateway, member, now);
    } else if (due == member->release_at) {
        gw_gateway_release(gateway, member);
    } else if (due == member->beat_at) {
        on_beat(gateway, member, now);
    } else if (due == member->answer_at) {
        member->answer_at = GW_NEVER;
        gw_gateway_send_heartbeat(gateway, member);
    } else if (due == member->ask_at) {
        plan_ask(gateway, member, now);
        gw_gateway_await_answer(gateway, member, now);
        gw_gateway_send_ask(gateway, member);
    } else if (due == member->answer_due) {
        gw_gateway_close(gateway, member, GW_GATEWAY_CLOSE_TIMEOUT, "a heartbeat_ack was not answered",
                         GW_GATEWAY_AT_ONCE);
    } else {
        on_expire(gateway, member, now);
    }
}

/* ---- joining and leaving ---- */

static int hex(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decodes a value (RFC 3986 section 2.1) that names an id; no id is longer than the room given. */
static bool decode_id(gw_span text, char id[GW_GATEWAY_ID_BYTES], gw_span *out) {
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int c = text.ptr[i];
        if (c == '%') {
            if (text.len - i < 3 || hex(text.ptr[i + 1]) < 0 || hex(text.ptr[i + 2]) < 0) return false;
            c = hex(text.ptr[i + 1]) << 4 | hex(text.ptr[i + 2]);
            i += 2;
        }
        if (len < GW_GATEWAY_ID_BYTES) id[len++] = (char)c;
    }
    *out = gw_span_make(id, len);
    return true;
}

typedef struct query_ids {
    char room_text[GW_GATEWAY_ID_BYTES], participant_text[GW_GATEWAY_ID_BYTES];
    gw_span room, participant; /* empty: not given */
} query_ids;

static gw_status read_query(gw_span query, query_ids *ids) {
    while (query.len > 0) {
        const uint8_t *end = memchr(query.ptr, '&', query.len);
        gw_span pair = end ? gw_span_make(query.ptr, (size_t)(end - query.ptr)) : query;
        query = gw_span_from(query, pair.len + 1);
        bool ok = true;
        if (gw_span_starts_with(pair, GW_SPAN_LIT("room=")))
            ok = ids->room.len == 0 && decode_id(gw_span_from(pair, 5), ids->room_text, &ids->room) && ids->room.len;
        else if (gw_span_starts_with(pair, GW_SPAN_LIT("participant=")))
            ok = ids->participant.len == 0 &&
                 decode_id(gw_span_from(pair, 12), ids->participant_text, &ids->participant) && ids->participant.len;
        if (!ok) return GW_ERR_INVALID;
    }
    return ids->participant.len > 0 && ids->room.len == 0 ? GW_ERR_INVALID : GW_OK;
}

static void link_member(gw_gateway_room *room, gw_gateway_participant *participant, gw_gateway_member *member) {
    member->room = room;
    member->participant = participant;
    member->previous = room->last;
    member->next = NULL;
    if (room->last)
        room->last->next = member;
    else
        room->first = member;
    room->last = member;
    room->connections++;
    participant->connections++;
    member->second_of_pair = room->joined++ % 2 == 1;
}

gw_status gw_gateway_join(gw_gateway *gateway, gw_gateway_member *member, gw_span query, gw_ns now) {
    query_ids ids = {0};
    gw_status status = read_query(query, &ids);
    if (status == GW_OK && gateway->described && !gw_described_admits(gateway->described, query)) return GW_ERR_INVALID;
    if (status != GW_OK) return status;
    gw_gateway_room *room = ids.room.len > 0 ? gw_gateway_find_room(gateway, ids.room) : NULL;
    if (ids.room.len > 0 && !room) return GW_ERR_NOT_FOUND;
    if (!room) status = gw_gateway_open_lobby(gateway, &room);
    if (status != GW_OK) return status;
    gw_gateway_participant *participant;
    if (ids.participant.len > 0) {
        participant = gw_gateway_find_participant(room, ids.participant);
        if (!participant) return GW_ERR_NOT_FOUND;
    } else {
        status = gw_gateway_add_participant(gateway, room, true, &participant);
        if (status != GW_OK) return status;
    }
    *member = (gw_gateway_member){.hello_at = GW_NEVER,
                                  .beat_at = GW_NEVER,
                                  .expire_at = GW_NEVER,
                                  .ask_at = GW_NEVER,
                                  .answer_at = GW_NEVER,
                                  .answer_due = GW_NEVER,
                                  .release_at = GW_NEVER,
                                  .hello_sent_at = GW_NEVER,
                                  .window_from = now};
    gw_buf_init(&member->held, MAX_SCRATCH_BYTES);
    link_member(room, participant, member);
    return GW_OK;
}

void gw_gateway_leave_room(gw_gateway *gateway, gw_gateway_member *member) {
    (void)gateway;
    gw_gateway_room *room = member->room;
    if (!room) return;
    if (member->previous)
        member->previous->next = member->next;
    else
        room->first = member->next;
    if (member->next)
        member->next->previous = member->previous;
    else
        room->last = member->previous;
    room->connections--;
    gw_buf_deinit(&member->held);
    gw_gateway_participant *participant = member->participant;
    member->room = NULL;
    member->participant = NULL;
    if (--participant->connections == 0 && participant->fresh) gw_gateway_remove_participant(room, participant);
}
