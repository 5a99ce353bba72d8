/* net/stream: bytes and their times over real sockets. */
#include "fixture.h"

#include "support/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void write_text(gw_stream *stream, const char *text, gw_stream_sent *sent) {
    ck_assert_int_eq(gw_stream_write(stream, gw_span_cstr(text), sent), GW_OK);
}

START_TEST(stream_connect_tells_address_step_and_cause_when_refused) {
    fixture f;
    fixture_init(&f);
    fixture_listen(&f, "127.0.0.1", &(gw_stream_options){0});
    char where[GW_ADDRESS_TEXT], expected[256];
    gw_address_format(&f.address.list[0], where);
    gw_listener_destroy(f.listener); /* now nobody listens there */
    f.listener = NULL;
    fixture_connect(&f, &(gw_stream_options){0});
    WAIT_FOR(&f, f.client.ends == 1);
    snprintf(expected, sizeof expected, "%s: connect: Connection refused", where);
    ck_assert_int_eq(f.client.end[0].kind, GW_STREAM_FAILED);
    ck_assert_str_eq(f.client.end[0].error, expected);
    ck_assert(!f.client.opened);
    ck_assert_int_eq(gw_stream_write(f.client.stream, GW_SPAN_LIT("x"), NULL), GW_ERR_CLOSED);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_connect_tries_the_addresses_in_turn) {
    fixture f;
    fixture_init(&f);
    fixture_listen(&f, "127.0.0.1", &(gw_stream_options){0});
    uint16_t port = gw_address_port(&f.address.list[0]);
    ck_assert_int_eq(gw_address_resolve("localhost", port, &f.address, NULL), GW_OK); /* ::1 refuses */
    fixture_connect(&f, &(gw_stream_options){0});
    WAIT_FOR(&f, f.client.opened && f.server.opened);
    gw_address_one peer;
    ck_assert(gw_stream_peer(f.client.stream, &peer));
    ck_assert_int_eq(peer.at.any.sa_family, AF_INET);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_connect_names_all_addresses_that_failed) {
    fixture f;
    fixture_init(&f);
    fixture_listen(&f, "127.0.0.1", &(gw_stream_options){0});
    uint16_t port = gw_address_port(&f.address.list[0]);
    gw_listener_destroy(f.listener);
    f.listener = NULL;
    ck_assert_int_eq(gw_address_resolve("localhost", port, &f.address, NULL), GW_OK);
    fixture_connect(&f, &(gw_stream_options){0});
    WAIT_FOR(&f, f.client.ends == 1);
    char expected[256];
    snprintf(expected, sizeof expected, "[::1]:%u, 127.0.0.1:%u: connect: Connection refused", port, port);
    ck_assert_str_eq(f.client.end[0].error, expected);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_connect_times_out_when_nobody_accepts_the_handshake) {
    /* A listener whose backlog is full answers no SYN. */
    fixture f;
    fixture_init(&f);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    gw_address_one at = {.len = sizeof(struct sockaddr_in)};
    at.at.ip4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    ck_assert_int_eq(bind(fd, &at.at.any, at.len), 0);
    ck_assert_int_eq(listen(fd, 0), 0);
    ck_assert_int_eq(getsockname(fd, &at.at.any, &at.len), 0);
    f.address = (gw_address){.count = 1, .list = {at}};
    gw_stream_options quick = {.timeout_ns = 30 * GW_MS};
    side others[4];
    memset(others, 0, sizeof others);
    gw_stream_callbacks none = {0};
    gw_stream *fillers[4];
    for (size_t i = 0; i < 4; i++) fillers[i] = gw_stream_connect(f.loop, &f.address, &quick, &none, NULL);
    gw_ns start = gw_clock_now();
    fixture_connect(&f, &quick);
    WAIT_FOR(&f, f.client.ends == 1);
    ck_assert_int_ge(gw_clock_now() - start, 30 * GW_MS);
    ck_assert_int_eq(f.client.end[0].kind, GW_STREAM_FAILED);
    ck_assert_ptr_nonnull(strstr(f.client.end[0].error, ": connect: no answer within 30.0 ms"));
    for (size_t i = 0; i < 4; i++) gw_stream_destroy(fillers[i]);
    close(fd);
    fixture_deinit(&f);
}
END_TEST

