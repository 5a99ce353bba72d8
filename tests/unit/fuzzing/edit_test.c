/* Unit tests of fuzzing/edit.h. */
#include "fuzzing/edit.h"
#include "support/run.h"

#include <stdio.h>
#include <string.h>

enum { ROOM = 64 };

/* Every splice, repeat and swap of short texts against the same done on strings. */
static void check(const gw_edit *edit, const char *expected) {
    ck_assert_uint_eq(edit->size, strlen(expected));
    ck_assert_mem_eq(edit->data, expected, edit->size);
}

static gw_edit start(uint8_t room[ROOM], const char *text, size_t max, gw_rng *rng) {
    gw_rng_init(rng, 1);
    memcpy(room, text, strlen(text));
    return (gw_edit){room, strlen(text), max, rng};
}

START_TEST(edit_splices_at_every_place) {
    for (size_t at = 0; at <= 5; at++) {
        for (size_t removed = 0; removed <= 5; removed++) {
            uint8_t room[ROOM];
            char expected[ROOM];
            gw_rng rng;
            gw_edit edit = start(room, "abcde", ROOM, &rng);
            size_t end = at + removed < 5 ? at + removed : 5;
            snprintf(expected, sizeof expected, "%.*sXY%s", (int)at, "abcde", &"abcde"[end]);
            ck_assert(gw_edit_splice(&edit, at, removed, GW_SPAN_LIT("XY")));
            check(&edit, expected);
        }
    }
}
END_TEST

START_TEST(edit_refuses_what_does_not_fit) {
    uint8_t room[ROOM];
    gw_rng rng;
    gw_edit edit = start(room, "abcde", 6, &rng);
    ck_assert(!gw_edit_splice(&edit, 1, 0, GW_SPAN_LIT("XY")));
    check(&edit, "abcde");
    ck_assert(gw_edit_splice(&edit, 1, 1, GW_SPAN_LIT("XY")));
    check(&edit, "aXYcde");
    ck_assert(!gw_edit_repeat(&edit, 0, 1, 0));
    ck_assert(!gw_edit_swap(&edit, 4, 2, 1));
    check(&edit, "aXYcde");
}
END_TEST

START_TEST(edit_repeats_any_run_at_any_place) {
    for (size_t from = 0; from < 5; from++) {
        for (size_t len = 0; from + len <= 5; len++) {
            for (size_t to = 0; to <= 5; to++) {
                uint8_t room[ROOM];
                char expected[ROOM];
                gw_rng rng;
                gw_edit edit = start(room, "abcde", ROOM, &rng);
                snprintf(expected, sizeof expected, "%.*s%.*s%s", (int)to, "abcde", (int)len, &"abcde"[from],
                         &"abcde"[to]);
                ck_assert(gw_edit_repeat(&edit, from, len, to));
                check(&edit, expected);
            }
        }
    }
}
END_TEST

START_TEST(edit_swaps_neighbours_of_any_length) {
    for (size_t first = 0; first <= 4; first++) {
        for (size_t second = 0; first + second <= 4; second++) {
            uint8_t room[ROOM];
            char expected[ROOM];
            gw_rng rng;
            gw_edit edit = start(room, "abcdef", ROOM, &rng);
            const char *text = "abcdef";
            snprintf(expected, sizeof expected, "a%.*s%.*s%s", (int)second, text + 1 + first, (int)first, text + 1,
                     text + 1 + first + second);
            ck_assert(gw_edit_swap(&edit, 1, first, second));
            check(&edit, expected);
        }
    }
}
END_TEST

GW_TEST_MAIN("fuzzing/edit", 10, edit_splices_at_every_place, edit_refuses_what_does_not_fit,
             edit_repeats_any_run_at_any_place, edit_swaps_neighbours_of_any_length)
