/* libFuzzer's hooks for the mutators of harness/fuzzing. Engines that know no such hooks link and run without them. */
#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max, unsigned int seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed) {
    gw_mutate_config config = gw_fuzz_config;
    config.engine = LLVMFuzzerMutate;
    return gw_mutate(&config, data, size, max, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max, unsigned int seed) {
    return gw_mutate_cross(&gw_fuzz_config, gw_span_make(a, a_size), gw_span_make(b, b_size), out, max, seed);
}