static void check_echo(const char *host) {
    fixture f;
    fixture_init(&f);
    fixture_listen(&f, host, &(gw_stream_options){0});
    f.server.echo = true;
    fixture_connect(&f, &(gw_stream_options){0});
    WAIT_FOR(&f, f.client.opened && f.server.opened);
    gw_stream_sent sent;
    write_text(f.client.stream, "hello", &sent);
    ck_assert_uint_eq(sent.sent_bytes, 5);
    ck_assert_uint_eq(sent.queued_bytes, 0);
    WAIT_FOR(&f, f.client.bytes.len == 5);
    ck_assert_str_eq(gw_buf_cstr(&f.client.bytes), "hello");
    ck_assert_int_ge(f.client.read[0].at_ns, sent.at_ns - GW_MS);
    fixture_deinit(&f);
}

START_TEST(stream_echoes_over_ipv4) {
    check_echo("127.0.0.1");
}
END_TEST

START_TEST(stream_echoes_over_ipv6) {
    check_echo("::1");
}
END_TEST

START_TEST(stream_echoes_over_a_unix_socket) {
    char path[64];
    snprintf(path, sizeof path, "/tmp/gwspec-test-%d.sock", (int)getpid());
    gw_address address;
    ck_assert_int_eq(gw_address_unix(path, &address, NULL), GW_OK);
    fixture f;
    fixture_init(&f);
    fixture_listen_at(&f, &address, &(gw_stream_options){0});
    f.server.echo = true;
    fixture_connect(&f, &(gw_stream_options){0});
    WAIT_FOR(&f, f.client.opened && f.server.opened);
    write_text(f.client.stream, "hello", NULL);
    WAIT_FOR(&f, f.client.bytes.len == 5);
    ck_assert(!f.client.read[0].kernel_stamp);
    ck_assert_int_eq(f.client.read[0].at_ns, f.client.read[0].read_ns);
    gw_stream_destroy(f.server.stream);
    f.server.stream = NULL;
    WAIT_FOR(&f, f.client.ends == 1);
    ck_assert_int_eq(f.client.end[0].kind, GW_STREAM_FIN);
    gw_listener_destroy(f.listener);
    f.listener = NULL;
    ck_assert_int_ne(access(path, F_OK), 0); /* cleaned up */
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_write_makes_one_segment_of_each_call) {
    fixture f;
    fixture_pair(&f);
    for (size_t i = 1; i <= 5; i++) {
        gw_stream_sent sent;
        ck_assert_int_eq(gw_stream_write(f.client.stream, gw_span_make("abcdefgh", i), &sent), GW_OK);
        ck_assert_uint_eq(sent.sent_bytes, i);
        WAIT_FOR(&f, f.server.reads == i);
        ck_assert_uint_eq(f.server.read[i - 1].len, i);
        ck_assert(!f.server.read[i - 1].merged);
    }
    ck_assert_str_eq(gw_buf_cstr(&f.server.bytes), "aababcabcdabcde");
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_read_flags_merged_segments) {
    fixture f;
    fixture_pair(&f);
    write_text(f.client.stream, "one", NULL);
    write_text(f.client.stream, "two", NULL); /* both wait before the loop turns */
    WAIT_FOR(&f, f.server.bytes.len == 6);
    ck_assert_uint_eq(f.server.reads, 1);
    ck_assert(f.server.read[0].merged);
    write_text(f.client.stream, "three", NULL);
    WAIT_FOR(&f, f.server.bytes.len == 11);
    ck_assert(!f.server.read[1].merged);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_read_flags_are_right_for_the_last_bytes_before_a_fin) {
    fixture f;
    fixture_pair(&f);
    write_text(f.client.stream, "bye", NULL);
    ck_assert_int_eq(gw_stream_shutdown(f.client.stream), GW_OK);
    WAIT_FOR(&f, f.server.ends == 1);
    ck_assert_uint_eq(f.server.reads, 1);
    ck_assert(!f.server.read[0].merged);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_stamps_are_monotone_and_between_sending_and_reading) {
    fixture f;
    fixture_pair(&f);
    size_t stamped = 0;
    gw_ns last = 0;
    for (size_t i = 0; i < 200; i++) {
        gw_ns before = gw_clock_now();
        write_text(f.client.stream, "tick", NULL);
        WAIT_FOR(&f, f.server.reads == i + 1);
        const gw_stream_read *read = &f.server.read[i];
        ck_assert_int_ge(read->at_ns, last);
        ck_assert_int_le(read->at_ns, read->read_ns);
        if (read->kernel_stamp) {
            stamped++;
            /* The offset between the clocks is known to a few microseconds. */
            ck_assert_int_ge(read->at_ns, before - 50 * GW_US);
        }
        last = read->at_ns;
    }
    ck_assert_uint_ge(stamped, 190);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_stamp_tells_the_arrival_when_the_loop_was_late) {
    fixture f;
    fixture_pair(&f);
    write_text(f.client.stream, "warm up", NULL);
    WAIT_FOR(&f, f.server.reads == 1);
    gw_stream_sent sent;
    write_text(f.client.stream, "late", &sent);
    while (gw_clock_now() < sent.at_ns + 20 * GW_MS) continue; /* a harness that is busy */
    WAIT_FOR(&f, f.server.reads == 2);
    ck_assert(f.server.read[1].kernel_stamp);
    ck_assert_int_ge(f.server.read[1].read_ns, sent.at_ns + 20 * GW_MS);
    ck_assert_int_le(f.server.read[1].at_ns, sent.at_ns + 10 * GW_MS);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_end_tells_fin_and_lets_the_other_half_go_on) {
    fixture f;
    fixture_pair(&f);
    write_text(f.client.stream, "last words", NULL);
    ck_assert_int_eq(gw_stream_shutdown(f.client.stream), GW_OK);
    ck_assert_int_eq(gw_stream_write(f.client.stream, GW_SPAN_LIT("x"), NULL), GW_ERR_CLOSED);
    WAIT_FOR(&f, f.server.ends == 1);
    ck_assert_int_eq(f.server.end[0].kind, GW_STREAM_FIN);
    ck_assert_str_eq(f.server.end[0].error, "");
    ck_assert_str_eq(gw_buf_cstr(&f.server.bytes), "last words");
    write_text(f.server.stream, "answer", NULL);
    WAIT_FOR(&f, f.client.bytes.len == 6);
    ck_assert_int_eq(gw_stream_shutdown(f.server.stream), GW_OK);
    WAIT_FOR(&f, f.client.ends == 1);
    ck_assert_int_eq(f.client.end[0].kind, GW_STREAM_FIN);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_end_tells_reset_from_fin) {
    fixture f;
    fixture_pair(&f);
    gw_stream_reset(f.client.stream);
    WAIT_FOR(&f, f.server.ends == 1);
    ck_assert_int_eq(f.server.end[0].kind, GW_STREAM_RESET);
    ck_assert_ptr_nonnull(strstr(f.server.end[0].error, ": read: Connection reset by peer"));
    ck_assert_uint_eq(f.client.ends, 0);
    ck_assert_int_eq(gw_stream_write(f.server.stream, GW_SPAN_LIT("x"), NULL), GW_ERR_CLOSED);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_end_tells_a_reset_that_follows_a_fin) {
    fixture f;
    fixture_pair(&f);
    ck_assert_int_eq(gw_stream_shutdown(f.client.stream), GW_OK);
    WAIT_FOR(&f, f.server.ends == 1);
    gw_stream_reset(f.client.stream);
    WAIT_FOR(&f, f.server.ends == 2);
    ck_assert_int_eq(f.server.end[0].kind, GW_STREAM_FIN);
    ck_assert_int_eq(f.server.end[1].kind, GW_STREAM_RESET);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_end_tells_a_reset_that_a_write_found_first) {
    fixture f;
    fixture_pair(&f);
    write_text(f.server.stream, "unread", NULL);
    gw_stream_reset(f.client.stream);
    /* Before the loop turns, a write meets the reset and uses up the kernel's error. */
    while (gw_stream_write(f.server.stream, GW_SPAN_LIT("x"), NULL) == GW_OK) continue;
    WAIT_FOR(&f, f.server.ends == 1);
    ck_assert_int_eq(f.server.end[0].kind, GW_STREAM_RESET);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_end_comes_after_bytes_that_wait_while_paused) {
    fixture f;
    fixture_pair(&f);
    gw_stream_pause(f.server.stream);
    write_text(f.client.stream, "before", NULL);
    ck_assert_int_eq(gw_stream_shutdown(f.client.stream), GW_OK);
    gw_ns until = gw_clock_now() + 5 * GW_MS;
    while (gw_clock_now() < until) ck_assert_int_eq(gw_loop_turn(f.loop, until), GW_OK);
    ck_assert_uint_eq(f.server.reads, 0);
    ck_assert_uint_eq(f.server.ends, 0);
    gw_stream_resume(f.server.stream);
    WAIT_FOR(&f, f.server.ends == 1);
    ck_assert_str_eq(gw_buf_cstr(&f.server.bytes), "before");
    ck_assert_int_eq(f.server.end[0].kind, GW_STREAM_FIN);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_queue_is_bounded_and_drains_in_order) {
    enum { TEN_MB = 10 << 20 };
    fixture f;
    fixture_init(&f);
    fixture_listen(&f, "127.0.0.1", &(gw_stream_options){.receive_buffer_bytes = 64 << 10});
    f.pause_server = true;
    fixture_connect(&f, &(gw_stream_options){.queue_max_bytes = TEN_MB, .send_buffer_bytes = 64 << 10});
    WAIT_FOR(&f, f.client.opened && f.server.opened);
    enum { PIECE = 256 << 10 };
    static uint8_t piece[PIECE];
    size_t taken = 0;
    gw_status status = GW_OK;
    for (uint8_t i = 0; status == GW_OK; i++) {
        memset(piece, i, sizeof piece);
        gw_stream_sent sent;
        status = gw_stream_write(f.client.stream, gw_span_make(piece, sizeof piece), &sent);
        if (status == GW_OK) taken += sizeof piece;
        ck_assert_uint_le(gw_stream_queued(f.client.stream), TEN_MB);
        ck_assert_uint_lt(taken, TEN_MB + (16 << 20)); /* the kernel's part is bounded too */
    }
    ck_assert_int_eq(status, GW_ERR_LIMIT);
    ck_assert_uint_gt(gw_stream_queued(f.client.stream), TEN_MB - PIECE);
    ck_assert(!f.client.drained);
    gw_stream_resume(f.server.stream);
    WAIT_FOR(&f, f.server.bytes.len == taken);
    ck_assert(f.client.drained);
    for (size_t i = 0; i < taken; i += 997) ck_assert_uint_eq(f.server.bytes.data[i], (uint8_t)(i / PIECE));
    WAIT_FOR(&f, gw_stream_unacked(f.client.stream) == 0);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_shutdown_waits_for_the_queue) {
    enum { BYTES = 4 << 20 };
    fixture f;
    fixture_pair(&f);
    uint8_t *bytes = calloc(1, BYTES);
    gw_stream_sent sent;
    ck_assert_int_eq(gw_stream_write(f.client.stream, gw_span_make(bytes, BYTES), &sent), GW_OK);
    ck_assert_uint_eq(sent.sent_bytes + sent.queued_bytes, BYTES);
    ck_assert_int_eq(gw_stream_shutdown(f.client.stream), GW_OK);
    WAIT_FOR(&f, f.server.ends == 1);
    ck_assert_uint_eq(f.server.bytes.len, BYTES);
    ck_assert_int_eq(f.server.end[0].kind, GW_STREAM_FIN);
    free(bytes);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_segments_leave_one_by_one_with_a_gap) {
    fixture f;
    fixture_pair(&f);
    gw_stream_set_segments(f.client.stream, 3, 2 * GW_MS);
    gw_stream_sent sent;
    write_text(f.client.stream, "abcdefgh", &sent);
    ck_assert_uint_eq(sent.sent_bytes, 3);
    ck_assert_uint_eq(sent.queued_bytes, 5);
    write_text(f.client.stream, "i", &sent); /* keeps its place */
    ck_assert_uint_eq(sent.sent_bytes, 0);
    WAIT_FOR(&f, f.server.bytes.len == 9);
    ck_assert_str_eq(gw_buf_cstr(&f.server.bytes), "abcdefghi");
    ck_assert_uint_eq(f.server.reads, 3);
    ck_assert_int_ge(f.server.read[2].read_ns, sent.at_ns + 3 * GW_MS);
    ck_assert(f.client.drained);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_connect_uses_the_local_address_that_was_asked_for) {
    fixture f;
    fixture_init(&f);
    fixture_listen(&f, "127.0.0.1", &(gw_stream_options){0});
    fixture_connect(&f, &(gw_stream_options){.local_host = "127.0.0.77"});
    WAIT_FOR(&f, f.client.opened && f.server.opened);
    gw_address_one peer;
    char text[GW_ADDRESS_TEXT];
    ck_assert(gw_stream_peer(f.server.stream, &peer));
    ck_assert_int_eq(strncmp(gw_address_format(&peer, text), "127.0.0.77:", 11), 0);
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_connect_fails_with_a_local_address_that_is_not_ours) {
    fixture f;
    fixture_init(&f);
    fixture_listen(&f, "127.0.0.1", &(gw_stream_options){0});
    fixture_connect(&f, &(gw_stream_options){.local_host = "192.0.2.1"});
    WAIT_FOR(&f, f.client.ends == 1);
    ck_assert_ptr_nonnull(strstr(f.client.end[0].error, ": connect: Cannot assign requested address"));
    fixture_deinit(&f);
}
END_TEST

