/* Floor 5: gwspec run, gwspec client. */
#include "cli/commands.h"

#include "cli/baseline.h"
#include "cli/client_run.h"
#include "cli/run_reports.h"
#include "cli/run_setup.h"
#include "cli/run_view.h"
#include "cli/runner.h"
#include "cli/simulate.h"
#include "net/clock.h"

#include <string.h>

typedef struct run {
    const gw_options *options;
    gw_run_setup setup;
    gw_run_reports reports;
    gw_run_view view;
    gw_report_run facts;
    gw_runner_plan plan;
    gw_runner_outcome outcome;
    bool written; /* false: a report file failed on the way */
} run;

static void take_result(const gw_result *result, void *user) {
    run *r = user;
    r->written &= gw_run_reports_result(&r->reports, result);
    gw_run_view_result(&r->view, result);
}

static void take_progress(size_t done, size_t running, size_t total, void *user) {
    run *r = user;
    gw_run_view_progress(&r->view, done, running, total, gw_clock_now());
}

static void take_note(const char *line, void *user) {
    run *r = user;
    gw_run_view_note(&r->view, line);
}

/* "ws://localhost:4000/gateway", "reference gateway", "simulation"; with the faults that were planted. */
static const char *describe_target(run *r) {
    gw_arena *arena = &r->setup.arena;
    const gw_options *options = r->options;
    gw_buf text;
    gw_buf_init(&text, 1 << 16);
    if (options->program.count || options->listen)
        gw_buf_printf(&text, "client %s", options->program.count ? "" : "at ");
    for (size_t i = 0; i < options->program.count; i++) {
        if (i) gw_buf_append_byte(&text, ' ');
        gw_report_append_shell_word(options->program.items[i], &text);
    }
    if (options->command == GW_COMMAND_CLIENT)
        gw_buf_append_cstr(&text, options->program.count ? "" : options->listen);
    else if (options->simulate)
        gw_buf_append_cstr(&text, "simulation");
    else if (options->url)
        gw_buf_append_cstr(&text, options->url);
    else
        gw_buf_append_cstr(&text, r->setup.target.name ? r->setup.target.name : options->target);
    for (size_t i = 0; i < options->faults.count; i++)
        gw_buf_printf(&text, "%s%s", i ? ", " : ", fault ", options->faults.items[i]);
    const char *copy = gw_arena_strdup(arena, gw_buf_cstr(&text));
    gw_buf_deinit(&text);
    return copy;
}

static void state_facts(run *r, uint64_t seed) {
    gw_arena *arena = &r->setup.arena;
    char started[64];
    gw_console_wall_time(started, sizeof started);
    gw_buf rerun;
    gw_buf_init(&rerun, 1 << 20);
    gw_options_append_rerun(r->options, seed, &rerun);
    r->facts = (gw_report_run){.version = GWSPEC_VERSION,
                               .protocol =
                                   gw_arena_printf(arena, "%s/%s", r->setup.protocol->name, r->setup.protocol->version),
                               .target = describe_target(r),
                               .started = gw_arena_strdup(arena, started),
                               .seed = seed,
                               .strict = r->options->strict,
                               .command = gw_options_command_word(r->options->command),
                               .rerun_options = gw_arena_strdup(arena, gw_buf_cstr(&rerun)),
                               .own_files = r->setup.catalogue.own_files,
                               .own_file_count = r->setup.catalogue.own_count,
                               .requirements = &r->setup.catalogue.requirements};
    gw_buf_deinit(&rerun);
}

