/* A certificate for a server that was given none. */
#ifndef CRYPTO_X509_MAKE_H
#define CRYPTO_X509_MAKE_H

#include "crypto/pem.h"

#include <stdint.h>

/* A certificate for the P-256 key, signed with itself, valid from an hour
 * before now for ten years.  Where there is no key yet one is made. */
void x509_make(struct pem_certs *certs, struct pem_key *key, int64_t now,
    const uint8_t seed[static 32]);

#endif
