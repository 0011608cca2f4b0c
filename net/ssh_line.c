// SPDX-License-Identifier: MIT
#include "net/ssh_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/mem.h"

#define BUSY_MS 20 /* its queue of connections is full */

struct ssh_line {
	struct loop *l;
	struct sockaddr_un at;
	struct buf request;
	int fds[3];
	size_t nfds;
	int fd;
	ev_io io;
	struct timer timer;
	struct ssh_mux mux;
	ssh_line_cb *cb;
	void *arg;
	bool closed;
	struct deferred gone;
};

static void
down(struct ssh_line *x)
{
	ev_io_stop(x->l->ev, &x->io);
	if (!x->closed)
		x->cb(x->arg, NULL);
}

static void
feed(struct ssh_line *x, const uint8_t *p, size_t n)
{
	struct ssh_mux_msg m;
	int r = 0;

	while (!x->closed && (r = ssh_mux_take(&x->mux, &p, &n, &m)) > 0)
		x->cb(x->arg, &m);
	if (r < 0)
		down(x);
}

static void
on_io(struct ev_loop *ev, ev_io *w, int revents)
{
	struct ssh_line *x = w->data;
	uint8_t data[4096];
	ssize_t n;

	(void)ev;
	(void)revents;
	do
		n = recv(x->fd, data, sizeof(data), 0);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		feed(x, data, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		down(x);
	loop_settle(x->l);
}

/* What is said is short and the socket new: it takes all, or is broken. */
static bool
say(struct ssh_line *x, const struct buf *b)
{
	ssize_t n = send(x->fd, buf_peek(b), buf_len(b), MSG_NOSIGNAL);

	return n == (ssize_t)buf_len(b);
}

static bool
give(struct ssh_line *x, int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .space = { 0 } };
	char byte = 0;
	struct iovec v = { &byte, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(x->fd, &m, MSG_NOSIGNAL) == 1;
}

static void
drop_fds(struct ssh_line *x)
{
	while (x->nfds)
		close(x->fds[--x->nfds]);
}

static bool
begin(struct ssh_line *x)
{
	size_t i;
	bool good = say(x, &x->request);

	for (i = 0; good && i < x->nfds; i++)
		good = give(x, x->fds[i]);
	drop_fds(x);
	buf_free(&x->request);
	return good;
}

static void
on_try(struct timer *t, void *arg)
{
	struct ssh_line *x = arg;

	if (x->fd < 0)
		x->fd = socket(AF_UNIX,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (x->fd >= 0 &&
	    connect(x->fd, (struct sockaddr *)&x->at, sizeof(x->at)) == 0) {
		ev_io_init(&x->io, on_io, x->fd, EV_READ);
		x->io.data = x;
		ev_io_start(x->l->ev, &x->io);
		if (!begin(x))
			down(x);
	} else if (x->fd >= 0 && errno == EAGAIN) {
		timer_start(t, x->l, BUSY_MS, on_try, x);
	} else {
		down(x);
	}
}

struct ssh_line *
ssh_line_new(struct loop *l, const struct ssh_line_ask *ask, ssh_line_cb *cb,
    void *arg)
{
	struct ssh_line *x = mem_new(struct ssh_line);
	size_t i;

	x->l = l;
	x->fd = -1;
	x->cb = cb;
	x->arg = arg;
	x->at.sun_family = AF_UNIX;
	strncpy(x->at.sun_path, ask->path, sizeof(x->at.sun_path) - 1);
	ssh_mux_put_hello(&x->request);
	if (ask->request)
		buf_put(&x->request, buf_peek(ask->request),
		    buf_len(ask->request));
	for (i = 0; i < ask->nfds; i++)
		x->fds[x->nfds++] = ask->fds[i];
	timer_start(&x->timer, l, 0, on_try, x);
	return x;
}

void
ssh_line_on(struct ssh_line *x, ssh_line_cb *cb, void *arg)
{
	x->cb = cb;
	x->arg = arg;
}

bool
ssh_line_say(struct ssh_line *x, const struct buf *request)
{
	return x->fd >= 0 && say(x, request);
}

static void
free_line(struct deferred *d)
{
	struct ssh_line *x = list_item(d, struct ssh_line, gone);

	ssh_mux_release(&x->mux);
	free(x);
}

void
ssh_line_close(struct ssh_line *x)
{
	if (!x || x->closed)
		return;
	x->closed = true;
	timer_stop(&x->timer);
	ev_io_stop(x->l->ev, &x->io);
	if (x->fd >= 0)
		close(x->fd);
	drop_fds(x);
	buf_free(&x->request);
	loop_defer(x->l, &x->gone, free_line);
}
