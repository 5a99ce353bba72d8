/* Unit tests of scenario/target.h. */
#include "scenario/target.h"
#include "support/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gw_target *load(const char *text, gw_diag *diag) {
    return gw_target_load(gw_span_cstr(text), "t.yaml", diag);
}

static gw_target *load_well(const char *text) {
    gw_diag diag;
    gw_diag_init(&diag);
    gw_target *target = load(text, &diag);
    ck_assert_msg(target != NULL, "%s", gw_buf_cstr(&diag.text));
    ck_assert_uint_eq(diag.errors, 0);
    gw_diag_deinit(&diag);
    return target;
}

static char *read_file(const char *path, size_t *len) {
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    char *text = calloc(1, GW_TARGET_MAX_BYTES);
    *len = fread(text, 1, GW_TARGET_MAX_BYTES - 1, file);
    fclose(file);
    return text;
}

START_TEST(target_load_takes_a_bare_url) {
    gw_target *target = load_well("target: mine\nurl: ws://localhost:4000/gateway\n");
    ck_assert_str_eq(target->name, "mine");
    ck_assert_str_eq(target->connect.url, "ws://localhost:4000/gateway");
    ck_assert_ptr_null(target->start.command);
    ck_assert_ptr_null(target->protocol);
    ck_assert(!gw_target_has_rooms(target));
    ck_assert_ptr_null(gw_target_find_trigger(target, "message_create"));
    gw_target_destroy(target);
}
END_TEST

/* clang-format off */
static const char FULL[] =
    "target: room-chat\n"
    "protocol: gateway\n"
    "tls: {ca: ca.pem, sni: chat.example, cert: me.pem, key: me.key}\n"
    "start:\n"
    "  command: [node, server.js, \"${control-port}\"]\n"
    "  env: {PORT: \"${port}\", TOKEN: \"${env.CHAT_TOKEN}\"}\n"
    "  cwd: server\n"
    "  ready: {line: 'listening on (?<where>\\S+)', within: 3s}\n"
    "  stop: {signal: INT, within: 1s}\n"
    "  restart: false\n"
    "  options: {interval: --interval}\n"
    "fixtures:\n"
    "  run:\n"
    "    - http: {get: \"http://127.0.0.1:${port}/login\", capture: {token: {header: X-Token}}}\n"
    "  room:\n"
    "    - http: {post: \"http://127.0.0.1:${port}/rooms\", json: {name: \"${uuid}\", n: 3}, status: 201,\n"
    "             headers: {Authorization: \"Bearer ${run.token}\"}, capture: {id: {json: /id}}}\n"
    "    - http: {put: \"http://127.0.0.1:${port}/rooms/${room.id}\", body: open, status: [2xx, 304], within: 2s}\n"
    "  participant:\n"
    "    - http: {post: \"http://127.0.0.1:${port}/rooms/${room.id}/p\", json: {name: \"${client}\"},\n"
    "             capture: {id: {regex: 'id=(\\d+)'}, secret: {cookie: session}, all: {body: true}}}\n"
    "cleanup:\n"
    "  room: [{http: {delete: \"http://127.0.0.1:${port}/rooms/${room.id}\"}}]\n"
    "connect:\n"
    "  url: \"${ready.where}\"\n"
    "  query: {room: \"${room.id}\"}\n"
    "  cookies: {session: \"${participant.secret}\"}\n"
    "  origin: http://localhost\n"
    "triggers:\n"
    "  message_create:\n"
    "    http: {post: \"http://127.0.0.1:${port}/m/${by.id}\", cookies-of: by, json: {text: \"${data.content}\"}}\n"
    "    data: {json: \"\"}\n"
    "knobs: {originator-gets-event: false, additional-properties: allow}\n"
    "limits: {jobs: 4}\n"
    "expected-failures:\n"
    "  - {scenario: \"handshake/version-*\", reason: \"the stack answers 400\"}\n";
/* clang-format on */

