/* net/lag: bookkeeping of lateness, on made-up times. */
#include "net/lag.h"

#include "support/run.h"

#include <stdlib.h>

static gw_lag *make(void) {
    gw_lag *lag = malloc(sizeof *lag);
    ck_assert_ptr_nonnull(lag);
    gw_lag_init(lag);
    return lag;
}

START_TEST(lag_summarize_is_all_zero_before_anything_fired) {
    gw_lag *lag = make();
    gw_lag_summary s = gw_lag_summarize(lag);
    ck_assert_uint_eq(s.count, 0);
    ck_assert_int_eq(s.p50_ns, 0);
    ck_assert_int_eq(s.p99_ns, 0);
    ck_assert_int_eq(s.max_ns, 0);
    free(lag);
}
END_TEST

START_TEST(lag_summarize_gives_percentiles_within_a_sixteenth) {
    gw_lag *lag = make();
    for (gw_ns i = 1; i <= 1000; i++) gw_lag_timer(lag, i * GW_MS, i * GW_MS + i * GW_US);
    gw_lag_summary s = gw_lag_summarize(lag);
    ck_assert_uint_eq(s.count, 1000);
    ck_assert_int_eq(s.max_ns, 1000 * GW_US);
    ck_assert_int_ge(s.p50_ns, 500 * GW_US);
    ck_assert_int_le(s.p50_ns, 500 * GW_US * 17 / 16);
    ck_assert_int_ge(s.p99_ns, 990 * GW_US);
    ck_assert_int_le(s.p99_ns, 1000 * GW_US);
    gw_lag_mark(lag);
    ck_assert_uint_eq(gw_lag_summarize(lag).count, 0);
    ck_assert_int_eq(gw_lag_worst(lag, 0, GW_S), 1000 * GW_US); /* the history outlives the mark */
    free(lag);
}
END_TEST

START_TEST(lag_worst_sees_an_episode_only_in_windows_that_it_touches) {
    gw_lag *lag = make();
    gw_lag_timer(lag, 1000 * GW_MS, 1100 * GW_MS); /* late by 100 ms */
    ck_assert_int_eq(gw_lag_worst(lag, 0, 900 * GW_MS), 0);
    ck_assert_int_eq(gw_lag_worst(lag, 900 * GW_MS, 1000 * GW_MS), 100 * GW_MS);
    ck_assert_int_eq(gw_lag_worst(lag, 1050 * GW_MS, 1051 * GW_MS), 100 * GW_MS); /* in the middle of it */
    ck_assert_int_eq(gw_lag_worst(lag, 1100 * GW_MS, 5000 * GW_MS), 100 * GW_MS);
    ck_assert_int_eq(gw_lag_worst(lag, 1200 * GW_MS, 5000 * GW_MS), 0);
    ck_assert_int_eq(gw_lag_worst(lag, 2 * GW_S, GW_S), 0); /* an empty window */
    free(lag);
}
END_TEST

START_TEST(lag_worst_counts_time_spent_in_callbacks) {
    gw_lag *lag = make();
    gw_lag_busy(lag, 10 * GW_S, 10 * GW_S + 7 * GW_MS);
    gw_lag_busy(lag, 11 * GW_S, 11 * GW_S + 3 * GW_MS);
    ck_assert_int_eq(gw_lag_worst(lag, 10 * GW_S, 10 * GW_S), 7 * GW_MS);
    ck_assert_int_eq(gw_lag_worst(lag, 11 * GW_S, 12 * GW_S), 3 * GW_MS);
    ck_assert_int_eq(gw_lag_summarize(lag).busy_max_ns, 7 * GW_MS);
    ck_assert_uint_eq(gw_lag_summarize(lag).count, 0);
    free(lag);
}
END_TEST

START_TEST(lag_worst_answers_for_forgotten_times_with_the_worst_of_all) {
    gw_lag *lag = make();
    gw_ns reach = GW_LAG_BUCKET_NS * GW_LAG_BUCKETS;
    gw_lag_timer(lag, 5 * GW_S, 5 * GW_S + 40 * GW_MS);
    for (gw_ns t = 6 * GW_S; t < 6 * GW_S + 2 * reach; t += GW_LAG_BUCKET_NS) gw_lag_timer(lag, t, t + GW_US);
    ck_assert_int_eq(gw_lag_worst(lag, 7 * GW_S, 8 * GW_S), 40 * GW_MS); /* nobody knows any more: say the worst */
    ck_assert_int_eq(gw_lag_worst(lag, 2 * reach, 2 * reach + GW_S), GW_US);
    free(lag);
}
END_TEST

START_TEST(lag_survives_an_episode_longer_than_its_history) {
    gw_lag *lag = make();
    gw_ns reach = GW_LAG_BUCKET_NS * GW_LAG_BUCKETS;
    gw_lag_timer(lag, GW_S, GW_S + 3 * reach);
    ck_assert_int_eq(gw_lag_worst(lag, GW_S, GW_S), 3 * reach);
    ck_assert_int_eq(gw_lag_worst(lag, 3 * reach, 3 * reach), 3 * reach);
    ck_assert_int_eq(gw_lag_summarize(lag).max_ns, 3 * reach);
    free(lag);
}
END_TEST

GW_TEST_MAIN("net/lag", 10, lag_summarize_is_all_zero_before_anything_fired,
             lag_summarize_gives_percentiles_within_a_sixteenth,
             lag_worst_sees_an_episode_only_in_windows_that_it_touches, lag_worst_counts_time_spent_in_callbacks,
             lag_worst_answers_for_forgotten_times_with_the_worst_of_all,
             lag_survives_an_episode_longer_than_its_history)
