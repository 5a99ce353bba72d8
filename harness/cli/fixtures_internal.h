/* What the files of fixtures share. Floor 5, private. */
#ifndef GW_CLI_FIXTURES_INTERNAL_H
#define GW_CLI_FIXTURES_INTERNAL_H

#include "cli/fixtures.h"
#include "cli/secrets.h"
#include "net/process.h"
#include "scenario/vars.h"

enum { FIXTURES_TEXT_MAX = 1 << 20 };

struct gw_fixtures {
    const gw_target *target;
    gw_http *http;
    gw_rng rng;
    cJSON *values; /* port, ready, run, env, ... */
    gw_secrets secrets;
    const char *unhidden; /* a variable whose value is too short to be hidden; borrowed, NULL: none */
    gw_tls_options tls;
    gw_buf ca, cert, key; /* paths that tls points to */
    void (*note)(const char *line, void *user);
    void *note_user;
    struct fixtures_sequence *running; /* of the run itself, at most one */
    gw_fixtures_set *sets;             /* all that are not gone yet */
};

/* A program that runs for a fixture. */
typedef struct fixtures_command fixtures_command;
/* Called once: `output` is what it wrote to standard output; `error` is NULL when it ended with exit code 0 in time. */
typedef void fixtures_command_fn(fixtures_command *command, gw_span output, const char *error, void *user);
/* fn is called later, never from inside this call. NULL: out of memory. */
fixtures_command *fixtures_command_start(gw_loop *loop, const gw_process_options *options, gw_ns within,
                                         fixtures_command_fn *fn, void *user);
/* Ends it with all that it started; fn is not called any more. Allowed inside fn. NULL is allowed. */
void fixtures_command_destroy(fixtures_command *command);

/* Requests and commands one after another; each may use what the ones before it captured. */
typedef struct fixtures_sequence fixtures_sequence;
typedef void fixtures_sequence_fn(fixtures_sequence *sequence, const char *error, void *user);
struct fixtures_sequence {
    gw_fixtures *fixtures;
    const char *what; /* "fixtures.room" */
    const gw_target_call *list;
    size_t count, next;
    const char *capture_as; /* object that captures go to: "room"; NULL: none */
    const gw_target_capture *data_capture;
    cJSON *data;            /* what data_capture found; owned */
    const char *cookies_of; /* object whose captures the connection's cookies are made of; NULL: none */
    bool keep_going;        /* an error is remembered, and the rest is done all the same */
    char *first_error;
    char *url; /* of the request under way, or its program */
    gw_vars vars;
    gw_http_call *call; /* one of the two is under way */
    fixtures_command *command;
    fixtures_sequence_fn *fn;
    void *user;
};

/* A sequence with a copy of the run's values; more are put into sequence->vars before it starts. NULL: no memory. */
fixtures_sequence *fixtures_sequence_create(gw_fixtures *fixtures, const char *what, const gw_target_call *list,
                                            size_t count);
/* fn is called exactly once, perhaps from inside; it destroys the sequence. */
void fixtures_sequence_start(fixtures_sequence *sequence, fixtures_sequence_fn *fn, void *user);
/* Drops the call under way. NULL is allowed. */
void fixtures_sequence_destroy(fixtures_sequence *sequence);

/* Ends a set at once; no callback follows. */
void fixtures_set_drop(gw_fixtures_set *set);

/* A template appended to out; a sentence when a value is missing. */
gw_status fixtures_expand(gw_vars *vars, const char *text, gw_buf *out, gw_error *error);
/* "a=1; b=2" appended to out. */
gw_status fixtures_expand_cookies(gw_vars *vars, const gw_target_pairs *cookies, gw_buf *out, gw_error *error);
/* What a capture finds in an answer, as a new value; NULL with a sentence. */
cJSON *fixtures_capture(const gw_target_capture *capture, const gw_http_response *response, gw_error *error);
/* Fills in place->endpoint and url from the target's `connect`. fixtures_place_deinit() frees on failure too. */
gw_status fixtures_place_init(gw_fixtures_place *place, const gw_target_connect *connect, gw_vars *vars,
                              gw_error *error);
void fixtures_place_deinit(gw_fixtures_place *place);

#endif