START_TEST(target_load_keeps_all_that_a_file_states) {
    gw_target *t = load_well(FULL);
    ck_assert_str_eq(t->start.command[2], "${control-port}");
    ck_assert_ptr_null(t->start.command[3]);
    ck_assert_str_eq(t->start.env.list[0].name, "PORT");
    ck_assert_int_eq(t->start.ready.kind, GW_TARGET_READY_LINE);
    ck_assert_int_eq(t->start.ready.within, 3 * GW_S);
    ck_assert_int_eq(t->start.stop_signal, SIGINT);
    ck_assert(!t->start.restart);
    ck_assert_str_eq(t->start.interval_option, "--interval");
    ck_assert_ptr_null(t->start.fault_option);
    ck_assert(t->uses_port && t->uses_control_port);
    ck_assert_uint_eq(t->env_count, 1);
    ck_assert_str_eq(t->env_names[0], "CHAT_TOKEN");
    ck_assert_str_eq(t->tls.sni, "chat.example");
    ck_assert_uint_eq(t->fixtures[GW_TARGET_ROOM].count, 2);
    ck_assert_uint_eq(t->cleanup[GW_TARGET_ROOM].count, 1);
    ck_assert_str_eq(t->cleanup[GW_TARGET_ROOM].list[0].method, "DELETE");
    const gw_target_call *room = t->fixtures[GW_TARGET_ROOM].list;
    ck_assert_str_eq(room[0].method, "POST");
    ck_assert_int_eq(room[0].status[0].low, 201);
    ck_assert_int_eq(room[0].within, 10 * GW_S);
    ck_assert_double_eq(cJSON_GetObjectItem(room[0].json, "n")->valuedouble, 3);
    ck_assert_str_eq(room[1].body, "open");
    ck_assert_uint_eq(room[1].status_count, 2);
    ck_assert_int_eq(room[1].status[0].high, 299);
    const gw_target_capture *captures = t->fixtures[GW_TARGET_PARTICIPANT].list[0].captures;
    ck_assert_int_eq(captures[0].kind, GW_TARGET_CAPTURE_REGEX);
    ck_assert_int_eq(captures[1].kind, GW_TARGET_CAPTURE_COOKIE);
    ck_assert_str_eq(captures[1].from, "session");
    ck_assert_int_eq(captures[2].kind, GW_TARGET_CAPTURE_BODY);
    const gw_target_trigger *trigger = gw_target_find_trigger(t, "message_create");
    ck_assert_ptr_nonnull(trigger);
    ck_assert(trigger->call.cookies_of_by);
    ck_assert_int_eq(trigger->data->kind, GW_TARGET_CAPTURE_JSON);
    ck_assert_uint_eq(t->max_jobs, 4);
    ck_assert_str_eq(t->expected[0].pattern, "handshake/version-*");
    ck_assert_uint_eq(t->expected[0].place.line, 36);
    gw_knobs knobs;
    gw_knobs_init(&knobs);
    gw_target_apply_knobs(t, &knobs);
    ck_assert_str_eq(gw_knobs_get(&knobs, "originator-gets-event"), "false");
    ck_assert_str_eq(gw_knobs_get(&knobs, "additional-properties"), "allow");
    gw_target_destroy(t);
}
END_TEST

#define URL   "url: ws://h/\n"
#define START "start: {command: [x], ready: {port: \"${port}\"}}\n"

