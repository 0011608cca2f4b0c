// SPDX-License-Identifier: MIT
/* Sockets on loopback, waiting for them, and time. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256 };

void
die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

void
fail(const char *why)
{
	fprintf(stderr, "load: %s\n", why);
	exit(1);
}

void *
must_calloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		die("memory");
	return p;
}

uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int
poller_new(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		die("epoll");
	return fd;
}

static void
control(int poller, int how, struct watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	if (epoll_ctl(poller, how, w->fd, &ev) < 0)
		die("epoll_ctl");
}

void
watch_add(int poller, struct watch *w, uint32_t events)
{
	control(poller, EPOLL_CTL_ADD, w, events);
}

void
watch_set(int poller, struct watch *w, uint32_t events)
{
	control(poller, EPOLL_CTL_MOD, w, events);
}

void
poller_run(int poller, uint64_t until, const bool *enough)
{
	struct epoll_event evs[BATCH];
	uint64_t now;
	int n;

	while ((now = now_ns()) < until && !(enough && *enough)) {
		uint64_t ms = (until - now + 999999) / 1000000;

		n = epoll_wait(poller, evs, BATCH,
		    ms > 3600000 ? 3600000 : (int)ms);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			struct watch *w = evs[i].data.ptr;

			w->ready(w, evs[i].events);
		}
	}
}

static struct sockaddr_in
loopback(long port)
{
	if (port < 0 || port > 65535)
		fail("that is no port");
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static void
no_delay(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int
tcp_listen(long port)
{
	struct sockaddr_in at = loopback(port);
	int on = 1, fd = socket(AF_INET,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	no_delay(fd);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("bind");
	if (listen(fd, 4096) < 0)
		die("listen");
	return fd;
}

int
tcp_dial(long port)
{
	struct sockaddr_in to = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);

	if (fd < 0)
		die("socket");
	no_delay(fd);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	    errno != EINPROGRESS)
		die("connect");
	return fd;
}

int
tcp_dial_wait(long port)
{
	struct sockaddr_in to = loopback(port);
	struct timeval late = { .tv_sec = START_MS / 1000 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	no_delay(fd);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &late, sizeof(late));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &late, sizeof(late));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	return fd;
}

void
tcp_came_up(int fd)
{
	socklen_t len = sizeof(errno);
	int err = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 || err) {
		errno = err;
		die("connect");
	}
}

int
udp_socket(long port, bool listens)
{
	struct sockaddr_in at = loopback(port);
	int size = 4 << 20, fd = socket(AF_INET,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if ((listens ? bind : connect)(fd, (struct sockaddr *)&at,
	    sizeof(at)) < 0)
		die(listens ? "bind" : "connect");
	return fd;
}

uint64_t
cpu_ns(const struct pids *p)
{
	uint64_t sum = 0;

	for (int i = 0; i < p->n; i++) {
		struct timespec t;
		clockid_t clock;

		if (clock_getcpuclockid(p->pid[i], &clock) != 0 ||
		    clock_gettime(clock, &t) < 0)
			fail("a process to be watched has gone");
		sum += (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
	}
	return sum;
}

void
span_begin(struct span *s, const struct options *o)
{
	s->server_ns = cpu_ns(&o->server);
	s->client_ns = cpu_ns(&o->client);
	s->ns = now_ns();
}

void
span_end(struct span *s, const struct options *o)
{
	s->ns = now_ns() - s->ns;
	s->server_ns = cpu_ns(&o->server) - s->server_ns;
	s->client_ns = cpu_ns(&o->client) - s->client_ns;
}
