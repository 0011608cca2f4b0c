// SPDX-License-Identifier: MIT
/* The streams of a session: how they are found, how they begin and end, and
 * what is written on them. */
#include "core/mux_stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/mem.h"

/* Frames come in runs for one stream, hence the memory of one. */
static struct mux_stream *
at(const struct mux *m, uint32_t id)
{
	if (m->last && m->last->id == id)
		return m->last;
	return map_num(&m->streams, id);
}

struct mux_stream *
mux_stream_find(struct mux *m, uint32_t id)
{
	struct mux_stream *s = at(m, id);

	if (!s || s->dead)
		return NULL;
	return m->last = s;
}

struct mux_stream *
mux_stream_add(struct mux *m, uint64_t now, uint32_t id)
{
	struct mux_stream *s = mem_new(struct mux_stream);

	list_init(&s->wait);
	s->id = id;
	s->send = s->window = s->recv = MUX_WINDOW;
	s->granted = (uint32_t)now;
	map_num_set(&m->streams, id, s);
	return m->last = s;
}

void
mux_stream_drop(struct mux *m, struct mux_stream *s)
{
	map_num_del(&m->streams, s->id);
	list_del(&s->wait);
	m->unacked -= s->opening;
	m->grown -= s->window - MUX_WINDOW;
	m->last = NULL;
	free(s);
}

static void
wait_for_fin(struct mux *m, struct mux_stream *s, uint64_t now)
{
	s->since = now;
	list_add(&m->closing, &s->wait);
}

/* Until here the wait for the ACK stood in for the wait for the FIN: a stream
 * is in one list at a time. */
void
mux_stream_acked(struct mux *m, struct mux_stream *s, uint64_t now)
{
	s->opening = false;
	m->unacked--;
	list_del(&s->wait);
	if (s->fin_out)
		wait_for_fin(m, s, now);
}

bool
mux_may_open(const struct mux *m)
{
	return !m->err && !m->away && !m->peer_away &&
	    m->unacked < m->lim.backlog && mux_streams(m) < m->lim.streams;
}

uint32_t
mux_open(struct mux *m, uint64_t now)
{
	struct mux_stream *s;

	if (!mux_may_open(m))
		return 0;
	/* nobody checks parity, so a peer may have taken one of our ids */
	while (m->next_id < UINT32_MAX - 1 && at(m, m->next_id))
		m->next_id += 2;
	if (m->next_id >= UINT32_MAX - 1)
		return 0;
	s = mux_stream_add(m, now, m->next_id);
	m->next_id += 2;
	s->opening = true;
	s->since = now;
	m->unacked++;
	list_add(&m->opening, &s->wait);
	mux_put(m, MUX_FRAME_WINDOW, MUX_FLAG_SYN, s->id, 0);
	mux_time_start(m, now);
	return s->id;
}

void
mux_set_arg(struct mux *m, uint32_t id, void *arg)
{
	struct mux_stream *s = at(m, id);

	if (s)
		s->arg = arg;
}

size_t
mux_room(const struct mux *m, uint32_t id)
{
	const struct mux_stream *s = at(m, id);

	return s && !s->dead && !s->fin_out && !m->err ? s->send : 0;
}

void
mux_write(struct mux *m, uint32_t id, const void *p, size_t n)
{
	size_t granted = n;
	uint8_t *to = mux_reserve(m, id, &granted);

	assert(granted == n);
	if (!to)
		return;
	memcpy(to, p, n);
	mux_commit(m, id, n);
}

uint8_t *
mux_reserve(struct mux *m, uint32_t id, size_t *n)
{
	assert(!m->filled);
	*n = min_size(*n, mux_room(m, id));
	if (*n == 0)
		return NULL;
	m->filled = mux_stream_find(m, id);
	m->reserved = *n;
	return buf_room(&m->out, MUX_HEAD + *n) + MUX_HEAD;
}

void
mux_commit(struct mux *m, uint32_t id, size_t n)
{
	struct mux_stream *s = m->filled;

	if (!s)
		return;
	assert(s->id == id && n <= m->reserved);
	m->filled = NULL;
	if (n == 0)
		return;
	s->send -= (uint32_t)n;
	mux_frame_put(buf_room(&m->out, MUX_HEAD + n), MUX_FRAME_DATA, 0, id,
	    (uint32_t)n);
	buf_added(&m->out, MUX_HEAD + n);
	m->put += MUX_HEAD + n;
}

void
mux_finish(struct mux *m, uint64_t now, uint32_t id)
{
	struct mux_stream *s = mux_stream_find(m, id);

	if (!s || s->fin_out)
		return;
	s->fin_out = true;
	mux_put(m, MUX_FRAME_WINDOW, MUX_FLAG_FIN, id, 0);
	if (s->fin_in)
		mux_stream_drop(m, s);
	else if (!s->opening)
		wait_for_fin(m, s, now);
}

void
mux_reset(struct mux *m, uint32_t id)
{
	struct mux_stream *s = at(m, id);

	if (!s)
		return;
	if (!s->dead)
		mux_put(m, MUX_FRAME_WINDOW, MUX_FLAG_RST, id, 0);
	mux_stream_drop(m, s);
}

size_t
mux_streams(const struct mux *m)
{
	return m->streams.used;
}
