/* What happens to a scenario's result outside of its engine. Floor 5. It must not know net or simulation. */
#include "cli/runner_verdict.h"

#include "scenario/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool shares_participant(const gw_scenario *scenario) {
    for (size_t i = 0; i < scenario->client_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(scenario->clients[i].participant, scenario->clients[j].participant) == 0 &&
                strcmp(scenario->clients[i].room, scenario->clients[j].room) == 0)
                return true;
    return false;
}

/* ", "-separated events that have no trigger. */
static void lacking_triggers(const gw_scenario *scenario, const gw_target *target, gw_buf *out) {
    for (size_t i = 0; i < scenario->trigger_count; i++)
        if (!gw_target_find_trigger(target, scenario->triggers[i]))
            gw_buf_printf(out, "%s%s", out->len ? ", " : "", scenario->triggers[i]);
}

bool runner_verdict_skip_reason(const gw_scenario *scenario, const gw_protocol *protocol, const gw_target *target,
                                char *out, size_t size) {
    if (scenario->lacks) {
        snprintf(out, size, "%s", scenario->lacks);
        return true;
    }
    for (size_t i = 0; i < scenario->condition_count; i++) {
        const char *knob = scenario->conditions[i].knob, *wanted = scenario->conditions[i].value;
        const char *value = gw_knobs_get(&protocol->knobs, knob);
        if (value && strcmp(value, wanted) == 0) continue;
        snprintf(out, size, "the knob %s is %s, not %s", knob, value ? value : "unknown", wanted);
        return true;
    }
    if (!target) return false;
    gw_buf lacking;
    gw_buf_init(&lacking, size);
    lacking_triggers(scenario, target, &lacking);
    bool skip = lacking.len > 0;
    if (skip) snprintf(out, size, "the target has no trigger for %s", gw_buf_cstr(&lacking));
    gw_buf_deinit(&lacking);
    if (skip) return true;
    if (scenario->room_count > 1 && !gw_target_has_rooms(target)) {
        snprintf(out, size, "the target has no fixture for rooms");
        return true;
    }
    if (!target->fixtures[GW_TARGET_PARTICIPANT].count && shares_participant(scenario)) {
        snprintf(out, size, "the target has no fixture for participants");
        return true;
    }
    return false;
}

gw_result *runner_verdict_without_run(const gw_runner_plan *plan, const gw_scenario *scenario, gw_verdict verdict,
                                      const char *reason) {
    gw_engine *engine = gw_engine_create(
        &(gw_engine_config){.scenario = scenario, .protocol = plan->protocol, .seed = plan->seed, .timeout_scale = 1});
    if (!engine) return NULL;
    gw_engine_abort(engine, verdict, reason, 0);
    gw_result *result = gw_engine_take_result(engine);
    gw_engine_destroy(engine);
    return result;
}

static bool matches_any(const gw_runner_plan *plan, const char *pattern) {
    if (plan->suite) {
        for (size_t i = 0; i < plan->suite->count; i++)
            if (gw_suite_match(pattern, plan->suite->scenarios[i]->id)) return true;
        return false;
    }
    for (size_t i = 0; i < plan->scenario_count; i++)
        if (gw_suite_match(pattern, plan->scenarios[i]->id)) return true;
    return false;
}

gw_status runner_verdict_unmatched(const gw_runner_plan *plan, const gw_expected ***out, size_t *count) {
    *count = 0;
    *out = NULL;
    if (!plan->expected_count) return GW_OK;
    if (!(*out = calloc(plan->expected_count, sizeof **out))) return GW_ERR_NOMEM;
    for (size_t i = 0; i < plan->expected_count; i++)
        if (!matches_any(plan, plan->expected[i].pattern)) (*out)[(*count)++] = &plan->expected[i];
    return GW_OK;
}

void runner_verdict_crash(gw_result *result, const gw_protocol *protocol, const char *observed) {
    if (result->verdict == GW_VERDICT_CRASH) {
        gw_finding *findings = GW_ARENA_ARRAY(result->arena, gw_finding, result->finding_count);
        memcpy(findings, result->findings, result->finding_count * sizeof *findings);
        findings[0].observed = gw_arena_printf(result->arena, "%s; %s", findings[0].observed, observed);
        result->findings = findings;
        return;
    }
    gw_finding finding = {.verdict = GW_VERDICT_CRASH,
                          .rule = gw_protocol_rule(protocol, GW_ROLE_SERVER, GW_RULE_ALIVE),
                          .expected = "the server goes on running",
                          .observed = gw_arena_strdup(result->arena, observed),
                          .at = result->duration};
    gw_expected_put_first(result, finding);
}
