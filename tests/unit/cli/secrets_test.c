/* Unit tests of cli/secrets.h. */
#include "cli/secrets.h"

#include "base/span.h"
#include "support/run.h"

#include <string.h>

/* Value, text, and what is left of the text. */
static const char *const CASES[][3] = {
    {"hush-hush", "token hush-hush, and hush-hush", "token ***, and ***"},
    {"hush-hush", "nothing of it", "nothing of it"},
    {"p/q+r s", "GET /x?t=p%2Fq%2Br%20s HTTP", "GET /x?t=*** HTTP"},
    {"p/q+r s", "GET /x?t=p%2fq%2br%20s HTTP", "GET /x?t=*** HTTP"},
    {"say \"it\"\n", "{\"a\":\"say \\\"it\\\"\\n\"}", "{\"a\":\"***\"}"},
    {"-----BEGIN-----\nAAAABBBBCCCC\n-----END-----\n", "log: AAAABBBBCCCC", "log: ***"},
    {"0123456789abcdef", "cut off: 0123456789...", "cut off: ***..."},
    {"0123456789abcdef", "cut off: 01234567", "cut off: ***"},
    {"0123456789abcdef", "0123456789 is another", "0123456789 is another"},
    {"abcd", "abc", "***"},
    {"abcd", "ab", "ab"},
    /* what encoders leave alone, or do not */
    {"q1/Ab+9d8Zk2w==", "q1/Ab%2B9d8Zk2w%3D%3D", "***"},
    {"q1/Ab+9d8Zk2w==", "q1%2fAb%2b9d8Zk2w%3D%3d&", "***&"},
    {"q1/Ab+9d8Zk2w==", "{\"t\":\"q1\\/Ab+9d8Zk2w==\"}", "{\"t\":\"***\"}"},
    {"q1/Ab+9d8Zk2w==", "{\"t\":\"q1\\/Ab\\u002b9d8Zk2w\\u003D\\u003d\"}", "{\"t\":\"***\"}"},
    {"pass word & more", "pass+word+%26+more", "***"},
    {"p\303\244ssword1", "p\\u00e4ssword1 p\\u00E4ssword1 p%C3%A4ssword1 p\\xc3\\xa4ssword1", "*** *** *** ***"},
    {"p\303\244ssword1", "p\344ssword1 p%E4ssword1 p\\u00c3\\u00a4ssword1", "*** *** ***"},
    {"p\344ssword1", "p\344ssword1 p%e4ssword1 p\\u00e4ssword1 p\\xe4ssword1", "*** *** *** ***"},
    {"key \360\237\230\200!", "key \\ud83d\\ude00! key%20%F0%9F%98%80%21 key+\360\237\230\200!", "*** *** ***"},
    {"key \360\237\230\200!", "key \\ud83d\\ude01! key \\ud83d", "key \\ud83d\\ude01! ***"},
    /* more than once, and in a mixture */
    {"say \"\303\244\"", "{\"a\":\"{\\\"b\\\":\\\"say \\\\\\\"\\\\u00e4\\\\\\\"\\\"}\"}",
     "{\"a\":\"{\\\"b\\\":\\\"***\\\"}\"}"},
    {"p/q+r s", "p%252Fq%252br%2520s p%25252Fq+r%20s p\\/q%2Br\\u0020s", "*** *** ***"},
    /* signs of escapes as characters of a secret */
    {"a\\b%c\\\\", "a\\b%c\\\\|a\\\\b%c\\\\\\\\|a%5Cb%25c%5c%5C|a\\u005cb%c\\\\", "***|***|***|***"},
    {"%25%41\\n", "%25%41\\n %2525%2541%5Cn %25%41\\\\n", "*** *** ***"},
    {"nsecret", "C:\\nsecret", "C:\\***"},
    {"/secret", "http:\\/\\/secret", "http:\\/***"},
    {"abcdefgh", "a\\bcdefgh abcdefg%69 ", "a\\bcdefgh abcdefg%69 "},
    /* cut inside of what was encoded */
    {"p/q/r/s/t", "cut: p%2Fq%2...", "cut: ***..."},
    {"p/q%r/s/t", "cut: p%2Fq%2...", "cut: ***..."},
    {"p\303\244ssword1", "p\\u00e4ss... pas... p\\u00e4...", "***... pas... ***..."},
    {"p\303\244\303\266\303\274", "p\303\244\303", "***"},
};

START_TEST(secrets_redact_hides_every_shape) {
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        gw_secrets secrets = {0};
        gw_buf out;
        gw_buf_init(&out, 4096);
        ck_assert_int_eq(gw_secrets_add(&secrets, CASES[i][0]), GW_OK);
        bool any = gw_secrets_redact(&secrets, gw_span_cstr(CASES[i][1]), &out);
        ck_assert_str_eq(gw_buf_cstr(&out), CASES[i][2]);
        ck_assert_int_eq(any, strcmp(CASES[i][1], CASES[i][2]) != 0);
        gw_buf_deinit(&out);
        gw_secrets_deinit(&secrets);
    }
}
END_TEST

START_TEST(secrets_redact_takes_the_longest) {
    gw_secrets secrets = {0};
    gw_buf out;
    gw_buf_init(&out, 4096);
    gw_secrets_add(&secrets, "hush");
    gw_secrets_add(&secrets, "hush-hush");
    gw_secrets_redact(&secrets, gw_span_cstr("hush-hush!"), &out);
    ck_assert_str_eq(gw_buf_cstr(&out), "***!");
    gw_buf_deinit(&out);
    gw_secrets_deinit(&secrets);
}
END_TEST

