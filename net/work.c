// SPDX-License-Identifier: MIT
/* Work streams of a session: a small pool of idle ones, and those who wait for
 * one.  An idle stream is watched, so that a dead one is never handed out.
 *
 * What a client is asked for may be lost: it may have too much to do, or may
 * not reach us.  So what was asked for is counted, and as long as somebody
 * waits it is asked for again. */
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

static void on_silent(struct timer *t, void *arg);

static void
send_asks(struct session *s, size_t n)
{
	static const struct msg m = { .type = MSG_REQ_WORK_CONN };

	while (n--)
		session_send(s, &m);
}

void
work_ask(struct session *s)
{
	uint64_t now = loop_now(s->sv->l), at;

	send_asks(s, deal_ask(&s->deal, now,
	    s->nidle < s->pool ? s->pool - s->nidle : 0));
	/* it is moved when it fires, not with each stream that comes */
	at = deal_deadline(&s->deal);
	if (at != UINT64_MAX && !timer_active(&s->silent))
		timer_start(&s->silent, s->sv->l, at > now ? at - now : 0,
		    on_silent, s);
}

static void
on_silent(struct timer *t, void *arg)
{
	struct session *s = arg;

	(void)t;
	deal_tick(&s->deal, loop_now(s->sv->l));
	work_ask(s);
}

void
work_ask_one(struct session *s)
{
	deal_asked(&s->deal);
	send_asks(s, 1);
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
	deal_drop(&w->wait);
	timer_stop(&w->late);
	errand_drop(&w->given);
	w->session = NULL;
}

static bool
give(struct work_wait *w, struct stream *work)
{
	leave(w);
	return w->cb(w, work);
}

static void
keep(struct session *s, struct stream *work)
{
	struct idle *i;

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

/* To whose turn it is; some of them may have left meanwhile. */
static void
deal_out(struct session *s, struct stream *work)
{
	struct deal_wait *next;

	stream_on(work, NULL, NULL);
	while ((next = deal_next(&s->deal)) != NULL)
		if (give(list_item(next, struct work_wait, wait), work))
			return;
	keep(s, work);
}

static void
on_given(struct errand *e)
{
	struct work_wait *w = list_item(e, struct work_wait, given);
	struct session *s = w->session;
	struct stream *work = w->work;

	w->work = NULL;
	if (!give(w, work))
		deal_out(s, work);
	work_ask(s); /* a replacement, so that the next one need not wait */
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	give(arg, NULL);
}

void
work_want(struct session *s, struct deal_line *line, struct work_wait *w,
    work_cb *cb)
{
	w->session = s;
	w->line = line;
	w->cb = cb;
	w->work = NULL;
	errand_init(&w->given, on_given);
	if (!list_empty(&s->idle)) {
		w->work = take_out(list_item(s->idle.next, struct idle, at));
		loop_later(s->sv->l, &w->given);
		return;
	}
	deal_add(line, &w->wait);
	timer_start(&w->late, s->sv->l,
	    (uint64_t)s->sv->conf->user_conn_timeout * 1000, on_late, w);
	work_ask(s);
}

void
work_want_last(struct work_wait *w)
{
	if (w->wait.in)
		deal_add_last(w->line, &w->wait);
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
	deal_came(&s->deal, loop_now(s->sv->l));
	deal_out(s, work);
	work_ask(s);
}

void
work_end(struct session *s)
{
	while (!list_empty(&s->idle))
		stream_close(take_out(list_item(s->idle.next, struct idle, at)));
	timer_stop(&s->silent);
	assert(deal_waiting(&s->deal) == 0); /* its proxies are closed */
}
