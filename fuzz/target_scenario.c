/* Fuzz target: the loader of scenario files (scenario/suite.h): an error with a place, or scenarios. load, print, load
 * gives the same scenarios. */
#include "fuzz.h"
#include "protocol.h"
#include "scenario/suite.h"

#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_LINES, .vocabulary = &gw_vocabulary_files};

static bool same_json(const cJSON *a, const cJSON *b) {
    return a && b ? cJSON_Compare(a, b, true) : a == b;
}

static bool same_bytes(const void *a, size_t a_len, const void *b, size_t b_len) {
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool same_time(const gw_expr *a, const gw_expr *b) {
    return a && b ? strcmp(gw_expr_text(a), gw_expr_text(b)) == 0 : a == b;
}

static bool same_codes(const gw_code_set *a, const gw_code_set *b) {
    for (size_t i = 0; a->count == b->count && i < a->count; i++)
        if (a->ranges[i].low != b->ranges[i].low || a->ranges[i].high != b->ranges[i].high) return false;
    return a->count == b->count && a->none == b->none;
}

static bool same_texts(const char *const *a, size_t a_count, const char *const *b, size_t b_count) {
    for (size_t i = 0; a_count == b_count && i < a_count; i++)
        if (!gw_fuzz_same_text(a[i], b[i])) return false;
    return a_count == b_count;
}

static void check_payload(const gw_payload *a, const gw_payload *b) {
    GW_FUZZ_CHECK(gw_fuzz_same_text(a->event, b->event) && same_json(a->data, b->data) && same_json(a->id, b->id) &&
                      same_json(a->extra, b->extra) && same_json(a->json, b->json) && a->data_absent == b->data_absent,
                  "another message");
    GW_FUZZ_CHECK(!a->text == !b->text && same_bytes(a->text, a->text_len, b->text, b->text_len), "another text");
    GW_FUZZ_CHECK(!a->hex == !b->hex && same_bytes(a->hex, a->hex_len, b->hex, b->hex_len), "other bytes");
    GW_FUZZ_CHECK(a->repeat == b->repeat && a->pad_to == b->pad_to && a->has_slice == b->has_slice &&
                      a->slice_from == b->slice_from && a->slice_to == b->slice_to && a->has_code == b->has_code &&
                      a->code == b->code && gw_fuzz_same_text(a->reason, b->reason),
                  "another shape");
}

static void check_frame(const gw_frame_spec *a, const gw_frame_spec *b) {
    GW_FUZZ_CHECK(a->opcode == b->opcode && a->fin == b->fin && a->rsv == b->rsv && a->mask == b->mask &&
                      memcmp(a->key, b->key, sizeof a->key) == 0 && a->length_form == b->length_form &&
                      a->has_declared_length == b->has_declared_length && a->declared_length == b->declared_length &&
                      a->fragment == b->fragment && a->empty_fragments == b->empty_fragments,
                  "another header");
    check_payload(&a->payload, &b->payload);
}

static void check_pacing(const gw_pacing *a, const gw_pacing *b) {
    GW_FUZZ_CHECK(a->chop == b->chop && a->times == b->times && a->background == b->background &&
                      same_time(a->pause, b->pause) && same_time(a->every, b->every),
                  "another pace");
}

static void check_frames(const gw_frame_spec *a, size_t a_count, const gw_frame_spec *b, size_t b_count) {
    GW_FUZZ_CHECK(a_count == b_count, "%zu and %zu frames", a_count, b_count);
    for (size_t i = 0; i < a_count; i++) check_frame(&a[i], &b[i]);
}

static void check_connect(const gw_step *a, const gw_step *b) {
    const gw_request_spec *x = &a->as.connect.request, *y = &b->as.connect.request;
    GW_FUZZ_CHECK(gw_fuzz_same_text(x->method, y->method) && gw_fuzz_same_text(x->target, y->target) &&
                      gw_fuzz_same_text(x->version, y->version) && gw_fuzz_same_text(x->reason, y->reason) &&
                      gw_fuzz_same_text(x->header_case, y->header_case) && x->status == y->status &&
                      x->unfinished == y->unfinished && x->header_count == y->header_count && !x->raw == !y->raw &&
                      same_bytes(x->raw, x->raw_len, y->raw, y->raw_len) &&
                      a->as.connect.or_skip == b->as.connect.or_skip,
                  "another head");
    for (size_t i = 0; i < x->header_count; i++)
        GW_FUZZ_CHECK(gw_fuzz_same_text(x->headers[i].name, y->headers[i].name) &&
                          gw_fuzz_same_text(x->headers[i].value, y->headers[i].value) &&
                          x->headers[i].add == y->headers[i].add,
                      "header %zu", i);
    check_pacing(&a->as.connect.pacing, &b->as.connect.pacing);
    check_frames(a->as.connect.with, a->as.connect.with_count, b->as.connect.with, b->as.connect.with_count);
}

static void check_expect(const gw_step *a, const gw_step *b) {
    const gw_pattern *x = &a->as.expect.pattern, *y = &b->as.expect.pattern;
    GW_FUZZ_CHECK(x->kind == y->kind && gw_fuzz_same_text(x->event, y->event) && same_json(x->data, y->data) &&
                      x->opcode == y->opcode && x->has_payload == y->has_payload &&
                      same_bytes(x->payload, x->payload_len, y->payload, y->payload_len),
                  "another pattern");
    GW_FUZZ_CHECK(a->as.expect.count == b->as.expect.count && a->as.expect.exact == b->as.expect.exact &&
                      a->as.expect.skip_if_absent == b->as.expect.skip_if_absent,
                  "another count");
    GW_FUZZ_CHECK(same_time(a->as.expect.settle, b->as.expect.settle) &&
                      same_time(a->as.expect.first, b->as.expect.first) &&
                      same_time(a->as.expect.min_gap, b->as.expect.min_gap) &&
                      same_time(a->as.expect.duration, b->as.expect.duration),
                  "another time");
}

static void check_ending(const gw_step *a, const gw_step *b) {
    GW_FUZZ_CHECK(same_codes(&a->as.end.codes, &b->as.end.codes) &&
                      same_codes(&a->as.end.non_strict_codes, &b->as.end.non_strict_codes) &&
                      a->as.end.non_strict_any == b->as.end.non_strict_any && a->as.end.ignore == b->as.end.ignore &&
                      a->as.end.close == b->as.end.close && same_time(a->as.end.fin_within, b->as.end.fin_within),
                  "another ending");
}

static void check_response(const gw_step *a, const gw_step *b) {
    GW_FUZZ_CHECK(same_codes(&a->as.response.status, &b->as.response.status) &&
                      same_codes(&a->as.response.non_strict_status, &b->as.response.non_strict_status) &&
                      a->as.response.non_strict_close == b->as.response.non_strict_close &&
                      same_json(a->as.response.headers, b->as.response.headers) &&
                      same_json(a->as.response.non_strict_headers, b->as.response.non_strict_headers),
                  "another response");
}

static void check_trigger(const gw_step *a, const gw_step *b) {
    GW_FUZZ_CHECK(gw_fuzz_same_text(a->as.trigger.event, b->as.trigger.event) &&
                      gw_fuzz_same_text(a->as.trigger.room, b->as.trigger.room) &&
                      gw_fuzz_same_text(a->as.trigger.save, b->as.trigger.save) &&
                      same_json(a->as.trigger.data, b->as.trigger.data) && a->as.trigger.times == b->as.trigger.times &&
                      a->as.trigger.by == b->as.trigger.by && a->as.trigger.optional == b->as.trigger.optional,
                  "another trigger");
}

static void check_step(const gw_step *a, const gw_step *b) {
    GW_FUZZ_CHECK(a->kind == b->kind && a->on_count == b->on_count, "a step of another kind");
    GW_FUZZ_CHECK(memcmp(a->on, b->on, a->on_count * sizeof a->on[0]) == 0, "a step of other clients");
    GW_FUZZ_CHECK(gw_fuzz_same_text(a->rule, b->rule), "rules %s and %s", a->rule, b->rule);
    GW_FUZZ_CHECK(a->window.since == b->window.since && same_time(a->window.after, b->window.after) &&
                      same_time(a->window.within, b->window.within) &&
                      same_time(a->window.non_strict_within, b->window.non_strict_within),
                  "another window");
    switch (a->kind) {
    case GW_STEP_CONNECT:
    case GW_STEP_UPGRADE:
    case GW_STEP_ACCEPT:
        check_connect(a, b);
        break;
    case GW_STEP_SEND:
    case GW_STEP_SEND_FRAME:
        check_frames(a->as.send.frames, a->as.send.frame_count, b->as.send.frames, b->as.send.frame_count);
        check_pacing(&a->as.send.pacing, &b->as.send.pacing);
        break;
    case GW_STEP_SEND_BYTES:
        check_payload(&a->as.bytes.payload, &b->as.bytes.payload);
        check_pacing(&a->as.bytes.pacing, &b->as.bytes.pacing);
        break;
    case GW_STEP_EXPECT:
    case GW_STEP_EXPECT_NONE:
    case GW_STEP_EXPECT_CADENCE:
        check_expect(a, b);
        break;
    case GW_STEP_EXPECT_CLOSE:
    case GW_STEP_EXPECT_FAIL:
    case GW_STEP_EXPECT_REACTION:
    case GW_STEP_EXPECT_OPEN:
        check_ending(a, b);
        break;
    case GW_STEP_EXPECT_RESPONSE:
        check_response(a, b);
        break;
    case GW_STEP_TRIGGER:
        check_trigger(a, b);
        break;
    case GW_STEP_HEARTBEAT:
        GW_FUZZ_CHECK(a->as.heartbeat.mode == b->as.heartbeat.mode &&
                          same_time(a->as.heartbeat.every, b->as.heartbeat.every),
                      "another heartbeat");
        break;
    case GW_STEP_DROP:
        GW_FUZZ_CHECK(a->as.drop.reset == b->as.drop.reset, "another end");
        break;
    case GW_STEP_WAIT:
        GW_FUZZ_CHECK(same_time(a->as.wait.duration, b->as.wait.duration), "another time");
        break;
    default:
        GW_FUZZ_CHECK(false, "a kind of step that is not compared");
    }
}

static void check_client(const gw_client_spec *a, const gw_client_spec *b) {
    GW_FUZZ_CHECK(gw_fuzz_same_text(a->name, b->name) && gw_fuzz_same_text(a->room, b->room) &&
                      gw_fuzz_same_text(a->participant, b->participant) && a->heartbeat == b->heartbeat &&
                      same_time(a->heartbeat_every, b->heartbeat_every) && same_time(a->interval, b->interval) &&
                      a->hello == b->hello && a->greet == b->greet && a->answer_asks == b->answer_asks &&
                      a->answer_pings == b->answer_pings && a->answer_close == b->answer_close && a->read == b->read,
                  "another client %s", a->name);
}

static void check_scenario(const gw_scenario *a, const gw_scenario *b) {
    GW_FUZZ_CHECK(gw_fuzz_same_text(a->id, b->id) && gw_fuzz_same_text(a->title, b->title) &&
                      gw_fuzz_same_text(a->description, b->description) && gw_fuzz_same_text(a->lacks, b->lacks),
                  "texts of %s", a->id);
    GW_FUZZ_CHECK(a->level == b->level && a->negative == b->negative && a->role == b->role && a->order == b->order &&
                      a->condition_count == b->condition_count && a->room_count == b->room_count &&
                      a->client_count == b->client_count && a->step_count == b->step_count &&
                      same_time(a->timeout, b->timeout),
                  "facts of %s", a->id);
    GW_FUZZ_CHECK(same_texts(a->requires_ids, a->requires_count, b->requires_ids, b->requires_count) &&
                      same_texts(a->tags, a->tag_count, b->tags, b->tag_count) &&
                      same_texts(a->allow, a->allow_count, b->allow, b->allow_count) &&
                      same_texts(a->triggers, a->trigger_count, b->triggers, b->trigger_count),
                  "lists of %s", a->id);
    for (size_t i = 0; i < a->condition_count; i++)
        GW_FUZZ_CHECK(gw_fuzz_same_text(a->conditions[i].knob, b->conditions[i].knob) &&
                          gw_fuzz_same_text(a->conditions[i].value, b->conditions[i].value),
                      "condition %zu of %s", i, a->id);
    for (size_t i = 0; i < a->client_count; i++) check_client(&a->clients[i], &b->clients[i]);
    for (size_t i = 0; i < a->step_count; i++) check_step(&a->steps[i], &b->steps[i]);
}

static void check_again(const gw_suite *first, gw_span json) {
    gw_suite suite;
    gw_diag diag;
    gw_diag_init(&diag);
    gw_suite_init(&suite, gw_fuzz_protocol(), gw_fuzz_requirements());
    gw_status status = gw_suite_load(&suite, json, "input", "input.yaml", &diag);
    GW_FUZZ_CHECK(status == GW_OK && suite.count == first->count, "%zu scenarios, then %zu: %s\n%.*s", first->count,
                  suite.count, gw_buf_cstr(&diag.text), GW_SPAN_ARG(json));
    for (size_t i = 0; i < suite.count; i++) check_scenario(first->scenarios[i], suite.scenarios[i]);
    gw_suite_deinit(&suite);
    gw_diag_deinit(&diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > GW_FUZZ_MAX_BYTES) return 0;
    gw_suite suite;
    gw_diag diag;
    gw_diag_init(&diag);
    gw_suite_init(&suite, gw_fuzz_protocol(), gw_fuzz_requirements());
    gw_status status = gw_suite_load(&suite, gw_span_make(data, size), "input", "input.yaml", &diag);
    GW_FUZZ_CHECK((status != GW_OK) == (diag.errors > 0), "%s with %zu errors", gw_status_text(status), diag.errors);
    if (status != GW_OK)
        GW_FUZZ_CHECK(strncmp(gw_buf_cstr(&diag.text), "input.yaml", 10) == 0, "%s", gw_buf_cstr(&diag.text));
    gw_span json;
    if (status == GW_OK && gw_fuzz_as_json(gw_span_make(data, size), &json)) check_again(&suite, json);
    gw_suite_sort(&suite);
    gw_suite_deinit(&suite);
    gw_diag_deinit(&diag);
    return 0;
}
