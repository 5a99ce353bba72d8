/* Floor 5: an engine on real connections. */
#include "cli/link.h"

#include "net/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_SOFT_MAX = 16 << 20 }; /* more than that waits for the peer: sent only once it has drained */

static bool out_of_descriptors(const char *error) {
    static const int CODES[] = {EMFILE, ENFILE, EADDRNOTAVAIL, ENOBUFS};
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++)
        if (strstr(error, gw_error_system(CODES[i]))) return true;
    return false;
}

static void on_open(gw_stream *stream, gw_ns at_ns, void *user) {
    (void)stream;
    gw_link_conn *conn = user;
    gw_engine_on_open(conn->link->engine, conn->index, at_ns);
    gw_link_pump(conn->link);
}

static void on_read(gw_stream *stream, gw_stream_read *read, void *user) {
    (void)stream;
    gw_link_conn *conn = user;
    gw_link *link = conn->link;
    if (link->hooks->heard) link->hooks->heard(read->at_ns, link->user);
    gw_engine_on_bytes(link->engine, conn->index, read->data, read->len, read->at_ns);
    gw_link_pump(link);
}

static void on_end(gw_stream *stream, const gw_stream_end *end, void *user) {
    gw_link_conn *conn = user;
    gw_link *link = conn->link;
    if (conn->ended) return;
    conn->ended = true;
    if (conn->sent_owed) {
        conn->sent_owed = false;
        gw_engine_on_sent(link->engine, conn->index, end->at_ns);
    }
    if (end->kind == GW_STREAM_FAILED && gw_stream_opened(stream) == GW_NEVER) {
        if (out_of_descriptors(end->error))
            gw_engine_abort(link->engine, GW_VERDICT_INCONCLUSIVE, end->error, end->at_ns);
        else
            gw_engine_on_open_failed(link->engine, conn->index, end->error, end->at_ns);
    } else {
        gw_ending ending = end->kind == GW_STREAM_RESET    ? GW_ENDING_RST
                           : end->kind == GW_STREAM_FAILED ? GW_ENDING_ERROR
                                                           : GW_ENDING_FIN;
        gw_engine_on_closed(link->engine, conn->index, ending, end->at_ns);
    }
    gw_link_pump(link);
}

static void on_drain(gw_stream *stream, gw_ns at_ns, void *user) {
    (void)stream;
    gw_link_conn *conn = user;
    if (!conn->sent_owed) return;
    conn->sent_owed = false;
    gw_engine_on_sent(conn->link->engine, conn->index, at_ns);
    gw_link_pump(conn->link);
}

static const gw_stream_callbacks CALLBACKS = {
    .on_open = on_open, .on_read = on_read, .on_end = on_end, .on_drain = on_drain};

static void close_conn(gw_link_conn *conn) {
    gw_stream_destroy(conn->stream);
    conn->stream = NULL;
    conn->sent_owed = false;
}

void gw_link_connect(gw_link *link, unsigned index, const gw_address *address, const gw_stream_options *options) {
    gw_link_conn *conn = &link->conns[index];
    close_conn(conn);
    conn->ended = false;
    conn->stream = gw_stream_connect(link->loop, address, options, &CALLBACKS, conn);
    if (!conn->stream)
        gw_engine_abort(link->engine, GW_VERDICT_ERROR, "out of memory for a connection", gw_clock_now());
}

void gw_link_adopt(gw_link *link, unsigned index, gw_stream *stream, gw_span early, gw_ns early_at) {
    gw_link_conn *conn = &link->conns[index];
    close_conn(conn);
    conn->ended = false;
    conn->stream = stream;
    gw_stream_set_callbacks(stream, &CALLBACKS, conn);
    gw_engine_on_open(link->engine, index, early.len ? early_at : gw_stream_opened(stream));
    if (early.len) gw_engine_on_bytes(link->engine, index, (uint8_t *)early.ptr, early.len, early_at);
    gw_link_pump(link);
}

