/* Frames, messages and the heartbeat timer (RFC 6455 sections 5 to 8; the gateway document). Bytes are kept by feed()
 * and read by next_event(), which stops at each event. */
#include "parser.h"

#include <stdlib.h>
#include <string.h>

enum { CONTINUATION, TEXT, BINARY, CLOSE = 8, PING, PONG };

static bool reserve(uint8_t **data, size_t *cap, size_t need) {
    if (need <= *cap) return true;
    size_t wanted = *cap * 2 > need ? *cap * 2 : need;
    uint8_t *grown = realloc(*data, wanted);
    if (!grown) return false;
    *data = grown;
    *cap = wanted;
    return true;
}

static void drop_fragments(parser *p) {
    while (p->fragments) {
        fragment *next = p->fragments->next;
        free(p->fragments);
        p->fragments = next;
    }
}

static void clear(parser *p) {
    free(p->in);
#ifndef PLANT_LEAK_ON_RESET
    free(p->message);
#endif
    free(p->control);
    free(p->latest.data);
    drop_fragments(p);
}

static void *create(const gwspec_config *config) {
    parser *p = calloc(1, sizeof *p);
    if (p) p->config = *config;
    return p;
}

static void reset(void *self) {
    parser *p = self;
    clear(p);
#ifdef PLANT_RESET_KEEPS_STATE
    *p = (parser){.config = p->config, .message_opcode = p->message_opcode};
#else
    *p = (parser){.config = p->config};
#endif
}

static void destroy(void *self) {
    clear(self);
    free(self);
}

static void feed(void *self, const uint8_t *bytes, size_t len) {
    parser *p = self;
    if (p->over || !reserve(&p->in, &p->in_cap, p->in_len + len)) return;
    memcpy(p->in + p->in_len, bytes, len);
    p->in_len += len;
}

static void tick(void *self, uint64_t now_ms) {
    parser *p = self;
    p->now_ms = now_ms;
    if (!p->over && now_ms - p->heard_ms > p->config.heartbeat_interval_ms) p->timed_out = true;
}

static void fail(parser *p, gwspec_event *event, gwspec_error_class class_) {
    event->kind = GWSPEC_ERROR;
    event->error_class = class_;
#ifdef PLANT_ERROR_NOT_STICKY
    if (class_ != GWSPEC_PROTOCOL) {
        p->message_opcode = 0;
        return;
    }
#endif
    p->over = true;
}

/* ---- Headers ---- */

static bool header_is_legal(const parser *p, uint8_t first, bool masked, uint64_t len, size_t extended) {
    uint8_t opcode = first & 15;
    bool fin = first & 0x80;
#ifndef PLANT_RSV_IGNORED
    if (first & 0x70) return false;
#endif
    if ((opcode & 7) > 2) return false;
#ifndef PLANT_UNMASKED_ACCEPTED
    if (masked != (p->config.role == GWSPEC_SERVER)) return false;
#else
    (void)masked;
#endif
#ifdef PLANT_LENGTH_FORM_OFF_BY_ONE
    if ((extended == 2 && len <= 126) || (extended == 8 && len < 65536)) return false;
#elif !defined(PLANT_NON_MINIMAL_ACCEPTED)
    if ((extended == 2 && len < 126) || (extended == 8 && len < 65536)) return false;
#endif
#if !defined(PLANT_LENGTH_SIGN) && !defined(PLANT_LENGTH_WRAP)
    if (len >> 63) return false;
#endif
    if (opcode & 8) {
#ifndef PLANT_CONTROL_FRAGMENTED
        if (!fin) return false;
#endif
#ifndef PLANT_CONTROL_LONG
        if (len > MAX_CONTROL) return false;
#endif
        return true;
    }
#ifndef PLANT_ORPHAN_CONTINUATION
    if (opcode == CONTINUATION && !p->message_opcode) return false;
#endif
#ifndef PLANT_INTERRUPTED_MESSAGE
    if (opcode != CONTINUATION && p->message_opcode) return false;
#endif
    return true;
}

static bool too_big(const parser *p, uint64_t len) {
#if defined(PLANT_REASSEMBLY_UNBOUNDED)
    return len > p->config.max_message_bytes;
#elif defined(PLANT_LENGTH_WRAP)
    return p->message_len + len + 2 > p->config.max_message_bytes + 2;
#elif defined(PLANT_LENGTH_SIGN)
    return (int64_t)(p->message_len + len) > (int64_t)p->config.max_message_bytes;
#else
    return len > p->config.max_message_bytes - p->message_len;
#endif
}

