/* Unit tests of protocol/packet.h. */
#include "fixture.h"
#include "support/guard.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gw_packet *decode(const gw_protocol *p, const char *text, size_t len) {
    uint8_t *bytes = gw_guard_alloc(text, len);
    gw_packet *packet = gw_packet_decode(p, gw_span_make(bytes, len));
    gw_guard_free(bytes, len);
    ck_assert_ptr_nonnull(packet);
    return packet;
}

/* rule, severity (F or N) and offset of each violation: "S12 F 11; S22 N 0". */
static char *judge(const gw_protocol *p, const char *text, gw_role sender) {
    static char out[512];
    gw_violations list;
    gw_packet *packet = decode(p, text, strlen(text));
    gw_violations_init(&list);
    gw_packet_judge(packet, p, sender, 5, gw_violations_sink(&list));
    out[0] = 0;
    for (size_t i = 0; i < list.count; i++) {
        size_t n = strlen(out);
        snprintf(out + n, sizeof out - n, "%s%s %c %zu", i ? "; " : "", list.items[i].rule,
                 list.items[i].severity == GW_SEVERITY_FAIL ? 'F' : 'N', list.items[i].offset);
        ck_assert_int_eq(list.items[i].at, 5);
    }
    gw_packet_destroy(packet);
    return out;
}

static const struct {
    const char *text, *event;
    gw_packet_fault fault;
} ids[] = {
    {"{\"e\":1,\"d\":{}}", "heartbeat", GW_PACKET_NONE},
    {" { \"d\" : { } , \"e\" : 7 } ", "room_close", GW_PACKET_NONE},
    {"{\"\\u0065\":2}", "heartbeat_ack", GW_PACKET_NONE},
    {"{\"e\":1.0,\"d\":{}}", NULL, GW_PACKET_ID_TYPE},
    {"{\"e\":1e0,\"d\":{}}", NULL, GW_PACKET_ID_TYPE},
    {"{\"e\":-0,\"d\":{}}", NULL, GW_PACKET_ID_TYPE},
    {"{\"e\":\"1\",\"d\":{}}", NULL, GW_PACKET_ID_TYPE},
    {"{\"e\":null}", NULL, GW_PACKET_ID_TYPE},
    {"{\"e\":true}", NULL, GW_PACKET_ID_TYPE},
    {"{\"e\":[1]}", NULL, GW_PACKET_ID_TYPE},
    {"{\"e\":8}", NULL, GW_PACKET_UNKNOWN_ID},
    {"{\"e\":-1}", NULL, GW_PACKET_UNKNOWN_ID},
    {"{\"e\":4294967297}", NULL, GW_PACKET_UNKNOWN_ID},
    {"{\"e\":18446744073709551617}", NULL, GW_PACKET_UNKNOWN_ID},
    {"{\"d\":{}}", NULL, GW_PACKET_NO_ID},
    {"{\"E\":1}", NULL, GW_PACKET_NO_ID},
    {"{\"__proto__\":{\"e\":1}}", NULL, GW_PACKET_NO_ID},
    {"[]", NULL, GW_PACKET_NOT_OBJECT},
    {"null", NULL, GW_PACKET_NOT_OBJECT},
    {"\"x\"", NULL, GW_PACKET_NOT_OBJECT},
    {"1", NULL, GW_PACKET_NOT_OBJECT},
    {"", NULL, GW_PACKET_NOT_JSON},
    {"{\"e\":1,}", NULL, GW_PACKET_NOT_JSON},
    {"{\"e\":01}", NULL, GW_PACKET_NOT_JSON},
    {"{\"e\":1}x", NULL, GW_PACKET_NOT_JSON},
    {"\xef\xbb\xbf{\"e\":1}", NULL, GW_PACKET_NOT_JSON},
};

START_TEST(packet_decode_names_the_event_by_its_exact_id) {
    gw_packet *packet = decode(fixture_gateway(), ids[_i].text, strlen(ids[_i].text));
    ck_assert_msg(packet->fault == ids[_i].fault, "%s: %s", ids[_i].text, gw_packet_fault_text(packet->fault));
    if (ids[_i].event)
        ck_assert_str_eq(packet->event->name, ids[_i].event);
    else
        ck_assert_ptr_null(packet->event);
    ck_assert_msg((packet->tree == NULL) == (packet->fault == GW_PACKET_NOT_JSON), "%s", ids[_i].text);
    gw_packet_destroy(packet);
}
END_TEST

START_TEST(packet_decode_keeps_the_exact_text) {
    static const char text[] = "{\"e\":3,\"d\":{\"sentAt\":17e2,\"content\":\"a\\u0000b\"}}";
    gw_packet *packet = decode(fixture_gateway(), text, sizeof text - 1);
    ck_assert(gw_span_equal_cstr(packet->id_text, "3"));
    ck_assert(gw_span_equal_cstr(packet->data_text, "{\"sentAt\":17e2,\"content\":\"a\\u0000b\"}"));
    ck_assert(gw_span_equal_cstr(packet->text, text));
    ck_assert(packet->json.has_nul_escape);
    gw_packet_destroy(packet);
}
END_TEST

