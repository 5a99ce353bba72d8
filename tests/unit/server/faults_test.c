/* Every planted fault can be seen, and only when it is planted. */
#include "probe.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

static const probe *find_probe(gw_fault fault) {
    const struct {
        const probe *rows;
        size_t count;
    } tables[] = {{probe_handshake, probe_handshake_count},
                  {probe_frame, probe_frame_count},
                  {probe_close, probe_close_count},
                  {probe_gateway, probe_gateway_count},
                  {probe_events, probe_events_count}};
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (size_t i = 0; i < tables[t].count; i++)
            if (tables[t].rows[i].fault == fault) return &tables[t].rows[i];
    return NULL;
}

static bool holds(const probe *p, const gw_faults *faults) {
    rig r;
    rig_init(&r, faults);
    bool result = p->holds(&r, p);
    rig_deinit(&r);
    return result;
}

START_TEST(fault_can_be_seen) {
    const gw_fault_info *info = gw_faults_info((gw_fault)_i);
    const probe *p = find_probe((gw_fault)_i);
    ck_assert_msg(p != NULL, "%s has no probe", info->name);
    ck_assert_msg(holds(p, NULL), "the probe of %s fails on the server without faults", info->name);
    gw_faults faults = {{0}};
    gw_faults_add(&faults, (gw_fault)_i);
    ck_assert_msg(!holds(p, &faults), "%s makes no difference", info->name);
}
END_TEST

START_TEST(table_rows_are_well_formed) {
    const gw_fault_info *info = gw_faults_info((gw_fault)_i);
    gw_fault found;
    ck_assert_int_eq(gw_faults_find(gw_span_cstr(info->name), &found), GW_OK);
    ck_assert_int_eq(found, _i);
    ck_assert_uint_eq(strspn(info->name, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(info->name));
    ck_assert(!strcmp(info->layer, "handshake") || !strcmp(info->layer, "frame") || !strcmp(info->layer, "gateway"));
    ck_assert_uint_gt(strlen(info->rules), 0);
    ck_assert(info->sentence[strlen(info->sentence) - 1] == '.');
}
END_TEST

static char *read_catalogue(const char *path) {
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    char *text = calloc(1, 1 << 20);
    ck_assert_ptr_nonnull(text);
    size_t len = fread(text, 1, (1 << 20) - 1, file);
    ck_assert_uint_gt(len, 0);
    fclose(file);
    return text;
}

START_TEST(table_names_only_known_rules) {
    char *texts[] = {read_catalogue("scenarios/requirements/gateway.yaml"),
                     read_catalogue("scenarios/requirements/rfc6455.yaml")};
    for (int i = 0; i < GW_FAULT_COUNT; i++) {
        char rules[512];
        snprintf(rules, sizeof rules, "%s", gw_faults_info((gw_fault)i)->rules);
        for (char *rule = strtok(rules, " "); rule; rule = strtok(NULL, " ")) {
            char key[64];
            snprintf(key, sizeof key, "\n  %s:\n", rule);
            ck_assert_msg(strstr(texts[0], key) || strstr(texts[1], key), "%s breaks %s, which no catalogue knows",
                          gw_faults_info((gw_fault)i)->name, rule);
        }
    }
    free(texts[0]);
    free(texts[1]);
}
END_TEST

START_TEST(find_suggests_the_nearest_name) {
    gw_fault fault;
    ck_assert_int_eq(gw_faults_find(GW_SPAN_LIT("helo-late"), &fault), GW_ERR_NOT_FOUND);
    ck_assert_str_eq(gw_faults_suggest(GW_SPAN_LIT("helo-late")), "hello-late");
}
END_TEST

START_TEST(list_names_every_fault) {
    gw_buf lines, json;
    gw_buf_init(&lines, 1 << 20);
    gw_buf_init(&json, 1 << 20);
    ck_assert_int_eq(gw_faults_list(false, NULL, NULL, &lines), GW_OK);
    ck_assert_int_eq(gw_faults_list(true, NULL, NULL, &json), GW_OK);
    for (int i = 0; i < GW_FAULT_COUNT; i++) {
        ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&lines), gw_faults_info((gw_fault)i)->sentence));
        ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&json), gw_faults_info((gw_fault)i)->name));
    }
    gw_buf_deinit(&lines);
    gw_buf_deinit(&json);
}
END_TEST

int main(void) {
    TCase *tc = tcase_create("faults");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, fault_can_be_seen, 0, GW_FAULT_COUNT);
    tcase_add_loop_test(tc, table_rows_are_well_formed, 0, GW_FAULT_COUNT);
    tcase_add_test(tc, table_names_only_known_rules);
    tcase_add_test(tc, find_suggests_the_nearest_name);
    tcase_add_test(tc, list_names_every_fault);
    Suite *suite = suite_create("server_faults");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner), run = srunner_ntests_run(runner);
    srunner_free(runner);
    return failed == 0 && run == 2 * GW_FAULT_COUNT + 3 ? 0 : 1;
}
