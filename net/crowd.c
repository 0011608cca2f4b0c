// SPDX-License-Identifier: MIT
/* The strangers together: who gets the next turn, and who makes way when there
 * are too many.
 *
 * Turns go round the sources, so that the handshakes of one that has a thousand
 * strangers do not keep out the one of another; and every other turn is for
 * sources that have sessions.  All of it is behind the work for those who are
 * known, see loop_behind.
 *
 * Who makes way is found among a few drawn at random: one of the source which
 * has the most of them, and there the one that has kept us waiting longest.
 * So a flood meets itself; and a client that is slow, but gets on, stays. */
#include "net/server_internal.h"

#include "crypto/rand.h"

#define DRAWN 16
/* Strangers of one source that do not count against it: a host or two behind
 * an address, or many, of which some have logged in. */
#define SHARE	    4
#define SHARE_KNOWN 64
/* Who has said nothing yet has waited so many times as long. */
#define SILENT 4

/* 0: it has its place from those of its source that are in. */
static unsigned
beyond_share(const struct seat *s)
{
	const struct source *o = s->source;
	unsigned share = o->sessions ? SHARE_KNOWN : SHARE;

	if (o->strangers > share)
		return o->strangers - share;
	return o->sessions ? 0 : 1;
}

static uint64_t
waited(const struct seat *s, uint64_t now)
{
	return (now - s->since) * (s->shown ? 1 : SILENT);
}

static bool
goes_before(const struct seat *a, const struct seat *b, uint64_t now)
{
	unsigned x = beyond_share(a), y = beyond_share(b);

	return x != y ? x > y : waited(a, now) > waited(b, now);
}

static struct seat *
least_wanted(const struct crowd *c, uint64_t now)
{
	struct seat *s, *worst = NULL;
	uint16_t dice[DRAWN];
	int i;

	rand_bytes(dice, sizeof(dice));
	for (i = 0; i < DRAWN; i++) {
		s = c->seats[dice[i] % c->n];
		if (!worst || goes_before(s, worst, now))
			worst = s;
	}
	return worst;
}

void
crowd_enter(struct server *sv, struct seat *s, const struct addr *from)
{
	struct crowd *c = &sv->crowd;
	uint64_t now = loop_us();
	struct seat *out;

	if (c->n >= STRANGER_MAX) {
		out = least_wanted(c, now);
		out->make_way(out);
	}
	list_init(&s->at);
	s->source = source_of(sv, from);
	source_strangers(sv, s->source, 1);
	s->since = now;
	s->place = c->n;
	c->seats[c->n++] = s;
}

void
crowd_leave(struct server *sv, struct seat *s)
{
	struct crowd *c = &sv->crowd;
	struct source *o = s->source;

	c->seats[s->place] = c->seats[--c->n];
	c->seats[s->place]->place = s->place;
	list_del(&s->at);
	if (list_empty(&o->fresh) && list_empty(&o->going))
		list_del(&o->turn);
	source_strangers(sv, o, -1);
}

void
crowd_further(struct seat *s)
{
	s->since = loop_us();
	s->shown = true;
}

void
crowd_wait(struct server *sv, struct seat *s)
{
	struct source *o = s->source;

	if (!s->shown)
		crowd_further(s);
	list_del(&s->at);
	list_add(s->going ? &o->going : &o->fresh, &s->at);
	if (list_empty(&o->turn))
		list_add(&sv->crowd.turns[o->sessions > 0], &o->turn);
	loop_behind(sv->l, &sv->crowd.work);
}

/* Within a source those go first with whom we have begun; of the others the
 * newest: under a flood the older ones have given up, or are the flood. */
static struct seat *
next(struct crowd *c)
{
	struct list *turns, *at;
	struct source *o;

	c->known = !c->known;
	turns = &c->turns[c->known];
	if (list_empty(turns))
		turns = &c->turns[!c->known];
	if (list_empty(turns))
		return NULL;
	o = list_item(turns->next, struct source, turn);
	list_del(&o->turn);
	at = list_empty(&o->going) ? o->fresh.prev : o->going.next;
	list_del(at);
	if (!list_empty(&o->fresh) || !list_empty(&o->going))
		list_add(turns, &o->turn);
	return list_item(at, struct seat, at);
}

static void
on_work(struct errand *e)
{
	struct server *sv = list_item(e, struct server, crowd.work);
	uint64_t end = loop_us() + LOOP_BEHIND_US;
	struct seat *s;

	while (loop_us() < end) {
		s = next(&sv->crowd);
		if (!s)
			return;
		s->going = true;
		s->turn(s);
	}
	loop_behind(sv->l, e);
}

/* A login is some hundred bytes, and as a rule comes whole. */
#define HALF_FREE   1024
#define HALVES_MOST (4 * 1024 * 1024)

bool
crowd_keep(struct server *sv, size_t *half, size_t now)
{
	sv->crowd.halves += now - *half;
	*half = now;
	return now <= HALF_FREE || sv->crowd.halves <= HALVES_MOST;
}

void
crowd_init(struct crowd *c)
{
	list_init(&c->turns[0]);
	list_init(&c->turns[1]);
	errand_init(&c->work, on_work);
}
