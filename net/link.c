// SPDX-License-Identifier: MIT
#include "net/link.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "core/mem.h"
#include "crypto/rand.h"
#include "net/conn.h"
#include "net/link_internal.h"

/* Bytes on the way out from which streams must wait.  Frames that answer pings
 * and give windows still pass. */
#define LINK_MARK LOOP_BLOCK
/* From here on what streams have put goes out before the next one's turn. */
#define LINK_TURN (128 * 1024)
/* A peer that asks for much and reads nothing is cut off here. */
#define LINK_CAP (8 * 1024 * 1024)

static void
go_down(struct link *k, const char *why)
{
	if (k->down)
		return;
	k->down = true;
	snprintf(k->why, sizeof(k->why), "%s", why);
	timer_stop(&k->timer);
	errand_drop(&k->settle);
	if (k->under->ops->socket)
		conn_ahead(k->under, NULL, 0); /* sinks go with their streams */
	while (!list_empty(&k->streams))
		mstream_broken(
		    list_item(k->streams.next, struct mstream, at));
	if (!k->closed)
		loop_later(k->l, &k->tell);
}

static void
on_tell(struct errand *e)
{
	struct link *k = list_item(e, struct link, tell);

	k->full = false;
	if (k->cb)
		k->cb(k, k->down ? LINK_DOWN : LINK_ROOM, NULL, k->arg);
}

size_t
link_room(struct link *k)
{
	size_t n = buf_len(mux_out(k->mux)) + stream_queued(k->under);

	if (n >= LINK_MARK || stream_room(k->under) == 0)
		return 0;
	return min_size(LINK_MARK - n, loop_turn(k->l));
}

void
link_soon(struct link *k)
{
	if (!k->down)
		loop_settle_later(k->l, &k->settle);
}

static void on_bytes(struct link *k, const uint8_t *p, size_t n);

static void
on_deadline(struct timer *t, void *arg)
{
	struct link *k = arg;

	(void)t;
	k->timer_at = 0;
	mux_tick(k->mux, loop_now(k->l));
	on_bytes(k, NULL, 0); /* what the tick has ended is told there */
	loop_settle(k->l);
}

/* The deadline moves with every byte that is heard, so the timer is only moved
 * when it would fire too late; firing early costs one look. */
static void
arm_timer(struct link *k)
{
	uint64_t at = mux_deadline(k->mux), now;

	if (at == UINT64_MAX || (k->timer_at && k->timer_at <= at))
		return;
	now = loop_now(k->l);
	k->timer_at = at;
	timer_start(&k->timer, k->l, at > now ? at - now + 1 : 1, on_deadline,
	    k);
}

static void
move_out(struct link *k)
{
	struct buf *out = mux_out(k->mux);
	size_t n = buf_len(out);

	size_t room = n ? stream_room(k->under) : 0;

	if (n == 0)
		return;
	if (room >= n) {
		stream_hand(k->under, out);
		loop_take_back(k->l, out);
	} else if (room) {
		stream_put(k->under, buf_peek(out), room);
		stream_flush(k->under);
		buf_take(out, room);
	} else if (n > LINK_CAP) {
		go_down(k, "the peer reads nothing of the answers it asks for");
	}
}

/* Who waits for the link takes turns, each once a round. */
static void
feed_starved(struct link *k)
{
	struct list round;

	list_init(&round);
	list_move(&round, &k->starved);
	while (!list_empty(&round)) {
		struct mstream *x =
		    list_item(round.next, struct mstream, starved);

		list_del(&x->starved);
		if (k->down)
			continue;
		if (buf_len(mux_out(k->mux)) >= LINK_TURN)
			move_out(k);
		if (!k->down && link_room(k))
			mstream_turn(x);
		else
			list_add(&k->starved, &x->starved);
	}
}

static void
on_settle(struct errand *settle)
{
	struct link *k = list_item(settle, struct link, settle);

	move_out(k);
	if (k->full && mux_may_open(k->mux) && !k->down)
		loop_later(k->l, &k->tell);
	if (!k->down && !list_empty(&k->starved) && link_room(k)) {
		feed_starved(k);
		if (!k->down && buf_len(mux_out(k->mux)))
			link_soon(k);
	}
	if (!k->down)
		arm_timer(k);
}

static void
on_mux(struct link *k, struct mux_event *ev)
{
	if (ev->type == MUX_OPEN) {
		struct mstream *x = mstream_new(k, ev->id);

		loop_may_tell(k->l);
		if (k->cb)
			k->cb(k, LINK_OPEN, &x->s, k->arg);
		else
			stream_close(&x->s);
	} else if (ev->arg) {
		mstream_event(ev->arg, ev);
	}
}

