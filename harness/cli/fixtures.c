/* Values of a run: environment, ports, ready line, secrets; fixtures.run. Floor 5. */
#include "cli/fixtures_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gw_status read_environment(gw_fixtures *fixtures, gw_error *error) {
    const gw_target *target = fixtures->target;
    for (size_t i = 0; i < target->env_count; i++) {
        const char *value = getenv(target->env_names[i]);
        if (!value)
            return gw_error_set(error, GW_ERR_NOT_FOUND, "%s: the environment variable %s is not set", target->file,
                                target->env_names[i]);
        gw_fixtures_value(fixtures, "env", target->env_names[i], value);
        gw_status status = gw_secrets_add(&fixtures->secrets, value);
        if (status == GW_ERR_LIMIT && *value)
            fixtures->unhidden = target->env_names[i];
        else if (status != GW_OK && *value)
            return gw_error_set(error, status, "out of memory");
    }
    return GW_OK;
}

static const char *tls_file(const gw_target *target, const char *path, gw_buf *out) {
    gw_buf_init(out, FIXTURES_TEXT_MAX);
    if (!path) return NULL;
    gw_fixtures_path(target, path, out);
    return gw_buf_cstr(out);
}

gw_fixtures *gw_fixtures_create(const gw_target *target, gw_http *http, void (*note)(const char *line, void *user),
                                void *user, gw_error *error) {
    gw_fixtures *fixtures = calloc(1, sizeof *fixtures);
    if (!fixtures || !(fixtures->values = cJSON_CreateObject())) {
        free(fixtures);
        gw_error_set(error, GW_ERR_NOMEM, "out of memory");
        return NULL;
    }
    fixtures->target = target;
    fixtures->http = http;
    fixtures->note = note;
    fixtures->note_user = user;
    /* Names made of ${uuid} must not meet those of an earlier run on the same server, so the run's seed has no part. */
    gw_rng_init(&fixtures->rng, (uint64_t)gw_clock_wall() ^ ((uint64_t)getpid() << 40));
    fixtures->tls = (gw_tls_options){
        .insecure = target->tls.insecure,
        .ca_file = tls_file(target, target->tls.ca, &fixtures->ca),
        .cert_file = tls_file(target, target->tls.cert, &fixtures->cert),
        .key_file = tls_file(target, target->tls.key, &fixtures->key),
        .server_name = target->tls.sni,
    };
    if (read_environment(fixtures, error) == GW_OK) return fixtures;
    gw_fixtures_destroy(fixtures);
    return NULL;
}

/* What waits for it is told nothing. */
static void drop_running(gw_fixtures *fixtures) {
    if (!fixtures->running) return;
    free(fixtures->running->user);
    fixtures_sequence_destroy(fixtures->running);
    fixtures->running = NULL;
}

void gw_fixtures_destroy(gw_fixtures *fixtures) {
    if (!fixtures) return;
    while (fixtures->sets) fixtures_set_drop(fixtures->sets);
    drop_running(fixtures);
    gw_secrets_deinit(&fixtures->secrets);
    gw_buf_deinit(&fixtures->ca);
    gw_buf_deinit(&fixtures->cert);
    gw_buf_deinit(&fixtures->key);
    cJSON_Delete(fixtures->values);
    free(fixtures);
}

void gw_fixtures_value(gw_fixtures *fixtures, const char *object, const char *name, const char *value) {
    cJSON *owner = fixtures->values;
    if (object) {
        owner = cJSON_GetObjectItemCaseSensitive(fixtures->values, object);
        if (!owner) owner = cJSON_AddObjectToObject(fixtures->values, object);
    }
    cJSON_DeleteItemFromObjectCaseSensitive(owner, name);
    cJSON_AddStringToObject(owner, name, value);
}

void gw_fixtures_forget(gw_fixtures *fixtures, const char *object) {
    cJSON_DeleteItemFromObjectCaseSensitive(fixtures->values, object);
}

gw_status gw_fixtures_expand(gw_fixtures *fixtures, const char *text, gw_buf *out, gw_error *error) {
    gw_vars vars = {.values = fixtures->values, .rng = &fixtures->rng, .now_ms = gw_clock_wall() / GW_MS};
    return fixtures_expand(&vars, text, out, error);
}

const char *gw_fixtures_unhidden(const gw_fixtures *fixtures) {
    return fixtures->unhidden;
}

gw_status gw_fixtures_hide_header(gw_fixtures *fixtures, const char *header) {
    return gw_secrets_add_header(&fixtures->secrets, header);
}

