// SPDX-License-Identifier: MIT
/* Payload that goes past this process, against the same with copies: byte for
 * byte under random sizes, pauses, ends and resets. */
#include "net/link.h"
#include "net/pipes.h"
#include "net/relay.h"
#include "test/net/flow.h"

#define TURNS 400000
#define PAIRS 3

struct world {
	struct loop *l;
	struct link *link[2];
	struct stream *came;
	uint32_t dice;
	int ended, broken, down, fds;
};

static uint32_t
roll(struct world *w, uint32_t n)
{
	return flow_roll(&w->dice, n);
}

static void
on_link(struct link *k, enum link_event ev, struct stream *s, void *arg)
{
	struct world *w = arg;

	(void)k;
	if (ev == LINK_OPEN)
		w->came = s;
	w->down += ev == LINK_DOWN;
}

static void
on_done(struct relay *r, uint64_t ab, uint64_t ba, const char *why, void *arg)
{
	struct world *w = arg;

	(void)r;
	(void)ab;
	(void)ba;
	w->ended++;
	w->broken += why != NULL;
}

static void
begin(struct world *w, bool mux, bool copy, uint32_t dice)
{
	int fd[2], i;

	*w = (struct world){ .fds = net_fds(), .dice = dice };
	w->l = loop_new(&net_log);
	if (copy)
		w->l->npipes = 1000000; /* as if there were none left */
	if (!mux)
		return;
	net_pair(fd);
	for (i = 0; i < 2; i++) {
		net_nodelay(fd[i]);
		w->link[i] = link_new(w->l, conn_new(w->l, fd[i]),
		    i ? MUX_SERVER : MUX_CLIENT, &mux_limits_default, on_link,
		    w);
	}
}

static void
end(struct world *w, bool copy, bool bulk)
{
	int i;

	for (i = 0; i < TURNS && !list_empty(&w->l->relays); i++)
		net_turn(w->l);
	CHECK(list_empty(&w->l->relays));
	CHECK(w->down == 0);
	CHECK(!bulk || copy == !w->l->pipes);
	for (i = 0; i < 2; i++)
		link_close(w->link[i], false);
	net_turns(w->l, 20);
	loop_free(w->l);
	CHECK(net_fds() == w->fds);
}

/* A user's socket and a service's, and all that lies between. */
static void
join(struct world *w, int *user, int *service)
{
	int a[2], b[2], i;
	struct stream *s;

	net_pair(a);
	net_pair(b);
	*user = a[0];
	*service = b[0];
	if (!w->link[0]) {
		relay_new(w->l, conn_new(w->l, a[1]), conn_new(w->l, b[1]),
		    on_done, w);
		return;
	}
	s = link_open(w->link[0]);
	w->came = NULL;
	relay_new(w->l, conn_new(w->l, a[1]), s, on_done, w);
	for (i = 0; i < TURNS && !w->came; i++)
		net_turn(w->l);
	relay_new(w->l, w->came, conn_new(w->l, b[1]), on_done, w);
}

static void
send_some(struct world *w, struct flow *f)
{
	static uint8_t piece[400000];
	size_t n = roll(w, 4) ? sizeof(piece) : 1 + roll(w, 3000);

	if (!f->fin && roll(w, 3) != 0)
		flow_send(f, piece, n);
}

static void
take_some(struct world *w, struct flow *f)
{
	static uint8_t piece[500000];

	if (!f->end && roll(w, 4) != 0)
		flow_take(f, piece, 1 + roll(w, sizeof(piece) - 1));
}

static void
run(bool mux, bool copy, uint32_t dice)
{
	struct flow f[2 * PAIRS] = { 0 };
	int i, n, user, service, left;
	struct world w;

	begin(&w, mux, copy, dice);
	for (i = 0; i < PAIRS; i++) {
		join(&w, &user, &service);
		f[2 * i] = (struct flow){ user, service, .seed = (uint8_t)i };
		f[2 * i + 1] = (struct flow){ service, user, .seed = 99 };
		f[2 * i].total = 3000000 + roll(&w, 1000000);
		f[2 * i + 1].total = i ? roll(&w, 2000000) : 1;
	}
	for (n = 0, left = 1; n < TURNS && left; n++) {
		for (i = left = 0; i < 2 * PAIRS; i++) {
			send_some(&w, &f[i]);
			take_some(&w, &f[i]);
			left += !f[i].end;
		}
		/* what is small here makes turns short, for a time that
		 * depends on the machine; both kinds are wanted */
		if (roll(&w, 8) != 0)
			w.l->spoke = 0;
		net_turn(w.l);
	}
	for (i = 0; i < 2 * PAIRS; i++) {
		CHECK(f[i].end && !f[i].wrong && f[i].got == f[i].total);
		close(f[i].from);
	}
	net_turns(w.l, 10);
	CHECK(w.broken == 0 && w.ended == PAIRS * (mux ? 2 : 1));
	end(&w, copy, true);
}

