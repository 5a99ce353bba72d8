/* A small protocol and catalogue that never change, and a suite over them. */
#ifndef GW_TESTS_SCENARIO_SUITE_FIXTURE_H
#define GW_TESTS_SCENARIO_SUITE_FIXTURE_H

#include "scenario/suite.h"

typedef struct suite_fixture {
    gw_arena arena;
    gw_diag diag;
    gw_requirements requirements;
    const gw_protocol *protocol;
    gw_suite suite;
} suite_fixture;

void suite_fixture_init(suite_fixture *f);
void suite_fixture_deinit(suite_fixture *f);
/* Loads a file that has to be right; its first instance. The failure shows the errors. */
const gw_scenario *suite_fixture_load(suite_fixture *f, const char *id, const char *text);
/* The same for a scenario of which only the steps matter: "title" and "requires" are put in front, and a step that
 * connects alice. */
const gw_scenario *suite_fixture_steps(suite_fixture *f, const char *steps);
/* The last of those steps. */
const gw_step *suite_fixture_step(suite_fixture *f, const char *steps);
/* Fails unless the value prints as this compact JSON text. */
void suite_fixture_expect_json(const cJSON *value, const char *wanted);
/* Loads a file that has to be wrong; the text of the errors. */
const char *suite_fixture_errors(suite_fixture *f, const char *text);
/* The node of a one-line YAML text, kept until deinit of the suite. */
const gw_doc_node *suite_fixture_node(suite_fixture *f, const char *yaml);

#endif
