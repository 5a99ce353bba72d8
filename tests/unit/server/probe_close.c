/* Probes of the closing handshake. */
#include "probe.h"

#include <string.h>

/* A Close of these bytes is echoed with this code, then FIN. */
static bool echoes(rig *r, const probe *p) {
    rig_peer *peer = rig_connect(r, "");
    rig_send(r, peer, 0x88, p->bytes, p->len);
    return rig_close_code(peer) == p->number && peer->fin_at == r->now;
}

static bool refuses_long_close(rig *r, const probe *p) {
    (void)p;
    char body[126] = "\x03\xe8";
    memset(body + 2, 'r', sizeof body - 2);
    rig_peer *peer = rig_connect(r, "");
    rig_send(r, peer, 0x88, body, sizeof body);
    return rig_close_code(peer) == 1002;
}

static bool takes_long_reason(rig *r, const probe *p) {
    (void)p;
    char body[125] = "\x03\xe8";
    memset(body + 2, 'r', sizeof body - 2);
    rig_peer *peer = rig_connect(r, "");
    rig_send(r, peer, 0x88, body, sizeof body);
    return rig_close_code(peer) == 1000;
}

/* Behind a Close these bytes bring nothing. */
static bool silent_behind_close(rig *r, const probe *p) {
    rig_peer *peer = rig_connect(r, "");
    gw_buf bytes;
    gw_buf_init(&bytes, 4096);
    rig_append_frame(&bytes, 0x88, "\x03\xe8", 2);
    rig_append_frame(&bytes, (uint8_t)p->number, p->bytes, p->len);
    rig_bytes(r, peer, bytes.data, bytes.len);
    gw_buf_deinit(&bytes);
    rig_wait(r, 500);
    return peer->frames[peer->frame_count - 1].opcode == 8 && rig_find(peer, 8, 1) == NULL && peer->fin_at != GW_NEVER;
}

static bool closes_inside_message(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_send(r, peer, 0x01, "{", 1);
    rig_close(r, peer, 1000);
    return rig_close_code(peer) == 1000;
}

static bool ends_tcp_first(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_close(r, peer, 1000);
    rig_wait(r, 5000);
    return peer->fin_at == 0;
}

static bool survives_half_frame(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_bytes(r, peer, RIG_BYTES("\x81\x8e\0\0"));
    rig_eof(r, peer);
    return gw_core_get_state(r->core) == GW_CORE_ALIVE && rig_greets(r);
}

static bool drops_who_withholds_close(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_event(r, "lobby", "room_close", "{}");
    rig_wait(r, 60000);
    return rig_close_code(peer) == 1000 && peer->fin_at == r->config.close_timeout_ns &&
           peer->closed_at == 2 * r->config.close_timeout_ns;
}

static bool refuses_high_code(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_close(r, peer, 5000);
    return rig_close_code(peer) == 1002;
}

static bool times_out_in_ascii(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_connect(r, "");
    rig_wait(r, 1500);
    const rig_frame *close = rig_find(peer, 8, 0);
    if (!close || rig_close_code(peer) != 4000) return false;
    for (size_t i = 2; i < close->payload.len; i++)
        if (close->payload.ptr[i] >= 0x80) return false;
    return true;
}

#define CLOSE(fault, body, code)                                                                                       \
    { GW_FAULT_##fault, echoes, RIG_BYTES(body), code }
#define CALL(fault, how)                                                                                               \
    { GW_FAULT_##fault, how, NULL, 0, 0 }

const probe probe_close[] = {
    CLOSE(NO_CLOSE_ECHO, "\x03\xe8", 1000),
    CLOSE(EMPTY_CLOSE_IGNORED, "", 1005),
    CLOSE(ACCEPTS_ONE_BYTE_CLOSE, "\x03", 1002),
    CLOSE(CLOSE_CODE_CHANGED, "\x03\xe8", 1000),
    CLOSE(REFUSES_CLOSE_REASON, "\x03\xe8why", 1000),
    CALL(REFUSES_LONG_REASON, takes_long_reason),
    CALL(ACCEPTS_LONG_CLOSE, refuses_long_close),
    CLOSE(ACCEPTS_BAD_REASON, "\x03\xe8\xff", 1007),
    CLOSE(REFUSES_PRIVATE_CODES, "\x0f\xa0", 4000),
    CLOSE(ECHOES_BAD_CODES, "\x03\xed", 1002),
    CLOSE(ECHOES_FREE_CODES, "\x07\xd0", 1002),
    CLOSE(REFUSES_IANA_CODES, "\x03\xf5", 1013),
    {GW_FAULT_SECOND_CLOSE_ANSWERED, silent_behind_close, RIG_BYTES("\x03\xe8"), 0x88},
    {GW_FAULT_PONG_AFTER_CLOSE, silent_behind_close, RIG_BYTES("x"), 0x89},
    {GW_FAULT_READS_AFTER_CLOSE, silent_behind_close, RIG_BYTES(RIG_ASK), 0x81},
    CALL(CLOSE_IN_FRAGMENTS_IGNORED, closes_inside_message),
    CALL(TCP_LEFT_OPEN, ends_tcp_first),
    {GW_FAULT_DATA_AFTER_CLOSE, silent_behind_close, RIG_BYTES(""), 0x8a},
    CALL(HIGH_CODES_IGNORED, refuses_high_code),
    CALL(CLOSE_REASON_BROKEN, times_out_in_ascii),
    CALL(CLOSE_CODE_FORBIDDEN, times_out_in_ascii),
    CALL(HALF_FRAME_KILLS, survives_half_frame),
    CALL(CLOSE_WAITS_FOREVER, drops_who_withholds_close),
};
const size_t probe_close_count = sizeof probe_close / sizeof probe_close[0];
