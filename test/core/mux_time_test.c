// SPDX-License-Identifier: MIT
/* Pings, waits that end, and a clock that jumps. */
#include "core/mux_stream.h"

#include "test/core/mux_solo.h"

#define PING(n) "0002 0001 00000000 0000000" n
#define PONG(s, n) solo_frame((s), MUX_FRAME_PING, MUX_FLAG_ACK, 0, (n))

static int
tick(struct solo *s, uint64_t at)
{
	s->now = at;
	mux_tick(s->m, at);
	return solo_next(s);
}

static void
hush(struct solo *s)
{
	buf_take(mux_out(s->m), buf_len(mux_out(s->m)));
}

TEST(mux_server_does_not_speak_first_and_pings_an_idle_stranger)
{
	struct solo s = solo_new(MUX_SERVER, NULL);

	CHECK(mux_deadline(s.m) == 16000);
	CHECK(tick(&s, 15999) == 0 && solo_said(&s, ""));
	CHECK(tick(&s, 16000) == 0 && solo_said(&s, PING("0")));
	CHECK(mux_deadline(s.m) == 26000);
	CHECK(tick(&s, 25999) == 0 && solo_said(&s, ""));
	CHECK(tick(&s, 26000) == ERR_LATE && solo_said(&s, ""));
	CHECK_STR(mux_why(s.m), "no answer to a ping in 10 s");
	solo_free(&s);
}

TEST(mux_measures_the_round_trip)
{
	struct solo s = solo_new(MUX_CLIENT, NULL);

	CHECK(mux_rtt(s.m) == UINT64_MAX);
	mux_open(s.m, s.now);
	hush(&s);
	s.now += 30;
	PONG(&s, 0);
	PONG(&s, 0); /* one too many */
	CHECK_STR(solo_log(&s), "P0");
	CHECK(mux_rtt(s.m) == 30 && mux_heard(s.m) == 1030);
	mux_ping(s.m, s.now);
	mux_ping(s.m, s.now); /* one at a time */
	CHECK(solo_said(&s, PING("1")));
	s.now += 110; /* longer ones are believed little by little */
	PONG(&s, 1);
	CHECK(mux_rtt(s.m) == 40);
	mux_ping(s.m, s.now);
	s.now += 5; /* and shorter ones at once */
	PONG(&s, 2);
	CHECK(mux_rtt(s.m) == 5);
	solo_free(&s);
}

TEST(mux_pings_after_silence_only)
{
	struct solo s = solo_new(MUX_CLIENT, NULL);

	mux_open(s.m, s.now);
	hush(&s);
	s.now = 2000;
	PONG(&s, 0);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_ACK, 1, 0);
	CHECK(mux_deadline(s.m) == 17000);
	s.now = 10000;
	solo_feed(&s, "", 1); /* one byte of a header is a sign of life */
	CHECK(mux_deadline(s.m) == 25000);
	CHECK(tick(&s, 24999) == 0 && solo_said(&s, ""));
	CHECK(tick(&s, 25000) == 0 && solo_said(&s, PING("1")));
	solo_free(&s);
}

TEST(mux_pings_once_a_minute_where_data_flows)
{
	struct solo s = solo_new(MUX_CLIENT, NULL);
	uint64_t at;

	mux_open(s.m, s.now);
	hush(&s);
	PONG(&s, 0);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_ACK, 1, 0);
	for (at = 2000; at < 61000; at += 1000) {
		CHECK(tick(&s, at) == 0 && solo_said(&s, ""));
		solo_data(&s, 1, 10);
	}
	CHECK(tick(&s, 61000) == 0 && solo_said(&s, PING("1")));
	solo_free(&s);
}

TEST(mux_takes_any_byte_for_an_answer_as_long_as_they_flow)
{
	struct solo s = solo_new(MUX_CLIENT, NULL);
	uint64_t at;

	mux_open(s.m, s.now);
	hush(&s);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_ACK, 1, 0);
	for (at = 5000; at <= 100000; at += 5000) {
		CHECK(tick(&s, at) == 0);
		solo_data(&s, 1, 1);
	}
	CHECK(solo_said(&s, "") && mux_deadline(s.m) == 110000);
	CHECK(tick(&s, 110000) == ERR_LATE);
	solo_free(&s);
}

TEST(mux_without_keepalive_asks_once_and_demands_nothing)
{
	struct mux_limits lim = mux_limits_default;
	struct solo s;

	lim.keepalive = 0;
	s = solo_new(MUX_SERVER, &lim);
	CHECK(mux_deadline(s.m) == UINT64_MAX);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 1, 0);
	CHECK(solo_said(&s, "0001 0002 00000001 00000000" PING("0")));
	CHECK(mux_deadline(s.m) == UINT64_MAX);
	CHECK(tick(&s, 10000000) == 0 && solo_said(&s, ""));
	mux_ping(s.m, s.now); /* but who asks wants an answer */
	CHECK(solo_said(&s, PING("1")));
	CHECK(mux_deadline(s.m) == s.now + 10000);
	PONG(&s, 1);
	CHECK(mux_deadline(s.m) == UINT64_MAX);
	solo_free(&s);
}

