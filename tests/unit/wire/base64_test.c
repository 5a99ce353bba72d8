/* Unit tests of wire/base64.h. */
#include "base/rng.h"
#include "support/guard.h"
#include "support/run.h"
#include "wire/base64.h"

#include <string.h>

static const char *const vectors[][2] = {{"", ""},
                                         {"f", "Zg=="},
                                         {"fo", "Zm8="},
                                         {"foo", "Zm9v"},
                                         {"foob", "Zm9vYg=="},
                                         {"fooba", "Zm9vYmE="},
                                         {"foobar", "Zm9vYmFy"}};

START_TEST(base64_encode_gives_the_vectors_of_rfc_4648) {
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        char text[GW_BASE64_TEXT(6)];
        size_t n = gw_base64_encode(gw_span_cstr(vectors[i][0]), text);
        ck_assert_str_eq(text, vectors[i][1]);
        ck_assert_uint_eq(n, strlen(vectors[i][1]));
    }
}
END_TEST

START_TEST(base64_decode_reverses_encode) {
    gw_rng rng;
    gw_rng_init(&rng, 3);
    for (size_t len = 0; len < 100; len++) {
        uint8_t bytes[100], back[100];
        char text[GW_BASE64_TEXT(100)];
        gw_rng_fill(&rng, bytes, len);
        size_t n = gw_base64_encode(gw_span_make(bytes, len), text), got = 0;
        ck_assert_uint_eq(n, GW_BASE64_TEXT(len) - 1);
        uint8_t *guarded = gw_guard_alloc(text, n);
        ck_assert_int_eq(gw_base64_decode(gw_span_make(guarded, n), back, len, &got), GW_OK);
        ck_assert_uint_eq(got, len);
        ck_assert(len == 0 || memcmp(back, bytes, len) == 0);
        gw_guard_free(guarded, n);
    }
}
END_TEST

START_TEST(base64_decode_rejects_what_is_not_strict) {
    static const char *const bad[] = {"Z",    "Zg",    "Zg=",      "Zg===",   "=",      "====", "Z===",   "Zh==",
                                      "Zm9=", "Zm9v=", "Zg==Zg==", "Zm 9",    "Zm9v\n", "Zm-_", "Zm9vYg", "Zm9*",
                                      "=Zm9", "Zm=v",  "Zm8=Zm8=", "Zm\x80v", " Zg==",  "Zg== "};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t len = 9;
        uint8_t out[16];
        ck_assert_msg(gw_base64_decode(gw_span_cstr(bad[i]), out, sizeof out, &len) == GW_ERR_INVALID, "%s", bad[i]);
        ck_assert_uint_eq(len, 0);
    }
}
END_TEST

START_TEST(base64_decode_tells_the_length_and_keeps_to_the_room) {
    size_t len = 0;
    uint8_t out[8] = {0};
    ck_assert_int_eq(gw_base64_decode(GW_SPAN_LIT("Zm9vYmE="), NULL, 0, &len), GW_OK);
    ck_assert_uint_eq(len, 5);
    ck_assert_int_eq(gw_base64_decode(GW_SPAN_LIT("Zm9vYmE="), out, 4, &len), GW_ERR_LIMIT);
    ck_assert_uint_eq(len, 5);
    ck_assert_uint_eq(out[4], 0);
}
END_TEST

GW_TEST_MAIN("wire/base64", 10, base64_encode_gives_the_vectors_of_rfc_4648, base64_decode_reverses_encode,
             base64_decode_rejects_what_is_not_strict, base64_decode_tells_the_length_and_keeps_to_the_room)
