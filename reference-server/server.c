/* The loop around the core: context, listening ports, timer, signals, and an orderly end. */
#include "reference-server/server_internal.h"

#include "protocol/description.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

gw_ns gw_server_now(const gw_server *server) {
    return (gw_ns)(uv_hrtime() - server->started_ns);
}

/* ---- the core's time ---- */

static void on_timer(uv_timer_t *timer);

static void arm(gw_server *server) {
    gw_ns at = gw_core_next_deadline(server->core);
    if (at == server->armed_at) return;
    server->armed_at = at;
    if (at == GW_NEVER) {
        uv_timer_stop(&server->timer);
        return;
    }
    gw_ns left = at - gw_server_now(server);
    uint64_t ms = left > 0 ? (uint64_t)((left + GW_MS - 1) / GW_MS) : 0;
    uv_update_time(&server->loop); /* the timer counts from the loop's idea of now */
    uv_timer_start(&server->timer, on_timer, ms, 0);
}

void gw_server_pump(gw_server *server) {
    if (server->ended) return;
    gw_core_conn *conn;
    while ((conn = gw_core_next_ready(server->core))) gw_server_flush(server, conn);
    if (gw_core_get_state(server->core) == GW_CORE_DIED) abort(); /* that is what the fault is about */
    arm(server);
    bool hung = gw_core_get_state(server->core) == GW_CORE_HUNG;
    if (server->stopping && (hung || gw_core_connection_count(server->core) == 0)) uv_stop(&server->loop);
}

static void on_idle(uv_idle_t *idle) {
    (void)idle; /* an active idle handle is all that is needed: the loop then polls without waiting */
}

/* Input of the same round goes first: a heartbeat that lies in the socket is not late because we are. */
static void on_timer(uv_timer_t *timer) {
    gw_server *server = timer->data;
    server->armed_at = -1;
    uv_idle_start(&server->idle, on_idle);
}

static void on_check(uv_check_t *check) {
    gw_server *server = check->data;
    if (!uv_is_active((uv_handle_t *)&server->idle)) return;
    uv_idle_stop(&server->idle);
    gw_core_on_tick(server->core, gw_server_now(server));
    gw_server_pump(server);
}

/* ---- start ---- */

static void complain(const char *what, const char *subject, const char *why) {
    fprintf(stderr, "gwspec-server: %s %s: %s\n", what, subject, why);
}

/* libwebsockets does not say why it cannot listen, so this asks the system before it. */
static bool port_is_free(const char *address, int port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &at.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bool free = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0;
    if (!free) {
        char subject[64];
        snprintf(subject, sizeof subject, "%s:%d", address, port);
        complain("cannot listen on", subject, strerror(errno));
    }
    if (fd >= 0) close(fd);
    return free;
}

static bool file_is_readable(const char *path) {
    if (!path || access(path, R_OK) == 0) return true;
    complain("cannot read", path, strerror(errno));
    return false;
}

static void on_log(int level, const char *line) {
    (void)level;
    fputs(line, stderr);
}

static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) lwsl_info("the descriptor limit stays\n");
}

static bool create_context(gw_server *server) {
    static const lws_retry_bo_t no_idle_policy; /* all zero: no validity pings, no hangups */
    void *loops[] = {&server->loop};
    struct lws_context_creation_info info = {0};
    info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG | LWS_SERVER_OPTION_DISABLE_IPV6;
    if (server->options->tls_cert) info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.foreign_loops = loops;
    info.user = server;
    info.retry_and_idle_policy = &no_idle_policy;
    info.pcontext = &server->context;
    server->context = lws_create_context(&info);
    if (server->context) return true;
    complain("cannot start", "libwebsockets", "is its plug-in for libuv (libwebsockets-evlib-uv) installed?");
    return false;
}

static struct lws_vhost *listen_gateway(gw_server *server) {
    const gw_server_options *options = server->options;
    struct lws_context_creation_info info = {0};
    /* With IPv6 on, libwebsockets takes an IPv4 address for the name of an interface and listens on all of them. */
    info.options = LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG | LWS_SERVER_OPTION_DISABLE_IPV6;
    info.vhost_name = "gateway";
    info.iface = options->listen;
    info.port = options->port;
    info.protocols = gw_server_gateway_protocols;
    info.listen_accept_role = "raw-skt";
    info.listen_accept_protocol = "gateway";
    info.ssl_cert_filepath = options->tls_cert;
    info.ssl_private_key_filepath = options->tls_key;
    if (options->tls_cert) info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.alpn = "none"; /* else a client that offers http/1.1 is taken away from the raw role */
    if (options->tls_client_ca) {
        info.ssl_ca_filepath = options->tls_client_ca;
        info.options |= LWS_SERVER_OPTION_REQUIRE_VALID_OPENSSL_CLIENT_CERT;
    }
    return lws_create_vhost(server->context, &info);
}

