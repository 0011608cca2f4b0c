// SPDX-License-Identifier: MIT
/* What the clock asks of a session: pings, and waits that end.
 *
 * Streams wait in lists, not in a wheel: all in one list wait equally long, so
 * they stand in order of time and the first is the next. */
#include "core/mux_stream.h"

#include "core/err.h"

/* A round trip is measured this often even where keepalive has no cause. */
#define RTT_EVERY 60000

static uint64_t
later(uint64_t t, uint64_t ms)
{
	return ms > MUX_NEVER - t ? MUX_NEVER : t + ms;
}

static uint64_t
sooner_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
later_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void
mux_time_init(struct mux *m, uint64_t now)
{
	m->ping_at = m->heard = now;
	m->rtt = m->best_rtt = MUX_NEVER;
}

static void
ping(struct mux *m, uint64_t now, bool demanded)
{
	m->started = m->pinging = true;
	m->demanded = demanded;
	m->ping_at = now;
	mux_put(m, MUX_FRAME_PING, MUX_FLAG_SYN, 0, m->ping_value++);
}

/* Windows need the round trip, so it is asked for with the first stream; not
 * earlier, since a server does not speak to strangers first. */
void
mux_time_start(struct mux *m, uint64_t now)
{
	if (!m->started && !m->err)
		ping(m, now, m->lim.keepalive != 0);
}

void
mux_ping(struct mux *m, uint64_t now)
{
	if (!m->err && !(m->pinging && m->demanded))
		ping(m, now, true);
}

/* Answers wait behind data, so the shortest round trip is the true one; but
 * ways change, so longer ones are believed in the end. */
bool
mux_time_pong(struct mux *m, uint64_t now, uint32_t value)
{
	uint64_t rtt = now - m->ping_at;

	if (!m->pinging || value != m->ping_value - 1)
		return false;
	m->pinging = false;
	m->pong_rtt = rtt;
	if (rtt < m->best_rtt)
		m->best_rtt = rtt;
	if (rtt <= m->rtt)
		m->rtt = rtt;
	else
		m->rtt += (rtt - m->rtt + 7) / 8;
	return true;
}

static uint64_t
ping_due(const struct mux *m)
{
	if (m->pinging && m->demanded)
		return later(later_of(m->ping_at, m->heard), m->lim.reply);
	if (m->pinging || m->lim.keepalive == 0)
		return MUX_NEVER;
	return sooner_of(later(m->heard, m->lim.keepalive),
	    later(m->ping_at, later_of(m->lim.keepalive, RTT_EVERY)));
}

static uint64_t
list_due(const struct mux *m, const struct list *waiting, uint64_t ms)
{
	const struct mux_stream *s;

	if (list_empty(waiting))
		return MUX_NEVER;
	s = list_item(waiting->next, struct mux_stream, wait);
	return later_of(later(s->since, ms), m->grace);
}

uint64_t
mux_deadline(const struct mux *m)
{
	uint64_t at;

	if (m->err)
		return MUX_NEVER;
	at = sooner_of(ping_due(m), list_due(m, &m->opening, m->lim.open));
	return sooner_of(at, list_due(m, &m->closing, m->lim.close));
}

static void
give_up(struct mux *m, struct mux_stream *s)
{
	mux_put(m, MUX_FRAME_WINDOW, MUX_FLAG_RST, s->id, 0);
	s->dead = true;
	m->last = NULL;
	list_del(&s->wait);
	list_add(&m->gone, &s->wait);
}

static void
tick_ping(struct mux *m, uint64_t now)
{
	if (!m->pinging)
		ping(m, now, true);
	else
		mux_break(m, ERR_LATE, "no answer to a ping in %llu s",
		    (unsigned long long)m->lim.reply / 1000);
}

void
mux_tick(struct mux *m, uint64_t now)
{
	uint64_t due = mux_deadline(m);

	if (now < due || m->err)
		return;
	/* We ourselves were away for longer than a peer may be: what it said
	 * meanwhile is still unread, so it gets one more chance. */
	if (now - due > m->lim.reply) {
		m->grace = later(now, m->lim.reply);
		if (m->pinging && m->demanded)
			ping(m, now, true);
	}
	if (now >= ping_due(m))
		tick_ping(m, now);
	if (now >= list_due(m, &m->opening, m->lim.open))
		mux_break(m, ERR_LATE, "stream was not acknowledged in %llu s",
		    (unsigned long long)m->lim.open / 1000);
	while (!m->err && now >= list_due(m, &m->closing, m->lim.close))
		give_up(m,
		    list_item(m->closing.next, struct mux_stream, wait));
}

uint64_t
mux_heard(const struct mux *m)
{
	return m->heard;
}

uint64_t
mux_rtt(const struct mux *m)
{
	return m->rtt;
}
