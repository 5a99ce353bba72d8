/* Unit tests of wire/mask.h against a byte-wise model. */
#include "support/guard.h"
#include "support/run.h"
#include "base/rng.h"
#include "wire/mask.h"

#include <string.h>

enum { MOST = 300 };

static void model(uint8_t *bytes, size_t len, const uint8_t key[4], uint64_t offset) {
    for (size_t i = 0; i < len; i++) bytes[i] ^= key[(offset + i) % 4];
}

START_TEST(mask_apply_equals_the_model_at_every_length_offset_and_alignment) {
    static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};
    uint8_t plain[MOST + 64], got[MOST + 64], want[MOST + 64];
    gw_rng rng;
    gw_rng_init(&rng, 1);
    gw_rng_fill(&rng, plain, sizeof plain);
    for (size_t align = 0; align < 33; align++)
        for (size_t offset = 0; offset < 5; offset++)
            for (size_t len = 0; len <= MOST; len++) {
                memcpy(got, plain, sizeof plain);
                memcpy(want, plain, sizeof plain);
                gw_mask_apply(got + align, len, key, offset);
                model(want + align, len, key, offset);
                /* The whole array: bytes before and behind stay as they are. */
                ck_assert_msg(memcmp(got, want, sizeof got) == 0, "align %zu offset %zu len %zu", align, offset, len);
            }
}
END_TEST

START_TEST(mask_apply_stays_within_its_bytes) {
    static const uint8_t key[4] = {1, 2, 3, 4};
    for (size_t len = 0; len <= MOST; len++) {
        uint8_t zeros[MOST] = {0}, want[MOST] = {0};
        uint8_t *bytes = gw_guard_alloc(zeros, len);
        gw_mask_apply(bytes, len, key, 0);
        model(want, len, key, 0);
        ck_assert_mem_eq(bytes, want, len);
        gw_guard_free(bytes, len);
    }
}
END_TEST

START_TEST(mask_apply_in_two_parts_equals_mask_apply_at_once) {
    static const uint8_t key[4] = {0xde, 0xad, 0xbe, 0xef};
    for (size_t cut = 0; cut <= MOST; cut++) {
        uint8_t once[MOST] = {0}, twice[MOST] = {0};
        gw_mask_apply(once, MOST, key, 0);
        gw_mask_apply(twice, cut, key, 0);
        gw_mask_apply(twice + cut, MOST - cut, key, cut);
        ck_assert_mem_eq(once, twice, MOST);
    }
}
END_TEST

START_TEST(mask_apply_takes_offsets_beyond_32_bits) {
    static const uint8_t key[4] = {1, 2, 3, 4};
    uint8_t far[5] = {0}, at_end[2] = {0};
    gw_mask_apply(far, sizeof far, key, (UINT64_C(1) << 40) + 3);
    ck_assert_mem_eq(far, "\x04\x01\x02\x03\x04", 5);
    gw_mask_apply(at_end, sizeof at_end, key, UINT64_MAX);
    ck_assert_mem_eq(at_end, "\x04\x01", 2);
}
END_TEST

GW_TEST_MAIN("wire/mask", 30, mask_apply_equals_the_model_at_every_length_offset_and_alignment,
             mask_apply_stays_within_its_bytes, mask_apply_in_two_parts_equals_mask_apply_at_once,
             mask_apply_takes_offsets_beyond_32_bits)
