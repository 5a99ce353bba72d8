#include "fixture.h"

#include <stdio.h>

static gw_arena arena;
static gw_diag diag;

gw_span fixture_read(const char *path) {
    enum { MAX_BYTES = 1 << 20 };
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "cannot read %s", path);
    char *bytes = gw_arena_alloc(&arena, MAX_BYTES);
    size_t n = fread(bytes, 1, MAX_BYTES - 1, f);
    fclose(f);
    return gw_span_make(bytes, n);
}

static const gw_protocol *load(gw_span text, const char *file) {
    gw_diag_deinit(&diag);
    gw_diag_init(&diag);
    return gw_protocol_load(&arena, text, file, &diag);
}

const gw_protocol *fixture_load(const char *text) {
    return load(gw_span_cstr(text), "f.yaml");
}

const char *fixture_errors(void) {
    return gw_buf_cstr(&diag.text);
}

const gw_protocol *fixture_gateway(void) {
    static const gw_protocol *gateway;
    if (!gateway) gateway = load(fixture_read("scenarios/protocols/gateway.yaml"), "gateway.yaml");
    ck_assert_msg(gateway != NULL, "%s", fixture_errors());
    return gateway;
}

const gw_protocol *fixture_gateway_with(const char *knob, const char *value) {
    gw_knobs knobs = fixture_gateway()->knobs;
    ck_assert_int_eq(gw_knobs_set(&knobs, knob, value), GW_OK);
    return gw_protocol_with_knobs(&arena, fixture_gateway(), &knobs);
}

int fixture_run(const char *name, TCase *tests) {
    Suite *s = suite_create(name);
    suite_add_tcase(s, tests);
    tcase_set_timeout(tests, 60);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner), ran = srunner_ntests_run(runner);
    srunner_free(runner);
    return failed || !ran;
}