static void make_plan(run *r, uint64_t seed) {
    const gw_options *options = r->options;
    r->plan = (gw_runner_plan){.scenarios = r->setup.chosen.items,
                               .scenario_count = r->setup.chosen.count,
                               .suite = &r->setup.catalogue.suite,
                               .protocol = r->setup.protocol,
                               .target = r->setup.has_target ? &r->setup.target : NULL,
                               .expected = r->setup.expected,
                               .expected_count = r->setup.expected_count,
                               .seed = seed,
                               .jobs = options->jobs,
                               .retries = options->retries,
                               .crash_search = options->crash_search,
                               .timeout_scale = options->timeout_scale,
                               .protocol_file = options->protocol,
                               .interval = options->interval,
                               .faults = options->faults.items,
                               .fault_count = options->faults.count,
                               .headers = options->headers.items,
                               .header_count = options->headers.count,
                               .verbose = options->verbose};
}

static bool write_head(run *r) {
    gw_buf text;
    gw_buf_init(&text, 1 << 16);
    gw_terminal_append_head(&r->facts, r->view.style, &text);
    bool good = gw_console_write(gw_buf_span(&text));
    gw_buf_deinit(&text);
    return good;
}

/* Blocks and summary; false when they could not be written. */
static bool write_tail(run *r, const gw_summary *summary) {
    const gw_result *const *results = (const gw_result *const *)r->outcome.results;
    size_t count = r->outcome.result_count;
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        gw_buf text;
        gw_buf_init(&text, GW_CONSOLE_MAX_TEXT);
        if (gw_terminal_has_block(results[i], r->facts.strict, r->view.style.verbose))
            gw_terminal_append_blocks(&r->facts, results[i], r->view.style, &text);
        else if (r->view.style.verbose)
            gw_terminal_append_log(results[i], r->view.style, &text);
        good &= text.len == 0 || gw_console_write(gw_buf_span(&text));
        gw_buf_deinit(&text);
    }
    gw_buf text;
    gw_buf_init(&text, GW_CONSOLE_MAX_TEXT);
    for (size_t i = 0; i < r->outcome.unmatched_count; i++)
        gw_buf_printf(&text, "\nexpected failure '%s' matches no scenario (%s)\n", r->outcome.unmatched[i]->pattern,
                      r->outcome.unmatched[i]->reason);
    if (r->outcome.end == GW_RUNNER_COMPLETE || count > 0)
        gw_terminal_append_summary(&r->facts, summary, results, count, r->view.style, &text);
    good &= gw_console_write(gw_buf_span(&text));
    gw_buf_deinit(&text);
    return good;
}

/* How a run that is not complete ended. */
static const struct {
    const char *word, *cause;
    int exit_code;
} ends[] = {[GW_RUNNER_COMPLETE] = {0},
            [GW_RUNNER_BAD_TARGET] = {"bad-target", "the run could not be started", GW_EXIT_USAGE},
            [GW_RUNNER_UNREACHABLE] = {"target-unreachable", "the target was not reached", GW_EXIT_TARGET},
            [GW_RUNNER_LOST] = {"target-lost", "the target was lost", GW_EXIT_TARGET},
            [GW_RUNNER_INTERRUPTED] = {"interrupted", "the run was interrupted", GW_EXIT_INTERRUPTED},
            [GW_RUNNER_INTERNAL] = {"internal-error", "the run failed", GW_EXIT_INTERNAL}};

static gw_summary summarize(const run *r) {
    const gw_runner_outcome *outcome = &r->outcome;
    gw_summary summary = gw_summary_of((const gw_result *const *)outcome->results, outcome->result_count);
    summary.elapsed = outcome->elapsed;
    summary.lateness =
        (gw_summary_lateness){outcome->lateness.p50_ns, outcome->lateness.p99_ns, outcome->lateness.max_ns};
    summary.unused = outcome->unmatched;
    summary.unused_count = outcome->unmatched_count;
    summary.end = ends[outcome->end].word;
    summary.cause = ends[outcome->end].cause;
    summary.message = summary.end ? outcome->message : NULL;
    summary.exit_code = ends[outcome->end].exit_code;
    return summary;
}

