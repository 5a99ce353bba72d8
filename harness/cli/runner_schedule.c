/* Which scenario runs when, and when its verdict is final. Floor 5. It must not know sockets or processes. */
#include "cli/runner_internal.h"
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>

void runner_progress(runner *r) {
    if (r->callbacks.on_progress) r->callbacks.on_progress(r->final_count, r->running, r->job_count, r->callbacks.user);
}

/* ---- final ---- */

static const char *redact_text(runner *r, gw_arena *arena, const char *text) {
    if (!text) return NULL;
    gw_buf out;
    gw_buf_init(&out, 1 << 20);
    const char *clean = text;
    if (gw_fixtures_redact(r->fixtures, gw_span_cstr(text), &out)) clean = gw_arena_strdup(arena, gw_buf_cstr(&out));
    gw_buf_deinit(&out);
    return clean;
}

/* A masked frame hides nothing: its payload is looked into. */
static bool frame_has_secret(runner *r, const gw_result *result) {
    gw_frame_decoder decoder;
    gw_buf copy, out;
    bool found = false;
    gw_buf_init(&copy, 1 << 20);
    gw_buf_init(&out, 1 << 20);
    gw_buf_append(&copy, result->stimulus, result->stimulus_len);
    gw_frame_decoder_init(&decoder, true);
    gw_frame_event event = gw_frame_decoder_next(&decoder, copy.data, copy.len);
    if (event.kind == GW_FRAME_HEADER) {
        event = gw_frame_decoder_next(&decoder, copy.data + event.consumed, copy.len - event.consumed);
        if (event.kind == GW_FRAME_PAYLOAD)
            found = gw_fixtures_redact(r->fixtures, gw_span_make(event.bytes, event.len), &out);
    }
    gw_buf_deinit(&out);
    gw_buf_deinit(&copy);
    return found;
}

static void redact_stimulus(runner *r, gw_result *result) {
    gw_buf out;
    if (!result->stimulus) return;
    gw_buf_init(&out, 1 << 20);
    bool any = gw_fixtures_redact(r->fixtures, gw_span_make(result->stimulus, result->stimulus_len), &out);
    if (!any && frame_has_secret(r, result)) {
        any = true;
        gw_buf_clear(&out);
        gw_buf_append_cstr(&out, "*** (a frame that holds a secret)");
    }
    if (any) {
        result->stimulus = (const uint8_t *)gw_arena_strndup(result->arena, gw_buf_cstr(&out), out.len);
        result->stimulus_len = out.len;
    }
    gw_buf_deinit(&out);
}

/* No report ever sees a secret of the target's environment. */
static void redact(runner *r, gw_result *result) {
    if (!gw_fixtures_has_secrets(r->fixtures)) return;
    gw_arena *arena = result->arena;
    gw_wire_entry *wire = GW_ARENA_ARRAY(arena, gw_wire_entry, result->wire_count + 1);
    gw_finding *findings = GW_ARENA_ARRAY(arena, gw_finding, result->finding_count + 1);
    for (size_t i = 0; i < result->wire_count; i++) {
        wire[i] = result->wire[i];
        wire[i].text = redact_text(r, arena, wire[i].text);
    }
    for (size_t i = 0; i < result->finding_count; i++) {
        findings[i] = result->findings[i];
        findings[i].expected = redact_text(r, arena, findings[i].expected);
        findings[i].observed = redact_text(r, arena, findings[i].observed);
    }
    result->flaky = redact_text(r, arena, result->flaky);
    redact_stimulus(r, result);
    result->wire = wire;
    result->findings = findings;
}

static void note_second_run(runner *r, const runner_job *job) {
    if (!job->second_run || job->result->verdict == job->first_verdict) return;
    r->changed_verdicts++;
    if (r->plan->verbose)
        runner_note(r, "%s: %s beside many others, %s beside few", job->scenario->id,
                    gw_verdict_word(job->first_verdict), gw_verdict_word(job->result->verdict));
}

