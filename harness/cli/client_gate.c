/* Floor 5: the listener for clients under test. A client that connects more often than anybody asks for waits here;
 * what is beyond the room there is, is closed at once. */
#include "cli/client_gate.h"

#include <stdlib.h>

typedef struct held {
    gw_client_gate *gate;
    gw_client_gate_caller caller;
    struct held *next;
} held;

struct gw_client_gate {
    gw_listener *listener;
    gw_client_gate_fn *fn;
    void *user;
    held *first;
    size_t count;
};

static void unlink_held(held *h) {
    held **at = &h->gate->first;
    while (*at != h) at = &(*at)->next;
    *at = h->next;
    h->gate->count--;
}

static void drop(held *h) {
    unlink_held(h);
    gw_stream_destroy(h->caller.stream);
    gw_buf_deinit(&h->caller.early);
    free(h);
}

static void on_read(gw_stream *stream, gw_stream_read *read, void *user) {
    held *h = user;
    h->caller.early_at = read->at_ns;
    if (gw_buf_append(&h->caller.early, read->data, read->len) != GW_OK) gw_stream_pause(stream);
}

/* A client that lost its patience. */
static void on_end(gw_stream *stream, const gw_stream_end *end, void *user) {
    (void)stream;
    (void)end;
    drop(user);
}

static void on_accept(gw_listener *listener, gw_stream *stream, void *user) {
    static const gw_stream_callbacks CALLBACKS = {.on_read = on_read, .on_end = on_end};
    gw_client_gate *gate = user;
    (void)listener;
    held *h = gate->count < GW_CLIENT_GATE_MAX ? calloc(1, sizeof *h) : NULL;
    if (!h) {
        gw_stream_destroy(stream);
    } else {
        h->gate = gate;
        h->caller.stream = stream;
        gw_buf_init(&h->caller.early, GW_CLIENT_GATE_BYTES);
        gw_stream_set_callbacks(stream, &CALLBACKS, h);
        held **at = &gate->first;
        while (*at) at = &(*at)->next;
        *at = h;
        gate->count++;
    }
    if (gate->fn) gate->fn(gate->user);
}

gw_client_gate *gw_client_gate_create(gw_loop *loop, const gw_address *address, const gw_tls *tls,
                                      gw_client_gate_fn *fn, void *user, gw_error *error) {
    static const gw_listener_callbacks CALLBACKS = {.on_accept = on_accept};
    gw_client_gate *gate = calloc(1, sizeof *gate);
    if (!gate) {
        gw_error_set(error, GW_ERR_NOMEM, "listen: out of memory");
        return NULL;
    }
    gate->fn = fn;
    gate->user = user;
    gw_stream_options options = {.tls = tls};
    gate->listener = gw_listener_create(loop, address, &options, &CALLBACKS, gate, error);
    if (gate->listener) return gate;
    free(gate);
    return NULL;
}

void gw_client_gate_destroy(gw_client_gate *gate) {
    if (!gate) return;
    gw_listener_destroy(gate->listener);
    while (gate->first) drop(gate->first);
    free(gate);
}

void gw_client_gate_listen(gw_client_gate *gate, gw_client_gate_fn *fn, void *user) {
    gate->fn = fn;
    gate->user = user;
}

uint16_t gw_client_gate_port(const gw_client_gate *gate) {
    return gw_address_port(gw_listener_address(gate->listener));
}

bool gw_client_gate_take(gw_client_gate *gate, gw_client_gate_caller *out) {
    held *h = gate->first;
    if (!h) return false;
    static const gw_stream_callbacks NONE = {0};
    gw_stream_set_callbacks(h->caller.stream, &NONE, NULL);
    gw_stream_resume(h->caller.stream);
    *out = h->caller;
    unlink_held(h);
    free(h);
    return true;
}
