/* Floor 4 (net): starting, watching and ending a program. Its output is process_output.c. */
#include "net/process.h"

#include "net/process_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs between fork and exec, where only async-signal-safe calls are allowed. Sends errno through `report` and ends. */
static void become(const gw_process_options *options, char *const *env, const int streams[3], int report,
                   pid_t parent) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setsid();
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL);
    if (getppid() != parent) _exit(127); /* the parent died before the line above */
    bool ok = dup2(streams[0], 0) >= 0 && dup2(streams[1], 1) >= 0 && dup2(streams[2], 2) >= 0;
    if (ok && options->directory) ok = chdir(options->directory) == 0;
    if (ok) execvpe(options->argv[0], (char *const *)options->argv, env);
    int error = errno;
    if (write(report, &error, sizeof error) < 0) _exit(126);
    _exit(127);
}

static size_t name_length(const char *entry) {
    return strcspn(entry, "=");
}

static bool is_replaced(const char *entry, const char *const *added) {
    for (; added && *added; added++) {
        size_t n = name_length(entry);
        if (n == name_length(*added) && strncmp(entry, *added, n) == 0) return true;
    }
    return false;
}

/* Our environment with `added` in place of what has the same name. NULL when out of memory. The strings are borrowed.
 */
static char **make_environment(const char *const *added) {
    size_t count = 1;
    for (char **at = environ; at && *at; at++) count++;
    for (const char *const *at = added; at && *at; at++) count++;
    char **env = calloc(count, sizeof *env);
    if (!env) return NULL;
    size_t n = 0;
    for (char **at = environ; at && *at; at++) {
        if (!is_replaced(*at, added)) env[n++] = *at;
    }
    for (const char *const *at = added; at && *at; at++) env[n++] = (char *)*at;
    return env;
}

static void close_pair(int pair[2]) {
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0) close(pair[i]);
        pair[i] = -1;
    }
}

