// SPDX-License-Identifier: MIT
/* Two sessions joined, with whatever the dice bring between them. */
#include "test/core/mux_pair.h"

#include "test/t.h"

#define STREAMS 200

static uint32_t
dice(uint32_t *seed, uint32_t n)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed % n;
}

/* One turn: some write, some read, some bytes travel; a side may stall. */
static void
turn(struct pair *p, uint32_t *seed, const uint64_t *goal)
{
	int side = (int)dice(seed, 2), tries;
	struct pair_stream *s;
	uint64_t n, most;

	p->now += dice(seed, 3);
	for (tries = 0; tries < 8; tries++) {
		s = pair_find(p, p->ids[dice(seed, (uint32_t)p->n)]);
		n = goal[side] - s->sent[side];
		most = dice(seed, 40000);
		if (n > most)
			n = most;
		if (buf_len(mux_out(p->m[side])) < 300000)
			pair_write(p, side, s->id, (size_t)n);
		if (s->open[side] && s->sent[side] == goal[side] &&
		    !s->fin_sent[side])
			pair_finish(p, side, s->id);
		pair_consume(p, side, s->id, dice(seed, 80000));
	}
	if (dice(seed, 4)) /* else it stalls */
		pair_deliver(p, side, 1 + dice(seed, 200000));
	mux_tick(p->m[side], p->now);
}

static bool
all_done(struct pair *p, const uint64_t *goal)
{
	size_t i;
	int side;

	for (i = 0; i < p->n; i++)
		for (side = 0; side < 2; side++) {
			struct pair_stream *s = pair_find(p, p->ids[i]);

			if (s->got[side] != goal[!side] || !s->fin_got[side])
				return false;
		}
	return true;
}

TEST(mux_pair_carries_200_streams_whole_both_ways)
{
	static const uint64_t goal[2] = { 100000, 300001 };
	uint32_t seed = 1, i, turns = 0;
	struct pair p;

	pair_new(&p, &mux_limits_default);
	p.lazy[0] = p.lazy[1] = true;
	for (i = 0; i < STREAMS; i++)
		CHECK(pair_open(&p, i % 3 == 0) != 0);
	while (!p.bad && !all_done(&p, goal) && turns++ < 200000)
		turn(&p, &seed, goal);
	if (!CHECK(!p.bad))
		printf("    %s %s%s\n", p.bad, mux_why(p.m[0]),
		    mux_why(p.m[1]));
	CHECK(all_done(&p, goal));
	pair_settle(&p);
	CHECK(mux_streams(p.m[0]) == 0 && mux_streams(p.m[1]) == 0);
	CHECK(p.pongs > 1);
	pair_free(&p);
}

TEST(mux_pair_speaks_on_after_one_side_has_finished)
{
	struct pair p;
	uint32_t id;
	struct pair_stream *s;

	pair_new(&p, &mux_limits_default);
	id = pair_open(&p, 0);
	pair_write(&p, 0, id, 1000);
	pair_finish(&p, 0, id);
	pair_settle(&p);
	s = pair_find(&p, id);
	CHECK(s->fin_got[1] && s->got[1] == 1000);
	while (s->sent[1] < 5000000) {
		pair_write(&p, 1, id, 100000);
		pair_settle(&p);
	}
	pair_finish(&p, 1, id);
	pair_settle(&p);
	CHECK(!p.bad && s->got[0] == s->sent[1] && s->fin_got[0]);
	CHECK(mux_streams(p.m[0]) == 0 && mux_streams(p.m[1]) == 0);
	pair_free(&p);
}

TEST(mux_pair_survives_resets_that_cross)
{
	struct pair p;
	uint32_t id, other, i;

	pair_new(&p, &mux_limits_default);
	other = pair_open(&p, 0);
	for (i = 0; i < 500; i++) {
		id = pair_open(&p, 0);
		pair_write(&p, 0, id, 5000);
		pair_settle(&p);
		pair_write(&p, 0, id, 5000);
		pair_write(&p, 1, id, 5000);
		pair_write(&p, 0, other, 100);
		if (i & 1)
			pair_finish(&p, 0, id);
		pair_reset(&p, 1, id);
		if (i & 2)
			pair_reset(&p, 0, id);
		pair_settle(&p);
	}
	CHECK(!p.bad && pair_find(&p, other)->got[1] == 50000);
	CHECK(mux_streams(p.m[0]) == 1 && mux_streams(p.m[1]) == 1);
	pair_free(&p);
}
