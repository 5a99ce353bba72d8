/* The server died or hangs: who did it? Whoever was in flight may have; each suspect runs alone on a fresh server, the
 * likeliest first, until one does it again. The others were only hit, and run once more with the rest. Floor 5. */
#include "cli/runner_internal.h"

#include <stdio.h>
#include <stdlib.h>

/* Copied from the jobs before these are dropped. */
typedef struct suspect {
    runner_job *job;
    bool saw_crash; /* its own canary found the server dead */
    gw_ns finished_ns, last_send_ns;
} suspect;

/* Who first saw the server silent has most likely silenced it; who sent last before it died has most likely killed it.
 */
static int likelier(const void *a, const void *b, void *silent) {
    const suspect *x = a, *y = b;
    if (*(const bool *)silent) {
        if (x->saw_crash != y->saw_crash) return x->saw_crash ? -1 : 1;
        if (x->saw_crash && x->finished_ns != y->finished_ns) return x->finished_ns < y->finished_ns ? -1 : 1;
    }
    if (x->last_send_ns != y->last_send_ns) return x->last_send_ns > y->last_send_ns ? -1 : 1;
    return x->job < y->job ? -1 : 1;
}

static suspect *collect(runner *r, runner_incident incident, size_t *count) {
    *count = 0;
    suspect *list = calloc(r->running + r->held + 1, sizeof *list);
    if (!list) return NULL;
    for (size_t i = 0; i < r->job_count; i++) {
        runner_job *job = &r->jobs[i];
        if (job->state != RUNNER_JOB_RUNNING && job->state != RUNNER_JOB_HELD) continue;
        bool saw = job->state == RUNNER_JOB_HELD && job->result->verdict == GW_VERDICT_CRASH;
        list[(*count)++] = (suspect){job, saw, job->finished_ns, job->last_send_ns};
    }
    bool silent = incident != RUNNER_DIED;
    if (*count > 1) qsort_r(list, *count, sizeof *list, likelier, &silent);
    return list;
}

/* "the server exited with code 3; its last lines: ..." */
static void describe(runner *r, runner_incident incident, char *out, size_t size) {
    char obituary[GW_RUNNER_MESSAGE / 2];
    runner_server_obituary(r, obituary, sizeof obituary);
    if (r->server.exited)
        snprintf(out, size, "the server %s", obituary);
    else if (incident == RUNNER_DIED)
        snprintf(out, size, "the server takes no connections any more: %s", r->probe_error);
    else if (incident == RUNNER_HUNG)
        snprintf(out, size, "the server takes connections and answers nothing any more%s%s", *obituary ? "; " : "",
                 obituary);
    else
        snprintf(out, size, "the server's process goes on%s%s", *obituary ? "; " : "", obituary);
}

static void wait_for_exit(runner *r, gw_ns within) {
    if (r->server.process && !r->server.exited) runner_wait(r, &r->server.exited, gw_clock_now() + within);
}

/* What saw the death with its own eyes keeps its verdict. */
static void lose(runner *r, const char *what) {
    char note[256];
    size_t others = r->running + r->held;
    snprintf(note, sizeof note, "%zu other scenarios were in flight; with --jobs 1 it is plain which one did it",
             others ? others - 1 : 0);
    for (size_t i = 0; i < r->job_count; i++) {
        runner_job *job = &r->jobs[i];
        if (job->state == RUNNER_JOB_HELD && job->result->verdict == GW_VERDICT_CRASH) {
            if (others > 1) runner_verdict_crash(job->result, r->plan->protocol, note);
            runner_finalize(job);
        } else if (job->state == RUNNER_JOB_RUNNING || job->state == RUNNER_JOB_HELD) {
            runner_job_discard(job);
        }
    }
    runner_end(r, GW_RUNNER_LOST, "target lost after %zu of %zu scenarios: %s", r->final_count, r->job_count, what);
}

