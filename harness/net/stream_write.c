/* Floor 4 (net): bytes out, exactly when asked. */
#include "net/stream_private.h"

#include <errno.h>
#include <sys/socket.h>

enum { COMPACT_BYTES = 256 * 1024 };

static void note_send_error(gw_stream *stream, int error) {
    if (error == ECONNRESET || error == EPIPE) {
        /* Bytes of the peer may still wait to be read; the end follows them. */
        stream->reset_seen = true;
        stream->queue_head = 0;
        gw_buf_clear(&stream->queue);
    } else {
        stream->pending_errno = error;
    }
    gw_loop_defer(stream->loop, &stream->task);
}

/* Sends as much as goes, segment by segment; returns how much. Sets the gap timer when a pause is due. */
static size_t push(gw_stream *stream, gw_span bytes) {
    size_t done = 0;
    while (done < bytes.len) {
        size_t part = bytes.len - done;
        if (stream->segment_bytes && part > stream->segment_bytes) part = stream->segment_bytes;
        ssize_t n = send(stream->fd, bytes.ptr + done, part, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            if (errno != EAGAIN) note_send_error(stream, errno);
            break;
        }
        done += (size_t)n;
        if ((size_t)n < part || !stream->segment_bytes) break;
        /* Before it is open the timer is the deadline. */
        if (done < bytes.len && stream->segment_gap_ns > 0 && stream->phase == GW_STREAM_OPEN) {
            gw_ns next = gw_time_add(gw_clock_now(), stream->segment_gap_ns);
            if (gw_loop_timer_set(stream->loop, &stream->timer, next) == GW_OK) break;
        }
    }
    return done;
}

/* Wire bytes, all or nothing but for what has left. */
static gw_status send_or_queue(gw_stream *stream, gw_span wire, gw_stream_sent *sent) {
    size_t left_at_once = 0;
    if (gw_stream_queued(stream) == 0) left_at_once = push(stream, wire);
    gw_ns now = gw_clock_now();
    if (stream->reset_seen || stream->pending_errno) return GW_ERR_CLOSED;
    gw_status status = GW_OK;
    if (left_at_once < wire.len) {
        status = gw_buf_append_span(&stream->queue, gw_span_from(wire, left_at_once));
        if (status != GW_OK) {
            /* A stream with a hole in it is worth nothing. */
            stream->pending_errno = ENOBUFS;
            gw_loop_defer(stream->loop, &stream->task);
            return status;
        }
        gw_stream_update_interest(stream);
    }
    if (sent) {
        *sent = (gw_stream_sent){.at_ns = now, .sent_bytes = left_at_once, .queued_bytes = gw_stream_queued(stream)};
    }
    return status;
}

gw_status gw_stream_flush_tls(gw_stream *stream, gw_stream_sent *sent) {
    gw_span wire = gw_tls_session_output(stream->tls);
    gw_status status = wire.len > 0 && stream->fd >= 0 ? send_or_queue(stream, wire, sent) : GW_OK;
    gw_tls_session_taken(stream->tls);
    return status;
}

static bool may_write(const gw_stream *stream) {
    return stream->phase == GW_STREAM_OPEN && !stream->fin_wanted && !stream->reset_seen && !stream->pending_errno;
}

gw_status gw_stream_write(gw_stream *stream, gw_span bytes, gw_stream_sent *sent) {
    if (sent) *sent = (gw_stream_sent){.at_ns = gw_clock_now(), .queued_bytes = gw_stream_queued(stream)};
    if (!may_write(stream)) return GW_ERR_CLOSED;
    if (bytes.len == 0) return GW_OK;
    size_t queued = gw_stream_queued(stream);
    if (queued > stream->queue_max || bytes.len > stream->queue_max - queued) return GW_ERR_LIMIT;
    if (!stream->tls) return send_or_queue(stream, bytes, sent);
    if (gw_tls_session_write(stream->tls, bytes) != GW_TLS_OK) return GW_ERR_CLOSED;
    return gw_stream_flush_tls(stream, sent);
}

static void send_fin(gw_stream *stream) {
    shutdown(stream->fd, SHUT_WR); /* fails only when the connection is gone, which reading will tell */
    stream->fin_sent = true;
    gw_stream_update_interest(stream);
}

gw_status gw_stream_shutdown(gw_stream *stream) {
    if (!may_write(stream)) return GW_ERR_CLOSED;
    if (stream->tls) {
        gw_tls_session_close(stream->tls);
        gw_status status = gw_stream_flush_tls(stream, NULL);
        if (status != GW_OK) return status;
    }
    stream->fin_wanted = true;
    if (gw_stream_queued(stream) == 0) send_fin(stream);
    return GW_OK;
}

static void drain(gw_stream *stream) {
    if (gw_stream_queued(stream) == 0) return;
    gw_span waiting = gw_span_from(gw_buf_span(&stream->queue), stream->queue_head);
    stream->queue_head += push(stream, waiting);
    if (stream->reset_seen) stream->queue_head = 0; /* the queue was dropped */
    if (gw_stream_queued(stream) > 0) {
        if (stream->queue_head > COMPACT_BYTES && stream->queue_head > stream->queue.len / 2) {
            gw_buf_consume(&stream->queue, stream->queue_head);
            stream->queue_head = 0;
        }
        gw_stream_update_interest(stream);
        return;
    }
    stream->queue_head = 0;
    if (stream->queue.cap > COMPACT_BYTES) {
        gw_buf_deinit(&stream->queue); /* a burst must not keep its memory for good */
    } else {
        gw_buf_clear(&stream->queue);
    }
    if (stream->fin_wanted && !stream->fin_sent && !stream->reset_seen) send_fin(stream);
    gw_stream_update_interest(stream);
    bool told = stream->phase == GW_STREAM_OPEN && !stream->reset_seen;
    if (told && stream->callbacks->on_drain) stream->callbacks->on_drain(stream, gw_clock_now(), stream->user);
}

void gw_stream_write_ready(gw_stream *stream) {
    drain(stream);
}

void gw_stream_gap_over(gw_stream *stream) {
    drain(stream);
}

void gw_stream_set_segments(gw_stream *stream, size_t segment_bytes, gw_ns gap_ns) {
    stream->segment_bytes = segment_bytes;
    stream->segment_gap_ns = gap_ns;
}
