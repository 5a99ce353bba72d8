/* Requests and commands one after another. Floor 5. It must not know rooms, participants or scenarios. */
#include "cli/fixtures_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_HEADERS = 64, EXCERPT_BYTES = 200 };

gw_status fixtures_expand(gw_vars *vars, const char *text, gw_buf *out, gw_error *error) {
    gw_span missing = {0};
    gw_status status = gw_vars_expand(vars, gw_span_cstr(text), out, &missing);
    if (status == GW_ERR_NOT_FOUND) return gw_error_set(error, status, "${%.*s} has no value", GW_SPAN_ARG(missing));
    return status == GW_OK ? out->error : gw_error_set(error, status, "'%s': %s", text, gw_status_text(status));
}

gw_status fixtures_expand_cookies(gw_vars *vars, const gw_target_pairs *cookies, gw_buf *out, gw_error *error) {
    for (size_t i = 0; i < cookies->count; i++) {
        gw_buf_printf(out, "%s%s=", out->len ? "; " : "", cookies->list[i].name);
        gw_status status = fixtures_expand(vars, cookies->list[i].value, out, error);
        if (status != GW_OK) return status;
    }
    return out->error;
}

fixtures_sequence *fixtures_sequence_create(gw_fixtures *fixtures, const char *what, const gw_target_call *list,
                                            size_t count) {
    fixtures_sequence *sequence = calloc(1, sizeof *sequence);
    cJSON *values = cJSON_Duplicate(fixtures->values, true);
    if (!sequence || !values) {
        free(sequence);
        cJSON_Delete(values);
        return NULL;
    }
    sequence->fixtures = fixtures;
    sequence->what = what;
    sequence->list = list;
    sequence->count = count;
    sequence->vars = (gw_vars){.values = values, .rng = &fixtures->rng, .now_ms = gw_clock_wall() / GW_MS};
    return sequence;
}

void fixtures_sequence_destroy(fixtures_sequence *sequence) {
    if (!sequence) return;
    if (sequence->call) gw_http_cancel(sequence->call);
    fixtures_command_destroy(sequence->command);
    gw_vars_deinit(&sequence->vars);
    cJSON_Delete(sequence->data);
    free(sequence->first_error);
    free(sequence->url);
    free(sequence);
}

/* A request as text, and what points into it. */
typedef struct request_texts {
    gw_buf url, body, cookies;
    gw_buf headers[MAX_HEADERS];
    const char *lines[MAX_HEADERS + 1];
    size_t count;
} request_texts;

static void texts_init(request_texts *texts) {
    *texts = (request_texts){0};
    gw_buf_init(&texts->url, GW_ADDRESS_URL_MAX);
    gw_buf_init(&texts->body, FIXTURES_TEXT_MAX);
    gw_buf_init(&texts->cookies, FIXTURES_TEXT_MAX);
    for (size_t i = 0; i < MAX_HEADERS; i++) gw_buf_init(&texts->headers[i], GW_HTTP_HEADERS_MAX);
}

static void texts_deinit(request_texts *texts) {
    gw_buf_deinit(&texts->url);
    gw_buf_deinit(&texts->body);
    gw_buf_deinit(&texts->cookies);
    for (size_t i = 0; i < MAX_HEADERS; i++) gw_buf_deinit(&texts->headers[i]);
}

static gw_status expand_body(fixtures_sequence *sequence, const gw_target_call *http, gw_buf *out, gw_error *error) {
    if (http->body) return fixtures_expand(&sequence->vars, http->body, out, error);
    if (!http->json) return GW_OK;
    gw_status status = GW_OK;
    gw_span missing = {0};
    cJSON *tree = gw_vars_expand_json(&sequence->vars, http->json, &status, &missing);
    if (!tree) return gw_error_set(error, status, "${%.*s} has no value", GW_SPAN_ARG(missing));
    char *text = cJSON_PrintUnformatted(tree);
    status = text ? gw_buf_append_cstr(out, text) : GW_ERR_NOMEM;
    cJSON_free(text);
    cJSON_Delete(tree);
    return status == GW_OK ? GW_OK : gw_error_set(error, status, "the body: %s", gw_status_text(status));
}

