// SPDX-License-Identifier: MIT
/* What all kinds of far sides have alike: states, calls and lifetimes. */
#include "net/far.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/mem.h"
#include "net/far_internal.h"

static void
free_far(struct deferred *d)
{
	free(list_item(d, struct far, gone));
}

struct far *
far_new(struct loop *l, const struct far_conf *conf, const struct log *log,
    const struct far_hooks *hooks, struct buf *why)
{
	struct far *f = mem_new(struct far);

	f->l = l;
	f->conf = conf;
	f->log = log;
	if (hooks)
		f->hooks = *hooks;
	f->kind = conf->ssh ? &far_ssh : &far_bastion;
	f->stat.since = loop_now(l);
	f->stat.rtt_us = -1;
	list_init(&f->calls);
	if (f->kind->start(f, why) == 0)
		return f;
	free(f);
	return NULL;
}

void
far_free(struct far *f)
{
	if (!f || f->freed)
		return;
	f->freed = true;
	while (!list_empty(&f->calls))
		far_cancel(list_item(f->calls.next, struct far_call, at));
	f->kind->stop(f);
	loop_defer(f->l, &f->gone, free_far);
}

enum far_state
far_state(const struct far *f)
{
	return f->state;
}

bool
far_has_udp(const struct far *f)
{
	return f->kind->udp && !f->conf->plain;
}

void
far_retry(struct far *f)
{
	if (f->state == FAR_WAITING)
		f->kind->retry(f);
}

void
far_stat(const struct far *f, struct far_stat *s)
{
	*s = f->stat;
}

static void
free_call(struct deferred *d)
{
	free(list_item(d, struct far_call, gone));
}

static void
leave(struct far_call *c)
{
	c->done = true;
	list_del(&c->at);
	timer_stop(&c->now);
	loop_defer(c->f->l, &c->gone, free_call);
}

void
far_answer(struct far_call *c, struct stream *s, const char *error)
{
	if (c->done)
		return;
	leave(c);
	c->cb(c->arg, s, error);
}

static void
on_down(struct timer *t, void *arg)
{
	struct far_call *c = arg;
	const struct far_stat *s = &c->f->stat;

	(void)t;
	far_answer(c, NULL, *s->error ? s->error : "it is not connected yet");
}

struct far_call *
far_call(struct far *f, const struct offer_want *w, offer_cb *cb, void *arg)
{
	struct far_call *c = mem_new(struct far_call);

	c->f = f;
	c->cb = cb;
	c->arg = arg;
	list_add(&f->calls, &c->at);
	if (f->state == FAR_UP)
		f->kind->call(c, w);
	else
		timer_start(&c->now, f->l, 0, on_down, c);
	return c;
}

void
far_cancel(struct far_call *c)
{
	if (!c || c->done)
		return;
	if (c->own)
		c->f->kind->cancel(c);
	leave(c);
}

void
far_enter(struct far *f, enum far_state s, const char *why, uint64_t ms)
{
	char text[FAR_TEXT];

	if (f->freed || (s == f->state && s != FAR_WAITING))
		return;
	f->state = s;
	f->stat.since = loop_now(f->l);
	if (s == FAR_UP && f->was_up)
		f->stat.reconnects++;
	f->was_up |= s == FAR_UP;
	if (why)
		snprintf(f->stat.error, sizeof(f->stat.error), "%s", why);
	if (s == FAR_WAITING)
		log_warn(f->log, "%s; trying again in %llu.%llu s", why,
		    (unsigned long long)ms / 1000,
		    (unsigned long long)ms % 1000 / 100);
	else if (s == FAR_OVER)
		log_error(f->log, "%s", why);
	if (!f->hooks.state)
		return;
	snprintf(text, sizeof(text), "%s", why ? why : f->stat.error);
	f->hooks.state(f->hooks.arg, s, *text ? text : NULL, ms);
}

void
far_step(struct far *f, const char *fmt, ...)
{
	char text[FAR_TEXT];
	va_list ap;

	if (f->freed)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_info(f->log, "%s", text);
	if (f->hooks.step)
		f->hooks.step(f->hooks.arg, text);
}

void
far_note(struct far *f, const char *text)
{
	if (!f->freed && f->hooks.note)
		f->hooks.note(f->hooks.arg, text);
}

void
far_remote(struct far *f, size_t i, const char *at, const char *why)
{
	if (!f->freed && f->hooks.remote)
		f->hooks.remote(f->hooks.arg, i, at, why);
}

void
far_user(struct far *f, size_t i, struct stream *s)
{
	if (!f->freed && f->hooks.user)
		f->hooks.user(f->hooks.arg, i, s);
	else
		stream_close(s);
}

void
far_rtt(struct far *f, int64_t us)
{
	f->stat.rtt_us = us;
	f->stat.rtt_at = loop_now(f->l);
}
