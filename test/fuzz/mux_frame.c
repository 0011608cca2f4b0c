// SPDX-License-Identifier: MIT
/* Raw bytes to one side of a session, in pieces; the first byte chooses side,
 * size of pieces and how the owner behaves. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/mux.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
handle(struct mux *m, const struct mux_event *ev, unsigned mood, uint64_t now)
{
	static char mark;
	size_t want = 100;

	if (ev->type == MUX_OPEN) {
		assert(!ev->arg);
		mux_set_arg(m, ev->id, &mark);
		if (mux_reserve(m, ev->id, &want))
			mux_commit(m, ev->id, want / 2);
	} else if (ev->type == MUX_DATA) {
		volatile uint8_t sum = 0;
		size_t i;

		assert(ev->n && ev->arg == &mark);
		for (i = 0; i < ev->n; i++)
			sum = (uint8_t)(sum + ev->p[i]);
		if (mood & 1)
			mux_consumed(m, now, ev->id, ev->n);
		if (mood & 2 && ev->p[0] == 'R')
			mux_reset(m, ev->id);
	} else if (ev->type == MUX_FIN && mood & 4) {
		mux_finish(m, now, ev->id);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct mux_limits lim = mux_limits_default;
	unsigned mood = n ? p[0] : 0;
	size_t piece = mood & 0x10 ? 1 : mood & 0x20 ? 7 : 65536, i, cut;
	uint64_t now = 5;
	struct mux_event ev;
	struct mux *m;
	uint32_t id;
	void *arg;
	int r = 0;

	lim.streams = 8;
	m = mux_new(mood & 8 ? MUX_SERVER : MUX_CLIENT, &lim, 1, now);
	if (mood & 0x40 && (id = mux_open(m, now)) != 0)
		mux_reset(m, id);
	for (i = n > 0; i < n && r == 0; i += cut) {
		uint8_t *copy;

		/* with some moods payload goes past, as far as there is any */
		cut = mood & 2 && piece > 1 ?
		    min_size(mux_pending(m, &arg), n - i) : 0;
		if (cut) {
			mux_passed(m, now, cut);
			while ((r = mux_next(m, now, &ev)) > 0)
				handle(m, &ev, mood, now);
			continue;
		}
		cut = min_size(piece, n - i);
		copy = malloc(cut);
		memcpy(copy, p + i, cut);
		mux_feed(m, copy, cut);
		while ((r = mux_next(m, now, &ev)) > 0)
			handle(m, &ev, mood, now);
		free(copy);
		if (mood & 0x80)
			mux_tick(m, now += 999);
		assert(mux_streams(m) <= lim.streams);
		assert(buf_len(mux_out(m)) <= 64 * n + 200);
	}
	assert(r >= 0 || *mux_why(m));
	mux_free(m);
	return 0;
}
