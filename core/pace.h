/* Time as arithmetic: now is always an argument, chance too. */
#ifndef CORE_PACE_H
#define CORE_PACE_H

#include <stdint.h>

/* Milliseconds to wait before try number `tries` (from 0): first_ms doubling
 * up to cap_ms, with jitter that takes away up to half of it. */
struct pace {
	uint32_t first_ms, cap_ms;
};

uint32_t pace_wait(const struct pace *p, unsigned tries, uint32_t dice);

/* At most `burst` events in `window_ms`; for damping and for rates of log
 * lines.  All zero is fresh. */
struct pace_gate {
	uint64_t since;
	unsigned count;
};

/* Counts one event; how many came in the running window, this one included. */
unsigned pace_count(struct pace_gate *g, uint64_t now, uint64_t window_ms);

/* Wrong guesses; one is forgotten in each PACE_FORGET_MS without any.  All
 * zero is none. */
#define PACE_FORGET_MS 30000
struct pace_guess {
	uint64_t at;
	unsigned n;
};

/* How many are remembered. */
unsigned pace_guesses(const struct pace_guess *g, uint64_t now);
/* Counts one more; for so many ms its answer is held back: 0 for the first
 * two, since people mistype, then 100, doubling up to 5000. */
uint32_t pace_guess(struct pace_guess *g, uint64_t now);

#endif
