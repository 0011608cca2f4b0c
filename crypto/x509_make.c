// SPDX-License-Identifier: MIT
/* DER is written from its end to its start: then every length is known when
 * its turn comes. */
#include "crypto/x509_make.h"

#include "crypto/der.h"
#include "crypto/hash.h"
#include "crypto/heap.h"
#include "crypto/own_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR 3600
#define DAY  86400

struct writer {
	uint8_t b[1024];
	size_t at; /* the text is b + at to the end */
};

/* ecdsa-with-SHA256 */
static const uint8_t algorithm[] = { DER_SEQUENCE, 10, DER_OID, 8, 0x2a, 0x86,
	0x48, 0xce, 0x3d, 4, 3, 2 };
/* id-ecPublicKey, prime256v1 */
static const uint8_t key_kind[] = { DER_SEQUENCE, 19, DER_OID, 7, 0x2a, 0x86,
	0x48, 0xce, 0x3d, 2, 1, DER_OID, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1,
	7 };
/* CN=culvert */
static const uint8_t name[] = { DER_SEQUENCE, 18, DER_SET, 16, DER_SEQUENCE, 14,
	DER_OID, 3, 0x55, 4, 3, DER_UTF8, 7, 'c', 'u', 'l', 'v', 'e', 'r',
	't' };
static const uint8_t extensions[] = { 0xa3, 69, DER_SEQUENCE, 67,
	/* keyUsage, critical: digitalSignature */
	DER_SEQUENCE, 14, DER_OID, 3, 0x55, 0x1d, 15, DER_BOOLEAN, 1, 0xff,
	DER_OCTETS, 4, DER_BIT_STRING, 2, 7, 0x80,
	/* extKeyUsage: serverAuth, clientAuth */
	DER_SEQUENCE, 29, DER_OID, 3, 0x55, 0x1d, 37, DER_OCTETS, 22,
	DER_SEQUENCE, 20, DER_OID, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1, DER_OID, 8,
	0x2b, 6, 1, 5, 5, 7, 3, 2,
	/* subjectAltName: culvert */
	DER_SEQUENCE, 18, DER_OID, 3, 0x55, 0x1d, 17, DER_OCTETS, 11,
	DER_SEQUENCE, 9, 0x82, 7, 'c', 'u', 'l', 'v', 'e', 'r', 't' };
static const uint8_t version_3[] = { 0xa0, 3, DER_INTEGER, 1, 2 };

static void
put(struct writer *w, const void *p, size_t n)
{
	w->at -= n;
	memcpy(w->b + w->at, p, n);
}

/* Wraps what was written since it reached to end. */
static void
wrap(struct writer *w, uint8_t tag, size_t end)
{
	size_t n = end - w->at;
	uint8_t head[4] = { tag, (uint8_t)n };
	size_t len = 2;

	if (n > 0xff) {
		head[1] = 0x82;
		head[2] = (uint8_t)(n >> 8);
		head[3] = (uint8_t)n;
		len = 4;
	} else if (n > 0x7f) {
		head[1] = 0x81;
		head[2] = (uint8_t)n;
		len = 3;
	}
	put(w, head, len);
}

/* Proleptic Gregorian, counted in years that start in March. */
static void
put_time(struct writer *w, int64_t t)
{
	int64_t days = t / DAY + 719468, era, year;
	unsigned sec = (unsigned)(t % DAY), doe, yoe, doy, mp, month;
	char text[40];
	int n;

	era = days / 146097;
	doe = (unsigned)(days - era * 146097);
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	month = mp < 10 ? mp + 3 : mp - 9;
	year = (int64_t)yoe + era * 400 + (month <= 2);
	/* RFC 5280, 4.1.2.5: two digits of the year through 2049 */
	n = snprintf(text, sizeof(text), "%c%c%04d%02u%02u%02u%02u%02uZ",
	    DER_TIME, 15, (int)year, month, doy - (153 * mp + 2) / 5 + 1,
	    sec / HOUR, sec / 60 % 60, sec % 60);
	if (year < 2050) {
		text[2] = DER_UTC_TIME;
		text[3] = 13;
		put(w, text + 4, (size_t)n - 4);
		put(w, text + 2, 2);
	} else {
		put(w, text, (size_t)n);
	}
}

static void
put_to_be_signed(struct writer *w, const br_ec_public_key *pk,
    const uint8_t serial[16], int64_t now)
{
	size_t end = w->at, part;
	uint8_t zero = 0;

	if (now < HOUR)
		now = HOUR;
	put(w, extensions, sizeof(extensions));
	part = w->at;
	put(w, pk->q, pk->qlen);
	put(w, &zero, 1);
	wrap(w, DER_BIT_STRING, part);
	put(w, key_kind, sizeof(key_kind));
	wrap(w, DER_SEQUENCE, part);
	put(w, name, sizeof(name));
	part = w->at;
	put_time(w, now + 3652 * (int64_t)DAY);
	put_time(w, now - HOUR);
	wrap(w, DER_SEQUENCE, part);
	put(w, name, sizeof(name));
	put(w, algorithm, sizeof(algorithm));
	part = w->at;
	put(w, serial, 16);
	wrap(w, DER_INTEGER, part);
	put(w, version_3, sizeof(version_3));
	wrap(w, DER_SEQUENCE, end);
}

static void
put_signature(struct writer *w, const br_ec_private_key *sk,
    const uint8_t digest[SHA256_LEN])
{
	uint8_t sig[80], zero = 0;
	size_t end = w->at, n;

	n = br_ecdsa_sign_asn1_get_default()(br_ec_get_default(),
	    &br_sha256_vtable, digest, sk, sig);
	put(w, sig, n);
	put(w, &zero, 1);
	wrap(w, DER_BIT_STRING, end);
}

void
x509_make(struct pem_certs *certs, struct pem_key *key, int64_t now,
    const uint8_t seed[static 32])
{
	struct writer tbs = { .at = sizeof(tbs.b) };
	struct writer all = { .at = sizeof(all.b) };
	const br_ec_impl *ec = br_ec_get_default();
	uint8_t pub[BR_EC_KBUF_PUB_MAX_SIZE], digest[SHA256_LEN], serial[16];
	br_hmac_drbg_context rng;
	br_ec_public_key pk;

	br_hmac_drbg_init(&rng, &br_sha256_vtable, seed, 32);
	if (key->type == 0)
		own_key_new(key, &rng.vtable);
	br_ec_compute_pub(ec, &pk, pub, &key->ec);
	br_hmac_drbg_generate(&rng, serial, sizeof(serial));
	serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, no leading zero */

	put_to_be_signed(&tbs, &pk, serial, now);
	hash_sha256(digest, tbs.b + tbs.at, sizeof(tbs.b) - tbs.at, NULL, 0);
	put_signature(&all, &key->ec, digest);
	put(&all, algorithm, sizeof(algorithm));
	put(&all, tbs.b + tbs.at, sizeof(tbs.b) - tbs.at);
	wrap(&all, DER_SEQUENCE, sizeof(all.b));

	certs->v = heap_new(br_x509_certificate);
	certs->n = 1;
	certs->v[0].data_len = sizeof(all.b) - all.at;
	certs->v[0].data = heap_dup(all.b + all.at, certs->v[0].data_len);
	heap_wipe(&rng, sizeof(rng));
}
