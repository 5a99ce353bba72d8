/* Unit tests of base/time.h. */
#include "base/time.h"
#include "support/run.h"

START_TEST(time_parse_takes_every_unit) {
    static const struct {
        const char *text;
        gw_ns want;
    } rows[] = {{"250ms", 250 * GW_MS},
                {"1.5s", 1500 * GW_MS},
                {"20us", 20 * GW_US},
                {"100ns", 100},
                {"2m", 120 * GW_S},
                {"0s", 0},
                {" 1s ", GW_S},
                {"1 s", GW_S},
                {"0.1ms", 100 * GW_US},
                {"999999ns", 999999},
                {"1.0000005s", 1000000500}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gw_ns got = -1;
        ck_assert_msg(gw_time_parse(gw_span_cstr(rows[i].text), &got) == GW_OK, "%s", rows[i].text);
        ck_assert_msg(got == rows[i].want, "%s: %jd", rows[i].text, (intmax_t)got);
    }
}
END_TEST

START_TEST(time_parse_rejects_what_is_no_duration) {
    static const char *const bad[] = {"",
                                      "250",
                                      "ms",
                                      "s",
                                      "-1s",
                                      "+1s",
                                      ".5s",
                                      "1..5s",
                                      "1.2.3s",
                                      "1 s s",
                                      "1h",
                                      "1e3s",
                                      "0x10ms",
                                      "1MS",
                                      "nan s",
                                      "inf",
                                      "1s2ms",
                                      "1,5s",
                                      "1111111111111111111111111111111111111111s"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        gw_ns got = 77;
        ck_assert_msg(gw_time_parse(gw_span_cstr(bad[i]), &got) == GW_ERR_INVALID, "'%s'", bad[i]);
        ck_assert_int_eq(got, 77);
    }
    gw_ns got;
    ck_assert_int_eq(gw_time_parse(GW_SPAN_LIT("9999999999999s"), &got), GW_ERR_LIMIT);
}
END_TEST

START_TEST(time_format_ms_gives_one_decimal) {
    char out[40];
    ck_assert_str_eq(gw_time_format_ms(1001300 * GW_US, out, sizeof out), "1001.3 ms");
    ck_assert_str_eq(gw_time_format_ms(0, out, sizeof out), "0.0 ms");
    ck_assert_str_eq(gw_time_format_ms(-1500 * GW_US, out, sizeof out), "-1.5 ms");
    ck_assert_str_eq(gw_time_format_ms(GW_S, out, 5), "1000");
}
END_TEST

START_TEST(time_add_never_overflows) {
    ck_assert_int_eq(gw_time_add(1, 2), 3);
    ck_assert_int_eq(gw_time_add(GW_NEVER, -5), GW_NEVER);
    ck_assert_int_eq(gw_time_add(-5, GW_NEVER), GW_NEVER);
    ck_assert_int_eq(gw_time_add(INT64_MAX - 1, 10), GW_NEVER);
    ck_assert_int_eq(gw_time_add(INT64_MIN + 1, -10), INT64_MIN);
}
END_TEST

GW_TEST_MAIN("base/time", 10, time_parse_takes_every_unit, time_parse_rejects_what_is_no_duration,
             time_format_ms_gives_one_decimal, time_add_never_overflows)
