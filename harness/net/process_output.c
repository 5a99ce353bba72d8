/* Floor 4 (net): what a program says, line by line. */
#include "net/process_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* One read a turn of the loop, and a small one: a program may print bare newlines as fast as a pipe carries them, and
 * each is a line to us, while the timers of every other scenario wait. What a pipe can hold is read when its program
 * has ended. */
enum { READ_BYTES = 2048, PIPE_BYTES = 64 * 1024 };

void gw_process_output_close(gw_process *process, gw_process_output *output) {
    int fd = output->watch.fd;
    if (fd < 0) return;
    gw_loop_watch_remove(process->loop, &output->watch);
    close(fd);
}

/* Keeps whole lines, at most GW_PROCESS_TAIL_BYTES of them; dropping is done rarely, so that it costs little. */
static void keep_tail(gw_process *process, gw_span line) {
    gw_buf *tail = &process->tail;
    if (gw_buf_append_span(tail, line) != GW_OK || gw_buf_append_byte(tail, '\n') != GW_OK) return;
    if (tail->len <= (size_t)GW_PROCESS_TAIL_BYTES * 2) return;
    size_t cut = tail->len - GW_PROCESS_TAIL_BYTES;
    const uint8_t *newline = memchr(tail->data + cut, '\n', tail->len - cut);
    gw_buf_consume(tail, newline ? (size_t)(newline - tail->data) + 1 : cut);
}

gw_span gw_process_tail(const gw_process *process) {
    gw_span all = gw_buf_span(&process->tail);
    if (all.len <= GW_PROCESS_TAIL_BYTES) return all;
    size_t cut = all.len - GW_PROCESS_TAIL_BYTES;
    const uint8_t *newline = memchr(all.ptr + cut, '\n', all.len - cut);
    return gw_span_from(all, newline ? (size_t)(newline - all.ptr) + 1 : cut);
}

static void log_line(gw_process *process, gw_span line) {
    if (process->log_fd < 0) return;
    if (process->log_filter)
        process->log_filter(line, &process->log, process->user);
    else
        gw_buf_append_span(&process->log, line);
    gw_buf_append_byte(&process->log, '\n');
}

void gw_process_output_write_log(gw_process *process) {
    /* A full disk must not end the run: the log stops, and says nothing more. */
    if (process->log_fd >= 0 && process->log.len > 0 &&
        write(process->log_fd, process->log.data, process->log.len) < 0) {
        close(process->log_fd);
        process->log_fd = -1;
    }
    gw_buf_clear(&process->log);
}

static void end_line(gw_process *process, gw_process_output *output, gw_ns now_ns) {
    gw_span line = gw_buf_span(&output->line);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') line.len--;
    keep_tail(process, line);
    log_line(process, line);
    if (process->callbacks->on_line) {
        process->callbacks->on_line(process, line, output->is_stderr, now_ns, process->user);
    }
    if (!process->destroyed) gw_buf_clear(&output->line);
}

static void take_bytes(gw_process *process, gw_process_output *output, gw_span bytes, gw_ns now_ns) {
    while (bytes.len > 0 && !process->destroyed) {
        const uint8_t *newline = memchr(bytes.ptr, '\n', bytes.len);
        gw_span part = newline ? gw_span_sub(bytes, 0, (size_t)(newline - bytes.ptr)) : bytes;
        size_t room = output->line.max - output->line.len;
        gw_buf_append_span(&output->line, gw_span_sub(part, 0, room)); /* the rest of an overlong line is dropped */
        bytes = gw_span_from(bytes, part.len + (newline ? 1 : 0));
        if (newline) end_line(process, output, now_ns);
    }
}

/* False when there was nothing to read. The process may be destroyed on return. */
static bool read_some(gw_process *process, gw_process_output *output) {
    char bytes[READ_BYTES];
    ssize_t n;
    do n = read(output->watch.fd, bytes, sizeof bytes);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) return false;
    if (n > 0) {
        take_bytes(process, output, gw_span_make(bytes, (size_t)n), gw_clock_now());
    } else {
        gw_process_output_close(process, output);
        if (output->line.len > 0) end_line(process, output, gw_clock_now());
    }
    gw_process_output_write_log(process);
    return n > 0;
}

static void on_ready(gw_loop_watch *watch, uint32_t events, void *user) {
    gw_process_output *output = user;
    (void)watch;
    (void)events;
    read_some(output->process, output);
}

void gw_process_output_open(gw_process *process, gw_process_output *output, int fd) {
    output->process = process;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    output->watch = (gw_loop_watch){.fn = on_ready, .user = output, .fd = fd, .events = EPOLLIN};
    if (gw_loop_watch_add(process->loop, &output->watch) != GW_OK) {
        close(fd);
        output->watch.fd = -1;
    }
}

void gw_process_output_drain(gw_process *process, gw_process_output *output) {
    for (int left = PIPE_BYTES; left > 0 && output->watch.fd >= 0 && !process->destroyed; left -= READ_BYTES) {
        if (!read_some(process, output)) return;
    }
}

void gw_process_output_flush(gw_process *process) {
    gw_process_output *both[] = {&process->out, &process->err};
    for (size_t i = 0; i < 2 && !process->destroyed; i++) {
        if (both[i]->line.len > 0) end_line(process, both[i], gw_clock_now());
    }
    gw_process_output_write_log(process);
}
