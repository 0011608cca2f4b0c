// SPDX-License-Identifier: MIT
#include "net/conn.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/mem.h"

#define CONN_IOV    64
#define CONN_MARK   (64 * 1024) /* queued bytes from which room is 0 */
#define CONN_LINGER 10000	/* ms for the last bytes of a closed one */

/* Pieces that were put in this pass; it exists only until the pass ends. */
struct gather {
	struct iovec v[CONN_IOV];
	int n;
};

/* The last words of a closed one. */
struct last {
	struct list at; /* in the loop's */
	struct timer late;
	struct conn *c;
};

struct conn {
	struct stream s;
	struct loop *l;
	struct settler settle;
	struct deferred gone;
	ev_io io;
	struct buf out; /* older than what is in gather */
	struct gather *gather;
	struct last *last; /* only of a closed one that still sends */
	int fd, error;
	bool connecting, paused, starved;
	bool eof;		  /* seen from the peer */
	bool finish, finished;	  /* asked for, done */
	bool failed, closed;
	bool untold; /* it failed while nobody listened */
};

static struct conn *
conn_of(const struct stream *s)
{
	return list_item(s, struct conn, s);
}

static void
arm(struct conn *c)
{
	int want = 0;

	if (c->fd < 0 || c->failed)
		want = 0;
	else if (c->connecting)
		want = EV_WRITE;
	else
		want = (c->eof || (c->paused && !c->closed) ? 0 : EV_READ) |
		    (buf_len(&c->out) ? EV_WRITE : 0);
	if (want == (c->io.events & (EV_READ | EV_WRITE)) &&
	    (want != 0) == ev_is_active(&c->io))
		return;
	ev_io_stop(c->l->ev, &c->io);
	ev_io_set(&c->io, c->fd, want);
	if (want)
		ev_io_start(c->l->ev, &c->io);
}

static void
free_conn(struct deferred *d)
{
	struct conn *c = list_item(d, struct conn, gone);

	buf_free(&c->out); /* room may have been reserved since it died */
	free(c);
}

static void
die(struct conn *c)
{
	if (c->fd < 0)
		return;
	ev_io_stop(c->l->ev, &c->io);
	settler_drop(&c->settle);
	close(c->fd);
	c->fd = -1;
	buf_free(&c->out);
	free(c->gather);
	c->gather = NULL;
	if (c->last) {
		timer_stop(&c->last->late);
		list_del(&c->last->at);
		free(c->last);
		c->last = NULL;
	}
	loop_defer(c->l, &c->gone, free_conn);
}

static void
tell(struct conn *c, enum stream_event ev, const uint8_t *p, size_t n)
{
	if (!c->closed && c->s.cb)
		c->s.cb(&c->s, ev, p, n, c->s.arg);
}

static void
fail(struct conn *c, int error)
{
	if (c->failed)
		return;
	c->failed = true;
	c->error = error;
	if (c->closed) {
		die(c);
		return;
	}
	arm(c);
	c->untold = !c->s.cb;
	tell(c, STREAM_ERROR, NULL, 0);
}

/* Until all was said, a close is a break, whoever does it: a process that is
 * killed must not leave its peers with what looks like an orderly end. */
static void
break_on_close(int fd, bool on)
{
	struct linger how = { .l_onoff = on, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &how, sizeof(how));
}

static void
say_end(struct conn *c)
{
	c->finished = true;
	shutdown(c->fd, SHUT_WR);
	break_on_close(c->fd, false);
}

/* What is queued went out: do what waited for that. */
static void
on_empty(struct conn *c)
{
	loop_take_back(c->l, &c->out);
	if (c->finish && !c->finished)
		say_end(c);
	if (c->closed) {
		if (c->eof)
			die(c);
		return;
	}
	if (c->starved) {
		c->starved = false;
		tell(c, STREAM_ROOM, NULL, 0);
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
	loop_take_back(c->l, &c->out);
	c->out = rest;
}

static void
send_gathered(struct conn *c)
{
	struct gather *g = c->gather;
	ssize_t sent;
	size_t left;
	int i;

	c->gather = NULL;
	do
		sent = writev(c->fd, g->v, g->n);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno != EAGAIN) {
		free(g);
		fail(c, errno);
		return;
	}
	left = sent < 0 ? 0 : (size_t)sent;
	for (i = 0; i < g->n; i++) {
		size_t skip = left < g->v[i].iov_len ? left : g->v[i].iov_len;

		left -= skip;
		buf_put(&c->out, (uint8_t *)g->v[i].iov_base + skip,
		    g->v[i].iov_len - skip);
	}
	free(g);
	if (sent > 0)
		tell(c, STREAM_SENT, NULL, (size_t)sent);
	if (buf_len(&c->out) == 0 && !c->failed && c->fd >= 0)
		on_empty(c);
}

