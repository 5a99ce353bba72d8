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

GW_TEST_MAIN("cli/secrets", 60, secrets_redact_hides_every_shape, secrets_redact_takes_the_longest,
             secrets_add_refuses_what_could_stand_anywhere)