static gw_status expand_headers(fixtures_sequence *sequence, const gw_target_call *http, request_texts *texts,
                                gw_error *error) {
    bool typed = false;
    if (http->headers.count > MAX_HEADERS - 1)
        return gw_error_set(error, GW_ERR_LIMIT, "more than %d headers", MAX_HEADERS - 1);
    for (size_t i = 0; i < http->headers.count; i++) {
        const gw_target_pair *pair = &http->headers.list[i];
        gw_buf *line = &texts->headers[texts->count];
        gw_buf_printf(line, "%s: ", pair->name);
        gw_status status = fixtures_expand(&sequence->vars, pair->value, line, error);
        if (status != GW_OK) return status;
        if (strpbrk(gw_buf_cstr(line), "\r\n"))
            return gw_error_set(error, GW_ERR_INVALID, "a line break in the header '%s'", pair->name);
        typed |= gw_span_equal_nocase(gw_span_cstr(pair->name), GW_SPAN_LIT("Content-Type"));
        texts->lines[texts->count++] = gw_buf_cstr(line);
    }
    if (http->json && !typed) texts->lines[texts->count++] = "Content-Type: application/json";
    return GW_OK;
}

static gw_status expand_cookies(fixtures_sequence *sequence, const gw_target_call *http, gw_buf *out, gw_error *error) {
    if (sequence->cookies_of) {
        const cJSON *owner = gw_vars_get(&sequence->vars, gw_span_cstr(sequence->cookies_of));
        if (owner) gw_vars_set(&sequence->vars, "participant", owner);
        gw_status status =
            fixtures_expand_cookies(&sequence->vars, &sequence->fixtures->target->connect.cookies, out, error);
        if (status != GW_OK) return status;
    }
    return fixtures_expand_cookies(&sequence->vars, &http->cookies, out, error);
}

static void step(fixtures_sequence *sequence);

static void finish(fixtures_sequence *sequence) {
    fixtures_sequence_fn *fn = sequence->fn;
    sequence->fn = NULL;
    fn(sequence, sequence->first_error, sequence->user);
}

/* Remembers the first error; goes on with the next request only where that was asked for. */
static void fail(fixtures_sequence *sequence, const gw_target_call *call, const char *why) {
    gw_buf text, clean;
    gw_buf_init(&text, FIXTURES_TEXT_MAX);
    gw_buf_init(&clean, FIXTURES_TEXT_MAX);
    bool told = strncmp(why, "http", 4) == 0; /* the URL as it was sent */
    gw_buf_printf(&text, "%s: %s %s%s%s", sequence->what, call->command ? "command" : call->method,
                  told || !sequence->url ? "" : sequence->url, told ? "" : ": ", why);
    if (!sequence->first_error) {
        gw_fixtures_redact(sequence->fixtures, gw_buf_span(&text), &clean);
        sequence->first_error = strdup(gw_buf_cstr(&clean));
    }
    gw_buf_deinit(&text);
    gw_buf_deinit(&clean);
    if (sequence->keep_going)
        step(sequence);
    else
        finish(sequence);
}

static bool status_is_good(const gw_target_call *http, int status) {
    for (size_t i = 0; i < http->status_count; i++)
        if (status >= http->status[i].low && status <= http->status[i].high) return true;
    return false;
}

