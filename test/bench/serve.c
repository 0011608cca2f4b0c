// SPDX-License-Identifier: MIT
/* The services: echo, sink and source of TCP, and an echo of datagrams on
 * the same port. */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct service {
	struct watch tcp, udp;
	int poller;
	int first;		/* what a connection is for; 0: it says so */
	uint64_t sunk;
};

struct visit {
	struct watch w;
	struct service *s;
	int ask;
	uint8_t *kept;		/* of an echo: what could not be sent yet */
	size_t off, len;
};

static uint8_t scratch[READ_SIZE];
static const uint8_t zeros[WRITE_SIZE];

static void
leave(struct visit *v)
{
	close(v->w.fd);
	free(v->kept);
	free(v);
}

static void
interest(struct visit *v)
{
	uint32_t events = EPOLLIN;

	if (v->len > 0)
		events = EPOLLOUT;
	else if (v->ask == ASK_SOURCE || v->ask == ASK_BOTH)
		events |= EPOLLOUT;
	watch_set(v->s->poller, &v->w, events);
}

static bool
answer_count(struct visit *v)
{
	struct count c = { .bytes = v->s->sunk, .ns = now_ns() };

	return send(v->w.fd, &c, sizeof(c), 0) == (ssize_t)sizeof(c);
}

static bool
answer_echo(struct visit *v, const uint8_t *p, size_t n)
{
	ssize_t sent = send(v->w.fd, p, n, 0);

	if (sent < 0 && errno != EAGAIN)
		return false;
	if (sent < 0)
		sent = 0;
	if ((size_t)sent == n)
		return true;
	v->kept = must_calloc(n - (size_t)sent, 1);
	v->len = n - (size_t)sent;
	v->off = 0;
	for (size_t i = 0; i < v->len; i++)
		v->kept[i] = p[(size_t)sent + i];
	interest(v);
	return true;
}

static bool
send_kept(struct visit *v)
{
	ssize_t n = send(v->w.fd, v->kept + v->off, v->len - v->off, 0);

	if (n < 0)
		return errno == EAGAIN;
	v->off += (size_t)n;
	if (v->off < v->len)
		return true;
	free(v->kept);
	v->kept = NULL;
	v->off = v->len = 0;
	interest(v);
	return true;
}

static bool
came_in(struct visit *v)
{
	uint8_t *p = scratch;
	ssize_t n = recv(v->w.fd, scratch, sizeof(scratch), 0);

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	if (!v->ask) {
		v->ask = *p++;
		n--;
		interest(v);
		if (v->ask == ASK_COUNT)
			return answer_count(v);
	}
	if (v->ask == ASK_COUNT)
		return answer_count(v);
	if (v->ask == ASK_ECHO)
		return n == 0 || answer_echo(v, p, (size_t)n);
	v->s->sunk += (uint64_t)n;
	return v->ask == ASK_SINK || v->ask == ASK_BOTH ||
	    v->ask == ASK_SOURCE;
}

static bool
goes_out(struct visit *v)
{
	if (v->len > 0)
		return send_kept(v);
	return send(v->w.fd, zeros, sizeof(zeros), 0) >= 0 ||
	    errno == EAGAIN;
}

static void
visit_ready(struct watch *w, uint32_t events)
{
	struct visit *v = (struct visit *)w;

	if (events & EPOLLOUT && !goes_out(v))
		leave(v);
	else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && v->len == 0 &&
	    !came_in(v))
		leave(v);
	else if (events & (EPOLLHUP | EPOLLERR) && v->len > 0)
		leave(v);
}

static void
on_tcp(struct watch *w, uint32_t events)
{
	struct service *s = (struct service *)w;
	struct visit *v;
	int fd;

	(void)events;
	for (int i = 0; i < 64; i++) {
		fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		v = must_calloc(1, sizeof(*v));
		v->w = (struct watch){ .fd = fd, .ready = visit_ready };
		v->s = s;
		v->ask = s->first;
		watch_add(s->poller, &v->w, EPOLLIN);
		if (v->ask)
			interest(v);
	}
}

static void
on_udp(struct watch *w, uint32_t events)
{
	struct sockaddr_storage from;
	socklen_t len;
	ssize_t n;

	(void)events;
	for (int i = 0; i < 64; i++) {
		len = sizeof(from);
		n = recvfrom(w->fd, scratch, sizeof(scratch), 0,
		    (struct sockaddr *)&from, &len);
		if (n < 0)
			return;
		/* What finds no room is lost, as datagrams are. */
		(void)!sendto(w->fd, scratch, (size_t)n, 0,
		    (struct sockaddr *)&from, len);
	}
}

static int
serve(const struct options *o, int first)
{
	struct service *s = must_calloc(1, sizeof(*s));

	s->poller = poller_new();
	s->first = first;
	s->tcp = (struct watch){ tcp_listen(o->listen), on_tcp };
	s->udp = (struct watch){ udp_socket(o->listen, true), on_udp };
	watch_add(s->poller, &s->tcp, EPOLLIN);
	watch_add(s->poller, &s->udp, EPOLLIN);
	(void)!write(1, "{\"ready\": true}\n", 16);
	poller_run(s->poller, UINT64_MAX, NULL);
	return 0;
}

int
mode_serve(const struct options *o)
{
	return serve(o, 0);
}

int
mode_echo(const struct options *o)
{
	return serve(o, ASK_ECHO);
}

int
mode_sink(const struct options *o)
{
	return serve(o, ASK_SINK);
}

int
mode_source(const struct options *o)
{
	return serve(o, ASK_SOURCE);
}
