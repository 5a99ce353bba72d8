/* Floor 5: gwspec coverage: requirement by scenarios by faults. */
#include "cli/commands.h"

#include "reference-server/faults.h"

#include <string.h>

typedef struct coverage {
    const gw_catalogue *catalogue;
    gw_buf rows, problems, remarks;
    size_t problem_count;
    size_t tested, broken_by_fault; /* requirements */
} coverage;

/* Scenarios of one requirement, each family once. */
static size_t append_families(const gw_suite *suite, const char *requirement, const char *between, gw_buf *out) {
    const char *last = NULL;
    size_t count = 0;
    for (size_t i = 0; i < suite->count; i++) {
        const gw_scenario *scenario = suite->scenarios[i];
        bool tests = false;
        for (size_t k = 0; k < scenario->requires_count; k++)
            tests |= strcmp(scenario->requires_ids[k], requirement) == 0;
        if (!tests || (last && strcmp(last, scenario->family) == 0)) continue;
        last = scenario->family;
        gw_buf_printf(out, "%s%s", count++ ? between : "", scenario->family);
    }
    return count;
}

typedef struct fault_list {
    gw_buf *out;
    const char *between;
    size_t count;
} fault_list;

static void append_fault(const char *name, void *user) {
    fault_list *list = user;
    gw_buf_printf(list->out, "%s%s", list->count++ ? list->between : "", name);
}

