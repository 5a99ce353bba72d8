/* What the tests of this floor share: the repository's own description and catalogue, loaded; short ways to judge. */
#ifndef GW_TESTS_PROTOCOL_FIXTURE_H
#define GW_TESTS_PROTOCOL_FIXTURE_H

#include "protocol/heartbeat.h"
#include "protocol/packet.h"
#include "support/run.h"

/* A file of the repository, NUL-terminated; the test fails when it is not there. It lives as long as the test. */
gw_span fixture_read(const char *path);
/* scenarios/protocols/gateway.yaml. */
const gw_protocol *fixture_gateway(void);
/* The same with one knob set otherwise. */
const gw_protocol *fixture_gateway_with(const char *knob, const char *value);
/* Loads `text`; on error returns NULL and leaves the messages in fixture_errors(). */
const gw_protocol *fixture_load(const char *text);
const char *fixture_errors(void);
/* Runs the cases of one suite; 0 when all passed. */
int fixture_run(const char *name, TCase *tests);

#endif
