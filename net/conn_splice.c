// SPDX-License-Identifier: MIT
/* From socket to socket through a pipe, without a copy.  It pays for bulk
 * only: small reads are cheaper with one call in and one out. */
#include <errno.h>
#include <fcntl.h>

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

static bool
can_take(const struct conn *d)
{
	return !d->pipe && !d->gather && !buf_len(&d->out) && !d->connecting &&
	    !d->failed && !d->finish && !d->closed && d->fd >= 0;
}

void
conn_splice_out(struct conn *d)
{
	struct pipe_pair *p = d->pipe;
	size_t all = 0;
	ssize_t n = 0;

	while (p->n) {
		n = splice(p->r, NULL, d->fd, NULL, p->n,
		    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		p->n -= (size_t)n;
		all += (size_t)n;
	}
	if (p->n && n < 0 && errno != EAGAIN) {
		conn_fail(d, errno);
		return;
	}
	if (p->n == 0) {
		d->pipe = NULL;
		pipes_give(d->l, p);
	}
	if (all)
		conn_tell(d, STREAM_SENT, NULL, all);
}

/* True: the read of this moment is done, whatever came of it. */
bool
conn_splice(struct conn *c, struct conn *d)
{
	struct pipe_pair *p;
	ssize_t n;

	if (c->run < BIG_RUN || !can_take(d) || !(p = pipes_take(c->l)))
		return false;
	do
		n = splice(c->fd, NULL, p->w, NULL, LOOP_BLOCK,
		    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	while (n < 0 && errno == EINTR);
	if (n < SMALL_RUN)
		c->run = 0;
	if (n <= 0) {
		/* the end, and what is wrong, is told by a common read */
		pipes_give(c->l, p);
		return n < 0 && errno == EAGAIN;
	}
	p->n = (size_t)n;
	d->pipe = p;
	conn_splice_out(d);
	if (d->fd >= 0 && !d->failed)
		conn_arm(d);
	conn_tell(c, STREAM_DATA, NULL, (size_t)n);
	return true;
}
