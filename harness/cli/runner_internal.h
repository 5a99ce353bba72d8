/* What the files of the runner share. Floor 5, private.
 *
 *   runner.c           life of a run: set up, look at the server, run, clean up
 *   runner_server.c    the server that the target starts: ready, died, stopped
 *   runner_log.c       what it wrote: last lines, log file
 *   runner_probe.c     is the server still there, and does it answer
 *   runner_job.c       one scenario: its engine's actions on connections, fixtures and triggers
 *   link.c             an engine on streams; shared with the client under test
 *   runner_schedule.c  which scenario runs when; when a verdict is final
 *   runner_incident.c  the server died or hangs: who did it
 *   runner_verdict.c   what is done to verdicts before they are final; shared with the simulation
 */
#ifndef GW_CLI_RUNNER_INTERNAL_H
#define GW_CLI_RUNNER_INTERNAL_H

#include "cli/fixtures.h"
#include "cli/link.h"
#include "cli/runner.h"
#include "cli/runner_verdict.h"
#include "cli/secrets.h"
#include "net/http.h"
#include "net/process.h"
#include "net/stream.h"

#define RUNNER_STAGGER       (1 * GW_MS)  /* between two starts, so that connects do not come in a burst */
#define RUNNER_SETTLE        (20 * GW_MS) /* so long after a pass the server's death is its own */
#define RUNNER_SILENCE       (500 * GW_MS)
#define RUNNER_PROBE_WITHIN  (2 * GW_S) /* times timeout_scale */
#define RUNNER_PROBE_CROWDED (6 * GW_S) /* the same, beside more than RUNNER_FEW scenarios */
#define RUNNER_LAG_PERIOD    (5 * GW_MS)
#define RUNNER_LAG_NOTABLE   (5 * GW_MS)
#define RUNNER_EXIT_WITHIN   (1 * GW_S) /* from refused connections to the exit of the process */
#define RUNNER_CLEAN_WITHIN  (5 * GW_S)
#define RUNNER_CRASH_SEARCH  (60 * GW_S) /* for looking into incidents, in all, unless the plan says otherwise */

enum {
    RUNNER_MEMORY = 64 << 20, /* bytes that all scenarios may keep of what the server sends */
    RUNNER_FEW = 16,
    RUNNER_SECOND_RUNS = 48,
    RUNNER_RETRIES = 2,
    RUNNER_TAIL_LINES = 5,   /* in a message */
    RUNNER_BLOCK_LINES = 16, /* in a report */
    RUNNER_RESTARTS = 20,
    RUNNER_RESTARTS_EACH = 4
};

typedef struct runner runner;
typedef struct runner_job runner_job;

/* Where a connection leads. */
typedef struct runner_place {
    gw_address address;
    char *tls_host; /* NULL: plain */
} runner_place;

typedef enum runner_job_state {
    RUNNER_JOB_WAITING,
    RUNNER_JOB_PARKED, /* waits until the server's killer is found */
    RUNNER_JOB_RUNNING,
    RUNNER_JOB_HELD,  /* has a result, which is final once the server has shown that it lives */
    RUNNER_JOB_LATER, /* failed beside many others: its second run, beside few, comes at the end */
    RUNNER_JOB_KEPT,  /* the likeliest suspect's, shown to be harmless; final once the killer is found */
    RUNNER_JOB_FINAL
} runner_job_state;

struct runner_job {
    runner *r;
    const gw_scenario *scenario;
    runner_job_state state;
    gw_link link;
    gw_fixtures_set *set;
    runner_place *places; /* one for each connection */
    gw_loop_task done_task;
    gw_ns last_send_ns;                                    /* 0: never */
    gw_ns before_quiet_ns, first_quiet_ns, quiet_since_ns; /* sends around the moment of runner.heard_ns */
    gw_ns finished_ns;
    gw_result *result;
    unsigned retries;
    size_t beside;   /* how many ran at the same time, at start or end */
    bool second_run; /* beside few */
    unsigned tries;  /* of plan->retries */
    gw_verdict first_verdict;
    char *first_failure; /* "S6: still open"; owned, NULL before a second run */
};

typedef enum runner_incident {
    RUNNER_NO_INCIDENT,
    RUNNER_DIED,  /* the process ended, or connections are refused */
    RUNNER_HUNG,  /* takes connections and answers nothing */
    RUNNER_CANARY /* answers HTTP, but a scenario's canary got no hello */
} runner_incident;

typedef struct runner_probe {
    gw_stream *stream;
    gw_loop_timer timer;
    gw_ns started_ns;
    bool running, connected;
} runner_probe;

typedef enum runner_probe_result {
    RUNNER_PROBE_NONE,
    RUNNER_PROBE_ALIVE,
    RUNNER_PROBE_DEAD,
    RUNNER_PROBE_SILENT
} runner_probe_result;

typedef struct runner_server {
    gw_process *process; /* NULL: not ours, or not running */
    bool ready, exited;
    char *log;                    /* file of its output; NULL: not chosen yet, or none */
    bool temporary;               /* nobody asked for it: it goes when all went well */
    struct runner_ready *waiting; /* while it is not ready */
} runner_server;

