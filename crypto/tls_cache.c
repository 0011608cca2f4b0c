// SPDX-License-Identifier: MIT
#include "crypto/tls_cache.h"

#include "crypto/heap.h"

#include <string.h>

#define ID_LEN 32

struct tls_cache *
tls_cache_new(void)
{
	return heap_new(struct tls_cache);
}

void
tls_cache_free(struct tls_cache *c)
{
	heap_free_secret(c, sizeof(*c));
}

bool
tls_session_is_fresh(const struct tls_session *s, int64_t now)
{
	return s->p.session_id_len > 0 && now >= s->made &&
	    now - s->made < TLS_SESSION_SECONDS;
}

void
tls_cache_put(struct tls_cache *c, const struct tls_session *s)
{
	struct tls_session *set = c->v[s->p.session_id[0] % TLS_CACHE_SETS];
	struct tls_session *oldest = set;
	int i;

	if (s->p.session_id_len != ID_LEN)
		return;
	for (i = 0; i < TLS_CACHE_WAYS; i++) {
		if (set[i].p.session_id_len == 0) {
			oldest = &set[i];
			break;
		}
		if (set[i].made < oldest->made)
			oldest = &set[i];
	}
	*oldest = *s;
}

const struct tls_session *
tls_cache_get(const struct tls_cache *c, const uint8_t id[static 32],
    int64_t now)
{
	const struct tls_session *set = c->v[id[0] % TLS_CACHE_SETS];
	int i;

	for (i = 0; i < TLS_CACHE_WAYS; i++)
		if (set[i].p.session_id_len == ID_LEN &&
		    memcmp(set[i].p.session_id, id, ID_LEN) == 0)
			return tls_session_is_fresh(&set[i], now) ? &set[i] :
								    NULL;
	return NULL;
}
