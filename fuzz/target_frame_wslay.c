/* Fuzz target: our frame and message layer against wslay's event layer, as servers, on the same stream of bytes.
 *
 * Equal: the messages that came complete before any fault, and the class of the end (all read, closed, failed). The
 * known differences stand in `divergences`, each with its reason and a seed that shows it; any other aborts. */
#include "fuzz.h"
#include "wire/close.h"
#include "wire/message.h"

#include <string.h>
#include <wslay/wslay.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_FRAMES};

typedef enum end_class { ALL_READ, CLOSED, FAILED } end_class;

enum { MAX_MESSAGE_BYTES = GW_FUZZ_MAX_BYTES };

/* What a receiver made of the stream. */
typedef struct outcome {
    end_class end;
    size_t count;  /* messages and control frames but Close */
    uint64_t hash; /* of them, in order */
} outcome;

static void add(outcome *o, unsigned opcode, const uint8_t *bytes, size_t len) {
    o->count++;
    o->hash = (o->hash ^ gw_fuzz_hash(bytes, len) ^ opcode) * 0xff51afd7ed558ccdu;
}

/* ---- Ours: facts become a verdict as RFC 6455 asks of a server ---- */

static const unsigned fatal_facts = GW_MESSAGE_ORPHAN | GW_MESSAGE_INTERRUPTS | GW_MESSAGE_FRAGMENTED_CONTROL |
                                    GW_MESSAGE_LONG_CONTROL | GW_MESSAGE_RESERVED_OPCODE | GW_MESSAGE_RSV |
                                    GW_MESSAGE_RSV_CONTINUATION | GW_MESSAGE_NON_MINIMAL | GW_MESSAGE_TOP_BIT |
                                    GW_MESSAGE_UNMASKED;

/* X(NAME, our end, wslay's end, reason): where wslay 1.1.1 differs, by what our side saw. */
#define DIVERGENCE_TABLE(X)                                                                                            \
    X(NONE, ALL_READ, ALL_READ, "none")                                                                                \
    X(HEADER_AT_THE_END, FAILED, ALL_READ, "wslay judges some of a header when its payload's first byte comes")        \
    X(PART_OF_A_HEADER, ALL_READ, FAILED, "wslay judges the first two bytes before the length is whole")               \
    X(PART_OF_A_CLOSE, ALL_READ, FAILED, "wslay judges the reason of a Close as it comes")                             \
    X(CLOSE_OF_ONE_BYTE, FAILED, CLOSED, "wslay takes a Close payload of one byte as none (section 5.5.1)")

typedef enum divergence {
#define DIVERGENCE_ENUM(name, ours, theirs, reason) DIVERGENCE_##name,
    DIVERGENCE_TABLE(DIVERGENCE_ENUM)
#undef DIVERGENCE_ENUM
} divergence;

static const struct row {
    end_class ours, theirs;
    const char *reason;
} rows[] = {
#define DIVERGENCE_ROW(name, ours, theirs, reason) {ours, theirs, reason},
    DIVERGENCE_TABLE(DIVERGENCE_ROW)
#undef DIVERGENCE_ROW
};

static bool seen[sizeof rows / sizeof rows[0]];

void gw_fuzz_finish(void) {
    for (size_t i = DIVERGENCE_NONE + 1; i < sizeof rows / sizeof rows[0]; i++)
        GW_FUZZ_CHECK(seen[i], "no input shows that %s", rows[i].reason);
}

static end_class on_close(gw_span payload, divergence *known) {
    gw_close close = gw_close_parse(payload);
    if (close.payload_len == 1) *known = DIVERGENCE_CLOSE_OF_ONE_BYTE;
    bool bad = close.payload_len == 1 || (close.has_code && !gw_close_code_is_sendable(close.code, false)) ||
               !close.reason_is_utf8;
    return bad ? FAILED : CLOSED;
}

static bool too_big(const gw_message *message, const gw_frame *frame) {
    if (gw_frame_is_control(frame->opcode)) return false;
    return frame->payload_len > MAX_MESSAGE_BYTES || message->length > MAX_MESSAGE_BYTES - frame->payload_len;
}

