// SPDX-License-Identifier: MIT
/* Datagrams: some are always on their way; how many a second are answered.
 * What is not answered for a while is given up, and told. */
#include "load.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GIVE_UP_MS = 100, MOST = 65507 };

struct flow {
	int fd;
	long size, flight, out;
	uint64_t sent, answered, lost;
};

static uint8_t data[MOST + 1];

static void
fill(struct flow *f)
{
	while (f->out < f->flight &&
	    send(f->fd, data, (size_t)f->size, 0) == f->size) {
		f->out++;
		f->sent++;
	}
}

static void
drain(struct flow *f)
{
	while (recv(f->fd, data, sizeof(data), 0) >= 0) {
		f->answered++;
		/* One that was given up may come after all. */
		if (f->out > 0)
			f->out--;
		else if (f->lost > 0)
			f->lost--;
	}
}

static void
run(struct flow *f, long ms)
{
	uint64_t until = now_ns() + (uint64_t)ms * 1000000;

	do {
		struct pollfd p = { .fd = f->fd, .events = POLLIN };

		fill(f);
		if (poll(&p, 1, GIVE_UP_MS) == 0) {
			f->lost += (uint64_t)f->out;
			f->out = 0;
		}
		drain(f);
	} while (now_ns() < until);
}

int
mode_udp(const struct options *o)
{
	struct flow f = { .fd = udp_socket(o->to, false), .size = o->size,
	    .flight = o->flight };
	struct span span;
	double s;

	if (o->size < 1 || o->size > MOST)
		fail("--size is not one of a datagram");
	run(&f, o->warm);
	f.sent = f.answered = f.lost = 0;
	span_begin(&span, o);
	run(&f, o->window);
	span_end(&span, o);
	s = (double)span.ns / 1e9;
	printf("{\"sent\": %.1f, \"answered\": %.1f, \"lost\": %llu}\n",
	    (double)f.sent / s, (double)f.answered / s,
	    (unsigned long long)f.lost);
	close(f.fd);
	return 0;
}
