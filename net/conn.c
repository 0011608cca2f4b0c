// SPDX-License-Identifier: MIT
#include "net/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "net/conn_internal.h"
#include "net/pipes.h"

#define CONN_LINGER 10000 /* ms for the last bytes of a closed one */

void
conn_arm(struct conn *c)
{
	int want = 0;

	if (c->io.fd < 0 || c->failed)
		want = 0;
	else if (c->connecting)
		want = EV_WRITE;
	else
		want = (c->eof || c->waits || (c->paused && !c->s.closed) ?
				0 : EV_READ) |
		    (conn_holds(c) ? EV_WRITE : 0);
	if (want == (c->io.events & (EV_READ | EV_WRITE)) &&
	    (want != 0) == ev_is_active(&c->io))
		return;
	ev_io_stop(conn_loop(c)->ev, &c->io);
	/* not ev_io_set: of the same descriptor libev need not tell the kernel
	 * what it knows, after a pause that ended in the same turn */
	ev_io_modify(&c->io, want);
	if (want)
		ev_io_start(conn_loop(c)->ev, &c->io);
}

static void
free_conn(struct deferred *d)
{
	struct conn *c = list_item(d, struct conn, s.gone);

	buf_free(&c->out); /* room may have been reserved since it died */
	free(c);
}

void
conn_die(struct conn *c)
{
	struct conn_more *more = conn_has_more(c);

	if (c->io.fd < 0)
		return;
	ev_io_stop(conn_loop(c)->ev, &c->io);
	close(c->io.fd);
	c->io.fd = -1;
	buf_free(&c->out);
	loop_gather_back(conn_loop(c), conn_gather(c));
	pipes_give(conn_loop(c), conn_pipe(c));
	conn_set_pipe(c, NULL);
	if (more) {
		timer_stop(&more->late);
		list_del(&more->at);
		free(more);
		c->io.data = NULL;
	}
	stream_free_later(&c->s, free_conn);
}

struct conn_more *
conn_more(struct conn *c)
{
	struct conn_more *more = conn_has_more(c);

	if (!more) {
		c->io.data = more = mem_new(struct conn_more);
		more->c = c;
		list_init(&more->at);
	}
	return more;
}

void
conn_fail(struct conn *c, int error)
{
	if (c->failed)
		return;
	c->failed = true;
	c->error = (int16_t)error;
	if (c->s.closed) {
		conn_die(c);
		return;
	}
	conn_arm(c);
	stream_owe(&c->s, STREAM_ERROR, 0);
}

static void
on_connected(struct conn *c)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(c->io.fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	c->connecting = false;
	if (error) {
		conn_fail(c, error);
		return;
	}
	conn_arm(c);
	stream_tell(&c->s, STREAM_UP, NULL, 0);
	if (c->io.fd >= 0 && !c->failed)
		conn_flush(&c->s);
}

/* It asks again as long as others are to make room. */
static bool
may_take(struct conn *c)
{
	struct loop *l = conn_loop(c);

	if (loop_spare(l))
		return true;
	if (!l->heavy || l->hopeless) {
		l->hopeless = false;
		conn_fail(c, ENOMEM);
	}
	return false;
}

static void
on_io(struct ev_loop *ev, ev_io *w, int revents)
{
	struct conn *c = list_item(w, struct conn, io);
	struct loop *l = conn_loop(c);

	(void)ev;
	if (c->connecting) {
		on_connected(c);
		loop_settle(l);
		return;
	}
	if ((revents & EV_WRITE) && c->io.fd >= 0)
		conn_flush(&c->s);
	if ((revents & EV_READ) && conn_gated(c)) {
		c->waits = true;
		conn_gated(c)->run(conn_gated(c));
	} else if ((revents & EV_READ) && may_take(c)) {
		l->busy = true;
		conn_read(c);
	}
	if (c->io.fd >= 0)
		conn_arm(c);
	loop_settle(l); /* before anybody else uses the scratch */
}

static void
conn_want(struct stream *s, bool data)
{
	struct conn *c = conn_of(s);

	c->paused = !data;
	conn_arm(c);
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
	conn_die(arg);
}

