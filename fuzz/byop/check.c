/* All properties of one input: as sent, whole, byte-wise, at random, on new parsers and on reset ones. */
#include "byop.h"

#include <string.h>

enum { BYTEWISE = 512 };

static uint64_t hash(gw_span bytes) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < bytes.len; i++) h = (h ^ bytes.ptr[i]) * UINT64_C(0x100000001b3);
    return h;
}

/* Known divergences that leave open what a parser tells, or when: then the split may decide, and each split is judged
 * by the oracle instead of by the first one. */
enum {
    LEAVES_OPEN = 1 << GW_BYOP_ANY_SIZE | 1 << GW_BYOP_LATE_HEADER | 1 << GW_BYOP_LATE_SIZE | 1 << GW_BYOP_UTF8 |
                  1 << GW_BYOP_ONE_BYTE_CLOSE | 1 << GW_BYOP_CLOSE_CODE | 1 << GW_BYOP_CLOSE_REASON
};

static bool again(const gwspec_parser_api *api, void *parser, const gw_byop_plan *plan, gw_byop_split split,
                  uint64_t seed, const gw_byop_log *first, const gw_byop_oracle *oracle, const char *how,
                  const gw_byop_finding *finding) {
    gw_byop_log log;
    gw_byop_log_init(&log);
    bool good = gw_byop_run(api, parser, plan, split, seed, &log, finding);
    if (good && oracle->known & LEAVES_OPEN)
        good = gw_byop_judge(&log, oracle, finding);
    else
        good = good && gw_byop_logs_equal(first, &log, how, finding);
    gw_byop_log_deinit(&log);
    return good;
}

static bool play(const gwspec_parser_api *api, const gw_byop_plan *plan, const gw_byop_oracle *oracle, uint64_t seed,
                 const gw_byop_finding *finding) {
    gw_byop_log log;
    gw_byop_log_init(&log);
    void *one = api->create(&plan->config), *other = NULL;
    bool good = one ? gw_byop_run(api, one, plan, GW_BYOP_AS_SENT, seed, &log, finding)
                    : gw_byop_found(finding, "interface: create() gave NULL");
    good = good && gw_byop_judge(&log, oracle, finding);
    if (good) api->reset(one);
    good = good && again(api, one, plan, GW_BYOP_BYTES, seed, &log, oracle, "byte by byte after reset()", finding);
    if (one) api->destroy(one);
    if (good && !(other = api->create(&plan->config))) good = gw_byop_found(finding, "interface: create() gave NULL");
    good = good && again(api, other, plan, GW_BYOP_WHOLE, seed, &log, oracle, "in one piece", finding);
    if (good) api->reset(other);
    good =
        good && again(api, other, plan, GW_BYOP_RANDOM, seed, &log, oracle, "in random pieces after reset()", finding);
    if (other) api->destroy(other);
    gw_byop_log_deinit(&log);
    return good;
}

bool gw_byop_check_input(const gwspec_parser_api *api, size_t bytewise, gw_span input, const gw_byop_finding *finding) {
    uint32_t known = 0;
    if (!gw_byop_check_api(api, &known, finding)) return false;
    gw_byop_plan plan;
    gw_byop_oracle oracle;
    bool good = true;
    /* Without memory for the oracle there is nothing to judge by; the input is passed over. */
    if (gw_byop_plan_make(&plan, &oracle, api, known, input)) {
        plan.bytewise = bytewise;
        good = play(api, &plan, &oracle, hash(input), finding);
    }
    gw_byop_plan_deinit(&plan);
    gw_byop_oracle_deinit(&oracle);
    return good;
}

bool gwspec_check(const gwspec_parser_api *api, const uint8_t *input, size_t size, char *text, size_t text_size) {
    gw_byop_finding finding = {text, text_size};
    return gw_byop_check_input(api, BYTEWISE, gw_span_make(input, size), &finding);
}
