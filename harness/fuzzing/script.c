/* Floor 3: session scripts as bytes.
 *
 *   script  config step*
 *   step    flags(2 bits) conn(2) op(4), then the op's arguments, then for ops with bytes: length, bytes
 *   length  0 - 239 in one byte; else 0xf0 | high 4 bits, then low 8 bits
 */
#include "fuzzing/script.h"

#include <string.h>

static const struct op {
    const char *word;
    uint8_t args;
    bool bytes;
} ops[GW_SCRIPT_OP_COUNT] = {
#define GW_SCRIPT_ROW(name, word, args, bytes) {word, args, bytes},
    GW_SCRIPT_OP_TABLE(GW_SCRIPT_ROW)
#undef GW_SCRIPT_ROW
};

const char *gw_script_op_word(gw_script_op op) {
    return (unsigned)op < GW_SCRIPT_OP_COUNT ? ops[op].word : "?";
}

/* ---- Decoding ---- */

static uint8_t take_byte(gw_span *rest) {
    if (!rest->len) return 0;
    uint8_t byte = rest->ptr[0];
    *rest = gw_span_from(*rest, 1);
    return byte;
}

static gw_span take_bytes(gw_span *rest) {
    size_t len = take_byte(rest);
    if (len >= 0xf0) len = (len & 0x0f) << 8 | take_byte(rest);
    gw_span bytes = gw_span_sub(*rest, 0, len);
    *rest = gw_span_from(*rest, bytes.len);
    return bytes;
}

void gw_script_decode(gw_span bytes, gw_script *script) {
    script->config = take_byte(&bytes);
    script->count = 0;
    while (bytes.len && script->count < GW_SCRIPT_MAX_STEPS) {
        uint8_t first = take_byte(&bytes);
        gw_script_step *step = &script->steps[script->count++];
        *step = (gw_script_step){
            .op = (first & 0x0f) % GW_SCRIPT_OP_COUNT, .conn = first >> 4 & 3, .flags = (uint8_t)(first >> 6)};
        if (ops[step->op].args > 0) step->a = take_byte(&bytes);
        if (ops[step->op].args > 1) step->b = take_byte(&bytes);
        if (ops[step->op].bytes) step->bytes = take_bytes(&bytes);
    }
}

/* ---- Encoding ---- */

size_t gw_script_encode(const gw_script *script, uint8_t *out, size_t max) {
    if (!max) return 0;
    size_t n = 0;
    out[n++] = script->config;
    for (size_t i = 0; i < script->count; i++) {
        const gw_script_step *step = &script->steps[i];
        const struct op *op = &ops[step->op];
        size_t len = step->bytes.len < GW_SCRIPT_MAX_BYTES ? step->bytes.len : GW_SCRIPT_MAX_BYTES;
        size_t need = 1u + op->args + (op->bytes ? (len < 0xf0 ? 1 : 2) + len : 0);
        if (need > max - n) break;
        out[n++] = (uint8_t)((step->flags & 3) << 6 | (step->conn & 3) << 4 | step->op);
        if (op->args > 0) out[n++] = step->a;
        if (op->args > 1) out[n++] = step->b;
        if (!op->bytes) continue;
        if (len >= 0xf0) out[n++] = (uint8_t)(0xf0 | len >> 8);
        out[n++] = (uint8_t)len;
        if (len) memcpy(out + n, step->bytes.ptr, len);
        n += len;
    }
    return n;
}

/* ---- What the numbers mean ---- */

gw_script_server gw_script_read_config(uint8_t config) {
    static const uint32_t intervals[] = {1000, 50, 1, 30000};
    static const uint32_t asks[] = {0, 400, 3, 5000};
    static const size_t messages[] = {1 << 20, 4096, 125, 1};
    return (gw_script_server){intervals[config & 3], asks[config >> 2 & 3], messages[config >> 4 & 3],
                              config & 0x40 ? 10 : 10000};
}

