// SPDX-License-Identifier: MIT
#include "net/echo.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/bytes.h"
#include "core/mem.h"
#include "crypto/rand.h"

#define STAMP 8
#define BACK_MOST 65536 /* waiting for a peer who does not read */

struct echo {
	struct loop *l;
	struct stream *s;
	uint8_t stamp[STAMP];
	size_t got; /* of the answer; STAMP: nothing is awaited */
	int64_t sent_us;
	struct timer timer;
	echo_cb *cb;
	void *arg;
	bool closed;
	struct deferred gone;
};

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
lose(struct echo *e, const char *why)
{
	timer_stop(&e->timer);
	if (!e->closed)
		e->cb(e->arg, -1, why);
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	lose(arg, "no answer within 15 seconds");
}

static void
ask(struct echo *e)
{
	rand_bytes(e->stamp, STAMP);
	e->got = 0;
	e->sent_us = now_us();
	timer_start(&e->timer, e->l, ECHO_LATE_MS, on_late, e);
	stream_put(e->s, e->stamp, STAMP);
	stream_flush(e->s);
}

static void
on_time(struct timer *t, void *arg)
{
	(void)t;
	ask(arg);
}

static void
hear(struct echo *e, const uint8_t *p, size_t n)
{
	if (n > STAMP - e->got || memcmp(e->stamp + e->got, p, n) != 0) {
		lose(e, "what came back is not what was sent");
		return;
	}
	stream_consumed(e->s, n);
	e->got += n;
	if (e->got < STAMP || e->closed)
		return;
	timer_start(&e->timer, e->l, ECHO_EVERY_MS, on_time, e);
	e->cb(e->arg, now_us() - e->sent_us, NULL);
}

static void
on_stream(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	(void)s;
	if (ev == STREAM_DATA && n)
		hear(arg, p, n);
	else if (ev == STREAM_EOF || ev == STREAM_ERROR)
		lose(arg, "the stream has ended");
}

static void
on_first(struct timer *t, void *arg)
{
	struct echo *e = arg;

	(void)t;
	stream_on(e->s, on_stream, e);
	stream_want(e->s, true);
	ask(e);
}

struct echo *
echo_new(struct loop *l, struct stream *s, echo_cb *cb, void *arg)
{
	struct echo *e = mem_new(struct echo);

	e->l = l;
	e->s = s;
	e->cb = cb;
	e->arg = arg;
	e->got = STAMP;
	stream_on(s, on_stream, e);
	timer_start(&e->timer, l, 0, on_first, e);
	return e;
}

static void
free_echo(struct deferred *d)
{
	free(list_item(d, struct echo, gone));
}

void
echo_close(struct echo *e)
{
	if (!e || e->closed)
		return;
	e->closed = true;
	timer_stop(&e->timer);
	stream_close(e->s);
	loop_defer(e->l, &e->gone, free_echo);
}

struct echo_back {
	struct loop *l;
	struct stream *s;
	echo_back_done *done;
	void *arg;
	bool closed, broken;
	struct deferred gone;
};

static void
on_asked(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct echo_back *b = arg;

	if (ev == STREAM_DATA && n) {
		stream_put(s, p, n);
		stream_flush(s);
		stream_consumed(s, n);
	}
	b->broken |= ev == STREAM_ERROR || stream_queued(s) > BACK_MOST;
	if (!b->closed && (ev == STREAM_EOF || b->broken))
		b->done(b->arg);
}

struct echo_back *
echo_back_new(struct loop *l, struct stream *s, echo_back_done *done,
    void *arg)
{
	struct echo_back *b = mem_new(struct echo_back);

	b->l = l;
	b->s = s;
	b->done = done;
	b->arg = arg;
	stream_on(s, on_asked, b);
	stream_want(s, true);
	return b;
}

static void
free_back(struct deferred *d)
{
	free(list_item(d, struct echo_back, gone));
}

void
echo_back_close(struct echo_back *b)
{
	if (!b || b->closed)
		return;
	b->closed = true;
	if (b->broken)
		stream_close(b->s);
	else
		stream_linger(b->s);
	loop_defer(b->l, &b->gone, free_back);
}
