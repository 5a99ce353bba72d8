/* One scenario on the network: what its engine asks for, and what it is told. Floor 5. It gives no verdicts. */
#include "cli/runner_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_SOFT_MAX = 16 << 20 }; /* more than that waits for the peer: sent only once it has drained */

static void pump(runner_job *job);

void runner_note_lag(runner *r, gw_ns now) {
    gw_ns worst = gw_loop_worst_lag(r->loop, r->lag_noted_ns, now);
    r->lag_noted_ns = now;
    if (worst < RUNNER_LAG_NOTABLE) return;
    for (size_t i = 0; i < r->job_count; i++)
        if (r->jobs[i].state == RUNNER_JOB_RUNNING) gw_engine_note_lateness(r->jobs[i].engine, worst, now);
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

static bool out_of_descriptors(const char *error) {
    static const int CODES[] = {EMFILE, ENFILE, EADDRNOTAVAIL, ENOBUFS};
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++)
        if (strstr(error, gw_error_system(CODES[i]))) return true;
    return false;
}

static void on_open(gw_stream *stream, gw_ns at_ns, void *user) {
    (void)stream;
    runner_conn *conn = user;
    gw_engine_on_open(conn->job->engine, conn->index, at_ns);
    pump(conn->job);
}

static void on_read(gw_stream *stream, gw_stream_read *read, void *user) {
    (void)stream;
    runner_conn *conn = user;
    conn->job->r->heard_ns = read->at_ns;
    gw_engine_on_bytes(conn->job->engine, conn->index, read->data, read->len, read->at_ns);
    pump(conn->job);
}

static void on_end(gw_stream *stream, const gw_stream_end *end, void *user) {
    runner_conn *conn = user;
    runner_job *job = conn->job;
    if (conn->ended) return;
    conn->ended = true;
    if (conn->sent_owed) {
        conn->sent_owed = false;
        gw_engine_on_sent(job->engine, conn->index, end->at_ns);
    }
    if (end->kind == GW_STREAM_FAILED && gw_stream_opened(stream) == GW_NEVER) {
        if (out_of_descriptors(end->error))
            gw_engine_abort(job->engine, GW_VERDICT_INCONCLUSIVE, end->error, end->at_ns);
        else
            gw_engine_on_open_failed(job->engine, conn->index, end->error, end->at_ns);
    } else {
        gw_ending ending = end->kind == GW_STREAM_RESET    ? GW_ENDING_RST
                           : end->kind == GW_STREAM_FAILED ? GW_ENDING_ERROR
                                                           : GW_ENDING_FIN;
        gw_engine_on_closed(job->engine, conn->index, ending, end->at_ns);
    }
    pump(job);
}

static void on_drain(gw_stream *stream, gw_ns at_ns, void *user) {
    (void)stream;
    runner_conn *conn = user;
    if (!conn->sent_owed) return;
    conn->sent_owed = false;
    gw_engine_on_sent(conn->job->engine, conn->index, at_ns);
    pump(conn->job);
}

static void close_conn(runner_conn *conn) {
    gw_stream_destroy(conn->stream);
    conn->stream = NULL;
    conn->sent_owed = false;
}

static void open_conn(runner_job *job, runner_conn *conn) {
    static const gw_stream_callbacks CALLBACKS = {
        .on_open = on_open, .on_read = on_read, .on_end = on_end, .on_drain = on_drain};
    runner *r = job->r;
    close_conn(conn);
    conn->ended = false;
    gw_stream_options options = {.tls = conn->tls_host ? r->tls : NULL, .tls_host = conn->tls_host};
    conn->stream = gw_stream_connect(r->loop, &conn->address, &options, &CALLBACKS, conn);
    if (!conn->stream) gw_engine_abort(job->engine, GW_VERDICT_ERROR, "out of memory for a connection", gw_clock_now());
}

static void send_bytes(runner_job *job, runner_conn *conn, gw_span bytes) {
    gw_stream_sent sent = {.at_ns = gw_clock_now()};
    gw_status status = conn->stream ? gw_stream_write(conn->stream, bytes, &sent) : GW_ERR_CLOSED;
    if (status == GW_ERR_LIMIT || status == GW_ERR_NOMEM) {
        gw_engine_abort(job->engine, GW_VERDICT_ERROR, "the peer does not read, and too much waits to be sent",
                        gw_clock_now());
        return;
    }
    if (sent.at_ns == 0 || status != GW_OK) sent.at_ns = gw_clock_now();
    if (job->quiet_since_ns != job->r->heard_ns) {
        job->quiet_since_ns = job->r->heard_ns;
        job->before_quiet_ns = job->last_send_ns;
        job->first_quiet_ns = sent.at_ns;
    }
    job->last_send_ns = sent.at_ns;
    if (status == GW_OK && sent.queued_bytes > QUEUE_SOFT_MAX)
        conn->sent_owed = true;
    else
        gw_engine_on_sent(job->engine, conn->index, sent.at_ns);
}

/* ---- fixtures and triggers ---- */