/* What the child says of its exec: 0 when it succeeded (the pipe closed by itself), else an errno. */
static int read_report(int fd) {
    int error = 0;
    ssize_t n;
    do {
        n = read(fd, &error, sizeof error);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof error ? error : 0;
}

static void on_pidfd(gw_loop_watch *watch, uint32_t events, void *user);

/* Forks and waits until exec succeeded or failed; 0 or an errno. */
static int launch(gw_process *process, const gw_process_options *options) {
    int out[2] = {-1, -1}, err[2] = {-1, -1}, report[2] = {-1, -1}, error = 0;
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char **env = make_environment(options->env);
    if (null_fd < 0 || !env || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0 ||
        pipe2(report, O_CLOEXEC) != 0) {
        error = env ? errno : ENOMEM;
        goto cleanup;
    }
    pid_t parent = getpid();
    process->pid = fork();
    if (process->pid < 0) {
        error = errno;
        goto cleanup;
    }
    if (process->pid == 0) become(options, env, (int[3]){null_fd, out[1], err[1]}, report[1], parent);
    close(report[1]);
    report[1] = -1;
    error = read_report(report[0]);
    if (error != 0) {
        waitpid(process->pid, NULL, 0);
        process->pid = 0;
        goto cleanup;
    }
    process->running = true;
    gw_process_output_open(process, &process->out, out[0]);
    gw_process_output_open(process, &process->err, err[0]);
    out[0] = err[0] = -1;
cleanup:
    if (null_fd >= 0) close(null_fd);
    free(env);
    close_pair(out);
    close_pair(err);
    close_pair(report);
    return error;
}

static int watch_exit(gw_process *process) {
    int fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    if (fd < 0) return errno;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    process->pid_watch = (gw_loop_watch){.fn = on_pidfd, .user = process, .fd = fd, .events = EPOLLIN};
    if (gw_loop_watch_add(process->loop, &process->pid_watch) == GW_OK) return 0;
    int error = errno;
    close(fd);
    process->pid_watch.fd = -1;
    return error;
}

static void on_kill_time(gw_loop_timer *timer, gw_ns now_ns, void *user);
static void on_free(gw_loop_task *task, void *user);

static gw_process *create(gw_loop *loop, const gw_process_callbacks *callbacks, void *user) {
    gw_process *process = calloc(1, sizeof *process);
    if (!process) return NULL;
    process->loop = loop;
    process->callbacks = callbacks;
    process->user = user;
    process->pid_watch.fd = process->out.watch.fd = process->err.watch.fd = process->log_fd = -1;
    process->kill_timer = (gw_loop_timer){.fn = on_kill_time, .user = process};
    process->free_task = (gw_loop_task){.fn = on_free, .user = process};
    gw_buf_init(&process->tail, (size_t)GW_PROCESS_TAIL_BYTES * 2 + GW_PROCESS_LINE_MAX);
    gw_buf_init(&process->log, (size_t)GW_PROCESS_LINE_MAX * 8);
    gw_buf_init(&process->out.line, GW_PROCESS_LINE_MAX);
    gw_buf_init(&process->err.line, GW_PROCESS_LINE_MAX);
    process->err.is_stderr = true;
    return process;
}

gw_process *gw_process_start(gw_loop *loop, const gw_process_options *options, const gw_process_callbacks *callbacks,
                             void *user, gw_error *error) {
    gw_process *process = create(loop, callbacks, user);
    if (!process) {
        gw_error_set(error, GW_ERR_NOMEM, "%s: start: out of memory", options->argv[0]);
        return NULL;
    }
    /* Orphans of the child become ours, so that none is left behind unreaped. */
    prctl(PR_SET_CHILD_SUBREAPER, 1UL);
    const char *what = options->argv[0];
    int code = 0;
    process->log_filter = options->log_filter;
    process->stop_signal = options->stop_signal ? options->stop_signal : SIGTERM;
    if (options->log_file) {
        process->log_fd = open(options->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (process->log_fd < 0) {
            code = errno;
            what = options->log_file;
        }
    }
    if (code == 0) code = launch(process, options);
    if (code == 0) code = watch_exit(process);
    if (code == 0) return process;
    bool in_directory = options->directory && access(options->directory, X_OK) != 0;
    gw_error_set(error, code == ENOENT ? GW_ERR_NOT_FOUND : GW_ERR_IO, "%s: start: %s",
                 in_directory ? options->directory : what, gw_error_system(code));
    gw_process_destroy(process);
    return NULL;
}

/* Collects members of the group that ended, orphans included; not before the leader's status is known. */
static void reap_group(gw_process *process, int flags) {
    for (;;) {
        pid_t pid = waitpid(-process->pid, NULL, flags);
        if (pid < 0 && errno == EINTR) continue;
        if (pid <= 0) return;
    }
}

static bool group_lives(const gw_process *process) {
    return kill(-process->pid, 0) == 0;
}

static void on_pidfd(gw_loop_watch *watch, uint32_t events, void *user) {
    gw_process *process = user;
    (void)events;
    siginfo_t info = {0};
    if (waitid(P_PIDFD, (id_t)watch->fd, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return;
    int fd = watch->fd;
    gw_loop_watch_remove(process->loop, watch);
    close(fd);
    process->running = false;
    process->exited = true;
    if (!group_lives(process)) gw_loop_timer_cancel(process->loop, &process->kill_timer);
    process->how =
        (gw_process_exit){.at_ns = gw_clock_now(), .signaled = info.si_code != CLD_EXITED, .code = info.si_status};
    gw_process_output_drain(process, &process->out);
    if (!process->destroyed) gw_process_output_drain(process, &process->err);
    if (!process->destroyed) gw_process_output_flush(process);
    if (process->destroyed) return;
    if (process->callbacks->on_exit) process->callbacks->on_exit(process, &process->how, process->user);
}

void gw_process_stop(gw_process *process, gw_ns grace_ns) {
    if (process->exited) {
        kill(-process->pid, SIGKILL);
        reap_group(process, WNOHANG);
        return;
    }
    kill(-process->pid, process->stop_signal);
    kill(-process->pid, SIGCONT); /* a stopped one could not hear it */
    if (gw_loop_timer_set(process->loop, &process->kill_timer, gw_time_add(gw_clock_now(), grace_ns)) != GW_OK) {
        kill(-process->pid, SIGKILL);
    }
}

static void on_kill_time(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    gw_process *process = user;
    (void)timer;
    (void)now_ns;
    kill(-process->pid, SIGKILL);
    if (process->exited) reap_group(process, WNOHANG);
}

static void on_free(gw_loop_task *task, void *user) {
    gw_process *process = user;
    (void)task;
    gw_buf_deinit(&process->tail);
    gw_buf_deinit(&process->log);
    gw_buf_deinit(&process->out.line);
    gw_buf_deinit(&process->err.line);
    free(process);
}

void gw_process_destroy(gw_process *process) {
    if (!process) return;
    process->destroyed = true;
    int fd = process->pid_watch.fd;
    gw_loop_watch_remove(process->loop, &process->pid_watch);
    if (fd >= 0) close(fd);
    if (process->running || (process->exited && group_lives(process))) {
        kill(-process->pid, SIGKILL);
        reap_group(process, 0);
    }
    gw_loop_timer_cancel(process->loop, &process->kill_timer);
    gw_process_output_close(process, &process->out);
    gw_process_output_close(process, &process->err);
    gw_process_output_write_log(process);
    if (process->log_fd >= 0) close(process->log_fd);
    process->log_fd = -1;
    gw_loop_defer(process->loop, &process->free_task);
}

pid_t gw_process_pid(const gw_process *process) {
    return process->pid;
}

bool gw_process_exited(const gw_process *process, gw_process_exit *out) {
    if (process->exited && out) *out = process->how;
    return process->exited;
}

char *gw_process_exit_text(const gw_process_exit *how, char *out, size_t size) {
    if (how->signaled) {
        const char *name = sigdescr_np(how->code);
        snprintf(out, size, "was ended by signal %d (%s)", how->code, name ? name : "unknown");
    } else {
        snprintf(out, size, "exited with code %d", how->code);
    }
    return out;
}
