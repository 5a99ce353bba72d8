/* The life of a run: set up, look at the server, run, clean up. Floor 5. */
#include "cli/runner_internal.h"

#include "cli/embedded_server.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Descriptors beside those of scenarios, and what a scenario needs: clients, its canary, requests. */
enum { DESCRIPTORS_APART = 64, DESCRIPTORS_EACH = 8 };

void runner_note(runner *r, const char *format, ...) {
    if (!r->callbacks.on_note) return;
    gw_buf text, clean;
    gw_buf_init(&text, 1 << 20);
    gw_buf_init(&clean, 2 << 20);
    va_list args;
    va_start(args, format);
    gw_buf_vprintf(&text, format, args);
    va_end(args);
    if (r->fixtures && gw_fixtures_redact(r->fixtures, gw_buf_span(&text), &clean))
        r->callbacks.on_note(gw_buf_cstr(&clean), r->callbacks.user);
    else
        r->callbacks.on_note(gw_buf_cstr(&text), r->callbacks.user);
    gw_buf_deinit(&text);
    gw_buf_deinit(&clean);
}

void runner_note_cleanups(runner *r) {
    if (r->failed_cleanups)
        runner_note(r, "%zu cleanup%s failed%s%s", r->failed_cleanups, r->failed_cleanups == 1 ? "" : "s",
                    r->failed_cleanups == 1 ? ": " : ", the first: ", r->cleanup_error ? r->cleanup_error : "");
    r->failed_cleanups = 0;
}

void runner_end(runner *r, gw_runner_end end, const char *format, ...) {
    if (r->over) return;
    r->over = true;
    r->outcome->end = end;
    gw_buf text, clean;
    gw_buf_init(&text, 1 << 20);
    gw_buf_init(&clean, 2 << 20);
    va_list args;
    va_start(args, format);
    gw_buf_vprintf(&text, format, args);
    va_end(args);
    if (r->fixtures) gw_fixtures_redact(r->fixtures, gw_buf_span(&text), &clean);
    snprintf(r->outcome->message, sizeof r->outcome->message, "%s", gw_buf_cstr(r->fixtures ? &clean : &text));
    gw_buf_deinit(&text);
    gw_buf_deinit(&clean);
}

bool runner_wait(runner *r, const bool *flag, gw_ns until_ns) {
    while (!*flag && !r->interrupted && gw_clock_now() < until_ns)
        if (gw_loop_turn(r->loop, until_ns) == GW_ERR_IO) break;
    return *flag;
}

/* ---- before ---- */

static bool check_plan(runner *r) {
    const gw_target_start *start = &r->target->start;
    const char *name = r->target->name;
    if (r->plan->interval && !start->interval_option) {
        runner_end(r, GW_RUNNER_BAD_TARGET,
                   "the target %s cannot be given an interval: it has no start.options.interval", name);
        return false;
    }
    if (r->plan->interval % GW_MS) {
        runner_end(r, GW_RUNNER_BAD_TARGET, "the interval must be whole milliseconds");
        return false;
    }
    if (r->plan->fault_count && !start->fault_option) {
        runner_end(r, GW_RUNNER_BAD_TARGET, "the target %s has no faults: it has no start.options.fault", name);
        return false;
    }
    return true;
}

/* The soft limit becomes the hard one. How many scenarios fit into it. */
static size_t raise_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
    if (limit.rlim_cur != limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur == RLIM_INFINITY) return GW_RUNNER_MAX_JOBS;
    return limit.rlim_cur > DESCRIPTORS_APART + DESCRIPTORS_EACH
               ? (size_t)(limit.rlim_cur - DESCRIPTORS_APART) / DESCRIPTORS_EACH
               : 1;
}

static void choose_jobs(runner *r) {
    size_t fit = raise_descriptors(), jobs = r->plan->jobs ? r->plan->jobs : GW_RUNNER_MAX_JOBS;
    if (jobs > GW_RUNNER_MAX_JOBS) jobs = GW_RUNNER_MAX_JOBS;
    if (jobs > fit) jobs = fit;
    if (r->target->max_jobs && jobs > r->target->max_jobs) jobs = r->target->max_jobs;
    if (jobs > 1 && r->target->trigger_count && !gw_target_has_rooms(r->target)) {
        runner_note(r,
                    "one scenario at a time: the target has triggers, and no fixture that gives each scenario a room "
                    "of its own");
        jobs = 1;
    }
    r->max_running = r->outcome->jobs = (unsigned)jobs;
}

static void on_signal(int signal_number, void *user) {
    (void)signal_number;
    ((runner *)user)->interrupted = true;
}

/* A timer that has nothing to do but to be late. */
static void on_lag_timer(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    runner *r = user;
    runner_note_lag(r, now_ns);
    gw_loop_timer_set(r->loop, timer, now_ns + RUNNER_LAG_PERIOD);
}