/* The rest of a big frame may go straight to where its stream leads; then its
 * successor's header is read alone, since that may be another such. */
void
link_look_ahead(struct link *k)
{
	struct stream *sink;
	struct mstream *x;
	size_t left;
	void *arg = NULL;

	if (!k->under->ops->socket || k->down || k->closed)
		return;
	left = mux_pending(k->mux, &arg);
	x = arg;
	sink = x ? stream_sink(&x->s) : NULL;
	if (left >= (k->within ? 1 : LINK_BIG) && sink && sink->ops->socket) {
		k->run = true;
		conn_ahead(k->under, sink, left);
		return;
	}
	k->within = false;
	k->run = k->run && left == 0;
	conn_ahead(k->under, NULL, k->run ? MUX_HEAD : 0);
}

static void
on_events(struct link *k, bool heard)
{
	struct mux_event ev;
	int r = 0;

	while (!k->down && !k->closed &&
	    (r = mux_next(k->mux, loop_now(k->l), &ev)) > 0)
		on_mux(k, &ev);
	if (k->down || k->closed)
		return;
	if (r < 0) {
		move_out(k); /* the go-away, if it still can be sent */
		go_down(k, mux_why(k->mux));
		return;
	}
	link_soon(k);
	link_look_ahead(k);
	if (k->probing && heard) {
		k->probing = false;
		loop_may_tell(k->l);
		if (k->cb)
			k->cb(k, LINK_HEARD, NULL, k->arg);
	}
}

static void
on_bytes(struct link *k, const uint8_t *p, size_t n)
{
	k->within = false;
	if (n)
		mux_feed(k->mux, p, n);
	on_events(k, n > 0);
}

static void
on_passed(struct link *k, size_t n)
{
	void *x = NULL;

	if (mux_pending(k->mux, &x) < n || !x)
		return;
	mux_passed(k->mux, loop_now(k->l), n);
	k->within = mux_pending(k->mux, &x) > 0;
	mstream_passed(x, n);
	on_events(k, true);
}

static void
on_under(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct link *k = arg;

	switch (ev) {
	case STREAM_DATA:
		if (k->down || k->closed)
			break;
		if (!p) {
			on_passed(k, n);
			break;
		}
		on_bytes(k, p, n);
		if (!k->closed) /* each of our streams has its own window */
			stream_consumed(s, n);
		break;
	case STREAM_ROOM:
	case STREAM_SENT:
	case STREAM_UP:
		if (buf_len(mux_out(k->mux)) || !list_empty(&k->starved))
			link_soon(k);
		break;
	case STREAM_EOF:
		go_down(k, "EOF");
		break;
	case STREAM_ERROR:
		go_down(k, stream_why(s));
		break;
	}
}

struct link *
link_new(struct loop *l, struct stream *under, enum mux_side side,
    const struct mux_limits *lim, link_cb *cb, void *arg)
{
	struct link *k = mem_new(struct link);
	uint64_t seed;

	rand_bytes(&seed, sizeof(seed));
	k->l = l;
	k->under = under;
	k->mux = mux_new(side, lim, seed, loop_now(l));
	k->cb = cb;
	k->arg = arg;
	errand_init(&k->settle, on_settle);
	errand_init(&k->tell, on_tell);
	list_init(&k->streams);
	list_init(&k->starved);
	stream_on(under, on_under, k);
	stream_want(under, true);
	link_soon(k);
	return k;
}

void
link_on(struct link *k, link_cb *cb, void *arg)
{
	k->cb = cb;
	k->arg = arg;
}

static void
free_link(struct deferred *d)
{
	struct link *k = list_item(d, struct link, gone);

	mux_free(k->mux);
	free(k);
}

void
link_close(struct link *k, bool gentle)
{
	if (!k || k->closed)
		return;
	k->closed = true;
	errand_drop(&k->tell);
	if (gentle && !k->down)
		move_out(k);
	go_down(k, "closed");
	if (gentle)
		stream_linger(k->under);
	else
		stream_close(k->under);
	loop_defer(k->l, &k->gone, free_link);
}

struct stream *
link_open(struct link *k)
{
	uint32_t id = k->down ? 0 : mux_open(k->mux, loop_now(k->l));

	if (id == 0) {
		k->full = true;
		return NULL;
	}
	link_soon(k);
	return &mstream_new(k, id)->s;
}

void
link_probe(struct link *k)
{
	k->probing = true;
	mux_ping(k->mux, loop_now(k->l));
	link_soon(k);
}

const char *
link_why(const struct link *k)
{
	return k->why;
}

size_t
link_streams(const struct link *k)
{
	return mux_streams(k->mux);
}
