// SPDX-License-Identifier: MIT
/* Work streams of a session: a small pool of idle ones, and those who wait for
 * one.  An idle stream is watched, so that a dead one is never handed out. */
#include "net/server_internal.h"

#include <assert.h>
#include <stdlib.h>

#include "core/mem.h"

#define WORK_SPARE 10 /* idle streams beyond what the client offered */

struct idle {
	struct list at;
	struct session *session;
	struct stream *s;
	struct deferred gone;
};

static void
ask(struct session *s)
{
	static const struct msg m = { .type = MSG_REQ_WORK_CONN };

	session_send(s, &m);
}

static void
free_idle(struct deferred *d)
{
	free(list_item(d, struct idle, gone));
}

static struct stream *
take_out(struct idle *i)
{
	struct session *s = i->session;

	list_del(&i->at);
	s->nidle--;
	stream_on(i->s, NULL, NULL);
	loop_defer(s->sv->l, &i->gone, free_idle);
	return i->s;
}

/* Whatever comes on an idle stream is its end: it may not speak first. */
static void
on_idle(struct stream *stream, enum stream_event ev, const uint8_t *p,
    size_t n, void *arg)
{
	(void)stream;
	(void)p;
	(void)n;
	if (ev == STREAM_DATA || ev == STREAM_EOF || ev == STREAM_ERROR)
		stream_close(take_out(arg));
}

/* It waits no more. */
static void
leave(struct work_wait *w)
{
	list_del(&w->at);
	timer_stop(&w->late);
	errand_drop(&w->given);
	w->session = NULL;
}

static void
give(struct work_wait *w, struct stream *work)
{
	struct session *s = w->session;

	leave(w);
	/* a replacement, so that the next user need not wait */
	if (work && s->nidle < s->pool && list_empty(&s->waiting))
		ask(s);
	w->cb(w, work);
}

static void
on_given(struct errand *e)
{
	struct work_wait *w = list_item(e, struct work_wait, given);
	struct stream *work = w->work;

	w->work = NULL;
	give(w, work);
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	give(arg, NULL);
}

void
work_want(struct session *s, struct work_wait *w,
    void (*cb)(struct work_wait *w, struct stream *work))
{
	w->session = s;
	w->cb = cb;
	w->work = NULL;
	list_init(&w->at);
	errand_init(&w->given, on_given);
	if (!list_empty(&s->idle)) {
		w->work = take_out(list_item(s->idle.next, struct idle, at));
		loop_later(s->sv->l, &w->given);
		return;
	}
	list_add(&s->waiting, &w->at);
	timer_start(&w->late, s->sv->l,
	    (uint64_t)s->sv->conf->user_conn_timeout * 1000, on_late, w);
	ask(s);
}

void
work_cancel(struct work_wait *w)
{
	if (!w->session)
		return;
	leave(w);
	stream_close(w->work);
	w->work = NULL;
}

void
work_arrived(struct session *s, struct stream *work)
{
	struct idle *i;

	if (!list_empty(&s->waiting)) {
		stream_on(work, NULL, NULL);
		give(list_item(s->waiting.next, struct work_wait, at), work);
		return;
	}
	if (s->nidle >= s->pool + WORK_SPARE) {
		log_debug(s->sv->log, "[%s] work connection pool is full, "
		    "discarding", s->tag);
		stream_linger(work);
		return;
	}
	i = mem_new(struct idle);
	i->session = s;
	i->s = work;
	list_add(&s->idle, &i->at);
	s->nidle++;
	stream_on(work, on_idle, i);
	stream_want(work, true);
}

void
work_end(struct session *s)
{
	while (!list_empty(&s->idle))
		stream_close(take_out(list_item(s->idle.next, struct idle, at)));
	assert(list_empty(&s->waiting)); /* its proxies are closed */
}
