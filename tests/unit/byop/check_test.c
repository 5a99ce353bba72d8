/* Unit tests of gwspec_check: parsers that report frames alone may read messages or not, and neither is a finding; the
 * seeds of long messages show bugs that no short one does. */
#include "gwspec_parser.h"
#include "support/run.h"
#include "wire/close.h"
#include "wire/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- A parser of frames, right with any of the habits, wrong with any of the bugs ---- */

enum {
    STOPS_AT_CLOSE = 1 << 0,
    READS_CLOSE = 1 << 1,
    READS_TEXT = 1 << 2,
    CHECKS_ORDER = 1 << 3,
    ADDS_UP = 1 << 4,
    HABITS = (1 << 5) - 1,
    BUG_COUNTS_CONTROL = 1 << 5,
    BUG_NO_LIMIT = 1 << 6,
    BUG_ANY_MASK = 1 << 7,
    SAYS_MESSAGES = 1 << 8,     /* as well as frames */
    BUG_KEY_OF_64 = 1 << 9,     /* the key is looked for where a length of 16 bits ends */
    BUG_CUT_AT_4096 = 1 << 10,  /* of a message */
    REFUSES_CLOSE = 1 << 11,    /* with any code */
    BUG_COUNTS_TO_256 = 1 << 12 /* frames, in 8 bits, of which none is 0 */
};
enum { MAX_EVENTS = 1024, MAX_BYTES = 1 << 18 };

static unsigned acts;

typedef struct parser {
    gwspec_config config;
    gw_frame_decoder decoder;
    gw_message message;
    gw_buf payload;
    gwspec_event events[MAX_EVENTS];
    uint8_t bytes[MAX_BYTES];
    size_t count, taken, fill, begin; /* events, bytes; begin: of the frame */
    bool over;
} parser;

static void begin(parser *p, const gwspec_config *config) {
    *p = (parser){.config = *config};
    gw_buf_init(&p->payload, MAX_BYTES);
    gw_frame_decoder_init(&p->decoder, true);
    gw_message_init(&p->message, &p->payload);
}

static void *create(const gwspec_config *config) {
    parser *p = malloc(sizeof *p);
    if (p) begin(p, config);
    return p;
}

static void destroy(void *self) {
    gw_buf_deinit(&((parser *)self)->payload);
    free(self);
}

static void reset(void *self) {
    gwspec_config config = ((parser *)self)->config;
    gw_buf_deinit(&((parser *)self)->payload);
    begin(self, &config);
}

static void next_event(void *self, gwspec_event *event) {
    parser *p = self;
    if (p->taken < p->count) *event = p->events[p->taken++];
}

static gwspec_event *push(parser *p, gwspec_event_kind kind) {
    ck_assert_uint_lt(p->count, MAX_EVENTS);
    gwspec_event *event = &p->events[p->count++];
    event->kind = kind;
    return event;
}

static void refuse(parser *p, gwspec_error_class class_) {
    if (!p->over) push(p, GWSPEC_ERROR)->error_class = class_;
    p->over = true;
}

static void take_header(parser *p) {
    const gw_frame *frame = &p->decoder.frame;
    unsigned facts = p->message.frame_flags, faults = GW_MESSAGE_RSV | GW_MESSAGE_RESERVED_OPCODE |
                                                      GW_MESSAGE_FRAGMENTED_CONTROL | GW_MESSAGE_LONG_CONTROL |
                                                      GW_MESSAGE_TOP_BIT | GW_MESSAGE_NON_MINIMAL;
    if (acts & CHECKS_ORDER) faults |= GW_MESSAGE_ORPHAN | GW_MESSAGE_INTERRUPTS;
    if (!(acts & BUG_ANY_MASK)) faults |= GW_MESSAGE_UNMASKED;
    bool lost = acts & BUG_COUNTS_TO_256 && frame->opcode == GW_FRAME_CONTINUATION && p->message.frames % 256 == 0;
    if (facts & faults || lost) refuse(p, GWSPEC_PROTOCOL);
    uint64_t length = frame->payload_len + (acts & ADDS_UP ? p->message.length : 0);
    bool counts = !gw_frame_is_control(frame->opcode) || acts & BUG_COUNTS_CONTROL;
    if (counts && length > p->config.max_message_bytes && !(acts & BUG_NO_LIMIT)) refuse(p, GWSPEC_TOO_BIG);
    p->begin = p->fill;
}

