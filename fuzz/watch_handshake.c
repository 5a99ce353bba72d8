/* Judges the opening of a watched connection: is what was upgraded valid, and what was valid upgraded? */
#include "watch_internal.h"

#include <string.h>

/* The last opening that was upgraded as it has to be. What is right depends on the bytes of both sides alone, so the
 * same bytes are not judged again. */
enum { KNOWN_BYTES = 512 };
static struct {
    size_t request_len, answer_len;
    gw_watch_room room;
    bool is_p1;
    uint8_t request[KNOWN_BYTES], answer[KNOWN_BYTES];
} known;

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

static void remember(const gw_watch *watch) {
    size_t asked = watch->client.head.length, answered = watch->server.head.length;
    if (asked > KNOWN_BYTES || answered > KNOWN_BYTES) return;
    known.request_len = asked;
    known.answer_len = answered;
    known.room = watch->room;
    known.is_p1 = watch->is_p1;
    memcpy(known.request, watch->client.head_bytes.data, asked);
    memcpy(known.answer, watch->server.head_bytes.data, answered);
}

static bool begins_with(gw_span bytes, const uint8_t *with, size_t len) {
    return len > 0 && bytes.len >= len && gw_fuzz_equal(bytes.ptr, with, len);
}

bool gw_watch_knows_request(gw_watch *watch) {
    gw_watch_side *side = &watch->client;
    if (!begins_with(gw_buf_span(&side->head_bytes), known.request, known.request_len)) return false;
    side->head.state = GW_HEAD_DONE;
    side->head.length = known.request_len;
    watch->asked_known = true;
    return true;
}

bool gw_watch_knows_answer(gw_watch *watch) {
    gw_watch_side *side = &watch->server;
    if (!watch->asked_known || !begins_with(gw_buf_span(&side->head_bytes), known.answer, known.answer_len))
        return false;
    side->head.state = GW_HEAD_DONE;
    side->head.length = known.answer_len;
    watch->upgraded = true;
    watch->room = known.room;
    watch->is_p1 = known.is_p1;
    return true;
}

void gw_watch_judge_answer(gw_watch *watch) {
    const gw_head *request = &watch->client.head, *head = &watch->server.head;
    if (watch->asked_known) gw_head_feed(&watch->client.head, gw_buf_span(&watch->client.head_bytes));
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
    watch->is_p1 = gw_span_equal_cstr(request->target, "/gateway?room=r1&participant=p1");
    if (path.len == request->target.len)
        watch->room = GW_WATCH_LOBBY;
    else if (watch->is_p1 || gw_span_equal_cstr(request->target, "/gateway?room=%72%31"))
        watch->room = GW_WATCH_R1;
    remember(watch);
}
