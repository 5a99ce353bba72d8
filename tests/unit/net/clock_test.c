/* net/clock: stamps translated, steps noticed; on made-up times but for the last. */
#include "net/clock.h"

#include "support/run.h"

static gw_clock make(void) {
    gw_clock clock = {0};
    gw_clock_note(&clock, 1000 * GW_S, 5000 * GW_S, 1000 * GW_S + 100);
    return clock;
}

START_TEST(clock_convert_applies_the_offset) {
    gw_clock clock = make();
    gw_ns out = 0;
    ck_assert(gw_clock_convert(&clock, 5001 * GW_S, 1002 * GW_S, &out));
    ck_assert_int_eq(out, 1001 * GW_S + 50);
}
END_TEST

START_TEST(clock_convert_never_lies_after_the_reading) {
    gw_clock clock = make();
    gw_ns out = 0, read = 1001 * GW_S;
    ck_assert(gw_clock_convert(&clock, 5001 * GW_S + 10 * GW_US, read, &out));
    ck_assert_int_eq(out, read);
    ck_assert(!gw_clock_convert(&clock, 5001 * GW_S + GW_S, read, &out));
}
END_TEST

START_TEST(clock_note_takes_noise_for_noise) {
    gw_clock clock = make();
    gw_ns offset = clock.offset_ns;
    gw_clock_note(&clock, 1001 * GW_S, 5001 * GW_S - 800, 1001 * GW_S + 100);
    ck_assert_uint_eq(clock.steps, 0);
    ck_assert_int_ge(clock.offset_ns, offset);
    ck_assert_int_le(clock.offset_ns, offset + 200);
}
END_TEST

START_TEST(clock_note_skips_a_sample_that_was_interrupted) {
    gw_clock clock = make(), before = clock;
    gw_clock_note(&clock, 1001 * GW_S, 5001 * GW_S, 1001 * GW_S + 20 * GW_MS);
    ck_assert_int_eq(clock.offset_ns, before.offset_ns);
    ck_assert_int_eq(clock.sampled_ns, before.sampled_ns);
}
END_TEST

START_TEST(clock_note_notices_a_step_and_distrusts_stamps_before_it) {
    gw_clock clock = make();
    gw_ns out = 0;
    gw_clock_note(&clock, 1010 * GW_S, 9010 * GW_S, 1010 * GW_S + 100); /* realtime jumped ahead by 4000 s */
    ck_assert_uint_eq(clock.steps, 1);
    ck_assert(!gw_clock_convert(&clock, 5009 * GW_S, 1011 * GW_S, &out)); /* stamped before */
    ck_assert(gw_clock_convert(&clock, 9011 * GW_S, 1012 * GW_S, &out));  /* and after */
    ck_assert_int_eq(out, 1011 * GW_S + 50);
    gw_clock_note(&clock, 1020 * GW_S, 5020 * GW_S, 1020 * GW_S + 100); /* and back */
    ck_assert_uint_eq(clock.steps, 2);
    ck_assert(!gw_clock_convert(&clock, 9019 * GW_S, 1021 * GW_S, &out));
}
END_TEST

START_TEST(clock_init_matches_the_machine) {
    gw_clock clock;
    gw_clock_init(&clock);
    gw_ns wall = gw_clock_wall(), now = gw_clock_now(), out = 0;
    ck_assert(gw_clock_convert(&clock, wall, now, &out));
    ck_assert_int_le(now - out, 50 * GW_MS);
    ck_assert_uint_eq(clock.steps, 0);
}
END_TEST

GW_TEST_MAIN("net/clock", 10, clock_convert_applies_the_offset, clock_convert_never_lies_after_the_reading,
             clock_note_takes_noise_for_noise, clock_note_skips_a_sample_that_was_interrupted,
             clock_note_notices_a_step_and_distrusts_stamps_before_it, clock_init_matches_the_machine)