static void problem(coverage *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void problem(coverage *c, const char *format, ...) {
    va_list args;
    va_start(args, format);
    gw_buf_vprintf(&c->problems, format, args);
    va_end(args);
    gw_buf_append_byte(&c->problems, '\n');
    c->problem_count++;
}

/* A cell of a Markdown table: a bar would end it. */
static void append_cell(const char *text, gw_buf *out) {
    for (; *text; text++) {
        if (*text == '|') gw_buf_append_byte(out, '\\');
        gw_buf_append_byte(out, (uint8_t)(*text == '\n' ? ' ' : *text));
    }
}

static void add_row(coverage *c, const gw_requirement *requirement, bool markdown) {
    gw_buf scenarios, faults;
    gw_buf_init(&scenarios, 1 << 20);
    gw_buf_init(&faults, 1 << 20);
    const char *between = markdown ? "<br>" : " ";
    size_t scenario_count = append_families(&c->catalogue->suite, requirement->id, between, &scenarios);
    fault_list list = {.out = &faults, .between = between};
    gw_commands_each_fault(requirement->id, append_fault, &list);
    gw_commands_each_misbehaviour(&c->catalogue->requirements, requirement->id, append_fault, &list);
    c->tested += scenario_count > 0;
    c->broken_by_fault += list.count > 0;
    if (markdown) {
        gw_buf_printf(&c->rows, "| %s | %s | ", requirement->id, gw_commands_level(requirement->level));
        append_cell(requirement->title, &c->rows);
        gw_buf_append_cstr(&c->rows, " | ");
        if (scenario_count == 0 && !requirement->observable)
            append_cell(requirement->why_not ? requirement->why_not : "not observable", &c->rows);
        else
            gw_buf_append_cstr(&c->rows, gw_buf_cstr(&scenarios));
        gw_buf_printf(&c->rows, " | %s |\n", gw_buf_cstr(&faults));
    } else {
        gw_buf_printf(&c->rows, "%-20s %-6s %3zu scenario%s %3zu fault%s  %s\n", requirement->id,
                      gw_commands_level(requirement->level), scenario_count, scenario_count == 1 ? " " : "s",
                      list.count, list.count == 1 ? " " : "s", requirement->title);
    }
    bool due = requirement->level == GW_REQUIREMENT_MUST && requirement->observable;
    if (due && scenario_count == 0)
        problem(c, "%s is a MUST that can be observed, and no scenario tests it", requirement->id);
    bool can_fail = requirement->level != GW_REQUIREMENT_MAY;
    if (can_fail && scenario_count > 0 && list.count == 0)
        gw_buf_printf(&c->remarks, "%s has no fault that shows its scenarios can fail\n", requirement->id);
    gw_buf_deinit(&scenarios);
    gw_buf_deinit(&faults);
}

static void check_scenarios(coverage *c) {
    const gw_suite *suite = &c->catalogue->suite;
    for (size_t i = 0; i < suite->count; i++) {
        const gw_scenario *scenario = suite->scenarios[i];
        if (scenario->requires_count == 0) problem(c, "%s names no requirement", scenario->id);
        for (size_t k = 0; k < scenario->requires_count; k++)
            if (!gw_requirements_find(&c->catalogue->requirements, scenario->requires_ids[k]))
                problem(c, "%s requires %s, which is not in the catalogue", scenario->id, scenario->requires_ids[k]);
    }
}

static void check_faults(coverage *c) {
    for (int i = 0; i < GW_FAULT_COUNT; i++) {
        const gw_fault_info *info = gw_faults_info((gw_fault)i);
        for (const char *at = info->rules; *at; at += strspn(at, " ")) {
            char id[128];
            size_t len = strcspn(at, " ");
            size_t kept = len < sizeof id - 1 ? len : sizeof id - 1;
            memcpy(id, at, kept);
            id[kept] = 0;
            if (!gw_requirements_find(&c->catalogue->requirements, id))
                problem(c, "fault %s breaks %s, which is not in the catalogue", info->name, id);
            at += len;
        }
    }
}

static void check_misbehaviours(coverage *c) {
    const gw_requirements *requirements = &c->catalogue->requirements;
    for (size_t i = 0; i < requirements->misbehaviour_count; i++) {
        const gw_misbehaviour *m = &requirements->misbehaviours[i];
        for (size_t k = 0; k < m->rule_count; k++) {
            const gw_requirement *requirement = gw_requirements_find(requirements, m->rules[k]);
            if (!requirement || requirement->role != GW_ROLE_CLIENT)
                problem(c, "%s:%u: misbehaviour %s breaks %s, which is no requirement of a client", m->file,
                        (unsigned)m->line, m->name, m->rules[k]);
        }
    }
}

static void append_page(const coverage *c, bool markdown, gw_buf *out) {
    const gw_requirements *requirements = &c->catalogue->requirements;
    if (markdown)
        gw_buf_append_cstr(out, "# Coverage\n\nEvery requirement, the scenarios that test it, and the faults of the "
                                "reference gateway, or the misbehaviours of clients, that break it. Made by "
                                "`gwspec coverage --markdown`.\n\n"
                                "| requirement | level | what | scenarios | faults |\n|---|---|---|---|---|\n");
    gw_buf_append_span(out, gw_buf_span(&c->rows));
    gw_buf_printf(out,
                  "\n%zu requirements, %zu tested, %zu broken by a fault; %zu scenarios, %d faults, %zu "
                  "misbehaviours of clients\n",
                  requirements->count, c->tested, c->broken_by_fault, c->catalogue->suite.count, GW_FAULT_COUNT,
                  requirements->misbehaviour_count);
    if (c->remarks.len && !markdown) gw_buf_printf(out, "\n%s", gw_buf_cstr(&c->remarks));
    if (c->problems.len) gw_buf_printf(out, "\n%sProblems:\n%s", markdown ? "## " : "", gw_buf_cstr(&c->problems));
}

int gw_command_coverage(const gw_options *options) {
    gw_catalogue catalogue;
    if (!gw_commands_load(options, &catalogue)) {
        gw_catalogue_deinit(&catalogue);
        return GW_EXIT_USAGE;
    }
    coverage c = {.catalogue = &catalogue};
    gw_buf out;
    gw_buf *const buffers[] = {&c.rows, &c.problems, &c.remarks, &out};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++) gw_buf_init(buffers[i], GW_CONSOLE_MAX_TEXT);
    for (size_t i = 0; i < catalogue.requirements.count; i++)
        add_row(&c, catalogue.requirements.items[i], options->markdown);
    check_scenarios(&c);
    check_faults(&c);
    check_misbehaviours(&c);
    append_page(&c, options->markdown, &out);
    int exit_code = gw_console_write(gw_buf_span(&out)) ? (c.problem_count ? 1 : GW_EXIT_OK) : GW_EXIT_INTERNAL;
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++) gw_buf_deinit(buffers[i]);
    gw_catalogue_deinit(&catalogue);
    return exit_code;
}
