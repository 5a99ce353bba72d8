/* Entry points of fuzzing engines. GWSPEC_MUTATOR=engine in the environment leaves all mutation to the engine, which is
 * what script/fuzz-proof compares with. */
#include "byop.h"

#include "fuzzing/mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Present where libFuzzer, or an engine that acts like it, is linked. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));

/* A single file to replay: somebody wants to understand it. */
static bool tells;

/* Weak: a parser may have one of its own, and then goes without what this does. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    const char *mutator = getenv("GWSPEC_MUTATOR");
    if (mutator && strcmp(mutator, "engine") != 0 && strcmp(mutator, "protocol") != 0) {
        fprintf(stderr, "gwspec: GWSPEC_MUTATOR is \"%s\"; it may be engine or protocol\n", mutator);
        exit(2);
    }
    if (!gw_byop_api_usable(&gwspec_parser)) exit(2);
    size_t files = 0, others = 0;
    for (int i = 1; i < *argc; i++) {
        const char *arg = (*argv)[i];
        struct stat about;
        if (stat(arg, &about) == 0 && S_ISREG(about.st_mode))
            files++;
        else if (arg[0] != '-' || strncmp(arg, "-minimize_crash", 15) == 0 || strncmp(arg, "-cleanse_crash", 14) == 0)
            others++;
    }
    tells = files == 1 && !others;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char text[GW_BYOP_TEXT_SIZE];
    if (tells) gw_byop_print_input(&gwspec_parser, gw_span_make(data, size), stderr);
    tells = false;
    if (gwspec_check(&gwspec_parser, data, size, text, sizeof text)) return 0;
    fprintf(stderr, "gwspec: %s: %s\n", gwspec_parser.name ? gwspec_parser.name : "?", text);
    fflush(stderr);
    abort();
}

static bool engine_alone(void) {
    static int known = -1;
    if (known < 0) {
        const char *mutator = getenv("GWSPEC_MUTATOR");
        known = mutator && strcmp(mutator, "engine") == 0 && LLVMFuzzerMutate;
    }
    return known;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    if (engine_alone()) return LLVMFuzzerMutate(data, size, max_size);
    return gw_byop_mutate(&gwspec_parser, LLVMFuzzerMutate, data, size, max_size, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, uint8_t *out,
                                 size_t max_out_size, unsigned seed) {
    if (engine_alone()) return 0;
    gw_mutate_config config = {.kind = GW_MUTATE_SESSION, .engine = LLVMFuzzerMutate};
    return gw_mutate_cross(&config, gw_span_make(data1, size1), gw_span_make(data2, size2), out, max_out_size, seed);
}
