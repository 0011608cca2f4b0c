// SPDX-License-Identifier: MIT
/* A stream of a link.  When its owner closes it gently it stays in the link's
 * list until both ends are said, reading away what still comes. */
#include <stdlib.h>

#include "core/bytes.h"
#include "core/mem.h"
#include "net/link_internal.h"

static struct mstream *
mstream_of(const struct stream *s)
{
	return list_item(s, struct mstream, s);
}

static void
free_mstream(struct deferred *d)
{
	struct mstream *x = list_item(d, struct mstream, s.gone);

	buf_free(&x->late);
	free(x);
}

/* Out of the link; freed if nobody holds it any more. */
static void
leave(struct mstream *x)
{
	list_del(&x->at);
	list_del(&x->starved);
	x->k = NULL;
	if (x->s.closed)
		stream_free_later(&x->s, free_mstream);
}

static void
say_fin(struct mstream *x)
{
	if (!x->finish || buf_len(&x->late) || !x->k)
		return;
	mux_finish(x->k->mux, loop_now(x->k->l), x->id);
	link_soon(x->k);
	if (x->s.closed && x->ended)
		leave(x);
}

void
mstream_broken(struct mstream *x)
{
	leave(x);
	stream_owe(&x->s, STREAM_ERROR, 0);
}

static void
send_late(struct mstream *x)
{
	struct link *k = x->k;
	size_t n = min_size(buf_len(&x->late), mux_room(k->mux, x->id));

	n = min_size(n, link_room(k));
	if (n == 0)
		return;
	mux_write(k->mux, x->id, buf_peek(&x->late), n);
	buf_take(&x->late, n);
	if (buf_len(&x->late) == 0)
		buf_free(&x->late);
	link_soon(k);
	stream_owe(&x->s, STREAM_SENT, n);
	say_fin(x);
}

static void
starve(struct mstream *x)
{
	if (x->k && list_empty(&x->starved))
		list_add(&x->k->starved, &x->starved);
}

void
mstream_turn(struct mstream *x)
{
	if (buf_len(&x->late))
		send_late(x);
	if (!x->k || mux_room(x->k->mux, x->id) == 0)
		return; /* it waits for its own window */
	if (buf_len(&x->late))
		starve(x);
	else if (!x->finish)
		stream_owe(&x->s, STREAM_ROOM, 0);
}

void
mstream_passed(struct mstream *x, size_t n)
{
	stream_tell(&x->s, STREAM_DATA, NULL, n);
}

void
mstream_event(struct mstream *x, const struct mux_event *ev)
{
	switch (ev->type) {
	case MUX_DATA:
		if (x->s.closed) {
			mux_consumed(x->k->mux, loop_now(x->k->l), x->id,
			    ev->n);
			link_soon(x->k);
			break;
		}
		stream_tell(&x->s, STREAM_DATA, ev->p, ev->n);
		break;
	case MUX_FIN:
		x->ended = true;
		stream_tell(&x->s, STREAM_EOF, NULL, 0);
		if (x->k && x->s.closed && x->finish &&
		    buf_len(&x->late) == 0)
			leave(x);
		break;
	case MUX_RST:
		mstream_broken(x);
		break;
	case MUX_ROOM:
		starve(x);
		link_soon(x->k);
		break;
	default:
		break;
	}
}

static size_t
room(struct stream *s)
{
	struct mstream *x = mstream_of(s);
	size_t n;

	if (!x->k || x->finish)
		return 0;
	n = buf_len(&x->late) ? 0 :
				min_size(link_room(x->k),
				    mux_room(x->k->mux, x->id));
	/* with a window left it is the link that is full, and it has a list */
	if (n == 0 && mux_room(x->k->mux, x->id))
		starve(x);
	return n;
}

static uint8_t *
reserve(struct stream *s, size_t *n)
{
	struct mstream *x = mstream_of(s);
	struct buf *out = mux_out(x->k->mux);

	if (*n > 4096)
		loop_lend(x->k->l, out);
	return mux_reserve(x->k->mux, x->id, n);
}

