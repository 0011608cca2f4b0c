// SPDX-License-Identifier: MIT
#include "net/hold.h"

#include "net/conn.h"

/* Of a socket a little is enough. */
void
hold_add(struct hold *h, const uint8_t *p, size_t n)
{
	if (h->budget)
		h->budget->used += n;
	buf_put(&h->early, p, n);
	if (!h->s->ops->windowed && buf_len(&h->early) >= CONN_SIP)
		stream_want(h->s, false);
}

static void
on_data(struct hold *h, const uint8_t *p, size_t n)
{
	h->full = h->budget && h->budget->used + n > h->budget->most;
	if (h->full)
		h->broken(h->arg);
	else
		hold_add(h, p, n);
}

static void
on_end(struct hold *h)
{
	h->ended = true;
	if (h->on_end)
		h->on_end(h->arg);
}

/* Of nothing it touches no budget: whose it is may be gone by then. */
void
hold_release(struct hold *h)
{
	size_t n = buf_len(&h->early);

	if (n && h->budget)
		h->budget->used -= n;
	buf_free(&h->early);
}

static void
on_event(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct hold *h = arg;

	(void)s;
	if (ev == STREAM_EOF)
		on_end(h);
	else if (ev == STREAM_DATA)
		on_data(h, p, n);
	else if (ev == STREAM_ERROR)
		h->broken(h->arg);
}

void
hold_start(struct hold *h, struct stream *s, hold_broken *broken, void *arg)
{
	h->s = s;
	h->broken = broken;
	h->arg = arg;
	h->on_end = NULL;
	stream_on(s, on_event, h);
	conn_sip(s, true);
	stream_want(s, true);
}

void
hold_inherit(struct hold *h, struct hold *from)
{
	h->early = from->early;
	h->ended = from->ended;
	h->budget = from->budget;
	from->early = (struct buf){ 0 };
}

struct relay *
hold_relay(struct hold *h, struct loop *l, struct stream *other,
    relay_done *done, void *arg)
{
	struct stream *s = h->s;
	size_t n = buf_len(&h->early);
	struct relay *r;

	conn_sip(s, false);
	if (n) {
		stream_put(other, buf_peek(&h->early), n);
		stream_flush(other);
	}
	r = relay_new(l, s, other, done, arg);
	if (n)
		stream_consumed(s, n);
	hold_release(h);
	if (h->ended)
		stream_unread_eof(s);
	return r;
}

void
hold_join(struct hold *h, struct loop *l, struct stream *other)
{
	hold_relay(h, l, other, NULL, NULL);
}

void
hold_give_back(struct hold *h)
{
	stream_on(h->s, NULL, NULL);
	conn_sip(h->s, false);
	stream_unread(h->s, buf_peek(&h->early), buf_len(&h->early));
	if (h->ended)
		stream_unread_eof(h->s);
	hold_release(h);
}
