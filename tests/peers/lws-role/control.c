/* The control API: reads one request, does it, answers in JSON. Knows nothing of WebSockets. */
#include "control.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_BODY_BYTES (1024 * 1024)
#define MAX_PATH_BYTES 256
#define MAX_SEGMENTS   4

enum { OK = 200, CREATED = 201, NO_CONTENT = 204, UNPROCESSABLE = 422, UNAVAILABLE = 503, TOO_LARGE = 413 };

typedef struct {
    int method;
    char path[MAX_PATH_BYTES];
    char *body;
    size_t body_bytes, body_capacity;
    bool is_body_too_large, is_answered;
    char *answer; /* LWS_PRE bytes of room, then the text */
    size_t answer_bytes;
} request;

const size_t peer_control_request_bytes = sizeof(request);

/* What a handler works on and leaves behind. */
typedef struct {
    peer_rooms *rooms;
    peer_room *room; /* the one that the path names */
    cJSON *body;
    int status;
    cJSON *answer;
    const char *allow;
} exchange;

static void refuse(exchange *x, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void refuse(exchange *x, int status, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    cJSON_Delete(x->answer);
    x->answer = cJSON_CreateObject();
    cJSON_AddStringToObject(x->answer, "error", text);
    x->status = status;
}

static void answer_id(exchange *x, const char *id) {
    x->answer = cJSON_CreateObject();
    cJSON_AddStringToObject(x->answer, "id", id);
    x->status = CREATED;
}

static bool is_named(exchange *x) {
    char fault[256];
    if (peer_events_check("body", x->body, peer_events_named, fault, sizeof fault)) return true;
    refuse(x, UNPROCESSABLE, "%s", fault);
    return false;
}

static void get_health(exchange *x) {
    x->answer = cJSON_CreateObject();
    cJSON_AddStringToObject(x->answer, "status", "ok");
    x->status = OK;
}

static void get_rooms(exchange *x) {
    x->answer = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(x->answer, "rooms");
    for (lws_dll2_t *n = x->rooms->rooms.head; n; n = n->next) {
        const peer_room *room = lws_container_of(n, peer_room, node);
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "id", room->id);
        cJSON_AddNumberToObject(row, "participants", room->participants.count);
        cJSON_AddNumberToObject(row, "connections", (double)peer_rooms_connections(x->rooms, room));
        cJSON_AddItemToArray(list, row);
    }
    x->status = OK;
}

static void post_rooms(exchange *x) {
    if (!is_named(x)) return;
    const peer_room *room = peer_rooms_create(x->rooms);
    if (room)
        answer_id(x, room->id);
    else
        refuse(x, UNAVAILABLE, "no place for another room");
}

static void delete_room(exchange *x) {
    peer_rooms_remove(x->rooms, x->room);
    x->status = NO_CONTENT;
}

static void post_participants(exchange *x) {
    if (!is_named(x)) return;
    const peer_participant *participant = peer_rooms_add_participant(x->rooms, x->room);
    if (participant)
        answer_id(x, participant->id);
    else
        refuse(x, UNAVAILABLE, "no place for another participant");
}

static double now_unix_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec * 1000 + (double)(now.tv_nsec / 1000000);
}

static const peer_event *check_event(exchange *x) {
    if (!cJSON_IsObject(x->body)) {
        refuse(x, UNPROCESSABLE, "body: expected object, got %s", peer_events_type_name(x->body));
        return NULL;
    }
    for (const cJSON *item = x->body->child; item; item = item->next) {
        if (strcmp(item->string, "event") && strcmp(item->string, "data")) {
            refuse(x, UNPROCESSABLE, "body.%.64s: unknown field", item->string);
            return NULL;
        }
    }
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(x->body, "event");
    if (!cJSON_IsString(name)) {
        refuse(x, UNPROCESSABLE, "event: expected string, got %s", peer_events_type_name(name));
        return NULL;
    }
    const peer_event *event = peer_events_find(name->valuestring);
    if (!event) refuse(x, UNPROCESSABLE, "event: '%.64s' is not an event that can be sent", name->valuestring);
    return event;
}

