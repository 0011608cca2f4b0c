/* AES-128 in CFB mode with 128-bit feedback, as a byte stream: what was cut
 * where does not matter.  One object is one direction.  The IV is the
 * caller's business. */
#ifndef CRYPTO_CFB_H
#define CRYPTO_CFB_H

#include <stddef.h>
#include <stdint.h>

#define CFB_KEY_LEN 16
#define CFB_IV_LEN  16

struct cfb;

struct cfb *cfb_new(const uint8_t key[static CFB_KEY_LEN],
    const uint8_t iv[static CFB_IV_LEN]);
void cfb_free(struct cfb *c); /* wipes the key; NULL is fine */
void cfb_encrypt(struct cfb *c, uint8_t *p, size_t n); /* in place */
void cfb_decrypt(struct cfb *c, uint8_t *p, size_t n); /* in place */

#endif
