/* Frames and messages, a byte run at a time (RFC 6455 sections 5 and 7.4). Pure. */
#include "reference-server/codec.h"
#include "reference-server/bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Where the next byte goes. */
enum { STEP_REQUEST, STEP_HEAD, STEP_BODY, STEP_STOPPED };

/* A message's memory beyond this is given back when the message is done, so that idle connections stay small. */
enum { KEPT_BYTES = 256 };

static bool has(const gw_codec *codec, gw_fault fault) {
    return gw_faults_has(&codec->rules->faults, fault);
}

void gw_codec_init(gw_codec *codec, const gw_codec_rules *rules) {
    memset(codec, 0, sizeof *codec);
    codec->rules = rules;
    codec->step = STEP_REQUEST;
    gw_buf_init(&codec->gathered, rules->max_request_bytes);
}

void gw_codec_deinit(gw_codec *codec) {
    gw_buf_deinit(&codec->gathered);
}

bool gw_codec_midway(const gw_codec *codec) {
    return codec->step == STEP_BODY || codec->have > 0 || (codec->step == STEP_REQUEST && codec->gathered.len > 0);
}

static uint8_t opcode_of(const gw_codec *codec) {
    return codec->head[0] & 0x0f;
}
static bool is_fin(const gw_codec *codec) {
    return codec->head[0] & 0x80;
}
static bool is_control(uint8_t opcode) {
    return opcode & 8;
}

static bool stop(gw_codec *codec, gw_codec_event *event, uint16_t code, const char *why) {
    codec->step = STEP_STOPPED;
    event->kind = GW_CODEC_BROKEN;
    event->payload = (gw_span){0};
    event->code = code;
    event->opcode = opcode_of(codec);
    event->why = why;
    return true;
}
static bool broken(gw_codec *codec, gw_codec_event *event, const char *why) {
    return stop(codec, event, GW_CODEC_CLOSE_PROTOCOL, why);
}

static void start_frames(gw_codec *codec) {
    codec->step = STEP_HEAD;
    codec->have = 0;
    codec->need = 2;
    codec->split = false;
    codec->skipping = false;
}

static void reset_gathered(gw_codec *codec) {
    if (codec->gathered.cap > KEPT_BYTES)
        gw_buf_deinit(&codec->gathered);
    else
        gw_buf_clear(&codec->gathered);
}

/* ---- the opening request ---- */

static bool refuse(gw_codec *codec, gw_codec_event *event, uint16_t status, const char *why) {
    codec->step = STEP_STOPPED;
    event->kind = GW_CODEC_REFUSED;
    event->code = status;
    event->why = why;
    return true;
}

/* How many bytes stand before the next CR or LF. */
static size_t before_line_end(gw_span text) {
    size_t n = 0;
    for (; n + 8 <= text.len; n += 8) {
        uint64_t word = gw_bytes_load(text.ptr + n), ends = gw_bytes_find(word, '\r') | gw_bytes_find(word, '\n');
        if (ends) return n + gw_bytes_first(ends);
    }
    while (n < text.len && text.ptr[n] != '\r' && text.ptr[n] != '\n') n++;
    return n;
}

/* How many bytes of these belong to the head: to the end of CR LF CR LF, or to the first that stands where the CR or LF
 * of a line end must (RFC 9112 section 2.2), and then *bad. */
static size_t scan_head(gw_codec *codec, gw_span text, bool *bad) {
    size_t n = 0;
    uint8_t matched = codec->matched;
    *bad = false;
    while (n < text.len && matched < 4 && !*bad) {
        bool after_cr = matched % 2 == 1;
        size_t run = after_cr ? 0 : before_line_end(gw_span_from(text, n));
        n += run;
        if (run > 0) matched = 0;
        if (n == text.len) break;
        *bad = text.ptr[n++] != (after_cr ? '\n' : '\r');
        matched++;
    }
    codec->matched = matched;
    return n;
}

