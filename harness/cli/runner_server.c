/* The server that the target starts: until it is ready, when it dies, how it ends. Floor 5. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "cli/runner_internal.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRY_AGAIN    (20 * GW_MS)
#define TRY_WITHIN   (1 * GW_S)
#define FIXTURES_MAX (60 * GW_S)
enum { MAX_ARGUMENTS = 256 };

/* What is watched while the server comes up. */
struct runner_ready {
    runner *r;
    pcre2_code *regex;
    gw_stream *stream;
    gw_http_call *call;
    gw_loop_timer timer;
    gw_address address;
    char *url;
    bool changed; /* ready or exited */
    char *fixture_error;
};

static void become_ready(runner *r) {
    r->server.ready = true;
    if (r->server.waiting) r->server.waiting->changed = true;
}

/* ---- line ---- */

static void take_groups(runner *r, pcre2_match_data *data, const char *line) {
    uint32_t count = 0, size = 0;
    PCRE2_SPTR table = NULL;
    const pcre2_code *regex = r->server.waiting->regex;
    pcre2_pattern_info(regex, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(regex, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(regex, PCRE2_INFO_NAMETABLE, &table);
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);
    for (uint32_t i = 0; i < count; i++) {
        PCRE2_SPTR entry = table + i * size;
        unsigned group = (unsigned)entry[0] << 8 | entry[1];
        if (at[2 * group] == PCRE2_UNSET) continue;
        char *value = strndup(line + at[2 * group], at[2 * group + 1] - at[2 * group]);
        if (value) gw_fixtures_value(r->fixtures, "ready", (const char *)entry + 2, value);
        free(value);
    }
}

static void match_line(runner *r, gw_span line) {
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(r->server.waiting->regex, NULL);
    char *text = strndup((const char *)line.ptr, line.len);
    if (data && text && pcre2_match(r->server.waiting->regex, (PCRE2_SPTR)text, strlen(text), 0, 0, data, NULL) > 0) {
        take_groups(r, data, text);
        become_ready(r);
    }
    free(text);
    pcre2_match_data_free(data);
}

static void on_line(gw_process *process, gw_span line, bool from_stderr, gw_ns at_ns, void *user) {
    (void)process;
    (void)from_stderr;
    (void)at_ns;
    runner *r = user;
    if (r->server.waiting && r->server.waiting->regex && !r->server.ready && line.len) match_line(r, line);
    if (r->plan->verbose) runner_note(r, "server: %.*s", GW_SPAN_ARG(line));
}

static void on_exit_of_server(gw_process *process, const gw_process_exit *how, void *user) {
    (void)process;
    (void)how;
    runner *r = user;
    r->server.exited = true;
    if (r->server.waiting) r->server.waiting->changed = true;
}

/* ---- port ---- */

static void try_port(gw_loop_timer *timer, gw_ns now_ns, void *user);

static void on_port_open(gw_stream *stream, gw_ns at_ns, void *user) {
    (void)stream;
    (void)at_ns;
    become_ready(user);
}

static void on_port_end(gw_stream *stream, const gw_stream_end *end, void *user) {
    (void)stream;
    runner *r = user;
    if (r->server.waiting && !r->server.ready)
        gw_loop_timer_set(r->loop, &r->server.waiting->timer, end->at_ns + TRY_AGAIN);
}

static void try_port(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    (void)timer;
    (void)now_ns;
    static const gw_stream_callbacks CALLBACKS = {.on_open = on_port_open, .on_end = on_port_end};
    runner *r = user;
    struct runner_ready *ready = r->server.waiting;
    gw_stream_destroy(ready->stream);
    ready->stream =
        gw_stream_connect(r->loop, &ready->address, &(gw_stream_options){.timeout_ns = TRY_WITHIN}, &CALLBACKS, r);
}

/* ---- http ---- */

static void on_http(gw_http_call *call, const gw_http_response *response, void *user) {
    (void)call;
    runner *r = user;
    r->server.waiting->call = NULL;
    if (response->status >= 200 && response->status <= 299)
        become_ready(r);
    else
        gw_loop_timer_set(r->loop, &r->server.waiting->timer, response->done_ns + TRY_AGAIN);
}

static void try_http(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    (void)timer;
    (void)now_ns;
    runner *r = user;
    struct runner_ready *ready = r->server.waiting;
    ready->call = gw_http_send(
        r->http, &(gw_http_request){.url = ready->url, .timeout_ns = TRY_WITHIN, .tls = gw_fixtures_tls(r->fixtures)},
        on_http, r);
}

/* ---- start ---- */

static gw_status watch_ready(runner *r, struct runner_ready *ready, gw_error *error) {
    const gw_target_ready *spec = &r->target->start.ready;
    gw_status status = GW_OK;
    gw_buf text;
    gw_buf_init(&text, GW_ADDRESS_URL_MAX);
    ready->r = r;
    ready->timer.user = r;
    if (spec->kind == GW_TARGET_READY_LINE) {
        int code;
        PCRE2_SIZE offset;
        ready->regex = pcre2_compile((PCRE2_SPTR)spec->pattern, strlen(spec->pattern),
                                     PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &code, &offset, NULL);
        if (!ready->regex) status = gw_error_set(error, GW_ERR_NOMEM, "out of memory");
    } else if (spec->kind == GW_TARGET_READY_PORT) {
        status = gw_fixtures_expand(r->fixtures, spec->port, &text, error);
        int port = atoi(gw_buf_cstr(&text));
        if (status == GW_OK && (port < 1 || port > 65535))
            status = gw_error_set(error, GW_ERR_INVALID, "ready.port: '%s' is no port", gw_buf_cstr(&text));
        if (status == GW_OK) status = gw_address_resolve("localhost", (uint16_t)port, &ready->address, error);
        ready->timer.fn = try_port;
    } else {
        status = gw_fixtures_expand(r->fixtures, spec->url, &text, error);
        if (status == GW_OK && !(ready->url = strdup(gw_buf_cstr(&text))))
            status = gw_error_set(error, GW_ERR_NOMEM, "out of memory");
        ready->timer.fn = try_http;
    }
    gw_buf_deinit(&text);
    return status;
}

static void ready_deinit(runner *r, struct runner_ready *ready) {
    gw_loop_timer_cancel(r->loop, &ready->timer);
    gw_stream_destroy(ready->stream);
    if (ready->call) gw_http_cancel(ready->call);
    pcre2_code_free(ready->regex);
    free(ready->url);
    free(ready->fixture_error);
}

/* Another program may take it before the server does; then the server says so and the run ends with its words. */
static gw_status choose_port(runner *r, const char *name, gw_error *error) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
                 getsockname(fd, (struct sockaddr *)&at, &len) == 0;
    if (fd >= 0) close(fd);
    if (!bound) return gw_error_set(error, GW_ERR_IO, "no free port of 127.0.0.1 to be had");
    char text[8];
    snprintf(text, sizeof text, "%u", (unsigned)ntohs(at.sin_port));
    gw_fixtures_value(r->fixtures, NULL, name, text);
    return GW_OK;
}

