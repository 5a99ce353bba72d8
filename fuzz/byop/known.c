/* The list of known divergences. */
#include "byop.h"

#include <string.h>

#define ROW(name, word) word,
static const char *const words[] = {GW_BYOP_KNOWN_TABLE(ROW)};
#undef ROW

bool gw_byop_known_bits(const gwspec_parser_api *api, uint32_t *bits, const char **bad) {
    *bits = 0;
    for (const gwspec_known *known = api->known; known && known->rule; known++) {
        size_t i = 0;
        while (i < GW_BYOP_KNOWN_COUNT && strcmp(words[i], known->rule) != 0) i++;
        *bad = known->rule;
        if (i == GW_BYOP_KNOWN_COUNT || !known->reason || !known->reason[0]) return false;
        *bits |= 1u << i;
    }
    return true;
}