static gw_status take_captures(fixtures_sequence *sequence, const gw_target_call *http,
                               const gw_http_response *response, gw_error *error) {
    if (sequence->data_capture) {
        cJSON_Delete(sequence->data);
        sequence->data = fixtures_capture(sequence->data_capture, response, error);
        if (!sequence->data) return GW_ERR_NOT_FOUND;
        /* a text that was cut out of the answer is JSON all the same */
        cJSON *parsed = cJSON_IsString(sequence->data) ? cJSON_Parse(sequence->data->valuestring) : NULL;
        if (parsed) {
            cJSON_Delete(sequence->data);
            sequence->data = parsed;
        }
    }
    for (size_t i = 0; i < http->capture_count; i++) {
        cJSON *value = fixtures_capture(&http->captures[i], response, error);
        if (!value) return GW_ERR_NOT_FOUND;
        cJSON *owner = cJSON_GetObjectItemCaseSensitive(sequence->vars.values, sequence->capture_as);
        if (!owner) owner = cJSON_AddObjectToObject(sequence->vars.values, sequence->capture_as);
        cJSON_DeleteItemFromObjectCaseSensitive(owner, http->captures[i].name);
        cJSON_AddItemToObject(owner, http->captures[i].name, value);
    }
    return GW_OK;
}

static void on_answer(gw_http_call *call, const gw_http_response *response, void *user) {
    (void)call;
    fixtures_sequence *sequence = user;
    const gw_target_call *http = &sequence->list[sequence->next - 1];
    sequence->call = NULL;
    gw_error error = {0};
    if (response->error) {
        gw_error_set(&error, GW_ERR_IO, "%s", response->error);
    } else if (!status_is_good(http, response->status)) {
        gw_span body = gw_span_sub(response->body, 0, EXCERPT_BYTES);
        gw_error_set(&error, GW_ERR_INVALID, "the answer has status %d%s%.*s", response->status, body.len ? ": " : "",
                     GW_SPAN_ARG(body));
    } else if (take_captures(sequence, http, response, &error) == GW_OK) {
        step(sequence);
        return;
    }
    fail(sequence, http, error.text);
}

static void note(fixtures_sequence *sequence, const char *how, const char *where, const char *what) {
    gw_fixtures *fixtures = sequence->fixtures;
    if (!fixtures->note) return;
    gw_buf text, clean;
    gw_buf_init(&text, FIXTURES_TEXT_MAX);
    gw_buf_init(&clean, FIXTURES_TEXT_MAX);
    gw_buf_printf(&text, "%s: %s %s %s", sequence->what, how, where, what);
    gw_fixtures_redact(fixtures, gw_buf_span(&text), &clean);
    fixtures->note(gw_buf_cstr(&clean), fixtures->note_user);
    gw_buf_deinit(&text);
    gw_buf_deinit(&clean);
}

static gw_status send_request(fixtures_sequence *sequence, const gw_target_call *http, gw_error *error) {
    request_texts texts;
    texts_init(&texts);
    gw_status status = fixtures_expand(&sequence->vars, http->url, &texts.url, error);
    free(sequence->url);
    sequence->url = strdup(status == GW_OK ? gw_buf_cstr(&texts.url) : http->url);
    if (!sequence->url) status = gw_error_set(error, GW_ERR_NOMEM, "out of memory");
    if (status == GW_OK) status = expand_body(sequence, http, &texts.body, error);
    if (status == GW_OK) status = expand_headers(sequence, http, &texts, error);
    if (status == GW_OK) status = expand_cookies(sequence, http, &texts.cookies, error);
    if (status == GW_OK) {
        note(sequence, http->method, gw_buf_cstr(&texts.url), gw_buf_cstr(&texts.body));
        bool has_body = http->json || http->body;
        sequence->call = gw_http_send(
            sequence->fixtures->http,
            &(gw_http_request){.method = http->method,
                               .url = gw_buf_cstr(&texts.url),
                               .headers = texts.lines,
                               .header_count = texts.count,
                               .body = has_body ? gw_span_make(gw_buf_cstr(&texts.body), texts.body.len) : (gw_span){0},
                               .cookies = texts.cookies.len ? gw_buf_cstr(&texts.cookies) : NULL,
                               .timeout_ns = http->within,
                               .tls = &sequence->fixtures->tls},
            on_answer, sequence);
        if (!sequence->call) status = gw_error_set(error, GW_ERR_NOMEM, "out of memory");
    }
    texts_deinit(&texts);
    return status;
}

