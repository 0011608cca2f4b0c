// SPDX-License-Identifier: MIT
/* Who has come to a port of the worker, and is led to its target here. */
#include "net/tunnel_internal.h"

#define TARGET_MS 10000

static void
on_broken(void *arg)
{
	guest_end(arg, false);
}

static void
on_dialled(void *arg, struct stream *target, const char *error)
{
	struct guest *g = arg;

	g->dial = NULL;
	if (target) {
		guest_join(g, target);
		return;
	}
	forward_trouble(g->f, error);
	guest_end(g, false);
}

void
forward_lead(struct forward *f, struct stream *s)
{
	struct guest *g = guest_new(f, GUEST_CALLING);
	struct tunnel *t = f->t;
	struct dial_to to = { .host = f->spec->host, .port = f->spec->to,
		.ms = TARGET_MS, .keep = { .idle = 60, .step = 15, .tries = 4,
		    .far_only = true } };

	if (!t->resolver)
		t->resolver = resolver_new(t->l, NULL);
	t->held.most = HOLD_MOST;
	g->hold.budget = &t->held;
	hold_start(&g->hold, s, on_broken, g);
	g->dial = dial_new(t->l, t->resolver, &to, on_dialled, g);
}
