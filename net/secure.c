// SPDX-License-Identifier: MIT
#include "net/secure.h"

#include <stdlib.h>

#include "core/err.h"
#include "core/mem.h"
#include "crypto/rand.h"
#include "net/layer.h"

struct secure {
	struct layer layer;
	struct tls *tls;
};

static struct secure *
secure_of(const struct layer *x)
{
	return list_item(x, struct secure, layer);
}

/* Handshake flights and alerts. */
static void
send_output(struct layer *x)
{
	struct tls *t = secure_of(x)->tls;
	const uint8_t *p;
	size_t n;

	while (p = tls_output(t, &n), n) {
		stream_put(x->under, p, n);
		stream_flush(x->under);
		tls_output_ack(t, n);
	}
}

static void
seal(struct layer *x, const uint8_t *p, size_t n)
{
	size_t room = tls_seal_room(n);
	uint8_t *to = stream_reserve(x->under, &room);

	stream_commit(x->under, tls_seal(secure_of(x)->tls, to, p, n));
}

static void
say_end(struct layer *x)
{
	size_t room = TLS_CLOSE_ROOM;
	uint8_t *to = stream_reserve(x->under, &room);

	stream_commit(x->under, tls_seal_close(secure_of(x)->tls, to));
	stream_finish(x->under);
}

static const char *
cut(struct layer *x)
{
	if (!x->up)
		return "EOF";
	return tls_truncated(secure_of(x)->tls) ?
	    "the connection was cut inside a TLS record" :
	    NULL;
}

static void
come_up(struct layer *x)
{
	if (tls_ready(secure_of(x)->tls))
		layer_up(x);
}

static void
take(struct layer *x, uint8_t *fed, size_t fedlen)
{
	struct tls *t = secure_of(x)->tls;
	const uint8_t *p;
	size_t n;
	int r;

	tls_feed(t, fed, fedlen);
	while (!x->s.closed && !x->failed && (r = tls_next(t, &p, &n)) != 0) {
		if (r > 0) {
			come_up(x);
			stream_tell(&x->s, STREAM_DATA, p, n);
			continue;
		}
		send_output(x);
		if (r == ERR_EOF)
			layer_eof(x);
		else
			layer_fail(x, tls_why(t));
		return;
	}
	if (x->s.closed || x->failed)
		return;
	send_output(x);
	come_up(x);
	/* a record that came in two reads lies in the session's own memory,
	 * and may be borrowed until then */
	loop_settle(x->s.l);
	tls_rest(t);
}

static void
free_secure(struct layer *x)
{
	struct secure *own = secure_of(x);

	tls_free(own->tls);
	free(own);
}

static const struct layer_kind kind = {
	.data = take,
	.send = seal,
	.end = say_end,
	.cut = cut,
	.free = free_secure,
};

static const struct stream_ops secure_ops = {
	LAYER_OPS,
	.consumed = layer_consumed,
};

struct stream *
secure_new(struct loop *l, struct stream *under, struct tls_conf *conf,
    const char *name)
{
	struct secure *own = mem_new(struct secure);
	uint8_t seed[32];

	rand_bytes(seed, sizeof(seed));
	own->tls = tls_new(conf, name, loop_date(), seed);
	mem_wipe(seed, sizeof(seed));
	layer_init(&own->layer, l, under, &secure_ops, &kind);
	stream_want(under, true);
	send_output(&own->layer); /* a client speaks first */
	if (*tls_why(own->tls)) /* or has no name to check */
		layer_fail(&own->layer, tls_why(own->tls));
	return &own->layer.s;
}

const struct tls *
secure_tls(const struct stream *s)
{
	return s->ops == &secure_ops ? secure_of(layer_of(s))->tls : NULL;
}

/* Of s, or of the outermost below it that has one; NULL without TLS. */
static const struct tls *
tls_of(const struct stream *s)
{
	while (s && !secure_tls(s))
		s = s->ops->under ? s->ops->under(s) : NULL;
	return s ? secure_tls(s) : NULL;
}

const char *
secure_peer(const struct stream *s)
{
	const struct tls *t = tls_of(s);

	return t ? tls_peer_pin(t) : NULL;
}

const char *
secure_strange(const struct stream *s)
{
	const struct tls *t = tls_of(s);

	return t ? tls_strange_pin(t) : NULL;
}