static bool restart(runner *r) {
    char why[GW_RUNNER_MESSAGE];
    gw_error error = {0};
    runner_probe_cancel(r);
    runner_server_stop(r);
    r->probe_result = RUNNER_PROBE_NONE;
    r->outcome->restarts++;
    if (runner_server_start(r, why, sizeof why) != GW_OK) {
        if (!r->interrupted) runner_end(r, GW_RUNNER_LOST, "the server could not be started again: %s", why);
        return false;
    }
    if (runner_probe_aim(r, &error) != GW_OK) {
        runner_end(r, GW_RUNNER_LOST, "%s", error.text);
        return false;
    }
    return true;
}

/* Runs one job with nothing beside it. True when the server did not survive it. */
static bool run_alone(runner *r, runner_job *job) {
    if (!runner_job_start(job)) return false;
    while (job->state == RUNNER_JOB_RUNNING && !r->interrupted)
        if (gw_loop_turn(r->loop, GW_NEVER) == GW_ERR_IO) break;
    if (job->state != RUNNER_JOB_HELD) return false;
    runner_probe_result alive = runner_probe_now(r);
    wait_for_exit(r, alive == RUNNER_PROBE_DEAD ? RUNNER_EXIT_WITHIN : RUNNER_SETTLE);
    return r->server.exited || alive == RUNNER_PROBE_DEAD || alive == RUNNER_PROBE_SILENT ||
           job->result->verdict == GW_VERDICT_CRASH;
}

static void blame(runner *r, runner_job *job, runner_incident incident) {
    char what[GW_RUNNER_MESSAGE];
    describe(r, incident, what, sizeof what);
    runner_verdict_crash(job->result, r->plan->protocol, what);
    runner_finalize(job);
}

/* The likeliest suspects, one after another. Those that did no harm alone stay held. True when one did it. */
static bool try_suspects(runner *r, const suspect *list, size_t count) {
    for (size_t i = 0; i < count && !r->over && !r->interrupted; i++) {
        if (!run_alone(r, list[i].job)) continue;
        if (r->interrupted) return false;
        runner_incident incident = r->probe_result == RUNNER_PROBE_SILENT  ? RUNNER_HUNG
                                   : r->probe_result == RUNNER_PROBE_ALIVE ? RUNNER_CANARY
                                                                           : RUNNER_DIED;
        blame(r, list[i].job, incident);
        restart(r);
        return true;
    }
    return false;
}

/* Those that ran alone and did no harm have their verdict; if nobody did it again, the likeliest stands for it. */
static void acquit(runner *r, const suspect *list, size_t count, size_t in_flight, bool found, const char *what) {
    for (size_t i = 0; i < count; i++) {
        runner_job *job = list[i].job;
        if (job->state != RUNNER_JOB_HELD) continue;
        if (!found && i == 0) {
            char text[GW_RUNNER_MESSAGE + 256];
            snprintf(text, sizeof text,
                     "%s; it happened while this scenario and %zu others ran, and this one had sent last; alone it did "
                     "not do it again",
                     what, in_flight - 1);
            runner_verdict_crash(job->result, r->plan->protocol, text);
        }
        runner_finalize(job);
    }
}

void runner_handle_incident(runner *r, runner_incident incident) {
    char what[GW_RUNNER_MESSAGE];
    size_t in_flight;
    if (incident == RUNNER_DIED) wait_for_exit(r, RUNNER_EXIT_WITHIN);
    describe(r, incident, what, sizeof what);
    if (!r->server.process || !r->target->start.restart) {
        lose(r, what);
        return;
    }
    suspect *list = collect(r, incident, &in_flight);
    if (!list) {
        runner_end(r, GW_RUNNER_INTERNAL, "out of memory");
        return;
    }
    runner_note(r, "%s; %zu scenarios were in flight", what, in_flight);
    if (in_flight == 1 && list[0].job->state == RUNNER_JOB_HELD) {
        blame(r, list[0].job, incident);
        restart(r);
        free(list);
        return;
    }
    for (size_t i = 0; i < in_flight; i++) runner_job_discard(list[i].job);
    r->next_job = 0;
    if (restart(r)) {
        size_t count = in_flight < RUNNER_SUSPECTS ? in_flight : RUNNER_SUSPECTS;
        bool found = try_suspects(r, list, count);
        if (!r->interrupted) acquit(r, list, count, in_flight, found, what);
    }
    free(list);
}
