/* Floor 1: key, accept value, and what a head says of the handshake (RFC 6455 sections 4.1 and 4.2). */
#include "wire/base64.h"
#include "wire/handshake.h"
#include "wire/sha1.h"

void gw_handshake_key(const uint8_t nonce[GW_HANDSHAKE_KEY_BYTES], char out[GW_HANDSHAKE_KEY_TEXT]) {
    gw_base64_encode(gw_span_make(nonce, GW_HANDSHAKE_KEY_BYTES), out);
}

void gw_handshake_accept(gw_span key, char out[GW_HANDSHAKE_ACCEPT_TEXT]) {
    const gw_span parts[] = {gw_span_trim(key), GW_SPAN_LIT("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")};
    uint8_t digest[GW_SHA1_BYTES];
    gw_sha1(parts, 2, digest);
    gw_base64_encode(gw_span_make(digest, sizeof digest), out);
}

static size_t count_elements(const gw_head *head, const char *name) {
    gw_span list, element;
    size_t count = 0;
    for (size_t n = 0; gw_head_nth(head, name, n, &list); n++)
        while (gw_head_next_element(&list, &element)) count++;
    return count;
}

static gw_handshake_facts read_both(const gw_head *head) {
    gw_handshake_facts facts = {
        .http_1_1 = head->major == 1 && head->minor >= 1,
        .upgrade_websocket = gw_head_has_token(head, "Upgrade", "websocket"),
        .upgrade_exact = gw_head_count(head, "Upgrade") == 1 &&
                         gw_span_equal_nocase(gw_head_get(head, "Upgrade"), GW_SPAN_LIT("websocket")),
        .connection_upgrade = gw_head_has_token(head, "Connection", "upgrade"),
        .protocols = count_elements(head, "Sec-WebSocket-Protocol"),
        .extensions = count_elements(head, "Sec-WebSocket-Extensions"),
        .protocol = gw_head_get(head, "Sec-WebSocket-Protocol"),
        .extension = gw_head_get(head, "Sec-WebSocket-Extensions"),
    };
    return facts;
}

gw_handshake_facts gw_handshake_read_request(const gw_head *head) {
    gw_handshake_facts facts = read_both(head);
    facts.is_get = gw_span_equal_cstr(head->method, "GET");
    facts.hosts = gw_head_count(head, "Host");
    facts.keys = gw_head_count(head, "Sec-WebSocket-Key");
    facts.versions = gw_head_count(head, "Sec-WebSocket-Version");
    facts.key = gw_head_get(head, "Sec-WebSocket-Key");
    facts.key_is_base64 = facts.key.len > 0 && gw_base64_decode(facts.key, NULL, 0, &facts.key_bytes) == GW_OK;
    facts.version = gw_head_get(head, "Sec-WebSocket-Version");
    facts.version_13 = gw_span_equal_cstr(facts.version, "13");
    return facts;
}

gw_handshake_facts gw_handshake_read_response(const gw_head *head, gw_span key) {
    gw_handshake_facts facts = read_both(head);
    char expected[GW_HANDSHAKE_ACCEPT_TEXT];
    gw_handshake_accept(key, expected);
    facts.status_101 = head->status == 101;
    facts.accepts = gw_head_count(head, "Sec-WebSocket-Accept");
    facts.accept = gw_head_get(head, "Sec-WebSocket-Accept");
    facts.accept_matches = facts.accepts > 0 && gw_span_equal_cstr(facts.accept, expected);
    return facts;
}
