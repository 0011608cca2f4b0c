// SPDX-License-Identifier: MIT
/* Both ends of a WebSocket in one loop, over loopback TCP. */
#include "net/ws.h"

#include "core/bytes.h"
#include "net/link.h"
#include "net/relay.h"
#include "test/net/net.h"

#define TURNS 200000 /* more than anything here needs */

struct end {
	struct world *w;
	struct stream *s;
	int events[STREAM_ERROR + 1];
	size_t put, total, got;
	uint8_t seed, other_seed;
	bool wrong;
	char why[160];
};

struct world {
	struct loop *l;
	struct end end[2]; /* client, server */
	uint32_t dice;
	int fds;
};

static uint32_t
roll(struct world *w, uint32_t n)
{
	w->dice = w->dice * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)w->dice * n >> 32);
}

static uint8_t
byte_at(uint8_t seed, size_t i)
{
	return (uint8_t)(i * 31 + (i >> 8) * 7 + (i >> 16) + seed);
}

static void
on_event(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct end *e = arg;
	size_t i;

	e->events[ev]++;
	if (ev == STREAM_ERROR)
		snprintf(e->why, sizeof(e->why), "%s", stream_why(s));
	if (ev != STREAM_DATA)
		return;
	for (i = 0; i < n; i++)
		if (p[i] != byte_at(e->other_seed, e->got + i))
			e->wrong = true;
	e->got += n;
}

static void
open_both(struct world *w, int fd[2])
{
	int i;

	*w = (struct world){ .fds = net_fds(), .dice = 99 };
	w->l = loop_new(&net_log);
	net_pair(fd);
	for (i = 0; i < 2; i++) {
		struct stream *s = conn_new(w->l, fd[i]);

		w->end[i] = (struct end){ .w = w, .seed = (uint8_t)i,
			.other_seed = (uint8_t)!i };
		w->end[i].s = i ? ws_serve(w->l, s) :
				  ws_ask(w->l, s, "host:7000");
		stream_on(w->end[i].s, on_event, &w->end[i]);
	}
}

static void
shake(struct world *w)
{
	int i;

	for (i = 0; i < TURNS && !(w->end[0].events[STREAM_UP] &&
	    w->end[1].events[STREAM_UP]); i++)
		net_turn(w->l);
	CHECK(w->end[0].events[STREAM_UP] == 1);
	CHECK(w->end[1].events[STREAM_UP] == 1);
}

static void
close_all(struct world *w)
{
	bool watched = true;
	int i;

	for (i = 0; i < 100 && watched; i++)
		watched = net_turn(w->l);
	CHECK(!watched);
	loop_free(w->l);
	CHECK(net_fds() == w->fds);
}

/* Some of it, in either way of writing. */
static void
put_some(struct end *e)
{
	uint8_t piece[40000], *to = piece;
	size_t n = min_size(1 + roll(e->w, roll(e->w, 4) ? sizeof(piece) : 200),
	    e->total - e->put), i, room;
	bool reserve = roll(e->w, 2);

	if (n == 0 || stream_room(e->s) == 0)
		return;
	room = n;
	if (reserve)
		to = stream_reserve(e->s, &room);
	n = min_size(n, room);
	for (i = 0; i < n; i++)
		to[i] = byte_at(e->seed, e->put + i);
	if (reserve) {
		stream_commit(e->s, n);
	} else {
		stream_put(e->s, to, n);
		stream_flush(e->s);
	}
	e->put += n;
}

static bool
is_done(const struct world *w)
{
	return w->end[0].got == w->end[1].total &&
	    w->end[1].got == w->end[0].total;
}

TEST(websocket_bytes_are_the_same_at_every_size)
{
	struct world w;
	int fd[2], i, k;

	open_both(&w, fd);
	for (k = 0; k < 2; k++)
		w.end[k].total = 3000000 + (size_t)k;
	shake(&w);
	for (i = 0; i < TURNS && !is_done(&w); i++) {
		put_some(&w.end[roll(&w, 2)]);
		net_turn(w.l);
	}
	CHECK(is_done(&w));
	for (k = 0; k < 2; k++) {
		CHECK(!w.end[k].wrong && !w.end[k].events[STREAM_ERROR]);
		stream_close(w.end[k].s);
	}
	close_all(&w);
}

TEST(websocket_keeps_what_is_put_before_the_handshake)
{
	static const uint8_t first[3] = { 0, 31, 62 };
	struct world w;
	int fd[2], k;

	open_both(&w, fd);
	CHECK(stream_room(w.end[0].s) == 0);
	stream_put(w.end[0].s, first, 3);
	CHECK(stream_queued(w.end[0].s) >= 3);
	shake(&w);
	net_turns(w.l, 20);
	CHECK(w.end[1].got == 3 && !w.end[1].wrong);
	CHECK(w.end[0].events[STREAM_SENT] > 0);
	for (k = 0; k < 2; k++)
		stream_close(w.end[k].s);
	close_all(&w);
}

/* Either end may be the first; before the handshake as well. */
static void
ends_in_order(int first, bool early)
{
	struct world w;
	int fd[2];

	open_both(&w, fd);
	if (!early)
		shake(&w);
	stream_finish(w.end[first].s);
	stream_put(w.end[first].s, "x", 1); /* too late */
	if (early)
		shake(&w);
	net_turns(w.l, 20);
	CHECK(w.end[!first].events[STREAM_EOF] == 1);
	CHECK(w.end[!first].got == 0);
	CHECK(w.end[0].events[STREAM_ERROR] == 0);
	CHECK(w.end[1].events[STREAM_ERROR] == 0);
	stream_linger(w.end[0].s);
	stream_linger(w.end[1].s);
	close_all(&w);
}

