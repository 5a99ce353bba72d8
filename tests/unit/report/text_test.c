/* Text of peers on its way to terminals, XML and JSON. */
#include "fixture.h"

#include "report/text.h"
#include "support/run.h"

#include <cjson/cJSON.h>
#include <string.h>

static gw_buf fresh(void) {
    gw_buf buf;
    gw_buf_init(&buf, 1 << 20);
    return buf;
}

START_TEST(text_printable_escapes_what_drives_a_terminal) {
    gw_buf out = fresh();
    gw_text_append_printable(&out, GW_SPAN_LIT("a\x1b[2J\r\n\t\x7f\xc2\x9b"
                                               "1mz"));
    fixture_assert_text(&out, "a\\x1b[2J\\r\\n\\t\\x7f\\u{9b}1mz");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(text_printable_passes_valid_utf8) {
    gw_buf out = fresh();
    gw_text_append_printable(&out, GW_SPAN_LIT("h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x98\x80"));
    fixture_assert_text(&out, "h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x98\x80");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(text_printable_escapes_each_malformed_byte) {
    gw_buf out = fresh();
    /* An overlong form, a surrogate, an unfinished sequence at the end. */
    gw_text_append_printable(&out, GW_SPAN_LIT("\xc0\xaf \xed\xa0\x80 \xe2\x82"));
    fixture_assert_text(&out, "\\xc0\\xaf \\xed\\xa0\\x80 \\xe2\\x82");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(text_printable_escapes_bidirectional_controls) {
    gw_buf out = fresh();
    gw_text_append_printable(&out, GW_SPAN_LIT("\xe2\x80\xae\xe2\x81\xa6\xef\xbb\xbf"));
    fixture_assert_text(&out, "\\u{202e}\\u{2066}\\u{feff}");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(text_fit_cuts_with_dots_at_the_width) {
    static const struct {
        size_t width;
        const char *expected;
    } cases[] = {{10, "0123456789"}, {9, "012345..."}, {4, "0..."}, {0, "0123456789"}, {2, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gw_buf out = fresh();
        gw_text_append_fit(&out, GW_SPAN_LIT("0123456789"), cases[i].width);
        fixture_assert_text(&out, cases[i].expected);
        gw_buf_deinit(&out);
    }
}
END_TEST

START_TEST(text_fit_counts_code_points_and_escapes) {
    gw_buf out = fresh();
    gw_text_append_fit(&out, GW_SPAN_LIT("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"), 5);
    gw_buf_append_byte(&out, '|');
    gw_text_append_fit(&out, GW_SPAN_LIT("ab\x1b\x1b"), 6);
    fixture_assert_text(&out, "\xc3\xa9\xc3\xa9...|ab...");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(text_wrapped_breaks_between_words) {
    gw_buf out = fresh();
    gw_text_append_wrapped(&out, GW_SPAN_LIT("one two three four"), 2, 11);
    fixture_assert_text(&out, "one two\n  three\n  four");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(text_wrapped_keeps_a_word_that_is_too_long) {
    gw_buf out = fresh();
    gw_text_append_wrapped(&out, GW_SPAN_LIT("abcdefghij k"), 0, 5);
    fixture_assert_text(&out, "abcdefghij\nk");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(text_json_reads_back_for_any_bytes) {
    gw_buf out = fresh();
    gw_text_append_json(&out, gw_span_cstr(fixture_hostile()));
    cJSON *value = cJSON_Parse(gw_buf_cstr(&out));
    ck_assert_ptr_nonnull(value);
    ck_assert(cJSON_IsString(value));
    ck_assert_ptr_nonnull(strstr(value->valuestring, "\\xff"));
    ck_assert_ptr_nonnull(strstr(value->valuestring, "\xf0\x9f\x98\x80"));
    cJSON_Delete(value);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(text_json_keeps_the_value_of_valid_text) {
    static const char text[] = "a\"b\\c\n\x01\xe2\x80\xae\xc3\xa9";
    gw_buf out = fresh();
    gw_text_append_json(&out, gw_span_cstr(text));
    cJSON *value = cJSON_Parse(gw_buf_cstr(&out));
    ck_assert_ptr_nonnull(value);
    ck_assert_str_eq(value->valuestring, text);
    cJSON_Delete(value);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(text_xml_escapes_markup_and_forbidden_characters) {
    gw_buf out = fresh();
    gw_text_append_xml(&out, GW_SPAN_LIT("<a b=\"c\">&\n\x0b\xef\xbf\xbe"), false);
    gw_buf_append_byte(&out, '|');
    gw_text_append_xml(&out, GW_SPAN_LIT("\"\n\t\r"), true);
    fixture_assert_text(&out, "&lt;a b=\"c\"&gt;&amp;\n\\x0b\\u{fffe}|&quot;&#10;&#9;\\r");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(text_append_stops_at_the_limit_of_the_buffer) {
    gw_buf out;
    gw_buf_init(&out, 4);
    gw_text_append_printable(&out, GW_SPAN_LIT("\x1b\x1b\x1b"));
    gw_text_append_fit(&out, GW_SPAN_LIT("abcdefgh"), 6);
    gw_text_append_wrapped(&out, GW_SPAN_LIT("ab cd ef"), 2, 4);
    ck_assert_int_eq(out.error, GW_ERR_LIMIT);
    ck_assert_uint_le(out.len, 4);
    gw_buf_deinit(&out);
}
END_TEST

GW_TEST_MAIN("text", 10, text_printable_escapes_what_drives_a_terminal, text_printable_passes_valid_utf8,
             text_printable_escapes_each_malformed_byte, text_printable_escapes_bidirectional_controls,
             text_fit_cuts_with_dots_at_the_width, text_fit_counts_code_points_and_escapes,
             text_wrapped_breaks_between_words, text_wrapped_keeps_a_word_that_is_too_long,
             text_json_reads_back_for_any_bytes, text_json_keeps_the_value_of_valid_text,
             text_xml_escapes_markup_and_forbidden_characters, text_append_stops_at_the_limit_of_the_buffer)
