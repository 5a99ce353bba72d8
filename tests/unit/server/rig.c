/* The core of the reference server on a virtual clock, with scripted peers. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rig_init_config(rig *r, const gw_core_config *config, const gw_faults *faults) {
    memset(r, 0, sizeof *r);
    r->config = *config;
    r->core = gw_core_create(config, 7, faults);
    ck_assert_ptr_nonnull(r->core);
}

void rig_init(rig *r, const gw_faults *faults) {
    gw_core_config config;
    gw_core_config_default(&config);
    config.interval_ns = RIG_INTERVAL_MS * GW_MS;
    rig_init_config(r, &config, faults);
}

void rig_deinit(rig *r) {
    gw_core_destroy(r->core);
    for (size_t i = 0; i < r->peer_count; i++) {
        rig_peer *peer = r->peers[i];
        for (size_t f = 0; f < peer->frame_count; f++) free((void *)peer->frames[f].payload.ptr);
        gw_buf_deinit(&peer->in);
        gw_buf_deinit(&peer->head);
        free(peer);
    }
}

static void read_head(rig_peer *peer) {
    const char *end = peer->in.len ? strstr(gw_buf_cstr(&peer->in), "\r\n\r\n") : NULL;
    if (!end) return;
    size_t len = (size_t)(end - gw_buf_cstr(&peer->in)) + 4;
    ck_assert_int_eq(sscanf(gw_buf_cstr(&peer->in), "HTTP/1.1 %d", &peer->status), 1);
    if (peer->status != 101) len = peer->in.len;
    gw_buf_append(&peer->head, peer->in.data, len);
    gw_buf_consume(&peer->in, len);
}

/* A reader of its own, as plain as can be, that trusts nothing but lengths. */
static bool read_frame(rig_peer *peer, gw_ns now) {
    const uint8_t *p = peer->in.data;
    size_t have = peer->in.len, at = 2;
    if (have < 2) return false;
    uint64_t len = p[1] & 0x7f;
    int wide = len == 126 ? 2 : len == 127 ? 8 : 0;
    if (have < at + (size_t)wide) return false;
    if (wide) len = 0;
    for (int i = 0; i < wide; i++) len = len << 8 | p[at++];
    const uint8_t *mask = p[1] & 0x80 ? p + at : NULL;
    if (mask) at += 4;
    if (have < at + len) return false;
    uint8_t *copy = malloc(len + 1);
    ck_assert_ptr_nonnull(copy);
    for (size_t i = 0; i < len; i++) copy[i] = mask ? p[at + i] ^ mask[i % 4] : p[at + i];
    copy[len] = 0;
    ck_assert_uint_lt(peer->frame_count, RIG_FRAMES);
    peer->frames[peer->frame_count++] = (rig_frame){p[0], p[1], p[0] & 0x0f, gw_span_make(copy, len), now};
    gw_buf_consume(&peer->in, at + len);
    return true;
}

static void drop(rig *r, rig_peer *peer) {
    gw_core_conn *conn = peer->conn;
    peer->conn = NULL;
    if (peer->closed_at == GW_NEVER) peer->closed_at = r->now;
    if (peer->fin_at == GW_NEVER) peer->fin_at = r->now;
    gw_core_on_gone(r->core, conn, r->now);
}

static void pump(rig *r) {
    gw_core_conn *conn;
    while ((conn = gw_core_next_ready(r->core))) {
        rig_peer *peer = gw_core_user(conn);
        gw_span out = gw_core_output(conn);
        gw_buf_append_span(&peer->in, out);
        gw_core_sent(r->core, conn, out.len);
        if (peer->status == 0) read_head(peer);
        while (peer->status == 101 && read_frame(peer, r->now)) {
        }
        gw_core_ending ending = gw_core_get_ending(conn);
        if (ending == GW_CORE_FIN && peer->fin_at == GW_NEVER) peer->fin_at = r->now;
        if (ending == GW_CORE_RESET) peer->reset = true;
        if (ending == GW_CORE_RESET || ending == GW_CORE_CLOSED) drop(r, peer);
    }
}

rig_peer *rig_accept(rig *r) {
    ck_assert_uint_lt(r->peer_count, RIG_PEERS);
    rig_peer *peer = calloc(1, sizeof *peer);
    ck_assert_ptr_nonnull(peer);
    r->peers[r->peer_count++] = peer;
    gw_buf_init(&peer->in, 8 << 20);
    gw_buf_init(&peer->head, 1 << 20);
    peer->fin_at = peer->closed_at = GW_NEVER;
    peer->conn = gw_core_on_accept(r->core, peer, r->now);
    if (!peer->conn) peer->fin_at = peer->closed_at = r->now;
    return peer;
}

void rig_bytes(rig *r, rig_peer *peer, const void *bytes, size_t len) {
    if (!peer->conn) return;
    gw_core_on_bytes(r->core, peer->conn, gw_span_make(bytes, len), r->now);
    pump(r);
}

rig_peer *rig_connect(rig *r, const char *query) {
    char request[512];
    int len = snprintf(request, sizeof request, "GET /gateway%s HTTP/1.1\r\n" RIG_REQUEST_REST, query);
    rig_peer *peer = rig_accept(r);
    rig_bytes(r, peer, request, (size_t)len);
    return peer;
}

