// SPDX-License-Identifier: MIT
/* From socket to socket through a pipe, without a copy: to another socket, or
 * as the payload of a frame on a link, or out of one.  It pays for bulk only:
 * small reads are cheaper with one call in and one out. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "core/bytes.h"
#include "net/conn_internal.h"
#include "net/pipes.h"

#define BIG_READ  (64 * 1024) /* from which a read counts as one of bulk */
#define BIG_RUN	  2	      /* so many in a row, and the next is spliced */
#define SMALL_RUN (16 * 1024) /* a splice of less ends the run */

void
conn_splice_note(struct conn *c, size_t got)
{
	if (got < BIG_READ)
		c->run = 0;
	else if (c->run < BIG_RUN)
		c->run++;
}

struct conn *
conn_past(struct stream *s, size_t *n)
{
	struct conn *c = conn_of(s);

	*n = loop_turn(conn_loop(c));
	if (conn_gather(c) || conn_holds(c) || c->connecting || c->failed ||
	    c->finish || c->s.closed || c->io.fd < 0)
		return NULL;
	return c;
}

/* <0: not all of it went. */
static ssize_t
send_head(struct conn *d)
{
	struct pipe_pair *p = conn_pipe(d);
	ssize_t n;

	do
		n = loop_fault(conn_loop(d)) ?
		    -1 :
		    send(d->io.fd, p->head, p->head_n,
			MSG_NOSIGNAL | MSG_MORE);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return -1;
	p->head_n -= (uint8_t)n;
	memmove(p->head, p->head + n, p->head_n);
	return p->head_n ? -1 : n;
}

void
conn_splice_out(struct conn *d)
{
	struct pipe_pair *p = conn_pipe(d);
	size_t all = 0;
	ssize_t n = 0;

	errno = EAGAIN;
	if (p->head_n)
		n = send_head(d);
	while (p->n && n >= 0) {
		n = loop_fault(conn_loop(d)) ?
		    -1 :
		    splice(p->r, NULL, d->io.fd, NULL, p->n,
			SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
		if (n < 0 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n <= 0)
			break;
		p->n -= (size_t)n;
		all += (size_t)n;
	}
	if (n < 0 && errno != EAGAIN) {
		conn_fail(d, errno);
		return;
	}
	if (p->n == 0) {
		conn_set_pipe(d, NULL);
		pipes_give(conn_loop(d), p);
	}
	if (all)
		stream_owe(&d->s, STREAM_SENT, all);
}

/* Up to n bytes out of the socket: 1 with a pipe that has them; 0: there are
 * none now, or no more, which is told; <0: a common read is needed.  An error
 * of the socket is given only once: a read behind it would see an orderly
 * end. */
static int
fill(struct conn *c, size_t n, struct pipe_pair **to)
{
	struct pipe_pair *p = pipes_take(conn_loop(c));
	ssize_t got;
	int error;

	if (!p)
		return -1;
	do
		got = splice(c->io.fd, NULL, p->w, NULL, n,
		    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	while (got < 0 && errno == EINTR);
	error = errno;
	if (got > 0) {
		p->n = (size_t)got;
		*to = p;
		return 1;
	}
	pipes_give(conn_loop(c), p);
	if (got == 0 || error == EINVAL || error == ENOMEM || error == EPERM)
		return -1;
	if (error != EAGAIN)
		conn_fail(c, error);
	return 0;
}

static void
pass(struct conn *c, struct conn *d, struct pipe_pair *p)
{
	size_t n = p->n;

	conn_set_pipe(d, p);
	stream_tell(&c->s, STREAM_DATA, NULL, n);
	if (d->io.fd < 0 || d->failed || !d->piped)
		return;
	conn_splice_out(d);
	if (d->io.fd >= 0 && !d->failed)
		conn_arm(d);
}

/* True when the read of this moment is done; else a common read tells what
 * there is to tell. */
bool
conn_splice(struct conn *c)
{
	struct stream *sink = c->s.sink;
	struct pipe_pair *p;
	struct conn *d;
	size_t most;
	int r;

	if (c->run < BIG_RUN || !sink->ops->past ||
	    !(d = sink->ops->past(sink, &most)))
		return false;
	r = fill(c, most, &p);
	if (r <= 0 || p->n < SMALL_RUN)
		c->run = 0;
	if (r <= 0)
		return r == 0;
	p->head_n = (uint8_t)sink->ops->claim(sink, p->n, p->head);
	pass(c, d, p);
	return true;
}

/* 1: bytes went; 0: there are none now; <0: a common read is needed. */
int
conn_splice_ahead(struct conn *c)
{
	struct conn *d = conn_has_more(c)->divert;
	struct pipe_pair *p;
	size_t most;
	int r;

	if (!conn_past(&d->s, &most))
		return -1;
	r = fill(c, min_size(conn_has_more(c)->ask, most), &p);
	if (r <= 0)
		return r;
	pass(c, d, p);
	return 1;
}
