/* HTTP requests for fixtures and triggers: libcurl's multi interface on our loop. Floor 4 (net). */
#ifndef GW_NET_HTTP_H
#define GW_NET_HTTP_H

#include "net/loop.h"
#include "net/tls.h"

enum { GW_HTTP_BODY_MAX = 256 << 10, GW_HTTP_HEADERS_MAX = 256 << 10 };

typedef struct gw_http gw_http;
typedef struct gw_http_call gw_http_call;

/* Borrowed during gw_http_send(). */
typedef struct gw_http_request {
    const char *method; /* NULL: GET, or POST with a body */
    const char *url;
    const char *const *headers; /* "Name: value"; may be NULL */
    size_t header_count;
    gw_span body;              /* ptr NULL: none */
    const char *cookies;       /* "a=1; b=2"; NULL: none */
    gw_ns timeout_ns;          /* for the whole exchange; 0: 30 s */
    size_t body_max_bytes;     /* of the answer; 0: GW_HTTP_BODY_MAX */
    const gw_tls_options *tls; /* ca, insecure and client certificate are used; NULL: verify with the system's CAs */
    const char *socket_path;   /* unix socket to speak over; NULL: none */
} gw_http_request;

typedef struct gw_http_field {
    gw_span name, value;
} gw_http_field;

/* Valid in the callback. Redirects are not followed: what the server said is what you see. */
typedef struct gw_http_response {
    const char *error; /* "http://127.0.0.1:4000/rooms: Couldn't connect to server"; NULL when an answer came */
    int status;        /* 0 with an error */
    const gw_http_field *headers; /* in order; Set-Cookie among them, once for each */
    size_t header_count;
    gw_span body;
    gw_ns sent_ns, done_ns;
} gw_http_response;

typedef void gw_http_fn(gw_http_call *call, const gw_http_response *response, void *user);

/* Connections are kept and reused. NULL with a sentence. */
gw_http *gw_http_create(gw_loop *loop, gw_error *error);
gw_loop *gw_http_loop(const gw_http *http);
/* Drops all calls without their callbacks. Allowed inside one. NULL is allowed. */
void gw_http_destroy(gw_http *http);
/* Starts a call; fn is called once, later, never from inside this call. NULL when out of memory. Any number run side by
 * side. */
gw_http_call *gw_http_send(gw_http *http, const gw_http_request *request, gw_http_fn *fn, void *user);
/* Drops a call whose fn has not been called; fn will not be. */
void gw_http_cancel(gw_http_call *call);

/* The first field with this name (case ignored), or an empty span with ptr NULL. */
gw_span gw_http_header(const gw_http_response *response, const char *name);
/* The value of the cookie `name` that the answer sets (the last, when several do); ptr NULL when none does. */
gw_span gw_http_cookie(const gw_http_response *response, const char *name);

#endif
