/* Floor 5: what several commands share. */
#include "cli/commands.h"

#include "reference-server/faults.h"

#include <string.h>

bool gw_commands_load(const gw_options *options, gw_catalogue *catalogue) {
    gw_diag diag;
    gw_diag_init(&diag);
    gw_catalogue_source source = {.folder = options->scenarios, .protocol_file = options->protocol};
    gw_status status = gw_catalogue_load(catalogue, source, &diag);
    if (status != GW_OK) gw_console_diag(&diag);
    gw_diag_deinit(&diag);
    return status == GW_OK;
}

bool gw_commands_patterns(const gw_options *options, gw_catalogue *catalogue, const char *const **out) {
    gw_diag diag;
    gw_diag_init(&diag);
    gw_status status = gw_catalogue_patterns(catalogue, options->operands.items, options->operands.count, &diag, out);
    if (status != GW_OK) gw_console_diag(&diag);
    gw_diag_deinit(&diag);
    return status == GW_OK;
}

static bool has_word(const char *words, const char *word) {
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += len) {
        bool starts = at == words || at[-1] == ' ';
        if (starts && (at[len] == 0 || at[len] == ' ')) return true;
    }
    return false;
}

void gw_commands_each_fault(const char *requirement, void (*take)(const char *name, void *user), void *user) {
    for (int i = 0; i < GW_FAULT_COUNT; i++) {
        const gw_fault_info *info = gw_faults_info((gw_fault)i);
        if (has_word(info->rules, requirement)) take(info->name, user);
    }
}

void gw_commands_each_misbehaviour(const gw_requirements *catalogue, const char *requirement,
                                   void (*take)(const char *name, void *user), void *user) {
    for (size_t i = 0; i < catalogue->misbehaviour_count; i++) {
        const gw_misbehaviour *m = &catalogue->misbehaviours[i];
        for (size_t k = 0; k < m->rule_count; k++)
            if (strcmp(m->rules[k], requirement) == 0) take(m->name, user);
    }
}

void gw_commands_append_joined(const char *const *words, size_t count, const char *between, gw_buf *out) {
    for (size_t i = 0; i < count; i++) {
        if (i) gw_buf_append_cstr(out, between);
        gw_buf_append_cstr(out, words[i]);
    }
}

const char *gw_commands_level(gw_requirement_level level) {
    static const char *const words[] = {[GW_REQUIREMENT_MUST] = "MUST",
                                        [GW_REQUIREMENT_SHOULD] = "SHOULD",
                                        [GW_REQUIREMENT_MAY] = "MAY",
                                        [GW_REQUIREMENT_OPEN] = "OPEN"};
    return words[level];
}
