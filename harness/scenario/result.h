/* What came out of one scenario. Floor 3, pure; floor 4 writes reports from it. */
#ifndef GW_SCENARIO_RESULT_H
#define GW_SCENARIO_RESULT_H

#include "base/arena.h"
#include "base/time.h"
#include "scenario/program.h"

/* X(NAME, "word"), from harmless to grave: a run's worst verdict decides. */
#define GW_VERDICT_TABLE(X)                                                                                            \
    X(PASS, "pass")                                                                                                    \
    X(KNOWN_FAIL, "known-fail")                                                                                        \
    X(SKIPPED, "skipped")                                                                                              \
    X(NON_STRICT, "non-strict")                                                                                        \
    X(INCONCLUSIVE, "inconclusive")                                                                                    \
    X(UNEXPECTED_PASS, "unexpected-pass")                                                                              \
    X(FAIL, "fail")                                                                                                    \
    X(CRASH, "crash")                                                                                                  \
    X(ERROR, "error")

typedef enum gw_verdict {
#define GW_VERDICT_ENUM(name, word) GW_VERDICT_##name,
    GW_VERDICT_TABLE(GW_VERDICT_ENUM)
#undef GW_VERDICT_ENUM
        GW_VERDICT_COUNT
} gw_verdict;

/* "non-strict" and so on; static. */
const char *gw_verdict_word(gw_verdict verdict);

/* One rule that was broken, or the reason of a verdict that is no pass. */
typedef struct gw_finding {
    gw_verdict verdict;   /* NON_STRICT, FAIL, CRASH, INCONCLUSIVE, SKIPPED or ERROR */
    const char *rule;     /* requirement id; NULL for SKIPPED and ERROR */
    const char *expected; /* one line */
    const char *observed; /* one line */
    const char *client;   /* on which client's connection, or NULL */
    gw_place place;       /* the step in the scenario file; file is NULL when an invariant found it */
    gw_ns at;             /* since the scenario's start */
} gw_finding;

/* X(NAME, "mark"): one line of the wire log. */
#define GW_WIRE_TABLE(X)                                                                                               \
    X(SENT, ">")                                                                                                       \
    X(RECEIVED, "<")                                                                                                   \
    X(NOTE, "!")

typedef enum gw_wire_direction {
#define GW_WIRE_ENUM(name, mark) GW_WIRE_##name,
    GW_WIRE_TABLE(GW_WIRE_ENUM)
#undef GW_WIRE_ENUM
} gw_wire_direction;

typedef struct gw_wire_entry {
    gw_ns at; /* since the scenario's start */
    gw_wire_direction direction;
    const char *client;
    const char *text; /* printable: "text  {\"e\":1,\"d\":{}}" */
    uint32_t more;    /* so many like it came right behind it, */
    gw_ns last_at;    /* the last of them then */
} gw_wire_entry;

typedef struct gw_result {
    const gw_scenario *scenario;
    gw_verdict verdict;         /* the worst finding's, PASS when there is none */
    const gw_finding *findings; /* the one that decided first */
    size_t finding_count;
    gw_ns started;  /* on the clock of the run */
    gw_ns duration; /* of the scenario, without the canary */
    gw_ns lateness; /* the worst lateness of the harness itself while it ran */
    gw_ns interval; /* I as announced, 0 when there was no hello */
    gw_ns eps;
    const gw_wire_entry *wire; /* in order of time; beyond a maximum the middle is dropped */
    size_t wire_count;
    size_t wire_dropped;
    const uint8_t *stimulus; /* the last bytes that the scenario sent on its own, or NULL; for CRASH */
    size_t stimulus_len;
    const char *server_log; /* CRASH: the last lines that the server wrote, newest last, or NULL */
    unsigned retries;
    const char *known_reason; /* KNOWN_FAIL: why it is expected */
    const char *flaky; /* it failed at first, and passed when it was run again: how it failed; NULL: it did not */
    gw_arena *arena;   /* owns all of the above */
} gw_result;

#endif
