/* Memory for cJSON's trees in targets where cJSON is not under test: handed out of one static block and taken back all
 * at once, since a sanitizer's allocator costs more than the whole rest of a session. */
#ifndef GW_FUZZ_POOL_H
#define GW_FUZZ_POOL_H

/* Has cJSON take its memory from the pool, and empties the pool: no tree may be left from before. */
void gw_fuzz_pool_reset(void);

#endif
