/* Fuzz target: the heartbeat model (protocol/heartbeat.h) on any history, in both roles and for each protocol that we
 * know.
 *
 * Nothing is judged twice or after the end; a tick before next_tick brings no violation; deadlines are in order. Three
 * bytes an input: kind and flags, how much time passes, interval or close code. */
#include "fuzz.h"
#include "protocol.h"
#include "protocol/heartbeat.h"

#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_BYTES};

enum { INPUT_BYTES = 3, MAX_INPUTS = 256 };

static size_t violations;

static void take(void *context, const gw_violation *violation) {
    const gw_ns *now = context;
    violations++;
    GW_FUZZ_CHECK(violation->rule && violation->rule[0] && violation->expected[0] && violation->observed[0],
                  "a violation that says nothing");
    GW_FUZZ_CHECK(violation->at == *now, "at %lld, now %lld", (long long)violation->at, (long long)*now);
}

static void check_order(const gw_heartbeat *model, gw_ns now) {
    gw_heartbeat_deadlines d = gw_heartbeat_due(model);
    GW_FUZZ_CHECK(d.hello <= d.hello_non_strict && d.answer <= d.answer_non_strict && d.drop <= d.drop_non_strict,
                  "the lax deadline comes first");
    GW_FUZZ_CHECK(d.drop_earliest == GW_NEVER || d.drop_earliest <= d.drop, "the drop ends before it begins");
    if (model->state == GW_HEARTBEAT_ENDED) GW_FUZZ_CHECK(d.next_tick == GW_NEVER, "a tick is due after the end");
    gw_expr_env env = gw_heartbeat_env(model);
    GW_FUZZ_CHECK(env.interval >= 0 && env.eps >= 0, "an environment below zero");
    (void)now;
}

static gw_ns step_of(uint8_t byte, const gw_heartbeat *model) {
    gw_heartbeat_deadlines d = gw_heartbeat_due(model);
    static const gw_ns units[] = {0, GW_MS, 10 * GW_MS, 100 * GW_MS};
    switch (byte >> 6) {
    case 0:
        return (byte & 0x0f) * units[byte >> 4 & 3];
    case 1:
        return model->interval / 16 * (byte & 0x3f);
    case 2:
        return d.next_tick == GW_NEVER ? 0 : -1; /* to just before next_tick */
    default:
        return d.next_tick == GW_NEVER ? GW_S : -2; /* to next_tick */
    }
}

static void run(const gw_protocol *protocol, gw_role peer, const uint8_t *data, size_t size) {
    gw_heartbeat model;
    gw_ns now = 0;
    gw_violation_sink sink = {take, &now};
    gw_heartbeat_init(&model, protocol, peer, 1.0, 0);
    for (size_t n = 0; size >= INPUT_BYTES && n < MAX_INPUTS; n++, data += INPUT_BYTES, size -= INPUT_BYTES) {
        gw_heartbeat_input input = {.kind = (gw_heartbeat_input_kind)((data[0] & 0x3f) % GW_HEARTBEAT_INPUT_COUNT)};
        gw_heartbeat_deadlines d = gw_heartbeat_due(&model);
        gw_ns step = step_of(data[1], &model);
        bool early = false;
        if (step == -1 || step == -2) {
            gw_ns to = step == -1 ? d.next_tick - 1 : d.next_tick;
            early = step == -1 && to >= now;
            if (to > now) now = to;
        } else {
            now = gw_time_add(now, step);
        }
        if (early || step < 0) input.kind = GW_HEARTBEAT_TICK;
        input.at = now;
        input.interval = data[2] == 0 ? 0 : data[2] * 10 * GW_MS;
        input.timeout = (data[2] & 0x1f) * 20 * GW_MS;
        input.echo_known = data[2] & 0x40;
        input.echo = data[2] & 0x03;
        input.has_sequence = data[2] & 0x80;
        input.sequence = input.value_number = data[2] & 0x0f;
        input.value = (gw_heartbeat_value)(data[2] >> 4 & 3);
        input.by_close = data[0] & 0x40;
        input.code = data[0] & 0x80 ? 4000u + data[2] : 1000u + data[2] % 16;
        bool ended = model.state == GW_HEARTBEAT_ENDED;
        violations = 0;
        gw_heartbeat_take(&model, &input, sink);
        GW_FUZZ_CHECK(!ended || violations == 0, "%s is judged after the end", gw_heartbeat_input_word(input.kind));
        GW_FUZZ_CHECK(!early || violations == 0, "a tick before next_tick is judged");
        check_order(&model, now);
        /* The same moment again: nothing is left to say of the time. */
        size_t said = violations;
        input.kind = GW_HEARTBEAT_TICK;
        gw_heartbeat_take(&model, &input, sink);
        size_t once_more = violations;
        gw_heartbeat_take(&model, &input, sink);
        GW_FUZZ_CHECK(violations == once_more, "a silence is judged twice (%zu before)", said);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t count;
    const gw_protocol *const *all = gw_fuzz_protocols(&count);
    for (size_t i = 0; i < count; i++) {
        run(all[i], GW_ROLE_SERVER, data, size);
        run(all[i], GW_ROLE_CLIENT, data, size);
    }
    return 0;
}
