/* Floor 4 (net): libcurl's multi interface on our loop. One call is http_call.c. */
#include "net/http.h"

#include "net/http_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* So many connections to one host at once, which are kept: what comes beyond waits for a free one. libcurl by itself
 * keeps four for each call in flight and so closes most of them whenever few calls are. */
#define CONNECTIONS 64L

typedef struct watched {
    gw_loop_watch watch;
    gw_http *http;
} watched;

static void unlink_call(gw_http_call *call) {
    gw_http *http = call->http;
    if (call->added) curl_multi_remove_handle(http->multi, call->easy);
    call->added = false;
    gw_loop_undefer(http->loop, &call->fail_task);
    if (call->prev) {
        call->prev->next = call->next;
    } else {
        http->first = call->next;
    }
    if (call->next) call->next->prev = call->prev;
    call->next = call->prev = NULL;
}

/* Unlinked before its user hears of it, who may do anything to this http. */
static void finish(gw_http_call *call, CURLcode code) {
    unlink_call(call);
    gw_http_call_tell(call, code);
    gw_http_call_free(call);
}

static void take_results(gw_http *http) {
    int left;
    while (!http->destroyed) {
        const CURLMsg *message = curl_multi_info_read(http->multi, &left);
        if (!message) return;
        if (message->msg != CURLMSG_DONE) continue;
        char *call = NULL;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        finish((gw_http_call *)(void *)call, code);
    }
}

static void act(gw_http *http, curl_socket_t fd, int what) {
    int running;
    curl_multi_socket_action(http->multi, fd, what, &running);
    take_results(http);
}

static void on_ready(gw_loop_watch *watch, uint32_t events, void *user) {
    const watched *w = user;
    int what = 0;
    if (events & (EPOLLIN | EPOLLHUP)) what |= CURL_CSELECT_IN;
    if (events & EPOLLOUT) what |= CURL_CSELECT_OUT;
    if (events & EPOLLERR) what |= CURL_CSELECT_ERR;
    act(w->http, watch->fd, what); /* may free w */
}

static void on_timer(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    (void)timer;
    (void)now_ns;
    act(user, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl says which socket to watch for what. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user) {
    gw_http *http = user;
    watched *w = socket_user;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (!w) return 0;
        gw_loop_watch_remove(http->loop, &w->watch);
        curl_multi_assign(http->multi, fd, NULL);
        free(w);
        return 0;
    }
    uint32_t events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    if (w) return gw_loop_watch_change(http->loop, &w->watch, events) == GW_OK ? 0 : -1;
    w = calloc(1, sizeof *w);
    if (!w) return -1;
    w->http = http;
    w->watch = (gw_loop_watch){.fn = on_ready, .user = w, .fd = fd, .events = events};
    if (gw_loop_watch_add(http->loop, &w->watch) != GW_OK) {
        free(w);
        return -1;
    }
    curl_multi_assign(http->multi, fd, w);
    return 0;
}

static int on_timeout_change(CURLM *multi, long timeout_ms, void *user) {
    gw_http *http = user;
    (void)multi;
    gw_ns due = timeout_ms < 0 ? GW_NEVER : gw_time_add(gw_clock_now(), timeout_ms * GW_MS);
    return gw_loop_timer_set(http->loop, &http->timer, due) == GW_OK ? 0 : -1;
}

static void on_free(gw_loop_task *task, void *user) {
    (void)task;
    free(user);
}

gw_http *gw_http_create(gw_loop *loop, gw_error *error) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        gw_error_set(error, GW_ERR_INTERNAL, "HTTP: libcurl does not start");
        return NULL;
    }
    gw_http *http = calloc(1, sizeof *http);
    CURLM *multi = curl_multi_init();
    if (!http || !multi) {
        gw_error_set(error, GW_ERR_NOMEM, "HTTP: out of memory");
        if (multi) curl_multi_cleanup(multi);
        free(http);
        curl_global_cleanup();
        return NULL;
    }
    http->loop = loop;
    http->multi = multi;
    http->timer = (gw_loop_timer){.fn = on_timer, .user = http};
    http->free_task = (gw_loop_task){.fn = on_free, .user = http};
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout_change);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, CONNECTIONS);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 2 * CONNECTIONS);
    return http;
}

gw_loop *gw_http_loop(const gw_http *http) {
    return http->loop;
}

void gw_http_destroy(gw_http *http) {
    if (!http) return;
    http->destroyed = true;
    while (http->first) gw_http_cancel(http->first);
    curl_multi_cleanup(http->multi);
    curl_global_cleanup();
    gw_loop_timer_cancel(http->loop, &http->timer);
    gw_loop_defer(http->loop, &http->free_task);
}

static void on_failed_start(gw_loop_task *task, void *user) {
    (void)task;
    finish(user, CURLE_FAILED_INIT);
}

gw_http_call *gw_http_send(gw_http *http, const gw_http_request *request, gw_http_fn *fn, void *user) {
    CURLcode code = CURLE_OK;
    gw_http_call *call = gw_http_call_create(http, request, &code);
    if (!call) return NULL;
    call->fn = fn;
    call->user = user;
    call->fail_task = (gw_loop_task){.fn = on_failed_start, .user = call};
    call->next = http->first;
    if (call->next) call->next->prev = call;
    http->first = call;
    call->sent_ns = gw_clock_now();
    if (code == CURLE_OK) call->added = curl_multi_add_handle(http->multi, call->easy) == CURLM_OK;
    if (code != CURLE_OK && !call->curl_error[0]) {
        strncpy(call->curl_error, curl_easy_strerror(code), sizeof call->curl_error - 1);
    }
    if (!call->added) gw_loop_defer(http->loop, &call->fail_task);
    return call;
}

void gw_http_cancel(gw_http_call *call) {
    unlink_call(call);
    gw_http_call_free(call);
}