static bool take_request(gw_codec *codec, gw_span *bytes, gw_codec_event *event) {
    gw_buf *head = &codec->gathered;
    size_t room = codec->rules->max_request_bytes - head->len;
    bool bad;
    size_t n =
        scan_head(codec, gw_span_sub(*bytes, 0, room + 1), &bad); /* one more than there is room for is too much */
    gw_span part = gw_span_sub(*bytes, 0, n < room ? n : room);
    *bytes = gw_span_from(*bytes, n);
    if (bad) return refuse(codec, event, 400, "a line must end in CR LF");
    /* One that comes whole, as most do, is judged where it stands. */
    bool whole = head->len == 0 && codec->matched == 4 && n <= room;
    if (!whole && (gw_buf_append_span(head, part) != GW_OK || n > room)) {
        if (!has(codec, GW_FAULT_LONG_REQUEST_HANGS)) return refuse(codec, event, 431, "the request is too long");
        codec->step = STEP_STOPPED;
        return false;
    }
    if (codec->matched < 4) {
        codec->split = true;
        return false;
    }
    if (codec->split && has(codec, GW_FAULT_BYTEWISE_REQUEST_FAILS))
        return refuse(codec, event, 400, "the request is incomplete");
    gw_codec_judge_request(codec, whole ? part : gw_buf_span(head), event);
    codec->delivered = true;
    start_frames(codec);
    if (event->kind == GW_CODEC_REFUSED) codec->step = STEP_STOPPED;
    return true;
}

/* ---- frame headers ---- */

static bool rsv_forgiven(const gw_codec *codec, uint8_t rsv, uint8_t opcode) {
    switch (opcode) {
    case GW_CODEC_OP_PING:
        return has(codec, GW_FAULT_ACCEPTS_RSV_PING);
    case GW_CODEC_OP_CLOSE:
        return has(codec, GW_FAULT_ACCEPTS_RSV_CLOSE);
    case GW_CODEC_OP_CONTINUATION:
        return has(codec, GW_FAULT_ACCEPTS_RSV_CONTINUATION);
    case GW_CODEC_OP_PONG:
        return false;
    default:
        break;
    }
    return (rsv == 0x40 && has(codec, GW_FAULT_ACCEPTS_RSV1)) || (rsv == 0x20 && has(codec, GW_FAULT_ACCEPTS_RSV2)) ||
           (rsv == 0x10 && has(codec, GW_FAULT_ACCEPTS_RSV3)) || (rsv == 0x70 && has(codec, GW_FAULT_ACCEPTS_RSV_ALL));
}

static bool reserved_forgiven(const gw_codec *codec, uint8_t opcode) {
    if (codec->heard && has(codec, GW_FAULT_ACCEPTS_RESERVED_LATER)) return true;
    return has(codec, is_control(opcode) ? GW_FAULT_ACCEPTS_RESERVED_CONTROL : GW_FAULT_ACCEPTS_RESERVED_DATA);
}

/* Why a control frame that starts like this is refused, or NULL. */
static const char *judge_control(const gw_codec *codec, uint8_t opcode) {
    uint8_t length = codec->head[1] & 0x7f;
    bool reserved = opcode > GW_CODEC_OP_PONG;
    if (!is_fin(codec) && !reserved && !(opcode == GW_CODEC_OP_PING && has(codec, GW_FAULT_ACCEPTS_FRAGMENTED_PING)) &&
        !(opcode == GW_CODEC_OP_PONG && has(codec, GW_FAULT_ACCEPTS_FRAGMENTED_PONG)) &&
        !(opcode == GW_CODEC_OP_CLOSE && has(codec, GW_FAULT_ACCEPTS_FRAGMENTED_CLOSE)))
        return "a control frame must not be fragmented";
    if (length > GW_CODEC_CONTROL_BYTES && !reserved &&
        !(opcode == GW_CODEC_OP_PING && has(codec, GW_FAULT_ACCEPTS_LONG_PING)) &&
        !(opcode == GW_CODEC_OP_CLOSE && has(codec, GW_FAULT_ACCEPTS_LONG_CLOSE)))
        return "a control frame carries at most 125 bytes";
    return NULL;
}

