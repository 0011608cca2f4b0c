// SPDX-License-Identifier: MIT
/* A user and a service, joined through two relays and a link between them, as
 * frps and frpc are, but in one loop. */
#include "net/relay.h"

#include "net/link.h"
#include "net/secure.h"
#include "test/net/flow.h"

#define TURNS 400000 /* more than anything here needs */

struct world {
	struct loop *l;
	struct tls_conf *conf[2];
	struct stream *under[2];
	struct link *link[2];
	struct stream *came; /* what the peer opened last */
	int up, down, fds, ended, broken;
	uint32_t dice;
};

/* One joined pair of sockets; b is the conn before the service. */
struct path {
	int user, service;
	struct stream *b;
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
	else if (ev == LINK_DOWN)
		w->down++;
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
on_up(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct world *w = arg;

	(void)s;
	(void)p;
	(void)n;
	w->up += ev == STREAM_UP;
	CHECK(ev == STREAM_UP || ev == STREAM_SENT || ev == STREAM_ROOM);
}

static void
shake(struct world *w)
{
	static const uint8_t seed[32] = "world";
	struct tls_setup setup = { 0 };
	char why[200] = "";
	int i;

	for (i = 0; i < 2; i++) {
		w->conf[i] = tls_conf_new(i ? TLS_SERVER : TLS_CLIENT, &setup,
		    loop_date(), seed, why, sizeof(why));
		CHECK_STR(why, "");
		w->under[i] = secure_new(w->l, w->under[i], w->conf[i], NULL);
		stream_on(w->under[i], on_up, w);
	}
	for (i = 0; i < TURNS && w->up < 2; i++)
		net_turn(w->l);
	CHECK(w->up == 2);
}

static void
begin(struct world *w, bool tls)
{
	int fd[2], i;

	*w = (struct world){ .fds = net_fds(), .dice = 4711 };
	w->l = loop_new(&net_log);
	net_pair(fd);
	for (i = 0; i < 2; i++)
		w->under[i] = conn_new(w->l, fd[i]);
	if (tls)
		shake(w);
	for (i = 0; i < 2; i++)
		w->link[i] = link_new(w->l, w->under[i],
		    i ? MUX_SERVER : MUX_CLIENT, &mux_limits_default, on_link,
		    w);
}

static void
end(struct world *w)
{
	bool watched = true;
	int i;

	net_turns(w->l, 20);
	CHECK(list_empty(&w->l->relays));
	CHECK(link_streams(w->link[0]) == 0 && link_streams(w->link[1]) == 0);
	CHECK(w->down == 0);
	for (i = 0; i < 2; i++)
		link_close(w->link[i], false);
	for (i = 0; i < 100 && watched; i++)
		watched = net_turn(w->l);
	CHECK(!watched);
	loop_free(w->l);
	for (i = 0; i < 2; i++)
		tls_conf_free(w->conf[i]);
	CHECK(net_fds() == w->fds);
}

static void
open_path(struct world *w, struct path *p)
{
	int user[2], service[2], i;
	struct stream *s = link_open(w->link[0]);

	net_pair(user);
	net_pair(service);
	p->user = user[0];
	p->service = service[0];
	w->came = NULL;
	CHECK(s != NULL);
	relay_new(w->l, conn_new(w->l, user[1]), s, on_done, w);
	for (i = 0; i < TURNS && !w->came; i++)
		net_turn(w->l);
	if (!CHECK(w->came != NULL))
		abort();
	p->b = conn_new(w->l, service[1]);
	relay_new(w->l, w->came, p->b, on_done, w);
}

static void
send_some(struct world *w, struct flow *f)
{
	uint8_t piece[30000];
	size_t n = 1 + roll(w, roll(w, 8) ? sizeof(piece) : 3);

	if (!f->fin && roll(w, 3) != 0)
		flow_send(f, piece, n);
}

static void
take_some(struct world *w, struct flow *f)
{
	uint8_t piece[70000];

	if (!f->end && !f->stalled && roll(w, 3) != 0)
		flow_take(f, piece, 1 + roll(w, sizeof(piece) - 1));
}

/* Until all that are not stalled have ended. */
static void
run(struct world *w, struct flow *f, size_t n)
{
	bool more = true;
	size_t i;
	int t;

	for (t = 0; t < TURNS && more; t++) {
		more = false;
		for (i = 0; i < n; i++) {
			send_some(w, &f[i]);
			take_some(w, &f[i]);
			more = more || (!f[i].end && !f[i].stalled);
		}
		net_turn(w->l);
	}
	for (i = 0; i < n; i++)
		if (!f[i].stalled) {
			CHECK(f[i].end && !f[i].wrong);
			CHECK(f[i].got == f[i].total);
		}
}

static void
close_path(struct path *p)
{
	close(p->user);
	close(p->service);
}

static void
both_ways(bool tls)
{
	struct world w;
	struct path p[4];
	struct flow f[8];
	size_t i;

	begin(&w, tls);
	for (i = 0; i < 4; i++) {
		open_path(&w, &p[i]);
		f[2 * i] = (struct flow){ p[i].user, p[i].service,
			.total = i * 700001, .seed = (uint8_t)i };
		f[2 * i + 1] = (struct flow){ p[i].service, p[i].user,
			.total = 1 + (3 - i) * 300007, .seed = (uint8_t)~i };
	}
	run(&w, f, 8);
	net_turns(w.l, 20);
	CHECK(w.ended == 8 && w.broken == 0);
	for (i = 0; i < 4; i++)
		close_path(&p[i]);
	end(&w);
}

TEST(relayed_bytes_are_the_same_both_ways)
{
	both_ways(false);
}

TEST(relayed_bytes_are_the_same_both_ways_under_tls)
{
	both_ways(true);
}

static void
half(bool tls, bool service_ends_first)
{
	struct world w;
	struct path p;
	struct flow f;

	begin(&w, tls);
	open_path(&w, &p);
	f = service_ends_first ?
	    (struct flow){ p.service, p.user, .total = 5 } :
	    (struct flow){ p.user, p.service, .total = 5 };
	run(&w, &f, 1); /* one end is said and heard … */
	CHECK(w.ended == 0);
	f = (struct flow){ f.to, f.from, .total = 900000, .seed = 9 };
	run(&w, &f, 1); /* … and the other way goes on */
	net_turns(w.l, 20);
	CHECK(w.ended == 2 && w.broken == 0);
	close_path(&p);
	end(&w);
}

TEST(one_direction_may_end_before_the_other)
{
	half(false, false);
	half(false, true);
	half(true, false);
	half(true, true);
}

static void
reset(bool tls, bool by_service, size_t before)
{
	struct world w;
	struct path p, q;
	struct flow f[2];
	uint8_t c[4096];
	ssize_t r = -1;
	int far, i;

	begin(&w, tls);
	open_path(&w, &p);
	open_path(&w, &q);
	f[0] = (struct flow){ p.user, p.service, .total = SIZE_MAX };
	f[1] = (struct flow){ p.service, p.user, .total = SIZE_MAX };
	for (i = 0; i < TURNS && f[0].sent < before; i++) {
		send_some(&w, &f[0]);
		send_some(&w, &f[1]);
		net_turn(w.l);
		if (f[0].got + 100000 < f[0].sent)
			take_some(&w, &f[0]);
		take_some(&w, &f[1]);
	}
	far = by_service ? p.user : p.service;
	net_abort(by_service ? p.service : p.user);
	for (i = 0; i < TURNS; i++) {
		net_turn(w.l);
		r = recv(far, c, sizeof(c), 0);
		if (r == 0 || (r < 0 && errno != EAGAIN))
			break;
	}
	CHECK(i < TURNS && r < 0 && errno == ECONNRESET);
	net_turns(w.l, 20);
	CHECK(w.ended == 2 && w.broken == 2);
	close(far);
	f[0] = (struct flow){ q.user, q.service, .total = 100000 };
	f[1] = (struct flow){ q.service, q.user, .total = 100000 };
	run(&w, f, 2); /* the neighbour did not notice */
	close_path(&q);
	end(&w);
}

TEST(a_reset_goes_through_and_harms_no_other)
{
	int i;

	for (i = 0; i < 4; i++) {
		reset(i & 1, i & 2, 0);
		reset(i & 1, i & 2, 300000);
		reset(i & 1, i & 2, 3000000);
	}
}

static void
stalled(bool tls)
{
	struct world w;
	struct path p, q;
	struct flow f[4];
	size_t held = 0;
	int i;

	begin(&w, tls);
	open_path(&w, &p);
	open_path(&w, &q);
	f[0] = (struct flow){ p.user, p.service, .total = 40000000,
		.stalled = true };
	for (i = 0; i < 20000; i++) {
		send_some(&w, &f[0]);
		net_turn(w.l);
		held = max_size(held, stream_queued(p.b));
	}
	CHECK(!f[0].fin && held > 0 && held <= MUX_WINDOW_MAX);
	f[1] = (struct flow){ q.user, q.service, .total = 5000000, .seed = 1 };
	f[2] = (struct flow){ q.service, q.user, .total = 5000000, .seed = 2 };
	run(&w, f, 3);
	CHECK(stream_queued(p.b) <= MUX_WINDOW_MAX);
	/* it wakes up again, and the way back was open all the time */
	f[0].stalled = false;
	f[3] = (struct flow){ p.service, p.user, .total = 70000, .seed = 3 };
	run(&w, f, 4);
	close_path(&p);
	close_path(&q);
	net_turns(w.l, 20);
	CHECK(w.ended == 4 && w.broken == 0);
	end(&w);
}

TEST(a_stalled_reader_stops_only_its_own_stream)
{
	stalled(false);
}

TEST(a_stalled_reader_stops_only_its_own_stream_under_tls)
{
	stalled(true);
}
