/* The server died or hangs: who did it? Whoever was in flight may have. The likeliest runs alone on a fresh server,
 * then the others by halves, until one has done it again with nothing beside it. A half that does no harm has its
 * verdicts; who was only hit runs once more with the rest. Floor 5. */
#include "cli/runner_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { INCIDENT_NOTES = 3, CAREFUL_FROM = 3 };

/* Copied from the jobs before these are dropped. */
typedef struct suspect {
    runner_job *job;
    bool saw_crash; /* its own canary found the server dead */
    gw_ns finished_ns;
    gw_ns distance; /* from its nearest sending to the moment in question */
} suspect;

static gw_ns apart(gw_ns a, gw_ns b) {
    return a < b ? b - a : a - b;
}

/* A server that died did so upon the last bytes; one that fell silent did so about when it was last heard. */
static gw_ns distance(const runner *r, const runner_job *job, bool silent, gw_ns now) {
    if (!job->last_send_ns) return GW_NEVER;
    if (!silent) return now - job->last_send_ns;
    if (job->quiet_since_ns != r->heard_ns) return apart(job->last_send_ns, r->heard_ns);
    gw_ns before = apart(job->before_quiet_ns, r->heard_ns), after = apart(job->first_quiet_ns, r->heard_ns);
    return before < after ? before : after;
}

/* Who first saw the server dead has most likely killed it. */
static int likelier(const void *a, const void *b) {
    const suspect *x = a, *y = b;
    if (x->saw_crash != y->saw_crash) return x->saw_crash ? -1 : 1;
    if (x->saw_crash && x->finished_ns != y->finished_ns) return x->finished_ns < y->finished_ns ? -1 : 1;
    if (x->distance != y->distance) return x->distance < y->distance ? -1 : 1;
    return x->job < y->job ? -1 : 1;
}

static bool saw_death(const runner_job *job) {
    return job->state == RUNNER_JOB_HELD && job->result->verdict == GW_VERDICT_CRASH;
}

static suspect *collect(runner *r, runner_incident incident, size_t *count) {
    gw_ns now = gw_clock_now();
    *count = 0;
    suspect *list = calloc(r->running + r->held + 1, sizeof *list);
    if (!list) return NULL;
    for (size_t i = 0; i < r->job_count; i++) {
        runner_job *job = &r->jobs[i];
        if (job->state != RUNNER_JOB_RUNNING && job->state != RUNNER_JOB_HELD) continue;
        bool silent = incident != RUNNER_DIED;
        bool saw = silent && saw_death(job);
        list[(*count)++] = (suspect){job, saw, job->finished_ns, distance(r, job, silent, now)};
    }
    if (*count > 1) qsort(list, *count, sizeof *list, likelier);
    return list;
}

/* "the server exited with code 3" */
static void describe(runner *r, runner_incident incident, char *out, size_t size) {
    gw_process_exit how;
    char text[128] = "";
    if (r->server.exited && r->server.process && gw_process_exited(r->server.process, &how))
        snprintf(out, size, "the server %s", gw_process_exit_text(&how, text, sizeof text));
    else if (incident == RUNNER_DIED)
        snprintf(out, size, "the server takes no connections any more: %s", r->probe_error);
    else if (incident == RUNNER_HUNG)
        snprintf(out, size, "the server takes connections and answers nothing any more");
    else
        snprintf(out, size, "the server's process goes on");
}

/* What the server wrote before it died, for the report on who did it; NULL: what it wrote last. */
static void add_server_log(runner *r, gw_result *result, const char *lines) {
    gw_buf own;
    gw_buf_init(&own, GW_PROCESS_TAIL_BYTES * 4);
    if (!lines) runner_server_last_lines(r, RUNNER_BLOCK_LINES, &own);
    const char *text = lines ? lines : gw_buf_cstr(&own);
    if (*text) result->server_log = gw_arena_strdup(result->arena, text);
    gw_buf_deinit(&own);
}

static void wait_for_exit(runner *r, gw_ns within) {
    if (r->server.process && !r->server.exited) runner_wait(r, &r->server.exited, gw_clock_now() + within);
}