static void
send_queued(struct conn *c)
{
	size_t n = buf_len(&c->out);
	ssize_t sent;

	do
		sent = send(c->fd, buf_peek(&c->out), n, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno != EAGAIN) {
		fail(c, errno);
		return;
	}
	if (sent <= 0)
		return;
	buf_take(&c->out, (size_t)sent);
	tell(c, STREAM_SENT, NULL, (size_t)sent);
	if (buf_len(&c->out) == 0 && !c->failed && c->fd >= 0)
		on_empty(c);
}

static void
conn_flush(struct stream *s)
{
	struct conn *c = conn_of(s);

	if (c->failed || c->fd < 0 || c->connecting)
		return;
	if (c->gather)
		send_gathered(c);
	else if (buf_len(&c->out))
		send_queued(c);
	if (c->fd < 0)
		return;
	shrink(c);
	arm(c);
}

static void
on_settle(struct settler *settle)
{
	struct conn *c = list_item(settle, struct conn, settle);

	conn_flush(&c->s);
	if (c->untold && c->s.cb) {
		c->untold = false;
		tell(c, STREAM_ERROR, NULL, 0);
	}
}

static void
read_to_sink(struct conn *c)
{
	struct stream *sink = c->s.sink;
	size_t n = stream_room(sink);
	uint8_t *to;
	ssize_t got;
	int error;

	if (n > LOOP_BLOCK)
		n = LOOP_BLOCK;
	to = n ? sink->ops->reserve(sink, &n) : NULL;
	if (c->fd < 0) /* making room broke the sink, and that us */
		return;
	if (n == 0) {
		/* the sink says STREAM_ROOM to its holder, who resumes us */
		c->paused = true;
		arm(c);
		return;
	}
	do
		got = recv(c->fd, to, n, 0);
	while (got < 0 && errno == EINTR);
	error = errno;
	sink->ops->commit(sink, got > 0 ? (size_t)got : 0);
	if (got > 0) {
		tell(c, STREAM_DATA, NULL, (size_t)got);
	} else if (got == 0) {
		c->eof = true;
		tell(c, STREAM_EOF, NULL, 0);
	} else if (error != EAGAIN) {
		fail(c, error);
	}
}

static void
read_to_scratch(struct conn *c)
{
	ssize_t got;

	do
		got = recv(c->fd, c->l->scratch, LOOP_BLOCK, 0);
	while (got < 0 && errno == EINTR);
	if (got > 0) {
		tell(c, STREAM_DATA, c->l->scratch, (size_t)got);
	} else if (got == 0) {
		c->eof = true;
		tell(c, STREAM_EOF, NULL, 0);
		if (c->closed && c->fd >= 0 && buf_len(&c->out) == 0)
			die(c);
	} else if (errno != EAGAIN) {
		fail(c, errno);
	}
}

static void
on_connected(struct conn *c)
{
	socklen_t len = sizeof(c->error);
	int error = 0;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	c->connecting = false;
	if (error) {
		fail(c, error);
		return;
	}
	arm(c);
	tell(c, STREAM_UP, NULL, 0);
	if (c->fd >= 0 && !c->failed)
		conn_flush(&c->s);
}

static void
on_io(struct ev_loop *ev, ev_io *w, int revents)
{
	struct conn *c = w->data;
	struct loop *l = c->l;

	(void)ev;
	if (c->connecting) {
		on_connected(c);
		loop_settle(l);
		return;
	}
	if ((revents & EV_WRITE) && c->fd >= 0)
		conn_flush(&c->s);
	if ((revents & EV_READ) && c->fd >= 0 && !c->failed && !c->eof &&
	    (!c->paused || c->closed)) {
		if (c->s.sink && !c->closed)
			read_to_sink(c);
		else
			read_to_scratch(c);
	}
	if (c->fd >= 0)
		arm(c);
	loop_settle(l); /* before anybody else uses the scratch */
}

static size_t
conn_room(struct stream *s)
{
	struct conn *c = conn_of(s);

	if (!c->failed && !c->connecting && buf_len(&c->out) < CONN_MARK)
		return LOOP_BLOCK;
	c->starved = true;
	return 0;
}

static uint8_t *
conn_reserve(struct stream *s, size_t *n)
{
	struct conn *c = conn_of(s);

	if (c->gather)
		conn_flush(s);
	if (!c->out.data && *n > 4096)
		loop_lend(c->l, &c->out);
	return buf_room(&c->out, *n);
}

static void
conn_commit(struct stream *s, size_t n)
{
	struct conn *c = conn_of(s);

	if (c->fd < 0)
		return;
	buf_added(&c->out, n);
	if (buf_len(&c->out))
		loop_settle_later(c->l, &c->settle);
	else
		loop_take_back(c->l, &c->out);
}

