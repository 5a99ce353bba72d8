/* Unit tests of wire/handshake.h. */
#include "support/guard.h"
#include "support/run.h"
#include "wire/handshake.h"

#include <string.h>

#define SAMPLE_KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define SAMPLE_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define FIELD(n, v, e)                                                                                                 \
    { .name = GW_SPAN_LIT(n), .value = GW_SPAN_LIT(v), .edit = (e) }
#define ADD    GW_HANDSHAKE_ADD
#define SET    GW_HANDSHAKE_SET
#define REMOVE GW_HANDSHAKE_REMOVE

START_TEST(handshake_accept_gives_the_sample_of_rfc_6455_1_3) {
    char out[GW_HANDSHAKE_ACCEPT_TEXT];
    gw_handshake_accept(GW_SPAN_LIT(SAMPLE_KEY), out);
    ck_assert_str_eq(out, SAMPLE_ACCEPT);
    gw_handshake_accept(GW_SPAN_LIT(" \t" SAMPLE_KEY " "), out);
    ck_assert_str_eq(out, SAMPLE_ACCEPT);
}
END_TEST

START_TEST(handshake_key_encodes_the_nonce_of_rfc_6455_1_3) {
    char out[GW_HANDSHAKE_KEY_TEXT];
    gw_handshake_key((const uint8_t *)"the sample nonce", out);
    ck_assert_str_eq(out, SAMPLE_KEY);
}
END_TEST

static void check_request(gw_handshake_request request, const char *want) {
    gw_buf out;
    gw_buf_init(&out, 4096);
    ck_assert_int_eq(gw_handshake_append_request(&out, &request), GW_OK);
    ck_assert_str_eq(gw_buf_cstr(&out), want);
    gw_buf_deinit(&out);
}

