/* net/tls over net/stream: good and bad certificates, ends, records over segments. */
#include "certs.h"
#include "fixture.h"

#include "support/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A TLS server and a client with these options. */
typedef struct pair {
    fixture f;
    certs c;
    gw_tls *server, *client;
} pair;

static void open_pair(pair *p, gw_tls_options server, gw_tls_options client, const char *host, bool make_certs) {
    if (make_certs) certs_make(&p->c);
    gw_error error = {""};
    fixture_init(&p->f);
    if (!server.cert_file) server.cert_file = p->c.server;
    server.key_file = p->c.server_key;
    p->server = gw_tls_create_server(&server, &error);
    ck_assert_msg(p->server != NULL, "%s", error.text);
    p->client = gw_tls_create_client(&client, &error);
    ck_assert_msg(p->client != NULL, "%s", error.text);
    fixture_listen(&p->f, "127.0.0.1", &(gw_stream_options){.tls = p->server});
    fixture_connect(&p->f, &(gw_stream_options){.tls = p->client, .tls_host = host});
}

static void close_pair(pair *p) {
    fixture_deinit(&p->f);
    gw_tls_destroy(p->server);
    gw_tls_destroy(p->client);
    certs_remove(&p->c);
}

static void open_good(pair *p, const char *host) {
    certs_make(&p->c);
    open_pair(p, (gw_tls_options){0}, (gw_tls_options){.ca_file = p->c.ca}, host, false);
    WAIT_FOR(&p->f, (p->f.client.opened && p->f.server.opened) || p->f.client.ends || p->f.accept_fails);
    ck_assert_msg(p->f.client.ends == 0, "%s", p->f.client.end[0].error);
}

START_TEST(tls_verifies_a_good_certificate_by_name_and_by_address) {
    static const char *const hosts[] = {"localhost", "127.0.0.1"};
    for (size_t i = 0; i < 2; i++) {
        pair p;
        open_good(&p, hosts[i]);
        p.f.server.echo = true;
        char text[80];
        ck_assert_ptr_nonnull(strstr(gw_stream_tls_text(p.f.client.stream, text, sizeof text), "TLSv1.3 "));
        ck_assert_int_eq(gw_stream_write(p.f.client.stream, GW_SPAN_LIT("hello"), NULL), GW_OK);
        WAIT_FOR(&p.f, p.f.client.bytes.len == 5);
        ck_assert_str_eq(gw_buf_cstr(&p.f.client.bytes), "hello");
        ck_assert(p.f.client.read[0].at_ns <= p.f.client.read[0].read_ns);
        close_pair(&p);
    }
}
END_TEST

static void check_refused(gw_tls_options client, const char *host, const char *server_cert, const char *why) {
    pair p;
    certs_make(&p.c);
    if (client.ca_file) client.ca_file = strcmp(client.ca_file, "other") ? p.c.ca : p.c.other_ca;
    const char *cert = server_cert ? p.c.expired : NULL;
    open_pair(&p, (gw_tls_options){.cert_file = cert}, client, host, false);
    WAIT_FOR(&p.f, p.f.client.ends == 1 && p.f.accept_fails == 1);
    ck_assert_int_eq(p.f.client.end[0].kind, GW_STREAM_FAILED);
    ck_assert_msg(strstr(p.f.client.end[0].error, why) != NULL, "said '%s'", p.f.client.end[0].error);
    char where[GW_ADDRESS_TEXT];
    gw_address_format(&p.f.address.list[0], where);
    ck_assert_int_eq(strncmp(p.f.client.end[0].error, where, strlen(where)), 0);
    /* The server hears of it by an alert, not by silence. */
    ck_assert_msg(strstr(p.f.accept_error, "TLS: the peer refused with the alert") != NULL, "said '%s'",
                  p.f.accept_error);
    close_pair(&p);
}

START_TEST(tls_refuses_an_unknown_ca) {
    check_refused((gw_tls_options){.ca_file = "other"}, "localhost", NULL,
                  ": TLS: the certificate does not verify: unable to get local issuer certificate");
    check_refused((gw_tls_options){0}, "localhost", NULL, "the certificate does not verify: ");
}
END_TEST

