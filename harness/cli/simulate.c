/* The virtual clock: whose turn it is. Floor 5. It reads no clock and opens no socket. */
#include "cli/simulate.h"

#include "cli/simulate_internal.h"

#include <stdio.h>
#include <string.h>

const gw_simulate_schedule gw_simulate_mild = {.delay_min = 0, .delay_max = 2 * GW_MS, .split_percent = 33};

gw_simulate_schedule gw_simulate_schedule_of(uint64_t seed) {
    static const gw_ns delays[] = {0, GW_MS, 2 * GW_MS, 5 * GW_MS};
    static const uint8_t percents[] = {0, 33, 33, 100}, pieces[] = {2, 4, 16};
    gw_rng rng;
    gw_rng_init(&rng, gw_rng_derive(seed, "schedule"));
    return (gw_simulate_schedule){.delay_max = delays[gw_rng_below(&rng, 4)],
                                  .split_percent = percents[gw_rng_below(&rng, 4)],
                                  .max_pieces = pieces[gw_rng_below(&rng, 3)],
                                  .bystanders = (unsigned)gw_rng_below(&rng, 5)};
}

static void carry_out(sim *s, const gw_action *action) {
    switch (action->kind) {
    case GW_ACTION_PROVISION:
        sim_provision(s, action);
        break;
    case GW_ACTION_OPEN:
        sim_open(s, action->conn);
        break;
    case GW_ACTION_SEND:
        sim_send(s, action->conn, action->bytes);
        break;
    case GW_ACTION_SHUTDOWN:
        sim_end(s, action->conn, PIECE_FIN);
        break;
    case GW_ACTION_RESET:
        sim_end(s, action->conn, PIECE_RST);
        break;
    case GW_ACTION_CLOSE:
        sim_end(s, action->conn, PIECE_CLOSE);
        break;
    case GW_ACTION_ACCEPT: /* only servers are simulated */
    case GW_ACTION_READ_OFF:
        sim_read_off(s, action->conn);
        break;
    case GW_ACTION_TRIGGER:
        sim_trigger(s, action);
        break;
    case GW_ACTION_DONE:
        s->done = true;
        break;
    }
}

static void pump(sim *s) {
    gw_action action;
    while (!s->done && gw_engine_next(s->engine, &action)) carry_out(s, &action);
}

static gw_ns earlier(gw_ns a, gw_ns b) {
    return a < b ? a : b;
}

/* What arrives comes before deadlines at the same time, the gateway's deadlines before the engine's. */
static void round_at(sim *s, gw_ns t) {
    if (t > s->now) s->now = t;
    while (!s->done && sim_deliver(s)) pump(s);
    if (!s->done && gw_core_next_deadline(s->core) <= s->now) {
        gw_core_on_tick(s->core, s->now);
        sim_collect(s);
        while (!s->done && sim_deliver(s)) pump(s);
    }
    if (!s->done && sim_late_due(s) <= s->now) {
        sim_late_fail(s);
        pump(s);
    }
    if (!s->done && gw_engine_deadline(s->engine) <= s->now) gw_engine_on_tick(s->engine, s->now);
    pump(s);
}

static void run(sim *s) {
    sim_bystanders(s);
    gw_engine_start(s->engine, s->now);
    pump(s);
    for (unsigned rounds = 0; !s->done; rounds++) {
        gw_ns next = earlier(earlier(sim_next_due(s), sim_late_due(s)),
                             earlier(gw_core_next_deadline(s->core), gw_engine_deadline(s->engine)));
        const char *stuck = s->out_of_memory               ? "the simulation is out of memory"
                            : rounds > SIMULATE_MAX_ROUNDS ? "the simulation does not come to an end"
                            : next == GW_NEVER             ? "the simulation waits for something that never comes"
                                                           : NULL;
        if (stuck) {
            gw_engine_abort(s->engine, GW_VERDICT_ERROR, stuck, s->now);
            pump(s);
            return;
        }
        round_at(s, next);
    }
}

gw_result *gw_simulate_run(const gw_scenario *scenario, const gw_simulate_config *config) {
    gw_core_config core;
    if (config->core)
        core = *config->core;
    else
        gw_core_config_default(&core);
    core.unix_ms_at_zero = SIMULATE_UNIX_MS;
    if (!core.protocol && strcmp(config->protocol->name, "gateway") != 0) core.protocol = config->protocol;
    sim s = {.scenario = scenario, .config = config, .now = SIMULATE_START};
    s.schedule = config->schedule ? *config->schedule : gw_simulate_mild;
    /* A lost one may be what a planted fault waits for; the scenario would be blamed for it. */
    if (config->faults && !gw_faults_none(config->faults)) s.schedule.bystanders = 0;
    for (size_t i = 0; i < SIM_MAX_LATE; i++) s.late[i].due = GW_NEVER;
    uint64_t seed = gw_rng_derive(config->seed, scenario->id);
    gw_rng_init(&s.rng, gw_rng_derive(seed, "schedule"));
    gw_rng_init(&s.bystander_rng, gw_rng_derive(seed, "bystanders"));
    s.core = gw_core_create(&core, gw_rng_derive(seed, "gateway"), config->faults);
    s.engine = gw_engine_create(&(gw_engine_config){.scenario = scenario,
                                                    .protocol = config->protocol,
                                                    .requirements = config->requirements,
                                                    .seed = config->seed,
                                                    .timeout_scale = config->timeout_scale,
                                                    .unix_ms = SIMULATE_UNIX_MS});
    gw_result *result = NULL;
    if (s.core && s.engine) {
        run(&s);
        result = gw_engine_take_result(s.engine);
        sim_conns_free(&s);
    }
    sim_names_free(&s);
    gw_engine_destroy(s.engine);
    gw_core_destroy(s.core);
    return result;
}
