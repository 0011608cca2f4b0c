/* The sessions that a server may resume.  The place of each follows from its
 * identifier, which we drew ourselves; an old one makes room for a new one. */
#ifndef CRYPTO_TLS_CACHE_H
#define CRYPTO_TLS_CACHE_H

#include "crypto/hash.h"

#include <bearssl.h>
#include <stdbool.h>
#include <stdint.h>

/* After this a full handshake judges the certificates anew. */
#define TLS_SESSION_SECONDS 43200
#define TLS_CACHE_SETS	    256
#define TLS_CACHE_WAYS	    4

struct tls_session {
	br_ssl_session_parameters p; /* no identifier: nothing here */
	int64_t made;
	bool has_pin;
	uint8_t pin[SHA256_LEN]; /* of the peer that was judged then */
};

struct tls_cache {
	struct tls_session v[TLS_CACHE_SETS][TLS_CACHE_WAYS];
};

struct tls_cache *tls_cache_new(void);
void tls_cache_free(struct tls_cache *c);
void tls_cache_put(struct tls_cache *c, const struct tls_session *s);
/* NULL: never seen, or too old. */
const struct tls_session *tls_cache_get(const struct tls_cache *c,
    const uint8_t id[static 32], int64_t now);
bool tls_session_is_fresh(const struct tls_session *s, int64_t now);

#endif
