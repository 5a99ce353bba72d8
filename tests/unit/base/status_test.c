/* Unit tests of base/status.h. */
#include "base/status.h"
#include "support/run.h"

#include <string.h>

START_TEST(status_text_differs_for_each_code) {
#define GW_STATUS_ROW(name, value, text) GW_##name,
    static const gw_status codes[] = {GW_STATUS_TABLE(GW_STATUS_ROW)};
    enum { COUNT = sizeof codes / sizeof codes[0] };
    for (int i = 0; i < COUNT; i++) {
        ck_assert_int_eq(codes[i], -i);
        for (int j = 0; j < i; j++) ck_assert_str_ne(gw_status_text(codes[i]), gw_status_text(codes[j]));
    }
    ck_assert_str_eq(gw_status_text(GW_OK), "success");
}
END_TEST

START_TEST(status_text_of_an_unknown_code_is_not_null) {
    ck_assert_str_eq(gw_status_text((gw_status)-1000), "unknown status");
}
END_TEST

GW_TEST_MAIN("base/status", 10, status_text_differs_for_each_code, status_text_of_an_unknown_code_is_not_null)
