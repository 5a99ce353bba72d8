/* What process.c and process_output.c share. Floor 4 (net), private. */
#ifndef GW_NET_PROCESS_PRIVATE_H
#define GW_NET_PROCESS_PRIVATE_H

#include "net/process.h"

typedef struct gw_process_output {
    gw_process *process;
    gw_loop_watch watch; /* fd -1 when closed */
    gw_buf line;         /* of the line that is not complete yet */
    bool is_stderr;
} gw_process_output;

struct gw_process {
    gw_loop *loop;
    pid_t pid; /* also the number of its group and session */
    gw_loop_watch pid_watch;
    gw_loop_timer kill_timer;
    gw_loop_task free_task;
    const gw_process_callbacks *callbacks;
    void *user;
    gw_process_output out, err;
    gw_buf tail;
    gw_buf log; /* what the log file has yet to get of one read */
    int log_fd;
    int stop_signal;
    void (*log_filter)(gw_span line, gw_buf *out, void *user);
    bool running, exited, destroyed;
    gw_process_exit how;
};

/* Takes the reading end of a pipe. */
void gw_process_output_open(gw_process *process, gw_process_output *output, int fd);
/* Reads what a pipe can hold and hands out lines, after the program ended. The process may be destroyed on return. */
void gw_process_output_drain(gw_process *process, gw_process_output *output);
/* Hands out last lines that lack their newline. */
void gw_process_output_flush(gw_process *process);
/* Appends to the log file what of the output it has not got yet. */
void gw_process_output_write_log(gw_process *process);
void gw_process_output_close(gw_process *process, gw_process_output *output);

#endif
