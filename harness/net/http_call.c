/* Floor 4 (net): one HTTP request and what is answered. */
#include "net/http_private.h"

#include "net/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_TIMEOUT_NS (30 * GW_S)

static size_t on_body(char *bytes, size_t size, size_t count, void *user) {
    gw_http_call *call = user;
    if (gw_buf_append(&call->body, bytes, size * count) == GW_OK) return size * count;
    call->body_too_large = true;
    return 0;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *user) {
    gw_http_call *call = user;
    gw_span line = gw_span_make(bytes, size * count);
    /* A new status line: what came before belonged to an interim answer (100, 103). */
    if (gw_span_starts_with(line, GW_SPAN_LIT("HTTP/"))) {
        gw_buf_clear(&call->header_text);
        return line.len;
    }
    if (gw_buf_append_span(&call->header_text, line) == GW_OK) return line.len;
    snprintf(call->curl_error, sizeof call->curl_error, "the header is larger than %d bytes", GW_HTTP_HEADERS_MAX);
    return 0;
}

/* A proxy from the environment is for the world outside, not for the server that we started here. */
static bool is_on_this_machine(const char *url) {
    gw_address_url parts;
    if (gw_address_url_parse(gw_span_cstr(url), &parts, NULL) != GW_OK) return false;
    bool here =
        strcmp(parts.host, "localhost") == 0 || strcmp(parts.host, "::1") == 0 || strncmp(parts.host, "127.", 4) == 0;
    gw_address_url_deinit(&parts);
    return here;
}

static bool add_line(gw_http_call *call, const char *line) {
    struct curl_slist *longer = curl_slist_append(call->header_lines, line);
    if (longer) call->header_lines = longer;
    return longer != NULL;
}

static CURLcode set_method(CURL *easy, const gw_http_request *request) {
    bool has_body = request->body.ptr != NULL;
    const char *method = request->method ? request->method : has_body ? "POST" : "GET";
    bool wants_body = !strcmp(method, "POST") || !strcmp(method, "PUT") || !strcmp(method, "PATCH");
    CURLcode code = CURLE_OK;
    if (has_body || wants_body) {
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        if (code == CURLE_OK) {
            code = curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, has_body ? (const char *)request->body.ptr : "");
        }
    }
    if (!strcmp(method, "HEAD")) return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method) : code;
}

static CURLcode set_tls(CURL *easy, const gw_tls_options *tls) {
    if (!tls) return CURLE_OK;
    CURLcode code = CURLE_OK;
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls->insecure ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls->insecure ? 0L : 2L);
    if (tls->ca_file || tls->ca_dir) {
        code = curl_easy_setopt(easy, CURLOPT_CAINFO, tls->ca_file);
        if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_CAPATH, tls->ca_dir);
    }
    if (code == CURLE_OK && tls->cert_file) code = curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->cert_file);
    if (code == CURLE_OK && tls->cert_file) {
        code = curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->key_file ? tls->key_file : tls->cert_file);
    }
    return code;
}

static CURLcode set_plain_options(gw_http_call *call, const gw_http_request *request) {
    CURL *easy = call->easy;
    gw_ns timeout = request->timeout_ns ? request->timeout_ns : DEFAULT_TIMEOUT_NS;
    long timeout_ms = (long)((timeout + GW_MS - 1) / GW_MS);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, (void *)call);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->curl_error);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "gwspec");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->header_lines);
    if (is_on_this_machine(request->url)) curl_easy_setopt(easy, CURLOPT_PROXY, "");
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, request->url);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_COOKIE, request->cookies);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->socket_path);
    return code;
}

gw_http_call *gw_http_call_create(gw_http *http, const gw_http_request *request, CURLcode *code) {
    gw_http_call *call = calloc(1, sizeof *call);
    if (!call) return NULL;
    call->http = http;
    gw_buf_init(&call->body, request->body_max_bytes ? request->body_max_bytes : GW_HTTP_BODY_MAX);
    gw_buf_init(&call->header_text, GW_HTTP_HEADERS_MAX);
    call->easy = curl_easy_init();
    call->url = strdup(request->url);
    /* Without this curl holds a large body back until the server says 100 Continue. */
    bool ok = call->easy && call->url && add_line(call, "Expect:");
    for (size_t i = 0; ok && i < request->header_count; i++) ok = add_line(call, request->headers[i]);
    if (!ok) {
        gw_http_call_free(call);
        return NULL;
    }
    *code = set_plain_options(call, request);
    if (*code == CURLE_OK) *code = set_method(call->easy, request);
    if (*code == CURLE_OK) *code = set_tls(call->easy, request->tls);
    return call;
}

