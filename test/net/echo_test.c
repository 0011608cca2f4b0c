// SPDX-License-Identifier: MIT
#include "net/echo.h"

#include "test/net/net.h"

struct heard {
	int answers, losses;
	char why[100];
};

static void
on_echo(void *arg, int64_t us, const char *why)
{
	struct heard *h = arg;

	h->answers += us >= 0;
	h->losses += us < 0;
	snprintf(h->why, sizeof(h->why), "%s", why ? why : "");
}

static void
on_done(void *arg)
{
	(*(int *)arg)++;
}

TEST(an_echo_comes_back_and_its_end_is_told)
{
	struct loop *l = loop_new(&net_log);
	struct heard h = { 0 };
	struct echo *e;
	struct echo_back *b;
	int fd[2], done = 0, i;

	net_pair(fd);
	e = echo_new(l, conn_new(l, fd[0]), on_echo, &h);
	b = echo_back_new(l, conn_new(l, fd[1]), on_done, &done);
	CHECK(h.answers == 0);
	for (i = 0; i < 1000 && !h.answers; i++)
		net_turn(l);
	CHECK(h.answers == 1 && h.losses == 0);
	echo_close(e);
	echo_close(e);
	for (i = 0; i < 1000 && !done; i++)
		net_turn(l);
	CHECK(done == 1);
	echo_back_close(b);
	net_turns(l, 4);
	conn_end_all(l);
	net_turns(l, 4);
	CHECK(!net_turn(l));
	loop_free(l);
}

/* What it gets instead of its stamp, or NULL: the end. */
static void
answered(const void *p, size_t n, const char *why)
{
	struct loop *l = loop_new(&net_log);
	struct heard h = { 0 };
	struct echo *e;
	uint8_t stamp[8];
	int fd[2];

	net_pair(fd);
	e = echo_new(l, conn_new(l, fd[0]), on_echo, &h);
	while (recv(fd[1], stamp, sizeof(stamp), MSG_DONTWAIT) != 8)
		net_turn(l);
	if (n)
		CHECK(send(fd[1], p ? p : stamp, n, MSG_NOSIGNAL) ==
		    (ssize_t)n);
	if (!p)
		close(fd[1]);
	while (!h.losses)
		net_turn(l);
	CHECK_STR(h.why, why);
	CHECK(h.losses == 1 && h.answers == 0);
	echo_close(e);
	if (p)
		close(fd[1]);
	net_turns(l, 4);
	CHECK(!net_turn(l));
	loop_free(l);
}

TEST(an_echo_that_is_none_is_told)
{
	answered(NULL, 0, "the stream has ended");
	answered(NULL, 7, "the stream has ended");
	answered("not the stamp", 3, "what came back is not what was sent");
	answered("far too much for it", 19,
	    "what came back is not what was sent");
}
