/* The child process behind a pipe: start, ask within a deadline, notice its end. */
#include "pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { EXIT_WAIT_MS = 1000, SHOWN = 24 /* bytes of what is no answer */ };

void gw_pipe_init(gw_pipe *pipe, char **command, int timeout_ms) {
    *pipe = (gw_pipe){.command = command, .timeout_ms = timeout_ms, .in = -1, .out = -1};
    gw_buf_init(&pipe->answer, GW_PIPE_MAX_ANSWER);
    signal(SIGPIPE, SIG_IGN);
}

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits for the child's end, which its closed pipes ask for; kills it when it takes too long or `now` is set. */
static int reap(gw_pipe *p, bool now) {
    int status = 0;
    if (now) kill(p->pid, SIGKILL);
    int64_t until = now_ms() + EXIT_WAIT_MS;
    while (waitpid(p->pid, &status, WNOHANG) == 0) {
        if (now_ms() >= until) {
            kill(p->pid, SIGKILL);
            waitpid(p->pid, &status, 0);
            break;
        }
        /* The pipe's other end tells of an end sooner than the kernel hands out the status. */
        poll(NULL, 0, 1);
    }
    p->pid = 0;
    return status;
}

static void close_pipes(gw_pipe *p) {
    if (p->in >= 0) close(p->in);
    if (p->out >= 0) close(p->out);
    p->in = p->out = -1;
}

void gw_pipe_deinit(gw_pipe *pipe) {
    close_pipes(pipe);
    if (pipe->pid) reap(pipe, false);
    gw_buf_deinit(&pipe->answer);
}

/* False, so that callers can return it. */
static bool broke(gw_pipe *p, bool kill_it, const char *why) {
    close_pipes(p);
    int status = p->pid ? reap(p, kill_it) : 0;
    if (!kill_it && WIFSIGNALED(status))
        snprintf(p->broken, sizeof p->broken, "crash: the parser was ended by signal %d", WTERMSIG(status));
    else if (!kill_it && WIFEXITED(status))
        snprintf(p->broken, sizeof p->broken, "crash: the parser exited with status %d", WEXITSTATUS(status));
    else
        snprintf(p->broken, sizeof p->broken, "%s", why);
    return false;
}

