// SPDX-License-Identifier: MIT
/* Timers and signals of the loop. */
#include "net/loop.h"

static void
on_timer(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct timer *t = w->data;

	(void)ev;
	(void)revents;
	t->cb(t, t->arg);
}

void
timer_start(struct timer *t, struct loop *l, uint64_t ms, timer_cb *cb,
    void *arg)
{
	timer_stop(t);
	t->l = l;
	t->cb = cb;
	t->arg = arg;
	ev_now_update(l->ev);
	ev_timer_init(&t->w, on_timer, (double)ms / 1000, 0);
	t->w.data = t;
	ev_timer_start(l->ev, &t->w);
}

void
timer_stop(struct timer *t)
{
	if (t->l)
		ev_timer_stop(t->l->ev, &t->w);
}

bool
timer_active(const struct timer *t)
{
	return t->l && ev_is_active(&t->w);
}

static void
on_signal(struct ev_loop *ev, ev_signal *w, int revents)
{
	struct on_signal *s = w->data;

	(void)ev;
	(void)revents;
	s->cb(s->arg, w->signum);
}

void
loop_signal(struct loop *l, struct on_signal *s, int number,
    void (*cb)(void *arg, int number), void *arg)
{
	s->cb = cb;
	s->arg = arg;
	ev_signal_init(&s->w, on_signal, number);
	s->w.data = s;
	list_add(&l->signals, &s->at);
	ev_signal_start(l->ev, &s->w);
}

void
loop_signal_stop(struct loop *l, struct on_signal *s)
{
	list_del(&s->at);
	ev_signal_stop(l->ev, &s->w);
}
