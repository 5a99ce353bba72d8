/* Unit tests of protocol/description.h, knobs.h and requirements.h. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(description_load_reads_the_gateway) {
    const gw_protocol *p = fixture_gateway();
    static const char *const names[] = {"hello",       "heartbeat",        "heartbeat_ack",      "message_create",
                                        "room_update", "participant_kick", "participant_change", "room_close"};
    static const unsigned from[] = {1, 3, 3, 1, 1, 1, 1, 1};
    ck_assert_str_eq(p->name, "gateway");
    ck_assert_str_eq(p->endpoint, "/gateway");
    ck_assert_uint_eq(p->event_count, 8);
    for (size_t i = 0; i < 8; i++) {
        const gw_event *e = gw_protocol_event_by_id(p, (int64_t)i);
        ck_assert_ptr_nonnull(e);
        ck_assert_str_eq(e->name, names[i]);
        ck_assert_uint_eq(e->from, from[i]);
        ck_assert_ptr_eq(gw_protocol_event(p, gw_span_cstr(names[i])), e);
        ck_assert_int_eq(e->broadcast, i >= 2);
    }
    ck_assert_ptr_null(gw_protocol_event_by_id(p, 8));
    ck_assert_ptr_null(gw_protocol_event_by_id(p, -1));
    ck_assert_ptr_null(gw_protocol_event_by_id_text(p, gw_span_cstr("1")));
    const gw_heartbeat_rules *h = &p->heartbeat;
    ck_assert_str_eq(h->hello->name, "hello");
    ck_assert_str_eq(h->interval.field.text, "/heartbeatInterval");
    ck_assert_int_eq(h->interval.unit, GW_MS);
    ck_assert_str_eq(h->beat[GW_ROLE_CLIENT].send->name, "heartbeat");
    ck_assert_str_eq(h->beat[GW_ROLE_CLIENT].data, "{}");
    ck_assert_int_eq(gw_expr_eval(h->question[GW_ROLE_SERVER].strict, (gw_expr_env){.interval = GW_S}), 250 * GW_MS);
    ck_assert_int_eq(gw_expr_eval(h->question[GW_ROLE_SERVER].non_strict, (gw_expr_env){.interval = GW_S}), GW_S);
    ck_assert_uint_eq(h->misses, 1);
    ck_assert_int_eq(gw_expr_eval(h->eps, (gw_expr_env){.interval = 2 * GW_S}), 100 * GW_MS);
    ck_assert(gw_protocol_is_beat(p, gw_protocol_event(p, gw_span_cstr("heartbeat"))));
    ck_assert(!gw_protocol_is_beat(p, gw_protocol_event(p, gw_span_cstr("heartbeat_ack"))));
    ck_assert(h->ends_by_close && h->ends_by_drop && gw_codes_has(&h->codes, 4000));
    ck_assert_str_eq(gw_protocol_rule(p, GW_ROLE_SERVER, GW_RULE_TIMEOUT), "S6");
    ck_assert_str_eq(gw_protocol_rule(p, GW_ROLE_CLIENT, GW_RULE_TIMEOUT), "C5");
    ck_assert_str_eq(gw_protocol_rule(p, GW_ROLE_SERVER, GW_RULE_MASK), "RFC6455-5.1-L16");
    ck_assert_str_eq(gw_knobs_get(&p->knobs, "unanswered-ask"), "stays");
    ck_assert(p->reactions[GW_REACTION_BINARY].ignore && p->reactions[GW_REACTION_BINARY].close);
}
END_TEST

/* The clauses are quotations: each stands in the document's own words in the catalogue or the description. */
START_TEST(description_of_the_gateway_names_only_known_requirements) {
    gw_requirements catalogue;
    gw_diag diag;
    gw_requirements_init(&catalogue);
    gw_diag_init(&diag);
    static const char *const files[] = {"scenarios/requirements/gateway.yaml", "scenarios/requirements/rfc6455.yaml"};
    for (int i = 0; i < 2; i++)
        ck_assert_msg(gw_requirements_load(&catalogue, fixture_read(files[i]), files[i], &diag), "%s",
                      gw_buf_cstr(&diag.text));
    ck_assert_msg(gw_protocol_check_requirements(fixture_gateway(), &catalogue, "gateway.yaml", (gw_span){0}, &diag),
                  "%s", gw_buf_cstr(&diag.text));
    for (int n = 1; n <= 22; n++) {
        char id[16];
        snprintf(id, sizeof id, "S%d", n);
        ck_assert_msg(gw_requirements_find(&catalogue, id) != NULL, "%s", id);
        snprintf(id, sizeof id, "C%d", n);
        ck_assert_msg((gw_requirements_find(&catalogue, id) != NULL) == (n <= 9), "%s", id);
    }
    for (size_t i = 0; i < catalogue.count; i++) {
        const gw_requirement *r = catalogue.items[i];
        ck_assert_msg(r->clause[0] && r->title[0] && r->source[0], "%s", r->id);
        if (r->knob) ck_assert_msg(gw_knobs_get(&fixture_gateway()->knobs, r->knob) != NULL, "%s: %s", r->id, r->knob);
        if (strncmp(r->id, "RFC6455-", 8) == 0)
            ck_assert_msg(strncmp(r->source, "RFC 6455 section", 16) == 0, "%s", r->id);
    }
    gw_requirements_deinit(&catalogue);
    gw_diag_deinit(&diag);
}
END_TEST