/* Lines of an UPGRADE request that a variant changes; NULL leaves the line out. */
static const char *const upgrade_lines[] = {"Host: a", "Upgrade: websocket", "Connection: Upgrade",
                                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"};
static const struct variant {
    const char *start;
    int line;         /* of upgrade_lines, or -1 */
    const char *text; /* in its place, NULL: nothing */
    const char *more; /* one line more */
} variants[] = {
    {NULL, -1, NULL, NULL},
    {"GET /gateway?room=r1&participant=p1 HTTP/1.1", -1, NULL, NULL},
    {"GET /gateway?room=%72%31 HTTP/1.1", -1, NULL, NULL},
    {"GET /gateway?room=nope HTTP/1.1", -1, NULL, NULL},
    {"GET /other HTTP/1.1", -1, NULL, NULL},
    {"POST /gateway HTTP/1.1", -1, NULL, "Content-Length: 4"},
    {"GET /gateway HTTP/1.0", -1, NULL, NULL},
    {"GET http://a/gateway HTTP/1.1", -1, NULL, NULL},
    {NULL, 0, NULL, NULL},
    {NULL, 0, "Host: a\r\nHost: b", NULL},
    {NULL, 1, NULL, NULL},
    {NULL, 1, "upgrade: WebSocket", NULL},
    {NULL, 1, "Upgrade: h2c, websocket", NULL},
    {NULL, 2, NULL, NULL},
    {NULL, 2, "Connection: keep-alive, upgrade", NULL},
    {NULL, 3, NULL, NULL},
    {NULL, 3, "Sec-WebSocket-Key: dGhlIHNhbXBsZQ==", NULL},
    {NULL, 3, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", NULL},
    {NULL, 4, NULL, NULL},
    {NULL, 4, "Sec-WebSocket-Version: 12", NULL},
    {NULL, 4, "Sec-WebSocket-Version:13", NULL},
    {NULL, -1, NULL, " folded"},
    {NULL, -1, NULL, "no colon"},
    {NULL, -1, NULL, "Space : before"},
    {NULL, -1, NULL, "Sec-WebSocket-Protocol: chat"},
    {NULL, -1, NULL, "Sec-WebSocket-Extensions: permessage-deflate"},
};

gw_status gw_script_request(uint8_t variant, gw_buf *out) {
    const struct variant *v = &variants[variant % (sizeof variants / sizeof variants[0])];
    gw_status status = gw_buf_printf(out, "%s\r\n", v->start ? v->start : "GET /gateway HTTP/1.1");
    for (int i = 0; i < (int)(sizeof upgrade_lines / sizeof upgrade_lines[0]) && status == GW_OK; i++) {
        const char *line = i == v->line ? v->text : upgrade_lines[i];
        if (line) status = gw_buf_printf(out, "%s\r\n", line);
    }
    if (status == GW_OK && v->more) status = gw_buf_printf(out, "%s\r\n", v->more);
    return status == GW_OK ? gw_buf_append_cstr(out, "\r\n") : status;
}

/* What a lie does to the length; forms too short for it are widened. */
static uint64_t lie(unsigned kind, uint64_t len) {
    static const uint64_t fixed[GW_SCRIPT_LIES] = {[5] = 0,
                                                   [6] = 125,
                                                   [7] = 126,
                                                   [8] = 65535,
                                                   [9] = 65536,
                                                   [10] = 1 << 20,
                                                   [11] = (1 << 20) + 1,
                                                   [12] = UINT32_MAX,
                                                   [13] = INT64_MAX,
                                                   [14] = UINT64_C(1) << 63,
                                                   [15] = UINT64_MAX};
    if (kind == 0) return len;
    if (kind <= 4) {
        static const int64_t off[] = {0, 1, -1, 4, -4};
        return off[kind] < 0 && len < (uint64_t)-off[kind] ? 0 : len + (uint64_t)off[kind];
    }
    return fixed[kind];
}

gw_frame gw_script_frame(const gw_script_step *step) {
    static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};
    gw_frame frame = gw_frame_make(step->a & 0x0f, lie(step->b >> 4, step->bytes.len));
    frame.fin = (step->a & 0x80) != 0;
    frame.rsv = step->a >> 4 & 7;
    unsigned form = step->b & 3;
    if (form && (gw_frame_form)(form - 1) > frame.length_form) frame.length_form = (gw_frame_form)(form - 1);
    frame.masked = !(step->b & 4);
    if (frame.masked && !(step->b & 8)) memcpy(frame.key, key, sizeof key);
    return frame;
}
