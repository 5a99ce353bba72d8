/* The commands. Floor 5. Each takes understood options, prints, and returns the exit code. */
#ifndef GW_CLI_COMMANDS_H
#define GW_CLI_COMMANDS_H

#include "cli/catalogue.h"
#include "cli/console.h"
#include "cli/options.h"

int gw_command_run(const gw_options *options);
int gw_command_init(const gw_options *options);
int gw_command_schema(const gw_options *options);
int gw_command_list(const gw_options *options);
int gw_command_explain(const gw_options *options);
int gw_command_coverage(const gw_options *options);
int gw_command_check(const gw_options *options);
int gw_command_fuzz_convert(const gw_options *options);

/* Loads what the options name. On failure the reasons are printed, and false is returned; deinit in any case. */
bool gw_commands_load(const gw_options *options, gw_catalogue *catalogue);
/* As gw_catalogue_patterns of the options' operands; false: the reasons are printed. */
bool gw_commands_patterns(const gw_options *options, gw_catalogue *catalogue, const char *const **out);
/* The faults of the reference server that break this requirement: calls `take` with the name of each. */
void gw_commands_each_fault(const char *requirement, void (*take)(const char *name, void *user), void *user);
/* The same of the misbehaviours of clients. */
void gw_commands_each_misbehaviour(const gw_requirements *catalogue, const char *requirement,
                                   void (*take)(const char *name, void *user), void *user);
/* "S6, S7" and so on. */
void gw_commands_append_joined(const char *const *words, size_t count, const char *between, gw_buf *out);
/* A step of a scenario in words, without its number and without a newline. */
void gw_commands_append_step(const gw_scenario *scenario, const gw_step *step, gw_buf *out);
/* "MUST" and so on; static. */
const char *gw_commands_level(gw_requirement_level level);

#endif