START_TEST(tls_refuses_a_wrong_name) {
    check_refused((gw_tls_options){.ca_file = "ca"}, "gateway.example", NULL,
                  ": TLS: the certificate does not verify: hostname mismatch");
    check_refused((gw_tls_options){.ca_file = "ca"}, "127.0.0.2", NULL,
                  ": TLS: the certificate does not verify: IP address mismatch");
    check_refused((gw_tls_options){.ca_file = "ca", .server_name = "other.example"}, "localhost", NULL,
                  "hostname mismatch");
}
END_TEST

START_TEST(tls_refuses_an_expired_certificate) {
    check_refused((gw_tls_options){.ca_file = "ca"}, "localhost", "expired",
                  ": TLS: the certificate does not verify: certificate has expired");
}
END_TEST

START_TEST(tls_insecure_accepts_anything) {
    pair p;
    open_pair(&p, (gw_tls_options){0}, (gw_tls_options){.insecure = true}, "gateway.example", true);
    WAIT_FOR(&p.f, p.f.client.opened && p.f.server.opened);
    close_pair(&p);
}
END_TEST

START_TEST(tls_client_needs_a_name_to_check) {
    fixture f;
    fixture_init(&f);
    gw_tls *tls = gw_tls_create_client(&(gw_tls_options){0}, NULL);
    gw_address address;
    ck_assert_int_eq(gw_address_resolve("127.0.0.1", 1, &address, NULL), GW_OK);
    static const gw_stream_callbacks none = {0};
    ck_assert_ptr_null(gw_stream_connect(f.loop, &address, &(gw_stream_options){.tls = tls}, &none, NULL));
    gw_tls_destroy(tls);
    fixture_deinit(&f);
}
END_TEST

START_TEST(tls_server_can_require_a_client_certificate) {
    pair p;
    certs_make(&p.c);
    gw_tls_options server = {.ca_file = p.c.ca, .require_client_cert = true};
    gw_tls_options client = {.ca_file = p.c.ca, .cert_file = p.c.client, .key_file = p.c.client_key};
    open_pair(&p, server, client, "localhost", false);
    WAIT_FOR(&p.f, p.f.client.opened && p.f.server.opened);
    close_pair(&p);
}
END_TEST

START_TEST(tls_server_refuses_a_client_without_certificate) {
    pair p;
    certs_make(&p.c);
    gw_tls_options server = {.ca_file = p.c.ca, .require_client_cert = true};
    open_pair(&p, server, (gw_tls_options){.ca_file = p.c.ca}, "localhost", false);
    WAIT_FOR(&p.f, p.f.client.ends == 1 && p.f.accept_fails == 1);
    ck_assert_ptr_nonnull(strstr(p.f.accept_error, "TLS: the client sent no certificate"));
    ck_assert_int_eq(p.f.client.end[0].kind, GW_STREAM_FAILED);
    ck_assert_msg(strstr(p.f.client.end[0].error, "the peer refused with the alert 'certificate required'") != NULL,
                  "said '%s'", p.f.client.end[0].error);
    ck_assert(!p.f.server.opened);
    close_pair(&p);
}
END_TEST

START_TEST(tls_end_tells_close_notify_from_a_bare_fin) {
    for (int skip = 0; skip < 2; skip++) {
        pair p;
        certs_make(&p.c);
        gw_tls_options client = {.ca_file = p.c.ca, .skip_close_notify = skip};
        open_pair(&p, (gw_tls_options){0}, client, "localhost", false);
        WAIT_FOR(&p.f, p.f.client.opened && p.f.server.opened);
        ck_assert_int_eq(gw_stream_write(p.f.client.stream, GW_SPAN_LIT("bye"), NULL), GW_OK);
        ck_assert_int_eq(gw_stream_shutdown(p.f.client.stream), GW_OK);
        WAIT_FOR(&p.f, p.f.server.ends == 1);
        ck_assert_str_eq(gw_buf_cstr(&p.f.server.bytes), "bye");
        ck_assert_int_eq(p.f.server.end[0].kind, skip ? GW_STREAM_TRUNCATED : GW_STREAM_FIN);
        ck_assert_int_eq(strstr(p.f.server.end[0].error, "without close_notify") != NULL, skip);
        /* The other half still works. */
        ck_assert_int_eq(gw_stream_write(p.f.server.stream, GW_SPAN_LIT("too"), NULL), GW_OK);
        WAIT_FOR(&p.f, p.f.client.bytes.len == 3);
        close_pair(&p);
    }
}
END_TEST

