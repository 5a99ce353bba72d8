/* Floor 4 (net): TLS settings. */
#include "net/tls.h"

#include "net/tls_private.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char alpn_http11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

static void fail_file(gw_error *error, const char *path, const char *what) {
    unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_SYSTEM_ERROR(code) ? gw_error_system(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    /* A missing file shows as a system error deeper in the queue; it is what the user needs to hear. */
    unsigned long first = ERR_get_error();
    if (ERR_SYSTEM_ERROR(first)) reason = gw_error_system(ERR_GET_REASON(first));
    gw_error_set(error, GW_ERR_INVALID, "TLS: %s: %s%s%s", path, what, reason ? ": " : "", reason ? reason : "");
    ERR_clear_error();
}

static bool load_trust(SSL_CTX *context, const gw_tls_options *options, gw_error *error) {
    if (!options->ca_file && !options->ca_dir) return SSL_CTX_set_default_verify_paths(context) == 1;
    if (options->ca_file && SSL_CTX_load_verify_file(context, options->ca_file) != 1) {
        fail_file(error, options->ca_file, "cannot read CA certificates");
        return false;
    }
    if (options->ca_dir && SSL_CTX_load_verify_dir(context, options->ca_dir) != 1) {
        fail_file(error, options->ca_dir, "cannot use the CA directory");
        return false;
    }
    return true;
}

static bool load_identity(SSL_CTX *context, const gw_tls_options *options, gw_error *error) {
    if (!options->cert_file) return true;
    const char *key_file = options->key_file ? options->key_file : options->cert_file;
    if (SSL_CTX_use_certificate_chain_file(context, options->cert_file) != 1) {
        fail_file(error, options->cert_file, "cannot read the certificate");
        return false;
    }
    if (SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) != 1) {
        fail_file(error, key_file, "cannot use the private key");
        return false;
    }
    return true;
}

static gw_tls *create(const SSL_METHOD *method, const gw_tls_options *options, gw_error *error) {
    if (error) error->text[0] = 0;
    ERR_clear_error();
    gw_tls *tls = calloc(1, sizeof *tls);
    if (tls) tls->context = SSL_CTX_new(method);
    if (!tls || !tls->context) {
        gw_error_set(error, GW_ERR_NOMEM, "TLS: out of memory");
        goto cleanup;
    }
    tls->skip_close_notify = options->skip_close_notify;
    /* Idle connections give their 34 KB of buffers back: thousands of them stay cheap. */
    SSL_CTX_set_mode(tls->context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
    if (!load_trust(tls->context, options, error) || !load_identity(tls->context, options, error)) goto cleanup;
    if (options->server_name) {
        tls->server_name = strdup(options->server_name);
        if (!tls->server_name) {
            gw_error_set(error, GW_ERR_NOMEM, "TLS: out of memory");
            goto cleanup;
        }
    }
    return tls;
cleanup:
    gw_tls_destroy(tls);
    return NULL;
}

gw_tls *gw_tls_create_client(const gw_tls_options *options, gw_error *error) {
    gw_tls *tls = create(TLS_client_method(), options, error);
    if (!tls) return NULL;
    tls->insecure = options->insecure;
    SSL_CTX_set_verify(tls->context, options->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_alpn_protos(tls->context, alpn_http11, sizeof alpn_http11);
    return tls;
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                       unsigned in_len, void *user) {
    (void)ssl;
    (void)user;
    unsigned char *chosen = NULL;
    int found = SSL_select_next_proto(&chosen, out_len, alpn_http11, sizeof alpn_http11, in, in_len);
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

gw_tls *gw_tls_create_server(const gw_tls_options *options, gw_error *error) {
    if (!options->cert_file) {
        gw_error_set(error, GW_ERR_INVALID, "TLS: a server needs a certificate");
        return NULL;
    }
    gw_tls *tls = create(TLS_server_method(), options, error);
    if (!tls) return NULL;
    tls->server = true;
    SSL_CTX_set_alpn_select_cb(tls->context, choose_alpn, NULL);
    /* A test peer resumes nothing; without tickets the first bytes after the handshake are the application's. */
    SSL_CTX_set_num_tickets(tls->context, 0);
    SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_OFF);
    if (options->require_client_cert) {
        SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return tls;
}

void gw_tls_destroy(gw_tls *tls) {
    if (!tls) return;
    SSL_CTX_free(tls->context);
    free(tls->server_name);
    free(tls);
}
