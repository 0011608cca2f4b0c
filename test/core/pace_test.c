// SPDX-License-Identifier: MIT
#include "core/pace.h"

#include "test/t.h"

#define MOST UINT32_MAX /* a dice that takes nothing away, or next to it */

TEST(pace_doubles_up_to_its_cap)
{
	static const struct pace p = { 2000, 20000 };
	static const uint32_t want[] = { 2000, 4000, 8000, 16000, 20000,
		20000 };
	unsigned i;

	for (i = 0; i < 6; i++) {
		CHECK(pace_wait(&p, i, 0) == want[i] / 2);
		CHECK(pace_wait(&p, i, MOST) == want[i] - 1);
		CHECK(pace_wait(&p, i, 0x8000) == want[i] / 4 * 3);
	}
	CHECK(pace_wait(&p, UINT32_MAX, MOST) == 19999);
}

TEST(pace_jitter_stays_within_its_half)
{
	static const struct pace paces[] = { { 1, 1 }, { 3, 7 }, { 500, 2000 },
		{ 2000, 500 }, { 1, UINT32_MAX }, { UINT32_MAX, UINT32_MAX } };
	uint32_t dice = 1;
	unsigned tries, i;

	for (i = 0; i < sizeof(paces) / sizeof(*paces); i++)
		for (tries = 0; tries < 40; tries++) {
			uint64_t full = (uint64_t)paces[i].first_ms << tries;
			uint32_t got;

			if (full > paces[i].cap_ms)
				full = paces[i].cap_ms;
			dice = dice * 1664525 + 1013904223;
			got = pace_wait(&paces[i], tries, dice >> 3);
			CHECK(got <= full && got >= full - full / 2);
		}
}

TEST(pace_of_nothing_waits_for_nothing)
{
	static const struct pace zero = { 0, 0 };

	CHECK(pace_wait(&zero, 0, MOST) == 0);
	CHECK(pace_wait(&zero, UINT32_MAX, MOST) == 0);
}

TEST(pace_gate_counts_within_its_window)
{
	struct pace_gate g = { 0 };

	CHECK(pace_count(&g, 1000, 100) == 1);
	CHECK(pace_count(&g, 1000, 100) == 2);
	CHECK(pace_count(&g, 1099, 100) == 3);
	CHECK(pace_count(&g, 1100, 100) == 1);
	CHECK(pace_count(&g, 1199, 100) == 2);
	CHECK(pace_count(&g, 5000, 100) == 1);
	CHECK(pace_count(&g, 5000, 0) == 1); /* no window: always the first */
}

TEST(pace_gate_begins_at_any_time)
{
	struct pace_gate g = { 0 };

	CHECK(pace_count(&g, 0, 100) == 1);
	CHECK(pace_count(&g, 99, 100) == 2);
	CHECK(pace_count(&g, UINT64_MAX, 100) == 1);
	CHECK(pace_count(&g, 98, 100) == 2); /* 99 ms later, round the end */
	CHECK(pace_count(&g, 99, 100) == 1);
}

TEST(pace_guesses_wait_longer_each_and_are_forgotten)
{
	static const uint32_t want[] = { 0, 0, 99, 199, 399, 799, 1599, 3199,
		4999, 4999, 4999 };
	struct pace_guess g = { 0 };
	uint64_t now = 1000;
	unsigned i;

	CHECK(pace_guesses(&g, now) == 0);
	for (i = 0; i < sizeof(want) / sizeof(*want); i++)
		CHECK(pace_guess(&g, now + i) == want[i]);
	now += i - 1;
	CHECK(pace_guesses(&g, now) == 9);
	CHECK(pace_guesses(&g, now + PACE_FORGET_MS - 1) == 9);
	CHECK(pace_guesses(&g, now + 4 * PACE_FORGET_MS) == 5);
	CHECK(pace_guesses(&g, now + 100 * PACE_FORGET_MS) == 0);
	CHECK(pace_guess(&g, now + 6 * PACE_FORGET_MS) == 199);
	CHECK(pace_guess(&g, now + 60 * PACE_FORGET_MS) == 0);
}
