/* net/loop: order, time, removal inside callbacks, signals. */
#include "net/loop.h"

#include "support/run.h"

#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct noted {
    gw_loop *loop;
    char calls[64]; /* one letter for each */
    gw_loop_timer timers[4];
    gw_loop_task tasks[3];
    gw_loop_watch watches[2];
    int fds[2];
    gw_ns fired_ns;
} noted;

static void note(noted *n, char letter) {
    size_t len = strlen(n->calls);
    ck_assert_uint_lt(len, sizeof n->calls - 1);
    n->calls[len] = letter;
}

static void setup(noted *n) {
    memset(n, 0, sizeof *n);
    n->loop = gw_loop_create(NULL);
    ck_assert_ptr_nonnull(n->loop);
}

static void on_timer(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    noted *n = user;
    ck_assert_int_ge(now_ns, timer->due_ns);
    ck_assert(!gw_loop_timer_is_set(timer));
    n->fired_ns = now_ns;
    note(n, (char)('0' + (timer - n->timers)));
}

static void on_stop(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    noted *n = user;
    on_timer(timer, now_ns, user);
    gw_loop_stop(n->loop);
}

static void set(noted *n, size_t i, gw_loop_timer_fn *fn, gw_ns due) {
    n->timers[i].fn = fn;
    n->timers[i].user = n;
    ck_assert_int_eq(gw_loop_timer_set(n->loop, &n->timers[i], due), GW_OK);
}

static void check_timer_order(bool with_timerfd) {
    noted n;
    setup(&n);
    if (with_timerfd) ck_assert_int_eq(gw_loop_use_timerfd(n.loop), GW_OK);
    gw_ns start = gw_clock_now();
    set(&n, 3, on_stop, start + 6 * GW_MS);
    set(&n, 0, on_timer, start + 4 * GW_MS);
    set(&n, 1, on_timer, start + 2 * GW_MS);
    set(&n, 2, on_timer, start + 4 * GW_MS);
    set(&n, 1, on_timer, start + 5 * GW_MS); /* moved */
    ck_assert_int_eq(gw_loop_run(n.loop), GW_OK);
    ck_assert_str_eq(n.calls, "0213");
    ck_assert_int_ge(n.fired_ns, start + 6 * GW_MS);
    ck_assert_int_ge(gw_loop_harvested(n.loop), start + 6 * GW_MS);
    gw_lag_summary lag = gw_loop_lag(n.loop);
    ck_assert_uint_eq(lag.count, 4);
    ck_assert_int_ge(lag.max_ns, n.fired_ns - (start + 6 * GW_MS));
    ck_assert_int_ge(gw_loop_worst_lag(n.loop, start, gw_clock_now()), lag.max_ns);
    gw_loop_destroy(n.loop);
}

START_TEST(loop_fires_timers_in_order_of_due_time_then_of_setting) {
    check_timer_order(false);
}
END_TEST

START_TEST(loop_fires_timers_with_a_timerfd_too) {
    check_timer_order(true);
}
END_TEST

START_TEST(loop_run_until_times_out_when_nothing_stops_it) {
    noted n;
    setup(&n);
    gw_ns until = gw_clock_now() + 3 * GW_MS;
    ck_assert_int_eq(gw_loop_run_until(n.loop, until), GW_ERR_TIMEOUT);
    ck_assert_int_ge(gw_clock_now(), until);
    gw_loop_destroy(n.loop);
}
END_TEST

static void on_rearm(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    noted *n = user;
    (void)now_ns;
    note(n, 'r');
    gw_loop_timer_set(n->loop, timer, 1); /* in the past */
    gw_loop_timer_cancel(n->loop, &n->timers[1]);
}