/* Why a data frame that starts like this is refused, or NULL. */
static const char *judge_data(const gw_codec *codec, uint8_t opcode) {
    if (opcode == GW_CODEC_OP_CONTINUATION) {
        bool half_ping = codec->half_control && has(codec, GW_FAULT_ACCEPTS_FRAGMENTED_PING);
        if (codec->fragments == 0 && !half_ping && !has(codec, GW_FAULT_ACCEPTS_ORPHAN))
            return "there is no message to continue";
    } else if (codec->fragments > 0 && !has(codec, GW_FAULT_ACCEPTS_TEXT_IN_FRAGMENTS)) {
        return "the message before is not finished";
    }
    bool fragmented = !is_fin(codec) || opcode == GW_CODEC_OP_CONTINUATION;
    if (fragmented && has(codec, GW_FAULT_REFUSES_FRAGMENTS)) return "fragmented messages are not known here";
    if (fragmented && (codec->head[1] & 0x7f) == 0 && has(codec, GW_FAULT_REFUSES_EMPTY_FRAGMENTS))
        return "an empty fragment";
    return NULL;
}

/* Why a frame that starts with these two bytes is refused, or NULL (RFC 6455 sections 5.1, 5.2, 5.4, 5.5). */
static const char *judge_start(const gw_codec *codec) {
    uint8_t opcode = opcode_of(codec), rsv = codec->head[0] & 0x70;
    bool reserved = (opcode > GW_CODEC_OP_BINARY && opcode < GW_CODEC_OP_CLOSE) || opcode > GW_CODEC_OP_PONG;
    if (rsv && !rsv_forgiven(codec, rsv, opcode)) return "a reserved bit is set";
    if (reserved && !reserved_forgiven(codec, opcode)) return "a reserved opcode";
    if (!(codec->head[1] & 0x80) &&
        !has(codec, is_control(opcode) ? GW_FAULT_ACCEPTS_UNMASKED_CONTROL : GW_FAULT_ACCEPTS_UNMASKED_DATA))
        return "a client's frame must be masked";
    if (is_control(opcode)) return judge_control(codec, opcode);
    return reserved ? NULL : judge_data(codec, opcode);
}

static uint8_t head_bytes(const gw_codec *codec) {
    uint8_t form = codec->head[1] & 0x7f;
    return (uint8_t)(2 + (form == 126 ? 2 : form == 127 ? 8 : 0) + (codec->head[1] & 0x80 ? 4 : 0));
}

