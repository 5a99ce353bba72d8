/* A server for the runner's tests: the reference gateway's core on plain sockets, with habits that no scenario should
 * meet twice. An upgrade request that holds "x-do: die" ends it with code 3, "x-do: hang" makes it deaf.
 *
 *   scripted_server [--mode late|fail|mute] [--interval MS]
 *     fail: prints two lines and exits with code 7    mute: never says that it is ready */
#include "reference-server/core.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNS = 256 };

typedef struct conn {
    int fd; /* -1: free */
    gw_core_conn *core;
    bool fin_sent;
} conn;

static conn conns[MAX_CONNS];
static gw_core *core;
static bool deaf;

static gw_ns now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * GW_S + t.tv_nsec;
}

static void drop(conn *c, bool reset) {
    if (reset) setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    if (c->core) gw_core_on_gone(core, c->core, now());
    close(c->fd);
    *c = (conn){.fd = -1};
}

static void flush_core(void) {
    for (gw_core_conn *ready; (ready = gw_core_next_ready(core));) {
        conn *c = gw_core_user(ready);
        gw_span out = gw_core_output(ready);
        if (out.len) {
            if (write(c->fd, out.ptr, out.len) < 0) out.len = 0;
            gw_core_sent(core, ready, gw_core_output(ready).len);
        }
        gw_core_ending ending = gw_core_get_ending(ready);
        if (ending == GW_CORE_FIN && !c->fin_sent) {
            shutdown(c->fd, SHUT_WR);
            c->fin_sent = true;
        }
        if (ending == GW_CORE_CLOSED || ending == GW_CORE_RESET) drop(c, ending == GW_CORE_RESET);
    }
}

static void take(conn *c) {
    char bytes[65536];
    ssize_t n = read(c->fd, bytes, sizeof bytes);
    if (n > 0 && memmem(bytes, (size_t)n, "x-do: die", 9)) {
        static const char words[] = "got \0 frame\nthese are the last words\n";
        fwrite(words, 1, sizeof words - 1, stderr);
        exit(3);
    }
    if (n > 0 && memmem(bytes, (size_t)n, "x-do: hang", 10)) deaf = true;
    static unsigned dropped; /* who asks for it is dropped the first two times */
    if (n > 0 && memmem(bytes, (size_t)n, "x-do: warm-up", 13) && dropped++ < 2) {
        drop(c, true);
        return;
    }
    if (deaf) return;
    if (n > 0)
        gw_core_on_bytes(core, c->core, gw_span_make(bytes, (size_t)n), now());
    else if (n == 0)
        gw_core_on_eof(core, c->core, now());
    else
        drop(c, false);
    flush_core();
    if (n == 0 && c->fd >= 0) drop(c, false);
}

static void accept_one(int listener) {
    int fd = accept(listener, NULL, NULL);
    for (size_t i = 0; fd >= 0 && i < MAX_CONNS; i++) {
        if (conns[i].fd >= 0) continue;
        conns[i].fd = fd;
        conns[i].core = gw_core_on_accept(core, &conns[i], now());
        return;
    }
    if (fd >= 0) close(fd);
}

static void turn(int listener) {
    struct pollfd fds[MAX_CONNS + 1] = {{.fd = listener, .events = POLLIN}};
    for (size_t i = 0; i < MAX_CONNS; i++)
        fds[i + 1] = (struct pollfd){.fd = deaf ? -1 : conns[i].fd, .events = POLLIN};
    gw_ns due = gw_core_next_deadline(core), t = now();
    int wait_ms = deaf || due == GW_NEVER ? -1 : due <= t ? 0 : (int)((due - t) / GW_MS) + 1;
    if (poll(fds, MAX_CONNS + 1, wait_ms) < 0) exit(1);
    if (fds[0].revents) accept_one(listener);
    for (size_t i = 0; i < MAX_CONNS; i++)
        if (fds[i + 1].revents && conns[i].fd >= 0) take(&conns[i]);
    if (deaf) return;
    gw_core_on_tick(core, now());
    flush_core();
}

static int listen_anywhere(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 128) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        exit(1);
    printf("ready ws=ws://127.0.0.1:%u/gateway\n", (unsigned)ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv) {
    gw_core_config config;
    gw_core_config_default(&config);
    config.interval_ns = 300 * GW_MS;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--interval") == 0) config.interval_ns = atoi(argv[i + 1]) * GW_MS;
        if (strcmp(argv[i + 1], "fail") == 0) {
            fprintf(stderr, "first line\nno such thing as a port\n");
            return 7;
        }
        if (strcmp(argv[i + 1], "mute") == 0) return pause();
    }
    for (size_t i = 0; i < MAX_CONNS; i++) conns[i].fd = -1;
    core = gw_core_create(&config, 1, NULL);
    int listener = listen_anywhere();
    for (;;) turn(listener);
}