/* Every case of a family is in the catalogue, whatever its section. */
START_TEST(requirements_hold_every_case_of_rfc_6455) {
    static const struct {
        char letter;
        int last;
    } families[] = {{'H', 24}, {'L', 17}, {'R', 8}, {'O', 4}, {'P', 12}, {'G', 15}, {'U', 12}, {'K', 22}, {'X', 22}};
    gw_requirements catalogue;
    gw_diag diag;
    gw_requirements_init(&catalogue);
    gw_diag_init(&diag);
    ck_assert(gw_requirements_load(&catalogue, fixture_read("scenarios/requirements/rfc6455.yaml"), "rfc", &diag));
    size_t found = 0;
    for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
        for (int n = 1; n <= families[f].last; n++) {
            char tail[16];
            size_t hits = 0;
            snprintf(tail, sizeof tail, "-%c%d", families[f].letter, n);
            for (size_t i = 0; i < catalogue.count; i++) {
                const char *dash = strrchr(catalogue.items[i]->id, '-');
                if (strcmp(dash, tail) != 0) continue;
                hits++;
                ck_assert_int_eq(catalogue.items[i]->role, families[f].letter == 'X' ? GW_ROLE_CLIENT : GW_ROLE_SERVER);
            }
            ck_assert_msg(hits == 1, "%s: %zu", tail, hits);
            found++;
        }
    }
    ck_assert_uint_le(found, catalogue.count);
    gw_requirements_deinit(&catalogue);
    gw_diag_deinit(&diag);
}
END_TEST

#define HEAD   "protocol: p\nendpoint: /x\nenvelope: {id: /e, data: /d}\n"
#define EVENTS "events: {hello: {id: 0, from: server}, beat: {id: 1, from: both}}\n"

