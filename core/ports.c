// SPDX-License-Identifier: MIT
#include "core/ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/mem.h"

#define PORTS_MEMORY_MS (24ull * 3600 * 1000)
#define PORTS_MEMORY_MAX 65536 /* names remembered; then the oldest half goes */

struct past { /* the port that a name had */
	int port;
	bool in_use;
	uint64_t given; /* when it came back */
	char *name;
};

struct ports {
	struct ranges allowed;
	uint32_t total;
	void *owner[65536];
	struct past *now[65536]; /* the memory of who holds it */
	struct map past;	 /* name to struct past */
	size_t used;
};

struct ports *
ports_new(const struct ranges *allowed, uint64_t seed)
{
	static const struct port_range all = { 1, 65535 };
	struct ports *p = mem_new(struct ports);
	size_t i;

	p->past.seed = seed;
	p->allowed.n = allowed->n ? allowed->n : 1;
	p->allowed.v = mem_zero(p->allowed.n * sizeof(*p->allowed.v));
	memcpy(p->allowed.v, allowed->n ? allowed->v : &all,
	    p->allowed.n * sizeof(*p->allowed.v));
	for (i = 0; i < p->allowed.n; i++)
		if (p->allowed.v[i].last >= p->allowed.v[i].first)
			p->total += (uint32_t)(p->allowed.v[i].last -
			    p->allowed.v[i].first + 1);
	return p;
}

static void
forget(struct ports *p, struct past *past)
{
	map_str_del(&p->past, past->name);
	free(past->name);
	free(past);
}

/* Drops what is older than `age`; called rarely, so a walk is fine. */
static void
sweep(struct ports *p, uint64_t now, uint64_t age)
{
	struct past **old = mem_zero((p->past.used + 1) * sizeof(*old));
	size_t i, n = 0;
	void *v;

	for (i = 0; map_each(&p->past, &i, &v);) {
		struct past *past = v;

		if (!past->in_use && now - past->given >= age)
			old[n++] = past;
	}
	while (n)
		forget(p, old[--n]);
	free(old);
}

void
ports_free(struct ports *p)
{
	size_t i;
	void *v;

	if (!p)
		return;
	for (i = 0; map_each(&p->past, &i, &v);) {
		free(((struct past *)v)->name);
		free(v);
	}
	map_free(&p->past);
	free(p->allowed.v);
	free(p);
}

bool
ports_allowed(const struct ports *p, int port)
{
	size_t i;

	for (i = 0; i < p->allowed.n; i++)
		if (port >= p->allowed.v[i].first &&
		    port <= p->allowed.v[i].last)
			return port > 0 && port < 65536;
	return false;
}

void *
ports_owner(const struct ports *p, int port)
{
	return port > 0 && port < 65536 ? p->owner[port] : NULL;
}

void
ports_take(struct ports *p, int port, const char *name, void *owner)
{
	struct past *past = map_str(&p->past, name);

	if (!past) {
		past = mem_new(struct past);
		past->name = mem_dup(name);
		map_str_set(&p->past, name, past);
	}
	past->port = port;
	past->in_use = true;
	p->owner[port] = owner;
	p->now[port] = past;
	p->used++;
}

void
ports_give(struct ports *p, int port, uint64_t now)
{
	struct past *past = p->now[port];

	if (!p->owner[port])
		return;
	past->in_use = false;
	past->given = now;
	p->owner[port] = NULL;
	p->now[port] = NULL;
	p->used--;
	if (p->past.used > PORTS_MEMORY_MAX)
		sweep(p, now, PORTS_MEMORY_MS / 2);
	if (p->past.used > PORTS_MEMORY_MAX)
		sweep(p, now, 0);
}

size_t
ports_used(const struct ports *p)
{
	return p->used;
}

size_t
ports_total(const struct ports *p)
{
	return p->total;
}

/* The i-th allowed port. */
static int
nth(const struct ports *p, uint32_t i)
{
	size_t r;

	for (r = 0; r < p->allowed.n; r++) {
		const struct port_range *range = &p->allowed.v[r];
		uint32_t len;

		if (range->last < range->first)
			continue;
		len = (uint32_t)(range->last - range->first + 1);
		if (i < len)
			return range->first + (int)i;
		i -= len;
	}
	return 0;
}

int
ports_next(struct ports *p, const char *name, uint64_t now, uint32_t dice,
    uint32_t *at)
{
	struct past *past;

	if (*at == 0) {
		*at = 1;
		past = map_str(&p->past, name);
		if (past && !past->in_use &&
		    now - past->given < PORTS_MEMORY_MS &&
		    !p->owner[past->port] && ports_allowed(p, past->port))
			return past->port;
	}
	while (*at <= p->total) {
		int port = nth(p, (dice % p->total + (*at)++ - 1) % p->total);

		if (port > 0 && port < 65536 && !p->owner[port])
			return port;
	}
	return 0;
}

void
ports_text(const struct ports *p, char *to, size_t n)
{
	size_t i, at = 0;

	*to = '\0';
	for (i = 0; i < p->allowed.n && at + 24 < n; i++) {
		const struct port_range *r = &p->allowed.v[i];

		at += (size_t)snprintf(to + at, n - at,
		    r->first == r->last ? "%s%d" : "%s%d-%d", i ? "," : "",
		    r->first, r->last);
	}
	if (i < p->allowed.n)
		snprintf(to + at, n - at, ",…");
}
