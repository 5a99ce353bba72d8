/* The opening request (RFC 6455 section 4.2.1, RFC 9112). Pure; part of the codec. */
#include "reference-server/bytes.h"
#include "reference-server/codec.h"

#include <string.h>

/* RFC 6455 section 1.3. */
static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
static const char wrong_guid[] = "258EAFA5-E914-47DA-95CA-5AB0DC85B11C";

enum { MAX_FIELDS = 100 };

typedef struct request {
    const gw_faults *faults;
    gw_span method, target;
    unsigned major, minor;
    unsigned hosts, keys, versions;
    bool upgrade, connection, body, origin, offered;
    const char *subprotocol; /* of the rules */
    gw_span host, key, version;
} request;

typedef struct verdict {
    uint16_t status; /* 0: fine */
    const char *why;
} verdict;

#define FINE ((verdict){0, NULL})
static verdict refuse(uint16_t status, const char *why) {
    return (verdict){status, why};
}

static bool has(const request *r, gw_fault fault) {
    return gw_faults_has(r->faults, fault);
}

/* The characters of a token: tchar of RFC 9110 section 5.6.2, a bit for each below 128. */
static bool is_token_char(uint8_t c) {
    static const uint64_t tchar[2] = {UINT64_C(0x03ff6cfa00000000), UINT64_C(0x57ffffffc7fffffe)};
    return c < 128 && (tchar[c / 64] >> c % 64 & 1);
}

static bool is_token(gw_span s) {
    for (size_t i = 0; i < s.len; i++)
        if (!is_token_char(s.ptr[i])) return false;
    return s.len > 0;
}

/* Up to `stop`, which is taken away too; the whole rest when it is not there. */
static gw_span take_until(gw_span *rest, char stop) {
    const uint8_t *at = rest->len ? memchr(rest->ptr, stop, rest->len) : NULL;
    gw_span head = at ? gw_span_make(rest->ptr, (size_t)(at - rest->ptr)) : *rest;
    *rest = gw_span_from(*rest, head.len + (at ? 1 : 0));
    return head;
}

/* Lines end in CR LF; the gatherer has refused any other LF. */
static gw_span take_line(gw_span *rest) {
    gw_span line = take_until(rest, '\n');
    return gw_span_make(line.ptr, line.len ? line.len - 1 : 0);
}

/* Most senders write a name as the standard does. */
static inline bool same_name(const request *r, gw_span a, gw_span b) {
    if (a.len != b.len) return false;
    return memcmp(a.ptr, b.ptr, b.len) == 0 || (!has(r, GW_FAULT_CASE_SENSITIVE) && gw_span_equal_nocase(a, b));
}

/* Is `word` one of the comma-separated tokens? (RFC 9110 section 5.6.1) */
static bool lists(const request *r, gw_span value, gw_span word) {
    while (value.len > 0)
        if (same_name(r, gw_span_trim(take_until(&value, ',')), word)) return true;
    return false;
}

static verdict read_request_line(request *r, gw_span line) {
    r->method = take_until(&line, ' ');
    r->target = take_until(&line, ' ');
    gw_span version = line;
    if (!is_token(r->method) || r->target.len == 0) return refuse(400, "malformed request line");
    for (size_t i = 0; i < r->target.len; i++)
        if (r->target.ptr[i] <= ' ' || r->target.ptr[i] >= 0x7f || r->target.ptr[i] == '#')
            return refuse(400, "malformed request target");
    const uint8_t *v = version.ptr;
    if (version.len != 8 || memcmp(v, "HTTP/", 5) != 0 || v[5] < '0' || v[5] > '9' || v[6] != '.' || v[7] < '0' ||
        v[7] > '9')
        return refuse(400, "malformed HTTP version");
    r->major = v[5] - '0';
    r->minor = v[7] - '0';
    return FINE;
}

