// SPDX-License-Identifier: MIT
/* Payload that goes past the machine, and what it still has to say of it. */
#include "core/mux_stream.h"

#include "test/core/mux_solo.h"

/* A server with stream 1 open and the header of a frame of n bytes read. */
static struct solo
within(uint32_t n, uint16_t flags)
{
	struct solo s = solo_new(MUX_SERVER, NULL);

	s.keep = true;
	solo_frame(&s, MUX_FRAME_WINDOW, MUX_FLAG_SYN, 1, 0);
	mux_set_arg(s.m, 1, &s);
	solo_frame(&s, MUX_FRAME_DATA, flags, 1, n);
	buf_take(mux_out(s.m), buf_len(mux_out(s.m)));
	return s;
}

TEST(mux_tells_what_of_a_frame_is_still_to_come)
{
	struct solo s = within(100, 0);
	void *arg = NULL;

	CHECK(mux_pending(s.m, &arg) == 100 && arg);
	solo_feed(&s, "0123456789", 10);
	CHECK(mux_pending(s.m, &arg) == 90);
	mux_passed(s.m, s.now, 90);
	CHECK(mux_pending(s.m, &arg) == 0);
	CHECK(mux_stream_find(s.m, 1)->recv == MUX_WINDOW - 100);
	CHECK(mux_stream_find(s.m, 1)->held == 100);
	/* and goes on with the next header */
	CHECK(solo_data(&s, 1, 5) == 0);
	CHECK(mux_stream_find(s.m, 1)->held == 105);
	solo_free(&s);
}

TEST(mux_gives_credit_for_what_went_past_it)
{
	struct solo s = within(MUX_WINDOW, 0);

	mux_passed(s.m, s.now, MUX_WINDOW);
	mux_consumed(s.m, s.now, 1, MUX_WINDOW / 2);
	CHECK(solo_said(&s, "0001 0000 00000001 00020000"));
	solo_free(&s);
}

TEST(mux_fin_of_a_frame_comes_behind_what_went_past)
{
	struct solo s = within(10, MUX_FLAG_FIN);
	void *arg;

	CHECK(mux_pending(s.m, &arg) == 10);
	mux_passed(s.m, s.now, 10);
	solo_next(&s);
	CHECK_STR(buf_text(&s.log), "O1 F1");
	solo_free(&s);
}

TEST(mux_has_nothing_pending_for_those_who_have_gone_or_ended)
{
	struct solo s = within(10, 0);
	void *arg;

	mux_reset(s.m, 1);
	CHECK(mux_pending(s.m, &arg) == 0);
	solo_free(&s);
	s = within(0, 0);
	CHECK(mux_pending(s.m, &arg) == 0);
	solo_free(&s);
}

TEST(mux_claims_a_frame_as_if_it_had_been_written)
{
	struct solo s = within(0, 0);
	uint8_t head[MUX_HEAD];

	mux_claim(s.m, 1, 0x1234, head);
	CHECK(memcmp(head, "\0\0\0\0\0\0\0\1\0\0\x12\x34", MUX_HEAD) == 0);
	CHECK(mux_room(s.m, 1) == MUX_WINDOW - 0x1234);
	CHECK(buf_len(mux_out(s.m)) == 0);
	solo_free(&s);
}
