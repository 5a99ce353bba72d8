/* Runs scenarios against clients under test: gwspec is the server. Floor 5 (cli).
 *
 * For each scenario it opens a gateway on a port of its own, starts the client there, carries out what the engine asks
 * for, and ends the client with all that it started. Or it listens on one address for a client that somebody else
 * starts, one scenario after the other. It prints nothing; runner.h is the same for servers. */
#ifndef GW_CLI_CLIENT_RUN_H
#define GW_CLI_CLIENT_RUN_H

#include "cli/runner.h"

/* Borrowed during the run. */
typedef struct gw_client_plan {
    gw_runner_plan plan;        /* target, faults and crash search do not count here */
    const char *const *command; /* words; ${url} is written {url}; none: somebody else starts the client */
    size_t command_count;
    const char *listen;     /* "HOST:PORT", ":PORT" or "PORT"; NULL: a free port for each scenario */
    const char *cert, *key; /* PEM files of the gateway: TLS; NULL: plain */
    bool no_deadlines;
} gw_client_plan;

void gw_client_run(const gw_client_plan *plan, const gw_runner_callbacks *callbacks, gw_runner_outcome *outcome);

#endif
