/* Floor 5: gwspec explain: a scenario, a requirement or a fault in words. */
#include "cli/commands.h"

#include "cli/select.h"
#include "reference-server/faults.h"
#include "report/text.h"

#include <string.h>

enum { INDENT = 2, WIDTH = 100 };

static void append_wrapped(const char *text, size_t indent, gw_buf *out) {
    gw_text_append_blanks(out, indent);
    gw_text_append_wrapped(out, gw_span_cstr(text), indent, WIDTH);
    gw_buf_append_byte(out, '\n');
}

static void append_requirement_line(const gw_requirement *requirement, gw_buf *out) {
    gw_buf_printf(out, "%s  %s  %s\n", requirement->id, gw_commands_level(requirement->level), requirement->title);
}

static void append_clause(const gw_requirement *requirement, size_t indent, gw_buf *out) {
    gw_buf text;
    gw_buf_init(&text, 1 << 16);
    const char *clause = requirement->clause ? requirement->clause : requirement->title;
    gw_buf_printf(&text, clause[0] == '"' ? "%s" : "\"%s\"", clause);
    if (requirement->source) gw_buf_printf(&text, " (%s)", requirement->source);
    append_wrapped(gw_buf_cstr(&text), indent, out);
    gw_buf_deinit(&text);
}

/* ---- faults ---- */

typedef struct fault_set {
    gw_faults seen;
    gw_buf *out;
} fault_set;

static void append_fault(const char *name, void *user) {
    fault_set *set = user;
    gw_fault fault;
    if (gw_faults_find(gw_span_cstr(name), &fault) != GW_OK || gw_faults_has(&set->seen, fault)) return;
    gw_faults_add(&set->seen, fault);
    gw_buf_printf(set->out, "  %s  ", name);
    size_t indent = INDENT + strlen(name) + 2;
    gw_text_append_wrapped(set->out, gw_span_cstr(gw_faults_info(fault)->sentence), indent, WIDTH);
    gw_buf_append_byte(set->out, '\n');
}

static void append_fault_list(const char *const *requirements, size_t count, const char *heading, gw_buf *out) {
    gw_buf list;
    gw_buf_init(&list, 1 << 20);
    fault_set set = {.out = &list};
    for (size_t i = 0; i < count; i++) gw_commands_each_fault(requirements[i], append_fault, &set);
    if (list.len) gw_buf_printf(out, "\n%s\n%s", heading, gw_buf_cstr(&list));
    gw_buf_deinit(&list);
}

static void append_misbehaviour(const char *name, void *user) {
    gw_buf *list = user;
    if (list->len) gw_buf_append_cstr(list, ", ");
    gw_buf_append_cstr(list, name);
}

static void append_misbehaviour_list(const gw_requirements *catalogue, const char *const *requirements, size_t count,
                                     gw_buf *out) {
    gw_buf list;
    gw_buf_init(&list, 1 << 16);
    for (size_t i = 0; i < count; i++)
        gw_commands_each_misbehaviour(catalogue, requirements[i], append_misbehaviour, &list);
    if (list.len) {
        gw_buf_append_cstr(out, "\nBroken by the misbehaviours of clients\n");
        append_wrapped(gw_buf_cstr(&list), INDENT, out);
    }
    gw_buf_deinit(&list);
}

/* Scenarios that test one of these requirements, each family once. */
static void append_scenario_list(const gw_suite *suite, const char *const *requirements, size_t count, gw_buf *out) {
    const char *last = NULL;
    size_t families = 0;
    for (size_t i = 0; i < suite->count; i++) {
        const gw_scenario *scenario = suite->scenarios[i];
        bool tests = false;
        for (size_t k = 0; k < scenario->requires_count; k++)
            for (size_t r = 0; r < count; r++) tests |= strcmp(scenario->requires_ids[k], requirements[r]) == 0;
        if (!tests || (last && strcmp(last, scenario->family) == 0)) continue;
        last = scenario->family;
        if (families++ == 0) gw_buf_append_cstr(out, "\nTested by\n");
        gw_buf_printf(out, "  %s\n", scenario->family);
    }
    if (families == 0) gw_buf_append_cstr(out, "\nTested by no scenario.\n");
}

