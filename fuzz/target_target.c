/* Fuzz target: the loader of target files (scenario/target.h): an error with a place, or a target. load, print, load
 * gives the same target. */
#include "fuzz.h"
#include "scenario/target.h"

#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_LINES, .vocabulary = &gw_vocabulary_files};

static void check_pairs(const gw_target_pairs *a, const gw_target_pairs *b) {
    GW_FUZZ_CHECK(a->count == b->count, "%zu pairs, then %zu", a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        GW_FUZZ_CHECK(gw_fuzz_same_text(a->list[i].name, b->list[i].name) &&
                          gw_fuzz_same_text(a->list[i].value, b->list[i].value),
                      "%s: %s, then %s: %s", a->list[i].name, a->list[i].value, b->list[i].name, b->list[i].value);
}

static void check_command(const char *const *a, const char *const *b) {
    GW_FUZZ_CHECK(!a == !b, "a command appears or goes");
    for (size_t i = 0; a && (a[i] || b[i]); i++) GW_FUZZ_CHECK(gw_fuzz_same_text(a[i], b[i]), "another command");
}

static void check_call(const gw_target_call *a, const gw_target_call *b) {
    check_command(a->command, b->command);
    check_pairs(&a->env, &b->env);
    check_pairs(&a->headers, &b->headers);
    check_pairs(&a->cookies, &b->cookies);
    GW_FUZZ_CHECK(gw_fuzz_same_text(a->method, b->method) && gw_fuzz_same_text(a->url, b->url) &&
                      gw_fuzz_same_text(a->body, b->body) && gw_fuzz_same_text(a->cwd, b->cwd),
                  "another request");
    GW_FUZZ_CHECK(a->json && b->json ? cJSON_Compare(a->json, b->json, true) : a->json == b->json, "another body");
    GW_FUZZ_CHECK(a->status_count == b->status_count && a->capture_count == b->capture_count &&
                      a->within == b->within &&
                      memcmp(a->status, b->status, a->status_count * sizeof a->status[0]) == 0,
                  "other facts of a request");
    for (size_t i = 0; i < a->capture_count; i++)
        GW_FUZZ_CHECK(a->captures[i].kind == b->captures[i].kind &&
                          gw_fuzz_same_text(a->captures[i].name, b->captures[i].name) &&
                          gw_fuzz_same_text(a->captures[i].from, b->captures[i].from),
                      "another capture");
}

static void check_calls(const gw_target_calls *a, const gw_target_calls *b) {
    GW_FUZZ_CHECK(a->count == b->count, "%zu calls, then %zu", a->count, b->count);
    for (size_t i = 0; i < a->count; i++) check_call(&a->list[i], &b->list[i]);
}

static void check_same(const gw_target *a, const gw_target *b) {
    GW_FUZZ_CHECK(gw_fuzz_same_text(a->name, b->name) && gw_fuzz_same_text(a->protocol, b->protocol) &&
                      gw_fuzz_same_text(a->connect.url, b->connect.url) &&
                      gw_fuzz_same_text(a->connect.subprotocol, b->connect.subprotocol) &&
                      gw_fuzz_same_text(a->connect.origin, b->connect.origin),
                  "texts of %s", a->name);
    check_pairs(&a->connect.query, &b->connect.query);
    check_pairs(&a->connect.headers, &b->connect.headers);
    check_pairs(&a->connect.cookies, &b->connect.cookies);
    check_pairs(&a->knobs, &b->knobs);
    check_command(a->start.command, b->start.command);
    check_pairs(&a->start.env, &b->start.env);
    GW_FUZZ_CHECK(a->start.ready.kind == b->start.ready.kind && a->start.ready.within == b->start.ready.within &&
                      a->start.stop_signal == b->start.stop_signal && a->start.stop_within == b->start.stop_within &&
                      a->start.restart == b->start.restart && a->tls.insecure == b->tls.insecure,
                  "facts of %s", a->name);
    for (int i = 0; i < GW_TARGET_SCOPES; i++) {
        check_calls(&a->fixtures[i], &b->fixtures[i]);
        check_calls(&a->cleanup[i], &b->cleanup[i]);
    }
    GW_FUZZ_CHECK(a->trigger_count == b->trigger_count && a->expected_count == b->expected_count &&
                      a->env_count == b->env_count && a->max_jobs == b->max_jobs && a->uses_port == b->uses_port &&
                      a->uses_control_port == b->uses_control_port,
                  "counts of %s", a->name);
    for (size_t i = 0; i < a->trigger_count; i++) {
        GW_FUZZ_CHECK(gw_fuzz_same_text(a->triggers[i].event, b->triggers[i].event), "another event");
        check_call(&a->triggers[i].call, &b->triggers[i].call);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > GW_FUZZ_MAX_BYTES) return 0;
    gw_diag diag;
    gw_diag_init(&diag);
    gw_target *target = gw_target_load(gw_span_make(data, size), "input.yaml", &diag);
    GW_FUZZ_CHECK((target == NULL) == (diag.errors > 0), "%zu errors", diag.errors);
    if (!target) GW_FUZZ_CHECK(strncmp(gw_buf_cstr(&diag.text), "input.yaml", 10) == 0, "%s", gw_buf_cstr(&diag.text));
    gw_span json;
    if (target && gw_fuzz_as_json(gw_span_make(data, size), &json)) {
        gw_target *again = gw_target_load(json, "input.yaml", &diag);
        GW_FUZZ_CHECK(again, "%s\n%.*s", gw_buf_cstr(&diag.text), GW_SPAN_ARG(json));
        check_same(target, again);
        gw_target_destroy(again);
    }
    gw_target_destroy(target);
    gw_diag_deinit(&diag);
    return 0;
}