TEST(mux_breaks_where_a_stream_is_not_acknowledged)
{
	struct mux_limits lim = mux_limits_default;
	struct solo s;

	lim.keepalive = 0;
	s = solo_new(MUX_CLIENT, &lim);
	mux_open(s.m, 1000);
	mux_open(s.m, 2000);
	mux_open(s.m, 3000);
	CHECK(mux_deadline(s.m) == 76000);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_ACK, 1, 0);
	CHECK(mux_deadline(s.m) == 77000);
	mux_reset(s.m, 3);
	CHECK(mux_deadline(s.m) == 78000);
	CHECK(tick(&s, 77999) == 0);
	CHECK(tick(&s, 78000) == ERR_LATE);
	CHECK_STR(mux_why(s.m), "stream was not acknowledged in 75 s");
	solo_free(&s);
}

TEST(mux_resets_streams_left_half_closed)
{
	struct mux_limits lim = mux_limits_default;
	struct solo s;
	int i;

	lim.keepalive = 0;
	s = solo_new(MUX_CLIENT, &lim);
	for (i = 0; i < 4; i++)
		mux_open(s.m, 1000);
	for (i = 1; i < 7; i += 2)
		solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_ACK, i, 0);
	mux_finish(s.m, 1000, 1);
	mux_finish(s.m, 1000, 3);
	mux_finish(s.m, 2000, 5);
	mux_finish(s.m, 2000, 7); /* waits for its ACK first, … */
	s.now = 4000;
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_ACK, 7, 0); /* … until now */
	solo_log(&s);
	hush(&s);
	CHECK(mux_deadline(s.m) == 301000);
	CHECK(tick(&s, 300999) == 0 && solo_said(&s, ""));
	s.now = 301000;
	mux_tick(s.m, s.now);
	mux_reset(s.m, 3); /* before its event was fetched */
	CHECK(mux_room(s.m, 1) == 0 && mux_streams(s.m) == 3);
	mux_finish(s.m, s.now, 1);
	solo_feed(&s, "", 0);
	solo_next(&s);
	CHECK_STR(solo_log(&s), "X1");
	CHECK(solo_said(&s, "0001 0008 00000001 00000000"
	    "0001 0008 00000003 00000000"));
	CHECK(mux_deadline(s.m) == 302000);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_FIN, 5, 0);
	CHECK_STR(solo_log(&s), "F5");
	CHECK(mux_deadline(s.m) == 304000);
	CHECK(tick(&s, 304000) == 0);
	CHECK_STR(solo_log(&s), "X7");
	CHECK(mux_streams(s.m) == 0 && mux_deadline(s.m) == UINT64_MAX);
	solo_free(&s);
}

TEST(mux_survives_an_hour_in_which_nobody_ran)
{
	struct solo s = solo_new(MUX_CLIENT, NULL);
	uint64_t hour = 3600000;

	mux_open(s.m, s.now); /* with a ping under way, and a SYN */
	hush(&s);
	CHECK(mux_deadline(s.m) == 11000);
	CHECK(tick(&s, hour) == 0);
	CHECK(solo_said(&s, PING("1")));
	CHECK(mux_deadline(s.m) == hour + 10000);
	PONG(&s, 0); /* that of before tells nothing about the way */
	CHECK(mux_rtt(s.m) == UINT64_MAX);
	s.now += 20;
	PONG(&s, 1);
	CHECK(mux_rtt(s.m) == 20);
	/* the SYN has its grace too, and it ends */
	CHECK(mux_deadline(s.m) == hour + 10000);
	CHECK(tick(&s, hour + 9999) == 0);
	CHECK(tick(&s, hour + 10000) == ERR_LATE);
	solo_free(&s);
}

TEST(mux_ends_after_a_jump_where_the_peer_is_gone)
{
	struct solo s = solo_new(MUX_CLIENT, NULL);

	mux_open(s.m, s.now);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_ACK, 1, 0);
	CHECK(tick(&s, 21001) == 0); /* later than a peer may be */
	CHECK(tick(&s, 31000) == 0);
	CHECK(tick(&s, 31001) == ERR_LATE);
	solo_free(&s);
	/* just as late as a peer may be is late */
	s = solo_new(MUX_CLIENT, NULL);
	mux_open(s.m, s.now);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_ACK, 1, 0);
	CHECK(tick(&s, 21000) == ERR_LATE);
	solo_free(&s);
	/* with no ping under way one is sent */
	s = solo_new(MUX_CLIENT, NULL);
	hush(&s);
	CHECK(tick(&s, 9000000) == 0 && solo_said(&s, PING("0")));
	CHECK(mux_deadline(s.m) == 9010000);
	solo_free(&s);
}
