// SPDX-License-Identifier: MIT
/* Entries lie in one array that doubles up to its limit; they name each other
 * by number.  Two chains go through them: that of their hash, and one of two
 * orders of use. */
#include "core/udp_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/mem.h"

#define NONE UINT32_MAX

struct entry {
	void *arg; /* NULL in the chain of free ones */
	uint64_t seen;
	uint32_t chain;	       /* next of the same bucket, or free */
	uint32_t older, newer; /* by use */
	struct udp_key key;
	bool again; /* heard more than once */
};

struct order {
	uint32_t oldest, newest, n;
};

struct udp_table {
	struct entry *v;
	uint32_t *buckets; /* as many as cap */
	uint32_t cap, most, free;
	struct order once, again;
	uint64_t idle, seed[2];
};

struct udp_table *
udp_table_new(uint32_t most, uint64_t idle,
    const uint8_t seed[static UDP_TABLE_SEED_LEN])
{
	struct udp_table *t = mem_new(struct udp_table);

	assert(most > 0 && most < NONE / 2);
	t->most = most;
	t->idle = idle;
	t->seed[0] = be64(seed);
	t->seed[1] = be64(seed + 8);
	t->free = NONE;
	t->once = t->again = (struct order){ NONE, NONE, 0 };
	return t;
}

static void
give_back(struct udp_table *t)
{
	free(t->v);
	free(t->buckets);
	t->v = NULL;
	t->buckets = NULL;
	t->cap = 0;
	t->free = NONE;
}

void
udp_table_free(struct udp_table *t)
{
	if (!t)
		return;
	give_back(t);
	free(t);
}

bool
udp_key_set(struct udp_key *k, const void *p, size_t n)
{
	*k = (struct udp_key){ 0 };
	if (n > sizeof(k->bytes))
		return false;
	if (n > 0)
		memcpy(k->bytes, p, n);
	k->n = (uint8_t)n;
	return true;
}

static uint64_t
turn(uint64_t v, int bits)
{
	return v << bits | v >> (64 - bits);
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = turn(v[1], 13) ^ v[0];
	v[3] = turn(v[3], 16) ^ v[2];
	v[0] = turn(v[0], 32) + v[3];
	v[2] += v[1];
	v[3] = turn(v[3], 21) ^ v[0];
	v[1] = turn(v[1], 17) ^ v[2];
	v[2] = turn(v[2], 32);
}

/* SipHash with one round a word and three in the end: source addresses are
 * easily forged, and must not all end up in one bucket. */