START_TEST(loop_fires_a_timer_set_to_the_past_once_a_turn_and_never_a_cancelled_one) {
    noted n;
    setup(&n);
    gw_ns now = gw_clock_now();
    set(&n, 0, on_rearm, now - GW_S);
    set(&n, 1, on_timer, now - GW_MS);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(gw_loop_turn(n.loop, now + GW_S), GW_OK);
    ck_assert_uint_ge(strlen(n.calls), 3);
    ck_assert_uint_le(strlen(n.calls), 6); /* no endless turn */
    ck_assert_ptr_null(strchr(n.calls, '1'));
    ck_assert_int_lt(gw_loop_lag(n.loop).max_ns, GW_S); /* set late is not fired late */
    gw_loop_timer_cancel(n.loop, &n.timers[0]);
    gw_loop_destroy(n.loop);
}
END_TEST

static void on_task(gw_loop_task *task, void *user) {
    noted *n = user;
    note(n, (char)('A' + (task - n->tasks)));
    if (task == &n->tasks[0]) {
        gw_loop_undefer(n->loop, &n->tasks[1]);
        gw_loop_defer(n->loop, &n->tasks[0]); /* again, next turn */
    }
}

START_TEST(loop_runs_deferred_calls_once_each_and_new_ones_in_the_next_turn) {
    noted n;
    setup(&n);
    for (size_t i = 0; i < 3; i++) {
        n.tasks[i] = (gw_loop_task){.fn = on_task, .user = &n};
        gw_loop_defer(n.loop, &n.tasks[i]);
        gw_loop_defer(n.loop, &n.tasks[i]); /* twice is once */
    }
    ck_assert_int_eq(gw_loop_turn(n.loop, GW_NEVER), GW_OK);
    ck_assert_str_eq(n.calls, "AC");
    ck_assert_int_eq(gw_loop_turn(n.loop, GW_NEVER), GW_OK);
    ck_assert_str_eq(n.calls, "ACA");
    gw_loop_undefer(n.loop, &n.tasks[0]);
    gw_loop_destroy(n.loop);
}
END_TEST

static void on_ready_removes_both(gw_loop_watch *watch, uint32_t events, void *user) {
    noted *n = user;
    ck_assert_uint_eq(events, EPOLLIN);
    note(n, (char)('a' + (watch - n->watches)));
    for (size_t i = 0; i < 2; i++) gw_loop_watch_remove(n->loop, &n->watches[i]);
}

static void add_watches(noted *n, gw_loop_watch_fn *fn, unsigned initial) {
    for (size_t i = 0; i < 2; i++) {
        n->fds[i] = eventfd(initial, EFD_NONBLOCK | EFD_CLOEXEC);
        ck_assert_int_ge(n->fds[i], 0);
        n->watches[i] = (gw_loop_watch){.fn = fn, .user = n, .fd = n->fds[i], .events = EPOLLIN};
        ck_assert_int_eq(gw_loop_watch_add(n->loop, &n->watches[i]), GW_OK);
    }
}

START_TEST(loop_calls_no_watch_that_was_removed_in_the_same_turn) {
    noted n;
    setup(&n);
    add_watches(&n, on_ready_removes_both, 1);
    ck_assert_int_eq(gw_loop_turn(n.loop, GW_NEVER), GW_OK);
    ck_assert_uint_eq(strlen(n.calls), 1);
    ck_assert_int_eq(n.watches[0].fd, -1);
    gw_loop_destroy(n.loop);
    for (size_t i = 0; i < 2; i++) close(n.fds[i]);
}
END_TEST

static void on_ready_drains(gw_loop_watch *watch, uint32_t events, void *user) {
    noted *n = user;
    uint64_t value;
    (void)events;
    ck_assert_int_eq(read(watch->fd, &value, sizeof value), sizeof value);
    note(n, (char)('a' + (watch - n->watches)));
    /* Busy until the timer is overdue, and meanwhile something comes for the other one. */
    if (watch == &n->watches[0]) {
        value = 1;
        ck_assert_int_eq(write(n->fds[1], &value, sizeof value), sizeof value);
        while (gw_clock_now() <= n->timers[0].due_ns) continue;
    }
}

