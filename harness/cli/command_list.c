/* Floor 5: gwspec list. */
#include "cli/commands.h"

#include "cli/select.h"
#include "report/text.h"

#include <string.h>

enum { MAX_ID_COLUMN = 56, MAX_RULE_COLUMN = 28 };

static const char *level_of(const gw_scenario *scenario) {
    static const char *const words[] = {
        [GW_LEVEL_MUST] = "MUST", [GW_LEVEL_SHOULD] = "SHOULD", [GW_LEVEL_MAY] = "MAY", [GW_LEVEL_OPEN] = "OPEN"};
    return words[scenario->level];
}

static void append_cell(gw_buf *out, const char *text, size_t column) {
    size_t used = gw_text_columns(gw_span_cstr(text));
    gw_buf_append_cstr(out, text);
    gw_text_append_blanks(out, used < column ? column - used + 2 : 2);
}

static size_t widen(size_t column, const char *text, size_t max) {
    size_t columns = gw_text_columns(gw_span_cstr(text));
    return columns > column && columns <= max ? columns : column;
}

static void append_table(const gw_chosen *chosen, gw_buf *out) {
    size_t id_column = 0, rule_column = 0;
    gw_buf rules;
    gw_buf_init(&rules, 1 << 16);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < chosen->count; i++) {
            const gw_scenario *scenario = chosen->items[i];
            gw_buf_clear(&rules);
            gw_commands_append_joined(scenario->requires_ids, scenario->requires_count, ",", &rules);
            id_column = widen(id_column, scenario->id, MAX_ID_COLUMN);
            rule_column = widen(rule_column, gw_buf_cstr(&rules), MAX_RULE_COLUMN);
            if (pass == 0) continue;
            append_cell(out, scenario->id, id_column);
            append_cell(out, gw_buf_cstr(&rules), rule_column);
            append_cell(out, level_of(scenario), strlen("SHOULD"));
            gw_text_append_printable(out, gw_span_cstr(scenario->title));
            gw_buf_append_byte(out, '\n');
        }
    }
    gw_buf_deinit(&rules);
}

int gw_command_list(const gw_options *options) {
    gw_catalogue catalogue;
    int exit_code = GW_EXIT_USAGE;
    gw_chosen chosen = {0};
    gw_buf out, message;
    gw_buf_init(&out, GW_CONSOLE_MAX_TEXT);
    gw_buf_init(&message, 1 << 16);
    const char *const *patterns;
    if (!gw_commands_load(options, &catalogue) || !gw_commands_patterns(options, &catalogue, &patterns)) goto cleanup;
    gw_selection selection = {.patterns = patterns,
                              .pattern_count = options->operands.count,
                              .filters = options->filters.items,
                              .filter_count = options->filters.count,
                              .tags = options->tags.items,
                              .tag_count = options->tags.count};
    if (!gw_select(&catalogue.suite, options->scenarios, &selection, &chosen, &message)) {
        gw_console_error("%s", gw_buf_cstr(&message));
        goto cleanup;
    }
    if (options->ids)
        for (size_t i = 0; i < chosen.count; i++) gw_buf_printf(&out, "%s\n", chosen.items[i]->id);
    else
        append_table(&chosen, &out);
    exit_code = gw_console_write(gw_buf_span(&out)) ? GW_EXIT_OK : GW_EXIT_INTERNAL;
cleanup:
    gw_chosen_deinit(&chosen);
    gw_buf_deinit(&out);
    gw_buf_deinit(&message);
    gw_catalogue_deinit(&catalogue);
    return exit_code;
}