static void
conn_close(struct stream *s, bool gentle)
{
	struct conn *c = conn_of(s);

	conn_gate(s, NULL);
	if (gentle && !c->failed && !c->connecting) {
		conn_finish(s);
		if (c->io.fd < 0)
			return;
		if (c->eof && c->finished) {
			conn_die(c);
			return;
		}
		/* bytes that come now are read away: closing over unread
		 * ones would reset what the peer has not read yet */
		c->paused = false;
		conn_ahead(s, NULL, 0);
		list_add(&conn_loop(c)->lasts, &conn_more(c)->at);
		timer_start(&conn_more(c)->late, conn_loop(c), CONN_LINGER,
		    on_linger_late, c);
		conn_arm(c);
		return;
	}
	if (c->io.fd >= 0 && !c->failed)
		conn_break_on_close(c->io.fd, true);
	conn_die(c);
}

void
conn_end_all(struct loop *l)
{
	while (!list_empty(&l->lasts))
		conn_die(list_item(l->lasts.next, struct conn_more, at)->c);
}

static const char *
conn_why(const struct stream *s)
{
	const struct conn *c = conn_of(s);

	return c->error ? strerror(c->error) : "closed";
}

static size_t
claim_nothing(struct stream *s, size_t n, uint8_t head[static STREAM_HEAD])
{
	(void)s;
	(void)n;
	(void)head;
	return 0;
}

static const struct stream_ops conn_ops = {
	.room = conn_room,
	.reserve = conn_reserve,
	.commit = conn_commit,
	.put = conn_put,
	.flush = conn_flush,
	.hand = conn_hand,
	.queued = conn_queued,
	.finish = conn_finish,
	.want = conn_want,
	.consumed = conn_consumed,
	.close = conn_close,
	.why = conn_why,
	.past = conn_past,
	.claim = claim_nothing,
	.socket = true,
};

static struct stream *
make(struct loop *l, int fd, bool connecting)
{
	struct conn *c = mem_new(struct conn);

	stream_init(&c->s, l, &conn_ops);
	c->connecting = connecting;
	ev_io_init(&c->io, on_io, fd, 0);
	conn_arm(c);
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

void
conn_ahead(struct stream *s, struct stream *to, size_t n)
{
	struct conn *c = conn_of(s);

	if (c->io.fd < 0 || (n == 0 && !conn_has_more(c)))
		return;
	conn_more(c)->divert = to ? conn_of(to) : NULL;
	conn_more(c)->ask = n > LOOP_BLOCK ? LOOP_BLOCK : (uint32_t)n;
}

static bool
more_in_use(const struct conn_more *more)
{
	return more->ask || more->divert || timer_active(&more->late) ||
	    !list_empty(&more->at);
}

void
conn_gate(struct stream *s, struct errand *gate)
{
	struct conn *c = conn_of(s);

	if (c->io.fd < 0 || (!gate && !conn_gated(c)))
		return;
	conn_more(c)->gate = gate;
	c->waits = false;
	conn_arm(c);
	if (!gate && !c->s.closed && !more_in_use(conn_has_more(c))) {
		free(conn_has_more(c));
		c->io.data = NULL;
	}
}

void
conn_pass(struct stream *s)
{
	struct conn *c = conn_of(s);

	if (c->io.fd < 0)
		return;
	c->waits = false;
	if (may_take(c))
		conn_read(c);
	if (c->io.fd >= 0)
		conn_arm(c);
	loop_settle(conn_loop(c));
}

int
conn_errno(const struct stream *s)
{
	return s->ops == &conn_ops ? conn_of(s)->error : 0;
}

int
conn_fd(const struct stream *s)
{
	return s->ops == &conn_ops ? conn_of(s)->io.fd : -1;
}

void
conn_tune(int fd, const struct conn_keep *k)
{
	int on = 1;

	conn_break_on_close(fd, true);
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

/* The socket below s that is still open, or NULL. */
static struct conn *
bottom_of(const struct stream *s)
{
	struct conn *c;

	while (s->ops->under)
		s = s->ops->under(s);
	c = s->ops == &conn_ops ? conn_of(s) : NULL;
	return c && c->io.fd >= 0 ? c : NULL;
}

void
conn_impatient(struct stream *s, unsigned ms)
{
	struct conn *c = bottom_of(s);

	if (c)
		setsockopt(c->io.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms,
		    sizeof(ms));
}

void
conn_sip(struct stream *s, bool on)
{
	struct conn *c = bottom_of(s);

	if (c)
		c->sip = on;
}

bool
conn_is_gone(const struct stream *s)
{
	struct conn *c = bottom_of(s);
	uint8_t state = 0; /* which is what tcp_info begins with */
	socklen_t len = sizeof(state);

	return c && getsockopt(c->io.fd, IPPROTO_TCP, TCP_INFO, &state,
	    &len) == 0 && state == TCP_CLOSE;
}
