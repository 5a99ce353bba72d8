/* What a parser says of itself, before it is ever called. */
#include "byop.h"

#include <stdio.h>
#include <string.h>

#define ROW(name, word) word,
static const char *const words[] = {GW_BYOP_KNOWN_TABLE(ROW)};
#undef ROW
#define ROW(name, word) " " word
static const char all_words[] = GW_BYOP_KNOWN_TABLE(ROW);
#undef ROW

enum {
    ALL_ROLES = 1 << GWSPEC_SERVER | 1 << GWSPEC_CLIENT,
    ALL_REPORTS = GWSPEC_REPORTS_FRAMES | GWSPEC_REPORTS_MESSAGES | GWSPEC_REPORTS_PACKETS | GWSPEC_REPORTS_TIMEOUT |
                  GWSPEC_TAKES_MESSAGES
};

static bool check_known(const gwspec_known *known, uint32_t *bits, const gw_byop_finding *finding) {
    *bits = 0;
    for (; known && known->rule; known++) {
        size_t i = 0;
        while (i < GW_BYOP_KNOWN_COUNT && strcmp(words[i], known->rule) != 0) i++;
        if (i == GW_BYOP_KNOWN_COUNT)
            return gw_byop_found(finding, "interface: known divergence \"%.80s\" is no rule; the rules are:%s",
                                 known->rule, all_words);
        if (!known->reason || !known->reason[0])
            return gw_byop_found(finding, "interface: known divergence \"%s\" has no reason", known->rule);
        *bits |= 1u << i;
    }
    return true;
}

static bool check_reports(const gwspec_parser_api *api, const gw_byop_finding *finding) {
    uint32_t reports = api->reports;
    if (reports & ~(uint32_t)ALL_REPORTS)
        return gw_byop_found(finding, "interface: reports is 0x%x, but its bits end with 0x%x", reports, ALL_REPORTS);
    if (!(reports & (GWSPEC_REPORTS_FRAMES | GWSPEC_REPORTS_MESSAGES | GWSPEC_REPORTS_PACKETS)))
        return gw_byop_found(finding, "interface: reports asks for no frames, messages or packets");
    if (reports & (GWSPEC_REPORTS_TIMEOUT | GWSPEC_TAKES_MESSAGES) && !(reports & GWSPEC_REPORTS_PACKETS))
        return gw_byop_found(finding, "interface: REPORTS_TIMEOUT and TAKES_MESSAGES need REPORTS_PACKETS");
    if (reports & GWSPEC_TAKES_MESSAGES && reports & (GWSPEC_REPORTS_FRAMES | GWSPEC_REPORTS_MESSAGES))
        return gw_byop_found(finding, "interface: TAKES_MESSAGES goes without FRAMES and MESSAGES");
    if (reports & GWSPEC_REPORTS_TIMEOUT && !api->tick)
        return gw_byop_found(finding, "interface: REPORTS_TIMEOUT needs tick()");
    return true;
}

bool gw_byop_check_api(const gwspec_parser_api *api, uint32_t *known, const gw_byop_finding *finding) {
    if (api->abi != GWSPEC_PARSER_ABI)
        return gw_byop_found(finding, "interface: abi is %u, this library has %u", api->abi, GWSPEC_PARSER_ABI);
    const char *missing = !api->name         ? "name"
                          : !api->create     ? "create()"
                          : !api->feed       ? "feed()"
                          : !api->next_event ? "next_event()"
                          : !api->reset      ? "reset()"
                          : !api->destroy    ? "destroy()"
                                             : NULL;
    if (missing) return gw_byop_found(finding, "interface: %s is NULL, and is not optional", missing);
    if (api->roles & ~(uint32_t)ALL_ROLES)
        return gw_byop_found(finding, "interface: roles is 0x%x; it may have 1 << GWSPEC_SERVER and 1 << GWSPEC_CLIENT",
                             api->roles);
    return check_reports(api, finding) && check_known(api->known, known, finding);
}

bool gw_byop_api_usable(const gwspec_parser_api *api) {
    char text[GW_BYOP_TEXT_SIZE];
    uint32_t known;
    if (gw_byop_check_api(api, &known, &(gw_byop_finding){text, sizeof text})) return true;
    fprintf(stderr, "gwspec: %s: %s\n", api->name ? api->name : "gwspec_parser", text);
    return false;
}
