/* The control API over HTTP: collects the request, lets control.c act, sends its answer. */
#include "reference-server/server_internal.h"

#include "reference-server/control.h"

#include <string.h>

enum { MAX_PATH_BYTES = 512 };

/* One request, in the memory that libwebsockets keeps for the connection. */
typedef struct request {
    bool begun;
    gw_control_method method;
    char path[MAX_PATH_BYTES];
    size_t path_len;
    gw_buf body;
    gw_control_answer answer;
    size_t sent; /* bytes of the answer's body */
    bool headed; /* its head is out */
} request;

static gw_server *server_of(struct lws *wsi) {
    return lws_context_user(lws_get_context(wsi));
}

static void forget(request *r) {
    if (!r->begun) return;
    gw_buf_deinit(&r->body);
    gw_buf_deinit(&r->answer.body);
    *r = (request){0};
}

static const struct {
    enum lws_token_indexes token;
    gw_control_method method;
} methods[] = {
    {WSI_TOKEN_GET_URI, GW_CONTROL_GET},       {WSI_TOKEN_POST_URI, GW_CONTROL_POST},
    {WSI_TOKEN_DELETE_URI, GW_CONTROL_DELETE}, {WSI_TOKEN_PUT_URI, GW_CONTROL_OTHER},
    {WSI_TOKEN_PATCH_URI, GW_CONTROL_OTHER},   {WSI_TOKEN_OPTIONS_URI, GW_CONTROL_OTHER},
    {WSI_TOKEN_HEAD_URI, GW_CONTROL_OTHER},
};

static void answer(struct lws *wsi, request *r) {
    gw_server *server = server_of(wsi);
    gw_core_state state = gw_core_get_state(server->core);
    if (state == GW_CORE_HUNG) return; /* the fault: the whole server answers nothing */
    gw_control_handle(server->core, r->method, gw_span_make(r->path, r->path_len), gw_buf_span(&r->body),
                      gw_server_now(server), &r->answer);
    gw_server_pump(server);
    lws_callback_on_writable(wsi);
}

static int begin(struct lws *wsi, request *r, const char *path, size_t len) {
    forget(r);
    r->begun = true;
    r->method = GW_CONTROL_OTHER;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (lws_hdr_total_length(wsi, methods[i].token) > 0) r->method = methods[i].method;
    gw_buf_init(&r->body, GW_CONTROL_MAX_BODY_BYTES);
    gw_buf_init(&r->answer.body, 2 * GW_CONTROL_MAX_BODY_BYTES);
    r->path_len = len < sizeof r->path ? len : sizeof r->path;
    memcpy(r->path, path, r->path_len);
    char length[24];
    bool has_length = lws_hdr_copy(wsi, length, sizeof length, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
    bool has_body =
        (has_length && strcmp(length, "0") != 0) || lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0;
    bool takes_body = r->method == GW_CONTROL_POST || lws_hdr_total_length(wsi, WSI_TOKEN_PUT_URI) > 0 ||
                      lws_hdr_total_length(wsi, WSI_TOKEN_PATCH_URI) > 0;
    /* With these methods libwebsockets reports the end of the body, also of one of no bytes when its length is given.
     */
    if (takes_body && (has_body || has_length)) return 0;
    answer(wsi, r);
    return 0;
}

static int take_body(struct lws *wsi, request *r, const void *bytes, size_t len) {
    (void)wsi;
    gw_buf_append(&r->body, bytes, len); /* a failure stays in body.error */
    return 0;
}

static int end_body(struct lws *wsi, request *r) {
    if (r->body.error == GW_OK) {
        answer(wsi, r);
        return 0;
    }
    gw_control_refuse(&r->answer, 413, "the body is too large");
    lws_callback_on_writable(wsi);
    return 0;
}

static int write_head(struct lws *wsi, request *r) {
    unsigned char head[LWS_PRE + 1024], *start = head + LWS_PRE, *at = start, *end = head + sizeof head - 1;
    bool empty = r->answer.status == 204;
    const char *allow = r->answer.allow;
    /* A length that it is not told makes lws_add_http_common_headers announce the end of the connection. */
    if ((empty
             ? lws_add_http_header_status(wsi, r->answer.status, &at, end)
             : lws_add_http_common_headers(wsi, r->answer.status, "application/json", r->answer.body.len, &at, end)) ||
        (allow && lws_add_http_header_by_name(wsi, (const unsigned char *)"allow:", (const unsigned char *)allow,
                                              (int)strlen(allow), &at, end)) ||
        lws_finalize_write_http_header(wsi, start, &at, end))
        return -1;
    r->headed = true;
    return 0;
}

static int send_answer(struct lws *wsi, request *r) {
    enum { PIECE_BYTES = 16 << 10 };
    if (!r->headed) {
        if (write_head(wsi, r) != 0) return -1;
        if (r->answer.status != 204) {
            lws_callback_on_writable(wsi);
            return 0;
        }
    } else {
        unsigned char piece[LWS_PRE + PIECE_BYTES];
        gw_span rest = gw_span_sub(gw_buf_span(&r->answer.body), r->sent, PIECE_BYTES);
        memcpy(piece + LWS_PRE, rest.ptr, rest.len);
        bool last = r->sent + rest.len == r->answer.body.len;
        if (lws_write(wsi, piece + LWS_PRE, rest.len, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int)rest.len)
            return -1;
        r->sent += rest.len;
        if (!last) {
            lws_callback_on_writable(wsi);
            return 0;
        }
    }
    forget(r);
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int on_control(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len) {
    request *r = user;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return begin(wsi, r, in, len);
    case LWS_CALLBACK_HTTP_BODY:
        return r->begun ? take_body(wsi, r, in, len) : -1;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return r->begun ? end_body(wsi, r) : -1;
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return r->begun && r->answer.status ? send_answer(wsi, r) : 0;
    case LWS_CALLBACK_CLOSED_HTTP:
        if (r) forget(r);
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, len);
    }
}

const struct lws_protocols gw_server_control_protocols[] = {
    {.name = "http", .callback = on_control, .per_session_data_size = sizeof(request), .rx_buffer_size = 16 << 10},
    {0},
};
