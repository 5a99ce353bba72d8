/* A session as bytes: connect, upgrade, send raw bytes, frames or packets, let time pass, end. Floor 3, pure.
 *
 * Decoding is total: any bytes are a script. Encoding what was decoded gives a canonical form, which decodes to the
 * same script and encodes to itself. Docs: docs/fuzzing.md. */
#ifndef GW_FUZZING_SCRIPT_H
#define GW_FUZZING_SCRIPT_H

#include "base/buf.h"
#include "wire/frame.h"

enum {
    GW_SCRIPT_MAX_STEPS = 128,
    GW_SCRIPT_CONNS = 4,
    GW_SCRIPT_MAX_BYTES = 4095,       /* of one step */
    GW_SCRIPT_MAX_ENCODED = 32 << 10, /* of a script that the mutator writes */
    GW_SCRIPT_LIES = 16
};

/* X(NAME, "word", number of arguments a and b, has bytes). Which arguments mean what:
 *   open      flag 1: a valid upgrade follows at once
 *   upgrade   a: variant, 0 is valid (gw_script_request)
 *   raw       bytes as they are
 *   frame     a: first byte of the header; b: bits 0-1 length form (0: the shortest), bit 2 no mask, bit 3 key 0, bits
 *             4-7 lie about the length (gw_script_frame); bytes: payload before masking
 *   packet    bytes: a message, sent as one masked text frame, or with flag 1 to 3 in so many fragments more
 *   event     a: index into the vocabulary's packets; flags as packet
 *   advance   a: gw_script_time; b: how much
 *   chunk     a: what is sent from now on arrives in pieces of this size; 0: whole
 *   read      a: the peer reads so many times 16 bytes a step, 0: none, 255: all (the start)
 *   eof, rst  of the transport
 *   control   a: gw_script_control; b: which; bytes: data of the event, empty: the vocabulary's
 *   again     the step before is done a times more */
#define GW_SCRIPT_OP_TABLE(X)                                                                                          \
    X(OPEN, "open", 0, false)                                                                                          \
    X(UPGRADE, "upgrade", 1, false)                                                                                    \
    X(RAW, "raw", 0, true)                                                                                             \
    X(FRAME, "frame", 2, true)                                                                                         \
    X(PACKET, "packet", 0, true)                                                                                       \
    X(EVENT, "event", 1, false)                                                                                        \
    X(ADVANCE, "advance", 2, false)                                                                                    \
    X(CHUNK, "chunk", 1, false)                                                                                        \
    X(READ, "read", 1, false)                                                                                          \
    X(EOF, "eof", 0, false)                                                                                            \
    X(RST, "rst", 0, false)                                                                                            \
    X(CONTROL, "control", 2, true)                                                                                     \
    X(AGAIN, "again", 1, false)
typedef enum gw_script_op {
#define GW_SCRIPT_ENUM(name, word, args, bytes) GW_SCRIPT_##name,
    GW_SCRIPT_OP_TABLE(GW_SCRIPT_ENUM)
#undef GW_SCRIPT_ENUM
        GW_SCRIPT_OP_COUNT
} gw_script_op;

/* ADVANCE: b milliseconds, b seconds, b sixteenths of the interval; to just before, at, and just after the next
 * deadline (b further deadlines are passed first). Reduced modulo the count. */
typedef enum gw_script_time {
    GW_SCRIPT_MS,
    GW_SCRIPT_SECONDS,
    GW_SCRIPT_SIXTEENTHS,
    GW_SCRIPT_BEFORE_DEADLINE,
    GW_SCRIPT_AT_DEADLINE,
    GW_SCRIPT_AFTER_DEADLINE,
    GW_SCRIPT_TIME_COUNT
} gw_script_time;

/* CONTROL: what the server's operator does. Reduced modulo the count. */
typedef enum gw_script_control {
    GW_SCRIPT_ROOM_CREATE,
    GW_SCRIPT_PARTICIPANT_CREATE, /* in the latest room */
    GW_SCRIPT_ROOM_EVENT,         /* b: index of the event in the vocabulary's packets */
    GW_SCRIPT_ROOM_REMOVE,
    GW_SCRIPT_STOP,
    GW_SCRIPT_CONTROL_COUNT
} gw_script_control;

typedef struct gw_script_step {
    uint8_t op;    /* gw_script_op */
    uint8_t conn;  /* 0 to GW_SCRIPT_CONNS - 1 */
    uint8_t flags; /* 0 to 3 */
    uint8_t a, b;
    gw_span bytes; /* borrowed from what was decoded */
} gw_script_step;

typedef struct gw_script {
    uint8_t config; /* which server: gw_script_server */
    size_t count;
    gw_script_step steps[GW_SCRIPT_MAX_STEPS];
} gw_script;

/* Never fails; steps beyond the maximum are left out. */
void gw_script_decode(gw_span bytes, gw_script *script);
/* Writes the canonical form, cut at the last step that fits; returns its length, at most max. */
size_t gw_script_encode(const gw_script *script, uint8_t *out, size_t max);

/* The server that config asks for. */
typedef struct gw_script_server {
    uint32_t interval_ms;
    uint32_t ask_ms; /* the longest pause between asks; 0: none */
    size_t max_message_bytes;
    uint32_t rate_messages; /* 0: any */
} gw_script_server;
gw_script_server gw_script_read_config(uint8_t config);

/* The request of an UPGRADE step appended to out. Errors of gw_buf_append. */
gw_status gw_script_request(uint8_t variant, gw_buf *out);
/* The header of a FRAME step with its lie; the masking key is fixed, or zero. Bytes after it are payload_len long. */
gw_frame gw_script_frame(const gw_script_step *step);
/* One line a step, for people. Errors of gw_buf_append. */
gw_status gw_script_print(const gw_script *script, gw_buf *out);
const char *gw_script_op_word(gw_script_op op);

#endif
