/* Fuzz target: whole sessions, as scripts (fuzzing/script.h), of the reference server's core against the harness' wire,
 * protocol and heartbeat model on a virtual clock.
 *
 * The server conforms; deadlines are exact; nothing comes after Close, an end or a fatal error; memory is bounded by
 * the bytes received. And any bytes are a script whose canonical form means the same. */
#include "fuzz.h"
#include "world.h"

#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_SESSION};

static void check_canonical(const gw_script *script) {
    static uint8_t once[GW_FUZZ_MAX_BYTES], twice[GW_FUZZ_MAX_BYTES];
    static gw_script again;
    size_t n = gw_script_encode(script, once, sizeof once);
    gw_script_decode(gw_span_make(once, n), &again);
    GW_FUZZ_CHECK(again.count == script->count && again.config == script->config, "%zu and %zu steps", script->count,
                  again.count);
    size_t m = gw_script_encode(&again, twice, sizeof twice);
    GW_FUZZ_CHECK(m == n && memcmp(once, twice, n) == 0, "the canonical form is no fixpoint");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static gw_script script;
    if (size > GW_FUZZ_MAX_BYTES / 2) return 0;
    gw_script_decode(gw_span_make(data, size), &script);
    /* One input in four, and in a replay each. */
    if (gw_fuzz_thorough || (gw_fuzz_hash(data, size) & 3) == 0) check_canonical(&script);
    gw_world_run(&script, NULL);
    return 0;
}
