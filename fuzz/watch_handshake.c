/* Judges the opening of a watched connection: is what was upgraded valid, and what was valid upgraded? */
#include "watch_internal.h"

/* Everything that RFC 6455 section 4.2.1 asks of a request; the version is looked at apart. */
static bool is_valid(const gw_head *request, const gw_handshake_facts *asked) {
    bool names_host = asked->hosts == 1 && gw_head_get(request, "Host").len > 0;
    return asked->is_get && asked->http_1_1 && names_host && asked->keys == 1 && asked->key_bytes == 16 &&
           asked->versions == 1 && asked->upgrade_websocket && asked->connection_upgrade && request->major == 1;
}

static void judge_refusal(gw_watch *watch) {
    const gw_head *request = &watch->client.head, *head = &watch->server.head;
    watch->refused = true;
    GW_FUZZ_CHECK(head->status >= 400 && head->status < 600, "status %u", head->status);
    if (head->status == 426)
        GW_FUZZ_CHECK(gw_head_count(head, "Sec-WebSocket-Version") > 0, "426 does not name the version");
    /* Untimed: the answer may be older than the end of the request. */
    if (request->state != GW_HEAD_DONE || request->flags || watch->server_stops || watch->untimed) return;
    gw_handshake_facts asked = gw_handshake_read_request(request);
    bool plain = gw_span_equal_cstr(request->target, "/gateway") && gw_span_equal_cstr(request->version, "HTTP/1.1") &&
                 gw_head_count(request, "Content-Length") + gw_head_count(request, "Transfer-Encoding") == 0;
    if (!plain || !is_valid(request, &asked)) return;
    GW_FUZZ_CHECK(!asked.version_13, "a valid request is refused with %u", head->status);
    GW_FUZZ_CHECK(head->status == 426, "another version is refused with %u, not 426", head->status);
}

void gw_watch_judge_answer(gw_watch *watch) {
    const gw_head *request = &watch->client.head, *head = &watch->server.head;
    GW_FUZZ_CHECK(head->flags == 0, "the answer is malformed: %x", head->flags);
    if (head->status != 101) {
        judge_refusal(watch);
        return;
    }
    watch->upgraded = true;
    GW_FUZZ_CHECK(request->state == GW_HEAD_DONE, "upgraded before the request ended");
    gw_handshake_facts asked = gw_handshake_read_request(request);
    gw_handshake_facts got = gw_handshake_read_response(head, asked.key);
    GW_FUZZ_CHECK(got.http_1_1 && got.upgrade_exact && got.connection_upgrade && got.accepts == 1 && got.accept_matches,
                  "the 101 is wrong");
    GW_FUZZ_CHECK(got.protocols == 0 && got.extensions == 0, "it chose what was not offered");
    GW_FUZZ_CHECK(is_valid(request, &asked) && asked.version_13, "a request was upgraded that is not valid");
    gw_span path = request->target;
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] == '?') path.len = i;
    GW_FUZZ_CHECK(path.len >= 8 && gw_span_equal_cstr(gw_span_from(path, path.len - 8), "/gateway"), "%.*s is upgraded",
                  GW_SPAN_ARG(path));
    watch->in_lobby = path.len == request->target.len;
}
