/* Routes and operations of the control API. Pure. */
#include "reference-server/control.h"

#include "reference-server/strict_json.h"
#include "reference-server/unicode.h"

#include <stdio.h>
#include <string.h>

typedef struct call {
    gw_core *core;
    gw_span room; /* from the path */
    gw_span body;
    gw_ns now;
    gw_control_answer *answer;
} call;

static void append_json_string(gw_buf *out, gw_span text) {
    gw_buf_append_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c < ' ' || c >= 0x7f) { /* error texts quote bytes of the request, which may be anything */
            gw_buf_printf(out, "\\u%04x", c);
            continue;
        }
        if (c == '"' || c == '\\') gw_buf_append_byte(out, '\\');
        gw_buf_append_byte(out, c);
    }
    gw_buf_append_byte(out, '"');
}

void gw_control_refuse(gw_control_answer *answer, unsigned status, const char *text) {
    answer->status = status;
    gw_buf_clear(&answer->body);
    gw_buf_append_cstr(&answer->body, "{\"error\":");
    append_json_string(&answer->body, gw_span_cstr(text));
    gw_buf_append_byte(&answer->body, '}');
}

static unsigned status_of(gw_status status) {
    switch (status) {
    case GW_OK:
        return 200;
    case GW_ERR_NOT_FOUND:
        return 404;
    case GW_ERR_INVALID:
    case GW_ERR_UNSUPPORTED:
        return 422;
    case GW_ERR_LIMIT:
        return 503;
    default:
        return 500;
    }
}

/* The body as a JSON object with no other members than `known`; an empty body is {}. */
static bool read_object(const call *c, const char *const *known, size_t count, gw_strict_json_value *out) {
    gw_span body = c->body.len > 0 ? c->body : GW_SPAN_LIT("{}");
    char text[160];
    size_t offset;
    gw_unicode utf8 = {0};
    const char *why = gw_strict_json_check(body, &offset);
    if (!why && !(gw_unicode_feed(&utf8, body, (gw_unicode_leniency){0}) && gw_unicode_complete(&utf8))) {
        gw_control_refuse(c->answer, 400, "the body is not UTF-8");
        return false;
    }
    if (why) {
        snprintf(text, sizeof text, "the body is not JSON: %s at byte %zu", why, offset);
        gw_control_refuse(c->answer, 400, text);
        return false;
    }
    *out = gw_strict_json_root(body);
    if (out->kind != GW_STRICT_JSON_OBJECT) {
        gw_control_refuse(c->answer, 422, "the body must be an object");
        return false;
    }
    size_t at = 0;
    gw_span key;
    gw_strict_json_value value;
    while (gw_strict_json_next(*out, &at, &key, &value)) {
        size_t i = 0;
        while (i < count && !gw_strict_json_equals(key, known[i])) i++;
        if (i < count) continue;
        snprintf(text, sizeof text, "unknown key %.*s", key.len < 80 ? (int)key.len : 80, (const char *)key.ptr);
        gw_control_refuse(c->answer, 422, text);
        return false;
    }
    return true;
}

/* {} or {"name": string}: names are the caller's own affair. */
static bool read_name(const call *c) {
    static const char *const known[] = {"name"};
    gw_strict_json_value body;
    if (!read_object(c, known, 1, &body)) return false;
    gw_strict_json_kind kind = gw_strict_json_get(body, "name").kind;
    if (kind == GW_STRICT_JSON_NONE || kind == GW_STRICT_JSON_STRING) return true;
    gw_control_refuse(c->answer, 422, "name must be a string");
    return false;
}

static void health(const call *c) {
    gw_buf_append_cstr(&c->answer->body, "{\"status\":\"ok\"}");
}

static void list_rooms(const call *c) {
    gw_buf_append_cstr(&c->answer->body, "{\"rooms\":");
    gw_core_room_list(c->core, &c->answer->body);
    gw_buf_append_byte(&c->answer->body, '}');
}

static void answer_id(const call *c, gw_status status, const char *id, const char *error) {
    if (status != GW_OK) {
        gw_control_refuse(c->answer, status_of(status), error);
        return;
    }
    c->answer->status = 201;
    gw_buf_printf(&c->answer->body, "{\"id\":\"%s\"}", id);
}

