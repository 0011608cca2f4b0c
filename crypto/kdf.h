/* Keys out of passwords. */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include <stddef.h>
#include <stdint.h>

/* PBKDF2-HMAC-SHA1, any length of output. */
void kdf_pbkdf2_sha1(uint8_t *to, size_t n, const void *password, size_t plen,
    const void *salt, size_t slen, unsigned rounds);

#endif
