/* Certificates and a private key out of PEM text.  What lies between the
 * blocks does not matter.  Every failure is a constant text for people. */
#ifndef CRYPTO_PEM_H
#define CRYPTO_PEM_H

#include <bearssl.h>
#include <stddef.h>

#define PEM_MAX_CERTS 1024 /* a system trusts some 150 */
#define PEM_MAX_BLOCK 65536

struct pem_certs {
	br_x509_certificate *v;
	size_t n;
};

struct pem_key {
	int type; /* BR_KEYTYPE_RSA or BR_KEYTYPE_EC; 0 is none */
	br_rsa_private_key rsa;
	br_ec_private_key ec;
	void *memory; /* where the numbers are */
	size_t size;
};

/* NULL, or why not; to then holds nothing. */
const char *pem_read_certs(struct pem_certs *to, const char *text);
const char *pem_read_key(struct pem_key *to, const char *text);
void pem_free_certs(struct pem_certs *c);
void pem_free_key(struct pem_key *k); /* wipes it */

#endif
