/* What the files of the run against clients share. Floor 5, private.
 *
 *   client_run.c      life of a run; which scenario when; when a verdict is final
 *   client_job.c      one scenario: engine, gate, client
 *   client_program.c  the client's process: its words and environment, its end
 *   client_gate.c     the listener
 *   link.c            an engine on streams
 */
#ifndef GW_CLI_CLIENT_INTERNAL_H
#define GW_CLI_CLIENT_INTERNAL_H

#include "cli/client_gate.h"
#include "cli/client_run.h"
#include "cli/link.h"
#include "cli/runner_verdict.h"
#include "net/process.h"

#define CLIENT_GRACE   (1 * GW_S)  /* from SIGTERM to SIGKILL */
#define CLIENT_STAGGER (5 * GW_MS) /* between two starts */

enum {
    CLIENT_JOBS_EACH_CPU = 8,
    CLIENT_FEW = 4,          /* at once, for second runs */
    CLIENT_SECOND_RUNS = 48, /* more failures than that are no matter of load */
    CLIENT_GIVE_UP = 3       /* so many scenarios without any connection, and none ever: the others are not run */
};

typedef struct client_run client_run;

typedef enum client_state {
    CLIENT_WAITING,
    CLIENT_RUNNING,
    CLIENT_ENDING, /* has its result; the client's process is being stopped */
    CLIENT_LATER,  /* failed beside others: runs again beside few */
    CLIENT_FINAL
} client_state;

typedef struct client_job {
    client_run *run;
    const gw_scenario *scenario;
    client_state state;
    gw_link link;
    gw_client_gate *gate; /* own; NULL when the run has one for all */
    gw_process *process;
    bool stopping, exited, connected;
    gw_ns stopped_ns;
    unsigned *wanted; /* connections that the engine asked for, as a queue */
    unsigned wanted_first, wanted_count;
    gw_loop_task done_task, exit_task;
    gw_result *result;
    size_t beside;
    bool second_run;
    unsigned tries;
    gw_verdict first_verdict;
    char *first_failure; /* owned */
} client_job;

struct client_run {
    const gw_client_plan *client;
    const gw_runner_plan *plan;
    gw_runner_callbacks callbacks;
    gw_runner_outcome *outcome;
    gw_loop *loop;
    gw_tls *tls;
    gw_address address;   /* of every gate */
    gw_client_gate *gate; /* of --listen; else NULL */
    client_job *jobs;
    size_t job_count, final_count, running, ending, second_runs, silent;
    unsigned max_running;
    gw_engine_memory memory; /* of all engines together */
    bool any_connected, told_stubborn, few;
    gw_ns next_start_ns, started_ns, lag_noted_ns;
    gw_loop_timer lag_timer;
    bool interrupted, over;
};

/* ---- client_run.c ---- */
void client_note(client_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
void client_end(client_run *run, gw_runner_end end, const char *format, ...) __attribute__((format(printf, 3, 4)));
void client_note_lag(client_run *run, gw_ns now);
/* The engine is done, and so is the client's process. */
void client_job_over(client_job *job);

/* ---- client_job.c ---- */
/* False (and the run ends) when it could not be started. */
bool client_job_start(client_job *job);
void client_job_release(client_job *job);

/* ---- client_program.c ---- */
bool client_program_start(client_job *job, uint16_t port, gw_error *error);
void client_program_stop(client_job *job);
/* Processes that left their group: they became ours when their parents ended. Only when no client runs any more. */
void client_program_sweep(void);
/* The address of the played gateway as a client is told it. */
void client_program_url(const client_run *run, uint16_t port, char *out, size_t size);

#endif
