/* Unit tests of cli/convert.h: the whole corpus of sessions there and back, carried out, and the catalogue as sessions.
 */
#include "cli/catalogue.h"
#include "cli/convert.h"
#include "cli/simulate.h"
#include "support/run.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gw_catalogue catalogue;
static gw_script script;
static gw_buf text, again, why;

static void setup(void) {
    gw_diag diag;
    gw_diag_init(&diag);
    ck_assert_int_eq(gw_catalogue_load(&catalogue, (gw_catalogue_source){0}, &diag), GW_OK);
    gw_diag_deinit(&diag);
    gw_buf_init(&text, 16 << 20);
    gw_buf_init(&again, 16 << 20);
    gw_buf_init(&why, 4096);
}

static void teardown(void) {
    gw_buf_deinit(&why);
    gw_buf_deinit(&again);
    gw_buf_deinit(&text);
    gw_catalogue_deinit(&catalogue);
}

static gw_status to_scenario(gw_buf *out) {
    gw_buf_clear(out);
    gw_buf_clear(&why);
    return gw_convert_to_scenario(&script, catalogue.protocol, "a session", out, &why);
}

/* Loads `text` as the only scenario of a suite of its own. */
static const gw_scenario *load(gw_suite *suite, const char *name) {
    gw_diag diag;
    gw_diag_init(&diag);
    gw_suite_init(suite, catalogue.protocol, &catalogue.requirements);
    gw_status status = gw_suite_load(suite, gw_buf_span(&text), "session", name, &diag);
    ck_assert_msg(status == GW_OK && suite->count == 1, "%s: %s", name, gw_buf_cstr(&diag.text));
    gw_diag_deinit(&diag);
    return suite->scenarios[0];
}

static void back_to_script(const gw_scenario *scenario, gw_arena *arena) {
    gw_buf_clear(&why);
    gw_status status = gw_convert_to_script(scenario, catalogue.protocol, arena, &script, &why);
    ck_assert_msg(status == GW_OK, "%s: %s", scenario->file, gw_buf_cstr(&why));
}

/* The only fault that a server of smaller limits than the document's may show: it drops who sent what is legal. */
static bool is_drop(const gw_result *result) {
    for (size_t i = 0; i < result->finding_count; i++)
        if (strcmp(result->findings[i].rule, "S7") != 0) return false;
    return result->verdict == GW_VERDICT_FAIL;
}

static void expect_pass(const gw_scenario *scenario) {
    const gw_script_server server = gw_script_read_config(script.config);
    gw_core_config core, usual;
    gw_core_config_default(&core);
    usual = core;
    core.interval_ns = server.interval_ms * GW_MS;
    core.ask_max_ns = server.ask_ms * GW_MS;
    core.max_message_bytes = server.max_message_bytes;
    core.rate_messages = server.rate_messages;
    bool smaller = core.max_message_bytes < usual.max_message_bytes || core.rate_messages < usual.rate_messages;
    gw_simulate_config config = {
        .protocol = catalogue.protocol, .requirements = &catalogue.requirements, .core = &core, .seed = 1};
    gw_result *result = gw_simulate_run(scenario, &config);
    ck_assert_ptr_nonnull(result);
    ck_assert_msg(result->verdict == GW_VERDICT_PASS || (smaller && is_drop(result)), "%s: %s: %s", scenario->file,
                  gw_verdict_word(result->verdict), result->finding_count ? result->findings[0].observed : "");
    gw_result_destroy(result);
}

/* The session as a scenario, which comes out the same after a way back and forth; NULL: it has none. The caller frees
 * suite and arena unless it is NULL. */
static const gw_scenario *there_and_back(const char *name, gw_suite *suite, gw_arena *arena) {
    gw_status status = to_scenario(&text);
    if (status == GW_ERR_UNSUPPORTED) {
        ck_assert_uint_gt(why.len, 0);
        return NULL;
    }
    ck_assert_msg(status == GW_OK, "%s: %s", name, gw_status_text(status));
    gw_arena_init(arena);
    const gw_scenario *scenario = load(suite, name);
    back_to_script(scenario, arena);
    ck_assert_int_eq(to_scenario(&again), GW_OK);
    ck_assert_msg(gw_span_equal(gw_buf_span(&text), gw_buf_span(&again)), "%s:\n%s\n%s", name, gw_buf_cstr(&text),
                  gw_buf_cstr(&again));
    return scenario;
}