/* Text of the file behind "target: t\n", and how the first error begins. */
static const char *const BAD[][2] = {
    {"url: ws://h/\nstrat: {}\n", "t.yaml:3:1: error: unknown key 'strat' in a target (did you mean 'start'?)"},
    {"knobs: {}\n", "t.yaml:1:1: error: a target needs 'url' or 'connect'"},
    {"url: ws://h/\nconnect: {url: ws://h/}\n", "t.yaml:3:1: error: a target has either 'url' or 'connect', not both"},
    {"url: http://h/\n", "t.yaml:2:6: error: the URL must start with ws://, wss:// or ws+unix:"},
    {"url: \"ws://h/${rom.id}\"\n", "t.yaml:2:6: error: unknown variable 'rom' (did you mean 'room'?)"},
    {"url: \"ws://h/${room.id}\"\n", "t.yaml:2:6: error: ${room.id}: fixtures.room captures no 'id'"},
    {"url: \"ws://h/${room}\"\n", "t.yaml:2:6: error: ${room} needs a name: ${room.NAME}"},
    {"url: \"ws://h/${client.x}\"\n", "t.yaml:2:6: error: ${client} has no members"},
    {"url: \"ws://h/${data.x}\"\n", "t.yaml:2:6: error: ${data.x} has no value here"},
    {"url: \"ws://h/${ready.x}\"\n", "t.yaml:2:6: error: ${ready.x}: start.ready.line has no named group 'x'"},
    {"url: \"ws://h:${port}/\"\n",
     "t.yaml:2:6: error: ${port} is chosen for a server that 'start' starts, and there is no 'start'"},
    {"url: \"ws://h/${room\"\n", "t.yaml:2:6: error: '${' without '}'"},
    {URL "start: {command: [x]}\n", "t.yaml:3:1: error: start needs the key 'ready'"},
    {URL "start: {command: [], ready: {port: 1}}\n", "t.yaml:3:18: error: a command needs at least the program"},
    {URL "start: {command: x, ready: {port: 1}}\n", "t.yaml:3:18: error: command must be a list"},
    {URL "start: {command: [x], ready: {}}\n", "t.yaml:3:30: error: ready needs exactly one of line ("},
    {URL "start: {command: [x], ready: {line: '('}}\n",
     "t.yaml:3:37: error: the regular expression is not valid at its character"},
    {URL "start: {command: [x], ready: {port: 1, within: 5}}\n", "t.yaml:3:48: error:"},
    {URL "start: {command: [x], ready: {port: 1}, stop: {signal: TREM}}\n", "t.yaml:3:56: error:"},
    {URL "fixtures: {rooms: []}\n", "t.yaml:3:12: error: unknown key 'rooms' in fixtures (did you mean 'room'?)"},
    {URL "fixtures: {room: [{}]}\n", "t.yaml:3:19: error: a fixture needs 'http' or 'command'"},
    {URL "fixtures: {room: [{command: [x], http: {get: http://h}}]}\n",
     "t.yaml:3:19: error: a fixture needs 'http' or 'command', not both"},
    {URL "fixtures: {room: [{command: x}]}\n", "t.yaml:3:29: error: command must be a map"},
    {URL "fixtures: {room: [{command: []}]}\n", "t.yaml:3:29: error: a command needs at least the program"},
    {URL "fixtures: {room: [{command: {env: {}}}]}\n", "t.yaml:3:20: error: command needs the key 'run'"},
    {URL "fixtures: {room: [{command: {run: [x], captrue: {}}}]}\n",
     "t.yaml:3:40: error: unknown key 'captrue' in command (did you mean 'capture'?)"},
    {URL "fixtures: {room: [{command: {run: [x], capture: {id: {header: X}}}}]}\n",
     "t.yaml:3:63: error: the output of a command has no headers: capture by json, regex or body"},
    {URL "fixtures: {room: [{command: [x, \"${by.id}\"]}]}\n", "t.yaml:3:33: error: ${by.id} has no value here"},
    {URL "triggers: {message_create: {command: {run: [x], capture: {id: {body: true}}}}}\n",
     "t.yaml:3:49: error: nothing can use what is captured here"},
    {URL "fixtures: {room: [{http: {}}]}\n",
     "t.yaml:3:26: error: a request needs one of get, post, put, patch and delete"},
    {URL "fixtures: {room: [{http: {get: http://h, post: http://h}}]}\n",
     "t.yaml:3:42: error: one request has one method, and 'GET' stands here too"},
    {URL "fixtures: {room: [{http: {get: h}}]}\n",
     "t.yaml:3:32: error: the URL of a request must start with http:// or https://"},
    {URL "fixtures: {room: [{http: {post: http://h, json: {}, body: x}}]}\n",
     "t.yaml:3:53: error: a request has 'json' or 'body', not both"},
    {URL "fixtures: {room: [{http: {get: http://h, status: 6xx}}]}\n", "t.yaml:3:50: error: a status is a number"},
    {URL "fixtures: {room: [{http: {get: http://h, capture: {id: {jsn: /id}}}}]}\n",
     "t.yaml:3:57: error: unknown key 'jsn' in capture (did you mean 'json'?)"},
    {URL "fixtures: {room: [{http: {get: http://h, capture: {id: {json: id}}}}]}\n",
     "t.yaml:3:63: error: 'id' is no JSON Pointer"},
    {URL "fixtures: {room: [{http: {get: http://h, capture: {id: {json: /a, regex: b}}}}]}\n",
     "t.yaml:3:56: error: a capture needs exactly one of"},
    {URL "fixtures: {room: [{http: {get: http://h, capture: {\"a b\": {json: /a}}}}]}\n",
     "t.yaml:3:52: error: 'a b' cannot name a capture"},
    {URL "fixtures: {room: [{http: {get: http://h, headers: {\"a b\": c}}}]}\n",
     "t.yaml:3:52: error: 'a b' cannot be a name in headers"},
    {URL "cleanup: {room: [{http: {get: http://h, capture: {id: {json: /a}}}}]}\n",
     "t.yaml:3:41: error: nothing can use what is captured here"},
    {URL "fixtures: {room: [{http: {get: http://h, cookies-of: by}}]}\n",
     "t.yaml:3:42: error: 'cookies-of' is for triggers only"},
    {URL "triggers: {message_create: {http: {get: \"http://h/${participant.name}\"}}}\n",
     "t.yaml:3:41: error: ${participant.name} has no value here"},
    {URL "triggers: {message_create: {}}\n", "t.yaml:3:28: error: a trigger needs 'http' or 'command'"},
    {URL "knobs: {sent-at-unti: s}\n", "t.yaml:3:9: error:"},
    {URL "knobs: {sent-at-unit: h}\n", "t.yaml:3:23: error:"},
    {URL "limits: {jobs: 0}\n", "t.yaml:3:16: error: jobs must be a number from 1 to 256"},
    {URL "limits: {messages: 5}\n", "t.yaml:3:10: error: unknown key 'messages' in limits"},
    {URL "expected-failures: [{scenario: a}]\n", "t.yaml:3:21: error: an expected failure needs the key 'reason'"},
    {URL "expected-failures: [{scenario: a, reason: \"\"}]\n",
     "t.yaml:3:43: error: reason of an expected failure is empty"},
    {URL "tls: {key: k.pem}\n", "t.yaml:3:12: error: 'key' needs 'cert'"},
    {URL "tls: {insecure: maybe}\n", "t.yaml:3:17: error:"},
    {URL "target: again\n", "t.yaml:3:1: error:"},
};