/* What the bytes become with the key of another place. */
static void spoil(const gw_frame_decoder *decoder, const gw_frame_event *event) {
    if (!(acts & BUG_KEY_OF_64) || decoder->frame.length_form != GW_FRAME_LEN64) return;
    for (size_t i = 0; i < event->len; i++) {
        size_t at = (event->offset + i) & 3;
        event->bytes[i] ^= decoder->frame.key[at] ^ (uint8_t)(decoder->frame.payload_len >> (8 * (5 - at)));
    }
}

static const uint8_t *keep(parser *p, const uint8_t *bytes, size_t len) {
    ck_assert_uint_le(len, sizeof p->bytes - p->fill);
    uint8_t *kept = p->bytes + p->fill;
    if (len) memcpy(kept, bytes, len);
    p->fill += len;
    return kept;
}

static void take_message(parser *p, gw_message_event what, gw_span control) {
    static const gwspec_event_kind kinds[] = {
        [GW_FRAME_CLOSE] = GWSPEC_CLOSE, [GW_FRAME_PING] = GWSPEC_PING, [GW_FRAME_PONG] = GWSPEC_PONG};
    bool data = what == GW_MESSAGE_DATA;
    gw_close close = gw_close_parse(control);
    gwspec_event *event = push(p, data ? GWSPEC_MESSAGE : kinds[p->decoder.frame.opcode]);
    gw_span bytes = data ? gw_buf_span(&p->payload) : event->kind == GWSPEC_CLOSE ? close.reason : control;
    event->opcode = p->message.opcode;
    event->code = close.code;
    event->len = acts & BUG_CUT_AT_4096 && bytes.len > 4096 ? 4096 : bytes.len;
    event->bytes = keep(p, bytes.ptr, event->len);
    p->over = p->over || event->kind == GWSPEC_CLOSE;
}

static void take_close(parser *p, gw_span payload) {
    gw_close close = gw_close_parse(payload);
    bool sendable = close.has_code ? gw_close_code_is_sendable(close.code, false) : close.payload_len == 0;
    if ((acts & READS_CLOSE && !sendable) || acts & REFUSES_CLOSE) refuse(p, GWSPEC_PROTOCOL);
    if (acts & READS_CLOSE && !close.reason_is_utf8) refuse(p, GWSPEC_UTF8);
}

static void take_end(parser *p, gw_message_event what) {
    const gw_frame *frame = &p->decoder.frame;
    gwspec_event *event = push(p, GWSPEC_FRAME);
    event->fin = frame->fin;
    event->masked = frame->masked;
    event->rsv = frame->rsv;
    event->opcode = frame->opcode;
    event->bytes = p->bytes + p->begin;
    event->len = p->fill - p->begin;
    if (what == GW_MESSAGE_DATA && acts & READS_TEXT && p->message.flags & (GW_MESSAGE_BAD_UTF8 | GW_MESSAGE_CUT_UTF8))
        refuse(p, GWSPEC_UTF8);
    gw_span payload = gw_span_make(event->bytes, event->len);
    if (frame->opcode == GW_FRAME_CLOSE) take_close(p, payload);
    if (acts & SAYS_MESSAGES && what != GW_MESSAGE_NONE && !p->over) take_message(p, what, payload);
    if (frame->opcode == GW_FRAME_CLOSE && acts & STOPS_AT_CLOSE) p->over = true;
}

static void feed(void *self, const uint8_t *bytes, size_t len) {
    parser *p = self;
    uint8_t copy[MAX_BYTES], *rest = copy;
    ck_assert_uint_le(len, sizeof copy);
    memcpy(copy, bytes, len);
    while (!p->over) {
        gw_frame_event event = gw_frame_decoder_next(&p->decoder, rest, len);
        gw_message_event what = gw_message_take(&p->message, &p->decoder, &event);
        if (event.kind == GW_FRAME_NEED_MORE || event.kind == GW_FRAME_STOPPED) return;
        rest += event.consumed;
        len -= event.consumed;
        if (event.kind == GW_FRAME_HEADER) take_header(p);
        if (event.kind == GW_FRAME_PAYLOAD) {
            spoil(&p->decoder, &event);
            keep(p, event.bytes, event.len);
        }
        if (event.kind == GW_FRAME_END) take_end(p, what);
    }
}

static const gwspec_parser_api frames = {
    .abi = GWSPEC_PARSER_ABI,
    .name = "frames",
    .reports = GWSPEC_REPORTS_FRAMES,
    .memory_base_bytes = 1 << 20,
    .create = create,
    .feed = feed,
    .next_event = next_event,
    .reset = reset,
    .destroy = destroy,
};

