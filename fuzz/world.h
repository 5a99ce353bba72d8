/* A session script carried out: up to GW_SCRIPT_CONNS clients against the reference server's core on a virtual clock,
 * each connection watched. A broken property aborts. */
#ifndef GW_FUZZ_WORLD_H
#define GW_FUZZ_WORLD_H

#include "fuzzing/script.h"
#include "reference-server/faults.h"

/* Runs the whole script; memory is kept for the next one. faults: NULL, or what is planted in the server. */
void gw_world_run(const gw_script *script, const gw_faults *faults);

#endif
