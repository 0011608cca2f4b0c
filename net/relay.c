// SPDX-License-Identifier: MIT
/* Each direction has two facts: its end was seen, and it was passed on.  A
 * half-close of one is a half-close of the other; only when both ends were
 * passed on, or something broke, is the pair over.
 *
 * Holding back is one comparison: bytes are taken from a side only while the
 * other has room.  A side with a window (a mux stream) is held back by not
 * giving the window back until the bytes have really gone on. */
#include "net/relay.h"

#include <stdlib.h>

#include "core/mem.h"

struct side {
	struct stream *s;
	uint64_t bytes; /* that came from it */
	size_t owed;	/* of them, not yet passed on (windowed only) */
};

struct relay {
	union {
		struct list at;	      /* in the loop's, */
		struct deferred gone; /* until it is over */
	};
	struct side side[2];
	relay_done *done;
	void *arg;
	bool ended[2]; /* seen of the side, and passed on to the other */
	bool over;
	uint32_t bulk; /* ms, when it last moved much at a time */
};

#define MUCH	(8 * 1024)
#define FEW	1024
#define BULK_MS 250

static struct loop *
relay_loop(const struct relay *r)
{
	return r->side[0].s->l;
}

static void
free_relay(struct deferred *d)
{
	free(list_item(d, struct relay, gone));
}

static void
end(struct relay *r, const char *why)
{
	if (r->over)
		return;
	r->over = true;
	list_del(&r->at);
	loop_defer(relay_loop(r), &r->gone, free_relay);
	if (r->done)
		r->done(r, r->side[0].bytes, r->side[1].bytes, why, r->arg);
	if (why) {
		stream_close(r->side[0].s);
		stream_close(r->side[1].s);
	} else {
		stream_linger(r->side[0].s);
		stream_linger(r->side[1].s);
	}
}

/* A few bytes of one that moves no bulk: somebody waits for them. */
static void
note_size(struct relay *r, size_t n)
{
	if (n > FEW && n < MUCH)
		return;
	if (n >= MUCH)
		r->bulk = (uint32_t)loop_now(relay_loop(r));
	else if ((uint32_t)loop_now(relay_loop(r)) - r->bulk >= BULK_MS)
		loop_spoke(relay_loop(r));
}

static void
on_data(struct relay *r, int from, const uint8_t *p, size_t n)
{
	struct side *in = &r->side[from], *out = &r->side[!from];

	in->bytes += n;
	note_size(r, n);
	if (in->s->ops->windowed)
		in->owed += n;
	if (p) /* else it went straight into out */
		stream_put(out->s, p, n);
	if (!in->s->ops->windowed && !in->s->ops->socket &&
	    stream_room(out->s) == 0)
		stream_want(in->s, false);
}

static void
on_sent(struct relay *r, int to, size_t n)
{
	struct side *in = &r->side[!to];

	if (n > in->owed)
		n = in->owed;
	in->owed -= n;
	if (n)
		stream_consumed(in->s, n);
}

static void
on_event(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct relay *r = arg;
	int i = s == r->side[1].s;

	if (r->over)
		return;
	switch (ev) {
	case STREAM_DATA:
		on_data(r, i, p, n);
		break;
	case STREAM_SENT:
		on_sent(r, i, n);
		break;
	case STREAM_UP: /* before it there was no room */
	case STREAM_ROOM:
		if (!r->ended[!i])
			stream_want(r->side[!i].s, true);
		break;
	case STREAM_EOF:
		if (r->ended[i])
			break;
		r->ended[i] = true;
		stream_finish(r->side[!i].s);
		if (r->ended[!i])
			end(r, NULL);
		break;
	case STREAM_ERROR:
		end(r, stream_why(s));
		break;
	}
}

struct relay *
relay_new(struct loop *l, struct stream *a, struct stream *b, relay_done *done,
    void *arg)
{
	struct relay *r = mem_new(struct relay);
	int i;

	list_add(&l->relays, &r->at);
	r->done = done;
	r->arg = arg;
	r->side[0].s = a;
	r->side[1].s = b;
	for (i = 0; i < 2; i++) {
		stream_on(r->side[i].s, on_event, r);
		r->side[i].s->sink = r->side[!i].s;
	}
	stream_want(a, true);
	stream_want(b, true);
	return r;
}

void
relay_bytes(const struct relay *r, uint64_t *ab, uint64_t *ba)
{
	*ab = r->side[0].bytes;
	*ba = r->side[1].bytes;
}

void
relay_break(struct relay *r)
{
	if (!r || r->over)
		return;
	r->done = NULL;
	end(r, "broken off");
}

void
relay_break_all(struct loop *l)
{
	while (!list_empty(&l->relays))
		relay_break(list_item(l->relays.next, struct relay, at));
}