static bool begin_frame(parser *p, gwspec_event *event) {
    if (p->opcode & 8) {
        free(p->control);
        size_t room = p->frame_len ? (size_t)p->frame_len : 1;
#ifdef PLANT_CONTROL_LONG
        room = MAX_CONTROL;
#endif
        p->control_len = 0;
        p->control = malloc(room);
#ifdef PLANT_CONTROL_RESETS_FRAGMENTS
        p->message_opcode = 0;
#endif
        return true;
    }
    if (p->opcode != CONTINUATION) {
        p->message_opcode = p->opcode;
        p->message_len = 0;
        p->text = (utf8){0};
    }
    if (too_big(p, p->frame_len)) {
        fail(p, event, GWSPEC_TOO_BIG);
        return false;
    }
#ifdef PLANT_UTF8_PER_FRAGMENT
    p->text = (utf8){0};
#endif
#ifdef PLANT_ALLOC_DECLARED
    reserve(&p->message, &p->message_cap, p->message_len + (size_t)p->frame_len);
#endif
#ifdef PLANT_TINY_FRAGMENTS
    fragment *node = malloc(sizeof *node);
    if (node) node->next = p->fragments, p->fragments = node;
#endif
    return true;
}

/* False: not enough bytes yet, or an ERROR. */
static bool read_header(parser *p, gwspec_event *event) {
    size_t have = p->in_len - p->in_pos;
    if (have < 2) return false;
    const uint8_t *h = p->in + p->in_pos;
    bool masked = h[1] & 0x80;
    unsigned low = h[1] & 0x7f;
    size_t extended = low == 127 ? 8 : low == 126 ? 2 : 0, need = 2 + extended + (masked ? 4 : 0);
#ifdef PLANT_HEADER_SPLIT
    if (have < 2 + (masked ? 4u : 0)) return false;
#else
    if (have < need) return false;
#endif
    uint64_t len = extended ? 0 : low;
    for (size_t i = 0; i < extended; i++) len = len << 8 | h[2 + i];
    if (!header_is_legal(p, h[0], masked, len, extended)) {
        fail(p, event, GWSPEC_PROTOCOL);
        return false;
    }
    memset(p->key, 0, sizeof p->key);
#ifdef PLANT_NO_KEY_ON_EMPTY
    if (masked && !len) need -= 4;
    if (masked && len) memcpy(p->key, h + 2 + extended, 4);
#else
    if (masked) memcpy(p->key, h + 2 + extended, 4);
#endif
    p->in_pos += need;
    p->fin = h[0] & 0x80;
    p->opcode = h[0] & 15;
    p->frame_len = len;
    p->frame_pos = 0;
    p->in_frame = true;
    return begin_frame(p, event);
}

/* ---- Payload ---- */

static bool keep_data(parser *p, const uint8_t *bytes, size_t n, gwspec_event *event) {
    if (!reserve(&p->message, &p->message_cap, p->message_len + n)) return false;
    if (n) memcpy(p->message + p->message_len, bytes, n);
    p->message_len += n;
    if (p->message_opcode != TEXT) return true;
    utf8_feed(&p->text, bytes, n);
    if (!p->text.bad) return true;
    fail(p, event, GWSPEC_UTF8);
    return false;
}

/* Takes the payload that is there; false when there must be more, or on an ERROR. */
static bool read_payload(parser *p, gwspec_event *event) {
    size_t have = p->in_len - p->in_pos;
    size_t n = have < p->frame_len - p->frame_pos ? have : (size_t)(p->frame_len - p->frame_pos);
    uint8_t *bytes = p->in + p->in_pos;
    for (size_t i = 0; i < n; i++) {
#ifdef PLANT_MASK_AFTER_SPLIT
        bytes[i] ^= p->key[i & 3];
#else
        bytes[i] ^= p->key[(p->frame_pos + i) & 3];
#endif
    }
    p->in_pos += n;
    p->frame_pos += n;
    if (p->opcode & 8) {
        if (n && p->control) memcpy(p->control + p->control_len, bytes, n);
        p->control_len += n;
#ifdef PLANT_PING_IN_MESSAGE
        if (p->message_opcode == BINARY && !keep_data(p, bytes, n, event)) return false;
#endif
    } else if (!keep_data(p, bytes, n, event)) {
        return false;
    }
    return p->frame_pos == p->frame_len;
}

/* ---- Whole frames ---- */

static bool close_code_is_legal(unsigned code) {
#ifdef PLANT_CLOSE_CODE_RANGE
    return code >= 1000;
#else
    return (code >= 1000 && code < 1015 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code < 5000);
#endif
}

