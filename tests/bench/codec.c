/* Benchmark: decoding masked frames, ours against wslay's frame layer and against memcpy, in one run, since identical
 * runs on a shared machine differ. Also unmasking alone. Prints a table; GB/s of payload, best of several rounds. */
#include "base/rng.h"
#include "base/time.h"
#include "wire/frame.h"
#include "wire/mask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wslay/wslay.h>

enum { STREAM_BYTES = 1 << 20, ROUNDS = 15 };

/* Whole frames of one payload size, and where they are read from. */
typedef struct stream {
    uint8_t *bytes, *copy;
    size_t len, at;
    size_t payload_bytes; /* of all frames */
} stream;

static gw_ns now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (gw_ns)t.tv_sec * GW_S + t.tv_nsec;
}

static void die(const char *what) {
    fprintf(stderr, "bench_codec: %s\n", what);
    exit(1);
}

static void make_stream(stream *s, size_t payload_len) {
    gw_buf buf;
    gw_rng rng;
    uint8_t *payload = malloc(payload_len);
    if (!payload) die("out of memory");
    gw_rng_init(&rng, 1);
    gw_rng_fill(&rng, payload, payload_len);
    gw_buf_init(&buf, 2 * STREAM_BYTES);
    *s = (stream){0};
    while (buf.len < STREAM_BYTES) {
        gw_frame frame = gw_frame_make(GW_FRAME_BINARY, payload_len);
        frame.masked = true;
        gw_rng_fill(&rng, frame.key, sizeof frame.key);
        if (gw_frame_append(&buf, &frame, gw_span_make(payload, payload_len)) != GW_OK) die("out of memory");
        s->payload_bytes += payload_len;
    }
    free(payload);
    s->bytes = buf.data;
    s->len = buf.len;
    s->copy = malloc(buf.len);
    if (!s->copy) die("out of memory");
}

/* Decodes in place; every other round masks again what the one before unmasked, which is the same work. */
static void decode_ours(stream *s) {
    gw_frame_decoder d;
    size_t at = 0, payload = 0;
    gw_frame_decoder_init(&d, true);
    for (;;) {
        gw_frame_event event = gw_frame_decoder_next(&d, s->bytes + at, s->len - at);
        at += event.consumed;
        payload += event.len;
        if (event.kind == GW_FRAME_NEED_MORE) break;
    }
    if (payload != s->payload_bytes) die("the decoder lost payload");
}

static ssize_t wslay_read(uint8_t *out, size_t len, int flags, void *user) {
    stream *s = user;
    (void)flags;
    size_t n = s->len - s->at < len ? s->len - s->at : len;
    if (n == 0) return -1;
    memcpy(out, s->bytes + s->at, n);
    s->at += n;
    return (ssize_t)n;
}

static void decode_wslay(stream *s) {
    static const struct wslay_frame_callbacks callbacks = {.recv_callback = wslay_read};
    wslay_frame_context_ptr context;
    struct wslay_frame_iocb io;
    size_t payload = 0;
    if (wslay_frame_context_init(&context, &callbacks, s) != 0) die("out of memory");
    s->at = 0;
    for (;;) {
        memset(&io, 0, sizeof io);
        if (wslay_frame_recv(context, &io) < 0) break;
        payload += io.data_length;
    }
    wslay_frame_context_free(context);
    if (payload != s->payload_bytes) die("wslay lost payload");
}

static void copy_all(stream *s) {
    memcpy(s->copy, s->bytes, s->len);
    /* The copy is used, as far as the compiler knows. */
    __asm__ volatile("" : : "r"(s->copy) : "memory");
}

static void unmask_all(stream *s) {
    static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};
    gw_mask_apply(s->bytes, s->len, key, 0);
}

/* The best round, in bytes of payload per nanosecond: noise of other processes only ever slows down. */
static double measure(stream *s, void (*run)(stream *), int repeat) {
    gw_ns best = GW_NEVER;
    for (int i = 0; i < ROUNDS; i++) {
        gw_ns start = now_ns();
        for (int j = 0; j < repeat; j++) run(s);
        gw_ns took = now_ns() - start;
        if (took < best) best = took;
    }
    return (double)s->payload_bytes * repeat / (double)best;
}

int main(void) {
    static const size_t sizes[] = {128, 1024, 64 << 10};
    printf("masked frames, GB/s of payload, best of %d rounds\n", ROUNDS);
    printf("%9s %9s %9s %9s %9s %12s %12s\n", "payload", "decode", "wslay", "memcpy", "unmask", "decode/wslay",
           "decode/memcpy");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        stream s;
        make_stream(&s, sizes[i]);
        decode_ours(&s); /* warm */
        decode_ours(&s);
        double ours = measure(&s, decode_ours, 8), wslay, copy, unmask;
        wslay = measure(&s, decode_wslay, 4);
        copy = measure(&s, copy_all, 8);
        unmask = measure(&s, unmask_all, 8);
        printf("%7zu B %9.2f %9.2f %9.2f %9.2f %11.1fx %11.2fx\n", sizes[i], ours, wslay, copy, unmask, ours / wslay,
               ours / copy);
        free(s.bytes);
        free(s.copy);
    }
    return 0;
}
