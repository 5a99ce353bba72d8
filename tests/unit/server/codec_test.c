/* The reference server's codec: each rule, whole, byte by byte and at random splits. */
#include "reference-server/codec.h"
#include "base/rng.h"
#include "support/guard.h"
#include "support/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(s) (s), sizeof(s) - 1
#define KEY0     "\0\0\0\0"
#define REQUEST                                                                                                        \
    "GET /gateway?a=b HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                            \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

static const gw_codec_rules rules = {.path = "/gateway", .max_request_bytes = 2048, .max_message_bytes = 70000};

/* One line for each event. */
static void describe(const gw_codec_event *event, gw_buf *log) {
    static const char *const names[] = {"request", "refused", "text", "binary", "ping", "pong", "close", "broken"};
    gw_buf_printf(log, "%s %u %zu ", names[event->kind], (unsigned)event->code, event->payload.len);
    gw_buf_append_span(log, gw_span_sub(event->payload, 0, 64));
    gw_buf_append_span(log, event->query);
    gw_buf_append_cstr(log, "\n");
}

static void feed_plain(gw_codec *codec, const void *bytes, size_t len, gw_buf *log) {
    gw_span rest = gw_span_make(bytes, len);
    gw_codec_event event;
    while (gw_codec_next(codec, &rest, &event)) describe(&event, log);
    ck_assert_uint_eq(rest.len, 0);
}

/* Each piece against a guard page of its own. */
static void feed(gw_codec *codec, const void *bytes, size_t len, gw_buf *log) {
    uint8_t *guarded = gw_guard_alloc(bytes, len);
    feed_plain(codec, guarded, len, log);
    gw_guard_free(guarded, len);
}

typedef enum split { WHOLE, BYTEWISE, RANDOM } split;

static void run(const void *bytes, size_t len, split how, uint64_t seed, gw_buf *log) {
    gw_codec codec;
    gw_codec_init(&codec, &rules);
    gw_rng rng;
    gw_rng_init(&rng, seed);
    for (size_t at = 0; at < len;) {
        size_t n = how == WHOLE ? len : how == BYTEWISE ? 1 : 1 + gw_rng_below(&rng, 40);
        if (n > len - at) n = len - at;
        /* A guard page for each byte of a long input takes half a minute; whole and short inputs have theirs. */
        if (n == len || len < 2048)
            feed(&codec, (const char *)bytes + at, n, log);
        else
            feed_plain(&codec, (const char *)bytes + at, n, log);
        at += n;
    }
    gw_codec_deinit(&codec);
}

/* The request and then these bytes give these lines, at every split. */
static void expect(const char *bytes, size_t len, const char *lines) {
    gw_buf input, log, expected;
    gw_buf_init(&input, 1 << 20);
    gw_buf_init(&log, 1 << 20);
    gw_buf_init(&expected, 1 << 20);
    gw_buf_append_cstr(&input, REQUEST);
    gw_buf_append(&input, bytes, len);
    gw_buf_printf(&expected, "request 0 0 a=b\n%s", lines);
    for (uint64_t i = 0; i < 12; i++) {
        gw_buf_clear(&log);
        run(input.data, input.len, i == 0 ? WHOLE : i == 1 ? BYTEWISE : RANDOM, i, &log);
        ck_assert_str_eq(gw_buf_cstr(&log), gw_buf_cstr(&expected));
    }
    gw_buf_deinit(&input);
    gw_buf_deinit(&log);
    gw_buf_deinit(&expected);
}

START_TEST(codec_reads_messages) {
    expect(BYTES("\x81\x82" KEY0 "hi\x82\x81" KEY0 "\xff\x89\x80" KEY0 "\x8a\x81" KEY0 "p"),
           "text 0 2 hi\nbinary 0 1 \xff\nping 0 0 \npong 0 1 p\n");
    expect(BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "text 0 5 Hello\n"); /* RFC 6455 section 5.7 */
}
END_TEST

