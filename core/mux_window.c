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

/* Where a round trip takes less than the clock can see, nothing is won by more
 * than this. */
#define NEAR_WINDOW (1024 * 1024)

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

/* Asked when half of the window has come in and was passed on since credit was
 * given last. */
static bool
pays(const struct mux *m, const struct mux_stream *s, uint64_t now)
{
	uint64_t took = now - s->granted;

	if (m->rtt == MUX_NEVER || s->held > s->window / 4)
		return false;
	if (m->rtt == 0)
		return took <= 1 && s->window < NEAR_WINDOW;
	return took <= 2 * m->rtt;
}

static void
grow(struct mux *m, struct mux_stream *s)
{
	uint64_t most = m->lim.window, want = (uint64_t)s->window * 2;

	if (m->rtt == 0 && most > NEAR_WINDOW)
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

void
mux_consumed(struct mux *m, uint64_t now, uint32_t id, size_t n)
{
	struct mux_stream *s = mux_stream_find(m, id);
	uint32_t credit;

	if (!s)
		return;
	/* the peer may have opened a forgotten id anew while the owner still
	 * had bytes of the old one, hence no assert */
	s->held -= (uint32_t)min_size(n, s->held);
	if (s->fin_in || m->err)
		return;
	credit = s->window - s->held - s->recv;
	if (credit < s->window - s->window / 2)
		return; /* one update for many reads */
	if (pays(m, s, now)) {
		grow(m, s);
		credit = s->window - s->held - s->recv;
	}
	s->recv += credit;
	s->granted = now;
	mux_put(m, MUX_FRAME_WINDOW, 0, id, credit);
}
