/* Floor 5: the life of a run against clients under test. */
#include "cli/client_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LAG_PERIOD  (5 * GW_MS)
#define LAG_NOTABLE (5 * GW_MS)
enum { MEMORY_BYTES = 64 << 20 }; /* of what clients sent, in all */

void client_note(client_run *run, const char *format, ...) {
    if (!run->callbacks.on_note) return;
    gw_buf text;
    gw_buf_init(&text, 1 << 16);
    va_list args;
    va_start(args, format);
    gw_buf_vprintf(&text, format, args);
    va_end(args);
    run->callbacks.on_note(gw_buf_cstr(&text), run->callbacks.user);
    gw_buf_deinit(&text);
}

void client_end(client_run *run, gw_runner_end end, const char *format, ...) {
    if (run->over) return;
    run->over = true;
    run->outcome->end = end;
    va_list args;
    va_start(args, format);
    vsnprintf(run->outcome->message, sizeof run->outcome->message, format, args);
    va_end(args);
}

void client_note_lag(client_run *run, gw_ns now) {
    gw_ns worst = gw_loop_worst_lag(run->loop, run->lag_noted_ns, now);
    run->lag_noted_ns = now;
    if (worst < LAG_NOTABLE) return;
    for (size_t i = 0; i < run->job_count; i++)
        if (run->jobs[i].state == CLIENT_RUNNING) gw_engine_note_lateness(run->jobs[i].link.engine, worst, now);
}

/* ---- verdicts ---- */

static void progress(client_run *run) {
    if (run->callbacks.on_progress)
        run->callbacks.on_progress(run->final_count, run->running, run->job_count, run->callbacks.user);
}

static void finalize(client_job *job) {
    client_run *run = job->run;
    job->state = CLIENT_FINAL;
    job->result->retries = job->tries ? job->tries : job->second_run ? 1 : 0;
    if (job->tries && job->result->verdict == GW_VERDICT_PASS)
        job->result->flaky = gw_arena_strdup(job->result->arena, job->first_failure);
    gw_expected_apply(run->plan->expected, run->plan->expected_count, job->result);
    run->final_count++;
    if (run->callbacks.on_result) run->callbacks.on_result(job->result, run->callbacks.user);
    progress(run);
}

/* Many clients at once are our doing: what fails beside them is run once more beside few. */
static bool run_later(client_job *job) {
    client_run *run = job->run;
    gw_verdict verdict = job->result->verdict;
    bool bad = verdict == GW_VERDICT_FAIL || verdict == GW_VERDICT_NON_STRICT || verdict == GW_VERDICT_INCONCLUSIVE;
    bool crowded = !job->second_run && job->beside > CLIENT_FEW && run->second_runs < CLIENT_SECOND_RUNS;
    if (!bad || !(crowded || job->tries < run->plan->retries) || run->gate) return false;
    if (crowded) run->second_runs++;
    job->state = CLIENT_LATER;
    return true;
}

void client_job_over(client_job *job) {
    client_run *run = job->run;
    run->silent = job->connected || run->any_connected ? 0 : run->silent + 1;
    if (run->interrupted || run->over || !run_later(job)) finalize(job);
}

static void run_again(client_job *job) {
    if (!job->second_run) {
        const gw_finding *finding = job->result->finding_count ? &job->result->findings[0] : NULL;
        if (asprintf(&job->first_failure, "%s: %s", finding && finding->rule ? finding->rule : "failed",
                     finding ? finding->observed : "") < 0)
            job->first_failure = NULL;
        job->first_verdict = job->result->verdict;
    }
    job->second_run = true;
    if (job->tries < job->run->plan->retries) job->tries++;
    gw_result_destroy(job->result);
    job->result = NULL;
    job->state = CLIENT_WAITING;
}

/* Once all else is final. False when there is none. */
static bool begin_second_runs(client_run *run) {
    bool any = false;
    for (size_t i = 0; i < run->job_count; i++) {
        if (run->jobs[i].state != CLIENT_LATER) continue;
        run_again(&run->jobs[i]);
        any = true;
    }
    run->few |= any;
    return any;
}

