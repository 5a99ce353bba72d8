/* Which faults have something to break in a described protocol. Pure. */
#include "reference-server/described.h"

#include <string.h>

/* What a fault needs of a protocol. */
enum {
    ALWAYS = 0,
    INTERVAL = 1,   /* hello announces it */
    BEATS = 2,      /* the server beats */
    TIMEOUT = 4,    /* the server drops a silent client */
    COUNTS = 8,     /* a beat of the client's resets its timer */
    ANSWERS = 16,   /* the server answers a question */
    EVENTS = 32,    /* rooms are told the gateway document's events */
    OBJECTS = 64,   /* messages are JSON objects */
    UNSHARED = 128, /* each connection has a timer of its own */
    JSON = 256      /* some message of the client is JSON */
};

static unsigned has(const gw_protocol *protocol) {
    const gw_heartbeat_rules *h = &protocol->heartbeat;
    gw_expr_env env = gw_protocol_env(protocol, GW_ROLE_SERVER, GW_S, GW_S, 1.0);
    unsigned bits = protocol->envelope.form == GW_FORM_PREFIX ? 0 : OBJECTS | JSON;
    if (h->interval.field.text) bits |= INTERVAL;
    if (h->beat[GW_ROLE_SERVER].send && h->beat[GW_ROLE_SERVER].level != GW_REQUIREMENT_MAY) bits |= BEATS;
    if (h->hello && env.drop != GW_NEVER) bits |= TIMEOUT;
    if (gw_protocol_drops_silent(protocol, GW_ROLE_SERVER) && h->reset_count) bits |= COUNTS;
    if (h->question[GW_ROLE_CLIENT].event && h->question[GW_ROLE_CLIENT].level != GW_REQUIREMENT_MAY) bits |= ANSWERS;
    if (!h->scope_server) bits |= UNSHARED;
    if (gw_protocol_event(protocol, GW_SPAN_LIT("message_create"))) bits |= EVENTS;
    return bits;
}

static const struct {
    gw_fault fault;
    unsigned needs;
} rows[] = {
    {GW_FAULT_HELLO_NEVER, ALWAYS},
    {GW_FAULT_HELLO_SLOW, ALWAYS},
    {GW_FAULT_HELLO_LATE, ALWAYS},
    {GW_FAULT_HELLO_TWICE, INTERVAL},
    {GW_FAULT_INTERVAL_STRING, INTERVAL},
    {GW_FAULT_INTERVAL_NULL, INTERVAL},
    {GW_FAULT_INTERVAL_ZERO, INTERVAL},
    {GW_FAULT_INTERVAL_NEGATIVE, INTERVAL},
    {GW_FAULT_INTERVAL_MISSING, INTERVAL},
    {GW_FAULT_HEARTBEAT_NEVER, BEATS},
    {GW_FAULT_HEARTBEAT_LATE, BEATS},
    {GW_FAULT_HEARTBEAT_STORM, BEATS},
    {GW_FAULT_HEARTBEAT_ONCE, BEATS},
    {GW_FAULT_HEARTBEAT_SKIPS, BEATS},
    {GW_FAULT_TIMEOUT_NEVER, TIMEOUT},
    {GW_FAULT_TIMEOUT_EARLY, TIMEOUT | UNSHARED},
    {GW_FAULT_TIMEOUT_SLOW, TIMEOUT | UNSHARED},
    {GW_FAULT_TIMEOUT_LATE, TIMEOUT},
    {GW_FAULT_COUNTS_PINGS, COUNTS},
    {GW_FAULT_COUNTS_UNKNOWN, COUNTS},
    {GW_FAULT_COUNTS_FIRST_ONLY, COUNTS},
    {GW_FAULT_ASK_IGNORED, ANSWERS},
    {GW_FAULT_ASK_SLOW, ANSWERS},
    {GW_FAULT_ASK_LATE, ANSWERS},
    {GW_FAULT_EVENT_TO_ONE, EVENTS},
    {GW_FAULT_EVENT_TO_ALL_ROOMS, EVENTS},
    {GW_FAULT_EVENT_TWICE, EVENTS},
    {GW_FAULT_DIES_ON_BAD_JSON, JSON},
    {GW_FAULT_DIES_ON_DEEP_JSON, JSON},
    {GW_FAULT_DIES_ON_BINARY, ALWAYS},
    {GW_FAULT_DIES_ON_NULL, OBJECTS},
    {GW_FAULT_DIES_ON_NO_ID, OBJECTS},
    {GW_FAULT_HANGS_ON_BAD_JSON, JSON},
    {GW_FAULT_BAD_JSON_TO_ROOM, JSON},
    /* Frames that go ahead of an event, or are one. */
    {GW_FAULT_SENDS_RSV1, EVENTS},
    {GW_FAULT_SENDS_ORPHAN, EVENTS},
    {GW_FAULT_SENDS_RESERVED_OPCODE, EVENTS},
};

/* Frame faults that speak the gateway document's own messages. */
static const gw_fault foreign[] = {GW_FAULT_DATA_AFTER_CLOSE, GW_FAULT_READS_AFTER_CLOSE, GW_FAULT_SENDS_BAD_UTF8};

bool gw_described_has_fault(const gw_protocol *protocol, gw_fault fault) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].fault == fault) return (rows[i].needs & ~has(protocol)) == 0;
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        if (foreign[i] == fault) return false;
    return strcmp(gw_faults_info(fault)->layer, "gateway") != 0;
}
