/* Benchmark: wslay's event layer, as a server, as a fuzz target that asserts nothing: frames, messages and UTF-8, which
 * is what the frame target's code under test does. */
#include "fuzz.h"

#include <string.h>
#include <wslay/wslay.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_FRAMES};

typedef struct input {
    const uint8_t *bytes;
    size_t left;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct wslay_event_callbacks callbacks = {.recv_callback = on_recv};
    input in = {data, size};
    wslay_event_context_ptr ctx;
    if (wslay_event_context_server_init(&ctx, &callbacks, &in) != 0) return 0;
    /* Without a limit it takes memory for whatever length a header declares. */
    wslay_event_config_set_max_recv_msg_length(ctx, 4096);
    wslay_event_recv(ctx);
    wslay_event_context_free(ctx);
    return 0;
}