static void
commit(struct stream *s, size_t n)
{
	struct mstream *x = mstream_of(s);

	mux_commit(x->k->mux, x->id, n);
	link_soon(x->k);
}

/* Where the link itself is a socket, and nothing stands before it there. */
static struct conn *
past(struct stream *s, size_t *n)
{
	struct mstream *x = mstream_of(s);
	struct conn *c;
	size_t most;

	if (!x->k || x->finish || buf_len(&x->late) ||
	    !x->k->under->ops->socket || buf_len(mux_out(x->k->mux)))
		return NULL;
	c = x->k->under->ops->past(x->k->under, &most);
	*n = min_size(most, mux_room(x->k->mux, x->id));
	return *n >= LINK_BIG ? c : NULL;
}

static size_t
claim(struct stream *s, size_t n, uint8_t head[static STREAM_HEAD])
{
	struct mstream *x = mstream_of(s);

	mux_claim(x->k->mux, x->id, n, head);
	return MUX_HEAD;
}

static void
put(struct stream *s, const uint8_t *p, size_t n)
{
	struct mstream *x = mstream_of(s);
	size_t now = 0;

	if (!x->k || x->finish || n == 0)
		return;
	if (buf_len(&x->late) == 0) {
		now = min_size(n, mux_room(x->k->mux, x->id));
		if (now) {
			mux_write(x->k->mux, x->id, p, now);
			link_soon(x->k);
		}
	}
	if (now < n)
		buf_put(&x->late, p + now, n - now);
	stream_owe(&x->s, STREAM_SENT, now);
}

static void
flush(struct stream *s)
{
	(void)s;
}

static size_t
queued(const struct stream *s)
{
	return buf_len(&mstream_of(s)->late);
}

static void
finish(struct stream *s)
{
	struct mstream *x = mstream_of(s);

	if (x->finish)
		return;
	x->finish = true;
	say_fin(x);
}

static void
want(struct stream *s, bool data)
{
	(void)s; /* held back by its window */
	(void)data;
}

static void
consumed(struct stream *s, size_t n)
{
	struct mstream *x = mstream_of(s);

	if (!x->k)
		return;
	mux_consumed(x->k->mux, loop_now(x->k->l), x->id, n);
	if (buf_len(mux_out(x->k->mux)))
		link_soon(x->k);
}

static void
close_stream(struct stream *s, bool gentle)
{
	struct mstream *x = mstream_of(s);

	if (!x->k) {
		stream_free_later(s, free_mstream);
		return;
	}
	link_look_ahead(x->k); /* nothing may go to its sink any more */
	if (gentle) {
		finish(s);
		if (x->k && x->ended && buf_len(&x->late) == 0)
			leave(x);
		return;
	}
	mux_reset(x->k->mux, x->id);
	link_soon(x->k);
	leave(x);
}

static const char *
why(const struct stream *s)
{
	return mstream_of(s)->k ? "closed" : "connection reset by peer";
}

static const struct stream_ops mstream_ops = {
	.room = room,
	.reserve = reserve,
	.commit = commit,
	.put = put,
	.flush = flush,
	.queued = queued,
	.finish = finish,
	.want = want,
	.consumed = consumed,
	.close = close_stream,
	.why = why,
	.past = past,
	.claim = claim,
	.windowed = true,
};

struct mstream *
mstream_new(struct link *k, uint32_t id)
{
	struct mstream *x = mem_new(struct mstream);

	stream_init(&x->s, k->l, &mstream_ops);
	x->k = k;
	x->id = id;
	list_init(&x->starved);
	list_add(&k->streams, &x->at);
	mux_set_arg(k->mux, id, x);
	return x;
}

struct link *
link_of(const struct stream *s)
{
	return s->ops == &mstream_ops ? mstream_of(s)->k : NULL;
}
