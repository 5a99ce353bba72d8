/* Floor 4 (net): bytes in, and when they came. */
#include "net/stream_private.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
    READS_A_TURN = 8, /* so that one busy peer does not keep all others waiting */
    /* States of TCP, as the kernel numbers them for tcpi_state. */
    STATE_TIME_WAIT = 6,
    STATE_CLOSE = 7,
    STATE_CLOSE_WAIT = 8,
    STATE_LAST_ACK = 9,
    STATE_CLOSING = 11,
};

/* Did the bytes just read come in more than one segment? The kernel counts data segments and bytes; when its count of
 * bytes is what we have read, its count of segments is what we have read too. Otherwise more has come meanwhile and the
 * answer is yes, to be safe. */
static bool was_merged(gw_stream *stream) {
    struct tcp_info info;
    socklen_t len = sizeof info;
    if (getsockopt(stream->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0) return true;
    if (len < offsetof(struct tcp_info, tcpi_data_segs_in) + sizeof info.tcpi_data_segs_in) return true;
    bool fin_counted =
        (info.tcpi_state >= STATE_TIME_WAIT && info.tcpi_state <= STATE_LAST_ACK) || info.tcpi_state == STATE_CLOSING;
    uint64_t ahead = info.tcpi_bytes_received - stream->read_bytes;
    if (ahead != 0 && !(ahead == 1 && fin_counted)) return true;
    uint32_t segments = info.tcpi_data_segs_in - stream->read_segments;
    stream->read_segments = info.tcpi_data_segs_in;
    return segments > 1;
}

static bool find_stamp(struct msghdr *message, gw_ns *realtime_ns) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPING) continue;
        struct scm_timestamping stamps;
        memcpy(&stamps, CMSG_DATA(c), sizeof stamps);
        *realtime_ns = (gw_ns)stamps.ts[0].tv_sec * GW_S + stamps.ts[0].tv_nsec;
        return *realtime_ns != 0;
    }
    return false;
}

/* One recvmsg() into the loop's scratch, with its time noted in the stream. */
static ssize_t receive(gw_stream *stream) {
    char control[128];
    struct iovec into = {.iov_base = gw_loop_scratch(stream->loop), .iov_len = GW_LOOP_SCRATCH_BYTES};
    struct msghdr message = {
        .msg_iov = &into, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(stream->fd, &message, MSG_DONTWAIT);
    if (n <= 0) return n;
    gw_ns now = gw_clock_now(), realtime, at;
    stream->read_bytes += (uint64_t)n;
    stream->read_ns = now;
    stream->kernel_stamp =
        find_stamp(&message, &realtime) && gw_clock_convert(gw_loop_clock(stream->loop), realtime, now, &at);
    if (!stream->kernel_stamp) at = now;
    if (at > stream->at_ns) stream->at_ns = at; /* never backwards within a stream, whatever the sampling noise */
    stream->merged = stream->is_tcp ? was_merged(stream) : true;
    return n;
}

static void hand_out(gw_stream *stream, uint8_t *data, size_t len) {
    gw_stream_read read = {.data = data,
                           .len = len,
                           .at_ns = stream->at_ns,
                           .read_ns = stream->read_ns,
                           .kernel_stamp = stream->kernel_stamp,
                           .merged = stream->merged};
    if (stream->callbacks->on_read) stream->callbacks->on_read(stream, &read, stream->user);
}

static void fail_tls(gw_stream *stream) {
    gw_stream_flush_tls(stream, NULL); /* the alert, as far as it goes */
    gw_stream_fail(stream, GW_STREAM_FAILED, "TLS", gw_tls_session_error(stream->tls));
}

static bool finish_handshake(gw_stream *stream) {
    gw_tls_result result = gw_tls_session_handshake(stream->tls);
    if (result == GW_TLS_FAILED || result == GW_TLS_CLOSED) {
        fail_tls(stream);
        return false;
    }
    gw_stream_flush_tls(stream, NULL);
    if (result != GW_TLS_OK || gw_stream_is_gone(stream)) return false;
    free(stream->attempt);
    stream->attempt = NULL;
    gw_loop_timer_cancel(stream->loop, &stream->timer);
    gw_stream_enter(stream, GW_STREAM_OPEN);
    stream->opened_ns = gw_clock_now();
    gw_stream_update_interest(stream);
    if (stream->callbacks->on_open) stream->callbacks->on_open(stream, stream->opened_ns, stream->user);
    return !gw_stream_is_gone(stream);
}

void gw_stream_pump_tls(gw_stream *stream) {
    if (stream->phase == GW_STREAM_HANDSHAKE && !finish_handshake(stream)) return;
    while (!stream->read_ended && !stream->paused) {
        size_t len = GW_LOOP_SCRATCH_BYTES;
        uint8_t *plain = gw_loop_scratch(stream->loop);
        gw_tls_result result = gw_tls_session_read(stream->tls, plain, &len);
        if (result == GW_TLS_OK) {
            hand_out(stream, plain, len);
        } else if (result == GW_TLS_CLOSED) {
            gw_stream_end_reading(stream, GW_STREAM_FIN);
        } else if (result == GW_TLS_FAILED) {
            fail_tls(stream);
        } else {
            gw_stream_flush_tls(stream, NULL); /* answers to key updates */
            return;
        }
        if (gw_stream_is_gone(stream)) return;
    }
}

static void end_of_file(gw_stream *stream) {
    if (stream->reset_seen && stream->is_tcp) { /* of a unix socket, EPIPE tells only that the peer closed */
        gw_stream_fail_errno(stream, "read", ECONNRESET);
    } else if (stream->phase == GW_STREAM_HANDSHAKE) {
        gw_stream_fail(stream, GW_STREAM_FAILED, "TLS", "the peer closed the connection during the handshake");
    } else {
        gw_stream_end_reading(stream, stream->tls ? GW_STREAM_TRUNCATED : GW_STREAM_FIN);
    }
}

static void failed_read(gw_stream *stream, int error) {
    gw_stream_fail_errno(stream, stream->phase == GW_STREAM_HANDSHAKE ? "TLS" : "read", error);
}

void gw_stream_read_ready(gw_stream *stream, uint32_t epoll_events) {
    bool ending = epoll_events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    for (int i = 0; i < READS_A_TURN; i++) {
        ssize_t n = receive(stream);
        if (n == 0) {
            end_of_file(stream);
            return;
        }
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) failed_read(stream, errno);
            return;
        }
        if (stream->tls) {
            gw_span wire = gw_span_make(gw_loop_scratch(stream->loop), (size_t)n);
            if (gw_tls_session_feed(stream->tls, wire) != GW_OK) {
                gw_stream_fail(stream, GW_STREAM_FAILED, "TLS", "out of memory");
                return;
            }
            gw_stream_pump_tls(stream);
        } else {
            hand_out(stream, gw_loop_scratch(stream->loop), (size_t)n);
        }
        if (gw_stream_is_gone(stream) || stream->paused || stream->read_ended) return;
        if (n < GW_LOOP_SCRATCH_BYTES && !ending) return;
    }
}
