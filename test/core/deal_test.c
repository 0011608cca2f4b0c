// SPDX-License-Identifier: MIT
#include "core/deal.h"

#include "test/t.h"

struct world {
	struct deal d;
	struct deal_line crowd, other;
	struct deal_wait w[8];
};

static void
start(struct world *x)
{
	*x = (struct world){ .w = { { .in = NULL } } };
	deal_init(&x->d);
	deal_line_init(&x->crowd, &x->d);
	deal_line_init(&x->other, &x->d);
}

/* Those whose turn it is, by their numbers. */
static bool
order_is(struct world *x, const char *want)
{
	struct deal_wait *w;

	for (; *want; want++) {
		w = deal_next(&x->d);
		if (!w || w != &x->w[*want - '0'] || w->in)
			return false;
	}
	return deal_next(&x->d) == NULL && deal_waiting(&x->d) == 0;
}

TEST(deal_gives_to_the_oldest_of_a_line)
{
	struct world x;
	int i;

	start(&x);
	for (i = 0; i < 3; i++)
		deal_add(&x.crowd, &x.w[i]);
	CHECK(deal_waiting(&x.d) == 3);
	CHECK(order_is(&x, "012"));
}

TEST(deal_gives_to_lines_in_turn_however_long_one_is)
{
	struct world x;
	int i;

	start(&x);
	for (i = 0; i < 5; i++)
		deal_add(&x.crowd, &x.w[i]);
	deal_add(&x.other, &x.w[5]);
	deal_add(&x.other, &x.w[6]);
	CHECK(order_is(&x, "0516234"));
}

TEST(deal_gives_last_to_those_in_no_hurry_of_all_lines)
{
	struct world x;
	int i;

	start(&x);
	for (i = 0; i < 4; i++)
		deal_add(&x.crowd, &x.w[i]);
	deal_add_last(&x.crowd, &x.w[0]);
	deal_add_last(&x.crowd, &x.w[2]);
	deal_add(&x.other, &x.w[4]);
	deal_add_last(&x.other, &x.w[4]);
	deal_add(&x.other, &x.w[5]);
	CHECK(order_is(&x, "153042"));
}

TEST(deal_gives_nothing_to_who_has_left)
{
	struct world x;
	int i;

	start(&x);
	for (i = 0; i < 4; i++)
		deal_add(i < 2 ? &x.crowd : &x.other, &x.w[i]);
	deal_add_last(&x.crowd, &x.w[1]);
	deal_drop(&x.w[0]);
	deal_drop(&x.w[0]);
	deal_drop(&x.w[1]);
	CHECK(deal_waiting(&x.d) == 2);
	CHECK(order_is(&x, "23"));
	deal_add(&x.crowd, &x.w[0]); /* and may come again */
	CHECK(order_is(&x, "0"));
}

TEST(deal_asks_once_for_each_who_waits_and_for_the_spare)
{
	struct world x;

	start(&x);
	CHECK(deal_ask(&x.d, 0, 2) == 2);
	CHECK(deal_ask(&x.d, 0, 2) == 0);
	deal_add(&x.crowd, &x.w[0]);
	CHECK(deal_ask(&x.d, 0, 2) == 1);
	deal_came(&x.d, 0);
	CHECK(deal_next(&x.d) == &x.w[0]);
	CHECK(deal_ask(&x.d, 0, 2) == 0);
	deal_asked(&x.d); /* more than is wanted is no harm */
	deal_came(&x.d, 0);
	deal_came(&x.d, 0);
	deal_came(&x.d, 0);
	deal_came(&x.d, 0);
	CHECK(x.d.asked == 0);
	CHECK(deal_ask(&x.d, 0, 1) == 1);
}

TEST(deal_asks_for_no_more_than_so_much_at_once)
{
	struct world x;

	start(&x);
	CHECK(deal_ask(&x.d, 0, 3 * DEAL_ASKED) == DEAL_ASKED);
	deal_came(&x.d, 0);
	CHECK(deal_ask(&x.d, 0, 3 * DEAL_ASKED) == 1);
}

TEST(deal_asks_for_few_at_a_time_of_those_in_no_hurry)
{
	static struct deal_wait w[2 * DEAL_LAST];
	struct world x;
	size_t i;

	start(&x);
	x.d.window = DEAL_ASKED;
	for (i = 0; i < 2 * DEAL_LAST; i++)
		deal_add_last(&x.crowd, &w[i]);
	deal_add(&x.other, &x.w[0]);
	CHECK(deal_waiting(&x.d) == 2 * DEAL_LAST + 1);
	CHECK(deal_ask(&x.d, 0, 0) == DEAL_LAST + 1);
	deal_came(&x.d, 0);
	CHECK(deal_next(&x.d) == &x.w[0]);
	CHECK(deal_ask(&x.d, 0, 0) == 0);
	deal_came(&x.d, 0);
	CHECK(deal_next(&x.d) == &w[0]);
	CHECK(deal_ask(&x.d, 0, 0) == 1);
}

