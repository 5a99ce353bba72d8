/* Floor 4 (net): hosts and paths into socket addresses. */
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static gw_address_one make_ip4(struct in_addr ip, uint16_t port) {
    gw_address_one one = {.len = sizeof one.at.ip4};
    one.at.ip4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = ip};
    return one;
}

static gw_address_one make_ip6(struct in6_addr ip, uint16_t port) {
    gw_address_one one = {.len = sizeof one.at.ip6};
    one.at.ip6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = ip};
    return one;
}

static bool resolve_literal(const char *host, uint16_t port, gw_address *out) {
    struct in_addr ip4;
    struct in6_addr ip6;
    if (inet_pton(AF_INET, host, &ip4) == 1) {
        out->list[out->count++] = make_ip4(ip4, port);
    } else if (inet_pton(AF_INET6, host, &ip6) == 1) {
        out->list[out->count++] = make_ip6(ip6, port);
    }
    return out->count > 0;
}

static gw_status resolve_name(const char *host, uint16_t port, gw_address *out, gw_error *error) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    int code = getaddrinfo(host, NULL, &hints, &found);
    if (code != 0) {
        const char *why = code == EAI_SYSTEM ? gw_error_system(errno) : gai_strerror(code);
        return gw_error_set(error, GW_ERR_NOT_FOUND, "%s:%u: resolve: %s", host, (unsigned)port, why);
    }
    for (const struct addrinfo *at = found; at && out->count < GW_ADDRESS_MAX; at = at->ai_next) {
        gw_address_one *one = &out->list[out->count];
        if (at->ai_addrlen > sizeof one->at) continue;
        one->len = at->ai_addrlen;
        memcpy(&one->at, at->ai_addr, at->ai_addrlen);
        if (at->ai_family == AF_INET) {
            one->at.ip4.sin_port = htons(port);
        } else if (at->ai_family == AF_INET6) {
            one->at.ip6.sin6_port = htons(port);
        } else {
            continue;
        }
        out->count++;
    }
    freeaddrinfo(found);
    if (out->count > 0) return GW_OK;
    return gw_error_set(error, GW_ERR_NOT_FOUND, "%s:%u: resolve: the name has no IP address", host, (unsigned)port);
}

gw_status gw_address_resolve(const char *host, uint16_t port, gw_address *out, gw_error *error) {
    *out = (gw_address){0};
    if (resolve_literal(host, port, out)) return GW_OK;
    if (strcasecmp(host, "localhost") == 0) {
        out->list[out->count++] = make_ip6((struct in6_addr)IN6ADDR_LOOPBACK_INIT, port);
        out->list[out->count++] = make_ip4((struct in_addr){htonl(INADDR_LOOPBACK)}, port);
        return GW_OK;
    }
    return resolve_name(host, port, out, error);
}

gw_status gw_address_unix(const char *path, gw_address *out, gw_error *error) {
    *out = (gw_address){.count = 1};
    struct sockaddr_un *un = &out->list[0].at.un;
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof un->sun_path) {
        out->count = 0;
        return gw_error_set(error, GW_ERR_LIMIT, "unix:%.200s: the path of a socket has 1 - %zu bytes", path,
                            sizeof un->sun_path - 1);
    }
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, len + 1);
    out->list[0].len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
    return GW_OK;
}

gw_status gw_address_resolve_url(const gw_address_url *url, gw_address *out, gw_error *error) {
    if (url->socket_path) return gw_address_unix(url->socket_path, out, error);
    return gw_address_resolve(url->host, url->port, out, error);
}

char *gw_address_format(const gw_address_one *one, char out[GW_ADDRESS_TEXT]) {
    char ip[INET6_ADDRSTRLEN] = "";
    switch (one->at.any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &one->at.ip4.sin_addr, ip, sizeof ip);
        snprintf(out, GW_ADDRESS_TEXT, "%s:%u", ip, (unsigned)ntohs(one->at.ip4.sin_port));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &one->at.ip6.sin6_addr, ip, sizeof ip);
        snprintf(out, GW_ADDRESS_TEXT, "[%s]:%u", ip, (unsigned)ntohs(one->at.ip6.sin6_port));
        break;
    case AF_UNIX: {
        size_t start = offsetof(struct sockaddr_un, sun_path);
        bool named = one->len > start && one->at.un.sun_path[0];
        snprintf(out, GW_ADDRESS_TEXT, "unix:%s", named ? one->at.un.sun_path : "(unnamed)");
        break;
    }
    default:
        snprintf(out, GW_ADDRESS_TEXT, "(no address)");
    }
    return out;
}

uint16_t gw_address_port(const gw_address_one *one) {
    if (one->at.any.sa_family == AF_INET) return ntohs(one->at.ip4.sin_port);
    if (one->at.any.sa_family == AF_INET6) return ntohs(one->at.ip6.sin6_port);
    return 0;
}