bool gw_fixtures_has_secrets(const gw_fixtures *fixtures) {
    return fixtures->secrets.count > 0;
}

bool gw_fixtures_redact(const gw_fixtures *fixtures, gw_span text, gw_buf *out) {
    return gw_secrets_redact(&fixtures->secrets, text, out);
}

void gw_fixtures_path(const gw_target *target, const char *path, gw_buf *out) {
    const char *slash = target->file && *path != '/' ? strrchr(target->file, '/') : NULL;
    if (slash) gw_buf_append(out, target->file, (size_t)(slash + 1 - target->file));
    gw_buf_append_cstr(out, path);
}

const gw_tls_options *gw_fixtures_tls(const gw_fixtures *fixtures) {
    return &fixtures->tls;
}

/* Whoever waits for the sequence of the run. */
typedef struct run_wait {
    gw_fixtures *fixtures;
    gw_fixtures_fn *fn;
    void *user;
} run_wait;

static void on_run_done(fixtures_sequence *sequence, const char *error, void *user) {
    run_wait wait = *(run_wait *)user;
    free(user);
    gw_fixtures *fixtures = wait.fixtures;
    cJSON *run = cJSON_DetachItemFromObjectCaseSensitive(sequence->vars.values, "run");
    cJSON_DeleteItemFromObjectCaseSensitive(fixtures->values, "run");
    if (run) cJSON_AddItemToObject(fixtures->values, "run", run);
    char *copy = error ? strdup(error) : NULL;
    fixtures->running = NULL;
    fixtures_sequence_destroy(sequence);
    wait.fn(error && !copy ? "out of memory" : copy, wait.user);
    free(copy);
}

static void run_calls(gw_fixtures *fixtures, const char *what, const gw_target_calls *calls, bool keep_going,
                      gw_fixtures_fn *fn, void *user) {
    drop_running(fixtures);
    fixtures_sequence *sequence = fixtures_sequence_create(fixtures, what, calls->list, calls->count);
    run_wait *wait = malloc(sizeof *wait);
    if (!sequence || !wait) {
        fixtures_sequence_destroy(sequence);
        free(wait);
        fn("out of memory", user);
        return;
    }
    *wait = (run_wait){fixtures, fn, user};
    sequence->capture_as = "run";
    sequence->keep_going = keep_going;
    fixtures->running = sequence;
    fixtures_sequence_start(sequence, on_run_done, wait);
}

void gw_fixtures_begin(gw_fixtures *fixtures, gw_fixtures_fn *fn, void *user) {
    gw_fixtures_forget(fixtures, "run");
    run_calls(fixtures, "fixtures.run", &fixtures->target->fixtures[GW_TARGET_RUN], false, fn, user);
}

void gw_fixtures_end(gw_fixtures *fixtures, gw_fixtures_fn *fn, void *user) {
    run_calls(fixtures, "cleanup.run", &fixtures->target->cleanup[GW_TARGET_RUN], true, fn, user);
}

/* Every name that a fixture captures, with a value that no server knows. */
static void add_strangers(cJSON *values, const char *object, const gw_target_calls *calls) {
    cJSON *owner = cJSON_AddObjectToObject(values, object);
    cJSON_AddStringToObject(owner, "name", "gwspec-probe");
    for (size_t i = 0; i < calls->count; i++)
        for (size_t c = 0; c < calls->list[i].capture_count; c++)
            cJSON_AddStringToObject(owner, calls->list[i].captures[c].name, "gwspec-probe");
}

gw_status gw_fixtures_probe_url(gw_fixtures *fixtures, gw_address_url *out, gw_error *error) {
    const gw_target *target = fixtures->target;
    gw_vars vars = {.values = cJSON_Duplicate(fixtures->values, true), .rng = &fixtures->rng};
    if (!vars.values) return gw_error_set(error, GW_ERR_NOMEM, "out of memory");
    add_strangers(vars.values, "scenario", &target->fixtures[GW_TARGET_SCENARIO]);
    add_strangers(vars.values, "room", &target->fixtures[GW_TARGET_ROOM]);
    add_strangers(vars.values, "participant", &target->fixtures[GW_TARGET_PARTICIPANT]);
    cJSON_AddStringToObject(vars.values, "client", "gwspec-probe");
    gw_buf url;
    gw_buf_init(&url, GW_ADDRESS_URL_MAX);
    gw_status status = fixtures_expand(&vars, target->connect.url, &url, error);
    if (status == GW_OK) status = gw_address_url_parse(gw_buf_span(&url), out, error);
    gw_buf_deinit(&url);
    gw_vars_deinit(&vars);
    return status;
}
