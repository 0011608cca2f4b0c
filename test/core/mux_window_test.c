// SPDX-License-Identifier: MIT
/* Credit: what is given back when, and which windows grow. */
#include "core/mux_stream.h"

#include "test/core/mux_pair.h"
#include "test/core/mux_solo.h"

#define K	1024
#define HALF	(MUX_WINDOW / 2)

/* A server with stream 1 open, its first ping answered after rtt. */
static struct solo
measured(const struct mux_limits *lim, uint64_t rtt)
{
	struct solo s = solo_new(MUX_SERVER, lim);

	s.keep = true;
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 1, 0);
	s.now += rtt;
	if (rtt != UINT64_MAX)
		solo_frame(&s, MUX_FRAME_PING, MUX_FLAG_ACK, 0, 0);
	else
		s.now = 1000;
	buf_take(mux_out(s.m), buf_len(mux_out(s.m)));
	return s;
}

static uint32_t
window(struct solo *s)
{
	return mux_stream_find(s->m, 1)->window;
}

/* The peer sends n bytes, and the owner passes on but hold of all it has. */
static void
pass(struct solo *s, uint32_t n, uint32_t hold)
{
	solo_data(s, 1, n);
	mux_consumed(s->m, s->now, 1, mux_stream_find(s->m, 1)->held - hold);
	CHECK(mux_stream_find(s->m, 1)->recv + mux_stream_find(s->m, 1)->held <=
	    window(s));
}

TEST(mux_gives_credit_at_half_a_window_and_not_before)
{
	struct solo s = measured(NULL, UINT64_MAX);

	solo_data(&s, 1, MUX_WINDOW);
	CHECK(s.r == 0);
	mux_consumed(s.m, s.now, 1, HALF - 1);
	CHECK(solo_said(&s, ""));
	mux_consumed(s.m, s.now, 1, 1);
	CHECK(solo_said(&s, "0001 0000 00000001 00020000"));
	mux_consumed(s.m, s.now, 1, HALF - 1);
	CHECK(solo_said(&s, ""));
	mux_consumed(s.m, s.now, 1, 1);
	CHECK(solo_said(&s, "0001 0000 00000001 00020000"));
	/* more than there was is not believed */
	mux_consumed(s.m, s.now, 1, 1000);
	CHECK(solo_said(&s, "") && window(&s) == MUX_WINDOW);
	CHECK(mux_stream_find(s.m, 1)->recv == MUX_WINDOW);
	solo_free(&s);
}

TEST(mux_breaks_one_byte_past_the_window)
{
	struct solo s = measured(NULL, UINT64_MAX);

	CHECK(solo_data(&s, 1, MUX_WINDOW) == 0);
	CHECK(solo_data(&s, 1, 0) == 0);
	CHECK(solo_data(&s, 1, 1) == ERR_PROTO);
	CHECK_STR(mux_why(s.m), "stream 1: 1 bytes where 0 may be sent");
	solo_free(&s);
}

TEST(mux_counts_what_comes_behind_a_fin)
{
	struct solo s = measured(NULL, UINT64_MAX);

	solo_data(&s, 1, 1);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_FIN, 1, 0);
	mux_consumed(s.m, s.now, 1, 1);
	CHECK(solo_data(&s, 1, MUX_WINDOW - 1) == 0);
	CHECK(solo_said(&s, ""));
	CHECK(solo_data(&s, 1, 1) == ERR_PROTO);
	solo_free(&s);
}

TEST(mux_drains_any_amount_for_unknown_ids)
{
	struct solo s = measured(NULL, UINT64_MAX);
	uint8_t head[MUX_HEAD], zeroes[4096] = {0};
	int i;

	mux_frame_put(head, MUX_FRAME_DATA, 0, 9, UINT32_MAX);
	solo_feed(&s, head, sizeof(head));
	for (i = 0; i < 1000; i++)
		CHECK(solo_feed(&s, zeroes, sizeof(zeroes)) == 0);
	CHECK(solo_said(&s, "") && s.m->left == UINT32_MAX - 4096 * 1000);
	solo_free(&s);
}

TEST(mux_window_doubles_while_the_peer_outruns_the_credit)
{
	struct solo s = measured(NULL, 40);
	static const uint32_t want[] = { 512, 1024, 2048, 4096, 6144, 6144 };
	size_t i;

	for (i = 0; i < sizeof(want) / sizeof(*want); i++) {
		s.now += i ? 80 : 40; /* the pong took 40 of the first */
		pass(&s, window(&s) / 2, 0);
		CHECK(window(&s) == want[i] * K);
		CHECK(mux_stream_find(s.m, 1)->recv == window(&s));
	}
	CHECK(s.m->grown == MUX_WINDOW_MAX - MUX_WINDOW);
	mux_reset(s.m, 1);
	CHECK(s.m->grown == 0);
	solo_free(&s);
}

