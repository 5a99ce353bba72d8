/* Connections of the gateway: raw bytes between libwebsockets and the core, over TCP or TLS. */
#include "reference-server/server_internal.h"

#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>

enum { WRITE_BYTES = 64 << 10, READ_BYTES = 512 };

/* One connection, in the memory that libwebsockets keeps for it. */
typedef struct peer {
    struct lws *wsi;
    gw_core_conn *conn; /* NULL: refused */
    bool waits;         /* for room in the socket */
    bool shut;          /* our FIN is out */
} peer;

static gw_server *server_of(struct lws *wsi) {
    return lws_context_user(lws_get_context(wsi));
}

/* RST now: dissolving the association drops unsent data and sends a reset. */
static void reset(peer *p) {
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    int fd = lws_get_socket_fd(p->wsi);
    if (connect(fd, &none, sizeof none) != 0) lwsl_info("reset: the peer was faster\n");
}

/* FIN, and under TLS a close_notify before it. */
static void shut(peer *p) {
    if (p->shut) return;
    p->shut = true;
    SSL *ssl = lws_get_ssl(p->wsi);
    if (ssl && SSL_is_init_finished(ssl) && SSL_shutdown(ssl) < 0) lwsl_info("close_notify could not be sent\n");
    if (shutdown(lws_get_socket_fd(p->wsi), SHUT_WR) != 0) lwsl_info("FIN: the peer was faster\n");
}

static void end(gw_server *server, peer *p) {
    if (server->current == p->wsi)
        server->current_ends = true; /* its callback returns -1 */
    else
        lws_set_timeout(p->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

/* All output out? False: the socket is full, or the connection is at its end. */
static bool write_output(gw_server *server, peer *p) {
    for (;;) {
        gw_span out = gw_core_output(p->conn);
        if (out.len == 0) return true;
        size_t n = out.len < WRITE_BYTES ? out.len : WRITE_BYTES;
        /* The raw role adds no header, so the bytes may be sent from where they are; it does not write to them. */
        if (lws_write(p->wsi, (unsigned char *)out.ptr, n, LWS_WRITE_RAW) < 0) {
            end(server, p);
            return false;
        }
        gw_core_sent(server->core, p->conn, n);
        if (!lws_partial_buffered(p->wsi)) continue;
        p->waits = true;
        lws_callback_on_writable(p->wsi);
        return false;
    }
}

void gw_server_flush(gw_server *server, gw_core_conn *conn) {
    peer *p = gw_core_user(conn);
    gw_core_ending ending = gw_core_get_ending(conn);
    if (ending == GW_CORE_RESET) {
        reset(p);
        end(server, p);
        return;
    }
    if (p->waits || p->shut || !write_output(server, p)) {
        if (ending == GW_CORE_CLOSED && p->shut) end(server, p);
        return;
    }
    if (ending == GW_CORE_FIN) shut(p);
    if (ending == GW_CORE_CLOSED) end(server, p);
}

static int on_adopt(gw_server *server, struct lws *wsi, peer *p) {
    int on = 1;
    setsockopt(lws_get_socket_fd(wsi), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *p = (peer){.wsi = wsi};
    p->conn = gw_core_on_accept(server->core, p, gw_server_now(server));
    if (p->conn) return 0;
    reset(p);
    return -1;
}

static int on_gateway(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len) {
    peer *p = user;
    switch (reason) {
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX:
    case LWS_CALLBACK_RAW_WRITEABLE:
    case LWS_CALLBACK_RAW_CLOSE:
        break;
    default:
        return 0;
    }
    gw_server *server = server_of(wsi);
    struct lws *outer = server->current;
    server->current = wsi;
    server->current_ends = false;
    int result = 0;
    if (reason == LWS_CALLBACK_RAW_ADOPT) {
        result = on_adopt(server, wsi, p);
    } else if (p && p->conn && reason == LWS_CALLBACK_RAW_RX) {
        /* libwebsockets leaves its timeout for the TLS handshake running, which would end the connection after 5 s. */
        if (lws_is_ssl(wsi)) lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
        gw_core_on_bytes(server->core, p->conn, gw_span_make(in, len), gw_server_now(server));
    } else if (p && p->conn && reason == LWS_CALLBACK_RAW_WRITEABLE) {
        p->waits = false;
        gw_server_flush(server, p->conn);
    } else if (p && p->conn) {
        gw_core_conn *conn = p->conn;
        p->conn = NULL;
        gw_core_on_gone(server->core, conn, gw_server_now(server));
    }
    gw_server_pump(server);
    if (server->current_ends) result = -1;
    server->current = outer;
    server->current_ends = false;
    return result;
}

const struct lws_protocols gw_server_gateway_protocols[] = {
    {.name = "gateway", .callback = on_gateway, .per_session_data_size = sizeof(peer), .rx_buffer_size = READ_BYTES},
    {0},
};
