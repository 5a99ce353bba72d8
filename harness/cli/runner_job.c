/* One scenario on the network: what its engine asks for, and what it is told. Floor 5. It gives no verdicts. */
#include "cli/runner_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void runner_note_lag(runner *r, gw_ns now) {
    gw_ns worst = gw_loop_worst_lag(r->loop, r->lag_noted_ns, now);
    r->lag_noted_ns = now;
    if (worst < RUNNER_LAG_NOTABLE) return;
    for (size_t i = 0; i < r->job_count; i++)
        if (r->jobs[i].state == RUNNER_JOB_RUNNING) gw_engine_note_lateness(r->jobs[i].link.engine, worst, now);
}

gw_status runner_resolve(runner *r, const gw_address_url *url, gw_address *out, gw_error *error) {
    char key[GW_ADDRESS_URL_MAX];
    snprintf(key, sizeof key, "%s|%s|%u", url->socket_path ? url->socket_path : "", url->host, (unsigned)url->port);
    if (!r->resolved_authority || strcmp(r->resolved_authority, key) != 0) {
        gw_status status = gw_address_resolve_url(url, &r->resolved, error);
        if (status != GW_OK) return status;
        free(r->resolved_authority);
        r->resolved_authority = strdup(key);
    }
    *out = r->resolved;
    return GW_OK;
}

/* ---- connections ---- */

static void on_heard(gw_ns at, void *user) {
    ((runner_job *)user)->r->heard_ns = at;
}

static void on_sent(unsigned index, gw_ns at, void *user) {
    runner_job *job = user;
    if (index == job->scenario->client_count) return; /* the canary only looks what was done */
    if (job->quiet_since_ns != job->r->heard_ns) {
        job->quiet_since_ns = job->r->heard_ns;
        job->before_quiet_ns = job->last_send_ns;
        job->first_quiet_ns = at;
    }
    job->last_send_ns = at;
}

static void open_conn(runner_job *job, unsigned index) {
    const runner_place *place = &job->places[index];
    gw_stream_options options = {.tls = place->tls_host ? job->r->tls : NULL, .tls_host = place->tls_host};
    gw_link_connect(&job->link, index, &place->address, &options);
}

/* ---- fixtures and triggers ---- */

static void on_provided(unsigned index, const gw_fixtures_place *place, const char *error, void *user) {
    runner_job *job = user;
    runner *r = job->r;
    runner_place *to = &job->places[index];
    gw_error why = {0};
    if (place) {
        free(to->tls_host);
        to->tls_host = NULL;
        if (runner_resolve(r, &place->url, &to->address, &why) != GW_OK) error = why.text;
        if (place->url.tls && !error) {
            to->tls_host = strdup(place->url.host);
            if (!r->tls && !(r->tls = gw_tls_create_client(gw_fixtures_tls(r->fixtures), &why))) error = why.text;
        }
    }
    bool good = place && !error;
    gw_engine_on_provisioned(job->link.engine, index, good ? &place->endpoint : NULL, good ? place->vars : NULL,
                             good ? NULL : error, gw_clock_now());
    gw_link_pump(&job->link);
}

static void on_triggered(unsigned trigger, const cJSON *data, const char *error, void *user) {
    runner_job *job = user;
    gw_engine_on_triggered(job->link.engine, trigger, data, error, gw_clock_now());
    gw_link_pump(&job->link);
}

static void pull_trigger(runner_job *job, const gw_action *action) {
    const gw_target_trigger *trigger = gw_target_find_trigger(job->r->target, action->event);
    if (trigger)
        gw_fixtures_trigger(job->set, trigger, action, on_triggered, job);
    else
        gw_engine_on_triggered(job->link.engine, action->trigger, NULL, "the target has no trigger for this event",
                               gw_clock_now());
}

/* ---- the engine ---- */

