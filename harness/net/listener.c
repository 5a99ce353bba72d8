/* Floor 4 (net): accepting. */
#include "net/listener.h"

#include "net/stream_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ACCEPTS_A_TURN = 64, BACKLOG = 4096 };
#define RETRY_NS (50 * GW_MS)

/* An accepted stream until it is the user's. */
typedef struct pending {
    gw_listener *listener;
    gw_stream *stream; /* NULL until adopt returned */
    struct pending *next, *prev;
} pending;

struct gw_listener {
    gw_loop *loop;
    gw_loop_watch watch;
    gw_loop_timer retry; /* after running out of descriptors */
    gw_loop_task free_task;
    const gw_listener_callbacks *callbacks;
    void *user;
    gw_stream_options options;
    gw_address_one address;
    int fd;
    bool destroyed, paused;
    pending *first;
};

static void unlink_pending(pending *p) {
    if (p->prev) {
        p->prev->next = p->next;
    } else {
        p->listener->first = p->next;
    }
    if (p->next) p->next->prev = p->prev;
    free(p);
}

static void on_stream_open(gw_stream *stream, gw_ns at_ns, void *user) {
    pending *p = user;
    gw_listener *listener = p->listener;
    (void)at_ns;
    static const gw_stream_callbacks none = {0};
    gw_stream_set_callbacks(stream, &none, NULL);
    unlink_pending(p);
    listener->callbacks->on_accept(listener, stream, listener->user);
}

static void on_stream_end(gw_stream *stream, const gw_stream_end *end, void *user) {
    pending *p = user;
    gw_listener *listener = p->listener;
    unlink_pending(p);
    if (listener->callbacks->on_fail) listener->callbacks->on_fail(listener, end->error, listener->user);
    gw_stream_destroy(stream);
}

static const gw_stream_callbacks pending_callbacks = {.on_open = on_stream_open, .on_end = on_stream_end};

static void tell_failure(gw_listener *listener, const char *cause) {
    char text[GW_ERROR_MAX], where[GW_ADDRESS_TEXT];
    snprintf(text, sizeof text, "%s: accept: %s", gw_address_format(&listener->address, where), cause);
    if (listener->destroyed || !listener->callbacks->on_fail) return;
    listener->callbacks->on_fail(listener, text, listener->user);
}

static void take(gw_listener *listener, int fd, const gw_address_one *peer) {
    pending *p = calloc(1, sizeof *p);
    if (!p) {
        close(fd);
        tell_failure(listener, "out of memory");
        return;
    }
    p->listener = listener;
    p->next = listener->first;
    if (p->next) p->next->prev = p;
    listener->first = p;
    gw_stream *stream = gw_stream_adopt(listener->loop, fd, peer, &listener->options, &pending_callbacks, p);
    if (!stream) {
        unlink_pending(p);
        tell_failure(listener, "out of memory");
    } else if (stream->callbacks == &pending_callbacks && !gw_stream_is_gone(stream)) {
        p->stream = stream; /* still in its handshake */
    }
}

static void on_ready(gw_loop_watch *watch, uint32_t events, void *user) {
    gw_listener *listener = user;
    (void)watch;
    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN && !listener->destroyed && !listener->paused; i++) {
        gw_address_one peer = {.len = sizeof peer.at};
        int fd = accept4(listener->fd, &peer.at.any, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take(listener, fd, &peer);
            continue;
        }
        if (errno == EAGAIN) return;
        if (errno == EINTR || errno == ECONNABORTED) continue;
        int error = errno;
        /* Out of descriptors, most likely: the socket stays ready, so look away for a while. */
        gw_loop_watch_change(listener->loop, &listener->watch, 0);
        gw_loop_timer_set(listener->loop, &listener->retry, gw_time_add(gw_clock_now(), RETRY_NS));
        tell_failure(listener, gw_error_system(error));
        return;
    }
}

