/* frp's encryption of a stream: each direction begins with an IV, sent in
 * clear right before its first byte, then AES-128-CFB under one key. */
#ifndef CORE_FILTER_CFB_H
#define CORE_FILTER_CFB_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "crypto/cfb.h"

struct filter_cfb {
	uint8_t key[CFB_KEY_LEN], iv_out[CFB_IV_LEN], iv_in[CFB_IV_LEN];
	uint8_t iv_have; /* bytes of iv_in */
	struct cfb *in, *out;
};

/* iv: 16 random bytes for our direction. */
void filter_cfb_init(struct filter_cfb *f, const char *token,
    const uint8_t iv[static CFB_IV_LEN]);
void filter_cfb_release(struct filter_cfb *f);
/* In place; returns how many of the n bytes, at the end, are plain text: the
 * first ones may have been the IV. */
size_t filter_cfb_decode(struct filter_cfb *f, uint8_t *p, size_t n);
/* Puts the ciphertext of p, the first time with the IV in front; nothing for
 * n of 0. */
void filter_cfb_encode(struct filter_cfb *f, struct buf *to, const void *p,
    size_t n);

#endif
