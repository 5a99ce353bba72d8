/* Unit tests of cli/runner.h against a scripted server over real sockets. */
#include "cli/runner.h"
#include "support/run.h"
#include "unit/scenario/suite_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static suite_fixture fixture;
static gw_target *target;
static gw_runner_outcome outcome;
static char notes[65536];
static size_t results_seen;

static void on_note(const char *line, void *user) {
    (void)user;
    size_t len = strlen(notes);
    snprintf(notes + len, sizeof notes - len, "%s\n", line);
}

static void on_result(const gw_result *result, void *user) {
    (void)result;
    (void)user;
    results_seen++;
}

static void setup(void) {
    suite_fixture_init(&fixture);
    notes[0] = '\0';
    results_seen = 0;
}

static void teardown(void) {
    gw_runner_outcome_deinit(&outcome);
    gw_target_destroy(target);
    suite_fixture_deinit(&fixture);
}

static void load_target(const char *more) {
    static const char START[] = "target: scripted\n"
                                "start:\n"
                                "  command: [\"" SCRIPTED_SERVER "\"%s]\n"
                                "  ready: {line: 'ready ws=(?<ws>\\S+)', within: 5s}\n"
                                "  options: {interval: --interval}\n"
                                "connect: {url: \"${ready.ws}\"}\n";
    char text[4096];
    const char *arguments = *more == ',' ? more : "";
    gw_diag diag;
    gw_diag_init(&diag);
    snprintf(text, sizeof text, START, arguments);
    if (!*arguments) strncat(text, more, sizeof text - strlen(text) - 1);
    target = gw_target_load(gw_span_cstr(text), "scripted.yaml", &diag);
    ck_assert_msg(target != NULL, "%s", gw_buf_cstr(&diag.text));
    gw_diag_deinit(&diag);
}

static void run_with(gw_runner_plan plan) {
    gw_runner_callbacks callbacks = {.on_result = on_result, .on_note = on_note};
    gw_suite_sort(&fixture.suite);
    plan.scenarios = fixture.suite.scenarios;
    plan.scenario_count = fixture.suite.count;
    plan.suite = &fixture.suite;
    plan.protocol = fixture.protocol;
    plan.target = target;
    plan.seed = 7;
    gw_runner_run(&plan, &callbacks, &outcome);
    ck_assert_uint_eq(results_seen, outcome.result_count);
}

static const gw_result *result_of(const char *id) {
    for (size_t i = 0; i < outcome.result_count; i++)
        if (strcmp(outcome.results[i]->scenario->id, id) == 0) return outcome.results[i];
    ck_abort_msg("no result for %s: %s", id, outcome.message);
    return NULL;
}

static void expect_verdict(const char *id, gw_verdict verdict) {
    const gw_result *result = result_of(id);
    ck_assert_msg(result->verdict == verdict, "%s: %s, %s\n%s", id, gw_verdict_word(result->verdict),
                  result->finding_count ? result->findings[0].observed : "", notes);
}

static void add(const char *id, const char *steps) {
    char text[4096];
    snprintf(text, sizeof text, "title: t\nrequires: [S2]\nsteps:\n%s", steps);
    suite_fixture_load(&fixture, id, text);
}

#define HELLO  "  - connect: {as: alice}\n  - expect: {on: alice, event: hello}\n"
#define LINGER HELLO "  - wait: {for: 400ms}\n  - expect-open: {on: alice}\n"
#define DOES(what)                                                                                                     \
    "  - upgrade: {as: mallory, request: {headers: {x-do: " what                                                       \
    "}}}\n  - expect-response: {on: mallory, status: 101}\n"

START_TEST(runner_runs_scenarios_side_by_side) {
    setup();
    load_target("");
    for (int i = 0; i < 12; i++) {
        char id[32];
        snprintf(id, sizeof id, "linger/%02d", i);
        add(id, LINGER);
    }
    run_with((gw_runner_plan){0});
    ck_assert_msg(outcome.end == GW_RUNNER_COMPLETE, "%s", outcome.message);
    ck_assert_uint_eq(outcome.result_count, 12);
    for (size_t i = 0; i < 12; i++) ck_assert_int_eq(outcome.results[i]->verdict, GW_VERDICT_PASS);
    ck_assert_str_eq(outcome.results[3]->scenario->id, "linger/03");
    ck_assert_int_lt(outcome.elapsed, 4 * GW_S);
    ck_assert_uint_eq(outcome.restarts, 0);
    teardown();
}
END_TEST