TEST(mux_window_grows_only_while_that_pays)
{
	struct solo s = measured(NULL, 40);

	s.now += 81; /* slower than two round trips */
	pass(&s, HALF, 0);
	CHECK(window(&s) == MUX_WINDOW);
	CHECK(solo_said(&s, "0001 0000 00000001 00020000"));
	s.now += 10; /* the owner holds a byte more than a quarter */
	pass(&s, HALF + MUX_WINDOW / 4 + 1, MUX_WINDOW / 4 + 1);
	CHECK(window(&s) == MUX_WINDOW);
	s.now += 10; /* a quarter is prompt enough */
	pass(&s, HALF - 1, MUX_WINDOW / 4);
	CHECK(window(&s) == 2 * MUX_WINDOW);
	solo_free(&s);
	/* before the first pong nobody knows */
	s = measured(NULL, UINT64_MAX);
	pass(&s, HALF, 0);
	CHECK(window(&s) == MUX_WINDOW);
	solo_free(&s);
}

TEST(mux_window_of_a_near_peer_stops_at_a_mebibyte)
{
	struct solo s = measured(NULL, 0);

	s.now += 3;
	pass(&s, HALF, 0);
	CHECK(window(&s) == MUX_WINDOW);
	s.now++;
	pass(&s, HALF, 0);
	CHECK(window(&s) == 2 * MUX_WINDOW);
	pass(&s, window(&s) / 2, 0);
	CHECK(window(&s) == 4 * MUX_WINDOW);
	pass(&s, window(&s) / 2, 0);
	CHECK(window(&s) == 4 * MUX_WINDOW);
	solo_free(&s);
}

/* What is under way of one stands before what the other waits for. */
TEST(mux_window_of_a_near_peer_shrinks_when_another_stream_speaks_too)
{
	struct solo s = measured(NULL, 0);
	int i;

	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 3, 0);
	s.now += 1000;
	for (i = 0; i < 3; i++) /* the first only sets the clock */
		pass(&s, window(&s) / 2, 0);
	CHECK(window(&s) == 4 * MUX_WINDOW);
	solo_data(&s, 3, 1);
	for (i = 0; i < 3; i++)
		pass(&s, MUX_WINDOW, 0);
	CHECK(window(&s) == MUX_WINDOW && s.m->grown == 0);
	CHECK(mux_stream_find(s.m, 1)->recv <= MUX_WINDOW);
	s.now += 250; /* and is let grow when it is alone again */
	pass(&s, mux_stream_find(s.m, 1)->recv, 0);
	s.now++;
	pass(&s, window(&s) / 2, 0);
	CHECK(window(&s) == 2 * MUX_WINDOW);
	solo_free(&s);
}

TEST(mux_window_keeps_to_its_limit)
{
	struct mux_limits lim = mux_limits_default;
	struct solo s;

	lim.window = MUX_WINDOW + 100000;
	s = measured(&lim, 10);
	pass(&s, HALF, 0);
	CHECK(window(&s) == lim.window);
	pass(&s, window(&s) / 2, 0);
	CHECK(window(&s) == lim.window);
	solo_free(&s);
	lim.window = 1000; /* the protocol allows none under its own */
	s = measured(&lim, 10);
	pass(&s, HALF, 0);
	CHECK(window(&s) == MUX_WINDOW);
	solo_free(&s);
}

TEST(mux_windows_share_one_sum_and_give_it_back)
{
	struct mux_limits lim = mux_limits_default;
	struct solo s;
	uint32_t id;

	lim.window_sum = MUX_WINDOW + 5000;
	s = measured(&lim, 10);
	for (id = 3; id <= 7; id += 2)
		solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_SYN, id, 0);
	for (id = 1; id <= 7; id += 2) {
		solo_data(&s, id, HALF);
		mux_consumed(s.m, s.now, id, HALF);
	}
	CHECK(window(&s) == 2 * MUX_WINDOW);
	CHECK(mux_stream_find(s.m, 3)->window == MUX_WINDOW + 5000);
	CHECK(mux_stream_find(s.m, 5)->window == MUX_WINDOW);
	CHECK(s.m->grown == lim.window_sum);
	mux_finish(s.m, s.now, 1);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_FIN, 1, 0);
	CHECK(s.m->grown == 5000);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_RST, 3, 0);
	CHECK(s.m->grown == 0);
	solo_data(&s, 7, HALF);
	mux_consumed(s.m, s.now, 7, HALF);
	CHECK(s.m->grown == MUX_WINDOW);
	solo_free(&s);
}

TEST(mux_room_of_a_peer_ends_at_the_window_while_others_flow)
{
	struct pair p;
	uint32_t slow, fast;
	uint64_t total = 0;

	pair_new(&p, &mux_limits_default);
	slow = pair_open(&p, 0);
	fast = pair_open(&p, 0);
	pair_settle(&p);
	p.lazy[1] = true;
	while (total < 20 * MUX_WINDOW) {
		pair_write(&p, 0, slow, 30000);
		total += pair_write(&p, 0, fast, 30000);
		pair_settle(&p);
		pair_consume(&p, 1, fast, 30000);
		pair_settle(&p);
	}
	CHECK(pair_find(&p, slow)->got[1] == MUX_WINDOW);
	CHECK(mux_room(p.m[0], slow) == 0);
	/* with the first consumed half it flows again, and never beyond */
	pair_consume(&p, 1, slow, HALF);
	pair_settle(&p);
	CHECK(mux_room(p.m[0], slow) == HALF);
	CHECK(!p.bad);
	pair_free(&p);
}
