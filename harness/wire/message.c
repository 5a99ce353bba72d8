/* Floor 1: frames to messages. */
#include "wire/message.h"

#include <string.h>

void gw_message_init(gw_message *message, gw_buf *payload) {
    message->payload = payload;
    message->opcode = message->control_opcode = 0;
    message->open = false;
    message->flags = message->frame_flags = message->control_flags = 0;
    message->frames = message->length = 0;
    message->control_len = 0; /* what is kept of it needs no start */
    gw_utf8_init(&message->utf8);
    gw_buf_clear(payload);
}

static unsigned frame_facts(const gw_frame *frame) {
    unsigned facts = frame->masked ? GW_MESSAGE_MASKED : GW_MESSAGE_UNMASKED;
    if (frame->rsv) facts |= GW_MESSAGE_RSV;
    if (frame->rsv && frame->opcode == GW_FRAME_CONTINUATION) facts |= GW_MESSAGE_RSV_CONTINUATION;
    if (gw_frame_is_reserved(frame->opcode)) facts |= GW_MESSAGE_RESERVED_OPCODE;
    if (!gw_frame_is_minimal(frame)) facts |= GW_MESSAGE_NON_MINIMAL;
    if (gw_frame_has_top_bit(frame)) facts |= GW_MESSAGE_TOP_BIT;
    if (!gw_frame_is_control(frame->opcode)) return facts;
    if (!frame->fin) facts |= GW_MESSAGE_FRAGMENTED_CONTROL;
    if (frame->payload_len > GW_FRAME_MAX_CONTROL) facts |= GW_MESSAGE_LONG_CONTROL;
    return facts;
}

static void start(gw_message *m, uint8_t opcode) {
    m->open = true;
    m->opcode = opcode;
    m->flags = 0;
    m->frames = m->length = 0;
    gw_utf8_init(&m->utf8);
    gw_buf_clear(m->payload);
}

static void take_header(gw_message *m, const gw_frame *frame) {
    m->frame_flags = frame_facts(frame);
    if (gw_frame_is_control(frame->opcode)) {
        m->control_opcode = frame->opcode;
        m->control_flags = m->frame_flags;
        m->control_len = 0;
        return;
    }
    bool continues = frame->opcode == GW_FRAME_CONTINUATION;
    if (continues && !m->open) m->frame_flags |= GW_MESSAGE_ORPHAN;
    if (!continues && m->open) m->frame_flags |= GW_MESSAGE_INTERRUPTS;
    if (!continues || !m->open) start(m, frame->opcode);
    m->flags |= m->frame_flags;
    m->frames++;
}

static void keep(gw_message *m, gw_span bytes) {
    const unsigned cut = GW_MESSAGE_TOO_BIG | GW_MESSAGE_OUT_OF_MEMORY;
    m->length += bytes.len;
    if (m->opcode == GW_FRAME_TEXT && !gw_utf8_feed(&m->utf8, bytes)) m->flags |= GW_MESSAGE_BAD_UTF8;
    if (m->flags & cut) return;
    size_t room = m->payload->max - m->payload->len;
    if (bytes.len > room) {
        m->flags |= GW_MESSAGE_TOO_BIG;
        bytes.len = room;
    }
    if (gw_buf_append_span(m->payload, bytes) != GW_OK) m->flags |= GW_MESSAGE_OUT_OF_MEMORY;
}

static void keep_control(gw_message *m, gw_span bytes) {
    size_t room = sizeof m->control - m->control_len;
    size_t n = bytes.len < room ? bytes.len : room;
    if (n) memcpy(m->control + m->control_len, bytes.ptr, n);
    m->control_len += n;
}

static gw_message_event take_end(gw_message *m, const gw_frame *frame) {
    if (gw_frame_is_control(frame->opcode)) return GW_MESSAGE_CONTROL;
    if (!frame->fin) return GW_MESSAGE_NONE;
    m->open = false;
    if (m->opcode == GW_FRAME_TEXT && m->utf8.missing > 0 && !m->utf8.invalid) m->flags |= GW_MESSAGE_CUT_UTF8;
    return GW_MESSAGE_DATA;
}

gw_message_event gw_message_take(gw_message *message, const gw_frame_decoder *decoder, const gw_frame_event *event) {
    const gw_frame *frame = &decoder->frame;
    gw_span bytes = gw_span_make(event->bytes, event->len);
    switch (event->kind) {
    case GW_FRAME_HEADER:
        take_header(message, frame);
        return GW_MESSAGE_NONE;
    case GW_FRAME_PAYLOAD:
        if (gw_frame_is_control(frame->opcode))
            keep_control(message, bytes);
        else
            keep(message, bytes);
        return GW_MESSAGE_NONE;
    case GW_FRAME_END:
        return take_end(message, frame);
    default:
        return GW_MESSAGE_NONE;
    }
}