static const struct golden {
    const char *text, *message;
} goldens[] = {
    {"[]", "f.yaml:1:1: error: a protocol description must be a map, not a list\n    1 | []\n      | ^\n"},
    {HEAD EVENTS "hartbeat: {}\n",
     "f.yaml:5:1: error: unknown key 'hartbeat' in a protocol description (did you mean 'heartbeat'?)\n"
     "    5 | hartbeat: {}\n      | ^~~~~~~~\n"},
    {"protocol: p\nendpoint: /x\nenvelope: {id: /e, data: /d}\n",
     "f.yaml:1:1: error: a protocol description needs the key 'events'\n    1 | protocol: p\n      | ^\n"},
    {"protocol: p\nendpoint: x\nenvelope: {id: /e, data: /d}\n" EVENTS,
     "f.yaml:2:11: error: endpoint must be a path that begins with '/'\n    2 | endpoint: x\n      |           ^\n"},
    {"protocol: p\nendpoint: /x\nenvelope: {id: e, data: /d}\n" EVENTS,
     "f.yaml:3:16: error: id must be a JSON Pointer to a member, such as /d\n"
     "    3 | envelope: {id: e, data: /d}\n      |                ^\n"},
    {"protocol: p\nendpoint: /x\nenvelope: {id: /e, data: /e/d}\n" EVENTS,
     "f.yaml:3:26: error: id and data must be different members\n"
     "    3 | envelope: {id: /e, data: /e/d}\n      |                          ^~~~\n"},
    {HEAD "events: {a: {id: 1, from: srever}}\n",
     "f.yaml:4:27: error: unknown word 'srever' for from (did you mean 'server'?)\n"
     "    4 | events: {a: {id: 1, from: srever}}\n      |                           ^~~~~~\n"},
    {HEAD "events: {a: {id: 1, from: both}, b: {id: 1, from: both}}\n",
     "f.yaml:4:42: error: the id 1 is that of a already\n"
     "    4 | events: {a: {id: 1, from: both}, b: {id: 1, from: both}}\n      |                                        "
     "  ^\n"},
    {HEAD "events: {a: {id: \"1\", from: both}}\n",
     "f.yaml:4:18: error: id must be an integer, not a string\n"
     "    4 | events: {a: {id: \"1\", from: both}}\n      |                  ^~~\n"},
    {HEAD "events: {a: {from: both}}\n",
     "f.yaml:4:10: error: event a needs the key 'id'\n    4 | events: {a: {from: both}}\n      |          ^\n"},
    {HEAD "events: {a: {id: 1, from: both, data: {typ: object}}}\n",
     "f.yaml:4:40: error: unknown key 'typ' in a schema (did you mean 'type'?)\n"
     "    4 | events: {a: {id: 1, from: both, data: {typ: object}}}\n      |                                        "
     "^~~\n"},
    {HEAD "events: {a: {id: 1, from: both, data: {type: objekt}}}\n",
     "f.yaml:4:46: error: unknown word 'objekt' for type (did you mean 'object'?)\n"
     "    4 | events: {a: {id: 1, from: both, data: {type: objekt}}}\n"
     "      |                                              ^~~~~~\n"},
    {HEAD "events: {a: {id: 1, from: both, data: {pattern: \"(\"}}}\n",
     "f.yaml:4:49: error: pattern is no regular expression: missing closing parenthesis (at its byte 1)\n"
     "    4 | events: {a: {id: 1, from: both, data: {pattern: \"(\"}}}\n"
     "      |                                                 ^~~\n"},
    {HEAD "events: {a: {id: 1, from: both, data-non-strict: {}}}\n",
     "f.yaml:4:50: error: data-non-strict is laxer than data, which is missing\n"
     "    4 | events: {a: {id: 1, from: both, data-non-strict: {}}}\n"
     "      |                                                  ^\n"},
    {HEAD EVENTS "heartbeat: {interval: {event: helo, field: /i}}\n",
     "f.yaml:5:31: error: unknown word 'helo' for event (did you mean 'hello'?)\n"
     "    5 | heartbeat: {interval: {event: helo, field: /i}}\n      |                               ^~~~\n"},
    {HEAD EVENTS "heartbeat:\n  interval: {event: hello, field: /i}\n  server: {send: beat, every: \"2I\"}\n",
     "f.yaml:7:33: error: every: write a '*' between a number and 'I' or 'eps'\n"
     "    7 |   server: {send: beat, every: \"2I\"}\n      |                                 ^\n"},
    {HEAD EVENTS "heartbeat:\n  interval: {event: hello, field: /i}\n  timer: {misses: 0}\n",
     "f.yaml:7:19: error: misses must be 1 to 100\n    7 |   timer: {misses: 0}\n      |                   ^\n"},
    {HEAD EVENTS "heartbeat:\n  interval: {event: hello, field: /i}\n  timer: {eps: eps}\n",
     "f.yaml:7:16: error: eps cannot be made of eps\n    7 |   timer: {eps: eps}\n      |                ^~~\n"},
    {HEAD EVENTS "heartbeat:\n  interval: {event: hello, field: /i}\n"
                 "  ask: {event: beat, by: both, answer: beat, strict: 2s, non-strict: 1s}\n",
     "f.yaml:7:70: error: non-strict must not be shorter than strict\n"
     "    7 |   ask: {event: beat, by: both, answer: beat, strict: 2s, non-strict: 1s}\n"
     "      |                                                                      ^~\n"},
    {HEAD EVENTS "heartbeat:\n  interval: {event: hello, field: /i}\n  miss: {codes: [4000, 4010-4001]}\n",
     "f.yaml:7:24: error: codes must be any, a close code such as 4000, a range such as 4000-4999, or a list of them\n"
     "    7 |   miss: {codes: [4000, 4010-4001]}\n      |                        ^~~~~~~~~\n"},
    {HEAD EVENTS "knobs: {unanswered-ask: stay}\n",
     "f.yaml:5:25: error: unknown word 'stay' for unanswered-ask (did you mean 'stays'?)\n"
     "    5 | knobs: {unanswered-ask: stay}\n      |                         ^~~~\n"},
    {HEAD EVENTS "knobs: {unanswered: stays}\n",
     "f.yaml:5:9: error: unknown key 'unanswered' in knobs (did you mean 'unanswered-ask'?)\n"
     "    5 | knobs: {unanswered: stays}\n      |         ^~~~~~~~~~\n"},
    {HEAD EVENTS "rules: {server: {cadense: S5}}\n",
     "f.yaml:5:18: error: unknown key 'cadense' in rules (did you mean 'cadence'?)\n"
     "    5 | rules: {server: {cadense: S5}}\n      |                  ^~~~~~~\n"},
    {HEAD EVENTS "reactions: {malformed: {any-of: [ignore, clos]}}\n",
     "f.yaml:5:42: error: unknown word 'clos' for any-of (did you mean 'close'?)\n"
     "    5 | reactions: {malformed: {any-of: [ignore, clos]}}\n      |                                          "
     "^~~~\n"},
    {HEAD EVENTS "limits: {message-bytes: 0}\n",
     "f.yaml:5:25: error: message-bytes must be above 0\n    5 | limits: {message-bytes: 0}\n"
     "      |                         ^\n"},
    {HEAD EVENTS "close: {4x: no}\n",
     "f.yaml:5:9: error: a key of close must be a close code such as 4000\n    5 | close: {4x: no}\n"
     "      |         ^~\n"},
};