START_TEST(codec_joins_fragments_around_control_frames) {
    expect(BYTES("\x01\x81" KEY0 "a\x00\x80" KEY0 "\x89\x81" KEY0 "!\x80\x81" KEY0 "b"), "ping 0 1 !\ntext 0 2 ab\n");
    expect(BYTES("\x01\x81" KEY0 "\xc3\x80\x81" KEY0 "\xa4"), "text 0 2 \xc3\xa4\n");
}
END_TEST

START_TEST(codec_takes_every_length_form) {
    static const size_t lengths[] = {0, 1, 125, 126, 127, 128, 65535, 65536, 70000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t len = lengths[i];
        gw_buf frame;
        gw_buf_init(&frame, 1 << 20);
        uint8_t head[10] = {0x82, 0x80};
        size_t wide = len < 126 ? 0 : len < 65536 ? 2 : 8;
        head[1] |= wide == 0 ? (uint8_t)len : wide == 2 ? 126 : 127;
        for (size_t b = 0; b < wide; b++) head[2 + b] = (uint8_t)(len >> 8 * (wide - 1 - b));
        gw_buf_append(&frame, head, 2 + wide);
        gw_buf_append(&frame, KEY0, 4);
        for (size_t b = 0; b < len; b++) gw_buf_append_byte(&frame, 'x');
        char line[128];
        snprintf(line, sizeof line, "binary 0 %zu %.*s\n", len, (int)(len < 64 ? len : 64),
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        expect((const char *)frame.data, frame.len, line);
        gw_buf_deinit(&frame);
    }
}
END_TEST

START_TEST(codec_fails_on_broken_frames) {
    static const struct {
        const char *bytes;
        size_t len;
        int code;
    } rows[] = {
        {BYTES("\xc1\x80" KEY0), 1002}, /* RSV1 */
        {BYTES("\xa9\x80" KEY0), 1002}, /* RSV2 on a Ping */
        {BYTES("\x98\x80" KEY0), 1002}, /* RSV3 on a Close */
        {BYTES("\x83\x80" KEY0), 1002}, /* reserved opcodes */
        {BYTES("\x8f\x80" KEY0), 1002},
        {BYTES("\x81\x00"), 1002}, /* unmasked */
        {BYTES("\x89\x00"), 1002},
        {BYTES("\x09\x80" KEY0), 1002},                 /* control frame without FIN */
        {BYTES("\x89\xfe\x00\x7e" KEY0), 1002},         /* control frame of 126 bytes */
        {BYTES("\x80\x80" KEY0), 1002},                 /* nothing to continue */
        {BYTES("\x01\x80" KEY0 "\x01\x80" KEY0), 1002}, /* a message inside a message */
        {BYTES("\x81\xfe\x00\x7d" KEY0), 1002},         /* lengths that are not minimal */
        {BYTES("\x81\xff\0\0\0\0\0\0\xff\xff" KEY0), 1002},
        {BYTES("\x81\xff\x80\0\0\0\0\0\0\0" KEY0), 1002},     /* top bit */
        {BYTES("\x81\xff\0\0\0\0\0\x01\x11\x71" KEY0), 1009}, /* 70001 bytes declared */
        {BYTES("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff" KEY0), 1009},
        {BYTES("\x81\x81" KEY0 "\xff"), 1007},
        {BYTES("\x01\x81" KEY0 "\xf5"), 1007}, /* fail fast, before FIN */
        {BYTES("\x81\x81" KEY0 "\xc3"), 1007}, /* ends within a code point */
        {BYTES("\x88\x81" KEY0 "\x03"), 1002},
        {BYTES("\x88\x83" KEY0 "\x03\xe8\xff"), 1007},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[32];
        snprintf(line, sizeof line, "broken %d 0 \n", rows[i].code);
        expect(rows[i].bytes, rows[i].len, line);
        /* Nothing is read behind the fault. */
        char longer[64];
        memcpy(longer, rows[i].bytes, rows[i].len);
        memcpy(longer + rows[i].len, "\x89\x80" KEY0, 6);
        expect(longer, rows[i].len + 6, line);
    }
}
END_TEST

START_TEST(codec_sums_fragments_against_the_limit) {
    gw_buf input;
    gw_buf_init(&input, 1 << 20);
    gw_buf_append(&input, BYTES("\x02\xfe\x88\xb8" KEY0)); /* 35000 */
    for (int i = 0; i < 35000; i++) gw_buf_append_byte(&input, 0);
    gw_buf_append(&input, BYTES("\x80\xfe\x88\xb9" KEY0)); /* 35001 */
    expect((const char *)input.data, input.len, "broken 1009 0 \n");
    gw_buf_deinit(&input);
}
END_TEST

START_TEST(codec_knows_which_close_codes_may_be_sent) {
    for (unsigned code = 0; code <= 65535; code++) {
        bool fine = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
        gw_codec codec;
        gw_codec_init(&codec, &rules);
        gw_codec_event event;
        gw_span rest = GW_SPAN_LIT(REQUEST);
        ck_assert(gw_codec_next(&codec, &rest, &event));
        uint8_t frame[8] = {0x88, 0x82, 0, 0, 0, 0, (uint8_t)(code >> 8), (uint8_t)code};
        rest = gw_span_make(frame, sizeof frame);
        ck_assert(gw_codec_next(&codec, &rest, &event));
        ck_assert_msg(event.kind == (fine ? GW_CODEC_CLOSE : GW_CODEC_BROKEN), "%u", code);
        ck_assert_uint_eq(event.code, fine ? code : 1002);
        gw_codec_deinit(&codec);
    }
}
END_TEST

START_TEST(codec_allocates_by_what_came_not_by_what_was_declared) {
    gw_codec codec;
    gw_codec_init(&codec, &rules);
    gw_buf log;
    gw_buf_init(&log, 1024);
    feed(&codec, BYTES(REQUEST "\x82\xff\0\0\0\0\0\x01\x11\x70" KEY0 "abc"), &log); /* 70000 declared */
    ck_assert_uint_lt(codec.gathered.cap, 1024);
    gw_buf_deinit(&log);
    gw_codec_deinit(&codec);
}
END_TEST

#define LINE    "GET /gateway HTTP/1.1\r\n"
#define HOST    "Host: x\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONN    "Connection: Upgrade\r\n"
#define WSKEY   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define REST    HOST UPGRADE CONN WSKEY VERSION "\r\n"

START_TEST(codec_judges_requests) {
    static const struct {
        const char *text;
        int status; /* 0: accepted */
    } rows[] = {
        {LINE REST, 0},
        {"GET http://x/gateway HTTP/1.1\r\n" REST, 0},
        {"GET /gateway HTTP/1.2\r\n" REST, 0},
        {LINE HOST "Upgrade: h2c, WebSocket\r\nConnection: keep-alive\r\nConnection: upgrade\r\n" WSKEY VERSION "\r\n",
         0},
        {LINE "Content-Length: 0\r\n" REST, 0},
        {LINE "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: a, b\r\n" REST, 0},
        {"GET /gateway HTTP/1.0\r\n" REST, 505},
        {"GET /gateway HTTP/2.0\r\n" REST, 505},
        {"POST /gateway HTTP/1.1\r\n" REST, 405},
        {"get /gateway HTTP/1.1\r\n" REST, 405},
        {"GET /gateway/ HTTP/1.1\r\n" REST, 404},
        {"GET / HTTP/1.1\r\n" REST, 404},
        {"GET /gateway#x HTTP/1.1\r\n" REST, 400},
        {"GET /gateway\r\n" REST, 400},
        {"GET  /gateway HTTP/1.1\r\n" REST, 400},
        {"GET /gateway HTTP/1.1 \r\n" REST, 400},
        {"GET /gateway http/1.1\r\n" REST, 400},
        {LINE " folded\r\n" REST, 400},
        {LINE "X : y\r\n" REST, 400},
        {LINE "X\r\n" REST, 400},
        {LINE "X: a\x01z\r\n" REST, 400},
        {LINE "X: a\rz\r\n" REST, 400},
        {LINE HOST REST, 400},
        {LINE "Content-Length: 5\r\n" REST, 400},
        {LINE "Transfer-Encoding: chunked\r\n" REST, 400},
        {LINE VERSION REST, 400},
        {LINE WSKEY REST, 400},
        {LINE HOST UPGRADE CONN WSKEY "Sec-WebSocket-Version: 8\r\n\r\n", 426},
        {LINE HOST UPGRADE CONN WSKEY "Sec-WebSocket-Version: 13, 8\r\n\r\n", 426},
        {LINE HOST UPGRADE CONN "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n" VERSION "\r\n", 400},
        {"GET /gateway HTTP/1.1\n", 400},
        {"\r\n" LINE REST, 400},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, rows[i].status ? "refused %d 0 \n" : "request %d 0 \n", rows[i].status);
        for (uint64_t s = 0; s < 6; s++) {
            gw_buf log;
            gw_buf_init(&log, 4096);
            run(rows[i].text, strlen(rows[i].text), s == 0 ? WHOLE : s == 1 ? BYTEWISE : RANDOM, s, &log);
            ck_assert_msg(strcmp(gw_buf_cstr(&log), expected) == 0, "row %zu: %s", i, gw_buf_cstr(&log));
            gw_buf_deinit(&log);
        }
    }
}
END_TEST

