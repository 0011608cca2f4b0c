// SPDX-License-Identifier: MIT
/* What is promised of all kinds of streams: no event comes out of a call, and
 * what came too early for a holder comes to the next one, in order. */
#include "net/stream.h"

#include <signal.h>
#include <sys/wait.h>

#include "core/mem.h"
#include "net/link.h"
#include "net/relay.h"
#include "net/secure.h"
#include "net/wrap.h"
#include "net/ws.h"
#include "test/net/net.h"

#define TURNS 20000 /* more than anything here needs */

/* ---- two ends of each kind, over one TCP connection ---- */

struct end {
	struct loop *l;
	struct stream *s;
	struct link *link;
	bool busy; /* a call is under way */
	int early; /* events out of it */
	int events[STREAM_EVENTS];
};

static void
on_event(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct end *e = arg;

	(void)p;
	e->early += e->busy;
	e->events[ev]++;
	if (ev == STREAM_DATA)
		stream_consumed(s, n);
	if (ev == STREAM_ERROR) {
		stream_close(s);
		e->s = NULL;
	}
}

static void
take(struct end *e, struct stream *s)
{
	e->s = s;
	stream_on(s, on_event, e);
	stream_want(s, true);
}

static void
on_link(struct link *k, enum link_event ev, struct stream *s, void *arg)
{
	struct end *e = arg;

	e->early += e->busy;
	if (ev == LINK_OPEN) {
		take(e, s);
	} else if (ev == LINK_DOWN) {
		link_close(k, false);
		e->link = NULL;
	}
}

static void
make_conn(struct end *e, struct stream *under, int side)
{
	(void)side;
	take(e, under);
}

static void
make_wrap(struct end *e, struct stream *under, int side)
{
	struct wrap_how how = { true, true, "secret", "name" };

	(void)side;
	take(e, wrap_new(e->l, under, &how));
}

static struct tls_conf *tls[2];

static void
make_tls(struct end *e, struct stream *under, int side)
{
	take(e, secure_new(e->l, under, tls[side], NULL));
}

static void
make_ws(struct end *e, struct stream *under, int side)
{
	take(e, side ? ws_serve(e->l, under) : ws_ask(e->l, under, "host"));
}

static void
make_mux(struct end *e, struct stream *under, int side)
{
	e->link = link_new(e->l, under, side ? MUX_SERVER : MUX_CLIENT,
	    &mux_limits_default, on_link, e);
	if (side == 0)
		take(e, link_open(e->link));
}