void runner_finalize(runner_job *job) {
    runner *r = job->r;
    if (job->state == RUNNER_JOB_HELD) r->held--;
    job->state = RUNNER_JOB_FINAL;
    job->result->retries = job->retries + (job->tries ? job->tries : job->second_run ? 1 : 0);
    if (job->tries && job->result->verdict == GW_VERDICT_PASS)
        job->result->flaky = gw_arena_strdup(job->result->arena, job->first_failure);
    else
        note_second_run(r, job);
    gw_expected_apply(r->plan->expected, r->plan->expected_count, job->result);
    redact(r, job->result);
    r->final_count++;
    if (r->careful && !r->one_by_one && job->result->verdict != GW_VERDICT_CRASH &&
        ++r->careful_passed >= 4 * r->careful) {
        r->careful *= 2;
        r->careful_passed = 0;
    }
    if (r->callbacks.on_result) r->callbacks.on_result(job->result, r->callbacks.user);
    runner_progress(r);
}

void runner_job_done(runner_job *job) {
    if (job->r->running > job->beside) job->beside = job->r->running;
    job->state = RUNNER_JOB_HELD;
    job->r->running--;
    job->r->held++;
}

/* ---- held ---- */

static bool is_ours(const runner *r) {
    return r->server.process != NULL;
}

/* Whether a dying server could have made this verdict. */
static bool needs_probe(const runner_job *job) {
    return job->result->verdict != GW_VERDICT_PASS && job->result->verdict != GW_VERDICT_SKIPPED;
}

/* When a held verdict is final: now, later (the time), or once a probe tells (GW_NEVER). */
static gw_ns final_at(const runner_job *job) {
    const runner *r = job->r;
    if (needs_probe(job)) return r->probe_alive_ns >= job->finished_ns ? job->finished_ns : GW_NEVER;
    return is_ours(r) ? job->finished_ns + RUNNER_SETTLE : job->finished_ns;
}

/* Runs it once more; the harness was too slow to judge. */
static bool retry(runner_job *job) {
    if (job->result->verdict != GW_VERDICT_INCONCLUSIVE || job->retries >= RUNNER_RETRIES) return false;
    job->retries++;
    runner_job_discard(job);
    job->r->next_job = 0;
    return true;
}

/* The load of many scenarios at once is our doing: a server that fails under it may still conform. One that fails in
 * very many does not. */
static bool run_later(runner_job *job) {
    runner *r = job->r;
    bool bad = job->result->verdict == GW_VERDICT_FAIL || job->result->verdict == GW_VERDICT_NON_STRICT;
    bool crowded = !job->second_run && job->beside > RUNNER_FEW && r->second_runs <= RUNNER_SECOND_RUNS;
    if (!bad || !(crowded || job->tries < r->plan->retries)) return false;
    if (crowded) r->second_runs++;
    job->state = RUNNER_JOB_LATER;
    r->held--;
    return true;
}

static void run_again(runner_job *job, bool asked) {
    if (!job->second_run) {
        const gw_finding *finding = job->result->finding_count ? &job->result->findings[0] : NULL;
        gw_buf text;
        gw_buf_init(&text, 1 << 16);
        gw_buf_printf(&text, "%s: %s", finding && finding->rule ? finding->rule : "failed",
                      finding ? finding->observed : "");
        job->first_failure = strdup(gw_buf_cstr(&text));
        gw_buf_deinit(&text);
        job->first_verdict = job->result->verdict;
    }
    job->second_run = true;
    if (asked) job->tries++;
    runner_job_discard(job);
}

bool runner_begin_second_runs(runner *r) {
    size_t count = 0;
    bool few = r->second_runs <= RUNNER_SECOND_RUNS;
    for (size_t i = 0; i < r->job_count; i++) {
        runner_job *job = &r->jobs[i];
        if (job->state != RUNNER_JOB_LATER) continue;
        bool asked = job->tries < r->plan->retries;
        if (asked || (few && !job->second_run))
            run_again(job, asked);
        else
            runner_finalize(job);
        count++;
    }
    if (few && r->max_running > RUNNER_FEW) r->max_running = RUNNER_FEW;
    r->next_job = 0;
    return count > 0;
}

static void keep(runner_job *job) {
    job->state = RUNNER_JOB_KEPT;
    job->r->held--;
}