/* Faults: lengths at the edges of the forms, on messages. */
static bool is_refused_length(const gw_codec *codec, uint64_t length) {
    static const struct {
        uint64_t length;
        gw_fault fault;
    } rows[] = {{125, GW_FAULT_REFUSES_125},
                {126, GW_FAULT_REFUSES_126},
                {127, GW_FAULT_REFUSES_127},
                {128, GW_FAULT_REFUSES_128},
                {65535, GW_FAULT_REFUSES_65535}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (length == rows[i].length && !is_control(opcode_of(codec)) && has(codec, rows[i].fault)) return true;
    return false;
}

/* The declared length into codec->left; why it is refused, or NULL (RFC 6455 section 5.2). */
static const char *read_length(gw_codec *codec) {
    uint8_t form = codec->head[1] & 0x7f;
    unsigned bytes = form == 126 ? 2 : form == 127 ? 8 : 0;
    uint64_t length = bytes ? 0 : form;
    for (unsigned i = 0; i < bytes; i++) length = length << 8 | codec->head[2 + i];
    codec->left = length;
    if (length >> 63) {
        codec->left = length & INT64_MAX;
        return has(codec, GW_FAULT_ACCEPTS_TOP_BIT) ? NULL : "the top bit of the length is set";
    }
    if (form == 127 && has(codec, GW_FAULT_REFUSES_LONG_FORM)) return "64-bit lengths are not known here";
    if (is_refused_length(codec, length)) return "a length that nobody thought of";
    if (form == 126 && length < 126 && !has(codec, GW_FAULT_ACCEPTS_LONG_16)) return "the length is not minimal";
    if (form == 127 && length <= 0xffff && !has(codec, GW_FAULT_ACCEPTS_LONG_64)) return "the length is not minimal";
    return NULL;
}

static void begin_message(gw_codec *codec) {
    codec->message_opcode = opcode_of(codec);
    codec->fragments = 0;
    codec->spoiled = false;
    codec->text = codec->strict = (gw_unicode){0};
    reset_gathered(codec);
    codec->gathered.max = codec->rules->max_message_bytes;
}

static bool judge_head(gw_codec *codec, gw_codec_event *event) {
    uint8_t opcode = opcode_of(codec);
    const char *why = read_length(codec);
    if (why) return broken(codec, event, why);
    if (codec->head[1] & 0x80)
        memcpy(codec->mask, codec->head + codec->need - 4, 4);
    else
        memset(codec->mask, 0, 4);
    codec->mask_at = 0;
    static const uint8_t zero[4];
    if (has(codec, GW_FAULT_REFUSES_ZERO_MASK) && (codec->head[1] & 0x80) && memcmp(codec->mask, zero, 4) == 0)
        return broken(codec, event, "a masking key of zero");

    codec->control_len = 0;
    bool orphan = opcode == GW_CODEC_OP_CONTINUATION && codec->fragments == 0;
    codec->skipping = orphan || (opcode > GW_CODEC_OP_BINARY && opcode < GW_CODEC_OP_CLOSE) ||
                      opcode > GW_CODEC_OP_PONG || (codec->split && has(codec, GW_FAULT_SPLIT_FRAMES_LOST));
    codec->half_control = is_control(opcode) && !is_fin(codec);
    codec->step = STEP_BODY;
    if (is_control(opcode) || codec->skipping) return false;
    if (opcode != GW_CODEC_OP_CONTINUATION) begin_message(codec);
    codec->fragments++;
    if (codec->left <= codec->rules->max_message_bytes - codec->gathered.len) return false;
    bool top_bit = (codec->head[1] & 0x7f) == 127 && (codec->head[2] & 0x80);
    if (top_bit || has(codec, GW_FAULT_HUGE_LENGTH_WAITS)) {
        codec->skipping = codec->spoiled = true;
        return false;
    }
    return stop(codec, event, GW_CODEC_CLOSE_TOO_BIG, "the message is too big");
}

/* True when there is an event; false with step BODY when the header is whole, with step HEAD when bytes lack. */
static bool take_head(gw_codec *codec, gw_span *bytes, gw_codec_event *event) {
    if (codec->have > 0 && bytes->len > 0 && codec->split && has(codec, GW_FAULT_SPLIT_HEADER_FAILS))
        return broken(codec, event, "the header is incomplete");
    while (codec->have < codec->need && bytes->len > 0) {
        gw_span part = gw_span_sub(*bytes, 0, (size_t)codec->need - codec->have);
        memcpy(codec->head + codec->have, part.ptr, part.len);
        codec->have = (uint8_t)(codec->have + part.len);
        *bytes = gw_span_from(*bytes, part.len);
        if (codec->have != 2) continue;
        const char *why = judge_start(codec);
        if (why) return broken(codec, event, why);
        codec->need = head_bytes(codec);
    }
    return codec->have == codec->need ? judge_head(codec, event) : false;
}

/* ---- payloads ---- */

static void unmask(gw_codec *codec, uint8_t *to, gw_span from) {
    uint8_t key[4];
    uint32_t mask, word;
    size_t i = 0;
    for (unsigned k = 0; k < 4; k++) key[k] = codec->mask[(codec->mask_at + k) & 3];
    memcpy(&mask, key, sizeof mask);
    for (; i + sizeof word <= from.len; i += sizeof word) {
        memcpy(&word, from.ptr + i, sizeof word);
        word ^= mask;
        memcpy(to + i, &word, sizeof word);
    }
    for (; i < from.len; i++) to[i] = from.ptr[i] ^ key[i & 3];
    codec->mask_at = (codec->mask_at + from.len) & 3;
}

/* False when the text can no longer be UTF-8, where a fault sees that otherwise. */
static bool check_bent(gw_codec *codec, gw_span bytes) {
    gw_unicode_leniency lenient = {.surrogates = has(codec, GW_FAULT_ACCEPTS_SURROGATES),
                                   .overlong = has(codec, GW_FAULT_ACCEPTS_OVERLONG),
                                   .beyond = has(codec, GW_FAULT_ACCEPTS_BEYOND_UNICODE),
                                   .no_nonchars = has(codec, GW_FAULT_REFUSES_NONCHARACTERS)};
    if (!codec->spoiled && !gw_unicode_feed(&codec->strict, bytes, (gw_unicode_leniency){0})) {
        codec->spoiled = true;
        if (has(codec, GW_FAULT_ACCEPTS_BAD_UTF8)) return true;
    }
    if (codec->spoiled && has(codec, GW_FAULT_ACCEPTS_BAD_UTF8)) return true;
    for (size_t i = 0; i < bytes.len && has(codec, GW_FAULT_REFUSES_NON_ASCII); i++)
        if (bytes.ptr[i] >= 0x80) return false;
    return gw_unicode_feed(&codec->text, bytes, lenient);
}

/* False when the text can no longer be UTF-8. */
static bool check_text(gw_codec *codec, gw_span bytes) {
    if (!gw_faults_none(&codec->rules->faults)) return check_bent(codec, bytes);
    return gw_unicode_feed(&codec->text, bytes, (gw_unicode_leniency){0});
}

static bool is_checked(const gw_codec *codec) {
    return codec->message_opcode == GW_CODEC_OP_TEXT || has(codec, GW_FAULT_BINARY_AS_TEXT);
}

/* A frame of up to 16 KiB. */
static bool is_short(const gw_codec *codec) {
    uint8_t form = codec->head[1] & 0x7f;
    return form < 126 || (form == 126 && (codec->head[2] << 8 | codec->head[3]) <= 16384);
}

static bool take_body(gw_codec *codec, gw_span *bytes, gw_codec_event *event) {
    gw_span part = gw_span_sub(*bytes, 0, codec->left < bytes->len ? (size_t)codec->left : bytes->len);
    *bytes = gw_span_from(*bytes, part.len);
    codec->left -= part.len;
    if (codec->skipping || part.len == 0) return false;
    if (has(codec, GW_FAULT_MASK_RESTARTS) && is_short(codec)) codec->mask_at = 0;
    if (is_control(opcode_of(codec))) {
        size_t room = GW_CODEC_CONTROL_BYTES - codec->control_len;
        gw_span kept = gw_span_sub(part, 0, room);
        unmask(codec, codec->control + codec->control_len, kept);
        codec->control_len = (uint8_t)(codec->control_len + kept.len);
        return false;
    }
    gw_buf *gathered = &codec->gathered;
    if (gw_buf_reserve(gathered, part.len) != GW_OK) return stop(codec, event, 1011, "out of memory");
    gw_buf_append_span(gathered, part);
    uint8_t *fresh = gathered->data + gathered->len - part.len;
    unmask(codec, fresh, part);
    if (is_checked(codec) && !has(codec, GW_FAULT_UTF8_LATE) && !check_text(codec, gw_span_make(fresh, part.len)))
        return stop(codec, event, GW_CODEC_CLOSE_NOT_UTF8, "the text is not UTF-8");
    return false;
}

/* RFC 6455 section 7.4 and the IANA registry of close codes. */
static bool code_allowed(const gw_codec *codec, uint16_t code) {
    if (code >= 1000 && code <= 1003) return true;
    if (code >= 1007 && code <= 1011) return true;
    if (code >= 1012 && code <= 1014) return !has(codec, GW_FAULT_REFUSES_IANA_CODES);
    if (code >= 3000 && code <= 4999) return !has(codec, GW_FAULT_REFUSES_PRIVATE_CODES);
    if (code >= 5000 && has(codec, GW_FAULT_HIGH_CODES_IGNORED)) return true;
    bool never = code < 1000 || code == 1005 || code == 1006 || code == 1015;
    return has(codec, never ? GW_FAULT_ECHOES_BAD_CODES : GW_FAULT_ECHOES_FREE_CODES);
}

static bool finish_close(gw_codec *codec, gw_codec_event *event) {
    gw_span payload = gw_span_make(codec->control, codec->control_len);
    event->kind = GW_CODEC_CLOSE;
    event->code = GW_CODEC_CLOSE_EMPTY;
    if (payload.len == 1 && !has(codec, GW_FAULT_ACCEPTS_ONE_BYTE_CLOSE))
        return broken(codec, event, "a Close of one byte");
    if (payload.len < 2) return true;
    event->code = (uint16_t)(payload.ptr[0] << 8 | payload.ptr[1]);
    event->payload = gw_span_from(payload, 2);
    if (!code_allowed(codec, event->code)) return broken(codec, event, "a close code that must not be sent");
    if (event->payload.len > 0 && has(codec, GW_FAULT_REFUSES_CLOSE_REASON))
        return broken(codec, event, "a Close with a reason");
    if (event->payload.len > 100 && has(codec, GW_FAULT_REFUSES_LONG_REASON))
        return broken(codec, event, "a Close with a long reason");
    gw_unicode text = {0};
    bool utf8 = gw_unicode_feed(&text, event->payload, (gw_unicode_leniency){0}) && gw_unicode_complete(&text);
    if (!utf8 && !has(codec, GW_FAULT_ACCEPTS_BAD_REASON))
        return stop(codec, event, GW_CODEC_CLOSE_NOT_UTF8, "the reason is not UTF-8");
    return true;
}

static bool finish_message(gw_codec *codec, gw_codec_event *event) {
    if (is_checked(codec) && has(codec, GW_FAULT_UTF8_LATE) && is_fin(codec) &&
        !check_text(codec, gw_buf_span(&codec->gathered)))
        return stop(codec, event, GW_CODEC_CLOSE_NOT_UTF8, "the text is not UTF-8");
    bool whole = !is_checked(codec) || (codec->spoiled && has(codec, GW_FAULT_ACCEPTS_BAD_UTF8)) ||
                 gw_unicode_complete(&codec->text);
    if (!whole && (is_fin(codec) || has(codec, GW_FAULT_UTF8_PER_FRAGMENT))) {
        if (!has(codec, GW_FAULT_ACCEPTS_TRUNCATED_UTF8) && !has(codec, GW_FAULT_ACCEPTS_BAD_UTF8))
            return stop(codec, event, GW_CODEC_CLOSE_NOT_UTF8, "the text ends within a code point");
        codec->spoiled = true;
    }
    if (!is_fin(codec)) return false;
    codec->fragments = 0;
    codec->heard = true;
    if (codec->spoiled) return false;
    event->kind = codec->message_opcode == GW_CODEC_OP_TEXT ? GW_CODEC_TEXT : GW_CODEC_BINARY;
    event->payload = gw_buf_span(&codec->gathered);
    codec->delivered = true;
    return true;
}

static bool finish_frame(gw_codec *codec, gw_codec_event *event) {
    bool skipped = codec->skipping;
    start_frames(codec);
    if (skipped) return false;
    switch (opcode_of(codec)) {
    case GW_CODEC_OP_PING:
    case GW_CODEC_OP_PONG:
        event->kind = opcode_of(codec) == GW_CODEC_OP_PING ? GW_CODEC_PING : GW_CODEC_PONG;
        event->payload = gw_span_make(codec->control, codec->control_len);
        return true;
    case GW_CODEC_OP_CLOSE:
        return finish_close(codec, event);
    default:
        return finish_message(codec, event);
    }
}

bool gw_codec_next(gw_codec *codec, gw_span *bytes, gw_codec_event *event) {
    if (codec->delivered) {
        codec->delivered = false;
        reset_gathered(codec);
    }
    if (bytes->len == 0 && codec->step == STEP_HEAD && codec->have == 0) return false;
    *event = (gw_codec_event){0};
    if (codec->step == STEP_REQUEST) return take_request(codec, bytes, event);
    while (codec->step != STEP_STOPPED) {
        if (codec->step == STEP_HEAD) {
            if (take_head(codec, bytes, event)) return true;
            if (codec->step == STEP_HEAD) break;
        }
        if (take_body(codec, bytes, event)) return true;
        if (codec->left > 0) break;
        if (finish_frame(codec, event)) return true;
    }
    if (codec->step == STEP_STOPPED) *bytes = (gw_span){0};
    if (codec->have > 0) codec->split = true;
    return false;
}
