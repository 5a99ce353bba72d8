/* Bystanders: other clients of the same gateway, who come and are lost at any byte. Floor 5.
 *
 * What they do must change nothing for the clients of a scenario. */
#include "cli/simulate_internal.h"

static const char request[] =
    "GET /gateway HTTP/1.1\r\nHost: bystander\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/* A heartbeat, a Ping, a message in two fragments, text that is not JSON, an ask, a Close 1000; all with a key of zero.
 */
static const char *const frames[] = {
    "818e00000000"
    "7b2265223a312c2264223a7b7d7d",
    "898400000000"
    "70696e67",
    "018600000000"
    "7b2265223a31"
    "808800000000"
    "2c2264223a7b7d7d",
    "818300000000"
    "7b2265",
    "818e00000000"
    "7b2265223a322c2264223a7b7d7d",
    "888200000000"
    "03e8",
};

static uint8_t nibble(char c) {
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* What this one would send if it lived: its request, and a few frames. */
static size_t script(gw_rng *rng, uint8_t *out) {
    size_t len = 0;
    for (const char *p = request; *p; p++) out[len++] = (uint8_t)*p;
    for (uint64_t n = gw_rng_below(rng, 4); n > 0; n--) {
        const char *hex = frames[gw_rng_below(rng, sizeof frames / sizeof frames[0])];
        for (; *hex; hex += 2) out[len++] = (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1]));
    }
    return len;
}

/* In pieces over half a second from `opens`, then an end of any kind. */
static void plan_one(sim *s, sim_conn *c, gw_ns opens) {
    uint8_t bytes[1024];
    size_t len = script(&s->bystander_rng, bytes);
    if (gw_rng_below(&s->bystander_rng, 4) > 0) len = (size_t)gw_rng_below(&s->bystander_rng, len + 1);
    gw_ns due = opens;
    for (size_t at = 0; at < len;) {
        size_t n = 1 + (size_t)gw_rng_below(&s->bystander_rng, len - at);
        due += (gw_ns)gw_rng_below(&s->bystander_rng, 100) * GW_MS;
        sim_push_at(s, &c->up, PIECE_BYTES, gw_span_make(bytes + at, n), due);
        at += n;
    }
    static const piece_kind ends[] = {PIECE_RST, PIECE_FIN, PIECE_CLOSE};
    piece_kind end = ends[gw_rng_below(&s->bystander_rng, sizeof ends / sizeof ends[0])];
    due += (gw_ns)gw_rng_below(&s->bystander_rng, 1500) * GW_MS;
    sim_push_at(s, &c->up, end, (gw_span){0}, due);
    if (end == PIECE_FIN) sim_push_at(s, &c->up, PIECE_CLOSE, (gw_span){0}, due + 10 * GW_S);
}

void sim_bystanders(sim *s) {
    for (unsigned n = 0; n < s->schedule.bystanders; n++) {
        gw_ns opens = s->now + (gw_ns)gw_rng_below(&s->bystander_rng, 2000) * GW_MS;
        sim_conn *c = sim_conn_add(s, opens);
        if (!c) return;
        c->bystander = true;
        plan_one(s, c, opens);
    }
}
