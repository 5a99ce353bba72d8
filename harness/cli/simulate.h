/* Runs scenarios against the reference gateway on a virtual clock, without a network. Floor 5 (cli).
 *
 * Each scenario gets a gateway of its own. Engine and gateway are joined by pipes in memory whose delays and splits
 * come from the seed: the same arguments give the same result, bit by bit. */
#ifndef GW_CLI_SIMULATE_H
#define GW_CLI_SIMULATE_H

#include "cli/runner.h"
#include "reference-server/core.h"

/* How bytes travel. All zero: at once and in one piece. */
typedef struct gw_simulate_schedule {
    gw_ns delay_min, delay_max; /* of each piece, in each direction; pieces never overtake each other */
    unsigned split_percent;     /* of writes that are split at random bytes */
    unsigned max_pieces;        /* into at most so many; 0: 4 */
    unsigned bystanders;        /* other clients, who come and are lost at any byte; none beside planted faults */
} gw_simulate_schedule;

/* Delays of 0 - 2 ms, every third write split. */
extern const gw_simulate_schedule gw_simulate_mild;
/* The schedule that `gwspec run --simulate --seed N` has: delays to 5 ms, splits into up to 16, up to 4 bystanders. */
gw_simulate_schedule gw_simulate_schedule_of(uint64_t seed);

typedef struct gw_simulate_config {
    const gw_protocol *protocol;
    const gw_requirements *requirements; /* gives rules their level; NULL: all are MUST */
    const gw_core_config *core;          /* NULL: gw_core_config_default */
    const gw_faults *faults;             /* NULL: none */
    uint64_t seed;
    const gw_simulate_schedule *schedule; /* NULL: gw_simulate_mild */
    double timeout_scale;                 /* 0 is taken as 1 */
} gw_simulate_config;

/* One scenario. The caller destroys the result. NULL: out of memory. */
gw_result *gw_simulate_run(const gw_scenario *scenario, const gw_simulate_config *config);

/* The whole plan, as gw_runner_run does; plan->target is not used and may be NULL. An unknown fault is
 * GW_RUNNER_BAD_TARGET. */
void gw_simulate_plan(const gw_runner_plan *plan, const gw_runner_callbacks *callbacks, gw_runner_outcome *outcome);

#endif
