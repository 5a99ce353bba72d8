/* Fuzz target: the loader of protocol descriptions (protocol/description.h). One that loads can be used: its events are
 * found by name and id, and its expressions give deadlines. */
#include "fuzz.h"
#include "protocol/heartbeat.h"

#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_LINES, .vocabulary = &gw_vocabulary_files};

static void ignore(void *context, const gw_violation *violation) {
    (void)context;
    GW_FUZZ_CHECK(violation->rule, "no rule");
}

static void use(const gw_protocol *protocol) {
    for (size_t i = 0; i < protocol->event_count; i++) {
        const gw_event *event = &protocol->events[i];
        GW_FUZZ_CHECK(gw_protocol_event(protocol, gw_span_cstr(event->name)) == event, "event %s is not found",
                      event->name);
        GW_FUZZ_CHECK(event->index == i && event->requirement[0] && event->requirement[1], "event %s", event->name);
    }
    for (int role = 0; role < 2; role++)
        for (int rule = 0; rule < GW_RULE_COUNT; rule++)
            GW_FUZZ_CHECK(gw_protocol_rule(protocol, (gw_role)role, (gw_rule)rule), "rule %d has no requirement", rule);
    if (!protocol->heartbeat.hello) return;
    for (int role = 0; role < 2; role++) {
        gw_heartbeat heartbeat;
        gw_violation_sink sink = {ignore, NULL};
        gw_heartbeat_init(&heartbeat, protocol, (gw_role)role, 1.0, 0);
        gw_heartbeat_input inputs[] = {{.kind = GW_HEARTBEAT_HELLO_IN, .at = GW_MS, .interval = GW_S},
                                       {.kind = GW_HEARTBEAT_BEAT_OUT, .at = GW_S},
                                       {.kind = GW_HEARTBEAT_ASK_OUT, .at = GW_S + GW_MS},
                                       {.kind = GW_HEARTBEAT_TICK, .at = 10 * GW_S},
                                       {.kind = GW_HEARTBEAT_DROP_IN, .at = 11 * GW_S, .by_close = true, .code = 1000}};
        for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
            /* Nothing is classified as a question where the protocol has none. */
            if (inputs[i].kind == GW_HEARTBEAT_ASK_OUT && !protocol->heartbeat.ask) continue;
            gw_heartbeat_due(&heartbeat);
            gw_heartbeat_take(&heartbeat, &inputs[i], sink);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > GW_FUZZ_MAX_BYTES) return 0;
    gw_arena arena;
    gw_diag diag;
    gw_arena_init(&arena);
    gw_diag_init(&diag);
    const gw_protocol *protocol = gw_protocol_load(&arena, gw_span_make(data, size), "input.yaml", &diag);
    GW_FUZZ_CHECK((protocol == NULL) == (diag.errors > 0), "%zu errors", diag.errors);
    if (protocol)
        use(protocol);
    else
        GW_FUZZ_CHECK(strncmp(gw_buf_cstr(&diag.text), "input.yaml", 10) == 0, "%s", gw_buf_cstr(&diag.text));
    gw_diag_deinit(&diag);
    gw_arena_deinit(&arena);
    return 0;
}
