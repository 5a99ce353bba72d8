/* Floor 1: frames, both ways (RFC 6455 section 5.2). */
#include "wire/frame.h"
#include "wire/mask.h"

#include <string.h>

static const char *const opcode_names[16] = {
    "continuation", "text", "binary", "reserved-3",  "reserved-4",  "reserved-5",  "reserved-6",  "reserved-7",
    "close",        "ping", "pong",   "reserved-11", "reserved-12", "reserved-13", "reserved-14", "reserved-15",
};

const char *gw_frame_opcode_name(unsigned opcode) {
    return opcode < 16 ? opcode_names[opcode] : "invalid";
}

int gw_frame_opcode_parse(gw_span name) {
    for (int i = 0; i < 16; i++)
        if (gw_span_equal_cstr(name, opcode_names[i])) return i;
    if (name.len == 0 || name.len > 2) return -1;
    int value = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] < '0' || name.ptr[i] > '9') return -1;
        value = value * 10 + (name.ptr[i] - '0');
    }
    return value < 16 ? value : -1;
}

gw_frame_form gw_frame_minimal_form(uint64_t payload_len) {
    return payload_len < 126 ? GW_FRAME_LEN7 : payload_len <= UINT16_MAX ? GW_FRAME_LEN16 : GW_FRAME_LEN64;
}

gw_frame gw_frame_make(unsigned opcode, uint64_t payload_len) {
    return (gw_frame){.fin = true,
                      .opcode = (uint8_t)opcode,
                      .payload_len = payload_len,
                      .length_form = gw_frame_minimal_form(payload_len)};
}

/* Bytes of extended length by length form. */
static const uint8_t length_bytes[] = {[GW_FRAME_LEN7] = 0, [GW_FRAME_LEN16] = 2, [GW_FRAME_LEN64] = 8};

size_t gw_frame_encode_header(const gw_frame *frame, uint8_t out[GW_FRAME_MAX_HEADER]) {
    if (frame->opcode > 15 || frame->rsv > 7 || frame->length_form > GW_FRAME_LEN64) return 0;
    if (gw_frame_minimal_form(frame->payload_len) > frame->length_form) return 0;
    static const uint8_t markers[] = {[GW_FRAME_LEN16] = 126, [GW_FRAME_LEN64] = 127};
    size_t extended = length_bytes[frame->length_form], n = 2;
    out[0] = (uint8_t)((frame->fin ? 0x80 : 0) | frame->rsv << 4 | frame->opcode);
    out[1] = (uint8_t)((frame->masked ? 0x80 : 0) | (extended ? markers[frame->length_form] : frame->payload_len));
    for (size_t i = extended; i-- > 0;) out[n++] = (uint8_t)(frame->payload_len >> (8 * i));
    if (frame->masked) {
        memcpy(out + n, frame->key, sizeof frame->key);
        n += sizeof frame->key;
    }
    return n;
}

gw_status gw_frame_append(gw_buf *out, const gw_frame *frame, gw_span payload) {
    uint8_t header[GW_FRAME_MAX_HEADER];
    size_t n = gw_frame_encode_header(frame, header);
    if (n == 0) return GW_ERR_INVALID;
    gw_status status = payload.len > SIZE_MAX - n ? GW_ERR_LIMIT : gw_buf_reserve(out, n + payload.len);
    if (status != GW_OK) return status;
    gw_buf_append(out, header, n);
    status = gw_buf_append_span(out, payload);
    if (frame->masked && payload.len) gw_mask_apply(out->data + out->len - payload.len, payload.len, frame->key, 0);
    return status;
}

enum state { IN_HEADER, IN_PAYLOAD, AT_END, STOPPED };

void gw_frame_decoder_init(gw_frame_decoder *decoder, bool unmask) {
    *decoder = (gw_frame_decoder){.state = IN_HEADER, .unmask = unmask};
}

/* Field by field: this runs for each piece of each frame, and a literal would zero the whole first. */
static inline gw_frame_event make_event(gw_frame_event_kind kind, size_t consumed, uint8_t *bytes, size_t len,
                                        uint64_t offset) {
    gw_frame_event event;
    event.kind = kind;
    event.consumed = consumed;
    event.bytes = bytes;
    event.len = len;
    event.offset = offset;
    return event;
}

