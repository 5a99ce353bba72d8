/* Unit tests of the descriptions of scenarios/protocols/ beside the gateway's own: envelopes, data that is made when it
 * is sent, and the heartbeat model by each of their rules. */
#include "fixture.h"
#include "protocol/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gw_heartbeat model;
static gw_violations found;

static bool find_file(void *context, const char *name, const char *elsewhere, gw_span *text, const char **file) {
    static char path[128];
    (void)context;
    (void)elsewhere;
    if (!name) return false;
    snprintf(path, sizeof path, "scenarios/protocols/%s.yaml", name);
    if (strcmp(name, "nothing") == 0) return false;
    *text = fixture_read(path);
    *file = path;
    return true;
}

static const gw_protocol *load_text(gw_span text, const char *file, gw_diag *diag) {
    static gw_arena arena; /* lives as long as the program */
    const gw_protocol_source source = {find_file, NULL};
    return gw_protocol_load_from(&arena, text, file, &source, diag);
}

static const gw_protocol *load(const char *name) {
    gw_diag diag;
    gw_span text;
    const char *file;
    gw_diag_init(&diag);
    find_file(NULL, name, NULL, &text, &file);
    const gw_protocol *p = load_text(text, file, &diag);
    ck_assert_msg(p != NULL, "%s", gw_buf_cstr(&diag.text));
    gw_diag_deinit(&diag);
    return p;
}

static const gw_event *event(const gw_protocol *p, const char *name) {
    const gw_event *e = gw_protocol_event(p, gw_span_cstr(name));
    ck_assert_msg(e != NULL, "%s has no %s", p->name, name);
    return e;
}

/* ---- Envelopes ---- */

static const struct message {
    const char *protocol, *text, *event, *data; /* event NULL: a fault; data NULL: absent */
    gw_packet_fault fault;
} messages[] = {
    {"discord-10", "{\"op\":10,\"d\":{\"heartbeat_interval\":41250},\"s\":null,\"t\":null}", "hello",
     "{\"heartbeat_interval\":41250}", GW_PACKET_NONE},
    {"discord-10", "{\"op\":0,\"d\":{},\"s\":1,\"t\":\"READY\"}", "READY", "{}", GW_PACKET_NONE},
    {"discord-10", "{\"op\":0,\"d\":1,\"s\":2,\"t\":\"ANYTHING\"}", "dispatch", "1", GW_PACKET_NONE},
    {"discord-10", "{\"op\":5,\"d\":{}}", NULL, NULL, GW_PACKET_UNKNOWN_ID},
    {"lanyard", "{\"op\":0,\"d\":{},\"seq\":1,\"t\":\"INIT_STATE\"}", "INIT_STATE", "{}", GW_PACKET_NONE},
    {"lanyard", "{\"op\":0,\"d\":{},\"seq\":1,\"t\":\"ELSE\"}", NULL, NULL, GW_PACKET_UNKNOWN_ID},
    {"lanyard", "{\"op\":3}", "heartbeat", NULL, GW_PACKET_NONE},
    {"flat-strings", "{\"type\":\"ping\",\"nonce\":\"x\"}", "ping", "{\"nonce\":\"x\"}", GW_PACKET_NONE},
    {"flat-strings", "{\"nonce\":\"x\"}", NULL, NULL, GW_PACKET_NO_ID},
    {"flat-strings", "{\"type\":1}", NULL, NULL, GW_PACKET_ID_TYPE},
    {"engineio-4", "0{\"sid\":\"a\"}", "open", "{\"sid\":\"a\"}", GW_PACKET_NONE},
    {"engineio-4", "2", "ping", NULL, GW_PACKET_NONE},
    {"engineio-4", "3probe", "pong", "\"probe\"", GW_PACKET_NONE},
    {"engineio-4", "9", NULL, NULL, GW_PACKET_UNKNOWN_ID},
    {"engineio-4", "0{", NULL, NULL, GW_PACKET_NOT_JSON},
    {"engineio-4", "", NULL, NULL, GW_PACKET_NO_ID},
    {"graphql-ws", "{\"id\":\"1\",\"type\":\"complete\"}", "complete", NULL, GW_PACKET_NONE},
    {"gateway-2", "{\"e\":3,\"d\":{}}", "message", "{}", GW_PACKET_NONE},
    {"gateway-2", "{\"e\":8,\"d\":{}}", "room_close", "{}", GW_PACKET_NONE},
};

