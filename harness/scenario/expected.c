/* Floor 3: expected failures. */
#include "scenario/expected.h"

#include "scenario/suite.h"

#include <string.h>

static const char *text_of(gw_diag *diag, const gw_doc_node *entry, const char *key, bool required) {
    const gw_doc_node *node = gw_doc_get(entry, key);
    if (!node) {
        if (required) gw_doc_require(diag, entry, key, "an expected failure");
        return NULL;
    }
    if (!gw_doc_expect_kind(diag, node, GW_DOC_STRING, key)) return NULL;
    if (node->text_len == 0) gw_doc_error(diag, node, "%s of an expected failure is empty", key);
    return node->text;
}

static gw_expected load_one(gw_arena *arena, const gw_doc_node *entry, gw_diag *diag) {
    static const char *const keys[] = {"scenario", "reason", "observed", "flaky"};
    gw_expected e = {.place = gw_doc_place(entry)};
    if (entry->kind != GW_DOC_MAP) {
        gw_doc_error(diag, entry, "an expected failure is {scenario: PATTERN, reason: TEXT}");
        return e;
    }
    if (!gw_doc_expect_keys(diag, entry, keys, 4, "an expected failure")) return e;
    const char *pattern = text_of(diag, entry, "scenario", true), *reason = text_of(diag, entry, "reason", true);
    const char *observed = text_of(diag, entry, "observed", false);
    const gw_doc_node *flaky = gw_doc_get(entry, "flaky");
    if (flaky && gw_doc_expect_kind(diag, flaky, GW_DOC_BOOL, "flaky")) e.flaky = flaky->boolean;
    if (pattern) e.pattern = gw_arena_strdup(arena, pattern);
    if (reason) e.reason = gw_arena_strdup(arena, reason);
    if (observed) e.observed = gw_arena_strdup(arena, observed);
    e.place.file = gw_arena_strdup(arena, e.place.file);
    e.place.source = (gw_span){0};
    return e;
}

bool gw_expected_load(gw_arena *arena, const gw_doc_node *list, gw_diag *diag, const gw_expected **out, size_t *count) {
    size_t errors = diag->errors;
    *out = NULL;
    *count = 0;
    if (list->kind == GW_DOC_NULL) return true; /* the last entry of a list was removed */
    if (!gw_doc_expect_kind(diag, list, GW_DOC_SEQ, "expected-failures")) return false;
    gw_expected *items = GW_ARENA_ARRAY(arena, gw_expected, list->count + 1);
    for (const gw_doc_node *entry = list->first; entry; entry = entry->next) {
        gw_expected e = load_one(arena, entry, diag);
        if (e.pattern && e.reason) items[(*count)++] = e;
    }
    *out = items;
    return diag->errors == errors;
}

void gw_expected_put_first(gw_result *result, gw_finding finding) {
    gw_finding *findings = GW_ARENA_ARRAY(result->arena, gw_finding, result->finding_count + 1);
    findings[0] = finding;
    if (result->finding_count) memcpy(findings + 1, result->findings, result->finding_count * sizeof *findings);
    result->findings = findings;
    result->finding_count++;
    result->verdict = finding.verdict;
}

static bool is_pinned_elsewhere(const gw_expected *e, const gw_result *result) {
    if (!e->observed) return false;
    for (size_t i = 0; i < result->finding_count; i++)
        if (result->findings[i].observed && strstr(result->findings[i].observed, e->observed)) return false;
    return true;
}

/* It fails, but not as the list says: both are told. */
static void tell_pin(gw_result *result, const gw_expected *e) {
    gw_finding *findings = GW_ARENA_ARRAY(result->arena, gw_finding, result->finding_count + 1);
    if (result->finding_count) memcpy(findings, result->findings, result->finding_count * sizeof *findings);
    findings[result->finding_count++] = (gw_finding){
        .verdict = result->verdict,
        .expected = gw_arena_printf(result->arena, "the failure that is on the list of expected failures, with \"%s\"",
                                    e->observed),
        .observed = "another failure",
        .at = result->duration};
    result->findings = findings;
}

void gw_expected_apply(const gw_expected *list, size_t count, gw_result *result) {
    const gw_expected *pinned = NULL;
    bool bad = result->verdict == GW_VERDICT_FAIL || result->verdict == GW_VERDICT_CRASH ||
               result->verdict == GW_VERDICT_NON_STRICT;
    for (size_t i = 0; i < count; i++) {
        const gw_expected *e = &list[i];
        if (!gw_suite_match(e->pattern, result->scenario->id)) continue;
        if (bad && is_pinned_elsewhere(e, result)) { /* another entry may let it through */
            pinned = pinned ? pinned : e;
            continue;
        }
        if (bad) {
            result->verdict = GW_VERDICT_KNOWN_FAIL;
            result->known_reason = gw_arena_strdup(result->arena, e->reason);
        } else if (result->verdict == GW_VERDICT_PASS && !e->flaky) {
            gw_expected_put_first(
                result, (gw_finding){.verdict = GW_VERDICT_UNEXPECTED_PASS,
                                     .expected = gw_arena_printf(result->arena, "a failure: %s", e->reason),
                                     .observed = "it passes; the expected failure is to be removed from the list",
                                     .at = result->duration});
        }
        return;
    }
    if (pinned) tell_pin(result, pinned);
}