START_TEST(secrets_add_refuses_what_could_stand_anywhere) {
    gw_secrets secrets = {0};
    ck_assert_int_eq(gw_secrets_add(&secrets, "abc"), GW_ERR_LIMIT);
    ck_assert_uint_eq(secrets.count, 0);
}
END_TEST

/* Secret, all of it in a text, and what is left. */
static const char *const PARTS[][3] = {
    {"Bearer tokval12345", "401 tokval12345 Bearer x, Bearer tokval12345", "401 *** Bearer x, ***"},
    {"bearer  abcd", "got abcd", "got ***"},
    {"ApiKey abcdefgh", "got abcdefgh", "got ***"},
    {"ApiKey abcdefg", "got abcdefg, ApiKey abcdefg", "got abcdefg, ***"},
    {"Basic dXNlcjpwYXNzOndvcmQ=", "dXNlcjpwYXNzOndvcmQ= user:pass:word pass:word user x", "*** *** *** user x"},
    {"Basic dXNlcjpwYXNzOndvcmQ=", "pass%3Aword", "***"},
    {"Basic dXNlcjpwYQ==", "user:pa pa", "*** pa"},
    {"dXNlcjpwYXNzOndvcmQ=", "pass:word", "***"},
    {"Basic no+base64", "no+base64 Basic x", "*** Basic x"},
    {"a=b; session=abcdefgh; d=\"ijklmnop\"", "b abcdefgh, ijklmnop session x", "b ***, *** session x"},
    {"Scheme key=\"abcdefgh\", sign=ijklmnop", "abcdefgh ijklmnop Scheme key, x", "*** *** Scheme key, x"},
    {"bearer, tokval12345, chat", "tokval12345 chat", "*** chat"},
    {"sid=s%3Aabcdef.gh", "s:abcdef.gh s%3Aabcdef.gh s%253Aabcdef.gh", "*** *** ***"},
    {"A=abcdefgh\nB=Bearer\n", "abcdefgh Bearer x", "*** Bearer x"},
    {"abcdefgh==", "abcdefgh=x", "abcdefgh=x"},
};

START_TEST(secrets_add_hides_what_stands_alone_of_a_value) {
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
        gw_secrets secrets = {0};
        gw_buf out;
        gw_buf_init(&out, 4096);
        ck_assert_int_eq(gw_secrets_add(&secrets, PARTS[i][0]), GW_OK);
        gw_secrets_redact(&secrets, gw_span_cstr(PARTS[i][1]), &out);
        ck_assert_str_eq(gw_buf_cstr(&out), PARTS[i][2]);
        gw_buf_deinit(&out);
        gw_secrets_deinit(&secrets);
    }
}
END_TEST

START_TEST(secrets_add_header_leaves_what_is_public_or_short) {
    static const char *const HEADERS[] = {"X-Token:  token-12345 ", "origin: http://h.example", "X-Debug: verbose",
                                          "Authorization: Bearer tokval12345"};
    gw_secrets secrets = {0};
    gw_buf out;
    gw_buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof HEADERS / sizeof HEADERS[0]; i++)
        ck_assert_int_eq(gw_secrets_add_header(&secrets, HEADERS[i]), GW_OK);
    gw_secrets_redact(&secrets, GW_SPAN_LIT("token-12345, http://h.example verbose tokval12345"), &out);
    ck_assert_str_eq(gw_buf_cstr(&out), "***, http://h.example verbose ***");
    gw_buf_deinit(&out);
    gw_secrets_deinit(&secrets);
}
END_TEST

/* Whatever a peer sends, the time stays in proportion to it: neither its length nor the ways to read it multiply. */
START_TEST(secrets_redact_takes_a_flood_of_escapes) {
    static const char *const FLOODS[] = {"\\", "%", "%25", "\\u005c", "\\\\\\\\\\\\\\\\%25"};
    static const struct {
        const char *secret;
        size_t bytes;
    } sizes[] = {{"\\\\%%x", 1 << 18}, {"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\%%%%%%%%%%%%%%%%x", 1 << 12}};
    for (size_t i = 0; i < sizeof FLOODS / sizeof FLOODS[0] * 2; i++) {
        gw_secrets secrets = {0};
        gw_buf text, out;
        gw_buf_init(&text, sizes[i % 2].bytes);
        gw_buf_init(&out, 1 << 20);
        ck_assert_int_eq(gw_secrets_add(&secrets, sizes[i % 2].secret), GW_OK);
        while (text.error == GW_OK) gw_buf_append_cstr(&text, FLOODS[i / 2]);
        gw_secrets_redact(&secrets, gw_buf_span(&text), &out);
        ck_assert_int_eq(out.error, GW_OK);
        gw_buf_deinit(&text);
        gw_buf_deinit(&out);
        gw_secrets_deinit(&secrets);
    }
}
END_TEST

GW_TEST_MAIN("cli/secrets", 60, secrets_redact_hides_every_shape, secrets_redact_takes_the_longest,
             secrets_add_refuses_what_could_stand_anywhere, secrets_add_hides_what_stands_alone_of_a_value,
             secrets_add_header_leaves_what_is_public_or_short, secrets_redact_takes_a_flood_of_escapes)
