/* Floor 4 (net): how a stream comes to be open. */
#include "net/stream_private.h"

#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void gw_stream_prepare_socket(int fd, bool is_tcp, int receive_buffer_bytes, int send_buffer_bytes) {
    /* Each of these only tunes: where the kernel refuses one, the stream works without. */
    int on = 1, stamps = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    if (is_tcp) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof stamps);
    }
    if (receive_buffer_bytes > 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    if (send_buffer_bytes > 0) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof send_buffer_bytes);
}

void gw_stream_remember_peer(gw_stream *stream, const gw_address_one *peer) {
    stream->peer.len = peer->len < sizeof stream->peer.at ? peer->len : sizeof stream->peer.at;
    memcpy(&stream->peer.at, &peer->at, stream->peer.len);
    stream->is_tcp = peer->at.any.sa_family != AF_UNIX;
    /* Of a unix path only the family is kept. */
    if (!stream->is_tcp) stream->peer.len = sizeof(sa_family_t);
}

static int open_socket(const gw_stream_attempt *attempt, const gw_address_one *to) {
    int family = to->at.any.sa_family;
    if (attempt->bind_local && attempt->local.at.any.sa_family != family) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    gw_stream_prepare_socket(fd, family != AF_UNIX, attempt->receive_buffer_bytes, attempt->send_buffer_bytes);
    if (attempt->bind_local) {
        int on = 1;
        /* The port is chosen at connect, so that one address has 28,000 for each peer and not for all. */
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(fd, &attempt->local.at.any, attempt->local.len) != 0) {
            int saved = errno;
            close(fd);
            errno = saved;
            return -1;
        }
    }
    return fd;
}

/* Starts with the next address; false when none is left. */
static bool try_next(gw_stream *stream) {
    gw_stream_attempt *attempt = stream->attempt;
    while (attempt->next < attempt->address.count) {
        const gw_address_one *to = &attempt->address.list[attempt->next++];
        gw_stream_remember_peer(stream, to);
        stream->fd = open_socket(attempt, to);
        if (stream->fd < 0) {
            attempt->last_errno = errno;
            continue;
        }
        if (connect(stream->fd, &to->at.any, to->len) == 0 || errno == EINPROGRESS) {
            gw_stream_update_interest(stream);
            return true;
        }
        attempt->last_errno = errno;
        close(stream->fd);
        stream->fd = -1;
    }
    return false;
}

/* TCP can connect a port to itself when the peer's port is a free ephemeral one: that is nobody listening. */
static bool is_connected_to_itself(const gw_stream *stream) {
    gw_address_one local, peer;
    if (!stream->is_tcp || !gw_stream_local(stream, &local) || !gw_stream_peer(stream, &peer)) return false;
    return gw_address_port(&local) == gw_address_port(&peer) && local.len == peer.len &&
           memcmp(&local.at, &peer.at, local.len) == 0;
}

void gw_stream_established(gw_stream *stream) {
    if (stream->tls) {
        gw_stream_enter(stream, GW_STREAM_HANDSHAKE);
        gw_stream_update_interest(stream);
        gw_stream_pump_tls(stream);
        return;
    }
    free(stream->attempt);
    stream->attempt = NULL;
    gw_loop_timer_cancel(stream->loop, &stream->timer);
    gw_stream_enter(stream, GW_STREAM_OPEN);
    stream->opened_ns = gw_clock_now();
    gw_stream_update_interest(stream);
    if (stream->callbacks->on_open) stream->callbacks->on_open(stream, stream->opened_ns, stream->user);
}

void gw_stream_connect_ready(gw_stream *stream) {
    gw_stream_attempt *attempt = stream->attempt;
    if (stream->fd >= 0) {
        int error = stream->pending_errno;
        socklen_t len = sizeof error;
        if (error == 0) getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &len);
        stream->pending_errno = 0;
        if (error == 0 && is_connected_to_itself(stream)) error = ECONNREFUSED;
        if (error == 0) {
            gw_stream_established(stream);
            return;
        }
        attempt->last_errno = error;
        gw_loop_watch_remove(stream->loop, &stream->watch);
        close(stream->fd);
        stream->fd = -1;
        if (try_next(stream)) return;
    }
    gw_stream_fail(stream, GW_STREAM_FAILED, "connect", gw_error_system(attempt->last_errno));
}

static bool prepare_attempt(gw_stream *stream, const gw_address *address, const gw_stream_options *options) {
    gw_stream_attempt *attempt = calloc(1, sizeof *attempt);
    stream->attempt = attempt;
    if (!attempt) return false;
    if (address) attempt->address = *address;
    attempt->receive_buffer_bytes = options->receive_buffer_bytes;
    attempt->send_buffer_bytes = options->send_buffer_bytes;
    attempt->timeout_ns = options->timeout_ns ? options->timeout_ns : GW_STREAM_TIMEOUT_NS;
    attempt->last_errno = EADDRNOTAVAIL;
    return gw_loop_timer_set(stream->loop, &stream->timer, gw_time_add(gw_clock_now(), attempt->timeout_ns)) == GW_OK;
}

static bool choose_local(gw_stream_attempt *attempt, const char *host) {
    gw_address found;
    if (!host) return true;
    if (gw_address_resolve(host, 0, &found, NULL) != GW_OK) {
        attempt->next = attempt->address.count; /* none can be tried, all are named */
        return false;
    }
    attempt->local = found.list[0];
    attempt->bind_local = true;
    return true;
}

gw_stream *gw_stream_connect(gw_loop *loop, const gw_address *address, const gw_stream_options *options,
                             const gw_stream_callbacks *callbacks, void *user) {
    gw_stream *stream = gw_stream_create(loop, options, callbacks, user);
    if (!stream) return NULL;
    if (!prepare_attempt(stream, address, options)) {
        gw_stream_destroy(stream);
        return NULL;
    }
    if (options->tls) {
        stream->tls = gw_tls_session_create(options->tls, options->tls_host);
        if (!stream->tls) {
            gw_stream_destroy(stream);
            return NULL;
        }
    }
    /* A failure is told by the task: never from inside this call. */
    if (!choose_local(stream->attempt, options->local_host) || !try_next(stream)) {
        gw_loop_defer(loop, &stream->task);
    }
    return stream;
}

gw_stream *gw_stream_adopt(gw_loop *loop, int fd, const gw_address_one *peer, const gw_stream_options *options,
                           const gw_stream_callbacks *callbacks, void *user) {
    gw_stream *stream = gw_stream_create(loop, options, callbacks, user);
    if (!stream) {
        close(fd);
        return NULL;
    }
    stream->fd = fd;
    gw_stream_remember_peer(stream, peer);
    bool ready = prepare_attempt(stream, NULL, options);
    if (ready && options->tls) {
        stream->tls = gw_tls_session_create(options->tls, NULL);
        ready = stream->tls != NULL;
    }
    if (!ready) {
        gw_stream_destroy(stream);
        return NULL;
    }
    gw_stream_prepare_socket(fd, stream->is_tcp, options->receive_buffer_bytes, options->send_buffer_bytes);
    gw_stream_established(stream);
    return stream;
}
