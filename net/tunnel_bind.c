// SPDX-License-Identifier: MIT
/* The sockets of forwards, bound before there is a loop or a process of their
 * own: whoever starts a tunnel learns of a taken port at once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "net/holder.h"
#include "net/tunnel_internal.h"

#define NEXT_PORTS 100 /* tried behind one that is taken */
#define ANY_PORTS  100 /* draws of a port that is free in both families */

struct binding {
	const struct forward_spec *spec;
	struct addr at[FORWARD_FDS];
	size_t n;
	bool spare6; /* the second is no loss where there is no IPv6 */
	struct forward_fds *to;
};

static void
close_fds(struct forward_fds *f)
{
	size_t i;

	for (i = 0; i < FORWARD_FDS; i++) {
		if (f->fd[i] >= 0)
			close(f->fd[i]);
		f->fd[i] = -1;
	}
}

void
tunnel_sockets_close(struct tunnel_sockets *s)
{
	size_t i;

	if (!s)
		return;
	for (i = 0; i < s->n; i++)
		close_fds(&s->v[i]);
	free(s->v);
	free(s);
}

static void
addresses(struct binding *b)
{
	const char *bind = b->spec->bind;
	bool all = bind && strcmp(bind, "*") == 0;

	b->spare6 = !bind || all;
	b->n = b->spare6 ? 2 : 1;
	addr_literal(&b->at[0], !bind ? "127.0.0.1" : all ? "0.0.0.0" : bind,
	    0);
	if (b->spare6)
		addr_literal(&b->at[1], all ? "::" : "::1", 0);
}

/* Both sockets on one port, which may be 0; or which failed, and errno. */
static int
bind_at(struct binding *b, int port, size_t *failed)
{
	int type = b->spec->udp ? SOCK_DGRAM : SOCK_STREAM, error;
	struct addr self;
	size_t i;

	for (i = 0; i < b->n; i++) {
		addr_set_port(&b->at[i], port);
		b->to->fd[i] = listen_bind(&b->at[i], type, true);
		if (b->to->fd[i] < 0) {
			if (i > 0 && b->spare6 && (errno == EAFNOSUPPORT ||
			    errno == EADDRNOTAVAIL))
				continue;
			error = errno;
			close_fds(b->to);
			errno = error;
			*failed = i;
			return -1;
		}
		if (port == 0 && addr_of_self(&self, b->to->fd[i]))
			port = addr_port(&self);
	}
	return port;
}

static void
put_reason(const struct binding *b, const struct addr *at, int error,
    struct buf *why)
{
	char text[ADDR_TEXT];

	buf_printf(why, "%s%s ", addr_text(at, text),
	    b->spec->udp ? "/udp" : "");
	if (error == EADDRINUSE) {
		buf_puts(why, "is taken by ");
		if (!holder_put(why, at, b->spec->udp))
			buf_puts(why, "a process that may not be looked at");
	} else if (error == EADDRNOTAVAIL) {
		buf_puts(why, "is no address of this host");
	} else if (error == EACCES && addr_port(at) < 1024) {
		buf_puts(why, "may not be used: ports below 1024 are for "
		    "root");
	} else {
		buf_printf(why, "cannot be used: %s", strerror(error));
	}
}

/* Whether another forward of the tunnel has asked for the port. */
static bool
wanted(const struct forward_specs *specs, int port)
{
	size_t i;

	for (i = 0; i < specs->n; i++)
		if (specs->v[i].kind != FORWARD_REMOTE &&
		    specs->v[i].port == port)
			return true;
	return false;
}

static int
bind_any(struct binding *b, size_t *failed)
{
	int i, port = -1;

	for (i = 0; i < ANY_PORTS && port < 0; i++) {
		port = bind_at(b, 0, failed);
		if (port < 0 && errno != EADDRINUSE)
			break;
	}
	return port;
}

/* The next free one behind a port that is taken, or any. */
static int
bind_near(struct binding *b, const struct forward_specs *specs,
    size_t *failed)
{
	int port, last = b->spec->port + NEXT_PORTS, got;

	for (port = b->spec->port + 1; port <= last && port <= 65535;
	    port++) {
		if (wanted(specs, port))
			continue;
		got = bind_at(b, port, failed);
		if (got > 0 || errno != EADDRINUSE)
			return got;
	}
	return bind_any(b, failed);
}

static int
bind_one(struct forward_specs *specs, struct forward_spec *spec,
    struct forward_fds *to, bool auto_port, struct buf *why)
{
	struct binding b = { .spec = spec, .to = to };
	size_t failed = 0;
	int port;

	addresses(&b);
	if (spec->port == 0 && !auto_port) {
		buf_puts(why, "port 0 means any: give a number from 1 to "
		    "65535, or --auto-port");
		return -1;
	}
	port = spec->port ? bind_at(&b, spec->port, &failed) :
			    bind_any(&b, &failed);
	if (port < 0 && errno == EADDRINUSE && auto_port && spec->port)
		port = bind_near(&b, specs, &failed);
	if (port < 0) {
		put_reason(&b, &b.at[failed], errno, why);
		return -1;
	}
	spec->port = port;
	return 0;
}

int
tunnel_bind(struct tunnel_sockets **to, struct forward_specs *specs,
    bool auto_port, struct buf *why)
{
	struct tunnel_sockets *s = mem_new(struct tunnel_sockets);
	size_t i;

	*to = NULL;
	s->n = specs->n;
	s->v = mem_zero(s->n * sizeof(*s->v));
	for (i = 0; i < s->n; i++)
		s->v[i] = (struct forward_fds){ { -1, -1 } };
	for (i = 0; i < s->n; i++) {
		if (specs->v[i].kind == FORWARD_REMOTE)
			continue;
		if (bind_one(specs, &specs->v[i], &s->v[i], auto_port, why) <
		    0) {
			tunnel_sockets_close(s);
			return -1;
		}
	}
	*to = s;
	return 0;
}
