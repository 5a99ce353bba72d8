/* Fuzz target: the loader of scenario files (scenario/suite.h). */
#include "fuzz.h"
#include "protocol.h"
#include "scenario/suite.h"

#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_LINES, .vocabulary = &gw_vocabulary_files};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > GW_FUZZ_MAX_BYTES) return 0;
    gw_suite suite;
    gw_diag diag;
    gw_diag_init(&diag);
    gw_suite_init(&suite, gw_fuzz_protocol(), gw_fuzz_requirements());
    gw_status status = gw_suite_load(&suite, gw_span_make(data, size), "input", "input.yaml", &diag);
    GW_FUZZ_CHECK((status != GW_OK) == (diag.errors > 0), "%s with %zu errors", gw_status_text(status), diag.errors);
    if (status != GW_OK)
        GW_FUZZ_CHECK(strncmp(gw_buf_cstr(&diag.text), "input.yaml", 10) == 0, "%s", gw_buf_cstr(&diag.text));
    gw_suite_sort(&suite);
    gw_suite_deinit(&suite);
    gw_diag_deinit(&diag);
    return 0;
}
