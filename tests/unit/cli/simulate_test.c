/* Unit tests of cli/simulate.h. */
#include "cli/simulate.h"
#include "support/run.h"
#include "unit/scenario/suite_fixture.h"

#include <stdio.h>
#include <string.h>

static suite_fixture fixture;
static gw_faults faults;
static gw_simulate_config config;

static void setup(void) {
    suite_fixture_init(&fixture);
    memset(&faults, 0, sizeof faults);
    config = (gw_simulate_config){.protocol = fixture.protocol, .faults = &faults, .seed = 7};
}

static void teardown(void) {
    suite_fixture_deinit(&fixture);
}

static void plant(const char *name) {
    gw_fault fault;
    ck_assert_int_eq(gw_faults_find(gw_span_cstr(name), &fault), GW_OK);
    gw_faults_add(&faults, fault);
}

static const gw_scenario *scenario(const char *steps) {
    char text[4096], id[32];
    snprintf(text, sizeof text, "title: t\nrequires: [S2]\nsteps:\n%s", steps);
    snprintf(id, sizeof id, "test/%zu", fixture.suite.count);
    return suite_fixture_load(&fixture, id, text);
}

static gw_result *run(const char *steps) {
    gw_result *result = gw_simulate_run(scenario(steps), &config);
    ck_assert_ptr_nonnull(result);
    return result;
}

static void expect_verdict(const char *steps, gw_verdict verdict) {
    gw_result *result = run(steps);
    ck_assert_msg(result->verdict == verdict, "%s: %s", gw_verdict_word(result->verdict),
                  result->finding_count ? result->findings[0].observed : "");
    gw_result_destroy(result);
}

#define HELLO       "  - connect: {as: alice}\n  - expect: {on: alice, event: hello}\n"
#define HELLO_AGAIN "  - connect: {as: bob}\n  - expect: {on: bob, event: hello}\n"
#define PAIR        "  - connect: {as: [alice, bob], room: one}\n  - expect: {on: [alice, bob], event: hello}\n"
#define CADENCE     HELLO "  - expect-cadence: {on: alice, event: heartbeat, first: I + eps, within: I + eps, for: 3*I}\n"
#define DROPPED                                                                                                        \
    "  - connect: {as: alice, heartbeat: off}\n  - expect-close: {on: alice, since: hello, within: I + eps}\n"
#define DELIVERS                                                                                                       \
    PAIR "  - trigger: {event: message_create, room: one, by: alice, data: {authorId: \"${alice.id}\", content: hi}, " \
         "save: sent}\n"                                                                                               \
         "  - expect: {on: [alice, bob], event: message_create, within: 1s, data: {content: \"${sent.content}\"}}\n"

static bool same_wire(const gw_result *a, const gw_result *b) {
    if (a->wire_count != b->wire_count || a->duration != b->duration) return false;
    for (size_t i = 0; i < a->wire_count; i++)
        if (a->wire[i].at != b->wire[i].at || strcmp(a->wire[i].text, b->wire[i].text) != 0) return false;
    return true;
}

START_TEST(simulate_run_passes_what_the_reference_does_right) {
    setup();
    expect_verdict(HELLO, GW_VERDICT_PASS);
    expect_verdict(CADENCE, GW_VERDICT_PASS);
    expect_verdict(DROPPED, GW_VERDICT_PASS);
    expect_verdict(DELIVERS, GW_VERDICT_PASS);
    teardown();
}
END_TEST

START_TEST(simulate_run_passes_without_delays_and_splits) {
    setup();
    config.schedule = &(const gw_simulate_schedule){0};
    expect_verdict(CADENCE, GW_VERDICT_PASS);
    expect_verdict(DELIVERS, GW_VERDICT_PASS);
    teardown();
}
END_TEST

START_TEST(simulate_run_passes_when_every_byte_may_come_alone) {
    setup();
    gw_simulate_schedule schedule = {.delay_max = GW_MS, .split_percent = 100, .max_pieces = 40};
    config.schedule = &schedule;
    for (config.seed = 0; config.seed < 50; config.seed++) expect_verdict(DELIVERS, GW_VERDICT_PASS);
    teardown();
}
END_TEST

