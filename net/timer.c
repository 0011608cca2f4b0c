// SPDX-License-Identifier: MIT
/* Timers and signals of the loop. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

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
loop_signal(struct loop *l, struct on_signal *s, int number, signal_cb *cb,
    void *arg)
{
	s->cb = cb;
	s->arg = arg;
	ev_signal_init(&s->w, on_signal, number);
	s->w.data = s;
	list_add(&l->signals, &s->at);
	ev_signal_start(l->ev, &s->w);
}

static bool
has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

void
loop_hangup(struct loop *l, struct on_signal *s, signal_cb *end,
    signal_cb *other, void *arg)
{
	struct sigaction was;

	if (sigaction(SIGHUP, NULL, &was) == 0 && was.sa_handler == SIG_IGN)
		return;
	loop_signal(l, s, SIGHUP, has_terminal() ? end : other, arg);
}

void
loop_signal_stop(struct loop *l, struct on_signal *s)
{
	sigset_t hangup;

	if (!s->cb)
		return;
	if (s->w.signum == SIGHUP) {
		/* a terminal may say twice that it is gone: no reason to leave
		 * the last words unsaid */
		sigemptyset(&hangup);
		sigaddset(&hangup, SIGHUP);
		sigprocmask(SIG_BLOCK, &hangup, NULL);
	}
	list_del(&s->at);
	ev_signal_stop(l->ev, &s->w);
}