/* A client that never connects would cost the time limit in every scenario. */
static void give_up(client_run *run) {
    for (size_t i = 0; i < run->job_count; i++) {
        client_job *job = &run->jobs[i];
        if (job->state != CLIENT_WAITING) continue;
        job->result = runner_verdict_without_run(run->plan, job->scenario, GW_VERDICT_SKIPPED,
                                                 "not judged: the client has not connected in any scenario");
        if (!job->result) {
            client_end(run, GW_RUNNER_INTERNAL, "out of memory");
            return;
        }
        finalize(job);
    }
}

/* ---- running ---- */

static client_job *next_waiting(client_run *run) {
    for (size_t i = 0; i < run->job_count; i++)
        if (run->jobs[i].state == CLIENT_WAITING) return &run->jobs[i];
    return NULL;
}

static void start_one(client_run *run, gw_ns now, gw_ns *next) {
    unsigned most = run->few && run->max_running > CLIENT_FEW ? CLIENT_FEW : run->max_running;
    client_job *job = run->running + run->ending < most ? next_waiting(run) : NULL;
    *next = GW_NEVER;
    if (!job) return;
    if (now >= run->next_start_ns) {
        if (!client_job_start(job)) return;
        run->next_start_ns = now + CLIENT_STAGGER;
        progress(run);
    }
    *next = run->next_start_ns;
}

static void schedule(client_run *run) {
    while (!run->over && !run->interrupted) {
        gw_ns next;
        if (!run->any_connected && run->silent >= CLIENT_GIVE_UP) give_up(run);
        if (!run->running && !run->ending && !next_waiting(run) && !begin_second_runs(run)) return;
        start_one(run, gw_clock_now(), &next);
        if (run->over) return;
        if (gw_loop_turn(run->loop, next) == GW_ERR_IO) client_end(run, GW_RUNNER_INTERNAL, "the event loop failed");
    }
}

static void settle_interrupt(client_run *run) {
    if (!run->interrupted || run->over) return;
    for (size_t i = 0; i < run->job_count; i++) /* what has a result keeps it */
        if (run->jobs[i].state == CLIENT_LATER || run->jobs[i].state == CLIENT_ENDING) finalize(&run->jobs[i]);
    client_end(run, GW_RUNNER_INTERRUPTED, "interrupted; %zu of %zu scenarios have a verdict", run->final_count,
               run->job_count);
}

/* ---- before and after ---- */

static void on_signal(int signal_number, void *user) {
    (void)signal_number;
    ((client_run *)user)->interrupted = true;
}

static void on_lag_timer(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    client_run *run = user;
    client_note_lag(run, now_ns);
    gw_loop_timer_set(run->loop, timer, now_ns + LAG_PERIOD);
}

/* "HOST:PORT", "[::1]:PORT", ":PORT", "PORT"; NULL: any free port of the loopback. */
static gw_status read_address(client_run *run, gw_error *error) {
    const char *text = run->client->listen ? run->client->listen : "0";
    const char *colon = strrchr(text, ':');
    const char *digits = colon ? colon + 1 : text;
    char host[256] = "127.0.0.1", *end;
    unsigned long port = strtoul(digits, &end, 10);
    size_t len = colon ? (size_t)(colon - text) : 0;
    if (*digits < '0' || *digits > '9' || *end || port > 65535 || len >= sizeof host)
        return gw_error_set(error, GW_ERR_INVALID, "--listen needs HOST:PORT or a port, not '%s'", text);
    if (len > 2 && text[0] == '[' && text[len - 1] == ']')
        snprintf(host, sizeof host, "%.*s", (int)len - 2, text + 1);
    else if (len)
        snprintf(host, sizeof host, "%.*s", (int)len, text);
    return gw_address_resolve(host, (uint16_t)port, &run->address, error);
}

static void choose_jobs(client_run *run) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    run->max_running = run->plan->jobs ? run->plan->jobs : CLIENT_JOBS_EACH_CPU * (unsigned)(cpus > 0 ? cpus : 1);
    if (run->client->listen) run->max_running = 1;
    run->outcome->jobs = run->max_running;
}