START_TEST(loop_delivers_what_came_before_a_due_time_before_the_timer) {
    noted n;
    setup(&n);
    add_watches(&n, on_ready_drains, 0);
    set(&n, 0, on_timer, gw_clock_now() + 5 * GW_MS);
    uint64_t one = 1;
    ck_assert_int_eq(write(n.fds[0], &one, sizeof one), sizeof one);
    ck_assert_int_eq(gw_loop_turn(n.loop, GW_NEVER), GW_OK);
    ck_assert_str_eq(n.calls, "ab0");
    ck_assert_int_ge(gw_loop_harvested(n.loop), n.timers[0].due_ns);
    ck_assert_int_gt(gw_loop_lag(n.loop).busy_max_ns, 0);
    for (size_t i = 0; i < 2; i++) {
        gw_loop_watch_remove(n.loop, &n.watches[i]);
        close(n.fds[i]);
    }
    gw_loop_destroy(n.loop);
}
END_TEST

static void on_late(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    noted *n = user;
    (void)timer;
    gw_ns until = now_ns + 3 * GW_MS;
    while (gw_clock_now() < until) continue;
    /* While this callback runs, the time it took already counts. */
    ck_assert_int_ge(gw_loop_worst_lag(n->loop, now_ns, until), 3 * GW_MS);
    note(n, 'l');
}

START_TEST(loop_worst_lag_includes_the_callback_that_still_runs) {
    noted n;
    setup(&n);
    gw_ns start = gw_clock_now();
    set(&n, 0, on_late, start);
    while (!n.calls[0]) ck_assert_int_eq(gw_loop_turn(n.loop, GW_NEVER), GW_OK);
    ck_assert_int_ge(gw_loop_worst_lag(n.loop, start, gw_clock_now()), 3 * GW_MS);
    ck_assert_int_eq(gw_loop_worst_lag(n.loop, start - GW_S, start - GW_S / 2), 0);
    gw_loop_destroy(n.loop);
}
END_TEST

static void on_signal(int number, void *user) {
    noted *n = user;
    note(n, number == SIGTERM ? 'T' : number == SIGINT ? 'I' : number == SIGHUP ? 'H' : '?');
    if (number == SIGTERM) gw_loop_stop(n->loop);
}

START_TEST(loop_turns_signals_into_calls) {
    for (int ignored = 0; ignored <= 1; ignored++) { /* as nohup does it */
        noted n;
        setup(&n);
        signal(SIGHUP, ignored ? SIG_IGN : SIG_DFL);
        ck_assert_int_eq(gw_loop_on_signal(n.loop, on_signal, &n), GW_OK);
        kill(getpid(), SIGHUP);
        kill(getpid(), SIGINT);
        kill(getpid(), SIGTERM);
        ck_assert_int_eq(gw_loop_run_until(n.loop, gw_clock_now() + 5 * GW_S), GW_OK);
        ck_assert_ptr_nonnull(strchr(n.calls, 'T'));
        ck_assert_ptr_nonnull(strchr(n.calls, 'I'));
        ck_assert_int_eq(strchr(n.calls, 'H') != NULL, !ignored);
        gw_loop_destroy(n.loop);
    }
}
END_TEST

GW_TEST_MAIN("net/loop", 20, loop_fires_timers_in_order_of_due_time_then_of_setting,
             loop_fires_timers_with_a_timerfd_too, loop_run_until_times_out_when_nothing_stops_it,
             loop_fires_a_timer_set_to_the_past_once_a_turn_and_never_a_cancelled_one,
             loop_runs_deferred_calls_once_each_and_new_ones_in_the_next_turn,
             loop_calls_no_watch_that_was_removed_in_the_same_turn,
             loop_delivers_what_came_before_a_due_time_before_the_timer,
             loop_worst_lag_includes_the_callback_that_still_runs, loop_turns_signals_into_calls)
