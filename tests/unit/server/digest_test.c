/* SHA-1, base64 and UTF-8 of the reference server against published values. */
#include "reference-server/digest.h"
#include "reference-server/unicode.h"
#include "support/run.h"

#include <string.h>

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

START_TEST(digest_accept_gives_the_sample_of_the_rfc) {
    char out[GW_DIGEST_ACCEPT_CHARS + 1];
    gw_digest_accept(GW_SPAN_LIT("dGhlIHNhbXBsZSBub25jZQ=="), guid, out);
    ck_assert_str_eq(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    gw_digest_accept(GW_SPAN_LIT("x3JJHMbDL1EzLkh9GBhXDw=="), guid, out);
    ck_assert_str_eq(out, "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
}
END_TEST

START_TEST(digest_accept_hashes_one_and_two_blocks) {
    char out[GW_DIGEST_ACCEPT_CHARS + 1];
    gw_digest_accept((gw_span){0}, "abc", out);
    ck_assert_str_eq(out, "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
    gw_digest_accept(GW_SPAN_LIT("abcdbcdecdefdefgefghfghi"), "ghijhijkijkljklmklmnlmnomnopnopq", out);
    ck_assert_str_eq(out, "hJg+RBw70m66rkqh+VEp5eVGcPE=");
}
END_TEST

START_TEST(digest_base64_counts_bytes) {
    ck_assert_int_eq(gw_digest_base64_bytes(GW_SPAN_LIT("dGhlIHNhbXBsZSBub25jZQ==")), 16);
    ck_assert_int_eq(gw_digest_base64_bytes(GW_SPAN_LIT("YWI=")), 2);
    ck_assert_int_eq(gw_digest_base64_bytes(GW_SPAN_LIT("YWJj")), 3);
    ck_assert_int_eq(gw_digest_base64_bytes((gw_span){0}), 0);
}
END_TEST

START_TEST(digest_base64_rejects_what_is_not_canonical) {
    static const char *const bad[] = {"YWJ", "YW=j", "Y===", "YWJj====", "YW J", "YWJ\n", "YWJ-", "YWJ=", "YX=="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(gw_digest_base64_bytes(gw_span_cstr(bad[i])) == -1, "%s", bad[i]);
}
END_TEST

/* The definition, apart from the implementation: decode by arithmetic, then look at the result. */
static bool is_utf8(const uint8_t *p, size_t len) {
    for (size_t at = 0; at < len;) {
        uint8_t lead = p[at];
        size_t more = lead < 0x80             ? 0
                      : (lead & 0xe0) == 0xc0 ? 1
                      : (lead & 0xf0) == 0xe0 ? 2
                      : (lead & 0xf8) == 0xf0 ? 3
                                              : 9;
        if (more == 9 || at + more >= len) return false;
        uint32_t point = more == 0 ? lead : lead & (0x3f >> more);
        for (size_t i = 1; i <= more; i++) {
            if ((p[at + i] & 0xc0) != 0x80) return false;
            point = point << 6 | (p[at + i] & 0x3f);
        }
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
        at += more + 1;
    }
    return true;
}

START_TEST(unicode_agrees_with_the_definition_on_every_short_text) {
    static const uint8_t edges[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
                                    0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
    enum { N = sizeof edges };
    for (uint32_t code = 0; code < N * N * N * N; code++) {
        uint8_t bytes[4] = {edges[code % N], edges[code / N % N], edges[code / N / N % N], edges[code / N / N / N]};
        gw_unicode state = {0};
        bool ok = true;
        for (size_t i = 0; ok && i < 4; i++)
            ok = gw_unicode_feed(&state, gw_span_make(bytes + i, 1), (gw_unicode_leniency){0});
        ok = ok && gw_unicode_complete(&state);
        ck_assert_msg(ok == is_utf8(bytes, 4), "%02x %02x %02x %02x", bytes[0], bytes[1], bytes[2], bytes[3]);
    }
}
END_TEST

GW_TEST_MAIN("server_digest", 30, digest_accept_gives_the_sample_of_the_rfc, digest_accept_hashes_one_and_two_blocks,
             digest_base64_counts_bytes, digest_base64_rejects_what_is_not_canonical,
             unicode_agrees_with_the_definition_on_every_short_text)
