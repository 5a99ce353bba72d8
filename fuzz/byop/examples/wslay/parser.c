/* wslay's event layer behind the interface of gwspec_parser.h: an example of a C parser
 * (docs/bring-your-own-parser.md).
 *
 *   cc -fsanitize=fuzzer,address parser.c $(pkg-config --cflags --libs gwspec-byop libwslay) */
#include <gwspec_parser.h>
#include <wslay/wslay.h>

#include <stdlib.h>
#include <string.h>

enum { MAX_EVENTS = 4096 };

typedef struct parser {
    gwspec_config config;
    wslay_event_context_ptr wslay;
    const uint8_t *input; /* of the feed() under way */
    size_t input_len;
    gwspec_event events[MAX_EVENTS]; /* their bytes are owned */
    size_t first, count;
    bool over;
} parser;

static void tell(parser *p, gwspec_event event) {
    if (p->count == MAX_EVENTS) abort();
    uint8_t *copy = malloc(event.len + 1);
    if (!copy) abort();
    if (event.len) memcpy(copy, event.bytes, event.len);
    event.bytes = copy;
    p->events[p->count++] = event;
}

static void forget(parser *p) {
    for (size_t i = 0; i < p->count; i++) free((uint8_t *)p->events[i].bytes);
    p->first = p->count = 0;
}

static ssize_t on_recv(wslay_event_context_ptr ctx, uint8_t *to, size_t room, int flags, void *user) {
    parser *p = user;
    (void)flags;
    size_t n = p->input_len < room ? p->input_len : room;
    if (n == 0) {
        wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(to, p->input, n);
    p->input += n;
    p->input_len -= n;
    return (ssize_t)n;
}

static void on_message(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *arg, void *user) {
    parser *p = user;
    (void)ctx;
    gwspec_event event = {.opcode = arg->opcode, .bytes = arg->msg, .len = arg->msg_length};
    switch (arg->opcode) {
    case WSLAY_CONNECTION_CLOSE:
        event.kind = GWSPEC_CLOSE;
        event.code = arg->status_code;
        if (event.len >= 2) { /* wslay leaves the code in front of the reason */
            event.bytes += 2;
            event.len -= 2;
        }
        p->over = true;
        break;
    case WSLAY_PING:
        event.kind = GWSPEC_PING;
        break;
    case WSLAY_PONG:
        event.kind = GWSPEC_PONG;
        break;
    default:
        event.kind = GWSPEC_MESSAGE;
        break;
    }
    tell(p, event);
}

static void open_wslay(parser *p) {
    static const struct wslay_event_callbacks callbacks = {.recv_callback = on_recv,
                                                           .on_msg_recv_callback = on_message};
    int bad = p->config.role == GWSPEC_SERVER ? wslay_event_context_server_init(&p->wslay, &callbacks, p)
                                              : wslay_event_context_client_init(&p->wslay, &callbacks, p);
    if (bad) abort();
    uint64_t max = p->config.max_message_bytes;
    wslay_event_config_set_max_recv_msg_length(p->wslay, max < 125 ? 125 : max);
}

static void *create(const gwspec_config *config) {
    parser *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->config = *config;
    open_wslay(p);
    return p;
}

/* When wslay refuses, it queues a Close with the reason, or stops reading. */
static gwspec_error_class class_of(uint16_t code) {
    switch (code) {
    case WSLAY_CODE_PROTOCOL_ERROR:
        return GWSPEC_PROTOCOL;
    case WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA:
        return GWSPEC_UTF8;
    case WSLAY_CODE_MESSAGE_TOO_BIG:
        return GWSPEC_TOO_BIG;
    default:
        return GWSPEC_ANY;
    }
}

static void feed(void *self, const uint8_t *bytes, size_t len) {
    parser *p = self;
    if (p->over) return;
    p->input = bytes;
    p->input_len = len;
    int bad = wslay_event_recv(p->wslay);
    if (!p->over && (bad || !wslay_event_want_read(p->wslay))) {
        p->over = true;
        tell(p,
             (gwspec_event){.kind = GWSPEC_ERROR, .error_class = class_of(wslay_event_get_status_code_sent(p->wslay))});
    }
}

static void next_event(void *self, gwspec_event *event) {
    parser *p = self;
    if (p->first < p->count)
        *event = p->events[p->first++];
    else
        forget(p);
}

static void reset(void *self) {
    parser *p = self;
    forget(p);
    wslay_event_context_free(p->wslay);
    p->over = false;
    open_wslay(p);
}

static void destroy(void *self) {
    parser *p = self;
    forget(p);
    wslay_event_context_free(p->wslay);
    free(p);
}

static const gwspec_known known[] = {
    {"one-byte-close", "wslay reads a Close of one byte as one without code"},
    {"any-close-reason", "wslay does not look at the reason of a Close"},
    {"late-header", "wslay judges a header once bytes of the payload have come"},
    {"any-size", "wslay's limit of a message holds for control frames too, so it is at least 125 here"},
    {NULL, NULL},
};

const gwspec_parser_api gwspec_parser = {.abi = GWSPEC_PARSER_ABI,
                                         .name = "wslay",
                                         .reports = GWSPEC_REPORTS_MESSAGES,
                                         .roles = 1 << GWSPEC_SERVER | 1 << GWSPEC_CLIENT,
                                         .known = known,
                                         .memory_base_bytes = 1 << 20,
                                         .memory_per_byte = 64,
                                         .create = create,
                                         .feed = feed,
                                         .next_event = next_event,
                                         .reset = reset,
                                         .destroy = destroy};