/* ---- Commands ---- */

static void on_output(fixtures_command *command, gw_span output, const char *error, void *user) {
    fixtures_sequence *sequence = user;
    const gw_target_call *call = &sequence->list[sequence->next - 1];
    const gw_http_response response = {.status = 200, .body = output};
    gw_error why = {0};
    sequence->command = NULL;
    bool good = !error && take_captures(sequence, call, &response, &why) == GW_OK;
    if (error) gw_error_set(&why, GW_ERR_IO, "%s", error);
    fixtures_command_destroy(command);
    if (good)
        step(sequence);
    else
        fail(sequence, call, why.text);
}

enum { MAX_WORDS = 64 };

/* Words of a command, or NAME=VALUE of its environment; NULL-terminated. */
typedef struct word_list {
    gw_buf items[MAX_WORDS];
    const char *words[MAX_WORDS + 1];
    size_t count;
} word_list;

static gw_status add_word(fixtures_sequence *sequence, word_list *list, const char *name, const char *text,
                          gw_error *error) {
    if (list->count == MAX_WORDS) return gw_error_set(error, GW_ERR_LIMIT, "more than %d words", MAX_WORDS);
    gw_buf *item = &list->items[list->count];
    gw_buf_init(item, FIXTURES_TEXT_MAX);
    if (name) gw_buf_printf(item, "%s=", name);
    gw_status status = fixtures_expand(&sequence->vars, text, item, error);
    list->words[list->count++] = gw_buf_cstr(item);
    return status;
}

static void words_deinit(word_list *list) {
    for (size_t i = 0; i < list->count; i++) gw_buf_deinit(&list->items[i]);
}

static gw_status start_command(fixtures_sequence *sequence, const gw_target_call *call, gw_error *error) {
    word_list argv = {0}, env = {0};
    gw_buf cwd, shown;
    gw_status status = GW_OK;
    gw_buf_init(&cwd, 4096);
    gw_buf_init(&shown, FIXTURES_TEXT_MAX);
    free(sequence->url);
    sequence->url = strdup(call->command[0]);
    for (size_t i = 0; call->command[i] && status == GW_OK; i++) {
        status = add_word(sequence, &argv, NULL, call->command[i], error);
        gw_buf_printf(&shown, "%s%s", i ? " " : "", gw_buf_cstr(&argv.items[i]));
    }
    for (size_t i = 0; i < call->env.count && status == GW_OK; i++)
        status = add_word(sequence, &env, call->env.list[i].name, call->env.list[i].value, error);
    if (call->cwd) gw_fixtures_path(sequence->fixtures->target, call->cwd, &cwd);
    if (status == GW_OK) {
        note(sequence, "command", gw_buf_cstr(&shown), "");
        sequence->command = fixtures_command_start(
            gw_http_loop(sequence->fixtures->http),
            &(gw_process_options){
                .argv = argv.words, .env = env.words, .directory = call->cwd ? gw_buf_cstr(&cwd) : NULL},
            call->within, on_output, sequence);
        if (!sequence->command) status = gw_error_set(error, GW_ERR_NOMEM, "out of memory");
    }
    words_deinit(&argv);
    words_deinit(&env);
    gw_buf_deinit(&cwd);
    gw_buf_deinit(&shown);
    return status;
}

static void step(fixtures_sequence *sequence) {
    if (sequence->next == sequence->count) {
        finish(sequence);
        return;
    }
    const gw_target_call *call = &sequence->list[sequence->next++];
    gw_error error = {0};
    gw_status status = call->command ? start_command(sequence, call, &error) : send_request(sequence, call, &error);
    if (status != GW_OK) fail(sequence, call, error.text);
}

void fixtures_sequence_start(fixtures_sequence *sequence, fixtures_sequence_fn *fn, void *user) {
    sequence->fn = fn;
    sequence->user = user;
    step(sequence);
}
