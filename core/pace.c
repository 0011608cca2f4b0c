// SPDX-License-Identifier: MIT
#include "core/pace.h"

uint32_t
pace_wait(const struct pace *p, unsigned tries, uint32_t dice)
{
	uint64_t ms = p->first_ms;

	while (tries-- && ms < p->cap_ms)
		ms *= 2;
	if (ms > p->cap_ms)
		ms = p->cap_ms;
	/* half of it is fixed: the other half is what keeps a thousand clients
	 * from coming back in the same instant */
	return (uint32_t)(ms - ms / 2 + (ms / 2 * (dice & 0xffff) >> 16));
}

unsigned
pace_count(struct pace_gate *g, uint64_t now, uint64_t window_ms)
{
	if (g->count == 0 || now - g->since >= window_ms) {
		g->since = now;
		g->count = 0;
	}
	return ++g->count;
}

#define GUESSES_FREE 2
#define GUESSES_MOST 9 /* as many as it takes to the longest wait */

unsigned
pace_guesses(const struct pace_guess *g, uint64_t now)
{
	uint64_t forgotten = (now - g->at) / PACE_FORGET_MS;

	return forgotten < g->n ? g->n - (unsigned)forgotten : 0;
}

uint32_t
pace_guess(struct pace_guess *g, uint64_t now)
{
	static const struct pace wait = { .first_ms = 100, .cap_ms = 5000 };
	unsigned n = pace_guesses(g, now);

	g->at = now;
	g->n = n < GUESSES_MOST ? n + 1 : n;
	return n < GUESSES_FREE ? 0 : pace_wait(&wait, n - GUESSES_FREE,
	    0xffff);
}