START_TEST(description_load_reports_each_mistake_with_its_place) {
    ck_assert_ptr_null(fixture_load(goldens[_i].text));
    ck_assert_str_eq(fixture_errors(), goldens[_i].message);
}
END_TEST

START_TEST(description_load_takes_string_ids_and_nested_envelopes) {
    const gw_protocol *p =
        fixture_load("protocol: p\nendpoint: /x\nenvelope: {id: /m/op, data: /m/p, id-type: string}\n"
                     "events: {a: {id: op.a, from: both, requirement: {client: Q1}}}\n"
                     "reactions: {malformed: {any-of: close, codes: [4001, 4100-4200]}, binary: {any-of: ignore}}\n"
                     "close: {4001: no}\nlimits: {message-bytes: 4096}\n");
    ck_assert_msg(p != NULL, "%s", fixture_errors());
    ck_assert_uint_eq(p->envelope.id.count, 2);
    ck_assert_str_eq(p->envelope.id.keys[1], "op");
    ck_assert_ptr_eq(gw_protocol_event_by_id_text(p, gw_span_cstr("op.a")), &p->events[0]);
    ck_assert_ptr_null(gw_protocol_event_by_id(p, 0));
    ck_assert_str_eq(p->events[0].requirement[GW_ROLE_SERVER], "S22");
    ck_assert_str_eq(p->events[0].requirement[GW_ROLE_CLIENT], "Q1");
    const gw_codes *codes = &p->reactions[GW_REACTION_UNKNOWN_EVENT].codes;
    ck_assert(gw_codes_has(codes, 4001) && gw_codes_has(codes, 4100) && gw_codes_has(codes, 4200));
    ck_assert(!gw_codes_has(codes, 4000) && !gw_codes_has(codes, 4002) && !gw_codes_has(codes, 4201));
    ck_assert(!p->reactions[GW_REACTION_UNKNOWN_EVENT].ignore);
    ck_assert(p->reactions[GW_REACTION_BINARY].ignore && !p->reactions[GW_REACTION_BINARY].close);
    ck_assert_uint_eq(p->close_count, 1);
    ck_assert_uint_eq(p->max_message_bytes, 4096);
    ck_assert_ptr_null(p->heartbeat.hello);
}
END_TEST

