// SPDX-License-Identifier: MIT
/* The asking side: a plain socket, waited for with a deadline. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "net/admin.h"
#include "net/owner.h"

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int
wait_for(int fd, short what, uint64_t until)
{
	struct pollfd p = { .fd = fd, .events = what };
	uint64_t now;
	int r;

	do {
		now = now_ms();
		r = now < until ? poll(&p, 1, (int)(until - now)) : 0;
	} while (r < 0 && errno == EINTR);
	if (r == 0)
		errno = ETIMEDOUT;
	return r > 0 ? 0 : -1;
}

/* A queue of callers that is full looks like this: nobody accepts. */
static int
join(int fd, const struct sockaddr_un *at, uint64_t until)
{
	static const struct timespec nap = { 0, 20000000 };

	while (connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -1;
		if (now_ms() >= until) {
			errno = ETIMEDOUT;
			return -1;
		}
		nanosleep(&nap, NULL);
	}
	return 0;
}

int
admin_call(struct admin_peer *p, const char *path, uint64_t ms)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	uint64_t until = now_ms() + ms;
	int error;

	*p = (struct admin_peer){ .fd = -1 };
	if (strlen(path) >= sizeof(at.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(at.sun_path, path);
	p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (p->fd < 0)
		return -1;
	/* root may ask everybody's */
	if (join(p->fd, &at, until) == 0 &&
	    (owner_check(p->fd, &p->pid) == 0 ||
	    (errno == EPERM && geteuid() == 0)))
		return 0;
	error = errno;
	admin_hang_up(p);
	errno = error;
	return -1;
}

static int
say(int fd, const char *p, size_t n, uint64_t until)
{
	ssize_t r;

	while (n > 0) {
		r = send(fd, p, n, MSG_NOSIGNAL);
		if (r > 0) {
			p += r;
			n -= (size_t)r;
		} else if (errno == EAGAIN) {
			if (wait_for(fd, POLLOUT, until) < 0)
				return -1;
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

/* Up to the end of the line, which is left out. */
static int
hear(int fd, struct buf *to, uint64_t until)
{
	const uint8_t *end;
	ssize_t n;

	for (;;) {
		n = recv(fd, buf_room(to, 4096), 4096, 0);
		if (n < 0 && errno == EAGAIN) {
			if (wait_for(fd, POLLIN, until) < 0)
				return -1;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n ? errno : ECONNRESET;
			return -1;
		}
		buf_added(to, (size_t)n);
		end = memchr(buf_peek(to), '\n', buf_len(to));
		if (end) {
			to->len = to->off + (size_t)(end - buf_peek(to));
			return 0;
		}
		if (buf_len(to) > ADMIN_ANSWER_MAX) {
			errno = EMSGSIZE;
			return -1;
		}
	}
}

int
admin_ask(struct admin_peer *p, const char *line, struct buf *answer,
    uint64_t ms)
{
	uint64_t until = now_ms() + ms;

	if (say(p->fd, line, strlen(line), until) < 0 ||
	    say(p->fd, "\n", 1, until) < 0)
		return -1;
	return hear(p->fd, answer, until);
}

void
admin_hang_up(struct admin_peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}
