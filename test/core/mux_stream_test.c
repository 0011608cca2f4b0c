// SPDX-License-Identifier: MIT
/* How streams begin and end, and how many there may be. */
#include "core/mux_stream.h"

#include "test/core/mux_solo.h"

TEST(mux_sends_one_fin_and_forgets_after_both)
{
	struct solo s = solo_new(MUX_CLIENT, NULL);
	uint32_t id = mux_open(s.m, s.now);

	buf_take(mux_out(s.m), buf_len(mux_out(s.m)));
	mux_finish(s.m, s.now, id);
	mux_finish(s.m, s.now, id);
	CHECK(solo_said(&s, "0001 0004 00000001 00000000"));
	CHECK(mux_room(s.m, id) == 0 && mux_streams(s.m) == 1);
	/* it still takes, and gives credit */
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_ACK, id, 0);
	solo_data(&s, id, MUX_WINDOW / 2);
	CHECK(solo_said(&s, "0001 0000 00000001 00020000"));
	solo_frame(&s, MUX_FRAME_WINDOW, 0, id, 1000);
	CHECK(mux_room(s.m, id) == 0);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_FIN, id, 0);
	CHECK(mux_streams(s.m) == 0);
	mux_finish(s.m, s.now, id);
	mux_consumed(s.m, s.now, id, 5);
	mux_reset(s.m, id);
	mux_set_arg(s.m, id, &s);
	CHECK(solo_said(&s, ""));
	solo_free(&s);
}

TEST(mux_gives_the_argument_with_every_event)
{
	struct mux *m = mux_new(MUX_SERVER, &mux_limits_default, 1, 0);
	uint8_t p[3 * MUX_HEAD + 2];
	struct mux_event ev;
	int arg;

	mux_frame_put(p, MUX_FRAME_DATA, MUX_FLAG_SYN, 1, 2);
	mux_frame_put(p + 14, MUX_FRAME_WINDOW, MUX_FLAG_FIN, 1, 0);
	mux_frame_put(p + 26, MUX_FRAME_WINDOW, MUX_FLAG_RST, 1, 0);
	mux_feed(m, p, sizeof(p));
	CHECK(mux_next(m, 0, &ev) == 1 && ev.type == MUX_OPEN && !ev.arg);
	mux_set_arg(m, ev.id, &arg);
	CHECK(mux_next(m, 0, &ev) == 1 && ev.type == MUX_DATA);
	CHECK(ev.arg == &arg && ev.p == p + 12 && ev.n == 2);
	CHECK(mux_next(m, 0, &ev) == 1 && ev.type == MUX_FIN);
	CHECK(ev.arg == &arg);
	CHECK(mux_next(m, 0, &ev) == 1 && ev.type == MUX_RST);
	CHECK(ev.arg == &arg && mux_streams(m) == 0);
	CHECK(mux_next(m, 0, &ev) == 0);
	mux_free(m);
}

TEST(mux_gives_no_event_of_a_stream_its_owner_reset)
{
	struct mux *m = mux_new(MUX_SERVER, &mux_limits_default, 1, 0);
	uint8_t p[3 * MUX_HEAD + 4] = {0};
	struct mux_event ev;

	mux_frame_put(p, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 1, 0);
	mux_frame_put(p + 12, MUX_FRAME_DATA, MUX_FLAG_FIN, 1, 4);
	mux_frame_put(p + 28, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 3, 0);
	mux_feed(m, p, 26);
	CHECK(mux_next(m, 0, &ev) == 1 && ev.type == MUX_OPEN);
	CHECK(mux_next(m, 0, &ev) == 1 && ev.type == MUX_DATA);
	mux_reset(m, 1); /* in the middle of a frame */
	CHECK(mux_next(m, 0, &ev) == 0);
	mux_feed(m, p + 26, sizeof(p) - 26);
	CHECK(mux_next(m, 0, &ev) == 1 && ev.type == MUX_OPEN && ev.id == 3);
	CHECK(mux_next(m, 0, &ev) == 0);
	mux_free(m);
}

