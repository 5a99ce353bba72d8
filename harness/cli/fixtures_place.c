/* Where a client connects to, and with what. Floor 5. It must not know how rooms and participants came to be. */
#include "cli/fixtures_internal.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PAIRS = 64 };

/* Unreserved characters stay (RFC 3986 section 2.3). */
static void append_encoded(gw_buf *out, const char *text) {
    for (const char *p = text; *p; p++) {
        bool plain =
            (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr("-._~", *p);
        if (plain)
            gw_buf_append_byte(out, (uint8_t)*p);
        else
            gw_buf_printf(out, "%%%02X", (unsigned)(uint8_t)*p);
    }
}

static gw_status append_query(gw_buf *url, const gw_target_pairs *query, gw_vars *vars, gw_error *error) {
    gw_buf value;
    gw_buf_init(&value, GW_ADDRESS_URL_MAX);
    gw_status status = GW_OK;
    bool first = !strchr(gw_buf_cstr(url), '?');
    for (size_t i = 0; i < query->count && status == GW_OK; i++) {
        gw_buf_clear(&value);
        status = fixtures_expand(vars, query->list[i].value, &value, error);
        gw_buf_append_byte(url, first ? '?' : '&');
        first = false;
        append_encoded(url, query->list[i].name);
        gw_buf_append_byte(url, '=');
        append_encoded(url, gw_buf_cstr(&value));
    }
    gw_buf_deinit(&value);
    return status;
}

static char *expand_line(gw_vars *vars, const char *text, const char *what, gw_error *error) {
    gw_buf value;
    gw_buf_init(&value, FIXTURES_TEXT_MAX);
    char *copy = NULL;
    if (fixtures_expand(vars, text, &value, error) == GW_OK) {
        if (strpbrk(gw_buf_cstr(&value), "\r\n"))
            gw_error_set(error, GW_ERR_INVALID, "a line break in %s", what);
        else if (!(copy = strdup(gw_buf_cstr(&value))))
            gw_error_set(error, GW_ERR_NOMEM, "out of memory");
    }
    gw_buf_deinit(&value);
    return copy;
}

/* The pair is owned by the endpoint. */
static gw_status add_header(gw_endpoint *endpoint, const char *name, char *value, gw_error *error) {
    char **list = (char **)(void *)endpoint->headers; /* allocated by us below */
    char *copy = strdup(name);
    if (!value || !copy) {
        free(value);
        free(copy);
        return error->text[0] ? GW_ERR_INVALID : gw_error_set(error, GW_ERR_NOMEM, "out of memory");
    }
    list[2 * endpoint->header_count] = copy;
    list[2 * endpoint->header_count++ + 1] = value;
    return GW_OK;
}

static gw_status add_headers(gw_endpoint *endpoint, const gw_target_connect *connect, gw_vars *vars, gw_error *error) {
    if (connect->headers.count > MAX_PAIRS - 2) return gw_error_set(error, GW_ERR_LIMIT, "too many headers");
    endpoint->headers = calloc((size_t)2 * MAX_PAIRS, sizeof *endpoint->headers);
    if (!endpoint->headers) return gw_error_set(error, GW_ERR_NOMEM, "out of memory");
    gw_status status = GW_OK;
    if (connect->origin)
        status = add_header(endpoint, "Origin", expand_line(vars, connect->origin, "origin", error), error);
    if (status == GW_OK && connect->cookies.count) {
        gw_buf cookies;
        gw_buf_init(&cookies, FIXTURES_TEXT_MAX);
        status = fixtures_expand_cookies(vars, &connect->cookies, &cookies, error);
        if (status == GW_OK) status = add_header(endpoint, "Cookie", strdup(gw_buf_cstr(&cookies)), error);
        gw_buf_deinit(&cookies);
    }
    for (size_t i = 0; i < connect->headers.count && status == GW_OK; i++) {
        const gw_target_pair *pair = &connect->headers.list[i];
        status = add_header(endpoint, pair->name, expand_line(vars, pair->value, pair->name, error), error);
    }
    return status;
}

gw_status fixtures_place_init(gw_fixtures_place *place, const gw_target_connect *connect, gw_vars *vars,
                              gw_error *error) {
    *place = (gw_fixtures_place){0};
    gw_buf url;
    gw_buf_init(&url, GW_ADDRESS_URL_MAX);
    gw_status status = fixtures_expand(vars, connect->url, &url, error);
    if (status == GW_OK) status = append_query(&url, &connect->query, vars, error);
    if (status == GW_OK && url.error != GW_OK) status = gw_error_set(error, url.error, "the URL is too long");
    if (status == GW_OK) status = gw_address_url_parse(gw_buf_span(&url), &place->url, error);
    gw_buf_deinit(&url);
    if (status != GW_OK) return status;
    if (place->url.scheme != GW_ADDRESS_WS)
        return gw_error_set(error, GW_ERR_INVALID, "the URL to connect to must be ws:// or wss://");
    place->endpoint.host = place->url.authority;
    place->endpoint.target = place->url.target;
    if (connect->subprotocol &&
        !(place->endpoint.subprotocol = expand_line(vars, connect->subprotocol, "subprotocol", error)))
        return GW_ERR_INVALID;
    return add_headers(&place->endpoint, connect, vars, error);
}

void fixtures_place_deinit(gw_fixtures_place *place) {
    gw_endpoint *endpoint = &place->endpoint;
    for (size_t i = 0; i < 2 * endpoint->header_count; i++) free((char *)endpoint->headers[i]);
    free((void *)endpoint->headers);
    free((char *)endpoint->subprotocol);
    gw_address_url_deinit(&place->url);
    cJSON_Delete(place->vars);
    *place = (gw_fixtures_place){0};
}
