// SPDX-License-Identifier: MIT
#include "net/keeps.h"

#include "net/loop.h"
#include "test/net/net.h"
#include "test/t.h"

struct kept {
	int left; /* tries until nothing is kept */
	int tries;
};

static unsigned
flush(void *arg)
{
	struct kept *k = arg;

	k->tries++;
	return k->left && --k->left ? 1 : 0;
}

static void
on_time(struct timer *t, void *arg)
{
	struct kept *k = arg;

	if (k->left)
		timer_start(t, t->l, 1, on_time, k);
	else
		loop_stop(t->l, 7);
}

TEST(keeps_tries_until_nothing_is_kept)
{
	struct kept k = { .left = 5 };
	struct log log = { LOG_ERROR, net_no_line, &k, flush };
	struct loop *l = loop_new(&log);
	struct timer t = { 0 };

	timer_start(&t, l, 1, on_time, &k);
	CHECK(loop_run(l) == 7);
	CHECK(k.left == 0 && k.tries >= 5);
	loop_free(l);
}

TEST(keeps_holds_no_loop_that_has_nothing_else)
{
	struct kept k = { .left = 1 << 30 };
	struct log log = { LOG_ERROR, net_no_line, &k, flush };
	struct loop *l = loop_new(&log);

	CHECK(loop_run(l) == 0);
	CHECK(k.tries > 0 && k.tries < 10);
	loop_free(l);
}