struct runner {
    const gw_runner_plan *plan;
    const gw_target *target;
    gw_runner_callbacks callbacks;
    gw_runner_outcome *outcome;
    gw_loop *loop;
    gw_http *http;
    gw_fixtures *fixtures;
    gw_tls *tls;
    char *server_program; /* found beside this program; owned */

    /* the server's address */
    gw_address address; /* of the probe */
    bool probe_tls;
    char *probe_host;
    char *probe_request;
    bool probe_answers; /* it answered the first probe, so it has to answer each */
    runner_probe probe;
    runner_probe_result probe_result; /* of the last one */
    gw_ns probe_alive_ns;             /* start of the last probe that found it alive */
    char probe_error[GW_ERROR_MAX];
    char *resolved_authority; /* cache of one look-up */
    gw_address resolved;

    runner_server server;
    gw_engine_memory memory;

    runner_job *jobs;
    size_t job_count, next_job, final_count, running;
    size_t held;
    unsigned max_running;
    gw_ns next_start_ns;
    size_t cleanups;         /* under way */
    size_t failed_cleanups;  /* since the server last started */
    char *cleanup_error;     /* of the first of them; owned */
    gw_ns heard_ns;          /* when a scenario last got bytes from the server */
    bool alarm;              /* a scenario says that the server crashed: nothing new starts before a probe has told */
    unsigned incident_count; /* times that the server died or hung */
    size_t careful;        /* a server that dies often: so many negative scenarios at once, nothing else; 0: no limit */
    size_t careful_passed; /* verdicts since that was last changed */
    bool one_by_one;       /* `careful` stays 1: looking for killers took its time */
    gw_ns incident_begun_ns, incident_spent_ns; /* looking for who did it; begun 0: not now */
    size_t second_runs;                         /* asked for so far, at most RUNNER_SECOND_RUNS */
    size_t changed_verdicts;                    /* by a second run */
    runner_job *likeliest;                      /* its verdict is not final before the killer is found; NULL: none */

    gw_loop_timer lag_timer;
    gw_ns lag_due_ns, lag_noted_ns;
    gw_ns started_ns;
    bool interrupted, over;
};

/* ---- runner.c ---- */
/* Every cleanup that did not go well, in one line. */
void runner_note_cleanups(runner *r);
void runner_note(runner *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ends the run; the first reason stands. */
void runner_end(runner *r, gw_runner_end end, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Turns the loop until *flag or until the time has come. False when it is not set, also after an interrupt. */
bool runner_wait(runner *r, const bool *flag, gw_ns until_ns);

/* ---- runner_server.c ---- */
/* Starts it, waits until it is ready and runs fixtures.run. GW_ERR_... with a sentence and its last lines. */
gw_status runner_server_start(runner *r, char *why, size_t size);
/* Stops and waits. Harmless when there is none. */
void runner_server_stop(runner *r);
/* "exited with code 3; its last lines: ..." */
void runner_server_obituary(runner *r, char *out, size_t size);
/* Its last lines, at most so many, blank ones left out, secrets hidden, each with its newline; appended to out. */
void runner_server_last_lines(runner *r, size_t max, gw_buf *out);
/* ---- runner_log.c ---- */
/* Where its output goes, emptied for this run; NULL: nowhere. */
const char *runner_log_file(runner *r);
/* A line as the log file holds it: secrets hidden. `user` is the runner. */
void runner_log_filter(gw_span line, gw_buf *out, void *user);
/* Once the run is over: the log is told in the outcome, or removed. */
void runner_server_settle_log(runner *r);

/* ---- runner_probe.c ---- */
/* Where the server is; once for each start of the server. GW_ERR_... with a sentence. */
gw_status runner_probe_aim(runner *r, gw_error *error);
void runner_probe_start(runner *r);
void runner_probe_cancel(runner *r);
/* Starts one and waits for its result. */
runner_probe_result runner_probe_now(runner *r);

/* ---- runner_job.c ---- */
/* False (and the run ends) when out of memory. */
bool runner_job_start(runner_job *job);
/* Drops engine, connections and result; the job waits again. */
void runner_job_discard(runner_job *job);
void runner_job_abort(runner_job *job, gw_verdict verdict, const char *reason);
void runner_job_release(runner_job *job);
/* A second run on its way to an address is not looked up again. */
gw_status runner_resolve(runner *r, const gw_address_url *url, gw_address *out, gw_error *error);
/* Looks for lateness of the loop and tells the engines. */
void runner_note_lag(runner *r, gw_ns now);

/* ---- runner_schedule.c ---- */
/* Runs what waits until all of it has a final verdict, or until something has happened to the server. */
runner_incident runner_schedule(runner *r);
/* Once all else is final: what failed beside many runs again beside few. False when there is none. */
bool runner_begin_second_runs(runner *r);
/* The job's engine is done (called by runner_job.c). */
void runner_job_done(runner_job *job);
/* Makes the result final and hands it out. */
void runner_finalize(runner_job *job);
void runner_progress(runner *r);

/* ---- runner_incident.c ---- */
void runner_handle_incident(runner *r, runner_incident incident);

#endif