TEST(mux_opens_up_to_the_backlog_and_one_more_after_an_ack)
{
	struct solo s = solo_new(MUX_CLIENT, NULL);
	uint32_t i;

	for (i = 0; i < 256; i++)
		CHECK(mux_open(s.m, s.now) == 2 * i + 1);
	CHECK(mux_open(s.m, s.now) == 0);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_ACK, 5, 0);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_ACK, 5, 0);
	CHECK(mux_open(s.m, s.now) == 513);
	CHECK(mux_open(s.m, s.now) == 0);
	mux_reset(s.m, 7);
	CHECK(mux_open(s.m, s.now) == 515);
	CHECK(mux_open(s.m, s.now) == 0);
	/* an ACK may ride on data, and on a RST there is none to come */
	solo_frame(&s, MUX_FRAME_DATA, MUX_FLAG_ACK, 9, 0);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_RST, 11, 0);
	CHECK(mux_open(s.m, s.now) == 517 && mux_open(s.m, s.now) == 519);
	CHECK(mux_open(s.m, s.now) == 0);
	CHECK_STR(solo_log(&s), "A5 A9 X11");
	solo_free(&s);
}

TEST(mux_resets_newcomers_past_the_limit_of_streams)
{
	struct mux_limits lim = mux_limits_default;
	struct solo s;

	lim.streams = 3;
	s = solo_new(MUX_SERVER, &lim);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 1, 0);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 3, 0);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 5, 0);
	buf_take(mux_out(s.m), buf_len(mux_out(s.m)));
	CHECK(solo_feed_hex(&s, "0000 0001 00000007 00000002 6162") == 0);
	CHECK(solo_said(&s, "0001 0008 00000007 00000000"));
	CHECK(mux_open(s.m, s.now) == 0);
	CHECK_STR(solo_log(&s), "O1 O3 O5");
	mux_reset(s.m, 3);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 7, 0);
	CHECK_STR(solo_log(&s), "O7");
	solo_free(&s);
}

TEST(mux_opens_none_where_either_side_goes_away)
{
	struct solo s = solo_new(MUX_CLIENT, NULL);

	solo_frame(&s, MUX_FRAME_GOAWAY, 0, 0, 0);
	CHECK(mux_open(s.m, s.now) == 0);
	solo_free(&s);
	s = solo_new(MUX_SERVER, NULL);
	mux_goaway(s.m, 0);
	CHECK(solo_said(&s, "0003 0000 00000000 00000000"));
	CHECK(mux_open(s.m, s.now) == 0);
	CHECK(solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 1, 0) == 0);
	CHECK(buf_len(mux_out(s.m)) == 2 * MUX_HEAD);
	CHECK(mux_streams(s.m) == 0);
	solo_free(&s);
}

TEST(mux_skips_an_id_of_ours_that_the_peer_took)
{
	struct solo s = solo_new(MUX_CLIENT, NULL);

	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 1, 0);
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 3, 0);
	CHECK(mux_open(s.m, s.now) == 5);
	solo_free(&s);
}

TEST(mux_opens_none_once_the_ids_are_used_up)
{
	struct solo s = solo_new(MUX_CLIENT, NULL);

	s.m->next_id = UINT32_MAX - 4;
	CHECK(mux_open(s.m, s.now) == UINT32_MAX - 4);
	CHECK(mux_open(s.m, s.now) == UINT32_MAX - 2);
	CHECK(mux_open(s.m, s.now) == 0 && mux_open(s.m, s.now) == 0);
	solo_free(&s);
}

TEST(mux_breaks_where_4096_answers_are_not_read)
{
	struct solo s = solo_new(MUX_SERVER, NULL);
	uint32_t i;

	for (i = 0; i < 4096; i++)
		CHECK(solo_frame(&s, MUX_FRAME_PING, MUX_FLAG_SYN, 0, i) == 0);
	CHECK(solo_frame(&s, MUX_FRAME_PING, MUX_FLAG_SYN, 0, i) == ERR_LIMIT);
	CHECK_STR(mux_why(s.m), "peer does not read its answers");
	solo_free(&s);
	/* ACKs are answers too, though the streams may all be gone again */
	s = solo_new(MUX_SERVER, NULL);
	for (i = 0; i < 4096; i++) {
		solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 1, 0);
		solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_RST, 1, 0);
	}
	CHECK(s.r == 0 && mux_streams(s.m) == 0);
	CHECK(solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 1, 0) ==
	    ERR_LIMIT);
	solo_free(&s);
}

