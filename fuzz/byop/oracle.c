/* What a stream of bytes means, by gwspec's own decoder: a list of expected events, with the freedom that RFC 6455
 * leaves. It knows neither the parser nor how the bytes are split. */
#include "byop.h"

#include "wire/close.h"
#include "wire/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
    PROTOCOL = 1 << GWSPEC_PROTOCOL,
    UTF8 = 1 << GWSPEC_UTF8,
    TOO_BIG = 1 << GWSPEC_TOO_BIG,
    OF_MESSAGES = PROTOCOL | UTF8 | TOO_BIG /* what a reader of messages may find wrong with them */
};

static bool knows(const gw_byop_oracle *o, gw_byop_known known) {
    return (o->known & 1u << known) != 0;
}

/* It may read messages and refuse what is wrong with them, but it need not. */
static bool frames_only(const gw_byop_oracle *o) {
    return o->reports == GWSPEC_REPORTS_FRAMES;
}

void gw_byop_oracle_init(gw_byop_oracle *oracle, const gwspec_parser_api *api, uint32_t known,
                         const gwspec_config *config) {
    *oracle = (gw_byop_oracle){.reports = api->reports,
                               .known = known,
                               .max_depth = api->max_depth,
                               .config = *config,
                               .deadline = config->heartbeat_interval_ms};
    gw_buf_init(&oracle->payload, GW_BYOP_MAX_MESSAGE);
    gw_buf_init(&oracle->frame, GW_BYOP_MAX_MESSAGE);
    gw_buf_init(&oracle->bytes, GW_BYOP_MAX_LOG);
    gw_frame_decoder_init(&oracle->decoder, true);
    gw_message_init(&oracle->message, &oracle->payload);
}

void gw_byop_oracle_deinit(gw_byop_oracle *oracle) {
    gw_buf_deinit(&oracle->payload);
    gw_buf_deinit(&oracle->frame);
    gw_buf_deinit(&oracle->bytes);
    free(oracle->items);
}

uint32_t gw_byop_asked_by(gwspec_event_kind kind) {
    static const uint32_t bits[] = {[GWSPEC_FRAME] = GWSPEC_REPORTS_FRAMES,
                                    [GWSPEC_MESSAGE] = GWSPEC_REPORTS_MESSAGES,
                                    [GWSPEC_PING] = GWSPEC_REPORTS_MESSAGES,
                                    [GWSPEC_PONG] = GWSPEC_REPORTS_MESSAGES,
                                    [GWSPEC_CLOSE] = GWSPEC_REPORTS_MESSAGES | GWSPEC_REPORTS_PACKETS,
                                    [GWSPEC_PACKET] = GWSPEC_REPORTS_PACKETS,
                                    [GWSPEC_REJECT] = GWSPEC_REPORTS_PACKETS,
                                    [GWSPEC_TIMEOUT] = GWSPEC_REPORTS_TIMEOUT,
                                    [GWSPEC_ERROR] = UINT32_MAX};
    return bits[kind];
}

static gw_byop_item *append(gw_byop_oracle *o) {
    static gw_byop_item spare;
    if (o->count == o->capacity) {
        size_t capacity = o->capacity ? o->capacity * 2 : 32;
        gw_byop_item *items = realloc(o->items, capacity * sizeof *items);
        if (!items) {
            o->failed = o->done = true;
            return &spare;
        }
        o->items = items;
        o->capacity = capacity;
    }
    return &o->items[o->count++];
}

gw_byop_item *gw_byop_oracle_push(gw_byop_oracle *oracle, gwspec_event event) {
    static gw_byop_item unreported;
    unreported = (gw_byop_item){0};
    if (event.kind == GWSPEC_CLOSE || event.kind == GWSPEC_ERROR) oracle->done = true;
    if (!(oracle->reports & gw_byop_asked_by(event.kind))) return &unreported;
    gw_byop_item *item = append(oracle);
    *item = (gw_byop_item){.event = event,
                           .offset = oracle->bytes.len,
                           .error_classes = oracle->window | oracle->once,
                           .optional = oracle->closed};
    oracle->once = 0;
    if (gw_buf_append(&oracle->bytes, event.bytes, event.len) != GW_OK) oracle->failed = oracle->done = true;
    return item;
}

