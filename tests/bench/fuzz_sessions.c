/* Benchmark: whole sessions in memory against the reference server's core and, in turns, against a server over wslay
 * and cJSON, without judging: connect, upgrade, hello, heartbeat, question and answer, Close. The client's bytes are
 * made once; of the server's the frames are decoded. */
#include "base/time.h"
#include "fuzzing/script.h"
#include "reference-server/core.h"
#include "wire/frame.h"
#include "wslay_server.h"

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

/* How many frames of the server end in these bytes of its output. */
static size_t count_frames(gw_frame_decoder *decoder, gw_span out) {
    uint8_t bytes[1024];
    size_t frames = 0, at = 0, len = out.len;
    if (len > sizeof bytes) die("too much output");
    memcpy(bytes, out.ptr, len);
    if (len > 12 && memcmp(bytes, "HTTP/1.1 101", 12) == 0) at = head_len(bytes, len);
    for (;;) {
        gw_frame_event event = gw_frame_decoder_next(decoder, bytes + at, len - at);
        if (event.kind == GW_FRAME_NEED_MORE) return frames;
        frames += event.kind == GW_FRAME_END;
        at += event.consumed;
    }
}

static void check_frames(size_t frames) {
    if (frames != FRAMES_OF_A_SESSION) die("the session went another way");
}

static void run_session(gw_core *core, const gw_span *writes, size_t count, gw_ns now) {
    gw_frame_decoder decoder;
    size_t frames = 0;
    gw_core_conn *conn = gw_core_on_accept(core, NULL, now);
    if (!conn) die("refused");
    gw_frame_decoder_init(&decoder, false);
    for (size_t i = 0; i < count; i++) {
        gw_core_on_bytes(core, conn, writes[i], now + (gw_ns)i * GW_MS);
        while (gw_core_next_ready(core)) {
            gw_span out = gw_core_output(conn);
            frames += count_frames(&decoder, out);
            gw_core_sent(core, conn, out.len);
        }
    }
    gw_core_on_gone(core, conn, now + (gw_ns)count * GW_MS);
    check_frames(frames);
}

static void run_wslay_session(const gw_span *writes, size_t count) {
    gw_frame_decoder decoder;
    size_t frames = 0;
    wslay_server_conn *conn = wslay_server_accept();
    if (!conn) die("refused");
    gw_frame_decoder_init(&decoder, false);
    for (size_t i = 0; i < count; i++) {
        if (!wslay_server_on_bytes(conn, writes[i])) die("dropped");
        frames += count_frames(&decoder, wslay_server_output(conn));
    }
    wslay_server_gone(conn);
    check_frames(frames);
}

/* Sessions a second since `start`, or `best` when that is more. */
static double better(double best, clock_t start) {
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    return seconds > 0 && SESSIONS / seconds > best ? SESSIONS / seconds : best;
}

int main(void) {
    gw_buf bytes[4];
    gw_span writes[4];
    double best = 0, best_of_wslay = 0;
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
        best = better(best, start);
        start = clock();
        for (int i = 0; i < SESSIONS; i++) run_wslay_session(writes, 4);
        best_of_wslay = better(best_of_wslay, start);
    }
    gw_core_destroy(core);
    for (size_t i = 0; i < 4; i++) gw_buf_deinit(&bytes[i]);
    printf("%.0f sessions/s, over wslay and cJSON %.0f\n", best, best_of_wslay);
    return 0;
}