TEST(deal_takes_for_lost_what_does_not_come_while_somebody_waits)
{
	struct world x;
	uint64_t at;

	start(&x);
	CHECK(deal_deadline(&x.d) == UINT64_MAX);
	deal_ask(&x.d, 100, 1);
	CHECK(deal_deadline(&x.d) == UINT64_MAX); /* the spare can wait */
	deal_add(&x.crowd, &x.w[0]);
	deal_add(&x.crowd, &x.w[1]);
	CHECK(deal_ask(&x.d, 200, 1) == 2);
	deal_came(&x.d, 300);
	CHECK(deal_next(&x.d) == &x.w[0]);
	at = deal_deadline(&x.d);
	CHECK(at > 300);
	deal_tick(&x.d, at - 1);
	CHECK(deal_ask(&x.d, at - 1, 1) == 0);
	deal_tick(&x.d, at);
	CHECK(deal_ask(&x.d, at, 1) == 2);
}

TEST(deal_waits_longer_each_time_until_something_comes)
{
	struct world x;
	uint64_t at, first, before = 0;
	int i;

	start(&x);
	deal_add(&x.crowd, &x.w[0]);
	deal_ask(&x.d, 0, 0);
	first = deal_deadline(&x.d);
	for (i = 0, at = 0; i < 10; i++) {
		CHECK(deal_deadline(&x.d) - at >= before);
		before = deal_deadline(&x.d) - at;
		at = deal_deadline(&x.d);
		deal_tick(&x.d, at);
		CHECK(deal_ask(&x.d, at, 0) == 1);
	}
	CHECK(before > first && before < 10000);
	deal_came(&x.d, at);
	CHECK(deal_deadline(&x.d) == at + first);
}

#define CROWD 5000

/* A way of so many ms, at whose other end each takes so many us. */
struct way {
	unsigned ms, us_each;
	uint64_t done; /* us, when the last is */
	uint64_t comes[2 * DEAL_ASKED];
	size_t from, to;
};

static void
ask(struct way *y, struct deal *d, uint64_t us)
{
	size_t n = deal_ask(d, us / 1000, 0);
	uint64_t there = us + y->ms * 1000;

	for (; n; n--) {
		y->done = (there > y->done ? there : y->done) + y->us_each;
		y->comes[y->to++ % (2 * DEAL_ASKED)] = y->done;
	}
}

/* ms until all of a crowd are served; *most: what was on its way at once. */
static uint64_t
serve(struct deal *d, struct way *y, size_t *most)
{
	struct deal_wait *w = calloc(CROWD, sizeof(*w));
	struct deal_line line;
	uint64_t us = y->done, began = us;
	size_t i;

	deal_line_init(&line, d);
	for (i = 0; i < CROWD; i++)
		deal_add(&line, &w[i]);
	ask(y, d, us);
	for (*most = 0; deal_waiting(d); ask(y, d, us)) {
		*most = y->to - y->from > *most ? y->to - y->from : *most;
		us = y->comes[y->from++ % (2 * DEAL_ASKED)];
		deal_came(d, us / 1000);
		deal_next(d);
	}
	free(w);
	return (us - began) / 1000;
}

TEST(deal_asks_for_little_where_more_would_only_come_later)
{
	struct way near = { .ms = 0, .us_each = 200 };
	struct deal d;
	size_t most;

	deal_init(&d);
	CHECK(serve(&d, &near, &most) <= CROWD / 5 + 10);
	CHECK(most <= 32);
}

TEST(deal_asks_for_much_on_a_long_way)
{
	struct way far = { .ms = 100, .us_each = 20 };
	struct deal d;
	size_t most;

	deal_init(&d);
	CHECK(serve(&d, &far, &most) < 1600);
	CHECK(most > 256);
	CHECK(serve(&d, &far, &most) < 1000);
}

TEST(deal_finds_out_that_a_way_has_become_longer)
{
	struct way way = { .ms = 1, .us_each = 20 };
	struct deal d;
	size_t most;

	deal_init(&d);
	CHECK(serve(&d, &way, &most) < 500);
	way.ms = 60;
	CHECK(serve(&d, &way, &most) < 10000);
	CHECK(serve(&d, &way, &most) < 1500);
}