/* A control character other than the tab. */
static bool has_control(gw_span value) {
    size_t i = 0;
    while (i + 8 <= value.len && gw_bytes_print(gw_bytes_load(value.ptr + i))) i += 8;
    for (; i < value.len; i++)
        if ((value.ptr[i] < ' ' && value.ptr[i] != '\t') || value.ptr[i] == 0x7f) return true;
    return false;
}

/* Takes what matters of a field. False: its name is none that matters. */
static bool note_field(request *r, gw_span name, gw_span value) {
    if (same_name(r, name, GW_SPAN_LIT("Host"))) {
        r->hosts++;
        r->host = value;
    } else if (same_name(r, name, GW_SPAN_LIT("Upgrade"))) {
        r->upgrade |= lists(r, value, GW_SPAN_LIT("websocket"));
    } else if (same_name(r, name, GW_SPAN_LIT("Connection"))) {
        gw_span upgrade = GW_SPAN_LIT("Upgrade");
        r->connection |= has(r, GW_FAULT_CONNECTION_EXACT) ? same_name(r, value, upgrade) : lists(r, value, upgrade);
    } else if (same_name(r, name, GW_SPAN_LIT("Sec-WebSocket-Key"))) {
        r->keys++;
        r->key = value;
    } else if (same_name(r, name, GW_SPAN_LIT("Sec-WebSocket-Version"))) {
        r->versions++;
        r->version = value;
    } else if (r->subprotocol && same_name(r, name, GW_SPAN_LIT("Sec-WebSocket-Protocol"))) {
        r->offered |= lists(r, value, gw_span_cstr(r->subprotocol));
    } else if (same_name(r, name, GW_SPAN_LIT("Origin"))) {
        r->origin = true;
    } else if (same_name(r, name, GW_SPAN_LIT("Transfer-Encoding"))) {
        r->body = true;
    } else if (same_name(r, name, GW_SPAN_LIT("Content-Length"))) {
        r->body |= !gw_span_equal_cstr(value, "0");
    } else {
        return false;
    }
    return true;
}

static verdict read_field(request *r, gw_span line) {
    size_t whole = line.len;
    gw_span name = take_until(&line, ':');
    if (name.len == whole) return refuse(400, "header line without a colon");
    gw_span value = gw_span_trim(line);
    bool clean = !has_control(value);
    bool known = clean && note_field(r, name, value); /* then it is a token, too */
    if (!known && !is_token(name)) return refuse(400, "malformed header name");
    return clean ? FINE : refuse(400, "control character in a header");
}

static verdict read_head(request *r, gw_span head) {
    verdict v = read_request_line(r, take_line(&head));
    if (v.status) return v;
    for (int fields = 0;; fields++) {
        gw_span line = take_line(&head);
        if (line.len == 0) return FINE;
        if (fields == MAX_FIELDS) return refuse(431, "too many header lines");
        v = read_field(r, line);
        if (v.status) return v;
    }
}

/* The path and query of an origin-form or absolute-form target (RFC 9112 section 3.2). */
static gw_span resource(gw_span target) {
    gw_span rest = target;
    if (target.len > 0 && target.ptr[0] == '/') return target;
    if (gw_span_equal_nocase(gw_span_sub(target, 0, 7), GW_SPAN_LIT("http://"))) rest = gw_span_from(target, 7);
    if (gw_span_equal_nocase(gw_span_sub(target, 0, 8), GW_SPAN_LIT("https://"))) rest = gw_span_from(target, 8);
    if (rest.len == target.len) return target;
    const uint8_t *slash = rest.len ? memchr(rest.ptr, '/', rest.len) : NULL;
    return slash ? gw_span_from(rest, (size_t)(slash - rest.ptr)) : GW_SPAN_LIT("/");
}

