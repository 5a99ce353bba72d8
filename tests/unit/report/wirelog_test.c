/* The wire log as text. */
#include "fixture.h"

#include "report/wirelog.h"
#include "support/run.h"

#include <stdio.h>
#include <string.h>

enum { LINES = 40 };
static gw_wire_entry lines[LINES];
static char texts[LINES][32];

/* Line i at i ms, on one client. */
static gw_result numbered(size_t count) {
    for (size_t i = 0; i < count; i++) {
        snprintf(texts[i], sizeof texts[i], "line %zu", i);
        lines[i] = (gw_wire_entry){(gw_ns)i * GW_MS, GW_WIRE_RECEIVED, "alice", texts[i], 0, 0};
    }
    return (gw_result){.wire = lines, .wire_count = count};
}

static gw_buf fresh(void) {
    gw_buf buf;
    gw_buf_init(&buf, 1 << 20);
    return buf;
}

static size_t count_lines(const gw_buf *text) {
    size_t count = 0;
    for (size_t i = 0; i < text->len; i++) count += text->data[i] == '\n';
    return count;
}

START_TEST(wirelog_excerpt_keeps_head_and_tail_around_the_moment) {
    gw_result result = numbered(40);
    gw_buf out = fresh();
    gw_wirelog_append_excerpt(&result, 30 * GW_MS, (gw_wirelog_layout){0}, &out);
    const char *text = gw_buf_cstr(&out);
    ck_assert_ptr_nonnull(strstr(text, "line 2\n  ... 21 lines\n+ "));
    ck_assert_ptr_null(strstr(text, "line 3\n"));
    ck_assert_ptr_null(strstr(text, "line 23\n"));
    ck_assert_ptr_nonnull(strstr(text, "line 24\n"));
    ck_assert_ptr_nonnull(strstr(text, "line 32\n  ... 7 lines\n"));
    ck_assert_uint_eq(count_lines(&out), 3 + 1 + 9 + 1);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(wirelog_excerpt_shows_a_short_log_whole) {
    for (size_t count = 0; count <= 13; count++) {
        gw_result result = numbered(count);
        gw_buf out = fresh();
        gw_wirelog_append_excerpt(&result, GW_S, (gw_wirelog_layout){0}, &out);
        ck_assert_uint_eq(count_lines(&out), count);
        ck_assert_ptr_null(strstr(gw_buf_cstr(&out), "..."));
        gw_buf_deinit(&out);
    }
}
END_TEST

START_TEST(wirelog_counts_the_lines_that_were_not_kept) {
    gw_result result = numbered(40);
    result.wire_dropped = 1000;
    gw_buf out = fresh();
    gw_wirelog_append_excerpt(&result, GW_S, (gw_wirelog_layout){0}, &out);
    ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&out), "  ... 1028 lines\n"));
    gw_buf_clear(&out);
    gw_wirelog_append_all(&result, (gw_wirelog_layout){0}, &out);
    ck_assert_uint_eq(count_lines(&out), 41);
    ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&out), "  ... 1000 lines in between were not kept\n"));
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(wirelog_names_clients_when_there_are_several) {
    gw_result result = numbered(3);
    ck_assert_uint_eq(gw_wirelog_client_column(&result), 0);
    lines[1].client = "bo";
    lines[2].client = NULL;
    ck_assert_uint_eq(gw_wirelog_client_column(&result), 5);
    gw_buf out = fresh();
    gw_wirelog_append_all(&result, (gw_wirelog_layout){.client_column = 5, .indent = 2}, &out);
    fixture_assert_text(&out, "+      0.0 ms  alice  < line 0\n"
                              "  +      1.0 ms  bo     < line 1\n"
                              "  +      2.0 ms         < line 2\n");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(wirelog_cuts_lines_at_the_width) {
    gw_result result = numbered(1);
    lines[0].text = "0123456789012345678901234567890123456789";
    gw_buf out = fresh();
    gw_wirelog_append_all(&result, (gw_wirelog_layout){.width = 40, .indent = 10}, &out);
    fixture_assert_text(&out, "+      0.0 ms  < 0123456789...\n");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(wirelog_says_how_often_a_line_came) {
    gw_result result = numbered(1);
    lines[0].more = 8190;
    lines[0].last_at = 4 * GW_MS;
    gw_buf out = fresh();
    gw_wirelog_append_all(&result, (gw_wirelog_layout){0}, &out);
    fixture_assert_text(&out, "+      0.0 ms  < line 0  and 8190 more within 4.0 ms\n");
    gw_buf_clear(&out);
    lines[0].text = "0123456789012345678901234567890123456789";
    gw_wirelog_append_all(&result, (gw_wirelog_layout){.width = 70}, &out);
    fixture_assert_text(&out, "+      0.0 ms  < 012345678901234567890...  and 8190 more within 4.0 ms\n");
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(wirelog_stimulus_describes_frames_and_other_bytes) {
    static const struct {
        gw_span bytes;
        const char *expected;
    } cases[] = {
        {{(const uint8_t *)"\x81\x84\x12\x34\x56\x78\x7c\x41\x3a\x14", 10}, "81 84 12345678 7c413a14   text  null"},
        {{(const uint8_t *)"\x09\x00", 2}, "09 00   ping, not final  "},
        {{(const uint8_t *)"\x82\x7e\x01\x00\xff", 5}, "82 7e 01 00 ff   binary  \\xff"},
        {{(const uint8_t *)"\x81", 1}, "81   \\x81"},
        {{(const uint8_t *)"GET / HTTP/1.1\r\n", 16}, "474554202f20485454502f312e310d0a   GET / HTTP/1.1\\r\\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gw_buf out = fresh();
        gw_wirelog_append_stimulus(cases[i].bytes, &out);
        fixture_assert_text(&out, cases[i].expected);
        gw_buf_deinit(&out);
    }
}
END_TEST

GW_TEST_MAIN("wirelog", 10, wirelog_says_how_often_a_line_came, wirelog_excerpt_keeps_head_and_tail_around_the_moment,
             wirelog_excerpt_shows_a_short_log_whole, wirelog_counts_the_lines_that_were_not_kept,
             wirelog_names_clients_when_there_are_several, wirelog_cuts_lines_at_the_width,
             wirelog_stimulus_describes_frames_and_other_bytes)
