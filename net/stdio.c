// SPDX-License-Identifier: MIT
#include "net/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"

#define MARK  (64 * 1024) /* queued for out; more is not asked for */
#define TURN  (256 * 1024) /* written in one go, then others have theirs */
#define SMALL 256	  /* a terminal that can be written to takes so much */
#define HUNG_MS 10000	  /* for the last bytes, when nobody waits for more */

struct end {
	int fd;
	bool socket;
	size_t most; /* in one write that does not block */
	ev_io io;
};

struct stdio {
	struct loop *l;
	struct stream *s;
	struct end in, out;
	struct buf queue; /* from the stream, for out */
	bool in_ended, s_ended, out_closed, over;
	bool hung; /* nobody is at in and out any more */
	struct timer late;
	stdio_done *done;
	void *arg;
	struct deferred gone;
};

static void
free_stdio(struct deferred *d)
{
	struct stdio *x = list_item(d, struct stdio, gone);

	buf_free(&x->queue);
	free(x);
}

/* The number stays taken: nothing of ours may become descriptor 0 or 1. */
static void
give_back(int fd)
{
	int null;

	if (fd > 2) {
		close(fd);
		return;
	}
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, fd) < 0)
		close(fd);
	if (null > 2)
		close(null);
}

static void
stop(struct stdio *x, bool gently)
{
	int in = x->in.fd, out = x->out.fd;

	x->over = true;
	timer_stop(&x->late);
	ev_io_stop(x->l->ev, &x->in.io);
	ev_io_stop(x->l->ev, &x->out.io);
	if (gently)
		stream_linger(x->s);
	else
		stream_close(x->s);
	x->in.fd = x->out.fd = -1;
	if (in >= 0)
		give_back(in);
	if (out >= 0 && out != in)
		give_back(out);
	loop_defer(x->l, &x->gone, free_stdio);
}

static void
end(struct stdio *x, const char *why)
{
	char text[200];

	if (x->over)
		return;
	if (why)
		snprintf(text, sizeof(text), "%s", why);
	stop(x, !why);
	x->done(x->arg, why ? text : NULL);
}

static void
end_errno(struct stdio *x, const char *what, int error)
{
	char text[200];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(error));
	end(x, text);
}

static void
on_late(struct timer *t, void *arg)
{
	(void)t;
	end(arg, "the last bytes were not taken");
}

/* What is over, and what that ends. */
static void
look(struct stdio *x)
{
	if (x->over)
		return;
	if (x->s_ended && buf_len(&x->queue) == 0 && !x->out_closed &&
	    x->out.fd >= 0) {
		x->out_closed = true;
		if (x->out.socket)
			shutdown(x->out.fd, SHUT_WR);
		if (x->out.fd != x->in.fd)
			give_back(x->out.fd);
		if (x->out.fd != x->in.fd)
			x->out.fd = -1;
	}
	if (x->in_ended && (x->out_closed || x->hung) &&
	    stream_queued(x->s) == 0)
		end(x, NULL);
}

