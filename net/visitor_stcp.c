// SPDX-License-Identifier: MIT
/* Visitor type stcp: a local port that leads to a secret service. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "net/hold.h"
#include "net/listen.h"
#include "net/visitor.h"

struct own {
	struct listener *listener;
	struct list guests; /* who wait for their stream */
};

struct guest {
	struct visitor *v;
	struct list at;
	struct hold hold;
	struct visitor_call *call;
	struct deferred gone;
};

static void
free_guest(struct deferred *d)
{
	struct guest *g = list_item(d, struct guest, gone);

	hold_release(&g->hold);
	free(g);
}

static void
leave(struct guest *g)
{
	list_del(&g->at);
	visitor_cancel(g->call);
	g->call = NULL;
	loop_defer(g->v->client->l, &g->gone, free_guest);
}

static void
on_broken(void *arg)
{
	struct guest *g = arg;

	leave(g);
	stream_close(g->hold.s);
}

static void
on_called(void *arg, struct stream *s, bool ours, const char *error)
{
	struct guest *g = arg;
	struct client *c = g->v->client;

	(void)ours;
	g->call = NULL;
	leave(g);
	if (s) {
		hold_join(&g->hold, c->l, s);
		return;
	}
	log_warn(c->log, "[%s] [%s] visit of [%s] error: %s", c->tag,
	    g->v->conf->name, g->v->target, error);
	stream_close(g->hold.s);
}

static void
on_guest(void *arg, int fd, const struct addr *from)
{
	struct visitor *v = arg;
	struct own *own = v->own;
	struct guest *g = mem_new(struct guest);
	char text[ADDR_TEXT];

	log_debug(v->client->log, "[%s] [%s] get a user connection [%s]",
	    v->client->tag, v->conf->name, addr_text(from, text));
	g->v = v;
	list_add(&own->guests, &g->at);
	hold_start(&g->hold, conn_new(v->client->l, fd), on_broken, g);
	g->call = visitor_call(v, on_called, g);
}

static int
start(struct visitor *v, struct buf *why)
{
	static const struct conn_keep keep = { .idle = 60, .step = 15,
		.tries = 4 };
	struct own *own = v->own ? v->own : mem_new(struct own);
	struct addr at;

	if (!v->own)
		list_init(&own->guests);
	v->own = own;
	if (v->conf->bind_port < 0)
		return 0; /* others come to it from within */
	if (addr_literal(&at, v->conf->bind_addr, (int)v->conf->bind_port) <
	    0) {
		buf_printf(why, "bindAddr: '%s' is not an IP address",
		    v->conf->bind_addr);
		return -1;
	}
	own->listener = listen_new(v->client->l, &at, on_guest, v);
	if (own->listener) {
		listen_tune(own->listener, &keep);
		return 0;
	}
	buf_printf(why, "listen tcp %s:%d: bind: %s", v->conf->bind_addr,
	    (int)v->conf->bind_port,
	    errno == EADDRINUSE ? "address already in use" : strerror(errno));
	return -1;
}

static void
stop(struct visitor *v)
{
	struct own *own = v->own;

	if (!own)
		return;
	listen_close(own->listener);
	while (!list_empty(&own->guests))
		on_broken(list_item(own->guests.next, struct guest, at));
	free(own);
	v->own = NULL;
}

static const struct config_row rows[] = { { .path = NULL } };

const struct config_type visitor_conf_stcp = {
	.name = "stcp",
	.rows = rows,
};

const struct visitor_type visitor_type_stcp = {
	.conf = &visitor_conf_stcp,
	.start = start,
	.stop = stop,
};