START_TEST(stream_destroy_is_allowed_inside_every_callback) {
    for (int which = 0; which < 4; which++) {
        fixture f;
        fixture_init(&f);
        fixture_listen(&f, "127.0.0.1", &(gw_stream_options){0});
        f.client.destroy_on_open = which == 0;
        f.server.destroy_on_read = which == 1;
        f.server.destroy_on_end = which == 2;
        f.client.destroy_on_drain = which == 3;
        fixture_connect(&f, &(gw_stream_options){0});
        WAIT_FOR(&f, f.server.opened && f.client.opened);
        if (which == 0) {
            WAIT_FOR(&f, f.server.ends == 1);
        } else {
            uint8_t *bytes = calloc(1, 8 << 20);
            ck_assert_int_eq(gw_stream_write(f.client.stream, gw_span_make(bytes, which == 3 ? 8 << 20 : 10), NULL),
                             GW_OK);
            free(bytes);
            if (which == 2) ck_assert_int_eq(gw_stream_shutdown(f.client.stream), GW_OK);
            if (which == 3) {
                WAIT_FOR(&f, !f.client.stream);
            } else {
                WAIT_FOR(&f, !f.server.stream);
            }
            if (which == 1) ck_assert_uint_eq(f.server.reads, 1);
        }
        fixture_deinit(&f);
    }
}
END_TEST