static struct lws_vhost *listen_control(gw_server *server) {
    struct lws_context_creation_info info = {0};
    info.options = LWS_SERVER_OPTION_DISABLE_IPV6;
    info.vhost_name = "control";
    info.iface = server->options->listen;
    info.port = server->options->control_port;
    info.protocols = gw_server_control_protocols;
    info.keepalive_timeout = 60;
    return lws_create_vhost(server->context, &info);
}

static gw_server_exit open_ports(gw_server *server) {
    const gw_server_options *options = server->options;
    struct lws_vhost *gateway = listen_gateway(server);
    if (!gateway && options->tls_cert) {
        complain("cannot serve TLS with", options->tls_cert, "the certificate, key or CA is not usable");
        return GW_SERVER_BAD_FILE;
    }
    struct lws_vhost *control = gateway ? listen_control(server) : NULL;
    if (!control) {
        complain("cannot listen on", options->listen, "the port is taken");
        return GW_SERVER_NO_PORT;
    }
    printf("ready ws=%s://%s:%d%s control=http://%s:%d\n", options->tls_cert ? "wss" : "ws", options->listen,
           lws_get_vhost_listen_port(gateway), options->core.protocol ? options->core.protocol->endpoint : "/gateway",
           options->listen, lws_get_vhost_listen_port(control));
    fflush(stdout);
    return GW_SERVER_STOPPED;
}

/* ---- end ---- */

static void on_stop_timer(uv_timer_t *timer) {
    uv_stop(timer->loop);
}

static void on_signal(uv_signal_t *handle, int number) {
    (void)number;
    gw_server *server = handle->data;
    if (server->stopping) { /* the second signal does not wait for the peers */
        uv_stop(&server->loop);
        return;
    }
    server->stopping = true;
    gw_ns patience = 2 * server->options->core.close_timeout_ns + GW_S;
    uv_update_time(&server->loop);
    uv_timer_start(&server->stop_timer, on_stop_timer, (uint64_t)(patience / GW_MS), 0);
    gw_core_stop(server->core, gw_server_now(server));
    gw_server_pump(server);
}

static void open_handles(gw_server *server) {
    static const int numbers[] = {SIGTERM, SIGINT};
    uv_timer_init(&server->loop, &server->timer);
    uv_timer_init(&server->loop, &server->stop_timer);
    uv_idle_init(&server->loop, &server->idle);
    uv_check_init(&server->loop, &server->check);
    server->timer.data = server->check.data = server;
    uv_check_start(&server->check, on_check);
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&server->loop, &server->signals[i]);
        server->signals[i].data = server;
        uv_signal_start(&server->signals[i], on_signal, numbers[i]);
    }
}

static void close_handles(gw_server *server) {
    uv_close((uv_handle_t *)&server->timer, NULL);
    uv_close((uv_handle_t *)&server->stop_timer, NULL);
    uv_close((uv_handle_t *)&server->idle, NULL);
    uv_close((uv_handle_t *)&server->check, NULL);
    for (int i = 0; i < 2; i++) uv_close((uv_handle_t *)&server->signals[i], NULL);
}

/* libwebsockets closes its handles on the loop, so that has to run once more before it can be closed. */
static gw_server_exit tear_down(gw_server *server, gw_server_exit result) {
    server->ended = true;
    if (server->context) lws_context_destroy(server->context);
    close_handles(server);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    /* With a loop that is not its own it stays half destroyed until it is told so once more. */
    if (server->context) lws_context_destroy(server->context);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    bool clean = !server->context && uv_loop_close(&server->loop) == 0;
    gw_core_destroy(server->core);
    if (clean || result != GW_SERVER_STOPPED) return result;
    complain("cannot end", "cleanly", "handles of the loop are still open");
    return GW_SERVER_INTERNAL;
}

gw_server_exit gw_server_run(const gw_server_options *options) {
    if (!file_is_readable(options->tls_cert) || !file_is_readable(options->tls_key) ||
        !file_is_readable(options->tls_client_ca))
        return GW_SERVER_BAD_FILE;
    if (!port_is_free(options->listen, options->port) || !port_is_free(options->listen, options->control_port))
        return GW_SERVER_NO_PORT;
    raise_descriptor_limit();
    lws_set_log_level(options->verbose ? LLL_ERR | LLL_WARN | LLL_NOTICE | LLL_INFO : 0, on_log);

    gw_server server = {.options = options, .started_ns = uv_hrtime(), .armed_at = GW_NEVER};
    gw_core_config config = options->core;
    uv_timeval64_t wall;
    uv_gettimeofday(&wall);
    config.unix_ms_at_zero = wall.tv_sec * 1000 + wall.tv_usec / 1000;
    server.core = gw_core_create(&config, options->seed, &options->faults);
    if (!server.core || uv_loop_init(&server.loop) != 0) {
        complain("cannot start", "the loop", "out of memory or descriptors");
        gw_core_destroy(server.core);
        return GW_SERVER_INTERNAL;
    }
    open_handles(&server);
    gw_server_exit result = create_context(&server) ? open_ports(&server) : GW_SERVER_INTERNAL;
    if (result == GW_SERVER_STOPPED) uv_run(&server.loop, UV_RUN_DEFAULT);
    return tear_down(&server, result);
}
