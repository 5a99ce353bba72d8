/* How many heartbeating connections one core of the reference server carries.
 *
 *   bench_server PROGRAM [COUNT [SECONDS]]
 *
 * Starts PROGRAM (gwspec-server), holds COUNT connections from this one process for SECONDS, the server heartbeating
 * each second and each client each 0.9 s, and prints the server's CPU share and memory, how late its heartbeats came,
 * and how fast it accepted. */
#include "base/time.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { PORTS_PER_ADDRESS = 20000, DIALS_AT_ONCE = 64, SLOTS = 100 };
#define SLOT_NS (9 * GW_MS) /* all slots: one round of client heartbeats */

typedef struct client {
    int fd;
    bool greeted, lost;
    gw_ns base; /* when hello seems to have been sent: the earliest that any arrival allows */
    uint32_t beats;
} client;

typedef struct bench {
    int epoll;
    struct sockaddr_in to;
    client *clients;
    size_t count, greeted;
    size_t lost;    /* before hello */
    size_t dropped; /* after it */
    gw_ns start;    /* of the rounds of client heartbeats */
    size_t slots_done;
    gw_ns *arrivals; /* of the heartbeats: max_beats for each client */
    size_t max_beats;
    bool measuring; /* all are connected */
} bench;

static void die(const char *what) {
    fprintf(stderr, "bench_server: %s: %s\n", what, strerror(errno));
    exit(1);
}

static gw_ns now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * GW_S + t.tv_nsec;
}

static pid_t start_server(const char *program, int *port) {
    int out[2];
    if (pipe2(out, O_CLOEXEC) != 0) die("pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    char *argv[] = {(char *)program, "--port", "0", "--control-port", "0", "--quiet", NULL};
    pid_t pid;
    if ((errno = posix_spawn(&pid, program, &actions, NULL, argv, environ)) != 0) die(program);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    FILE *lines = fdopen(out[0], "r");
    if (!lines || fscanf(lines, "ready ws=ws://127.0.0.1:%d/", port) != 1) die("no ready line");
    return pid; /* the pipe stays open as long as this process */
}

/* User and system time so far, and resident memory in KiB. */
static double cpu_seconds(pid_t pid, long *rss_kib) {
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file)) die(path);
    fclose(file);
    unsigned long user, system;
    long pages;
    if (sscanf(strrchr(line, ')') + 2,
               "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %*u %*u %ld", &user,
               &system, &pages) != 3)
        die("stat");
    *rss_kib = pages * (sysconf(_SC_PAGESIZE) / 1024);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void dial(bench *b, size_t i) {
    static const char request[] = "GET /gateway HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    client *c = &b->clients[i];
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0) die("socket");
    int on = 1;
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)(i / PORTS_PER_ADDRESS));
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from) != 0) die("bind");
    if (connect(c->fd, (struct sockaddr *)&b->to, sizeof b->to) != 0) die("connect");
    if (send(c->fd, request, sizeof request - 1, MSG_NOSIGNAL) != (ssize_t)sizeof request - 1) die("send");
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = i};
    if (epoll_ctl(b->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0) die("epoll");
}

static void on_heartbeat(bench *b, client *c, gw_ns now) {
    if (b->measuring && c->beats < b->max_beats) b->arrivals[(size_t)(c - b->clients) * b->max_beats + c->beats] = now;
    gw_ns hello = now - (gw_ns)++c->beats * GW_S;
    if (hello < c->base) c->base = hello;
}

static void on_readable(bench *b, client *c, gw_ns now) {
    char bytes[1024];
    ssize_t n = recv(c->fd, bytes, sizeof bytes - 1, 0);
    if (n <= 0) {
        if (n < 0 && errno == EAGAIN) return;
        epoll_ctl(b->epoll, EPOLL_CTL_DEL, c->fd, NULL);
        c->lost = true;
        b->lost += !c->greeted;
        b->dropped += c->greeted;
        return;
    }
    bytes[n] = 0;
    if (!c->greeted) {
        if (!memmem(bytes, (size_t)n, "heartbeatInterval", 17)) return;
        c->greeted = true;
        c->base = now;
        b->greeted++;
        return;
    }
    for (const char *at = bytes; (at = memmem(at, (size_t)(bytes + n - at), "{\"e\":1,", 7)); at++)
        on_heartbeat(b, c, now);
}

/* A slot's share of the clients is those whose number falls into it, so that the load is even. By the clock, so that a
 * late round sends all that is due. */
