/* A client and a server of ours, joined in memory. */
#ifndef TEST_CRYPTO_PAIR_H
#define TEST_CRYPTO_PAIR_H

#include "crypto/tls.h"
#include "test/t.h"
#include "test/vectors/certs.h"

#define NOW	((int64_t)1800000000) /* within every test certificate */
#define YEAR	((int64_t)31556952)
#define ERR_EOF (-1)
#define ERR_TLS (-6)

struct pair {
	struct tls_conf *cc, *sc;
	struct tls *c, *s;
	int cr, sr; /* what tls_next said last */
};

static inline struct tls_conf *
conf_new(enum tls_side side, const struct tls_setup *setup)
{
	static const uint8_t seed[32] = "certificates";
	char why[256] = "";
	struct tls_conf *c;

	c = tls_conf_new(side, setup, NOW, seed, why, sizeof(why));
	if (!CHECK(c != NULL))
		printf("    %s\n", why);
	return c;
}

/* New sessions over confs that are there already. */
static inline void
pair_connect(struct pair *p, const char *name, int64_t now)
{
	static unsigned count;
	uint8_t seed[32] = { 1, (uint8_t)count, (uint8_t)(count >> 8) };

	count++;
	p->c = tls_new(p->cc, name, now, seed);
	seed[0] = 2;
	p->s = tls_new(p->sc, NULL, now, seed);
	p->cr = p->sr = 0;
}

/* Feeds and expects no data; step 0 is all at once. */
static inline int
feed_quietly(struct tls *t, const uint8_t *p, size_t n, size_t step)
{
	uint8_t *copy = malloc(n ? n : 1);
	const uint8_t *text;
	size_t at, part, len;
	int r = 0;

	memcpy(copy, p, n);
	if (step == 0)
		step = n;
	for (at = 0; at < n && r == 0; at += part) {
		part = step < n - at ? step : n - at;
		tls_feed(t, copy + at, part);
		while ((r = tls_next(t, &text, &len)) > 0)
			CHECK(!"data in the handshake");
	}
	free(copy);
	return r;
}

/* Moves what from has to say; true when that was something. */
static inline bool
pass(struct tls *from, struct tls *to, size_t step, int *r)
{
	const uint8_t *p;
	size_t n;

	p = tls_output(from, &n);
	if (n == 0)
		return false;
	if (*r == 0)
		*r = feed_quietly(to, p, n, step);
	tls_output_ack(from, n);
	return true;
}

static inline bool
pair_shake(struct pair *p, size_t step)
{
	bool more = true;

	while (more) {
		more = pass(p->c, p->s, step, &p->sr);
		more = pass(p->s, p->c, step, &p->cr) || more;
	}
	return tls_ready(p->c) && tls_ready(p->s);
}

static inline void
pair_confs(struct pair *p, const struct tls_setup *c, const struct tls_setup *s)
{
	memset(p, 0, sizeof(*p));
	p->cc = conf_new(TLS_CLIENT, c);
	p->sc = conf_new(TLS_SERVER, s);
}

static inline void
pair_end(struct pair *p)
{
	tls_free(p->c);
	tls_free(p->s);
	p->c = p->s = NULL;
}

static inline void
pair_free(struct pair *p)
{
	pair_end(p);
	tls_conf_free(p->cc);
	tls_conf_free(p->sc);
}

/* One handshake with these settings: was it good? */
static inline bool
pair_try(struct pair *p, const struct tls_setup *c, const struct tls_setup *s,
    const char *name, int64_t now)
{
	pair_confs(p, c, s);
	pair_connect(p, name, now);
	return pair_shake(p, 0);
}

#endif
