/* Unit tests of the choice among scenarios, and of their order. */
#include "support/run.h"
#include "unit/scenario/suite_fixture.h"

#include <stdio.h>
#include <string.h>

static suite_fixture f;

static void setup(void) {
    static const char *const files[][2] = {
        {"utf8/bad", "title: bad text\nrequires: [S20]\ntags: [slow]\n"},
        {"heartbeat/silent", "title: a silent client\nrequires: [S1]\n"},
        {"framing/bit",
         "title: a reserved bit\nrequires: [RFC6455-5.2-R1]\ntags: [quick, wire]\nfor-each: {bit: [3, 10, 2]}\n"},
        {"heartbeats", "title: other\nrequires: [S1, S5]\ntags: [slow, wire]\n"},
    };
    suite_fixture_init(&f);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char text[400];
        snprintf(text, sizeof text, "%ssteps: [{wait: {for: 1s}}]\n", files[i][1]);
        suite_fixture_load(&f, files[i][0], text);
    }
    gw_suite_sort(&f.suite);
}

static void teardown(void) {
    suite_fixture_deinit(&f);
}

/* Ids of what is chosen, with spaces between them. */
static const char *chosen(const gw_selection *selection) {
    static char out[400];
    out[0] = 0;
    for (size_t i = 0; i < f.suite.count; i++) {
        if (!gw_suite_selects(selection, f.suite.scenarios[i])) continue;
        if (out[0]) strcat(out, " ");
        strcat(out, f.suite.scenarios[i]->id);
    }
    return out;
}

static const char *by_pattern(const char *pattern) {
    return chosen(&(gw_selection){.patterns = &pattern, .pattern_count = 1});
}

static const char *by_filters(const char *first, const char *second) {
    const char *const words[] = {first, second};
    return chosen(&(gw_selection){.filters = words, .filter_count = second ? 2 : 1});
}

static const char *by_tags(const char *first, const char *second) {
    const char *const words[] = {first, second};
    return chosen(&(gw_selection){.tags = words, .tag_count = second ? 2 : 1});
}

#define BITS "framing/bit/3 framing/bit/10 framing/bit/2"

START_TEST(suite_sorts_by_family_and_keeps_the_order_of_the_file) {
    setup();
    ck_assert_str_eq(chosen(&(gw_selection){0}), BITS " heartbeat/silent heartbeats utf8/bad");
    teardown();
}
END_TEST

START_TEST(select_by_pattern) {
    setup();
    ck_assert_str_eq(by_pattern("heartbeat"), "heartbeat/silent");
    ck_assert_str_eq(by_pattern("heartbeat/"), "heartbeat/silent");
    ck_assert_str_eq(by_pattern("heartbeat*"), "heartbeat/silent heartbeats");
    ck_assert_str_eq(by_pattern("framing/bit"), BITS);
    ck_assert_str_eq(by_pattern("framing/bit/?"), "framing/bit/3 framing/bit/2");
    ck_assert_str_eq(by_pattern("*/b*"), BITS " utf8/bad");
    ck_assert_str_eq(by_pattern("*"), BITS " heartbeat/silent heartbeats utf8/bad");
    ck_assert_str_eq(by_pattern("frami"), "");
    ck_assert_str_eq(by_pattern("Framing"), "");
    ck_assert_str_eq(by_pattern(""), "");
    const char *const two[] = {"utf8", "heartbeats"};
    ck_assert_str_eq(chosen(&(gw_selection){.patterns = two, .pattern_count = 2}), "heartbeats utf8/bad");
    teardown();
}
END_TEST

START_TEST(select_by_filter) {
    setup();
    ck_assert_str_eq(by_filters("SILENT", NULL), "heartbeat/silent");
    ck_assert_str_eq(by_filters("rfc6455", NULL), BITS);
    ck_assert_str_eq(by_filters("s?", NULL), "heartbeat/silent heartbeats");
    ck_assert_str_eq(by_filters("a *", "!*bit*"), "heartbeat/silent");
    ck_assert_str_eq(by_filters("heart", "other"), "heartbeats");
    ck_assert_str_eq(by_filters("!heart", "!bit"), "utf8/bad");
    teardown();
}
END_TEST

START_TEST(select_by_tag) {
    setup();
    ck_assert_str_eq(by_tags("slow", NULL), "heartbeats utf8/bad");
    ck_assert_str_eq(by_tags("slow", "quick"), BITS " heartbeats utf8/bad");
    ck_assert_str_eq(by_tags("slow", "!wire"), "utf8/bad");
    ck_assert_str_eq(by_tags("!wire", NULL), "heartbeat/silent utf8/bad");
    ck_assert_str_eq(by_tags("slo", NULL), "");
    teardown();
}
END_TEST

START_TEST(suite_match_takes_time_linear_in_stars) {
    setup();
    char id[2001];
    memset(id, 'a', sizeof id - 1);
    id[sizeof id - 1] = 0;
    ck_assert(!gw_suite_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", id));
    ck_assert(gw_suite_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a", id));
    teardown();
}
END_TEST

GW_TEST_MAIN("scenario/select", 20, suite_sorts_by_family_and_keeps_the_order_of_the_file, select_by_pattern,
             select_by_filter, select_by_tag, suite_match_takes_time_linear_in_stars)