TEST(spliced_and_copied_bytes_are_the_same_under_random_sizes_and_pauses)
{
	uint32_t i;

	for (i = 0; i < 12; i++)
		run(i & 1, i & 2, 4711 + i);
}

/* The reader stops, the writer resets, in the middle of what is spliced. */
TEST(a_reset_in_the_middle_of_bulk_ends_that_pair_and_spares_the_others)
{
	struct flow f, other;
	struct world w;
	int round, n;

	for (round = 0; round < 8; round++) {
		begin(&w, round & 1, false, 99 + (uint32_t)round);
		f = (struct flow){ .total = 1 << 30 };
		other = (struct flow){ .total = 2000000 };
		join(&w, &f.from, &f.to);
		join(&w, &other.from, &other.to);
		for (n = 0; n < 60; n++) {
			send_some(&w, &f);
			if (n < 30)
				take_some(&w, &f);
			net_turn(w.l);
		}
		net_abort(round & 2 ? f.from : f.to);
		for (n = 0; n < TURNS && !other.end; n++) {
			send_some(&w, &other);
			take_some(&w, &other);
			net_turn(w.l);
		}
		CHECK(!f.wrong && !other.wrong && other.got == other.total);
		close(round & 2 ? f.to : f.from);
		close(other.from);
		close(other.to);
		for (n = 0; n < TURNS && w.ended < 2 * (1 + (round & 1)); n++)
			net_turn(w.l);
		CHECK(w.broken == (round & 1 ? 2 : 1));
		end(&w, false, false);
	}
}

/* The error of a socket is given only once, to whoever asks first. */
TEST(a_reset_after_bulk_is_no_orderly_end)
{
	static uint8_t piece[200000];
	struct world w;
	int round, user, service, n;
	size_t got;
	ssize_t r;

	for (round = 0; round < 4; round++) {
		begin(&w, round & 1, round & 2, 7);
		join(&w, &user, &service);
		for (n = 0; n < 4; n++) {
			CHECK(send(user, piece, sizeof(piece), 0) ==
			    (ssize_t)sizeof(piece));
			for (got = 0; got < sizeof(piece); got += (size_t)r) {
				net_turn(w.l);
				r = recv(service, piece, sizeof(piece), 0);
				r = r < 0 ? 0 : r;
			}
		}
		net_abort(user);
		for (n = 0; n < TURNS && w.ended < 1 + (round & 1); n++)
			net_turn(w.l);
		CHECK(w.broken == 1 + (round & 1));
		CHECK(recv(service, piece, 1, 0) < 0 && errno == ECONNRESET);
		close(service);
		end(&w, round & 2, false);
	}
}

/* A reader that takes nothing: what is under way stays bounded, and nothing of
 * it is lost when he goes on. */
TEST(a_reader_that_stops_holds_back_its_writer_and_nobody_else_on_the_link)
{
	struct flow slow = { .total = 1 << 30 }, fast = { .total = 8000000 };
	struct world w;
	size_t before;
	int n;

	begin(&w, true, false, 5);
	join(&w, &slow.from, &slow.to);
	join(&w, &fast.from, &fast.to);
	for (n = 0; n < TURNS && !fast.end; n++) {
		send_some(&w, &slow);
		send_some(&w, &fast);
		take_some(&w, &fast);
		net_turn(w.l);
	}
	CHECK(fast.end && !fast.wrong && fast.got == fast.total);
	before = slow.sent;
	CHECK(before < 40 * 1000 * 1000); /* windows and socket buffers */
	slow.total = slow.sent + 1;
	for (n = 0; n < TURNS && !slow.end; n++) {
		send_some(&w, &slow);
		take_some(&w, &slow);
		net_turn(w.l);
	}
	CHECK(slow.end && !slow.wrong && slow.got == slow.total);
	close(slow.from);
	close(slow.to);
	close(fast.from);
	close(fast.to);
	net_turns(w.l, 10);
	end(&w, false, true);
}
