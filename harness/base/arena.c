/* Floor 0: arena. */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16 * 1024 };

struct gw_arena_block {
    gw_arena_block *next;
    size_t used, cap;
    _Alignas(max_align_t) uint8_t bytes[];
};

void gw_arena_init(gw_arena *arena) {
    *arena = (gw_arena){0};
}

void gw_arena_deinit(gw_arena *arena) {
    for (gw_arena_block *b = arena->head, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    *arena = (gw_arena){0};
}

void *gw_arena_alloc(gw_arena *arena, size_t bytes) {
    const size_t align = _Alignof(max_align_t);
    size_t size = (bytes + align - 1) & ~(align - 1);
    if (size < bytes) size = SIZE_MAX / 2;
    gw_arena_block *b = arena->head;
    if (!b || b->cap - b->used < size) {
        size_t cap = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        b = calloc(1, sizeof *b + cap);
        if (!b) {
            fprintf(stderr, "gwspec: out of memory\n");
            abort();
        }
        b->cap = cap;
        b->next = arena->head;
        arena->head = b;
    }
    void *p = b->bytes + b->used;
    b->used += size;
    arena->used_bytes += size;
    return p;
}

char *gw_arena_strndup(gw_arena *arena, const void *bytes, size_t len) {
    char *s = gw_arena_alloc(arena, len + 1);
    if (len) memcpy(s, bytes, len);
    return s;
}

char *gw_arena_strdup(gw_arena *arena, const char *s) {
    return gw_arena_strndup(arena, s, strlen(s));
}

char *gw_arena_printf(gw_arena *arena, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, format, args);
    char *s = gw_arena_alloc(arena, need < 0 ? 1 : (size_t)need + 1);
    if (need >= 0) vsnprintf(s, (size_t)need + 1, format, again);
    va_end(again);
    va_end(args);
    return s;
}
