/* Floor 4 (net): URLs into parts. */
#include "net/address.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct scheme_row {
    const char *prefix; /* with "+unix" apart */
    gw_address_scheme scheme;
    bool tls;
    uint16_t port;
} scheme_row;

static const scheme_row schemes[] = {
    {"ws", GW_ADDRESS_WS, false, 80},
    {"wss", GW_ADDRESS_WS, true, 443},
    {"http", GW_ADDRESS_HTTP, false, 80},
    {"https", GW_ADDRESS_HTTP, true, 443},
};

/* What one parse passes along. */
typedef struct parse {
    gw_span all;
    gw_error *error;
    gw_address_url *out;
} parse;

static gw_status wrong(parse *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
static gw_status wrong(parse *p, const char *format, ...) {
    char why[GW_ERROR_MAX / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    gw_span shown = gw_span_sub(p->all, 0, GW_ERROR_MAX / 2 - 16);
    return gw_error_set(p->error, GW_ERR_INVALID, "%.*s: %s", GW_SPAN_ARG(shown), why);
}

static gw_status no_memory(parse *p) {
    return gw_error_set(p->error, GW_ERR_NOMEM, "%s", "URL: out of memory");
}

static gw_span before(gw_span s, size_t n) {
    return gw_span_sub(s, 0, n);
}

/* Index of the first of `set` in s, or s.len. */
static size_t find_any(gw_span s, const char *set) {
    size_t i = 0;
    while (i < s.len && !strchr(set, s.ptr[i])) i++;
    return i;
}

static gw_status check_characters(parse *p) {
    if (p->all.len > GW_ADDRESS_URL_MAX) {
        return wrong(p, "the URL is longer than %d bytes", GW_ADDRESS_URL_MAX);
    }
    for (size_t i = 0; i < p->all.len; i++) {
        uint8_t c = p->all.ptr[i];
        if (c > ' ' && c != 0x7f) continue;
        if (c == ' ') return wrong(p, "a space at position %zu (write %%20)", i + 1);
        gw_span shown = before(p->all, i); /* nothing unprintable goes to a terminal */
        p->all = shown;
        return wrong(p, "a control character (0x%02x) follows here", c);
    }
    size_t fragment = find_any(p->all, "#");
    if (fragment < p->all.len) return wrong(p, "a fragment ('#') is not allowed in such a URL; write %%23 for a '#'");
    return GW_OK;
}

static gw_status parse_port(parse *p, gw_span text) {
    if (text.len == 0) return wrong(p, "the port after ':' is missing");
    uint32_t port = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return wrong(p, "the port %.*s is not a number", GW_SPAN_ARG(before(text, 40)));
        }
        if (port <= 65535) port = port * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    if (port < 1 || port > 65535) {
        return wrong(p, "the port %.*s is not in 1 - 65535", GW_SPAN_ARG(before(text, 40)));
    }
    p->out->port = (uint16_t)port;
    return GW_OK;
}

static gw_status parse_host(parse *p, gw_span text, gw_span *host, gw_span *port) {
    if (text.len > 0 && text.ptr[0] == '[') {
        size_t end = find_any(text, "]");
        if (end == text.len) return wrong(p, "the IPv6 address lacks its closing ']'");
        *host = gw_span_sub(text, 1, end - 1);
        *port = gw_span_from(text, end + 1);
        struct in6_addr ignored;
        char literal[64];
        snprintf(literal, sizeof literal, "%.*s", GW_SPAN_ARG(before(*host, 63)));
        if (inet_pton(AF_INET6, literal, &ignored) != 1) {
            return wrong(p, "[%s] is not an IPv6 address", literal);
        }
        if (port->len > 0 && port->ptr[0] != ':') return wrong(p, "only ':PORT' or a path may follow ']'");
        return GW_OK;
    }
    size_t colon = find_any(text, ":");
    *host = before(text, colon);
    *port = gw_span_from(text, colon);
    if (port->len > 0 && find_any(gw_span_from(*port, 1), ":") < port->len - 1) {
        return wrong(p, "an IPv6 address stands in brackets: [%.*s]", GW_SPAN_ARG(before(text, 60)));
    }
    if (host->len == 0) return wrong(p, "the host is missing");
    if (host->len > 253) return wrong(p, "the host is longer than 253 bytes");
    return GW_OK;
}

static gw_status fill_target(parse *p, gw_span rest) {
    bool slash = rest.len > 0 && rest.ptr[0] == '/';
    if (asprintf(&p->out->target, "%s%.*s", slash ? "" : "/", GW_SPAN_ARG(rest)) < 0) {
        p->out->target = NULL;
        return no_memory(p);
    }
    return GW_OK;
}

static gw_status parse_network(parse *p, const scheme_row *row, gw_span rest) {
    size_t end = find_any(rest, "/?");
    gw_span authority = before(rest, end), host = {0}, port = {0};
    if (find_any(authority, "@") < authority.len) {
        return wrong(p, "user and password are not allowed in the URL; use a header");
    }
    gw_status status = parse_host(p, authority, &host, &port);
    p->out->port = row->port;
    if (status == GW_OK && port.len > 0) status = parse_port(p, gw_span_from(port, 1));
    if (status != GW_OK) return status;
    bool ip6 = authority.ptr[0] == '[';
    p->out->host = strndup((const char *)host.ptr, host.len);
    char suffix[8] = "";
    if (p->out->port != row->port) snprintf(suffix, sizeof suffix, ":%u", (unsigned)p->out->port);
    if (asprintf(&p->out->authority, "%s%.*s%s%s", ip6 ? "[" : "", GW_SPAN_ARG(host), ip6 ? "]" : "", suffix) < 0) {
        p->out->authority = NULL;
    }
    if (!p->out->host || !p->out->authority) return no_memory(p);
    return fill_target(p, gw_span_from(rest, end));
}

static gw_status parse_socket(parse *p, gw_span rest) {
    if (gw_span_starts_with(rest, GW_SPAN_LIT("//"))) rest = gw_span_from(rest, 2);
    size_t end = find_any(rest, ":?");
    gw_span path = before(rest, end), target = gw_span_from(rest, end);
    if (path.len == 0 || path.ptr[0] != '/') {
        return wrong(p, "an absolute path of a socket is needed: ws+unix:/SOCKET:/PATH");
    }
    if (target.len > 0 && target.ptr[0] == ':') target = gw_span_from(target, 1);
    p->out->socket_path = strndup((const char *)path.ptr, path.len);
    p->out->host = strdup("localhost");
    p->out->authority = strdup("localhost");
    if (!p->out->socket_path || !p->out->host || !p->out->authority) return no_memory(p);
    return fill_target(p, target);
}

static gw_status parse_scheme(parse *p) {
    size_t colon = find_any(p->all, ":");
    gw_span name = before(p->all, colon), rest = gw_span_from(p->all, colon + 1);
    bool unix_socket = false;
    gw_span plus = GW_SPAN_LIT("+unix");
    if (colon < p->all.len && name.len > plus.len &&
        gw_span_equal_nocase(gw_span_from(name, name.len - plus.len), plus)) {
        unix_socket = true;
        name = before(name, name.len - plus.len);
    }
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const scheme_row *row = &schemes[i];
        if (colon == p->all.len || !gw_span_equal_nocase(name, gw_span_cstr(row->prefix))) continue;
        p->out->scheme = row->scheme;
        p->out->tls = row->tls;
        if (unix_socket) return parse_socket(p, rest);
        if (!gw_span_starts_with(rest, GW_SPAN_LIT("//"))) break;
        return parse_network(p, row, gw_span_from(rest, 2));
    }
    return wrong(p,
                 "a URL starts with ws://, wss://, ws+unix:/ or wss+unix:/ (http:// and https:// where HTTP is meant)");
}

gw_status gw_address_url_parse(gw_span text, gw_address_url *out, gw_error *error) {
    *out = (gw_address_url){0};
    parse p = {.all = text, .error = error, .out = out};
    if (error) error->text[0] = 0;
    gw_status status = check_characters(&p);
    if (status == GW_OK) status = parse_scheme(&p);
    if (status != GW_OK) gw_address_url_deinit(out);
    return status;
}

void gw_address_url_deinit(gw_address_url *url) {
    free(url->host);
    free(url->authority);
    free(url->target);
    free(url->socket_path);
    *url = (gw_address_url){0};
}