static void on_retry(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    gw_listener *listener = user;
    (void)timer;
    (void)now_ns;
    if (!listener->paused) gw_loop_watch_change(listener->loop, &listener->watch, EPOLLIN);
}

static void on_free(gw_loop_task *task, void *user) {
    (void)task;
    free(user);
}

/* A socket file that nobody listens on any more would make bind fail for ever. */
static void remove_stale_socket(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISSOCK(info.st_mode)) return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return;
    gw_address address;
    if (gw_address_unix(path, &address, NULL) == GW_OK &&
        connect(fd, &address.list[0].at.any, address.list[0].len) != 0 && errno == ECONNREFUSED) {
        unlink(path);
    }
    close(fd);
}

static bool open_listener(gw_listener *listener) {
    const gw_address_one *at = &listener->address;
    int family = at->at.any.sa_family, on = 1;
    listener->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0) return false;
    if (family == AF_UNIX) {
        remove_stale_socket(at->at.un.sun_path);
    } else {
        setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    if (family == AF_INET6) setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    /* Accepted sockets inherit these, so even bytes that come before accept() are stamped. */
    gw_stream_prepare_socket(listener->fd, family != AF_UNIX, listener->options.receive_buffer_bytes,
                             listener->options.send_buffer_bytes);
    if (bind(listener->fd, &at->at.any, at->len) != 0 || listen(listener->fd, BACKLOG) != 0) return false;
    listener->address.len = sizeof listener->address.at;
    getsockname(listener->fd, &listener->address.at.any, &listener->address.len);
    listener->watch.fd = listener->fd;
    return gw_loop_watch_add(listener->loop, &listener->watch) == GW_OK;
}

gw_listener *gw_listener_create(gw_loop *loop, const gw_address *address, const gw_stream_options *options,
                                const gw_listener_callbacks *callbacks, void *user, gw_error *error) {
    gw_listener *listener = calloc(1, sizeof *listener);
    if (!listener) {
        gw_error_set(error, GW_ERR_NOMEM, "listen: out of memory");
        return NULL;
    }
    listener->loop = loop;
    listener->watch = (gw_loop_watch){.fn = on_ready, .user = listener, .fd = -1, .events = EPOLLIN};
    listener->retry = (gw_loop_timer){.fn = on_retry, .user = listener};
    listener->free_task = (gw_loop_task){.fn = on_free, .user = listener};
    listener->callbacks = callbacks;
    listener->user = user;
    listener->options = *options;
    listener->address = address->list[0];
    if (open_listener(listener)) return listener;
    int saved = errno;
    char where[GW_ADDRESS_TEXT];
    gw_error_set(error, GW_ERR_IO, "%s: listen: %s", gw_address_format(&listener->address, where),
                 gw_error_system(saved));
    if (listener->fd >= 0) close(listener->fd);
    free(listener);
    return NULL;
}

void gw_listener_destroy(gw_listener *listener) {
    if (!listener) return;
    listener->destroyed = true;
    gw_loop_timer_cancel(listener->loop, &listener->retry);
    gw_loop_watch_remove(listener->loop, &listener->watch);
    close(listener->fd);
    if (listener->address.at.any.sa_family == AF_UNIX) unlink(listener->address.at.un.sun_path);
    while (listener->first) {
        gw_stream_destroy(listener->first->stream);
        unlink_pending(listener->first);
    }
    gw_loop_defer(listener->loop, &listener->free_task);
}

const gw_address_one *gw_listener_address(const gw_listener *listener) {
    return &listener->address;
}

void gw_listener_pause(gw_listener *listener) {
    listener->paused = true;
    gw_loop_watch_change(listener->loop, &listener->watch, 0);
}

void gw_listener_resume(gw_listener *listener) {
    listener->paused = false;
    if (!gw_loop_timer_is_set(&listener->retry)) gw_loop_watch_change(listener->loop, &listener->watch, EPOLLIN);
}
