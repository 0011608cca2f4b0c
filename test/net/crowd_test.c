// SPDX-License-Identifier: MIT
/* Who makes way among strangers, and who gets the next turn. */
#include <stdlib.h>

#include "core/mem.h"
#include "net/server_internal.h"
#include "test/net/net.h"

struct one {
	struct seat seat;
	struct server *sv;
	int turns;
	bool in;
};

static void
on_turn(struct seat *s)
{
	list_item(s, struct one, seat)->turns++;
}

static void
on_make_way(struct seat *s)
{
	struct one *x = list_item(s, struct one, seat);

	x->in = false;
	crowd_leave(x->sv, s);
}

static void
come(struct server *sv, struct one *x, const char *ip)
{
	struct addr from;

	CHECK(addr_literal(&from, ip, 7000) == 0);
	*x = (struct one){ .sv = sv, .in = true };
	x->seat.turn = on_turn;
	x->seat.make_way = on_make_way;
	crowd_enter(sv, &x->seat, &from);
}

static struct server *
begin(void)
{
	struct server *sv = mem_new(struct server);

	sv->log = &net_log;
	sv->l = loop_new(&net_log);
	list_init(&sv->past);
	crowd_init(&sv->crowd);
	return sv;
}

static void
end(struct server *sv)
{
	while (sv->crowd.n)
		sv->crowd.seats[0]->make_way(sv->crowd.seats[0]);
	CHECK(sv->sources.used == 0);
	sources_end(sv);
	loop_free(sv->l);
	free(sv);
}

/* The places of a flood, which comes and comes. */
static struct one *
flood(struct server *sv, const char *ip, int n)
{
	struct one *all = calloc((size_t)n, sizeof(*all));
	int i;

	for (i = 0; i < n; i++)
		come(sv, &all[i], ip);
	return all;
}

TEST(crowd_a_flood_meets_itself)
{
	struct server *sv = begin();
	struct one one, same64, *a, *b;

	come(sv, &one, "192.0.2.1");
	come(sv, &same64, "2001:db8::1");
	a = flood(sv, "192.0.2.2", 3 * STRANGER_MAX);
	CHECK(sv->crowd.n == STRANGER_MAX);
	CHECK(one.in && same64.in);
	/* another address of a /64 is the same source */
	b = flood(sv, "2001:db8::2", 10 * STRANGER_MAX);
	CHECK(one.in && sv->sources.used == 3);
	end(sv);
	free(a);
	free(b);
}

TEST(crowd_clients_that_are_in_keep_places_for_their_neighbours)
{
	struct server *sv = begin();
	struct one near[40], *a;
	struct source *o = source_session(sv, "192.0.2.1:80");
	char ip[40];
	int i, in = 0;

	for (i = 0; i < 40; i++)
		come(sv, &near[i], "192.0.2.1");
	a = calloc(5000, sizeof(*a));
	for (i = 0; i < 5000; i++) {
		snprintf(ip, sizeof(ip), "10.%d.%d.1", i / 250, i % 250);
		come(sv, &a[i], i % 2 ? "192.0.2.9" : ip);
	}
	for (i = 0; i < 40; i++)
		in += near[i].in;
	CHECK(in == 40);
	source_session_over(sv, o);
	end(sv);
	free(a);
}

TEST(crowd_sources_take_turns)
{
	struct server *sv = begin();
	struct one one, *a = flood(sv, "192.0.2.2", 900);
	int i, served = 0;

	for (i = 0; i < 900; i++)
		crowd_wait(sv, &a[i].seat);
	come(sv, &one, "192.0.2.1");
	crowd_wait(sv, &one.seat);
	for (i = 0; i < 100 && !one.turns; i++)
		net_turn(sv->l);
	CHECK(one.turns == 1);
	for (i = 0; i < 10000 && served < 900; i++) {
		int k;

		net_turn(sv->l);
		for (served = k = 0; k < 900; k++)
			served += a[k].turns;
	}
	CHECK(served == 900);
	end(sv);
	free(a);
}
