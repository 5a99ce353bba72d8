/* A scenario judged on a transcript: what a scripted server says, and when, on a virtual clock. Test support.
 *
 * All connections open at t = 0 and get a correct 101 at once. Each line of the transcript is for one connection. Pings
 * are answered at once as long as the line's server is open, unless the options say otherwise. In scenarios with role:
 * client the lines are a client's: it connects when it is waited for, and asks for the upgrade at once. */
#ifndef GW_TESTS_SUPPORT_TRANSCRIPT_H
#define GW_TESTS_SUPPORT_TRANSCRIPT_H

#include "scenario/engine.h"
#include "scenario/suite.h"

typedef enum gw_said_kind {
    GW_SAID_TEXT,  /* a text frame */
    GW_SAID_BYTES, /* raw bytes: text, len */
    GW_SAID_CLOSE, /* a Close frame with `code`, empty when 0 */
    GW_SAID_FIN,
    GW_SAID_RST,
    GW_SAID_EXIT, /* no word: the client's process ended, with `code` */
    GW_SAID_LATE  /* no word of the server: the harness was late by `late` */
} gw_said_kind;

typedef struct gw_said {
    gw_ns at;
    gw_said_kind kind;
    const char *text;
    size_t len;
    unsigned code;
    unsigned conn;
    gw_ns late;
} gw_said;

typedef struct gw_transcript_options {
    bool no_upgrade;     /* the request is not answered: the transcript does it */
    bool upgrade_canary; /* but for the canary's */
    bool no_pong;        /* Pings are not answered */
    bool no_canary;      /* the canary's connection is refused; else it is answered like any other, and gets a hello */
    bool no_deadlines;   /* nothing ends by a limit (gw_engine_config) */
    gw_ns beat_every;    /* the server's heartbeat on each open connection; 0: none */
    gw_ns late_by;       /* timers of the engine fire so late */
    gw_ns pong_after;    /* a Pong comes so long after its Ping; 0: at once */
    gw_ns upgrade_after; /* the 101 comes so long after its request; 0: at once */
    gw_ns canary_after;  /* the canary's hello comes so long after its 101; 0: at once */
    gw_ns trigger_fails; /* nonzero: triggers fail */
    const char *on_trigger;   /* text frame to everybody when a trigger is carried out */
    gw_engine_memory *memory; /* of the run; NULL: none */
    size_t *bytes_at_end;     /* gets memory->bytes when the scenario has ended and its engine is still there */
    const char *extensions;   /* in the server's 101; NULL: none */
    const char *request;      /* a client's upgrade request; NULL: a right one */
    unsigned max_connections; /* that a client makes; 0: as many as are waited for */
    bool other_pongs;         /* Pings are answered by Pongs with other data */
} gw_transcript_options;

/* Runs the scenario of this YAML text. Ends the test when it does not load. The caller frees the result. */
gw_result *gw_transcript_run(const char *yaml, const gw_said *said, size_t count, gw_transcript_options options);
/* A record of a real gateway (tests/golden/record.py), and what gwspec said of it then. */
typedef struct gw_transcript_record {
    char scenario[128], verdict[32], rule[48]; /* rule "": none */
    gw_result *result;                         /* of the replay; the caller frees it */
} gw_transcript_record;

/* Replays the record through the engine, with the shipped scenario and the seed of the record. */
void gw_transcript_replay(const char *path, gw_transcript_record *record);
/* What the scenario sent on connection 0 behind its request, as one stream; of the last run. */
gw_span gw_transcript_sent(void);

/* The requirement that decided, "" for none. */
const char *gw_transcript_rule(const gw_result *result);

#endif
