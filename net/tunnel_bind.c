// SPDX-License-Identifier: MIT
/* The sockets of forwards, bound before there is a loop or a process of their
 * own: whoever starts a tunnel learns of a taken port at once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "net/holder.h"
#include "net/tunnel_internal.h"

#define NEXT_PORTS 100 /* tried behind one that is taken */
#define ANY_PORTS  100 /* draws of a port that is free in both families */

void
tunnel_sockets_close(struct tunnel_sockets *s)
{
	size_t i;

	if (!s)
		return;
	for (i = 0; i < s->n; i++)
		twin_close(&(struct twin){ .fd = s->v[i].fd });
	free(s->v);
	free(s);
}

static void
put_reason(const struct forward_spec *f, const struct addr *at, int error,
    struct buf *why)
{
	char text[ADDR_TEXT];

	buf_printf(why, "%s%s ", addr_text(at, text),
	    f->udp ? "/udp" : "");
	if (error == EADDRINUSE) {
		buf_puts(why, "is taken by ");
		if (!holder_put(why, at, f->udp))
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
bind_any(struct twin *t)
{
	int i, port = -1;

	for (i = 0; i < ANY_PORTS && port < 0; i++) {
		port = twin_bind(t, 0);
		if (port < 0 && errno != EADDRINUSE)
			break;
	}
	return port;
}

/* The next free one behind a port that is taken, or any. */
static int
bind_near(struct twin *t, int port, const struct forward_specs *specs)
{
	int last = port + NEXT_PORTS, got;

	while (++port <= last && port <= 65535) {
		if (wanted(specs, port))
			continue;
		got = twin_bind(t, port);
		if (got > 0 || errno != EADDRINUSE)
			return got;
	}
	return bind_any(t);
}

static int
bind_one(struct forward_specs *specs, struct forward_spec *spec,
    struct forward_fds *to, bool auto_port, struct buf *why)
{
	struct twin t = { .fd = to->fd,
		.type = spec->udp ? SOCK_DGRAM : SOCK_STREAM };
	int port;

	twin_set(&t, spec->bind);
	if (spec->port == 0 && !auto_port) {
		buf_puts(why, "port 0 means any: give a number from 1 to "
		    "65535, or --auto-port");
		return -1;
	}
	port = spec->port ? twin_bind(&t, spec->port) : bind_any(&t);
	if (port < 0 && errno == EADDRINUSE && auto_port && spec->port)
		port = bind_near(&t, spec->port, specs);
	if (port < 0) {
		put_reason(spec, &t.at[t.failed], errno, why);
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