static void post_events(exchange *x) {
    char fault[256];
    const peer_event *event = check_event(x);
    if (!event) return;
    cJSON *data = cJSON_GetObjectItemCaseSensitive(x->body, "data");
    if (!data) data = cJSON_AddObjectToObject(x->body, "data");
    if (!peer_events_check("data", data, event->fields, fault, sizeof fault)) {
        refuse(x, UNPROCESSABLE, "%s", fault);
        return;
    }
    if (event->id == PEER_EVENT_MESSAGE_CREATE && !cJSON_GetObjectItemCaseSensitive(data, "sentAt"))
        cJSON_AddNumberToObject(data, "sentAt", now_unix_ms());
    int delivered = peer_rooms_publish(x->rooms, x->room, event, data);
    if (delivered < 0) {
        refuse(x, UNAVAILABLE, "no memory for the event");
        return;
    }
    x->answer = cJSON_CreateObject();
    cJSON_AddStringToObject(x->answer, "event", event->name);
    cJSON_AddItemToObject(x->answer, "data", cJSON_DetachItemViaPointer(x->body, data));
    cJSON_AddNumberToObject(x->answer, "delivered", delivered);
    x->status = OK;
}

/* '*' stands for a room's id. */
static const struct route {
    const char *segments[MAX_SEGMENTS];
    int method;
    void (*handle)(exchange *x);
    const char *allow;
} routes[] = {
    {{"health"}, LWSHUMETH_GET, get_health, "GET"},
    {{"rooms"}, LWSHUMETH_GET, get_rooms, "GET, POST"},
    {{"rooms"}, LWSHUMETH_POST, post_rooms, "GET, POST"},
    {{"rooms", "*"}, LWSHUMETH_DELETE, delete_room, "DELETE"},
    {{"rooms", "*", "participants"}, LWSHUMETH_POST, post_participants, "POST"},
    {{"rooms", "*", "events"}, LWSHUMETH_POST, post_events, "POST"},
};

static bool is_path_of(const struct route *route, char *const segments[MAX_SEGMENTS]) {
    for (int i = 0; i < MAX_SEGMENTS; i++) {
        if (!route->segments[i] || !segments[i]) {
            if (route->segments[i] || segments[i]) return false;
        } else if (strcmp(route->segments[i], "*") && strcmp(route->segments[i], segments[i])) {
            return false;
        }
    }
    return true;
}

/* Cuts the path in place. False when it has more segments than any route, or an empty one. */
static bool split_path(char *path, char *segments[MAX_SEGMENTS]) {
    int count = 0;
    if (*path++ != '/') return false;
    for (char *segment; (segment = strsep(&path, "/"));) {
        if (count == MAX_SEGMENTS || !*segment) return false;
        segments[count++] = segment;
    }
    return true;
}

static const struct route *find_route(exchange *x, int method, char *const segments[MAX_SEGMENTS]) {
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (!is_path_of(&routes[i], segments)) continue;
        x->allow = routes[i].allow;
        if (routes[i].method == method) return &routes[i];
    }
    return NULL;
}

static void dispatch(exchange *x, const request *r) {
    char path[MAX_PATH_BYTES], *segments[MAX_SEGMENTS] = {NULL};
    snprintf(path, sizeof path, "%s", r->path);
    const struct route *route = split_path(path, segments) ? find_route(x, r->method, segments) : NULL;
    if (!route && x->allow) {
        refuse(x, 405, "the method is not allowed here; allowed: %s", x->allow);
        return;
    }
    x->allow = NULL;
    if (!route) {
        refuse(x, 404, "no such path: %s", r->path);
        return;
    }
    if (route->segments[1] && !(x->room = peer_rooms_find(x->rooms, segments[1]))) {
        refuse(x, 404, "room '%.64s' is unknown", segments[1]);
        return;
    }
    if (r->is_body_too_large) {
        refuse(x, TOO_LARGE, "body: larger than %d bytes", MAX_BODY_BYTES);
        return;
    }
    if (route->method == LWSHUMETH_POST) {
        const char *end = NULL;
        x->body = r->body_bytes ? cJSON_ParseWithLengthOpts(r->body, r->body_bytes + 1, &end, 1) : cJSON_CreateObject();
        if (!x->body) {
            refuse(x, 400, "body: not JSON, at byte %ld", end ? (long)(end - r->body) : 0L);
            return;
        }
    }
    route->handle(x);
}

