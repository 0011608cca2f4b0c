/* How a peer's certificates are judged: BearSSL's own chain check or none,
 * and around it what that does not do: addresses as names, no name but among
 * the alternative ones, the purpose of a certificate, a pinned key, limits. */
#ifndef CRYPTO_X509_CHECK_H
#define CRYPTO_X509_CHECK_H

#include "crypto/der.h"
#include "crypto/pins.h"
#include "crypto/x509_any.h"

#include <bearssl.h>
#include <stdbool.h>
#include <stdint.h>

/* Beside BearSSL's error numbers, which end at 62 here and start again at
 * 256. */
enum {
	X509_ERR_PIN = 200,
	X509_ERR_PURPOSE = 201,
	X509_ERR_TOO_LONG = 202,
};

#define X509_MAX_CERT  32768
#define X509_MAX_CHAIN 16

struct x509_rules {
	const br_x509_trust_anchor *anchors; /* borrowed; n 0: believe it */
	size_t n_anchors;
	enum der_purpose purpose;
	const struct pins *pins; /* of which it must have one; borrowed, and
				    NULL or none: any */
	const char *name; /* NULL, or one that it must be for; borrowed */
	uint8_t ip[16];	    /* an address that must be among the names */
	size_t ip_len;	    /* 4, 16, or 0 for none */
	int64_t now;
};

struct x509_check {
	const br_x509_class *vtable; /* first: BearSSL casts */
	const br_x509_class **inner;
	union {
		struct x509_any any;
		br_x509_minimal_context minimal;
	} u;
	struct x509_rules rules;
	uint8_t *leaf;
	size_t leaf_len, leaf_cap;
	unsigned certs;
	unsigned err;
	bool has_spki;
	uint8_t spki[SHA256_LEN]; /* the peer's pin */
};

void x509_check_init(struct x509_check *c, const struct x509_rules *rules);
void x509_check_release(struct x509_check *c);

#endif
