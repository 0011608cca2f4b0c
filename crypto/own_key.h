/* A server's own key, for one that was given none: ECDSA P-256. */
#ifndef CRYPTO_OWN_KEY_H
#define CRYPTO_OWN_KEY_H

#include <stdint.h>

struct pem_key;
struct br_prng_class_;

/* A new one as PEM text, for a file; mem_free_secret is for it. */
char *own_key_make(const uint8_t seed[static 32]);
/* NULL, or why the text holds none. */
const char *own_key_check(const char *text);

/* Within crypto/. */
const char *own_key_read(struct pem_key *to, const char *text);
void own_key_new(struct pem_key *to, const struct br_prng_class_ **rng);

#endif
