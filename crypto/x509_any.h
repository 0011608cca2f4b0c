/* A certificate checker for BearSSL that believes the first certificate,
 * whatever its dates, its name and its signature: it only says which key is in
 * it.  Secure against listeners, not against impostors. */
#ifndef CRYPTO_X509_ANY_H
#define CRYPTO_X509_ANY_H

#include <bearssl.h>

struct x509_any {
	const br_x509_class *vtable; /* first: BearSSL casts */
	br_x509_decoder_context decoder;
	unsigned certs;
};

void x509_any_init(struct x509_any *x);

#endif
