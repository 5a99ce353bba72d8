/* The description of the protocol that gwspec-server serves: a file of the user's, or a built-in one by its name. */
#ifndef GW_SERVER_PROTOCOL_H
#define GW_SERVER_PROTOCOL_H

#include "reference-server/core.h"

#include "base/arena.h"
#include "protocol/description.h"

/* Loads it into the arena. NULL: `error` says why, in lines for people. The gateway document's own description gives
 * NULL too, with an empty error: that one is served without. */
const gw_protocol *gw_server_protocol_load(gw_arena *arena, const char *name, gw_buf *error);

#endif
