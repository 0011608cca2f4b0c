// SPDX-License-Identifier: MIT
/* The yamux session: frames in, events out.  Only a header that came in
 * pieces is ever kept; what a frame means is decided when its header is whole,
 * and its events are given one by one from what is due. */
#include "core/mux_stream.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/err.h"
#include "core/mem.h"

const struct mux_limits mux_limits_default = {
	.window = MUX_WINDOW_MAX,
	.window_sum = 64 * 1024 * 1024,
	.streams = 65536,
	.backlog = 256,
	.keepalive = 15000,
	.reply = 10000,
	.open = 75000,
	.close = 300000,
};

struct mux *
mux_new(enum mux_side side, const struct mux_limits *lim, uint64_t seed,
    uint64_t now)
{
	struct mux *m = mem_new(struct mux);

	m->lim = *lim;
	m->next_id = side == MUX_CLIENT ? 1 : 2;
	m->streams.seed = seed;
	list_init(&m->opening);
	list_init(&m->closing);
	list_init(&m->gone);
	mux_time_init(m, now);
	return m;
}

void
mux_free(struct mux *m)
{
	void *s;
	size_t i;

	if (!m)
		return;
	for (i = 0; map_each(&m->streams, &i, &s);)
		free(s);
	map_free(&m->streams);
	buf_free(&m->out);
	free(m);
}

void
mux_put(struct mux *m, enum mux_frame_type type, uint16_t flags, uint32_t id,
    uint32_t len)
{
	if (m->err)
		return;
	assert(!m->filled);
	mux_frame_put(buf_room(&m->out, MUX_HEAD), type, flags, id, len);
	buf_added(&m->out, MUX_HEAD);
	m->put += MUX_HEAD;
}

/* The owner takes bytes from the queue, not frames, so answers are counted in
 * two heaps: those before the mark are gone once it has left the queue. */
void
mux_answer(struct mux *m, enum mux_frame_type type, uint16_t flags,
    uint32_t id, uint32_t len)
{
	size_t queued = buf_len(&m->out);

	if (queued == 0)
		m->answers[0] = m->answers[1] = 0;
	if (m->put - queued >= m->mark) {
		m->answers[0] = m->answers[1];
		m->answers[1] = 0;
		m->mark = m->put;
	}
	if (m->answers[0] + m->answers[1] >= MUX_ANSWERS) {
		mux_break(m, ERR_LIMIT, "peer does not read its answers");
		return;
	}
	m->answers[1]++;
	mux_put(m, type, flags, id, len);
}

void
mux_break(struct mux *m, int err, const char *fmt, ...)
{
	va_list ap;

	if (m->err)
		return;
	if (err == ERR_PROTO)
		mux_put(m, MUX_FRAME_GOAWAY, 0, 0, MUX_PROTOCOL);
	va_start(ap, fmt);
	vsnprintf(m->why, sizeof(m->why), fmt, ap);
	va_end(ap);
	m->err = err;
	m->in_len = 0;
}

const char *
mux_why(const struct mux *m)
{
	return m->why;
}

struct buf *
mux_out(struct mux *m)
{
	return &m->out;
}

void
mux_goaway(struct mux *m, uint32_t code)
{
	m->away = true;
	mux_put(m, MUX_FRAME_GOAWAY, 0, 0, code);
}

void
mux_feed(struct mux *m, const uint8_t *p, size_t n)
{
	if (m->err || n == 0)
		return;
	assert(m->in_len == 0);
	m->in = p;
	m->in_len = n;
	m->fresh = true;
}

static void
due(struct mux *m, enum mux_event_type type)
{
	m->due |= 1u << type;
}

/* NULL when the newcomer was turned away or the session broke. */
static struct mux_stream *
take_syn(struct mux *m, uint64_t now, const struct mux_frame *f)
{
	struct mux_stream *s;

	if (f->id == 0 || mux_stream_find(m, f->id)) {
		mux_break(m, ERR_PROTO, "stream %u was opened %s", f->id,
		    f->id ? "twice" : "by the peer");
		return NULL;
	}
	if (m->away || mux_streams(m) >= m->lim.streams) {
		mux_answer(m, MUX_FRAME_WINDOW, MUX_FLAG_RST, f->id, 0);
		return NULL;
	}
	s = mux_stream_add(m, now, f->id);
	mux_answer(m, MUX_FRAME_WINDOW, MUX_FLAG_ACK, f->id, 0);
	due(m, MUX_OPEN);
	return s;
}

static void
take_stream_frame(struct mux *m, uint64_t now, const struct mux_frame *f)
{
	struct mux_stream *s;

	s = f->flags & MUX_FLAG_SYN ? take_syn(m, now, f) :
				      mux_stream_find(m, f->id);
	if (f->type == MUX_FRAME_DATA)
		m->left = f->len;
	if (!s)
		return; /* who has gone may still be spoken to for a while */
	if (f->flags & MUX_FLAG_RST) {
		due(m, MUX_RST);
		return;
	}
	if (f->flags & MUX_FLAG_ACK && s->opening) {
		mux_stream_acked(m, s, now);
		due(m, MUX_ACK);
	}
	if (f->type == MUX_FRAME_WINDOW) {
		if (mux_window_opened(m, s, f->len))
			due(m, MUX_ROOM);
	} else if (f->len > s->recv) {
		mux_break(m, ERR_PROTO,
		    "stream %u: %u bytes where %u may be sent", f->id, f->len,
		    s->recv);
	}
	if (!(f->flags & MUX_FLAG_FIN))
		return;
	if (s->fin_in)
		mux_break(m, ERR_PROTO, "stream %u was ended twice", f->id);
	due(m, MUX_FIN);
}

