// SPDX-License-Identifier: MIT
/* Payload that goes past the machine: it keeps the account of it, and makes
 * and reads the headers, but never sees the bytes. */
#include "core/mux_stream.h"

#include <assert.h>

void
mux_claim(struct mux *m, uint32_t id, size_t n, uint8_t head[static MUX_HEAD])
{
	struct mux_stream *s = mux_stream_find(m, id);

	assert(s && n <= mux_room(m, id) && buf_len(&m->out) == 0);
	s->send -= (uint32_t)n;
	mux_frame_put(head, MUX_FRAME_DATA, 0, id, (uint32_t)n);
}

size_t
mux_pending(struct mux *m, void **arg)
{
	struct mux_stream *s;

	if (m->err || m->in_len || m->left == 0)
		return 0;
	s = mux_stream_find(m, m->frame.id);
	if (!s || s->fin_in)
		return 0;
	*arg = s->arg;
	return m->left;
}

void
mux_passed(struct mux *m, uint64_t now, size_t n)
{
	struct mux_stream *s = mux_stream_find(m, m->frame.id);

	assert(n <= m->left && m->in_len == 0);
	m->left -= (uint32_t)n;
	m->heard = now;
	if (!s)
		return;
	s->recv -= (uint32_t)n;
	s->held += (uint32_t)n;
	mux_window_saw(m, s->id);
}
