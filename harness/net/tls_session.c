/* Floor 4 (net): one TLS connection over memory. */
#include "net/tls.h"

#include "net/tls_private.h"

#include <arpa/inet.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gw_tls_session {
    SSL *ssl;
    BIO *in, *out; /* owned by ssl */
    bool skip_close_notify;
    char error[200];
};

static bool is_ip_literal(const char *host) {
    struct in6_addr ignored;
    return inet_pton(AF_INET, host, &ignored) == 1 || inet_pton(AF_INET6, host, &ignored) == 1;
}

static bool expect_host(gw_tls_session *session, const gw_tls *tls, const char *host) {
    if (tls->server_name) host = tls->server_name;
    if (!host) return tls->insecure; /* nobody to check against: only the insecure may go on */
    bool ip = is_ip_literal(host);
    if (!ip && SSL_set_tlsext_host_name(session->ssl, host) != 1) return false;
    if (tls->insecure) return true;
    if (ip) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session->ssl), host) == 1;
    SSL_set_hostflags(session->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(session->ssl, host) == 1;
}

gw_tls_session *gw_tls_session_create(const gw_tls *tls, const char *host) {
    gw_tls_session *session = calloc(1, sizeof *session);
    if (!session) return NULL;
    session->skip_close_notify = tls->skip_close_notify;
    session->ssl = SSL_new(tls->context);
    session->in = BIO_new(BIO_s_mem());
    session->out = BIO_new(BIO_s_mem());
    if (!session->ssl || !session->in || !session->out) {
        BIO_free(session->in);
        BIO_free(session->out);
        SSL_free(session->ssl);
        free(session);
        return NULL;
    }
    BIO_set_mem_eof_return(session->in, -1);
    SSL_set_bio(session->ssl, session->in, session->out);
    if (tls->server) {
        SSL_set_accept_state(session->ssl);
    } else {
        SSL_set_connect_state(session->ssl);
        if (!expect_host(session, tls, host)) {
            gw_tls_session_destroy(session);
            return NULL;
        }
    }
    return session;
}

void gw_tls_session_destroy(gw_tls_session *session) {
    if (!session) return;
    SSL_free(session->ssl);
    free(session);
}

gw_status gw_tls_session_feed(gw_tls_session *session, gw_span bytes) {
    while (bytes.len > 0) {
        int part = bytes.len > INT_MAX ? INT_MAX : (int)bytes.len;
        int n = BIO_write(session->in, bytes.ptr, part);
        if (n <= 0) return GW_ERR_NOMEM;
        bytes = gw_span_from(bytes, (size_t)n);
    }
    return GW_OK;
}

/* OpenSSL 3.0 lacks the newer alerts in the one list and words all of them oddly in the other. */
static const char *alert_name(int alert, const char *reason) {
    const char *name = SSL_alert_desc_string_long(alert);
    if (strcmp(name, "unknown") != 0) return name;
    const char *after = reason ? strstr(reason, "alert ") : NULL;
    return after ? after + strlen("alert ") : name;
}

static void explain(gw_tls_session *session) {
    long verdict = SSL_get_verify_result(session->ssl);
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK) {
        snprintf(session->error, sizeof session->error, "the certificate does not verify: %s",
                 X509_verify_cert_error_string(verdict));
    } else if (ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET) {
        snprintf(session->error, sizeof session->error, "the peer refused with the alert '%s'",
                 alert_name(ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET, reason));
    } else if (ERR_GET_REASON(code) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
        snprintf(session->error, sizeof session->error, "the client sent no certificate");
    } else if (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER || ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST) {
        snprintf(session->error, sizeof session->error, "the peer does not speak TLS (%s)", reason ? reason : "?");
    } else {
        snprintf(session->error, sizeof session->error, "%s", reason ? reason : "protocol error");
    }
}

static gw_tls_result result_of(gw_tls_session *session, int returned) {
    switch (SSL_get_error(session->ssl, returned)) {
    case SSL_ERROR_NONE:
        return GW_TLS_OK;
    case SSL_ERROR_WANT_READ:
        return GW_TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
        return GW_TLS_CLOSED;
    default:
        explain(session);
        return GW_TLS_FAILED;
    }
}

gw_tls_result gw_tls_session_handshake(gw_tls_session *session) {
    ERR_clear_error();
    return result_of(session, SSL_do_handshake(session->ssl));
}

gw_tls_result gw_tls_session_read(gw_tls_session *session, uint8_t *out, size_t *len) {
    ERR_clear_error();
    int returned = SSL_read_ex(session->ssl, out, *len, len);
    if (returned != 1) *len = 0;
    return result_of(session, returned);
}

gw_tls_result gw_tls_session_write(gw_tls_session *session, gw_span plain) {
    if (plain.len == 0) return GW_TLS_OK;
    ERR_clear_error();
    size_t written = 0;
    /* The memory BIO takes all, so one call encrypts everything. */
    return result_of(session, SSL_write_ex(session->ssl, plain.ptr, plain.len, &written));
}

void gw_tls_session_close(gw_tls_session *session) {
    ERR_clear_error();
    if (session->skip_close_notify) {
        SSL_set_quiet_shutdown(session->ssl, 1);
    } else if (SSL_is_init_finished(session->ssl)) {
        SSL_shutdown(session->ssl); /* 0 is the usual answer: ours is sent, the peer's is still to come */
    }
}

gw_span gw_tls_session_output(gw_tls_session *session) {
    char *data = NULL;
    long len = BIO_get_mem_data(session->out, &data);
    return gw_span_make(data, len > 0 ? (size_t)len : 0);
}

void gw_tls_session_taken(gw_tls_session *session) {
    (void)BIO_reset(session->out);
}

const char *gw_tls_session_error(const gw_tls_session *session) {
    return session->error;
}

void gw_tls_session_describe(const gw_tls_session *session, char *out, size_t size) {
    const char *cipher = SSL_get_cipher_name(session->ssl);
    snprintf(out, size, "%s %s", SSL_get_version(session->ssl), cipher ? cipher : "");
}
