// SPDX-License-Identifier: MIT
/* A pipe and a terminal are opened once more, as /proc shows them: that gives
 * a description of our own, which does not block.  Where it cannot be had,
 * only as much is written as poll has found room for. */
#include "cmd/out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8 /* of Linux, if not yet of libc */
#endif
#define LIMIT (256 * 1024) /* bytes that wait */
#define SOON_MS 5	   /* until a reader who reads may have made room, */
#define LATER_MS 100	   /* and one who does not */
#define SMALL 256	   /* so much a terminal takes that says it can */

static void
open_out(struct out *o)
{
	struct stat st = { 0 };
	char path[32];

	o->open = true;
	o->at = o->fd;
	o->flags = -1;
	if (fstat(o->fd, &st) < 0 || S_ISREG(st.st_mode))
		return;
	if (S_ISSOCK(st.st_mode)) {
		o->flags = MSG_DONTWAIT | MSG_NOSIGNAL;
		return;
	}
	o->most = S_ISFIFO(st.st_mode) ? PIPE_BUF : SMALL;
	if (fcntl(o->fd, F_GETFL) & O_NONBLOCK)
		return;
	if (!S_ISFIFO(st.st_mode) && !isatty(o->fd))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", o->fd);
	o->at = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	o->own = o->at >= 0;
	if (o->own)
		o->most = 0;
	else
		o->at = o->fd;
}

/* Poll has seen room, and another may have taken it: newer kernels can be told
 * to come back even so. */
static ssize_t
write_or_not(int fd, const void *p, size_t n)
{
	struct iovec v = { (void *)(uintptr_t)p, n };
	ssize_t r = syscall(SYS_pwritev2, fd, &v, 1, -1L, -1L, RWF_NOWAIT);

	if (r < 0 && (errno == EOPNOTSUPP || errno == ENOSYS ||
	    errno == EINVAL))
		r = write(fd, p, n);
	return r;
}

static ssize_t
write_some(const struct out *o, const void *p, size_t n)
{
	struct pollfd can = { .fd = o->at, .events = POLLOUT };

	if (o->flags >= 0)
		return send(o->at, p, n, o->flags);
	if (!o->most)
		return write(o->at, p, n);
	if (poll(&can, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write_or_not(o->at, p, n < o->most ? n : o->most);
}

/* Writes from p what there is room for; *done of its n bytes were. */
static bool
write_all(struct out *o, const uint8_t *p, size_t n, size_t *done)
{
	ssize_t r;

	while (*done < n) {
		r = write_some(o, p + *done, n - *done);
		if (r < 0 && errno == EINTR)
			continue;
		if (r > 0) {
			*done += (size_t)r;
			continue;
		}
		o->error = r == 0 ? EIO : errno == EAGAIN ? 0 : errno;
		return false;
	}
	return true;
}

/* What waits cannot be written, and never will be. */
static void
drop(struct out *o)
{
	uint16_t n;

	o->torn |= o->done > 0;
	o->done = 0;
	for (; buf_len(&o->wait); o->lost++) {
		memcpy(&n, buf_peek(&o->wait), sizeof(n));
		buf_take(&o->wait, sizeof(n) + n);
	}
	buf_free(&o->wait);
	o->full = false;
}

unsigned
out_flush(struct out *o)
{
	size_t waits = buf_len(&o->wait) - o->done;
	uint16_t n;

	if (!buf_len(&o->wait))
		return 0;
	while (buf_len(&o->wait)) {
		memcpy(&n, buf_peek(&o->wait), sizeof(n));
		if (!write_all(o, buf_peek(&o->wait) + sizeof(n), n,
			&o->done)) {
			if (!o->error)
				return buf_len(&o->wait) - o->done < waits ?
				    SOON_MS : LATER_MS;
			drop(o);
			return 0;
		}
		buf_take(&o->wait, sizeof(n) + n);
		o->done = 0;
	}
	buf_free(&o->wait);
	return 0;
}

bool
out_has_room(struct out *o)
{
	if (o->full && buf_len(&o->wait) <= LIMIT / 2)
		o->full = false;
	return !o->full;
}

static bool
keep(struct out *o, const void *p, uint16_t n)
{
	o->full = buf_len(&o->wait) + sizeof(n) + n > LIMIT;
	if (o->full)
		return false;
	buf_put(&o->wait, &n, sizeof(n));
	buf_put(&o->wait, p, n);
	return true;
}

static bool
put(struct out *o, const void *p, uint16_t n)
{
	size_t done = 0;

	o->error = 0;
	out_flush(o);
	if (o->error || !out_has_room(o))
		return false;
	if (buf_len(&o->wait))
		return keep(o, p, n);
	if (write_all(o, p, n, &done))
		return true;
	if (o->error) {
		o->torn |= done > 0;
		return false;
	}
	o->done = done;
	return keep(o, p, n);
}

bool
out_put(struct out *o, const void *p, size_t n)
{
	if (!o->open)
		open_out(o);
	if (o->torn && !put(o, "\n", 1))
		return false;
	o->torn = false;
	for (; n > UINT16_MAX; p = (const char *)p + UINT16_MAX,
	    n -= UINT16_MAX)
		if (!put(o, p, UINT16_MAX))
			return false;
	return put(o, p, (uint16_t)n);
}

void
out_close(struct out *o)
{
	out_flush(o);
	drop(o);
	if (o->own)
		close(o->at);
	o->open = o->own = false;
}
