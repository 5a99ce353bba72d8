/* Entry points of fuzzing engines. GWSPEC_MUTATOR=engine in the environment leaves all mutation to the engine, which is
 * what script/fuzz-proof compares with. */
#include "byop.h"

#include "fuzzing/mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Present where libFuzzer, or an engine that acts like it, is linked. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char text[512];
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
