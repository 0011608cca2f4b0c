// SPDX-License-Identifier: MIT
#include "net/hand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/mem.h"
#include "net/owner.h"

struct hand {
	struct loop *l;
	int fd;
	ev_io io;
	void (*cb)(void *arg, int fd);
	void *arg;
	struct deferred gone;
};

/* With no more than a family the kernel picks a name: a NUL, and digits. */
int
hand_listen(char name[static HAND_NAME])
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	socklen_t n = sizeof(at.sun_family);
	size_t len;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0), saved;

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&at, n) == 0 && listen(fd, 4) == 0) {
		n = sizeof(at);
		if (getsockname(fd, (struct sockaddr *)&at, &n) == 0 &&
		    n > offsetof(struct sockaddr_un, sun_path) + 1) {
			len = n - offsetof(struct sockaddr_un, sun_path) - 1;
			if (len < HAND_NAME) {
				memcpy(name, at.sun_path + 1, len);
				name[len] = '\0';
				return fd;
			}
		}
	}
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static void
on_knock(struct ev_loop *ev, ev_io *w, int revents)
{
	struct hand *h = w->data;
	int fd = accept4(h->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)ev;
	(void)revents;
	if (fd < 0)
		return;
	if (owner_check(fd, NULL) == 0)
		h->cb(h->arg, fd);
	else
		close(fd);
}

struct hand *
hand_new(struct loop *l, int fd, void (*cb)(void *arg, int fd), void *arg)
{
	struct hand *h = mem_new(struct hand);

	h->l = l;
	h->fd = fd;
	h->cb = cb;
	h->arg = arg;
	ev_io_init(&h->io, on_knock, fd, EV_READ);
	h->io.data = h;
	ev_io_start(l->ev, &h->io);
	return h;
}

static void
free_hand(struct deferred *d)
{
	free(list_item(d, struct hand, gone));
}

void
hand_free(struct hand *h)
{
	if (!h || h->fd < 0)
		return;
	ev_io_stop(h->l->ev, &h->io);
	close(h->fd);
	h->fd = -1;
	loop_defer(h->l, &h->gone, free_hand);
}

int
hand_pass(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	char byte = 0;
	struct iovec one = { &byte, 1 };
	struct msghdr m = { .msg_iov = &one, .msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	size_t n = strlen(name);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	    1 + n);
	int fd = -1, r = -1, error;

	if (n == 0 || n >= HAND_NAME) {
		errno = EINVAL;
		return -1;
	}
	memcpy(at.sun_path + 1, name, n);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, len) < 0 ||
	    owner_check(fd, NULL) < 0)
		goto out;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	r = sendmsg(1, &m, MSG_NOSIGNAL) == 1 ? 0 : -1;
out:
	error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return r;
}