static void push_error(gw_byop_oracle *o, uint32_t classes, const char *why) {
    gw_byop_item *item = gw_byop_oracle_push(o, (gwspec_event){.kind = GWSPEC_ERROR});
    item->error_classes |= classes;
    item->why = why;
}

/* ---- Headers ---- */

static const char *header_fault(const gw_byop_oracle *o, uint32_t *classes) {
    static const struct {
        unsigned flag;
        const char *why;
    } faults[] = {
        {GW_MESSAGE_RSV, "a reserved bit is set (RFC 6455 section 5.2)"},
        {GW_MESSAGE_RESERVED_OPCODE, "a reserved opcode (section 5.2)"},
        {GW_MESSAGE_FRAGMENTED_CONTROL, "a control frame in fragments (section 5.5)"},
        {GW_MESSAGE_LONG_CONTROL, "a control frame of more than 125 bytes (section 5.5)"},
        {GW_MESSAGE_TOP_BIT, "a length of 2^63 or more (section 5.2)"},
        {GW_MESSAGE_NON_MINIMAL, "a length that is not in its shortest form (section 5.2)"},
        {GW_MESSAGE_ORPHAN, "a continuation of no message (section 5.4)"},
        {GW_MESSAGE_INTERRUPTS, "a new message inside another (section 5.4)"},
    };
    unsigned flags = o->message.frame_flags;
    const char *why = NULL;
    if (frames_only(o)) flags &= ~(unsigned)(GW_MESSAGE_ORPHAN | GW_MESSAGE_INTERRUPTS);
    if (knows(o, GW_BYOP_NON_MINIMAL)) flags &= ~(unsigned)GW_MESSAGE_NON_MINIMAL;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0] && !why; i++)
        if (flags & faults[i].flag) why = faults[i].why;
    unsigned wrong = o->config.role == GWSPEC_SERVER ? GW_MESSAGE_UNMASKED : GW_MESSAGE_MASKED;
    if (!why && flags & wrong && !knows(o, GW_BYOP_ANY_MASK))
        why = o->config.role == GWSPEC_SERVER ? "an unmasked frame of a client (section 5.1)"
                                              : "a masked frame of a server (section 5.1)";
    if (why) *classes |= PROTOCOL;
    if (flags & GW_MESSAGE_TOP_BIT) *classes |= TOO_BIG;
    return why;
}

/* The frame takes a message of which `before` bytes have come beyond the limit. */
static bool too_big(const gw_byop_oracle *o, uint64_t before) {
    const gw_frame *frame = &o->decoder.frame;
    if (!knows(o, GW_BYOP_ANY_SIZE) && gw_frame_is_control(frame->opcode)) return false;
    uint64_t max = o->config.max_message_bytes;
    return before > max || frame->payload_len > max - before;
}

/* Of frames alone: fragments out of order are no fault, nor are those that only together are too long. Beyond them each
 * reader has its own idea of what the message is. */
static void leave_messages_open(gw_byop_oracle *o) {
    if (o->message.frame_flags & (GW_MESSAGE_ORPHAN | GW_MESSAGE_INTERRUPTS)) o->window |= OF_MESSAGES;
    if (too_big(o, o->message.length)) o->window |= TOO_BIG;
}