static void on_action(const gw_action *action, void *user) {
    runner_job *job = user;
    switch (action->kind) {
    case GW_ACTION_PROVISION:
        gw_fixtures_provide(job->set, action, on_provided, job);
        break;
    case GW_ACTION_OPEN:
        open_conn(job, action->conn);
        break;
    case GW_ACTION_TRIGGER:
        pull_trigger(job, action);
        break;
    case GW_ACTION_DONE:
        gw_loop_defer(job->r->loop, &job->done_task);
        break;
    default: /* the link's own business; nothing is accepted here */
        break;
    }
}

static void before_tick(void *user) {
    runner_note_lag(((runner_job *)user)->r, gw_clock_now());
}

static const gw_link_hooks HOOKS = {.act = on_action, .heard = on_heard, .sent = on_sent, .before_tick = before_tick};

static void release_engine(runner_job *job) {
    gw_loop_undefer(job->r->loop, &job->done_task);
    for (unsigned i = 0; job->places && i < job->link.conn_count; i++) free(job->places[i].tls_host);
    free(job->places);
    job->places = NULL;
    gw_link_deinit(&job->link);
}

static void on_cleaned(const char *error, void *user) {
    runner *r = user;
    r->cleanups--;
    if (!error) return;
    if (!r->failed_cleanups++) {
        free(r->cleanup_error);
        r->cleanup_error = strdup(error);
    }
}

static void on_done(gw_loop_task *task, void *user) {
    (void)task;
    runner_job *job = user;
    runner *r = job->r;
    job->result = gw_engine_take_result(job->link.engine);
    job->finished_ns = gw_clock_now();
    release_engine(job);
    gw_fixtures_set *set = job->set;
    job->set = NULL;
    r->cleanups++;
    gw_fixtures_set_finish(set, true, on_cleaned, r);
    runner_job_done(job);
}

bool runner_job_start(runner_job *job) {
    runner *r = job->r;
    gw_ns now = gw_clock_now();
    gw_engine_config config = {.scenario = job->scenario,
                               .protocol = r->plan->protocol,
                               .requirements = r->plan->suite ? r->plan->suite->requirements : NULL,
                               .seed = r->plan->seed,
                               .timeout_scale = r->plan->timeout_scale,
                               .unix_ms = (gw_clock_wall() - now) / GW_MS,
                               .memory = &r->memory};
    unsigned count = (unsigned)job->scenario->client_count + 1;
    job->set = gw_fixtures_set_create(r->fixtures, job->scenario->id);
    job->places = calloc(count, sizeof *job->places);
    bool ok = gw_link_init(&job->link, r->loop, gw_engine_create(&config), count, &HOOKS, job);
    if (!ok || !job->set || !job->places) {
        runner_end(r, GW_RUNNER_INTERNAL, "out of memory");
        return false;
    }
    job->done_task = (gw_loop_task){.fn = on_done, .user = job};
    job->state = RUNNER_JOB_RUNNING;
    job->last_send_ns = job->before_quiet_ns = job->first_quiet_ns = job->quiet_since_ns = 0;
    job->beside = ++r->running;
    gw_engine_start(job->link.engine, now);
    gw_link_pump(&job->link);
    return true;
}

void runner_job_abort(runner_job *job, gw_verdict verdict, const char *reason) {
    gw_engine_abort(job->link.engine, verdict, reason, gw_clock_now());
    gw_link_pump(&job->link);
}

/* What was made on the server stays there: it is gone, or about to be. */
void runner_job_release(runner_job *job) {
    if (job->places || job->link.engine) release_engine(job);
    if (job->set) gw_fixtures_set_finish(job->set, false, NULL, NULL);
    job->set = NULL;
}

void runner_job_discard(runner_job *job) {
    runner *r = job->r;
    if (job->state == RUNNER_JOB_RUNNING) r->running--;
    if (job->state == RUNNER_JOB_HELD) r->held--;
    runner_job_release(job);
    gw_result_destroy(job->result);
    job->result = NULL;
    job->state = RUNNER_JOB_WAITING;
}
