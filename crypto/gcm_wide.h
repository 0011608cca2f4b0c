/* The two parts of AES-GCM two blocks to an instruction, in the shape BearSSL
 * takes them.  Little input goes BearSSL's own way, which wins there. */
#ifndef CRYPTO_GCM_WIDE_H
#define CRYPTO_GCM_WIDE_H

#include <bearssl.h>
#include <stdbool.h>

/* Has this CPU VAES and VPCLMULQDQ, and does its kernel keep their registers?
 * Without them the others may not be called.  Asking is slow: ask once. */
bool gcm_wide_here(void);

extern const br_block_ctr_class gcm_wide_ctr;
/* See br_ghash. */
void gcm_wide_ghash(void *y, const void *h, const void *data, size_t len);

#endif