static ssize_t
write_some(const struct end *e, const void *p, size_t n)
{
	struct pollfd can = { .fd = e->fd, .events = POLLOUT };

	if (e->socket)
		return send(e->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (poll(&can, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(e->fd, p, n < e->most ? n : e->most);
}

static void
arm_out(struct stdio *x, bool full)
{
	if (full && !ev_is_active(&x->out.io))
		ev_io_start(x->l->ev, &x->out.io);
	else if (!full)
		ev_io_stop(x->l->ev, &x->out.io);
}

static void
flush(struct stdio *x)
{
	size_t gone = 0;
	ssize_t n;

	if (x->out.fd < 0 || x->out_closed)
		return;
	while (buf_len(&x->queue) && gone < TURN) {
		n = write_some(&x->out, buf_peek(&x->queue),
		    buf_len(&x->queue));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			end_errno(x, "write", errno);
			return;
		}
		buf_take(&x->queue, (size_t)n);
		gone += (size_t)n;
	}
	arm_out(x, buf_len(&x->queue) > 0);
	if (gone && x->s->ops->windowed)
		stream_consumed(x->s, gone);
	else if (buf_len(&x->queue) < MARK)
		stream_want(x->s, true);
	look(x);
}

static void
on_stream(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct stdio *x = arg;

	if (x->over)
		return;
	switch (ev) {
	case STREAM_DATA:
		buf_put(&x->queue, p, n);
		if (!s->ops->windowed && buf_len(&x->queue) >= MARK)
			stream_want(s, false);
		if (!ev_is_active(&x->out.io))
			flush(x);
		break;
	case STREAM_EOF:
		x->s_ended = true;
		look(x);
		break;
	case STREAM_UP:
	case STREAM_ROOM:
		if (!x->in_ended && x->in.fd >= 0)
			ev_io_start(x->l->ev, &x->in.io);
		break;
	case STREAM_SENT:
		look(x);
		break;
	case STREAM_ERROR:
		end(x, stream_why(s));
		break;
	}
}

/* A socket whose peer is gone, and has not only ended its half. */
static bool
is_hung(const struct stdio *x)
{
	struct pollfd gone = { .fd = x->in.fd };

	return x->in.socket && x->in.fd == x->out.fd &&
	    poll(&gone, 1, 0) == 1 && (gone.revents & (POLLHUP | POLLERR));
}

static void
on_end(struct stdio *x)
{
	x->in_ended = true;
	ev_io_stop(x->l->ev, &x->in.io);
	stream_finish(x->s);
	if (!x->over && is_hung(x)) {
		x->hung = true;
		timer_start(&x->late, x->l, HUNG_MS, on_late, x);
	}
	look(x);
}

static void
on_in(struct ev_loop *ev, ev_io *w, int revents)
{
	struct stdio *x = w->data;
	struct loop *l = x->l;
	size_t n = stream_room(x->s);
	ssize_t got;

	(void)ev;
	(void)revents;
	if (n == 0) { /* STREAM_ROOM follows */
		ev_io_stop(l->ev, w);
		loop_settle(l);
		return;
	}
	n = n < LOOP_BLOCK ? n : LOOP_BLOCK;
	got = x->in.socket ? recv(x->in.fd, l->scratch, n, MSG_DONTWAIT) :
			     read(x->in.fd, l->scratch, n);
	if (got > 0)
		stream_put(x->s, l->scratch, (size_t)got);
	else if (got == 0 || errno == EIO) /* EIO: a terminal that is gone */
		on_end(x);
	else if (errno != EAGAIN && errno != EINTR)
		end_errno(x, "read", errno);
	loop_settle(l); /* before anybody else uses the scratch */
}

static void
on_out(struct ev_loop *ev, ev_io *w, int revents)
{
	struct stdio *x = w->data;

	(void)ev;
	(void)revents;
	flush(x);
	loop_settle(x->l);
}

struct stdio *
stdio_new(struct loop *l, struct stream *s, stdio_done *done, void *arg)
{
	struct stdio *x = mem_new(struct stdio);

	x->l = l;
	x->s = s;
	x->in.fd = x->out.fd = -1;
	x->done = done;
	x->arg = arg;
	ev_io_init(&x->in.io, on_in, -1, EV_READ);
	ev_io_init(&x->out.io, on_out, -1, EV_WRITE);
	x->in.io.data = x->out.io.data = x;
	stream_on(s, on_stream, x);
	stream_want(s, true);
	return x;
}

static void
use(struct end *e, int fd, int events)
{
	struct stat st = { 0 };

	e->fd = fd;
	fstat(fd, &st);
	e->socket = S_ISSOCK(st.st_mode);
	e->most = S_ISCHR(st.st_mode) ? SMALL :
	    S_ISREG(st.st_mode)	      ? TURN :
					4096; /* PIPE_BUF of Linux */
	ev_io_set(&e->io, fd, events);
}

void
stdio_use(struct stdio *x, int in, int out)
{
	use(&x->in, in, EV_READ);
	use(&x->out, out, EV_WRITE);
	ev_io_start(x->l->ev, &x->in.io);
	if (buf_len(&x->queue) || x->s_ended)
		ev_io_start(x->l->ev, &x->out.io);
}

void
stdio_free(struct stdio *x)
{
	if (x && !x->over)
		stop(x, false);
}

void
stdio_hold(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	while (fd >= 0 && fd <= 2)
		fd = fcntl(fd, F_DUPFD_CLOEXEC, fd + 1);
	if (fd > 2)
		close(fd);
}
