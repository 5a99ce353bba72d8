/* Memory that is freed all at once. Floor 0. */
#ifndef GW_BASE_ARENA_H
#define GW_BASE_ARENA_H

#include "base/span.h"

#include <stdarg.h>

typedef struct gw_arena_block gw_arena_block;
typedef struct gw_arena {
    gw_arena_block *head;
    size_t used_bytes; /* handed out so far */
} gw_arena;

void gw_arena_init(gw_arena *arena);
/* Frees all that was handed out. */
void gw_arena_deinit(gw_arena *arena);
/* Zeroed memory, aligned for any type. Out of memory ends the program with a clear line: what an arena holds is a
 * user's own file, so there is nothing to save. */
void *gw_arena_alloc(gw_arena *arena, size_t bytes);
/* A NUL-terminated copy. */
char *gw_arena_strndup(gw_arena *arena, const void *bytes, size_t len);
char *gw_arena_strdup(gw_arena *arena, const char *s);
char *gw_arena_printf(gw_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define GW_ARENA_NEW(arena, type)      ((type *)gw_arena_alloc((arena), sizeof(type)))
#define GW_ARENA_ARRAY(arena, type, n) ((type *)gw_arena_alloc((arena), sizeof(type) * (n)))

#endif
