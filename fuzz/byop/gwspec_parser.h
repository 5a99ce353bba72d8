/* Bring your own parser: implement this interface, link with libgwspec_byop, and get a fuzzer with the mutators, the
 * properties and the oracle of gwspec. Public; C11 or C++; depends on nothing else. Guide:
 * docs/bring-your-own-parser.md.
 *
 * A parser takes the bytes that one peer sent after the opening handshake and says what they mean. It sees no socket
 * and no clock: bytes come by feed(), time by tick(). It is called from one thread. */
#ifndef GWSPEC_PARSER_H
#define GWSPEC_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GWSPEC_PARSER_ABI 1u

typedef enum gwspec_role {
    GWSPEC_SERVER, /* reads what a client sends: every frame is masked */
    GWSPEC_CLIENT  /* reads what a server sends: no frame is */
} gwspec_role;

/* What a parser reports, and so what it is judged by. A bit that is not set is not judged, and its events may not come.
 * CLOSE comes with MESSAGES and with PACKETS, ERROR with any. */
enum {
    /* FRAME for every whole frame, before whatever follows from it. Alone, each header and the length of each single
     * frame are judged. What only a reader of messages can know may be either way: fragments out of order, fragments
     * that only together are beyond the limit, text that is not UTF-8 and what a Close says may be refused (ERROR) or
     * not, and behind a Close the frames may be reported or not. */
    GWSPEC_REPORTS_FRAMES = 1 << 0,
    GWSPEC_REPORTS_MESSAGES = 1 << 1, /* MESSAGE, PING, PONG, CLOSE (RFC 6455 sections 5.4 to 5.6, 7, 8.1) */
    GWSPEC_REPORTS_PACKETS = 1 << 2,  /* PACKET or REJECT for every text message, after MESSAGE when both are set */
    GWSPEC_REPORTS_TIMEOUT = 1 << 3,  /* TIMEOUT; needs PACKETS and tick() */
    /* A packet decoder without a frame layer: feed() gets the whole text of one message a call. Only with PACKETS. */
    GWSPEC_TAKES_MESSAGES = 1 << 4
};

/* Why an ERROR. A parser that does not say uses GWSPEC_ANY. */
typedef enum gwspec_error_class {
    GWSPEC_ANY,
    GWSPEC_PROTOCOL,  /* close code 1002 */
    GWSPEC_UTF8,      /* 1007: text, or a close reason, that is not UTF-8 */
    GWSPEC_TOO_BIG,   /* 1009: beyond max_message_bytes */
    GWSPEC_BAD_PACKET /* in place of REJECT, by a parser that gives up on the first message that is no packet */
} gwspec_error_class;

typedef enum gwspec_event_kind {
    GWSPEC_NEED_MORE, /* nothing more to tell until the next feed() or tick() */
    GWSPEC_FRAME,     /* fin, rsv, opcode, masked; bytes: payload without its mask */
    GWSPEC_MESSAGE,   /* opcode 1 (text) or 2 (binary); bytes: the whole message */
    GWSPEC_PING,      /* bytes: payload */
    GWSPEC_PONG,      /* bytes: payload */
    /* code, 0 when there is none; bytes: reason. Nothing may follow. ERROR in its place for codes that are never sent:
     * 0 to 999, 1005, 1006, 1015, above 4999. Either for those of one side, without a meaning yet, or newer than RFC
     * 6455: 1004, 1010, 1012 to 1014, 1016 to 2999. All others are accepted. */
    GWSPEC_CLOSE,
    GWSPEC_PACKET,  /* id; bytes: JSON text of the data, as it came or encoded again with its keys in the same order;
                       bytes NULL: the packet has no data */
    GWSPEC_REJECT,  /* a text message that is no packet; the stream goes on */
    GWSPEC_TIMEOUT, /* no heartbeat in time. Nothing may follow */
    GWSPEC_ERROR    /* error_class. Nothing may follow */
} gwspec_event_kind;

typedef struct gwspec_event {
    gwspec_event_kind kind;
    bool fin, masked;
    uint8_t rsv; /* 0 to 7, RSV1 is 4 */
    uint8_t opcode;
    uint16_t code;
    gwspec_error_class error_class;
    int64_t id;
    const uint8_t *bytes; /* the parser's; read before the next call of any function */
    size_t len;
} gwspec_event;

typedef struct gwspec_config {
    gwspec_role role;
    /* A longer message is refused: ERROR as soon as a header declares too much, in one frame or together with the
     * fragments before it. Control frames do not count. */
    uint64_t max_message_bytes;
    /* With REPORTS_TIMEOUT. Time 0 is create() or reset(); the peer must send a heartbeat (event 1, data {}) before
     * this much time has passed since then or since its last one. */
    uint32_t heartbeat_interval_ms;
} gwspec_config;

/* A divergence that is known and wanted. `rule` is a word of the table in docs/bring-your-own-parser.md. */
typedef struct gwspec_known {
    const char *rule;
    const char *reason;
} gwspec_known;

/* The parser. Members marked optional may be NULL or 0. */
typedef struct gwspec_parser_api {
    uint32_t abi; /* GWSPEC_PARSER_ABI */
    const char *name;
    uint32_t reports;          /* GWSPEC_REPORTS_... */
    uint32_t roles;            /* optional: 1 << GWSPEC_SERVER | 1 << GWSPEC_CLIENT; 0: server */
    const gwspec_known *known; /* optional: ends with a rule of NULL */
    /* Memory in use must stay within base + per_byte * bytes fed so far; 0: 16 KiB and 16. */
    size_t memory_base_bytes, memory_per_byte;
    uint32_t max_depth; /* optional: open brackets beyond which a text is refused (REJECT), and up to which it is not */

    void *(*create)(const gwspec_config *config); /* NULL: out of memory */
    /* Takes all bytes. They lie in a heap block of exactly that size which is gone after the call. */
    void (*feed)(void *parser, const uint8_t *bytes, size_t len);
    /* Takes the next event off; called until NEED_MORE after each feed() and tick(). *event comes zeroed. */
    void (*next_event)(void *parser, gwspec_event *event);
    /* As if created anew with the same config. */
    void (*reset)(void *parser);
    void (*destroy)(void *parser);
    void (*tick)(void *parser, uint64_t now_ms); /* optional; time never goes back */
    /* Optional: bytes that the parser holds. Without it allocations are counted where AddressSanitizer is linked. */
    size_t (*memory_used)(const void *parser);
} gwspec_parser_api;

/* The one symbol that you define. */
extern const gwspec_parser_api gwspec_parser;

/* ---- What the library defines, for fuzzing engines and for programs of your own ---- */

/* Parses the input with `api` in several splits, judges it, and returns true; or false with one line in `text`. */
bool gwspec_check(const gwspec_parser_api *api, const uint8_t *input, size_t size, char *text, size_t text_size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, uint8_t *out,
                                 size_t max_out_size, unsigned seed);

#ifdef __cplusplus
}
#endif

#endif