/* True when it is a scenario, which the server passes, too. */
static bool round_trip(const char *name) {
    gw_suite suite;
    gw_arena arena;
    const gw_scenario *scenario = there_and_back(name, &suite, &arena);
    if (!scenario) return false;
    expect_pass(scenario);
    gw_arena_deinit(&arena);
    gw_suite_deinit(&suite);
    return true;
}

START_TEST(convert_takes_the_corpus_there_and_back) {
    setup();
    static uint8_t bytes[64 << 10];
    const char *folder = "fuzz/corpus/session";
    DIR *dir = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    size_t converted = 0, all = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[512];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = fopen(path, "rb");
        ck_assert_ptr_nonnull(file);
        size_t len = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        gw_script_decode(gw_span_make(bytes, len), &script);
        all++;
        converted += round_trip(entry->d_name);
    }
    closedir(dir);
    ck_assert_msg(converted * 3 > all * 2 && all > 200, "%zu of %zu", converted, all);
    teardown();
}
END_TEST

START_TEST(convert_writes_what_a_person_would) {
    setup();
    static const uint8_t hello[] = "hello", close[] = {0x03, 0xe8};
    script = (gw_script){.count = 9,
                         .steps = {{.op = GW_SCRIPT_OPEN, .flags = 1},
                                   {.op = GW_SCRIPT_EVENT, .a = 1},
                                   {.op = GW_SCRIPT_AGAIN, .a = 2},
                                   {.op = GW_SCRIPT_ADVANCE, .a = GW_SCRIPT_BEFORE_DEADLINE},
                                   {.op = GW_SCRIPT_PACKET, .bytes = {hello, 5}},
                                   {.op = GW_SCRIPT_CHUNK, .a = 1},
                                   {.op = GW_SCRIPT_FRAME, .a = 0x88, .b = 4, .bytes = {close, 2}},
                                   {.op = GW_SCRIPT_RST},
                                   {.op = GW_SCRIPT_OPEN}}};
    script.steps[script.count++] = (gw_script_step){.op = GW_SCRIPT_UPGRADE, .a = 4};
    ck_assert_int_eq(to_scenario(&text), GW_OK);
    ck_assert_str_eq(
        strstr(gw_buf_cstr(&text), "title:"),
        "title: \"a session\"\nrequires: [S21]\ntags: [session, server-0]\ncanary: on\nsteps:\n"
        "  - connect: {as: c0, heartbeat: off, answer-asks: false, answer-pings: false, answer-close: false}\n"
        "  - send: {on: c0, event: heartbeat, times: 3}\n"
        "  - wait: {for: 999ms}\n"
        "  - send: {on: c0, text: \"hello\"}\n"
        "  - send-frame: {on: c0, opcode: close, mask: false, hex: \"03e8\", chop: 1}\n"
        "  - drop: {on: c0, how: rst}\n"
        "  - upgrade: {as: c0-2, heartbeat: off, answer-asks: false, answer-pings: false, answer-close: false, "
        "request: "
        "{raw: \"GET /other HTTP/1.1\\r\\nHost: a\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n\"}}\n");
    ck_assert(round_trip("a session"));
    teardown();
}
END_TEST

START_TEST(convert_keeps_what_is_repeated_in_one_step) {
    setup();
    static const uint8_t wrong[] = "\xff";
    script = (gw_script){.count = 6,
                         .steps = {{.op = GW_SCRIPT_OPEN, .flags = 1},
                                   {.op = GW_SCRIPT_EVENT, .a = 1, .flags = 3},
                                   {.op = GW_SCRIPT_AGAIN, .a = 255},
                                   {.op = GW_SCRIPT_PACKET, .bytes = {wrong, 1}},
                                   {.op = GW_SCRIPT_AGAIN, .a = 199},
                                   {.op = GW_SCRIPT_ADVANCE, .a = GW_SCRIPT_MS, .b = 9}}};
    ck_assert_int_eq(to_scenario(&text), GW_OK);
    ck_assert_str_eq(
        strstr(gw_buf_cstr(&text), "steps:"),
        "steps:\n"
        "  - connect: {as: c0, heartbeat: off, answer-asks: false, answer-pings: false, answer-close: false}\n"
        "  - send-frame: {on: c0, frames: [{opcode: text, fin: 0, text: \"{\\\"e\"}, "
        "{opcode: continuation, fin: 0, text: \"\\\":1\"}, {opcode: continuation, fin: 0, text: \",\\\"d\"}, "
        "{opcode: continuation, text: \"\\\":{}}\"}], times: 256}\n"
        "  - send-frame: {on: c0, opcode: text, hex: \"ff\", times: 200}\n"
        "  - wait: {for: 9ms}\n");
    ck_assert(round_trip("a session"));
    ck_assert_uint_eq(script.count, 6);
    teardown();
}
END_TEST

