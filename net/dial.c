// SPDX-License-Identifier: MIT
#include "net/dial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "net/congestion.h"

#define DIAL_STEP_MIN 2000 /* ms that an address gets at least */

struct dial {
	struct loop *l;
	struct resolver *r;
	dial_cb *cb;
	void *arg;
	struct dial_to to;
	char *host, *local;
	uint64_t question, end;
	struct addr *v; /* n of them */
	size_t n, at;
	struct stream *s; /* connecting */
	struct timer timer;
	struct deferred gone;
	bool done;
	int number; /* of error */
	struct buf error;
};

static void next_address(struct dial *d);

const char *
dial_errno_text(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "connect: connection refused";
	case ENETUNREACH:
		return "connect: network is unreachable";
	case EHOSTUNREACH:
		return "connect: no route to host";
	case ETIMEDOUT:
		return "i/o timeout";
	case ECONNRESET:
		return "connect: connection reset by peer";
	case EADDRNOTAVAIL:
		return "connect: cannot assign requested address";
	case EACCES:
	case EPERM:
		return "connect: permission denied";
	case EMFILE:
	case ENFILE:
		return "socket: too many open files";
	default:
		return strerror(error);
	}
}

static void
free_dial(struct deferred *gone)
{
	struct dial *d = list_item(gone, struct dial, gone);

	free(d->host);
	free(d->local);
	free(d->v);
	buf_free(&d->error);
	free(d);
}

static void
finish(struct dial *d, struct stream *s)
{
	if (d->done)
		return;
	d->done = true;
	timer_stop(&d->timer);
	resolve_cancel(d->r, d->question);
	if (d->s && d->s != s)
		stream_close(d->s);
	d->s = NULL;
	loop_defer(d->l, &d->gone, free_dial);
	if (s)
		stream_on(s, NULL, NULL);
	if (d->cb)
		d->cb(d->arg, s, s ? NULL : buf_text(&d->error));
}

static void
note_error(struct dial *d, int error)
{
	char at[ADDR_TEXT];

	d->number = error;
	buf_take(&d->error, buf_len(&d->error));
	buf_printf(&d->error, "dial tcp %s: %s",
	    addr_text(&d->v[d->at], at), dial_errno_text(error));
}

static void
on_stream(struct stream *s, enum stream_event ev, const uint8_t *p, size_t n,
    void *arg)
{
	struct dial *d = arg;

	(void)p;
	(void)n;
	if (ev == STREAM_UP) {
		finish(d, s);
	} else if (ev == STREAM_ERROR) {
		note_error(d, conn_errno(s));
		stream_close(s);
		d->s = NULL;
		d->at++;
		next_address(d);
	}
}

static void
on_late(struct timer *t, void *arg)
{
	struct dial *d = arg;

	(void)t;
	if (d->s) {
		note_error(d, ETIMEDOUT);
		stream_close(d->s);
		d->s = NULL;
		d->at++;
	} else if (d->n == 0) {
		buf_printf(&d->error, "lookup %.200s: i/o timeout", d->host);
	}
	next_address(d);
}

static int
bind_local(struct dial *d, int fd)
{
	struct addr a;

	if (!d->local || !*d->local)
		return 0;
	if (addr_literal(&a, d->local, 0) < 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	return bind(fd, (struct sockaddr *)&a.at, a.len);
}

/* Starts to connect; 0, or an errno. */
static int
start(struct dial *d)
{
	static const struct conn_keep none = { 0 };
	struct addr *a = &d->v[d->at];
	int fd = socket(a->at.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return errno;
	conn_tune(fd, d->to.keep.far_only && addr_is_loopback(a) ? &none :
	    &d->to.keep);
	congestion_begin(d->l, fd, a);
	if (bind_local(d, fd) < 0 ||
	    (connect(fd, (struct sockaddr *)&a->at, a->len) < 0 &&
		errno != EINPROGRESS)) {
		error = errno;
		close(fd);
		return error;
	}
	d->s = conn_connecting(d->l, fd);
	stream_on(d->s, on_stream, d);
	return 0;
}

static bool
try_address(struct dial *d, uint64_t left)
{
	uint64_t share = left / (d->n - d->at);
	int error = start(d);

	if (error) {
		note_error(d, error);
		return false;
	}
	if (share < DIAL_STEP_MIN)
		share = DIAL_STEP_MIN;
	timer_start(&d->timer, d->l, share < left ? share : left, on_late, d);
	return true;
}

static void
next_address(struct dial *d)
{
	uint64_t now = loop_now(d->l), left = d->end > now ? d->end - now : 0;

	for (; d->at < d->n && left; d->at++)
		if (try_address(d, left))
			return;
	if (!buf_len(&d->error)) { /* no time was left to try any */
		d->at = 0;
		note_error(d, ETIMEDOUT);
	}
	finish(d, NULL);
}

static void
take_addresses(struct dial *d, const struct addr *v, size_t n)
{
	d->v = mem_grow(NULL, n * sizeof(*v));
	memcpy(d->v, v, n * sizeof(*v));
	d->n = n;
}

static void
on_resolved(void *arg, const struct addr *v, size_t n, const char *error)
{
	struct dial *d = arg;

	d->question = 0;
	if (error) {
		buf_printf(&d->error, "dial tcp: %s", error);
		finish(d, NULL);
		return;
	}
	take_addresses(d, v, n);
	next_address(d);
}

static void
on_start(struct timer *t, void *arg)
{
	(void)t;
	next_address(arg);
}

/* Whoever asked is told later, but the first address is on its way at once. */
static void
start_first(struct dial *d)
{
	if (try_address(d, d->to.ms))
		return;
	d->at++;
	timer_start(&d->timer, d->l, 0, on_start, d);
}

struct dial *
dial_new(struct loop *l, struct resolver *r, const struct dial_to *to,
    dial_cb *cb, void *arg)
{
	struct dial *d = mem_new(struct dial);
	const char *host = to->host;
	struct addr literal;

	if (to->loopback_for_any &&
	    (!*host || strcmp(host, "0.0.0.0") == 0))
		host = "127.0.0.1";
	d->l = l;
	d->r = r;
	d->cb = cb;
	d->arg = arg;
	d->to = *to;
	d->host = mem_dup(host);
	d->local = mem_dup(to->local);
	d->end = loop_now(l) + to->ms;
	if (to->n)
		take_addresses(d, to->at, to->n);
	else if (addr_literal(&literal, d->host, to->port) == 0)
		take_addresses(d, &literal, 1);
	if (d->n) {
		start_first(d);
		return d;
	}
	d->question = resolve(r, d->host, to->port, on_resolved, d);
	timer_start(&d->timer, l, to->ms, on_late, d);
	return d;
}

int
dial_errno(const struct dial *d)
{
	return d->number;
}

void
dial_cancel(struct dial *d)
{
	if (!d)
		return;
	d->cb = NULL;
	finish(d, NULL);
}
