/* Floor 3: where a connection goes: what the target says, and beside it what the protocol's document asks for. */
#include "scenario/engine_internal.h"

#include <string.h>
#include <strings.h>

/* Does the query name this parameter already? `pair` is "name=value". */
static bool has_parameter(const char *query, const char *pair) {
    size_t len = strcspn(pair, "=&");
    for (const char *at = query; at && *at; at = strchr(at, '&')) {
        at += *at == '&';
        if (strncmp(at, pair, len) == 0 && strchr("=&", at[len])) return true;
    }
    return false;
}

/* The target of the request with what the protocol's document asks for in the query, where the target says nothing. */
static const char *with_query(gw_conn *c, const char *target) {
    const char *query = c->engine->config.protocol->query, *own = strchr(target, '?');
    gw_buf out;
    gw_buf_init(&out, strlen(target) + (query ? strlen(query) : 0) + 2);
    gw_buf_append_cstr(&out, target);
    for (const char *pair = query; pair && *pair; pair += strcspn(pair, "&"), pair += *pair == '&') {
        if (has_parameter(own ? own + 1 : NULL, pair)) continue;
        gw_buf_append_byte(&out, memchr(out.data, '?', out.len) ? '&' : '?');
        gw_buf_append(&out, pair, strcspn(pair, "&"));
    }
    const char *text = gw_arena_strdup(&c->arena, gw_buf_cstr(&out));
    gw_buf_deinit(&out);
    return text;
}

static bool has_header(const gw_endpoint *endpoint, const char *name) {
    for (size_t i = 0; i < endpoint->header_count; i++)
        if (strcasecmp(endpoint->headers[2 * i], name) == 0) return true;
    return false;
}

void conn_set_endpoint(gw_conn *c, const gw_endpoint *from) {
    const gw_protocol *protocol = c->engine->config.protocol;
    gw_endpoint *to = &c->endpoint;
    to->host = gw_arena_strdup(&c->arena, from->host ? from->host : "localhost");
    to->target = with_query(c, from->target ? from->target : "/");
    to->subprotocol = from->subprotocol ? gw_arena_strdup(&c->arena, from->subprotocol) : NULL;
    const char **headers =
        GW_ARENA_ARRAY(&c->arena, const char *, 2 * (from->header_count + protocol->header_count) + 1);
    for (size_t i = 0; i < 2 * from->header_count; i++) headers[i] = gw_arena_strdup(&c->arena, from->headers[i]);
    to->headers = headers;
    to->header_count = from->header_count;
    for (size_t i = 0; i < protocol->header_count; i++) {
        if (has_header(from, protocol->headers[2 * i])) continue;
        headers[2 * to->header_count] = protocol->headers[2 * i];
        headers[2 * to->header_count++ + 1] = protocol->headers[2 * i + 1];
    }
}
