// SPDX-License-Identifier: MIT
/* The end of a measured tunnel where its user is: four steps, one after the
 * other, the first fifth of each left out. */
#include "net/bench_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "net/conn.h"
#include "net/dial.h"

#define ANSWER_MS 10000 /* to connect, and to be greeted */

static void
free_call(struct deferred *d)
{
	free(list_item(d, struct bench_call, gone));
}

void
bench_hang_up(struct bench_call *c, bool gently)
{
	timer_stop(&c->more);
	list_del(&c->at);
	dial_cancel(c->dial);
	if (gently)
		stream_linger(c->s);
	else
		stream_close(c->s);
	loop_defer(c->u->l, &c->gone, free_call);
}

static void
rest(struct bench_user *u)
{
	timer_stop(&u->start);
	timer_stop(&u->warm);
	timer_stop(&u->end);
	timer_stop(&u->late);
	while (!list_empty(&u->calls))
		bench_hang_up(list_item(u->calls.next, struct bench_call, at), false);
}

static void
fail(struct bench_user *u, const char *why)
{
	char text[300];

	snprintf(text, sizeof(text), "%s: %s", bench_steps[u->step].name, why);
	rest(u);
	u->told->done(u->told->arg, NULL, text);
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	fail(arg, "there is no answer");
}

static void begin_step(struct timer *t, void *arg);

static void
on_end(struct timer *t, void *arg)
{
	struct bench_user *u = arg;

	(void)t;
	if (u->count == 0) {
		fail(u, "nothing has arrived");
		return;
	}
	bench_steps[u->step].end(u, (double)(bench_us() - u->mark_us) / 1e6);
	rest(u);
	if (++u->step < BENCH_STEPS)
		timer_start(&u->start, u->l, 0, begin_step, u);
	else
		u->told->done(u->told->arg, &u->result, NULL);
}

static void
on_warm(struct timer *t, void *arg)
{
	struct bench_user *u = arg;

	(void)t;
	u->count = 0;
	u->mark = u->last;
	u->mark_us = bench_us();
	timer_start(&u->end, u->l, u->ms - u->ms / 5, on_end, u);
}

static void
greeted(struct bench_call *c)
{
	struct bench_user *u = c->u;

	c->greeted = true;
	if (timer_active(&u->late)) {
		timer_stop(&u->late);
		timer_start(&u->warm, u->l, u->ms / 5, on_warm, u);
	}
	if (bench_steps[u->step].begin)
		bench_steps[u->step].begin(c);
}

static void
on_data(struct bench_call *c, const uint8_t *p, size_t n)
{
	struct bench_user *u = c->u;
	struct stream *s = c->s;
	size_t all = n;
	int r = 0;

	if (!c->greeted) {
		r = probe_greeted(&c->line, &p, &n);
		if (r > 0)
			greeted(c);
	}
	if (r >= 0 && n > 0)
		r = bench_steps[u->step].data(c, p, n);
	if (r < 0)
		fail(u, "who answers there is no 'culvert bench'");
	else
		stream_consumed(s, all);
}

static void
on_event(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct bench_call *c = arg;
	const struct bench_step *step = &bench_steps[c->u->step];

	switch (ev) {
	case STREAM_DATA:
		on_data(c, p, n);
		break;
	case STREAM_SENT:
	case STREAM_ROOM:
		if (c->greeted && step->sent)
			step->sent(c);
		break;
	case STREAM_EOF:
		fail(c->u, "the connection was ended by the other side");
		break;
	case STREAM_ERROR:
		fail(c->u, stream_why(s));
		break;
	case STREAM_UP:
		break;
	}
}

static void
on_dialled(void *arg, struct stream *s, const char *error)
{
	struct bench_call *c = arg;
	const char *ask = probe_ask(bench_steps[c->u->step].want);

	c->dial = NULL;
	if (!s) {
		fail(c->u, error);
		return;
	}
	c->s = s;
	stream_on(s, on_event, c);
	stream_put(s, ask, strlen(ask));
}

void
bench_call(struct bench_user *u)
{
	struct dial_to to = { .host = u->host, .port = u->port,
		.ms = ANSWER_MS,
		.keep = { .idle = 15, .step = 5, .tries = 3 } };
	struct bench_call *c = mem_new(struct bench_call);

	c->u = u;
	list_add(&u->calls, &c->at);
	c->dial = dial_new(u->l, u->resolver, &to, on_dialled, c);
}

static void
begin_step(struct timer *t, void *arg)
{
	struct bench_user *u = arg;
	const struct bench_step *step = &bench_steps[u->step];
	int i;

	(void)t;
	u->count = 0;
	u->mark = u->last = (struct probe_report){ 0 };
	timer_start(&u->late, u->l, ANSWER_MS * 2, on_late, u);
	for (i = 0; i < step->calls; i++)
		bench_call(u);
	u->told->step(u->told->arg, step->name, u->step, BENCH_STEPS);
}

struct bench_user *
bench_user_new(struct loop *l, struct resolver *r, const char *host, int port,
    uint64_t ms, const struct bench_told *told)
{
	struct bench_user *u = mem_new(struct bench_user);

	u->l = l;
	u->resolver = r;
	u->host = mem_dup(host);
	u->port = port;
	u->ms = ms;
	u->told = told;
	u->zeros = mem_zero(BENCH_PIECE);
	u->samples = mem_zero(BENCH_SAMPLES * sizeof(*u->samples));
	list_init(&u->calls);
	timer_start(&u->start, l, 0, begin_step, u);
	return u;
}

static void
free_user(struct deferred *d)
{
	struct bench_user *u = list_item(d, struct bench_user, gone);

	free(u->samples);
	free(u->zeros);
	free(u->host);
	free(u);
}

void
bench_user_free(struct bench_user *u)
{
	if (!u)
		return;
	rest(u);
	loop_defer(u->l, &u->gone, free_user);
}