/* Of those that saw the death with their own eyes the likeliest; first of all one that does what no client should. */
static runner_job *likeliest_witness(const suspect *list, size_t count) {
    runner_job *found = NULL;
    for (size_t i = 0; i < count; i++) {
        runner_job *job = list[i].job;
        if (saw_death(job) && (!found || (job->scenario->negative && !found->scenario->negative))) found = job;
    }
    return found;
}

/* A verdict in place of its run. False: the run is over, for want of memory. */
static bool set_aside(runner *r, runner_job *job, gw_verdict verdict, const char *reason) {
    runner_job_discard(job);
    job->result = runner_verdict_without_run(r->plan, job->scenario, verdict, reason);
    if (job->result)
        runner_finalize(job);
    else
        runner_end(r, GW_RUNNER_INTERNAL, "out of memory");
    return job->result != NULL;
}

/* A server that nobody starts again: no suspect can run alone. One death is one crash, and the likeliest of those that
 * saw it stands for it. */
static void lose(runner *r, runner_incident incident, const char *what) {
    char note[256], saw[512] = "";
    size_t in_flight;
    suspect *list = collect(r, incident, &in_flight);
    if (!list) {
        runner_end(r, GW_RUNNER_INTERNAL, "out of memory");
        return;
    }
    runner_job *culprit = likeliest_witness(list, in_flight);
    free(list);
    snprintf(note, sizeof note,
             "%zu other scenarios were in flight, and this one is the likeliest; --jobs 1 makes it plain",
             in_flight ? in_flight - 1 : 0);
    if (culprit)
        snprintf(saw, sizeof saw,
                 "it found the server dead while %zu others ran, and %.200s is likelier to have done it", in_flight - 1,
                 culprit->scenario->id);
    for (size_t i = 0; i < r->job_count; i++) {
        runner_job *job = &r->jobs[i];
        if (job == culprit) {
            if (in_flight > 1) runner_verdict_crash(job->result, r->plan->protocol, note);
            add_server_log(r, job->result, NULL);
            runner_finalize(job);
        } else if (saw_death(job)) {
            if (!set_aside(r, job, GW_VERDICT_INCONCLUSIVE, saw)) return;
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
    if (++r->outcome->restarts > RUNNER_RESTARTS_EACH * r->job_count + RUNNER_RESTARTS) {
        runner_end(r, GW_RUNNER_LOST, "the server does not stay up, whatever runs: started again %u times",
                   r->outcome->restarts - 1);
        return false;
    }
    gw_ns begun = gw_clock_now();
    gw_status status = runner_server_start(r, why, sizeof why);
    r->incident_begun_ns += gw_clock_now() - begun; /* how long a server takes to start is not ours to bound */
    if (status != GW_OK) {
        if (!r->interrupted) runner_end(r, GW_RUNNER_LOST, "the server could not be started again: %s", why);
        return false;
    }
    r->failed_cleanups = 0; /* what a server that is gone did not remove is gone too */
    if (runner_probe_aim(r, &error) != GW_OK) {
        runner_end(r, GW_RUNNER_LOST, "%s", error.text);
        return false;
    }
    return true;
}

static void blame(runner *r, runner_job *job, runner_incident incident) {
    char what[GW_RUNNER_MESSAGE];
    describe(r, incident, what, sizeof what);
    runner_verdict_crash(job->result, r->plan->protocol, what);
    add_server_log(r, job->result, NULL);
    runner_finalize(job);
}

/* It was alone when it happened; its engine comes to its own end first, for the sake of the record. */
static bool convict(runner *r, runner_job *job, runner_incident incident) {
    while (job->state == RUNNER_JOB_RUNNING && !r->interrupted)
        if (gw_loop_turn(r->loop, GW_NEVER) == GW_ERR_IO) break;
    if (job->state != RUNNER_JOB_HELD) return false;
    if (incident == RUNNER_DIED) wait_for_exit(r, RUNNER_EXIT_WITHIN);
    blame(r, job, incident);
    return restart(r);
}

static void set_all(runner *r, runner_job_state from, runner_job_state to) {
    for (size_t i = 0; i < r->job_count; i++)
        if (r->jobs[i].state == from) r->jobs[i].state = to;
    r->next_job = 0;
}

static runner_job *only_one_in_flight(const runner *r) {
    if (r->running + r->held != 1) return NULL;
    for (size_t i = 0; i < r->job_count; i++)
        if (r->jobs[i].state == RUNNER_JOB_RUNNING || r->jobs[i].state == RUNNER_JOB_HELD) return &r->jobs[i];
    return NULL;
}

static bool is_budget_spent(const runner *r) {
    gw_ns now = r->incident_begun_ns ? gw_clock_now() - r->incident_begun_ns : 0;
    return r->incident_spent_ns + now > (r->plan->crash_search ? r->plan->crash_search : RUNNER_CRASH_SEARCH);
}

static bool is_anyone_convicted(const runner *r) {
    for (size_t i = 0; i < r->job_count; i++)
        if (r->jobs[i].state == RUNNER_JOB_FINAL && r->jobs[i].result->verdict == GW_VERDICT_CRASH) return true;
    return false;
}

/* Nobody has been found to have done it, and a crash is never lost: the likeliest stands for it. */
static void charge_likeliest(runner *r, runner_incident incident, const char *what) {
    size_t in_flight;
    suspect *list = collect(r, incident, &in_flight);
    runner_job *job = in_flight ? list[0].job : NULL;
    for (size_t i = 0; !job && i < r->job_count; i++)
        if (r->jobs[i].state != RUNNER_JOB_FINAL) job = &r->jobs[i];
    free(list);
    if (!job) return;
    char text[GW_RUNNER_MESSAGE + 256];
    snprintf(text, sizeof text,
             "%s, %u times; which scenarios do it was not found in time, and this one is the likeliest of %zu that ran "
             "when it happened last",
             what, r->incident_count, in_flight);
    runner_job_discard(job);
    job->result = runner_verdict_without_run(r->plan, job->scenario, GW_VERDICT_INCONCLUSIVE,
                                             "it ran with others when it happened");
    if (!job->result) return;
    runner_verdict_crash(job->result, r->plan->protocol, text);
    runner_finalize(job);
}

/* Enough is known. Who saw the server dead may have killed it, or not; the others are not judged. */
static void give_up(runner *r, runner_incident incident, const char *what) {
    if (!is_anyone_convicted(r)) charge_likeliest(r, incident, what);
    char reason[GW_RUNNER_MESSAGE + 128], saw[GW_RUNNER_MESSAGE + 128];
    snprintf(reason, sizeof reason, "not judged: the server died or hung %u times, and finding out by whom took %.0f s",
             r->incident_count, (double)r->incident_spent_ns / (double)GW_S);
    snprintf(saw, sizeof saw,
             "it found the server dead while others ran, and it was not run alone: finding out by whom the server died "
             "%u times took %.0f s (--crash-search gives it more)",
             r->incident_count, (double)r->incident_spent_ns / (double)GW_S);
    runner_note(r, "%s; %s", what, reason);
    for (size_t i = 0; i < r->job_count; i++) {
        runner_job *job = &r->jobs[i];
        if (job->state == RUNNER_JOB_FINAL) continue;
        bool saw_it = saw_death(job);
        if (!set_aside(r, job, saw_it ? GW_VERDICT_INCONCLUSIVE : GW_VERDICT_SKIPPED, saw_it ? saw : reason)) return;
    }
}

/* Too much time went into looking for who did it among several: what may do harm runs alone from now on, and nothing
 * has to be looked for. False when nothing of that kind is left. */
static bool go_one_by_one(runner *r) {
    bool any = false;
    for (size_t i = 0; i < r->job_count; i++) {
        runner_job *job = &r->jobs[i];
        if (job->state == RUNNER_JOB_RUNNING || job->state == RUNNER_JOB_HELD) runner_job_discard(job);
        any |= job->state == RUNNER_JOB_WAITING && job->scenario->negative;
    }
    if (!any) return false;
    r->one_by_one = true;
    r->careful = 1;
    r->next_job = 0;
    return restart(r);
}

/* Runs these suspects together. True when one of them is convicted. Others' verdicts become final on the way. */
static bool search(runner *r, const suspect *list, size_t count) {
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (list[i].job->state != RUNNER_JOB_PARKED) continue;
        list[i].job->state = RUNNER_JOB_WAITING;
        left++;
    }
    if (!left || r->over || r->interrupted || is_budget_spent(r)) return false;
    r->next_job = 0;
    runner_incident incident = runner_schedule(r);
    if (incident == RUNNER_NO_INCIDENT || r->over || r->interrupted) return false;
    if (left == 1 && only_one_in_flight(r)) return convict(r, only_one_in_flight(r), incident);
    for (size_t i = 0; i < count; i++) {
        runner_job *job = list[i].job;
        if (job->state == RUNNER_JOB_RUNNING || job->state == RUNNER_JOB_HELD) runner_job_discard(job);
        if (job->state == RUNNER_JOB_WAITING) job->state = RUNNER_JOB_PARKED;
    }
    if (!restart(r) || count == 1) return false;
    return search(r, list, count / 2) || search(r, list + count / 2, count - count / 2);
}

/* The likeliest alone, then few, then more: what is likely costs little. */
static bool search_by_likelihood(runner *r, const suspect *list, size_t count) {
    for (size_t from = 0, size = 1; from < count; from += size, size *= 8)
        if (search(r, list + from, size < count - from ? size : count - from)) return true;
    return false;
}

/* When nobody did it again, the likeliest stands for it: a crash is never lost. */
static void decide_likeliest(runner *r, runner_job *job, bool found, size_t in_flight, const char *what,
                             const char *log) {
    r->likeliest = NULL;
    if (job->state != RUNNER_JOB_KEPT) return;
    if (found) {
        runner_finalize(job);
        return;
    }
    char text[GW_RUNNER_MESSAGE + 256];
    snprintf(text, sizeof text,
             "%s; it happened while this scenario and %zu others ran, and this one is the likeliest to have done it; "
             "when they ran again, none did",
             what, in_flight - 1);
    runner_verdict_crash(job->result, r->plan->protocol, text);
    add_server_log(r, job->result, log);
    runner_finalize(job);
}

static void find_out(runner *r, runner_incident incident) {
    char what[GW_RUNNER_MESSAGE];
    size_t in_flight;
    gw_buf log;
    if (incident == RUNNER_DIED) wait_for_exit(r, RUNNER_EXIT_WITHIN);
    describe(r, incident, what, sizeof what);
    if (!r->server.process || !r->target->start.restart) {
        lose(r, incident, what);
        return;
    }
    bool alone = only_one_in_flight(r) != NULL;
    if (is_budget_spent(r) && !(alone && incident == RUNNER_DIED)) {
        if (incident != RUNNER_DIED || r->one_by_one || !go_one_by_one(r)) give_up(r, incident, what);
        return;
    }
    if (r->incident_count <= INCIDENT_NOTES || r->plan->verbose)
        runner_note(r, "%s; %zu scenarios were in flight", what, r->running + r->held);
    if (alone) {
        convict(r, only_one_in_flight(r), incident);
        return;
    }
    gw_buf_init(&log, GW_PROCESS_TAIL_BYTES * 4);
    runner_server_last_lines(r, RUNNER_BLOCK_LINES, &log);
    suspect *list = collect(r, incident, &in_flight);
    if (!list) {
        runner_end(r, GW_RUNNER_INTERNAL, "out of memory");
        gw_buf_deinit(&log);
        return;
    }
    for (size_t i = 0; i < in_flight; i++) runner_job_discard(list[i].job);
    set_all(r, RUNNER_JOB_WAITING, RUNNER_JOB_PARKED);
    if (in_flight && restart(r)) {
        r->likeliest = list[0].job;
        bool found = search_by_likelihood(r, list, in_flight);
        r->one_by_one |= !found && is_budget_spent(r); /* not all of them ran again: who did it is still to come */
        found |= r->one_by_one || r->over || r->interrupted;
        decide_likeliest(r, list[0].job, found, in_flight, what, gw_buf_cstr(&log));
    } else if (!in_flight) {
        restart(r);
    }
    set_all(r, RUNNER_JOB_PARKED, RUNNER_JOB_WAITING);
    if (r->one_by_one) r->careful = 1;
    gw_buf_deinit(&log);
    free(list);
}

/* A death with nothing beside it tells at once who did it: that is no search. */
void runner_handle_incident(runner *r, runner_incident incident) {
    bool plain = incident == RUNNER_DIED && only_one_in_flight(r);
    r->incident_begun_ns = gw_clock_now();
    if (++r->incident_count >= CAREFUL_FROM) {
        r->careful = 1;
        r->careful_passed = 0;
    }
    find_out(r, incident);
    if (!plain) r->incident_spent_ns += gw_clock_now() - r->incident_begun_ns;
    r->incident_begun_ns = 0;
}
