/* All scenarios that were loaded, and the choice among them. Floor 3, pure: texts come in as bytes. */
#ifndef GW_SCENARIO_SUITE_H
#define GW_SCENARIO_SUITE_H

#include "protocol/description.h"
#include "protocol/requirements.h"
#include "scenario/program.h"

typedef struct gw_suite {
    const gw_scenario **scenarios; /* sorted by id, file order within a family */
    size_t count, capacity;
    const gw_protocol *protocol;         /* borrowed */
    const gw_requirements *requirements; /* borrowed */
    const gw_protocol *const *others; /* borrowed: protocols whose events a scenario may name too; it is then skipped */
    size_t other_count;
    gw_arena arena;
    gw_doc **docs; /* kept for the places of steps */
    size_t doc_count, doc_capacity;
} gw_suite;

/* Both tables must outlive the suite. */
void gw_suite_init(gw_suite *suite, const gw_protocol *protocol, const gw_requirements *requirements);
void gw_suite_deinit(gw_suite *suite);
/* Loads one scenario file with all its instances. `id` is its family ("hello/first"), `file` the path for messages.
 * Errors go to diag: unknown keys, unknown events or requirement ids, references to clients that no earlier step
 * connects, duplicate ids. GW_ERR_INVALID when there was one; the suite is then as before. */
gw_status gw_suite_load(gw_suite *suite, gw_span text, const char *id, const char *file, gw_diag *diag);
void gw_suite_sort(gw_suite *suite);
/* Adds scenarios that are ready, and takes over the document they point into. GW_ERR_NOMEM: nothing was added. */
gw_status gw_suite_add(gw_suite *suite, gw_doc *doc, const gw_scenario *const *scenarios, size_t count);

/* Does an id match a pattern? '*' any run of characters (also '/'), '?' one character, otherwise literal; a pattern
 * that equals the id's family, or is a folder of it ("heartbeat"), matches too. */
bool gw_suite_match(const char *pattern, const char *id);

typedef enum gw_select_role { GW_SELECT_ANY, GW_SELECT_SERVERS, GW_SELECT_CLIENTS } gw_select_role;

typedef struct gw_selection {
    gw_select_role role;         /* who is under test */
    const char *const *patterns; /* any of them; none: all */
    size_t pattern_count;
    const char *const
        *filters; /* --filter: words or globs over id, title and requirement; all must match; '!' negates */
    size_t filter_count;
    const char *const *tags; /* --tag: any of them; '!' negates */
    size_t tag_count;
} gw_selection;

bool gw_suite_selects(const gw_selection *selection, const gw_scenario *scenario);

#endif
