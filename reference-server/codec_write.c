/* What the server sends: answers to the opening request, and frames (RFC 6455 sections 4.2.2 and 5.2). Pure. */
#include "reference-server/codec.h"

#include <string.h>

static bool has(const gw_codec_rules *rules, gw_fault fault) {
    return gw_faults_has(&rules->faults, fault);
}

void gw_codec_write_upgrade(const gw_codec_rules *rules, const gw_codec_event *request, gw_buf *out) {
    gw_buf_reserve(out, 192); /* hello has room, too */
    gw_buf_append_cstr(out, "HTTP/1.1 101 Switching Protocols\r\n");
    if (!has(rules, GW_FAULT_UPGRADE_HEADER_MISSING)) gw_buf_append_cstr(out, "Upgrade: websocket\r\n");
    if (!has(rules, GW_FAULT_CONNECTION_HEADER_MISSING)) gw_buf_append_cstr(out, "Connection: Upgrade\r\n");
    if (request->subprotocol) gw_buf_printf(out, "Sec-WebSocket-Protocol: %s\r\n", rules->subprotocol);
    if (has(rules, GW_FAULT_SUBPROTOCOL_INVENTED)) gw_buf_append_cstr(out, "Sec-WebSocket-Protocol: gateway.v9\r\n");
    if (has(rules, GW_FAULT_EXTENSION_INVENTED)) gw_buf_append_cstr(out, "Sec-WebSocket-Extensions: x-gateway\r\n");
    gw_buf_append_cstr(out, "Sec-WebSocket-Accept: ");
    gw_buf_append_cstr(out, request->accept);
    gw_buf_append_cstr(out, "\r\n\r\n");
}

static const struct {
    uint16_t status;
    const char *phrase, *fields;
} refusals[] = {
    {400, "Bad Request", ""},
    {404, "Not Found", ""},
    {405, "Method Not Allowed", "Allow: GET\r\n"},
    {408, "Request Timeout", ""},
    {426, "Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"},
    {431, "Request Header Fields Too Large", ""},
    {500, "Internal Server Error", ""},
    {503, "Service Unavailable", ""},
    {505, "HTTP Version Not Supported", ""},
};

void gw_codec_write_refusal(uint16_t status, const char *why, gw_buf *out) {
    size_t i = 0;
    while (i + 1 < sizeof refusals / sizeof refusals[0] && refusals[i].status != status) i++;
    const char *connection = status == 426 ? "Upgrade, close" : "close";
    gw_buf_printf(
        out, "HTTP/1.1 %u %s\r\n%sConnection: %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s\n",
        (unsigned)refusals[i].status, refusals[i].phrase, refusals[i].fields, connection, strlen(why) + 1, why);
}

static size_t write_length(uint8_t *head, uint64_t len, bool long_form) {
    if (len <= 125 && !long_form) {
        head[1] |= (uint8_t)len;
        return 2;
    }
    unsigned bytes = len <= 0xffff ? 2 : 8;
    head[1] |= bytes == 2 ? 126 : 127;
    for (unsigned i = 0; i < bytes; i++) head[2 + i] = (uint8_t)(len >> 8 * (bytes - 1 - i));
    return 2 + bytes;
}

void gw_codec_write_frame(const gw_codec_rules *rules, gw_codec_opcode opcode, gw_span payload, gw_buf *out) {
    /* Any key breaks the rule; a fixed one keeps the core deterministic. */
    static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};
    bool masked = has(rules, GW_FAULT_MASKS_FRAMES);
    uint8_t head[14] = {(uint8_t)(0x80 | opcode), masked ? 0x80 : 0};
    if (opcode == GW_CODEC_OP_PONG && has(rules, GW_FAULT_SENDS_FRAGMENTED_PONG)) head[0] &= 0x7f;
    size_t len = write_length(head, payload.len, has(rules, GW_FAULT_SENDS_LONG_LENGTHS));
    if (masked) {
        memcpy(head + len, key, 4);
        len += 4;
    }
    if (gw_buf_reserve(out, len + payload.len) != GW_OK) return;
    gw_buf_append(out, head, len);
    gw_buf_append_span(out, payload);
    if (!masked) return;
    for (size_t i = 0; i < payload.len; i++) out->data[out->len - payload.len + i] ^= key[i & 3];
}

void gw_codec_write_close(const gw_codec_rules *rules, uint16_t code, gw_span reason, gw_buf *out) {
    uint8_t payload[GW_CODEC_CONTROL_BYTES] = {(uint8_t)(code >> 8), (uint8_t)code};
    if (code == GW_CODEC_CLOSE_EMPTY) {
        gw_codec_write_frame(rules, GW_CODEC_OP_CLOSE, (gw_span){0}, out);
        return;
    }
    gw_span cut = gw_span_sub(reason, 0, sizeof payload - 2);
    if (cut.len > 0) memcpy(payload + 2, cut.ptr, cut.len);
    gw_codec_write_frame(rules, GW_CODEC_OP_CLOSE, gw_span_make(payload, 2 + cut.len), out);
}
