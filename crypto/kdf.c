// SPDX-License-Identifier: MIT
#include "crypto/kdf.h"

#include "crypto/hash.h"
#include "crypto/heap.h"

#include <bearssl.h>
#include <string.h>

void
kdf_pbkdf2_sha1(uint8_t *to, size_t n, const void *password, size_t plen,
    const void *salt, size_t slen, unsigned rounds)
{
	uint8_t number[4], u[SHA1_LEN], sum[SHA1_LEN];
	br_hmac_key_context key;
	br_hmac_context h;
	uint32_t block = 0;
	size_t i, part;
	unsigned r;

	br_hmac_key_init(&key, &br_sha1_vtable, password, plen);
	for (; n > 0; n -= part, to += part) {
		/* RFC 8018, 5.2: T_i = U_1 xor … U_c, counted from one */
		block++;
		for (i = 0; i < sizeof(number); i++)
			number[i] = (uint8_t)(block >> (24 - 8 * i));
		br_hmac_init(&h, &key, 0);
		br_hmac_update(&h, salt, slen);
		br_hmac_update(&h, number, sizeof(number));
		br_hmac_out(&h, u);
		memcpy(sum, u, sizeof(sum));
		for (r = 1; r < rounds; r++) {
			br_hmac_init(&h, &key, 0);
			br_hmac_update(&h, u, sizeof(u));
			br_hmac_out(&h, u);
			for (i = 0; i < sizeof(sum); i++)
				sum[i] ^= u[i];
		}
		part = n < sizeof(sum) ? n : sizeof(sum);
		memcpy(to, sum, part);
	}
	heap_wipe(&key, sizeof(key));
	heap_wipe(&h, sizeof(h));
	heap_wipe(u, sizeof(u));
	heap_wipe(sum, sizeof(sum));
}