void gw_http_call_free(gw_http_call *call) {
    if (call->easy) curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->header_lines);
    gw_buf_deinit(&call->body);
    gw_buf_deinit(&call->header_text);
    free(call->url);
    free(call);
}

/* Fields into `out` (may be NULL) from header lines; returns how many. */
static size_t split_fields(gw_span text, gw_http_field *out) {
    size_t count = 0;
    while (text.len > 0) {
        const uint8_t *newline = memchr(text.ptr, '\n', text.len);
        gw_span line = newline ? gw_span_sub(text, 0, (size_t)(newline - text.ptr)) : text;
        text = gw_span_from(text, line.len + 1);
        if (line.len > 0 && line.ptr[line.len - 1] == '\r') line.len--;
        const uint8_t *colon = line.len ? memchr(line.ptr, ':', line.len) : NULL;
        if (!colon) continue;
        size_t name_len = (size_t)(colon - line.ptr);
        if (out) {
            out[count] =
                (gw_http_field){gw_span_sub(line, 0, name_len), gw_span_trim(gw_span_from(line, name_len + 1))};
        }
        count++;
    }
    return count;
}

void gw_http_call_tell(gw_http_call *call, CURLcode code) {
    gw_http_response response = {.sent_ns = call->sent_ns, .done_ns = gw_clock_now()};
    char text[GW_ERROR_MAX + CURL_ERROR_SIZE];
    gw_http_field *fields = NULL;
    if (call->body_too_large) {
        snprintf(call->curl_error, sizeof call->curl_error, "the answer is larger than %zu bytes", call->body.max);
    }
    if (code == CURLE_COULDNT_CONNECT) {
        long system_error = 0;
        curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &system_error);
        if (system_error != 0) {
            snprintf(call->curl_error, sizeof call->curl_error, "connect: %s", gw_error_system((int)system_error));
        }
    }
    if (code == CURLE_OK) {
        long status = 0;
        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
        gw_span header = gw_buf_span(&call->header_text);
        response.status = (int)status;
        response.body = gw_buf_span(&call->body);
        response.header_count = split_fields(header, NULL);
        fields = calloc(response.header_count + 1, sizeof *fields);
        if (fields) split_fields(header, fields);
        if (!fields) code = CURLE_OUT_OF_MEMORY;
        response.headers = fields;
    }
    if (code != CURLE_OK) {
        const char *why = call->curl_error[0] ? call->curl_error : curl_easy_strerror(code);
        snprintf(text, sizeof text, "%.*s: %s", GW_ERROR_MAX / 2, call->url, why);
        response = (gw_http_response){.error = text, .sent_ns = response.sent_ns, .done_ns = response.done_ns};
    }
    call->fn(call, &response, call->user);
    free(fields);
}

gw_span gw_http_header(const gw_http_response *response, const char *name) {
    for (size_t i = 0; i < response->header_count; i++) {
        if (gw_span_equal_nocase(response->headers[i].name, gw_span_cstr(name))) return response->headers[i].value;
    }
    return (gw_span){0};
}

gw_span gw_http_cookie(const gw_http_response *response, const char *name) {
    gw_span found = {0}, wanted = gw_span_cstr(name);
    for (size_t i = 0; i < response->header_count; i++) {
        if (!gw_span_equal_nocase(response->headers[i].name, GW_SPAN_LIT("Set-Cookie"))) continue;
        gw_span value = response->headers[i].value;
        const uint8_t *end = value.len ? memchr(value.ptr, ';', value.len) : NULL;
        gw_span pair = end ? gw_span_sub(value, 0, (size_t)(end - value.ptr)) : value;
        const uint8_t *equals = pair.len ? memchr(pair.ptr, '=', pair.len) : NULL;
        if (!equals) continue;
        size_t name_len = (size_t)(equals - pair.ptr);
        if (gw_span_equal(gw_span_trim(gw_span_sub(pair, 0, name_len)), wanted)) {
            found = gw_span_trim(gw_span_from(pair, name_len + 1));
        }
    }
    return found;
}
