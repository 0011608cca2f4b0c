// SPDX-License-Identifier: MIT
/* How much may be under way on a stream, in either direction.
 *
 * Our windows start at the protocol's own size and double while that pays:
 * the peer uses them up faster than credit can travel, and the owner passes
 * everything on at once.  A window that is wide for no such reason is only
 * memory that the peer may fill. */
#include "core/mux_stream.h"

#include "core/bytes.h"
#include "core/err.h"

/* Where a round trip takes hardly more than the clock can see, nothing is won
 * by more than this.  The best round trip counts: all others have stood behind
 * something. */
#define NEAR_WINDOW (1024 * 1024)
#define NEAR_MS	    2
/* And a stream that is not alone gets no more than the protocol's own: what is
 * under way of it stands before every other's bytes. */
#define MIXED_MS 250

static bool
is_near(const struct mux *m)
{
	return m->best_rtt <= NEAR_MS;
}

void
mux_window_saw(struct mux *m, uint32_t id)
{
	if (id == m->flow)
		return;
	m->flow = id;
	m->turns[1] = m->turns[0];
	m->turns[0] = m->heard;
}

static bool
is_mixed(const struct mux *m, uint64_t now)
{
	return m->turns[1] && now - m->turns[1] < MIXED_MS;
}

/* True when there is room where there was none. */
bool
mux_window_opened(struct mux *m, struct mux_stream *s, uint32_t n)
{
	bool was_empty = s->send == 0;

	if (n > UINT32_MAX - s->send) {
		mux_break(m, ERR_PROTO,
		    "stream %u: more credit than a window can hold", s->id);
		return false;
	}
	s->send += n;
	return was_empty && s->send && !s->fin_out;
}

/* Asked when half of the window was passed on since it was asked last. */
static bool
pays(const struct mux *m, const struct mux_stream *s, uint64_t now)
{
	uint32_t took = (uint32_t)now - s->granted;

	if (m->rtt == MUX_NEVER || s->held > s->window / 4)
		return false;
	if (is_near(m))
		return took <= NEAR_MS && s->window < NEAR_WINDOW &&
		    !is_mixed(m, now);
	return took <= 2 * m->rtt;
}

static void
grow(struct mux *m, struct mux_stream *s)
{
	uint64_t most = m->lim.window, want = (uint64_t)s->window * 2;

	if (is_near(m) && most > NEAR_WINDOW)
		most = NEAR_WINDOW;
	if (want > most)
		want = most;
	if (want <= s->window || m->grown >= m->lim.window_sum)
		return;
	want -= s->window;
	if (want > m->lim.window_sum - m->grown)
		want = m->lim.window_sum - m->grown;
	m->grown += want;
	s->window += (uint32_t)want;
}

/* Of a wide window the peer gets back what was passed on before half of it is
 * used up: what it may send in the meantime is what fills a long path. */
#define CREDIT (256 * 1024)

/* As far as the peer has not been told that it may send it. */
static void
shrink(struct mux *m, struct mux_stream *s)
{
	uint32_t least = s->held + s->recv;

	if (least < MUX_WINDOW)
		least = MUX_WINDOW;
	if (least >= s->window)
		return;
	m->grown -= s->window - least;
	s->window = least;
}

void
mux_consumed(struct mux *m, uint64_t now, uint32_t id, size_t n)
{
	struct mux_stream *s = mux_stream_find(m, id);
	uint32_t credit, half;

	if (!s)
		return;
	/* the peer may have opened a forgotten id anew while the owner still
	 * had bytes of the old one, hence no assert */
	n = min_size(n, s->held);
	s->held -= (uint32_t)n;
	s->used += (uint32_t)n;
	if (s->fin_in || m->err)
		return;
	if (s->window > MUX_WINDOW && is_near(m) && is_mixed(m, now))
		shrink(m, s);
	credit = s->window - s->held - s->recv;
	half = s->window - s->window / 2;
	if (credit < min_size(half, CREDIT))
		return; /* one update for many reads */
	if (s->used >= half) {
		if (pays(m, s, now))
			grow(m, s);
		credit = s->window - s->held - s->recv;
		s->granted = (uint32_t)now;
		s->used = 0;
	}
	s->recv += credit;
	mux_put(m, MUX_FRAME_WINDOW, 0, id, credit);
}