static bool explain_fault(const gw_catalogue *catalogue, const char *name, gw_buf *out) {
    gw_fault fault;
    if (gw_faults_find(gw_span_cstr(name), &fault) != GW_OK) return false;
    const gw_fault_info *info = gw_faults_info(fault);
    gw_buf_printf(out, "%s: a fault of the reference gateway (%s)\n\n", info->name, info->layer);
    append_wrapped(info->sentence, INDENT, out);
    gw_buf_append_cstr(out, "\nBreaks\n");
    const char *rules[32];
    size_t count = 0;
    for (const char *at = info->rules; *at && count < 32; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        rules[count++] = gw_arena_strndup((gw_arena *)&catalogue->arena, at, len);
        at += len;
    }
    for (size_t i = 0; i < count; i++) {
        const gw_requirement *requirement = gw_requirements_find(&catalogue->requirements, rules[i]);
        gw_buf_append_cstr(out, "  ");
        if (requirement)
            append_requirement_line(requirement, out);
        else
            gw_buf_printf(out, "%s  (not in the catalogue)\n", rules[i]);
    }
    append_scenario_list(&catalogue->suite, rules, count, out);
    gw_buf_printf(out, "\nSee it: gwspec run --simulate --fault %s\n", info->name);
    return true;
}

/* ---- requirements ---- */

static bool explain_requirement(const gw_catalogue *catalogue, const char *id, gw_buf *out) {
    const gw_requirement *requirement = gw_requirements_find(&catalogue->requirements, id);
    if (!requirement) return false;
    append_requirement_line(requirement, out);
    gw_buf_append_byte(out, '\n');
    append_clause(requirement, INDENT, out);
    gw_buf_printf(out, "\n  who        the %s\n", requirement->role == GW_ROLE_SERVER ? "server" : "client");
    if (requirement->knob) gw_buf_printf(out, "  knob       %s\n", requirement->knob);
    if (!requirement->observable)
        gw_buf_printf(out, "  not seen   %s\n", requirement->why_not ? requirement->why_not : "not observable");
    append_scenario_list(&catalogue->suite, &requirement->id, 1, out);
    append_fault_list(&requirement->id, 1, "Broken by the faults", out);
    append_misbehaviour_list(&catalogue->requirements, &requirement->id, 1, out);
    return true;
}

/* ---- scenarios ---- */

static void append_conditions(const gw_scenario *scenario, gw_buf *out) {
    for (size_t i = 0; i < scenario->condition_count; i++)
        gw_buf_printf(out, "  only if    knob %s is %s\n", scenario->conditions[i].knob, scenario->conditions[i].value);
    for (size_t i = 0; i < scenario->trigger_count; i++)
        gw_buf_printf(out, "  needs      a trigger for %s\n", scenario->triggers[i]);
    if (scenario->room_count > 1) gw_buf_printf(out, "  needs      %zu rooms\n", scenario->room_count);
}

