/* Memory for cJSON's trees, taken back all at once. */
#include "pool.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdlib.h>

enum { POOL_BYTES = 256 << 10, ALIGN = 16 };

static _Alignas(ALIGN) uint8_t pool[POOL_BYTES];
static size_t used;

/* What finds no room comes from the heap. */
static void *take(size_t size) {
    size_t need = (size + ALIGN - 1) / ALIGN * ALIGN;
    if (size > POOL_BYTES || need > POOL_BYTES - used) return malloc(size);
    void *memory = pool + used;
    used += need;
    return memory;
}

static void give(void *memory) {
    uintptr_t at = (uintptr_t)memory, start = (uintptr_t)pool;
    if (at < start || at >= start + POOL_BYTES) free(memory);
}

void gw_fuzz_pool_reset(void) {
    static cJSON_Hooks hooks = {take, give};
    cJSON_InitHooks(&hooks);
    used = 0;
}
