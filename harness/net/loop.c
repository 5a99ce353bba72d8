/* Floor 4 (net): the event loop. Timers live in timer_heap.c. */
#include "net/loop.h"

#include "net/timer_heap.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <linux/net_tstamp.h>

enum { BATCH = 256, HARVEST_ROUNDS = 4 };

struct gw_loop {
    int epoll_fd;
    int timer_fd; /* -1: epoll_pwait2 is used */
    int stamp_fd; /* keeps the kernel's receive stamping switched on: switching takes it a while */
    gw_timer_heap timers;
    gw_loop_task tasks; /* head of a ring */
    gw_loop_task mark;  /* in that ring, where this turn's tasks end */
    struct epoll_event batch[BATCH];
    int batch_next, batch_count;
    gw_ns now_ns, harvested_ns, woke_ns;
    bool stopping, in_turn;
    gw_clock clock;
    gw_lag lag;
    gw_loop_watch signal_watch;
    gw_loop_signal_fn *signal_fn;
    void *signal_user;
    sigset_t old_mask;
    uint8_t scratch[GW_LOOP_SCRATCH_BYTES];
};

static int open_stamp_socket(void) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
    return fd;
}

gw_loop *gw_loop_create(gw_error *error) {
    gw_loop *loop = calloc(1, sizeof *loop);
    if (!loop) {
        gw_error_set(error, GW_ERR_NOMEM, "event loop: out of memory");
        return NULL;
    }
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        gw_error_set(error, GW_ERR_IO, "event loop: epoll_create: %s", gw_error_system(errno));
        free(loop);
        return NULL;
    }
    loop->timer_fd = -1;
    loop->signal_watch.fd = -1;
    loop->stamp_fd = open_stamp_socket(); /* without it only the first stamps may be missing */
    loop->tasks.next = loop->tasks.prev = &loop->tasks;
    gw_clock_init(&loop->clock);
    gw_lag_init(&loop->lag);
    loop->now_ns = loop->woke_ns = loop->harvested_ns = gw_clock_now();
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1L);
    return loop;
}

static void run_tasks(gw_loop *loop);

void gw_loop_destroy(gw_loop *loop) {
    if (!loop) return;
    assert(!loop->in_turn);
    while (loop->tasks.next != &loop->tasks) run_tasks(loop);
    if (loop->signal_watch.fd >= 0) {
        close(loop->signal_watch.fd);
        sigprocmask(SIG_SETMASK, &loop->old_mask, NULL);
    }
    if (loop->timer_fd >= 0) close(loop->timer_fd);
    if (loop->stamp_fd >= 0) close(loop->stamp_fd);
    close(loop->epoll_fd);
    gw_timer_heap_deinit(&loop->timers);
    free(loop);
}

gw_status gw_loop_use_timerfd(gw_loop *loop) {
    if (loop->timer_fd >= 0) return GW_OK;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd < 0) return GW_ERR_IO;
    struct epoll_event event = {.events = EPOLLIN | EPOLLET}; /* a NULL pointer marks it; never read, only set anew */
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        close(fd);
        return GW_ERR_IO;
    }
    loop->timer_fd = fd;
    return GW_OK;
}

static int wait_with_timerfd(gw_loop *loop, gw_ns limit_ns) {
    if (limit_ns <= gw_clock_now()) return epoll_wait(loop->epoll_fd, loop->batch, BATCH, 0);
    struct itimerspec at = {{0, 0}, {0, 0}};
    if (limit_ns != GW_NEVER) at.it_value = (struct timespec){limit_ns / GW_S, limit_ns % GW_S};
    timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
    return epoll_wait(loop->epoll_fd, loop->batch, BATCH, -1);
}

static int wait_with_pwait2(gw_loop *loop, gw_ns limit_ns) {
    gw_ns now = gw_clock_now(), left = limit_ns > now ? limit_ns - now : 0;
    struct timespec timeout = {left / GW_S, left % GW_S};
    return epoll_pwait2(loop->epoll_fd, loop->batch, BATCH, limit_ns == GW_NEVER ? NULL : &timeout, NULL);
}