static void send_due_beats(bench *b) {
    static const char text[] = "{\"e\":1,\"d\":{}}";
    char frame[20] = "\x81\x8e\1\2\3\4";
    for (size_t i = 0; i < 14; i++) frame[6 + i] = (char)(text[i] ^ frame[2 + i % 4]);
    for (size_t due = (size_t)((now_ns() - b->start) / SLOT_NS); b->slots_done < due; b->slots_done++)
        for (size_t i = b->slots_done % SLOTS; i < b->count; i += SLOTS)
            if (b->clients[i].greeted && !b->clients[i].lost &&
                send(b->clients[i].fd, frame, sizeof frame, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
                die("send");
}

static void serve_events(bench *b) {
    struct epoll_event events[512];
    int n = epoll_wait(b->epoll, events, 512, 5);
    gw_ns now = now_ns();
    for (int i = 0; i < n; i++) on_readable(b, &b->clients[events[i].data.u64], now);
    send_due_beats(b);
}

static double connect_all(bench *b) {
    b->start = now_ns();
    for (size_t i = 0; i < b->count; i++) {
        dial(b, i);
        while (i + 1 > b->greeted + b->lost + DIALS_AT_ONCE) serve_events(b);
    }
    while (b->greeted + b->lost < b->count) serve_events(b);
    return (double)(now_ns() - b->start) / (double)GW_S;
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Sorted; the number goes to *count. */
static uint32_t *lateness_us(const bench *b, size_t *count) {
    uint32_t *late = calloc(b->count * b->max_beats + 1, sizeof *late);
    if (!late) die("memory");
    *count = 0;
    for (size_t i = 0; i < b->count; i++) {
        const client *c = &b->clients[i];
        for (size_t n = 0; n < c->beats && n < b->max_beats; n++) {
            if (b->arrivals[i * b->max_beats + n] == 0) continue;
            late[(*count)++] =
                (uint32_t)((b->arrivals[i * b->max_beats + n] - c->base - (gw_ns)(n + 1) * GW_S) / GW_US);
        }
    }
    qsort(late, *count, sizeof *late, compare);
    return late;
}

static void end_server(bench *b, pid_t pid) {
    struct linger reset = {1, 0};
    gw_ns start = now_ns();
    for (size_t i = 0; i < b->count; i++) {
        setsockopt(b->clients[i].fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(b->clients[i].fd);
    }
    kill(pid, SIGTERM);
    int status;
    waitpid(pid, &status, 0);
    printf("end          %.2f s, exit %d\n", (double)(now_ns() - start) / (double)GW_S,
           WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: bench_server PROGRAM [COUNT [SECONDS]]\n");
        return 2;
    }
    bench b = {.count = argc > 2 ? strtoul(argv[2], NULL, 10) : 15000};
    int seconds = argc > 3 ? atoi(argv[3]) : 10, port;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    b.max_beats = (size_t)seconds + 30;
    b.clients = calloc(b.count, sizeof *b.clients);
    b.arrivals = calloc(b.count * b.max_beats, sizeof *b.arrivals);
    b.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (b.count == 0 || !b.clients || !b.arrivals || b.epoll < 0) die("start");

    pid_t pid = start_server(argv[1], &port);
    b.to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    b.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    long rss_before, rss_after;
    cpu_seconds(pid, &rss_before);
    double connecting = connect_all(&b);
    double cpu = cpu_seconds(pid, &rss_after);
    b.measuring = true;
    gw_ns start = now_ns();
    while (now_ns() - start < seconds * GW_S) serve_events(&b);
    double wall = (double)(now_ns() - start) / (double)GW_S;
    cpu = cpu_seconds(pid, &rss_after) - cpu;
    printf("connections  %zu open, %zu refused, %zu dropped\n", b.greeted - b.dropped, b.lost, b.dropped);
    printf("accepts      %.0f a second (with hello)\n", (double)b.count / connecting);
    printf("server cpu   %.1f %% of a core over %.1f s\n", 100 * cpu / wall, wall);
    printf("server rss   %.2f KiB a connection (%ld KiB in all)\n", (double)(rss_after - rss_before) / (double)b.count,
           rss_after);
    size_t count;
    uint32_t *late = lateness_us(&b, &count);
    if (count > 0)
        printf("lateness     p50 %u us, p99 %u us, max %u us of %zu heartbeats\n", late[count / 2],
               late[count * 99 / 100], late[count - 1], count);
    free(late);
    end_server(&b, pid);
    free(b.clients);
    free(b.arrivals);
    return b.lost + b.dropped == 0 ? 0 : 1;
}