static void
conn_put(struct stream *s, const uint8_t *p, size_t n)
{
	struct conn *c = conn_of(s);

	if (n == 0 || c->failed || c->finish || c->fd < 0)
		return;
	if (c->connecting || buf_len(&c->out)) {
		assert(!c->gather || buf_len(&c->out) == 0);
		buf_put(&c->out, p, n);
		loop_settle_later(c->l, &c->settle);
		return;
	}
	if (c->gather && c->gather->n == CONN_IOV) {
		conn_flush(s);
		conn_put(s, p, n);
		return;
	}
	if (!c->gather)
		c->gather = mem_new(struct gather);
	c->gather->v[c->gather->n++] =
	    (struct iovec){ .iov_base = (void *)(uintptr_t)p, .iov_len = n };
	loop_settle_later(c->l, &c->settle);
}

static size_t
conn_queued(const struct stream *s)
{
	const struct conn *c = conn_of(s);
	size_t n = buf_len(&c->out);
	int i;

	for (i = 0; c->gather && i < c->gather->n; i++)
		n += c->gather->v[i].iov_len;
	return n;
}

static void
conn_finish(struct stream *s)
{
	struct conn *c = conn_of(s);

	if (c->finish || c->failed)
		return;
	conn_flush(s);
	c->finish = true;
	if (c->fd >= 0 && !c->failed && !c->connecting &&
	    buf_len(&c->out) == 0)
		say_end(c);
}

static void
conn_want(struct stream *s, bool data)
{
	struct conn *c = conn_of(s);

	c->paused = !data;
	arm(c);
	if (c->untold && data)
		loop_settle_later(c->l, &c->settle);
}

static void
conn_consumed(struct stream *s, size_t n)
{
	(void)s;
	(void)n;
}

static void
on_linger_late(struct timer *t, void *arg)
{
	(void)t;
	die(arg);
}

static void
conn_close(struct stream *s, bool gentle)
{
	struct conn *c = conn_of(s);

	if (c->closed)
		return;
	c->closed = true; /* before anything can fail and tell the holder */
	if (gentle && !c->failed && !c->connecting) {
		conn_finish(s);
		if (c->fd < 0)
			return;
		if (c->eof && c->finished) {
			die(c);
			return;
		}
		/* bytes that come now are read away: closing over unread
		 * ones would reset what the peer has not read yet */
		c->paused = false;
		c->s.sink = NULL;
		c->last = mem_new(struct last);
		c->last->c = c;
		list_add(&c->l->lasts, &c->last->at);
		timer_start(&c->last->late, c->l, CONN_LINGER, on_linger_late,
		    c);
		arm(c);
		return;
	}
	if (c->fd >= 0 && !c->failed)
		break_on_close(c->fd, true);
	die(c);
}

void
conn_end_all(struct loop *l)
{
	while (!list_empty(&l->lasts))
		die(list_item(l->lasts.next, struct last, at)->c);
}

static const char *
conn_why(const struct stream *s)
{
	const struct conn *c = conn_of(s);

	return c->error ? strerror(c->error) : "closed";
}

static const struct stream_ops conn_ops = {
	.room = conn_room,
	.reserve = conn_reserve,
	.commit = conn_commit,
	.put = conn_put,
	.flush = conn_flush,
	.queued = conn_queued,
	.finish = conn_finish,
	.want = conn_want,
	.consumed = conn_consumed,
	.close = conn_close,
	.why = conn_why,
	.socket = true,
};

static struct stream *
make(struct loop *l, int fd, bool connecting)
{
	struct conn *c = mem_new(struct conn);

	c->s.ops = &conn_ops;
	c->l = l;
	c->fd = fd;
	c->connecting = connecting;
	break_on_close(fd, true);
	settler_init(&c->settle, on_settle);
	ev_io_init(&c->io, on_io, fd, 0);
	c->io.data = c;
	arm(c);
	return &c->s;
}

struct stream *
conn_new(struct loop *l, int fd)
{
	return make(l, fd, false);
}

struct stream *
conn_connecting(struct loop *l, int fd)
{
	return make(l, fd, true);
}

int
conn_errno(const struct stream *s)
{
	return s->ops == &conn_ops ? conn_of(s)->error : 0;
}

int
conn_fd(const struct stream *s)
{
	return s->ops == &conn_ops ? conn_of(s)->fd : -1;
}

void
conn_tune(int fd, const struct conn_keep *k)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (k->user_timeout_ms)
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
		    &k->user_timeout_ms, sizeof(k->user_timeout_ms));
	if (k->idle <= 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &k->idle, sizeof(k->idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &k->step, sizeof(k->step));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &k->tries, sizeof(k->tries));
}
