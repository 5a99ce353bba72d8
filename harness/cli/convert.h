/* Between the sessions of the fuzzers (fuzzing/script.h) and scenarios. Floor 5, pure.
 *
 * A session becomes the scenario that does the same to a server, as far as the reference server goes along with it: the
 * session is carried out meanwhile, so that times "just before the next deadline" become numbers, in whole
 * milliseconds. A scenario becomes the session that does the same; what it expects is left out, since the fuzz target
 * judges by itself. What was converted to a scenario comes out the same after a way back and forth, as far as
 * the steps of a session are enough for it. */
#ifndef GW_CLI_CONVERT_H
#define GW_CLI_CONVERT_H

#include "fuzzing/script.h"
#include "protocol/description.h"
#include "scenario/program.h"

/* Appends the scenario to out. GW_ERR_UNSUPPORTED: a step has no counterpart, `why` names it. */
gw_status gw_convert_to_scenario(const gw_script *script, const gw_protocol *protocol, const char *name, gw_buf *out,
                                 gw_buf *why);

/* The bytes of steps live in the arena. GW_ERR_UNSUPPORTED: as above. */
gw_status gw_convert_to_script(const gw_scenario *scenario, const gw_protocol *protocol, gw_arena *arena,
                               gw_script *script, gw_buf *why);

#endif