/* Fills the batch with what has come, waiting until limit_ns at most. */
static gw_status poll_batch(gw_loop *loop, gw_ns limit_ns) {
    int n = loop->timer_fd >= 0 ? wait_with_timerfd(loop, limit_ns) : wait_with_pwait2(loop, limit_ns);
    if (n < 0 && errno == ENOSYS && loop->timer_fd < 0) {
        if (gw_loop_use_timerfd(loop) != GW_OK) return GW_ERR_IO;
        n = wait_with_timerfd(loop, limit_ns);
    }
    if (n < 0 && errno != EINTR) return GW_ERR_IO;
    loop->batch_count = n < 0 ? 0 : n;
    loop->batch_next = 0;
    loop->now_ns = gw_clock_now();
    return GW_OK;
}

static void dispatch_batch(gw_loop *loop) {
    while (loop->batch_next < loop->batch_count) {
        struct epoll_event *event = &loop->batch[loop->batch_next++];
        gw_loop_watch *watch = event->data.ptr;
        if (watch) watch->fn(watch, event->events, watch->user);
    }
}

/* Delivers whatever the kernel holds at this moment, so that a deadline that fires next is judged with it. */
static gw_status harvest(gw_loop *loop) {
    gw_ns since = loop->now_ns = gw_clock_now();
    bool complete = false;
    for (int round = 0; round < HARVEST_ROUNDS; round++) {
        if (poll_batch(loop, 0) != GW_OK) return GW_ERR_IO;
        int count = loop->batch_count;
        dispatch_batch(loop);
        complete = complete || count < BATCH;
        if (count == 0) break;
    }
    if (complete) loop->harvested_ns = since;
    return GW_OK;
}

static gw_status fire_timers(gw_loop *loop) {
    gw_loop_timer *timer = gw_timer_heap_first(&loop->timers);
    if (!timer || timer->due_ns > gw_clock_now()) return GW_OK;
    if (harvest(loop) != GW_OK) return GW_ERR_IO;
    gw_ns limit = loop->now_ns;
    /* At most as many as there are: a timer that sets itself to the past must not keep descriptors waiting. */
    for (size_t left = loop->timers.count; left > 0; left--) {
        timer = gw_timer_heap_first(&loop->timers);
        if (!timer || timer->due_ns > limit) break;
        loop->now_ns = gw_clock_now();
        gw_lag_timer(&loop->lag, timer->late_from_ns, loop->now_ns);
        gw_timer_heap_remove(&loop->timers, timer);
        timer->fn(timer, loop->now_ns, timer->user);
    }
    return GW_OK;
}

/* The tasks that are deferred now; what they defer waits for the next turn. */
static void run_tasks(gw_loop *loop) {
    gw_loop_defer(loop, &loop->mark);
    while (loop->tasks.next != &loop->mark) {
        gw_loop_task *task = loop->tasks.next;
        gw_loop_undefer(loop, task);
        task->fn(task, task->user);
    }
    gw_loop_undefer(loop, &loop->mark);
}

gw_status gw_loop_turn(gw_loop *loop, gw_ns until_ns) {
    assert(!loop->in_turn);
    gw_ns limit = until_ns;
    const gw_loop_timer *first = gw_timer_heap_first(&loop->timers);
    if (first && first->due_ns < limit) limit = first->due_ns;
    if (loop->tasks.next != &loop->tasks) limit = 0;
    gw_ns before = gw_clock_now();
    gw_status status = poll_batch(loop, limit);
    if (status != GW_OK) return status;
    loop->in_turn = true;
    loop->woke_ns = loop->now_ns;
    gw_clock_sample(&loop->clock);
    bool complete = loop->batch_count < BATCH;
    dispatch_batch(loop);
    if (complete) loop->harvested_ns = before;
    status = fire_timers(loop);
    run_tasks(loop);
    loop->in_turn = false;
    gw_lag_busy(&loop->lag, loop->woke_ns, gw_clock_now());
    return status;
}

gw_status gw_loop_run_until(gw_loop *loop, gw_ns until_ns) {
    loop->stopping = false;
    while (!loop->stopping) {
        if (gw_clock_now() >= until_ns) return GW_ERR_TIMEOUT;
        gw_status status = gw_loop_turn(loop, until_ns);
        if (status != GW_OK) return status;
    }
    return GW_OK;
}

gw_status gw_loop_run(gw_loop *loop) {
    return gw_loop_run_until(loop, GW_NEVER);
}

void gw_loop_stop(gw_loop *loop) {
    loop->stopping = true;
}

gw_ns gw_loop_now(const gw_loop *loop) {
    return loop->now_ns;
}

gw_ns gw_loop_harvested(const gw_loop *loop) {
    return loop->harvested_ns;
}

