/* Preparing a judged text for cJSON. Floor 2, private to packet.c. */
#ifndef GW_PROTOCOL_JSON_SOFT_H
#define GW_PROTOCOL_JSON_SOFT_H

#include "base/span.h"

/* cJSON 1.7 refuses lone surrogates and numbers of more than 63 characters, which are JSON all the same. */
bool gw_json_needs_softening(gw_span text);
/* Rewrites them in place, without a change of length: U+FFFD for a lone surrogate, the same double in fewer digits for
 * a number. */
void gw_json_soften(char *text, size_t len);

#endif
