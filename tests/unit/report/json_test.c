/* JSON lines: every record is read back. */
#include "fixture.h"

#include "report/json.h"
#include "support/run.h"

#include <cjson/cJSON.h>
#include <string.h>

/* One record and its newline; the caller deletes the value. */
static cJSON *read_line(gw_buf *out) {
    ck_assert_uint_gt(out->len, 1);
    ck_assert_int_eq(out->data[out->len - 1], '\n');
    ck_assert_ptr_null(memchr(out->data, '\n', out->len - 1));
    cJSON *value = cJSON_Parse(gw_buf_cstr(out));
    ck_assert_msg(value != NULL, "not JSON: %s", gw_buf_cstr(out));
    return value;
}

static const char *text_of(const cJSON *object, const char *name) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    ck_assert_msg(cJSON_IsString(value), "no string %s", name);
    return value->valuestring;
}

static double number_of(const cJSON *object, const char *name) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    ck_assert_msg(cJSON_IsNumber(value), "no number %s", name);
    return value->valuedouble;
}

START_TEST(json_run_states_seed_as_text) {
    gw_report_run run = fixture_run(NULL);
    run.seed = UINT64_MAX;
    gw_buf out;
    gw_buf_init(&out, 1 << 20);
    ck_assert_int_eq(gw_json_append_run(&run, &out), GW_OK);
    cJSON *value = read_line(&out);
    ck_assert_str_eq(text_of(value, "type"), "run");
    ck_assert_str_eq(text_of(value, "seed"), "18446744073709551615");
    ck_assert_str_eq(text_of(value, "protocol"), "gateway/1");
    cJSON_Delete(value);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(json_result_tells_everything) {
    static const uint8_t stimulus[] = {0x81, 0x00};
    fixture_result f;
    fixture_silent_client(&f);
    f.result.stimulus = stimulus;
    f.result.stimulus_len = sizeof stimulus;
    f.result.retries = 2;
    f.result.flaky = "S6: still open";
    f.result.interval = GW_S;
    gw_buf out;
    gw_buf_init(&out, 1 << 20);
    ck_assert_int_eq(gw_json_append_result(&f.result, &out), GW_OK);
    cJSON *value = read_line(&out);
    ck_assert_str_eq(text_of(value, "id"), "heartbeat/silent-client-is-dropped");
    ck_assert_str_eq(text_of(value, "verdict"), "fail");
    ck_assert_str_eq(text_of(value, "stimulus"), "8100");
    ck_assert_double_eq(number_of(value, "retries"), 2);
    ck_assert_str_eq(text_of(value, "flaky"), "S6: still open");
    ck_assert_double_eq(number_of(value, "interval_ns"), 1e9);
    const cJSON *finding = cJSON_GetArrayItem(cJSON_GetObjectItem(value, "findings"), 0);
    ck_assert_str_eq(text_of(finding, "rule"), "S6");
    ck_assert_double_eq(number_of(finding, "line"), 6);
    ck_assert_double_eq(number_of(finding, "at_ns"), 2.05e9);
    const cJSON *wire = cJSON_GetObjectItem(value, "wire");
    ck_assert_int_eq(cJSON_GetArraySize(wire), 4);
    ck_assert_str_eq(text_of(cJSON_GetArrayItem(wire, 2), "text"), "text  {\"e\":1,\"d\":{}}");
    ck_assert_str_eq(text_of(cJSON_GetArrayItem(wire, 2), "direction"), "received");
    cJSON_Delete(value);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(json_result_is_one_line_for_hostile_bytes) {
    const gw_wire_entry wire[] = {{0, GW_WIRE_RECEIVED, fixture_hostile(), fixture_hostile(), 0, 0}};
    fixture_result f;
    fixture_result_init(&f, "a/b", GW_VERDICT_FAIL, "S6");
    f.finding.expected = f.finding.observed = fixture_hostile();
    f.result.wire = wire;
    f.result.wire_count = 1;
    gw_buf out;
    gw_buf_init(&out, 1 << 20);
    ck_assert_int_eq(gw_json_append_result(&f.result, &out), GW_OK);
    cJSON_Delete(read_line(&out));
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(json_summary_counts_each_verdict) {
    fixture_result f;
    fixture_result_init(&f, "a/b", GW_VERDICT_NON_STRICT, "S6");
    const gw_result *results[] = {&f.result};
    gw_summary summary = gw_summary_of(results, 1);
    gw_buf out;
    gw_buf_init(&out, 1 << 20);
    ck_assert_int_eq(gw_json_append_summary(&summary, true, &out), GW_OK);
    cJSON *value = read_line(&out);
    ck_assert_str_eq(text_of(value, "conformance"), "does-not-conform");
    ck_assert_double_eq(number_of(value, "exit"), 1);
    ck_assert_str_eq(text_of(value, "end"), "complete");
    ck_assert(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(value, "message")));
    const cJSON *verdicts = cJSON_GetObjectItem(value, "verdicts");
    ck_assert_int_eq(cJSON_GetArraySize(verdicts), GW_VERDICT_COUNT);
    ck_assert_double_eq(number_of(verdicts, "non-strict"), 1);
    ck_assert_double_eq(number_of(verdicts, "fail"), 0);
    cJSON_Delete(value);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(json_summary_tells_how_a_run_ended_early) {
    gw_summary summary = gw_summary_of(NULL, 0);
    summary.end = "target-lost";
    summary.message = "target lost\nits last lines";
    summary.exit_code = 3;
    gw_buf out;
    gw_buf_init(&out, 1 << 20);
    ck_assert_int_eq(gw_json_append_summary(&summary, false, &out), GW_OK);
    cJSON *value = read_line(&out);
    ck_assert_str_eq(text_of(value, "end"), "target-lost");
    ck_assert_str_eq(text_of(value, "message"), summary.message);
    ck_assert_double_eq(number_of(value, "exit"), 3);
    cJSON_Delete(value);
    gw_buf_deinit(&out);
}
END_TEST

START_TEST(json_result_reports_a_full_buffer) {
    fixture_result f;
    fixture_silent_client(&f);
    gw_buf out;
    gw_buf_init(&out, 100);
    ck_assert_int_eq(gw_json_append_result(&f.result, &out), GW_ERR_LIMIT);
    gw_buf_deinit(&out);
}
END_TEST

GW_TEST_MAIN("json", 10, json_run_states_seed_as_text, json_result_tells_everything,
             json_result_is_one_line_for_hostile_bytes, json_summary_counts_each_verdict,
             json_summary_tells_how_a_run_ended_early, json_result_reports_a_full_buffer)
