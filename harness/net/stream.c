/* Floor 4 (net): a stream's life. */
#include "net/stream.h"

#include "net/stream_private.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BIT(phase) (1u << (phase))

/* Which phase may follow which. */
static const uint8_t may_enter[] = {
    [GW_STREAM_CONNECTING] =
        BIT(GW_STREAM_HANDSHAKE) | BIT(GW_STREAM_OPEN) | BIT(GW_STREAM_DEAD) | BIT(GW_STREAM_DESTROYED),
    [GW_STREAM_HANDSHAKE] = BIT(GW_STREAM_OPEN) | BIT(GW_STREAM_DEAD) | BIT(GW_STREAM_DESTROYED),
    [GW_STREAM_OPEN] = BIT(GW_STREAM_DEAD) | BIT(GW_STREAM_DESTROYED),
    [GW_STREAM_DEAD] = BIT(GW_STREAM_DESTROYED),
    [GW_STREAM_DESTROYED] = 0,
};

void gw_stream_enter(gw_stream *stream, gw_stream_phase phase) {
    bool allowed = may_enter[stream->phase] & BIT(phase);
    assert(allowed);
    (void)allowed;
    stream->phase = (uint8_t)phase;
}

static void on_ready(gw_loop_watch *watch, uint32_t events, void *user);
static void on_timer(gw_loop_timer *timer, gw_ns now_ns, void *user);
static void on_task(gw_loop_task *task, void *user);

gw_stream *gw_stream_create(gw_loop *loop, const gw_stream_options *options, const gw_stream_callbacks *callbacks,
                            void *user) {
    gw_stream *stream = calloc(1, sizeof *stream);
    if (!stream) return NULL;
    stream->loop = loop;
    stream->watch = (gw_loop_watch){.fn = on_ready, .user = stream, .fd = -1};
    stream->timer = (gw_loop_timer){.fn = on_timer, .user = stream};
    stream->task = (gw_loop_task){.fn = on_task, .user = stream};
    stream->callbacks = callbacks;
    stream->user = user;
    stream->queue_max = options->queue_max_bytes ? options->queue_max_bytes : GW_STREAM_QUEUE_MAX;
    /* TLS makes records out of it: 22 + 5 + 16 bytes for each 16 KB, and alerts. */
    gw_buf_init(&stream->queue, stream->queue_max + stream->queue_max / 128 + 4096);
    stream->segment_bytes = options->segment_bytes;
    stream->segment_gap_ns = options->segment_gap_ns;
    stream->opened_ns = GW_NEVER;
    stream->fd = -1;
    return stream;
}

/* Later and not at once: the caller may stand inside one of this stream's callbacks. */
static void on_task(gw_loop_task *task, void *user) {
    gw_stream *stream = user;
    (void)task;
    if (stream->phase == GW_STREAM_DESTROYED) {
        gw_tls_session_destroy(stream->tls);
        gw_buf_deinit(&stream->queue);
        free(stream->attempt);
        free(stream);
    } else if (stream->phase == GW_STREAM_DEAD) {
        return;
    } else if (stream->phase == GW_STREAM_CONNECTING) {
        gw_stream_connect_ready(stream);
    } else if (stream->pending_errno) {
        gw_stream_fail_errno(stream, "write", stream->pending_errno);
    } else if (stream->reset_seen && stream->read_ended) {
        gw_stream_fail_errno(stream, "write", ECONNRESET);
    } else if (stream->tls && !stream->paused) {
        gw_stream_pump_tls(stream);
        if (!gw_stream_is_gone(stream)) gw_stream_update_interest(stream);
    }
}

void gw_stream_close_descriptor(gw_stream *stream) {
    gw_loop_timer_cancel(stream->loop, &stream->timer);
    gw_loop_watch_remove(stream->loop, &stream->watch);
    if (stream->fd >= 0) close(stream->fd);
    stream->fd = -1;
}

void gw_stream_destroy(gw_stream *stream) {
    if (!stream) return;
    gw_stream_close_descriptor(stream);
    gw_stream_enter(stream, GW_STREAM_DESTROYED);
    gw_loop_defer(stream->loop, &stream->task);
}

