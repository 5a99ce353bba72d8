/* A program under our care: started, watched, and ended with all it started. Floor 4 (net). */
#ifndef GW_NET_PROCESS_H
#define GW_NET_PROCESS_H

#include "base/buf.h"
#include "net/loop.h"

#include <sys/types.h>

enum { GW_PROCESS_LINE_MAX = 4096, GW_PROCESS_TAIL_BYTES = 16 * 1024 };

typedef struct gw_process gw_process;

typedef struct gw_process_exit {
    gw_ns at_ns;
    bool signaled;
    int code; /* exit code, or the signal's number */
} gw_process_exit;

/* Any member may be NULL. */
typedef struct gw_process_callbacks {
    /* One line of output, without its newline; longer ones are cut at GW_PROCESS_LINE_MAX. */
    void (*on_line)(gw_process *process, gw_span line, bool from_stderr, gw_ns at_ns, void *user);
    /* The program itself ended; its output so far was handed out before. Children of it may still run until stop or
     * destroy. */
    void (*on_exit)(gw_process *process, const gw_process_exit *how, void *user);
} gw_process_callbacks;

/* Borrowed during the call. */
typedef struct gw_process_options {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
    const char *const *env;  /* "NAME=value", NULL-terminated; added to our own environment; NULL: nothing added */
    const char *directory;   /* NULL: ours */
    int stop_signal;         /* what gw_process_stop() sends first; 0: SIGTERM */
    const char *log_file;    /* output is appended here too; NULL: not */
    /* What of a line goes into the log file; NULL: all of it. */
    void (*log_filter)(gw_span line, gw_buf *out, void *user);
} gw_process_options;

/* Starts it in a session of its own with stdin empty; it dies with us. NULL with
 * "node: start: No such file or directory" also when exec failed: that is known before this returns. */
gw_process *gw_process_start(gw_loop *loop, const gw_process_options *options, const gw_process_callbacks *callbacks,
                             void *user, gw_error *error);
/* The stop signal to the whole group, SIGKILL to what is left after grace_ns; on_exit follows. Harmless when it ended
 * already: then what is left of its group is killed. */
void gw_process_stop(gw_process *process, gw_ns grace_ns);
/* Kills what is left of the group with SIGKILL, waits for it, frees. No callback follows. NULL is allowed. */
void gw_process_destroy(gw_process *process);

pid_t gw_process_pid(const gw_process *process);
/* False while it runs. */
bool gw_process_exited(const gw_process *process, gw_process_exit *out);
/* The last lines of its output, oldest first, at most GW_PROCESS_TAIL_BYTES. */
gw_span gw_process_tail(const gw_process *process);
/* "exited with code 3", "was ended by signal 11 (Segmentation fault)"; returns out. */
char *gw_process_exit_text(const gw_process_exit *how, char *out, size_t size);

#endif
