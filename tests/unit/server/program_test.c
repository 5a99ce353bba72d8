/* gwspec-server as a program: options, control API, ends. Talks to the built binary over loopback. */
#include "base/buf.h"
#include "support/run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { DEADLINE_MS = 10000 };

typedef struct program {
    pid_t pid;
    int out, err;
    int port, control_port;
} program;

/* Everything until EOF, or until `stop` is in it. */
static void read_all(int fd, const char *stop, gw_buf *to) {
    char bytes[4096];
    for (;;) {
        if (stop && strstr(gw_buf_cstr(to), stop)) return;
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        ck_assert_msg(poll(&poll_fd, 1, DEADLINE_MS) == 1, "nothing came; so far: %s", gw_buf_cstr(to));
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n <= 0) return;
        ck_assert_int_eq(gw_buf_append(to, bytes, (size_t)n), GW_OK);
    }
}

static program start(char *const *argv) {
    int out[2], err[2];
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    program p = {.out = out[0], .err = err[0]};
    ck_assert_int_eq(posix_spawn(&p.pid, GW_TEST_SERVER, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(err[1]);
    return p;
}

#define ARGS(...)  ((char *const[]){"gwspec-server", __VA_ARGS__, NULL})
#define SERVE(...) serve(ARGS("--port", "0", "--control-port", "0", "--close-timeout", "300", __VA_ARGS__))

static program serve(char *const *argv) {
    program p = start(argv);
    gw_buf line;
    gw_buf_init(&line, 4096);
    read_all(p.out, "\n", &line);
    ck_assert_msg(sscanf(gw_buf_cstr(&line), "ready ws=ws://127.0.0.1:%d/gateway control=http://127.0.0.1:%d\n",
                         &p.port, &p.control_port) == 2,
                  "%s", gw_buf_cstr(&line));
    gw_buf_deinit(&line);
    return p;
}

static int wait_exit(program *p) {
    int status;
    ck_assert_int_eq(waitpid(p->pid, &status, 0), p->pid);
    close(p->out);
    close(p->err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int stop(program *p) {
    ck_assert_int_eq(kill(p->pid, SIGTERM), 0);
    return wait_exit(p);
}

static int dial(int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_msg(connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "%s", strerror(errno));
    return fd;
}

static void send_all(int fd, const void *bytes, size_t len) {
    ck_assert_int_eq(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* One HTTP exchange; returns the status, with head and body in *answer. */
static int http(const program *p, const char *method, const char *path, const char *body, gw_buf *answer) {
    char head[512];
    int len =
        snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
                 method, path, strlen(body));
    int fd = dial(p->control_port);
    send_all(fd, head, (size_t)len);
    send_all(fd, body, strlen(body));
    gw_buf_clear(answer);
    read_all(fd, NULL, answer);
    close(fd);
    int status = 0;
    ck_assert_msg(sscanf(gw_buf_cstr(answer), "HTTP/1.%*d %d", &status) == 1, "%s", gw_buf_cstr(answer));
    return status;
}

static int join(const program *p, const char *query, gw_buf *seen) {
    char request[512];
    int len = snprintf(request, sizeof request,
                       "GET /gateway%s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                       query);
    int fd = dial(p->port);
    send_all(fd, request, (size_t)len);
    read_all(fd, "heartbeatInterval", seen);
    return fd;
}

START_TEST(program_rejects_bad_options_in_one_line) {
    static const struct {
        const char *args[5];
        const char *line;
    } rows[] = {
        {{"--nonesuch", "1"}, "gwspec-server: --nonesuch: unknown or ambiguous option; see --help\n"},
        {{"--port"}, "gwspec-server: --port: needs a value; see --help\n"},
        {{"--port", "x"}, "gwspec-server: --port x: must be a whole number from 0 to 65535\n"},
        {{"--port", "65536"}, "gwspec-server: --port 65536: must be a whole number from 0 to 65535\n"},
        {{"--interval", "0"}, "gwspec-server: --interval 0: must be a whole number from 1 to 86400000\n"},
        {{"--fault", "helo-late"},
         "gwspec-server: --fault helo-late: there is no such fault (did you mean 'hello-late'?)\n"},
        {{"--ask-every", "5"}, "gwspec-server: --ask-every 5: must be MIN..MAX in ms, as in 500..2000\n"},
        {{"--listen", "nowhere"}, "gwspec-server: --listen nowhere: must be an IPv4 address\n"},
        {{"--tls-cert", "x"}, "gwspec-server: --tls-cert and --tls-key need each other\n"},
        {{"--tls-cert", "/nowhere/c", "--tls-key", "/nowhere/k"},
         "gwspec-server: cannot read /nowhere/c: No such file or directory\n"},
        {{"extra"}, "gwspec-server: unexpected argument extra; see --help\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *argv[7] = {"gwspec-server"};
        for (size_t a = 0; a < 5 && rows[i].args[a]; a++) argv[a + 1] = (char *)rows[i].args[a];
        program p = start(argv);
        gw_buf err;
        gw_buf_init(&err, 4096);
        read_all(p.err, NULL, &err);
        ck_assert_str_eq(gw_buf_cstr(&err), rows[i].line);
        ck_assert_int_eq(wait_exit(&p), 2);
        gw_buf_deinit(&err);
    }
}
END_TEST

START_TEST(program_says_when_the_port_is_taken) {
    program first = SERVE("--quiet");
    char port[16], line[128];
    snprintf(port, sizeof port, "%d", first.port);
    snprintf(line, sizeof line, "gwspec-server: cannot listen on 127.0.0.1:%d: Address already in use\n", first.port);
    program second = start(ARGS("--port", port));
    gw_buf err;
    gw_buf_init(&err, 4096);
    read_all(second.err, NULL, &err);
    ck_assert_str_eq(gw_buf_cstr(&err), line);
    ck_assert_int_eq(wait_exit(&second), 3);
    gw_buf_deinit(&err);
    ck_assert_int_eq(stop(&first), 0);
}
END_TEST

/* The port answers on the one address and on no other of this host. */
START_TEST(program_listens_on_its_address_alone) {
    program p = SERVE("--listen", "127.0.0.1");
    const int ports[] = {p.port, p.control_port};
    for (size_t i = 0; i < 2; i++) {
        struct sockaddr_in other = {.sin_family = AF_INET, .sin_port = htons((uint16_t)ports[i])};
        other.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(connect(fd, (struct sockaddr *)&other, sizeof other), -1);
        ck_assert_int_eq(errno, ECONNREFUSED);
        close(fd);
        close(dial(ports[i]));
    }
    ck_assert_int_eq(stop(&p), 0);
}
END_TEST

START_TEST(program_prints_help_version_and_faults) {
    static const struct {
        const char *args[2];
        const char *text;
    } rows[] = {
        {{"--help"}, "--ask-every MIN..MAX"},
        {{"--version"}, "gwspec-server "},
        {{"--list-faults"}, "hello-late"},
        {{"--list-faults", "--json"}, "{\"name\": \"hello-late\", \"layer\": \"gateway\", \"rules\": [\"S2\"]"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *argv[4] = {"gwspec-server", (char *)rows[i].args[0], (char *)rows[i].args[1], NULL};
        program p = start(argv);
        gw_buf out;
        gw_buf_init(&out, 1 << 20);
        read_all(p.out, NULL, &out);
        ck_assert_msg(strstr(gw_buf_cstr(&out), rows[i].text) != NULL, "%s", gw_buf_cstr(&out));
        ck_assert_int_eq(wait_exit(&p), 0);
        gw_buf_deinit(&out);
    }
}
END_TEST

START_TEST(program_serves_the_control_api) {
    static const struct {
        const char *method, *path, *body;
        int status;
        const char *answer;
    } rows[] = {
        {"GET", "/health", "", 200, "{\"status\":\"ok\"}"},
        {"POST", "/rooms", "{}", 201, "{\"id\":\"r1\"}"},
        {"POST", "/rooms", "", 201, "{\"id\":\"r2\"}"},
        {"POST", "/rooms", "{\"name\":\"x\"}", 201, "{\"id\":\"r3\"}"},
        {"POST", "/rooms", "{\"name\":1}", 422, "{\"error\":\"name must be a string\"}"},
        {"POST", "/rooms", "{\"nam\":\"x\"}", 422, "{\"error\":\"unknown key \\\"nam\\\"\"}"},
        {"POST", "/rooms", "[]", 422, "{\"error\":\"the body must be an object\"}"},
        {"POST", "/rooms", "{\"name\":}", 400, "{\"error\":\"the body is not JSON: a value is missing at byte 8\"}"},
        {"POST", "/rooms/r1/participants", "{}", 201, "{\"id\":\"p1\"}"},
        {"POST", "/rooms/r9/participants", "{}", 404, "{\"error\":\"there is no room r9\"}"},
        {"POST", "/rooms/r1/events", "{\"event\":\"room_update\",\"data\":{\"chatLocked\":true}}", 200,
         "{\"event\":\"room_update\",\"data\":{\"chatLocked\":true},\"delivered\":0}"},
        {"POST", "/rooms/r1/events", "{\"event\":\"room_update\",\"data\":{\"chatLocked\":1}}", 422,
         "{\"error\":\"data/chatLocked: must be a boolean\"}"},
        {"POST", "/rooms/r1/events", "{\"event\":\"hello\"}", 422, "{\"error\":\"no event to trigger: hello\"}"},
        {"GET", "/rooms/r1/events", "", 405, "Allow: POST"},
        {"DELETE", "/health", "", 405, "Allow: GET"},
        {"PUT", "/rooms", "{}", 405, "Allow: GET, POST"},
        {"GET", "/nothing", "", 404, "{\"error\":\"there is nothing at this path\"}"},
        {"GET", "/rooms", "", 200, "{\"id\":\"r1\",\"participants\":1,\"connections\":0}"},
        {"DELETE", "/rooms/r3", "", 204, ""},
        {"DELETE", "/rooms/r3", "", 404, "{\"error\":\"there is no room r3\"}"},
    };
    program p = SERVE("--quiet");
    gw_buf answer;
    gw_buf_init(&answer, 1 << 16);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int status = http(&p, rows[i].method, rows[i].path, rows[i].body, &answer);
        ck_assert_msg(status == rows[i].status && strcasestr(gw_buf_cstr(&answer), rows[i].answer), "%s %s %s: %s",
                      rows[i].method, rows[i].path, rows[i].body, gw_buf_cstr(&answer));
    }
    gw_buf_deinit(&answer);
    ck_assert_int_eq(stop(&p), 0);
}
END_TEST

START_TEST(program_keeps_a_control_connection_over_any_answer) {
    static const char requests[] = "POST /rooms HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    static const char removal[] = "DELETE /rooms/r1 HTTP/1.1\r\nHost: x\r\n\r\n";
    static const char question[] = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    program p = SERVE("--quiet");
    int fd = dial(p.control_port);
    gw_buf answer;
    gw_buf_init(&answer, 1 << 16);
    send_all(fd, requests, sizeof requests - 1);
    read_all(fd, "\"r1\"", &answer);
    send_all(fd, removal, sizeof removal - 1);
    read_all(fd, " 204 ", &answer);
    send_all(fd, question, sizeof question - 1);
    read_all(fd, "{\"status\":\"ok\"}", &answer);
    ck_assert_msg(strstr(gw_buf_cstr(&answer), "{\"status\":\"ok\"}") != NULL, "%s", gw_buf_cstr(&answer));
    ck_assert_ptr_null(strcasestr(gw_buf_cstr(&answer), "connection: close"));
    gw_buf_deinit(&answer);
    close(fd);
    ck_assert_int_eq(stop(&p), 0);
}
END_TEST

START_TEST(program_refuses_a_body_that_is_too_large) {
    program p = SERVE("--quiet");
    size_t len = 3 << 20;
    char *body = malloc(len + 1);
    ck_assert_ptr_nonnull(body);
    memset(body, ' ', len);
    body[len] = 0;
    char head[128];
    int head_len = snprintf(head, sizeof head, "POST /rooms HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", len);
    int fd = dial(p.control_port);
    send_all(fd, head, (size_t)head_len);
    for (size_t at = 0; at < len;) { /* the server may answer and close before all is sent */
        ssize_t n = send(fd, body + at, len - at, MSG_NOSIGNAL);
        if (n < 0) break;
        at += (size_t)n;
    }
    gw_buf answer;
    gw_buf_init(&answer, 4096);
    read_all(fd, "too large", &answer);
    ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&answer), " 413 "));
    gw_buf_deinit(&answer);
    free(body);
    close(fd);
    ck_assert_int_eq(stop(&p), 0);
}
END_TEST

START_TEST(program_delivers_events_and_stops_with_clients) {
    program p = SERVE("--interval", "60000");
    gw_buf answer, seen;
    gw_buf_init(&answer, 1 << 16);
    gw_buf_init(&seen, 1 << 16);
    http(&p, "POST", "/rooms", "{}", &answer);
    http(&p, "POST", "/rooms/r1/participants", "{}", &answer);
    int fd = join(&p, "?room=r1&participant=p1", &seen);
    int status =
        http(&p, "POST", "/rooms/r1/events",
             "{\"event\":\"message_create\",\"data\":{\"authorId\":\"p1\",\"content\":\"hi\",\"sentAt\":1}}", &answer);
    ck_assert_int_eq(status, 200);
    read_all(fd, "{\"e\":3,\"d\":{\"authorId\":\"p1\",\"content\":\"hi\",\"sentAt\":1}}", &seen);
    ck_assert_int_eq(stop(&p), 0);
    gw_buf_clear(&seen);
    gw_buf_append_cstr(&seen, "-"); /* a Close frame starts with bytes that are no text */
    read_all(fd, NULL, &seen);
    ck_assert_uint_ge(seen.len, 5);
    gw_span end = gw_span_sub(gw_buf_span(&seen), seen.len - 16, 16);
    ck_assert(gw_span_equal_cstr(end, "the server stops"));
    close(fd);
    gw_buf_deinit(&answer);
    gw_buf_deinit(&seen);
}
END_TEST

START_TEST(program_sends_fin_after_close_and_reset_after_a_fault) {
    program p = SERVE("--fault", "dies-on-bad-json");
    gw_buf seen;
    gw_buf_init(&seen, 1 << 16);
    int fd = join(&p, "", &seen);
    send_all(fd, "\x88\x82\0\0\0\0\x03\xe8", 8);
    gw_buf_clear(&seen);
    read_all(fd, NULL, &seen); /* until FIN, which the server sends first */
    ck_assert(gw_span_equal(gw_span_from(gw_buf_span(&seen), seen.len - 4), GW_SPAN_LIT("\x88\x02\x03\xe8")));
    close(fd);
    gw_buf_clear(&seen);
    fd = join(&p, "", &seen);
    send_all(fd, "\x81\x81\0\0\0\0{", 7);
    ck_assert_int_eq(wait_exit(&p), -SIGABRT);
    char byte;
    while (recv(fd, &byte, 1, 0) > 0) {
    }
    ck_assert_int_eq(errno, ECONNRESET);
    close(fd);
    gw_buf_deinit(&seen);
}
END_TEST

GW_TEST_MAIN("server_program", 30, program_rejects_bad_options_in_one_line, program_says_when_the_port_is_taken,
             program_listens_on_its_address_alone, program_prints_help_version_and_faults,
             program_serves_the_control_api, program_keeps_a_control_connection_over_any_answer,
             program_refuses_a_body_that_is_too_large, program_delivers_events_and_stops_with_clients,
             program_sends_fin_after_close_and_reset_after_a_fault)
