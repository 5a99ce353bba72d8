/* TLS settings and sessions over memory: bytes in, bytes out. Floor 4 (net). It touches no socket; stream.c moves the
 * bytes. OpenSSL 3. */
#ifndef GW_NET_TLS_H
#define GW_NET_TLS_H

#include "base/buf.h"
#include "net/error.h"

/* Borrowed while gw_tls_create_*() runs. All zero: verify the peer against the system's CAs. */
typedef struct gw_tls_options {
    bool insecure;            /* client: accept any certificate and any name */
    const char *ca_file;      /* PEM; instead of the system's CAs. Server: whom to trust for client certificates */
    const char *ca_dir;       /* hashed directory, likewise */
    const char *cert_file;    /* PEM chain: the server's (required) or the client's own */
    const char *key_file;     /* PEM; NULL: the key stands in cert_file */
    const char *server_name;  /* client: name for SNI and for the check, instead of the URL's host */
    bool require_client_cert; /* server */
    bool skip_close_notify;   /* end abruptly: FIN without close_notify */
} gw_tls_options;

/* Immutable settings, shared by any number of streams; counted by OpenSSL, so it may be destroyed before them. */
typedef struct gw_tls gw_tls;
/* NULL with "TLS: /etc/ca.pem: No such file or directory". ALPN offers and accepts http/1.1 only. */
gw_tls *gw_tls_create_client(const gw_tls_options *options, gw_error *error);
gw_tls *gw_tls_create_server(const gw_tls_options *options, gw_error *error);
void gw_tls_destroy(gw_tls *tls);

/* One connection's state. */
typedef struct gw_tls_session gw_tls_session;
typedef enum gw_tls_result {
    GW_TLS_OK,     /* done, or so many bytes */
    GW_TLS_MORE,   /* needs more bytes from the peer */
    GW_TLS_CLOSED, /* the peer sent close_notify */
    GW_TLS_FAILED, /* gw_tls_session_error() says why; output may hold an alert to send */
} gw_tls_result;

/* `host` (client only): checked against the certificate, and sent as SNI unless it is an IP literal. NULL when out of
 * memory, or when there is no name at all to check (neither `host` nor server_name, and not insecure). */
gw_tls_session *gw_tls_session_create(const gw_tls *tls, const char *host);
void gw_tls_session_destroy(gw_tls_session *session);
/* Bytes from the peer. GW_ERR_NOMEM. */
gw_status gw_tls_session_feed(gw_tls_session *session, gw_span bytes);
gw_tls_result gw_tls_session_handshake(gw_tls_session *session);
/* Plain bytes into out; *len in: room, out: how many. */
gw_tls_result gw_tls_session_read(gw_tls_session *session, uint8_t *out, size_t *len);
/* Encrypts all of it. */
gw_tls_result gw_tls_session_write(gw_tls_session *session, gw_span plain);
/* Makes close_notify unless the options say skip. */
void gw_tls_session_close(gw_tls_session *session);
/* Bytes to send to the peer; valid until the next call. gw_tls_session_taken() drops all of them. */
gw_span gw_tls_session_output(gw_tls_session *session);
void gw_tls_session_taken(gw_tls_session *session);
/* "the certificate does not verify: self-signed certificate"; static or owned by the session. */
const char *gw_tls_session_error(const gw_tls_session *session);
/* "TLSv1.3 TLS_AES_256_GCM_SHA384" */
void gw_tls_session_describe(const gw_tls_session *session, char *out, size_t size);

#endif
