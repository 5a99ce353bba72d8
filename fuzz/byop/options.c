/* Options that the program without libFuzzer and the pipe driver share. */
#include "byop.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool number(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *out) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno == 0 && *text >= '0' && *text <= '9' && !*end && value >= min && value <= max) {
        *out = value;
        return true;
    }
    fprintf(stderr, "gwspec: --%s takes a number from %llu to %llu, not \"%s\"\n", name, (unsigned long long)min,
            (unsigned long long)max, text);
    return false;
}

static bool take_known(gw_byop_pipe_options *pipe, char *text) {
    char *equals = strchr(text, '=');
    if (!equals || !equals[1] || pipe->known_count == GW_BYOP_MAX_KNOWN) {
        fprintf(stderr, "gwspec: --known takes RULE=REASON, at most %d times, not \"%s\"\n", GW_BYOP_MAX_KNOWN, text);
        return false;
    }
    *equals = 0;
    pipe->known[pipe->known_count++] = (gwspec_known){text, equals + 1};
    return true;
}

bool gw_byop_options(int argc, char **argv, gw_byop_engine *engine, gw_byop_pipe_options *pipe) {
    static const struct option options[] = {
        {"runs", required_argument, NULL, 'r'},         {"seconds", required_argument, NULL, 's'},
        {"seed", required_argument, NULL, 'e'},         {"max-len", required_argument, NULL, 'l'},
        {"max-findings", required_argument, NULL, 'f'}, {"save", required_argument, NULL, 'd'},
        {"minimize", required_argument, NULL, 'm'},     {"timeout-ms", required_argument, NULL, 't'},
        {"known", required_argument, NULL, 'k'},        {NULL, 0, NULL, 0}};
    int which, index = 0;
    uint64_t value;
    *engine = (gw_byop_engine){.seed = 1, .max_len = 1024, .max_findings = 1, .save_dir = "."};
    while ((which = getopt_long(argc, argv, "+", options, &index)) != -1) {
        if (which == '?' || (strchr("tk", which) && !pipe)) return false;
        if (which == 'k') {
            if (!take_known(pipe, optarg)) return false;
            continue;
        }
        if (which == 'd' || which == 'm') {
            *(which == 'd' ? &engine->save_dir : &engine->minimize) = optarg;
            continue;
        }
        uint64_t max = which == 'r' || which == 'e' ? UINT64_MAX : which == 'l' ? 1 << 20 : 1000000;
        uint64_t min = strchr("lft", which) ? 1 : 0;
        if (!number(options[index].name, optarg, min, max, &value)) return false;
        if (which == 'r') engine->runs = value;
        if (which == 's') engine->seconds = (uint32_t)value;
        if (which == 'e') engine->seed = value;
        if (which == 'l') engine->max_len = (size_t)value;
        if (which == 'f') engine->max_findings = (size_t)value;
        if (which == 't') pipe->timeout_ms = value;
    }
    return true;
}

bool gw_byop_work_given(const gw_byop_engine *engine) {
    if (engine->minimize && (engine->seed_count || engine->runs || engine->seconds)) {
        fprintf(stderr, "gwspec: --minimize takes one FILE, and no SEED, --runs or --seconds beside it\n");
        return false;
    }
    if (engine->minimize || engine->seed_count || engine->runs || engine->seconds) return true;
    fprintf(stderr, "gwspec: no SEED is given\n");
    return false;
}