static void judge_header(gw_byop_oracle *o) {
    uint32_t classes = 0;
    const char *why = header_fault(o, &classes);
    bool late = knows(o, GW_BYOP_LATE_HEADER);
    o->in_close = o->decoder.frame.opcode == GW_FRAME_CLOSE;
    bool big = too_big(o, frames_only(o) ? 0 : o->message.length);
    if (frames_only(o)) leave_messages_open(o);
    if (big && knows(o, GW_BYOP_ANY_SIZE)) {
        o->once |= TOO_BIG;
    } else if (big) {
        classes |= TOO_BIG;
        if (!why) why = "a message above the limit", late = late || knows(o, GW_BYOP_LATE_SIZE);
    }
    if ((o->message.frame_flags & GW_MESSAGE_NON_MINIMAL) && knows(o, GW_BYOP_NON_MINIMAL)) o->once |= PROTOCOL;
    /* A Close of one byte is known to be one by now. */
    if (o->decoder.frame.opcode == GW_FRAME_CLOSE && o->decoder.frame.payload_len == 1) o->once |= PROTOCOL;
    if (!why) return;
    if (!late) {
        push_error(o, classes, why);
        return;
    }
    o->window |= classes;
    o->late = why;
}

/* ---- Messages ---- */

static void end_message(gw_byop_oracle *o, uint64_t now) {
    bool text = o->message.opcode == GW_FRAME_TEXT, maybe = false;
    if (o->message.flags & (GW_MESSAGE_BAD_UTF8 | GW_MESSAGE_CUT_UTF8)) {
        if (!knows(o, GW_BYOP_UTF8)) {
            push_error(o, UTF8, "a text message that is not UTF-8 (section 8.1)");
            return;
        }
        o->once |= UTF8;
        maybe = true;
    }
    o->window &= ~(uint32_t)UTF8;
    gwspec_event event = {.kind = GWSPEC_MESSAGE, .opcode = o->message.opcode, .len = o->payload.len};
    event.bytes = o->payload.data;
    gw_byop_oracle_push(o, event);
    if (text) gw_byop_oracle_packet(o, gw_buf_span(&o->payload), now, maybe);
}

typedef struct close_faults {
    uint32_t refuse, either; /* classes of an ERROR that must, or may, stand in place of the CLOSE */
    const char *why;
} close_faults;

static close_faults judge_close(const gw_byop_oracle *o, const gw_close *close) {
    close_faults f = {0};
    if (close->payload_len == 1) {
        f.why = "a Close of one byte (section 5.5.1)";
        *(knows(o, GW_BYOP_ONE_BYTE_CLOSE) ? &f.either : &f.refuse) |= PROTOCOL;
    }
    if (close->has_code) {
        gw_close_class class_ = gw_close_code_class(close->code);
        bool bad = class_ == GW_CLOSE_RESERVED || class_ == GW_CLOSE_UNUSED || class_ == GW_CLOSE_OUT_OF_RANGE;
        bool free_ = class_ != GW_CLOSE_ANY && class_ != GW_CLOSE_LIBRARY && class_ != GW_CLOSE_PRIVATE;
        if (bad) f.why = "a close code that is never sent (section 7.4)";
        *(bad && !knows(o, GW_BYOP_CLOSE_CODE) ? &f.refuse : &f.either) |= bad || free_ ? PROTOCOL : 0;
    }
    if (!close->reason_is_utf8) {
        f.why = "a close reason that is not UTF-8 (section 5.5.1)";
        *(knows(o, GW_BYOP_CLOSE_REASON) ? &f.either : &f.refuse) |= UTF8 | PROTOCOL;
    }
    return f;
}

static void end_close(gw_byop_oracle *o, gw_span payload) {
    gw_close close = gw_close_parse(payload);
    close_faults faults = judge_close(o, &close);
    o->in_close = false;
    if (faults.refuse) {
        push_error(o, faults.refuse | faults.either, faults.why);
        return;
    }
    o->once |= faults.either;
    gwspec_event event = {.kind = GWSPEC_CLOSE, .code = close.code, .bytes = close.reason.ptr, .len = close.reason.len};
    gw_byop_oracle_push(o, event)->any_content = close.payload_len == 1;
}

static void push_frame(gw_byop_oracle *o) {
    const gw_frame *f = &o->decoder.frame;
    gwspec_event event = {.kind = GWSPEC_FRAME,
                          .fin = f->fin,
                          .masked = f->masked,
                          .rsv = f->rsv,
                          .opcode = f->opcode,
                          .len = o->frame.len};
    event.bytes = o->frame.data;
    gw_byop_oracle_push(o, event);
    gw_buf_clear(&o->frame);
}

