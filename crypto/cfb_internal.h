/* Between the files of CFB, and for its tests. */
#ifndef CRYPTO_CFB_INTERNAL_H
#define CRYPTO_CFB_INTERNAL_H

#include "crypto/cfb.h"

#include <stdbool.h>

/* fast only where the CPU has AES. */
struct cfb *cfb_new_with(const uint8_t key[static CFB_KEY_LEN],
    const uint8_t iv[static CFB_IV_LEN], bool fast);

/* n bytes in whole blocks, in place; last: the cipher text block before them,
 * then the last of theirs.  keys: eleven AES-128 round keys. */
void cfb_x86_decrypt(const uint8_t *keys, uint8_t last[static CFB_IV_LEN],
    uint8_t *p, size_t n);

#endif
