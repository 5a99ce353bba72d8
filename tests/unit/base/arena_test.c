/* Unit tests of base/arena.h. */
#include "base/arena.h"
#include "support/run.h"

#include <string.h>

START_TEST(arena_alloc_gives_aligned_zeroed_memory_that_does_not_overlap) {
    enum { COUNT = 500 };
    gw_arena arena;
    uint8_t *blocks[COUNT];
    size_t total = 0;
    gw_arena_init(&arena);
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i * 7 % 300;
        blocks[i] = gw_arena_alloc(&arena, size);
        ck_assert_uint_eq((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < size; j++)
            if (blocks[i][j] != 0) ck_abort_msg("byte %zu of block %zu is not zero", j, i);
        if (size) memset(blocks[i], (int)(i & 0xff), size);
        total += size;
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < i * 7 % 300; j++)
            if (blocks[i][j] != (uint8_t)i) ck_abort_msg("block %zu was overwritten", i);
    ck_assert_uint_ge(arena.used_bytes, total);
    gw_arena_deinit(&arena);
    ck_assert_uint_eq(arena.used_bytes, 0);
    ck_assert_ptr_null(arena.head);
}
END_TEST

START_TEST(arena_alloc_takes_blocks_larger_than_its_own) {
    gw_arena arena;
    gw_arena_init(&arena);
    uint8_t *small = gw_arena_alloc(&arena, 1), *large = gw_arena_alloc(&arena, 1 << 20);
    memset(large, 1, 1 << 20);
    ck_assert_uint_eq(small[0], 0);
    gw_arena_deinit(&arena);
}
END_TEST

START_TEST(arena_strndup_copies_inner_nuls_and_ends_with_one) {
    gw_arena arena;
    gw_arena_init(&arena);
    ck_assert_mem_eq(gw_arena_strndup(&arena, "a\0bcd", 3), "a\0b", 4);
    ck_assert_str_eq(gw_arena_strndup(&arena, NULL, 0), "");
    ck_assert_str_eq(gw_arena_strdup(&arena, "whole"), "whole");
    gw_arena_deinit(&arena);
}
END_TEST

START_TEST(arena_printf_takes_any_length) {
    gw_arena arena;
    gw_arena_init(&arena);
    ck_assert_str_eq(gw_arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
    ck_assert_str_eq(gw_arena_printf(&arena, "%s", ""), "");
    ck_assert_uint_eq(strlen(gw_arena_printf(&arena, "%*d", 40000, 1)), 40000);
    gw_arena_deinit(&arena);
}
END_TEST

GW_TEST_MAIN("base/arena", 10, arena_alloc_gives_aligned_zeroed_memory_that_does_not_overlap,
             arena_alloc_takes_blocks_larger_than_its_own, arena_strndup_copies_inner_nuls_and_ends_with_one,
             arena_printf_takes_any_length)
