/* Everything that a run needs before it starts: target, catalogue, the chosen scenarios. Floor 5. */
#ifndef GW_CLI_RUN_SETUP_H
#define GW_CLI_RUN_SETUP_H

#include "cli/catalogue.h"
#include "cli/options.h"
#include "cli/select.h"
#include "scenario/target.h"

typedef struct gw_run_setup {
    gw_target *loaded; /* owned */
    gw_target target;  /* the same with what the command line adds */
    bool has_target;   /* false: simulation */
    gw_catalogue catalogue;
    const gw_protocol *protocol; /* with the target's knobs */
    gw_chosen chosen;
    const gw_expected *expected; /* known failures: of the target and of --expected-failures */
    size_t expected_count;
    gw_arena arena;
} gw_run_setup;

/* False when anything is wrong with the words or files: the reason is printed. To be given to gw_run_setup_deinit in
 * any case. */
bool gw_run_setup_init(gw_run_setup *setup, const gw_options *options);
void gw_run_setup_deinit(gw_run_setup *setup);

#endif
