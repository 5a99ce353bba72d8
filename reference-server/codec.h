/* The server's side of RFC 6455 as a pull parser: feed bytes, take one event at a time, write answers.
 *
 * Pure: it must not know rooms, clocks or sockets. It says what came and which answer a broken rule calls for; the
 * caller decides when to write it and when to end the connection.
 *
 *   while (gw_codec_next(&codec, &bytes, &event)) { ... }   // false: the bytes are used up
 */
#ifndef GW_CODEC_H
#define GW_CODEC_H

#include "reference-server/digest.h"
#include "reference-server/faults.h"
#include "reference-server/unicode.h"
#include "base/buf.h"

/* What all connections of a server share. */
typedef struct gw_codec_rules {
    const char *path;        /* the one that is upgraded; any other is 404 */
    const char *subprotocol; /* taken when the client offers it; NULL: none is */
    size_t max_request_bytes;
    size_t max_message_bytes;
    gw_faults faults;
} gw_codec_rules;

typedef enum gw_codec_opcode {
    GW_CODEC_OP_CONTINUATION = 0,
    GW_CODEC_OP_TEXT = 1,
    GW_CODEC_OP_BINARY = 2,
    GW_CODEC_OP_CLOSE = 8,
    GW_CODEC_OP_PING = 9,
    GW_CODEC_OP_PONG = 10
} gw_codec_opcode;

enum {
    GW_CODEC_CONTROL_BYTES = 125,
    GW_CODEC_CLOSE_NORMAL = 1000,
    GW_CODEC_CLOSE_GOING_AWAY = 1001,
    GW_CODEC_CLOSE_PROTOCOL = 1002,
    GW_CODEC_CLOSE_UNSUPPORTED = 1003,
    GW_CODEC_CLOSE_EMPTY = 1005, /* a Close without a code; never on the wire */
    GW_CODEC_CLOSE_NOT_UTF8 = 1007,
    GW_CODEC_CLOSE_TOO_BIG = 1009
};

typedef enum gw_codec_kind {
    GW_CODEC_REQUEST, /* a valid opening request: query, accept */
    GW_CODEC_REFUSED, /* an invalid one: code (HTTP status), why. Nothing comes after it */
    GW_CODEC_TEXT,    /* payload: a whole message */
    GW_CODEC_BINARY,
    GW_CODEC_PING, /* payload */
    GW_CODEC_PONG,
    GW_CODEC_CLOSE, /* code, or GW_CODEC_CLOSE_EMPTY; payload: the reason */
    GW_CODEC_BROKEN /* the peer broke a rule: code (close code), why. Nothing comes after it */
} gw_codec_kind;

typedef struct gw_codec_event {
    gw_codec_kind kind;
    gw_span payload; /* borrowed until the next call */
    gw_span query;   /* GW_CODEC_REQUEST: behind the '?', as sent */
    char accept[GW_DIGEST_ACCEPT_CHARS + 1];
    bool subprotocol; /* GW_CODEC_REQUEST: the client offers the rules' own */
    uint16_t code;
    uint8_t opcode;  /* GW_CODEC_BROKEN: of the frame at fault */
    const char *why; /* static */
} gw_codec_event;

typedef struct gw_codec {
    const gw_codec_rules *rules;
    gw_buf gathered;    /* the request, later the message */
    uint64_t left;      /* payload bytes of the frame still to come */
    uint32_t fragments; /* frames of the unfinished message so far; 0: none is open */
    gw_unicode text;    /* of the unfinished message */
    gw_unicode strict;  /* the same under the standard, where a fault lets more pass */
    uint8_t step;
    uint8_t head[14]; /* frame header as it comes */
    uint8_t have, need;
    uint8_t mask[4];
    uint8_t mask_at;
    uint8_t message_opcode;
    uint8_t matched;   /* how much of CR LF CR LF the request's end shows */
    bool skipping;     /* the frame's payload goes nowhere */
    bool spoiled;      /* the message is swallowed (faults) */
    bool split;        /* the frame came in pieces */
    bool delivered;    /* gathered belongs to the event handed out last */
    bool heard;        /* a good message came before */
    bool half_control; /* the last frame was a control frame without FIN (faults) */
    uint8_t control_len;
    uint8_t control[GW_CODEC_CONTROL_BYTES];
} gw_codec;

void gw_codec_init(gw_codec *codec, const gw_codec_rules *rules);
void gw_codec_deinit(gw_codec *codec);
/* The next event, taken from the front of *bytes. False when all bytes are used and no event came. GW_CODEC_BROKEN with
 * 1011 stands for lack of memory. */
bool gw_codec_next(gw_codec *codec, gw_span *bytes, gw_codec_event *event);
/* Is a frame, or the request, only partly here? */
bool gw_codec_midway(const gw_codec *codec);

/* Answers, appended to out; a failure stays in out->error. */
void gw_codec_write_upgrade(const gw_codec_rules *rules, const gw_codec_event *request, gw_buf *out);
void gw_codec_write_refusal(uint16_t status, const char *why, gw_buf *out);
/* One unfragmented frame. */
void gw_codec_write_frame(const gw_codec_rules *rules, gw_codec_opcode opcode, gw_span payload, gw_buf *out);
/* `code` GW_CODEC_CLOSE_EMPTY writes an empty Close. The reason is cut to 123 bytes. */
void gw_codec_write_close(const gw_codec_rules *rules, uint16_t code, gw_span reason, gw_buf *out);

/* The request's part of the codec: judges the whole head, into which the event then points (codec_request.c). */
void gw_codec_judge_request(const gw_codec *codec, gw_span head, gw_codec_event *event);

#endif