const gw_clock *gw_loop_clock(const gw_loop *loop) {
    return &loop->clock;
}

gw_status gw_loop_watch_add(gw_loop *loop, gw_loop_watch *watch) {
    assert(watch->fn && watch->fd >= 0);
    struct epoll_event event = {.events = watch->events, .data.ptr = watch};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) == 0 ? GW_OK : GW_ERR_IO;
}

gw_status gw_loop_watch_change(gw_loop *loop, gw_loop_watch *watch, uint32_t epoll_events) {
    if (watch->events == epoll_events) return GW_OK;
    struct epoll_event event = {.events = epoll_events, .data.ptr = watch};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) != 0) return GW_ERR_IO;
    watch->events = epoll_events;
    return GW_OK;
}

void gw_loop_watch_remove(gw_loop *loop, gw_loop_watch *watch) {
    if (watch->fd < 0) return;
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL); /* fails only when it was never added */
    watch->fd = -1;
    for (int i = loop->batch_next; i < loop->batch_count; i++) {
        if (loop->batch[i].data.ptr == watch) loop->batch[i].data.ptr = NULL;
    }
}

gw_status gw_loop_timer_set(gw_loop *loop, gw_loop_timer *timer, gw_ns due_ns) {
    if (timer->slot != 0) gw_timer_heap_remove(&loop->timers, timer);
    if (due_ns == GW_NEVER) return GW_OK;
    assert(timer->fn);
    timer->due_ns = due_ns;
    timer->late_from_ns = due_ns > loop->now_ns ? due_ns : gw_clock_now();
    return gw_timer_heap_add(&loop->timers, timer);
}

void gw_loop_timer_cancel(gw_loop *loop, gw_loop_timer *timer) {
    if (timer->slot != 0) gw_timer_heap_remove(&loop->timers, timer);
}

void gw_loop_defer(gw_loop *loop, gw_loop_task *task) {
    if (task->next) return;
    task->next = &loop->tasks;
    task->prev = loop->tasks.prev;
    task->prev->next = task;
    loop->tasks.prev = task;
}

void gw_loop_undefer(gw_loop *loop, gw_loop_task *task) {
    (void)loop;
    if (!task->next) return;
    task->next->prev = task->prev;
    task->prev->next = task->next;
    task->next = task->prev = NULL;
}

static void on_signal_ready(gw_loop_watch *watch, uint32_t events, void *user) {
    gw_loop *loop = user;
    struct signalfd_siginfo info;
    (void)events;
    while (read(watch->fd, &info, sizeof info) == (ssize_t)sizeof info) {
        loop->signal_fn((int)info.ssi_signo, loop->signal_user);
    }
}

gw_status gw_loop_on_signal(gw_loop *loop, gw_loop_signal_fn *fn, void *user) {
    loop->signal_fn = fn;
    loop->signal_user = user;
    if (loop->signal_watch.fd >= 0) return GW_OK;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    struct sigaction hangup; /* under nohup it stays ignored */
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0) return GW_ERR_IO;
    loop->signal_watch = (gw_loop_watch){.fn = on_signal_ready, .user = loop, .fd = fd, .events = EPOLLIN};
    if (gw_loop_watch_add(loop, &loop->signal_watch) != GW_OK || sigprocmask(SIG_BLOCK, &set, &loop->old_mask) != 0) {
        close(fd);
        loop->signal_watch.fd = -1;
        return GW_ERR_IO;
    }
    return GW_OK;
}

gw_ns gw_loop_worst_lag(const gw_loop *loop, gw_ns t0, gw_ns t1) {
    gw_ns worst = gw_lag_worst(&loop->lag, t0, t1), now = gw_clock_now();
    if (now < t0) return worst;
    if (loop->in_turn && loop->woke_ns <= t1 && now - loop->woke_ns > worst) worst = now - loop->woke_ns;
    const gw_loop_timer *first = gw_timer_heap_first(&loop->timers);
    if (first && first->late_from_ns <= t1 && now - first->late_from_ns > worst) worst = now - first->late_from_ns;
    return worst;
}

gw_lag_summary gw_loop_lag(const gw_loop *loop) {
    return gw_lag_summarize(&loop->lag);
}

void gw_loop_lag_mark(gw_loop *loop) {
    gw_lag_mark(&loop->lag);
}

uint8_t *gw_loop_scratch(gw_loop *loop) {
    return loop->scratch;
}
