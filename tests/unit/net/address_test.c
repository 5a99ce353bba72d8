/* net/address: URLs and end points. */
#include "net/address.h"

#include "support/run.h"

#include <string.h>

START_TEST(address_url_parse_splits_what_is_valid) {
    static const struct {
        const char *url, *host, *authority, *target, *socket_path;
        unsigned port;
        bool tls;
        gw_address_scheme scheme;
    } rows[] = {
        {"ws://localhost:4000/gateway", "localhost", "localhost:4000", "/gateway", NULL, 4000, false, GW_ADDRESS_WS},
        {"ws://h", "h", "h", "/", NULL, 80, false, GW_ADDRESS_WS},
        {"wss://h/", "h", "h", "/", NULL, 443, true, GW_ADDRESS_WS},
        {"wss://h:443/x", "h", "h", "/x", NULL, 443, true, GW_ADDRESS_WS},
        {"ws://h:443/x", "h", "h:443", "/x", NULL, 443, false, GW_ADDRESS_WS},
        {"WS://h?room=1", "h", "h", "/?room=1", NULL, 80, false, GW_ADDRESS_WS},
        {"ws://[::1]:4000/a?b=:c/d", "::1", "[::1]:4000", "/a?b=:c/d", NULL, 4000, false, GW_ADDRESS_WS},
        {"ws://[::1]", "::1", "[::1]", "/", NULL, 80, false, GW_ADDRESS_WS},
        {"http://127.0.0.1:81/rooms", "127.0.0.1", "127.0.0.1:81", "/rooms", NULL, 81, false, GW_ADDRESS_HTTP},
        {"https://h:65535", "h", "h:65535", "/", NULL, 65535, true, GW_ADDRESS_HTTP},
        {"ws+unix:/tmp/s.sock:/gateway?x=1", "localhost", "localhost", "/gateway?x=1", "/tmp/s.sock", 0, false,
         GW_ADDRESS_WS},
        {"ws+unix:///tmp/s.sock:/gateway", "localhost", "localhost", "/gateway", "/tmp/s.sock", 0, false,
         GW_ADDRESS_WS},
        {"wss+unix:/tmp/s.sock", "localhost", "localhost", "/", "/tmp/s.sock", 0, true, GW_ADDRESS_WS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gw_address_url url;
        gw_error error = {""};
        ck_assert_msg(gw_address_url_parse(gw_span_cstr(rows[i].url), &url, &error) == GW_OK, "%s", error.text);
        ck_assert_str_eq(url.host, rows[i].host);
        ck_assert_str_eq(url.authority, rows[i].authority);
        ck_assert_str_eq(url.target, rows[i].target);
        ck_assert_pstr_eq(url.socket_path, rows[i].socket_path);
        ck_assert_uint_eq(url.port, rows[i].port);
        ck_assert_int_eq(url.tls, rows[i].tls);
        ck_assert_int_eq(url.scheme, rows[i].scheme);
        gw_address_url_deinit(&url);
    }
}
END_TEST

START_TEST(address_url_parse_says_what_is_wrong) {
    static const struct {
        const char *url, *what;
    } rows[] = {
        {"", "starts with ws://"},
        {"localhost:4000", "starts with ws://"},
        {"ftp://h", "starts with ws://"},
        {"ws:/h", "starts with ws://"},
        {"ws", "starts with ws://"},
        {"ws://", "the host is missing"},
        {"ws://:4000/", "the host is missing"},
        {"ws:///path", "the host is missing"},
        {"ws://h:/", "the port after ':' is missing"},
        {"ws://h:0/", "the port 0 is not in 1 - 65535"},
        {"ws://h:65536/", "the port 65536 is not in 1 - 65535"},
        {"ws://h:99999999999999999999/", "is not in 1 - 65535"},
        {"ws://h:40x0/", "the port 40x0 is not a number"},
        {"ws://::1:4000/", "stands in brackets"},
        {"ws://[::1/", "closing ']'"},
        {"ws://[::1]4000/", "may follow ']'"},
        {"ws://[nonsense]/", "[nonsense] is not an IPv6 address"},
        {"ws://[]/", "[] is not an IPv6 address"},
        {"ws://h/#frag", "a fragment"},
        {"ws://u:p@h/", "user and password"},
        {"ws://h/a b", "a space at position 9"},
        {"ws://h/\n", "a control character (0x0a)"},
        {"ws+unix:relative:/x", "an absolute path"},
        {"ws+unix::/x", "an absolute path"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gw_address_url url;
        gw_error error = {""};
        ck_assert_int_eq(gw_address_url_parse(gw_span_cstr(rows[i].url), &url, &error), GW_ERR_INVALID);
        ck_assert_msg(strstr(error.text, rows[i].what) != NULL, "%s: said '%s'", rows[i].url, error.text);
        ck_assert_ptr_null(url.host);
    }
}
END_TEST

START_TEST(address_url_parse_rejects_an_endless_url) {
    static char text[GW_ADDRESS_URL_MAX + 32];
    memset(text, 'a', sizeof text - 1);
    memcpy(text, "ws://h/", 7);
    gw_address_url url;
    gw_error error = {""};
    ck_assert_int_eq(gw_address_url_parse(gw_span_cstr(text), &url, &error), GW_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "longer than 8192 bytes"));
    text[GW_ADDRESS_URL_MAX] = 0;
    ck_assert_int_eq(gw_address_url_parse(gw_span_cstr(text), &url, &error), GW_OK);
    gw_address_url_deinit(&url);
}
END_TEST

START_TEST(address_resolve_needs_no_lookup_for_literals_and_localhost) {
    gw_address a;
    char text[GW_ADDRESS_TEXT];
    ck_assert_int_eq(gw_address_resolve("127.0.0.2", 4000, &a, NULL), GW_OK);
    ck_assert_uint_eq(a.count, 1);
    ck_assert_str_eq(gw_address_format(&a.list[0], text), "127.0.0.2:4000");
    ck_assert_uint_eq(gw_address_port(&a.list[0]), 4000);
    ck_assert_int_eq(gw_address_resolve("::1", 1, &a, NULL), GW_OK);
    ck_assert_str_eq(gw_address_format(&a.list[0], text), "[::1]:1");
    ck_assert_int_eq(gw_address_resolve("LOCALHOST", 80, &a, NULL), GW_OK);
    ck_assert_uint_eq(a.count, 2);
    ck_assert_str_eq(gw_address_format(&a.list[0], text), "[::1]:80");
    ck_assert_str_eq(gw_address_format(&a.list[1], text), "127.0.0.1:80");
}
END_TEST

START_TEST(address_resolve_names_host_step_and_cause) {
    gw_address a;
    gw_error error = {""};
    ck_assert_int_eq(gw_address_resolve("no such name.invalid", 4000, &a, &error), GW_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.text, "no such name.invalid:4000: resolve: "));
}
END_TEST

START_TEST(address_unix_rejects_a_path_that_does_not_fit) {
    gw_address a;
    gw_error error = {""};
    char path[200], text[GW_ADDRESS_TEXT];
    memset(path, 'p', sizeof path);
    path[108] = 0;
    ck_assert_int_eq(gw_address_unix(path, &a, &error), GW_ERR_LIMIT);
    ck_assert_ptr_nonnull(strstr(error.text, "1 - 107 bytes"));
    path[107] = 0;
    ck_assert_int_eq(gw_address_unix(path, &a, &error), GW_OK);
    ck_assert_int_eq(gw_address_unix("", &a, &error), GW_ERR_LIMIT);
    ck_assert_int_eq(gw_address_unix("/tmp/x", &a, NULL), GW_OK);
    ck_assert_str_eq(gw_address_format(&a.list[0], text), "unix:/tmp/x");
}
END_TEST

GW_TEST_MAIN("net/address", 20, address_url_parse_splits_what_is_valid, address_url_parse_says_what_is_wrong,
             address_url_parse_rejects_an_endless_url, address_resolve_needs_no_lookup_for_literals_and_localhost,
             address_resolve_names_host_step_and_cause, address_unix_rejects_a_path_that_does_not_fit)