START_TEST(packet_decode_reads_what_cjson_alone_refuses) {
    char text[300] = "{\"e\":3,\"d\":{\"sentAt\":1.";
    for (int i = 0; i < 80; i++) strcat(text, "0");
    strcat(text, "5,\"content\":\"\\ud83d x \\ud83d\\ude00 \\\\ud800\",\"authorId\":\"\\udfff\"}}");
    ck_assert_ptr_null(cJSON_Parse(text));
    gw_packet *packet = decode(fixture_gateway(), text, strlen(text));
    ck_assert_int_eq(packet->fault, GW_PACKET_NONE);
    ck_assert_str_eq(cJSON_GetObjectItem(packet->data, "content")->valuestring,
                     "\xef\xbf\xbd x \xf0\x9f\x98\x80 \\ud800");
    ck_assert_str_eq(cJSON_GetObjectItem(packet->data, "authorId")->valuestring, "\xef\xbf\xbd");
    ck_assert(fabs(cJSON_GetObjectItem(packet->data, "sentAt")->valuedouble - 1) < 1e-9);
    ck_assert_str_eq(judge(fixture_gateway(), text, GW_ROLE_SERVER), "S22 N 116");
    gw_packet_destroy(packet);
}
END_TEST

static const struct {
    gw_role sender;
    const char *text, *violations;
} judged[] = {
    {GW_ROLE_SERVER, "{\"e\":1,\"d\":{}}", ""},
    {GW_ROLE_SERVER, "{\"e\":0,\"d\":{\"heartbeatInterval\":1000}}", ""},
    {GW_ROLE_SERVER, "{\"e\":0,\"d\":{\"heartbeatInterval\":2147483648}}", ""},
    {GW_ROLE_SERVER, "{\"e\":0,\"d\":{\"heartbeatInterval\":2147483649}}", "S4 N 32"},
    {GW_ROLE_SERVER, "{\"e\":0,\"d\":{\"heartbeatInterval\":0.5}}", "S4 N 32"},
    {GW_ROLE_SERVER, "{\"e\":0,\"d\":{\"heartbeatInterval\":0}}", "S4 F 32"},
    {GW_ROLE_SERVER, "{\"e\":0,\"d\":{\"heartbeatInterval\":-5}}", "S4 F 32"},
    {GW_ROLE_SERVER, "{\"e\":0,\"d\":{\"heartbeatInterval\":1e308}}", "S4 F 32"},
    {GW_ROLE_SERVER, "{\"e\":0,\"d\":{\"heartbeatInterval\":1e999}}", "S22 N 32; S4 F 32"},
    {GW_ROLE_SERVER, "{\"e\":0,\"d\":{\"heartbeatInterval\":\"1000\"}}", "S4 F 32"},
    {GW_ROLE_SERVER, "{\"e\":0,\"d\":{\"heartbeatInterval\":null}}", "S4 F 32"},
    {GW_ROLE_SERVER, "{\"e\":0,\"d\":{}}", "S4 F 11"},
    {GW_ROLE_SERVER, "{\"e\":0}", "S4 F 0"},
    {GW_ROLE_SERVER, "{\"e\":1,\"d\":{\"x\":1}}", "S8 F 11"},
    {GW_ROLE_SERVER, "{\"e\":1,\"d\":null}", "S8 N 11"},
    {GW_ROLE_SERVER, "{\"e\":1}", "S8 N 0"},
    {GW_ROLE_SERVER, "{\"e\":1,\"d\":[]}", "S8 F 11"},
    {GW_ROLE_CLIENT, "{\"e\":1,\"d\":1}", "C7 F 11"},
    {GW_ROLE_CLIENT, "{\"e\":2,\"d\":{}}", ""},
    {GW_ROLE_CLIENT, "{\"e\":7,\"d\":{}}", "C7 F 5"},
    {GW_ROLE_CLIENT, "{\"e\":9,\"d\":{}}", "C7 F 5"},
    {GW_ROLE_SERVER, "{\"e\":3,\"d\":{\"authorId\":\"a\",\"content\":\"\",\"sentAt\":1}}", ""},
    {GW_ROLE_SERVER, "{\"e\":3,\"d\":{\"authorId\":\"a\",\"content\":\"\",\"sentAt\":\"1\"}}", "S12 F 49"},
    {GW_ROLE_SERVER, "{\"e\":3,\"d\":{\"authorId\":\"a\",\"content\":\"\"}}", "S12 F 11"},
    {GW_ROLE_SERVER, "{\"e\":4,\"d\":{\"chatLocked\":true,\"maxParticipants\":0}}", ""},
    {GW_ROLE_SERVER, "{\"e\":4,\"d\":{\"chatLocked\":1}}", "S13 F 25"},
    {GW_ROLE_SERVER, "{\"e\":4,\"d\":{\"color\":1}}", "S13 N 20"},
    {GW_ROLE_SERVER, "{\"e\":4}", "S13 N 0"},
    {GW_ROLE_SERVER, "{\"e\":5,\"d\":{\"userId\":5}}", "S14 F 21"},
    {GW_ROLE_SERVER, "{\"e\":6,\"d\":{\"userId\":\"a\",\"color\":\"red\"}}", "S15 N 33"},
    {GW_ROLE_SERVER, "{\"e\":6,\"d\":{\"userId\":\"a\",\"color\":7}}", "S15 F 33"},
    {GW_ROLE_SERVER, "{\"e\":7,\"d\":{}}", ""},
    {GW_ROLE_SERVER, "{\"e\":1,\"d\":{},\"s\":1}", "S22 N 0"},
    {GW_ROLE_SERVER, "{\"e\":1,\"e\":1,\"d\":{}}", "S22 N 7"},
    {GW_ROLE_SERVER, "{\"e\":1,\"d\":{}", "S22 F 13"},
    {GW_ROLE_SERVER, "{\"d\":{}}", "S22 F 0"},
    {GW_ROLE_SERVER, "5", "S22 F 0"},
};