/* Argument list or environment under construction; strings are owned. */
typedef struct text_list {
    char *items[MAX_ARGUMENTS + 1];
    size_t count;
} text_list;

static gw_status list_add(text_list *list, const char *text, gw_error *error) {
    if (list->count == MAX_ARGUMENTS) return gw_error_set(error, GW_ERR_LIMIT, "more than %d arguments", MAX_ARGUMENTS);
    if (!(list->items[list->count] = strdup(text))) return gw_error_set(error, GW_ERR_NOMEM, "out of memory");
    list->count++;
    return GW_OK;
}

static gw_status list_expand(runner *r, text_list *list, const char *prefix, const char *text, gw_error *error) {
    gw_buf out;
    gw_buf_init(&out, 1 << 20);
    gw_buf_append_cstr(&out, prefix);
    gw_status status = gw_fixtures_expand(r->fixtures, text, &out, error);
    if (status == GW_OK) status = list_add(list, gw_buf_cstr(&out), error);
    gw_buf_deinit(&out);
    return status;
}

static void list_deinit(text_list *list) {
    for (size_t i = 0; i < list->count; i++) free(list->items[i]);
}

static gw_status build_command(runner *r, text_list *argv, text_list *env, gw_error *error) {
    const gw_target_start *start = &r->target->start;
    gw_status status = GW_OK;
    for (size_t i = 0; start->command[i] && status == GW_OK; i++)
        status = list_expand(r, argv, "", start->command[i], error);
    if (status == GW_OK && r->plan->interval) {
        char ms[32];
        snprintf(ms, sizeof ms, "%lld", (long long)(r->plan->interval / GW_MS));
        status = list_add(argv, start->interval_option, error);
        if (status == GW_OK) status = list_add(argv, ms, error);
    }
    if (status == GW_OK && r->plan->protocol_file && start->protocol_option) {
        status = list_add(argv, start->protocol_option, error);
        char *whole = realpath(r->plan->protocol_file, NULL); /* the server may run in another folder */
        if (status == GW_OK) status = list_add(argv, whole ? whole : r->plan->protocol_file, error);
        free(whole);
    }
    for (size_t i = 0; i < r->plan->fault_count && status == GW_OK; i++) {
        status = list_add(argv, start->fault_option, error);
        if (status == GW_OK) status = list_add(argv, r->plan->faults[i], error);
    }
    for (size_t i = 0; i < start->env.count && status == GW_OK; i++) {
        char prefix[256];
        snprintf(prefix, sizeof prefix, "%s=", start->env.list[i].name);
        status = list_expand(r, env, prefix, start->env.list[i].value, error);
    }
    return status;
}

