/* Floor 3: a server that sends more than anybody asked for. What a scenario asks for grows with what its steps send, so
 * the bounds do; and all engines of a run together keep no more than its memory allows. */
#include "scenario/engine_internal.h"

enum {
    RECEIVED_BYTES = 2 << 20, /* on one connection, beyond what answers our own bytes */
    UNREAD_ITEMS = 2048,      /* the same */
    FRAME_BYTES = 6,          /* the shortest that we send */
    ANSWER_RATIO = 4,         /* bytes of an answer for each byte that steps sent */
    ITEM_BYTES = 96,          /* an item and its payload's overhead */
    PACKET_BYTES = 320,       /* a packet without its tree */
    NODE_BYTES = 96,          /* a value in a tree */
    SHARE_BYTES = 128 << 10   /* that an engine may keep when the run has no memory left */
};

/* Each value but the first stands behind a bracket, a comma or a colon. */
static size_t values_of(gw_span text) {
    size_t n = 1;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == ',' || text.ptr[i] == '[' || text.ptr[i] == '{' || text.ptr[i] == ':';
    return n;
}

size_t flood_weigh(const gw_item *item) {
    size_t weight = ITEM_BYTES + item->len;
    if (item->packet) weight += PACKET_BYTES + 2 * item->len;
    if (item->packet && item->packet->tree) weight += NODE_BYTES * values_of(item->packet->body);
    return weight;
}

static size_t kept_by(const gw_engine *e) {
    size_t kept = 0;
    for (unsigned i = 0; i < e->conn_count; i++) kept += e->conns[i].charged;
    return kept;
}

static void charge(gw_conn *c, size_t bytes) {
    gw_engine_memory *memory = c->engine->config.memory;
    if (memory) memory->bytes += bytes - c->charged;
    c->charged = bytes;
}

void flood_check(gw_conn *c) {
    gw_engine *e = c->engine;
    const gw_engine_memory *memory = e->config.memory;
    charge(c, c->inbox.weight + c->payload.cap + c->head.cap);
    if (e->flooded) return;
    bool client = e->scenario->role == GW_ROLE_CLIENT;
    if (c->in_bytes > RECEIVED_BYTES + ANSWER_RATIO * c->asked_bytes)
        e->flooded = client ? "the client floods: more than 2 MiB on one connection that nobody asked for"
                            : "the server floods: more than 2 MiB on one connection that nobody asked for";
    else if (c->inbox.count - c->inbox.cursor > UNREAD_ITEMS + c->asked_bytes / FRAME_BYTES)
        e->flooded = client ? "the client floods: more than 2048 messages on one connection that nobody asked for"
                            : "the server floods: more than 2048 messages on one connection that nobody asked for";
    e->storm = e->flooded && client;
    if (!e->flooded && memory && memory->bytes > memory->max_bytes && kept_by(e) > SHARE_BYTES)
        e->flooded = client ? "the client floods: its messages on all connections take more memory than the run has"
                            : "the server floods: its messages on all connections take more memory than the run has";
}

void flood_release(gw_conn *c) {
    c->inbox.cursor = c->inbox.count;
    inbox_trim(&c->inbox);
    gw_buf_deinit(&c->payload);
    gw_buf_deinit(&c->head);
    charge(c, 0);
}
