/* Benchmark: whole sessions against the reference server's core in memory, without judging: connect, upgrade, hello,
 * heartbeat, question and answer, Close. The client's bytes are made once; of the server's the frames are decoded. */
#include "base/time.h"
#include "fuzzing/script.h"
#include "reference-server/core.h"
#include "wire/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 5, SESSIONS = 40000, FRAMES_OF_A_SESSION = 3 /* hello, heartbeat, Close */ };

static void die(const char *what) {
    fprintf(stderr, "bench_fuzz_sessions: %s\n", what);
    exit(1);
}

static void add_frame(gw_buf *out, uint8_t first, gw_span payload) {
    gw_script_step step = {.op = GW_SCRIPT_FRAME, .a = first, .bytes = payload};
    gw_frame frame = gw_script_frame(&step);
    if (gw_frame_append(out, &frame, payload) != GW_OK) die("out of memory");
}

/* To the end of the empty line; by lines, which is a good deal faster than memmem. */
static size_t head_len(const uint8_t *bytes, size_t len) {
    for (size_t at = 0; at < len;) {
        const uint8_t *end = memchr(bytes + at, '\n', len - at);
        if (!end) break;
        size_t line = (size_t)(end - bytes) - at;
        at += line + 1;
        if (line == 1) return at;
    }
    die("the answer has no end");
    return 0;
}

/* Frames of the server that end in its output, which is then taken as sent. */
static size_t take_output(gw_core *core, gw_core_conn *conn, gw_frame_decoder *decoder) {
    uint8_t bytes[1024];
    size_t frames = 0;
    gw_span out = gw_core_output(conn);
    if (out.len > sizeof bytes) die("too much output");
    memcpy(bytes, out.ptr, out.len);
    size_t len = out.len, at = 0;
    gw_core_sent(core, conn, len);
    if (len > 12 && memcmp(bytes, "HTTP/1.1 101", 12) == 0) {
        at = head_len(bytes, len);
    }
    for (;;) {
        gw_frame_event event = gw_frame_decoder_next(decoder, bytes + at, len - at);
        if (event.kind == GW_FRAME_NEED_MORE) return frames;
        frames += event.kind == GW_FRAME_END;
        at += event.consumed;
    }
}

static void run_session(gw_core *core, const gw_span *writes, size_t count, gw_ns now) {
    gw_frame_decoder decoder;
    size_t frames = 0;
    gw_core_conn *conn = gw_core_on_accept(core, NULL, now);
    if (!conn) die("refused");
    gw_frame_decoder_init(&decoder, false);
    for (size_t i = 0; i < count; i++) {
        gw_core_on_bytes(core, conn, writes[i], now + (gw_ns)i * GW_MS);
        while (gw_core_next_ready(core)) frames += take_output(core, conn, &decoder);
    }
    gw_core_on_gone(core, conn, now + (gw_ns)count * GW_MS);
    if (frames != FRAMES_OF_A_SESSION) die("the session went another way");
}

int main(void) {
    gw_buf bytes[4];
    gw_span writes[4];
    double best = 0;
    for (size_t i = 0; i < 4; i++) gw_buf_init(&bytes[i], 4096);
    if (gw_script_request(0, &bytes[0]) != GW_OK) die("out of memory");
    add_frame(&bytes[1], 0x81, GW_SPAN_LIT("{\"e\":1,\"d\":{}}"));
    add_frame(&bytes[2], 0x81, GW_SPAN_LIT("{\"e\":2,\"d\":{}}"));
    add_frame(&bytes[3], 0x88, GW_SPAN_LIT("\x03\xe8"));
    for (size_t i = 0; i < 4; i++) writes[i] = gw_buf_span(&bytes[i]);

    gw_core_config config;
    gw_core_config_default(&config);
    gw_core *core = gw_core_create(&config, 1, NULL);
    if (!core) die("out of memory");
    gw_ns now = 0;
    for (int round = 0; round < ROUNDS; round++) {
        clock_t start = clock();
        for (int i = 0; i < SESSIONS; i++, now += 10 * GW_MS) run_session(core, writes, 4, now);
        double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        if (seconds > 0 && SESSIONS / seconds > best) best = SESSIONS / seconds;
    }
    gw_core_destroy(core);
    for (size_t i = 0; i < 4; i++) gw_buf_deinit(&bytes[i]);
    printf("%.0f executions/s\n", best);
    return 0;
}
