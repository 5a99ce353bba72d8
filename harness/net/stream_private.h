/* What the stream_*.c files share. Floor 4 (net), private.
 *
 * stream.c: life, state, ends; stream_connect.c: the way to open; stream_read.c: bytes in; stream_write.c: bytes out.
 */
#ifndef GW_NET_STREAM_PRIVATE_H
#define GW_NET_STREAM_PRIVATE_H

#include "net/stream.h"

typedef enum gw_stream_phase {
    GW_STREAM_CONNECTING,
    GW_STREAM_HANDSHAKE, /* TLS */
    GW_STREAM_OPEN,
    GW_STREAM_DEAD,      /* RESET or FAILED was reported, or reset by us: no descriptor, no more callbacks */
    GW_STREAM_DESTROYED, /* waits for its task to be freed */
} gw_stream_phase;

/* Needed until open only. */
typedef struct gw_stream_attempt {
    gw_address address;
    size_t next;    /* of address.list */
    int last_errno; /* of the latest one tried */
    int receive_buffer_bytes, send_buffer_bytes;
    bool bind_local;
    gw_address_one local;
    gw_ns timeout_ns;
} gw_stream_attempt;

struct gw_stream {
    gw_loop *loop;
    gw_loop_watch watch; /* watch.fd is not the descriptor while parked */
    gw_loop_timer timer; /* until open: the deadline; then: the gap between segments */
    gw_loop_task task;   /* frees, fails or reads on, later */
    const gw_stream_callbacks *callbacks;
    void *user;
    gw_stream_attempt *attempt;
    gw_tls_session *tls;
    gw_buf queue;      /* wire bytes; those before queue_head have left */
    size_t queue_head; /* <= queue.len */
    size_t queue_max;
    size_t segment_bytes;
    gw_ns segment_gap_ns;
    gw_ns opened_ns;
    /* Of the newest wire bytes read. */
    gw_ns at_ns, read_ns;
    bool kernel_stamp, merged;
    uint64_t read_bytes;    /* wire bytes so far */
    uint32_t read_segments; /* data segments up to the last time when both counts were known to agree */
    int fd;
    int pending_errno; /* a write failed: reported by the task */
    uint8_t phase;     /* gw_stream_phase */
    bool is_tcp, paused;
    bool read_ended; /* FIN or TRUNCATED was reported */
    bool fin_wanted; /* gw_stream_shutdown() was called */
    bool fin_sent;
    bool reset_seen;        /* send() used up the error that told of the RST */
    struct gw_stream_peer { /* for sentences; a unix path does not fit */
        socklen_t len;
        union {
            struct sockaddr any;
            struct sockaddr_in ip4;
            struct sockaddr_in6 ip6;
        } at;
    } peer;
};

/* stream.c */
gw_stream *gw_stream_create(gw_loop *loop, const gw_stream_options *options, const gw_stream_callbacks *callbacks,
                            void *user);
/* Watches for what the state asks for. */
void gw_stream_update_interest(gw_stream *stream);
void gw_stream_enter(gw_stream *stream, gw_stream_phase phase);
/* The reading side is over, writing goes on. */
void gw_stream_end_reading(gw_stream *stream, gw_stream_end_kind kind);
/* The last callback. `cause` follows "address: step: ". */
void gw_stream_fail(gw_stream *stream, gw_stream_end_kind kind, const char *step, const char *cause);
/* Likewise for an errno; ECONNRESET and EPIPE on an open stream are a reset. */
void gw_stream_fail_errno(gw_stream *stream, const char *step, int errno_value);
void gw_stream_close_descriptor(gw_stream *stream);
/* The connection is there: TLS handshake or open. `role_tls` is NULL for plain. */
void gw_stream_established(gw_stream *stream);
static inline bool gw_stream_is_gone(const gw_stream *stream) {
    return stream->phase >= GW_STREAM_DEAD;
}

/* stream_connect.c */
void gw_stream_connect_ready(gw_stream *stream);
/* Options that every socket gets, connecting or listening. */
void gw_stream_prepare_socket(int fd, bool is_tcp, int receive_buffer_bytes, int send_buffer_bytes);
/* An accepted descriptor; NULL when out of memory (it is closed then). */
gw_stream *gw_stream_adopt(gw_loop *loop, int fd, const gw_address_one *peer, const gw_stream_options *options,
                           const gw_stream_callbacks *callbacks, void *user);
void gw_stream_remember_peer(gw_stream *stream, const gw_address_one *peer);

/* stream_read.c */
void gw_stream_read_ready(gw_stream *stream, uint32_t epoll_events);
/* Handshake on, and hand out plain bytes that stand in the TLS session. */
void gw_stream_pump_tls(gw_stream *stream);

/* stream_write.c */
void gw_stream_write_ready(gw_stream *stream);
void gw_stream_gap_over(gw_stream *stream);
/* Sends or queues what the TLS session wants to say. */
gw_status gw_stream_flush_tls(gw_stream *stream, gw_stream_sent *sent);

#endif
