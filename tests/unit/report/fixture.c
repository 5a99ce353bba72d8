#include "fixture.h"

#include <check.h>
#include <string.h>

static const char *const requires_s6[] = {"S6"};

gw_scenario fixture_scenario(const char *id) {
    return (gw_scenario){.id = id,
                         .family = id,
                         .file = "scenarios/some.yaml",
                         .title = "a title",
                         .requires_ids = requires_s6,
                         .requires_count = 1};
}

void fixture_result_init(fixture_result *f, const char *id, gw_verdict verdict, const char *rule) {
    *f = (fixture_result){.scenario = fixture_scenario(id)};
    f->finding = (gw_finding){.verdict = verdict, .rule = rule, .expected = "this", .observed = "that"};
    f->result = (gw_result){.scenario = &f->scenario, .verdict = verdict, .duration = GW_S};
    if (verdict == GW_VERDICT_PASS) return;
    f->result.findings = &f->finding;
    f->result.finding_count = 1;
}

void fixture_silent_client(fixture_result *f) {
    static const gw_wire_entry wire[] = {
        {0, GW_WIRE_SENT, "alice", "GET /gateway", 0, 0},
        {GW_US * 900, GW_WIRE_RECEIVED, "alice", "101 Switching Protocols", 0, 0},
        {GW_US * 1001300, GW_WIRE_RECEIVED, "alice", "text  {\"e\":1,\"d\":{}}", 0, 0},
        {GW_MS * 2050, GW_WIRE_NOTE, "alice", "still open", 0, 0},
    };
    fixture_result_init(f, "heartbeat/silent-client-is-dropped", GW_VERDICT_FAIL, "S6");
    f->finding.expected = "closed 950 - 1050 ms after hello (I = 1000 ms, eps = 50 ms)";
    f->finding.observed = "still open 2050 ms after hello";
    f->finding.at = GW_MS * 2050;
    f->finding.client = "alice";
    f->finding.place = (gw_place){.file = "scenarios/heartbeat/silent-client-is-dropped.yaml", .line = 6, .column = 5};
    f->result.wire = wire;
    f->result.wire_count = 4;
}

void fixture_catalogue(gw_requirements *requirements) {
    static const char text[] =
        "source: the gateway document\n"
        "requirements:\n"
        "  S6: {title: silence ends, role: server, level: must,\n"
        "       clause: \"If the server/client doesn't receive a heartbeat in the specified time frame, then it "
        "disconnects.\"}\n"
        "  S11: {title: a client may ask, role: server, level: should, clause: client/server}\n";
    gw_diag diag;
    gw_diag_init(&diag);
    gw_requirements_init(requirements);
    ck_assert_msg(gw_requirements_load(requirements, gw_span_cstr(text), "s.yaml", &diag), "%s",
                  gw_buf_cstr(&diag.text));
    gw_diag_deinit(&diag);
}

gw_report_run fixture_run(const gw_requirements *requirements) {
    return (gw_report_run){.version = "0.1.0",
                           .protocol = "gateway/1",
                           .target = "ws://localhost:4000/gateway",
                           .started = "2026-01-31T12:00:00Z",
                           .seed = 7314,
                           .rerun_options = "--url ws://localhost:4000/gateway --seed 7314",
                           .requirements = requirements};
}

void fixture_unused(gw_summary *summary) {
    static const gw_expected entry = {.pattern = "<a>", .reason = "ticket \"8\" & more"};
    static const gw_expected *const unused[] = {&entry};
    summary->unused = unused;
    summary->unused_count = 1;
}

const char *fixture_hostile(void) {
    static char text[512];
    for (int i = 1; i < 256; i++) text[i - 1] = (char)i;
    /* Valid UTF-8 that is not welcome: a bidirectional override, U+0085, U+FFFE; the end of a CDATA section. */
    strcpy(text + 255, "\xe2\x80\xae\xc2\x85\xef\xbf\xbe]]>\xf0\x9f\x98\x80\xf0\x9f\x98");
    return text;
}

void fixture_assert_text(gw_buf *got, const char *expected) {
    ck_assert_int_eq(got->error, GW_OK);
    ck_assert_str_eq(gw_buf_cstr(got), expected);
}