static const struct kind {
	const char *name;
	void (*make)(struct end *e, struct stream *under, int side);
	bool shakes; /* hands, at first */
} kinds[] = {
	{ "a socket", make_conn, false },
	{ "a wrapped one", make_wrap, false },
	{ "TLS", make_tls, true },
	{ "WebSocket", make_ws, true },
	{ "one of a link", make_mux, false },
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

static void
make_tls_confs(void)
{
	static const uint8_t seed[32] = "told";
	struct tls_setup setup = { 0 };
	char why[200] = "";
	int i;

	for (i = 0; i < 2; i++)
		tls[i] = tls_conf_new(i ? TLS_SERVER : TLS_CLIENT, &setup,
		    loop_date(), seed, why, sizeof(why));
}

static void
free_tls_confs(void)
{
	tls_conf_free(tls[0]);
	tls_conf_free(tls[1]);
}

static bool
both_up(const struct kind *k, const struct end e[2])
{
	if (!e[0].s || !e[1].s)
		return false;
	return !k->shakes || (e[0].events[STREAM_UP] && e[1].events[STREAM_UP]);
}

static void
open_both(struct loop *l, const struct kind *k, struct end e[2], int fd[2])
{
	int i;

	net_pair(fd);
	for (i = 0; i < 2; i++) {
		e[i] = (struct end){ .l = l };
		k->make(&e[i], conn_new(l, fd[i]), i);
	}
	for (i = 0; i < TURNS && !both_up(k, e); i++)
		net_turn(l);
	CHECK(both_up(k, e));
}

static void
close_end(struct end *e)
{
	stream_close(e->s);
	link_close(e->link, false);
	e->s = NULL;
	e->link = NULL;
}

/* The peer resets, and nobody has heard of it yet. */
static void
break_under(struct end *peer, int fd)
{
	int copy = dup(fd);

	close_end(peer);
	net_abort(copy);
}

static void
end_loop(struct loop *l)
{
	int i;

	for (i = 0; i < TURNS && net_turn(l); i++)
		;
	CHECK(!net_turn(l));
	loop_free(l);
}

/* ---- no event out of a call ---- */

static void
by_put_and_flush(struct loop *l, struct stream *s)
{
	(void)l;
	stream_put(s, "goodbye", 7);
	stream_flush(s);
}

static void
by_put_and_settle(struct loop *l, struct stream *s)
{
	stream_put(s, "goodbye", 7);
	loop_settle(l);
}

static void
by_commit_and_settle(struct loop *l, struct stream *s)
{
	size_t n = 7;

	memcpy(stream_reserve(s, &n), "goodbye", 7);
	stream_commit(s, 7);
	loop_settle(l);
}

static void
by_hand(struct loop *l, struct stream *s)
{
	struct buf b = { 0 };

	buf_puts(&b, "goodbye");
	stream_hand(s, &b);
	CHECK(buf_len(&b) == 0);
	buf_free(&b);
	loop_settle(l);
}

static void
by_finish(struct loop *l, struct stream *s)
{
	stream_put(s, "goodbye", 7);
	stream_finish(s);
	loop_settle(l);
}

static void
by_much_of_everything(struct loop *l, struct stream *s)
{
	static const uint8_t much[100000];
	int i;

	for (i = 0; i < 5; i++) {
		stream_put(s, much, sizeof(much));
		stream_flush(s);
		stream_want(s, i % 2 == 0);
		stream_consumed(s, 1);
		stream_room(s);
		loop_settle(l);
	}
}

static void
by_linger(struct loop *l, struct stream *s)
{
	stream_put(s, "goodbye", 7);
	stream_linger(s);
	loop_settle(l);
}

static void
by_close(struct loop *l, struct stream *s)
{
	stream_put(s, "goodbye", 7);
	stream_flush(s);
	stream_close(s);
	loop_settle(l);
}

static const struct call {
	const char *name;
	void (*run)(struct loop *l, struct stream *s);
	bool closes;
} calls[] = {
	{ "put and flush", by_put_and_flush, false },
	{ "put and settle", by_put_and_settle, false },
	{ "commit and settle", by_commit_and_settle, false },
	{ "hand", by_hand, false },
	{ "finish", by_finish, false },
	{ "everything", by_much_of_everything, false },
	{ "linger", by_linger, true },
	{ "close", by_close, true },
};
#define CALLS (sizeof(calls) / sizeof(*calls))

static bool
tells_later(const struct kind *k, const struct call *c)
{
	struct loop *l = loop_new(&net_log);
	struct end e[2];
	int fd[2], i;
	bool good;

	open_both(l, k, e, fd);
	break_under(&e[0], fd[0]);
	e[1].busy = true;
	c->run(l, e[1].s);
	e[1].busy = false;
	if (c->closes)
		e[1].s = NULL;
	good = e[1].early == 0 && e[1].events[STREAM_ERROR] == 0;
	for (i = 0; i < 100; i++)
		net_turn(l);
	good = good && e[1].events[STREAM_ERROR] == !c->closes;
	close_end(&e[1]);
	end_loop(l);
	return good;
}

TEST(an_error_found_in_a_call_is_told_once_and_from_the_next_turn)
{
	size_t i, j;

	make_tls_confs();
	for (i = 0; i < KINDS; i++)
		for (j = 0; j < CALLS; j++)
			if (!CHECK(tells_later(&kinds[i], &calls[j])))
				printf("    %s: %s\n", kinds[i].name,
				    calls[j].name);
	free_tls_confs();
}

TEST(that_bytes_have_gone_on_is_told_from_the_next_turn)
{
	struct loop *l = loop_new(&net_log);
	struct end e[2];
	size_t i;
	int fd[2];

	make_tls_confs();
	for (i = 0; i < KINDS; i++) {
		open_both(l, &kinds[i], e, fd);
		net_turns(l, 5);
		e[1].events[STREAM_SENT] = 0;
		e[1].busy = true;
		stream_put(e[1].s, "hello", 5);
		stream_flush(e[1].s);
		loop_settle(l);
		e[1].busy = false;
		CHECK(e[1].events[STREAM_SENT] == 0);
		net_turns(l, 2);
		if (!CHECK(e[1].events[STREAM_SENT] == 1 && e[1].early == 0))
			printf("    %s\n", kinds[i].name);
		close_end(&e[0]);
		close_end(&e[1]);
	}
	free_tls_confs();
	end_loop(l);
}

TEST(a_link_that_goes_down_in_a_call_says_so_in_the_next_turn)
{
	struct loop *l = loop_new(&net_log);
	struct end e[2];
	int fd[2];

	open_both(l, &kinds[KINDS - 1], e, fd);
	break_under(&e[0], fd[0]);
	e[1].busy = true;
	link_probe(e[1].link);
	loop_settle(l);
	stream_close(link_open(e[1].link));
	loop_settle(l);
	e[1].busy = false;
	CHECK(e[1].link && e[1].early == 0);
	net_turns(l, 100);
	CHECK(!e[1].link && !e[1].s);
	end_loop(l);
}

/* ---- from one holder to the next ---- */

struct reader {
	char got[200];
	size_t n;
	bool ended;
	struct reader *next; /* gets all but the first byte of each piece */
};

static void
on_read(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct reader *r = arg;

	r->ended = r->ended || ev == STREAM_EOF;
	if (ev != STREAM_DATA)
		return;
	CHECK(!r->ended);
	if (r->next) {
		stream_unread(s, p + 1, n - 1);
		stream_on(s, on_read, r->next);
		n = 1;
	}
	memcpy(r->got + r->n, p, n);
	r->n += n;
}

static bool
reads(const struct reader *r, const char *text)
{
	return r->n == strlen(text) && memcmp(r->got, text, r->n) == 0;
}

TEST(what_is_given_back_goes_to_the_next_holder_before_what_is_newer)
{
	struct loop *l = loop_new(&net_log);
	struct reader r[3] = { { .next = &r[1] }, { .next = &r[2] } };
	struct stream *s;
	int fd[2], i;

	net_pair(fd);
	s = conn_new(l, fd[1]);
	stream_on(s, on_read, &r[0]);
	CHECK(send(fd[0], "abc", 3, 0) == 3);
	for (i = 0; i < TURNS && !r[2].n; i++) {
		net_turn(l);
		if (r[0].n && i < TURNS / 2) {
			CHECK(send(fd[0], "def", 3, 0) == 3);
			shutdown(fd[0], SHUT_WR);
			i = TURNS / 2;
		}
	}
	for (i = 0; i < TURNS && !r[2].ended; i++)
		net_turn(l);
	CHECK(reads(&r[0], "a") && reads(&r[1], "b") && reads(&r[2], "cdef"));
	CHECK(r[2].ended && !r[0].ended && !r[1].ended);
	stream_close(s);
	close(fd[0]);
	end_loop(l);
}

TEST(what_comes_while_nobody_holds_a_stream_is_kept_for_the_next_holder)
{
	struct loop *l = loop_new(&net_log);
	struct reader r = { .n = 0 };
	struct stream *s;
	int fd[2];

	net_pair(fd);
	s = conn_new(l, fd[1]);
	CHECK(send(fd[0], "hello", 5, 0) == 5);
	net_turns(l, 50);
	CHECK(send(fd[0], "again", 5, 0) == 5);
	shutdown(fd[0], SHUT_WR);
	net_turns(l, 50);
	stream_on(s, on_read, &r);
	CHECK(r.n == 0); /* only from the loop */
	net_turns(l, 2);
	CHECK(reads(&r, "helloagain") && r.ended);
	stream_close(s);
	close(fd[0]);
	end_loop(l);
}

TEST(a_piece_of_nothing_is_nothing_to_keep)
{
	struct loop *l = loop_new(&net_log);
	struct reader r = { .n = 0 };
	struct stream *s;
	int fd[2];

	net_pair(fd);
	s = conn_new(l, fd[1]);
	stream_tell(s, STREAM_DATA, NULL, 0); /* as an empty frame is told */
	stream_unread(s, "ab", 2);
	stream_tell(s, STREAM_DATA, (const uint8_t *)"", 0);
	stream_tell(s, STREAM_DATA, (const uint8_t *)"c", 1);
	stream_on(s, on_read, &r);
	net_turns(l, 2);
	CHECK(reads(&r, "abc"));
	stream_close(s);
	close(fd[0]);
	end_loop(l);
}

static void
on_count(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	(void)s;
	(void)p;
	if (ev == STREAM_DATA)
		*(size_t *)arg += n;
}

/* What comes n bytes at a time while nobody holds the stream, and then for its
 * next holder; how much that gets. */
static size_t
left_alone(size_t n, unsigned times)
{
	struct loop *l = loop_new(&net_log);
	uint8_t *p = mem_zero(n);
	struct stream *s;
	size_t got = 0;
	int fd[2];

	net_pair(fd);
	s = conn_new(l, fd[1]);
	stream_unread(s, p, n); /* what a holder had is no part of it */
	for (; times > 0; times--)
		stream_tell(s, STREAM_DATA, p, n);
	stream_on(s, on_count, &got);
	net_turns(l, 2);
	stream_close(s);
	close(fd[0]);
	free(p);
	end_loop(l);
	return got;
}

#ifdef LOOP_CHECKED
/* Whether one byte more ends the process, with nothing on standard error. */
static bool
too_much_ends_us(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		close(2);
		left_alone(STREAM_KEPT / 2 + 1, 2);
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGABRT;
}
#endif

TEST(a_stream_that_nobody_holds_keeps_a_read_or_two_and_no_more)
{
	CHECK(left_alone(LOOP_BLOCK, 1) == 2 * LOOP_BLOCK);
	CHECK(left_alone(STREAM_KEPT, 1) == 2 * STREAM_KEPT);
	CHECK(left_alone(1, 1000) == 1001);
#ifdef LOOP_CHECKED
	CHECK(too_much_ends_us());
#endif
}

/* A relay's sockets read straight into each other. */
TEST(what_is_given_back_is_not_overtaken_in_a_relay)
{
	struct loop *l = loop_new(&net_log);
	int a[2], b[2], i;
	struct stream *s, *t;
	char got[100];
	ssize_t n;
	size_t len = 0;

	net_pair(a);
	net_pair(b);
	s = conn_new(l, a[1]);
	t = conn_new(l, b[1]);
	CHECK(send(a[0], " world", 6, 0) == 6);
	shutdown(a[0], SHUT_WR);
	relay_new(l, s, t, NULL, NULL);
	stream_unread(s, "hello", 5);
	CHECK(stream_sink(s) == NULL);
	for (i = 0; i < TURNS; i++) {
		net_turn(l);
		n = recv(b[0], got + len, sizeof(got) - len, 0);
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	CHECK(len == 11 && memcmp(got, "hello world", 11) == 0);
	close(a[0]);
	close(b[0]);
	end_loop(l);
}

TEST(a_stream_that_is_closed_tells_nothing_that_was_due)
{
	struct loop *l = loop_new(&net_log);
	struct end e = { .l = l };
	int fd[2];

	net_pair(fd);
	take(&e, conn_new(l, fd[1]));
	stream_unread(e.s, "kept", 4);
	stream_unread_eof(e.s);
	stream_put(e.s, "sent", 4);
	stream_flush(e.s);
	stream_close(e.s);
	net_turns(l, 3);
	CHECK(!e.events[STREAM_DATA] && !e.events[STREAM_EOF]);
	CHECK(!e.events[STREAM_SENT]);
	close(fd[0]);
	end_loop(l);
}

/* ---- the turns themselves ---- */

struct chain {
	struct errand e;
	struct loop *l;
	int left;
};

static void
on_chain(struct errand *e)
{
	struct chain *c = list_item(e, struct chain, e);

	if (--c->left > 0)
		loop_later(c->l, e);
}

TEST(who_always_has_something_to_tell_does_not_keep_others_waiting)
{
	struct loop *l = loop_new(&net_log);
	struct chain c = { .l = l, .left = 1000000 };
	struct reader r = { .n = 0 };
	struct stream *s;
	int fd[2], i;

	net_pair(fd);
	s = conn_new(l, fd[1]);
	stream_on(s, on_read, &r);
	errand_init(&c.e, on_chain);
	loop_later(l, &c.e);
	CHECK(send(fd[0], "x", 1, 0) == 1);
	for (i = 0; i < TURNS && !r.n; i++)
		ev_run(l->ev, EVRUN_ONCE); /* it does not sleep meanwhile */
	CHECK(r.n == 1 && c.left > 0);
	c.left = 20; /* more than a turn has room for */
	net_turns(l, 10);
	CHECK(c.left == 0);
	errand_drop(&c.e);
	stream_close(s);
	close(fd[0]);
	end_loop(l);
}

static void
on_signal(void *arg, int number)
{
	(void)arg;
	(void)number;
}

TEST(a_signal_that_comes_after_the_loop_finds_nothing_of_it)
{
	struct loop *l = loop_new(&net_log);
	struct sigaction now;
	struct on_signal s[2];

	loop_signal(l, &s[0], SIGUSR1, on_signal, NULL);
	loop_signal(l, &s[1], SIGUSR2, on_signal, NULL);
	loop_signal_stop(l, &s[1]);
	sigaction(SIGUSR1, NULL, &now);
	CHECK(now.sa_handler != SIG_DFL);
	loop_free(l);
	sigaction(SIGUSR1, NULL, &now);
	CHECK(now.sa_handler == SIG_DFL);
	sigaction(SIGUSR2, NULL, &now);
	CHECK(now.sa_handler == SIG_DFL);
}

TEST(a_hangup_that_is_ignored_stays_so)
{
	struct loop *l = loop_new(&net_log);
	struct on_signal s = { 0 };
	struct sigaction now;
	sigset_t away;

	signal(SIGHUP, SIG_IGN);
	loop_hangup(l, &s, on_signal, on_signal, NULL);
	sigaction(SIGHUP, NULL, &now);
	CHECK(now.sa_handler == SIG_IGN);
	loop_signal_stop(l, &s);
	signal(SIGHUP, SIG_DFL);
	loop_hangup(l, &s, on_signal, on_signal, NULL);
	sigaction(SIGHUP, NULL, &now);
	CHECK(now.sa_handler != SIG_IGN && now.sa_handler != SIG_DFL);
	loop_free(l);
	sigprocmask(SIG_BLOCK, NULL, &away);
	CHECK(sigismember(&away, SIGHUP) == 1); /* the end goes on */
	sigemptyset(&away);
	sigaddset(&away, SIGHUP);
	sigprocmask(SIG_UNBLOCK, &away, NULL);
}

TEST(a_loop_lives_on_while_somebody_is_to_be_told)
{
	struct loop *l = loop_new(&net_log);
	struct chain c = { .l = l, .left = 30 };

	errand_init(&c.e, on_chain);
	loop_later(l, &c.e);
	CHECK(loop_run(l) == 0); /* nothing else is watched */
	CHECK(c.left == 0);
	loop_free(l);
}