/* Writes the head of the answer and keeps its body for when the connection can be written. Non-zero: hang up. */
static int answer_request(struct lws *wsi, request *r, peer_rooms *rooms) {
    exchange x = {.rooms = rooms};
    dispatch(&x, r);
    r->is_answered = true;
    char *text = x.answer ? cJSON_PrintUnformatted(x.answer) : NULL;
    r->answer_bytes = text ? strlen(text) : 0;
    r->answer = malloc(LWS_PRE + r->answer_bytes + 1);
    if (r->answer && text) memcpy(r->answer + LWS_PRE, text, r->answer_bytes);
    cJSON_free(text);
    cJSON_Delete(x.answer);
    cJSON_Delete(x.body);
    if (!r->answer) return -1;

    unsigned char head[LWS_PRE + 1024], *start = head + LWS_PRE, *at = start, *end = head + sizeof head - 1;
    if (x.status == NO_CONTENT) {
        if (lws_add_http_header_status(wsi, NO_CONTENT, &at, end)) return -1;
    } else if (lws_add_http_common_headers(wsi, (unsigned)x.status, "application/json", r->answer_bytes, &at, end)) {
        return -1;
    }
    if (x.allow && lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_ALLOW, (const unsigned char *)x.allow,
                                                (int)strlen(x.allow), &at, end))
        return -1;
    if (lws_finalize_write_http_header(wsi, start, &at, end)) return -1;
    if (x.status == NO_CONTENT || r->method == LWSHUMETH_HEAD) return lws_http_transaction_completed(wsi);
    lws_callback_on_writable(wsi);
    return 0;
}

static void forget(request *r) {
    free(r->body);
    free(r->answer);
    memset(r, 0, sizeof *r);
}

static int write_answer(struct lws *wsi, request *r) {
    if (!r->answer) return 0;
    int written = lws_write(wsi, (unsigned char *)r->answer + LWS_PRE, r->answer_bytes, LWS_WRITE_HTTP_FINAL);
    bool is_written = written >= (int)r->answer_bytes;
    forget(r);
    return !is_written || lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int begin_request(struct lws *wsi, request *r, peer_rooms *rooms) {
    char *path, length[24] = "";
    int path_bytes;
    forget(r);
    r->method = lws_http_get_uri_and_method(wsi, &path, &path_bytes);
    if (r->method < 0 || path_bytes >= MAX_PATH_BYTES) return -1;
    memcpy(r->path, path, (size_t)path_bytes);
    if (lws_hdr_copy(wsi, length, sizeof length, WSI_TOKEN_HTTP_CONTENT_LENGTH) < 0) return -1;
    if (strtoul(length, NULL, 10) > 0) return 0; /* answered when the body is complete */
    return answer_request(wsi, r, rooms);
}

static int gather(request *r, const void *in, size_t bytes) {
    size_t needed = r->body_bytes + bytes + 1;
    /* An oversize body is read to its end but not kept, so that the refusal is not lost in a reset. */
    if (needed > MAX_BODY_BYTES + 1) r->is_body_too_large = true;
    if (r->is_body_too_large || r->is_answered) return 0;
    if (needed > r->body_capacity) {
        char *grown = realloc(r->body, needed * 2);
        if (!grown) return -1;
        r->body = grown;
        r->body_capacity = needed * 2;
    }
    memcpy(r->body + r->body_bytes, in, bytes);
    r->body_bytes += bytes;
    r->body[r->body_bytes] = 0;
    return 0;
}

int peer_control_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t bytes) {
    request *r = user;
    peer_rooms *rooms = lws_get_protocol(wsi) ? lws_get_protocol(wsi)->user : NULL;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return begin_request(wsi, r, rooms);
    case LWS_CALLBACK_HTTP_BODY:
        return gather(r, in, bytes);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return r->is_answered ? 0 : answer_request(wsi, r, rooms);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return write_answer(wsi, r);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return -1;
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
    case LWS_CALLBACK_CLOSED_HTTP:
        if (r) forget(r);
        return 0;
    default:
        return 0;
    }
}