START_TEST(family_decodes_each_envelope) {
    const struct message *m = &messages[_i];
    gw_packet *packet = gw_packet_decode(load(m->protocol), gw_span_cstr(m->text));
    ck_assert_int_eq(packet->fault, m->fault);
    ck_assert_int_eq(packet->event != NULL, m->event != NULL);
    if (m->event) ck_assert_str_eq(packet->event->name, m->event);
    ck_assert_int_eq(packet->data != NULL && m->event, m->data != NULL);
    if (m->data) {
        gw_buf text;
        gw_buf_init(&text, 4096);
        gw_packet_append_json(&text, packet->data);
        ck_assert_str_eq(gw_buf_cstr(&text), m->data);
        gw_buf_deinit(&text);
    }
    gw_packet_destroy(packet);
}
END_TEST

START_TEST(family_encodes_each_envelope) {
    static const struct {
        const char *protocol, *event, *data, *text; /* data NULL: absent */
    } cases[] = {
        {"discord-10", "heartbeat", "251", "{\"op\":1,\"d\":251}"},
        {"discord-10", "READY", "{}", "{\"op\":0,\"d\":{},\"t\":\"READY\"}"},
        {"lanyard", "heartbeat", NULL, "{\"op\":3}"},
        {"flat-strings", "pong", "{\"nonce\":\"x\"}", "{\"type\":\"pong\",\"nonce\":\"x\"}"},
        {"engineio-4", "pong", "\"probe\"", "3probe"},
        {"engineio-4", "ping", NULL, "2"},
        {"engineio-4", "open", "{\"sid\":\"a\"}", "0{\"sid\":\"a\"}"},
        {"graphql-ws", "ping", NULL, "{\"type\":\"ping\"}"},
        {"gateway-2", "participant_join", "{\"userId\":\"u\"}", "{\"e\":7,\"d\":{\"userId\":\"u\"}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const gw_protocol *p = load(cases[i].protocol);
        cJSON *data = cases[i].data ? cJSON_Parse(cases[i].data) : NULL;
        gw_buf text;
        gw_buf_init(&text, 4096);
        gw_packet_spec spec = {.event = event(p, cases[i].event), .data = data, .data_absent = !data};
        ck_assert_int_eq(gw_packet_encode(p, &spec, &text), GW_OK);
        ck_assert_str_eq(gw_buf_cstr(&text), cases[i].text);
        gw_buf_deinit(&text);
        cJSON_Delete(data);
    }
}
END_TEST

/* ---- Descriptions ---- */

START_TEST(family_extends_another_description) {
    const gw_protocol *p = load("gateway-2"), *base = load("gateway");
    ck_assert_str_eq(p->name, "gateway-2");
    ck_assert_str_eq(p->endpoint, base->endpoint);
    ck_assert_uint_eq(p->event_count, base->event_count + 1);
    ck_assert_ptr_eq(event(p, "message"), event(p, "message_create")); /* what scenarios call it */
    ck_assert_int_eq(event(p, "message")->id, 3);
    ck_assert_int_eq(event(p, "room_close")->id, 8);
    ck_assert_str_eq(gw_protocol_rule(p, GW_ROLE_SERVER, GW_RULE_TIMEOUT), "S6");
    gw_diag diag;
    gw_diag_init(&diag);
    ck_assert_ptr_null(load_text(GW_SPAN_LIT("protocol: p\nextends: nothing\n"), "p.yaml", &diag));
    ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&diag.text), "p.yaml:2:10: error: "));
    gw_diag_deinit(&diag);
}
END_TEST

