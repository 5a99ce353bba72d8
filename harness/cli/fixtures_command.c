/* One run of a program for a fixture or a trigger. Floor 5. It must not know what its output is for. */
#include "cli/fixtures_internal.h"
#include "net/process.h"
#include "report/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERROR_BYTES = 640, SAID_BYTES = 200 };
#define STOP_GRACE (GW_S)

struct fixtures_command {
    gw_loop *loop;
    gw_process *process;
    gw_loop_timer timer;
    gw_loop_task late_task; /* tells what failed at once, after the call that started it */
    gw_buf output;
    char error[ERROR_BYTES]; /* what ended it before it ended */
    gw_ns within;
    fixtures_command_fn *fn;
    void *user;
};

static void finish(fixtures_command *command, const char *error) {
    fixtures_command_fn *fn = command->fn;
    command->fn = NULL;
    gw_loop_timer_cancel(command->loop, &command->timer);
    fn(command, gw_buf_span(&command->output), error, command->user);
}

static void on_line(gw_process *process, gw_span line, bool from_stderr, gw_ns at_ns, void *user) {
    fixtures_command *command = user;
    (void)process;
    (void)at_ns;
    if (from_stderr) return;
    gw_buf_append_span(&command->output, line);
    gw_buf_append_byte(&command->output, '\n');
}

/* The last line that it wrote says most. */
static gw_span last_line(gw_span tail) {
    while (tail.len && tail.ptr[tail.len - 1] == '\n') tail.len--;
    size_t from = tail.len;
    while (from > 0 && tail.ptr[from - 1] != '\n') from--;
    return gw_span_from(tail, from);
}

static void on_exit_of(gw_process *process, const gw_process_exit *how, void *user) {
    fixtures_command *command = user;
    char text[128], error[ERROR_BYTES];
    if (!command->fn) return;
    if (command->error[0]) {
        finish(command, command->error);
    } else if (how->signaled || how->code != 0) {
        gw_span said = last_line(gw_process_tail(process));
        gw_buf line;
        gw_buf_init(&line, 4 * SAID_BYTES);
        gw_text_append_without_nul(&line, gw_span_make(said.ptr, said.len < SAID_BYTES ? said.len : SAID_BYTES));
        snprintf(error, sizeof error, "it %s%s%s", gw_process_exit_text(how, text, sizeof text), said.len ? ": " : "",
                 gw_buf_cstr(&line));
        gw_buf_deinit(&line);
        finish(command, error);
    } else if (command->output.error != GW_OK) {
        finish(command, "it wrote too much");
    } else {
        finish(command, NULL);
    }
}

static void on_time(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    fixtures_command *command = user;
    (void)timer;
    (void)now_ns;
    snprintf(command->error, sizeof command->error, "it did not end within %.1f s",
             (double)command->within / (double)GW_S);
    gw_process_stop(command->process, STOP_GRACE);
}

static void on_late(gw_loop_task *task, void *user) {
    fixtures_command *command = user;
    (void)task;
    finish(command, command->error);
}

fixtures_command *fixtures_command_start(gw_loop *loop, const gw_process_options *options, gw_ns within,
                                         fixtures_command_fn *fn, void *user) {
    static const gw_process_callbacks callbacks = {.on_line = on_line, .on_exit = on_exit_of};
    fixtures_command *command = calloc(1, sizeof *command);
    gw_error error = {0};
    if (!command) return NULL;
    command->loop = loop;
    command->fn = fn;
    command->user = user;
    command->within = within;
    command->timer = (gw_loop_timer){.fn = on_time, .user = command};
    command->late_task = (gw_loop_task){.fn = on_late, .user = command};
    gw_buf_init(&command->output, FIXTURES_TEXT_MAX);
    command->process = gw_process_start(loop, options, &callbacks, command, &error);
    if (!command->process) {
        snprintf(command->error, sizeof command->error, "%s", error.text);
        gw_loop_defer(loop, &command->late_task);
    } else if (gw_loop_timer_set(loop, &command->timer, gw_time_add(gw_clock_now(), within)) != GW_OK) {
        fixtures_command_destroy(command);
        return NULL;
    }
    return command;
}

void fixtures_command_destroy(fixtures_command *command) {
    if (!command) return;
    gw_loop_undefer(command->loop, &command->late_task);
    gw_loop_timer_cancel(command->loop, &command->timer);
    gw_process_destroy(command->process);
    gw_buf_deinit(&command->output);
    free(command);
}
