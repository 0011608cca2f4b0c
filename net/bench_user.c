// SPDX-License-Identifier: MIT
/* The end of a measured tunnel where its user is: four steps, one after the
 * other, the first fifth of each left out. */
#include "net/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/probe.h"
#include "net/conn.h"
#include "net/dial.h"

#define ANSWER_MS 10000 /* to connect, and to be greeted */
#define SAMPLES	  (1u << 18)
#define FLIGHT	  16
#define PIECE	  (128 * 1024)

struct call {
	struct bench_user *u;
	struct dial *dial;
	struct stream *s;
	struct list at;
	struct probe_line line;
	struct probe_reports reports;
	struct timer more;
	struct deferred gone;
	uint64_t sent_us;
	bool greeted;
};

struct step {
	const char *name;
	enum probe_want want;
	int calls;
	void (*begin)(struct call *c); /* greeted */
	/* <0: what came cannot be */
	int (*data)(struct call *c, const uint8_t *p, size_t n);
	void (*sent)(struct call *c);
	void (*end)(struct bench_user *u, double seconds);
};

struct bench_user {
	struct loop *l;
	struct resolver *resolver;
	const struct bench_told *told;
	char *host;
	int port;
	uint64_t ms;
	struct list calls;
	unsigned step;
	struct timer start, warm, end, late;
	struct deferred gone;
	uint64_t count, mark_us; /* of the step, from its mark on */
	struct probe_report mark, last;
	uint32_t *samples;
	struct bench_result result;
};

static const uint8_t zeros[PIECE];
static const struct step steps[];
static void call_new(struct bench_user *u);

static void
free_call(struct deferred *d)
{
	free(list_item(d, struct call, gone));
}

static void
hang_up(struct call *c, bool gently)
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
		hang_up(list_item(u->calls.next, struct call, at), false);
}

static void
fail(struct bench_user *u, const char *why)
{
	char text[300];

	snprintf(text, sizeof(text), "%s: %s", steps[u->step].name, why);
	rest(u);
	u->told->done(u->told->arg, NULL, text);
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	fail(arg, "there is no answer");
}

static void
on_more(struct timer *t, void *arg)
{
	struct call *c = arg;

	(void)t;
	if (stream_room(c->s) > 0)
		stream_put(c->s, zeros, sizeof(zeros));
}

static void
pour(struct call *c)
{
	if (!timer_active(&c->more))
		timer_start(&c->more, c->u->l, 0, on_more, c);
}

static int
count_bytes(struct call *c, const uint8_t *p, size_t n)
{
	(void)p;
	c->u->count += n;
	return 0;
}

static int
take_reports(struct call *c, const uint8_t *p, size_t n)
{
	struct bench_user *u = c->u;
	int r = probe_feed_reports(&c->reports, p, n);

	u->last = c->reports.last;
	if (!u->mark.us)
		u->mark = u->last;
	u->count = u->last.bytes - u->mark.bytes;
	return r;
}

static void
ping(struct call *c)
{
	c->sent_us = bench_us();
	stream_put(c->s, zeros, 1);
}

static int
pong(struct call *c, const uint8_t *p, size_t n)
{
	struct bench_user *u = c->u;
	uint64_t took = bench_us() - c->sent_us;

	(void)p;
	if (n != 1)
		return -1;
	if (u->count < SAMPLES)
		u->samples[u->count++] = took < UINT32_MAX ? (uint32_t)took :
		    UINT32_MAX;
	ping(c);
	return 0;
}

static int
echoed(struct call *c, const uint8_t *p, size_t n)
{
	struct bench_user *u = c->u;

	(void)p;
	if (n != 1)
		return -1;
	u->count++;
	hang_up(c, true);
	call_new(u);
	return 0;
}

static void
end_down(struct bench_user *u, double seconds)
{
	u->result.down = (double)u->count / seconds;
}

/* By the clock of whom it reached. */
static void
end_up(struct bench_user *u, double seconds)
{
	uint64_t us = u->last.us - u->mark.us;

	(void)seconds;
	u->result.up = us ? (double)u->count / ((double)us / 1e6) : 0;
}

static void
end_ping(struct bench_user *u, double seconds)
{
	size_t n = (size_t)u->count;

	(void)seconds;
	u->result.pings = u->count;
	u->result.p50 = probe_part(u->samples, n, .5);
	u->result.p99 = probe_part(u->samples, n, .99);
}

static void
end_rate(struct bench_user *u, double seconds)
{
	u->result.conns = u->count;
	u->result.rate = (double)u->count / seconds;
}

static const struct step steps[] = {
	{ "download", PROBE_SOURCE, 1, NULL, count_bytes, NULL, end_down },
	{ "upload", PROBE_SINK, 1, pour, take_reports, pour, end_up },
	{ "latency", PROBE_ECHO, 1, ping, pong, NULL, end_ping },
	{ "connections", PROBE_ECHO, FLIGHT, ping, echoed, NULL, end_rate },
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

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
	steps[u->step].end(u, (double)(bench_us() - u->mark_us) / 1e6);
	rest(u);
	if (++u->step < STEPS)
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
greeted(struct call *c)
{
	struct bench_user *u = c->u;

	c->greeted = true;
	if (timer_active(&u->late)) {
		timer_stop(&u->late);
		timer_start(&u->warm, u->l, u->ms / 5, on_warm, u);
	}
	if (steps[u->step].begin)
		steps[u->step].begin(c);
}

static void
on_data(struct call *c, const uint8_t *p, size_t n)
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
		r = steps[u->step].data(c, p, n);
	if (r < 0)
		fail(u, "who answers there is no 'culvert bench'");
	else
		stream_consumed(s, all);
}

static void
on_event(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct call *c = arg;
	const struct step *step = &steps[c->u->step];

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
	struct call *c = arg;
	const char *ask = probe_ask(steps[c->u->step].want);

	c->dial = NULL;
	if (!s) {
		fail(c->u, error);
		return;
	}
	c->s = s;
	stream_on(s, on_event, c);
	stream_put(s, ask, strlen(ask));
}

static void
call_new(struct bench_user *u)
{
	struct dial_to to = { .host = u->host, .port = u->port,
		.ms = ANSWER_MS,
		.keep = { .idle = 15, .step = 5, .tries = 3 } };
	struct call *c = mem_new(struct call);

	c->u = u;
	list_add(&u->calls, &c->at);
	c->dial = dial_new(u->l, u->resolver, &to, on_dialled, c);
}

static void
begin_step(struct timer *t, void *arg)
{
	struct bench_user *u = arg;
	const struct step *step = &steps[u->step];
	int i;

	(void)t;
	u->count = 0;
	u->mark = u->last = (struct probe_report){ 0 };
	timer_start(&u->late, u->l, ANSWER_MS * 2, on_late, u);
	for (i = 0; i < step->calls; i++)
		call_new(u);
	u->told->step(u->told->arg, step->name, u->step, STEPS);
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
	u->samples = mem_zero(SAMPLES * sizeof(*u->samples));
	list_init(&u->calls);
	timer_start(&u->start, l, 0, begin_step, u);
	return u;
}

static void
free_user(struct deferred *d)
{
	struct bench_user *u = list_item(d, struct bench_user, gone);

	free(u->samples);
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