static void end_close(parser *p, gwspec_event *event) {
    utf8 reason = {0};
    event->kind = GWSPEC_CLOSE;
#ifdef PLANT_CLOSE_ONE_BYTE
    if (p->control_len >= 1) {
#else
    if (p->control_len == 1) {
        fail(p, event, GWSPEC_PROTOCOL);
        return;
    }
    if (p->control_len >= 2) {
#endif
        event->code = (uint16_t)(p->control[0] << 8 | p->control[1]);
        event->bytes = p->control + 2;
        event->len = p->control_len - 2;
        utf8_feed(&reason, event->bytes, event->len);
        if (!close_code_is_legal(event->code) || !utf8_ends_well(&reason)) {
            fail(p, event, utf8_ends_well(&reason) ? GWSPEC_PROTOCOL : GWSPEC_UTF8);
            return;
        }
    }
#ifndef PLANT_EVENT_AFTER_CLOSE
    p->over = true;
#endif
}

static void end_frame(parser *p, gwspec_event *event) {
    p->in_frame = false;
    if (p->opcode == CLOSE) {
        end_close(p, event);
    } else if (p->opcode & 8) {
        event->kind = p->opcode == PING ? GWSPEC_PING : GWSPEC_PONG;
        event->bytes = p->control;
        event->len = p->control_len;
    } else if (p->fin) {
        event->kind = GWSPEC_MESSAGE;
        event->opcode = p->message_opcode;
        event->bytes = p->message;
        event->len = p->message_len;
        p->packet_due = p->message_opcode == TEXT;
        p->message_opcode = 0;
        drop_fragments(p);
#ifndef PLANT_UTF8_CUT_OFF
        if (p->packet_due && !utf8_ends_well(&p->text)) fail(p, event, GWSPEC_UTF8);
#endif
#ifdef PLANT_USE_AFTER_FREE
        if (p->message_len > 300) {
            free(p->message);
            p->message = NULL;
            p->message_len = p->message_cap = 0;
            p->packet_due = false;
        }
#endif
    }
}

static void next_packet(parser *p, gwspec_event *event) {
    p->packet_due = false;
    free(p->latest.data);
    event->kind = packet_read(&p->latest, p->message, p->message_len) ? GWSPEC_PACKET : GWSPEC_REJECT;
    if (event->kind == GWSPEC_REJECT) return;
    event->id = p->latest.id;
    event->bytes = p->latest.data;
    event->len = p->latest.data_len;
#if defined(PLANT_HEARTBEAT_ACK_COUNTS)
    if (p->latest.id == 1 || p->latest.id == 2) p->heard_ms = p->now_ms;
#elif defined(PLANT_HEARTBEAT_ANYTHING_COUNTS)
    p->heard_ms = p->now_ms;
#elif defined(PLANT_HEARTBEAT_NOT_REARMED)
    if (p->latest.id == 1 && !p->heard_ms) p->heard_ms = p->now_ms;
#else
    if (p->latest.id == 1) p->heard_ms = p->now_ms;
#endif
}

static void next_event(void *self, gwspec_event *event) {
    parser *p = self;
    event->kind = GWSPEC_NEED_MORE;
    if (p->packet_due && !p->over) next_packet(p, event);
    while (event->kind == GWSPEC_NEED_MORE && !p->over) {
        if (p->timed_out) {
            event->kind = GWSPEC_TIMEOUT;
            p->over = true;
        } else if (!p->in_frame && !read_header(p, event)) {
            break;
        } else if (!read_payload(p, event)) {
            break;
        } else {
            end_frame(p, event);
        }
    }
    if (event->kind == GWSPEC_NEED_MORE && p->in_pos) {
        memmove(p->in, p->in + p->in_pos, p->in_len - p->in_pos);
        p->in_len -= p->in_pos;
        p->in_pos = 0;
    }
}

const gwspec_parser_api gwspec_parser = {
    .abi = GWSPEC_PARSER_ABI,
    .name = "planted",
    .reports = GWSPEC_REPORTS_MESSAGES | GWSPEC_REPORTS_PACKETS | GWSPEC_REPORTS_TIMEOUT,
    .roles = 1u << GWSPEC_SERVER | 1u << GWSPEC_CLIENT,
    .max_depth = MAX_DEPTH,
    .create = create,
    .feed = feed,
    .next_event = next_event,
    .reset = reset,
    .destroy = destroy,
    .tick = tick,
};
