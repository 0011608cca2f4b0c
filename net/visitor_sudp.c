// SPDX-License-Identifier: MIT
/* Visitor type sudp: a local UDP port that leads to a secret service.  One
 * stream serves all who send; the first datagram opens it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "net/udp.h"
#include "net/visitor.h"

struct own {
	struct udp_front *front;
	struct visitor_call *call;
};

static void
on_called(void *arg, struct stream *s, bool ours, const char *error)
{
	struct visitor *v = arg;
	struct own *own = v->own;
	struct udp_pipe_how how = { .ours = ours, .silent_ms = 60000,
		.most = (size_t)v->client->conf->udp_packet_size,
		.name = v->conf->name };

	own->call = NULL;
	if (s)
		udp_front_join(own->front, s, &how);
	else
		log_warn(v->client->log, "[%s] [%s] newVisitorConn to frps "
		    "error: %s, try to reconnect", v->client->tag,
		    v->conf->name, error);
}

static void
on_ask(void *arg)
{
	struct visitor *v = arg;
	struct own *own = v->own;

	if (!own->call)
		own->call = visitor_call(v, on_called, v);
}

static int
start(struct visitor *v, struct buf *why)
{
	struct own *own = v->own ? v->own : mem_new(struct own);
	struct addr at;

	v->own = own;
	if (v->conf->bind_port < 0)
		return 0;
	if (addr_literal(&at, v->conf->bind_addr, (int)v->conf->bind_port) <
	    0) {
		buf_printf(why, "bindAddr: '%s' is not an IP address",
		    v->conf->bind_addr);
		return -1;
	}
	own->front = udp_front_new(v->client->l, &at, v->conf->name, on_ask,
	    v);
	if (!own->front) {
		buf_printf(why, "listen udp %s:%d: bind: %s",
		    v->conf->bind_addr, (int)v->conf->bind_port,
		    errno == EADDRINUSE ? "address already in use" :
					  strerror(errno));
		return -1;
	}
	log_info(v->client->log, "[%s] [%s] sudp start to work, listen on "
	    "%s:%d", v->client->tag, v->conf->name, v->conf->bind_addr,
	    (int)v->conf->bind_port);
	return 0;
}

static void
stop(struct visitor *v)
{
	struct own *own = v->own;

	if (!own)
		return;
	visitor_cancel(own->call);
	udp_front_close(own->front);
	free(own);
	v->own = NULL;
}

static const struct config_row rows[] = { { .path = NULL } };

const struct config_type visitor_conf_sudp = {
	.name = "sudp",
	.rows = rows,
};

const struct visitor_type visitor_type_sudp = {
	.conf = &visitor_conf_sudp,
	.start = start,
	.stop = stop,
};
