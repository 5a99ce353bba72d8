/* A connection: TCP or unix socket, plain or TLS; byte- and time-exact. Floor 4 (net). It knows nothing of frames.
 *
 * A stream belongs to its user from gw_stream_connect() or on_accept() on, until gw_stream_destroy(), which is allowed
 * inside any callback, the stream's own included; no callback follows it. */
#ifndef GW_NET_STREAM_H
#define GW_NET_STREAM_H

#include "net/address.h"
#include "net/loop.h"
#include "net/tls.h"

typedef struct gw_stream gw_stream;

#define GW_STREAM_TIMEOUT_NS (10 * GW_S)
enum { GW_STREAM_QUEUE_MAX = 64 << 20 };

/* Bytes that came. */
typedef struct gw_stream_read {
    uint8_t *data; /* may be changed in place; valid until the callback returns */
    size_t len;
    gw_ns at_ns;   /* when the newest of them arrived: the kernel's stamp, or read_ns when there is none */
    gw_ns read_ns; /* when they were read */
    bool kernel_stamp;
    bool merged; /* bytes of several segments: the first may have arrived any time since the previous read */
} gw_stream_read;

typedef enum gw_stream_end_kind {
    GW_STREAM_FIN,       /* clean end of the peer's side; TLS: after close_notify */
    GW_STREAM_TRUNCATED, /* TLS only: FIN without close_notify */
    GW_STREAM_RESET,     /* RST */
    GW_STREAM_FAILED,    /* never opened, or TLS or the system failed */
} gw_stream_end_kind;

typedef struct gw_stream_end {
    gw_stream_end_kind kind;
    gw_ns at_ns; /* when it was seen: an upper bound */
    const char
        *error; /* "127.0.0.1:4000: connect: Connection refused"; never NULL, "" after FIN; valid in the callback */
} gw_stream_end;

/* Any member may be NULL. The table must outlive the stream. */
typedef struct gw_stream_callbacks {
    void (*on_open)(gw_stream *stream, gw_ns at_ns, void *user); /* connected, TLS included; not for accepted streams */
    void (*on_read)(gw_stream *stream, gw_stream_read *read, void *user);
    /* Reading is over. After FIN or TRUNCATED writing goes on, and one RESET or FAILED may still follow; those two are
     * always the last callback. */
    void (*on_end)(gw_stream *stream, const gw_stream_end *end, void *user);
    void (*on_drain)(gw_stream *stream, gw_ns at_ns, void *user); /* a queue that was not empty is */
} gw_stream_callbacks;

/* All zero is a good choice. Borrowed during the call, but for tls. */
typedef struct gw_stream_options {
    gw_ns timeout_ns;       /* for connect and TLS handshake together; 0: GW_STREAM_TIMEOUT_NS */
    size_t queue_max_bytes; /* of what could not leave at once; 0: GW_STREAM_QUEUE_MAX */
    size_t
        segment_bytes; /* at most so many wire bytes in one send(), so that a TLS record spans segments; 0: no limit */
    gw_ns segment_gap_ns;     /* with segment_bytes: pause between two of them */
    int receive_buffer_bytes; /* of the kernel; 0: its default */
    int send_buffer_bytes;
    const char *local_host; /* source address (IP literal), say of 127.0.0.0/8; NULL: the kernel's choice */
    const gw_tls *tls;      /* NULL: plain. Must outlive the connect, or the listener */
    const char *tls_host;   /* client: name to check and to send as SNI; a server_name of the tls options wins */
} gw_stream_options;

/* Starts to connect to the addresses in turn; a failure comes through on_end, never from inside this call. NULL when
 * out of memory, and when TLS has no name to check the certificate against (tls.h). */
gw_stream *gw_stream_connect(gw_loop *loop, const gw_address *address, const gw_stream_options *options,
                             const gw_stream_callbacks *callbacks, void *user);
/* Closes and frees. What is queued is dropped; the kernel sends FIN, or RST when bytes were left unread. NULL is
 * allowed. */
void gw_stream_destroy(gw_stream *stream);
void gw_stream_set_callbacks(gw_stream *stream, const gw_stream_callbacks *callbacks, void *user);

typedef struct gw_stream_sent {
    gw_ns at_ns;         /* right after the send() */
    size_t sent_bytes;   /* wire bytes that left at once */
    size_t queued_bytes; /* wire bytes that wait, of this and earlier writes */
} gw_stream_sent;
/* One send() at once (TLS: of the records it makes); the rest, or all when something waits already, is queued in order.
 * `sent` may be NULL. GW_ERR_LIMIT: would not fit the queue, nothing was taken. GW_ERR_CLOSED: not open yet, shut down,
 * reset or failed (on_end tells). */
gw_status gw_stream_write(gw_stream *stream, gw_span bytes, gw_stream_sent *sent);
/* Half close once the queue is empty: TLS close_notify, then FIN. Reading goes on. */
gw_status gw_stream_shutdown(gw_stream *stream);
/* RST at once (unix: plain close). No callback follows; destroy it when you like. */
void gw_stream_reset(gw_stream *stream);
/* While paused nothing is read: the kernel's window closes to the peer, and an end or a reset is not seen either. */
void gw_stream_pause(gw_stream *stream);
void gw_stream_resume(gw_stream *stream);
/* Changes options.segment_bytes and segment_gap_ns from the next write on. */
void gw_stream_set_segments(gw_stream *stream, size_t segment_bytes, gw_ns gap_ns);

gw_loop *gw_stream_loop(const gw_stream *stream);
void *gw_stream_user(const gw_stream *stream);
gw_ns gw_stream_opened(const gw_stream *stream); /* connect done or accepted; GW_NEVER before */
size_t gw_stream_queued(const gw_stream *stream);
/* Bytes written that the peer's kernel has not acknowledged yet; 0 when unknown. */
size_t gw_stream_unacked(const gw_stream *stream);
bool gw_stream_local(const gw_stream *stream, gw_address_one *out);
bool gw_stream_peer(const gw_stream *stream, gw_address_one *out);
/* "TLSv1.3 TLS_AES_256_GCM_SHA384", "" when plain; returns out. */
char *gw_stream_tls_text(const gw_stream *stream, char *out, size_t size);

#endif
