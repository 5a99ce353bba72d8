/* Is the server still there, and does it answer? A plain GET without an upgrade: any answer, or an end, will do.
 * Floor 5. */
#include "cli/runner_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gw_status runner_probe_aim(runner *r, gw_error *error) {
    gw_address_url url = {0};
    gw_status status = gw_fixtures_probe_url(r->fixtures, &url, error);
    if (status != GW_OK) return status;
    free(r->resolved_authority);
    r->resolved_authority = NULL;
    status = runner_resolve(r, &url, &r->address, error);
    if (status == GW_OK && url.tls && !r->tls && !(r->tls = gw_tls_create_client(gw_fixtures_tls(r->fixtures), error)))
        status = GW_ERR_INVALID;
    free(r->probe_host);
    free(r->probe_request);
    r->probe_host = strdup(url.host);
    r->probe_tls = url.tls;
    if (asprintf(&r->probe_request, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: gwspec\r\nConnection: close\r\n\r\n",
                 url.target, url.authority) < 0)
        r->probe_request = NULL;
    gw_address_url_deinit(&url);
    if (status == GW_OK && (!r->probe_request || !r->probe_host))
        status = gw_error_set(error, GW_ERR_NOMEM, "out of memory");
    return status;
}

static void finish(runner *r, runner_probe_result result) {
    gw_loop_timer_cancel(r->loop, &r->probe.timer);
    gw_stream_destroy(r->probe.stream);
    r->probe.stream = NULL;
    r->probe.running = false;
    r->probe_result = result;
    if (result == RUNNER_PROBE_ALIVE) r->probe_alive_ns = r->probe.started_ns;
}

static void on_open(gw_stream *stream, gw_ns at_ns, void *user) {
    (void)at_ns;
    runner *r = user;
    r->probe.connected = true;
    if (r->probe_answers)
        gw_stream_write(stream, gw_span_cstr(r->probe_request), NULL);
    else
        finish(r, RUNNER_PROBE_ALIVE);
}

static void on_read(gw_stream *stream, gw_stream_read *read, void *user) {
    (void)stream;
    (void)read;
    finish(user, RUNNER_PROBE_ALIVE);
}

static void on_end(gw_stream *stream, const gw_stream_end *end, void *user) {
    (void)stream;
    runner *r = user;
    snprintf(r->probe_error, sizeof r->probe_error, "%s", end->error);
    /* a server that is being killed takes connections until its socket is gone, and resets them */
    bool dead = !r->probe.connected || end->kind == GW_STREAM_RESET;
    finish(r, dead ? RUNNER_PROBE_DEAD : RUNNER_PROBE_ALIVE);
}

static gw_ns scaled(const runner *r, gw_ns within) {
    return (gw_ns)((double)within * r->plan->timeout_scale);
}

/* Beside many scenarios, and on a busy machine, a server may be late without being hung: it gets more time, once. */
static void on_timeout(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    runner *r = user;
    if (now_ns - r->probe.started_ns < scaled(r, RUNNER_PROBE_CROWDED) && r->running + r->held > RUNNER_FEW) {
        gw_loop_timer_set(r->loop, timer, r->probe.started_ns + scaled(r, RUNNER_PROBE_CROWDED));
        return;
    }
    finish(r, r->probe.connected ? RUNNER_PROBE_SILENT : RUNNER_PROBE_DEAD);
}

void runner_probe_start(runner *r) {
    static const gw_stream_callbacks CALLBACKS = {.on_open = on_open, .on_read = on_read, .on_end = on_end};
    if (r->probe.running) return;
    r->probe.started_ns = gw_clock_now();
    r->probe.connected = false;
    r->probe_result = RUNNER_PROBE_NONE;
    snprintf(r->probe_error, sizeof r->probe_error, "no connection in time");
    gw_stream_options options = {.timeout_ns = 2 * scaled(r, RUNNER_PROBE_CROWDED),
                                 .tls = r->probe_tls ? r->tls : NULL,
                                 .tls_host = r->probe_host};
    r->probe.stream = gw_stream_connect(r->loop, &r->address, &options, &CALLBACKS, r);
    r->probe.running = r->probe.stream != NULL;
    if (!r->probe.stream) {
        r->probe_result = RUNNER_PROBE_DEAD;
        return;
    }
    r->probe.timer.fn = on_timeout;
    r->probe.timer.user = r;
    gw_loop_timer_set(r->loop, &r->probe.timer, r->probe.started_ns + scaled(r, RUNNER_PROBE_WITHIN));
}

void runner_probe_cancel(runner *r) {
    if (r->probe.running) finish(r, RUNNER_PROBE_NONE);
}

runner_probe_result runner_probe_now(runner *r) {
    runner_probe_cancel(r);
    runner_probe_start(r);
    while (r->probe.running && !r->interrupted)
        if (gw_loop_turn(r->loop, GW_NEVER) == GW_ERR_IO) break;
    runner_probe_cancel(r);
    return r->probe_result;
}