START_TEST(handshake_append_request_writes_the_defaults) {
    check_request((gw_handshake_request){.target = GW_SPAN_LIT("/gateway"),
                                         .host = GW_SPAN_LIT("localhost:80"),
                                         .key = GW_SPAN_LIT(SAMPLE_KEY)},
                  "GET /gateway HTTP/1.1\r\nHost: localhost:80\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Key: " SAMPLE_KEY "\r\nSec-WebSocket-Version: 13\r\n\r\n");
    check_request((gw_handshake_request){0}, "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                             "Sec-WebSocket-Version: 13\r\n\r\n");
}
END_TEST

START_TEST(handshake_append_request_writes_wrong_ones_too) {
    const gw_handshake_field edits[] = {
        FIELD("uPGRADE", "WebSocket", SET),
        FIELD("Connection", "", REMOVE),
        FIELD("sec-websocket-key", "again", ADD),
        FIELD("Origin", "http://a", SET),
        FIELD("Origin", "http://b", SET),
        FIELD("Cookie", "x", ADD),
        FIELD("cookie", "", REMOVE),
        FIELD("", "", ADD),
    };
    check_request((gw_handshake_request){.method = GW_SPAN_LIT("POST"),
                                         .target = GW_SPAN_LIT(""),
                                         .version = GW_SPAN_LIT("HTTP/1.0"),
                                         .key = GW_SPAN_LIT("k"),
                                         .fields = edits,
                                         .field_count = sizeof edits / sizeof edits[0]},
                  "POST  HTTP/1.0\r\nuPGRADE: WebSocket\r\nSec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\n"
                  "sec-websocket-key: again\r\nOrigin: http://b\r\n: \r\n\r\n");
    check_request((gw_handshake_request){.bare = true,
                                         .line_end = GW_SPAN_LIT("\n"),
                                         .host = GW_SPAN_LIT("h"),
                                         .fields = edits + 2,
                                         .field_count = 1},
                  "GET / HTTP/1.1\nsec-websocket-key: again\n\n");
}
END_TEST

START_TEST(handshake_append_response_writes_right_and_wrong_ones) {
    const struct {
        gw_handshake_response response;
        const char *want;
    } rows[] = {
        {{.key = GW_SPAN_LIT(SAMPLE_KEY)},
         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " SAMPLE_ACCEPT "\r\n\r\n"},
        {{.status = 426,
          .reason = GW_SPAN_LIT("Upgrade Required"),
          .bare = true,
          .fields = (const gw_handshake_field[]){FIELD("Sec-WebSocket-Version", "13", ADD)},
          .field_count = 1},
         "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\n\r\n"},
        {{.status = 200,
          .key = GW_SPAN_LIT(SAMPLE_KEY),
          .fields = (const gw_handshake_field[]){FIELD("Sec-WebSocket-Accept", "wrong", SET)},
          .field_count = 1},
         "HTTP/1.1 200 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gw_buf out;
        gw_buf_init(&out, 4096);
        ck_assert_int_eq(gw_handshake_append_response(&out, &rows[i].response), GW_OK);
        ck_assert_str_eq(gw_buf_cstr(&out), rows[i].want);
        gw_buf_deinit(&out);
    }
}
END_TEST

START_TEST(handshake_append_beyond_the_limit_leaves_the_buffer_as_it_was) {
    for (size_t max = 4; max < 60; max++) {
        gw_buf out;
        gw_buf_init(&out, max);
        gw_buf_append_cstr(&out, "keep");
        ck_assert_int_eq(gw_handshake_append_request(&out, &(gw_handshake_request){0}), GW_ERR_LIMIT);
        ck_assert_int_eq(gw_handshake_append_response(&out, &(gw_handshake_response){0}), GW_ERR_LIMIT);
        ck_assert_str_eq(gw_buf_cstr(&out), "keep");
        ck_assert_uint_eq(out.len, 4);
        gw_buf_deinit(&out);
    }
}
END_TEST

static gw_handshake_facts read_request(gw_head *head, const char *text) {
    gw_head_init(head, GW_HEAD_REQUEST, 4096, 0);
    ck_assert_int_eq(gw_head_feed(head, gw_span_cstr(text)), GW_HEAD_DONE);
    return gw_handshake_read_request(head);
}

static gw_handshake_facts read_response(gw_head *head, const char *text) {
    gw_head_init(head, GW_HEAD_RESPONSE, 4096, 0);
    ck_assert_int_eq(gw_head_feed(head, gw_span_cstr(text)), GW_HEAD_DONE);
    return gw_handshake_read_response(head, GW_SPAN_LIT(SAMPLE_KEY));
}

START_TEST(handshake_read_request_takes_the_example_of_rfc_6455_1_2) {
    gw_head head;
    gw_handshake_facts facts = read_request(
        &head, "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Key: " SAMPLE_KEY "\r\nOrigin: http://example.com\r\n"
               "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n");
    ck_assert(facts.is_get && facts.http_1_1 && facts.upgrade_websocket && facts.upgrade_exact);
    ck_assert(facts.connection_upgrade && facts.key_is_base64 && facts.version_13);
    ck_assert_uint_eq(facts.hosts, 1);
    ck_assert_uint_eq(facts.keys, 1);
    ck_assert_uint_eq(facts.versions, 1);
    ck_assert_uint_eq(facts.key_bytes, 16);
    ck_assert_uint_eq(facts.protocols, 2);
    ck_assert_uint_eq(facts.extensions, 0);
    ck_assert(gw_span_equal_cstr(facts.protocol, "chat, superchat"));
    ck_assert_ptr_null(facts.extension.ptr);
}
END_TEST

START_TEST(handshake_read_request_states_each_deviation) {
    gw_head head;
    gw_handshake_facts none = read_request(&head, "POST / HTTP/1.0\r\n\r\n");
    ck_assert(!none.is_get && !none.http_1_1 && !none.upgrade_websocket && !none.upgrade_exact);
    ck_assert(!none.connection_upgrade && !none.key_is_base64 && !none.version_13);
    ck_assert_uint_eq(none.hosts + none.keys + none.versions + none.key_bytes, 0);
    gw_handshake_facts odd = read_request(
        &head, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nUpgrade: h2c, WebSocket\r\nConnection: keep-alive, UPGRADE\r\n"
               "Sec-WebSocket-Key: c2hvcnQ=\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 013\r\n"
               "Sec-WebSocket-Extensions: a; b=\"c,d\", e\r\nSec-WebSocket-Extensions: f\r\n\r\n");
    ck_assert(odd.upgrade_websocket && !odd.upgrade_exact && odd.connection_upgrade && odd.key_is_base64);
    ck_assert(!odd.version_13);
    ck_assert_uint_eq(odd.hosts, 2);
    ck_assert_uint_eq(odd.keys, 2);
    ck_assert_uint_eq(odd.key_bytes, 5);
    ck_assert_uint_eq(odd.extensions, 3);
    gw_handshake_facts raw = read_request(&head, "GET / HTTP/1.1\r\nSec-WebSocket-Key: not base64!\r\n\r\n");
    ck_assert(!raw.key_is_base64);
    ck_assert_uint_eq(raw.key_bytes, 0);
}
END_TEST

START_TEST(handshake_read_response_states_the_accept_value_and_each_deviation) {
    gw_head head;
    gw_handshake_facts good = read_response(&head, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                                   "Connection: Upgrade\r\nSec-WebSocket-Accept: " SAMPLE_ACCEPT "\r\n"
                                                   "Sec-WebSocket-Protocol: chat\r\n\r\n");
    ck_assert(good.status_101 && good.http_1_1 && good.upgrade_exact && good.connection_upgrade && good.accept_matches);
    ck_assert_uint_eq(good.accepts, 1);
    ck_assert_uint_eq(good.protocols, 1);
    gw_handshake_facts wrong = read_response(&head, "HTTP/1.0 200 OK\r\nUpgrade: websocket\r\nUpgrade: websocket\r\n"
                                                    "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    ck_assert(!wrong.status_101 && !wrong.http_1_1 && wrong.upgrade_websocket && !wrong.upgrade_exact);
    ck_assert(!wrong.connection_upgrade && !wrong.accept_matches);
    gw_handshake_facts absent = read_response(&head, "HTTP/1.1 101 x\r\n\r\n");
    ck_assert(absent.status_101 && absent.accepts == 0 && !absent.accept_matches && absent.accept.ptr == NULL);
}
END_TEST

START_TEST(handshake_written_by_us_is_read_back_at_every_split) {
    gw_buf out;
    gw_buf_init(&out, 4096);
    gw_handshake_append_response(&out, &(gw_handshake_response){.key = GW_SPAN_LIT(SAMPLE_KEY)});
    size_t length = out.len;
    gw_buf_append(&out, "\x81\x02{}", 4);
    for (size_t cut = 0; cut < length; cut++) {
        gw_head head;
        gw_head_init(&head, GW_HEAD_RESPONSE, 4096, 0);
        uint8_t *part = gw_guard_alloc(out.data, cut);
        ck_assert_int_eq(gw_head_feed(&head, gw_span_make(part, cut)), GW_HEAD_NEED_MORE);
        gw_guard_free(part, cut);
        ck_assert_int_eq(gw_head_feed(&head, gw_buf_span(&out)), GW_HEAD_DONE);
        ck_assert_uint_eq(head.length, length);
        ck_assert_uint_eq(head.flags, 0);
        ck_assert(gw_handshake_read_response(&head, GW_SPAN_LIT(SAMPLE_KEY)).accept_matches);
    }
    gw_buf_deinit(&out);
}
END_TEST

GW_TEST_MAIN("wire/handshake", 20, handshake_accept_gives_the_sample_of_rfc_6455_1_3,
             handshake_key_encodes_the_nonce_of_rfc_6455_1_3, handshake_append_request_writes_the_defaults,
             handshake_append_request_writes_wrong_ones_too, handshake_append_response_writes_right_and_wrong_ones,
             handshake_append_beyond_the_limit_leaves_the_buffer_as_it_was,
             handshake_read_request_takes_the_example_of_rfc_6455_1_2, handshake_read_request_states_each_deviation,
             handshake_read_response_states_the_accept_value_and_each_deviation,
             handshake_written_by_us_is_read_back_at_every_split)
