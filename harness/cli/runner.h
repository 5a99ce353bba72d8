/* Runs scenarios against a target over the network. Floor 5 (cli).
 *
 * It starts the server when the target says so, provisions rooms and participants, carries out what the engines ask
 * for, and finds out who killed the server when it dies. It prints nothing: what it has to say comes through callbacks
 * and the outcome. simulate.h offers the same on a virtual clock. */
#ifndef GW_CLI_RUNNER_H
#define GW_CLI_RUNNER_H

#include "net/lag.h"
#include "protocol/description.h"
#include "scenario/engine.h"
#include "scenario/suite.h"
#include "scenario/target.h"

enum { GW_RUNNER_MAX_JOBS = 1024, GW_RUNNER_MESSAGE = 4096 };

/* Embedded target that is used when the user names none (path in the table of scenarios/). */
#define GW_RUNNER_DEFAULT_TARGET "targets/reference.yaml"

/* Borrowed during the run. */
typedef struct gw_runner_plan {
    const gw_scenario *const *scenarios; /* the chosen ones, in the suite's order */
    size_t scenario_count;
    const gw_suite *suite;       /* all that were loaded: an expected failure has to match one of them */
    const gw_protocol *protocol; /* with the target's knobs applied: a scenario's conditions look here */
    const gw_target *target;     /* gw_target_load() or gw_target_from_url() */
    const gw_expected *expected; /* known failures: the target's and those of the command line */
    size_t expected_count;
    const char *server_program; /* for ${gwspec-server}; NULL: found beside this program, or in PATH */
    uint64_t seed;
    unsigned jobs;             /* scenarios at once; 0: all, at most GW_RUNNER_MAX_JOBS and what descriptors allow */
    gw_ns crash_search;        /* time for finding out which of several scenarios killed or hung the server; 0: 60 s */
    unsigned retries;          /* times that a failed scenario is run again; a pass then counts, and is marked flaky */
    double timeout_scale;      /* 0 is taken as 1 */
    const char *protocol_file; /* that the user names, for a server that can be told; NULL: none */
    gw_ns interval;            /* that the server shall announce; 0: its own default (simulation: 1 s) */
    const char *const *faults; /* of the reference server */
    size_t fault_count;
    const char *const *headers; /* "NAME: VALUE" of the command line: values are never printed, nor the environment's */
    size_t header_count;
    bool verbose; /* notes tell of fixtures, triggers and each line that the server prints */
} gw_runner_plan;

/* Any member may be NULL. */
typedef struct gw_runner_callbacks {
    /* A verdict, as soon as it is final (a scenario caught in somebody else's crash is run again before). Order of
     * completion; borrowed. */
    void (*on_result)(const gw_result *result, void *user);
    /* For a live line: how many are final, running, and chosen. */
    void (*on_progress)(size_t done, size_t running, size_t total, void *user);
    /* One line worth knowing ("the server exited with code 3; started again"). */
    void (*on_note)(const char *line, void *user);
    void *user;
} gw_runner_callbacks;

typedef enum gw_runner_end {
    GW_RUNNER_COMPLETE,    /* every scenario has a verdict */
    GW_RUNNER_BAD_TARGET,  /* the target's file does not fit protocol, machine or run: exit 2 */
    GW_RUNNER_UNREACHABLE, /* not started, not ready, or no connection: nothing was run: exit 3 */
    GW_RUNNER_LOST,        /* gone in the middle and not ours to restart: exit 3 */
    GW_RUNNER_INTERRUPTED, /* SIGINT, SIGTERM or SIGHUP: exit 130 */
    GW_RUNNER_INTERNAL     /* our own failure: exit 4 */
} gw_runner_end;

typedef struct gw_runner_outcome {
    gw_runner_end end;
    char message[GW_RUNNER_MESSAGE]; /* why, when not COMPLETE: one line, then perhaps the server's last lines */
    gw_result **results;             /* in the plan's order; owned */
    size_t result_count;             /* less than the plan's when the run ended early */
    const gw_expected **unmatched;   /* expected failures that match no scenario: the run fails */
    size_t unmatched_count;
    gw_ns elapsed;
    gw_lag_summary lateness; /* of our own loop; all 0 in simulation */
    unsigned restarts;       /* of the server */
    char *server_log;        /* the file that holds what the server wrote, when it is worth a look; NULL: none */
    unsigned jobs;           /* how many at once it was allowed to be */
} gw_runner_outcome;

/* Runs the plan. The outcome is always filled in and to be given to gw_runner_outcome_deinit(). The server that was
 * started is stopped on every path. Uses loop, signals and descriptors of this process: one run at a time. */
void gw_runner_run(const gw_runner_plan *plan, const gw_runner_callbacks *callbacks, gw_runner_outcome *outcome);
void gw_runner_outcome_deinit(gw_runner_outcome *outcome);

#endif
