// SPDX-License-Identifier: MIT
#include "net/secure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/mem.h"
#include "crypto/rand.h"

struct secure {
	struct stream s;
	struct loop *l;
	struct stream *under;
	struct tls *tls;
	struct buf early;  /* put before the handshake was done */
	struct buf filled; /* being filled by reserve … commit */
	struct deferred gone;
	bool up, finish, finished, ended, closed, failed;
	char why[240];
};

static struct secure *
secure_of(const struct stream *s)
{
	return list_item(s, struct secure, s);
}

static void
tell(struct secure *x, enum stream_event ev, const uint8_t *p, size_t n)
{
	if (!x->closed && x->s.cb)
		x->s.cb(&x->s, ev, p, n, x->s.arg);
}

static void
fail(struct secure *x, const char *why)
{
	if (x->failed || x->closed)
		return;
	x->failed = true;
	snprintf(x->why, sizeof(x->why), "%s", why);
	tell(x, STREAM_ERROR, NULL, 0);
}

/* Handshake flights and alerts. */
static void
send_output(struct secure *x)
{
	const uint8_t *p;
	size_t n;

	while (p = tls_output(x->tls, &n), n) {
		stream_put(x->under, p, n);
		stream_flush(x->under);
		tls_output_ack(x->tls, n);
	}
}

static void
seal(struct secure *x, const uint8_t *p, size_t n)
{
	size_t room = tls_seal_room(n);
	uint8_t *to = x->under->ops->reserve(x->under, &room);

	x->under->ops->commit(x->under, tls_seal(x->tls, to, p, n));
}

static void
send_end(struct secure *x)
{
	size_t room = TLS_CLOSE_ROOM;
	uint8_t *to;

	if (x->finished || !x->up)
		return;
	x->finished = true;
	to = x->under->ops->reserve(x->under, &room);
	x->under->ops->commit(x->under, tls_seal_close(x->tls, to));
	stream_finish(x->under);
}

static void
come_up(struct secure *x)
{
	if (x->up || !tls_ready(x->tls))
		return;
	x->up = true;
	tell(x, STREAM_UP, NULL, 0);
	if (x->closed)
		return;
	if (buf_len(&x->early)) {
		size_t n = buf_len(&x->early);

		seal(x, buf_peek(&x->early), n);
		buf_free(&x->early);
		tell(x, STREAM_SENT, NULL, n);
	}
	if (!x->closed && x->finish)
		send_end(x);
}

/* A record that came in two reads lies in the session's own memory, which is
 * used again in this pass: nobody may go on borrowing it. */
static bool
lies_in(const uint8_t *p, const uint8_t *fed, size_t n)
{
	return (uintptr_t)p >= (uintptr_t)fed &&
	    (uintptr_t)p < (uintptr_t)fed + n;
}

static void
pull(struct secure *x, const uint8_t *fed, size_t fedlen)
{
	const uint8_t *p;
	size_t n;
	int r;

	while (!x->closed && !x->failed &&
	    (r = tls_next(x->tls, &p, &n)) != 0) {
		if (r > 0) {
			come_up(x);
			tell(x, STREAM_DATA, p, n);
			if (!lies_in(p, fed, fedlen))
				loop_settle(x->l);
			continue;
		}
		send_output(x);
		if (r == ERR_EOF && !x->ended) {
			x->ended = true;
			tell(x, STREAM_EOF, NULL, 0);
		} else if (r != ERR_EOF) {
			fail(x, tls_why(x->tls));
		}
		return;
	}
	if (x->closed || x->failed)
		return;
	send_output(x);
	come_up(x);
}

void
secure_feed(struct stream *s, uint8_t *p, size_t n)
{
	struct secure *x = secure_of(s);

	tls_feed(x->tls, p, n);
	pull(x, p, n);
}

