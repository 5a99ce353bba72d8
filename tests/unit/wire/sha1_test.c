/* Unit tests of wire/sha1.h. Digests of "aaa..." come from another implementation. */
#include "support/guard.h"
#include "support/run.h"
#include "wire/sha1.h"

#include <stdio.h>
#include <string.h>

static const char *hex(const gw_span *parts, size_t count) {
    static char text[2 * GW_SHA1_BYTES + 1];
    uint8_t digest[GW_SHA1_BYTES];
    gw_sha1(parts, count, digest);
    for (int i = 0; i < GW_SHA1_BYTES; i++) snprintf(text + 2 * (size_t)i, 3, "%02x", digest[i]);
    return text;
}

START_TEST(sha1_gives_the_digests_of_rfc_3174) {
    const gw_span abc = GW_SPAN_LIT("abc");
    ck_assert_str_eq(hex(&abc, 1), "a9993e364706816aba3e25717850c26c9cd0d89d");
    const gw_span two = GW_SPAN_LIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
    ck_assert_str_eq(hex(&two, 1), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}
END_TEST

START_TEST(sha1_pads_right_at_every_border) {
    static const struct {
        size_t len;
        const char *digest;
    } rows[] = {
        {0, "da39a3ee5e6b4b0d3255bfef95601890afd80709"},    {1, "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"},
        {3, "7e240de74fb1ed08fa08d38063f6a6a91462a815"},    {54, "b05d71c64979cb95fa74a33cdb31a40d258ae02e"},
        {55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"},   {56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"},
        {57, "f08f24908d682555111be7ff6f004e78283d989a"},   {63, "03f09f5b158a7a8cdad920bddc29b81c18a551f5"},
        {64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"},   {65, "11655326c708d70319be2610e8a57d9a5b959d3b"},
        {119, "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56"},  {120, "f34c1488385346a55709ba056ddd08280dd4c6d6"},
        {127, "89d95fa32ed44a7c610b7ee38517ddf57e0bb975"},  {128, "ad5b3fdbcb526778c2839d2f151ea753995e26a0"},
        {1000, "291e9a6c66994949b57ba5e650361e98fc36b1ba"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t *text = gw_guard_alloc(NULL, rows[i].len);
        memset(text, 'a', rows[i].len);
        gw_span whole = gw_span_make(text, rows[i].len);
        ck_assert_str_eq(hex(&whole, 1), rows[i].digest);
        gw_guard_free(text, rows[i].len);
    }
}
END_TEST

START_TEST(sha1_of_parts_equals_sha1_of_the_whole) {
    const gw_span parts[] = {GW_SPAN_LIT("a"), {0}, GW_SPAN_LIT("bc")};
    ck_assert_str_eq(hex(parts, 3), "a9993e364706816aba3e25717850c26c9cd0d89d");
    ck_assert_str_eq(hex(parts, 0), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}
END_TEST

GW_TEST_MAIN("wire/sha1", 10, sha1_gives_the_digests_of_rfc_3174, sha1_pads_right_at_every_border,
             sha1_of_parts_equals_sha1_of_the_whole)
