// SPDX-License-Identifier: MIT
#include "net/layer.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct layer *
layer_of(const struct stream *s)
{
	return list_item(s, struct layer, s);
}

void
layer_fail(struct layer *x, const char *why)
{
	if (x->failed || x->s.closed)
		return;
	x->failed = true;
	x->why = mem_dup(why);
	stream_owe(&x->s, STREAM_ERROR, 0);
}

void
layer_eof(struct layer *x)
{
	if (x->ended)
		return;
	x->ended = true;
	stream_tell(&x->s, STREAM_EOF, NULL, 0);
}

void
layer_pass(struct layer *x, const void *p, size_t n)
{
	size_t room = n;

	if (n == 0)
		return;
	memcpy(stream_reserve(x->under, &room), p, n);
	stream_commit(x->under, n);
}

void
layer_up(struct layer *x)
{
	size_t n = buf_len(&x->early);

	if (x->up)
		return;
	x->up = true;
	stream_tell(&x->s, STREAM_UP, NULL, 0);
	if (x->s.closed)
		return;
	if (n) {
		x->kind->send(x, buf_peek(&x->early), n);
		buf_wipe(&x->early);
		stream_owe(&x->s, STREAM_SENT, n);
	}
	if (x->finish)
		x->kind->end(x);
}

static void
on_end(struct layer *x)
{
	const char *cut;

	if (x->ended)
		return;
	cut = x->kind->cut(x);
	if (!cut) {
		layer_eof(x);
		return;
	}
	x->ended = true;
	layer_fail(x, cut);
}

static void
on_under(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct layer *x = arg;

	switch (ev) {
	case STREAM_UP:
		break;
	case STREAM_DATA:
		/* it lies in the loop's scratch, or in the memory of a layer
		 * below that has done with it: ours to change */
		if (n && !x->ended && !x->failed)
			x->kind->data(x, (uint8_t *)(uintptr_t)p, n);
		break;
	case STREAM_SENT:
		/* sizes differ: told is only when all has gone on */
		if (stream_queued(s) == 0)
			stream_owe(&x->s, STREAM_SENT, SIZE_MAX);
		break;
	case STREAM_ROOM:
		stream_owe(&x->s, STREAM_ROOM, 0);
		break;
	case STREAM_EOF:
		on_end(x);
		break;
	case STREAM_ERROR:
		layer_fail(x, stream_why(s));
		break;
	}
}

void
layer_init(struct layer *x, struct loop *l, struct stream *under,
    const struct stream_ops *ops, const struct layer_kind *kind)
{
	stream_init(&x->s, l, ops);
	x->under = under;
	x->kind = kind;
	stream_on(under, on_under, x);
}

size_t
layer_room(struct stream *s)
{
	struct layer *x = layer_of(s);
	size_t n = stream_room(x->under);

	return x->up ? n : 0; /* STREAM_UP is the word to go on */
}

uint8_t *
layer_reserve(struct stream *s, size_t *n)
{
	struct layer *x = layer_of(s);

	if (*n > 4096)
		loop_lend(s->l, &x->filled);
	return buf_room(&x->filled, *n);
}

void
layer_put(struct stream *s, const uint8_t *p, size_t n)
{
	struct layer *x = layer_of(s);

	if (n == 0 || x->failed || s->closed || x->finish)
		return;
	if (x->up)
		x->kind->send(x, p, n);
	else
		buf_put(&x->early, p, n);
}

void
layer_commit(struct stream *s, size_t n)
{
	struct layer *x = layer_of(s);

	buf_added(&x->filled, n);
	layer_put(s, buf_peek(&x->filled), n);
	buf_take(&x->filled, n);
	loop_take_back(s->l, &x->filled);
}

void
layer_flush(struct stream *s)
{
	stream_flush(layer_of(s)->under);
}

size_t
layer_queued(const struct stream *s)
{
	const struct layer *x = layer_of(s);

	return buf_len(&x->early) + stream_queued(x->under);
}

void
layer_finish(struct stream *s)
{
	struct layer *x = layer_of(s);

	if (x->finish || x->failed)
		return;
	x->finish = true;
	if (x->up)
		x->kind->end(x);
}

void
layer_want(struct stream *s, bool data)
{
	struct layer *x = layer_of(s);

	stream_want(x->under, data || !x->up);
}

void
layer_consumed(struct stream *s, size_t n)
{
	(void)s;
	(void)n;
}

static void
free_layer(struct deferred *d)
{
	struct layer *x = list_item(d, struct layer, s.gone);

	buf_wipe(&x->early);
	buf_wipe(&x->filled);
	free(x->why);
	x->kind->free(x);
}

void
layer_close(struct stream *s, bool gentle)
{
	struct layer *x = layer_of(s);

	if (gentle && x->up)
		layer_finish(s);
	if (gentle)
		stream_linger(x->under);
	else
		stream_close(x->under);
	stream_free_later(s, free_layer);
}

const char *
layer_why(const struct stream *s)
{
	const struct layer *x = layer_of(s);

	return x->why ? x->why : stream_why(x->under);
}

struct stream *
layer_under(const struct stream *s)
{
	return layer_of(s)->under;
}
