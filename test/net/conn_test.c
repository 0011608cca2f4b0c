// SPDX-License-Identifier: MIT
#include "net/conn.h"

#include "net/dial.h"
#include "net/relay.h"
#include "net/secure.h"
#include "test/net/net.h"

struct heard {
	int events[STREAM_ERROR + 1];
};

static void
on_event(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct heard *h = arg;

	(void)p;
	(void)n;
	h->events[ev]++;
	if (ev == STREAM_ERROR)
		stream_close(s);
}

static void
finish(struct loop *l)
{
	int i;

	for (i = 0; i < 50 && net_turn(l); i++)
		;
	CHECK(!net_turn(l));
	loop_free(l);
}

TEST(a_linger_whose_last_bytes_fail_frees_once)
{
	struct loop *l = loop_new(&net_log);
	struct heard h = { 0 };
	struct stream *s;
	int fd[2];

	net_pair(fd);
	s = conn_new(l, fd[1]);
	stream_on(s, on_event, &h);
	stream_put(s, "goodbye", 7);
	net_abort(fd[0]);
	stream_linger(s); /* its holder closes on an error, within this */
	CHECK(h.events[STREAM_ERROR] == 0);
	finish(l);
}

TEST(a_tls_linger_whose_last_bytes_fail_frees_once)
{
	static const uint8_t seed[32] = "linger";
	struct loop *l = loop_new(&net_log);
	struct heard h[2] = { 0 };
	struct tls_setup setup = { 0 };
	struct tls_conf *conf[2];
	struct stream *s[2];
	char why[200] = "";
	int fd[2], copy, i;

	net_pair(fd);
	copy = dup(fd[0]);
	for (i = 0; i < 2; i++) {
		conf[i] = tls_conf_new(i ? TLS_SERVER : TLS_CLIENT, &setup,
		    loop_date(), seed, why, sizeof(why));
		s[i] = secure_new(l, conn_new(l, fd[i]), conf[i], NULL);
		stream_on(s[i], on_event, &h[i]);
	}
	for (i = 0; i < 10000 && !(h[0].events[STREAM_UP] &&
	    h[1].events[STREAM_UP]); i++)
		net_turn(l);
	CHECK(h[1].events[STREAM_UP] == 1);
	stream_close(s[0]);
	net_abort(copy);
	stream_put(s[1], "goodbye", 7);
	stream_linger(s[1]);
	CHECK(h[1].events[STREAM_ERROR] == 0);
	finish(l);
	tls_conf_free(conf[0]);
	tls_conf_free(conf[1]);
}

/* Between two holders nobody listens: the next one must hear of it. */
TEST(an_error_that_nobody_heard_is_told_to_the_next)
{
	struct loop *l = loop_new(&net_log);
	struct heard h = { 0 };
	struct stream *s;
	int fd[2];

	net_pair(fd);
	s = conn_new(l, fd[1]);
	net_abort(fd[0]);
	stream_put(s, "early", 5);
	stream_flush(s);
	stream_on(s, on_event, &h);
	stream_want(s, true);
	CHECK(h.events[STREAM_ERROR] == 0); /* only from the loop */
	net_turns(l, 5);
	CHECK(h.events[STREAM_ERROR] == 1);
	finish(l);
}

TEST(what_is_put_on_a_closed_one_is_not_kept)
{
	struct loop *l = loop_new(&net_log);
	struct stream *s;
	size_t n = 5000;
	int fd[2];

	net_pair(fd);
	s = conn_new(l, fd[1]);
	stream_close(s);
	stream_put(s, "x", 1);
	CHECK(stream_queued(s) == 0);
	memset(stream_reserve(s, &n), 0, n);
	stream_commit(s, n);
	CHECK(stream_queued(s) == 0);
	finish(l);
	close(fd[0]);
}

TEST(a_relay_to_one_that_still_connects_begins_when_it_is_up)
{
	struct loop *l = loop_new(&net_log);
	int user[2], service, listener, i;
	struct addr at;
	char got[8];
	ssize_t n = -1;

	listener = net_listen(&at);
	net_pair(user);
	service = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	connect(service, (struct sockaddr *)&at.at, at.len);
	CHECK(send(user[0], "hello", 5, 0) == 5);
	/* the user is read first, while the other is not up */
	relay_new(l, conn_new(l, user[1]), conn_connecting(l, service), NULL,
	    NULL);
	net_turns(l, 20);
	service = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	for (i = 0; i < 1000 && n <= 0; i++) {
		net_turn(l);
		n = recv(service, got, sizeof(got), 0);
	}
	CHECK(n == 5 && memcmp(got, "hello", 5) == 0);
	close(user[0]);
	close(service);
	close(listener);
	finish(l);
}

static void
on_dialled(void *arg, struct stream *s, const char *error)
{
	CHECK(!s);
	snprintf(arg, 200, "%s", error);
}

TEST(a_dial_without_time_says_that_it_was_late)
{
	struct loop *l = loop_new(&net_log);
	struct dial_to to = { .host = "127.0.0.1", .port = 9 };
	char error[200] = "not called";
	int i;

	dial_new(l, NULL, &to, on_dialled, error);
	for (i = 0; i < 1000 && strcmp(error, "not called") == 0; i++)
		net_turn(l);
	CHECK_STR(error, "dial tcp 127.0.0.1:9: i/o timeout");
	finish(l);
}
