/* Small direct checks, one for each planted fault: it holds on the server without faults and fails with the fault. */
#ifndef GW_TESTS_SERVER_PROBE_H
#define GW_TESTS_SERVER_PROBE_H

#include "rig.h"

typedef struct probe {
    gw_fault fault;
    bool (*holds)(rig *r, const struct probe *p);
    const char *bytes; /* what to send */
    size_t len;
    int number; /* a status or close code */
} probe;

extern const probe probe_handshake[], probe_frame[], probe_close[], probe_gateway[], probe_events[];
extern const size_t probe_handshake_count, probe_frame_count, probe_close_count, probe_gateway_count,
    probe_events_count;

#endif
