/* Benchmark: a fuzz target that does nothing: what the engine and the mutator alone cost. */
#include "fuzz.h"

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_FRAMES};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    (void)data;
    (void)size;
    return 0;
}