static gw_status launch(runner *r, gw_error *error) {
    static const gw_process_callbacks CALLBACKS = {.on_line = on_line, .on_exit = on_exit_of_server};
    const gw_target_start *start = &r->target->start;
    text_list argv = {0}, env = {0};
    gw_buf cwd;
    gw_buf_init(&cwd, 4096);
    if (start->cwd) gw_fixtures_path(r->target, start->cwd, &cwd);
    gw_status status = build_command(r, &argv, &env, error);
    if (status == GW_OK) {
        const gw_process_options options = {.argv = (const char *const *)argv.items,
                                            .env = (const char *const *)env.items,
                                            .directory = start->cwd ? gw_buf_cstr(&cwd) : NULL,
                                            .stop_signal = start->stop_signal,
                                            .log_file = runner_log_file(r),
                                            .log_filter = runner_log_filter};
        r->server.process = gw_process_start(r->loop, &options, &CALLBACKS, r, error);
        if (!r->server.process) status = GW_ERR_IO;
    }
    list_deinit(&argv);
    list_deinit(&env);
    gw_buf_deinit(&cwd);
    return status;
}

static void on_fixtures(const char *error, void *user) {
    struct runner_ready *ready = user;
    if (error) ready->fixture_error = strdup(error);
    ready->changed = true;
}

static gw_status run_fixtures(runner *r, struct runner_ready *ready, gw_error *error) {
    ready->changed = false;
    gw_fixtures_begin(r->fixtures, on_fixtures, ready);
    if (!ready->changed && !runner_wait(r, &ready->changed, gw_clock_now() + FIXTURES_MAX))
        return gw_error_set(error, GW_ERR_TIMEOUT, "fixtures.run did not end in time");
    if (ready->fixture_error) return gw_error_set(error, GW_ERR_IO, "%s", ready->fixture_error);
    return GW_OK;
}

static gw_status start_and_wait(runner *r, struct runner_ready *ready, gw_error *error) {
    gw_status status = GW_OK;
    const gw_ns within = r->target->start.ready.within;
    r->server.ready = r->server.exited = false;
    gw_fixtures_forget(r->fixtures, "ready");
    if (r->target->uses_port) status = choose_port(r, "port", error);
    if (status == GW_OK && r->target->uses_control_port) status = choose_port(r, "control-port", error);
    if (status == GW_OK) status = watch_ready(r, ready, error);
    if (status == GW_OK) {
        r->server.waiting = ready;
        status = launch(r, error);
    }
    if (status != GW_OK) return status;
    if (ready->timer.fn) gw_loop_timer_set(r->loop, &ready->timer, gw_clock_now());
    gw_ns until = gw_clock_now() + within;
    bool changed = runner_wait(r, &ready->changed, until);
    if (r->server.exited) {
        char text[GW_RUNNER_MESSAGE / 2];
        runner_server_obituary(r, text, sizeof text);
        return gw_error_set(error, GW_ERR_CLOSED, "the server %s", text);
    }
    if (!changed && r->interrupted) return gw_error_set(error, GW_ERR_CLOSED, "interrupted");
    if (!changed) {
        char ms[32], tail[GW_RUNNER_MESSAGE / 4];
        runner_server_obituary(r, tail, sizeof tail);
        return gw_error_set(error, GW_ERR_TIMEOUT, "the server was not ready within %s%s%s",
                            gw_time_format_ms(within, ms, sizeof ms), *tail ? "; " : "", tail);
    }
    return GW_OK;
}

gw_status runner_server_start(runner *r, char *why, size_t size) {
    struct runner_ready ready = {0};
    gw_error error = {0};
    gw_status status = GW_OK;
    if (r->target->start.command) status = start_and_wait(r, &ready, &error);
    if (status == GW_OK) status = run_fixtures(r, &ready, &error);
    r->server.waiting = NULL;
    ready_deinit(r, &ready);
    if (status == GW_OK) return GW_OK;
    snprintf(why, size, "%s", error.text);
    runner_server_stop(r);
    return status;
}

void runner_server_stop(runner *r) {
    if (!r->server.process) return;
    gw_process_stop(r->server.process, r->target->start.stop_within);
    gw_ns until = gw_clock_now() + r->target->start.stop_within + RUNNER_EXIT_WITHIN;
    while (!r->server.exited && gw_clock_now() < until)
        if (gw_loop_turn(r->loop, until) == GW_ERR_IO) break;
    gw_process_destroy(r->server.process);
    r->server.process = NULL;
    r->server.ready = r->server.exited = false;
}
