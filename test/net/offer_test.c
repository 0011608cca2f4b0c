// SPDX-License-Identifier: MIT
/* The visitor's end of an offer, with a worker that is played by hand. */
#include "net/offer.h"

#include <netinet/tcp.h>

#include "test/net/net.h"

struct said {
	struct stream *s;
	char error[700], got[32];
	size_t n;
	int calls, port;
	struct offer_call *call;
};

static void
on_data(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct said *w = arg;

	if (ev != STREAM_DATA || n > sizeof(w->got) - w->n)
		return;
	memcpy(w->got + w->n, p, n);
	w->n += n;
	stream_consumed(s, n);
}

static void
on_offer(void *arg, struct stream *s, const char *error)
{
	struct said *w = arg;

	w->calls++;
	w->s = s;
	snprintf(w->error, sizeof(w->error), "%s", error ? error : "");
	if (!s)
		return;
	w->port = offer_port(w->call);
	stream_on(s, on_data, w);
}

/* The worker says so, all at once or byte by byte, and then perhaps ends. */
static void
talk(const struct offer_want *want, const char *answer, size_t n, bool split,
    bool end, const char *asked, size_t nasked, struct said *w)
{
	struct loop *l = loop_new(&net_log);
	uint8_t in[600];
	size_t i;
	int fd[2], yes = 1;

	*w = (struct said){ 0 };
	net_pair(fd);
	setsockopt(fd[0], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	w->call = offer_talk(l, conn_new(l, fd[1]), want, on_offer, w);
	CHECK(w->calls == 0);
	net_turns(l, 4);
	for (i = 0; i < n; i += split ? 1 : n) {
		CHECK(send(fd[0], answer + i, split ? 1 : n, MSG_NOSIGNAL) > 0 ||
		    w->calls);
		net_turns(l, 4);
	}
	CHECK(recv(fd[0], in, sizeof(in), 0) == (ssize_t)nasked);
	CHECK(memcmp(in, asked, nasked) == 0);
	if (end) {
		shutdown(fd[0], SHUT_WR);
		net_turns(l, 4);
	}
	CHECK(w->calls == 1);
	stream_close(w->s);
	close(fd[0]);
	net_turns(l, 4);
	CHECK(!net_turn(l));
	loop_free(l);
}

#define HELLO "\5\1\0"
#define YES "\5\0" "\5\0\0\1\177\0\0\1\0\26"
#define NO "\5\0" "\5\2\0\1\0\0\0\0\0\0"
#define TALK(want, answer, split, end, asked, w)                  \
	talk(want, answer, sizeof(answer) - 1, split, end, asked, \
	    sizeof(asked) - 1, w)

static const struct offer_want ssh = { .host = "127.0.0.1", .port = 22 };
#define ASK_SSH HELLO "\5\1\0\1\177\0\0\1\0\26"

TEST(an_offer_gives_a_stream_to_the_target)
{
	struct said w;
	int split;

	for (split = 0; split < 2; split++) {
		TALK(&ssh, YES "SSH-2.0", split, false, ASK_SSH, &w);
		CHECK(w.s && w.n == 7 && memcmp(w.got, "SSH-2.0", 7) == 0);
	}
}

TEST(an_offer_is_asked_for_names_and_datagrams)
{
	static const struct offer_want dns = { .host = "ns", .port = 53,
		.udp = true };
	static const struct offer_want v6 = { .host = "::1", .port = 80 };
	struct said w;

	TALK(&dns, YES, true, false, HELLO "\5\3\0\3\2ns\0\65", &w);
	CHECK(w.s);
	TALK(&v6, YES, true, false, HELLO "\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	    "\0\1\0\120", &w);
	CHECK(w.s);
}

TEST(an_offer_is_asked_for_a_port_of_its_own)
{
	static const struct offer_want port = { .host = "id", .port = 80,
		.listen = true };
	struct said w;

	TALK(&port, YES, true, false, HELLO "\5\2\0\3\2id\0\120", &w);
	CHECK(w.s && w.port == 22);
}

TEST(an_offer_that_refuses_does_so_in_the_words_of_the_worker)
{
	struct said w;
	int split;

	for (split = 0; split < 2; split++) {
		TALK(&ssh, NO "port 22 is not offered by 'x'\n", split, false,
		    ASK_SSH, &w);
		CHECK(!w.s);
		CHECK_STR(w.error, "port 22 is not offered by 'x'");
		TALK(&ssh, NO "no newline\33", split, true, ASK_SSH, &w);
		CHECK_STR(w.error, "no newline?");
	}
	TALK(&ssh, NO, true, true, ASK_SSH, &w);
	CHECK_STR(w.error, "not allowed by its rules");
	TALK(&ssh, "\5\0", true, true, ASK_SSH, &w);
	CHECK_STR(w.error, "the worker ended the stream");
	TALK(&ssh, "SS", false, false, ASK_SSH, &w);
	CHECK_STR(w.error, "it does not speak SOCKS5");
}

TEST(an_offer_of_nowhere_fails_and_one_given_up_is_silent)
{
	static const struct offer_want nowhere = { .host = "", .port = 1 };
	struct loop *l = loop_new(&net_log);
	struct said w = { 0 };
	struct offer_call *c;
	int fd[2], i;

	net_pair(fd);
	offer_talk(l, conn_new(l, fd[1]), &nowhere, on_offer, &w);
	CHECK(w.calls == 0);
	for (i = 0; i < 1000 && !w.calls; i++)
		net_turn(l);
	CHECK_STR(w.error, "this is no target: the name is empty or too long");
	close(fd[0]);
	net_pair(fd);
	c = offer_talk(l, conn_new(l, fd[1]), &ssh, on_offer, &w);
	offer_cancel(c);
	offer_cancel(NULL);
	net_turns(l, 4);
	CHECK(w.calls == 1);
	close(fd[0]);
	CHECK(!net_turn(l));
	loop_free(l);
}
