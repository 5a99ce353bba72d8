/* Protocol, requirements and scenarios, loaded and checked against each other. Floor 5. */
#ifndef GW_CLI_CATALOGUE_H
#define GW_CLI_CATALOGUE_H

#include "cli/files.h"
#include "scenario/suite.h"
#include "scenario/target.h"

/* Where they come from; all NULL: built in, with the protocol "gateway". */
typedef struct gw_catalogue_source {
    const char *folder;        /* instead of the built-in tree. When it has no protocols/ or requirements/, the built-in
                                  ones of that kind are used */
    const char *protocol_file; /* a file of the user; one without .yaml that is not there: a name */
    const char *protocol_name; /* protocols/NAME.yaml; the file goes first */
    gw_place protocol_place;   /* where that name or file stands; file NULL: on the command line */
} gw_catalogue_source;

typedef struct gw_catalogue {
    gw_files files;
    gw_arena arena;
    const gw_protocol *protocol;
    const gw_protocol **protocols; /* all of protocols/ that load, in the arena */
    size_t protocol_count;
    gw_requirements requirements;
    gw_suite suite;
    const char **own_files; /* scenario files of the user that were added, as they are shown */
    const char **own_ids;   /* the family id of each */
    size_t own_count, own_capacity;
} gw_catalogue;

/* The description that the target claims to follow goes into the source, unless that has a file already; texts are put
 * into the arena. */
void gw_catalogue_claim(gw_catalogue_source *source, const gw_target *target, gw_arena *arena);
/* GW_OK, or GW_ERR_INVALID or GW_ERR_IO with the reasons in diag. To be given to gw_catalogue_deinit in any case. */
gw_status gw_catalogue_load(gw_catalogue *catalogue, gw_catalogue_source source, gw_diag *diag);
void gw_catalogue_deinit(gw_catalogue *catalogue);
/* The same without scenarios: for checking files one by one. */
gw_status gw_catalogue_load_tables(gw_catalogue *catalogue, gw_catalogue_source source, gw_diag *diag);
/* The description of that name in protocols/, or at that path, for `extends`. The context is a gw_catalogue. */
bool gw_catalogue_find_protocol(void *catalogue, const char *name, const char *path, gw_span *text, const char **file);
/* Adds a scenario file of the user; its id is its path without extension and without leading "/", "./" and "../". */
gw_status gw_catalogue_add_own(gw_catalogue *catalogue, const char *path, gw_diag *diag);
/* The patterns that operands stand for, in the arena: the words themselves, but for a scenario file of the user, which
 * is added and stands for what is in it. GW_ERR_INVALID or GW_ERR_IO: a file is wrong, diag says why. */
gw_status gw_catalogue_patterns(gw_catalogue *catalogue, const char *const *words, size_t count, gw_diag *diag,
                                const char *const **out);
/* A file of expected failures: the list, bare or below the one key 'expected-failures'. As gw_expected_load. */
bool gw_catalogue_load_expected(gw_arena *arena, gw_span text, const char *shown, gw_diag *diag,
                                const gw_expected **out, size_t *count);
/* "heartbeat/x.yaml" -> "heartbeat/x"; in the arena. */
const char *gw_catalogue_id(gw_arena *arena, const char *path);

#endif
