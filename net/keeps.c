// SPDX-License-Identifier: MIT
#include "net/keeps.h"

static void
on_again(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct keeps *k = w->data;

	(void)ev;
	(void)revents;
	k->due = true;
}

void
keeps_init(struct keeps *k)
{
	ev_timer_init(&k->again, on_again, 0, 0);
	k->again.data = k;
}

static void
wait_for(struct keeps *k, struct ev_loop *ev, unsigned ms)
{
	if (ev_is_active(&k->again))
		ev_ref(ev);
	k->again.repeat = ms / 1000.0;
	ev_timer_again(ev, &k->again); /* 0: it stops */
	if (ms)
		ev_unref(ev);
}

void
keeps_look(struct keeps *k, struct ev_loop *ev, const struct log *log)
{
	bool waits = ev_is_active(&k->again);
	unsigned ms;

	if (!log || !log->flush || (waits && !k->due))
		return;
	k->due = false;
	ms = log->flush(log->arg);
	if (ms || waits)
		wait_for(k, ev, ms);
}

void
keeps_end(struct keeps *k, struct ev_loop *ev)
{
	wait_for(k, ev, 0);
}