/* Each went another way on its second way: what the first one did before the scenario opens the connection counted. */
START_TEST(convert_goes_the_same_way_twice) {
    setup();
    static const uint8_t half[] = "GET /";
    static const gw_script cases[] = {
        /* closed before anything was sent: it was the first client all the same */
        {.count = 3,
         .steps = {{.op = GW_SCRIPT_OPEN, .conn = 1},
                   {.op = GW_SCRIPT_ADVANCE, .a = GW_SCRIPT_SECONDS, .b = 60},
                   {.op = GW_SCRIPT_OPEN, .conn = 1, .flags = 1}}},
        /* the time to send a request in began with the connection, not with its first bytes */
        {.count = 5,
         .steps = {{.op = GW_SCRIPT_OPEN},
                   {.op = GW_SCRIPT_ADVANCE, .a = GW_SCRIPT_BEFORE_DEADLINE},
                   {.op = GW_SCRIPT_RAW, .bytes = {half, 5}},
                   {.op = GW_SCRIPT_ADVANCE, .a = GW_SCRIPT_SECONDS, .b = 3},
                   {.op = GW_SCRIPT_OPEN, .flags = 1}}},
        /* a wait of more steps than a session has */
        {.count = 3,
         .steps = {{.op = GW_SCRIPT_OPEN, .flags = 1},
                   {.op = GW_SCRIPT_ADVANCE, .a = GW_SCRIPT_SECONDS, .b = 255},
                   {.op = GW_SCRIPT_AGAIN, .a = 255}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gw_suite suite;
        gw_arena arena;
        script = cases[i];
        ck_assert_ptr_nonnull(there_and_back("a session", &suite, &arena));
        gw_arena_deinit(&arena);
        gw_suite_deinit(&suite);
    }
    teardown();
}
END_TEST

START_TEST(convert_keeps_sixteenths_of_a_short_interval) {
    setup();
    script = (gw_script){.config = 2, /* an interval of 1 ms */
                         .count = 5,
                         .steps = {{.op = GW_SCRIPT_OPEN},
                                   {.op = GW_SCRIPT_ADVANCE, .a = GW_SCRIPT_SIXTEENTHS, .b = 15},
                                   {.op = GW_SCRIPT_OPEN, .flags = 1},
                                   {.op = GW_SCRIPT_ADVANCE, .a = GW_SCRIPT_SIXTEENTHS, .b = 24},
                                   {.op = GW_SCRIPT_EVENT, .a = 1}}};
    ck_assert_int_eq(to_scenario(&text), GW_OK);
    ck_assert_str_eq(
        strstr(gw_buf_cstr(&text), "steps:"),
        "steps:\n"
        "  - wait: {for: 937500ns}\n"
        "  - connect: {as: c0, heartbeat: off, answer-asks: false, answer-pings: false, answer-close: false}\n"
        "  - wait: {for: 1500us}\n"
        "  - send: {on: c0, event: heartbeat}\n");
    ck_assert(round_trip("a session"));
    teardown();
}
END_TEST

START_TEST(convert_refuses_what_a_scenario_cannot_say) {
    setup();
    static const struct {
        gw_script_step step;
        const char *why;
    } cases[] = {
        {{.op = GW_SCRIPT_READ, .a = 3}, "reading slower from here on is not among the steps of a scenario"},
        {{.op = GW_SCRIPT_CONTROL, .a = GW_SCRIPT_STOP}, "stopping the server is not among the steps of a scenario"},
        {{.op = GW_SCRIPT_CONTROL, .a = GW_SCRIPT_ROOM_EVENT, .b = 3, .flags = 2},
         "an event to another room, or with ${...} in its data"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        script = (gw_script){.count = 2, .steps = {{.op = GW_SCRIPT_OPEN, .flags = 1}, cases[i].step}};
        ck_assert_int_eq(to_scenario(&text), GW_ERR_UNSUPPORTED);
        ck_assert_str_eq(gw_buf_cstr(&why), cases[i].why);
    }
    script.count = 0;
    ck_assert_int_eq(to_scenario(&text), GW_ERR_UNSUPPORTED);
    ck_assert_str_eq(gw_buf_cstr(&why), "nothing in it reaches a server");
    script = (gw_script){.config = 3 | 2 << 2, .count = 1, .steps = {{.op = GW_SCRIPT_OPEN, .flags = 1}}};
    while (script.count < 120) { /* an ask within each 3 ms, and a beat within each interval of 30 s */
        script.steps[script.count++] = (gw_script_step){.op = GW_SCRIPT_ADVANCE, .a = GW_SCRIPT_SECONDS, .b = 29};
        script.steps[script.count++] = (gw_script_step){.op = GW_SCRIPT_EVENT, .a = 1};
    }
    ck_assert_int_eq(to_scenario(&text), GW_ERR_UNSUPPORTED);
    ck_assert_str_eq(gw_buf_cstr(&why), "more than 1000000 deadlines of the server pass in it");
    teardown();
}
END_TEST

START_TEST(convert_refuses_what_a_session_cannot_say) {
    setup();
    static const struct {
        const char *steps, *why;
    } cases[] = {
        {"  - send: {on: a, text: \"${a.id}\"}\n", "f.yaml:5:5: a reference ${...}"},
        {"  - send-frame: {on: a, opcode: text, declared-length: 77}\n", "f.yaml:5:5: a declared length of 77"},
        {"  - send-bytes: {on: a, text: x, chop: 1, pause: 5ms}\n", "f.yaml:5:5: a pause between pieces or sendings"},
        {"  - heartbeat: {on: a, mode: auto}\n", "f.yaml:5:5: a client that beats by itself from here on"},
        {"  - send: {on: a, text: x, repeat: 2}\n", "f.yaml:5:5: a content that is repeated, padded or cut"},
        {"  - connect: {as: b, read: false}\n", "f.yaml:5:5: a client that does not read"},
        {"  - connect: {as: [b, c, d, e]}\n", "f.yaml:5:5: more than 4 clients at once"},
        {"  - wait: {for: 100000s}\n", "f.yaml:5:5: so long a time"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gw_suite suite;
        gw_arena arena;
        char wanted[160];
        gw_arena_init(&arena);
        gw_buf_clear(&text);
        gw_buf_printf(&text, "title: t\nrequires: [S2]\nsteps:\n  - connect: {as: a}\n%s", cases[i].steps);
        const gw_scenario *scenario = load(&suite, "f.yaml");
        gw_buf_clear(&why);
        ck_assert_int_eq(gw_convert_to_script(scenario, catalogue.protocol, &arena, &script, &why), GW_ERR_UNSUPPORTED);
        snprintf(wanted, sizeof wanted, "%s has no counterpart in a session", cases[i].why);
        ck_assert_str_eq(gw_buf_cstr(&why), wanted);
        gw_arena_deinit(&arena);
        gw_suite_deinit(&suite);
    }
    teardown();
}
END_TEST

/* What the catalogue does to a server is a seed for the fuzzers. */
START_TEST(convert_makes_sessions_of_most_of_the_catalogue) {
    setup();
    size_t converted = 0, servers = 0;
    for (size_t i = 0; i < catalogue.suite.count; i++) {
        gw_arena arena;
        gw_arena_init(&arena);
        gw_buf_clear(&why);
        gw_status status =
            gw_convert_to_script(catalogue.suite.scenarios[i], catalogue.protocol, &arena, &script, &why);
        ck_assert(status == GW_OK || (status == GW_ERR_UNSUPPORTED && why.len));
        converted += status == GW_OK;
        servers += catalogue.suite.scenarios[i]->role == GW_ROLE_SERVER;
        gw_arena_deinit(&arena);
    }
    ck_assert_msg(converted * 2 > servers, "%zu of %zu", converted, servers);
    teardown();
}
END_TEST

GW_TEST_MAIN("cli/convert", 120, convert_takes_the_corpus_there_and_back, convert_writes_what_a_person_would,
             convert_keeps_what_is_repeated_in_one_step, convert_goes_the_same_way_twice,
             convert_keeps_sixteenths_of_a_short_interval, convert_refuses_what_a_scenario_cannot_say,
             convert_refuses_what_a_session_cannot_say, convert_makes_sessions_of_most_of_the_catalogue)
