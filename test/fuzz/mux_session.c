// SPDX-License-Identifier: MIT
/* The input is a list of things that two owners do, three bytes each.  Whatever
 * they are, all payload arrives in order and the session does not break. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "test/core/mux_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
step(struct pair *p, const uint8_t *op)
{
	int side = op[0] & 1;
	uint32_t id = p->n ? p->ids[op[1] % p->n] : 0;

	switch (op[0] >> 1 & 15) {
	case 0:
		pair_open(p, side);
		return;
	case 1:
		pair_deliver(p, side, op[1] + 1u);
		return;
	case 2:
		pair_deliver(p, side, (op[1] + 1u) * 4096);
		return;
	case 3:
		p->now += op[1];
		mux_tick(p->m[side], p->now);
		pair_next(p, side);
		return;
	case 4:
		mux_ping(p->m[side], p->now);
		return;
	case 5:
		p->lazy[side] = op[1] & 1;
		return;
	}
	if (!id)
		return;
	switch (op[0] >> 1 & 15) {
	case 6:
		pair_finish(p, side, id);
		break;
	case 7:
		pair_reset(p, side, id);
		break;
	case 8:
	case 9:
		pair_consume(p, side, id, (uint64_t)op[2] * op[2] * 16);
		break;
	case 10:
	case 11:
		pair_write(p, side, id, op[2] * 2048u);
		break;
	default:
		pair_write(p, side, id, op[2]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct mux_limits lim = mux_limits_default;
	struct pair pair;
	size_t i;
	int side;

	lim.keepalive = 1000;
	lim.reply = lim.open = 100000000;
	lim.close = n && p[0] & 1 ? 500 : 100000000;
	lim.window_sum = 1024 * 1024;
	if (n > 3 * 3000)
		n = 3 * 3000;
	pair_new(&pair, &lim);
	for (i = 0; i + 3 <= n && !pair.bad; i += 3)
		step(&pair, p + i);
	/* in the end everything written has come, or was broken off */
	pair.lazy[0] = pair.lazy[1] = false;
	pair_settle(&pair);
	for (i = 0; i < pair.n; i++)
		for (side = 0; side < 2; side++) {
			struct pair_stream *s = pair_find(&pair, pair.ids[i]);
			bool cut = s->reset || s->over[0] || s->over[1];

			pair_claim(&pair, cut || s->got[side] == s->sent[!side],
			    "everything arrives");
			pair_claim(&pair,
			    cut || s->fin_got[side] == s->fin_sent[!side],
			    "every FIN arrives");
		}
	if (pair.bad) {
		fprintf(stderr, "not so: %s; %s%s\n", pair.bad,
		    mux_why(pair.m[0]), mux_why(pair.m[1]));
		abort();
	}
	pair_free(&pair);
	return 0;
}
