/* Floor 5: choosing scenarios, and saying what matched nothing. */
#include "cli/select.h"

#include "report/run.h"

#include <stdlib.h>
#include <string.h>

void gw_chosen_deinit(gw_chosen *chosen) {
    free(chosen->items);
    *chosen = (gw_chosen){0};
}

const char *gw_select_suggest(const gw_suite *suite, const char *word, gw_arena *scratch) {
    /* Ids, families and groups: three words of each scenario. */
    const char **words = GW_ARENA_ARRAY(scratch, const char *, suite->count * 3 + 1);
    size_t n = 0;
    for (size_t i = 0; i < suite->count; i++) {
        const gw_scenario *scenario = suite->scenarios[i];
        gw_span group = gw_report_group(scenario->id);
        words[n++] = gw_arena_strndup(scratch, group.ptr, group.len);
        words[n++] = scenario->family;
        words[n++] = scenario->id;
    }
    return gw_diag_suggest(gw_span_cstr(word), words, n);
}

static bool matches_role(const gw_scenario *scenario, gw_select_role role) {
    return role == GW_SELECT_ANY || (role == GW_SELECT_CLIENTS) == (scenario->role == GW_ROLE_CLIENT);
}

static bool matches_any(const gw_suite *suite, const char *pattern, gw_select_role role) {
    for (size_t i = 0; i < suite->count; i++)
        if (matches_role(suite->scenarios[i], role) &&
            (gw_suite_match(pattern, suite->scenarios[i]->id) || gw_suite_match(pattern, suite->scenarios[i]->family)))
            return true;
    return false;
}

static bool check_patterns(const gw_suite *suite, const gw_selection *selection, gw_buf *message) {
    for (size_t i = 0; i < selection->pattern_count; i++) {
        const char *pattern = selection->patterns[i];
        if (matches_any(suite, pattern, selection->role)) continue;
        if (matches_any(suite, pattern, GW_SELECT_ANY)) {
            bool client = selection->role == GW_SELECT_CLIENTS;
            gw_buf_printf(message, "'%s' tests %s: run it by 'gwspec %s'", pattern, client ? "servers" : "clients",
                          client ? "run" : "client");
            return false;
        }
        gw_arena scratch;
        gw_arena_init(&scratch);
        const char *meant = gw_select_suggest(suite, pattern, &scratch);
        gw_buf_printf(message, "no scenario matches '%s'", pattern);
        if (meant)
            gw_buf_printf(message, " (did you mean '%s'?)", meant);
        else
            gw_buf_append_cstr(message, ", see 'gwspec list'");
        gw_arena_deinit(&scratch);
        return false;
    }
    return true;
}

static void append_words(const char *option, const char *const *words, size_t count, gw_buf *out) {
    for (size_t i = 0; i < count; i++) gw_buf_printf(out, " --%s %s", option, words[i]);
}

bool gw_select(const gw_suite *suite, const char *folder, const gw_selection *selection, gw_chosen *out,
               gw_buf *message) {
    *out = (gw_chosen){0};
    if (suite->count == 0) {
        gw_buf_printf(message, "there are no scenarios in '%s'", folder ? folder : "scenarios");
        return false;
    }
    if (!check_patterns(suite, selection, message)) return false;
    out->items = malloc(suite->count * sizeof *out->items);
    if (!out->items) {
        gw_buf_append_cstr(message, gw_status_text(GW_ERR_NOMEM));
        return false;
    }
    for (size_t i = 0; i < suite->count; i++)
        if (gw_suite_selects(selection, suite->scenarios[i])) out->items[out->count++] = suite->scenarios[i];
    if (out->count) return true;
    gw_buf_append_cstr(message, "no scenario is left by");
    append_words("filter", selection->filters, selection->filter_count, message);
    append_words("tag", selection->tags, selection->tag_count, message);
    gw_chosen_deinit(out);
    return false;
}