START_TEST(tls_end_tells_a_reset) {
    pair p;
    open_good(&p, "localhost");
    gw_stream_reset(p.f.client.stream);
    WAIT_FOR(&p.f, p.f.server.ends == 1);
    ck_assert_int_eq(p.f.server.end[0].kind, GW_STREAM_RESET);
    close_pair(&p);
}
END_TEST

START_TEST(tls_record_can_be_split_over_segments) {
    pair p;
    open_good(&p, "localhost");
    gw_stream_set_segments(p.f.client.stream, 7, GW_MS);
    gw_stream_sent sent;
    ck_assert_int_eq(gw_stream_write(p.f.client.stream, GW_SPAN_LIT("hello"), &sent), GW_OK);
    ck_assert_uint_eq(sent.sent_bytes, 7);
    ck_assert_uint_eq(sent.queued_bytes, 5 + 22 - 7); /* RFC 8446 section 5.2: 5 + 1 + 16 bytes around the text */
    WAIT_FOR(&p.f, p.f.server.bytes.len == 5);
    ck_assert_uint_eq(p.f.server.reads, 1);
    ck_assert_int_ge(p.f.server.read[0].read_ns, sent.at_ns + 3 * GW_MS); /* it took all four segments */
    close_pair(&p);
}
END_TEST

START_TEST(tls_carries_megabytes_both_ways_and_pauses) {
    enum { BYTES = 3 << 20 };
    pair p;
    open_good(&p, "localhost");
    gw_stream_pause(p.f.server.stream);
    uint8_t *bytes = malloc(BYTES);
    for (size_t i = 0; i < BYTES; i++) bytes[i] = (uint8_t)(i * 31 >> 3);
    ck_assert_int_eq(gw_stream_write(p.f.client.stream, gw_span_make(bytes, BYTES), NULL), GW_OK);
    gw_ns until = gw_clock_now() + 5 * GW_MS;
    while (gw_clock_now() < until) ck_assert_int_eq(gw_loop_turn(p.f.loop, until), GW_OK);
    ck_assert_uint_eq(p.f.server.reads, 0);
    p.f.server.echo = true;
    gw_stream_resume(p.f.server.stream);
    WAIT_FOR(&p.f, p.f.client.bytes.len == BYTES);
    ck_assert_mem_eq(p.f.client.bytes.data, bytes, BYTES);
    free(bytes);
    close_pair(&p);
}
END_TEST

START_TEST(tls_pause_inside_a_read_holds_back_what_is_decrypted_already) {
    pair p;
    open_good(&p, "localhost");
    /* Three records in one segment. */
    gw_stream_pause(p.f.server.stream);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(gw_stream_write(p.f.client.stream, GW_SPAN_LIT("abc"), NULL), GW_OK);
    gw_stream_resume(p.f.server.stream);
    WAIT_FOR(&p.f, p.f.server.reads >= 1);
    WAIT_FOR(&p.f, p.f.server.bytes.len == 9);
    ck_assert_uint_eq(p.f.server.reads, 3);
    close_pair(&p);
}
END_TEST

START_TEST(tls_says_so_when_the_peer_does_not_speak_it) {
    certs c;
    certs_make(&c);
    fixture f;
    fixture_init(&f);
    fixture_listen(&f, "127.0.0.1", &(gw_stream_options){0}); /* plain */
    gw_tls *tls = gw_tls_create_client(&(gw_tls_options){.ca_file = c.ca}, NULL);
    fixture_connect(&f, &(gw_stream_options){.tls = tls, .tls_host = "localhost"});
    WAIT_FOR(&f, f.server.reads == 1);
    ck_assert_int_eq(gw_stream_write(f.server.stream, GW_SPAN_LIT("HTTP/1.1 400 Bad Request\r\n\r\n"), NULL), GW_OK);
    WAIT_FOR(&f, f.client.ends == 1);
    ck_assert_msg(strstr(f.client.end[0].error, ": TLS: the peer does not speak TLS") != NULL, "said '%s'",
                  f.client.end[0].error);
    gw_tls_destroy(tls);
    fixture_deinit(&f);
    certs_remove(&c);
}
END_TEST