TEST(a_finished_websocket_is_an_end_at_the_other)
{
	ends_in_order(0, false);
	ends_in_order(1, false);
	ends_in_order(0, true);
	ends_in_order(1, true);
}

TEST(a_websocket_linger_still_sends_everything)
{
	uint8_t data[200000];
	struct world w;
	size_t i;
	int fd[2];

	open_both(&w, fd);
	shake(&w);
	for (i = 0; i < sizeof(data); i++)
		data[i] = byte_at(0, i);
	stream_put(w.end[0].s, data, sizeof(data));
	stream_linger(w.end[0].s);
	net_turns(w.l, 100);
	CHECK(w.end[1].got == sizeof(data) && !w.end[1].wrong);
	CHECK(w.end[1].events[STREAM_EOF] == 1);
	stream_linger(w.end[1].s);
	close_all(&w);
}

TEST(a_websocket_linger_whose_last_bytes_fail_frees_once)
{
	struct world w;
	int fd[2], copy;

	open_both(&w, fd);
	copy = dup(fd[0]);
	shake(&w);
	stream_close(w.end[0].s);
	net_abort(copy);
	stream_put(w.end[1].s, "goodbye", 7);
	stream_linger(w.end[1].s);
	CHECK(w.end[1].events[STREAM_ERROR] == 0);
	close_all(&w);
}

/* The server against a far end that a test holds. */
static void
says(const char *text, size_t n, bool close_it, const char *why)
{
	struct world w = { .fds = net_fds() };
	struct end e = { .w = &w };
	struct stream *s;
	size_t i;
	int fd[2];

	w.l = loop_new(&net_log);
	net_pair(fd);
	net_nodelay(fd[0]);
	s = ws_serve(w.l, conn_new(w.l, fd[1]));
	stream_on(s, on_event, &e);
	for (i = 0; i < n; i++) {
		CHECK(send(fd[0], text + i, 1, MSG_NOSIGNAL) == 1);
		net_turns(w.l, 2);
	}
	if (close_it)
		close(fd[0]);
	net_turns(w.l, 5);
	CHECK(e.events[STREAM_ERROR] == 1);
	CHECK_STR(e.why, why);
	stream_linger(s);
	if (!close_it)
		close(fd[0]);
	close_all(&w);
}

#define ASK                                                             \
	"GET /~!frp HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"      \
	"Connection: Upgrade\r\nOrigin: http://x\r\n"                   \
	"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"               \
	"Sec-WebSocket-Version: 13\r\n\r\n"

TEST(a_websocket_that_breaks_its_rules_says_so)
{
	static const char lacks[] = "GET /~!frp HTTP/1.1\r\nHost: x\r\n\r\n";
	static const char bare[] = ASK "\x82\x01x";
	static const char odd[] = ASK "\xff\xff\xff\xff";

	says(lacks, sizeof(lacks) - 1, false,
	    "the WebSocket request lacks what it needs");
	says(bare, sizeof(bare) - 1, false,
	    "the peer breaks the rules of WebSocket");
	says(odd, sizeof(odd) - 1, false,
	    "the peer breaks the rules of WebSocket");
	says(lacks, 20, true, "EOF in the WebSocket handshake");
}

struct joined {
	struct link *link[2];
	struct stream *came;
	int down;
};

static void
on_link(struct link *k, enum link_event ev, struct stream *s, void *arg)
{
	struct joined *j = arg;

	(void)k;
	if (ev == LINK_OPEN)
		j->came = s;
	else if (ev == LINK_DOWN)
		j->down++;
}

/* Sends all and ends, and reads to the end: one way of a path. */
static void
one_way(struct world *w, int from, int to, size_t total)
{
	uint8_t piece[50000];
	size_t sent = 0, got = 0, i;
	bool wrong = false, fin = false;
	ssize_t r = -1;
	int t;

	for (t = 0; t < TURNS && r != 0; t++) {
		size_t n = min_size(1 + roll(w, sizeof(piece) - 1),
		    total - sent);

		for (i = 0; i < n; i++)
			piece[i] = byte_at(5, sent + i);
		r = n ? send(from, piece, n, MSG_NOSIGNAL) : 0;
		sent += r > 0 ? (size_t)r : 0;
		if (sent == total && !fin)
			fin = shutdown(from, SHUT_WR) == 0;
		net_turn(w->l);
		r = recv(to, piece, sizeof(piece), 0);
		for (i = 0; r > 0 && i < (size_t)r; i++)
			wrong |= piece[i] != byte_at(5, got + i);
		got += r > 0 ? (size_t)r : 0;
	}
	CHECK(r == 0 && !wrong && got == total);
}

TEST(a_mux_on_websocket_has_half_closes)
{
	struct joined j = { 0 };
	struct world w;
	int fd[2], user[2], service[2], i;

	open_both(&w, fd);
	shake(&w);
	for (i = 0; i < 2; i++)
		j.link[i] = link_new(w.l, w.end[i].s,
		    i ? MUX_SERVER : MUX_CLIENT, &mux_limits_default, on_link,
		    &j);
	net_pair(user);
	net_pair(service);
	relay_new(w.l, conn_new(w.l, user[1]), link_open(j.link[0]), NULL,
	    NULL);
	for (i = 0; i < TURNS && !j.came; i++)
		net_turn(w.l);
	relay_new(w.l, j.came, conn_new(w.l, service[1]), NULL, NULL);
	one_way(&w, user[0], service[0], 1500000);
	one_way(&w, service[0], user[0], 1500000);
	net_turns(w.l, 20);
	CHECK(list_empty(&w.l->relays) && j.down == 0);
	close(user[0]);
	close(service[0]);
	link_close(j.link[0], false);
	link_close(j.link[1], false);
	close_all(&w);
}
