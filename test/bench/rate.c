// SPDX-License-Identifier: MIT
/* Connections: how many a second are made, echo a byte and are closed; and
 * many that are made and then held. */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IDLE_FLIGHT = 64, IDLE_MS = 60000 };

struct rate {
	int poller;
	long port, begun, done;
	long want;		/* how many are held; 0: each is closed */
	bool enough;
	int *held;
};

struct slot {
	struct watch w;
	struct rate *r;
	bool up;
};

static void slot_ready(struct watch *w, uint32_t events);

static void
dial(struct slot *s)
{
	s->up = false;
	s->r->begun++;
	s->w = (struct watch){ tcp_dial(s->r->port), slot_ready };
	watch_add(s->r->poller, &s->w, EPOLLOUT);
}

static void
echoed(struct slot *s)
{
	struct rate *r = s->r;
	uint8_t byte;
	ssize_t n = recv(s->w.fd, &byte, 1, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n != 1)
		fail("a connection has ended before its byte came back");
	if (!r->want) {
		close(s->w.fd);
		r->done++;
		dial(s);
		return;
	}
	epoll_ctl(r->poller, EPOLL_CTL_DEL, s->w.fd, NULL);
	r->held[r->done++] = s->w.fd;
	r->enough = r->done == r->want;
	if (r->begun < r->want)
		dial(s);
}

static void
slot_ready(struct watch *w, uint32_t events)
{
	static const uint8_t ask[2] = { ASK_ECHO, 'x' };
	struct slot *s = (struct slot *)w;

	(void)events;
	if (s->up) {
		echoed(s);
		return;
	}
	tcp_came_up(w->fd);
	if (send(w->fd, ask, sizeof(ask), 0) != (ssize_t)sizeof(ask))
		die("send");
	s->up = true;
	watch_set(s->r->poller, w, EPOLLIN);
}

static struct slot *
start(struct rate *r, long n)
{
	struct slot *all = must_calloc((size_t)n, sizeof(*all));

	for (long i = 0; i < n; i++) {
		all[i].r = r;
		dial(&all[i]);
	}
	return all;
}

int
mode_rate(const struct options *o)
{
	struct rate r = { .poller = poller_new(), .port = o->to };
	struct slot *all = start(&r, o->flight);
	struct span span;
	long before;

	poller_run(r.poller, now_ns() + (uint64_t)o->warm * 1000000, NULL);
	before = r.done;
	span_begin(&span, o);
	poller_run(r.poller, now_ns() + (uint64_t)o->window * 1000000, NULL);
	span_end(&span, o);
	r.done -= before;
	if (r.done == 0)
		fail("not one connection was made");
	printf("{\"rate\": %.1f, \"server_us\": %.2f, \"client_us\": %.2f}\n",
	    (double)r.done / ((double)span.ns / 1e9),
	    (double)span.server_ns / 1e3 / (double)r.done,
	    (double)span.client_ns / 1e3 / (double)r.done);
	free(all);
	return 0;
}

static long
alive(const struct rate *r)
{
	uint8_t byte;
	long n = 0;

	for (long i = 0; i < r->done; i++)
		n += recv(r->held[i], &byte, 1, 0) < 0 && errno == EAGAIN;
	return n;
}

/* Holds them until stdin ends. */
int
mode_idle(const struct options *o)
{
	struct rate r = { .poller = poller_new(), .port = o->to,
	    .want = o->count };
	long flight = o->count < IDLE_FLIGHT ? o->count : IDLE_FLIGHT;
	struct slot *all;
	uint8_t byte;

	r.held = must_calloc((size_t)o->count, sizeof(*r.held));
	all = start(&r, flight);
	poller_run(r.poller, now_ns() + IDLE_MS * 1000000ULL, &r.enough);
	if (!r.enough)
		fail("not all connections have come up");
	printf("{\"held\": %ld}\n", r.done);
	while (read(0, &byte, 1) > 0)
		;
	printf("{\"alive\": %ld}\n", alive(&r));
	free(all);
	free(r.held);
	return 0;
}
