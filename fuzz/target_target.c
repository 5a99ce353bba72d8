/* Fuzz target: the loader of target files (scenario/target.h). */
#include "fuzz.h"
#include "scenario/target.h"

#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_LINES, .vocabulary = &gw_vocabulary_files};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > GW_FUZZ_MAX_BYTES) return 0;
    gw_diag diag;
    gw_diag_init(&diag);
    gw_target *target = gw_target_load(gw_span_make(data, size), "input.yaml", &diag);
    GW_FUZZ_CHECK((target == NULL) == (diag.errors > 0), "%zu errors", diag.errors);
    if (!target) GW_FUZZ_CHECK(strncmp(gw_buf_cstr(&diag.text), "input.yaml", 10) == 0, "%s", gw_buf_cstr(&diag.text));
    gw_target_destroy(target);
    gw_diag_deinit(&diag);
    return 0;
}
