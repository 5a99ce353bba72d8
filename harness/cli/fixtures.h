/* Carries out what a target file says over HTTP: rooms, participants, triggers, cleanup. Floor 5 (cli).
 *
 * One gw_fixtures for a run, one gw_fixtures_set for each scenario. A room or participant that several clients of a
 * scenario name is made once. It must not know engines, connections or the server's process. */
#ifndef GW_CLI_FIXTURES_H
#define GW_CLI_FIXTURES_H

#include "net/address.h"
#include "net/http.h"
#include "scenario/engine.h"
#include "scenario/target.h"

typedef struct gw_fixtures gw_fixtures;
typedef struct gw_fixtures_set gw_fixtures_set;

/* `error` is NULL when all went well; valid in the callback. */
typedef void gw_fixtures_fn(const char *error, void *user);

/* Reads the environment variables that the target names; GW_ERR_NOT_FOUND names one that is not set. `note` (may be
 * NULL) gets one line for each request. Target and http are borrowed. NULL with a sentence. */
gw_fixtures *gw_fixtures_create(const gw_target *target, gw_http *http, void (*note)(const char *line, void *user),
                                void *user, gw_error *error);
void gw_fixtures_destroy(gw_fixtures *fixtures);
/* ${NAME}, or ${OBJECT.NAME} when object is not NULL. Strings are copied. */
void gw_fixtures_value(gw_fixtures *fixtures, const char *object, const char *name, const char *value);
/* Forgets ${OBJECT.*}: what a server said of itself that is gone. */
void gw_fixtures_forget(gw_fixtures *fixtures, const char *object);
/* A text of the target's file, outside any scenario. */
gw_status gw_fixtures_expand(gw_fixtures *fixtures, const char *text, gw_buf *out, gw_error *error);
/* A header of the command line: what of its value may be a token is not printed. GW_ERR_NOMEM. */
gw_status gw_fixtures_hide_header(gw_fixtures *fixtures, const char *header);
/* The environment variable whose value is too short to be hidden; NULL: none. */
const char *gw_fixtures_unhidden(const gw_fixtures *fixtures);
/* Replaces each secret in a text by "***". True when there was one. */
bool gw_fixtures_redact(const gw_fixtures *fixtures, gw_span text, gw_buf *out);
bool gw_fixtures_has_secrets(const gw_fixtures *fixtures);
/* A file that the target names, relative to the target's own folder; appended to out. */
void gw_fixtures_path(const gw_target *target, const char *path, gw_buf *out);
/* The TLS settings of the target; strings live as long as the fixtures. */
const gw_tls_options *gw_fixtures_tls(const gw_fixtures *fixtures);

/* fixtures.run, and cleanup.run. The callback may come from inside the call when there is nothing to do. */
void gw_fixtures_begin(gw_fixtures *fixtures, gw_fixtures_fn *fn, void *user);
void gw_fixtures_end(gw_fixtures *fixtures, gw_fixtures_fn *fn, void *user);
/* The URL of a connection when nothing was provisioned: for a first look at the server. GW_ERR_... with a sentence. */
gw_status gw_fixtures_probe_url(gw_fixtures *fixtures, gw_address_url *out, gw_error *error);

/* What a client was given. Borrowed in the callback. */
typedef struct gw_fixtures_place {
    gw_endpoint endpoint;
    gw_address_url url;
    cJSON *vars; /* captures of the participant, "name", and "room": its id or name */
} gw_fixtures_place;

typedef void gw_fixtures_provided_fn(unsigned conn, const gw_fixtures_place *place, const char *error, void *user);
typedef void gw_fixtures_triggered_fn(unsigned trigger, const cJSON *data, const char *error, void *user);

/* For the scenario of this id (copied). NULL when out of memory. */
gw_fixtures_set *gw_fixtures_set_create(gw_fixtures *fixtures, const char *scenario);
/* Callbacks may come from inside the call when there is nothing to ask of the server. */
void gw_fixtures_provide(gw_fixtures_set *set, const gw_action *action, gw_fixtures_provided_fn *fn, void *user);
void gw_fixtures_trigger(gw_fixtures_set *set, const gw_target_trigger *trigger, const gw_action *action,
                         gw_fixtures_triggered_fn *fn, void *user);
/* Drops what is under way: no callback follows. With `cleanup`, what was made is removed from the server first; `fn` is
 * called when that is done, with the first error; then the set is gone. Not from inside a callback of the set. A second
 * call, without cleanup, cuts the first one short. */
void gw_fixtures_set_finish(gw_fixtures_set *set, bool cleanup, gw_fixtures_fn *fn, void *user);

#endif
