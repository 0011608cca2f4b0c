// SPDX-License-Identifier: MIT
#include "crypto/hash.h"

#include <bearssl.h>

void
hash_md5(uint8_t to[static MD5_LEN], const void *a, size_t an, const void *b,
    size_t bn)
{
	br_md5_context c;

	br_md5_init(&c);
	br_md5_update(&c, a, an);
	br_md5_update(&c, b, bn);
	br_md5_out(&c, to);
}

void
hash_sha1(uint8_t to[static SHA1_LEN], const void *a, size_t an, const void *b,
    size_t bn)
{
	br_sha1_context c;

	br_sha1_init(&c);
	br_sha1_update(&c, a, an);
	br_sha1_update(&c, b, bn);
	br_sha1_out(&c, to);
}

void
hash_sha256(uint8_t to[static SHA256_LEN], const void *a, size_t an,
    const void *b, size_t bn)
{
	br_sha256_context c;

	br_sha256_init(&c);
	br_sha256_update(&c, a, an);
	br_sha256_update(&c, b, bn);
	br_sha256_out(&c, to);
}

bool
hash_same(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t diff = 0;

	while (n--)
		diff |= *x++ ^ *y++;
	return diff == 0;
}