START_TEST(tls_handshake_has_a_deadline_and_an_end_of_its_own) {
    for (int closes = 0; closes < 2; closes++) {
        fixture f;
        fixture_init(&f);
        fixture_listen(&f, "127.0.0.1", &(gw_stream_options){0});
        gw_tls *tls = gw_tls_create_client(&(gw_tls_options){0}, NULL);
        fixture_connect(&f, &(gw_stream_options){
                                .tls = tls, .tls_host = "localhost", .timeout_ns = closes ? 5 * GW_S : 30 * GW_MS});
        WAIT_FOR(&f, f.server.reads == 1);
        if (closes) ck_assert_int_eq(gw_stream_shutdown(f.server.stream), GW_OK);
        WAIT_FOR(&f, f.client.ends == 1);
        ck_assert_int_eq(f.client.end[0].kind, GW_STREAM_FAILED);
        ck_assert_ptr_nonnull(
            strstr(f.client.end[0].error, closes ? ": TLS: the peer closed the connection during the handshake"
                                                 : ": TLS: no answer within 30.0 ms"));
        gw_tls_destroy(tls);
        fixture_deinit(&f);
    }
}
END_TEST

START_TEST(tls_create_names_the_file_that_is_wrong) {
    gw_error error = {""};
    ck_assert_ptr_null(gw_tls_create_client(&(gw_tls_options){.ca_file = "/nowhere/ca.pem"}, &error));
    ck_assert_str_eq(error.text, "TLS: /nowhere/ca.pem: cannot read CA certificates: No such file or directory");
    ck_assert_ptr_null(gw_tls_create_server(&(gw_tls_options){.cert_file = "/nowhere/cert.pem"}, &error));
    ck_assert_str_eq(error.text, "TLS: /nowhere/cert.pem: cannot read the certificate: No such file or directory");
    ck_assert_ptr_null(gw_tls_create_server(&(gw_tls_options){0}, &error));
    ck_assert_str_eq(error.text, "TLS: a server needs a certificate");
    certs c;
    certs_make(&c);
    gw_tls_options wrong_key = {.cert_file = c.server, .key_file = c.client_key};
    ck_assert_ptr_null(gw_tls_create_server(&wrong_key, &error));
    ck_assert_msg(strstr(error.text, "client.key: cannot use the private key: key values mismatch") != NULL,
                  "said '%s'", error.text);
    certs_remove(&c);
}
END_TEST

START_TEST(tls_stream_may_be_destroyed_inside_its_callbacks) {
    for (int which = 0; which < 3; which++) {
        pair p;
        certs_make(&p.c);
        open_pair(&p, (gw_tls_options){0}, (gw_tls_options){.ca_file = p.c.ca}, "localhost", false);
        p.f.client.destroy_on_open = which == 0;
        p.f.server.destroy_on_read = which == 1;
        p.f.server.destroy_on_end = which == 2;
        WAIT_FOR(&p.f, p.f.client.opened && p.f.server.opened);
        if (which == 0) {
            WAIT_FOR(&p.f, p.f.server.ends == 1);
        } else {
            ck_assert_int_eq(gw_stream_write(p.f.client.stream, GW_SPAN_LIT("x"), NULL), GW_OK);
            ck_assert_int_eq(gw_stream_write(p.f.client.stream, GW_SPAN_LIT("y"), NULL), GW_OK);
            ck_assert_int_eq(gw_stream_shutdown(p.f.client.stream), GW_OK);
            WAIT_FOR(&p.f, !p.f.server.stream);
            ck_assert_uint_eq(p.f.server.reads, which == 1 ? 1 : 2);
        }
        close_pair(&p);
    }
}
END_TEST

GW_TEST_MAIN("net/tls", 30, tls_verifies_a_good_certificate_by_name_and_by_address, tls_refuses_an_unknown_ca,
             tls_refuses_a_wrong_name, tls_refuses_an_expired_certificate, tls_insecure_accepts_anything,
             tls_client_needs_a_name_to_check, tls_server_can_require_a_client_certificate,
             tls_server_refuses_a_client_without_certificate, tls_end_tells_close_notify_from_a_bare_fin,
             tls_end_tells_a_reset, tls_record_can_be_split_over_segments, tls_carries_megabytes_both_ways_and_pauses,
             tls_pause_inside_a_read_holds_back_what_is_decrypted_already, tls_says_so_when_the_peer_does_not_speak_it,
             tls_handshake_has_a_deadline_and_an_end_of_its_own, tls_create_names_the_file_that_is_wrong,
             tls_stream_may_be_destroyed_inside_its_callbacks)