void gw_stream_reset(gw_stream *stream) {
    if (gw_stream_is_gone(stream)) return;
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    if (stream->fd >= 0) setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    gw_stream_close_descriptor(stream);
    gw_stream_enter(stream, GW_STREAM_DEAD);
}

/* A handshake goes on whatever its user wants to read. */
static bool is_paused(const gw_stream *stream) {
    return stream->paused && stream->phase == GW_STREAM_OPEN;
}

static uint32_t wanted_events(const gw_stream *stream) {
    if (stream->phase == GW_STREAM_CONNECTING) return EPOLLOUT;
    uint32_t events = 0;
    if (!stream->read_ended && !is_paused(stream)) events |= EPOLLIN | EPOLLRDHUP;
    bool gap = stream->phase == GW_STREAM_OPEN && gw_loop_timer_is_set(&stream->timer);
    if (stream->queue_head < stream->queue.len && !gap && !stream->reset_seen) events |= EPOLLOUT;
    return events;
}

static void park(gw_stream *stream) {
    gw_loop_watch_remove(stream->loop, &stream->watch);
}

void gw_stream_update_interest(gw_stream *stream) {
    uint32_t events = wanted_events(stream);
    gw_status status = GW_OK;
    /* Both sides are over: the kernel would tell of it again and again. */
    if (stream->read_ended && stream->fin_sent) {
        park(stream);
        return;
    }
    if (stream->watch.fd >= 0) {
        status = gw_loop_watch_change(stream->loop, &stream->watch, events);
    } else if (stream->fd >= 0) {
        stream->watch.fd = stream->fd;
        stream->watch.events = events;
        status = gw_loop_watch_add(stream->loop, &stream->watch);
        if (status != GW_OK) stream->watch.fd = -1;
    }
    if (status != GW_OK && !stream->pending_errno) {
        stream->pending_errno = errno;
        gw_loop_defer(stream->loop, &stream->task);
    }
}

/* Something is wrong or over while nothing is being read: ask the socket which. */
static void check_hangup(gw_stream *stream) {
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error == 0 && stream->reset_seen) error = ECONNRESET;
    if (error != 0) {
        gw_stream_fail_errno(stream, "read", error);
    } else {
        park(stream);
    }
}

static void on_ready(gw_loop_watch *watch, uint32_t events, void *user) {
    gw_stream *stream = user;
    (void)watch;
    if (stream->phase == GW_STREAM_CONNECTING) {
        gw_stream_connect_ready(stream);
        return;
    }
    if (events & EPOLLOUT) gw_stream_write_ready(stream);
    if (gw_stream_is_gone(stream)) return;
    bool hangup = events & (EPOLLHUP | EPOLLERR);
    if (is_paused(stream) && !stream->read_ended) {
        /* Bytes may wait before the end: both are seen in order after resuming. */
        if (hangup) park(stream);
    } else if (stream->read_ended) {
        if (hangup) check_hangup(stream);
    } else if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        gw_stream_read_ready(stream, events);
    }
}

static void on_timer(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    gw_stream *stream = user;
    (void)timer;
    (void)now_ns;
    if (stream->phase == GW_STREAM_OPEN) {
        gw_stream_gap_over(stream);
        return;
    }
    char cause[64], span[32];
    gw_time_format_ms(stream->attempt->timeout_ns, span, sizeof span);
    snprintf(cause, sizeof cause, "no answer within %s", span);
    gw_stream_fail(stream, GW_STREAM_FAILED, stream->phase == GW_STREAM_CONNECTING ? "connect" : "TLS", cause);
}

static void name_peer(const gw_stream *stream, char *out, size_t size) {
    char one[GW_ADDRESS_TEXT];
    size_t used = 0;
    const gw_stream_attempt *attempt = stream->attempt;
    out[0] = 0;
    if (stream->phase == GW_STREAM_CONNECTING && attempt && attempt->next > 0) {
        for (size_t i = 0; i < attempt->next && used < size; i++) {
            used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "",
                                     gw_address_format(&attempt->address.list[i], one));
        }
        return;
    }
    gw_address_one peer = {.len = stream->peer.len};
    memcpy(&peer.at, &stream->peer.at, sizeof stream->peer.at);
    snprintf(out, size, "%s", gw_address_format(&peer, one));
}