static verdict check_http(const request *r, gw_span path, const char *served) {
    bool old = r->major < 1 || (r->major == 1 && r->minor < 1);
    if ((old || r->major > 1) && !(old && has(r, GW_FAULT_ACCEPTS_HTTP10))) return refuse(505, "HTTP/1.1 is needed");
    if (has(r, GW_FAULT_ENDPOINT_MISSING)) return refuse(404, "the gateway has moved");
    if (!gw_span_equal_cstr(path, served) && !has(r, GW_FAULT_ACCEPTS_ANY_PATH))
        return refuse(404, "nothing is served here");
    if (!gw_span_equal_cstr(r->method, "GET") && !has(r, GW_FAULT_ACCEPTS_POST))
        return refuse(405, "the method must be GET");
    if (r->body && !has(r, GW_FAULT_ACCEPTS_POST)) return refuse(400, "the request must not have a body");
    if (r->origin && has(r, GW_FAULT_FOREIGN_ORIGIN_FAILS)) return refuse(500, "an origin that nobody thought of");
    bool host = r->hosts == 1 && r->host.len > 0;
    if (!host && !(r->hosts == 0 && has(r, GW_FAULT_ACCEPTS_NO_HOST))) return refuse(400, "one Host header is needed");
    return FINE;
}

static verdict check_key(const request *r) {
    if (r->keys == 0) return has(r, GW_FAULT_ACCEPTS_NO_KEY) ? FINE : refuse(400, "Sec-WebSocket-Key is missing");
    if (r->keys > 1 && !has(r, GW_FAULT_ACCEPTS_TWO_KEYS)) return refuse(400, "Sec-WebSocket-Key must come only once");
    int bytes = gw_digest_base64_bytes(r->key);
    if (bytes < 0 && !has(r, GW_FAULT_ACCEPTS_BAD_KEY)) return refuse(400, "Sec-WebSocket-Key is not base64");
    if (bytes >= 0 && bytes != 16 && !has(r, GW_FAULT_ACCEPTS_SHORT_KEY))
        return refuse(400, "Sec-WebSocket-Key is not 16 bytes");
    return FINE;
}

/* RFC 6455 section 4.2.1, points 3 to 6, and section 4.4. */
static verdict check_websocket(const request *r) {
    if (!r->upgrade && !has(r, GW_FAULT_ACCEPTS_NO_UPGRADE)) return refuse(400, "Upgrade: websocket is missing");
    if (!r->connection && !has(r, GW_FAULT_ACCEPTS_NO_CONNECTION)) return refuse(400, "Connection: Upgrade is missing");
    if (r->versions == 0) {
        if (!has(r, GW_FAULT_ACCEPTS_NO_VERSION)) return refuse(400, "Sec-WebSocket-Version is missing");
    } else if (r->versions > 1) {
        return refuse(400, "Sec-WebSocket-Version must come only once");
    } else if (!gw_span_equal_cstr(r->version, "13") && !has(r, GW_FAULT_ACCEPTS_VERSION_99)) {
        if (has(r, GW_FAULT_VERSION_NOT_NAMED)) return refuse(400, "unknown version");
        return refuse(426, "Sec-WebSocket-Version must be 13");
    }
    return check_key(r);
}

void gw_codec_judge_request(const gw_codec *codec, gw_span head, gw_codec_event *event) {
    request r = {.faults = &codec->rules->faults, .subprotocol = codec->rules->subprotocol};
    verdict v = read_head(&r, head);
    gw_span query = resource(r.target);
    gw_span path = take_until(&query, '?');
    if (!v.status) v = check_http(&r, path, codec->rules->path);
    if (!v.status) v = check_websocket(&r);
    if (v.status) {
        event->kind = GW_CODEC_REFUSED;
        event->code = v.status;
        event->why = v.why;
        return;
    }
    event->kind = GW_CODEC_REQUEST;
    event->query = query;
    event->subprotocol = r.offered;
    gw_span key = has(&r, GW_FAULT_ACCEPT_FIXED) ? GW_SPAN_LIT("dGhlIHNhbXBsZSBub25jZQ==") : r.key;
    gw_digest_accept(key, has(&r, GW_FAULT_ACCEPT_WRONG) ? wrong_guid : guid, event->accept);
}
