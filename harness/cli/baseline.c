/* Floor 5: the list of known failures. */
#include "cli/baseline.h"

#include "cli/console.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what is in it ---- */

static bool is_new_failure(const gw_result *result) {
    return result->verdict == GW_VERDICT_FAIL || result->verdict == GW_VERDICT_CRASH ||
           result->verdict == GW_VERDICT_NON_STRICT;
}

/* A scenario that passes, or fails in another way than its pins say: no entry that matches it holds, but a flaky one.
 */
static bool contradicts(const gw_result *result, const gw_expected *e) {
    bool other = result->verdict == GW_VERDICT_UNEXPECTED_PASS || is_new_failure(result);
    return other && !e->flaky && gw_suite_match(e->pattern, result->scenario->id);
}

static bool is_contradicted(const gw_expected *e, const gw_runner_outcome *outcome) {
    for (size_t i = 0; i < outcome->result_count; i++)
        if (contradicts(outcome->results[i], e)) return true;
    return false;
}

static bool is_unmatched(const gw_expected *e, const gw_runner_outcome *outcome) {
    for (size_t i = 0; i < outcome->unmatched_count; i++)
        if (outcome->unmatched[i] == e) return true;
    return false;
}

static void append_text(gw_buf *out, const char *key, const char *text) {
    gw_buf_printf(out, "%s: ", key);
    gw_doc_append_string(out, gw_span_cstr(text));
}

static void append_entry(gw_buf *out, const char *pattern, const gw_expected *e) {
    append_text(out, "- {scenario", pattern);
    append_text(out, ", reason", e->reason);
    if (e->observed) append_text(out, ", observed", e->observed);
    gw_buf_append_cstr(out, e->flaky ? ", flaky: true}\n" : "}\n");
}

static void append_new(gw_buf *out, const gw_result *result) {
    const char *seen = result->finding_count ? result->findings[0].observed : NULL;
    append_entry(out, result->scenario->id, &(gw_expected){.reason = seen && *seen ? seen : "recorded as it was"});
}

static const gw_result *result_of(const gw_scenario *scenario, const gw_runner_outcome *outcome) {
    for (size_t i = 0; i < outcome->result_count; i++)
        if (outcome->results[i]->scenario == scenario) return outcome->results[i];
    return NULL;
}

/* A pattern that no longer holds for some is spelled out for the others, those that were not run among them. */
static void append_rest(gw_buf *out, const gw_expected *e, const gw_suite *suite, const gw_runner_outcome *outcome) {
    for (size_t i = 0; i < suite->count; i++) {
        const gw_scenario *scenario = suite->scenarios[i];
        const gw_result *result = result_of(scenario, outcome);
        if (!gw_suite_match(e->pattern, scenario->id)) continue;
        if (!result || (!contradicts(result, e) && result->verdict != GW_VERDICT_PASS))
            append_entry(out, scenario->id, e);
    }
}

static void append_list(gw_buf *out, const gw_runner_plan *plan, const gw_runner_outcome *outcome) {
    gw_buf_append_cstr(out, "# Failures that are known, each with its reason: see --expected-failures.\n");
    size_t empty = out->len;
    for (size_t i = 0; i < plan->expected_count; i++) {
        const gw_expected *e = &plan->expected[i];
        if (is_unmatched(e, outcome)) continue;
        if (is_contradicted(e, outcome))
            append_rest(out, e, plan->suite, outcome);
        else
            append_entry(out, e->pattern, e);
    }
    for (size_t i = 0; i < outcome->result_count; i++)
        if (is_new_failure(outcome->results[i])) append_new(out, outcome->results[i]);
    if (out->len == empty) gw_buf_append_cstr(out, "[]\n");
}

/* ---- where it goes ---- */

static bool fail(const char *path) {
    gw_console_error("%s: cannot be written: %s", path, strerror(errno));
    return false;
}

/* The name of the file that is written first, beside what a link leads to. To be freed; NULL: errno says why. */
static char *name_beside(const char *path, char **place) {
    char *name = NULL;
    *place = realpath(path, NULL);
    if (!*place && errno == ENOENT) *place = strdup(path);
    if (*place && asprintf(&name, "%s.%ld.new", *place, (long)getpid()) < 0) name = NULL;
    return name;
}

bool gw_baseline_probe(const char *path) {
    struct stat old;
    bool there = stat(path, &old) == 0;
    if (there && S_ISDIR(old.st_mode)) errno = EISDIR;
    if (there && (S_ISDIR(old.st_mode) || access(path, W_OK) != 0)) return fail(path);
    if (there && !S_ISREG(old.st_mode)) return true; /* a pipe, say: nothing to keep */
    char *place, *beside = name_beside(path, &place);
    FILE *stream = beside ? fopen(beside, "wx") : NULL;
    bool good = stream || fail(path);
    if (stream) {
        fclose(stream);
        unlink(beside);
    }
    free(beside);
    free(place);
    return good;
}

static bool write_file(const char *path, const char *mode, const gw_buf *text) {
    FILE *stream = fopen(path, mode);
    if (!stream) return false;
    bool good = fwrite(text->data, 1, text->len, stream) == text->len;
    return (fclose(stream) == 0) & good;
}

static bool replace(const char *path, const gw_buf *text) {
    struct stat old;
    bool there = stat(path, &old) == 0;
    if (there && !S_ISREG(old.st_mode)) return write_file(path, "w", text) || fail(path);
    char *place, *beside = name_beside(path, &place);
    bool good = beside && write_file(beside, "wx", text) && (!there || chmod(beside, old.st_mode & 07777) == 0) &&
                rename(beside, place) == 0;
    if (!good) {
        fail(path);
        if (beside) unlink(beside);
    }
    free(beside);
    free(place);
    return good;
}

bool gw_baseline_write(const char *path, const gw_runner_plan *plan, const gw_runner_outcome *outcome) {
    gw_buf text;
    gw_buf_init(&text, GW_CONSOLE_MAX_TEXT);
    append_list(&text, plan, outcome);
    bool good = text.error == GW_OK;
    if (good)
        good = replace(path, &text);
    else
        gw_console_error("%s: cannot be written: %s", path, gw_status_text(text.error));
    gw_buf_deinit(&text);
    return good;
}
