// SPDX-License-Identifier: MIT
/* Is a client there?  Whoever wants what it holds asks, and is told. */
#include "net/server_internal.h"

#include <stdlib.h>

#include "core/mem.h"

struct probe {
	struct loop *l;
	struct list at; /* in its session's, until it is answered */
	struct timer late;
	struct errand answer;
	probe_cb *cb;
	void *arg;
	struct deferred gone;
	bool alive;
};

static void
free_probe(struct deferred *d)
{
	free(list_item(d, struct probe, gone));
}

void
probe_cancel(struct probe *p)
{
	if (!p)
		return;
	list_del(&p->at);
	timer_stop(&p->late);
	errand_drop(&p->answer);
	loop_defer(p->l, &p->gone, free_probe);
}

static void
on_answer(struct errand *e)
{
	struct probe *p = list_item(e, struct probe, answer);

	probe_cancel(p);
	p->cb(p->arg, p->alive);
}

/* Whoever asked is told later: what it does then may end sessions, and those
 * are asked about in the middle of many things. */
static void
probe_result(struct probe *p, bool alive)
{
	list_del(&p->at);
	timer_stop(&p->late);
	p->alive = alive;
	loop_later(p->l, &p->answer);
}

static void
on_silent(struct timer *t, void *arg)
{
	(void)t;
	probe_result(arg, false);
}

struct probe *
session_probe(struct session *s, probe_cb *cb, void *arg)
{
	struct probe *p = mem_new(struct probe);

	p->l = s->sv->l;
	p->cb = cb;
	p->arg = arg;
	errand_init(&p->answer, on_answer);
	list_add(&s->probes, &p->at);
	timer_start(&p->late, p->l, PROBE_MS, on_silent, p);
	/* without a mux the only question that every client answers at once
	 * is the one for a work connection */
	if (s->link)
		link_probe(s->link);
	else
		work_ask_one(s);
	return p;
}

void
session_answer_probes(struct session *s, bool alive)
{
	while (!list_empty(&s->probes))
		probe_result(list_item(s->probes.next, struct probe, at),
		    alive);
}

void
session_heard(struct session *s)
{
	session_answer_probes(s, true);
}
