/* Variables of a running scenario, and ${...} in texts and templates. Floor 3, pure.
 *
 * Names: "alice.id", "sent.content", "I" (ms), "eps" (ms), "uuid" (a fresh one each time), "now-ms" (Unix time given by
 * the caller), "room.id" of a client as "alice.room". A value is any JSON value.
 */
#ifndef GW_SCENARIO_VARS_H
#define GW_SCENARIO_VARS_H

#include "base/buf.h"
#include "base/rng.h"
#include "protocol/description.h"

#include <cjson/cJSON.h>

typedef struct gw_vars {
    cJSON *values; /* an object; owned */
    gw_rng *rng;   /* for ${uuid}; borrowed */
    int64_t now_ms;
} gw_vars;

gw_status gw_vars_init(gw_vars *vars, gw_rng *rng);
void gw_vars_deinit(gw_vars *vars);
/* Stores a copy under a name without dots ("sent", "alice"). */
gw_status gw_vars_set(gw_vars *vars, const char *name, const cJSON *value);
gw_status gw_vars_set_string(gw_vars *vars, const char *object, const char *member, const char *value);
/* ${protocol.id} and ${protocol.data}: the envelope's keys ("e", "d"); ${protocol.plain} and ${protocol.ask}: ids of
 * events that a client may send, as JSON text. */
gw_status gw_vars_set_protocol(gw_vars *vars, const gw_protocol *protocol);
/* The value of a dotted path (a number selects from an array); NULL when there is none. Borrowed. `uuid` and `now-ms`
 * are made when a text is expanded, not looked up here. */
const cJSON *gw_vars_get(const gw_vars *vars, gw_span path);
/* Text with each ${path} replaced: strings as they are, other values as compact JSON. "$${" stands for "${".
 * GW_ERR_NOT_FOUND: *missing names the first unknown path (borrowed from text); GW_ERR_INVALID: unclosed "${". */
gw_status gw_vars_expand(gw_vars *vars, gw_span text, gw_buf *out, gw_span *missing);
/* A copy of a template with every string expanded; a string that is one ${path} alone keeps the value's type.
 * Keys that start with '$' (matchers) are kept, their values expanded. NULL on error, as above. The caller deletes it.
 */
cJSON *gw_vars_expand_json(gw_vars *vars, const cJSON *template, gw_status *status, gw_span *missing);

/* ---- What stands in a text; the loader uses this too. ---- */

typedef enum gw_vars_token { GW_VARS_END, GW_VARS_TEXT, GW_VARS_REF, GW_VARS_UNCLOSED } gw_vars_token;
/* Takes the next piece off the front of *text: a run of plain text (TEXT; of "$${" it is "${"), or the path between the
 * braces, trimmed (REF). UNCLOSED: "${" without its "}". The piece borrows from the text. */
gw_vars_token gw_vars_next(gw_span *text, gw_span *piece);
/* The text is one "${path}" and nothing else; its path goes to *path. */
bool gw_vars_is_ref(gw_span text, gw_span *path);

#endif