/* The frame of a wrong message or Close: reported, refused in its place, or both. */
static void end_lone_frame(gw_byop_oracle *o) {
    bool is_close = o->decoder.frame.opcode == GW_FRAME_CLOSE;
    gw_close close = gw_close_parse(gw_message_control_span(&o->message));
    close_faults faults = {0};
    if (is_close) faults = judge_close(o, &close);
    if (o->message.flags & GW_MESSAGE_CUT_UTF8) o->window |= UTF8;
    o->window |= faults.refuse | faults.either;
    push_frame(o);
    o->in_close = false;
    if (!is_close) return;
    o->closed = true;
    o->window |= OF_MESSAGES;
}

static void end_frame(gw_byop_oracle *o, gw_message_event what, uint64_t now) {
    if (o->late) {
        push_error(o, o->window, o->late);
        return;
    }
    if (frames_only(o)) {
        end_lone_frame(o);
        return;
    }
    push_frame(o);
    if (what == GW_MESSAGE_DATA) end_message(o, now);
    if (what != GW_MESSAGE_CONTROL) return;
    gw_span payload = gw_message_control_span(&o->message);
    uint8_t opcode = o->decoder.frame.opcode;
    if (opcode == GW_FRAME_CLOSE) {
        end_close(o, payload);
        return;
    }
    gwspec_event event = {.kind = opcode == GW_FRAME_PING ? GWSPEC_PING : GWSPEC_PONG};
    event.bytes = payload.ptr;
    event.len = payload.len;
    gw_byop_oracle_push(o, event);
}

void gw_byop_oracle_feed(gw_byop_oracle *oracle, uint8_t *bytes, size_t len, uint64_t now) {
    while (!oracle->done) {
        gw_frame_event event = gw_frame_decoder_next(&oracle->decoder, bytes, len);
        gw_message_event what = gw_message_take(&oracle->message, &oracle->decoder, &event);
        if (event.kind == GW_FRAME_NEED_MORE || event.kind == GW_FRAME_STOPPED) return;
        bytes += event.consumed;
        len -= event.consumed;
        if (event.kind == GW_FRAME_HEADER) judge_header(oracle);
        if (event.kind == GW_FRAME_PAYLOAD) {
            bool text = oracle->message.opcode == GW_FRAME_TEXT && !gw_frame_is_control(oracle->decoder.frame.opcode);
            if (text && oracle->message.flags & GW_MESSAGE_BAD_UTF8) oracle->window |= UTF8;
            if (oracle->reports & GWSPEC_REPORTS_FRAMES) gw_buf_append(&oracle->frame, event.bytes, event.len);
        }
        if (event.kind == GW_FRAME_END) end_frame(oracle, what, now);
    }
}

void gw_byop_oracle_text(gw_byop_oracle *oracle, gw_span text, uint64_t now) {
    if (!oracle->done) gw_byop_oracle_packet(oracle, text, now, false);
}

void gw_byop_oracle_tick(gw_byop_oracle *oracle, uint64_t now) {
    if (oracle->done || !(oracle->reports & GWSPEC_REPORTS_TIMEOUT)) return;
    if (now < oracle->deadline && !oracle->time_unsure) return;
    gw_byop_item *item = gw_byop_oracle_push(oracle, (gwspec_event){.kind = GWSPEC_TIMEOUT});
    /* The very moment of the deadline may count as in time or not. */
    item->optional = oracle->time_unsure || now == oracle->deadline;
    if (!item->optional) oracle->done = true;
}

uint32_t gw_byop_oracle_end_classes(const gw_byop_oracle *oracle) {
    /* The header that is cut off may be known to be bad by its first bytes already. */
    uint32_t partial = oracle->decoder.header_fill ? PROTOCOL | TOO_BIG : 0;
    /* So may the code, or the reason, of a Close that is cut off. */
    if (oracle->in_close) partial |= PROTOCOL | UTF8;
    return oracle->done ? 0 : oracle->window | oracle->once | partial;
}