START_TEST(runner_gives_the_server_the_interval) {
    setup();
    load_target("");
    add("hello/one", HELLO);
    run_with((gw_runner_plan){.interval = 700 * GW_MS});
    expect_verdict("hello/one", GW_VERDICT_PASS);
    ck_assert_int_eq(result_of("hello/one")->interval, 700 * GW_MS);
    teardown();
}
END_TEST

START_TEST(runner_blames_the_scenario_that_kills_the_server) {
    setup();
    load_target("");
    add("linger/a", LINGER);
    add("linger/b", LINGER);
    add("kill/it", DOES("die"));
    add("linger/c", LINGER);
    run_with((gw_runner_plan){0});
    ck_assert_msg(outcome.end == GW_RUNNER_COMPLETE, "%s", outcome.message);
    expect_verdict("linger/a", GW_VERDICT_PASS);
    expect_verdict("linger/b", GW_VERDICT_PASS);
    expect_verdict("linger/c", GW_VERDICT_PASS);
    expect_verdict("kill/it", GW_VERDICT_CRASH);
    const char *observed = result_of("kill/it")->findings[0].observed;
    ck_assert_msg(strstr(observed, "exited with code 3") != NULL, "%s", observed);
    ck_assert_ptr_nonnull(result_of("kill/it")->server_log);
    ck_assert_ptr_nonnull(strstr(result_of("kill/it")->server_log, "got \\x00 frame\nthese are the last words\n"));
    ck_assert_ptr_nonnull(outcome.server_log);
    ck_assert_int_eq(unlink(outcome.server_log), 0);
    ck_assert_uint_ge(outcome.restarts, 1);
    teardown();
}
END_TEST

START_TEST(runner_blames_each_of_several_killers) {
    setup();
    load_target("");
    for (int i = 0; i < 5; i++) {
        char id[32];
        snprintf(id, sizeof id, "kill/%d", i);
        add(id, DOES("die"));
        snprintf(id, sizeof id, "linger/%d", i);
        add(id, LINGER);
    }
    run_with((gw_runner_plan){0});
    ck_assert_msg(outcome.end == GW_RUNNER_COMPLETE, "%s", outcome.message);
    for (size_t i = 0; i < outcome.result_count; i++) {
        const char *id = outcome.results[i]->scenario->id;
        expect_verdict(id, *id == 'k' ? GW_VERDICT_CRASH : GW_VERDICT_PASS);
    }
    teardown();
}
END_TEST

START_TEST(runner_blames_the_scenario_that_hangs_the_server) {
    setup();
    load_target("");
    add("hang/it", DOES("hang"));
    add("linger/a", LINGER);
    add("linger/b", LINGER);
    run_with((gw_runner_plan){.timeout_scale = 0.25});
    ck_assert_msg(outcome.end == GW_RUNNER_COMPLETE, "%s", outcome.message);
    expect_verdict("hang/it", GW_VERDICT_CRASH);
    expect_verdict("linger/a", GW_VERDICT_PASS);
    expect_verdict("linger/b", GW_VERDICT_PASS);
    teardown();
}
END_TEST

START_TEST(runner_reports_a_server_that_is_not_there) {
    setup();
    target = gw_target_from_url("ws://127.0.0.1:1/gateway", NULL, NULL, 0);
    add("hello/one", HELLO);
    run_with((gw_runner_plan){0});
    ck_assert_int_eq(outcome.end, GW_RUNNER_UNREACHABLE);
    ck_assert_uint_eq(outcome.result_count, 0);
    ck_assert_str_eq(outcome.message, "127.0.0.1:1: connect: Connection refused");
    teardown();
}
END_TEST

START_TEST(runner_reports_a_server_that_does_not_start) {
    setup();
    load_target(", --mode, fail");
    add("hello/one", HELLO);
    run_with((gw_runner_plan){0});
    ck_assert_int_eq(outcome.end, GW_RUNNER_UNREACHABLE);
    ck_assert_str_eq(outcome.message,
                     "the server exited with code 7; its last lines: first line | no such thing as a port");
    teardown();
}
END_TEST

