/* net/listener: accepting, pausing, errors. */
#include "fixture.h"

#include "support/run.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(listener_create_says_where_and_why_it_cannot_listen) {
    fixture f;
    fixture_init(&f);
    fixture_listen(&f, "127.0.0.1", &(gw_stream_options){0});
    static const gw_listener_callbacks none = {0};
    gw_error error = {""};
    char where[GW_ADDRESS_TEXT], expected[256];
    ck_assert_ptr_null(gw_listener_create(f.loop, &f.address, &(gw_stream_options){0}, &none, NULL, &error));
    snprintf(expected, sizeof expected, "%s: listen: Address already in use",
             gw_address_format(&f.address.list[0], where));
    ck_assert_str_eq(error.text, expected);
    fixture_deinit(&f);
}
END_TEST

START_TEST(listener_create_replaces_a_stale_socket_file_but_not_a_live_one) {
    char path[64];
    snprintf(path, sizeof path, "/tmp/gwspec-stale-%d.sock", (int)getpid());
    gw_address address;
    ck_assert_int_eq(gw_address_unix(path, &address, NULL), GW_OK);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, &address.list[0].at.any, address.list[0].len), 0);
    close(fd); /* the file stays */
    fixture f;
    fixture_init(&f);
    fixture_listen_at(&f, &address, &(gw_stream_options){0});
    static const gw_listener_callbacks none = {0};
    gw_error error = {""};
    ck_assert_ptr_null(gw_listener_create(f.loop, &address, &(gw_stream_options){0}, &none, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "listen: Address already in use"));
    fixture_deinit(&f);
}
END_TEST

START_TEST(listener_pause_leaves_connections_waiting) {
    fixture f;
    fixture_init(&f);
    fixture_listen(&f, "127.0.0.1", &(gw_stream_options){0});
    gw_listener_pause(f.listener);
    fixture_connect(&f, &(gw_stream_options){0});
    WAIT_FOR(&f, f.client.opened); /* the kernel answered for us */
    gw_ns until = gw_clock_now() + 5 * GW_MS;
    while (gw_clock_now() < until) ck_assert_int_eq(gw_loop_turn(f.loop, until), GW_OK);
    ck_assert_uint_eq(f.accepts, 0);
    gw_listener_resume(f.listener);
    WAIT_FOR(&f, f.accepts == 1);
    fixture_deinit(&f);
}
END_TEST

START_TEST(listener_tells_when_descriptors_run_out_and_goes_on_later) {
    fixture f;
    fixture_init(&f);
    fixture_listen(&f, "127.0.0.1", &(gw_stream_options){0});
    fixture_connect(&f, &(gw_stream_options){0});
    struct rlimit old, tight;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
    int next = dup(0);
    close(next);
    tight = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = old.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
    WAIT_FOR(&f, f.accept_fails == 1);
    ck_assert_ptr_nonnull(strstr(f.accept_error, ": accept: Too many open files"));
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
    WAIT_FOR(&f, f.accepts == 1);
    fixture_deinit(&f);
}
END_TEST

static gw_listener *doomed;
static void destroy_listener(gw_listener *listener, gw_stream *stream, void *user) {
    fixture *f = user;
    f->accepts++;
    gw_stream_destroy(stream);
    gw_listener_destroy(listener);
    doomed = NULL;
}

START_TEST(listener_destroy_is_allowed_inside_its_callback) {
    static const gw_listener_callbacks callbacks = {.on_accept = destroy_listener};
    fixture f;
    fixture_init(&f);
    gw_address any;
    ck_assert_int_eq(gw_address_resolve("127.0.0.1", 0, &any, NULL), GW_OK);
    doomed = gw_listener_create(f.loop, &any, &(gw_stream_options){0}, &callbacks, &f, NULL);
    f.address = (gw_address){.count = 1, .list = {*gw_listener_address(doomed)}};
    gw_stream_callbacks none = {0};
    gw_stream *second = gw_stream_connect(f.loop, &f.address, &(gw_stream_options){0}, &none, NULL);
    fixture_connect(&f, &(gw_stream_options){0});
    WAIT_FOR(&f, f.client.ends > 0);
    ck_assert_uint_eq(f.accepts, 1);
    ck_assert_ptr_null(doomed);
    gw_stream_destroy(second);
    fixture_deinit(&f);
}
END_TEST

static size_t crowd_reads;
static void crowd_read(gw_stream *stream, gw_stream_read *read, void *user) {
    (void)user;
    crowd_reads++;
    ck_assert_int_eq(gw_stream_write(stream, gw_span_make(read->data, read->len), NULL), GW_OK);
}
static const gw_stream_callbacks crowd_callbacks = {.on_read = crowd_read};
static gw_stream *crowd[1000];
static size_t crowd_count;
static void crowd_accept(gw_listener *listener, gw_stream *stream, void *user) {
    (void)listener;
    (void)user;
    ck_assert_uint_lt(crowd_count, 1000);
    gw_stream_set_callbacks(stream, &crowd_callbacks, NULL);
    crowd[crowd_count++] = stream;
}
static size_t answers;
static void guest_open(gw_stream *stream, gw_ns at_ns, void *user) {
    (void)at_ns;
    (void)user;
    ck_assert_int_eq(gw_stream_write(stream, GW_SPAN_LIT("hello"), NULL), GW_OK);
}
static void guest_read(gw_stream *stream, gw_stream_read *read, void *user) {
    (void)stream;
    (void)user;
    answers += read->len;
}

START_TEST(listener_serves_a_thousand_streams) {
    static const gw_listener_callbacks callbacks = {.on_accept = crowd_accept};
    static const gw_stream_callbacks guest = {.on_open = guest_open, .on_read = guest_read};
    static gw_stream *guests[1000];
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    fixture f;
    fixture_init(&f);
    gw_address any;
    ck_assert_int_eq(gw_address_resolve("127.0.0.1", 0, &any, NULL), GW_OK);
    f.listener = gw_listener_create(f.loop, &any, &(gw_stream_options){0}, &callbacks, &f, NULL);
    f.address = (gw_address){.count = 1, .list = {*gw_listener_address(f.listener)}};
    for (size_t i = 0; i < 1000; i++) {
        guests[i] = gw_stream_connect(f.loop, &f.address, &(gw_stream_options){0}, &guest, NULL);
        ck_assert_ptr_nonnull(guests[i]);
    }
    WAIT_FOR(&f, answers == 5000);
    ck_assert_uint_eq(crowd_count, 1000);
    ck_assert_uint_eq(crowd_reads, 1000);
    for (size_t i = 0; i < 1000; i++) {
        gw_stream_reset(guests[i]);
        gw_stream_destroy(guests[i]);
        gw_stream_destroy(crowd[i]);
    }
    fixture_deinit(&f);
}
END_TEST

GW_TEST_MAIN("net/listener", 30, listener_create_says_where_and_why_it_cannot_listen,
             listener_create_replaces_a_stale_socket_file_but_not_a_live_one, listener_pause_leaves_connections_waiting,
             listener_tells_when_descriptors_run_out_and_goes_on_later, listener_destroy_is_allowed_inside_its_callback,
             listener_serves_a_thousand_streams)