static bool says(const char *file, const char *wanted) {
    char text[1024];
    gw_diag diag;
    gw_diag_init(&diag);
    snprintf(text, sizeof text, "target: t\n%s", file);
    gw_target *target = load(text, &diag);
    const char *got = gw_buf_cstr(&diag.text);
    bool ok = !target && diag.errors > 0 && strncmp(got, wanted, strlen(wanted)) == 0;
    if (!ok) fprintf(stderr, "wanted: %s\ngot:    %s\n", wanted, got);
    gw_target_destroy(target);
    gw_diag_deinit(&diag);
    return ok;
}

START_TEST(target_load_says_what_is_wrong_and_where) {
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) wrong += !says(BAD[i][0], BAD[i][1]);
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(target_load_lets_later_requests_use_earlier_captures) {
    gw_target *target =
        load_well("target: t\n" URL "fixtures: {room: [{http: {get: http://h, capture: {id: {json: /id}}}},\n"
                  "                  {http: {get: \"http://h/${room.id}/${room.name}\"}}]}\n");
    gw_target_destroy(target);
}
END_TEST

START_TEST(target_from_url_takes_texts_literally) {
    static const char *const headers[] = {"X-Token:  a${b} "};
    gw_target *target = gw_target_from_url("ws://h/${x}", &(gw_target_tls){.insecure = true}, headers, 1);
    ck_assert_str_eq(target->connect.url, "ws://h/$${x}");
    ck_assert_str_eq(target->connect.headers.list[0].name, "X-Token");
    ck_assert_str_eq(target->connect.headers.list[0].value, "a$${b}");
    ck_assert(target->tls.insecure);
    gw_target_destroy(target);
}
END_TEST

START_TEST(target_from_url_refuses_a_header_without_a_colon) {
    static const char *const headers[] = {"nonsense"};
    ck_assert_ptr_null(gw_target_from_url("ws://h/", NULL, headers, 1));
}
END_TEST

START_TEST(target_load_accepts_the_files_of_this_project) {
    static const struct {
        const char *path;
        size_t triggers;
    } files[] = {{"scenarios/targets/reference.yaml", 1}, /* "*" */
                 {"tests/peers/node-ws.yaml", 6},
                 {"tests/peers/python.yaml", 6},
                 {"tests/peers/lws-role.yaml", 6}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        size_t len;
        char *text = read_file(files[i].path, &len);
        gw_diag diag;
        gw_diag_init(&diag);
        gw_target *target = gw_target_load(gw_span_make(text, len), files[i].path, &diag);
        ck_assert_msg(target != NULL, "%s", gw_buf_cstr(&diag.text));
        ck_assert_uint_eq(target->trigger_count, files[i].triggers);
        gw_target_destroy(target);
        gw_diag_deinit(&diag);
        free(text);
    }
}
END_TEST

GW_TEST_MAIN("scenario/target", 10, target_load_takes_a_bare_url, target_load_keeps_all_that_a_file_states,
             target_load_says_what_is_wrong_and_where, target_load_lets_later_requests_use_earlier_captures,
             target_from_url_takes_texts_literally, target_from_url_refuses_a_header_without_a_colon,
             target_load_accepts_the_files_of_this_project)
