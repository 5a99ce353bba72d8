/* Test support of the net tests: certificates by OpenSSL. */
#include "certs.h"

#include <check.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    ck_assert_ptr_nonnull(extension);
    ck_assert_int_eq(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* issuer NULL: self-signed, a CA. `days` from now on, negative: over. */
static X509 *make(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, const char *alt_names,
                  int days) {
    static long serial = 1;
    X509 *cert = X509_new();
    ck_assert_ptr_nonnull(cert);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
    X509_gmtime_adj(X509_getm_notBefore(cert), -10L * 86400);
    X509_gmtime_adj(X509_getm_notAfter(cert), days * 86400L);
    X509_set_pubkey(cert, key);
    X509_NAME *subject = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject);
    add_extension(cert, issuer ? issuer : cert, NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE");
    if (alt_names) add_extension(cert, issuer, NID_subject_alt_name, alt_names);
    ck_assert_int_gt(X509_sign(cert, issuer ? issuer_key : key, EVP_sha256()), 0);
    return cert;
}

static void save(const char *path, X509 *cert, EVP_PKEY *key) {
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    if (cert) ck_assert_int_eq(PEM_write_X509(file, cert), 1);
    if (key) ck_assert_int_eq(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
}

void certs_make(certs *c) {
    snprintf(c->folder, sizeof c->folder, "/tmp/gwspec-certs-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(c->folder));
    struct {
        char *path;
        const char *name;
    } names[] = {{c->ca, "ca.pem"},          {c->other_ca, "other.pem"},    {c->server, "server.pem"},
                 {c->client, "client.pem"},  {c->server_key, "server.key"}, {c->client_key, "client.key"},
                 {c->expired, "expired.pem"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(names[i].path, sizeof c->ca, "%s/%s", c->folder, names[i].name);
    }
    EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *server_key = EVP_EC_gen("P-256"), *client_key = EVP_EC_gen("P-256");
    ck_assert(ca_key && server_key && client_key);
    X509 *ca = make("test CA", ca_key, NULL, NULL, NULL, 2);
    X509 *other = make("other CA", client_key, NULL, NULL, NULL, 2);
    X509 *server = make("server", server_key, ca, ca_key, "DNS:localhost,IP:127.0.0.1", 2);
    X509 *expired = make("server", server_key, ca, ca_key, "DNS:localhost,IP:127.0.0.1", -1);
    X509 *client = make("client", client_key, ca, ca_key, NULL, 2);
    save(c->ca, ca, NULL);
    save(c->other_ca, other, NULL);
    save(c->server, server, NULL);
    save(c->server_key, NULL, server_key);
    save(c->expired, expired, NULL);
    save(c->client, client, NULL);
    save(c->client_key, NULL, client_key);
    X509 *all[] = {ca, other, server, expired, client};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) X509_free(all[i]);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(server_key);
    EVP_PKEY_free(client_key);
}

void certs_remove(certs *c) {
    const char *paths[] = {c->ca, c->other_ca, c->server, c->server_key, c->client, c->client_key, c->expired};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) unlink(paths[i]);
    rmdir(c->folder);
}
