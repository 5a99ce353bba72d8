/* Test support of the net tests: a pair of streams that note what happens. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

static void drop(side *s) {
    gw_stream_destroy(s->stream);
    s->stream = NULL;
}

static void on_open(gw_stream *stream, gw_ns at_ns, void *user) {
    side *s = user;
    ck_assert_int_eq(gw_stream_opened(stream), at_ns);
    s->opened = true;
    if (s->destroy_on_open) drop(s);
}

static void on_read(gw_stream *stream, gw_stream_read *read, void *user) {
    side *s = user;
    ck_assert_uint_gt(read->len, 0);
    if (s->reads < NOTED_READS) s->read[s->reads] = *read;
    s->reads++;
    ck_assert_int_eq(gw_buf_append(&s->bytes, read->data, read->len), GW_OK);
    memset(read->data, 0xEE, read->len); /* allowed to change in place */
    if (s->echo) {
        gw_span all = gw_span_from(gw_buf_span(&s->bytes), s->bytes.len - read->len);
        ck_assert_int_eq(gw_stream_write(stream, all, NULL), GW_OK);
    }
    if (s->destroy_on_read) drop(s);
}

static void on_end(gw_stream *stream, const gw_stream_end *end, void *user) {
    side *s = user;
    (void)stream;
    ck_assert_uint_lt(s->ends, NOTED_ENDS);
    noted_end *noted = &s->end[s->ends++];
    noted->kind = end->kind;
    noted->at_ns = end->at_ns;
    snprintf(noted->error, sizeof noted->error, "%s", end->error);
    if (s->destroy_on_end) drop(s);
}

static void on_drain(gw_stream *stream, gw_ns at_ns, void *user) {
    side *s = user;
    (void)at_ns;
    ck_assert_uint_eq(gw_stream_queued(stream), 0);
    s->drained = true;
    if (s->destroy_on_drain) drop(s);
}

static const gw_stream_callbacks callbacks = {on_open, on_read, on_end, on_drain};

static void on_accept(gw_listener *listener, gw_stream *stream, void *user) {
    fixture *f = user;
    ck_assert_ptr_eq(listener, f->listener);
    f->accepts++;
    if (f->server.stream) gw_stream_destroy(f->server.stream);
    f->server.stream = stream;
    f->server.opened = true;
    gw_stream_set_callbacks(stream, &callbacks, &f->server);
    if (f->pause_server) gw_stream_pause(stream);
}

static void on_accept_fail(gw_listener *listener, const char *error, void *user) {
    fixture *f = user;
    (void)listener;
    f->accept_fails++;
    snprintf(f->accept_error, sizeof f->accept_error, "%s", error);
}

static const gw_listener_callbacks listener_callbacks = {on_accept, on_accept_fail};

void fixture_init(fixture *f) {
    memset(f, 0, sizeof *f);
    gw_error error;
    f->loop = gw_loop_create(&error);
    ck_assert_ptr_nonnull(f->loop);
    gw_buf_init(&f->client.bytes, 64 << 20);
    gw_buf_init(&f->server.bytes, 64 << 20);
}

void fixture_deinit(fixture *f) {
    gw_stream_destroy(f->client.stream);
    gw_stream_destroy(f->server.stream);
    gw_listener_destroy(f->listener);
    gw_loop_destroy(f->loop);
    gw_buf_deinit(&f->client.bytes);
    gw_buf_deinit(&f->server.bytes);
}

void fixture_listen_at(fixture *f, const gw_address *address, const gw_stream_options *options) {
    gw_error error = {""};
    f->listener = gw_listener_create(f->loop, address, options, &listener_callbacks, f, &error);
    ck_assert_msg(f->listener != NULL, "%s", error.text);
    f->address = (gw_address){.count = 1, .list = {*gw_listener_address(f->listener)}};
}

void fixture_listen(fixture *f, const char *host, const gw_stream_options *options) {
    gw_address address;
    gw_error error = {""};
    ck_assert_msg(gw_address_resolve(host, 0, &address, &error) == GW_OK, "%s", error.text);
    fixture_listen_at(f, &address, options);
}

void fixture_connect(fixture *f, const gw_stream_options *options) {
    f->client.stream = gw_stream_connect(f->loop, &f->address, options, &callbacks, &f->client);
    ck_assert_ptr_nonnull(f->client.stream);
    ck_assert(!f->client.opened);
    ck_assert_uint_eq(f->client.ends, 0);
}

void fixture_pair(fixture *f) {
    fixture_init(f);
    fixture_listen(f, "127.0.0.1", &(gw_stream_options){0});
    fixture_connect(f, &(gw_stream_options){0});
    WAIT_FOR(f, f->client.opened && f->server.opened);
}
