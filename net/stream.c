// SPDX-License-Identifier: MIT
/* What is alike in all streams: when their holders are told. */
#include "net/stream.h"

#include <assert.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "core/mem.h"

#define BIT(ev) (1u << (ev))

/* Bytes kept for a stream's next holder.  That is rare, so they are not part
 * of each stream. */
struct held {
	struct list at; /* in the loop's */
	struct stream *s;
	struct buf bytes;
	size_t told; /* of them, when nobody was there to be told */
};

static struct held *
held_of(struct stream *s)
{
	struct list *at;

	list_each(at, &s->l->held)
		if (list_item(at, struct held, at)->s == s)
			return list_item(at, struct held, at);
	return NULL;
}

static struct held *
held_put(struct stream *s, const uint8_t *p, size_t n)
{
	struct held *h = held_of(s);

	if (!h) {
		h = mem_new(struct held);
		h->s = s;
		list_add(&s->l->held, &h->at);
	}
	buf_put(&h->bytes, p, n);
	return h;
}

static void
held_free(struct held *h)
{
	list_del(&h->at);
	buf_wipe(&h->bytes);
	free(h);
}

static void tell_owing(struct errand *e);

/* What is due is told once somebody listens. */
static void
tell_soon(struct stream *s)
{
	if (!s->cb || !list_empty(&s->at))
		return; /* one that is to be flushed comes back for it */
	list_add(&s->l->owing, &s->at);
	s->l->tell.run = tell_owing;
	loop_later(s->l, &s->l->tell);
}

static void
owe(struct stream *s, enum stream_event ev)
{
	s->due |= (uint8_t)BIT(ev);
	tell_soon(s);
}

void
stream_owe(struct stream *s, enum stream_event ev, size_t n)
{
	if (s->closed || (ev == STREAM_SENT && n == 0))
		return;
	if (ev == STREAM_SENT)
		s->sent = n < UINT32_MAX - s->sent ? s->sent + (uint32_t)n :
						     UINT32_MAX;
	owe(s, ev);
}

/* A holder gives back what he had, which has its measure there.  What is told
 * to nobody has none but this: another holder is there before the next read.
 */
static void
keep(struct stream *s, const uint8_t *p, size_t n)
{
	struct held *h;

	assert(p || n == 0); /* none of it is in a sink already */
	if (n == 0)
		return;
	h = held_put(s, p, n);
	h->told += n;
#ifdef LOOP_CHECKED
	assert(h->told <= STREAM_KEPT);
#endif
	owe(s, STREAM_DATA);
}

void
stream_unread(struct stream *s, const void *p, size_t n)
{
	if (s->closed || n == 0)
		return;
	held_put(s, p, n);
	owe(s, STREAM_DATA);
}

void
stream_unread_eof(struct stream *s)
{
	if (!s->closed)
		owe(s, STREAM_EOF);
}

void
stream_tell(struct stream *s, enum stream_event ev, const uint8_t *p,
    size_t n)
{
	if (s->closed)
		return;
	if (s->cb && !stream_keeps(s)) {
		loop_may_tell(s->l);
		s->cb(s, ev, p, n, s->arg);
		return;
	}
	if (ev == STREAM_DATA)
		keep(s, p, n);
	else
		owe(s, ev);
}

/* Bytes that were kept lie in their own memory until all have looked. */
static void
tell_held(struct stream *s)
{
	struct held *h = held_of(s);

	h->s = NULL;
	s->cb(s, STREAM_DATA, buf_peek(&h->bytes), buf_len(&h->bytes),
	    s->arg);
	loop_settle(s->l);
	held_free(h);
}

static size_t
take_sent(struct stream *s)
{
	size_t n = s->sent < UINT32_MAX ? s->sent : SIZE_MAX;

	s->sent = 0;
	return n;
}

static void
tell_due(struct stream *s)
{
	unsigned ev;

	for (ev = STREAM_UP; ev < STREAM_EVENTS; ev++) {
		/* who was told may have closed it, or left it */
		if (s->closed || !s->cb)
			return;
		if (s->due & (BIT(ev) - 1)) { /* or given something back */
			tell_soon(s);
			return;
		}
		if (!(s->due & BIT(ev)))
			continue;
		s->due &= (uint8_t)~BIT(ev);
		if (ev == STREAM_DATA)
			tell_held(s);
		else
			s->cb(s, ev, NULL, ev == STREAM_SENT ? take_sent(s) :
			    0, s->arg);
	}
}

void
stream_tell_kept(struct stream *s)
{
	if (s->closed || !stream_keeps(s))
		return;
	loop_may_tell(s->l);
	if (!s->flushing)
		list_del(&s->at);
	tell_due(s);
}

static void
tell_owing(struct errand *e)
{
	struct loop *l = list_item(e, struct loop, tell);
	struct list now;

	list_init(&now);
	list_move(&now, &l->owing);
	while (!list_empty(&now)) {
		struct stream *s = list_item(now.next, struct stream, at);

		list_del(&s->at);
		tell_due(s);
	}
}

static void
flush_all(struct errand *e)
{
	struct loop *l = list_item(e, struct loop, flush);

	while (!list_empty(&l->flushing)) {
		struct stream *s = list_item(l->flushing.next, struct stream,
		    at);

		list_del(&s->at);
		s->flushing = false;
		s->ops->flush(s);
		if (s->due)
			tell_soon(s);
	}
}

void
stream_flush_later(struct stream *s)
{
	if (s->flushing)
		return;
	s->flushing = true;
	list_del(&s->at);
	list_add(&s->l->flushing, &s->at);
	s->l->flush.run = flush_all;
	loop_settle_later(s->l, &s->l->flush);
}

void
stream_free_later(struct stream *s, void (*run)(struct deferred *))
{
	list_del(&s->at);
	loop_defer(s->l, &s->gone, run);
}

void
stream_on(struct stream *s, stream_cb *cb, void *arg)
{
	s->cb = cb;
	s->arg = arg;
	if (!s->due)
		return;
	s->due &= (uint8_t)~BIT(STREAM_SENT);
	s->sent = 0;
	if (s->due)
		tell_soon(s);
}

static void
stream_end(struct stream *s, bool gentle)
{
	struct held *h;

	if (!s || s->closed)
		return;
	s->closed = true;
	s->cb = NULL;
	s->sink = NULL;
	if (!s->flushing)
		list_del(&s->at);
	if (s->due & BIT(STREAM_DATA) && (h = held_of(s)) != NULL)
		held_free(h);
	s->due = 0;
	loop_enter(s->l);
	s->ops->close(s, gentle);
	loop_leave(s->l);
}

void
stream_close(struct stream *s)
{
	stream_end(s, false);
}

void
stream_linger(struct stream *s)
{
	stream_end(s, true);
}

void
stream_init(struct stream *s, struct loop *l, const struct stream_ops *ops)
{
	s->ops = ops;
	s->l = l;
	list_init(&s->at);
}
