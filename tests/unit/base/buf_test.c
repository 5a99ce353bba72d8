/* Unit tests of base/buf.h. */
#include "base/buf.h"
#include "base/rng.h"
#include "support/run.h"

#include <string.h>

START_TEST(buf_append_grows_up_to_the_maximum_and_no_further) {
    gw_buf buf;
    gw_buf_init(&buf, 10);
    ck_assert_str_eq(gw_buf_cstr(&buf), "");
    ck_assert_int_eq(gw_buf_append_cstr(&buf, "12345678"), GW_OK);
    ck_assert_int_eq(gw_buf_append_cstr(&buf, "9ab"), GW_ERR_LIMIT);
    ck_assert_str_eq(gw_buf_cstr(&buf), "12345678");
    ck_assert_int_eq(buf.error, GW_ERR_LIMIT);
    ck_assert_int_eq(gw_buf_append_cstr(&buf, "9a"), GW_OK);
    ck_assert_int_eq(gw_buf_append_byte(&buf, 'b'), GW_ERR_LIMIT);
    ck_assert_uint_eq(buf.len, 10);
    ck_assert_uint_le(buf.cap, buf.max);
    gw_buf_deinit(&buf);
}
END_TEST

START_TEST(buf_reserve_of_more_than_fits_a_size_fails) {
    gw_buf buf;
    gw_buf_init(&buf, 100);
    gw_buf_append_cstr(&buf, "x");
    ck_assert_int_eq(gw_buf_reserve(&buf, SIZE_MAX), GW_ERR_LIMIT);
    ck_assert_int_eq(gw_buf_reserve(&buf, 99), GW_OK);
    ck_assert_uint_ge(buf.cap, 100);
    gw_buf_deinit(&buf);
}
END_TEST

START_TEST(buf_with_maximum_zero_holds_nothing) {
    gw_buf buf;
    gw_buf_init(&buf, 0);
    ck_assert_int_eq(gw_buf_append(&buf, "", 0), GW_OK);
    ck_assert_int_eq(gw_buf_append_byte(&buf, 'x'), GW_ERR_LIMIT);
    ck_assert_str_eq(gw_buf_cstr(&buf), "");
    gw_buf_deinit(&buf);
}
END_TEST

START_TEST(buf_clear_keeps_the_memory_and_forgets_the_error) {
    gw_buf buf;
    gw_buf_init(&buf, 4);
    gw_buf_append_cstr(&buf, "abcd");
    gw_buf_append_cstr(&buf, "e");
    const uint8_t *data = buf.data;
    gw_buf_clear(&buf);
    ck_assert_ptr_eq(buf.data, data);
    ck_assert_uint_eq(buf.len, 0);
    ck_assert_int_eq(buf.error, GW_OK);
    ck_assert_str_eq(gw_buf_cstr(&buf), "");
    gw_buf_deinit(&buf);
}
END_TEST

START_TEST(buf_deinit_leaves_an_empty_buffer_of_the_same_maximum) {
    gw_buf buf;
    gw_buf_init(&buf, 4);
    gw_buf_append_cstr(&buf, "abcd");
    gw_buf_deinit(&buf);
    ck_assert_int_eq(gw_buf_append_cstr(&buf, "wxyz"), GW_OK);
    ck_assert_str_eq(gw_buf_cstr(&buf), "wxyz");
    gw_buf_deinit(&buf);
}
END_TEST

START_TEST(buf_consume_drops_the_first_bytes) {
    gw_buf buf;
    gw_buf_init(&buf, 100);
    gw_buf_consume(&buf, 0);
    gw_buf_append_cstr(&buf, "abcdef");
    gw_buf_consume(&buf, 2);
    ck_assert_str_eq(gw_buf_cstr(&buf), "cdef");
    gw_buf_consume(&buf, 0);
    gw_buf_consume(&buf, 4);
    ck_assert_str_eq(gw_buf_cstr(&buf), "");
    gw_buf_deinit(&buf);
}
END_TEST

START_TEST(buf_append_number_writes_decimal_digits) {
    gw_buf buf;
    gw_buf_init(&buf, 64);
    ck_assert_int_eq(gw_buf_append_number(&buf, 0), GW_OK);
    gw_buf_append_byte(&buf, ' ');
    gw_buf_append_number(&buf, 1090);
    gw_buf_append_byte(&buf, ' ');
    ck_assert_int_eq(gw_buf_append_number(&buf, UINT64_MAX), GW_OK);
    ck_assert_str_eq(gw_buf_cstr(&buf), "0 1090 18446744073709551615");
    gw_buf_deinit(&buf);
    gw_buf_init(&buf, 1);
    ck_assert_int_eq(gw_buf_append_number(&buf, 10), GW_ERR_LIMIT);
    gw_buf_deinit(&buf);
}
END_TEST

START_TEST(buf_printf_appends_all_or_nothing) {
    gw_buf buf;
    gw_buf_init(&buf, 8);
    ck_assert_int_eq(gw_buf_printf(&buf, "%s=%d", "a", 17), GW_OK);
    ck_assert_str_eq(gw_buf_cstr(&buf), "a=17");
    ck_assert_int_eq(gw_buf_printf(&buf, "%d", 12345), GW_ERR_LIMIT);
    ck_assert_str_eq(gw_buf_cstr(&buf), "a=17");
    ck_assert_int_eq(gw_buf_printf(&buf, "%d", 1234), GW_OK);
    ck_assert_str_eq(gw_buf_cstr(&buf), "a=171234");
    gw_buf_deinit(&buf);
}
END_TEST

START_TEST(buf_equals_a_plain_array_under_random_calls) {
    enum { MAX = 5000 };
    uint8_t model[MAX], bytes[200];
    size_t len = 0;
    gw_buf buf;
    gw_rng rng;
    gw_rng_init(&rng, 9);
    gw_buf_init(&buf, MAX);
    for (int i = 0; i < 20000; i++) {
        size_t n = (size_t)gw_rng_below(&rng, sizeof bytes);
        if (gw_rng_below(&rng, 3) > 0) {
            gw_rng_fill(&rng, bytes, n);
            gw_status status = gw_buf_append(&buf, bytes, n);
            if ((status == GW_OK) != (len + n <= MAX)) ck_abort_msg("step %d: status %d", i, status);
            if (status == GW_OK) memcpy(model + len, bytes, n);
            if (status == GW_OK) len += n;
        } else {
            n = n < len ? n : len;
            gw_buf_consume(&buf, n);
            memmove(model, model + n, len - n);
            len -= n;
        }
        bool equal = buf.len == len && (len == 0 || memcmp(buf.data, model, len) == 0);
        bool sound = buf.len <= buf.cap && buf.cap <= buf.max && (!buf.data || buf.data[buf.len] == 0);
        if (!equal || !sound) ck_abort_msg("step %d", i);
    }
    gw_buf_deinit(&buf);
}
END_TEST

GW_TEST_MAIN("base/buf", 20, buf_append_grows_up_to_the_maximum_and_no_further,
             buf_reserve_of_more_than_fits_a_size_fails, buf_with_maximum_zero_holds_nothing,
             buf_clear_keeps_the_memory_and_forgets_the_error, buf_deinit_leaves_an_empty_buffer_of_the_same_maximum,
             buf_consume_drops_the_first_bytes, buf_append_number_writes_decimal_digits,
             buf_printf_appends_all_or_nothing, buf_equals_a_plain_array_under_random_calls)
