/* What http.c and http_call.c share. Floor 4 (net), private. */
#ifndef GW_NET_HTTP_PRIVATE_H
#define GW_NET_HTTP_PRIVATE_H

#include "base/buf.h"
#include "net/http.h"

#include <curl/curl.h>

struct gw_http {
    gw_loop *loop;
    CURLM *multi;
    gw_loop_timer timer;
    gw_loop_task free_task;
    gw_http_call *first; /* all whose fn has not been called */
    bool destroyed;
};

struct gw_http_call {
    gw_http *http;
    CURL *easy;
    struct curl_slist *header_lines;
    gw_http_fn *fn;
    void *user;
    gw_http_call *next, *prev;
    gw_loop_task fail_task; /* for a call that could not start */
    bool added;             /* to the multi handle */
    bool body_too_large;
    char *url;
    char curl_error[CURL_ERROR_SIZE];
    gw_buf body;
    gw_buf header_text; /* "Name: value\r\n"... of the answer that counts */
    gw_ns sent_ns;
};

/* http_call.c */
/* NULL when out of memory. CURLE_OK in *code unless an option was refused. */
gw_http_call *gw_http_call_create(gw_http *http, const gw_http_request *request, CURLcode *code);
void gw_http_call_free(gw_http_call *call);
/* Calls fn with what came. */
void gw_http_call_tell(gw_http_call *call, CURLcode code);

#endif