bool gw_pipe_start(gw_pipe *pipe) {
    int in[2], out[2] = {-1, -1};
    pipe->broken[0] = 0;
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) return broke(pipe, true, strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    int error = posix_spawnp(&pipe->pid, pipe->command[0], &actions, NULL, pipe->command, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    pipe->in = in[1];
    pipe->out = out[0];
    if (error) {
        pipe->pid = 0;
        return broke(pipe, true, strerror(error));
    }
    fcntl(pipe->in, F_SETFL, O_NONBLOCK);
    fcntl(pipe->out, F_SETFL, O_NONBLOCK);
    return true;
}

/* Moves `len` bytes one way or the other before `until`. */
static bool transfer(gw_pipe *p, bool out, uint8_t *bytes, size_t len, int64_t until) {
    while (len > 0) {
        ssize_t n = out ? write(p->in, bytes, len) : read(p->out, bytes, len);
        if (n == 0 || (n < 0 && errno == EPIPE)) return broke(p, false, "");
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return broke(p, true, strerror(errno));
        int64_t left = until - now_ms();
        struct pollfd wait = {.fd = out ? p->in : p->out, .events = out ? POLLOUT : POLLIN};
        if (left <= 0 || poll(&wait, 1, (int)left) == 0) return broke(p, true, "timeout: no answer in time");
    }
    return true;
}

/* What the child wrote where an answer had to be: `bytes`, and what else there is by now. */
static bool no_answer(gw_pipe *p, const char *what, uint8_t bytes[SHOWN], size_t len) {
    char shown[4 * SHOWN + 1] = "";
    ssize_t more = p->out >= 0 ? read(p->out, bytes + len, SHOWN - len) : 0;
    if (more > 0) len += (size_t)more;
    for (size_t i = 0, n = 0; i < len; i++)
        n += (size_t)snprintf(shown + n, sizeof shown - n, bytes[i] >= 0x20 && bytes[i] < 0x7f ? "%c" : "\\x%02x",
                              bytes[i]);
    close_pipes(p);
    if (p->pid) reap(p, true);
    snprintf(p->broken, sizeof p->broken,
             "interface: %s: \"%s\"; nothing but answers may be written to standard output", what, shown);
    return false;
}

bool gw_pipe_end(gw_pipe *pipe) {
    uint8_t bytes[SHOWN];
    struct pollfd wait = {.fd = pipe->out, .events = POLLIN};
    ssize_t n = 0;
    close(pipe->in);
    pipe->in = -1;
    if (poll(&wait, 1, pipe->timeout_ms) > 0) n = read(pipe->out, bytes, sizeof bytes);
    if (n > 0) return no_answer(pipe, "an answer that nobody asked for", bytes, (size_t)n);
    close_pipes(pipe);
    reap(pipe, false);
    return true;
}

static uint64_t number(const uint8_t *p, size_t n) {
    uint64_t value = 0;
    while (n-- > 0) value = value << 8 | *p++;
    return value;
}

bool gw_pipe_ask(gw_pipe *pipe, gw_pipe_op op, gw_span body) {
    if (pipe->broken[0]) return false;
    int64_t until = now_ms() + pipe->timeout_ms;
    uint8_t head[5] = {(uint8_t)((body.len + 1) >> 24), (uint8_t)((body.len + 1) >> 16), (uint8_t)((body.len + 1) >> 8),
                       (uint8_t)(body.len + 1), (uint8_t)op};
    gw_buf_clear(&pipe->answer);
    pipe->taken = 0;
    if (gw_buf_append(&pipe->answer, head, sizeof head) != GW_OK || gw_buf_append_span(&pipe->answer, body) != GW_OK)
        return broke(pipe, true, "harness: out of memory");
    if (!transfer(pipe, true, pipe->answer.data, pipe->answer.len, until)) return false;
    gw_buf_clear(&pipe->answer);
    uint8_t start[SHOWN];
    if (!transfer(pipe, false, start, 4, until)) return false;
    size_t len = (size_t)number(start, 4);
    if (len == 0) return true;
    if (len > GW_PIPE_MAX_ANSWER) return no_answer(pipe, "an answer of more than 8 MiB by its first bytes", start, 4);
    if (gw_buf_reserve(&pipe->answer, len) != GW_OK) return broke(pipe, true, "harness: out of memory");
    if (!transfer(pipe, false, pipe->answer.data, len, until)) return false;
    pipe->answer.len = len;
    return true;
}

bool gw_pipe_event(gw_pipe *pipe, gwspec_event *event) {
    if (pipe->broken[0] || pipe->taken == pipe->answer.len) return false;
    size_t left = pipe->answer.len - pipe->taken;
    const uint8_t *p = pipe->answer.data + pipe->taken;
    if (left < GW_PIPE_EVENT_HEAD) return broke(pipe, true, "interface: an answer ends inside an event");
    size_t len = (size_t)number(p + 15, 4);
    if (len > left - GW_PIPE_EVENT_HEAD)
        return broke(pipe, true, "interface: an answer ends inside the bytes of an event");
    *event = (gwspec_event){.kind = (gwspec_event_kind)p[0],
                            .fin = p[1] & 1,
                            .masked = p[1] & 2,
                            .rsv = p[2],
                            .opcode = p[3],
                            .code = (uint16_t)number(p + 4, 2),
                            .error_class = (gwspec_error_class)p[6],
                            .id = (int64_t)number(p + 7, 8),
                            .len = len};
    if (p[1] & 4) event->bytes = p + GW_PIPE_EVENT_HEAD;
    if (p[0] == GWSPEC_NEED_MORE || p[0] > GWSPEC_ERROR || p[6] > GWSPEC_BAD_PACKET || (len && !event->bytes))
        return broke(pipe, true, "interface: an event with a kind, class or length that cannot be");
    pipe->taken += GW_PIPE_EVENT_HEAD + len;
    return true;
}