static void on_fixture_note(const char *line, void *user) {
    runner_note(user, "%s", line);
}

static bool set_up(runner *r) {
    gw_error error = {0};
    if (!(r->loop = gw_loop_create(&error)) || !(r->http = gw_http_create(r->loop, &error)) ||
        gw_loop_on_signal(r->loop, on_signal, r) != GW_OK) {
        runner_end(r, GW_RUNNER_INTERNAL, "%s", error.text[0] ? error.text : "no signals to be had");
        return false;
    }
    r->fixtures = gw_fixtures_create(r->target, r->http, r->plan->verbose ? on_fixture_note : NULL, r, &error);
    if (!r->fixtures) {
        runner_end(r, GW_RUNNER_BAD_TARGET, "%s", error.text);
        return false;
    }
    for (size_t i = 0; i < r->plan->header_count; i++)
        if (gw_fixtures_hide_header(r->fixtures, r->plan->headers[i]) != GW_OK) {
            runner_end(r, GW_RUNNER_INTERNAL, "out of memory");
            return false;
        }
    if (gw_fixtures_unhidden(r->fixtures))
        runner_note(r, "the value of %s has less than %d characters: it is not hidden in reports",
                    gw_fixtures_unhidden(r->fixtures), GW_SECRETS_MIN_BYTES);
    if (!r->plan->server_program && !(r->server_program = gw_embedded_server_find())) {
        runner_end(r, GW_RUNNER_INTERNAL, "out of memory");
        return false;
    }
    gw_fixtures_value(r->fixtures, NULL, "gwspec-server",
                      r->plan->server_program ? r->plan->server_program : r->server_program);
    choose_jobs(r);
    r->lag_timer = (gw_loop_timer){.fn = on_lag_timer, .user = r};
    r->lag_noted_ns = gw_clock_now();
    gw_loop_timer_set(r->loop, &r->lag_timer, r->lag_noted_ns + RUNNER_LAG_PERIOD);
    return true;
}

static bool make_jobs(runner *r) {
    const gw_runner_plan *plan = r->plan;
    r->job_count = plan->scenario_count;
    r->jobs = calloc(r->job_count + 1, sizeof *r->jobs);
    bool ok = r->jobs != NULL;
    for (size_t i = 0; ok && i < r->job_count; i++) {
        runner_job *job = &r->jobs[i];
        char reason[512];
        job->r = r;
        job->scenario = plan->scenarios[i];
        if (!runner_verdict_skip_reason(job->scenario, plan->protocol, r->target, reason, sizeof reason)) continue;
        job->result = runner_verdict_without_run(plan, job->scenario, GW_VERDICT_SKIPPED, reason);
        ok = job->result != NULL;
    }
    if (!ok) runner_end(r, GW_RUNNER_INTERNAL, "out of memory");
    return ok;
}

/* A server that cannot be reached is one line, before any scenario runs. */
static bool look_at_server(runner *r) {
    gw_error error = {0};
    if (runner_probe_aim(r, &error) != GW_OK) {
        runner_end(r, GW_RUNNER_UNREACHABLE, "%s", error.text);
        return false;
    }
    r->probe_answers = true;
    runner_probe_result result = runner_probe_now(r);
    if (r->interrupted) {
        runner_end(r, GW_RUNNER_INTERRUPTED, "interrupted before the first scenario");
        return false;
    }
    if (result == RUNNER_PROBE_DEAD) {
        runner_end(r, GW_RUNNER_UNREACHABLE, "%s", r->probe_error);
        return false;
    }
    if (result == RUNNER_PROBE_SILENT) {
        runner_note(r, "the server does not answer a plain GET; a hang will be told from connections alone");
        r->probe_answers = false;
    }
    return true;
}

static void run_jobs(runner *r) {
    while (!r->over && !r->interrupted && r->final_count < r->job_count) {
        runner_incident incident = runner_schedule(r);
        if (incident != RUNNER_NO_INCIDENT && !r->interrupted)
            runner_handle_incident(r, incident);
        else if (!r->over && !r->interrupted && !runner_begin_second_runs(r))
            break;
    }
    if (r->changed_verdicts) /* not silently: a server that fails now and then is worth a look */
        runner_note(r,
                    "%zu scenarios did worse beside many others than beside few: the server is slow under load, or "
                    "flaky (--jobs and the target's limits.jobs set how many run at once)",
                    r->changed_verdicts);
    if (!r->interrupted || r->over) return;
    for (size_t i = 0; i < r->job_count; i++) /* what has a result keeps it */
        if (r->jobs[i].state == RUNNER_JOB_HELD || r->jobs[i].state == RUNNER_JOB_LATER) runner_finalize(&r->jobs[i]);
    for (size_t i = 0; i < r->job_count; i++)
        if (r->jobs[i].state == RUNNER_JOB_RUNNING) runner_job_discard(&r->jobs[i]);
    runner_end(r, GW_RUNNER_INTERRUPTED, "interrupted; %zu of %zu scenarios have a verdict", r->final_count,
               r->job_count);
}

