/* WebSocket frames (RFC 6455 section 5.2): write any header, describe any header. Floor 1.
 *
 * Facts only: nothing here knows which frames are legal, and nothing is refused but what has no encoding. */
#ifndef GW_WIRE_FRAME_H
#define GW_WIRE_FRAME_H

#include "base/buf.h"
#include "base/span.h"

enum {
    GW_FRAME_MAX_HEADER = 14,  /* bytes */
    GW_FRAME_MAX_CONTROL = 125 /* bytes of payload that a control frame may have (section 5.5) */
};

typedef enum gw_frame_opcode {
    GW_FRAME_CONTINUATION = 0,
    GW_FRAME_TEXT = 1,
    GW_FRAME_BINARY = 2,
    GW_FRAME_CLOSE = 8,
    GW_FRAME_PING = 9,
    GW_FRAME_PONG = 10
} gw_frame_opcode;

enum { GW_FRAME_RSV1 = 4, GW_FRAME_RSV2 = 2, GW_FRAME_RSV3 = 1 };

/* How the payload length is written: in the second byte, or in 16 or 64 bits behind it. */
typedef enum gw_frame_form { GW_FRAME_LEN7, GW_FRAME_LEN16, GW_FRAME_LEN64 } gw_frame_form;

/* One header, as sent or as seen. */
typedef struct gw_frame {
    uint64_t payload_len; /* as declared; what really follows may differ */
    gw_frame_form length_form;
    uint8_t opcode;     /* 0 to 15 */
    uint8_t rsv;        /* GW_FRAME_RSV1 | ... */
    uint8_t key[4];     /* zero when not masked */
    uint8_t header_len; /* set by the decoder; the encoder ignores it */
    bool fin;
    bool masked;
} gw_frame;

/* The shortest form that holds payload_len. */
gw_frame_form gw_frame_minimal_form(uint64_t payload_len);
/* A legal unmasked header: fin, no rsv, minimal form. */
gw_frame gw_frame_make(unsigned opcode, uint64_t payload_len);
/* Writes the header as described, however illegal, and returns its length. 0 when there is no such encoding: a
 * payload_len that does not fit length_form, an opcode above 15, an rsv above 7. */
size_t gw_frame_encode_header(const gw_frame *frame, uint8_t out[GW_FRAME_MAX_HEADER]);
/* Appends header and payload; the payload (which may be shorter or longer than declared) is masked with frame->key when
 * frame->masked. GW_ERR_INVALID when the header has no encoding, GW_ERR_LIMIT and GW_ERR_NOMEM from the buffer, which
 * then is unchanged but for its error. */
gw_status gw_frame_append(gw_buf *out, const gw_frame *frame, gw_span payload);

/* Opcode 8 to 15 (section 5.5). */
static inline bool gw_frame_is_control(unsigned opcode) {
    return (opcode & 8u) != 0;
}
/* Opcodes without a meaning: 3 to 7 and 11 to 15. */
static inline bool gw_frame_is_reserved(unsigned opcode) {
    return (opcode & 7u) > 2;
}
/* The length is written in the shortest form (section 5.2: "the minimal number of bytes MUST be used"). */
static inline bool gw_frame_is_minimal(const gw_frame *frame) {
    return frame->length_form == gw_frame_minimal_form(frame->payload_len);
}
/* The most significant bit of a 64-bit length is set: bytes behind this header cannot be framed. */
static inline bool gw_frame_has_top_bit(const gw_frame *frame) {
    return frame->payload_len >> 63 != 0;
}
/* "continuation", "text", "binary", "reserved-3", ..., "close", "ping", "pong", "reserved-11", ...; "invalid" above
 * 15. Static. */
const char *gw_frame_opcode_name(unsigned opcode);
/* The opcode of a name as above or of a decimal number 0 to 15; -1 when it is neither. */
int gw_frame_opcode_parse(gw_span name);

/* ---- Decoder: a stream of bytes in, one fact a call out. No allocation; the caller owns it. ---- */

typedef enum gw_frame_event_kind {
    GW_FRAME_NEED_MORE, /* all input was consumed */
    GW_FRAME_HEADER,    /* decoder->frame describes a new frame */
    GW_FRAME_PAYLOAD,   /* the next bytes of its payload, never empty */
    GW_FRAME_END,       /* that was the whole frame; consumes nothing */
    GW_FRAME_STOPPED    /* for ever, after a header with the top bit of the length set; consumes nothing */
} gw_frame_event_kind;

typedef struct gw_frame_event {
    gw_frame_event_kind kind;
    size_t consumed; /* bytes of this call's input that the event used up: pass the rest next time */
    uint8_t *bytes;  /* PAYLOAD: points into the input, unmasked in place when that was asked for */
    size_t len;      /* PAYLOAD: bytes; of other kinds 0 */
    uint64_t offset; /* PAYLOAD: of bytes[0] in the frame's payload */
} gw_frame_event;

typedef struct gw_frame_decoder {
    gw_frame frame;         /* the current frame, valid from HEADER to the next call after END */
    uint64_t frame_offset;  /* where its header starts in the stream */
    uint64_t stream_offset; /* bytes consumed so far */
    uint64_t payload_pos;   /* bytes of its payload consumed so far */
    uint8_t state;          /* private */
    bool unmask;
    uint8_t header_fill; /* header bytes kept from earlier input */
    uint8_t header[GW_FRAME_MAX_HEADER];
} gw_frame_decoder;

/* unmask: payload bytes of masked frames are unmasked in place; otherwise all payload stays as it came. */
void gw_frame_decoder_init(gw_frame_decoder *decoder, bool unmask);
/* Takes some of the len bytes and says what they are. Call it again with the rest until NEED_MORE (or STOPPED). The
 * events do not depend on how the stream was split, but for the number of PAYLOAD pieces. */
gw_frame_event gw_frame_decoder_next(gw_frame_decoder *decoder, uint8_t *bytes, size_t len);

#endif