/* ---- Inputs: config (limit 2^20, 125 or 1), then frames: 3, first byte, how, length, payload ---- */

static const struct input {
    const char *name, *bytes;
    size_t len;
} inputs[] = {
#define INPUT(name, text)                                                                                              \
    { name, text, sizeof text - 1 }
    INPUT("message, Ping, Close", "\x00\x03\x01\x00\x01g\x03\x89\x00\x01p\x03\x80\x00\x01o\x03\x88\x00\x02\x03\xe8"),
    INPUT("Ping longer than the limit", "\x30\x03\x89\x00\x14zzzzzzzzzzzzzzzzzzzz"),
    INPUT("continuation of nothing", "\x00\x03\x80\x00\x04"
                                     "defg\x03\x82\x00\x01x"),
    INPUT("message inside another", "\x00\x03\x01\x00\x01g\x03\x81\x00\x01h\x03\x80\x00\x01i"),
    INPUT("too long in two fragments", "\x30\x03\x02\x00\x01g\x03\x89\x00\x00\x03\x80\x00\x01h\x03\x82\x00\x01i"),
    INPUT("more behind a Close", "\x00\x03\x88\x00\x00\x03\x81\x00\x01"
                                 "a\x03\x88\x00\x00\x03\x89\x00\x00"),
    INPUT("Close of one byte", "\x00\x03\x88\x00\x01\x03\x03\x89\x00\x00"),
    INPUT("Close with a code that is never sent", "\x00\x03\x88\x00\x02\x03\xed\x03\x89\x00\x00"),
    INPUT("Close with a reason that is not UTF-8", "\x00\x03\x88\x00\x03\x03\xe8\xff"),
    INPUT("text that is not UTF-8", "\x00\x03\x81\x00\x01\xff\x03\x89\x00\x00"),
    INPUT("text cut inside a character", "\x00\x03\x01\x00\x01\xc3\x03\x80\x00\x00\x03\x89\x00\x00"),
};
enum { INPUTS = sizeof inputs / sizeof inputs[0] };

static const char *check(const gwspec_parser_api *api, unsigned how, const char *bytes, size_t len) {
    static char text[512];
    acts = how;
    return gwspec_check(api, (const uint8_t *)bytes, len, text, sizeof text) ? "" : text;
}

START_TEST(frames_alone_leave_messages_open) {
    for (size_t i = 0; i < INPUTS; i++) {
        for (unsigned habits = 0; habits <= HABITS; habits++) {
            const char *said = check(&frames, habits, inputs[i].bytes, inputs[i].len);
            ck_assert_msg(!*said, "%s, habits %x: %s", inputs[i].name, habits, said);
        }
    }
}
END_TEST

