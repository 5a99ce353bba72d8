/* Judges one connection of a session: the client's direction here, the server's in watch_server.c, the opening in
 * watch_handshake.c. */
#include "watch_internal.h"

#include <string.h>

static void broken(void *context, const gw_violation *violation) {
    (void)context;
    gw_fuzz_fail(__FILE__, __LINE__, "the server conforms", "%s at %lld ns: expected %s, observed %s", violation->rule,
                 (long long)violation->at, violation->expected, violation->observed);
}
const gw_violation_sink gw_watch_sink = {broken, NULL};

static void side_open(gw_watch_side *side, gw_head_kind kind) {
    if (!side->payload.max) {
        gw_buf_init(&side->head_bytes, GW_WATCH_MAX_HEAD + (1 << 20));
        gw_buf_init(&side->payload, 2 << 20);
    }
    gw_buf_clear(&side->head_bytes);
    gw_buf_clear(&side->payload);
    gw_head_init(&side->head, kind, GW_WATCH_MAX_HEAD, 0);
    gw_frame_decoder_init(&side->decoder, true);
    gw_message_init(&side->message, &side->payload);
}

void gw_watch_open(gw_watch *watch, gw_script_server config, gw_ns now) {
    side_open(&watch->client, GW_HEAD_REQUEST);
    side_open(&watch->server, GW_HEAD_RESPONSE);
    memset(&watch->config, 0, sizeof *watch - offsetof(gw_watch, config));
    watch->config = config;
    watch->interval = config.interval_ms * GW_MS;
    watch->grace = watch->interval / 40 > 25 * GW_MS ? watch->interval / 40 : 25 * GW_MS;
    watch->opened_at = now;
    watch->hello_at = watch->beat_at = watch->next_beat_at = watch->ask_at = watch->closed_at = watch->ended_at =
        GW_NEVER;
}

void gw_watch_blame(gw_watch *watch, gw_watch_guilt guilt) {
    if (guilt > watch->guilt) watch->guilt = guilt;
}

void gw_watch_fail(gw_watch *watch, uint16_t code, uint16_t other) {
    if (watch->guilt == GW_WATCH_FATAL) return;
    /* What it may have been closed for before had a code of its own. */
    watch->fatal_codes[0] = watch->guilt == GW_WATCH_CLEAN ? code : 0;
    watch->guilt = GW_WATCH_FATAL;
    watch->fatal_codes[1] = other;
}

void gw_watch_excuse(gw_watch *watch) {
    watch->excused = true;
    gw_watch_blame(watch, GW_WATCH_CLOSED);
}

void gw_watch_push(gw_watch_queue *queue, uint64_t item) {
    if (queue->count == GW_WATCH_QUEUE)
        queue->lost = true;
    else
        queue->items[(queue->first + queue->count++) % GW_WATCH_QUEUE] = item;
}

bool gw_watch_pop(gw_watch_queue *queue, uint64_t item) {
    if (queue->lost) return true;
    if (queue->count == 0 || queue->items[queue->first] != item) return false;
    queue->first = (queue->first + 1) % GW_WATCH_QUEUE;
    queue->count--;
    return true;
}

void gw_watch_expect_event(gw_watch *watch, int64_t id, gw_span data) {
    gw_watch_push(&watch->events, gw_watch_event_hash(id, data));
}

void gw_watch_kick_p1(gw_watch *watch) {
    watch->kicked |= watch->is_p1;
}

void gw_watch_tell(gw_watch *watch, gw_heartbeat_input input) {
    if (!watch->upgraded || watch->untimed || watch->guilt != GW_WATCH_CLEAN) return;
    watch->told_at = input.at;
    gw_heartbeat_take(&watch->model, &input, gw_watch_sink);
}

/* ---- Messages of the client ---- */

static bool over_rate(gw_watch *watch, gw_ns now) {
    if (now - watch->rate_from >= GW_S) {
        watch->rate_from = now;
        watch->rate_count = 0;
    }
    return ++watch->rate_count > watch->config.rate_messages;
}

