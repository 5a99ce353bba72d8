#include "unit/scenario/suite_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static const char protocol_text[] =
    "protocol: small\n"
    "endpoint: /gateway\n"
    "envelope: {id: /e, data: /d, id-type: integer}\n"
    "rules:\n"
    "  server: {connect: S1, hello-first: S2, cadence: S5}\n"
    "events:\n"
    "  hello: {id: 0, from: server, data: {type: object, required: [heartbeatInterval],\n"
    "          properties: {heartbeatInterval: {type: number, exclusiveMinimum: 0}}}}\n"
    "  heartbeat: {id: 1, from: both, data: {type: object, maxProperties: 0}}\n"
    "  heartbeat_ack: {id: 2, from: both, data: {type: object, maxProperties: 0}}\n"
    "  message_create: {id: 3, from: server, data: {type: object, required: [authorId, content, sentAt], properties:\n"
    "          {authorId: {type: string}, content: {type: string}, sentAt: {type: number}}}}\n"
    "  login: {id: 4, from: client}\n"
    "heartbeat:\n"
    "  interval: {event: hello, field: /heartbeatInterval, unit: ms}\n"
    "  hello: {strict: 1s, non-strict: 5s}\n"
    "  server: {send: heartbeat, every: I, level: must}\n"
    "  client: {send: heartbeat, every: I}\n"
    "reactions:\n"
    "  malformed: {any-of: [ignore, close], codes: [1003, 4000-4999]}\n"
    "  binary: {any-of: [close], codes: 1003}\n"
    "limits: {message-bytes: 65536}\n";

static const char requirements_text[] =
    "source: the small document\n"
    "requirements:\n"
    "  S1: {title: connect, role: server, level: must, clause: one}\n"
    "  S2: {title: hello, role: server, level: must, clause: two}\n"
    "  S5: {title: cadence, role: server, level: must, clause: five}\n"
    "  S9: {title: ask, role: server, level: may, clause: nine}\n"
    "  S10: {title: unanswered, role: server, level: open, clause: ten, knob: unanswered-ask}\n"
    "  S20: {title: order, role: server, level: should, clause: twenty}\n"
    "  RFC6455-5.2-R1: {title: reserved bits, role: server, level: must, clause: MUST be 0}\n";

void suite_fixture_init(suite_fixture *f) {
    *f = (suite_fixture){0};
    gw_arena_init(&f->arena);
    gw_diag_init(&f->diag);
    gw_requirements_init(&f->requirements);
    f->protocol = gw_protocol_load(&f->arena, GW_SPAN_LIT(protocol_text), "small.yaml", &f->diag);
    ck_assert_msg(f->protocol != NULL, "%s", gw_buf_cstr(&f->diag.text));
    bool ok = gw_requirements_load(&f->requirements, GW_SPAN_LIT(requirements_text), "catalogue.yaml", &f->diag);
    ck_assert_msg(ok, "%s", gw_buf_cstr(&f->diag.text));
    gw_suite_init(&f->suite, f->protocol, &f->requirements);
}

void suite_fixture_deinit(suite_fixture *f) {
    gw_suite_deinit(&f->suite);
    gw_requirements_deinit(&f->requirements);
    gw_diag_deinit(&f->diag);
    gw_arena_deinit(&f->arena);
}

const gw_scenario *suite_fixture_load(suite_fixture *f, const char *id, const char *text) {
    size_t before = f->suite.count;
    gw_status status = gw_suite_load(&f->suite, gw_span_cstr(text), id, "scenarios/test.yaml", &f->diag);
    ck_assert_msg(status == GW_OK, "%s", gw_buf_cstr(&f->diag.text));
    ck_assert_uint_eq(f->diag.errors, 0);
    ck_assert_uint_gt(f->suite.count, before);
    return f->suite.scenarios[before];
}

const gw_scenario *suite_fixture_steps(suite_fixture *f, const char *steps) {
    char text[8192], id[32];
    int len = snprintf(text, sizeof text, "title: t\nrequires: [S1]\nsteps:\n  - connect: {as: alice}\n%s", steps);
    ck_assert_int_lt(len, (int)sizeof text);
    snprintf(id, sizeof id, "test/%zu", f->suite.count);
    return suite_fixture_load(f, id, text);
}

const gw_step *suite_fixture_step(suite_fixture *f, const char *steps) {
    const gw_scenario *s = suite_fixture_steps(f, steps);
    return &s->steps[s->step_count - 1];
}

void suite_fixture_expect_json(const cJSON *value, const char *wanted) {
    char *text = cJSON_PrintUnformatted(value);
    ck_assert_str_eq(text, wanted);
    cJSON_free(text);
}

const char *suite_fixture_errors(suite_fixture *f, const char *text) {
    size_t before = f->suite.count;
    gw_buf_clear(&f->diag.text);
    f->diag.errors = 0;
    gw_status status = gw_suite_load(&f->suite, gw_span_cstr(text), "test/wrong", "wrong.yaml", &f->diag);
    ck_assert_msg(status == GW_ERR_INVALID, "loaded: %s", text);
    ck_assert_uint_gt(f->diag.errors, 0);
    ck_assert_uint_eq(f->suite.count, before);
    return gw_buf_cstr(&f->diag.text);
}

const gw_doc_node *suite_fixture_node(suite_fixture *f, const char *yaml) {
    gw_doc *doc = gw_doc_parse(gw_span_cstr(yaml), "node.yaml", &f->diag);
    ck_assert_msg(doc != NULL, "%s", gw_buf_cstr(&f->diag.text));
    ck_assert_int_eq(gw_suite_add(&f->suite, doc, f->suite.scenarios, 0), GW_OK);
    return gw_doc_root(doc);
}
