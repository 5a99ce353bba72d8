/* net/http against a tiny server on the same loop. */
#include "certs.h"
#include "fixture.h"
#include "net/http.h"

#include "support/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUESTS = 80 };

/* One connection at the server: collects a request, answers by its path. */
typedef struct guest {
    gw_stream *stream;
    gw_buf in;
} guest;

typedef struct world {
    gw_loop *loop;
    gw_listener *listener;
    gw_http *http;
    gw_tls *tls;
    unsigned port;
    guest guests[GUESTS];
    size_t connections, requests;
    char request[4096]; /* the latest, whole */
    size_t answers;
    int status;
    char body[256], error[512], cookie[64], tag[64];
    size_t header_count;
    gw_http_call *to_cancel;
    bool destroy_on_answer;
} world;

static void answer(guest *g, const char *path, size_t path_len) {
    gw_buf out;
    gw_buf_init(&out, 1 << 20);
    if (path_len == 5 && !memcmp(path, "/hang", 5)) return;
    if (path_len == 4 && !memcmp(path, "/big", 4)) {
        gw_buf_append_cstr(&out, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
        for (int i = 0; i < 5000; i++) gw_buf_append_byte(&out, 'x');
    } else if (path_len == 6 && !memcmp(path, "/abort", 6)) {
        gw_buf_append_cstr(&out, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nonly this");
        gw_stream_write(g->stream, gw_buf_span(&out), NULL);
        gw_stream_shutdown(g->stream);
        gw_buf_deinit(&out);
        return;
    } else {
        gw_buf_printf(&out,
                      "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
                      "HTTP/1.1 201 Created\r\nX-Tag:  first \r\nset-cookie: session=old\r\n"
                      "Set-Cookie: session=s3cret; Path=/; HttpOnly\r\nSet-Cookie: other=1\r\n"
                      "Content-Length: %zu\r\n\r\n%.*s",
                      path_len, (int)path_len, path);
    }
    gw_stream_write(g->stream, gw_buf_span(&out), NULL);
    gw_buf_deinit(&out);
}

static world *the_world;

static void guest_read(gw_stream *stream, gw_stream_read *read, void *user) {
    guest *g = user;
    (void)stream;
    gw_buf_append(&g->in, read->data, read->len);
    for (;;) {
        const char *text = gw_buf_cstr(&g->in), *end = strstr(text, "\r\n\r\n");
        if (!end) return;
        const char *length = strcasestr(text, "content-length:");
        size_t body = length && length < end ? strtoul(length + 15, NULL, 10) : 0;
        size_t total = (size_t)(end - text) + 4 + body;
        if (g->in.len < total) return;
        the_world->requests++;
        snprintf(the_world->request, sizeof the_world->request, "%.*s", (int)total, text);
        const char *path = strchr(text, ' ') + 1;
        answer(g, path, strcspn(path, " "));
        gw_buf_consume(&g->in, total);
    }
}

static void guest_end(gw_stream *stream, const gw_stream_end *end, void *user) {
    guest *g = user;
    (void)end;
    gw_stream_destroy(stream);
    g->stream = NULL;
}

static const gw_stream_callbacks guest_callbacks = {.on_read = guest_read, .on_end = guest_end};

static void on_accept(gw_listener *listener, gw_stream *stream, void *user) {
    world *w = user;
    (void)listener;
    ck_assert_uint_lt(w->connections, GUESTS);
    guest *g = &w->guests[w->connections++];
    g->stream = stream;
    gw_buf_init(&g->in, 1 << 20);
    gw_stream_set_callbacks(stream, &guest_callbacks, g);
}

static const gw_listener_callbacks listener_callbacks = {.on_accept = on_accept};

static void open_world(world *w, gw_tls *tls) {
    memset(w, 0, sizeof *w);
    the_world = w;
    w->tls = tls;
    w->loop = gw_loop_create(NULL);
    gw_address any;
    ck_assert_int_eq(gw_address_resolve("127.0.0.1", 0, &any, NULL), GW_OK);
    w->listener = gw_listener_create(w->loop, &any, &(gw_stream_options){.tls = tls}, &listener_callbacks, w, NULL);
    ck_assert_ptr_nonnull(w->listener);
    w->port = gw_address_port(gw_listener_address(w->listener));
    w->http = gw_http_create(w->loop, NULL);
    ck_assert_ptr_nonnull(w->http);
}

static void close_world(world *w) {
    gw_http_destroy(w->http);
    for (size_t i = 0; i < w->connections; i++) {
        gw_stream_destroy(w->guests[i].stream);
        gw_buf_deinit(&w->guests[i].in);
    }
    gw_listener_destroy(w->listener);
    gw_loop_destroy(w->loop);
}

static void keep(char *out, size_t size, gw_span text) {
    snprintf(out, size, "%.*s", text.ptr ? (int)text.len : 4, text.ptr ? (const char *)text.ptr : "none");
}

static void on_answer(gw_http_call *call, const gw_http_response *response, void *user) {
    world *w = user;
    ck_assert_ptr_nonnull(call);
    ck_assert_int_ge(response->done_ns, response->sent_ns);
    w->answers++;
    w->status = response->status;
    w->header_count = response->header_count;
    snprintf(w->error, sizeof w->error, "%s", response->error ? response->error : "");
    keep(w->body, sizeof w->body, response->body);
    keep(w->cookie, sizeof w->cookie, gw_http_cookie(response, "session"));
    keep(w->tag, sizeof w->tag, gw_http_header(response, "x-tag"));
    ck_assert_ptr_null(gw_http_header(response, "x-early").ptr);
    if (w->to_cancel) gw_http_cancel(w->to_cancel);
    w->to_cancel = NULL;
    if (w->destroy_on_answer) {
        gw_http_destroy(w->http);
        w->http = NULL;
    }
}

static gw_http_call *ask(world *w, const char *path, gw_http_request request) {
    char url[128];
    snprintf(url, sizeof url, "http%s://127.0.0.1:%u%s", w->tls ? "s" : "", w->port, path);
    if (!request.url) request.url = url;
    size_t before = w->answers;
    gw_http_call *call = gw_http_send(w->http, &request, on_answer, w);
    ck_assert_ptr_nonnull(call);
    ck_assert_uint_eq(w->answers, before); /* never from inside */
    return call;
}

START_TEST(http_get_brings_status_headers_body_and_cookies) {
    world w;
    open_world(&w, NULL);
    ask(&w, "/rooms", (gw_http_request){.cookies = "a=1; b=2"});
    WAIT_FOR(&w, w.answers == 1);
    ck_assert_str_eq(w.error, "");
    ck_assert_int_eq(w.status, 201);
    ck_assert_str_eq(w.body, "/rooms");
    ck_assert_str_eq(w.cookie, "s3cret");
    ck_assert_str_eq(w.tag, "first");
    ck_assert_uint_eq(w.header_count, 5); /* not those of the interim answer */
    ck_assert_int_eq(strncmp(w.request, "GET /rooms HTTP/1.1\r\n", 21), 0);
    ck_assert_ptr_nonnull(strstr(w.request, "Cookie: a=1; b=2\r\n"));
    close_world(&w);
}
END_TEST

START_TEST(http_post_sends_method_headers_and_body) {
    static const char *const headers[] = {"Content-Type: application/json", "X-Mine: yes"};
    world w;
    open_world(&w, NULL);
    ask(&w, "/x", (gw_http_request){.body = GW_SPAN_LIT("{\"a\":1}"), .headers = headers, .header_count = 2});
    WAIT_FOR(&w, w.answers == 1);
    ck_assert_int_eq(strncmp(w.request, "POST /x ", 8), 0);
    ck_assert_ptr_nonnull(strstr(w.request, "Content-Type: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(w.request, "X-Mine: yes\r\n"));
    ck_assert_ptr_nonnull(strstr(w.request, "\r\n\r\n{\"a\":1}"));
    ck_assert_ptr_null(strcasestr(w.request, "expect:"));
    ask(&w, "/y", (gw_http_request){.method = "DELETE"});
    WAIT_FOR(&w, w.answers == 2);
    ck_assert_int_eq(strncmp(w.request, "DELETE /y ", 10), 0);
    ask(&w, "/z", (gw_http_request){.method = "POST"});
    WAIT_FOR(&w, w.answers == 3);
    ck_assert_ptr_nonnull(strstr(w.request, "Content-Length: 0\r\n"));
    ck_assert_uint_eq(w.connections, 1); /* reused */
    close_world(&w);
}
END_TEST

START_TEST(http_runs_many_calls_side_by_side) {
    world w;
    open_world(&w, NULL);
    for (int i = 0; i < 32; i++) ask(&w, "/many", (gw_http_request){0});
    WAIT_FOR(&w, w.answers == 32);
    ck_assert_uint_eq(w.requests, 32);
    ck_assert_uint_gt(w.connections, 1);
    close_world(&w);
}
END_TEST

START_TEST(http_keeps_its_connections_and_opens_no_more_than_64_to_a_host) {
    world w;
    open_world(&w, NULL);
    for (int i = 0; i < 200; i++) ask(&w, "/many", (gw_http_request){0});
    WAIT_FOR(&w, w.answers == 200);
    size_t opened = w.connections;
    ck_assert_uint_le(opened, 64);
    /* One call after the other, they are still there. */
    for (int i = 1; i <= 8; i++) {
        ask(&w, "/again", (gw_http_request){0});
        WAIT_FOR(&w, w.answers == 200 + (size_t)i);
    }
    for (int i = 0; i < 64; i++) ask(&w, "/many", (gw_http_request){0});
    WAIT_FOR(&w, w.answers == 272);
    ck_assert_uint_le(w.connections, 64);
    close_world(&w);
}
END_TEST

START_TEST(http_error_is_one_sentence_with_the_url) {
    world w;
    open_world(&w, NULL);
    gw_listener_destroy(w.listener);
    ask(&w, "/gone", (gw_http_request){0});
    WAIT_FOR(&w, w.answers == 1);
    char start[64];
    snprintf(start, sizeof start, "http://127.0.0.1:%u/gone: ", w.port);
    ck_assert_int_eq(strncmp(w.error, start, strlen(start)), 0);
    ck_assert_msg(strstr(w.error, ": connect: Connection refused") != NULL, "said '%s'", w.error);
    ck_assert_int_eq(w.status, 0);
    ask(&w, "", (gw_http_request){.url = "gopher://h/"});
    WAIT_FOR(&w, w.answers == 2);
    ck_assert_ptr_nonnull(strstr(w.error, "gopher://h/: Protocol \"gopher\""));
    ask(&w, "", (gw_http_request){.url = "http://"});
    WAIT_FOR(&w, w.answers == 3);
    ck_assert_str_ne(w.error, "");
    w.listener = NULL;
    gw_http_destroy(w.http);
    gw_loop_destroy(w.loop);
}
END_TEST

START_TEST(http_call_times_out) {
    world w;
    open_world(&w, NULL);
    ask(&w, "/hang", (gw_http_request){.timeout_ns = 30 * GW_MS});
    WAIT_FOR(&w, w.answers == 1);
    ck_assert_ptr_nonnull(strstr(w.error, "timed out"));
    close_world(&w);
}
END_TEST

START_TEST(http_body_is_bounded_and_must_be_whole) {
    world w;
    open_world(&w, NULL);
    ask(&w, "/big", (gw_http_request){.body_max_bytes = 4999});
    WAIT_FOR(&w, w.answers == 1);
    ck_assert_ptr_nonnull(strstr(w.error, "the answer is larger than 4999 bytes"));
    ask(&w, "/big", (gw_http_request){.body_max_bytes = 5000});
    WAIT_FOR(&w, w.answers == 2);
    ck_assert_str_eq(w.error, "");
    ask(&w, "/abort", (gw_http_request){0});
    WAIT_FOR(&w, w.answers == 3);
    ck_assert_str_ne(w.error, "");
    ck_assert_int_eq(w.status, 0);
    close_world(&w);
}
END_TEST

START_TEST(http_cancel_keeps_the_call_from_ever_answering) {
    world w;
    open_world(&w, NULL);
    gw_http_cancel(ask(&w, "/one", (gw_http_request){0}));
    w.to_cancel = ask(&w, "/hang", (gw_http_request){.timeout_ns = 100 * GW_MS});
    ask(&w, "/two", (gw_http_request){0});
    WAIT_FOR(&w, w.answers == 1);
    ck_assert_str_eq(w.body, "/two");
    ck_assert_ptr_null(w.to_cancel);
    ask(&w, "/three", (gw_http_request){0});
    WAIT_FOR(&w, w.answers == 2);
    ck_assert_str_eq(w.body, "/three");
    close_world(&w);
}
END_TEST

START_TEST(http_may_be_destroyed_inside_an_answer) {
    world w;
    open_world(&w, NULL);
    w.destroy_on_answer = true;
    for (int i = 0; i < 5; i++) ask(&w, "/x", (gw_http_request){0});
    WAIT_FOR(&w, !w.http);
    ck_assert_uint_eq(w.answers, 1);
    close_world(&w);
}
END_TEST

START_TEST(http_verifies_tls_like_the_streams) {
    certs c;
    certs_make(&c);
    gw_tls *tls = gw_tls_create_server(&(gw_tls_options){.cert_file = c.server, .key_file = c.server_key}, NULL);
    ck_assert_ptr_nonnull(tls);
    world w;
    open_world(&w, tls);
    ask(&w, "/tls", (gw_http_request){.tls = &(gw_tls_options){.ca_file = c.ca}});
    WAIT_FOR(&w, w.answers == 1);
    ck_assert_str_eq(w.error, "");
    ck_assert_str_eq(w.body, "/tls");
    ask(&w, "/tls", (gw_http_request){.tls = &(gw_tls_options){.ca_file = c.other_ca}});
    WAIT_FOR(&w, w.answers == 2);
    ck_assert_ptr_nonnull(strstr(w.error, "certificate"));
    ask(&w, "/tls", (gw_http_request){.tls = &(gw_tls_options){.insecure = true}});
    WAIT_FOR(&w, w.answers == 3);
    ck_assert_str_eq(w.error, "");
    close_world(&w);
    gw_tls_destroy(tls);
    certs_remove(&c);
}
END_TEST

GW_TEST_MAIN("net/http", 30, http_get_brings_status_headers_body_and_cookies, http_post_sends_method_headers_and_body,
             http_runs_many_calls_side_by_side, http_keeps_its_connections_and_opens_no_more_than_64_to_a_host,
             http_error_is_one_sentence_with_the_url, http_call_times_out, http_body_is_bounded_and_must_be_whole,
             http_cancel_keeps_the_call_from_ever_answering, http_may_be_destroyed_inside_an_answer,
             http_verifies_tls_like_the_streams)
