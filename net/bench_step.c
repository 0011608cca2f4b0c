// SPDX-License-Identifier: MIT
/* The steps of a measurement: what each does on its connections, and what
 * comes of it. */
#include "net/bench_internal.h"

#include "net/stream.h"

#define FLIGHT 16

static void
on_more(struct timer *t, void *arg)
{
	struct bench_call *c = arg;

	(void)t;
	if (stream_room(c->s) > 0)
		stream_put(c->s, c->u->zeros, BENCH_PIECE);
}

static void
pour(struct bench_call *c)
{
	if (!timer_active(&c->more))
		timer_start(&c->more, c->u->l, 0, on_more, c);
}

static int
count_bytes(struct bench_call *c, const uint8_t *p, size_t n)
{
	(void)p;
	c->u->count += n;
	return 0;
}

static int
take_reports(struct bench_call *c, const uint8_t *p, size_t n)
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
ping(struct bench_call *c)
{
	c->sent_us = bench_us();
	stream_put(c->s, c->u->zeros, 1);
}

static int
pong(struct bench_call *c, const uint8_t *p, size_t n)
{
	struct bench_user *u = c->u;
	uint64_t took = bench_us() - c->sent_us;

	(void)p;
	if (n != 1)
		return -1;
	if (u->count < BENCH_SAMPLES)
		u->samples[u->count++] = took < UINT32_MAX ? (uint32_t)took :
		    UINT32_MAX;
	ping(c);
	return 0;
}

static int
echoed(struct bench_call *c, const uint8_t *p, size_t n)
{
	struct bench_user *u = c->u;

	(void)p;
	if (n != 1)
		return -1;
	u->count++;
	bench_hang_up(c, true);
	bench_call(u);
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

const struct bench_step bench_steps[BENCH_STEPS] = {
	{ "download", PROBE_SOURCE, 1, NULL, count_bytes, NULL, end_down },
	{ "upload", PROBE_SINK, 1, pour, take_reports, pour, end_up },
	{ "latency", PROBE_ECHO, 1, ping, pong, NULL, end_ping },
	{ "connections", PROBE_ECHO, FLIGHT, ping, echoed, NULL, end_rate },
};
