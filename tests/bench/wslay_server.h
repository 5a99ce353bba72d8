/* Benchmark: a gateway server as one writes it in an afternoon over wslay and cJSON, to compare the reference server's
 * core with: one connection at a time, in memory. It upgrades, says hello, answers an ask with a heartbeat and a Close
 * with a Close; it knows no rooms, no deadlines and no limits, and checks of the request that there is a key. */
#ifndef GW_BENCH_WSLAY_SERVER_H
#define GW_BENCH_WSLAY_SERVER_H

#include "base/span.h"

typedef struct wslay_server_conn wslay_server_conn;

/* NULL: out of memory. */
wslay_server_conn *wslay_server_accept(void);
/* What the client wrote; the upgrade request must come whole. False: it is to be dropped. */
bool wslay_server_on_bytes(wslay_server_conn *conn, gw_span bytes);
/* What it wrote since the last call; valid until the next one on this connection. */
gw_span wslay_server_output(wslay_server_conn *conn);
void wslay_server_gone(wslay_server_conn *conn);

#endif
