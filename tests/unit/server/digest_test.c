/* SHA-1, base64 and UTF-8 of the reference server against published values. */
#include "reference-server/digest.h"
#include "reference-server/sha1.h"
#include "reference-server/unicode.h"
#include "base/rng.h"
#include "support/run.h"

#include <stdlib.h>
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

/* `text` so many times over, padded as RFC 3174 section 4 says, as the digest's five words. */
static void digest_of(gw_sha1_blocks *blocks, gw_span text, size_t times, uint32_t out[5]) {
    size_t len = text.len * times, total = (len + 9 + GW_SHA1_BLOCK_BYTES - 1) / GW_SHA1_BLOCK_BYTES;
    uint8_t *padded = calloc(total, GW_SHA1_BLOCK_BYTES);
    ck_assert_ptr_nonnull(padded);
    for (size_t i = 0; i < times; i++) memcpy(padded + i * text.len, text.ptr, text.len);
    padded[len] = 0x80;
    for (size_t i = 0; i < 8; i++) padded[total * GW_SHA1_BLOCK_BYTES - 1 - i] = (uint8_t)(len * 8 >> 8 * i);
    static const uint32_t start[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    memcpy(out, start, sizeof start);
    blocks(out, padded, total);
    free(padded);
}

/* RFC 3174 section 7.3. */
START_TEST(sha1_gives_the_digests_of_the_rfc) {
    static const struct {
        const char *text;
        size_t times;
        uint32_t digest[5];
    } rows[] = {
        {"abc", 1, {0xa9993e36, 0x4706816a, 0xba3e2571, 0x7850c26c, 0x9cd0d89d}},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         1,
         {0x84983e44, 0x1c3bd26e, 0xbaae4aa1, 0xf95129e5, 0xe54670f1}},
        {"a", 1000000, {0x34aa973c, 0xd4c4daa4, 0xf61eeb2b, 0xdbad2731, 0x6534016f}},
        {"0123456701234567012345670123456701234567012345670123456701234567",
         10,
         {0xdea356a2, 0xcddd90c7, 0xa7ecedc5, 0xebb56393, 0x4f460452}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t portable[5], chosen[5];
        digest_of(gw_sha1_portable, gw_span_cstr(rows[i].text), rows[i].times, portable);
        digest_of(gw_sha1_choose(), gw_span_cstr(rows[i].text), rows[i].times, chosen);
        ck_assert_mem_eq(portable, rows[i].digest, sizeof portable);
        ck_assert_mem_eq(chosen, rows[i].digest, sizeof chosen);
    }
}
END_TEST

START_TEST(sha1_of_the_processor_agrees_with_the_portable_one) {
    gw_rng rng;
    gw_rng_init(&rng, 1);
    for (int i = 0; i < 2000; i++) {
        uint8_t blocks[3 * GW_SHA1_BLOCK_BYTES];
        uint32_t portable[5], chosen[5];
        gw_rng_fill(&rng, blocks, sizeof blocks);
        gw_rng_fill(&rng, portable, sizeof portable);
        memcpy(chosen, portable, sizeof chosen);
        size_t count = (size_t)gw_rng_below(&rng, 4);
        gw_sha1_portable(portable, blocks, count);
        gw_sha1_choose()(chosen, blocks, count);
        ck_assert_mem_eq(portable, chosen, sizeof chosen);
    }
}
END_TEST

START_TEST(digest_base64_knows_the_alphabet_alone) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int c = 0; c < 256; c++) {
        /* Where two pads follow, the four low bits must be zero: every sixteenth of the alphabet. */
        const char *at = c ? strchr(alphabet, c) : NULL;
        uint8_t inner[] = {(uint8_t)c, 'A', 'A', 'A'}, last[] = {'A', (uint8_t)c, '=', '='};
        ck_assert_int_eq(gw_digest_base64_bytes(gw_span_make(inner, 4)), at ? 3 : -1);
        ck_assert_int_eq(gw_digest_base64_bytes(gw_span_make(last, 4)), at && (at - alphabet) % 16 == 0 ? 1 : -1);
    }
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
             sha1_gives_the_digests_of_the_rfc, sha1_of_the_processor_agrees_with_the_portable_one,
             digest_base64_knows_the_alphabet_alone, digest_base64_counts_bytes,
             digest_base64_rejects_what_is_not_canonical, unicode_agrees_with_the_definition_on_every_short_text)
