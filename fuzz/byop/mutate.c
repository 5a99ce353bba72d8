/* Mutation of inputs: harness/fuzzing does it, this keeps inputs from filling up with what no parser sees. */
#include "byop.h"

#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

enum { AFTERMATH = 2 /* steps kept beyond the end: nothing may follow it */, UNTIDY = 8 };

static bool matters(const gw_script_step *step) {
    return step->op != GW_SCRIPT_OPEN && step->op != GW_SCRIPT_UPGRADE && step->op != GW_SCRIPT_READ &&
           step->op != GW_SCRIPT_CONTROL && step->op != GW_SCRIPT_EOF && step->op != GW_SCRIPT_RST;
}

static size_t tidy(const gwspec_parser_api *api, uint8_t *data, size_t size, size_t max) {
    gw_script script;
    size_t kept = 0;
    gw_script_decode(gw_span_make(data, size), &script);
    for (size_t i = 0; i < script.count; i++)
        if (matters(&script.steps[i])) script.steps[kept++] = script.steps[i];
    script.count = kept;
    uint8_t *text = malloc(max);
    if (!text) return size;
    size = gw_script_encode(&script, text, max);
    gw_byop_plan plan;
    gw_byop_oracle oracle;
    bool made = gw_byop_plan_make(&plan, &oracle, api, 0, gw_span_make(text, size));
    if (made && plan.lively + AFTERMATH < script.count) {
        script.count = plan.lively + AFTERMATH;
        size = gw_script_encode(&script, text, max);
    }
    gw_byop_plan_deinit(&plan);
    gw_byop_oracle_deinit(&oracle);
    memcpy(data, text, size);
    free(text);
    return size;
}

size_t gw_byop_mutate(const gwspec_parser_api *api, gw_mutate_engine *engine, uint8_t *data, size_t size, size_t max,
                      uint32_t seed) {
    gw_mutate_config config = {.kind = GW_MUTATE_SESSION, .engine = engine};
    size = gw_mutate(&config, data, size, max, seed);
    gw_rng rng;
    gw_rng_init(&rng, ~(uint64_t)seed);
    return max == 0 || gw_rng_below(&rng, UNTIDY) == 0 ? size : tidy(api, data, size, max);
}