enum { UNSUPPORTED = 1003, NOT_UTF8 = 1007, PROTOCOL_ERROR = 1002, TOO_BIG = 1009, NOT_JSON = 4002, TOO_FAST = 4008 };

static void on_message(gw_watch *watch, gw_ns now) {
    const gw_message *message = &watch->client.message;
    if (message->flags & (GW_MESSAGE_BAD_UTF8 | GW_MESSAGE_CUT_UTF8))
        gw_watch_fail(watch, NOT_UTF8, 0);
    else if (over_rate(watch, now))
        gw_watch_fail(watch, TOO_FAST, 0);
    else if (message->opcode != GW_FRAME_TEXT)
        gw_watch_fail(watch, UNSUPPORTED, 0);
    if (watch->guilt == GW_WATCH_FATAL) return;
    const gw_heartbeat_rules *rules = &gw_fuzz_protocol()->heartbeat;
    gw_watch_packet packet = gw_watch_read_packet(gw_buf_span(&watch->client.payload), GW_ROLE_CLIENT, now);
    bool beat = packet.event == rules->answer, ask = packet.event == rules->ask;
    bool plain = packet.verdict == GW_JSON_IS_VALID && packet.data_is_object;
    if (packet.verdict == GW_JSON_IS_INVALID)
        gw_watch_blame(watch, GW_WATCH_FATAL);
    else if (!plain || (!beat && !ask))
        gw_watch_blame(watch, GW_WATCH_MAY);
    if (watch->guilt != GW_WATCH_CLEAN) return;
    gw_watch_tell(watch, (gw_heartbeat_input){.kind = beat ? GW_HEARTBEAT_BEAT_OUT : GW_HEARTBEAT_ASK_OUT, .at = now});
    if (beat) {
        watch->beat_at = now;
    } else {
        watch->asks = watch->ask_at == now ? watch->asks + 1 : 1;
        watch->ask_at = now;
    }
}

static void on_close(gw_watch *watch) {
    gw_close close = gw_close_parse(gw_message_control_span(&watch->client.message));
    /* Whether it takes the codes of servers is the server's affair. */
    bool odd = close.has_code && gw_close_code_class(close.code) == GW_CLOSE_FROM_SERVER;
    if (close.payload_len == 1 || (close.has_code && !odd && !gw_close_code_is_sendable(close.code, false)))
        gw_watch_fail(watch, PROTOCOL_ERROR, 0);
    else if (!close.reason_is_utf8)
        gw_watch_fail(watch, NOT_UTF8, odd ? PROTOCOL_ERROR : 0);
    if (watch->guilt == GW_WATCH_FATAL) return;
    watch->client_closed = true;
    watch->echo_due = watch->guilt == GW_WATCH_CLEAN;
    watch->client_code = close.code;
    gw_watch_blame(watch, GW_WATCH_CLOSED);
}

static void on_control(gw_watch *watch) {
    const gw_message *message = &watch->client.message;
    if (message->control_opcode == GW_FRAME_CLOSE) on_close(watch);
    if (message->control_opcode == GW_FRAME_PING)
        gw_watch_push(&watch->pongs, gw_fuzz_hash(message->control, message->control_len));
}

/* ---- Frames of the client ---- */

static const unsigned fatal_frame = GW_MESSAGE_ORPHAN | GW_MESSAGE_INTERRUPTS | GW_MESSAGE_FRAGMENTED_CONTROL |
                                    GW_MESSAGE_LONG_CONTROL | GW_MESSAGE_RESERVED_OPCODE | GW_MESSAGE_RSV |
                                    GW_MESSAGE_RSV_CONTINUATION | GW_MESSAGE_NON_MINIMAL | GW_MESSAGE_TOP_BIT |
                                    GW_MESSAGE_UNMASKED;

/* The open message would grow beyond the limit: refused from the declared length. */
static bool too_big(const gw_watch *watch) {
    const gw_frame *frame = &watch->client.decoder.frame;
    size_t most = watch->config.max_message_bytes;
    if (gw_frame_is_control(frame->opcode)) return false;
    return frame->payload_len > most || watch->client.message.length > most - frame->payload_len;
}

