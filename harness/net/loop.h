/* The event loop: descriptors, timers in ns, deferred calls, signals. Floor 4 (net). It knows nothing of bytes.
 *
 * One loop, one thread. Watches, timers and tasks are members of their owner's struct (no allocation); the loop holds
 * pointers to them until they are removed, and any of them may be removed inside any callback, its own included.
 *
 * Order within one turn: descriptors, then timers, then tasks. A timer that fires may rely on this: whatever the kernel
 * had for a watched descriptor at the timer's due time was delivered before (as far as its owner reads it). */
#ifndef GW_NET_LOOP_H
#define GW_NET_LOOP_H

#include "base/time.h"
#include "net/clock.h"
#include "net/error.h"
#include "net/lag.h"

#include <stdint.h>

typedef struct gw_loop gw_loop;

/* A descriptor to watch. */
typedef struct gw_loop_watch gw_loop_watch;
typedef void gw_loop_watch_fn(gw_loop_watch *watch, uint32_t epoll_events, void *user);
struct gw_loop_watch {
    gw_loop_watch_fn *fn;
    void *user;
    int fd;          /* -1 when not watched */
    uint32_t events; /* EPOLLIN | ...; level-triggered */
};

/* A call at a time. Zero-initialise before first use. */
typedef struct gw_loop_timer gw_loop_timer;
typedef void gw_loop_timer_fn(gw_loop_timer *timer, gw_ns now_ns, void *user);
struct gw_loop_timer {
    gw_loop_timer_fn *fn;
    void *user;
    gw_ns due_ns;
    gw_ns late_from_ns; /* private: due_ns, or the time of setting when that was later */
    uint64_t order;     /* private: equal due times fire in the order in which they were set */
    size_t slot;        /* private: 1 + place in the heap; 0 when not set */
};

/* A call later in this turn, after descriptors and timers. Zero-initialise before first use. */
typedef struct gw_loop_task gw_loop_task;
typedef void gw_loop_task_fn(gw_loop_task *task, void *user);
struct gw_loop_task {
    gw_loop_task_fn *fn;
    void *user;
    gw_loop_task *next, *prev; /* private */
};

typedef void gw_loop_signal_fn(int signal_number, void *user);

/* NULL and a sentence when a descriptor or memory is lacking. Sets SIGPIPE to be ignored and the thread's timer slack
 * to 1 ns. */
gw_loop *gw_loop_create(gw_error *error);
/* Runs what is still deferred, then frees the loop. Everything else must have been removed. */
void gw_loop_destroy(gw_loop *loop);

/* Turns until gw_loop_stop(). */
gw_status gw_loop_run(gw_loop *loop);
/* Turns until gw_loop_stop() (GW_OK) or until until_ns has come (GW_ERR_TIMEOUT); GW_NEVER is allowed. */
gw_status gw_loop_run_until(gw_loop *loop, gw_ns until_ns);
/* One wait of at most until until_ns, and the callbacks of what came. */
gw_status gw_loop_turn(gw_loop *loop, gw_ns until_ns);
/* Ends the run under way after this turn. */
void gw_loop_stop(gw_loop *loop);

/* Time of the last wake-up or timer. For a fresh reading: gw_clock_now(). */
gw_ns gw_loop_now(const gw_loop *loop);
/* All that had arrived at watched descriptors by this time has been handed out. */
gw_ns gw_loop_harvested(const gw_loop *loop);
const gw_clock *gw_loop_clock(const gw_loop *loop);

/* Watches watch->fd for watch->events; fn and user must be set. GW_ERR_IO when the kernel refuses. */
gw_status gw_loop_watch_add(gw_loop *loop, gw_loop_watch *watch);
gw_status gw_loop_watch_change(gw_loop *loop, gw_loop_watch *watch, uint32_t epoll_events);
/* Call before closing the descriptor. Sets fd to -1; harmless when it is -1 already. */
void gw_loop_watch_remove(gw_loop *loop, gw_loop_watch *watch);

/* Sets or moves a timer; fires once, never before due_ns. GW_NEVER cancels it. GW_ERR_NOMEM. */
gw_status gw_loop_timer_set(gw_loop *loop, gw_loop_timer *timer, gw_ns due_ns);
void gw_loop_timer_cancel(gw_loop *loop, gw_loop_timer *timer);
static inline bool gw_loop_timer_is_set(const gw_loop_timer *timer) {
    return timer->slot != 0;
}

/* Defers a call; a task that is deferred already stays where it is. */
void gw_loop_defer(gw_loop *loop, gw_loop_task *task);
void gw_loop_undefer(gw_loop *loop, gw_loop_task *task);

/* SIGINT, SIGTERM and, unless it is ignored, SIGHUP become a callback (they are blocked for this thread and read from a
 * signalfd). */
gw_status gw_loop_on_signal(gw_loop *loop, gw_loop_signal_fn *fn, void *user);

/* Waits with epoll_wait and a timerfd, as on kernels without epoll_pwait2 (before 5.11), where this happens by itself.
 */
gw_status gw_loop_use_timerfd(gw_loop *loop);

/* Lateness. The worst includes what is late right now: a timer overdue, a callback that still runs. */
gw_ns gw_loop_worst_lag(const gw_loop *loop, gw_ns t0, gw_ns t1);
gw_lag_summary gw_loop_lag(const gw_loop *loop); /* since the last mark */
void gw_loop_lag_mark(gw_loop *loop);

/* GW_LOOP_SCRATCH_BYTES for the owner of a watch while its callback runs: what a stream reads stands there. */
enum { GW_LOOP_SCRATCH_BYTES = 64 * 1024 };
uint8_t *gw_loop_scratch(gw_loop *loop);

#endif