START_TEST(family_names_events_by_what_they_are_for) {
    static const struct {
        const char *protocol, *role, *server, *client; /* NULL: there is none */
    } cases[] = {
        {"gateway", "beat", "heartbeat", "heartbeat"},
        {"gateway", "ask", "heartbeat_ack", "heartbeat_ack"},
        {"discord-10", "beat", NULL, "heartbeat"},
        {"discord-10", "ask", "heartbeat", "heartbeat"},
        {"discord-10", "answer", "heartbeat_ack", "heartbeat"},
        {"discord-10", "greeting", "identify", "identify"},
        {"engineio-4", "hello", "open", "open"},
        {"engineio-4", "answer", NULL, "pong"},
        {"graphql-ws", "greeting", "connection_init", "connection_init"},
        {"graphql-ws", "beat", NULL, NULL},
        {"lanyard", "ask", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const gw_protocol *p = load(cases[i].protocol);
        for (int role = 0; role < 2; role++) {
            const char *wanted = role == GW_ROLE_SERVER ? cases[i].server : cases[i].client;
            const gw_event *got = gw_protocol_event_for(p, gw_span_cstr(cases[i].role), (gw_role)role);
            ck_assert_msg((got == NULL) == (wanted == NULL) && (!got || strcmp(got->name, wanted) == 0), "%s %s %d: %s",
                          p->name, cases[i].role, role, got ? got->name : "none");
        }
    }
}
END_TEST

START_TEST(family_fills_templates) {
    cJSON *question = cJSON_Parse("{\"nonce\":\"n1\",\"n\":[1]}");
    const struct {
        const char *text, *filled; /* filled NULL: absent */
        gw_template_values values;
    } cases[] = {
        {"\"${sequence}\"", "null", {0}},
        {"\"${sequence}\"", "7", {.has_sequence = true, .sequence = 7}},
        {"{\"a\":\"${nonce}\"}", "{\"a\":\"zz\"}", {.nonce = "zz"}},
        {"{\"a\":\"${data.nonce}\"}", "{\"a\":\"n1\"}", {.data = question}},
        {"{\"a\":\"${data.other}\"}", "{\"a\":null}", {.data = question}},
        {"\"${data}\"", "{\"nonce\":\"n1\",\"n\":[1]}", {.data = question}},
        {"\"${data}\"", NULL, {0}},
        {"[\"plain\",{}]", "[\"plain\",{}]", {0}},
        {NULL, NULL, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *value = gw_template_fill(cases[i].text, &cases[i].values);
        ck_assert_int_eq(value != NULL, cases[i].filled != NULL);
        if (!value) continue;
        gw_buf text;
        gw_buf_init(&text, 4096);
        gw_packet_append_json(&text, value);
        ck_assert_str_eq(gw_buf_cstr(&text), cases[i].filled);
        gw_buf_deinit(&text);
        cJSON_Delete(value);
    }
    ck_assert(gw_template_is_ref("${data.nonce}") && !gw_template_is_ref("${nothing}"));
    ck_assert(gw_template_has_sequence("\"${sequence}\"") && !gw_template_has_sequence("\"${nonce}\""));
    cJSON_Delete(question);
}
END_TEST

/* ---- The model ---- */

/* "10 hello{...} <": at ms 10 the peer (<) or we (>) send that message; "2000 tick"; "30 drop 4408", "30 fin". */
static const char *play(const gw_protocol *p, gw_role peer, const char *const *lines) {
    static char verdicts[256];
    gw_violations_init(&found);
    gw_heartbeat_init(&model, p, peer, 1.0, 0);
    for (; *lines; lines++) {
        char *end;
        gw_ns at = (gw_ns)(strtod(*lines, &end) * (double)GW_MS);
        const char *what = end + 1;
        gw_heartbeat_input input = {.at = at, .kind = GW_HEARTBEAT_TICK};
        if (strncmp(what, "drop ", 5) == 0) {
            input.kind = GW_HEARTBEAT_DROP_IN;
            input.by_close = true;
            input.code = (unsigned)strtoul(what + 5, NULL, 10);
        } else if (strcmp(what, "fin") == 0) {
            input.kind = GW_HEARTBEAT_DROP_IN;
        } else if (strcmp(what, "tick") != 0) {
            gw_packet *packet = gw_packet_decode(p, gw_span_cstr(what + 2));
            ck_assert_msg(packet->event != NULL, "%s", what);
            input = gw_heartbeat_read(p, packet, what[0] == '<', peer, at);
            gw_packet_destroy(packet);
        }
        gw_heartbeat_take(&model, &input, gw_violations_sink(&found));
    }
    verdicts[0] = 0;
    for (size_t i = 0; i < found.count; i++) {
        size_t n = strlen(verdicts);
        snprintf(verdicts + n, sizeof verdicts - n, "%s%s %c", i ? "; " : "", found.items[i].rule,
                 found.items[i].severity == GW_SEVERITY_FAIL ? 'F' : 'N');
    }
    return verdicts;
}

#define DISCORD_HELLO "10 < {\"op\":10,\"d\":{\"heartbeat_interval\":1000}}"
#define ENGINE_OPEN                                                                                                    \
    "10 < 0{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":1000,\"pingTimeout\":500,\"maxPayload\":1000}"
#define FLAT_HELLO "10 < {\"type\":\"hello\",\"interval\":1}"

static const struct history {
    const char *protocol;
    gw_role peer;
    const char *lines[10];
    const char *verdicts;
} histories[] = {
    /* An ack within 250 ms, within 1 s, none at all. */
    {"discord-10", GW_ROLE_SERVER, {DISCORD_HELLO, "500 > {\"op\":1,\"d\":null}", "750 < {\"op\":11}"}, ""},
    {"discord-10", GW_ROLE_SERVER, {DISCORD_HELLO, "500 > {\"op\":1,\"d\":null}", "751 < {\"op\":11}"}, "S11 N"},
    {"discord-10", GW_ROLE_SERVER, {DISCORD_HELLO, "500 > {\"op\":1,\"d\":null}", "1501 tick"}, "S11 F"},
    /* Dropped after I and eps, not before. */
    {"discord-10", GW_ROLE_SERVER, {DISCORD_HELLO, "960 drop 4009"}, ""},
    {"discord-10", GW_ROLE_SERVER, {DISCORD_HELLO, "959 drop 4009"}, "S6 F"},
    {"discord-10", GW_ROLE_SERVER, {DISCORD_HELLO, "2061 tick"}, "S6 F"},
    /* The client's number: null first, then the last one. */
    {"discord-10",
     GW_ROLE_CLIENT,
     {"10 > {\"op\":10,\"d\":{\"heartbeat_interval\":1000}}", "300 < {\"op\":1,\"d\":null}", "310 > {\"op\":11}",
      "400 > {\"op\":0,\"d\":{},\"s\":3,\"t\":\"X\"}", "1200 < {\"op\":1,\"d\":3}"},
     ""},
    {"discord-10",
     GW_ROLE_CLIENT,
     {"10 > {\"op\":10,\"d\":{\"heartbeat_interval\":1000}}", "300 < {\"op\":1,\"d\":5}"},
     "C7 F"},
    /* Pings in time; our pong repeats and keeps us; without it the server leaves after T. */
    {"engineio-4", GW_ROLE_SERVER, {ENGINE_OPEN, "1010 < 2", "1020 > 3", "2020 < 2", "2030 > 3", "3000 tick"}, ""},
    {"engineio-4", GW_ROLE_SERVER, {ENGINE_OPEN, "1061 tick"}, "S5 F"},
    {"engineio-4", GW_ROLE_SERVER, {ENGINE_OPEN, "1010 < 2", "1460 fin"}, ""},
    {"engineio-4", GW_ROLE_SERVER, {ENGINE_OPEN, "1010 < 2", "1459 fin"}, "S6 F"},
    {"engineio-4", GW_ROLE_SERVER, {ENGINE_OPEN, "1010 < 2", "1020 > 3", "1100 fin"}, "S7 F"},
    /* A nonce has to come back. */
    {"flat-strings",
     GW_ROLE_SERVER,
     {FLAT_HELLO, "100 > {\"type\":\"ping\",\"nonce\":\"a\"}", "120 < {\"type\":\"pong\",\"nonce\":\"a\"}"},
     ""},
    {"flat-strings",
     GW_ROLE_SERVER,
     {FLAT_HELLO, "100 > {\"type\":\"ping\",\"nonce\":\"a\"}", "120 < {\"type\":\"pong\",\"nonce\":\"b\"}"},
     "S8 F"},
    /* The client speaks first; who does not in time is left with 4408. */
    {"graphql-ws",
     GW_ROLE_SERVER,
     {"10 > {\"type\":\"connection_init\"}", "20 < {\"type\":\"connection_ack\"}", "30 > {\"type\":\"ping\"}",
      "40 < {\"type\":\"pong\"}"},
     ""},
    {"graphql-ws", GW_ROLE_SERVER, {"3000 drop 4408"}, ""},
    {"graphql-ws", GW_ROLE_SERVER, {"3000 drop 4400"}, "S6 F"},
    {"graphql-ws", GW_ROLE_SERVER, {"1000 drop 4408"}, "S2 F"},
    {"graphql-ws", GW_ROLE_SERVER, {"10 > {\"type\":\"connection_init\"}", "5011 tick"}, "S2 F"},
    {"graphql-ws", GW_ROLE_CLIENT, {"3001 tick"}, "C2 F"},
    /* Nobody answers and nobody is dropped. */
    {"lanyard", GW_ROLE_SERVER, {"10 < {\"op\":1,\"d\":{\"heartbeat_interval\":1000}}", "5000 tick"}, ""},
};

START_TEST(family_heartbeats_by_its_own_rules) {
    const struct history *h = &histories[_i];
    ck_assert_str_eq(play(load(h->protocol), h->peer, h->lines), h->verdicts);
}
END_TEST

int main(void) {
    TCase *c = tcase_create("family");
    tcase_add_loop_test(c, family_decodes_each_envelope, 0, sizeof messages / sizeof *messages);
    tcase_add_test(c, family_encodes_each_envelope);
    tcase_add_test(c, family_extends_another_description);
    tcase_add_test(c, family_names_events_by_what_they_are_for);
    tcase_add_test(c, family_fills_templates);
    tcase_add_loop_test(c, family_heartbeats_by_its_own_rules, 0, sizeof histories / sizeof *histories);
    return fixture_run("protocol/family", c);
}
