/* What the two halves of watch.h share. */
#ifndef GW_FUZZ_WATCH_INTERNAL_H
#define GW_FUZZ_WATCH_INTERNAL_H

#include "fuzz.h"
#include "protocol.h"
#include "protocol/packet.h"
#include "watch.h"
#include "wire/close.h"

extern const gw_violation_sink gw_watch_sink;
void gw_watch_blame(gw_watch *watch, gw_watch_guilt guilt);
/* To the heartbeat model, as long as times mean something. */
void gw_watch_tell(gw_watch *watch, gw_heartbeat_input input);

#endif