static void tell_end(const run *r) {
    if (r->outcome.end == GW_RUNNER_COMPLETE) return;
    size_t done = r->outcome.result_count, all = r->plan.scenario_count;
    if (r->outcome.end == GW_RUNNER_INTERRUPTED)
        gw_console_error("interrupted: %zu of %zu scenarios have a verdict", done, all);
    else if (done > 0)
        gw_console_error("%s (%zu of %zu scenarios have a verdict)", r->outcome.message, done, all);
    else
        gw_console_error("%s", r->outcome.message);
}

/* A list from half a run would forget what the other half knows. */
static bool write_baseline(const run *r) {
    const char *path = r->options->write_expected;
    if (!path) return true;
    if (r->outcome.end == GW_RUNNER_COMPLETE) return gw_baseline_write(path, &r->plan, &r->outcome);
    gw_console_error("%s is not written: %s", path, ends[r->outcome.end].cause);
    return true;
}

static bool tell_log(const run *r) {
    if (!r->outcome.server_log) return true;
    gw_buf text;
    gw_buf_init(&text, 1 << 16);
    gw_buf_printf(&text, "\nServer log: %s\n", r->outcome.server_log);
    bool good = gw_console_write(gw_buf_span(&text));
    gw_buf_deinit(&text);
    return good;
}

static int finish(run *r) {
    gw_run_view_end(&r->view);
    const gw_result *const *results = (const gw_result *const *)r->outcome.results;
    gw_summary summary = summarize(r);
    bool good = write_tail(r, &summary) && r->view.written && r->written;
    good &= write_baseline(r) && tell_log(r);
    if (!good && !summary.exit_code) summary.exit_code = GW_EXIT_INTERNAL;
    good = gw_run_reports_end(&r->reports, &r->facts, &summary, results, r->outcome.result_count);
    tell_end(r);
    int exit_code = gw_summary_exit_code(&summary, r->options->strict);
    return good || exit_code > 1 ? exit_code : GW_EXIT_INTERNAL;
}

static int execute(run *r) {
    const gw_options *options = r->options;
    uint64_t seed = options->has_seed ? options->seed : gw_console_random_seed();
    state_facts(r, seed);
    make_plan(r, seed);
    if (options->write_expected && !gw_baseline_probe(options->write_expected)) return GW_EXIT_USAGE;
    if (!gw_run_reports_open(&r->reports, options)) return GW_EXIT_USAGE;
    if (!gw_run_view_init(&r->view, gw_console_open(options->no_color), options->strict, options->verbose,
                          r->plan.scenarios, r->plan.scenario_count, gw_clock_now()))
        return GW_EXIT_INTERNAL;
    if (!write_head(r) || !gw_run_reports_begin(&r->reports, &r->facts)) return GW_EXIT_INTERNAL;
    gw_runner_callbacks callbacks = {
        .on_result = take_result, .on_progress = take_progress, .on_note = take_note, .user = r};
    gw_client_plan client = {.plan = r->plan,
                             .command = options->program.items,
                             .command_count = options->program.count,
                             .listen = options->listen,
                             .cert = options->cert,
                             .key = options->key,
                             .no_deadlines = options->no_deadlines};
    if (options->command == GW_COMMAND_CLIENT)
        gw_client_run(&client, &callbacks, &r->outcome);
    else if (options->simulate)
        gw_simulate_plan(&r->plan, &callbacks, &r->outcome);
    else
        gw_runner_run(&r->plan, &callbacks, &r->outcome);
    int exit_code = finish(r);
    gw_runner_outcome_deinit(&r->outcome);
    return exit_code;
}

int gw_command_run(const gw_options *options) {
    run r = {.options = options, .written = true};
    int exit_code = gw_run_setup_init(&r.setup, options) ? execute(&r) : GW_EXIT_USAGE;
    if (!gw_run_reports_close(&r.reports) && exit_code <= 1) exit_code = GW_EXIT_INTERNAL;
    gw_run_view_deinit(&r.view);
    gw_run_setup_deinit(&r.setup);
    return exit_code;
}
