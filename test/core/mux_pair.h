/* Two yamux machines joined by their queues, and a book of what each stream
 * was given, so that every byte that arrives can be checked. */
#ifndef TEST_CORE_MUX_PAIR_H
#define TEST_CORE_MUX_PAIR_H

#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/mem.h"
#include "core/mux.h"

struct pair_stream {
	uint32_t id;
	uint64_t sent[2], got[2], used[2]; /* by side; got and used by reader */
	bool fin_sent[2], fin_got[2], open[2], over[2], reset;
};

struct pair {
	struct mux *m[2];
	struct map streams;
	uint32_t ids[4096]; /* every stream there was */
	size_t n;
	uint64_t now, pongs;
	const char *bad; /* the first thing that was not as it must be */
	bool lazy[2];	 /* what comes in is not consumed by itself */
};

static inline void
pair_new(struct pair *p, const struct mux_limits *lim)
{
	*p = (struct pair){ .now = 1000 };
	p->m[0] = mux_new(MUX_CLIENT, lim, 1, p->now);
	p->m[1] = mux_new(MUX_SERVER, lim, 2, p->now);
}

static inline struct pair_stream *
pair_find(struct pair *p, uint32_t id)
{
	return map_num(&p->streams, id);
}

static inline void
pair_free(struct pair *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		free(pair_find(p, p->ids[i]));
	map_free(&p->streams);
	mux_free(p->m[0]);
	mux_free(p->m[1]);
}

static inline void
pair_claim(struct pair *p, bool ok, const char *what)
{
	if (!ok && !p->bad)
		p->bad = what;
}

static inline uint8_t
pair_byte(uint32_t id, int side, uint64_t at)
{
	return (uint8_t)(id * 37 + (unsigned)side * 101 + at * 7 + (at >> 8));
}

static inline uint32_t
pair_open(struct pair *p, int side)
{
	struct pair_stream *s;
	uint32_t id;

	if (p->n == 4096)
		return 0;
	id = mux_open(p->m[side], p->now);
	if (id == 0)
		return 0;
	s = mem_new(struct pair_stream);
	s->id = id;
	s->open[side] = true;
	mux_set_arg(p->m[side], id, s);
	map_num_set(&p->streams, id, s);
	p->ids[p->n++] = id;
	return id;
}

/* Writes up to n bytes; how many there was room for. */
static inline size_t
pair_write(struct pair *p, int side, uint32_t id, size_t n)
{
	struct pair_stream *s = pair_find(p, id);
	uint8_t *to;
	size_t i;

	if (s->fin_sent[side] || s->over[side] || !s->open[side])
		return 0;
	to = mux_reserve(p->m[side], id, &n);
	for (i = 0; i < n; i++)
		to[i] = pair_byte(id, side, s->sent[side]++);
	mux_commit(p->m[side], id, n);
	return n;
}

static inline void
pair_consume(struct pair *p, int side, uint32_t id, uint64_t n)
{
	struct pair_stream *s = pair_find(p, id);

	if (n > s->got[side] - s->used[side])
		n = s->got[side] - s->used[side];
	s->used[side] += n;
	mux_consumed(p->m[side], p->now, id, (size_t)n);
}

static inline void
pair_finish(struct pair *p, int side, uint32_t id)
{
	struct pair_stream *s = pair_find(p, id);

	if (s->over[side] || !s->open[side])
		return;
	s->fin_sent[side] = true;
	mux_finish(p->m[side], p->now, id);
}

static inline void
pair_reset(struct pair *p, int side, uint32_t id)
{
	struct pair_stream *s = pair_find(p, id);

	if (!s->open[side])
		return;
	if (!(s->fin_sent[side] && s->fin_got[side]) && !s->over[side])
		s->reset = true;
	s->over[side] = true;
	mux_reset(p->m[side], id);
}

static inline void
pair_data(struct pair *p, int to, struct pair_stream *s,
    const struct mux_event *ev)
{
	size_t i;

	pair_claim(p, ev->n > 0, "data is not empty");
	pair_claim(p, !s->fin_got[to], "nothing comes behind a FIN");
	for (i = 0; i < ev->n; i++)
		pair_claim(p,
		    ev->p[i] == pair_byte(s->id, !to, s->got[to] + i),
		    "bytes arrive as they were sent");
	s->got[to] += ev->n;
	pair_claim(p, s->got[to] <= s->sent[!to], "no byte is invented");
	if (!p->lazy[to])
		pair_consume(p, to, s->id, ev->n);
}

static inline void
pair_event(struct pair *p, int to, const struct mux_event *ev)
{
	struct pair_stream *s = pair_find(p, ev->id);

	if (ev->type == MUX_PONG) {
		p->pongs++;
		return;
	}
	pair_claim(p, s != NULL, "events are of known streams");
	if (!s)
		return;
	if (ev->type == MUX_OPEN) {
		pair_claim(p, !s->open[to] && !ev->arg, "opened once");
		s->open[to] = true;
		mux_set_arg(p->m[to], s->id, s);
		return;
	}
	pair_claim(p, s->open[to] && !s->over[to], "events are of open ones");
	pair_claim(p, ev->arg == s, "the argument comes along");
	if (ev->type == MUX_DATA) {
		pair_data(p, to, s, ev);
	} else if (ev->type == MUX_FIN) {
		pair_claim(p, s->fin_sent[!to] && !s->fin_got[to], "one FIN");
		pair_claim(p, s->got[to] == s->sent[!to], "FIN comes last");
		s->fin_got[to] = true;
	} else if (ev->type == MUX_RST) {
		s->over[to] = true;
	}
}

/* Events that are waiting at a side. */
static inline int
pair_next(struct pair *p, int to)
{
	struct mux_event ev;
	int r;

	while ((r = mux_next(p->m[to], p->now, &ev)) > 0)
		pair_event(p, to, &ev);
	pair_claim(p, r == 0, "the session holds");
	return r;
}

/* Up to n bytes from a side to the other one; the piece has memory of its own
 * so that reading past it is seen. */
static inline size_t
pair_deliver(struct pair *p, int from, size_t n)
{
	struct buf *out = mux_out(p->m[from]);
	uint8_t *piece;

	if (n > buf_len(out))
		n = buf_len(out);
	if (n == 0)
		return 0;
	piece = malloc(n);
	memcpy(piece, buf_peek(out), n);
	buf_take(out, n);
	mux_feed(p->m[!from], piece, n);
	pair_next(p, !from);
	free(piece);
	return n;
}

static inline void
pair_settle(struct pair *p)
{
	while (pair_deliver(p, 0, SIZE_MAX) + pair_deliver(p, 1, SIZE_MAX))
		;
}

#endif