static outcome run_ours(uint8_t *bytes, size_t size, divergence *known) {
    static gw_buf payload = {.max = MAX_MESSAGE_BYTES};
    gw_message message;
    gw_frame_decoder decoder;
    outcome o = {.end = ALL_READ};
    gw_buf_clear(&payload);
    gw_message_init(&message, &payload);
    gw_frame_decoder_init(&decoder, true);
    for (size_t at = 0; o.end == ALL_READ;) {
        gw_frame_event event = gw_frame_decoder_next(&decoder, bytes + at, size - at);
        gw_message_event got = gw_message_take(&message, &decoder, &event);
        if (event.kind == GW_FRAME_NEED_MORE || event.kind == GW_FRAME_STOPPED) break;
        if (event.kind == GW_FRAME_HEADER && (message.frame_flags & fatal_facts || too_big(&message, &decoder.frame))) {
            o.end = FAILED;
            if (at + event.consumed == size && decoder.frame.payload_len > 0) *known = DIVERGENCE_HEADER_AT_THE_END;
        }
        if (message.open && message.flags & GW_MESSAGE_BAD_UTF8) o.end = FAILED;
        if (got == GW_MESSAGE_DATA) {
            if (message.flags & (GW_MESSAGE_BAD_UTF8 | GW_MESSAGE_CUT_UTF8))
                o.end = FAILED;
            else
                add(&o, message.opcode, payload.data, payload.len);
        } else if (got == GW_MESSAGE_CONTROL) {
            if (message.control_opcode == GW_FRAME_CLOSE)
                o.end = on_close(gw_message_control_span(&message), known);
            else
                add(&o, message.control_opcode, message.control, message.control_len);
        }
        at += event.consumed;
    }
    bool in_close = decoder.frame.opcode == GW_FRAME_CLOSE && decoder.payload_pos > 2;
    if (o.end == ALL_READ && in_close) *known = DIVERGENCE_PART_OF_A_CLOSE;
    if (o.end == ALL_READ && decoder.header_fill > 0) *known = DIVERGENCE_PART_OF_A_HEADER;
    return o;
}

/* ---- wslay ---- */

typedef struct input {
    const uint8_t *bytes;
    size_t left;
    outcome *outcome;
} input;

static ssize_t on_recv(wslay_event_context_ptr ctx, uint8_t *out, size_t len, int flags, void *user) {
    input *in = user;
    (void)flags;
    if (in->left == 0) {
        wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    size_t n = len < in->left ? len : in->left;
    memcpy(out, in->bytes, n);
    in->bytes += n;
    in->left -= n;
    return (ssize_t)n;
}

static ssize_t on_send(wslay_event_context_ptr ctx, const uint8_t *data, size_t len, int flags, void *user) {
    (void)ctx;
    (void)data;
    (void)flags;
    (void)user;
    return (ssize_t)len;
}

static void on_message(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *arg, void *user) {
    input *in = user;
    (void)ctx;
    if (arg->opcode != WSLAY_CONNECTION_CLOSE) add(in->outcome, arg->opcode, arg->msg, arg->msg_length);
}

static outcome run_wslay(const uint8_t *bytes, size_t size) {
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_recv, .send_callback = on_send, .on_msg_recv_callback = on_message};
    outcome o = {.end = ALL_READ};
    input in = {bytes, size, &o};
    wslay_event_context_ptr ctx;
    GW_FUZZ_CHECK(wslay_event_context_server_init(&ctx, &callbacks, &in) == 0, "out of memory");
    wslay_event_config_set_max_recv_msg_length(ctx, MAX_MESSAGE_BYTES);
    int result = wslay_event_recv(ctx);
    /* It answers a fault with a Close of its own that waits to be sent. */
    if (wslay_event_get_close_received(ctx))
        o.end = CLOSED;
    else if (result != 0 || !wslay_event_get_read_enabled(ctx))
        o.end = FAILED;
    wslay_event_context_free(ctx);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const words[] = {"all read", "closed", "failed"};
    if (size > GW_FUZZ_MAX_BYTES) return 0;
    divergence known = DIVERGENCE_NONE;
    outcome ours = run_ours(gw_fuzz_copy(0, data, size), size, &known);
    outcome theirs = run_wslay(data, size);
    GW_FUZZ_CHECK(ours.count == theirs.count && ours.hash == theirs.hash, "%zu messages, wslay has %zu", ours.count,
                  theirs.count);
    bool allowed = known != DIVERGENCE_NONE && ours.end == rows[known].ours && theirs.end == rows[known].theirs;
    if (gw_fuzz_unlisted) allowed = false;
    seen[known] |= allowed && ours.end != theirs.end;
    GW_FUZZ_CHECK(ours.end == theirs.end || allowed, "ours %s after %zu messages, wslay %s; near: %s", words[ours.end],
                  ours.count, words[theirs.end], rows[known].reason);
    return 0;
}
