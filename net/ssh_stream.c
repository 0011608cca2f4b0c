// SPDX-License-Identifier: MIT
#include "net/ssh_stream.h"

#include <stdlib.h>

#include "core/mem.h"
#include "net/conn.h"

#define LINGER_MS 10000 /* for the last bytes of a closed one */
#define SPILL	  65536 /* taken at a time for a target that reads no more */

struct ssh_stream {
	struct stream s;
	struct ssh_guard *guard; /* NULL: ssh is dead */
	struct list at;		 /* in the guard's */
	struct stream *in, *out; /* out NULL: the target reads no more */
	struct ssh_line *line;	 /* NULL: ssh has done with it */
	uint32_t asked;		 /* whether ssh lives: its end has come */
	uint8_t *spill;
	struct timer late;
	bool ended, failed, finish;
};

static struct ssh_stream *
of(const struct stream *s)
{
	return list_item(s, struct ssh_stream, s);
}

static void
free_stream(struct deferred *d)
{
	struct ssh_stream *x = list_item(d, struct ssh_stream, s.gone);

	free(x->spill);
	free(x);
}

static void
die(struct ssh_stream *x)
{
	list_del(&x->at);
	timer_stop(&x->late);
	stream_close(x->in);
	stream_close(x->out);
	ssh_line_close(x->line);
	x->in = x->out = NULL;
	x->line = NULL;
	stream_free_later(&x->s, free_stream);
}

static void
fail(struct ssh_stream *x)
{
	if (x->failed)
		return;
	x->failed = true;
	if (x->s.closed)
		die(x);
	else
		stream_owe(&x->s, STREAM_ERROR, 0);
}

void
ssh_guard_init(struct ssh_guard *g, uint32_t (*ask)(struct ssh_guard *))
{
	list_init(&g->streams);
	g->ask = ask;
}

void
ssh_guard_answered(struct ssh_guard *g, uint32_t number)
{
	struct list *at, *next;

	list_each_safe(at, next, &g->streams) {
		struct ssh_stream *x = list_item(at, struct ssh_stream, at);

		if (!x->asked || x->asked != number)
			continue;
		x->asked = 0;
		x->ended = true;
		stream_tell(&x->s, STREAM_EOF, NULL, 0);
		return; /* what it called may have changed the list */
	}
}

void
ssh_guard_end(struct ssh_guard *g)
{
	while (!list_empty(&g->streams)) {
		struct ssh_stream *x =
		    list_item(g->streams.next, struct ssh_stream, at);

		list_del(&x->at);
		x->guard = NULL;
		fail(x);
	}
}

static void
on_in(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct ssh_stream *x = arg;

	(void)s;
	switch (ev) {
	case STREAM_DATA:
		stream_tell(&x->s, STREAM_DATA, p, n);
		break;
	case STREAM_EOF:
		x->asked = x->guard ? x->guard->ask(x->guard) : 0;
		if (!x->asked)
			fail(x);
		break;
	case STREAM_ERROR:
		fail(x);
		break;
	default:
		break;
	}
}

/* The target reads no more, but may have something to say: what is for it is
 * thrown away from now on, as a network would. */
static void
spill(struct ssh_stream *x)
{
	size_t n = stream_queued(x->out);

	stream_close(x->out);
	x->out = NULL;
	x->spill = mem_grow(NULL, SPILL);
	stream_owe(&x->s, STREAM_SENT, n);
	stream_owe(&x->s, STREAM_ROOM, 0);
}

static void
on_out(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct ssh_stream *x = arg;

	(void)s;
	(void)p;
	if (ev == STREAM_ERROR)
		spill(x);
	else if (ev == STREAM_SENT || ev == STREAM_ROOM)
		stream_owe(&x->s, ev, n);
}

static void
on_line(void *arg, const struct ssh_mux_msg *m)
{
	struct ssh_stream *x = arg;

	if (m)
		return;
	ssh_line_close(x->line); /* both ways have ended, or ssh has */
	x->line = NULL;
	if (x->s.closed)
		die(x);
}

static size_t
room(struct stream *s)
{
	struct ssh_stream *x = of(s);

	return x->out ? stream_room(x->out) : x->spill ? SPILL : 0;
}

static uint8_t *
reserve(struct stream *s, size_t *n)
{
	struct ssh_stream *x = of(s);

	if (x->out)
		return stream_reserve(x->out, n);
	if (*n > SPILL)
		*n = SPILL;
	return x->spill;
}

static void
commit(struct stream *s, size_t n)
{
	struct ssh_stream *x = of(s);

	if (x->out)
		stream_commit(x->out, n);
	else
		stream_owe(s, STREAM_SENT, n);
}

static void
put(struct stream *s, const uint8_t *p, size_t n)
{
	struct ssh_stream *x = of(s);

	if (x->out)
		stream_put(x->out, p, n);
	else
		stream_owe(s, STREAM_SENT, n);
}

static void
flush(struct stream *s)
{
	struct ssh_stream *x = of(s);

	if (x->out)
		stream_flush(x->out);
}

static size_t
queued(const struct stream *s)
{
	const struct ssh_stream *x = of(s);

	return x->out ? stream_queued(x->out) : 0;
}

static void
finish(struct stream *s)
{
	struct ssh_stream *x = of(s);

	if (x->out && !x->finish)
		stream_finish(x->out);
	x->finish = true;
}

static void
want(struct stream *s, bool data)
{
	struct ssh_stream *x = of(s);

	if (x->in)
		stream_want(x->in, data);
}

static void
consumed(struct stream *s, size_t n)
{
	struct ssh_stream *x = of(s);

	if (x->in)
		stream_consumed(x->in, n);
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	die(arg);
}

/* Gently: ssh reads what is left as long as its line stands, and ends that
 * itself when the target has ended, too. */
static void
close_stream(struct stream *s, bool gentle)
{
	struct ssh_stream *x = of(s);

	if (!gentle || x->failed || !x->line || !x->out || !x->guard) {
		die(x);
		return;
	}
	finish(s);
	stream_want(x->in, true);
	timer_start(&x->late, s->l, LINGER_MS, on_late, x);
}

static const char *
why(const struct stream *s)
{
	return of(s)->guard ? "closed" : "the ssh connection is lost";
}

static const struct stream_ops ops = {
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
};

struct stream *
ssh_stream_new(struct loop *l, struct ssh_guard *g, struct ssh_line *line,
    int from, int to)
{
	struct ssh_stream *x = mem_new(struct ssh_stream);

	stream_init(&x->s, l, &ops);
	x->guard = g;
	x->line = line;
	list_add(&g->streams, &x->at);
	ssh_line_on(line, on_line, x);
	x->in = conn_new(l, from);
	stream_on(x->in, on_in, x);
	stream_want(x->in, false);
	x->out = conn_new(l, to);
	stream_on(x->out, on_out, x);
	stream_want(x->out, false);
	return &x->s;
}
