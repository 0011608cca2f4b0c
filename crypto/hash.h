/* Digests in one call each, and the comparison that takes the same time
 * whatever it finds. */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MD5_LEN	   16
#define SHA1_LEN   20
#define SHA256_LEN 32

/* The digest of a followed by b; b may be NULL with bn 0. */
void hash_md5(uint8_t to[static MD5_LEN], const void *a, size_t an,
    const void *b, size_t bn);
void hash_sha1(uint8_t to[static SHA1_LEN], const void *a, size_t an,
    const void *b, size_t bn);
void hash_sha256(uint8_t to[static SHA256_LEN], const void *a, size_t an,
    const void *b, size_t bn);

bool hash_same(const void *a, const void *b, size_t n);

#endif