/* Length of the header that begins with these two bytes. */
static size_t header_length(const uint8_t *p) {
    unsigned low = p[1] & 0x7fu;
    return 2 + (low == 127 ? 8u : low == 126 ? 2u : 0u) + (p[1] & 0x80 ? 4u : 0u);
}

static void read_header(gw_frame *frame, const uint8_t *p, size_t header_len) {
    unsigned low = p[1] & 0x7fu;
    frame->fin = (p[0] & 0x80) != 0;
    frame->rsv = p[0] >> 4 & 7;
    frame->opcode = p[0] & 15;
    frame->masked = (p[1] & 0x80) != 0;
    frame->length_form = low == 127 ? GW_FRAME_LEN64 : low == 126 ? GW_FRAME_LEN16 : GW_FRAME_LEN7;
    frame->header_len = (uint8_t)header_len;
    uint64_t length = low;
    size_t extended = length_bytes[frame->length_form];
    if (extended) length = 0;
    for (size_t i = 0; i < extended; i++) length = length << 8 | p[2 + i];
    frame->payload_len = length;
    memset(frame->key, 0, sizeof frame->key);
    if (frame->masked) memcpy(frame->key, p + header_len - sizeof frame->key, sizeof frame->key);
}

static gw_frame_event header_event(gw_frame_decoder *d, const uint8_t *header, size_t header_len, uint8_t *bytes,
                                   size_t consumed) {
    read_header(&d->frame, header, header_len);
    d->stream_offset += consumed;
    d->frame_offset = d->stream_offset - header_len;
    d->payload_pos = 0;
    d->header_fill = 0;
    d->state = gw_frame_has_top_bit(&d->frame) ? STOPPED : d->frame.payload_len == 0 ? AT_END : IN_PAYLOAD;
    return make_event(GW_FRAME_HEADER, consumed, bytes, 0, d->frame_offset);
}

static gw_frame_event take_header(gw_frame_decoder *d, uint8_t *bytes, size_t len) {
    if (d->header_fill == 0 && len >= 2) {
        size_t need = header_length(bytes);
        if (len >= need) return header_event(d, bytes, need, bytes, need);
    }
    size_t taken = 0;
    while (taken < len) {
        d->header[d->header_fill++] = bytes[taken++];
        if (d->header_fill < 2) continue;
        size_t need = header_length(d->header);
        if (d->header_fill == need) return header_event(d, d->header, need, bytes, taken);
    }
    d->stream_offset += taken;
    return make_event(GW_FRAME_NEED_MORE, taken, bytes, 0, d->stream_offset);
}

static gw_frame_event take_payload(gw_frame_decoder *d, uint8_t *bytes, size_t len) {
    uint64_t rest = d->frame.payload_len - d->payload_pos;
    size_t n = len < rest ? len : (size_t)rest;
    if (n == 0) return make_event(GW_FRAME_NEED_MORE, 0, bytes, 0, d->payload_pos);
    gw_frame_event event = make_event(GW_FRAME_PAYLOAD, n, bytes, n, d->payload_pos);
    if (d->unmask && d->frame.masked) gw_mask_apply(bytes, n, d->frame.key, d->payload_pos);
    d->payload_pos += n;
    d->stream_offset += n;
    if (n == rest) d->state = AT_END;
    return event;
}

static gw_frame_event take_end(gw_frame_decoder *d, uint8_t *bytes, size_t len) {
    (void)len;
    d->state = IN_HEADER;
    return make_event(GW_FRAME_END, 0, bytes, 0, d->payload_pos);
}

static gw_frame_event take_nothing(gw_frame_decoder *d, uint8_t *bytes, size_t len) {
    (void)len;
    return make_event(GW_FRAME_STOPPED, 0, bytes, 0, d->payload_pos);
}

gw_frame_event gw_frame_decoder_next(gw_frame_decoder *decoder, uint8_t *bytes, size_t len) {
    static gw_frame_event (*const steps[])(gw_frame_decoder *, uint8_t *, size_t) = {
        [IN_HEADER] = take_header, [IN_PAYLOAD] = take_payload, [AT_END] = take_end, [STOPPED] = take_nothing};
    return steps[decoder->state](decoder, bytes, len);
}