START_TEST(runner_reports_a_server_that_does_not_get_ready) {
    setup();
    gw_diag diag;
    gw_diag_init(&diag);
    target = gw_target_load(GW_SPAN_LIT("target: mute\n"
                                        "start:\n"
                                        "  command: [\"" SCRIPTED_SERVER "\", --mode, mute]\n"
                                        "  ready: {line: ready, within: 100ms}\n"
                                        "url: ws://127.0.0.1:1/\n"),
                            "mute.yaml", &diag);
    add("hello/one", HELLO);
    run_with((gw_runner_plan){0});
    ck_assert_int_eq(outcome.end, GW_RUNNER_UNREACHABLE);
    ck_assert_str_eq(outcome.message, "the server was not ready within 100.0 ms");
    gw_diag_deinit(&diag);
    teardown();
}
END_TEST

/* A server that is not the runner's own. Its URL goes to url. */
static pid_t start_apart(char *url) {
    int out[2];
    ck_assert_int_eq(pipe(out), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], 1);
        execl(SCRIPTED_SERVER, SCRIPTED_SERVER, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *lines = fdopen(out[0], "r");
    ck_assert_int_eq(fscanf(lines, "ready ws=%99s", url), 1);
    fclose(lines);
    return pid;
}

START_TEST(runner_ends_when_a_foreign_server_is_lost) {
    setup();
    char url[100];
    pid_t pid = start_apart(url);
    target = gw_target_from_url(url, NULL, NULL, 0);
    add("a/first", HELLO);
    add("b/kill", DOES("die"));
    add("c/later", HELLO);
    run_with((gw_runner_plan){.jobs = 1});
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(outcome.end, GW_RUNNER_LOST);
    expect_verdict("a/first", GW_VERDICT_PASS);
    expect_verdict("b/kill", GW_VERDICT_CRASH);
    ck_assert_uint_eq(outcome.result_count, 2);
    ck_assert_msg(strstr(outcome.message, "target lost after 2 of 3 scenarios") != NULL, "%s", outcome.message);
    teardown();
}
END_TEST

/* Eight see with their own eyes that the server is dead, and one death is one crash. */
START_TEST(runner_counts_the_death_of_a_foreign_server_once) {
    setup();
    char url[100];
    pid_t pid = start_apart(url);
    target = gw_target_from_url(url, NULL, NULL, 0);
    for (int i = 0; i < 8; i++) {
        char id[32], text[512];
        snprintf(id, sizeof id, "witness/%d", i);
        snprintf(text, sizeof text,
                 "title: t\nrequires: [S2]\ncanary: on\nsteps:\n" HELLO
                 "  - expect: {on: alice, event: message_create, within: 5s}\n");
        suite_fixture_load(&fixture, id, text);
    }
    add("z/kill", HELLO "  - wait: {for: 100ms}\n" DOES("die"));
    run_with((gw_runner_plan){.jobs = 16});
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(outcome.end, GW_RUNNER_LOST);
    expect_verdict("z/kill", GW_VERDICT_CRASH);
    for (size_t i = 0; i < outcome.result_count; i++)
        if (strcmp(outcome.results[i]->scenario->id, "z/kill") != 0)
            expect_verdict(outcome.results[i]->scenario->id, GW_VERDICT_INCONCLUSIVE);
    teardown();
}
END_TEST

START_TEST(runner_skips_what_the_target_cannot_do) {
    setup();
    load_target("");
    add("event/one", HELLO "  - trigger: {event: message_create, by: alice, data: {authorId: a, content: b}}\n");
    add("rooms/two", HELLO "  - connect: {as: bob, room: other}\n");
    add("hello/one", HELLO);
    run_with((gw_runner_plan){0});
    expect_verdict("event/one", GW_VERDICT_SKIPPED);
    expect_verdict("rooms/two", GW_VERDICT_SKIPPED);
    expect_verdict("hello/one", GW_VERDICT_PASS);
    ck_assert_str_eq(result_of("event/one")->findings[0].observed, "the target has no trigger for message_create");
    ck_assert_str_eq(result_of("rooms/two")->findings[0].observed, "the target has no fixture for rooms");
    teardown();
}
END_TEST

START_TEST(runner_keeps_account_of_expected_failures) {
    setup();
    load_target("expected-failures:\n"
                "  - {scenario: \"fails/*\", reason: \"it never answers so\"}\n"
                "  - {scenario: hello/one, reason: \"it was broken once\"}\n"
                "  - {scenario: \"nothing/*\", reason: \"gone\"}\n");
    add("fails/one", HELLO "  - expect-none: {on: alice, event: heartbeat, for: 600ms}\n");
    add("hello/one", HELLO);
    run_with((gw_runner_plan){0});
    expect_verdict("fails/one", GW_VERDICT_KNOWN_FAIL);
    ck_assert_str_eq(result_of("fails/one")->known_reason, "it never answers so");
    expect_verdict("hello/one", GW_VERDICT_UNEXPECTED_PASS);
    ck_assert_uint_eq(outcome.unmatched_count, 1);
    ck_assert_str_eq(outcome.unmatched[0]->pattern, "nothing/*");
    teardown();
}
END_TEST