static void
on_under(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct secure *x = arg;

	switch (ev) {
	case STREAM_UP:
		break;
	case STREAM_DATA:
		/* a socket's bytes lie in the loop's scratch: ours to change */
		if (!x->ended && !x->failed)
			secure_feed(&x->s, (uint8_t *)(uintptr_t)p, n);
		break;
	case STREAM_SENT:
		if (stream_queued(s) == 0)
			tell(x, STREAM_SENT, NULL, SIZE_MAX);
		break;
	case STREAM_ROOM:
		tell(x, STREAM_ROOM, NULL, 0);
		break;
	case STREAM_EOF:
		if (x->ended)
			break;
		x->ended = true;
		if (!x->up || tls_truncated(x->tls))
			fail(x, x->up ? "the connection was cut inside a TLS "
					"record" :
					"EOF");
		else
			tell(x, STREAM_EOF, NULL, 0);
		break;
	case STREAM_ERROR:
		fail(x, stream_why(s));
		break;
	}
}

static size_t
secure_room(struct stream *s)
{
	struct secure *x = secure_of(s);
	size_t n = stream_room(x->under);

	if (!x->up)
		return 0; /* STREAM_UP is the word to go on */
	return n;
}

static uint8_t *
secure_reserve(struct stream *s, size_t *n)
{
	struct secure *x = secure_of(s);

	if (*n > 4096)
		loop_lend(x->l, &x->filled);
	return buf_room(&x->filled, *n);
}

static void
secure_put(struct stream *s, const uint8_t *p, size_t n)
{
	struct secure *x = secure_of(s);

	if (n == 0 || x->failed || x->closed || x->finish)
		return;
	if (!x->up)
		buf_put(&x->early, p, n);
	else
		seal(x, p, n);
}

static void
secure_commit(struct stream *s, size_t n)
{
	struct secure *x = secure_of(s);

	buf_added(&x->filled, n);
	secure_put(s, buf_peek(&x->filled), n);
	buf_take(&x->filled, n);
	loop_take_back(x->l, &x->filled);
}

static void
secure_flush(struct stream *s)
{
	stream_flush(secure_of(s)->under);
}

static size_t
secure_queued(const struct stream *s)
{
	const struct secure *x = secure_of(s);

	return buf_len(&x->early) + stream_queued(x->under);
}

static void
secure_finish(struct stream *s)
{
	struct secure *x = secure_of(s);

	if (x->finish || x->failed)
		return;
	x->finish = true;
	if (x->up)
		send_end(x);
}

static void
secure_want(struct stream *s, bool data)
{
	struct secure *x = secure_of(s);

	stream_want(x->under, data || !x->up);
}

static void
secure_consumed(struct stream *s, size_t n)
{
	(void)s;
	(void)n;
}

static void
free_secure(struct deferred *d)
{
	struct secure *x = list_item(d, struct secure, gone);

	tls_free(x->tls);
	buf_wipe(&x->early);
	buf_wipe(&x->filled);
	free(x);
}

static void
secure_close(struct stream *s, bool gentle)
{
	struct secure *x = secure_of(s);

	if (x->closed)
		return;
	x->closed = true; /* before the last record can fail and tell */
	if (gentle && x->up && !x->failed)
		secure_finish(s);
	if (gentle)
		stream_linger(x->under);
	else
		stream_close(x->under);
	loop_defer(x->l, &x->gone, free_secure);
}

static const char *
secure_why(const struct stream *s)
{
	return secure_of(s)->why;
}

static const struct stream_ops secure_ops = {
	.room = secure_room,
	.reserve = secure_reserve,
	.commit = secure_commit,
	.put = secure_put,
	.flush = secure_flush,
	.queued = secure_queued,
	.finish = secure_finish,
	.want = secure_want,
	.consumed = secure_consumed,
	.close = secure_close,
	.why = secure_why,
};

struct stream *
secure_new(struct loop *l, struct stream *under, struct tls_conf *conf,
    const char *name)
{
	struct secure *x = mem_new(struct secure);
	uint8_t seed[32];

	x->s.ops = &secure_ops;
	x->l = l;
	x->under = under;
	rand_bytes(seed, sizeof(seed));
	x->tls = tls_new(conf, name, loop_date(), seed);
	mem_wipe(seed, sizeof(seed));
	stream_on(under, on_under, x);
	stream_want(under, true);
	send_output(x); /* a client speaks first */
	return &x->s;
}

const struct tls *
secure_tls(const struct stream *s)
{
	return s->ops == &secure_ops ? secure_of(s)->tls : NULL;
}
