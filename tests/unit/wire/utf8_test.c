/* Unit tests of wire/utf8.h. */
#include "support/guard.h"
#include "support/pieces.h"
#include "support/run.h"
#include "wire/utf8.h"

#include <string.h>

static size_t encode(uint32_t c, uint8_t out[4]) {
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6) out[i] = (uint8_t)(0x80 | (c & 0x3f));
    out[0] = (uint8_t)(marks[n] | c);
    return n;
}

/* A decoder written the other way round: value first, then what is forbidden. Valid texts of exactly one code point. */
static bool model_is_one_code_point(const uint8_t *p, size_t len) {
    size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
    if (n != len) return false;
    uint32_t value = n == 1 ? p[0] : p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (p[i] >> 6 != 2) return false;
        value = value << 6 | (p[i] & 0x3f);
    }
    uint8_t shortest[4];
    if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return false;
    return encode(value, shortest) == n;
}

static const struct edge {
    const char *what, *text;
    size_t len;
    int bad; /* offset of the first bad byte; -1 valid, -2 unfinished */
    int start;
} edges[] = {
    {"empty", "", 0, -1, 0},
    {"ASCII", "hello\x7f", 6, -1, 0},
    {"NUL", "a\0b", 3, -1, 0},
    {"two bytes", "\xc2\x80\xdf\xbf", 4, -1, 0},
    {"Greek", "\xce\xba\xe1\xbd\xb9\xcf\x83", 7, -1, 0},
    {"U+FFFE and U+FFFF", "\xef\xbf\xbe\xef\xbf\xbf", 6, -1, 0},
    {"byte order mark", "\xef\xbb\xbf", 3, -1, 0},
    {"U+D7FF and U+E000", "\xed\x9f\xbf\xee\x80\x80", 6, -1, 0},
    {"U+10FFFF", "\xf4\x8f\xbf\xbf", 4, -1, 0},
    {"U+10000", "\xf0\x90\x80\x80", 4, -1, 0},
    {"lone continuation", "a\x80", 2, 1, 1},
    {"overlong NUL", "\xc0\x80", 2, 0, 0},
    {"overlong C1", "\xc1\xbf", 2, 0, 0},
    {"overlong three bytes", "ab\xe0\x9f\xbf", 5, 3, 2},
    {"overlong four bytes", "\xf0\x8f\xbf\xbf", 4, 1, 0},
    {"first surrogate", "\xed\xa0\x80", 3, 1, 0},
    {"last surrogate", "\xed\xbf\xbf", 3, 1, 0},
    {"above U+10FFFF", "\xf4\x90\x80\x80", 4, 1, 0},
    {"F5", "x\xf5\x80\x80\x80", 5, 1, 1},
    {"FE and FF", "\xfe\xff", 2, 0, 0},
    {"two bytes cut by ASCII", "\xc3(", 2, 1, 0},
    {"three bytes cut by ASCII", "\xe2\x82(", 3, 2, 0},
    {"four bytes cut by a lead", "\xf0\x9f\x98\xc3\xa9", 5, 3, 0},
    {"unfinished two bytes", "ab\xc3", 3, -2, 2},
    {"unfinished three bytes", "\xe2\x82", 2, -2, 0},
    {"unfinished four bytes", "\xf0\x9f\x98", 3, -2, 0},
    {"bad behind much ASCII", "0123456789012345678901234567890123456789\xff", 41, 40, 40},
};

START_TEST(utf8_feed_finds_the_first_bad_byte_of_each_edge_case_at_any_split) {
    enum { CUTS = GW_PIECES_RANDOM + 1 };
    for (size_t i = 0; i < CUTS * sizeof edges / sizeof edges[0]; i++) {
        const struct edge *e = &edges[i / CUTS];
        int cut = (int)(i % CUTS);
        gw_pieces pieces;
        gw_utf8 utf8;
        gw_pieces_init(&pieces, gw_span_make(e->text, e->len), (gw_pieces_cut)cut, 7);
        gw_utf8_init(&utf8);
        size_t len;
        for (uint8_t *piece; (piece = gw_pieces_next(&pieces, &len));) gw_utf8_feed(&utf8, gw_span_make(piece, len));
        ck_assert_msg(utf8.invalid == (e->bad >= 0), "%s, cut %d", e->what, cut);
        ck_assert_msg(gw_utf8_is_complete(&utf8) == (e->bad == -1), "%s, cut %d", e->what, cut);
        if (e->bad >= 0) ck_assert_msg(utf8.bad_offset == (uint64_t)e->bad, "%s: %ju", e->what, utf8.bad_offset);
        if (e->bad != -1) ck_assert_msg(utf8.sequence_offset == (uint64_t)e->start, "%s, cut %d", e->what, cut);
        gw_pieces_deinit(&pieces);
    }
}
END_TEST

START_TEST(utf8_feed_stays_invalid) {
    gw_utf8 utf8;
    gw_utf8_init(&utf8);
    ck_assert(!gw_utf8_feed(&utf8, GW_SPAN_LIT("ab\xff")));
    ck_assert(!gw_utf8_feed(&utf8, GW_SPAN_LIT("more")));
    ck_assert(!gw_utf8_feed(&utf8, (gw_span){0}));
    ck_assert_uint_eq(utf8.bad_offset, 2);
    ck_assert_uint_eq(utf8.offset, 2);
}
END_TEST

