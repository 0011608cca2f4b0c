// SPDX-License-Identifier: MIT
/* The end of a measured tunnel where a service would be. */
#include "net/bench.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/mem.h"
#include "core/probe.h"
#include "net/addr.h"
#include "net/conn.h"
#include "net/listen.h"

#define VISITS_MAX 256	    /* more than the user opens at once */
#define ASK_MS	   10000    /* until it has said what it wants */
#define IDLE_MS	   30000    /* without a byte either way */
#define REPORT_MS  50
#define ECHO_MARK  (64 * 1024)
#define PIECE	   (128 * 1024)

struct visit {
	struct bench_service *of;
	struct stream *s;
	struct list at;
	struct probe_line line;
	struct probe_report got;
	struct timer idle, tick;
	struct deferred gone;
	enum probe_want want;
	uint64_t first_us;
	bool asked, paused;
};

struct bench_service {
	struct loop *l;
	struct listener *listener;
	struct list visits;
	size_t n;
	uint8_t *zeros; /* PIECE */
	struct deferred gone;
};

uint64_t
bench_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void
free_visit(struct deferred *d)
{
	free(list_item(d, struct visit, gone));
}

static void
leave(struct visit *v)
{
	timer_stop(&v->idle);
	timer_stop(&v->tick);
	list_del(&v->at);
	v->of->n--;
	stream_linger(v->s);
	v->s = NULL;
	loop_defer(v->of->l, &v->gone, free_visit);
}

static void
on_idle(struct timer *t, void *arg)
{
	(void)t;
	leave(arg);
}

static void
alive(struct visit *v)
{
	timer_start(&v->idle, v->of->l, v->asked ? IDLE_MS : ASK_MS, on_idle,
	    v);
}

static void
on_tick(struct timer *t, void *arg)
{
	struct visit *v = arg;
	uint8_t report[PROBE_REPORT];

	(void)t;
	if (v->want == PROBE_SOURCE) {
		/* A piece a turn, so that others have theirs. */
		if (stream_room(v->s) > 0)
			stream_put(v->s, v->of->zeros, PIECE);
		return;
	}
	probe_put_report(report, &v->got);
	stream_put(v->s, report, sizeof(report));
	stream_flush(v->s);
}

static void
soon(struct visit *v, uint64_t ms)
{
	if (!timer_active(&v->tick))
		timer_start(&v->tick, v->of->l, ms, on_tick, v);
}

static void
take(struct visit *v, const uint8_t *p, size_t n)
{
	if (v->want == PROBE_ECHO) {
		stream_put(v->s, p, n);
		v->paused = stream_queued(v->s) > ECHO_MARK;
		if (v->paused)
			stream_want(v->s, false);
		return;
	}
	if (v->want == PROBE_SINK) {
		if (!v->first_us)
			v->first_us = bench_us();
		v->got.bytes += n;
		v->got.us = bench_us() - v->first_us;
		if (stream_room(v->s) > 0)
			soon(v, REPORT_MS);
	}
}

static void
on_data(struct visit *v, const uint8_t *p, size_t n)
{
	size_t all = n;
	int r = 1;

	if (!v->asked) {
		r = probe_asked(&v->line, &p, &n, &v->want);
		if (r < 0) {
			leave(v);
			return;
		}
		v->asked = r > 0;
		if (v->asked) {
			stream_put(v->s, PROBE_HELLO, strlen(PROBE_HELLO));
			if (v->want == PROBE_SOURCE)
				soon(v, 0);
		}
	}
	if (r > 0)
		alive(v);
	if (n > 0)
		take(v, p, n);
	stream_consumed(v->s, all);
}

static void
on_event(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct visit *v = arg;

	switch (ev) {
	case STREAM_DATA:
		on_data(v, p, n);
		break;
	case STREAM_SENT:
		alive(v);
		if (v->asked && v->want == PROBE_SOURCE)
			soon(v, 0);
		if (v->paused && stream_queued(s) <= ECHO_MARK) {
			v->paused = false;
			stream_want(s, true);
		}
		break;
	case STREAM_EOF:
	case STREAM_ERROR:
		leave(v);
		break;
	case STREAM_ROOM:
		if (v->asked && v->want == PROBE_SOURCE)
			soon(v, 0);
		break;
	case STREAM_UP:
		break;
	}
}

static void
on_user(void *arg, int fd, const struct addr *from)
{
	struct bench_service *b = arg;
	struct stream *s = conn_new(b->l, fd);
	struct visit *v;

	(void)from;
	if (b->n == VISITS_MAX) {
		stream_close(s);
		return;
	}
	v = mem_new(struct visit);
	v->of = b;
	v->s = s;
	b->n++;
	list_add(&b->visits, &v->at);
	stream_on(s, on_event, v);
	alive(v);
}

struct bench_service *
bench_service_new(struct loop *l)
{
	struct bench_service *b = mem_new(struct bench_service);
	struct addr at;

	b->l = l;
	list_init(&b->visits);
	addr_literal(&at, "127.0.0.1", 0);
	b->listener = listen_new(l, &at, on_user, b);
	if (!b->listener) {
		free(b);
		return NULL;
	}
	b->zeros = mem_zero(PIECE);
	return b;
}

int
bench_service_port(const struct bench_service *b)
{
	return listen_port(b->listener);
}

static void
free_service(struct deferred *d)
{
	struct bench_service *b = list_item(d, struct bench_service, gone);

	free(b->zeros);
	free(b);
}

void
bench_service_free(struct bench_service *b)
{
	if (!b)
		return;
	while (!list_empty(&b->visits))
		leave(list_item(b->visits.next, struct visit, at));
	listen_close(b->listener);
	/* Pieces are borrowed until the pass ends. */
	loop_defer(b->l, &b->gone, free_service);
}
