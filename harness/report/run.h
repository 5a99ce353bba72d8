/* What a report says about the run as a whole. Floor 4, pure: nothing here reads a clock, a file or the environment. */
#ifndef GW_REPORT_RUN_H
#define GW_REPORT_RUN_H

#include "protocol/requirements.h"
#include "scenario/result.h"

/* Everything is borrowed and must outlive the reports. */
typedef struct gw_report_run {
    const char *version;  /* of gwspec */
    const char *protocol; /* "gateway/1" */
    const char *target;   /* "ws://localhost:4000/gateway", "simulation, fault silent-heartbeat" */
    const char *started;  /* wall-clock time, ISO 8601; NULL: not stated */
    uint64_t seed;
    bool strict;         /* a non-strict deviation fails the run */
    const char *command; /* "run" or "client"; NULL: run */
    /* What stands behind "gwspec run ID" to see a finding again: "--url ws://localhost:4000/gateway --seed 7314". */
    const char *rerun_options;
    const char *const *own_files; /* scenario files of the user: run again by path, not by id */
    size_t own_file_count;
    const gw_requirements *requirements; /* clauses to quote; NULL: none */
} gw_report_run;

/* First segment of an id: "heartbeat" of "heartbeat/silent-client-is-dropped"; the whole id when it has one only.
 * Scenarios for clients share their first segment: "client/heartbeat". */
gw_span gw_report_group(const char *id);
/* "gwspec run heartbeat/silent-client-is-dropped --url ..." appended to out; words that a shell would split are quoted.
 */
void gw_report_append_rerun(const gw_report_run *run, const gw_scenario *scenario, gw_buf *out);
/* A word as a POSIX shell reads it back, quoted when it needs to be. */
void gw_report_append_shell_word(const char *word, gw_buf *out);
/* How a requirement id reads in a sentence: "S6", "RFC 6455 5.2" for RFC6455-5.2-R1. */
void gw_report_append_clause_name(const char *rule, gw_buf *out);
/* Why a scenario was skipped, or what went wrong in it: the deciding finding's text; "" when it has none. */
const char *gw_report_reason(const gw_result *result);

#endif