static bool set_up(client_run *run) {
    gw_error error = {0};
    const gw_client_plan *client = run->client;
    if (!(run->loop = gw_loop_create(&error)) || gw_loop_on_signal(run->loop, on_signal, run) != GW_OK) {
        client_end(run, GW_RUNNER_INTERNAL, "%s", error.text[0] ? error.text : "no signals to be had");
        return false;
    }
    gw_tls_options tls = {.cert_file = client->cert, .key_file = client->key};
    if (read_address(run, &error) != GW_OK || (client->cert && !(run->tls = gw_tls_create_server(&tls, &error)))) {
        client_end(run, GW_RUNNER_BAD_TARGET, "%s", error.text);
        return false;
    }
    if (client->listen &&
        !(run->gate = gw_client_gate_create(run->loop, &run->address, run->tls, NULL, NULL, &error))) {
        client_end(run, GW_RUNNER_UNREACHABLE, "%s", error.text);
        return false;
    }
    choose_jobs(run);
    run->lag_timer = (gw_loop_timer){.fn = on_lag_timer, .user = run};
    run->lag_noted_ns = gw_clock_now();
    gw_loop_timer_set(run->loop, &run->lag_timer, run->lag_noted_ns + LAG_PERIOD);
    return true;
}

static bool make_jobs(client_run *run) {
    const gw_runner_plan *plan = run->plan;
    run->job_count = plan->scenario_count;
    run->jobs = calloc(run->job_count + 1, sizeof *run->jobs);
    bool ok = run->jobs != NULL;
    for (size_t i = 0; ok && i < run->job_count; i++) {
        client_job *job = &run->jobs[i];
        char reason[512];
        job->run = run;
        job->scenario = plan->scenarios[i];
        if (!runner_verdict_skip_reason(job->scenario, plan->protocol, NULL, reason, sizeof reason)) continue;
        job->result = runner_verdict_without_run(plan, job->scenario, GW_VERDICT_SKIPPED, reason);
        ok = job->result != NULL;
        if (ok) finalize(job);
    }
    if (!ok) client_end(run, GW_RUNNER_INTERNAL, "out of memory");
    return ok;
}

static void tear_down(client_run *run) {
    if (run->loop) {
        run->outcome->lateness = gw_loop_lag(run->loop);
        for (size_t i = 0; run->jobs && i < run->job_count; i++) client_job_release(&run->jobs[i]);
        client_program_sweep();
        gw_client_gate_destroy(run->gate);
        gw_loop_timer_cancel(run->loop, &run->lag_timer);
        gw_loop_destroy(run->loop);
    }
    gw_tls_destroy(run->tls);
    for (size_t i = 0; run->jobs && i < run->job_count; i++) free(run->jobs[i].first_failure);
    free(run->jobs);
}

static void gather_results(client_run *run) {
    gw_runner_outcome *outcome = run->outcome;
    outcome->results = calloc(run->job_count + 1, sizeof(gw_result *));
    for (size_t i = 0; run->jobs && i < run->job_count; i++) {
        if (outcome->results && run->jobs[i].state == CLIENT_FINAL)
            outcome->results[outcome->result_count++] = run->jobs[i].result;
        else
            gw_result_destroy(run->jobs[i].result);
        run->jobs[i].result = NULL;
    }
}

void gw_client_run(const gw_client_plan *client, const gw_runner_callbacks *callbacks, gw_runner_outcome *outcome) {
    gw_client_plan own = *client;
    if (own.plan.timeout_scale <= 0) own.plan.timeout_scale = 1;
    client_run run = {.client = &own, .plan = &own.plan, .outcome = outcome, .memory = {.max_bytes = MEMORY_BYTES}};
    if (callbacks) run.callbacks = *callbacks;
    *outcome = (gw_runner_outcome){.end = GW_RUNNER_COMPLETE};
    run.started_ns = gw_clock_now();
    if (set_up(&run) && make_jobs(&run)) {
        schedule(&run);
        settle_interrupt(&run);
    }
    gather_results(&run);
    tear_down(&run);
    if (runner_verdict_unmatched(&own.plan, &outcome->unmatched, &outcome->unmatched_count) != GW_OK)
        client_end(&run, GW_RUNNER_INTERNAL, "out of memory");
    outcome->elapsed = gw_clock_now() - run.started_ns;
}