START_TEST(utf8_check_reports_the_end_of_an_unfinished_text) {
    size_t bad = 99;
    ck_assert(!gw_utf8_check(GW_SPAN_LIT("ab\xe2\x82"), &bad));
    ck_assert_uint_eq(bad, 4);
    ck_assert(!gw_utf8_check(GW_SPAN_LIT("ab\xe2("), &bad));
    ck_assert_uint_eq(bad, 3);
    ck_assert(!gw_utf8_check(GW_SPAN_LIT("\xff"), NULL));
    ck_assert(gw_utf8_check(GW_SPAN_LIT("\xe2\x82\xac"), NULL));
}
END_TEST

START_TEST(utf8_check_takes_every_code_point_but_surrogates) {
    for (uint32_t c = 0; c < 0x120000; c++) {
        uint8_t bytes[4];
        size_t n = encode(c, bytes);
        bool want = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
        if (gw_utf8_check(gw_span_make(bytes, n), NULL) != want) ck_abort_msg("U+%04X", (unsigned)c);
    }
}
END_TEST

START_TEST(utf8_check_equals_the_model_on_every_sequence_of_two_and_three_bytes) {
    for (uint32_t i = 0; i < 1u << 24; i++) {
        const uint8_t p[3] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        /* Below a lead of two bytes, the rest is a text of its own, which is tried by itself. */
        if (p[0] < 0xc0) continue;
        bool three = model_is_one_code_point(p, 3), two = model_is_one_code_point(p, 2) && p[2] < 0x80;
        if (model_is_one_code_point(p, 2) && p[2] >= 0x80) continue;
        if (gw_utf8_check(gw_span_make(p, 3), NULL) != (three || two)) ck_abort_msg("%02x %02x %02x", p[0], p[1], p[2]);
    }
    for (uint32_t i = 0; i < 1u << 16; i++) {
        const uint8_t p[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        bool want = model_is_one_code_point(p, 2) || (p[0] < 0x80 && p[1] < 0x80);
        if (gw_utf8_check(gw_span_make(p, 2), NULL) != want) ck_abort_msg("%02x %02x", p[0], p[1]);
    }
}
END_TEST

START_TEST(utf8_check_equals_the_model_on_four_bytes) {
    static const uint8_t tails[] = {0x00, 0x7f, 0x80, 0x81, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
    for (unsigned lead = 0xf0; lead < 0x100; lead++)
        for (unsigned second = 0; second < 0x100; second++)
            for (size_t i = 0; i < sizeof tails * sizeof tails; i++) {
                const uint8_t p[4] = {(uint8_t)lead, (uint8_t)second, tails[i / sizeof tails], tails[i % sizeof tails]};
                if (gw_utf8_check(gw_span_make(p, 4), NULL) != model_is_one_code_point(p, 4))
                    ck_abort_msg("%02x %02x %02x %02x", p[0], p[1], p[2], p[3]);
            }
}
END_TEST

START_TEST(utf8_check_finds_one_bad_byte_anywhere_in_ascii) {
    enum { LEN = 100 };
    for (size_t len = 1; len <= LEN; len++) {
        uint8_t *text = gw_guard_alloc(NULL, len);
        memset(text, 'a', len);
        ck_assert(gw_utf8_check(gw_span_make(text, len), NULL));
        for (size_t at = 0; at < len; at++) {
            size_t bad = LEN;
            text[at] = 0xff;
            ck_assert(!gw_utf8_check(gw_span_make(text, len), &bad));
            ck_assert_uint_eq(bad, at);
            text[at] = 'a';
        }
        gw_guard_free(text, len);
    }
}
END_TEST

START_TEST(utf8_feed_does_not_depend_on_the_split) {
    static const char *const parts[] = {"a",
                                        "plain ascii text of some length ",
                                        "\xc3\xa9",
                                        "\xe2\x82\xac",
                                        "\xf0\x9f\x98\x80",
                                        "\xff",
                                        "\xed\xa0",
                                        "\xe2\x82"};
    gw_rng rng;
    gw_rng_init(&rng, 42);
    for (int round = 0; round < 2000; round++) {
        char text[400];
        size_t len = 0;
        for (uint64_t i = gw_rng_below(&rng, 10); i > 0; i--) {
            const char *part = parts[gw_rng_below(&rng, gw_rng_below(&rng, 4) ? 5 : 8)];
            memcpy(text + len, part, strlen(part));
            len += strlen(part);
        }
        gw_utf8 whole, split;
        gw_utf8_init(&whole);
        gw_utf8_init(&split);
        gw_utf8_feed(&whole, gw_span_make(text, len));
        for (size_t at = 0; at < len;) {
            size_t n = 1 + (size_t)gw_rng_below(&rng, 9);
            gw_utf8_feed(&split, gw_span_sub(gw_span_make(text, len), at, n));
            at += n;
        }
        ck_assert_int_eq(whole.invalid, split.invalid);
        ck_assert_uint_eq(whole.offset, split.offset);
        ck_assert_uint_eq(whole.bad_offset, split.bad_offset);
        ck_assert_uint_eq(whole.sequence_offset, split.sequence_offset);
        ck_assert_uint_eq(whole.missing, split.missing);
    }
}
END_TEST

GW_TEST_MAIN("wire/utf8", 60, utf8_feed_finds_the_first_bad_byte_of_each_edge_case_at_any_split,
             utf8_feed_stays_invalid, utf8_check_reports_the_end_of_an_unfinished_text,
             utf8_check_takes_every_code_point_but_surrogates,
             utf8_check_equals_the_model_on_every_sequence_of_two_and_three_bytes,
             utf8_check_equals_the_model_on_four_bytes, utf8_check_finds_one_bad_byte_anywhere_in_ascii,
             utf8_feed_does_not_depend_on_the_split)