static void
take_ping(struct mux *m, uint64_t now, const struct mux_frame *f)
{
	if (f->flags & MUX_FLAG_SYN)
		mux_answer(m, MUX_FRAME_PING, MUX_FLAG_ACK, 0, f->len);
	else if (mux_time_pong(m, now, f->len))
		due(m, MUX_PONG);
}

static void
take_goaway(struct mux *m, const struct mux_frame *f)
{
	if (f->len == MUX_NORMAL && !m->peer_away) {
		m->peer_away = true;
		due(m, MUX_GOAWAY);
	} else if (f->len != MUX_NORMAL) {
		mux_break(m, ERR_RESET, "peer ended the session: %s",
		    f->len == MUX_PROTOCOL ? "it saw a protocol error" :
					     "it failed inside");
	}
}

static void
take_frame(struct mux *m, uint64_t now)
{
	const struct mux_frame *f = &m->frame;

	switch (f->type) {
	case MUX_FRAME_DATA:
	case MUX_FRAME_WINDOW:
		take_stream_frame(m, now, f);
		break;
	case MUX_FRAME_PING:
		take_ping(m, now, f);
		break;
	case MUX_FRAME_GOAWAY:
		take_goaway(m, f);
		break;
	default:
		mux_break(m, ERR_PROTO, "frame of unknown type %u", f->type);
	}
	m->spoke = true;
	mux_time_start(m, now);
}

static void
take_head(struct mux *m, uint64_t now)
{
	size_t n = min_size(m->in_len, MUX_HEAD - m->head_len);

	/* the first byte is enough to know a stranger */
	if (m->head_len == 0 && m->in[0] != 0) {
		if (m->spoke)
			mux_break(m, ERR_PROTO, "frame of unknown version %u",
			    m->in[0]);
		else
			mux_break(m, ERR_PROTO, "peer does not speak yamux "
			    "(first byte 0x%02x): %s", m->in[0],
			    mux_frame_guess(m->in[0]));
		return;
	}
	memcpy(m->head + m->head_len, m->in, n);
	m->head_len += n;
	m->in += n;
	m->in_len -= n;
	if (m->head_len < MUX_HEAD)
		return;
	m->head_len = 0;
	m->frame = mux_frame_get(m->head);
	take_frame(m, now);
}

static void
fill(struct mux_event *ev, enum mux_event_type type,
    const struct mux_stream *s)
{
	*ev = (struct mux_event){ .type = type, .id = s->id, .arg = s->arg };
}

static bool
take_payload(struct mux *m, struct mux_event *ev)
{
	struct mux_stream *s = mux_stream_find(m, m->frame.id);
	uint32_t n = (uint32_t)min_size(m->left, m->in_len);
	const uint8_t *p = m->in;

	m->in += n;
	m->in_len -= n;
	m->left -= n;
	if (!s)
		return false;
	s->recv -= n;
	if (s->fin_in)
		return false; /* it promised to be silent: nobody listens */
	s->held += n;
	mux_window_saw(m, s->id);
	fill(ev, MUX_DATA, s);
	ev->p = p;
	ev->n = n;
	return true;
}

/* The stream itself goes no later than its last event is given. */
static bool
stream_event(struct mux *m, enum mux_event_type type, struct mux_event *ev)
{
	struct mux_stream *s = mux_stream_find(m, m->frame.id);

	if (!s)
		return false; /* its owner has reset it meanwhile */
	fill(ev, type, s);
	if (type == MUX_FIN)
		s->fin_in = true;
	if (type == MUX_RST || (s->fin_in && s->fin_out))
		mux_stream_drop(m, s);
	return true;
}

static bool
due_event(struct mux *m, struct mux_event *ev)
{
	static const enum mux_event_type order[] = {
		MUX_OPEN, MUX_ACK, MUX_ROOM, MUX_RST, MUX_FIN, MUX_PONG,
		MUX_GOAWAY
	};
	size_t i;

	for (i = 0; m->due && i < sizeof(order) / sizeof(*order); i++) {
		if (!(m->due & 1u << order[i]))
			continue;
		if (order[i] == MUX_FIN && m->left)
			return false; /* it stands behind the payload */
		m->due &= ~(1u << order[i]);
		if (order[i] == MUX_PONG || order[i] == MUX_GOAWAY) {
			*ev = (struct mux_event){ .type = order[i] };
			ev->rtt = order[i] == MUX_PONG ? m->pong_rtt : 0;
			return true;
		}
		if (stream_event(m, order[i], ev))
			return true;
	}
	return false;
}

/* Streams that mux_tick gave up. */
static bool
gone_event(struct mux *m, struct mux_event *ev)
{
	struct mux_stream *s;

	if (list_empty(&m->gone))
		return false;
	s = list_item(m->gone.next, struct mux_stream, wait);
	fill(ev, MUX_RST, s);
	mux_stream_drop(m, s);
	return true;
}

int
mux_next(struct mux *m, uint64_t now, struct mux_event *ev)
{
	if (m->fresh)
		m->heard = now;
	m->fresh = false;
	while (!m->err) {
		if (gone_event(m, ev) || due_event(m, ev))
			return 1;
		if (m->in_len == 0)
			return 0;
		if (m->left == 0)
			take_head(m, now);
		else if (take_payload(m, ev))
			return 1;
	}
	return m->err;
}
