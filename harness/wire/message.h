/* Frames to messages (RFC 6455 section 5.4). Floor 1. It records facts and judges nothing: whether a fact breaks a rule
 * is decided above. */
#ifndef GW_WIRE_MESSAGE_H
#define GW_WIRE_MESSAGE_H

#include "wire/frame.h"
#include "wire/utf8.h"

/* Facts. Those of a frame are known at its HEADER; those of a message gather over its frames. */
enum {
    GW_MESSAGE_ORPHAN = 1 << 0,             /* a continuation, but no message was open */
    GW_MESSAGE_INTERRUPTS = 1 << 1,         /* a new data opcode while a message was open (which is dropped) */
    GW_MESSAGE_FRAGMENTED_CONTROL = 1 << 2, /* a control frame without fin */
    GW_MESSAGE_LONG_CONTROL = 1 << 3,       /* a control frame that declares more than 125 bytes */
    GW_MESSAGE_RESERVED_OPCODE = 1 << 4,
    GW_MESSAGE_RSV = 1 << 5,              /* a reserved bit is set */
    GW_MESSAGE_RSV_CONTINUATION = 1 << 6, /* a reserved bit is set on a continuation */
    GW_MESSAGE_NON_MINIMAL = 1 << 7,      /* a length longer than it needs to be */
    GW_MESSAGE_TOP_BIT = 1 << 8,          /* the top bit of a 64-bit length; the decoder stops */
    GW_MESSAGE_MASKED = 1 << 9,
    GW_MESSAGE_UNMASKED = 1 << 10,     /* with GW_MESSAGE_MASKED: frames of both kinds */
    GW_MESSAGE_BAD_UTF8 = 1 << 11,     /* text only; set as soon as the bad byte arrives */
    GW_MESSAGE_CUT_UTF8 = 1 << 12,     /* text only; the message ended inside a code point */
    GW_MESSAGE_TOO_BIG = 1 << 13,      /* did not fit the caller's buffer: the payload kept is cut off */
    GW_MESSAGE_OUT_OF_MEMORY = 1 << 14 /* ours: the buffer could not grow; the payload kept is cut off */
};

typedef enum gw_message_event {
    GW_MESSAGE_NONE,   /* nothing is complete yet */
    GW_MESSAGE_DATA,   /* a text or binary message (or one of a reserved opcode, or an orphan) is complete */
    GW_MESSAGE_CONTROL /* a control frame is complete */
} gw_message_event;

typedef struct gw_message {
    gw_buf *payload;      /* the caller's; holds the data message from its first frame until the next one starts */
    uint8_t opcode;       /* of its first frame; GW_FRAME_CONTINUATION for an orphan */
    bool open;            /* its first frame has begun and its last one has not ended */
    unsigned flags;       /* facts of its frames so far */
    uint64_t frames;      /* its frames so far */
    uint64_t length;      /* bytes of it that arrived, kept or not */
    gw_utf8 utf8;         /* of a text message: offset of the first bad byte */
    unsigned frame_flags; /* facts of the latest header, data or control */

    uint8_t control_opcode; /* the latest control frame; valid until the next one's header */
    unsigned control_flags;
    size_t control_len; /* bytes kept, at most 125 */
    uint8_t control[GW_FRAME_MAX_CONTROL];
} gw_message;

/* payload: an initialised buffer that outlives the message and whose max is the longest message kept. */
void gw_message_init(gw_message *message, gw_buf *payload);
/* Takes each event of the decoder, in order (which should unmask). */
gw_message_event gw_message_take(gw_message *message, const gw_frame_decoder *decoder, const gw_frame_event *event);
static inline gw_span gw_message_control_span(const gw_message *message) {
    return gw_span_make(message->control, message->control_len);
}

#endif