TEST(mux_answers_a_reader_without_end_though_its_queue_is_never_empty)
{
	struct solo s = solo_new(MUX_SERVER, NULL);
	uint32_t i;

	for (i = 0; i < 1000; i++)
		solo_frame(&s, MUX_FRAME_PING, MUX_FLAG_SYN, 0, i);
	for (i = 0; i < 100000; i++) {
		buf_take(mux_out(s.m), i & 1 ? 7 : 17);
		CHECK(solo_frame(&s, MUX_FRAME_PING, MUX_FLAG_SYN, 0, i) == 0);
	}
	CHECK(buf_len(mux_out(s.m)) > 11000);
	solo_free(&s);
}

TEST(mux_keeps_no_memory_after_a_million_streams)
{
	struct solo s = solo_new(MUX_CLIENT, NULL);
	uint32_t id, i;

	for (i = 0; i < 1000000; i++) {
		id = mux_open(s.m, s.now);
		if (i & 1)
			mux_reset(s.m, id);
		else
			solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_RST, id, 0);
		buf_take(mux_out(s.m), buf_len(mux_out(s.m)));
		buf_take(&s.log, buf_len(&s.log));
		if (mux_streams(s.m) != 0 || s.m->streams.cap > 8)
			break;
	}
	CHECK(i == 1000000 && s.m->unacked == 0);
	CHECK(list_empty(&s.m->opening) && list_empty(&s.m->closing));
	CHECK(mux_out(s.m)->cap <= 256);
	solo_free(&s);
}

TEST(mux_fills_a_frame_in_place)
{
	struct solo s = solo_new(MUX_CLIENT, NULL);
	uint32_t id = mux_open(s.m, s.now);
	size_t n = 1 << 20;
	uint8_t *to;

	buf_take(mux_out(s.m), buf_len(mux_out(s.m)));
	to = mux_reserve(s.m, id, &n);
	CHECK(to && n == MUX_WINDOW);
	to[0] = 'x';
	mux_commit(s.m, id, 1);
	CHECK(solo_said(&s, "0000 0000 00000001 00000001 78"));
	CHECK(mux_room(s.m, id) == MUX_WINDOW - 1);
	n = 10;
	CHECK(mux_reserve(s.m, id, &n) && n == 10);
	mux_commit(s.m, id, 0);
	CHECK(solo_said(&s, "") && mux_room(s.m, id) == MUX_WINDOW - 1);
	n = 10;
	CHECK(!mux_reserve(s.m, 77, &n) && n == 0);
	mux_commit(s.m, 77, 0);
	mux_write(s.m, id, "", 0);
	mux_write(s.m, 77, "", 0);
	CHECK(solo_said(&s, ""));
	solo_free(&s);
}

TEST(mux_tells_when_there_is_room_again)
{
	struct solo s = solo_new(MUX_CLIENT, NULL);
	uint32_t id = mux_open(s.m, s.now);
	size_t n = MUX_WINDOW;

	memset(mux_reserve(s.m, id, &n), 0, MUX_WINDOW);
	mux_commit(s.m, id, n);
	CHECK(mux_room(s.m, id) == 0);
	n = 1;
	CHECK(!mux_reserve(s.m, id, &n));
	solo_frame(&s, MUX_FRAME_WINDOW, 0, id, 0);
	CHECK_STR(solo_log(&s), "");
	solo_frame(&s, MUX_FRAME_WINDOW, 0, id, 7);
	solo_frame(&s, MUX_FRAME_WINDOW, 0, id, 7);
	CHECK_STR(solo_log(&s), "R1");
	CHECK(mux_room(s.m, id) == 14);
	solo_free(&s);
}

/* Where the streams lie hangs on the seed alone: not on an address, which can
 * be guessed, nor on the time. */
TEST(mux_places_its_streams_by_its_seed)
{
	static const uint64_t seeds[] = { 1, 1, 2 };
	uint64_t places[3][128] = { { 0 } };
	struct mux *m[3];
	size_t i, k;

	for (i = 0; i < 3; i++) {
		m[i] = mux_new(MUX_CLIENT, &mux_limits_default, seeds[i], i);
		for (k = 0; k < 64; k++)
			CHECK(mux_open(m[i], 0) != 0);
		if (!CHECK(m[i]->streams.cap <= 128))
			continue;
		for (k = 0; k < m[i]->streams.cap; k++)
			places[i][k] = m[i]->streams.slots[k].num;
	}
	CHECK(memcmp(places[0], places[1], sizeof(places[0])) == 0);
	CHECK(memcmp(places[0], places[2], sizeof(places[0])) != 0);
	for (i = 0; i < 3; i++)
		mux_free(m[i]);
}