static void append_scenario(const gw_catalogue *catalogue, const gw_scenario *scenario, gw_buf *out) {
    gw_buf_printf(out, "%s\n", scenario->id);
    append_wrapped(scenario->title, INDENT, out);
    if (scenario->description) append_wrapped(scenario->description, INDENT, out);
    gw_buf_printf(out, "\n  file       %s\n", scenario->file);
    if (scenario->tag_count) {
        gw_buf_append_cstr(out, "  tags       ");
        gw_commands_append_joined(scenario->tags, scenario->tag_count, ", ", out);
        gw_buf_append_byte(out, '\n');
    }
    append_conditions(scenario, out);
    gw_buf_append_cstr(out, "\nChecks\n");
    for (size_t i = 0; i < scenario->requires_count; i++) {
        const gw_requirement *requirement = gw_requirements_find(&catalogue->requirements, scenario->requires_ids[i]);
        gw_buf_append_cstr(out, "  ");
        if (!requirement) {
            gw_buf_printf(out, "%s\n", scenario->requires_ids[i]);
            continue;
        }
        append_requirement_line(requirement, out);
        append_clause(requirement, 2 * INDENT, out);
    }
    gw_buf_append_cstr(out, "\nSteps\n");
    gw_buf step;
    gw_buf_init(&step, 1 << 20);
    for (size_t i = 0; i < scenario->step_count; i++) {
        gw_buf_clear(&step);
        gw_commands_append_step(scenario, &scenario->steps[i], &step);
        gw_buf_printf(out, "%4zu. ", i + 1);
        gw_text_append_wrapped(out, gw_buf_span(&step), 6, WIDTH);
        gw_buf_append_byte(out, '\n');
    }
    gw_buf_deinit(&step);
    if (scenario->negative)
        append_wrapped(scenario->role == GW_ROLE_SERVER
                           ? "Then a fresh connection must get hello; otherwise the verdict is crash."
                           : "Then the client must go on running; otherwise the verdict is crash.",
                       INDENT, out);
    append_fault_list(scenario->requires_ids, scenario->requires_count, "Broken by the faults", out);
}

/* An id, or a family: then its first instance in full, and the names of the others. */
static bool explain_scenario(const gw_catalogue *catalogue, const char *id, gw_buf *out) {
    const gw_suite *suite = &catalogue->suite;
    const gw_scenario *shown = NULL;
    for (size_t i = 0; i < suite->count && !shown; i++)
        if (strcmp(suite->scenarios[i]->id, id) == 0) shown = suite->scenarios[i];
    bool exact = shown != NULL;
    for (size_t i = 0; i < suite->count && !shown; i++)
        if (strcmp(suite->scenarios[i]->family, id) == 0) shown = suite->scenarios[i];
    if (!shown) return false;
    append_scenario(catalogue, shown, out);
    if (exact) return true;
    gw_buf_append_cstr(out, "\nAll of this family\n");
    for (size_t i = 0; i < suite->count; i++)
        if (strcmp(suite->scenarios[i]->family, id) == 0) gw_buf_printf(out, "  %s\n", suite->scenarios[i]->id);
    return true;
}

static void complain(gw_catalogue *catalogue, const char *id) {
    const char *meant = gw_requirements_suggest(&catalogue->requirements, id);
    if (!meant) meant = gw_faults_suggest(gw_span_cstr(id));
    if (!meant) meant = gw_select_suggest(&catalogue->suite, id, &catalogue->arena);
    if (meant)
        gw_console_error("no scenario, requirement or fault is named '%s' (did you mean '%s'?)", id, meant);
    else
        gw_console_error("no scenario, requirement or fault is named '%s', see 'gwspec list'", id);
}

int gw_command_explain(const gw_options *options) {
    gw_catalogue catalogue;
    int exit_code = GW_EXIT_USAGE;
    const char *id = options->operands.items[0];
    gw_buf out;
    gw_buf_init(&out, GW_CONSOLE_MAX_TEXT);
    if (gw_commands_load(options, &catalogue)) {
        const char *const *patterns = NULL;
        bool known = explain_scenario(&catalogue, id, &out) || explain_requirement(&catalogue, id, &out) ||
                     explain_fault(&catalogue, id, &out);
        bool read = known || gw_commands_patterns(options, &catalogue, &patterns);
        if (!known && read) known = explain_scenario(&catalogue, patterns[0], &out);
        if (known)
            exit_code = gw_console_write(gw_buf_span(&out)) ? GW_EXIT_OK : GW_EXIT_INTERNAL;
        else if (read)
            complain(&catalogue, id);
    }
    gw_buf_deinit(&out);
    gw_catalogue_deinit(&catalogue);
    return exit_code;
}
