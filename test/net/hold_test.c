// SPDX-License-Identifier: MIT
/* Those who wait for their other side. */
#include "net/hold.h"

#include "test/net/net.h"

#define TURNS 400000 /* more than anything here needs */

struct world {
	struct loop *l;
	struct hold h;
	int user; /* the far end */
	int broken, ended;
};

static void
on_broken(void *arg)
{
	struct world *w = arg;

	w->broken++;
}

static void
on_end(void *arg)
{
	struct world *w = arg;

	w->ended++;
}

static void
start(struct world *w)
{
	int fd[2];

	*w = (struct world){ .l = loop_new(&net_log) };
	net_pair(fd);
	w->user = fd[0];
	hold_start(&w->h, conn_new(w->l, fd[1]), on_broken, w);
	w->h.on_end = on_end;
}

static void
finish(struct world *w)
{
	hold_release(&w->h);
	stream_close(w->h.s);
	net_turns(w->l, 3);
	loop_free(w->l);
}

static void
turn_until(struct world *w, const int *count)
{
	int i;

	for (i = 0; i < TURNS && *count == 0; i++)
		net_turn(w->l);
}

static void
turn_until_held(struct world *w, size_t n)
{
	int i;

	for (i = 0; i < TURNS && buf_len(&w->h.early) < n; i++)
		net_turn(w->l);
}

TEST(hold_sees_that_one_who_waits_is_reset)
{
	struct world w;

	start(&w);
	CHECK(send(w.user, "x", 1, MSG_NOSIGNAL) == 1);
	turn_until_held(&w, 1);
	CHECK(buf_len(&w.h.early) == 1 && !w.broken);
	CHECK(!conn_is_gone(w.h.s));
	net_abort(w.user);
	turn_until(&w, &w.broken);
	CHECK(w.broken == 1 && w.ended == 0);
	finish(&w);
}

TEST(hold_sees_the_end_behind_a_few_bytes)
{
	struct world w;

	start(&w);
	CHECK(send(w.user, "ask", 3, MSG_NOSIGNAL) == 3);
	shutdown(w.user, SHUT_WR);
	turn_until(&w, &w.ended);
	CHECK(w.ended == 1 && w.h.ended && !w.broken);
	CHECK(buf_len(&w.h.early) == 3);
	CHECK(!conn_is_gone(w.h.s)); /* it may wait for the answer */
	close(w.user);
	finish(&w);
}

TEST(hold_reads_little_of_one_who_says_much)
{
	static const char much[65536];
	struct world w;
	int i;

	start(&w);
	CHECK(send(w.user, much, sizeof(much), MSG_NOSIGNAL) > 20000);
	turn_until_held(&w, CONN_SIP);
	net_turns(w.l, 20);
	CHECK(buf_len(&w.h.early) >= CONN_SIP);
	CHECK(buf_len(&w.h.early) < 2 * CONN_SIP);
	net_abort(w.user);
	for (i = 0; i < TURNS && !conn_is_gone(w.h.s); i++)
		net_turn(w.l);
	CHECK(!w.broken && conn_is_gone(w.h.s)); /* who asks is told */
	finish(&w);
}

/* What the relay that follows reads is no longer little. */
TEST(hold_joins_what_it_has_and_all_that_comes)
{
	static const char much[65536];
	char got[4096];
	int fd[2], i;
	size_t n = 0;
	ssize_t r;
	struct world w;

	start(&w);
	CHECK(send(w.user, much, 20000, MSG_NOSIGNAL) == 20000);
	turn_until_held(&w, CONN_SIP);
	net_pair(fd);
	hold_join(&w.h, w.l, conn_new(w.l, fd[1]));
	shutdown(w.user, SHUT_WR);
	for (i = 0; i < TURNS; i++) {
		net_turn(w.l);
		while ((r = recv(fd[0], got, sizeof(got), 0)) > 0)
			n += (size_t)r;
		if (r == 0)
			break;
	}
	CHECK(n == 20000 && r == 0);
	close(fd[0]);
	close(w.user);
	for (i = 0; i < TURNS && !list_empty(&w.l->relays); i++)
		net_turn(w.l);
	loop_free(w.l);
}