void gw_stream_end_reading(gw_stream *stream, gw_stream_end_kind kind) {
    stream->read_ended = true;
    char text[GW_ERROR_MAX] = "", where[GW_ERROR_MAX / 2];
    if (kind == GW_STREAM_TRUNCATED) {
        name_peer(stream, where, sizeof where);
        snprintf(text, sizeof text, "%s: TLS: the peer ended the connection without close_notify", where);
    }
    gw_stream_end end = {.kind = kind, .at_ns = gw_clock_now(), .error = text};
    gw_stream_update_interest(stream);
    if (stream->callbacks->on_end) stream->callbacks->on_end(stream, &end, stream->user);
}

void gw_stream_fail(gw_stream *stream, gw_stream_end_kind kind, const char *step, const char *cause) {
    char text[GW_ERROR_MAX], where[GW_ERROR_MAX / 2];
    gw_ns now = gw_clock_now();
    name_peer(stream, where, sizeof where);
    snprintf(text, sizeof text, "%s: %s: %s", where, step, cause);
    gw_stream_close_descriptor(stream);
    gw_stream_enter(stream, GW_STREAM_DEAD);
    gw_stream_end end = {.kind = kind, .at_ns = now, .error = text};
    if (stream->callbacks->on_end) stream->callbacks->on_end(stream, &end, stream->user);
}

void gw_stream_fail_errno(gw_stream *stream, const char *step, int errno_value) {
    bool reset = errno_value == ECONNRESET || errno_value == EPIPE;
    gw_stream_fail(stream, reset && stream->phase == GW_STREAM_OPEN ? GW_STREAM_RESET : GW_STREAM_FAILED, step,
                   gw_error_system(reset ? ECONNRESET : errno_value));
}

void gw_stream_set_callbacks(gw_stream *stream, const gw_stream_callbacks *callbacks, void *user) {
    stream->callbacks = callbacks;
    stream->user = user;
}

void gw_stream_pause(gw_stream *stream) {
    if (gw_stream_is_gone(stream) || stream->paused) return;
    stream->paused = true;
    if (stream->phase != GW_STREAM_CONNECTING && stream->watch.fd >= 0) gw_stream_update_interest(stream);
}

void gw_stream_resume(gw_stream *stream) {
    if (gw_stream_is_gone(stream) || !stream->paused) return;
    stream->paused = false;
    if (stream->phase == GW_STREAM_CONNECTING) return;
    gw_stream_update_interest(stream);
    /* Plain bytes may stand in the TLS session, of which the kernel knows nothing. */
    if (stream->tls) gw_loop_defer(stream->loop, &stream->task);
}

gw_loop *gw_stream_loop(const gw_stream *stream) {
    return stream->loop;
}

void *gw_stream_user(const gw_stream *stream) {
    return stream->user;
}

gw_ns gw_stream_opened(const gw_stream *stream) {
    return stream->opened_ns;
}

size_t gw_stream_queued(const gw_stream *stream) {
    return stream->queue.len - stream->queue_head;
}

size_t gw_stream_unacked(const gw_stream *stream) {
    int bytes = 0;
    if (stream->fd < 0 || ioctl(stream->fd, SIOCOUTQ, &bytes) != 0 || bytes < 0) return 0;
    return (size_t)bytes;
}

bool gw_stream_local(const gw_stream *stream, gw_address_one *out) {
    *out = (gw_address_one){.len = sizeof out->at};
    return stream->fd >= 0 && getsockname(stream->fd, &out->at.any, &out->len) == 0;
}

bool gw_stream_peer(const gw_stream *stream, gw_address_one *out) {
    *out = (gw_address_one){.len = sizeof out->at};
    return stream->fd >= 0 && getpeername(stream->fd, &out->at.any, &out->len) == 0;
}

char *gw_stream_tls_text(const gw_stream *stream, char *out, size_t size) {
    if (size > 0) out[0] = 0;
    if (stream->tls) gw_tls_session_describe(stream->tls, out, size);
    return out;
}