START_TEST(requirements_load_reports_mistakes) {
    gw_requirements catalogue;
    gw_diag diag;
    gw_requirements_init(&catalogue);
    gw_diag_init(&diag);
    static const char first[] = "source: x\nrequirements:\n  A1: {title: t, role: server, level: must, clause: c}\n";
    ck_assert(gw_requirements_load(&catalogue, gw_span_cstr(first), "a.yaml", &diag));
    ck_assert(!gw_requirements_load(&catalogue,
                                    gw_span_cstr("requirements:\n"
                                                 "  A1: {title: t, role: server, level: must, clause: c}\n"
                                                 "  A2: {title: t, role: server, level: most, clause: c}\n"
                                                 "  A3: {title: t, role: server, level: must}\n"
                                                 "  A4: {title: t, role: server, level: must, clause: c}\n"),
                                    "b.yaml", &diag));
    ck_assert_str_eq(gw_buf_cstr(&diag.text),
                     "b.yaml:2:3: error: the requirement 'A1' is in a.yaml:3 already\n"
                     "    2 |   A1: {title: t, role: server, level: must, clause: c}\n      |   ^~\n"
                     "b.yaml:3:39: error: unknown word 'most' for level (did you mean 'must'?)\n"
                     "    3 |   A2: {title: t, role: server, level: most, clause: c}\n      |                          "
                     "             ^~~~\n"
                     "b.yaml:4:3: error: a requirement needs the key 'clause'\n"
                     "    4 |   A3: {title: t, role: server, level: must}\n      |   ^~\n"
                     "b.yaml:5:3: error: a requirement needs the key 'source' (or the file one for all)\n"
                     "    5 |   A4: {title: t, role: server, level: must, clause: c}\n      |   ^~\n");
    ck_assert_uint_eq(catalogue.count, 1);
    ck_assert_str_eq(gw_requirements_suggest(&catalogue, "A2"), "A1");
    ck_assert_ptr_null(gw_requirements_find(&catalogue, "A2"));
    gw_requirements_deinit(&catalogue);
    gw_diag_deinit(&diag);
}
END_TEST

START_TEST(knobs_take_only_their_words) {
    gw_knobs knobs;
    gw_knobs_init(&knobs);
    for (int i = 0; i < GW_KNOB_COUNT; i++) {
        const char *key = gw_knob_key((gw_knob)i), *words = gw_knob_words((gw_knob)i);
        const char *standard = gw_knobs_get(&knobs, key);
        ck_assert_msg(strstr(words, standard) != NULL, "%s", key);
        for (const char *p = words; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL) {
            char word[16] = "";
            memcpy(word, p, strcspn(p, "|"));
            ck_assert_msg(gw_knobs_set(&knobs, key, word) == GW_OK, "%s: %s", key, word);
            ck_assert(gw_knobs_is(&knobs, (gw_knob)i, word));
        }
        ck_assert_int_eq(gw_knobs_set(&knobs, key, "x"), GW_ERR_INVALID);
    }
    ck_assert_int_eq(gw_knobs_set(&knobs, "x", "any"), GW_ERR_NOT_FOUND);
    ck_assert_ptr_null(gw_knobs_get(&knobs, "x"));
}
END_TEST

int main(void) {
    TCase *c = tcase_create("description");
    tcase_add_test(c, description_load_reads_the_gateway);
    tcase_add_test(c, description_of_the_gateway_names_only_known_requirements);
    tcase_add_test(c, requirements_hold_every_case_of_rfc_6455);
    tcase_add_loop_test(c, description_load_reports_each_mistake_with_its_place, 0, sizeof goldens / sizeof *goldens);
    tcase_add_test(c, description_load_takes_string_ids_and_nested_envelopes);
    tcase_add_test(c, requirements_load_reports_mistakes);
    tcase_add_test(c, knobs_take_only_their_words);
    return fixture_run("protocol/description", c);
}
