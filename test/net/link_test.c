// SPDX-License-Identifier: MIT
/* Streams of a link, when more are wanted than the peer has taken up. */
#include "net/link.h"

#include "test/net/net.h"

#define STREAMS 100
#define TURNS 400000 /* more than anything here needs */

struct world {
	struct loop *l;
	struct link *link[2];
	unsigned came, opened, wanted;
	unsigned room, down, heard;
	bool calling, out_of_call;
	struct stream *held[2 * STREAMS]; /* of both ends */
	size_t nheld;
};

static void
hold(struct world *w, struct stream *s)
{
	CHECK(w->nheld < 2 * STREAMS);
	w->held[w->nheld++] = s;
}

static void
open_all(struct world *w)
{
	struct stream *s;

	w->calling = true;
	while (w->opened < w->wanted && (s = link_open(w->link[0]))) {
		stream_put(s, "x", 1);
		hold(w, s);
		w->opened++;
	}
	w->calling = false;
}

static void
on_link(struct link *k, enum link_event ev, struct stream *s, void *arg)
{
	struct world *w = arg;

	(void)k;
	w->out_of_call |= w->calling;
	if (ev == LINK_OPEN) {
		w->came++;
		hold(w, s);
	}
	w->down += ev == LINK_DOWN;
	w->heard += ev == LINK_HEARD;
	w->room += ev == LINK_ROOM;
	if (ev == LINK_ROOM)
		open_all(w);
}

static void
start(struct world *w, uint32_t backlog)
{
	struct mux_limits lim = mux_limits_default;
	int fd[2];

	*w = (struct world){ .l = loop_new(&net_log) };
	lim.backlog = backlog;
	net_pair(fd);
	w->link[0] = link_new(w->l, conn_new(w->l, fd[0]), MUX_CLIENT, &lim,
	    on_link, w);
	w->link[1] = link_new(w->l, conn_new(w->l, fd[1]), MUX_SERVER, &lim,
	    on_link, w);
}

static void
finish(struct world *w)
{
	while (w->nheld)
		stream_close(w->held[--w->nheld]);
	link_close(w->link[0], false);
	link_close(w->link[1], false);
	net_turns(w->l, 5);
	loop_free(w->l);
}

static void
turn_until(struct world *w, const unsigned *count, unsigned n)
{
	int i;

	for (i = 0; i < TURNS && *count < n; i++)
		net_turn(w->l);
}

TEST(link_tells_when_streams_can_be_opened_again)
{
	struct world w;

	start(&w, 4);
	w.wanted = STREAMS;
	open_all(&w);
	CHECK(w.opened == 4 && w.room == 0);
	turn_until(&w, &w.came, STREAMS);
	CHECK(w.opened == STREAMS && w.came == STREAMS);
	CHECK(w.room > 0 && !w.out_of_call);
	finish(&w);
}

TEST(link_tells_nothing_of_room_that_nobody_asked_for)
{
	struct world w;

	start(&w, 4);
	w.wanted = 4;
	open_all(&w);
	turn_until(&w, &w.came, 4);
	link_probe(w.link[0]);
	turn_until(&w, &w.heard, 1);
	net_turns(w.l, 5);
	CHECK(w.came == 4 && w.heard == 1 && w.room == 0);
	finish(&w);
}

TEST(link_has_room_when_a_stream_that_was_not_taken_up_is_closed)
{
	struct world w;
	struct stream *s;

	start(&w, 1);
	s = link_open(w.link[0]);
	CHECK(s && !link_open(w.link[0]));
	w.wanted = 1;
	w.calling = true;
	stream_close(s);
	w.calling = false;
	CHECK(w.room == 0 && w.opened == 0);
	turn_until(&w, &w.opened, 1);
	CHECK(w.opened == 1 && !w.out_of_call);
	finish(&w);
}

TEST(link_that_ends_tells_that_and_not_of_room)
{
	struct world w;

	start(&w, 1);
	w.wanted = 2;
	open_all(&w);
	CHECK(w.opened == 1);
	link_close(w.link[1], false);
	w.link[1] = NULL;
	turn_until(&w, &w.down, 1);
	CHECK(w.down == 1 && w.room == 0);
	finish(&w);
}