START_TEST(packet_judge_names_rule_severity_and_place) {
    const char *found = judge(fixture_gateway(), judged[_i].text, judged[_i].sender);
    ck_assert_msg(strcmp(found, judged[_i].violations) == 0, "%s: '%s', not '%s'", judged[_i].text, found,
                  judged[_i].violations);
}
END_TEST

START_TEST(packet_judge_follows_the_knobs) {
    static const struct {
        const char *knob, *value, *text, *violations;
    } cases[] = {
        {"absent-data", "allow", "{\"e\":1}", ""},
        {"absent-data", "deny", "{\"e\":1}", "S8 F 0"},
        {"null-data", "allow", "{\"e\":1,\"d\":null}", ""},
        {"null-data", "deny", "{\"e\":1,\"d\":null}", "S8 F 11"},
        {"additional-properties", "allow", "{\"e\":4,\"d\":{\"x\":1}}", ""},
        {"additional-properties", "deny", "{\"e\":4,\"d\":{\"x\":1}}", "S13 F 16"},
        {"envelope-extra", "allow", "{\"e\":1,\"d\":{},\"s\":1}", ""},
        {"envelope-extra", "deny", "{\"e\":1,\"d\":{},\"s\":1}", "S22 F 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const gw_protocol *p = fixture_gateway_with(cases[i].knob, cases[i].value);
        ck_assert_str_eq(judge(p, cases[i].text, GW_ROLE_SERVER), cases[i].violations);
    }
}
END_TEST

START_TEST(packet_interval_is_in_nanoseconds) {
    static const struct {
        const char *value;
        gw_ns interval; /* 0: none */
    } cases[] = {
        {"1000", GW_S}, {"0.5", 500 * GW_US}, {"0", 0},     {"-1", 0},        {"\"1000\"", 0},
        {"null", 0},    {"1e999", 0},         {"1e300", 0}, {"0.0000001", 0}, {"2147483648", 2147483648 * GW_MS}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[80];
        gw_ns interval = 0;
        snprintf(text, sizeof text, "{\"e\":0,\"d\":{\"heartbeatInterval\":%s}}", cases[i].value);
        gw_packet *packet = decode(fixture_gateway(), text, strlen(text));
        ck_assert_msg(gw_packet_interval(packet, fixture_gateway(), &interval) == (cases[i].interval != 0), "%s", text);
        ck_assert_int_eq(interval, cases[i].interval);
        gw_packet_destroy(packet);
    }
}
END_TEST

static void encodes(const gw_protocol *p, gw_packet_spec spec, const char *want) {
    gw_buf out;
    gw_buf_init(&out, 1000);
    ck_assert_int_eq(gw_packet_encode(p, &spec, &out), GW_OK);
    ck_assert_str_eq(gw_buf_cstr(&out), want);
    gw_buf_deinit(&out);
}

START_TEST(packet_encode_writes_the_envelope) {
    const gw_protocol *p = fixture_gateway();
    const gw_event *beat = gw_protocol_event_by_id(p, 1);
    cJSON *data = cJSON_Parse("{\"a\":[1,2.5,\"x\\n\"]}"), *id = cJSON_CreateRaw("1e0"),
          *extra = cJSON_Parse("{\"s\":4,\"t\":null}");
    encodes(p, (gw_packet_spec){.event = beat}, "{\"e\":1,\"d\":{}}");
    encodes(p, (gw_packet_spec){.event = beat, .data = data}, "{\"e\":1,\"d\":{\"a\":[1,2.5,\"x\\n\"]}}");
    encodes(p, (gw_packet_spec){.event = beat, .data_absent = true}, "{\"e\":1}");
    encodes(p, (gw_packet_spec){.event = beat, .id = id, .extra = extra}, "{\"e\":1e0,\"d\":{},\"s\":4,\"t\":null}");
    encodes(p, (gw_packet_spec){.data = data}, "{\"d\":{\"a\":[1,2.5,\"x\\n\"]}}");
    encodes(p, (gw_packet_spec){.data_absent = true}, "{}");
    encodes(p, (gw_packet_spec){.data_absent = true, .extra = extra}, "{\"s\":4,\"t\":null}");
    cJSON_Delete(data);
    cJSON_Delete(id);
    cJSON_Delete(extra);
}
END_TEST

START_TEST(packet_encode_writes_nested_envelopes_and_string_ids) {
    const gw_protocol *p =
        fixture_load("protocol: p\nendpoint: /x\nenvelope: {id: /m/op/n, data: /m/p, id-type: string}\n"
                     "events: {a: {id: \"op\\\"a\", from: both}}\n");
    ck_assert_msg(p != NULL, "%s", fixture_errors());
    encodes(p, (gw_packet_spec){.event = &p->events[0]}, "{\"m\":{\"op\":{\"n\":\"op\\\"a\"},\"p\":{}}}");
    static const char text[] = "{\"m\":{\"op\":{\"n\":\"op\\u0022a\"},\"p\":{}}}";
    gw_packet *packet = decode(p, text, sizeof text - 1);
    ck_assert_ptr_eq(packet->event, &p->events[0]);
    ck_assert(gw_span_equal_cstr(packet->data_text, "{}"));
    gw_packet_destroy(packet);
}
END_TEST

START_TEST(packet_encode_leaves_a_full_buffer_unchanged) {
    const gw_protocol *p = fixture_gateway();
    for (size_t max = 3; max < 17; max++) {
        gw_buf out;
        gw_buf_init(&out, max);
        gw_buf_append_cstr(&out, "abc");
        ck_assert_int_eq(gw_packet_encode_event(p, gw_protocol_event_by_id(p, 1), NULL, &out), GW_ERR_LIMIT);
        ck_assert_str_eq(gw_buf_cstr(&out), "abc");
        ck_assert_int_eq(out.error, GW_ERR_LIMIT);
        gw_buf_deinit(&out);
    }
}
END_TEST

START_TEST(packet_append_json_round_trips) {
    static const char *const texts[] = {"0",     "-1",     "9007199254740993", "0.1", "1e300", "-2.5e-10",
                                        "1e999", "-1e999", "1e-999",           "[]",  "{}",    "[{\"a\":{}}]",
                                        "true",  "null"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        gw_buf out;
        gw_buf_init(&out, 1000);
        cJSON *tree = cJSON_Parse(texts[i]);
        ck_assert_int_eq(gw_packet_append_json(&out, tree), GW_OK);
        ck_assert_int_ne(gw_json_judge(gw_buf_span(&out), (gw_json_limits){0}, NULL), GW_JSON_IS_INVALID);
        cJSON *again = cJSON_Parse(gw_buf_cstr(&out));
        ck_assert_msg(cJSON_Compare(tree, again, true) || isinf(tree->valuedouble), "%s: %s", texts[i],
                      gw_buf_cstr(&out));
        if (isinf(tree->valuedouble)) ck_assert_str_eq(gw_buf_cstr(&out), texts[i]);
        cJSON_Delete(tree);
        cJSON_Delete(again);
        gw_buf_deinit(&out);
    }
}
END_TEST

int main(void) {
    TCase *c = tcase_create("packet");
    tcase_add_loop_test(c, packet_decode_names_the_event_by_its_exact_id, 0, sizeof ids / sizeof *ids);
    tcase_add_test(c, packet_decode_keeps_the_exact_text);
    tcase_add_test(c, packet_decode_reads_what_cjson_alone_refuses);
    tcase_add_loop_test(c, packet_judge_names_rule_severity_and_place, 0, sizeof judged / sizeof *judged);
    tcase_add_test(c, packet_judge_follows_the_knobs);
    tcase_add_test(c, packet_interval_is_in_nanoseconds);
    tcase_add_test(c, packet_encode_writes_the_envelope);
    tcase_add_test(c, packet_encode_writes_nested_envelopes_and_string_ids);
    tcase_add_test(c, packet_encode_leaves_a_full_buffer_unchanged);
    tcase_add_test(c, packet_append_json_round_trips);
    return fixture_run("protocol/packet", c);
}
