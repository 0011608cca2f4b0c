/* Pins: each the SHA-256 of a peer's SubjectPublicKeyInfo.  As text "sha256:"
 * and 64 hex digits, several with commas between, and nothing else. */
#ifndef CRYPTO_PINS_H
#define CRYPTO_PINS_H

#include "crypto/hash.h"

#define PINS_MAX    16
#define PINS_PREFIX "sha256:"
#define PINS_SIZE   (sizeof(PINS_PREFIX) + 2 * SHA256_LEN) /* of one as text */

struct pins {
	uint8_t v[PINS_MAX][SHA256_LEN];
	size_t n;
};

/* NULL, or why not; to is then empty. */
const char *pins_read(struct pins *to, const char *text);
bool pins_have(const struct pins *p, const uint8_t digest[static SHA256_LEN]);
void pins_put(char to[static PINS_SIZE],
    const uint8_t digest[static SHA256_LEN]);
/* For people: the first, or the first two, and how many others. */
#define PINS_WORDS (2 * PINS_SIZE + 24)
void pins_words(char to[static PINS_WORDS], const struct pins *p);

#endif