static uint64_t
hash(const struct udp_table *t, const struct udp_key *k)
{
	uint64_t v[4], word;
	size_t i;

	v[0] = t->seed[0] ^ 0x736f6d6570736575u;
	v[1] = t->seed[1] ^ 0x646f72616e646f6du;
	v[2] = t->seed[0] ^ 0x6c7967656e657261u;
	v[3] = t->seed[1] ^ 0x7465646279746573u;
	for (i = 0; i <= k->n; i += 8) {
		/* bytes behind the key are zero */
		word = i < sizeof(k->bytes) ? be64(k->bytes + i) : 0;
		if (i + 8 > k->n)
			word ^= k->n; /* its last byte is free */
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	for (i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint32_t *
bucket(const struct udp_table *t, const struct udp_key *k)
{
	return &t->buckets[hash(t, k) % t->cap];
}

/* Where the number of the key's entry is written, or NONE is. */
static uint32_t *
find(const struct udp_table *t, const struct udp_key *k)
{
	uint32_t *at;

	for (at = bucket(t, k); *at != NONE; at = &t->v[*at].chain) {
		const struct udp_key *have = &t->v[*at].key;

		if (have->n == k->n && memcmp(have->bytes, k->bytes,
		    k->n) == 0)
			break;
	}
	return at;
}

static struct order *
order_of(struct udp_table *t, const struct entry *e)
{
	return e->again ? &t->again : &t->once;
}

static void
leave_order(struct udp_table *t, uint32_t i)
{
	struct entry *e = &t->v[i];
	struct order *o = order_of(t, e);

	*(e->older == NONE ? &o->oldest : &t->v[e->older].newer) = e->newer;
	*(e->newer == NONE ? &o->newest : &t->v[e->newer].older) = e->older;
	o->n--;
}

static void
join_order(struct udp_table *t, uint32_t i, uint64_t now)
{
	struct entry *e = &t->v[i];
	struct order *o = order_of(t, e);

	e->seen = now;
	e->older = o->newest;
	e->newer = NONE;
	*(o->newest == NONE ? &o->oldest : &t->v[o->newest].newer) = i;
	o->newest = i;
	o->n++;
}

static void
chain_all(struct udp_table *t, const struct order *o)
{
	uint32_t i, *at;

	for (i = o->oldest; i != NONE; i = t->v[i].newer) {
		at = bucket(t, &t->v[i].key);
		t->v[i].chain = *at;
		*at = i;
	}
}

static void
grow(struct udp_table *t)
{
	uint32_t cap = t->cap ? t->cap * 2 : 16, i;

	cap = cap < t->most ? cap : t->most;
	t->v = mem_grow(t->v, cap * sizeof(*t->v));
	t->buckets = mem_grow(t->buckets, cap * sizeof(*t->buckets));
	for (i = t->cap; i < cap; i++) {
		t->v[i].arg = NULL;
		t->v[i].chain = t->free;
		t->free = i;
	}
	t->cap = cap;
	memset(t->buckets, 0xff, cap * sizeof(*t->buckets));
	chain_all(t, &t->once);
	chain_all(t, &t->again);
}

static void *
remove_at(struct udp_table *t, uint32_t *at)
{
	uint32_t i = *at;
	struct entry *e = &t->v[i];
	void *arg = e->arg;

	leave_order(t, i);
	*at = e->chain;
	e->arg = NULL;
	e->chain = t->free;
	t->free = i;
	if (udp_table_sessions(t) == 0)
		give_back(t);
	return arg;
}

static void
drop(struct udp_table *t, uint32_t i, struct udp_gone *gone)
{
	gone->key = t->v[i].key;
	gone->arg = remove_at(t, find(t, &gone->key));
}

bool
udp_table_pop(struct udp_table *t, struct udp_gone *gone)
{
	if (udp_table_sessions(t) == 0)
		return false;
	drop(t, t->again.n == 0 || t->once.n > t->again.n / 7 ?
	    t->once.oldest : t->again.oldest, gone);
	return true;
}

/* The number of the key's entry, or NONE. */
static uint32_t
number_of(const struct udp_table *t, const struct udp_key *k)
{
	return udp_table_sessions(t) ? *find(t, k) : NONE;
}

bool
udp_table_has(const struct udp_table *t, const struct udp_key *k)
{
	return number_of(t, k) != NONE;
}

static void *
touch(struct udp_table *t, const struct udp_key *k, uint64_t now, bool heard)
{
	uint32_t i = number_of(t, k);

	if (i == NONE)
		return NULL;
	leave_order(t, i);
	t->v[i].again |= heard;
	join_order(t, i, now);
	return t->v[i].arg;
}

void *
udp_table_use(struct udp_table *t, const struct udp_key *k, uint64_t now)
{
	return touch(t, k, now, true);
}

void
udp_table_renew(struct udp_table *t, const struct udp_key *k, uint64_t now)
{
	touch(t, k, now, false);
}

bool
udp_table_add(struct udp_table *t, const struct udp_key *k, void *arg,
    uint64_t now, struct udp_gone *gone)
{
	bool full = udp_table_sessions(t) == t->most;
	uint32_t i, *at;

	assert(arg);
	if (full)
		udp_table_pop(t, gone);
	if (udp_table_sessions(t) == t->cap)
		grow(t);
	at = find(t, k);
	assert(*at == NONE);
	i = t->free;
	t->free = t->v[i].chain;
	t->v[i].key = *k;
	t->v[i].arg = arg;
	t->v[i].again = false;
	t->v[i].chain = NONE;
	*at = i;
	join_order(t, i, now);
	return full;
}

void *
udp_table_del(struct udp_table *t, const struct udp_key *k)
{
	return udp_table_has(t, k) ? remove_at(t, find(t, k)) : NULL;
}

/* Of the two that lead the orders: the one that was idle longest, or NONE. */
static uint32_t
stalest(const struct udp_table *t)
{
	uint32_t a = t->once.oldest, b = t->again.oldest;

	if (a == NONE || b == NONE)
		return a == NONE ? b : a;
	return t->v[a].seen <= t->v[b].seen ? a : b;
}

uint64_t
udp_table_deadline(const struct udp_table *t)
{
	uint32_t i = stalest(t);

	return i == NONE ? UINT64_MAX : t->v[i].seen + t->idle;
}

bool
udp_table_expire(struct udp_table *t, uint64_t now, struct udp_gone *gone)
{
	if (now < udp_table_deadline(t))
		return false;
	drop(t, stalest(t), gone);
	return true;
}

size_t
udp_table_sessions(const struct udp_table *t)
{
	return t->once.n + t->again.n;
}