START_TEST(runner_retries_mark_what_is_flaky) {
    setup();
    load_target("");
    add("shy/one", DOES("warm-up"));
    run_with((gw_runner_plan){.retries = 3});
    expect_verdict("shy/one", GW_VERDICT_PASS);
    ck_assert_ptr_nonnull(result_of("shy/one")->flaky);
    ck_assert_uint_eq(result_of("shy/one")->retries, 2);
    teardown();
}
END_TEST

START_TEST(runner_retries_end_with_the_last_failure) {
    setup();
    load_target("");
    add("shy/one", DOES("warm-up"));
    run_with((gw_runner_plan){.retries = 1});
    expect_verdict("shy/one", GW_VERDICT_FAIL);
    ck_assert_ptr_null(result_of("shy/one")->flaky);
    ck_assert_uint_eq(result_of("shy/one")->retries, 1);
    teardown();
}
END_TEST

START_TEST(runner_hides_secrets) {
    setup();
    setenv("RUNNER_TEST_SECRET", "hush-hush-hush", 1);
    gw_diag diag;
    gw_diag_init(&diag);
    target =
        gw_target_load(GW_SPAN_LIT("target: scripted\n"
                                   "start:\n"
                                   "  command: [\"" SCRIPTED_SERVER "\"]\n"
                                   "  ready: {line: 'ready ws=(?<ws>\\S+)'}\n"
                                   "connect: {url: \"${ready.ws}\", query: {token: \"${env.RUNNER_TEST_SECRET}\"}}\n"),
                       "secret.yaml", &diag);
    add("hello/one", HELLO);
    run_with((gw_runner_plan){.verbose = true});
    const gw_result *result = result_of("hello/one");
    bool starred = false;
    for (size_t i = 0; i < result->wire_count; i++) {
        ck_assert_ptr_null(strstr(result->wire[i].text, "hush"));
        starred |= strstr(result->wire[i].text, "***") != NULL;
    }
    ck_assert(starred);
    ck_assert_ptr_null(strstr(notes, "hush"));
    gw_diag_deinit(&diag);
    teardown();
}
END_TEST

START_TEST(runner_names_an_environment_variable_that_is_not_set) {
    setup();
    load_target("tls: {insecure: true}\nfixtures: {run: [{http: {get: \"http://h/${env.GW_NO_SUCH_VARIABLE}\"}}]}\n");
    add("hello/one", HELLO);
    run_with((gw_runner_plan){0});
    ck_assert_int_eq(outcome.end, GW_RUNNER_BAD_TARGET);
    ck_assert_str_eq(outcome.message, "scripted.yaml: the environment variable GW_NO_SUCH_VARIABLE is not set");
    teardown();
}
END_TEST

START_TEST(runner_refuses_faults_that_the_target_has_no_option_for) {
    static const char *const faults[] = {"timeout-never"};
    setup();
    load_target("");
    add("hello/one", HELLO);
    run_with((gw_runner_plan){.faults = faults, .fault_count = 1});
    ck_assert_int_eq(outcome.end, GW_RUNNER_BAD_TARGET);
    ck_assert_str_eq(outcome.message, "the target scripted has no faults: it has no start.options.fault");
    teardown();
}
END_TEST

GW_TEST_MAIN("cli/runner", 30, runner_runs_scenarios_side_by_side, runner_gives_the_server_the_interval,
             runner_blames_the_scenario_that_kills_the_server, runner_blames_each_of_several_killers,
             runner_blames_the_scenario_that_hangs_the_server, runner_reports_a_server_that_is_not_there,
             runner_reports_a_server_that_does_not_start, runner_reports_a_server_that_does_not_get_ready,
             runner_ends_when_a_foreign_server_is_lost, runner_counts_the_death_of_a_foreign_server_once,
             runner_skips_what_the_target_cannot_do, runner_keeps_account_of_expected_failures,
             runner_retries_mark_what_is_flaky, runner_retries_end_with_the_last_failure, runner_hides_secrets,
             runner_names_an_environment_variable_that_is_not_set,
             runner_refuses_faults_that_the_target_has_no_option_for)
