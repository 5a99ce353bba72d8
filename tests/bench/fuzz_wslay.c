/* Benchmark: wslay's frame layer as a fuzz target, reading every frame once and asserting nothing: the peer to compare
 * the frame target with. */
#include "fuzz.h"

#include <string.h>
#include <wslay/wslay.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_FRAMES};

typedef struct input {
    const uint8_t *bytes;
    size_t left;
} input;

static ssize_t on_recv(uint8_t *out, size_t len, int flags, void *user) {
    input *in = user;
    (void)flags;
    size_t n = len < in->left ? len : in->left;
    if (n == 0) return -1;
    memcpy(out, in->bytes, n);
    in->bytes += n;
    in->left -= n;
    return (ssize_t)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input in = {data, size};
    struct wslay_frame_callbacks callbacks = {.recv_callback = on_recv};
    struct wslay_frame_iocb frame;
    wslay_frame_context_ptr ctx;
    if (wslay_frame_context_init(&ctx, &callbacks, &in) != 0) return 0;
    do memset(&frame, 0, sizeof frame);
    while (wslay_frame_recv(ctx, &frame) >= 0);
    wslay_frame_context_free(ctx);
    return 0;
}
