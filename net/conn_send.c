// SPDX-License-Identifier: MIT
/* The way out of a socket: what was put in a pass goes out in one call, and
 * what the socket does not take is queued. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/mem.h"
#include "net/conn_internal.h"
#include "net/pipes.h"

#define CONN_MARK (64 * 1024) /* queued bytes from which room is 0 */

/* Until all was said, a close is a break, whoever does it: a process that is
 * killed must not leave its peers with what looks like an orderly end. */
void
conn_break_on_close(int fd, bool on)
{
	struct linger how = { .l_onoff = on, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &how, sizeof(how));
}

static void
say_end(struct conn *c)
{
	c->finished = true;
	shutdown(c->io.fd, SHUT_WR);
	conn_break_on_close(c->io.fd, false);
}

/* What is queued went out: do what waited for that. */
static void
on_empty(struct conn *c)
{
	loop_take_back(conn_loop(c), &c->out);
	if (c->finish && !c->finished)
		say_end(c);
	if (c->s.closed) {
		if (c->eof)
			conn_die(c);
		return;
	}
	if (c->starved) {
		c->starved = false;
		stream_owe(&c->s, STREAM_ROOM, 0);
	}
}

/* A block that holds a little for long is given up for a fitting one. */
static void
shrink(struct conn *c)
{
	struct buf rest = { 0 };
	size_t n = buf_len(&c->out);

	if (n == 0 || n > LOOP_BLOCK / 4 || c->out.cap < LOOP_BLOCK)
		return;
	buf_put(&rest, buf_peek(&c->out), n);
	buf_take(&c->out, n);
	loop_take_back(conn_loop(c), &c->out);
	c->out = rest;
}

static size_t
gathered(const struct loop_gather *g)
{
	size_t n = 0;
	int i;

	for (i = 0; i < g->n; i++)
		n += g->v[i].iov_len;
	return n;
}

static void
send_gathered(struct conn *c)
{
	struct loop_gather *g = conn_gather(c);
	ssize_t sent;
	size_t left;
	int i;

	c->mid.gather = NULL;
	do
		sent = loop_fault(conn_loop(c)) ?
		    -1 :
		    writev(c->io.fd, g->v, g->n);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno != EAGAIN) {
		loop_gather_back(conn_loop(c), g);
		conn_fail(c, errno);
		return;
	}
	left = sent < 0 ? 0 : (size_t)sent;
	if (gathered(g) > left + 4096)
		loop_lend(conn_loop(c), &c->out);
	for (i = 0; i < g->n; i++) {
		size_t skip = left < g->v[i].iov_len ? left : g->v[i].iov_len;

		left -= skip;
		buf_put(&c->out, (uint8_t *)g->v[i].iov_base + skip,
		    g->v[i].iov_len - skip);
	}
	loop_gather_back(conn_loop(c), g);
	if (sent > 0)
		stream_owe(&c->s, STREAM_SENT, (size_t)sent);
	if (!conn_holds(c) && !c->failed && c->io.fd >= 0)
		on_empty(c);
}

static void
send_queued(struct conn *c)
{
	size_t n = buf_len(&c->out);
	ssize_t sent;

	do
		sent = loop_fault(conn_loop(c)) ?
		    -1 :
		    send(c->io.fd, buf_peek(&c->out), n, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno != EAGAIN) {
		conn_fail(c, errno);
		return;
	}
	if (sent <= 0)
		return;
	buf_take(&c->out, (size_t)sent);
	stream_owe(&c->s, STREAM_SENT, (size_t)sent);
	if (!conn_holds(c) && !c->failed && c->io.fd >= 0)
		on_empty(c);
}

/* What was put meanwhile stands behind it. */
static void
send_pipe(struct conn *c)
{
	conn_splice_out(c);
	if (c->piped || c->failed || c->io.fd < 0)
		return;
	if (buf_len(&c->out))
		send_queued(c);
	else
		on_empty(c);
}

void
conn_flush(struct stream *s)
{
	struct conn *c = conn_of(s);

	if (c->failed || c->io.fd < 0 || c->connecting)
		return;
	if (c->piped)
		send_pipe(c);
	else if (conn_gather(c))
		send_gathered(c);
	else if (buf_len(&c->out))
		send_queued(c);
	if (c->io.fd < 0)
		return;
	shrink(c);
	conn_arm(c);
}

size_t
conn_room(struct stream *s)
{
	struct conn *c = conn_of(s);

	if (!c->failed && !c->connecting && !c->piped &&
	    buf_len(&c->out) < CONN_MARK)
		return LOOP_BLOCK - buf_len(&c->out);
	c->starved = true;
	return 0;
}

uint8_t *
conn_reserve(struct stream *s, size_t *n)
{
	struct conn *c = conn_of(s);

	if (conn_gather(c))
		conn_flush(s);
	if (!c->out.data && *n > 4096)
		loop_lend(conn_loop(c), &c->out);
	return buf_room(&c->out, *n);
}

void
conn_commit(struct stream *s, size_t n)
{
	struct conn *c = conn_of(s);

	if (c->io.fd < 0)
		return;
	buf_added(&c->out, n);
	if (buf_len(&c->out))
		stream_flush_later(s);
	else
		loop_take_back(conn_loop(c), &c->out);
}

void
conn_put(struct stream *s, const uint8_t *p, size_t n)
{
	struct conn *c = conn_of(s);

	if (n == 0 || c->failed || c->finish || c->io.fd < 0)
		return;
	if (c->connecting || conn_holds(c)) {
		assert(!conn_gather(c) || buf_len(&c->out) == 0);
		buf_put(&c->out, p, n);
		stream_flush_later(s);
		return;
	}
	if (c->mid.gather && c->mid.gather->n == LOOP_IOV) {
		conn_flush(s);
		conn_put(s, p, n);
		return;
	}
	if (!c->mid.gather)
		c->mid.gather = loop_gather(conn_loop(c));
	c->mid.gather->v[c->mid.gather->n++] =
	    (struct iovec){ .iov_base = (void *)(uintptr_t)p, .iov_len = n };
	stream_flush_later(s);
}

/* What the socket does not take of it stays where it is. */
void
conn_hand(struct stream *s, struct buf *b)
{
	struct conn *c = conn_of(s);
	struct buf mine = c->out;

	if (c->connecting || conn_gather(c) || conn_holds(c) || c->failed ||
	    c->finish || c->io.fd < 0) {
		conn_put(s, buf_peek(b), buf_len(b));
		conn_flush(s);
		buf_take(b, buf_len(b));
		return;
	}
	c->out = *b;
	*b = mine;
	conn_flush(s);
}

size_t
conn_queued(const struct stream *s)
{
	const struct conn *c = conn_of(s);

	return buf_len(&c->out) + (c->piped ? c->mid.pipe->n : 0) +
	    (conn_gather(c) ? gathered(conn_gather(c)) : 0);
}

void
conn_finish(struct stream *s)
{
	struct conn *c = conn_of(s);

	if (c->finish || c->failed)
		return;
	conn_flush(s);
	c->finish = true;
	if (c->io.fd >= 0 && !c->failed && !c->connecting && !conn_holds(c))
		say_end(c);
}
