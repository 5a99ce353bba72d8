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
                      !a->pause == !b->pause && !a->every == !b->every,
                  "another pace");
}

static void check_step(const gw_step *a, const gw_step *b) {
    GW_FUZZ_CHECK(a->kind == b->kind && a->on_count == b->on_count, "a step of another kind");
    GW_FUZZ_CHECK(memcmp(a->on, b->on, a->on_count * sizeof a->on[0]) == 0, "a step of other clients");
    GW_FUZZ_CHECK(gw_fuzz_same_text(a->rule, b->rule), "rules %s and %s", a->rule, b->rule);
    GW_FUZZ_CHECK(a->window.since == b->window.since && !a->window.after == !b->window.after &&
                      !a->window.within == !b->window.within &&
                      !a->window.non_strict_within == !b->window.non_strict_within,
                  "another window");
    switch (a->kind) {
    case GW_STEP_SEND:
    case GW_STEP_SEND_FRAME:
        GW_FUZZ_CHECK(a->as.send.frame_count == b->as.send.frame_count, "%zu and %zu frames", a->as.send.frame_count,
                      b->as.send.frame_count);
        for (size_t i = 0; i < a->as.send.frame_count; i++) check_frame(&a->as.send.frames[i], &b->as.send.frames[i]);
        check_pacing(&a->as.send.pacing, &b->as.send.pacing);
        break;
    case GW_STEP_SEND_BYTES:
        check_payload(&a->as.bytes.payload, &b->as.bytes.payload);
        check_pacing(&a->as.bytes.pacing, &b->as.bytes.pacing);
        break;
    case GW_STEP_EXPECT:
    case GW_STEP_EXPECT_NONE:
    case GW_STEP_EXPECT_CADENCE: {
        const gw_pattern *x = &a->as.expect.pattern, *y = &b->as.expect.pattern;
        GW_FUZZ_CHECK(x->kind == y->kind && gw_fuzz_same_text(x->event, y->event) && same_json(x->data, y->data) &&
                          x->opcode == y->opcode && x->has_payload == y->has_payload &&
                          same_bytes(x->payload, x->payload_len, y->payload, y->payload_len),
                      "another pattern");
        GW_FUZZ_CHECK(a->as.expect.count == b->as.expect.count && a->as.expect.exact == b->as.expect.exact,
                      "another count");
        break;
    }
    case GW_STEP_TRIGGER:
        GW_FUZZ_CHECK(gw_fuzz_same_text(a->as.trigger.event, b->as.trigger.event) &&
                          gw_fuzz_same_text(a->as.trigger.room, b->as.trigger.room) &&
                          same_json(a->as.trigger.data, b->as.trigger.data) &&
                          a->as.trigger.times == b->as.trigger.times && a->as.trigger.by == b->as.trigger.by,
                      "another trigger");
        break;
    default:
        break;
    }
}

static void check_scenario(const gw_scenario *a, const gw_scenario *b) {
    GW_FUZZ_CHECK(gw_fuzz_same_text(a->id, b->id) && gw_fuzz_same_text(a->title, b->title) &&
                      gw_fuzz_same_text(a->description, b->description) && gw_fuzz_same_text(a->lacks, b->lacks),
                  "texts of %s", a->id);
    GW_FUZZ_CHECK(a->level == b->level && a->negative == b->negative && a->requires_count == b->requires_count &&
                      a->tag_count == b->tag_count && a->allow_count == b->allow_count &&
                      a->condition_count == b->condition_count && a->trigger_count == b->trigger_count &&
                      a->room_count == b->room_count && a->client_count == b->client_count &&
                      a->step_count == b->step_count,
                  "facts of %s", a->id);
    for (size_t i = 0; i < a->client_count; i++)
        GW_FUZZ_CHECK(gw_fuzz_same_text(a->clients[i].name, b->clients[i].name) &&
                          a->clients[i].heartbeat == b->clients[i].heartbeat,
                      "client %zu of %s", i, a->id);
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
