// SPDX-License-Identifier: MIT
/* How much one connection moves before others get their turn. */
#include "net/relay.h"
#include "test/net/net.h"

#define TURNS 400000
#define PIECE (64 * 1024)

/* A relay between two sockets that the test holds the far ends of. */
struct joint {
	struct relay *r;
	int a, b;
};

static void
join(struct loop *l, struct joint *j)
{
	int a[2], b[2];

	net_pair(a);
	net_pair(b);
	j->a = a[0];
	j->b = b[0];
	j->r = relay_new(l, conn_new(l, a[1]), conn_new(l, b[1]), NULL, NULL);
}

static void
part(struct loop *l, struct joint *j)
{
	int i;

	close(j->a);
	close(j->b);
	for (i = 0; i < TURNS && !list_empty(&l->relays); i++)
		net_turn(l);
	net_turns(l, 3);
	loop_free(l);
}

static uint64_t
moved(const struct joint *j)
{
	uint64_t ab, ba;

	relay_bytes(j->r, &ab, &ba);
	return ab + ba;
}

/* Until that many bytes went through. */
static void
pass(struct loop *l, const struct joint *j, int from, const uint8_t *p,
    size_t n)
{
	uint64_t want = moved(j) + n;
	int i;

	CHECK(send(from, p, n, MSG_NOSIGNAL) == (ssize_t)n);
	for (i = 0; i < TURNS && moved(j) < want; i++)
		net_turn(l);
	CHECK(moved(j) == want);
}

TEST(who_says_a_few_bytes_makes_all_turns_short_for_a_moment)
{
	struct loop *l = loop_new(&net_log);
	struct joint j;

	join(l, &j);
	CHECK(loop_turn(l) == LOOP_BLOCK);
	pass(l, &j, j.a, (const uint8_t *)"key", 3);
	CHECK(loop_turn(l) == LOOP_SHARE);
	l->spoke = loop_now(l) - 1000;
	CHECK(loop_turn(l) == LOOP_BLOCK);
	part(l, &j);
}

TEST(a_few_bytes_back_of_one_that_moves_bulk_change_nothing)
{
	static const uint8_t piece[PIECE];
	struct loop *l = loop_new(&net_log);
	struct joint j;

	join(l, &j);
	pass(l, &j, j.a, piece, sizeof(piece));
	pass(l, &j, j.b, piece, 20); /* "go on", say many protocols */
	pass(l, &j, j.a, piece, 20);
	CHECK(loop_turn(l) == LOOP_BLOCK);
	part(l, &j);
}

/* The most that one turn has moved of a piece. */
static uint64_t
largest_step(struct loop *l, const struct joint *j, bool beside)
{
	static const uint8_t piece[PIECE];
	uint64_t before, most = 0, end = moved(j) + PIECE;
	int i;

	CHECK(send(j->a, piece, PIECE, MSG_NOSIGNAL) == PIECE);
	for (i = 0; i < TURNS && moved(j) < end; i++) {
		before = moved(j);
		if (beside)
			loop_spoke(l);
		net_turn(l);
		if (moved(j) - before > most)
			most = moved(j) - before;
	}
	CHECK(moved(j) == end);
	return most;
}

TEST(bulk_goes_in_small_pieces_beside_one_that_speaks_and_in_big_ones_alone)
{
	struct loop *l = loop_new(&net_log);
	struct joint j;
	int i;

	join(l, &j);
	for (i = 0; i < 4; i++)
		CHECK(largest_step(l, &j, true) <= LOOP_SHARE);
	l->spoke = 0;
	for (i = 0; i < 4; i++) /* copied first, then spliced */
		CHECK(largest_step(l, &j, false) > LOOP_SHARE);
	part(l, &j);
}