/* Verdicts that have become final. The first that tells of harm to the server is an incident. */
static runner_incident settle_held(runner *r, gw_ns now, gw_ns *next) {
    *next = GW_NEVER;
    r->alarm = false;
    for (size_t i = 0; r->held && i < r->job_count; i++) {
        runner_job *job = &r->jobs[i];
        if (job->state != RUNNER_JOB_HELD) continue;
        gw_ns at = final_at(job);
        if (at > now) {
            if (at == GW_NEVER && !r->probe.running) runner_probe_start(r);
            if (at < *next) *next = at;
            r->alarm |= job->result->verdict == GW_VERDICT_CRASH;
            continue;
        }
        if (job->result->verdict == GW_VERDICT_CRASH && is_ours(r) && r->target->start.restart) return RUNNER_CANARY;
        if (retry(job) || run_later(job)) continue;
        if (job == r->likeliest)
            keep(job);
        else
            runner_finalize(job);
    }
    return RUNNER_NO_INCIDENT;
}

/* ---- running ---- */

/* While a server dies often, what may kill it goes first and in small groups: who did it is then plain at once. */
static runner_job *next_careful(runner *r) {
    for (size_t i = 0; i < r->job_count; i++)
        if (r->jobs[i].state == RUNNER_JOB_WAITING && r->jobs[i].scenario->negative) return &r->jobs[i];
    r->careful = 0; /* nothing is left that could do harm on purpose */
    return NULL;
}

static runner_job *next_waiting(runner *r) {
    runner_job *careful = r->careful ? next_careful(r) : NULL;
    if (careful) return careful;
    while (r->next_job < r->job_count && r->jobs[r->next_job].state != RUNNER_JOB_WAITING) r->next_job++;
    return r->next_job < r->job_count ? &r->jobs[r->next_job] : NULL;
}

/* Starts one when it is time for it; when the next one may start goes to *next. */
static void start_one(runner *r, gw_ns now, gw_ns *next) {
    size_t room = r->careful && r->careful < r->max_running ? r->careful : r->max_running;
    runner_job *job = r->running + (r->careful ? r->held : 0) < room ? next_waiting(r) : NULL;
    if (!job) return;
    if (now >= r->next_start_ns) {
        if (!runner_job_start(job)) return;
        r->next_start_ns = now + RUNNER_STAGGER;
        runner_progress(r);
        if (r->running >= room || !next_waiting(r)) return;
    }
    if (r->next_start_ns < *next) *next = r->next_start_ns;
}

/* A server of ours that has said nothing for a while is asked; otherwise a hang shows only when windows have passed. */
static void probe_silence(runner *r, gw_ns now, gw_ns *next) {
    gw_ns last = r->heard_ns > r->probe.started_ns ? r->heard_ns : r->probe.started_ns;
    if (!r->running || !is_ours(r) || r->probe.running) return;
    if (now - last >= RUNNER_SILENCE)
        runner_probe_start(r);
    else if (last + RUNNER_SILENCE < *next)
        *next = last + RUNNER_SILENCE;
}

static runner_incident look_for_incident(const runner *r) {
    if (r->server.exited) return RUNNER_DIED;
    if (r->probe.running) return RUNNER_NO_INCIDENT;
    if (r->probe_result == RUNNER_PROBE_DEAD) return RUNNER_DIED;
    if (r->probe_result == RUNNER_PROBE_SILENT) return RUNNER_HUNG;
    return RUNNER_NO_INCIDENT;
}

runner_incident runner_schedule(runner *r) {
    while (!r->over && !r->interrupted) {
        gw_ns now = gw_clock_now(), next;
        runner_incident incident = settle_held(r, now, &next);
        if (incident != RUNNER_NO_INCIDENT) return incident;
        if (!r->running && !r->held && !next_waiting(r)) break;
        if (!r->alarm) start_one(r, now, &next);
        probe_silence(r, now, &next);
        if (r->over) break;
        if (gw_loop_turn(r->loop, next) == GW_ERR_IO) {
            runner_end(r, GW_RUNNER_INTERNAL, "the event loop failed");
            break;
        }
        if ((incident = look_for_incident(r)) != RUNNER_NO_INCIDENT) return incident;
    }
    return RUNNER_NO_INCIDENT;
}