START_TEST(simulate_run_repeats_itself_bit_by_bit) {
    setup();
    const gw_scenario *it = scenario(CADENCE);
    gw_result *a = gw_simulate_run(it, &config), *b = gw_simulate_run(it, &config);
    config.seed = 8;
    gw_result *c = gw_simulate_run(it, &config);
    ck_assert(same_wire(a, b));
    ck_assert(!same_wire(a, c));
    gw_result_destroy(a);
    gw_result_destroy(b);
    gw_result_destroy(c);
    teardown();
}
END_TEST

/* A gateway with two places: whoever comes while both are taken is refused. */
START_TEST(simulate_run_has_bystanders_who_come_and_go) {
    setup();
    const gw_scenario *it = scenario(HELLO "  - wait: {for: I}\n" HELLO_AGAIN);
    gw_core_config core;
    gw_core_config_default(&core);
    core.max_connections = 2;
    config.core = &core;
    unsigned refused[2] = {0, 0};
    for (unsigned bystanders = 0; bystanders <= 4; bystanders += 4) {
        config.schedule = &(const gw_simulate_schedule){.bystanders = bystanders};
        for (config.seed = 1; config.seed <= 20; config.seed++) {
            gw_result *result = gw_simulate_run(it, &config);
            ck_assert_ptr_nonnull(result);
            refused[bystanders > 0] += result->verdict != GW_VERDICT_PASS;
            gw_result_destroy(result);
        }
    }
    ck_assert_uint_eq(refused[0], 0);
    ck_assert_uint_gt(refused[1], 0);
    ck_assert_uint_lt(refused[1], 20); /* lost ones give their place back */
    teardown();
}
END_TEST

START_TEST(simulate_run_shows_a_planted_fault) {
    setup();
    plant("timeout-never");
    expect_verdict(DROPPED, GW_VERDICT_FAIL);
    expect_verdict(HELLO, GW_VERDICT_PASS);
    teardown();
}
END_TEST

START_TEST(simulate_run_tells_a_crash) {
    setup();
    plant("dies-on-bad-json");
    expect_verdict(HELLO "  - send: {on: alice, text: \"{\"}\n  - expect-reaction: {on: alice, any-of: [ignore, "
                         "close]}\n",
                   GW_VERDICT_CRASH);
    teardown();
}
END_TEST

START_TEST(simulate_plan_gives_each_scenario_its_verdict_in_order) {
    static const char *const names[] = {"timeout-never"};
    setup();
    scenario(HELLO);
    scenario(DROPPED);
    gw_runner_plan plan = {.scenarios = fixture.suite.scenarios,
                           .scenario_count = fixture.suite.count,
                           .protocol = fixture.protocol,
                           .interval = 400 * GW_MS,
                           .faults = names,
                           .fault_count = 1};
    gw_runner_outcome outcome;
    gw_simulate_plan(&plan, NULL, &outcome);
    ck_assert_msg(outcome.end == GW_RUNNER_COMPLETE, "%s", outcome.message);
    ck_assert_uint_eq(outcome.result_count, 2);
    ck_assert_int_eq(outcome.results[0]->verdict, GW_VERDICT_PASS);
    ck_assert_int_eq(outcome.results[1]->verdict, GW_VERDICT_FAIL);
    ck_assert_int_eq(outcome.results[0]->interval, 400 * GW_MS);
    gw_runner_outcome_deinit(&outcome);
    teardown();
}
END_TEST

START_TEST(simulate_plan_names_an_unknown_fault) {
    static const char *const names[] = {"timeout-nevr"};
    setup();
    gw_runner_plan plan = {.protocol = fixture.protocol, .faults = names, .fault_count = 1};
    gw_runner_outcome outcome;
    gw_simulate_plan(&plan, NULL, &outcome);
    ck_assert_int_eq(outcome.end, GW_RUNNER_BAD_TARGET);
    ck_assert_str_eq(outcome.message, "unknown fault 'timeout-nevr' (did you mean 'timeout-never'?)");
    gw_runner_outcome_deinit(&outcome);
    teardown();
}
END_TEST

GW_TEST_MAIN("cli/simulate", 20, simulate_run_passes_what_the_reference_does_right,
             simulate_run_passes_without_delays_and_splits, simulate_run_passes_when_every_byte_may_come_alone,
             simulate_run_repeats_itself_bit_by_bit, simulate_run_has_bystanders_who_come_and_go,
             simulate_run_shows_a_planted_fault, simulate_run_tells_a_crash,
             simulate_plan_gives_each_scenario_its_verdict_in_order, simulate_plan_names_an_unknown_fault)