START_TEST(stream_write_to_a_closed_peer_raises_no_signal) {
    fixture f;
    fixture_pair(&f);
    gw_stream_destroy(f.client.stream);
    f.client.stream = NULL;
    WAIT_FOR(&f, f.server.ends == 1);
    ck_assert_int_eq(f.server.end[0].kind, GW_STREAM_FIN);
    /* The first write draws the RST, a later one meets it. */
    ck_assert_int_eq(gw_stream_write(f.server.stream, GW_SPAN_LIT("x"), NULL), GW_OK);
    WAIT_FOR(&f, f.server.ends == 2);
    ck_assert_int_eq(f.server.end[1].kind, GW_STREAM_RESET);
    ck_assert_int_eq(gw_stream_write(f.server.stream, GW_SPAN_LIT("x"), NULL), GW_ERR_CLOSED);
    fixture_deinit(&f);
}
END_TEST

GW_TEST_MAIN("net/stream", 30, stream_connect_tells_address_step_and_cause_when_refused,
             stream_connect_tries_the_addresses_in_turn, stream_connect_names_all_addresses_that_failed,
             stream_connect_times_out_when_nobody_accepts_the_handshake, stream_echoes_over_ipv4,
             stream_echoes_over_ipv6, stream_echoes_over_a_unix_socket, stream_write_makes_one_segment_of_each_call,
             stream_read_flags_merged_segments, stream_read_flags_are_right_for_the_last_bytes_before_a_fin,
             stream_stamps_are_monotone_and_between_sending_and_reading,
             stream_stamp_tells_the_arrival_when_the_loop_was_late, stream_end_tells_fin_and_lets_the_other_half_go_on,
             stream_end_tells_reset_from_fin, stream_end_tells_a_reset_that_follows_a_fin,
             stream_end_tells_a_reset_that_a_write_found_first, stream_end_comes_after_bytes_that_wait_while_paused,
             stream_queue_is_bounded_and_drains_in_order, stream_shutdown_waits_for_the_queue,
             stream_segments_leave_one_by_one_with_a_gap, stream_connect_uses_the_local_address_that_was_asked_for,
             stream_connect_fails_with_a_local_address_that_is_not_ours,
             stream_destroy_is_allowed_inside_every_callback, stream_write_to_a_closed_peer_raises_no_signal)