static void on_provided(unsigned index, const gw_fixtures_place *place, const char *error, void *user) {
    runner_job *job = user;
    runner *r = job->r;
    runner_conn *conn = &job->conns[index];
    gw_error why = {0};
    if (place) {
        free(conn->tls_host);
        conn->tls_host = NULL;
        if (runner_resolve(r, &place->url, &conn->address, &why) != GW_OK) error = why.text;
        if (place->url.tls && !error) {
            conn->tls_host = strdup(place->url.host);
            if (!r->tls && !(r->tls = gw_tls_create_client(gw_fixtures_tls(r->fixtures), &why))) error = why.text;
        }
    }
    bool good = place && !error;
    gw_engine_on_provisioned(job->engine, index, good ? &place->endpoint : NULL, good ? place->vars : NULL,
                             good ? NULL : error, gw_clock_now());
    pump(job);
}

static void on_triggered(unsigned trigger, const cJSON *data, const char *error, void *user) {
    runner_job *job = user;
    gw_engine_on_triggered(job->engine, trigger, data, error, gw_clock_now());
    pump(job);
}

static void pull_trigger(runner_job *job, const gw_action *action) {
    const gw_target_trigger *trigger = gw_target_find_trigger(job->r->target, action->event);
    if (trigger)
        gw_fixtures_trigger(job->set, trigger, action, on_triggered, job);
    else
        gw_engine_on_triggered(job->engine, action->trigger, NULL, "the target has no trigger for this event",
                               gw_clock_now());
}

/* ---- the engine ---- */

static void carry_out(runner_job *job, const gw_action *action) {
    runner_conn *conn = &job->conns[action->conn < job->conn_count ? action->conn : 0];
    switch (action->kind) {
    case GW_ACTION_PROVISION:
        gw_fixtures_provide(job->set, action, on_provided, job);
        break;
    case GW_ACTION_OPEN:
        open_conn(job, conn);
        break;
    case GW_ACTION_SEND:
        send_bytes(job, conn, action->bytes);
        break;
    case GW_ACTION_SHUTDOWN:
        if (conn->stream) gw_stream_shutdown(conn->stream);
        break;
    case GW_ACTION_RESET:
        if (conn->stream) gw_stream_reset(conn->stream);
        break;
    case GW_ACTION_CLOSE:
        close_conn(conn);
        break;
    case GW_ACTION_READ_OFF:
        if (conn->stream) gw_stream_pause(conn->stream);
        break;
    case GW_ACTION_TRIGGER:
        pull_trigger(job, action);
        break;
    case GW_ACTION_DONE:
        gw_loop_defer(job->r->loop, &job->done_task);
        break;
    }
}

static void pump(runner_job *job) {
    if (job->pumping) return; /* an action that answers from inside: the loop below goes on */
    gw_action action;
    job->pumping = true;
    while (gw_engine_next(job->engine, &action)) carry_out(job, &action);
    job->pumping = false;
    gw_loop_timer_set(job->r->loop, &job->timer, gw_engine_deadline(job->engine));
}

/* All that had arrived by harvested() was handed over; of later bytes nothing is known, so the engine must not believe
 * that it is later than that. */
static void on_deadline(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    (void)now_ns;
    runner_job *job = user;
    gw_ns due = timer->due_ns, harvested = gw_loop_harvested(job->r->loop);
    runner_note_lag(job->r, gw_clock_now());
    gw_engine_on_tick(job->engine, harvested > due ? harvested : due);
    pump(job);
}

static void release_engine(runner_job *job) {
    runner *r = job->r;
    gw_loop_timer_cancel(r->loop, &job->timer);
    gw_loop_undefer(r->loop, &job->done_task);
    for (unsigned i = 0; i < job->conn_count; i++) {
        close_conn(&job->conns[i]);
        free(job->conns[i].tls_host);
    }
    free(job->conns);
    job->conns = NULL;
    job->conn_count = 0;
    gw_engine_destroy(job->engine);
    job->engine = NULL;
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
    job->result = gw_engine_take_result(job->engine);
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
    job->conn_count = (unsigned)job->scenario->client_count + 1;
    job->engine = gw_engine_create(&config);
    job->set = gw_fixtures_set_create(r->fixtures, job->scenario->id);
    job->conns = calloc(job->conn_count, sizeof *job->conns);
    if (!job->engine || !job->set || !job->conns) {
        runner_end(r, GW_RUNNER_INTERNAL, "out of memory");
        return false;
    }
    for (unsigned i = 0; i < job->conn_count; i++) job->conns[i] = (runner_conn){.job = job, .index = i};
    job->timer = (gw_loop_timer){.fn = on_deadline, .user = job};
    job->done_task = (gw_loop_task){.fn = on_done, .user = job};
    job->state = RUNNER_JOB_RUNNING;
    job->last_send_ns = job->before_quiet_ns = job->first_quiet_ns = job->quiet_since_ns = 0;
    job->beside = ++r->running;
    gw_engine_start(job->engine, now);
    pump(job);
    return true;
}

void runner_job_abort(runner_job *job, gw_verdict verdict, const char *reason) {
    gw_engine_abort(job->engine, verdict, reason, gw_clock_now());
    pump(job);
}

/* What was made on the server stays there: it is gone, or about to be. */
void runner_job_release(runner_job *job) {
    if (job->conns || job->engine) release_engine(job);
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
