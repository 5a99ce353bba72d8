/* A small gateway parser, made to show what the fuzzer finds. Without switches it is right; each -DPLANT_NAME
 * (planted.txt) puts one well-known bug in. */
#ifndef PLANTED_PARSER_H
#define PLANTED_PARSER_H

#include "gwspec_parser.h"

enum { MAX_CONTROL = 125, MAX_DEPTH = 32 };

/* ---- utf8.c ---- */

typedef struct utf8 {
    uint32_t point, least; /* of the open sequence */
    uint8_t missing;
    bool bad;
} utf8;

void utf8_feed(utf8 *u, const uint8_t *bytes, size_t len);
static inline bool utf8_ends_well(const utf8 *u) {
    return !u->bad && u->missing == 0;
}

/* ---- packet.c ---- */

typedef struct packet {
    int64_t id;
    uint8_t *data; /* owned; NULL: absent. Encoded again: no white space, characters instead of escapes */
    size_t data_len;
} packet;

/* False when the text is no packet; then there is nothing to free. */
bool packet_read(packet *p, const uint8_t *text, size_t len);

/* ---- parser.c ---- */

typedef struct fragment {
    struct fragment *next;
    char room[5000];
} fragment;

typedef struct parser {
    gwspec_config config;
    uint8_t *in; /* bytes that came and were not read yet */
    size_t in_len, in_cap, in_pos;
    /* The frame. */
    bool in_frame, fin;
    uint8_t opcode, key[4];
    uint64_t frame_len, frame_pos;
    uint8_t *control;
    size_t control_len;
    /* The message; opcode 0: none is open. */
    uint8_t message_opcode;
    uint8_t *message;
    size_t message_len, message_cap;
    utf8 text;
    fragment *fragments;
    bool packet_due, over, timed_out;
    packet latest;
    uint64_t now_ms, heard_ms;
} parser;

#endif