/* ---- after ---- */

static void on_ended(const char *error, void *user) {
    runner *r = user;
    if (error) runner_note(r, "%s", error);
    r->cleanups--;
}

static void clean_up_target(runner *r) {
    if (r->outcome->end == GW_RUNNER_UNREACHABLE || r->outcome->end == GW_RUNNER_LOST) return;
    gw_ns until = gw_clock_now() + RUNNER_CLEAN_WITHIN;
    r->interrupted = false; /* a second signal cuts this short */
    while (r->cleanups && !r->interrupted && gw_clock_now() < until)
        if (gw_loop_turn(r->loop, until) == GW_ERR_IO) return;
    runner_note_cleanups(r);
    if (!r->target->cleanup[GW_TARGET_RUN].count || r->interrupted) return;
    r->cleanups++;
    gw_fixtures_end(r->fixtures, on_ended, r);
    while (r->cleanups && !r->interrupted && gw_clock_now() < until)
        if (gw_loop_turn(r->loop, until) == GW_ERR_IO) return;
}

static void tear_down(runner *r) {
    if (r->loop) {
        r->outcome->lateness = gw_loop_lag(r->loop);
        runner_probe_cancel(r);
        for (size_t i = 0; r->jobs && i < r->job_count; i++) runner_job_release(&r->jobs[i]);
        runner_server_stop(r);
        gw_loop_timer_cancel(r->loop, &r->lag_timer);
    }
    gw_fixtures_destroy(r->fixtures);
    gw_http_destroy(r->http);
    gw_tls_destroy(r->tls);
    if (r->loop) gw_loop_destroy(r->loop);
    for (size_t i = 0; r->jobs && i < r->job_count; i++) free(r->jobs[i].first_failure);
    free(r->jobs);
    runner_server_settle_log(r);
    free(r->server_program);
    free(r->cleanup_error);
    free(r->probe_host);
    free(r->probe_request);
    free(r->resolved_authority);
}

static void gather_results(runner *r) {
    gw_runner_outcome *outcome = r->outcome;
    outcome->results = calloc(r->job_count + 1, sizeof(gw_result *));
    for (size_t i = 0; r->jobs && i < r->job_count; i++) {
        if (outcome->results && r->jobs[i].state == RUNNER_JOB_FINAL)
            outcome->results[outcome->result_count++] = r->jobs[i].result;
        else
            gw_result_destroy(r->jobs[i].result);
        r->jobs[i].result = NULL;
    }
}

void gw_runner_run(const gw_runner_plan *plan, const gw_runner_callbacks *callbacks, gw_runner_outcome *outcome) {
    gw_runner_plan own = *plan;
    if (own.timeout_scale <= 0) own.timeout_scale = 1;
    if (!own.expected && own.target) { /* nobody added to the target's own */
        own.expected = own.target->expected;
        own.expected_count = own.target->expected_count;
    }
    runner r = {.plan = &own, .target = plan->target, .outcome = outcome, .memory.max_bytes = RUNNER_MEMORY};
    if (callbacks) r.callbacks = *callbacks;
    *outcome = (gw_runner_outcome){.end = GW_RUNNER_COMPLETE};
    r.started_ns = gw_clock_now();
    char why[GW_RUNNER_MESSAGE];
    bool ready = check_plan(&r) && set_up(&r) && make_jobs(&r);
    if (ready && runner_server_start(&r, why, sizeof why) != GW_OK) {
        runner_end(&r, r.interrupted ? GW_RUNNER_INTERRUPTED : GW_RUNNER_UNREACHABLE, "%s", why);
        ready = false;
    }
    if (ready && look_at_server(&r)) {
        for (size_t i = 0; i < r.job_count; i++)
            if (r.jobs[i].result) runner_finalize(&r.jobs[i]);
        run_jobs(&r);
        clean_up_target(&r);
    }
    gather_results(&r);
    tear_down(&r);
    if (runner_verdict_unmatched(&own, &outcome->unmatched, &outcome->unmatched_count) != GW_OK)
        runner_end(&r, GW_RUNNER_INTERNAL, "out of memory");
    outcome->elapsed = gw_clock_now() - r.started_ns;
}

void gw_runner_outcome_deinit(gw_runner_outcome *outcome) {
    for (size_t i = 0; i < outcome->result_count; i++) gw_result_destroy(outcome->results[i]);
    free(outcome->results);
    free((void *)outcome->unmatched);
    free(outcome->server_log);
    *outcome = (gw_runner_outcome){0};
}
