/* The little of DER that BearSSL's own decoders do not tell: where a
 * certificate's public key lies, whose addresses it names, what it may be used
 * for.  Spans are borrowed from the certificate. */
#ifndef CRYPTO_DER_H
#define CRYPTO_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DER_BOOLEAN    0x01
#define DER_INTEGER    0x02
#define DER_BIT_STRING 0x03
#define DER_OCTETS     0x04
#define DER_OID	       0x06
#define DER_UTF8       0x0c
#define DER_UTC_TIME   0x17
#define DER_TIME       0x18
#define DER_SEQUENCE   0x30
#define DER_SET	       0x31

struct der {
	const uint8_t *p;
	size_t n;
};

/* Takes the next value off the front of from.  inner: what is in it; whole:
 * with tag and length.  Either may be NULL.  False: no such tag here, or
 * lengths that do not fit; from is then as it was. */
bool der_take(struct der *from, unsigned tag, struct der *inner,
    struct der *whole);

struct der_cert {
	struct der spki;       /* SubjectPublicKeyInfo, whole */
	struct der extensions; /* what is in the list; n 0 without one */
};

bool der_cert(struct der_cert *to, const uint8_t *p, size_t n);
/* A dNSName among the subject's alternative names, whatever its case, where a
 * star may stand for the first label.  The subject's common name is none. */
bool der_cert_has_name(const struct der_cert *c, const char *name);
/* Can a certificate be for it?  No empty label, no star, no address in
 * brackets, at least one byte. */
bool der_is_name(const char *name);
/* An iPAddress among the subject's alternative names; n is 4 or 16. */
bool der_cert_has_ip(const struct der_cert *c, const uint8_t *ip, size_t n);

enum der_purpose { DER_FOR_SERVER = 1, DER_FOR_CLIENT = 2 }; /* id-kp-… */
/* True as well for a certificate that does not limit its use. */
bool der_cert_is_for(const struct der_cert *c, enum der_purpose purpose);

#endif