static void create_room(const call *c) {
    char id[GW_CORE_ID_BYTES], error[GW_CORE_ERROR_BYTES];
    if (read_name(c)) answer_id(c, gw_core_room_create(c->core, id, error), id, error);
}

static void create_participant(const call *c) {
    char id[GW_CORE_ID_BYTES], error[GW_CORE_ERROR_BYTES];
    if (read_name(c)) answer_id(c, gw_core_participant_create(c->core, c->room, id, error), id, error);
}

static void remove_room(const call *c) {
    char error[GW_CORE_ERROR_BYTES];
    gw_status status = gw_core_room_remove(c->core, c->room, c->now, error);
    if (status == GW_OK)
        c->answer->status = 204;
    else
        gw_control_refuse(c->answer, status_of(status), error);
}

static void send_event(const call *c) {
    static const char *const known[] = {"event", "data"};
    gw_strict_json_value body;
    if (!read_object(c, known, 2, &body)) return;
    gw_strict_json_value event = gw_strict_json_get(body, "event"), data = gw_strict_json_get(body, "data");
    if (event.kind != GW_STRICT_JSON_STRING) {
        gw_control_refuse(c->answer, 422, "event must be the name of an event");
        return;
    }
    if (data.kind == GW_STRICT_JSON_NONE) data.text = GW_SPAN_LIT("{}");
    gw_buf name, sent;
    gw_buf_init(&name, event.text.len);
    gw_buf_init(&sent, data.text.len + 64);
    gw_strict_json_unescape(event.text, &name); /* never longer than what it reads */
    size_t delivered;
    char error[GW_CORE_ERROR_BYTES];
    gw_status status = gw_core_event(c->core, c->room, gw_buf_span(&name), data.text, c->now, &sent, &delivered, error);
    if (status == GW_OK)
        gw_buf_printf(&c->answer->body, "{\"event\":\"%s\",\"data\":%.*s,\"delivered\":%zu}", gw_buf_cstr(&name),
                      GW_SPAN_ARG(gw_buf_span(&sent)), delivered);
    else
        gw_control_refuse(c->answer, status_of(status), error);
    gw_buf_deinit(&name);
    gw_buf_deinit(&sent);
}

/* `*` stands for the id of a room. */
static const struct route {
    const char *path;
    gw_control_method method;
    void (*act)(const call *c);
    const char *allow; /* all methods of the path */
} routes[] = {
    {"/health", GW_CONTROL_GET, health, "GET"},
    {"/rooms", GW_CONTROL_GET, list_rooms, "GET, POST"},
    {"/rooms", GW_CONTROL_POST, create_room, "GET, POST"},
    {"/rooms/*", GW_CONTROL_DELETE, remove_room, "DELETE"},
    {"/rooms/*/participants", GW_CONTROL_POST, create_participant, "POST"},
    {"/rooms/*/events", GW_CONTROL_POST, send_event, "POST"},
};

static bool matches(const char *pattern, gw_span path, gw_span *room) {
    const char *star = strchr(pattern, '*');
    if (!star) return gw_span_equal_cstr(path, pattern);
    gw_span before = gw_span_make(pattern, (size_t)(star - pattern)), after = gw_span_cstr(star + 1);
    if (!gw_span_starts_with(path, before) || path.len <= before.len + after.len) return false;
    *room = gw_span_sub(path, before.len, path.len - before.len - after.len);
    return !memchr(room->ptr, '/', room->len) && gw_span_equal(gw_span_from(path, before.len + room->len), after);
}

void gw_control_handle(gw_core *core, gw_control_method method, gw_span path, gw_span body, gw_ns now,
                       gw_control_answer *answer) {
    call c = {.core = core, .body = body, .now = now, .answer = answer};
    answer->status = 200;
    answer->allow = NULL;
    gw_buf_clear(&answer->body);
    const struct route *known = NULL;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!matches(routes[i].path, path, &c.room)) continue;
        known = &routes[i];
        if (known->method != method) continue;
        known->act(&c);
        if (answer->body.error != GW_OK) gw_control_refuse(answer, 500, "the answer is too long");
        return;
    }
    if (!known) {
        gw_control_refuse(answer, 404, "there is nothing at this path");
        return;
    }
    gw_control_refuse(answer, 405, "this path does not know this method");
    answer->allow = known->allow;
}