void rig_room(rig *r) {
    char id[GW_CORE_ID_BYTES];
    ck_assert_int_eq(gw_core_room_create(r->core, id, r->error), GW_OK);
}

void rig_participant(rig *r, const char *room) {
    char id[GW_CORE_ID_BYTES];
    ck_assert_int_eq(gw_core_participant_create(r->core, gw_span_cstr(room), id, r->error), GW_OK);
}

size_t rig_event(rig *r, const char *room, const char *event, const char *data) {
    size_t delivered;
    gw_status status = gw_core_event(r->core, gw_span_cstr(room), gw_span_cstr(event), gw_span_cstr(data), r->now, NULL,
                                     &delivered, r->error);
    ck_assert_msg(status == GW_OK, "%s", r->error);
    pump(r);
    return delivered;
}

void rig_append_frame(gw_buf *out, uint8_t first, const void *payload, size_t len) {
    static const uint8_t mask[4] = {0x11, 0x22, 0x33, 0x44};
    uint8_t head[14] = {first, 0x80};
    size_t at = 2;
    int wide = len <= 125 ? 0 : len <= 0xffff ? 2 : 8;
    head[1] |= wide == 0 ? (uint8_t)len : wide == 2 ? 126 : 127;
    for (int i = wide - 1; i >= 0; i--) head[at++] = (uint8_t)(len >> 8 * i);
    memcpy(head + at, mask, 4);
    gw_buf_append(out, head, at + 4);
    for (size_t i = 0; i < len; i++) gw_buf_append_byte(out, ((const uint8_t *)payload)[i] ^ mask[i % 4]);
    ck_assert_int_eq(out->error, GW_OK);
}

void rig_send(rig *r, rig_peer *peer, uint8_t first, const void *payload, size_t len) {
    gw_buf bytes;
    gw_buf_init(&bytes, len + 14);
    rig_append_frame(&bytes, first, payload, len);
    rig_bytes(r, peer, bytes.data, bytes.len);
    gw_buf_deinit(&bytes);
}

void rig_text(rig *r, rig_peer *peer, const char *text) {
    rig_send(r, peer, 0x81, text, strlen(text));
}

void rig_close(rig *r, rig_peer *peer, int code) {
    uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    rig_send(r, peer, 0x88, payload, code ? 2 : 0);
}

void rig_eof(rig *r, rig_peer *peer) {
    if (!peer->conn) return;
    gw_core_on_eof(r->core, peer->conn, r->now);
    pump(r);
}

void rig_gone(rig *r, rig_peer *peer) {
    if (peer->conn) drop(r, peer);
    pump(r);
}

void rig_wait(rig *r, int ms) {
    gw_ns until = r->now + ms * GW_MS;
    for (gw_ns at; (at = gw_core_next_deadline(r->core)) <= until;) {
        ck_assert_msg(at >= r->now, "a deadline lies in the past");
        r->now = at;
        gw_core_on_tick(r->core, r->now);
        pump(r);
    }
    r->now = until;
}

void rig_wait_beating(rig *r, rig_peer *peer, int ms, int every) {
    for (int passed = 0; passed < ms; passed += every) {
        rig_wait(r, every);
        rig_text(r, peer, RIG_BEAT);
    }
}

static bool starts(const rig_frame *frame, const char *prefix) {
    return (frame->opcode == 1) && gw_span_starts_with(frame->payload, gw_span_cstr(prefix));
}

size_t rig_count(const rig_peer *peer, const char *prefix) {
    size_t count = 0;
    for (size_t i = 0; i < peer->frame_count; i++) count += starts(&peer->frames[i], prefix);
    return count;
}

const rig_frame *rig_find(const rig_peer *peer, uint8_t opcode, size_t nth) {
    for (size_t i = 0; i < peer->frame_count; i++)
        if (peer->frames[i].opcode == opcode && nth-- == 0) return &peer->frames[i];
    return NULL;
}

const rig_frame *rig_find_text(const rig_peer *peer, const char *prefix) {
    for (size_t i = 0; i < peer->frame_count; i++)
        if (starts(&peer->frames[i], prefix)) return &peer->frames[i];
    return NULL;
}

int rig_close_code(const rig_peer *peer) {
    const rig_frame *frame = rig_find(peer, 8, 0);
    if (!frame) return 0;
    return frame->payload.len < 2 ? 1005 : frame->payload.ptr[0] << 8 | frame->payload.ptr[1];
}

bool rig_is_open(const rig_peer *peer) {
    return peer->status == 101 && peer->conn && peer->fin_at == GW_NEVER && !rig_find(peer, 8, 0);
}

bool rig_answers_ping(rig *r, rig_peer *peer) {
    static unsigned serial;
    char nonce[16];
    int len = snprintf(nonce, sizeof nonce, "n%u", serial++);
    rig_send(r, peer, 0x89, nonce, (size_t)len);
    for (size_t i = 0; i < peer->frame_count; i++)
        if (peer->frames[i].opcode == 10 && gw_span_equal_cstr(peer->frames[i].payload, nonce)) return true;
    return false;
}

bool rig_greets(rig *r) {
    rig_peer *peer = rig_connect(r, "");
    return rig_is_open(peer) && rig_count(peer, "{\"e\":0,") == 1;
}