static void send_bytes(gw_link *link, gw_link_conn *conn, gw_span bytes) {
    gw_stream_sent sent = {.at_ns = gw_clock_now()};
    gw_status status = conn->stream ? gw_stream_write(conn->stream, bytes, &sent) : GW_ERR_CLOSED;
    if (status == GW_ERR_LIMIT || status == GW_ERR_NOMEM) {
        gw_engine_abort(link->engine, GW_VERDICT_ERROR, "the peer does not read, and too much waits to be sent",
                        gw_clock_now());
        return;
    }
    if (sent.at_ns == 0 || status != GW_OK) sent.at_ns = gw_clock_now();
    if (status == GW_OK && link->hooks->sent) link->hooks->sent(conn->index, sent.at_ns, link->user);
    if (status == GW_OK && sent.queued_bytes > QUEUE_SOFT_MAX)
        conn->sent_owed = true;
    else
        gw_engine_on_sent(link->engine, conn->index, sent.at_ns);
}

static void carry_out(gw_link *link, const gw_action *action) {
    gw_link_conn *conn = &link->conns[action->conn < link->conn_count ? action->conn : 0];
    switch (action->kind) {
    case GW_ACTION_SEND:
        send_bytes(link, conn, action->bytes);
        break;
    case GW_ACTION_SHUTDOWN:
        if (conn->stream) gw_stream_shutdown(conn->stream);
        break;
    case GW_ACTION_RESET:
        if (conn->stream) gw_stream_reset(conn->stream);
        break;
    case GW_ACTION_CLOSE:
        close_conn(conn);
        break;
    case GW_ACTION_READ_OFF:
        if (conn->stream) gw_stream_pause(conn->stream);
        break;
    case GW_ACTION_PROVISION:
    case GW_ACTION_OPEN:
    case GW_ACTION_ACCEPT:
    case GW_ACTION_TRIGGER:
    case GW_ACTION_DONE:
        link->hooks->act(action, link->user);
        break;
    }
}

void gw_link_pump(gw_link *link) {
    if (link->pumping) return; /* an action that answers from inside: the loop below goes on */
    gw_action action;
    link->pumping = true;
    while (gw_engine_next(link->engine, &action)) carry_out(link, &action);
    link->pumping = false;
    gw_loop_timer_set(link->loop, &link->timer, gw_engine_deadline(link->engine));
}

/* All that had arrived by harvested() was handed over; of later bytes nothing is known, so the engine must not believe
 * that it is later than that. */
static void on_deadline(gw_loop_timer *timer, gw_ns now_ns, void *user) {
    (void)now_ns;
    gw_link *link = user;
    gw_ns due = timer->due_ns, harvested = gw_loop_harvested(link->loop);
    if (link->hooks->before_tick) link->hooks->before_tick(link->user);
    gw_engine_on_tick(link->engine, harvested > due ? harvested : due);
    gw_link_pump(link);
}

bool gw_link_init(gw_link *link, gw_loop *loop, gw_engine *engine, unsigned conn_count, const gw_link_hooks *hooks,
                  void *user) {
    *link = (gw_link){.loop = loop, .engine = engine, .hooks = hooks, .user = user};
    link->timer = (gw_loop_timer){.fn = on_deadline, .user = link};
    link->conns = calloc(conn_count, sizeof *link->conns);
    if (!engine || !link->conns) return false;
    link->conn_count = conn_count;
    for (unsigned i = 0; i < conn_count; i++) link->conns[i] = (gw_link_conn){.link = link, .index = i};
    return true;
}

void gw_link_deinit(gw_link *link) {
    if (link->loop) gw_loop_timer_cancel(link->loop, &link->timer);
    for (unsigned i = 0; i < link->conn_count; i++) close_conn(&link->conns[i]);
    free(link->conns);
    gw_engine_destroy(link->engine);
    *link = (gw_link){0};
}
