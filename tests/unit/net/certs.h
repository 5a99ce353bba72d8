/* Throw-away certificates, made anew for each test. Test support of the net tests. */
#ifndef GW_TESTS_NET_CERTS_H
#define GW_TESTS_NET_CERTS_H

/* Paths of PEM files in a fresh folder. */
typedef struct certs {
    char folder[64];
    char ca[96], other_ca[96];
    char server[96], server_key[96]; /* for localhost and 127.0.0.1, by ca */
    char client[96], client_key[96]; /* by ca */
    char expired[96];                /* server certificate of yesterday, with server_key, by ca */
} certs;

void certs_make(certs *c);
void certs_remove(certs *c);

#endif
