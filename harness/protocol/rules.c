/* Floor 2: words of rules and levels. */
#include "protocol/rules.h"

#define RULE_WORD(name, word, server_id, client_id) word,
static const char *const words[] = {GW_RULE_TABLE(RULE_WORD)};
#undef RULE_WORD

const char *gw_rule_word(gw_rule rule) {
    return words[rule];
}
