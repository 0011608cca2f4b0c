// SPDX-License-Identifier: MIT
/* Bulk: N streams up, down or both ways, counted where they arrive; some of
 * them may read slowly, and are not counted. */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SLOW_MS = 20,		/* a slow reader takes ... */
	SLOW_BYTES = 4096,	/* ... so much each time */
	SETTLE = 100,		/* looks until nothing more arrives */
};

struct bulk {
	int poller, ask;
	long waiting;		/* streams that are not up yet */
	bool all_up, done;
	uint64_t got;
	uint64_t left, want;	/* to send, and to get, when that is given */
};

struct stream {
	struct watch w;
	struct bulk *b;
	bool up, slow;
};

static uint8_t scratch[READ_SIZE];
static const uint8_t zeros[WRITE_SIZE];

static int
ask_of(const char *way)
{
	if (strcmp(way, "up") == 0)
		return ASK_SINK;
	if (strcmp(way, "down") == 0)
		return ASK_SOURCE;
	if (strcmp(way, "both") == 0)
		return ASK_BOTH;
	fail("--way is up, down or both");
}

static void
begin(struct stream *s)
{
	struct bulk *b = s->b;
	uint8_t ask = (uint8_t)b->ask;
	uint32_t events = 0;

	tcp_came_up(s->w.fd);
	if (send(s->w.fd, &ask, 1, 0) != 1)
		die("send");
	s->up = true;
	if (b->ask != ASK_SOURCE)
		events |= EPOLLOUT;
	if (b->ask != ASK_SINK && !s->slow)
		events |= EPOLLIN;
	watch_set(b->poller, &s->w, events);
	b->all_up = --b->waiting == 0;
}

static void
put(struct stream *s)
{
	size_t n = sizeof(zeros);
	ssize_t sent;

	if (s->b->left < n)
		n = (size_t)s->b->left;
	sent = send(s->w.fd, zeros, n, 0);
	if (sent < 0 && errno != EAGAIN)
		die("send");
	if (sent > 0)
		s->b->left -= (uint64_t)sent;
	if (s->b->left == 0) {
		watch_set(s->b->poller, &s->w, 0);
		s->b->done = true;
	}
}

static void
get(struct stream *s, size_t most)
{
	ssize_t n = recv(s->w.fd, scratch, most, 0);

	if (n == 0)
		fail("a stream has ended");
	if (n < 0 && errno != EAGAIN)
		die("recv");
	if (n > 0 && !s->slow)
		s->b->got += (uint64_t)n;
	if (s->b->want && s->b->got >= s->b->want)
		s->b->done = true;
}

static void
stream_ready(struct watch *w, uint32_t events)
{
	struct stream *s = (struct stream *)w;

	if (!s->up)
		begin(s);
	else if (events & (EPOLLHUP | EPOLLERR))
		fail("a stream was reset");
	else {
		if (events & EPOLLOUT)
			put(s);
		if (events & EPOLLIN)
			get(s, sizeof(scratch));
	}
}

static struct stream *
bulk_begin(struct bulk *b, const struct options *o)
{
	struct stream *all = must_calloc((size_t)o->streams, sizeof(*all));

	*b = (struct bulk){ .poller = poller_new(), .ask = ask_of(o->way),
	    .waiting = o->streams, .left = UINT64_MAX };
	for (long i = 0; i < o->streams; i++) {
		all[i].w = (struct watch){ tcp_dial(o->to), stream_ready };
		all[i].b = b;
		all[i].slow = i < o->slow;
		watch_add(b->poller, &all[i].w, EPOLLOUT);
	}
	poller_run(b->poller, now_ns() + START_MS * 1000000ULL, &b->all_up);
	if (!b->all_up)
		fail("not all streams have come up");
	return all;
}

/* For some time; the slow ones are read by the clock. */
static void
run(struct bulk *b, struct stream *all, long slow, long ms)
{
	uint64_t now, until = now_ns() + (uint64_t)ms * 1000000;

	while ((now = now_ns()) < until) {
		uint64_t next = now + SLOW_MS * 1000000ULL;

		poller_run(b->poller, slow && next < until ? next : until,
		    NULL);
		for (long i = 0; i < slow; i++)
			get(&all[i], SLOW_BYTES);
	}
}

static struct count
sunk(int fd)
{
	uint8_t ask = ASK_COUNT;
	struct count c;

	if (send(fd, &ask, 1, 0) != 1 ||
	    recv(fd, &c, sizeof(c), MSG_WAITALL) != (ssize_t)sizeof(c))
		die("the service's count");
	return c;
}

/* What was sent is on its way for a while; whoever measures next shall not
 * have it. */
static void
settle(const struct bulk *b, struct stream *all, long n, int service)
{
	uint64_t was = 0, is = sunk(service).bytes;

	for (long i = 0; i < n; i++)
		close(all[i].w.fd);
	for (int i = 0; i < SETTLE && was != is; i++) {
		poller_run(b->poller, now_ns() + SLOW_MS * 1000000ULL, NULL);
		was = is;
		is = sunk(service).bytes;
	}
}

/* A fixed amount on one stream, until all of it has arrived. */
static void
fixed(struct bulk *b, int service, const struct options *o, uint64_t had)
{
	uint64_t want = (uint64_t)o->bytes;
	uint64_t late = now_ns() + 600ULL * 1000000000;

	b->left = b->want = want;
	poller_run(b->poller, late, &b->done);
	while (b->ask == ASK_SINK && sunk(service).bytes - had < want) {
		if (now_ns() > late)
			fail("not all has arrived");
		poller_run(b->poller, now_ns() + 1000000, NULL);
	}
	if (!b->done)
		fail("not all has come through");
	printf("{\"bytes\": %llu}\n", (unsigned long long)want);
}

int
mode_bulk(const struct options *o)
{
	int service = tcp_dial_wait(o->service);
	struct count c0 = sunk(service), c1;
	struct stream *all;
	struct span span;
	struct bulk b;
	double up, down;
	uint64_t got;

	all = bulk_begin(&b, o);
	if (o->bytes > 0) {
		fixed(&b, service, o, c0.bytes);
		free(all);
		return 0;
	}
	run(&b, all, o->slow, o->warm);
	c0 = sunk(service);
	got = b.got;
	span_begin(&span, o);
	run(&b, all, o->slow, o->window);
	span_end(&span, o);
	got = b.got - got;
	c1 = sunk(service);
	settle(&b, all, o->streams, service);
	up = b.ask == ASK_SOURCE ? 0 :
	    (double)(c1.bytes - c0.bytes) / (double)(c1.ns - c0.ns);
	down = (double)got / (double)span.ns;
	printf("{\"up_mb\": %.2f, \"down_mb\": %.2f, \"seconds\": %.4f, "
	    "\"server_cpu\": %.6f, \"client_cpu\": %.6f}\n", up * 1e3,
	    down * 1e3, (double)span.ns / 1e9, (double)span.server_ns / 1e9,
	    (double)span.client_ns / 1e9);
	free(all);
	return 0;
}

void
bulk_endless(const struct options *o)
{
	struct bulk b;

	bulk_begin(&b, o);
	for (;;)
		poller_run(b.poller, UINT64_MAX, NULL);
}