START_TEST(frames_alone_are_judged) {
    static const struct wrong {
        unsigned acts;
        const char *bytes;
        size_t len;
        const char *expected;
    } wrong[] = {
#define WRONG(acts, text, expected) {acts, text, sizeof text - 1, expected}
        WRONG(BUG_COUNTS_CONTROL, "\x30\x03\x89\x00\x02zz",
              "verdict: event 1 is ERROR too-big; expected FRAME fin 1 rsv 0 opcode 9 masked, 2 bytes \"zz\""),
        WRONG(BUG_NO_LIMIT, "\x30\x03\x82\x00\x02zz",
              "verdict: event 1 is FRAME fin 1 rsv 0 opcode 2 masked, 2 bytes \"zz\"; expected ERROR: a message above "
              "the limit"),
        WRONG(BUG_ANY_MASK, "\x00\x03\x89\x04\x00",
              "verdict: event 1 is FRAME fin 1 rsv 0 opcode 9, 0 bytes \"\"; expected ERROR: an unmasked frame of a "
              "client (section 5.1)"),
        /* A parser that goes on behind a Close has to be right. */
        WRONG(BUG_ANY_MASK, "\x00\x03\x88\x00\x00\x03\x89\x04\x00",
              "verdict: event 2 is FRAME fin 1 rsv 0 opcode 9, 0 bytes \"\"; expected nothing more"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_str_eq(check(&frames, wrong[i].acts, wrong[i].bytes, wrong[i].len), wrong[i].expected);
}
END_TEST

START_TEST(events_need_their_bit) {
    static const struct unasked {
        uint32_t reports;
        const char *bytes;
        size_t len;
        const char *expected;
    } unasked[] = {
#define UNASKED(reports, text, expected) {reports, text, sizeof text - 1, "interface: " expected}
        UNASKED(GWSPEC_REPORTS_FRAMES, "\x00\x03\x8a\x00\x01p",
                "PONG, 1 bytes \"p\", but reports lacks GWSPEC_REPORTS_MESSAGES"),
        UNASKED(GWSPEC_REPORTS_FRAMES, "\x00\x03\x88\x00\x00",
                "CLOSE code 0, 0 bytes \"\", but reports lacks GWSPEC_REPORTS_MESSAGES"),
        UNASKED(GWSPEC_REPORTS_MESSAGES, "\x00\x03\x8a\x00\x01p",
                "FRAME fin 1 rsv 0 opcode 10 masked, 1 bytes \"p\", but reports lacks GWSPEC_REPORTS_FRAMES"),
    };
    gwspec_parser_api api = frames;
    for (size_t i = 0; i < sizeof unasked / sizeof unasked[0]; i++) {
        api.reports = unasked[i].reports;
        ck_assert_str_eq(check(&api, SAYS_MESSAGES, unasked[i].bytes, unasked[i].len), unasked[i].expected);
    }
}
END_TEST

/* First and last code of each row of the header's list. */
START_TEST(close_codes_are_judged_as_the_header_says) {
    static const struct row {
        unsigned first, last;
        bool accepted, refused; /* what is no finding */
    } rows[] = {
        {0, 999, false, true},     {1000, 1003, true, false}, {1004, 1004, true, true},  {1005, 1006, false, true},
        {1007, 1009, true, false}, {1010, 1010, true, true},  {1011, 1011, true, false}, {1012, 1014, true, true},
        {1015, 1015, false, true}, {1016, 2999, true, true},  {3000, 4999, true, false}, {5000, 65535, false, true},
    };
    gwspec_parser_api messages = frames;
    messages.reports |= GWSPEC_REPORTS_MESSAGES;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int last = 0; last < 2; last++) {
            unsigned code = last ? rows[i].last : rows[i].first;
            const char bytes[] = {0, 3, (char)0x88, 0, 2, (char)(code >> 8), (char)code};
            bool accepted = !*check(&messages, SAYS_MESSAGES, bytes, sizeof bytes);
            bool refused = !*check(&messages, SAYS_MESSAGES | REFUSES_CLOSE, bytes, sizeof bytes);
            ck_assert_msg(accepted == rows[i].accepted && refused == rows[i].refused, "code %u", code);
        }
    }
}
END_TEST

START_TEST(seeds_show_bugs_of_long_messages) {
    static const struct long_one {
        const char *seed;
        unsigned bug;
        const char *expected;
    } cases[] = {
        {"frame-65536", 0, ""},
        {"fragments-302", 0, ""},
        {"frame-65536", BUG_KEY_OF_64, "verdict: event 1 is FRAME fin 1 rsv 0 opcode 2 masked, 65536 bytes"},
        {"frame-65536", BUG_CUT_AT_4096, "verdict: event 2 is MESSAGE opcode 2, 4096 bytes"},
        {"fragments-302", BUG_CUT_AT_4096, "verdict: event 303 is MESSAGE opcode 1, 4096 bytes"},
        {"fragments-302", BUG_COUNTS_TO_256, "verdict: event 256 is ERROR protocol; expected FRAME"},
    };
    gwspec_parser_api both = frames;
    both.reports |= GWSPEC_REPORTS_MESSAGES;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[64], bytes[1024];
        snprintf(path, sizeof path, "fuzz/byop/corpus/%s", cases[i].seed);
        FILE *file = fopen(path, "rb");
        ck_assert_ptr_nonnull(file);
        size_t len = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        ck_assert_uint_lt(len, 512); /* more than that an engine cuts off */
        const char *said = check(&both, HABITS | SAYS_MESSAGES | cases[i].bug, bytes, len);
        size_t shown = cases[i].bug ? strlen(cases[i].expected) : strlen(said);
        ck_assert_msg(strncmp(said, cases[i].expected, shown) == 0, "%s, %x: %s", cases[i].seed, cases[i].bug, said);
        bool cut = strstr(cases[i].expected, " bytes") != NULL;
        ck_assert_msg(!cut || strstr(said, "\"...") != NULL, "what is cut has a mark: %s", said);
    }
}
END_TEST

GW_TEST_MAIN("byop check", 10, frames_alone_leave_messages_open, frames_alone_are_judged, events_need_their_bit,
             close_codes_are_judged_as_the_header_says, seeds_show_bugs_of_long_messages)
