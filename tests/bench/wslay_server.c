#include "wslay_server.h"
#include "reference-server/digest.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

struct wslay_server_conn {
    wslay_event_context_ptr frames; /* NULL: the request did not come yet */
    gw_span in;
    uint8_t out[1024];
    size_t out_len;
};

/* Takes d. */
static bool say(wslay_server_conn *conn, int e, cJSON *d) {
    cJSON *packet = cJSON_CreateObject();
    bool taken = packet && cJSON_AddNumberToObject(packet, "e", e) && cJSON_AddItemToObject(packet, "d", d);
    char *text = taken ? cJSON_PrintUnformatted(packet) : NULL;
    if (!taken) cJSON_Delete(d);
    bool queued = false;
    if (text) {
        struct wslay_event_msg message = {WSLAY_TEXT_FRAME, (const uint8_t *)text, strlen(text)};
        queued = wslay_event_queue_msg(conn->frames, &message) == 0;
    }
    cJSON_free(text);
    cJSON_Delete(packet);
    return queued;
}

static ssize_t on_recv(wslay_event_context_ptr frames, uint8_t *out, size_t len, int flags, void *user) {
    wslay_server_conn *conn = user;
    (void)flags;
    if (conn->in.len == 0) {
        wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    gw_span part = gw_span_sub(conn->in, 0, len);
    memcpy(out, part.ptr, part.len);
    conn->in = gw_span_from(conn->in, part.len);
    return (ssize_t)part.len;
}

static ssize_t on_send(wslay_event_context_ptr frames, const uint8_t *bytes, size_t len, int flags, void *user) {
    wslay_server_conn *conn = user;
    (void)flags;
    if (len > sizeof conn->out - conn->out_len) {
        wslay_event_set_error(frames, WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }
    memcpy(conn->out + conn->out_len, bytes, len);
    conn->out_len += len;
    return (ssize_t)len;
}

static void on_message(wslay_event_context_ptr frames, const struct wslay_event_on_msg_recv_arg *message, void *user) {
    wslay_server_conn *conn = user;
    if (message->opcode != WSLAY_TEXT_FRAME) return;
    cJSON *packet = cJSON_ParseWithLength((const char *)message->msg, message->msg_length);
    const cJSON *e = cJSON_GetObjectItemCaseSensitive(packet, "e");
    bool good = cJSON_IsNumber(e) && cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(packet, "d"));
    if (good && e->valueint == 2) good = say(conn, 1, cJSON_CreateObject());
    cJSON_Delete(packet);
    if (!good) wslay_event_queue_close(frames, WSLAY_CODE_POLICY_VIOLATION, NULL, 0);
}

static bool upgrade(wslay_server_conn *conn, gw_span request) {
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_recv, .send_callback = on_send, .on_msg_recv_callback = on_message};
    static const char name[] = "Sec-WebSocket-Key: ";
    const char *text = (const char *)request.ptr;
    const char *key = memmem(text, request.len, name, sizeof name - 1);
    if (!key) return false;
    key += sizeof name - 1;
    const char *end = memchr(key, '\r', request.len - (size_t)(key - text));
    if (!end) return false;
    char accept[GW_DIGEST_ACCEPT_CHARS + 1];
    gw_digest_accept(gw_span_make(key, (size_t)(end - key)), "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", accept);
    conn->out_len = (size_t)snprintf((char *)conn->out, sizeof conn->out,
                                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                     "Sec-WebSocket-Accept: %s\r\n\r\n",
                                     accept);
    if (wslay_event_context_server_init(&conn->frames, &callbacks, conn) != 0) return false;
    cJSON *hello = cJSON_CreateObject();
    cJSON_AddNumberToObject(hello, "heartbeatInterval", 1000);
    return say(conn, 0, hello) && wslay_event_send(conn->frames) == 0;
}

wslay_server_conn *wslay_server_accept(void) {
    wslay_server_conn *conn = malloc(sizeof *conn);
    if (!conn) return NULL;
    conn->frames = NULL;
    conn->out_len = 0;
    return conn;
}

bool wslay_server_on_bytes(wslay_server_conn *conn, gw_span bytes) {
    conn->out_len = 0;
    if (!conn->frames) return upgrade(conn, bytes);
    conn->in = bytes;
    return wslay_event_recv(conn->frames) == 0 && wslay_event_send(conn->frames) == 0;
}

gw_span wslay_server_output(wslay_server_conn *conn) {
    return gw_span_make(conn->out, conn->out_len);
}

void wslay_server_gone(wslay_server_conn *conn) {
    if (conn->frames) wslay_event_context_free(conn->frames);
    free(conn);
}
