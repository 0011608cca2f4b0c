// SPDX-License-Identifier: MIT
#include "core/ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/mem.h"
#include "core/ranges.h"

#define PORTS_DYNAMIC 32768 /* as Linux has it, up to 60999 */
#define PORTS_MEMORY_MS (24ull * 3600 * 1000)
#define PORTS_MEMORY_MAX 65536 /* names remembered; then the oldest half goes */

struct past { /* the port that a name had */
	int port;
	unsigned holds;	/* ports that it has now */
	uint64_t given; /* when one came back */
	uint64_t name;	/* its hash: a name is as long as a client likes */
};

struct ports {
	struct ranges allowed; /* as they were written, for people */
	struct ranges merged;  /* the same, sorted, each port once */
	uint32_t total;
	void *owner[65536];
	struct past *now[65536]; /* the memory of who holds it */
	struct map past;	 /* hash of the name to struct past */
};

static int
by_first(const void *a, const void *b)
{
	const struct port_range *one = a, *two = b;

	return (one->first > two->first) - (one->first < two->first);
}

/* Ranges may overlap as they were written, or hold numbers that are no port. */
static void
merge(struct ports *p)
{
	struct port_range *v = p->merged.v;
	size_t i, n = 0;

	p->merged.n = 0;
	p->total = 0;
	for (i = 0; i < p->allowed.n; i++) {
		struct port_range r = p->allowed.v[i];

		r.first = r.first > 1 ? r.first : 1;
		r.last = r.last < 65535 ? r.last : 65535;
		if (r.first <= r.last)
			v[n++] = r;
	}
	qsort(v, n, sizeof(*v), by_first);
	for (i = 0; i < n; i++) {
		struct port_range *top = &v[p->merged.n];

		if (p->merged.n && v[i].first <= top[-1].last) {
			if (v[i].last > top[-1].last)
				top[-1].last = v[i].last;
			continue;
		}
		*top = v[i];
		p->merged.n++;
	}
	for (i = 0; i < p->merged.n; i++)
		p->total += (uint32_t)(v[i].last - v[i].first + 1);
}

struct ports *
ports_new(const struct ranges *allowed, uint64_t seed)
{
	struct ports *p = mem_new(struct ports);

	p->past.seed = seed;
	ports_allow(p, allowed);
	return p;
}

bool
ports_allow(struct ports *p, const struct ranges *allowed)
{
	static const struct port_range all = { 1, 65535 };
	const struct port_range *v = allowed->n ? allowed->v : &all;
	size_t n = allowed->n ? allowed->n : 1, size = n * sizeof(*v);

	if (p->allowed.n == n && memcmp(p->allowed.v, v, size) == 0)
		return false;
	p->allowed.n = n;
	p->allowed.v = mem_grow(p->allowed.v, size);
	memcpy(p->allowed.v, v, size);
	p->merged.v = mem_grow(p->merged.v, size);
	merge(p);
	return true;
}

static void
forget(struct ports *p, struct past *past)
{
	map_num_del(&p->past, past->name);
	free(past);
}

static int
by_age(const void *a, const void *b)
{
	const struct past *const *one = a, *const *two = b;

	return ((*one)->given > (*two)->given) -
	    ((*one)->given < (*two)->given);
}

/* Called rarely, so a walk is fine. */
static void
forget_older_half(struct ports *p)
{
	struct past **idle = mem_zero((p->past.used + 1) * sizeof(*idle));
	size_t i, n = 0;
	void *v;

	for (i = 0; map_each(&p->past, &i, &v);)
		if (((struct past *)v)->holds == 0)
			idle[n++] = v;
	qsort(idle, n, sizeof(*idle), by_age);
	for (i = 0; i < n - n / 2; i++)
		forget(p, idle[i]);
	free(idle);
}

void
ports_free(struct ports *p)
{
	size_t i;
	void *v;

	if (!p)
		return;
	for (i = 0; map_each(&p->past, &i, &v);)
		free(v);
	map_free(&p->past);
	ranges_release(&p->allowed);
	ranges_release(&p->merged);
	free(p);
}

bool
ports_allowed(const struct ports *p, int port)
{
	return ranges_has(&p->merged, port);
}

void *
ports_owner(const struct ports *p, int port)
{
	return port > 0 && port < 65536 ? p->owner[port] : NULL;
}

void
ports_take(struct ports *p, int port, const char *name, void *owner)
{
	uint64_t hash = map_hash(p->past.seed, name);
	struct past *past = map_num(&p->past, hash);

	if (!past) {
		past = mem_new(struct past);
		past->name = hash;
		map_num_set(&p->past, hash, past);
	}
	past->port = port;
	past->holds++;
	p->owner[port] = owner;
	p->now[port] = past;
}

void
ports_give(struct ports *p, int port, uint64_t now)
{
	struct past *past = p->now[port];

	if (!p->owner[port])
		return;
	past->holds--;
	past->given = now;
	p->owner[port] = NULL;
	p->now[port] = NULL;
	if (p->past.used > PORTS_MEMORY_MAX)
		forget_older_half(p);
}

/* Asked for when no port is left, so a walk is fine. */
size_t
ports_used(const struct ports *p)
{
	size_t i, n = 0;
	int port;

	for (i = 0; i < p->merged.n; i++)
		for (port = p->merged.v[i].first;
		    port <= p->merged.v[i].last; port++)
			n += p->owner[port] != NULL;
	return n;
}

size_t
ports_total(const struct ports *p)
{
	return p->total;
}

/* The i-th of the allowed ports; i is less than their number. */
static int
nth(const struct ports *p, uint32_t i)
{
	const struct port_range *r = p->merged.v;
	uint32_t len;

	for (;; r++, i -= len) {
		len = (uint32_t)(r->last - r->first + 1);
		if (i < len)
			return r->first + (int)i;
	}
}

/* The port that name had, when it can have it again; or 0. */
static int
remembered(const struct ports *p, const char *name, uint64_t now)
{
	const struct past *past =
	    map_num(&p->past, map_hash(p->past.seed, name));

	if (!past || past->holds || now - past->given >= PORTS_MEMORY_MS ||
	    p->owner[past->port] || !ports_allowed(p, past->port))
		return 0;
	return past->port;
}

/* Where a walk begins.  When every port may be had, that is among those which
 * nobody expects a service of its own at, and never at a low one. */
static uint32_t
start_of(const struct ports *p, uint32_t dice)
{
	if (p->total == 65535)
		return PORTS_DYNAMIC - 1 + dice % (61000 - PORTS_DYNAMIC);
	return dice % p->total;
}

int
ports_next(struct ports *p, const char *name, uint64_t now, uint32_t dice,
    uint32_t *at)
{
	int had = remembered(p, name, now);

	if (*at == 0) {
		*at = 1;
		if (had)
			return had;
	}
	while (*at <= p->total) {
		int port = nth(p,
		    (start_of(p, dice) + (*at)++ - 1) % p->total);

		if (!p->owner[port] && port != had)
			return port;
	}
	return 0;
}

void
ports_text(const struct ports *p, char *to, size_t n)
{
	size_t i, at = 0;

	*to = '\0';
	for (i = 0; i < p->allowed.n && at + 28 < n; i++) {
		const struct port_range *r = &p->allowed.v[i];

		at += (size_t)snprintf(to + at, n - at,
		    r->first == r->last ? "%s%d" : "%s%d-%d", i ? "," : "",
		    r->first, r->last);
	}
	if (i < p->allowed.n)
		snprintf(to + at, n - at, i ? ",…" : "…");
}
