/* Floor 3: masking keys that can be predicted (RFC 6455 section 5.3), and heartbeats without end. */
#include "scenario/engine_internal.h"

#define STORM_PERIOD GW_S
/* Keys that are equal, or differ by the same number, so often in a row: by chance that happens once in 2^64. */
enum { KEYS_IN_A_ROW = 2 };

static uint32_t big_endian(const uint8_t key[4]) {
    return (uint32_t)key[0] << 24 | (uint32_t)key[1] << 16 | (uint32_t)key[2] << 8 | key[3];
}

void mask_note(gw_conn *c) {
    struct conn_masks *m = &c->masks;
    uint32_t key = big_endian(c->decoder.frame.key), step = key - m->last;
    uint32_t step_le = __builtin_bswap32(key) - __builtin_bswap32(m->last);
    bool same = m->count > 0 && key == m->last;
    bool counted = m->count > 1 && !same && (step == m->step_be || step_le == m->step_le);
    m->repeated = same ? m->repeated + 1 : 0;
    m->counted = counted ? m->counted + 1 : 0;
    m->last = key;
    m->step_be = step;
    m->step_le = step_le;
    m->count++;
    if (m->repeated == KEYS_IN_A_ROW)
        invariant_broken(c, GW_RULE_UNMASKED, "a masking key that cannot be predicted for each frame",
                         "%08x three times in a row", key);
    else if (m->counted == KEYS_IN_A_ROW)
        invariant_broken(c, GW_RULE_UNMASKED, "a masking key that cannot be predicted for each frame",
                         "keys that are counted, %08x the latest", key);
}

void storm_note(gw_conn *c, gw_heartbeat_input_kind kind, gw_ns at) {
    struct conn_storm *s = &c->storm;
    if (c->engine->scenario->role != GW_ROLE_CLIENT) return;
    if (kind == GW_HEARTBEAT_ASK_OUT || kind == GW_HEARTBEAT_BEAT_OUT) s->asked++;
    if (kind != GW_HEARTBEAT_BEAT_IN) return;
    if (s->asked > 0) {
        s->asked--;
        return;
    }
    gw_ns *slot = &s->beats[s->count % STORM_BEATS];
    if (s->count++ >= STORM_BEATS && at - *slot < STORM_PERIOD)
        invariant_broken(c, GW_RULE_SURVIVAL, "at most 20 heartbeats a second that nobody asked for", "21 in %.0f ms",
                         (double)(at - *slot) / GW_MS);
    *slot = at;
}