START_TEST(codec_limits_requests) {
    gw_buf input, log;
    gw_buf_init(&input, 1 << 20);
    gw_buf_init(&log, 4096);
    gw_buf_append_cstr(&input, LINE);
    while (input.len < 3000) gw_buf_append_cstr(&input, "X-Filler: 0123456789\r\n");
    run(input.data, input.len, BYTEWISE, 0, &log);
    ck_assert_str_eq(gw_buf_cstr(&log), "refused 431 0 \n");
    gw_buf_clear(&input);
    gw_buf_clear(&log);
    gw_buf_append_cstr(&input, LINE);
    for (int i = 0; i < 101; i++) gw_buf_append_cstr(&input, "X:y\r\n");
    gw_buf_append_cstr(&input, REST);
    run(input.data, input.len, WHOLE, 0, &log);
    ck_assert_str_eq(gw_buf_cstr(&log), "refused 431 0 \n");
    gw_buf_deinit(&input);
    gw_buf_deinit(&log);
}
END_TEST

START_TEST(codec_survives_noise_and_is_split_invariant) {
    gw_rng rng;
    gw_rng_init(&rng, 99);
    for (int round = 0; round < 3000; round++) {
        uint8_t bytes[sizeof REQUEST - 1 + 64];
        memcpy(bytes, REQUEST, sizeof REQUEST - 1);
        gw_rng_fill(&rng, bytes + sizeof REQUEST - 1, 64);
        if (round % 2) bytes[sizeof REQUEST - 1] = 0x81;
        if (round % 2) bytes[sizeof REQUEST] = 0x85;
        gw_buf whole, pieces;
        gw_buf_init(&whole, 1 << 16);
        gw_buf_init(&pieces, 1 << 16);
        run(bytes, sizeof bytes, WHOLE, 0, &whole);
        run(bytes, sizeof bytes, RANDOM, (uint64_t)round, &pieces);
        ck_assert(gw_span_equal(gw_buf_span(&whole), gw_buf_span(&pieces)));
        gw_buf_deinit(&whole);
        gw_buf_deinit(&pieces);
    }
}
END_TEST

GW_TEST_MAIN("server_codec", 60, codec_reads_messages, codec_joins_fragments_around_control_frames,
             codec_takes_every_length_form, codec_fails_on_broken_frames, codec_sums_fragments_against_the_limit,
             codec_knows_which_close_codes_may_be_sent, codec_allocates_by_what_came_not_by_what_was_declared,
             codec_judges_requests, codec_limits_requests, codec_survives_noise_and_is_split_invariant)
