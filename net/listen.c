// SPDX-License-Identifier: MIT
#include "net/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/pace.h"
#include "net/congestion.h"

/* Connections taken in one event.  They come faster than one by one is taken
 * in a turn, and the kernel drops those for whom its queue is too short. */
#define LISTEN_BATCH 16
#define LISTEN_REST  100   /* ms without accepting when nothing helps */
#define LISTEN_TOLD  60000 /* ms between two words about that */
#define LISTEN_COST  16384 /* of memory, for one who shakes hands */

struct listener {
	struct loop *l;
	ev_io io;
	struct timer rest;
	struct deferred gone;
	listen_cb *cb;
	void *arg;
	int fd, spare; /* spare: given up for a moment to shed a connection */
	struct pace_gate told;
	bool near; /* all who come are on this host */
};

static int
open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
on_rested(struct timer *t, void *arg)
{
	struct listener *s = arg;

	(void)t;
	if (s->spare < 0)
		s->spare = open_spare();
	ev_io_start(s->l->ev, &s->io);
}

static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM;
}

static void
tell_refused(struct listener *s, const char *why)
{
	if (pace_count(&s->told, loop_now(s->l), LISTEN_TOLD) == 1)
		log_warn(s->l->log, "port %d: %s", listen_port(s), why);
}

/* Without a descriptor the next connection cannot even be refused: the spare
 * one makes that possible, so that clients learn at once instead of hanging.
 * Whether one was refused. */
static bool
shed(struct listener *s)
{
	int fd = -1, error = EMFILE;

	tell_refused(s, "out of file descriptors, refusing connections: raise "
			"LimitNOFILE or ulimit -n");
	if (s->spare >= 0) {
		close(s->spare);
		fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
		error = errno;
		if (fd >= 0)
			close(fd);
		s->spare = open_spare();
	}
	if (s->spare < 0 || (fd < 0 && is_shortage(error))) {
		ev_io_stop(s->l->ev, &s->io);
		timer_start(&s->rest, s->l, LISTEN_REST, on_rested, s);
		return false;
	}
	return fd >= 0;
}

/* Without memory for one more it is refused; but as long as others are to make
 * room it waits in the kernel, and is looked at again. */
static bool
has_to_wait(struct listener *s, bool *refused)
{
	loop_took(s->l, LISTEN_COST);
	*refused = !loop_spare(s->l);
	return *refused && s->l->heavy && !s->l->hopeless;
}

static void
take(struct listener *s, int fd, const struct addr *from, bool refused)
{
	if (refused) {
		tell_refused(s, "out of memory, refusing connections: raise "
				"LimitAS or ulimit -v");
		close(fd);
		return;
	}
	if (!s->near)
		congestion_begin(s->l, fd, from);
	s->cb(s->arg, fd, from);
}

static void
on_io(struct ev_loop *ev, ev_io *w, int revents)
{
	struct listener *s = w->data;
	struct loop *l = s->l;
	struct addr from;
	bool refused;
	int i, fd;

	(void)ev;
	(void)revents;
	for (i = 0; i < LISTEN_BATCH && s->fd >= 0; i++) {
		if (has_to_wait(s, &refused))
			break;
		from.len = sizeof(from.at);
		fd = accept4(s->fd, (struct sockaddr *)&from.at, &from.len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			take(s, fd, &from, refused);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED ||
		    (is_shortage(errno) && shed(s)))
			continue;
		break;
	}
	loop_settle(l);
}

int
listen_bind(const struct addr *at, int type, bool only6)
{
	int fd = socket(at->at.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	static const struct conn_keep none = { 0 };
	int on = 1, error;

	if (fd < 0)
		return -1;
	if (only6 && at->at.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (type == SOCK_STREAM) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		conn_tune(fd, &none); /* those accepted have it from here */
	}
	if (bind(fd, (const struct sockaddr *)&at->at, at->len) == 0 &&
	    (type != SOCK_STREAM || listen(fd, INT_MAX) == 0))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

struct listener *
listen_adopt(struct loop *l, int fd, listen_cb *cb, void *arg)
{
	struct listener *s = mem_new(struct listener);
	struct addr at;

	if (addr_of_self(&at, fd)) {
		s->near = addr_is_loopback(&at);
		congestion_begin(l, fd, &at);
	}
	s->l = l;
	s->cb = cb;
	s->arg = arg;
	s->fd = fd;
	s->spare = open_spare();
	ev_io_init(&s->io, on_io, fd, EV_READ);
	s->io.data = s;
	ev_io_start(l->ev, &s->io);
	return s;
}

struct listener *
listen_new(struct loop *l, const struct addr *at, listen_cb *cb, void *arg)
{
	int fd = listen_bind(at, SOCK_STREAM, false);

	return fd < 0 ? NULL : listen_adopt(l, fd, cb, arg);
}

static void
free_listener(struct deferred *d)
{
	free(list_item(d, struct listener, gone));
}

void
listen_tune(struct listener *s, const struct conn_keep *keep)
{
	conn_tune(s->fd, keep);
}

void
listen_close(struct listener *s)
{
	if (!s)
		return;
	ev_io_stop(s->l->ev, &s->io);
	timer_stop(&s->rest);
	close(s->fd);
	if (s->spare >= 0)
		close(s->spare);
	s->fd = s->spare = -1;
	loop_defer(s->l, &s->gone, free_listener);
}

int
listen_port(const struct listener *s)
{
	struct addr a;

	return addr_of_self(&a, s->fd) ? addr_port(&a) : 0;
}
