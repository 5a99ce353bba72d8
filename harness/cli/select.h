/* The choice of scenarios by the words of the command line. Floor 5, pure. */
#ifndef GW_CLI_SELECT_H
#define GW_CLI_SELECT_H

#include "base/buf.h"
#include "scenario/suite.h"

typedef struct gw_chosen {
    const gw_scenario **items; /* in the suite's order; owned */
    size_t count;
} gw_chosen;

/* Every pattern has to match at least one scenario, and at least one has to remain; else false, and `message` says in
 * one line what matched nothing and what was probably meant. The suite is that of `folder`; NULL: the built-in one. */
bool gw_select(const gw_suite *suite, const char *folder, const gw_selection *selection, gw_chosen *out,
               gw_buf *message);
void gw_chosen_deinit(gw_chosen *chosen);
/* The id, family or group of the suite that `word` most likely meant, or NULL; borrowed from `scratch`. */
const char *gw_select_suggest(const gw_suite *suite, const char *word, gw_arena *scratch);

#endif
