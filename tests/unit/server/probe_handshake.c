/* Probes of the opening handshake. */
#include "probe.h"

#include <string.h>

/* The request brings this status. */
static bool answers(rig *r, const probe *p) {
    rig_peer *peer = rig_accept(r);
    rig_bytes(r, peer, p->bytes, p->len);
    return peer->status == p->number;
}

static bool head_has(rig *r, const probe *p) {
    rig_peer *peer = rig_connect(r, "");
    return strstr(gw_buf_cstr(&peer->head), p->bytes) != NULL;
}

static bool head_lacks(rig *r, const probe *p) {
    rig_peer *peer = rig_connect(r, "");
    return strstr(gw_buf_cstr(&peer->head), p->bytes) == NULL;
}

static bool accepts_own_key(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_accept(r);
    rig_bytes(r, peer,
              RIG_BYTES("GET /gateway HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n"));
    return strstr(gw_buf_cstr(&peer->head), "HSmrc0sMlYUkAGmm5OPpG2HaGWk=") != NULL;
}

static bool names_version(rig *r, const probe *p) {
    rig_peer *peer = rig_accept(r);
    rig_bytes(r, peer, p->bytes, p->len);
    return peer->status == 426 && strstr(gw_buf_cstr(&peer->head), "\r\nSec-WebSocket-Version: 13\r\n") != NULL;
}

static bool takes_request_bytewise(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_accept(r);
    for (size_t i = 0; i < sizeof RIG_REQUEST - 1; i++) rig_bytes(r, peer, &RIG_REQUEST[i], 1);
    return peer->status == 101;
}

static bool serves_early_frame(rig *r, const probe *p) {
    (void)p;
    gw_buf bytes;
    gw_buf_init(&bytes, 4096);
    gw_buf_append_cstr(&bytes, RIG_REQUEST);
    rig_append_frame(&bytes, 0x81, RIG_BYTES(RIG_ASK));
    rig_peer *peer = rig_accept(r);
    rig_bytes(r, peer, bytes.data, bytes.len);
    gw_buf_deinit(&bytes);
    return rig_count(peer, "{\"e\":1,") == 1;
}

static bool ends_long_request(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_accept(r);
    rig_bytes(r, peer, RIG_BYTES("GET /gateway HTTP/1.1\r\n"));
    for (int i = 0; i < 1000; i++) rig_bytes(r, peer, RIG_BYTES("X-Filler: 0123456789012345678901234567890123456\r\n"));
    rig_wait(r, 30000);
    return peer->fin_at != GW_NEVER;
}

static bool ends_stalled_request(rig *r, const probe *p) {
    (void)p;
    rig_peer *peer = rig_accept(r);
    rig_bytes(r, peer, RIG_BYTES("GET /gateway HTTP/1.1\r\nHo"));
    rig_wait(r, 30000);
    return peer->status == 408 && peer->fin_at == r->config.handshake_timeout_ns;
}

#define LINE    "GET /gateway HTTP/1.1\r\n"
#define HOST    "Host: x\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONN    "Connection: Upgrade\r\n"
#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define END     "\r\n"
#define REQ(fault, text, status)                                                                                       \
    { GW_FAULT_##fault, answers, RIG_BYTES(text), status }

const probe probe_handshake[] = {
    {GW_FAULT_UPGRADE_HEADER_MISSING, head_has, RIG_BYTES("\r\nUpgrade: websocket\r\n"), 0},
    {GW_FAULT_CONNECTION_HEADER_MISSING, head_has, RIG_BYTES("\r\nConnection: Upgrade\r\n"), 0},
    {GW_FAULT_ACCEPT_WRONG, head_has, RIG_BYTES("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), 0},
    {GW_FAULT_ACCEPT_FIXED, accepts_own_key, NULL, 0, 0},
    REQ(CASE_SENSITIVE,
        "GET /gateway HTTP/1.1\r\nhost: x\r\nUPGRADE: WebSocket\r\nconnection: UPGRADE\r\n"
        "sec-websocket-KEY: dGhlIHNhbXBsZSBub25jZQ==\r\nSEC-WebSocket-version: 13\r\n\r\n",
        101),
    REQ(CONNECTION_EXACT, LINE HOST UPGRADE "Connection: keep-alive, Upgrade\r\n" KEY VERSION END, 101),
    REQ(ACCEPTS_POST, "POST /gateway HTTP/1.1\r\n" HOST UPGRADE CONN KEY VERSION END, 405),
    REQ(ACCEPTS_HTTP10, "GET /gateway HTTP/1.0\r\n" HOST UPGRADE CONN KEY VERSION END, 505),
    REQ(ACCEPTS_NO_HOST, LINE UPGRADE CONN KEY VERSION END, 400),
    REQ(ACCEPTS_NO_UPGRADE, LINE HOST CONN KEY VERSION END, 400),
    REQ(ACCEPTS_NO_CONNECTION, LINE HOST UPGRADE "Connection: close\r\n" KEY VERSION END, 400),
    REQ(ACCEPTS_NO_KEY, LINE HOST UPGRADE CONN VERSION END, 400),
    REQ(ACCEPTS_SHORT_KEY, LINE HOST UPGRADE CONN "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n" VERSION END, 400),
    REQ(ACCEPTS_BAD_KEY, LINE HOST UPGRADE CONN "Sec-WebSocket-Key: !!!!IHNhbXBsZSBub25jZQ==\r\n" VERSION END, 400),
    REQ(ACCEPTS_TWO_KEYS, LINE HOST UPGRADE CONN KEY KEY VERSION END, 400),
    REQ(ACCEPTS_NO_VERSION, LINE HOST UPGRADE CONN KEY END, 400),
    REQ(ACCEPTS_VERSION_99, LINE HOST UPGRADE CONN KEY "Sec-WebSocket-Version: 99\r\n" END, 426),
    {GW_FAULT_VERSION_NOT_NAMED, names_version,
     RIG_BYTES(LINE HOST UPGRADE CONN KEY "Sec-WebSocket-Version: 99\r\n" END), 0},
    REQ(ACCEPTS_ANY_PATH, "GET /other HTTP/1.1\r\n" HOST UPGRADE CONN KEY VERSION END, 404),
    REQ(ENDPOINT_MISSING, "GET /gateway HTTP/1.1\r\n" HOST UPGRADE CONN KEY VERSION END, 101),
    {GW_FAULT_SUBPROTOCOL_INVENTED, head_lacks, RIG_BYTES("Sec-WebSocket-Protocol"), 0},
    {GW_FAULT_EXTENSION_INVENTED, head_lacks, RIG_BYTES("Sec-WebSocket-Extensions"), 0},
    {GW_FAULT_BYTEWISE_REQUEST_FAILS, takes_request_bytewise, NULL, 0, 0},
    {GW_FAULT_EARLY_FRAME_LOST, serves_early_frame, NULL, 0, 0},
    {GW_FAULT_HELLO_NOT_BEHIND_FRAME, serves_early_frame, NULL, 0, 0},
    REQ(FOREIGN_ORIGIN_FAILS, LINE HOST UPGRADE CONN KEY VERSION "Origin: https://other.example\r\n" END, 101),
    {GW_FAULT_LONG_REQUEST_HANGS, ends_long_request, NULL, 0, 0},
    {GW_FAULT_STALLED_REQUEST_KEPT, ends_stalled_request, NULL, 0, 0},
};
const size_t probe_handshake_count = sizeof probe_handshake / sizeof probe_handshake[0];
