/* Matching a JSON value against a template with matchers. Floor 3, pure.
 *
 * A literal matches an equal value (numbers by value; strings by bytes). An object template matches an object that has
 * at least its members; with {$exact: {...}} no others. Matchers are objects whose only keys start with '$':
 *   {$type: string|number|integer|boolean|object|array|null}   {$any: true}   {$absent: true}   {$regex: "..."}
 *   {$min: n, $max: n}   {$near-now: 5s}  (Unix ms, or s when the value is that small)   {$save: name}   {$one-of:
 * [...]}
 *   {$not: template}   {$length: n}  (code points, items or members; n may be a matcher)   {$prefix: "..."} {$contains:
 * "..."} {$token: "..."} (comma-separated list has the token, letter case ignored; for header values) Several in one
 * object must all hold. The loader has checked their form (gw_match_check).
 */
#ifndef GW_SCENARIO_MATCH_H
#define GW_SCENARIO_MATCH_H

#include "base/doc.h"
#include "scenario/vars.h"

enum { GW_MATCH_MAX_SAVES = 32 /* $save in one template */ };

/* The template's form; errors at the nodes of the file. What still holds ${...} is left for the run. */
bool gw_match_check(gw_diag *diag, const gw_doc_node *template_node);
/* Does `value` (NULL: absent) match the already expanded `pattern`? When not, `why` says where and how, one line such
 * as
 * "/content: expected \"hi\", got \"ho\"". Saved values go to vars (only when the whole matches). */
bool gw_match_json(const cJSON *pattern, const cJSON *value, gw_vars *vars, gw_buf *why);

#endif