/* A header that is only partly here but cannot become a good one, or whose length may already look too long: a server
 * may fail it now or when it is whole. */
static bool looks_bad_early(const gw_watch_side *side) {
    const gw_frame_decoder *decoder = &side->decoder;
    if (decoder->header_fill == 0) return false;
    unsigned opcode = decoder->header[0] & 0x0f;
    bool fin = decoder->header[0] & 0x80, control = gw_frame_is_control(opcode);
    if (decoder->header[0] & 0x70 || gw_frame_is_reserved(opcode) || (control && !fin)) return true;
    if (!control && (opcode == GW_FRAME_CONTINUATION) != side->message.open) return true;
    return decoder->header_fill > 1 && (!(decoder->header[1] & 0x80) || (decoder->header[1] & 0x7f) >= 126);
}

static void on_frames(gw_watch *watch, uint8_t *bytes, size_t len, gw_ns now) {
    gw_watch_side *side = &watch->client;
    /* What follows a Close, or what failed the connection, is not read. */
    for (size_t at = 0; watch->guilt != GW_WATCH_FATAL && !watch->client_closed;) {
        gw_frame_event event = gw_frame_decoder_next(&side->decoder, bytes + at, len - at);
        gw_message_event got = gw_message_take(&side->message, &side->decoder, &event);
        if (event.kind == GW_FRAME_HEADER) {
            bool broken_rule = side->message.frame_flags & fatal_frame, big = too_big(watch);
            if (broken_rule)
                gw_watch_fail(watch, PROTOCOL_ERROR, big ? TOO_BIG : 0);
            else if (big)
                gw_watch_fail(watch, TOO_BIG, 0);
            /* Text that was bad before may have been refused before. */
            if ((broken_rule || big) && watch->bad_text) watch->fatal_codes[2] = NOT_UTF8;
        }
        watch->bad_text |= side->message.open && side->message.flags & GW_MESSAGE_BAD_UTF8;
        if (event.kind == GW_FRAME_NEED_MORE) {
            bool early = looks_bad_early(side) || (side->message.open && side->message.flags & GW_MESSAGE_BAD_UTF8);
            if (early) gw_watch_blame(watch, GW_WATCH_MAY);
            return;
        }
        if (event.kind == GW_FRAME_STOPPED) return;
        if (got == GW_MESSAGE_DATA)
            on_message(watch, now);
        else if (got == GW_MESSAGE_CONTROL)
            on_control(watch);
        at += event.consumed;
    }
}

static void start_model(gw_watch *watch, gw_ns now) {
    watch->rate_from = now;
    gw_heartbeat_init(&watch->model, gw_fuzz_protocol(), GW_ROLE_SERVER, 1.0, now);
}

void gw_watch_client_bytes(gw_watch *watch, const uint8_t *bytes, size_t len, gw_ns now) {
    static uint8_t copy[GW_WATCH_MAX_PIECE];
    gw_watch_side *side = &watch->client;
    GW_FUZZ_CHECK(len <= sizeof copy, "%zu bytes in one piece", len);
    watch->sent_bytes += len;
    if (gw_watch_is_over(watch) || watch->refused) return;
    if (side->head.state == GW_HEAD_TOO_LARGE) return;
    if (side->head.state == GW_HEAD_NEED_MORE) {
        size_t before = side->head_bytes.len;
        GW_FUZZ_CHECK(gw_buf_append(&side->head_bytes, bytes, len) == GW_OK, "the request has no room");
        bool known = before == 0 && gw_watch_knows_request(watch);
        if (!known && gw_head_feed(&side->head, gw_buf_span(&side->head_bytes)) != GW_HEAD_DONE) return;
        start_model(watch, now);
        bytes += side->head.length - before;
        len -= side->head.length - before;
    }
    if (len) memcpy(copy, bytes, len);
    on_frames(watch, copy, len, now);
}
