// SPDX-License-Identifier: MIT
#include "crypto/own_key.h"

#include "crypto/der.h"
#include "crypto/heap.h"
#include "crypto/pem.h"

#include <string.h>

#define NUMBER 32 /* bytes of a key on P-256 */

void
own_key_new(struct pem_key *to, const br_prng_class **rng)
{
	*to = (struct pem_key){ .type = BR_KEYTYPE_EC,
		.memory = heap_zero(BR_EC_KBUF_PRIV_MAX_SIZE),
		.size = BR_EC_KBUF_PRIV_MAX_SIZE };
	br_ec_keygen(rng, br_ec_get_default(), &to->ec, to->memory,
	    BR_EC_secp256r1);
}

/* PKCS#8 around SEC1 around the number, which is all that counts. */
static const uint8_t head[] = { DER_SEQUENCE, 65, DER_INTEGER, 1, 0,
	DER_SEQUENCE, 19, DER_OID, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1,
	DER_OID, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, DER_OCTETS, 39,
	DER_SEQUENCE, 37, DER_INTEGER, 1, 1, DER_OCTETS, NUMBER };
static const char begin[] = "-----BEGIN PRIVATE KEY-----\n";
static const char end[] = "-----END PRIVATE KEY-----\n";

/* Base64, 64 characters a line; n leaves 1 when divided by three. */
static char *
put_lines(char *to, const uint8_t *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	for (i = 0; i + 1 < n; i += 3) {
		*to++ = digits[p[i] >> 2];
		*to++ = digits[(p[i] & 3) << 4 | p[i + 1] >> 4];
		*to++ = digits[(p[i + 1] & 15) << 2 | p[i + 2] >> 6];
		*to++ = digits[p[i + 2] & 63];
		if (i % 48 == 45)
			*to++ = '\n';
	}
	*to++ = digits[p[i] >> 2];
	*to++ = digits[(p[i] & 3) << 4];
	memcpy(to, "==\n", 3);
	return to + 3;
}

char *
own_key_make(const uint8_t seed[static 32])
{
	uint8_t der[sizeof(head) + NUMBER];
	char *text = heap_zero(256), *to;
	br_hmac_drbg_context rng;
	struct pem_key k;

	br_hmac_drbg_init(&rng, &br_sha256_vtable, seed, 32);
	own_key_new(&k, &rng.vtable);
	memcpy(der, head, sizeof(head));
	memcpy(der + sizeof(head), k.ec.x, NUMBER);
	strcpy(text, begin);
	to = put_lines(text + sizeof(begin) - 1, der, sizeof(der));
	strcpy(to, end);
	heap_wipe(der, sizeof(der));
	heap_wipe(&rng, sizeof(rng));
	pem_free_key(&k);
	return text;
}

const char *
own_key_read(struct pem_key *to, const char *text)
{
	const char *why = pem_read_key(to, text);

	if (!why && (to->type != BR_KEYTYPE_EC ||
	    to->ec.curve != BR_EC_secp256r1 || to->ec.xlen > NUMBER)) {
		pem_free_key(to);
		why = "private key is not on P-256";
	}
	return why;
}

const char *
own_key_check(const char *text)
{
	struct pem_key k;
	const char *why = own_key_read(&k, text);

	pem_free_key(&k);
	return why;
}
